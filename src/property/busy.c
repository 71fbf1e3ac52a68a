/* An unmount that isn't lazy takes no mount that is in use: umount(2), EBUSY. The same holds for
 * each one that it propagates to (sharedsubtree.rst, "Unmount semantics"; fs/pnode.c,
 * propagate_mount_busy()): who works in a mount, has his root or an open file in it, keeps it.
 *
 * What has a mount on it is in use too, and only fails to be taken where that one is taken by the
 * same propagation, or covers it whole and so can slide into its place (the kernel's
 * propagate_umount document: a set of mounts is taken that is non-shifting). So whatever stays,
 * stays where it was. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"

enum { DETACH = 2 };

struct unmount {
    const struct nst_trace *trace;
    const struct nst_step *step;
    size_t at;
    bool random;
};

static const struct nst_mount *later(const struct nst_ns_view *after, const struct nst_mount *mount)
{
    return nst_table_find(&after->table, mount->id);
}

static enum nst_verdict tell(const struct unmount *unmount, const struct nst_mount *mount,
                             const char *why, struct nst_finding *ret_finding)
{
    const struct nst_change change = {.kind = NST_VANISHED, .before = mount};
    struct nst_renamer renamer;
    char *text;

    nst_trace_renamer(unmount->trace, &renamer);
    text = nst_change_text(&change, &renamer);
    nst_renamer_free(&renamer);
    if (!text)
        return NST_ERROR;
    nst_finding_at(ret_finding, unmount->at, "umount2 by actor %u %s: %s",
                   unmount->step->call->actor, why, text);
    free(text);
    return NST_FAIL;
}

/* Whether MOUNT, which was taken, was held. */
static enum nst_verdict check_holds(const struct unmount *unmount, const struct nst_mount *mount,
                                    struct nst_finding *ret_finding)
{
    static const char *const kinds[] = {"working directory", "root", "open file"};
    const struct nst_step *step = unmount->step;

    for (size_t i = 0; i < step->holds; i++)
        if (step->hold[i].mount == mount->id) {
            char why[96];

            snprintf(why, sizeof why, "took the mount that actor %u has its %s in",
                     step->hold[i].actor, kinds[step->hold[i].kind]);
            return tell(unmount, mount, why, ret_finding);
        }
    return NST_PASS;
}

static bool same_group(uint64_t a, uint64_t b)
{
    return a && a == b;
}

/* Whether what happens in peer group FROM reaches MOUNT. A master that nobody shows may be a slave
 * of anything. */
static bool receives(const struct nst_snapshot *snapshot, const struct nst_mount *mount,
                     uint64_t from)
{
    uint64_t group = mount->master;

    if (same_group(mount->peer_group, from))
        return true;
    for (size_t hops = 0; group && hops < 1000; hops++) {
        const struct nst_mount *master = NULL;

        if (group == from)
            return true;
        for (size_t n = 0; n < snapshot->len && !master; n++) {
            const struct nst_table *table = &snapshot->view[n].table;

            for (size_t i = 0; i < table->len && !master; i++)
                if (table->mount[i].peer_group == group)
                    master = &table->mount[i];
        }
        if (!master)
            return true;
        group = master->master;
    }
    return false;
}

/* Whether the unmount of TARGET explains that MOUNT, of VIEW, was taken too. */
static bool explains(const struct nst_snapshot *before, const struct nst_ns_view *own,
                     const struct nst_mount *target, const struct nst_ns_view *view,
                     const struct nst_mount *mount)
{
    const struct nst_mount *from = nst_table_find(&own->table, target->parent_id);
    const struct nst_mount *to = nst_table_find(&view->table, mount->parent_id);

    if (target == mount || !from || !to)
        return true;
    return from->peer_group && receives(before, to, from->peer_group);
}

/* Whether one of the mounts that OWN lost can have been the target: every other one that was taken
 * was so by propagation from it. */
