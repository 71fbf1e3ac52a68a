/* ns-tool export: a stand-alone reproducer of a sequence. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ns-tool/export.h>
#include <ns-tool/kept.h>
#include <ns-tool/model.h>

#include "tool/input.h"
#include "tool/judging.h"
#include "tool/sandbox.h"
#include "tool/tool.h"

struct export
{
    const char *path;
    bool c, sh, model;
    struct nst_judging how;
};

enum { KEY_C = 256, KEY_SH, KEY_MODEL };

static const struct argp_option options[] = {
    {"c", KEY_C, NULL, 0, "As a C program with raw system calls", 0},
    {"sh", KEY_SH, NULL, 0, "As a script for sh, with util-linux, where that can say it", 0},
    {"model", KEY_MODEL, NULL, 0, "As the reference model predicts it; no kernel is asked", 0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct export *export = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &export->how;
        break;
    case KEY_C:
        export->c = true;
        break;
    case KEY_SH:
        export->sh = true;
        break;
    case KEY_MODEL:
        export->model = true;
        break;
    case ARGP_KEY_ARG:
        if (export->path)
            argp_error(state, "takes one FILE");
        export->path = arg;
        break;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "no FILE given");
        break;
    case ARGP_KEY_END:
        if (export->c == export->sh)
            argp_error(state, "takes one of --c and --sh");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static int write_it(const struct export *export, const struct nst_trace *trace,
                    const struct nst_judgement *judgement)
{
    const char *slash = strrchr(export->path, '/'), *name = slash ? slash + 1 : export->path;
    char *text = NULL, why[200] = "";
    size_t len;
    FILE *out = open_memstream(&text, &len);
    int r = -ENOMEM;

    if (out)
        r = export->c ? nst_export_c(out, trace, judgement, name)
                      : nst_export_sh(out, trace, judgement, name, why);
    if (out && fclose(out))
        r = -ENOMEM;
    if (!r)
        fputs(text, stdout);
    free(text);
    if (r == -EOPNOTSUPP)
        return nst_tool_error(NST_EXIT_USAGE, 0, "%s: %s; --c can", export->path, why);
    return r < 0 ? nst_tool_error(NST_EXIT_BROKE, r, "exporting %s", export->path) : NST_EXIT_HELD;
}

/* Runs it once, as `run` does, and judges it by one trace and by two. */
static int perform(const struct export *export, const struct nst_sequence *sequence)
{
    struct nst_judgement judgement;
    struct nst_sandbox *sandbox;
    struct nst_trace trace = {0};
    char why[200] = "";
    int status = nst_tool_sandbox(&export->how.run, &sandbox), r;

    if (status)
        return status;
    r = nst_run(sandbox, sequence, &export->how.run, &trace, why);
    if (!r) {
        nst_judge(&trace, &export->how.judge, &judgement);
        r = nst_judge_twins(sandbox, &trace, &export->how.run, &export->how.judge, NULL, &judgement,
                            why);
    }
    status = r < 0 ? nst_tool_error(NST_EXIT_BROKE, r, "running: %s", why)
                   : write_it(export, &trace, &judgement);
    nst_trace_free(&trace);
    nst_sandbox_close(sandbox);
    return status;
}

static int predict(const struct export *export, const struct nst_sequence *sequence)
{
    const struct nst_model_features features = {.privileged = export->how.run.privileged};
    struct nst_judgement judgement;
    struct nst_trace trace;
    const char *unknown;
    int status, r = nst_model_run(&features, sequence, &trace, &unknown);

    if (r < 0)
        return nst_tool_error(NST_EXIT_BROKE, r, "predicting");
    nst_judge(&trace, &export->how.judge, &judgement);
    status = unknown ? nst_tool_error(NST_EXIT_USAGE, 0, "%s: the model can't tell call %zu: %s",
                                      export->path, trace.len + 1, unknown)
                     : write_it(export, &trace, &judgement);
    nst_trace_free(&trace);
    return status;
}

int nst_cmd_export(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "FILE",
        .children = nst_judging_options,
        .doc = "Runs FILE once and writes a reproducer of what it did, up to the first finding, to "
               "standard output. The reproducer needs nothing but a kernel; it exits with 1 where "
               "everything goes as it did here, so that the finding is there, and with 0 where it "
               "is gone."};
    struct export export = {.how = {.judge = {.intent = NST_INTENT_ASKED}}};
    struct nst_sequence sequence = {0};
    struct nst_read_counts counts;
    struct nst_kept kept = {0};
    char why[200];
    int status;

    nst_tool_parse(&argp, argc, argv, &export);
    status = nst_input_read(export.path, &sequence, &counts);
    if (!status && strcmp(export.path, "-") != 0 && nst_kept_read(export.path, &kept, why) < 0)
        status = nst_tool_error(NST_EXIT_USAGE, 0, "%s", why);
    nst_kept_apply(&kept, &export.how.run, &export.how.judge);
    if (!status && !sequence.len)
        status = nst_tool_error(NST_EXIT_USAGE, 0, "%s holds no call that can be performed",
                                export.path);
    if (!status)
        status = export.model ? predict(&export, &sequence) : perform(&export, &sequence);
    nst_sequence_free(&sequence);
    return status;
}
