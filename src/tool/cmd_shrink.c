/* ns-tool shrink: the shortest sequence that still breaks the property which a sequence breaks. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ns-tool/kept.h>
#include <ns-tool/shrink.h>

#include "tool/input.h"
#include "tool/number.h"
#include "tool/sandbox.h"
#include "tool/tool.h"

struct shrinking {
    const char *path;
    const struct nst_property *property; /* NULL: the first that breaks, of those that KEPT names */
    struct nst_kept kept;
    struct nst_run_options options;
    struct nst_judge_options judge;
    struct nst_sandbox *sandbox;
    struct nst_finding finding; /* of the last candidate that failed */
    char why[200];
};

enum {
    KEY_PROPERTY = 256,
    KEY_DEADLINE,
    KEY_PRIVILEGED,
    KEY_RANDOM,
    KEY_ISOLATED,
    KEY_NO_FANOTIFY
};

static const struct argp_option options[] = {
    {"property", KEY_PROPERTY, "NAME", 0, "Keep this one broken (the first that breaks)", 0},
    {"deadline", KEY_DEADLINE, "MS", 0, "End a call that takes longer than MS milliseconds (1000)",
     0},
    {"random", KEY_RANDOM, NULL, 0, "Judge as fuzz does, see ns-tool run", 0},
    {"isolated", KEY_ISOLATED, NULL, 0,
     "A namespace of its own must be isolated, whatever it asks for", 0},
    {"privileged", KEY_PRIVILEGED, NULL, 0, "Without a user namespace (root)", 0},
    {"no-fanotify", KEY_NO_FANOTIFY, NULL, 0, "Watch by polling, as before Linux 6.15", 0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct shrinking *shrinking = state->input;

    switch (key) {
    case KEY_PROPERTY:
        shrinking->property = nst_property_by_name(arg);
        if (!shrinking->property)
            argp_error(state, "--property takes one that `ns-tool list' has, not '%s'", arg);
        break;
    case KEY_DEADLINE:
        shrinking->options.deadline_ms =
            (unsigned)nst_parse_number(arg, state, "deadline", 1, INT_MAX);
        break;
    case KEY_RANDOM:
        shrinking->judge.random = true;
        if (shrinking->judge.intent == NST_INTENT_ASKED)
            shrinking->judge.intent = NST_INTENT_NONE;
        break;
    case KEY_ISOLATED:
        shrinking->judge.intent = NST_INTENT_ALWAYS;
        break;
    case KEY_PRIVILEGED:
        shrinking->options.privileged = true;
        break;
    case KEY_NO_FANOTIFY:
        shrinking->options.no_fanotify = true;
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
    int r = nst_run(shrinking->sandbox, sequence, &shrinking->options, ret_trace, shrinking->why);

    if (r < 0)
        return r;
    nst_judge(ret_trace, &shrinking->judge, &judgement);
    if (!shrinking->property || shrinking->property->twin)
        r = nst_judge_twins(shrinking->sandbox, ret_trace, &shrinking->options, &shrinking->judge,
                            shrinking->property, &judgement, shrinking->why);
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
    return nst_tool_sandbox(&shrinking->options, &shrinking->sandbox) ? r : 0;
}

static int print(const struct shrinking *shrinking, const struct nst_sequence *sequence)
{
    char *text;
    size_t len;

    if (nst_strace_print(sequence, &text, &len) < 0)
        return nst_tool_error(NST_EXIT_BROKE, ENOMEM, "printing");
    printf("# property: %s\n# seen: %s\n", shrinking->property->name, shrinking->finding.text);
    if (shrinking->judge.random || shrinking->judge.intent == NST_INTENT_ALWAYS ||
        shrinking->options.privileged || shrinking->options.no_fanotify)
        printf("# options:%s%s%s%s\n", shrinking->judge.random ? " --random" : "",
               shrinking->judge.intent == NST_INTENT_ALWAYS ? " --isolated" : "",
               shrinking->options.privileged ? " --privileged" : "",
               shrinking->options.no_fanotify ? " --no-fanotify" : "");
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
        .doc = "Runs a sequence, and prints the shortest and simplest one that still breaks the "
               "same property, as a file that ns-tool run takes.\v"
               "What FILE says of itself (# property:, # options:) counts. Exit status: 1 with the "
               "sequence; 0 where FILE breaks nothing."};
    struct shrinking shrinking = {.judge = {.intent = NST_INTENT_ASKED}};
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
        nst_kept_apply(&shrinking.kept, &shrinking.options, &shrinking.judge);
        status = nst_tool_sandbox(&shrinking.options, &shrinking.sandbox);
    }
    if (!status)
        status = shrink(&shrinking, &sequence);
    nst_sandbox_close(shrinking.sandbox);
    nst_sequence_free(&sequence);
    return status;
}
