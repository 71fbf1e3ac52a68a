/* What a mount, a bind, a move makes: one tree in the actor's namespace, and a copy of it wherever
 * the mount below which it stands propagates to. Sources: sharedsubtree.rst, sections 5b to 5e;
 * fs/namespace.c, attach_recursive_mnt(); fs/pnode.c, propagate_mnt(). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "propagation_copies.h"

enum { BENEATH = 0x200, CANDIDATES_MAX = 16 };

static bool is_new(const struct nst_copies *copies, uint32_t node)
{
    return nst_spread_was(copies->spread, node) == NST_NONE;
}

/* The tree of a mount that moved is what was there before; what is tucked on it, or a copy in it,
 * isn't of it. */
static bool is_strange(void *ctx, uint32_t node)
{
    const struct nst_copies *copies = ctx;
    const struct spread *spread = copies->spread;
    uint32_t was = nst_spread_was(spread, node);

    if (is_new(copies, copies->origin) || was == NST_NONE)
        return is_new(copies, copies->origin) != (was == NST_NONE);
    return spread->before.node[was].mount->parent_id != spread->after.node[node].mount->parent_id;
}

/* What a mount was before the call gave it a place. */
struct relation {
    bool known;
    uint64_t group, master; /* 0: none */
    bool unbindable;
};

static struct relation relation_of(const struct nst_mount *mount)
{
    return (struct relation){true, mount->peer_group, mount->master, mount->unbindable};
}

static bool is_pruned(void *ctx, uint32_t node)
{
    const struct nst_copies *copies = ctx;
    const struct nst_forest *before = &copies->spread->before;
    const struct nst_node *at = &before->node[node];
    struct nst_dentry dentry = nst_dentry_of(before, node);
    struct nst_mount part;

    if (at->mount->unbindable)
        return true;
    if (at->parent != copies->source)
        return false;
    part = *before->node[copies->source].mount;
    part.root = copies->source_root;
    return !nst_mount_covers(&part, &dentry);
}

/* Pairs the tree with the source's, which must be the same but for what is unbindable. 5c. */
static int pair_tree(struct nst_copies *copies, bool recursive, struct nst_nodes *ret_of)
{
    struct spread *spread = copies->spread;
    struct nst_nodes all = {0};
    int r = recursive ? nst_forest_subtree(&spread->before, copies->source, is_pruned, copies, &all)
                      : nst_nodes_add(&all, copies->source);

    for (size_t i = 0; !r && i < all.len; i++)
        if (spread->before.node[all.node[i]].mount->deleted)
            r = SPREAD_UNKNOWN;
    if (!r)
        r = nst_nodes_add(ret_of, copies->source);
    for (size_t i = 1; !r && i < copies->tree.len; i++) {
        struct nst_dentry at = nst_dentry_of(&spread->after, copies->tree.node[i]);
        uint32_t from = nst_forest_child_at(&spread->before, ret_of->node[copies->above[i]], &at);

        r = from == NST_NONE || spread->before.node[from].mount->unbindable
                ? nst_spread_broken(spread, &spread->after, copies->tree.node[i],
                                    "is not a copy of anything below the source")
                : nst_nodes_add(ret_of, from);
    }
    if (!r && all.len > copies->tree.len)
        r = nst_spread_broken(spread, &spread->before, all.node[copies->tree.len],
                              "or another mount below the source was not copied");
    if (!r && all.len < copies->tree.len)
        r = nst_spread_broken(spread, &spread->after, copies->tree.node[all.len],
                              "came with the copy though it was not asked for");
    nst_nodes_free(&all);
    return r;
}

/* Finds the source of a bind mount, and RET_OF, which of its mounts each one of the tree is a copy
 * of; empty where that isn't known. */
static int find_source(struct nst_copies *copies, struct nst_nodes *ret_of)
{
    struct spread *spread = copies->spread;
    const struct nst_call *call = spread->step->call;
    const char *rest = "";
    struct nst_dentry from, is;
    char *root;
    int r;

    copies->source = NST_NONE;
    if (call->id == NST_CALL_MOUNT && nst_mount_kind(call) == MOUNT_BIND)
        copies->source =
            nst_walk(spread->walker, &spread->before, spread->step, call->arg[0].str, &rest);
    if (copies->source == NST_NONE)
        return SPREAD_HELD;
    const struct nst_mount *source = spread->before.node[copies->source].mount;
    const struct nst_mount *origin = spread->after.node[copies->origin].mount;

    from = nst_dentry_below(source, rest);
    is = nst_dentry_below(origin, "");
    if (source->deleted || origin->deleted)
        return SPREAD_UNKNOWN;
    if (!nst_dentries_equal(&from, &is))
        return nst_spread_broken(spread, &spread->after, copies->origin, "shows not its source");
    if (source->unbindable)
        return nst_spread_broken(spread, &spread->before, copies->source,
                                 "was bound though it is unbindable");
    root = malloc(strlen(from.root) + strlen(from.rest) + 2);
    if (!root)
        return -ENOMEM;
    stpcpy(stpcpy(root, from.root), from.rest);
    copies->source_root = *root ? root : strcpy(root, "/");
    r = pair_tree(copies, call->arg[3].num & MS_REC, ret_of);
    copies->source_root = NULL;
    free(root);
    return r;
}

