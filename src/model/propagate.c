/* Mounting where it propagates: sharedsubtree.rst, 5a to 5d; fs/pnode.c, propagate_mnt();
 * fs/namespace.c, attach_recursive_mnt(). */
#include "model.h"

#include <stdlib.h>
#include <sys/mount.h>

/* The copies of one mount of the source, in the peer group OF, are peers in COPIES. */
struct spread {
    uint32_t of, source, copies;
};

struct spreading {
    struct nst_model *model;
    uint32_t source, dest;
    uint32_t groups; /* before the source's mounts became shared */
    POOL(struct spread) spread;
    POOL(struct spread) made; /* of: the receiver; source: unused; copies: the tree's top */
};

static void note(struct nst_model *model, struct spread **at, uint32_t *len, uint32_t *cap,
                 struct spread spread)
{
    if (*len == *cap) {
        uint32_t wanted = *cap ? *cap * 2 : 16;
        struct spread *more = realloc(*at, wanted * sizeof *more);

        if (!more) {
            model->failed = true;
            return;
        }
        *at = more;
        *cap = wanted;
    }
    (*at)[(*len)++] = spread;
}

#define NOTE(s, pool, ...)                                                                         \
    note((s)->model, &(s)->pool.at, &(s)->pool.len, &(s)->pool.cap, (struct spread)__VA_ARGS__)

static uint32_t copies_of(const struct spreading *s, uint32_t of, uint32_t source)
{
    for (uint32_t i = 0; i < s->spread.len; i++)
        if (s->spread.at[i].of == of && s->spread.at[i].source == source)
            return s->spread.at[i].copies;
    return 0;
}

/* Of SOURCE the copy for RECEIVER, whose group is as the shared-subtree rules have it: a peer where
 * that is one of the destination, else a slave of what its nearest master got, and shared where it
 * is. */
static uint32_t copy_one(struct spreading *s, uint32_t source, uint32_t receiver)
{
    struct nst_model *model = s->model;
    uint32_t copy = nst_mount_copy(model, source, model->mount.at[source].root);
    uint32_t group = model->mount.at[receiver].group, of = model->mount.at[receiver].master;
    uint32_t master = 0, own;

    if (group == model->mount.at[s->dest].group)
        return copy;
    nst_group_leave(model, copy);
    while (of && !(master = copies_of(s, of, source)))
        of = model->group.at[of].master;
    model->mount.at[copy].master = master;
    if (!group || group >= s->groups) /* what moves receives as what it was */
        return copy;
    own = copies_of(s, group, source);
    if (!own) {
        own = nst_model_new_group(model, master);
        NOTE(s, spread, {group, source, own});
    }
    nst_group_join(model, copy, own);
    return copy;
}

/* What is unbindable, and files of mount namespaces, stay behind. What was locked on another mount
 * of the tree is so in the copy (fs/namespace.c, clone_mnt()). */
static uint32_t copy_tree(struct spreading *s, uint32_t source, uint32_t receiver)
{
    struct nst_model *model = s->model;
    uint32_t copy = copy_one(s, source, receiver);

    for (uint32_t i = model->mount.at[source].child; i; i = model->mount.at[i].next) {
        uint32_t child;

        if (model->mount.at[i].unbindable || nst_node_is_mount_ns(model, model->mount.at[i].root))
            continue;
        child = copy_tree(s, i, receiver);
        nst_mount_attach(model, child, (struct place){copy, model->mount.at[i].at});
    }
    return copy;
}

/* How far MOUNT is below that of ON, if it is to get what is put there: not itself, not detached,
 * and with the place. Else -1. */
static int distance(const struct nst_model *model, struct place on, uint32_t mount)
{
    uint32_t ns = model->mount.at[mount].ns;

    if (mount == on.mount || !ns || model->ns.at[ns].anonymous ||
        !nst_node_below(model, on.node, model->mount.at[mount].root))
        return -1;
    return nst_group_distance(model, mount, model->mount.at[on.mount].group);
}

/* Each mount that ON's propagates to, but detached ones, gets its copy if it has the place. Nearer
 * ones first: the others are slaves of theirs. */
static void spread(struct spreading *s, struct place on)
{
    struct nst_model *model = s->model;
    const uint32_t len = model->mount.len;
    bool more = true;

    for (int hops = 0; more; hops++) {
        more = false;
        for (uint32_t i = 1; i < len; i++) {
            int far = distance(model, on, i);

            more |= far > hops;
            if (far == hops)
                NOTE(s, made, {i, 0, copy_tree(s, s->source, i)});
        }
    }
}

