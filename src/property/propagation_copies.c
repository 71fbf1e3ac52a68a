/* `A new propagation tree containing C1, .., Cn is created. This propagation tree is identical to
 * the propagation tree of B.` (sharedsubtree.rst, 5b) */
#include "propagation_copies.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_new(const struct spread *spread, uint32_t node)
{
    return nst_spread_was(spread, node) == NST_NONE;
}

static int find_tree(struct nst_copies *copies, bool (*leave_out)(void *ctx, uint32_t node))
{
    struct spread *spread = copies->spread;
    size_t parent = 0;
    int r = nst_forest_subtree(&spread->after, copies->origin, leave_out, copies, &copies->tree);

    if (r)
        return r;
    copies->above = calloc(copies->tree.len, sizeof *copies->above);
    if (!copies->above)
        return -ENOMEM;
    for (size_t i = 0; i < copies->tree.len; i++) {
        const struct nst_node *node = &spread->after.node[copies->tree.node[i]];

        spread->told[copies->tree.node[i]] = true;
        if (!i)
            continue;
        if (node->mount->deleted)
            return SPREAD_UNKNOWN;
        while (copies->tree.node[parent] != node->parent) /* in the order of the parents */
            parent++;
        copies->above[i] = parent;
    }
    return SPREAD_HELD;
}

/* Mount namespace files aren't copied into what receives, nor is what is mounted on them
 * (fs/namespace.c, copy_tree() without CL_COPY_MNT_NS_FILE). */
static bool may_lack(const struct nst_copies *copies, size_t i)
{
    return !strncmp(copies->spread->after.node[copies->tree.node[i]].mount->root, "mnt:[", 5);
}

/* Pairs the tree with its copy whose root is ROOT. */
static int pair_copy(struct nst_copies *copies, struct nst_copy *copy, uint32_t root)
{
    struct spread *spread = copies->spread;
    const struct nst_forest *after = &spread->after;

    copy->node[0] = root;
    spread->told[root] = true;
    for (size_t i = 1; i < copies->tree.len; i++) {
        uint32_t above = copy->node[copies->above[i]];
        struct nst_dentry at = nst_dentry_of(after, copies->tree.node[i]);

        copy->node[i] = above == NST_NONE ? NST_NONE : nst_forest_child_at(after, above, &at);
        if (copy->node[i] != NST_NONE && !is_new(spread, copy->node[i]))
            copy->node[i] = NST_NONE;
        if (copy->node[i] != NST_NONE)
            spread->told[copy->node[i]] = true;
        else if (above != NST_NONE && !may_lack(copies, i))
            return nst_spread_broken(spread, after, copies->tree.node[i],
                                     "is lacking in a copy of its tree");
    }
    return SPREAD_HELD;
}

static bool is_copy_of(const struct nst_copies *copies, uint32_t node)
{
    const struct nst_mount *is = copies->spread->after.node[node].mount;
    const struct nst_mount *of = copies->spread->after.node[copies->origin].mount;

    return is->major == of->major && is->minor == of->minor && !strcmp(is->root, of->root);
}

/* Looks for the copy below RECEIVER, of `before`. */
static int find_copy(struct nst_copies *copies, uint32_t receiver)
{
    struct spread *spread = copies->spread;
    const struct nst_node *node = &spread->before.node[receiver];
    uint32_t is = nst_spread_is(spread, receiver);
    bool judged = nst_spread_judges(spread, node->view);
    struct nst_copy *copy = &copies->copy[copies->len];
    uint32_t root;

    if (node->mount->deleted || !nst_mount_covers(node->mount, &copies->at))
        return SPREAD_HELD;
    root = is == NST_NONE ? NST_NONE : nst_forest_child_at(&spread->after, is, &copies->at);
    if (root == NST_NONE || !is_new(spread, root))
        return judged ? nst_spread_broken(spread, &spread->before, receiver,
                                          "receives from the target and got no copy")
                      : SPREAD_HELD;
    if (!is_copy_of(copies, root))
        return nst_spread_broken(spread, &spread->after, root, "is not a copy of what was mounted");
    copy->receiver = receiver;
    copy->node = calloc(copies->tree.len, sizeof *copy->node);
    if (!copy->node)
        return -ENOMEM;
    copies->len++;
    return pair_copy(copies, copy, root);
}

static bool was_there(void *ctx, uint32_t node)
{
    return !is_new(ctx, node);
}

/* What may receive from out of sight: whatever came there is let be. */
static int let_be(struct nst_copies *copies, uint32_t receiver)
{
    struct spread *spread = copies->spread;
    const struct nst_node *node = &spread->before.node[receiver];
    uint32_t is = nst_spread_is(spread, receiver), root;
    struct nst_nodes tree = {0};
    int r;

    if ((!node->adrift && !node->mount->deleted) || is == NST_NONE)
        return SPREAD_HELD;
    root = nst_forest_child_at(&spread->after, is, &copies->at);
    if (root == NST_NONE || !is_new(spread, root))
        return SPREAD_HELD;
    r = nst_forest_subtree(&spread->after, root, was_there, spread, &tree);
    for (size_t i = 0; !r && i < tree.len; i++)
        spread->told[tree.node[i]] = true;
    nst_nodes_free(&tree);
    return r;
}

int nst_copies_find(struct nst_copies *copies, bool (*leave_out)(void *ctx, uint32_t node))
{
    struct spread *spread = copies->spread;
    struct nst_nodes receivers = {0};
    int r = find_tree(copies, leave_out);

    if (!r)
        r = nst_forest_receivers(&spread->before, copies->below, &receivers);
    copies->copy = r ? NULL : calloc(receivers.len + 1, sizeof *copies->copy);
    if (!r && !copies->copy)
        r = -ENOMEM;
    for (size_t i = 0; !r && i < receivers.len; i++)
        r = find_copy(copies, receivers.node[i]);
    nst_nodes_free(&receivers);
    for (uint32_t i = 0; !r && copies->shared && i < spread->before.len; i++)
        r = let_be(copies, i);
    return r;
}

