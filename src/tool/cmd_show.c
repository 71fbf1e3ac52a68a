/* ns-tool show: what each namespace sees, before and after each call of a sequence. */
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include <ns-tool/model.h>
#include <ns-tool/report.h>

#include "tool/input.h"
#include "tool/number.h"
#include "tool/sandbox.h"
#include "tool/tool.h"

struct show {
    const char *path;
    struct nst_run_options options;
    unsigned flags;
    bool model;
};

enum { KEY_ASCII = 256, KEY_DEADLINE, KEY_PRIVILEGED, KEY_MODEL };

static const struct argp_option options[] = {
    {"ascii", KEY_ASCII, NULL, 0, "Draw with ASCII only", 0},
    {"deadline", KEY_DEADLINE, "MS", 0, "End a call that takes longer than MS milliseconds (1000)",
     0},
    {"model", KEY_MODEL, NULL, 0, "Draw what the reference model says; no kernel is asked", 0},
    {"privileged", KEY_PRIVILEGED, NULL, 0, "Without a user namespace (root)", 0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct show *show = state->input;

    switch (key) {
    case KEY_ASCII:
        show->flags |= NST_DRAW_ASCII;
        break;
    case KEY_DEADLINE:
        show->options.deadline_ms = (unsigned)nst_parse_number(arg, state, "deadline", 1, INT_MAX);
        break;
    case KEY_MODEL:
        show->model = true;
        break;
    case KEY_PRIVILEGED:
        show->options.privileged = true;
        break;
    case ARGP_KEY_ARG:
        if (show->path)
            argp_error(state, "takes one FILE, got '%s' too", arg);
        show->path = arg;
        break;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "no FILE given");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* https://no-color.org: NO_COLOR, set and not empty, prevents colour. */
static bool wants_colour(void)
{
    const char *no_color = getenv("NO_COLOR");

    return !(no_color && *no_color) && isatty(STDOUT_FILENO);
}

static int draw_model(const struct show *show, const struct nst_sequence *sequence)
{
    const struct nst_model_features features = {.privileged = show->options.privileged};
    struct nst_trace trace;
    const char *unknown;
    int r = nst_model_run(&features, sequence, &trace, &unknown);

    if (!r)
        r = nst_report_trees(stdout, &trace, show->flags);
    if (!r && unknown)
        printf("the model can't tell from call %zu on: %s\n", trace.len + 1, unknown);
    nst_trace_free(&trace);
    return r < 0 ? nst_tool_error(NST_EXIT_BROKE, r, "drawing %s", show->path) : NST_EXIT_HELD;
}

/* TRACE, and beside it the model's where they part. */
static int draw(const struct show *show, const struct nst_sequence *sequence,
                const struct nst_trace *trace)
{
    const struct nst_model_features features = {.lacks = trace->lacks,
                                                .privileged = trace->privileged};
    const struct nst_judge_options judge = {.random = true};
    struct nst_trace model = {0};
    struct nst_finding finding = {0};
    const char *unknown;
    bool parts = nst_property_by_name("conformance")->check(trace, &judge, &finding) == NST_FAIL;
    int r = parts ? nst_model_run(&features, sequence, &model, &unknown) : 0;

    if (!r)
        r = nst_report_trees_beside(stdout, trace, parts ? &model : NULL, finding.step,
                                    show->flags);
    nst_trace_free(&model);
    return r;
}

static int show_sequence(const struct show *show, const struct nst_sequence *sequence)
{
    struct nst_sandbox *sandbox;
    struct nst_trace trace = {0};
    char why[200] = "";
    int status = nst_tool_sandbox(&show->options, &sandbox);

    if (status)
        return status;
    int r = nst_run(sandbox, sequence, &show->options, &trace, why);

    if (r < 0) {
        status = nst_tool_error(NST_EXIT_BROKE, r, "running %s: %s", show->path, why);
    } else {
        r = draw(show, sequence, &trace);
        if (r < 0)
            status = nst_tool_error(NST_EXIT_BROKE, r, "drawing %s", show->path);
    }
    nst_trace_free(&trace);
    nst_sandbox_close(sandbox);
    return status;
}

int nst_cmd_show(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "FILE",
        .doc = "Performs a sequence or strace log in a sandbox and draws what each namespace sees: "
               "at first, and again after each call that changed it, with + before what appeared, "
               "- before what vanished, ~ before what changed.\v"
               "Each line has a mount point, its type, its options and its propagation in "
               "mountinfo's terms, peer groups numbered in order of appearance. Nothing is judged: "
               "ns-tool run does that. Colour is for a terminal only, and never if NO_COLOR is set "
               "to more than nothing."};
    struct show show = {0};
    struct nst_sequence sequence = {0};
    struct nst_read_counts counts = {0};

    nst_tool_parse(&argp, argc, argv, &show);
    if (wants_colour())
        show.flags |= NST_DRAW_COLOUR;

    int status = nst_input_read(show.path, &sequence, &counts);

    if (!status)
        status = show.model ? draw_model(&show, &sequence) : show_sequence(&show, &sequence);
    nst_sequence_free(&sequence);
    return status;
}
