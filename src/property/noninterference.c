/* What the parent asks is answered as if the child weren't there. One thing that the child does is
 * promised to be felt: a mount that is in use where an unmount propagates to keeps the unmount
 * from happening (umount(2), EBUSY; fs/pnode.c, propagate_mount_busy()). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "canonical.h"
#include "child_part.h"
#include "list.h"

static int fill(const struct nst_trace *trace, const enum nst_part *part, struct nst_twin *twin)
{
    for (size_t i = 0; i < trace->len; i++) {
        struct nst_call call = *trace->step[i].call;
        int r;

        if (part[i] == NST_PART_CHILD)
            continue;
        /* Under the name that it got, also where the child had taken the one that it asked for. */
        if (trace->step[i].kind == NST_ANSWER_VALUE && call.expect.kind == NST_SUCCEEDS)
            call.expect.value = trace->step[i].value;
        r = nst_sequence_append(&twin->sequence, &call);
        if (r < 0)
            return r;
        twin->step[twin->sequence.len - 1] = i;
    }
    return 0;
}

static int twin(const struct nst_trace *trace, const struct nst_judge_options *options,
                struct nst_twin *ret_twin)
{
    enum nst_part *part = calloc(trace->len + 1, sizeof *part);
    int r = part ? nst_child_part(trace, options->intent, part) : -ENOMEM;

    ret_twin->step = calloc(trace->len + 1, sizeof *ret_twin->step);
    if (!ret_twin->step)
        r = -ENOMEM;
    if (r == 1)
        r = fill(trace, part, ret_twin);
    else if (!r)
        r = 1;
    free(part);
    return r;
}

static bool has_group(const struct nst_table *table, uint64_t group)
{
    for (size_t i = 0; group && i < table->len; i++)
        if (table->mount[i].peer_group == group)
            return true;
    return false;
}

/* Whether a namespace other than the parent may receive from it: as a slave, or as a peer that was
 * meant to be isolated. Of one whose reader has another root not all mounts are seen. */
static bool has_receiver(const struct nst_snapshot *snapshot)
{
    for (size_t n = 1; n < snapshot->len; n++) {
        if (!snapshot->view[n].whole)
            return true;
        for (size_t i = 0; i < snapshot->view[n].table.len; i++) {
            const struct nst_mount *mount = &snapshot->view[n].table.mount[i];

            if (mount->master || has_group(&snapshot->view[0].table, mount->peer_group))
                return true;
        }
    }
    return false;
}

/* FIRST is with the child. */
static enum nst_verdict compare_answers(const struct nst_step *first, const struct nst_step *second,
                                        bool alone, size_t at, struct nst_finding *ret_finding)
{
    struct nst_finding finding;

    if (!nst_answers_differ(first, second, "without the child", at, &finding))
        return NST_PASS;
    /* The child's own file may not be made alike without what the child did before. */
    if (alone)
        return NST_SKIP;
    if (first->call->id == NST_CALL_UMOUNT2 && first->kind == NST_ANSWER_ERROR &&
        first->error == EBUSY && has_receiver(first->before))
        return NST_SKIP;
    *ret_finding = finding;
    return NST_FAIL;
}

static enum nst_verdict compare_tables(const struct nst_snapshot *first,
                                       const struct nst_snapshot *second, size_t at,
                                       const char *after, struct nst_finding *ret_finding)
{
    char difference[400];
    int r = nst_canon_compare(first, second, true, difference, sizeof difference);

    if (r > 0)
        return nst_finding_at(ret_finding, at, "after %s the parent shows, beside the child: %s",
                              after, difference);
    return r < 0 ? NST_ERROR : NST_PASS;
}

static enum nst_verdict compare(const struct nst_trace *trace, const struct nst_twin *twin_of,
                                const struct nst_trace *without,
                                const struct nst_judge_options *options,
                                struct nst_finding *ret_finding)
{
    const struct nst_snapshot *now = without->start, *was = NULL, *is = NULL;
    enum nst_part *part = calloc(trace->len + 1, sizeof *part);
    int r = part ? nst_child_part(trace, options->intent, part) : -ENOMEM;
    enum nst_verdict verdict = r < 0 ? NST_ERROR : NST_PASS;
    size_t at = 0;

    for (size_t i = 0; i < trace->len && verdict == NST_PASS; i++) {
        const struct nst_step *step = &trace->step[i];

        if (at < without->len && twin_of->step[at] == i) {
            const struct nst_step *other = &without->step[at++];
            bool alone = part[i] == NST_PART_ALONE;

            now = other->after;
            verdict = compare_answers(step, other, alone, i, ret_finding);
            if (verdict == NST_PASS && !alone &&
                nst_events_differ(&step->events, &other->events, i, ret_finding))
                verdict = NST_FAIL;
        }
        if (verdict == NST_PASS && (step->after != was || now != is))
            verdict =
                compare_tables(step->after, now, i, nst_calls[step->call->id].name, ret_finding);
        was = step->after;
        is = now;
    }
    if (verdict == NST_PASS)
        verdict = compare_tables(trace->end, without->end, trace->len, "all", ret_finding);
    free(part);
    return verdict;
}

const struct nst_property nst_property_noninterference = {
    .name = "noninterference",
    .promise = "the parent's own calls give the same results, tables and flags whether or not an "
               "isolated child acted beside it",
    .source = "mount_namespaces(7): processes of distinct namespaces see distinct hierarchies",
    .twin = twin,
    .compare = compare,
};
