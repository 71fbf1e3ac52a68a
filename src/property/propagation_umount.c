/* An unmount takes what is at the same place below all that its parent propagates to, unless that
 * has mounts on it. Sources: sharedsubtree.rst, 5f; mount_namespaces(7), Unmount semantics;
 * from 6.17 on the kernel's propagate_umount document, for what of a set goes together. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "propagation.h"

enum { CANDIDATES_MAX = 16 };

/* All of one unmount, in terms of `before`. */
struct taken {
    struct spread *spread;
    struct nst_nodes tree; /* what was asked to go, the root first */
    struct nst_nodes
        candidate;  /* what is at the place of one of them below what its parent propagates to */
    size_t of_root; /* so many of these are at the root's place */
    bool *goes;     /* of each mount whether it is in one of these lists */
};

/* The mounts at the place of NODE. */
static int find_candidates(struct taken *taken, uint32_t node)
{
    const struct nst_forest *before = &taken->spread->before;
    struct nst_dentry at = nst_dentry_of(before, node);
    struct nst_nodes receivers = {0};
    int r;

    if (!at.known)
        return SPREAD_UNKNOWN;
    r = nst_forest_receivers(before, before->node[node].parent, &receivers);
    for (size_t i = 0; !r && i < receivers.len; i++) {
        uint32_t there = nst_forest_child_at(before, receivers.node[i], &at);

        if (there == NST_NONE || taken->goes[there])
            continue;
        taken->goes[there] = true;
        r = nst_nodes_add(&taken->candidate, there);
    }
    nst_nodes_free(&receivers);
    return r;
}

/* Whether CHILD keeps what it is mounted on. Mounted on the very root it would be handed to what is
 * below (fs/pnode.c, an overmount), so that isn't said. */
static bool keeps(const struct taken *taken, uint32_t child)
{
    const struct nst_forest *before = &taken->spread->before;
    struct nst_dentry at = nst_dentry_of(before, child);
    struct nst_dentry root = nst_dentry_below(before->node[before->node[child].parent].mount, "");

    return at.known && !taken->goes[child] && !nst_dentries_equal(&at, &root);
}

/* What is said of the I-th candidate. */
static int check_candidate(struct taken *taken, size_t i)
{
    struct spread *spread = taken->spread;
    const struct nst_forest *before = &spread->before;
    uint32_t node = taken->candidate.node[i];
    bool is = nst_spread_is(spread, node) != NST_NONE;
    /* Below the root mounts may be locked together (mount_namespaces(7), Restrictions). */
    bool free = i < taken->of_root || before->node[node].view->parent;

    if (!nst_spread_judges(spread, before->node[node].view))
        return SPREAD_HELD;
    if (is && free && before->node[node].child == NST_NONE)
        return nst_spread_broken(spread, before, node,
                                 "is still there, though what it receives from was unmounted");
    for (uint32_t child = before->node[node].child; !is && child != NST_NONE;
         child = before->node[child].sibling)
        if (keeps(taken, child))
            return nst_spread_broken(spread, before, node,
                                     "was unmounted by propagation with a mount on it");
    return SPREAD_HELD;
}

/* Nothing else vanishes. */
static int check_others(const struct taken *taken)
{
    struct spread *spread = taken->spread;
    const struct nst_forest *before = &spread->before;

    for (uint32_t i = 0; i < before->len; i++) {
        const struct nst_node *node = &before->node[i];
        /* The place of what was removed isn't known (nst_place_in()). */
        bool adrift = node->mount->deleted ||
                      (node->parent != NST_NONE && (before->node[node->parent].adrift ||
                                                    before->node[node->parent].mount->deleted));

        if (nst_spread_is(spread, i) == NST_NONE && !taken->goes[i] && !adrift &&
            nst_spread_judges(spread, node->view))
            return nst_spread_broken(spread, before, i,
                                     "vanished, though nothing propagates there");
    }
    return SPREAD_HELD;
}

static int check_taken(struct taken *taken)
{
    struct spread *spread = taken->spread;
    int r = SPREAD_HELD;

    for (size_t i = 0; i < taken->tree.len; i++)
        taken->goes[taken->tree.node[i]] = true;
    for (size_t i = 0; !r && i < taken->tree.len; i++) {
        r = find_candidates(taken, taken->tree.node[i]);
        if (!i)
            taken->of_root = taken->candidate.len;
    }
    for (size_t i = 0; !r && i < taken->tree.len; i++)
        if (nst_spread_is(spread, taken->tree.node[i]) != NST_NONE)
            r = nst_spread_broken(spread, &spread->before, taken->tree.node[i],
                                  "is still there though it was unmounted");
    for (size_t i = 0; !r && i < taken->candidate.len; i++)
        r = check_candidate(taken, i);
    return r ? r : check_others(taken);
}

/* Whether all that vanished follows from the unmount of ROOT, of `before`. */
static int explain(struct spread *spread, uint32_t root)
{
    bool lazy = spread->step->call->arg[1].num & MNT_DETACH;
    struct taken taken = {.spread = spread};
    int r;

    if (spread->before.node[root].parent == NST_NONE)
        return SPREAD_UNKNOWN;
    if (!lazy && spread->before.node[root].child != NST_NONE)
        return nst_spread_broken(spread, &spread->before, root,
                                 "was unmounted with a mount on it, and not lazily");
    taken.goes = calloc(spread->before.len, sizeof *taken.goes);
    r = taken.goes ? nst_forest_subtree(&spread->before, root, NULL, NULL, &taken.tree) : -ENOMEM;
    if (!r)
        r = check_taken(&taken);
    free(taken.goes);
    nst_nodes_free(&taken.tree);
    nst_nodes_free(&taken.candidate);
    return r;
}

/* Whether NODE, of `before`, is gone from the actor's namespace. What it stood on may be gone, too,
 * by the propagation of the very unmount. */
static bool went(const struct spread *spread, uint32_t node)
{
    return spread->before.node[node].view == spread->own && nst_spread_is(spread, node) == NST_NONE;
}

int nst_spread_umount(struct spread *spread)
{
    const struct nst_call *call = spread->step->call;
    uint32_t target =
        nst_walk_mount(spread->walker, &spread->before, spread->step, call->arg[0].str);
    struct nst_finding first = {0};
    int r = SPREAD_UNKNOWN, tried = 0;

    if (!nst_spread_judges(spread, spread->own))
        return SPREAD_UNKNOWN;
    if (target != NST_NONE)
        return explain(spread, target);
    for (uint32_t i = 0; i < spread->before.len && tried <= CANDIDATES_MAX; i++) {
        if (!went(spread, i))
            continue;
        if (tried++ == CANDIDATES_MAX)
            return SPREAD_UNKNOWN;
        r = explain(spread, i);
        if (r != SPREAD_BROKEN)
            return r;
        if (!*first.text)
            first = *spread->finding;
    }
    if (r == SPREAD_BROKEN)
        *spread->finding = first;
    return r;
}
