/* mount(2), umount2(2) */
#include "model.h"

#include <string.h>
#include <sys/mount.h>

/* Of what mount(2) may change of a superblock: MS_RMT_MASK (fs/namespace.c, do_remount()). */
enum { REMOUNTED = MS_RDONLY | MS_SYNCHRONOUS | MS_MANDLOCK | MS_I_VERSION | MS_LAZYTIME };

static int change_attr(struct nst_model *model, uint32_t mount, uint32_t attr)
{
    struct mount *m = &model->mount.at[mount];

    if (attr & 1 && !(m->attr & 1) && nst_is_written(model, mount))
        return -EBUSY;
    m->attr = attr;
    return 0;
}

static int remount(struct nst_model *model, const struct actor *actor, const struct nst_call *call,
                   struct place at, uint64_t flags)
{
    const uint64_t times = MS_NOATIME | MS_NODIRATIME | MS_RELATIME | MS_STRICTATIME;
    const struct mount *mount = &model->mount.at[at.mount];
    uint32_t attr = nst_attr_of_mount_flags(flags), fs = model->node.at[at.node].fs;
    int r;

    if (!(flags & times)) /* as they were (mount(2), MS_REMOUNT) */
        attr = (attr & ~(uint32_t)(ATIME_MASK | 0x80)) | (mount->attr & (ATIME_MASK | 0x80));
    if (!nst_is_own(model, actor, at.mount) || !nst_mount_is_root(model, at))
        return -EINVAL;
    if (!nst_may_change_attr(mount, attr))
        return -EPERM;
    if (flags & MS_BIND)
        return change_attr(model, at.mount, attr);
    if (model->fs.at[fs].type == FS_NSFS)
        return nst_model_dont_know(model, "a namespace's file to be reconfigured");
    r = nst_fs_options(model, (enum fs_type)model->fs.at[fs].type, call->arg[4].str);
    if (r)
        return r;
    if (!nst_capable(model, actor, model->fs.at[fs].user))
        return -EPERM;
    r = nst_fs_remount(model, fs, (uint32_t)flags, REMOUNTED);
    if (!r)
        model->mount.at[at.mount].attr = attr;
    return r;
}

static int check_source(const char *source)
{
    return source && *source ? 0 : -EINVAL;
}

/* Gives COPY a place, or undoes it. */
static int graft(struct nst_model *model, uint32_t copy, struct place on)
{
    int r = 0;

    if ((model->node.at[on.node].kind == NODE_DIRECTORY) !=
        (model->node.at[model->mount.at[copy].root].kind == NODE_DIRECTORY))
        r = -ENOTDIR;
    if (!r)
        r = nst_propagate_attach(model, copy, on);
    if (r)
        nst_umount_tree(model, copy, false, false);
    return r;
}

static int bind(struct nst_model *model, const struct actor *actor, const struct nst_call *call,
                struct place at, bool recursive)
{
    struct walk from;
    struct place on;
    uint32_t copy;
    int r = check_source(call->arg[0].str);

    if (!r)
        r = nst_path_walk(model, actor, NST_AT_FDCWD, call->arg[0].str, WALK_FOLLOW, &from);
    if (r)
        return r;
    if (nst_holds_ns_loop(model, actor, from.at.node))
        return -EINVAL;
    r = nst_place_to_mount(model, at, &on);
    if (r)
        return r;
    if (!nst_is_own(model, actor, on.mount))
        return -EINVAL;
    copy = nst_bind_copy(model, actor, from.at, recursive, &r);
    return copy ? graft(model, copy, on) : r;
}

static int move(struct nst_model *model, const struct actor *actor, const struct nst_call *call,
                struct place at)
{
    struct walk from;
    int r = check_source(call->arg[0].str);

    if (!r)
        r = nst_path_walk(model, actor, NST_AT_FDCWD, call->arg[0].str, WALK_FOLLOW, &from);
    return r ? r : nst_move(model, actor, from.at, at, false);
}

/* Who may change a mount's type is who may in its namespace (fs/namespace.c,
 * may_change_propagation(), 6.17; before that it had to be the own one). */
static int change_type(struct nst_model *model, const struct actor *actor, struct place at,
                       uint64_t flags)
{
    uint64_t type = flags & ~(uint64_t)(MS_REC | MS_SILENT);
    uint32_t ns = model->mount.at[at.mount].ns;

    if (!nst_mount_is_root(model, at))
        return -EINVAL;
    if ((uint32_t)type & ~(uint32_t)(MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE) ||
        (uint32_t)type & ((uint32_t)type - 1))
        return -EINVAL;
    if (!ns)
        return -EINVAL;
    if (!nst_capable(model, actor, model->ns.at[ns].user))
        return -EPERM;
    for (uint32_t i = at.mount; i; i = flags & MS_REC ? nst_mount_next(model, i, at.mount) : 0)
        nst_group_change(model, i, (uint32_t)type);
    return 0;
}

