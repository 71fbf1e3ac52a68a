#include "tool/judging.h"

#include <limits.h>

#include "tool/number.h"

enum {
    KEY_NO_FANOTIFY = 512,
    KEY_DEADLINE,
    KEY_PRIVILEGED,
    KEY_RANDOM,
    KEY_EXPECTED,
    KEY_ISOLATED,
    KEY_AT_ONCE
};

static const struct argp_option options[] = {
    {"deadline", KEY_DEADLINE, "MS", 0, "End a call that takes longer than MS milliseconds (1000)",
     0},
    {"random", KEY_RANDOM, NULL, 0,
     "Judge as fuzz does: a result behind = only names a descriptor or an actor, and a namespace "
     "of its own promises nothing while a peer group connects it",
     0},
    {"expected", KEY_EXPECTED, NULL, 0,
     "With --random: what stands behind = is expected all the same", 0},
    {"isolated", KEY_ISOLATED, NULL, 0,
     "A namespace of its own must be isolated, whatever it asks for", 0},
    {"at-once", KEY_AT_ONCE, NULL, 0,
     "From the first call on that makes an actor, let each perform its calls beside the others, on "
     "all cores",
     0},
    {"privileged", KEY_PRIVILEGED, NULL, 0, "Without a user namespace (root)", 0},
    {"no-fanotify", KEY_NO_FANOTIFY, NULL, 0, "Watch by polling, as before Linux 6.15", 0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct nst_judging *judging = state->input;

    switch (key) {
    case KEY_DEADLINE:
        judging->run.deadline_ms = (unsigned)nst_parse_number(arg, state, "deadline", 1, INT_MAX);
        break;
    case KEY_RANDOM:
        judging->judge.random = true;
        if (judging->judge.intent == NST_INTENT_ASKED)
            judging->judge.intent = NST_INTENT_NONE;
        break;
    case KEY_EXPECTED:
        judging->judge.expected = true;
        break;
    case KEY_ISOLATED:
        judging->judge.intent = NST_INTENT_ALWAYS;
        break;
    case KEY_AT_ONCE:
        judging->run.at_once = true;
        break;
    case KEY_PRIVILEGED:
        judging->run.privileged = true;
        break;
    case KEY_NO_FANOTIFY:
        judging->run.no_fanotify = true;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

const struct argp nst_judging_argp = {.options = options, .parser = parse};

const struct argp_child nst_judging_options[] = {{.argp = &nst_judging_argp}, {0}};
