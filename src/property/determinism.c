/* The same sequence twice: what may differ is what the kernel numbers as it likes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "canonical.h"
#include "list.h"

int nst_twin_same(const struct nst_trace *trace, struct nst_twin *ret_twin)
{
    ret_twin->step = calloc(trace->len + 1, sizeof *ret_twin->step);
    if (!ret_twin->step)
        return -ENOMEM;
    for (size_t i = 0; i < trace->len; i++) {
        int r = nst_sequence_append(&ret_twin->sequence, trace->step[i].call);

        if (r < 0)
            return r;
        ret_twin->step[i] = i;
    }
    return 0;
}

static int twin(const struct nst_trace *trace, const struct nst_judge_options *options,
                struct nst_twin *ret_twin)
{
    (void)options;
    return trace->len ? nst_twin_same(trace, ret_twin) : 1;
}

static const char *answer_text(const struct nst_step *step, char *text, size_t size)
{
    switch (step->kind) {
    case NST_ANSWER_VALUE:
        snprintf(text, size, "%lld", (long long)step->value);
        break;
    case NST_ANSWER_ERROR:
        snprintf(text, size, "%s", nst_errno_name(step->error));
        break;
    case NST_ANSWER_ENDED:
        snprintf(text, size, "the actor's end");
        break;
    case NST_ANSWER_NONE:
    case NST_ANSWER_DEADLINE:
        snprintf(text, size, "nothing");
    }
    return text;
}

bool nst_answers_differ(const struct nst_step *first, const struct nst_step *second,
                        const char *who, size_t at, struct nst_finding *ret_finding)
{
    char was[64], is[64];

    if (first->kind == second->kind && first->value == second->value &&
        first->error == second->error)
        return false;
    nst_finding_at(ret_finding, at, "%s by actor %u answered %s, and %s %s",
                   nst_calls[first->call->id].name, first->call->actor,
                   answer_text(first, was, sizeof was), who, answer_text(second, is, sizeof is));
    return true;
}

/* What fanotify tells, how often; or, of polling, only whether there was something. */
struct told {
    size_t attached, detached, unknown;
    bool lost; /* there was more */
};

static struct told count(const struct nst_events *events)
{
    struct told told = {0};

    for (size_t i = 0; i < events->len; i++) {
        told.attached += events->event[i].kind == NST_EVENT_ATTACH;
        told.detached += events->event[i].kind == NST_EVENT_DETACH;
        told.unknown |= events->event[i].kind == NST_EVENT_UNKNOWN;
        told.lost |= events->event[i].kind == NST_EVENT_OVERFLOW;
    }
    return told;
}

bool nst_events_differ(const struct nst_events *first, const struct nst_events *second, size_t at,
                       struct nst_finding *ret_finding)
{
    struct told a = count(first), b = count(second);

    if (a.lost || b.lost ||
        (a.attached == b.attached && a.detached == b.detached && a.unknown == b.unknown))
        return false;
    nst_finding_at(ret_finding, at,
                   "mounts that came to and went from the parent: %zu and %zu, the second time %zu "
                   "and %zu%s",
                   a.attached, a.detached, b.attached, b.detached,
                   a.unknown == b.unknown ? "" : "; one of them by polling");
    return true;
}

/* AFTER is named as BEFORE was, if there was any, so that what stays is seen to be the same. */
static char *change_text(const struct nst_snapshot *before, const struct nst_snapshot *after)
{
    struct nst_canon canon = {0};
    char *old = before ? nst_canon_text(&canon, before, false) : NULL,
         *text = old || !before ? nst_canon_text(&canon, after, false) : NULL;

    nst_canon_free(&canon);
    free(old);
    return text;
}

static enum nst_verdict compare_tables(const struct nst_step *first, const struct nst_step *second,
                                       size_t at, struct nst_finding *ret_finding)
{
    char *a, *b, difference[400];
    enum nst_verdict verdict = NST_PASS;

    if (first->before && first->before == first->after && second->before == second->after)
        return NST_PASS;
    a = change_text(first->before, first->after);
    b = change_text(second->before, second->after);
    if (!a || !b)
        verdict = NST_ERROR;
    else if (nst_canon_difference(b, a, difference, sizeof difference))
        verdict = nst_finding_at(ret_finding, at, "after %s the second time: %s",
                                 first->call ? nst_calls[first->call->id].name : "all", difference);
    free(a);
    free(b);
    return verdict;
}

static enum nst_verdict compare_leftovers(const struct nst_trace *first,
                                          const struct nst_trace *second,
                                          struct nst_finding *ret_finding)
{
    const struct nst_leftover *a = &first->leftover, *b = &second->leftover;

    if (a->processes != b->processes || a->directories != b->directories ||
        a->namespaces != b->namespaces || a->mounts != b->mounts || a->by_path != b->by_path ||
        a->by_detaching != b->by_detaching || a->by_death != b->by_death)
        return nst_finding_at(ret_finding, first->len,
                              "what was left, or how it was undone, differs the second time");
    return NST_PASS;
}

static enum nst_verdict compare(const struct nst_trace *trace, const struct nst_twin *twin_of,
                                const struct nst_trace *again,
                                const struct nst_judge_options *options,
                                struct nst_finding *ret_finding)
{
    /* Numbers may have been used again since the start: the ends are named for themselves. */
    const struct nst_step end = {.after = trace->end}, end_again = {.after = again->end};
    enum nst_verdict verdict = NST_PASS;

    (void)twin_of;
    (void)options;
    for (size_t i = 0; i < trace->len && verdict == NST_PASS; i++) {
        const struct nst_step *first = &trace->step[i], *second = &again->step[i];

        if (nst_answers_differ(first, second, "the second time", i, ret_finding) ||
            nst_events_differ(&first->events, &second->events, i, ret_finding))
            return NST_FAIL;
        if (first->before && second->before) /* else only the ends were looked at */
            verdict = compare_tables(first, second, i, ret_finding);
    }
    if (verdict == NST_PASS)
        verdict = compare_tables(&end, &end_again, trace->len, ret_finding);
    return verdict == NST_PASS ? compare_leftovers(trace, again, ret_finding) : verdict;
}

const struct nst_property nst_property_determinism = {
    .name = "determinism",
    .promise = "the same sequence twice gives the same trace",
    .source = "the calls' manual pages: none of them says that it answers by chance",
    .twin = twin,
    .compare = compare,
};