static struct relation relation_before(const struct nst_copies *copies,
                                       const struct nst_nodes *source, size_t i)
{
    const struct spread *spread = copies->spread;
    const struct nst_call *call = spread->step->call;
    uint32_t was = nst_spread_was(spread, copies->tree.node[i]);

    if (was == NST_NONE && i < source->len)
        was = source->node[i];
    if (was != NST_NONE)
        return relation_of(spread->before.node[was].mount);
    return (struct relation){.known =
                                 call->id == NST_CALL_MOUNT && nst_mount_kind(call) == MOUNT_NEW};
}

/* The tables of 5b, 5d and 5e, for one mount of the tree. USED are the peer groups that are made
 * here. */
static int check_relation(struct nst_copies *copies, const struct relation *from, size_t i,
                          uint64_t *used, size_t *used_len)
{
    struct spread *spread = copies->spread;
    uint32_t node = copies->tree.node[i];
    const struct nst_mount *mount = spread->after.node[node].mount;
    const char *wrong = NULL;

    if (copies->shared && (!mount->peer_group || mount->unbindable))
        wrong = "is not shared though what it is mounted below is";
    else if (!from->known)
        return SPREAD_HELD;
    else if (from->unbindable && copies->shared)
        wrong = "is unbindable and came below a shared mount";
    else if (from->group && mount->peer_group != from->group)
        wrong = "is not of the peer group of what it was or is a copy of";
    else if (!from->group && !copies->shared && mount->peer_group)
        wrong = "is shared, though neither it was nor is what it is mounted below";
    else if (!from->group && copies->shared &&
             !nst_spread_is_fresh(spread, used, *used_len, mount->peer_group))
        wrong = "is of a peer group of others";
    else if (!nst_spread_master_holds(spread, from->master, mount->master))
        wrong = "has not the master of what it was or is a copy of";
    else if (mount->unbindable != from->unbindable)
        wrong = "is not unbindable as it was";
    if (wrong)
        return nst_spread_broken(spread, &spread->after, node, wrong);
    if (!from->group && copies->shared)
        used[(*used_len)++] = mount->peer_group;
    return SPREAD_HELD;
}

static int check_relations(struct nst_copies *copies)
{
    const struct spread *spread = copies->spread;
    const struct nst_call *call = spread->step->call;
    uint64_t *used = calloc(copies->tree.len, sizeof *used);
    struct nst_nodes source = {0};
    size_t used_len = 0;
    int r = used ? find_source(copies, &source) : -ENOMEM;

    if (!r && call->id == NST_CALL_MOUNT && nst_mount_kind(call) == MOUNT_NEW &&
        copies->tree.len != 1)
        r = nst_spread_broken(copies->spread, &spread->after, copies->tree.node[1],
                              "came with a mount of a new file system");
    for (size_t i = 0; !r && i < copies->tree.len; i++) {
        struct relation from = relation_before(copies, &source, i);

        r = check_relation(copies, &from, i, used, &used_len);
    }
    nst_nodes_free(&source);
    free(used);
    return r;
}

/* Whether a part of the tree that moved, from WAS on, receives what comes below a mount of peer
 * group GROUP: then the tree is mounted on itself, and its own mounts make way for that. Returns 1,
 * 0 or -ENOMEM. */
static int receives_itself(const struct spread *spread, uint32_t was, uint64_t group)
{
    struct nst_nodes all = {0};
    int r = nst_forest_subtree(&spread->before, was, NULL, NULL, &all);

    for (size_t i = 0; !r && group && i < all.len; i++) {
        const struct nst_mount *mount = spread->before.node[all.node[i]].mount;

        r = mount->peer_group == group || mount->master == group;
    }
    nst_nodes_free(&all);
    return r;
}

