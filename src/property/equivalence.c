/* The old and the new mount API do the same work: what succeeded by one is done again by the other,
 * and everybody sees the same afterwards. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ns-tool/rewrite.h>

#include "canonical.h"
#include "list.h"
#include "walk.h"

enum { NAMES = 1000000 }; /* descriptors from here on are the rewriting's */

static bool names_high(const struct nst_trace *trace)
{
    for (size_t i = 0; i < trace->len; i++) {
        const struct nst_call *call = trace->step[i].call;
        const struct nst_call_type *type = &nst_calls[call->id];

        if (type->returns == NST_RETURNS_FD && call->expect.kind == NST_SUCCEEDS &&
            call->expect.value >= NAMES)
            return true;
        for (size_t j = 0; j < type->args; j++)
            if (type->arg[j].kind == NST_ARG_FD && call->arg[j].num >= NAMES &&
                call->arg[j].num <= INT32_MAX)
                return true;
    }
    return false;
}

/* Appends step I, rewritten if it can be. Returns whether it was, or -errno. */
static int append(const struct nst_trace *trace, size_t i, struct nst_twin *twin)
{
    const struct nst_step *step = &trace->step[i];
    struct nst_sequence *sequence = &twin->sequence;
    size_t from = sequence->len;
    int work = 0, r = 0;
    size_t *wider;

    if (step->kind == NST_ANSWER_VALUE)
        work = nst_rewrite(step->call, NAMES, sequence);
    if (!work)
        r = nst_sequence_append(sequence, step->call);
    if (work < 0 || r < 0)
        return work < 0 ? work : r;
    wider = reallocarray(twin->step, sequence->len, sizeof *wider);
    if (!wider)
        return -ENOMEM;
    twin->step = wider;
    for (size_t k = from; k < sequence->len; k++)
        twin->step[k] = SIZE_MAX;
    twin->step[work ? from + (size_t)work - 1 : from] = i;
    return work > 0;
}

static int twin(const struct nst_trace *trace, const struct nst_judge_options *options,
                struct nst_twin *ret_twin)
{
    size_t rewritten = 0;

    (void)options;
    if (names_high(trace))
        return 1;
    for (size_t i = 0; i < trace->len; i++) {
        int r = append(trace, i, ret_twin);

        if (r < 0)
            return r == -E2BIG ? 1 : r;
        rewritten += (size_t)r;
    }
    return rewritten ? 0 : 1;
}

/* Whether the sandbox gave a call of the rewriting's own no more descriptors. */
static bool is_out(const struct nst_trace *other, const struct nst_twin *twin_of)
{
    for (size_t k = 0; k < other->len; k++)
        if (twin_of->step[k] == SIZE_MAX && other->step[k].kind == NST_ANSWER_ERROR &&
            (other->step[k].error == EMFILE || other->step[k].error == ENFILE))
            return true;
    return false;
}

static bool is_rewritten(const struct nst_step *first, const struct nst_step *second)
{
    return first->call->id != second->call->id;
}

/* Whether what mount(2) did in step AT was to a mount that may be outside the caller's namespace,
 * which mount_setattr(2) refuses (its EINVAL). From 6.17 on mount(2) changes the propagation of
 * what the caller has power over, wherever that is (fs/namespace.c, may_change_propagation()). */
static bool may_be_outside(const struct nst_trace *trace, size_t at)
{
    const struct nst_step *step = &trace->step[at];
    struct nst_walker walker = {0};
    struct nst_forest forest = {0};
    bool outside = true;

    for (size_t i = 0; i < at; i++)
        nst_walker_step(&walker, &trace->step[i]);
    if (step->before && nst_forest_make(step->before, &forest) == 0)
        outside = nst_walk_mount(&walker, &forest, step, step->call->arg[1].str) == NST_NONE;
    nst_forest_free(&forest);
    return outside;
}

static bool is_refused_outside(const struct nst_trace *trace, size_t at,
                               const struct nst_step *second)
{
    return trace->step[at].call->id == NST_CALL_MOUNT &&
           second->call->id == NST_CALL_MOUNT_SETATTR && second->kind == NST_ANSWER_ERROR &&
           second->error == EINVAL && may_be_outside(trace, at);
}

static enum nst_verdict compare_tables(const struct nst_snapshot *first,
                                       const struct nst_snapshot *second, size_t at,
                                       const char *after, struct nst_finding *ret_finding)
{
    char difference[400];
    int r = nst_canon_compare(second, first, false, difference, sizeof difference);

    if (r > 0)
        return nst_finding_at(ret_finding, at, "after %s, what the other mount API makes of it: %s",
                              after, difference);
    return r < 0 ? NST_ERROR : NST_PASS;
}

/* That the table changed, which is all that polling tells, is said of a change of type by one API
 * and not by the other (fs/namespace.c, touch_mnt_namespace()). */
static bool is_polled(const struct nst_events *events)
{
    for (size_t i = 0; i < events->len; i++)
        if (events->event[i].kind == NST_EVENT_UNKNOWN)
            return true;
    return false;
}

/* What else the second run did is in no table. */
static enum nst_verdict compare_steps(const struct nst_step *first, const struct nst_step *second,
                                      size_t at, struct nst_finding *ret_finding)
{
    const char *name = nst_calls[first->call->id].name;

    if (!is_rewritten(first, second)) {
        if (nst_answers_differ(first, second, "behind the other mount API's calls", at,
                               ret_finding))
            return NST_FAIL;
    } else if (second->kind != NST_ANSWER_VALUE) {
        return nst_finding_at(ret_finding, at, "%s by actor %u succeeded, and %s in its place: %s",
                              name, first->call->actor, nst_calls[second->call->id].name,
                              second->kind == NST_ANSWER_ERROR ? nst_errno_name(second->error)
                                                               : "no answer");
    }
    if (!is_polled(&first->events) && !is_polled(&second->events) &&
        nst_events_differ(&first->events, &second->events, at, ret_finding))
        return NST_FAIL;
    return first->after && second->after
               ? compare_tables(first->after, second->after, at, name, ret_finding)
               : NST_PASS;
}

static enum nst_verdict compare(const struct nst_trace *trace, const struct nst_twin *twin_of,
                                const struct nst_trace *other,
                                const struct nst_judge_options *options,
                                struct nst_finding *ret_finding)
{
    (void)options;
    for (size_t k = 0; k < other->len; k++) {
        size_t at = twin_of->step[k];
        enum nst_verdict verdict = NST_PASS;

        if (at != SIZE_MAX)
            verdict = compare_steps(&trace->step[at], &other->step[k], at, ret_finding);
        if (verdict == NST_FAIL && is_out(other, twin_of))
            return NST_SKIP;
        if (verdict == NST_FAIL && is_refused_outside(trace, at, &other->step[k])) {
            nst_finding_at(ret_finding, SIZE_MAX,
                           "not compared: the mount may be outside the caller's namespace");
            return NST_SKIP;
        }
        if (verdict != NST_PASS)
            return verdict;
    }
    return compare_tables(trace->end, other->end, trace->len, "all", ret_finding);
}

const struct nst_property nst_property_equivalence = {
    .name = "equivalence",
    .promise = "the old and the new mount API, given the same work, leave the same tables",
    .source = "open_tree(2), move_mount(2), fsopen(2), fsmount(2), mount_setattr(2): what mount(2) "
              "does, by steps",
    .twin = twin,
    .compare = compare,
};
