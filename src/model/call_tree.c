/* Trees by descriptors: open_tree(2), open_tree_attr(2), move_mount(2), mount_setattr(2). */
#include "model.h"

#include <sys/mount.h>

enum {
    SYMLINK_NOFOLLOW = 0x100,
    NO_AUTOMOUNT = 0x800,
    EMPTY_PATH = 0x1000,
    RECURSIVE = 0x8000,
    CLONE = 1,
    CLOEXEC = 02000000
};

static unsigned walk_flags(unsigned flags)
{
    return (flags & SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW) | (flags & EMPTY_PATH ? WALK_EMPTY : 0);
}

/* A tree of its own, which goes with the last descriptor unless it was mounted. */
static int detached_copy(struct nst_model *model, const struct actor *actor, struct place *at,
                         bool recursive)
{
    uint32_t from = model->mount.at[at->mount].ns, copy, ns;
    int error;

    if (nst_ns_is_full(model)) /* before the tree is looked at: open_detached_copy() */
        return -ENOSPC;
    copy = nst_bind_copy(model, actor, *at, recursive, &error);
    if (!copy)
        return error;
    ns = nst_model_new_ns(model, model->ns.at[actor->ns].user, true);
    model->ns.at[ns].root = copy;
    model->ns.at[ns].origin = model->ns.at[from].anonymous ? model->ns.at[from].origin : from;
    nst_mount_enter(model, copy, ns);
    at->mount = copy;
    return 0;
}

/* Returns the index of the file, or -errno, UNKNOWN. */
static int open_file(struct nst_model *model, const struct actor *actor,
                     const struct nst_call *call)
{
    unsigned flags = (unsigned)call->arg[2].num;
    struct walk walk;
    uint32_t file;
    int r;

    if (flags & ~(unsigned)(EMPTY_PATH | NO_AUTOMOUNT | RECURSIVE | SYMLINK_NOFOLLOW | CLONE |
                            CLOEXEC) ||
        (flags & (RECURSIVE | CLONE)) == RECURSIVE)
        return -EINVAL;
    if (flags & CLONE && !nst_may_mount(model, actor))
        return -EPERM;
    r = nst_path_walk(model, actor, call->arg[0].num, call->arg[1].str, walk_flags(flags), &walk);
    if (!r && flags & CLONE)
        r = detached_copy(model, actor, &walk.at, flags & RECURSIVE);
    if (r)
        return r;
    file = nst_model_new_file(model);
    model->file.at[file].at = walk.at;
    model->file.at[file].path_only = true;
    model->file.at[file].dissolves = flags & CLONE;
    return (int)file;
}

/* What mount_setattr(2) is asked for. */
struct change {
    uint32_t set, clear;
    uint64_t propagation;
    uint32_t user; /* whose id map the mounts get; 0: none */
    bool maps;     /* they get one, or lose theirs */
    bool replaces; /* also where there is one: of a tree that nobody else has seen */
    bool recursive;
};

/* The user namespace whose id map is asked for: mount_setattr(2), MOUNT_ATTR_IDMAP. Returns 0 or
 * -errno. */
static int read_idmap(struct nst_model *model, const struct actor *actor,
                      const struct nst_call *call, struct change *change)
{
    uint64_t set = call->arg[3].num, clear = call->arg[4].num;
    const struct file *file;
    const struct node *node;

    change->maps = (set | clear) & IDMAP;
    if (clear & IDMAP && !change->replaces)
        return -EINVAL;
    if (!(set & IDMAP))
        return 0;
    file = nst_fd_find(model, actor, call->arg[6].num);
    if (!file) /* which no kernel's number is: it gets -1 */
        return -EINVAL;
    if (file->path_only)
        return -EBADF;
    node = &model->node.at[file->kind == FILE_PLACE ? file->at.node : 0];
    if (node->kind != NODE_NAMESPACE || node->type != NS_USER)
        return -EINVAL;
    if (!model->user.at[node->target].parent) /* the initial one stands for no map */
        return -EPERM;
    change->user = node->target;
    return nst_capable(model, actor, change->user) ? 0 : -EPERM;
}