void nst_copies_free(struct nst_copies *copies)
{
    for (size_t i = 0; copies->copy && i < copies->len; i++) {
        free(copies->copy[i].node);
        if (copies->copy[i].owns_groups)
            free(copies->copy[i].groups);
    }
    free(copies->copy);
    free(copies->above);
    nst_nodes_free(&copies->tree);
}

static const struct nst_mount *receiver_of(const struct nst_copies *copies, size_t i)
{
    return copies->spread->before.node[copies->copy[i].receiver].mount;
}

static const struct nst_mount *copied(const struct nst_copies *copies, size_t copy, size_t i)
{
    uint32_t node = copies->copy[copy].node[i];

    return node == NST_NONE ? NULL : copies->spread->after.node[node].mount;
}

static uint64_t origins_group(const struct nst_copies *copies)
{
    return copies->spread->before.node[copies->below].mount->peer_group;
}

/* Notes the peer groups of the copies below a slave that is shared itself: the first one that
 * is found of its group says them for the others. */
static int note_groups(struct nst_copies *copies, size_t at)
{
    struct nst_copy *copy = &copies->copy[at];
    uint64_t group = receiver_of(copies, at)->peer_group;

    for (size_t i = 0; i < at && group; i++)
        if (receiver_of(copies, i)->peer_group == group)
            copy->groups = copies->copy[i].groups;
    if (copy->groups || !group)
        return 0;
    copy->groups = calloc(copies->tree.len, sizeof *copy->groups);
    if (!copy->groups)
        return -ENOMEM;
    copy->owns_groups = true;
    for (size_t i = 0; i < copies->tree.len; i++) {
        const struct nst_mount *mount = group == origins_group(copies)
                                            ? copies->spread->after.node[copies->tree.node[i]].mount
                                            : copied(copies, at, i);

        copy->groups[i] = mount ? mount->peer_group : 0;
    }
    return 0;
}

/* The peer group whose slave the copy of tree's I below RECEIVER must be: of the nearest of its
 * masters that got a copy. RET_CERTAIN: no other one can have got one that isn't seen. */
static uint64_t master_of(const struct nst_copies *copies, const struct nst_mount *receiver,
                          size_t i, bool *ret_certain)
{
    const struct spread *spread = copies->spread;
    uint64_t master = receiver->master;

    *ret_certain = true;
    while (master != origins_group(copies)) {
        uint32_t member = nst_forest_peers(&spread->before, master);

        for (size_t n = 0; n < copies->len; n++)
            if (receiver_of(copies, n)->peer_group == master)
                return copies->copy[n].groups[i];
        *ret_certain &= !spread->misses;
        if (member == NST_NONE)
            return 0;
        master = spread->before.node[member].mount->master;
    }
    return spread->after.node[copies->tree.node[i]].mount->peer_group;
}

static int check_copied(struct nst_copies *copies, size_t at, size_t i)
{
    struct spread *spread = copies->spread;
    const struct nst_mount *receiver = receiver_of(copies, at), *mount = copied(copies, at, i);
    const struct nst_mount *of = spread->after.node[copies->tree.node[i]].mount;
    bool peer = receiver->peer_group == origins_group(copies), certain = true;
    uint64_t master = peer ? of->master : master_of(copies, receiver, i, &certain);
    const char *wrong = NULL;

    if (mount->unbindable)
        wrong = "is unbindable though it is a copy";
    else if (peer && mount->peer_group != of->peer_group)
        wrong = "is not a peer of what it is a copy of, though what it is mounted below is";
    else if (!receiver->peer_group && mount->peer_group)
        wrong = "is shared, though what it is mounted below isn't";
    else if (!peer && receiver->peer_group && mount->peer_group != copies->copy[at].groups[i])
        wrong = "is not a peer of the copies below the peers of what it is mounted below";
    else if (mount->master != master &&
             (certain || nst_forest_peers(&spread->before, mount->master) != NST_NONE))
        wrong = peer ? "has not the master of what it is a copy of"
                     : "is not a slave of what was mounted below its parent's master";
    return wrong ? nst_spread_broken(spread, &spread->after, copies->copy[at].node[i], wrong)
                 : SPREAD_HELD;
}

/* The peer groups below a slave are of its copies alone. */
static int check_groups(struct nst_copies *copies, size_t at)
{
    const struct nst_copy *copy = &copies->copy[at];

    if (!copy->owns_groups || receiver_of(copies, at)->peer_group == origins_group(copies))
        return SPREAD_HELD;
    for (size_t i = 0; i < copies->tree.len; i++)
        if (copied(copies, at, i) &&
            !nst_spread_is_fresh(copies->spread, copy->groups, i, copy->groups[i]))
            return nst_spread_broken(copies->spread, &copies->spread->after, copy->node[i],
                                     "is not of a peer group of its own");
    return SPREAD_HELD;
}

int nst_copies_check(struct nst_copies *copies)
{
    int r = 0;

    for (size_t at = 0; !r && at < copies->len; at++)
        r = note_groups(copies, at);
    for (size_t at = 0; !r && at < copies->len; at++) {
        r = check_groups(copies, at);
        for (size_t i = 0; !r && i < copies->tree.len; i++)
            if (copied(copies, at, i))
                r = check_copied(copies, at, i);
    }
    return r;
}
