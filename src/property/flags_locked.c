/* Mounts that came from a namespace that another user namespace owns keep their options:
 * mount_namespaces(7), Restrictions on mount namespaces, [5]; mount_setattr(2), EPERM;
 * fs/namespace.c, lock_mnt_tree(). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flags.h"

const struct nst_lock *nst_locks_find(const struct nst_locks *locks, const struct nst_node *node)
{
    for (size_t i = 0; i < locks->len; i++)
        if (locks->lock[i].id == node->mount->id && locks->lock[i].ns == node->view->ns)
            return &locks->lock[i];
    return NULL;
}

static int add(struct nst_locks *locks, const struct nst_node *node, uint64_t bits, uint64_t atime)
{
    if (locks->len == locks->cap) {
        size_t cap = locks->cap ? 2 * locks->cap : 32;
        struct nst_lock *wider = realloc(locks->lock, cap * sizeof *wider);

        if (!wider)
            return -ENOMEM;
        locks->lock = wider;
        locks->cap = cap;
    }
    locks->lock[locks->len++] = (struct nst_lock){node->mount->id, node->view->ns, bits, atime};
    return 0;
}

/* Forgets what is gone: its number may be another mount's. */
static void prune(struct nst_locks *locks, const struct flagged *flagged)
{
    size_t len = 0;

    for (size_t i = 0; i < locks->len; i++) {
        uint32_t node = nst_forest_find(&flagged->after, locks->lock[i].id);

        if (node != NST_NONE && flagged->after.node[node].view->ns == locks->lock[i].ns)
            locks->lock[len++] = locks->lock[i];
    }
    locks->len = len;
}

/* The locks that all have of which NODE may be a copy: those of a bind's source, and of what a new
 * namespace was copied from. */
static int inherit(struct nst_locks *locks, const struct flagged *flagged, uint32_t node, bool made)
{
    const struct nst_node *is = &flagged->after.node[node];
    const char *rest = "";
    uint32_t source = made ? NST_NONE : nst_flags_source(flagged, &rest);
    const struct nst_lock *all = NULL;
    uint64_t bits = 0;

    if ((!made && source == NST_NONE) || !flagged->own->whole)
        return 0;
    for (uint32_t i = 0; i < flagged->before.len; i++) {
        const struct nst_node *model = &flagged->before.node[i];
        const struct nst_lock *lock;

        if (model->view != flagged->own || !nst_flags_copies(flagged, node, i, source, rest) ||
            (made && strcmp(model->mount->point, is->mount->point) != 0))
            continue;
        lock = nst_locks_find(locks, model);
        if (!lock || (all && lock->atime != all->atime))
            return 0;
        bits = all ? bits & lock->bits : lock->bits;
        all = lock;
    }
    return all ? add(locks, is, bits, all->atime) : 0;
}

/* Takes note of the locks of NODE, which is new. */
static int note(struct nst_locks *locks, const struct flagged *flagged, uint32_t node)
{
    const struct nst_node *is = &flagged->after.node[node];
    const struct nst_ns_view *seen = nst_view_of(flagged->step->before, is->view->ns);
    uint64_t owner = flagged->own ? flagged->own->owner : 0, bits = nst_flags_of(is->mount);

    if (!owner || !is->view->owner || (!seen && !nst_flags_makes(flagged)))
        return 0;
    if (owner != is->view->owner)
        return add(locks, is, bits & NST_LOCKABLE_BITS, bits & NST_ATIME_BITS);
    return inherit(locks, flagged, node, !seen);
}

int nst_locks_step(struct nst_locks *locks, struct flagged *flagged)
{
    int r = 0;

    prune(locks, flagged);
    for (size_t i = 0; i < locks->len; i++) {
        uint32_t node = nst_forest_find(&flagged->after, locks->lock[i].id);
        uint64_t bits = nst_flags_of(flagged->after.node[node].mount);

        if (locks->lock[i].bits & ~bits || locks->lock[i].atime != (bits & NST_ATIME_BITS))
            return nst_flags_broken(flagged, &flagged->after, node,
                                    "lost an option that a namespace of another owner had locked");
    }
    for (uint32_t i = 0; !r && i < flagged->after.len; i++)
        if (nst_flags_same(&flagged->before, &flagged->after.node[i]) == NST_NONE)
            r = note(locks, flagged, i);
    return r;
}