/* Whether all that the call did follows from the mount ORIGIN, of `after`. */
static int explain(struct spread *spread, uint32_t origin)
{
    struct nst_copies copies = {.spread = spread, .origin = origin};
    const struct nst_forest *after = &spread->after;
    uint32_t parent = after->node[origin].parent;
    uint32_t was = nst_spread_was(spread, origin);
    int r;

    memset(spread->told, 0, after->len * sizeof *spread->told);
    if (parent == NST_NONE || nst_spread_was(spread, parent) == NST_NONE)
        return SPREAD_UNKNOWN;
    copies.at = nst_dentry_of(after, origin);
    copies.below = nst_spread_was(spread, parent);
    copies.shared = after->node[parent].mount->peer_group;
    if (!copies.at.known)
        return SPREAD_UNKNOWN;
    if (was != NST_NONE && spread->before.node[was].parent != NST_NONE &&
        spread->before.node[spread->before.node[was].parent].mount->peer_group)
        return nst_spread_broken(spread, after, origin, "was moved away from a shared mount");
    r = was == NST_NONE ? 0 : receives_itself(spread, was, after->node[parent].mount->peer_group);
    if (r)
        return r < 0 ? r : SPREAD_UNKNOWN;
    r = nst_copies_find(&copies, is_strange);
    if (!r)
        r = check_relations(&copies);
    if (!r)
        r = nst_copies_check(&copies);
    nst_copies_free(&copies);
    return r;
}

/* Whether NODE, of `after`, came to its place by this call. */
static bool came(const struct spread *spread, uint32_t node)
{
    const struct nst_node *is = &spread->after.node[node];
    uint32_t was = nst_spread_was(spread, node);

    if (is->parent == NST_NONE || nst_spread_was(spread, is->parent) == NST_NONE)
        return false;
    return was == NST_NONE || spread->before.node[was].mount->parent_id != is->mount->parent_id ||
           strcmp(spread->before.node[was].mount->point, is->mount->point) != 0;
}

/* Whether NODE, which came, was only handed over to what came beneath it. */
static bool is_handed(const struct spread *spread, uint32_t node)
{
    return nst_spread_was(spread, node) != NST_NONE &&
           came(spread, spread->after.node[node].parent);
}

/* What is stacked at REST below NODE is mounted on (fs/namespace.c, do_lock_mount()). Only `/`
 * leads to a mount that is covered. */
static uint32_t topmost(const struct nst_forest *forest, uint32_t node, const char *rest)
{
    struct nst_dentry at = nst_dentry_below(forest->node[node].mount, "");
    uint32_t child = *rest ? NST_NONE : nst_forest_child_at(forest, node, &at);

    while (child != NST_NONE) {
        node = child;
        at = nst_dentry_below(forest->node[node].mount, "");
        child = nst_forest_child_at(forest, node, &at);
    }
    return node;
}

/* The mount that stands where the call's target was, in RET_NODE; NST_NONE with SPREAD_UNKNOWN
 * where it isn't known what that names. */
static int find_target(struct spread *spread, uint32_t *ret_node)
{
    const struct nst_call *call = spread->step->call;
    bool moves = call->id == NST_CALL_MOVE_MOUNT;
    const char *rest = "", *path = moves ? call->arg[3].str : call->arg[1].str;
    struct nst_dentry at;
    uint32_t below;

    *ret_node = NST_NONE;
    if (moves && call->arg[4].num & BENEATH)
        return SPREAD_UNKNOWN;
    below = nst_walk(spread->walker, &spread->before, spread->step, path, &rest);
    if (below == NST_NONE || spread->before.node[below].mount->deleted)
        return SPREAD_UNKNOWN;
    below = topmost(&spread->before, below, rest);
    at = nst_dentry_below(spread->before.node[below].mount, rest);
    below = nst_spread_is(spread, below);
    if (below != NST_NONE)
        *ret_node = nst_forest_child_at(&spread->after, below, &at);
    if (*ret_node == NST_NONE || !came(spread, *ret_node))
        return nst_spread_broken(spread, NULL, NST_NONE,
                                 "succeeded, and nothing was mounted at its target");
    return SPREAD_HELD;
}

/* Whether the target may be in a detached tree, as descriptors and working directories may, which
 * no namespace shows (open_tree(2), Linux 6.15): then all that appears are copies. */
static bool may_be_detached(const struct spread *spread)
{
    const struct nst_call *call = spread->step->call;

    return call->id == NST_CALL_MOVE_MOUNT && !(call->arg[3].str && call->arg[3].str[0] == '/');
}

int nst_spread_attach(struct spread *spread)
{
    struct nst_finding first = {0};
    uint32_t target;
    int r, tried = 0;

    if (!nst_spread_judges(spread, spread->own) || may_be_detached(spread))
        return SPREAD_UNKNOWN;
    r = find_target(spread, &target);
    if (r != SPREAD_UNKNOWN)
        return r ? r : explain(spread, target);
    r = SPREAD_UNKNOWN;
    for (uint32_t i = 0; i < spread->after.len && tried <= CANDIDATES_MAX; i++) {
        if (spread->after.node[i].view->ns != spread->own->ns || !came(spread, i) ||
            is_handed(spread, i))
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
