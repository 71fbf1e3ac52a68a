/* Telling a finding, so that what is printed stands alone. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <ns-tool/report.h>
#include <ns-tool/shrink.h>

#include "fuzz.h"

enum { SHRINK_TRIES = 1000, DIED = -2 };

struct trial {
    const struct nst_fuzz_target *target;
    int property; /* that must fail again; DIED: the sandbox must die */
    struct nst_sequence whole;
    struct nst_trace trace; /* of the last try */
    struct nst_judgement judgement;
};

static void trial_free(struct trial *trial)
{
    nst_trace_free(&trial->trace);
    nst_sequence_free(&trial->whole);
}

static int still_fails(void *ctx, const struct nst_sequence *candidate)
{
    struct trial *trial = ctx;
    char why[200] = "";

    trial_free(trial);
    bool twins = trial->property == DIED || nst_properties[trial->property]->twin;
    int r = nst_fuzz_run(trial->target, candidate, twins, &trial->whole, &trial->trace,
                         &trial->judgement, why);

    if (trial->property == DIED)
        return r == -EPIPE;
    return r == 1 && nst_fuzz_broken(&trial->judgement) == trial->property;
}

static void tell_property(const struct trial *trial, const struct nst_judgement *judgement,
                          bool again)
{
    const struct nst_property *property;

    if (trial->property == DIED) {
        fprintf(stderr, "\n== %s: a sequence ends its sandbox\n", trial->target->name);
    } else {
        property = nst_properties[trial->property];
        fprintf(stderr, "\n== %s: %s is broken: %s (%s)\nseen: %s\n", trial->target->name,
                property->name, property->promise, property->source,
                judgement->finding[trial->property].text);
    }
    if (!again)
        fputs("It did not fail again: below is what was run, as it went the second time.\n",
              stderr);
}

/* The command that repeats it, with the sequence in it. No quote in it needs care: the text of a
 * sequence never has a line of its own that is END. */
static void tell_command(const struct trial *trial)
{
    const char *intent = trial->target->intent == NST_INTENT_ALWAYS ? " --isolated" : "";
    char *text;
    size_t len;

    if (nst_strace_print(&trial->whole, &text, &len) < 0)
        return;
    fprintf(stderr, "to repeat it:\nns-tool run --random%s - <<'END'\n%sEND\n", intent, text);
    free(text);
}

void nst_fuzz_finding(const struct nst_fuzz_target *target, struct nst_sequence *sequence,
                      const struct nst_judgement *judgement)
{
    struct trial trial = {.target = target, .property = nst_fuzz_broken(judgement)};
    const struct nst_shrink_options shrink = {.max_tries = SHRINK_TRIES};
    bool again;

    if (trial.property < 0)
        trial.property = DIED;
    fprintf(stderr, "%s: something broke: shrinking it\n", target->name);
    again = still_fails(&trial, sequence) == 1;
    if (again && nst_shrink(sequence, still_fails, &trial, &shrink, NULL) == 0)
        again = still_fails(&trial, sequence) == 1;
    if (again && trial.property != DIED &&
        nst_fuzz_known(&trial.judgement, (size_t)trial.property, &trial.whole)) {
        trial_free(&trial);
        return;
    }
    tell_property(&trial, again && trial.property != DIED ? &trial.judgement : judgement, again);
    if (trial.trace.len) {
        nst_report_trace(stderr, &trial.trace, &trial.judgement);
        nst_report_judgement(stderr, &trial.judgement);
    }
    tell_command(&trial);
    abort();
}