/* fs.mount-max: Documentation/admin-guide/sysctl/fs.rst; proc_sys_fs(5) */
enum { MOUNTS_MOST = 100000 };

/* Whether what is put at ON comes to others, too, and with it some namespace would hold more mounts
 * than it may. Returns 0 or -ENOSPC. */
static int count_receivers(struct nst_model *model, uint32_t source, struct place on,
                           uint32_t *ret_receivers)
{
    uint32_t *held = calloc(model->ns.len, sizeof *held), tree = 0;
    bool moves = model->mount.at[source].ns != 0;
    int r = 0;

    *ret_receivers = 0;
    if (!held) {
        model->failed = true;
        return 0;
    }
    for (uint32_t i = source; i; i = nst_mount_next(model, i, source))
        tree++;
    for (uint32_t i = 1; i < model->mount.len; i++) {
        uint32_t ns = model->mount.at[i].ns;

        held[ns]++;
        if (i == on.mount ? moves : distance(model, on, i) < 0)
            continue;
        held[ns] += tree;
        *ret_receivers += i != on.mount;
    }
    for (uint32_t ns = 1; ns < model->ns.len; ns++)
        if (held[ns] > MOUNTS_MOST)
            r = -ENOSPC;
    free(held);
    return r;
}

/* What comes from a more privileged owner's namespace is locked together, with its flags
 * (mount_namespaces(7), "Restrictions on mount namespaces"). */
void nst_lock_tree(struct nst_model *model, uint32_t top)
{
    enum { LOCKABLE = 0x1 | 0x2 | 0x4 | 0x8 }; /* RDONLY, NOSUID, NODEV, NOEXEC */

    for (uint32_t i = top; i; i = nst_mount_next(model, i, top)) {
        struct mount *mount = &model->mount.at[i];

        mount->lock |= ATIME_MASK | (mount->attr & LOCKABLE);
        mount->locked |= i != top;
    }
}

/* The topmost of those that cover MOUNT as a whole. */
static struct place cover_of(const struct nst_model *model, uint32_t mount)
{
    return nst_mount_top(model, (struct place){mount, model->mount.at[mount].root});
}

/* Puts TREE at ON. What stands there already comes to stand on it. */
static void put(struct nst_model *model, uint32_t tree, struct place on)
{
    uint32_t there = nst_mount_on(model, on);
    struct place cover = cover_of(model, tree);

    if (there)
        nst_mount_detach(model, there);
    nst_mount_attach(model, tree, on);
    nst_mount_enter(model, tree, model->mount.at[on.mount].ns);
    if (there)
        nst_mount_attach(model, there, cover);
}

/* What stands at ON already, comes to stand on it: so it is for one that is put beneath that. */
int nst_propagate_attach(struct nst_model *model, uint32_t source, struct place on)
{
    struct spreading s = {
        .model = model, .source = source, .dest = on.mount, .groups = model->group.len};
    const uint32_t user = model->ns.at[model->mount.at[on.mount].ns].user;
    uint32_t receivers;
    int r;

    if (model->node.at[cover_of(model, source).node].gone)
        return -ENOENT; /* get_mountpoint() of what would be mounted on (from 6.17 on) */
    r = count_receivers(model, source, on, &receivers);
    if (r)
        return r;
    if (model->mount.at[on.mount].group) {
        if (nst_node_is_mount_ns(model, model->mount.at[source].root) && receivers)
            return -EINVAL; /* copy_tree(): it isn't copied */
        for (uint32_t i = source; i; i = nst_mount_next(model, i, source)) {
            nst_group_change(model, i, MS_SHARED);
            NOTE(&s, spread, {model->mount.at[on.mount].group, i, model->mount.at[i].group});
        }
        spread(&s, on);
    }
    nst_mount_detach(model, source);
    put(model, source, on);
    for (uint32_t i = 0; i < s.made.len; i++) {
        uint32_t receiver = s.made.at[i].of, copy = s.made.at[i].copies;

        if (model->ns.at[model->mount.at[receiver].ns].user != user)
            nst_lock_tree(model, copy);
        put(model, copy, (struct place){receiver, on.node});
    }
    free(s.spread.at);
    free(s.made.at);
    return 0;
}