/* Reads the call's struct mount_attr. Returns 1; 0: nothing is asked for; -errno. */
static int read_change(struct nst_model *model, const struct actor *actor,
                       const struct nst_call *call, struct change *ret_change)
{
    const uint64_t types = MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE;
    const uint64_t known = 0xff | NOSYMFOLLOW | IDMAP;
    uint64_t set = call->arg[3].num, clear = call->arg[4].num, type = call->arg[5].num;
    int r;

    if (!nst_may_mount(model, actor))
        return -EPERM;
    if (!set && !clear && !type)
        return 0;
    if (type & ~types || type & (type - 1) || (set | clear) & ~known)
        return -EINVAL;
    if (clear & ATIME_MASK ? (clear & ATIME_MASK) != ATIME_MASK : set & ATIME_MASK)
        return -EINVAL; /* of the access time's modes all are cleared for one to be set */
    if ((set & ATIME_MASK) != 0 && (set & ATIME_MASK) != ATIME_NOATIME &&
        (set & ATIME_MASK) != ATIME_STRICT)
        return -EINVAL;
    *ret_change = (struct change){.set = (uint32_t)set & ~(uint32_t)IDMAP,
                                  .clear = (uint32_t)clear & ~(uint32_t)IDMAP,
                                  .propagation = type,
                                  .replaces = call->id == NST_CALL_OPEN_TREE_ATTR &&
                                              call->arg[2].num & CLONE};
    r = read_idmap(model, actor, call, ret_change);
    return r ? r : 1;
}

/* An id map is for a mount that was never in sight, of a file system that allows it and that
 * isn't the map's own user namespace's: mount_setattr(2); fs/namespace.c, can_idmap_mount() */
static int may_map(const struct nst_model *model, const struct actor *actor, uint32_t index,
                   const struct change *change)
{
    const struct mount *mount = &model->mount.at[index];
    const struct fs *fs = &model->fs.at[model->node.at[mount->root].fs];

    if (change->user && change->user == fs->user)
        return -EINVAL;
    if (mount->idmap && !change->replaces)
        return -EPERM;
    if (fs->type != FS_TMPFS || !nst_model_has(model, NST_HAS_TMPFS_IDMAP))
        return -EINVAL;
    if (!nst_capable(model, actor, fs->user))
        return -EPERM;
    return model->ns.at[mount->ns].anonymous ? 0 : -EINVAL;
}

/* All of it or nothing. */
static int change_attr(struct nst_model *model, const struct actor *actor, struct place at,
                       const struct change *change)
{
    uint32_t ns = model->mount.at[at.mount].ns, i;
    bool whole = ns && model->ns.at[ns].anonymous && !model->mount.at[at.mount].parent;
    int r;

    if (!nst_mount_is_root(model, at) || !ns || (!whole && !nst_is_own(model, actor, at.mount)))
        return -EINVAL;
    for (i = at.mount; i; i = change->recursive ? nst_mount_next(model, i, at.mount) : 0) {
        const struct mount *mount = &model->mount.at[i];

        if (!nst_may_change_attr(mount, (mount->attr & ~change->clear) | change->set))
            return -EPERM;
        r = change->maps ? may_map(model, actor, i, change) : 0;
        if (r)
            return r;
        if (change->set & 1 && !(mount->attr & 1) && nst_is_written(model, i))
            return -EBUSY;
    }
    for (i = at.mount; i; i = change->recursive ? nst_mount_next(model, i, at.mount) : 0) {
        struct mount *mount = &model->mount.at[i];

        mount->attr = (mount->attr & ~change->clear) | change->set;
        if (change->maps)
            mount->idmap = change->user;
        if (change->propagation)
            nst_group_change(model, i, change->propagation);
    }
    return 0;
}

