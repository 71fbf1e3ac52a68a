/* ns-tool shrink: the shortest sequence that still breaks the property which a sequence breaks. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ns-tool/kept.h>
#include <ns-tool/shrink.h>

#include "tool/input.h"
#include "tool/judging.h"
#include "tool/sandbox.h"
#include "tool/tool.h"

struct shrinking {
    const char *path;
    const struct nst_property *property; /* NULL: the first that breaks, of those that KEPT names */
    struct nst_kept kept;
    struct nst_judging how;
    struct nst_sandbox *sandbox;
    struct nst_finding finding; /* of the last candidate that failed */
    char why[200];
};

enum { KEY_PROPERTY = 256 };

static const struct argp_option options[] = {
    {"property", KEY_PROPERTY, "NAME", 0, "Keep this one broken (the first that breaks)", 0}, {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct shrinking *shrinking = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &shrinking->how;
        break;
    case KEY_PROPERTY:
        shrinking->property = nst_property_by_name(arg);
        if (!shrinking->property)
            argp_error(state, "--property takes one that `ns-tool list' has, not '%s'", arg);
        break;
    case ARGP_KEY_ARG:
        if (shrinking->path)
            argp_error(state, "takes one FILE, got '%s' too", arg);
        shrinking->path = arg;
        break;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "no FILE given");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* Which property SEQUENCE breaks, of all or of the one that is kept: 1 with it in SHRINKING, 0, or
 * -errno. RET_TRACE refers to SEQUENCE and is freed by the caller, whatever is returned. */
static int breaks(struct shrinking *shrinking, const struct nst_sequence *sequence,
                  struct nst_trace *ret_trace)
{
    struct nst_judgement judgement;
    int r = nst_run(shrinking->sandbox, sequence, &shrinking->how.run, ret_trace, shrinking->why);

    if (r < 0)
        return r;
    nst_judge(ret_trace, &shrinking->how.judge, &judgement);
    if (!shrinking->property || shrinking->property->twin)
        r = nst_judge_twins(shrinking->sandbox, ret_trace, &shrinking->how.run,
                            &shrinking->how.judge, shrinking->property, &judgement, shrinking->why);
    for (size_t i = 0; !r && i < judgement.len; i++) {
        if (judgement.verdict[i] != NST_FAIL ||
            (shrinking->property && shrinking->property != nst_properties[i]) ||
            (!shrinking->property && *shrinking->kept.property &&
             !nst_kept_names(&shrinking->kept, nst_properties[i]->name)))
            continue;
        shrinking->property = nst_properties[i];
        shrinking->finding = judgement.finding[i];
        return 1;
    }
    return r;
}

/* Of a candidate that ends its sandbox nothing is known. */
static int still_fails(void *ctx, const struct nst_sequence *candidate)
{
    struct shrinking *shrinking = ctx;
    struct nst_trace trace = {0};
    int r = breaks(shrinking, candidate, &trace);

    nst_trace_free(&trace);
    if (r >= 0 || r == -E2BIG)
        return r > 0;
    nst_sandbox_close(shrinking->sandbox);
    shrinking->sandbox = NULL;
    return nst_tool_sandbox(&shrinking->how.run, &shrinking->sandbox) ? r : 0;
}

static int print(const struct shrinking *shrinking, const struct nst_sequence *sequence)
{
    char *text;
    size_t len;

    if (nst_strace_print(sequence, &text, &len) < 0)
        return nst_tool_error(NST_EXIT_BROKE, ENOMEM, "printing");
    printf("# property: %s\n# seen: %s\n", shrinking->property->name, shrinking->finding.text);
    nst_kept_write_options(
        stdout, &(struct nst_kept){.random = shrinking->how.judge.random,
                                   .isolated = shrinking->how.judge.intent == NST_INTENT_ALWAYS,
                                   .at_once = shrinking->how.run.at_once,
                                   .privileged = shrinking->how.run.privileged,
                                   .no_fanotify = shrinking->how.run.no_fanotify});
    fputs(text, stdout);
    free(text);
    return NST_EXIT_BROKE;
}

static int shrink(struct shrinking *shrinking, struct nst_sequence *sequence)
{
    struct nst_shrink_options how = {0};
    struct nst_trace trace = {0};
    size_t before = sequence->len, tries = 0;
    enum nst_effect *effect = calloc(before, sizeof *effect);
    int r = effect ? breaks(shrinking, sequence, &trace) : -ENOMEM;

    if (r > 0) {
        nst_trace_effects(&trace, effect);
        how.effect = effect;
        r = nst_shrink(sequence, still_fails, shrinking, &how, &tries);
        if (!r)
            r = still_fails(shrinking, sequence);
        if (!r)
            fputs("ns-tool shrink: what is left breaks it now and then only\n", stderr);
        fprintf(stderr, "%zu calls, shrunk to %zu in %zu tries\n", before, sequence->len, tries);
        r = r < 0 ? r : 1;
    }
    nst_trace_free(&trace);
    free(effect);
    if (r < 0)
        return nst_tool_error(NST_EXIT_BROKE, r, "shrinking %s: %s", shrinking->path,
                              shrinking->why);
    if (r)
        return print(shrinking, sequence);
    fprintf(stderr, "%s breaks %s%s\n", shrinking->path, shrinking->property ? "not " : "nothing",
            shrinking->property ? shrinking->property->name : "");
    return NST_EXIT_HELD;
}

int nst_cmd_shrink(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "FILE",
        .children = nst_judging_options,
        .doc = "Runs a sequence, and prints the shortest and simplest one that still breaks the "
               "same property, as a file that ns-tool run takes.\v"
               "What FILE says of itself (# property:, # options:) counts. Exit status: 1 with the "
               "sequence; 0 where FILE breaks nothing."};
    struct shrinking shrinking = {.how = {.judge = {.intent = NST_INTENT_ASKED}}};
    struct nst_sequence sequence = {0};
    struct nst_read_counts counts = {0};

    nst_tool_parse(&argp, argc, argv, &shrinking);

    int status = nst_input_read(shrinking.path, &sequence, &counts);

    if (!status && !sequence.len)
        status = nst_tool_error(NST_EXIT_USAGE, 0, "%s holds no call that can be performed",
                                shrinking.path);
    if (!status && strcmp(shrinking.path, "-") != 0 &&
        nst_kept_read(shrinking.path, &shrinking.kept, shrinking.why) < 0)
        status = nst_tool_error(NST_EXIT_USAGE, 0, "%s", shrinking.why);
    if (!status) {
        nst_kept_apply(&shrinking.kept, &shrinking.how.run, &shrinking.how.judge);
        status = nst_tool_sandbox(&shrinking.how.run, &shrinking.sandbox);
    }
    if (!status)
        status = shrink(&shrinking, &sequence);
    nst_sandbox_close(shrinking.sandbox);
    nst_sequence_free(&sequence);
    return status;
}