static int new_mount(struct nst_model *model, const struct actor *actor,
                     const struct nst_call *call, struct place at, uint64_t flags)
{
    const char *source = call->arg[0].str ? call->arg[0].str : "none", *data = call->arg[4].str;
    uint32_t attr = nst_attr_of_mount_flags(flags), fs, mount, lock, user;
    struct place on;
    int type, r;

    if (!call->arg[2].str)
        return -EINVAL;
    type = nst_fs_type_of(model, actor, call->arg[2].str);
    if (type < 0)
        return type;
    r = nst_fs_options(model, (enum fs_type)type, data);
    if (r)
        return r;
    user = nst_fs_user(model, actor, type);
    if (!nst_capable(model, actor, user))
        return -EPERM;
    fs = nst_model_new_fs(model, (enum fs_type)type, user);
    nst_fs_remount(model, fs, (uint32_t)flags, REMOUNTED | MS_DIRSYNC);
    r = nst_check_revealing(model, actor, fs, attr, &lock);
    if (r)
        return r;
    r = nst_place_to_mount(model, at, &on);
    if (r)
        return r;
    if (!nst_is_own(model, actor, on.mount))
        return -EINVAL;
    mount = nst_model_new_mount(model);
    model->mount.at[mount].root = model->fs.at[fs].root;
    model->mount.at[mount].source = nst_model_text(model, source, strlen(source));
    model->mount.at[mount].attr = attr;
    model->mount.at[mount].lock = lock;
    return graft(model, mount, on);
}

int nst_model_mount(struct nst_model *model, struct actor *actor, const struct nst_call *call)
{
    static const int copied[] = {2, 0};
    uint64_t flags = call->arg[3].num;
    struct walk walk;
    int r;

    for (size_t i = 0; i < sizeof copied / sizeof *copied; i++)
        if (call->arg[copied[i]].str && strlen(call->arg[copied[i]].str) >= 4096)
            return -EINVAL;
    r = nst_path_walk(model, actor, NST_AT_FDCWD, call->arg[1].str, WALK_FOLLOW, &walk);
    if (r)
        return r;
    if ((flags & 0xffff0000) == 0xc0ed0000) /* of before Linux 2.4: it carries nothing */
        flags &= ~UINT64_C(0xffff0000);
    if (flags & ~UINT64_C(0x7fffffff)) /* MS_NOUSER, which is negative: path_mount() */
        return -EINVAL;
    if (!nst_may_mount(model, actor))
        return -EPERM;
    if (flags & MS_REMOUNT)
        return remount(model, actor, call, walk.at, flags);
    if (flags & MS_BIND)
        return bind(model, actor, call, walk.at, flags & MS_REC);
    if (flags & (MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE))
        return change_type(model, actor, walk.at, flags);
    if (flags & MS_MOVE)
        return move(model, actor, call, walk.at);
    return new_mount(model, actor, call, walk.at, flags);
}

/* "MNT_EXPIRE: mark the mount as expired; a second call unmounts it if it wasn't used since". */
static int expire(struct nst_model *model, const struct actor *actor, uint32_t mount, int flags)
{
    if (mount == model->where.at[actor->where].root.mount || flags & (MNT_FORCE | MNT_DETACH))
        return -EINVAL;
    if (model->mount.at[mount].child || nst_mount_used(model, mount))
        return -EBUSY;
    if (model->mount.at[mount].expiring)
        return 0;
    model->mount.at[mount].expiring = true;
    return -EAGAIN;
}

int nst_model_umount(struct nst_model *model, struct actor *actor, const struct nst_call *call)
{
    int flags = (int)call->arg[1].num, r;
    struct walk walk;
    uint32_t mount, fs;

    if (flags & ~(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW))
        return -EINVAL;
    r = nst_path_walk(model, actor, NST_AT_FDCWD, call->arg[0].str,
                      WALK_MARKS | (flags & UMOUNT_NOFOLLOW ? 0 : WALK_FOLLOW), &walk);
    if (r)
        return r;
    mount = walk.at.mount;
    fs = model->node.at[walk.at.node].fs;
    if (!nst_may_mount(model, actor))
        return -EPERM;
    if (!nst_mount_is_root(model, walk.at) || !nst_is_own(model, actor, mount) ||
        model->mount.at[mount].locked)
        return -EINVAL;
    if (flags & MNT_FORCE && !nst_capable(model, actor, model->fs.at[fs].user))
        return -EPERM;
    if (flags & MNT_EXPIRE) {
        r = expire(model, actor, mount, flags);
        if (r)
            return r;
    }
    if (mount == model->where.at[actor->where].root.mount && !(flags & MNT_DETACH))
        return nst_capable(model, actor, model->fs.at[fs].user)
                   ? nst_fs_remount(model, fs, MS_RDONLY, MS_RDONLY)
                   : -EPERM;
    model->why = flags & MNT_DETACH ? NULL : nst_umount_busy(model, mount);
    if (model->why)
        return -EBUSY;
    nst_umount_tree(model, mount, true, false);
    nst_ns_reap(model);
    return 0;
}