int nst_model_open_tree(struct nst_model *model, struct actor *actor, const struct nst_call *call)
{
    struct change change;
    int file, r = 0;

    if (call->id == NST_CALL_OPEN_TREE_ATTR && !nst_model_has(model, NST_HAS_OPEN_TREE_ATTR))
        return -ENOSYS;
    file = open_file(model, actor, call);
    if (file < 0)
        return file;
    if (call->id == NST_CALL_OPEN_TREE_ATTR) {
        r = read_change(model, actor, call, &change);
        change.recursive = call->arg[2].num & RECURSIVE;
        if (r > 0)
            r = change_attr(model, actor, model->file.at[file].at, &change);
    }
    if (r >= 0)
        return nst_fd_add(model, actor, (uint32_t)file, &call->expect);
    nst_file_put(model, (uint32_t)file);
    nst_ns_reap(model);
    return r;
}

int nst_model_setattr(struct nst_model *model, struct actor *actor, const struct nst_call *call)
{
    unsigned flags = (unsigned)call->arg[2].num;
    struct change change;
    struct walk walk;
    int r;

    if (flags & ~(unsigned)(EMPTY_PATH | RECURSIVE | SYMLINK_NOFOLLOW | NO_AUTOMOUNT))
        return -EINVAL;
    r = read_change(model, actor, call, &change);
    if (r <= 0)
        return r;
    change.recursive = flags & RECURSIVE;
    r = nst_path_walk(model, actor, call->arg[0].num, call->arg[1].str, walk_flags(flags), &walk);
    return r ? r : change_attr(model, actor, walk.at, &change);
}

static int may_change_type(const struct nst_model *model, const struct actor *actor, uint32_t mount)
{
    uint32_t ns = model->mount.at[mount].ns;

    return !ns ? -EINVAL : nst_capable(model, actor, model->ns.at[ns].user) ? 0 : -EPERM;
}

/* MOVE_MOUNT_SET_GROUP: move_mount(2); fs/namespace.c, do_set_group() */
static int set_group(struct nst_model *model, const struct actor *actor, struct place from_at,
                     struct place to_at)
{
    const struct mount *from = &model->mount.at[from_at.mount];
    struct mount *to = &model->mount.at[to_at.mount];
    int r = may_change_type(model, actor, from_at.mount);

    if (!r)
        r = may_change_type(model, actor, to_at.mount);
    if (r)
        return r;
    if (!nst_mount_is_root(model, from_at) || !nst_mount_is_root(model, to_at) ||
        model->node.at[from->root].fs != model->node.at[to->root].fs ||
        !nst_node_below(model, to->root, from->root) ||
        nst_mount_has_locked_child(model, from_at.mount, to->root) || to->group || to->master ||
        (!from->group && !from->master))
        return -EINVAL;
    if (from->group)
        nst_group_join(model, to_at.mount, from->group);
    else
        to->master = from->master;
    return 0;
}

int nst_model_move_mount(struct nst_model *model, struct actor *actor, const struct nst_call *call)
{
    enum { SET_GROUP = 0x100, BENEATH = 0x200, OTHERS = 0x77 };
    unsigned flags = (unsigned)call->arg[4].num,
             known = OTHERS | (nst_model_has(model, NST_HAS_SET_GROUP) ? SET_GROUP : 0) |
                     (nst_model_has(model, NST_HAS_BENEATH) ? BENEATH : 0);
    bool first = nst_model_has(model, NST_HAS_TARGET_FIRST);
    struct walk from, to;
    int r = 0;

    if (!nst_may_mount(model, actor))
        return -EPERM;
    if (flags & ~known || (flags & (SET_GROUP | BENEATH)) == (SET_GROUP | BENEATH))
        return -EINVAL;
    for (int i = 0; i < 2 && !r; i++) {
        bool target = (i == 0) == first;

        r = target
                ? nst_path_walk(model, actor, call->arg[2].num, call->arg[3].str,
                                (flags & 0x10 ? WALK_FOLLOW : 0) | (flags & 0x40 ? WALK_EMPTY : 0),
                                &to)
                : nst_path_walk(model, actor, call->arg[0].num, call->arg[1].str,
                                (flags & 1 ? WALK_FOLLOW : 0) | (flags & 4 ? WALK_EMPTY : 0),
                                &from);
    }
    if (r)
        return r;
    if (flags & SET_GROUP)
        return set_group(model, actor, from.at, to.at);
    return nst_move(model, actor, from.at, to.at, flags & BENEATH);
}
