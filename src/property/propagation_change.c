/* What changes a propagation type, and what a new namespace takes over. Sources:
 * mount_namespaces(7), Propagation type transitions, Restrictions on mount namespaces;
 * sharedsubtree.rst, 5a and 5g; fs/pnode.c, change_mnt_propagation(); fs/namespace.c,
 * copy_mnt_ns(). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "propagation.h"

/* What TYPE makes of a mount. USED are the peer groups that are made here. */
static int check_type(struct spread *spread, uint32_t node, uint64_t type, uint64_t *used,
                      size_t *used_len)
{
    const struct nst_mount *is = spread->after.node[node].mount;
    const struct nst_mount *was = spread->before.node[nst_spread_was(spread, node)].mount;
    const char *wrong = NULL;

    if (type == MS_SHARED) {
        if (was->peer_group ? is->peer_group != was->peer_group
                            : !nst_spread_is_fresh(spread, used, *used_len, is->peer_group))
            wrong = "is not shared as it was, or with nobody, as was asked";
        else if (is->unbindable || !nst_spread_master_holds(spread, was->master, is->master))
            wrong = "is unbindable or has another master, and only to be shared was asked";
        used[(*used_len)++] = is->peer_group;
    } else if (type == MS_SLAVE) {
        uint64_t master = was->peer_group ? was->peer_group : was->master;

        if (is->peer_group || is->unbindable != was->unbindable)
            wrong = "is shared, or unbindable, and to be a slave was asked";
        else if (!nst_spread_master_holds(spread, master, is->master))
            wrong = "is not a slave of its former peers, or of their master";
    } else if (is->peer_group || is->master || is->unbindable != (type == MS_UNBINDABLE)) {
        wrong =
            type == MS_PRIVATE ? "is not private as was asked" : "is not unbindable as was asked";
    }
    return wrong ? nst_spread_broken(spread, &spread->after, node, wrong) : SPREAD_HELD;
}

int nst_spread_change(struct spread *spread, const char *path, uint64_t type, bool recursive)
{
    uint32_t target = nst_walk_mount(spread->walker, &spread->before, spread->step, path);
    struct nst_nodes targets = {0};
    uint64_t *used = NULL;
    size_t used_len = 0;
    int r;

    if (target == NST_NONE || !nst_spread_judges(spread, spread->own))
        return SPREAD_UNKNOWN;
    r = recursive ? nst_forest_subtree(&spread->before, target, NULL, NULL, &targets)
                  : nst_nodes_add(&targets, target);
    if (!r)
        used = calloc(targets.len, sizeof *used);
    if (!r && !used)
        r = -ENOMEM;
    for (size_t i = 0; !r && i < targets.len; i++) {
        uint32_t is = nst_spread_is(spread, targets.node[i]);

        if (is == NST_NONE) /* told as what vanished */
            continue;
        spread->told[is] = true;
        r = check_type(spread, is, type, used, &used_len);
    }
    free(used);
    nst_nodes_free(&targets);
    return r;
}

/* The namespace that a call made for ACTOR, or NULL. */
static const struct nst_ns_view *made_for(const struct spread *spread, uint32_t actor)
{
    const struct nst_snapshot *after = spread->step->after;

    for (size_t n = 0; n < after->len; n++)
        if (after->view[n].reader == actor && !nst_view_of(spread->step->before, after->view[n].ns))
            return &after->view[n];
    return NULL;
}

/* Mount namespace files aren't copied into a new namespace (fs/namespace.c, copy_mnt_ns()). */
static bool is_left_out(void *ctx, uint32_t node)
{
    const struct spread *spread = ctx;

    return !strncmp(spread->before.node[node].mount->root, "mnt:[", 5);
}

/* That an unbindable mount's copy isn't is known of Linux 6.18
 * (corpus/findings/unbindable-lost-by-unshare), so a random search goes on where it meets it. */
static int check_copy(struct spread *spread, uint32_t of, uint32_t node, bool trusted)
{
    const struct nst_mount *was = spread->before.node[of].mount;
    const struct nst_mount *is = spread->after.node[node].mount;
    uint64_t master = !trusted && was->peer_group ? was->peer_group : was->master;
    const char *wrong = NULL;

    if (trusted && is->peer_group != was->peer_group)
        wrong = "is not of the peer group of the mount that it is a copy of";
    else if (!trusted && is->peer_group)
        wrong = "is shared with a namespace that another user namespace owns";
    else if (!nst_spread_master_holds(spread, master, is->master))
        wrong = "has not the master that a copy in a new namespace has";
    else if (is->unbindable != was->unbindable && !spread->random)
        wrong = "is not unbindable as the mount that it is a copy of";
    return wrong ? nst_spread_broken(spread, &spread->after, node, wrong) : SPREAD_HELD;
}

/* Pairs the trees of both namespaces, in the order of the copied one's SOURCE. */
static int pair_namespaces(struct spread *spread, const struct nst_nodes *source, uint32_t root,
                           bool trusted)
{
    uint32_t *copy = calloc(spread->before.len, sizeof *copy);
    int r = copy ? SPREAD_HELD : -ENOMEM;

    for (size_t i = 0; !r && i < source->len; i++) {
        uint32_t of = source->node[i];
        struct nst_dentry at = nst_dentry_of(&spread->before, of);

        if (i && !at.known)
            r = SPREAD_UNKNOWN;
        else
            copy[of] =
                i ? nst_forest_child_at(&spread->after, copy[spread->before.node[of].parent], &at)
                  : root;
        if (!r && copy[of] == NST_NONE)
            r = nst_spread_broken(spread, &spread->before, of, "has no copy in the new namespace");
        if (!r)
            r = check_copy(spread, of, copy[of], trusted);
    }
    free(copy);
    return r;
}

int nst_spread_clone(struct spread *spread)
{
    const struct nst_step *step = spread->step;
    const struct nst_ns_view *made = made_for(
        spread, step->call->id == NST_CALL_UNSHARE ? step->call->actor : (uint32_t)step->value);
    struct nst_nodes source = {0};
    uint32_t from, root;
    int r;

    if (!made || !made->whole || !made->owner || !spread->own->owner)
        return SPREAD_UNKNOWN;
    from = nst_forest_root(&spread->before, spread->own);
    root = nst_forest_root(&spread->after, made);
    if (from == NST_NONE || root == NST_NONE)
        return SPREAD_UNKNOWN;
    r = nst_forest_subtree(&spread->before, from, is_left_out, spread, &source);
    if (!r)
        r = pair_namespaces(spread, &source, root, made->owner == spread->own->owner);
    if (!r && source.len != made->table.len)
        r = nst_spread_broken(spread, &spread->after, root,
                              "is the root of a new namespace with more mounts than its model");
    nst_nodes_free(&source);
    return r;
}