static bool has_target(const struct unmount *unmount, const struct nst_ns_view *own)
{
    const struct nst_snapshot *before = unmount->step->before, *after = unmount->step->after;
    const struct nst_ns_view *own_after = nst_view_later(after, own);

    for (size_t t = 0; own_after && t < own->table.len; t++) {
        const struct nst_mount *target = &own->table.mount[t];
        bool all = !later(own_after, target);

        for (size_t n = 0; all && n < before->len; n++) {
            const struct nst_ns_view *view = &before->view[n];
            const struct nst_ns_view *then = nst_view_later(after, view);

            for (size_t i = 0; all && then && i < view->table.len; i++)
                all = later(then, &view->table.mount[i]) ||
                      explains(before, own, target, view, &view->table.mount[i]);
        }
        if (all)
            return true;
    }
    return false;
}

/* Whether something was mounted inside MOUNT of TABLE. Such a one is taken on 6.18, though in use,
 * where that goes too (corpus/findings/busy-below-its-own-mount): random calls, which come upon it
 * time and again, pass over it, so that they find more. */
static bool is_known(const struct unmount *unmount, const struct nst_table *table,
                     const struct nst_mount *mount)
{
    for (size_t i = 0; unmount->random && i < table->len; i++)
        if (table->mount[i].parent_id == mount->id &&
            strcmp(table->mount[i].point, mount->point) != 0)
            return true;
    return false;
}

static enum nst_verdict check_view(const struct unmount *unmount, const struct nst_ns_view *before,
                                   const struct nst_ns_view *after, bool *ret_taken,
                                   struct nst_finding *ret_finding)
{
    const struct nst_table *table = &before->table;
    enum nst_verdict verdict = NST_PASS;

    for (size_t i = 0; i < table->len && verdict == NST_PASS; i++) {
        const struct nst_mount *mount = &table->mount[i], *now = later(after, mount);
        const struct nst_mount *parent = nst_table_find(table, mount->parent_id);

        if (!now) {
            *ret_taken = true;
            if (!is_known(unmount, table, mount))
                verdict = check_holds(unmount, mount, ret_finding);
        } else if (strcmp(now->point, mount->point) != 0) {
            verdict = tell(unmount, mount, "moved a mount", ret_finding);
        } else if (parent && parent != mount && !later(after, parent) &&
                   strcmp(parent->point, mount->point) != 0) {
            verdict = tell(unmount, parent, "took a mount from under another", ret_finding);
        }
    }
    return verdict;
}

static enum nst_verdict check_step(const struct unmount *unmount, struct nst_finding *ret_finding)
{
    const struct nst_snapshot *before = unmount->step->before, *after = unmount->step->after;
    const struct nst_ns_view *own = nst_view_of(before, unmount->step->ns);
    enum nst_verdict verdict = NST_PASS;
    bool taken = false;

    for (size_t n = 0; n < before->len && verdict == NST_PASS; n++) {
        const struct nst_ns_view *then = nst_view_later(after, &before->view[n]);

        if (then && then != &before->view[n])
            verdict = check_view(unmount, &before->view[n], then, &taken, ret_finding);
    }
    if (verdict == NST_PASS && taken && own && own->whole && !has_target(unmount, own))
        return nst_finding_at(ret_finding, unmount->at,
                              "umount2 by actor %u took mounts that it does not propagate to",
                              unmount->step->call->actor);
    return verdict;
}

static enum nst_verdict check(const struct nst_trace *trace,
                              const struct nst_judge_options *options,
                              struct nst_finding *ret_finding)
{
    for (size_t i = 0; i < trace->len; i++) {
        const struct unmount unmount = {
            .trace = trace, .step = &trace->step[i], .at = i, .random = options->random};
        const struct nst_call *call = unmount.step->call;
        enum nst_verdict verdict;

        if (call->id != NST_CALL_UMOUNT2 || unmount.step->kind != NST_ANSWER_VALUE ||
            call->arg[1].num & DETACH || unmount.step->before == unmount.step->after)
            continue;
        verdict = check_step(&unmount, ret_finding);
        if (verdict != NST_PASS)
            return verdict;
    }
    return NST_PASS;
}

const struct nst_property nst_property_busy = {
    .name = "busy",
    .promise = "an unmount that isn't lazy takes no mount that is in use, wherever it propagates",
    .source = "umount(2), EBUSY; Documentation/filesystems/sharedsubtree.rst, Unmount semantics",
    .check = check,
};
