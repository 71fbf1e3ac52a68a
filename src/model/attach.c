/* What the calls that mount have in common: fs/namespace.c. */
#include "model.h"

#include <string.h>
#include <sys/mount.h>

int nst_place_to_mount(struct nst_model *model, struct place at, struct place *ret_on)
{
    *ret_on = nst_mount_top(model, at);
    model->mount.at[ret_on->mount].expiring = false; /* so it was used */
    if (model->node.at[ret_on->node].gone)
        return -ENOENT;
    return model->mount.at[ret_on->mount].ns || !nst_model_has(model, NST_HAS_MOUNTED_TARGET)
               ? 0
               : -ENOENT;
}

bool nst_is_own(const struct nst_model *model, const struct actor *actor, uint32_t mount)
{
    return model->mount.at[mount].ns == actor->ns;
}

/* open_tree(2), Linux 6.15: of a detached tree who is in the namespace that it came from makes
 * copies, and mounts in it (fs/namespace.c, check_anonymous_mnt()). */
bool nst_is_detached(const struct nst_model *model, const struct actor *actor, uint32_t mount)
{
    const struct ns *ns = &model->ns.at[model->mount.at[mount].ns];

    if (!nst_model_has(model, NST_HAS_DETACHED_COPIES))
        return false;
    return model->mount.at[mount].ns && ns->anonymous && (!ns->origin || ns->origin == actor->ns);
}

/* A namespace must not hold a file that holds it: only files of younger ones are mounted
 * (fs/namespace.c, mnt_ns_loop()). */
bool nst_holds_ns_loop(const struct nst_model *model, const struct actor *actor, uint32_t node)
{
    return nst_node_is_mount_ns(model, node) && actor->ns >= model->node.at[node].target;
}

bool nst_is_unbindable(struct nst_model *model, uint32_t mount)
{
    if (model->mount.at[mount].unbindable && model->mount.at[mount].inherits)
        model->why = "it was unbindable when its namespace was copied";
    return model->mount.at[mount].unbindable;
}

uint32_t nst_bind_copy(struct nst_model *model, const struct actor *actor, struct place from,
                       bool recursive, int *ret_error)
{
    uint32_t copy;

    *ret_error = -EINVAL;
    if (nst_is_unbindable(model, from.mount))
        return 0;
    if (!nst_is_own(model, actor, from.mount) && !nst_is_detached(model, actor, from.mount) &&
        model->node.at[from.node].kind != NODE_NAMESPACE)
        return 0;
    if (!recursive && nst_mount_has_locked_child(model, from.mount, from.node))
        return 0;
    *ret_error = 0;
    copy = recursive ? nst_mount_copy_tree(model, from.mount, from.node, COPY_NS_FILES, ret_error)
                     : nst_mount_copy(model, from.mount, from.node);
    if (copy)
        model->mount.at[copy].locked = false;
    return copy;
}

static bool is_ancestor(const struct nst_model *model, uint32_t above, uint32_t mount)
{
    while (mount && mount != above)
        mount = model->mount.at[mount].parent;
    return mount == above;
}

/* What comes to PARENT at NODE would come to cover MOUNT (fs/pnode.c,
 * propagation_would_overmount()). */
static bool would_cover(const struct nst_model *model, struct place at, uint32_t mount)
{
    return model->mount.at[mount].root == at.node &&
           nst_group_receives(model, mount, model->mount.at[at.mount].group);
}

/* can_move_mount_beneath() */
static int check_beneath(const struct nst_model *model, const struct actor *actor, uint32_t from,
                         uint32_t over)
{
    struct place at = {model->mount.at[over].parent, model->mount.at[over].at};
    uint32_t ns_root = model->ns.at[actor->ns].root;

    if (!at.mount || model->mount.at[over].locked ||
        nst_mount_on(model, (struct place){from, model->mount.at[from].root}) ||
        over == model->where.at[actor->where].root.mount || at.mount == ns_root ||
        is_ancestor(model, over, from) || would_cover(model, at, over) ||
        (nst_is_own(model, actor, from) && would_cover(model, at, from)))
        return -EINVAL;
    return 0;
}

static int check_move(const struct nst_model *model, const struct actor *actor, uint32_t from,
                      uint32_t to)
{
    const struct mount *mount = &model->mount.at[from];

    if (nst_is_own(model, actor, from)) {
        if (!mount->parent || mount->locked || model->mount.at[mount->parent].group ||
            !nst_is_own(model, actor, to))
            return -EINVAL;
        return 0;
    }
    if (!mount->ns || !model->ns.at[mount->ns].anonymous || mount->parent ||
        mount->ns == model->mount.at[to].ns)
        return -EINVAL;
    return nst_is_own(model, actor, to) || nst_is_detached(model, actor, to) ? 0 : -EINVAL;
}

/* Where what is moved to TO comes to: on top, or BENEATH what is on top there. Beneath, it is the
 * mount point of that which must be there still. Returns 0 or -errno. */
static int place_to_move(struct nst_model *model, struct place to, bool beneath,
                         struct place *ret_on)
{
    struct place top = nst_mount_top(model, to);

    if (!beneath)
        return nst_place_to_mount(model, to, ret_on);
    if (!model->mount.at[top.mount].ns)
        return nst_model_has(model, NST_HAS_MOUNTED_TARGET) ? -ENOENT : -EINVAL;
    *ret_on = (struct place){model->mount.at[top.mount].parent, model->mount.at[top.mount].at};
    /* what is held meanwhile is used: the mount on top, later what it stands on (where_to_mount())
     */
    model->mount.at[nst_model_has(model, NST_HAS_MOVE_CHECKED_FIRST) ? ret_on->mount : top.mount]
        .expiring = false;
    if (!ret_on->mount)
        return -EINVAL;
    return model->node.at[ret_on->node].gone ? -ENOENT : 0;
}

int nst_move(struct nst_model *model, const struct actor *actor, struct place from, struct place to,
             bool beneath)
{
    uint32_t over = nst_mount_top(model, to).mount;
    struct place on;
    int r = 0;

    if (!nst_model_has(model, NST_HAS_MOVE_CHECKED_FIRST))
        r = place_to_move(model, to, beneath, &on);
    if (r)
        return r;
    if (!nst_mount_is_root(model, from) || (model->node.at[from.node].kind == NODE_DIRECTORY) !=
                                               (model->node.at[to.node].kind == NODE_DIRECTORY))
        return -EINVAL;
    if (beneath && !nst_mount_is_root(model, to))
        return -EINVAL;
    r = place_to_move(model, to, beneath, &on);
    if (r)
        return r;
    r = check_move(model, actor, from.mount, on.mount);
    if (!r && beneath)
        r = check_beneath(model, actor, from.mount, over);
    if (r)
        return r;
    for (uint32_t i = from.mount; i; i = nst_mount_next(model, i, from.mount)) {
        if (model->mount.at[on.mount].group && nst_is_unbindable(model, i))
            return -EINVAL;
        if (nst_holds_ns_loop(model, actor, model->mount.at[i].root))
            r = -ELOOP;
    }
    if (!r && is_ancestor(model, from.mount, on.mount))
        r = -ELOOP;
    if (!r)
        r = nst_propagate_attach(model, from.mount, on);
    return r;
}

/* A flag that a more privileged owner locked doesn't weaken; an access time's mode doesn't change
 * (mount_namespaces(7), "Restrictions on mount namespaces"). */
bool nst_may_change_attr(const struct mount *mount, uint32_t attr)
{
    const uint32_t times = ATIME_MASK | 0x80;

    return !(mount->lock & 0xf & ~attr) &&
           !(mount->lock & ATIME_MASK && (mount->attr ^ attr) & times);
}

bool nst_is_written(const struct nst_model *model, uint32_t mount)
{
    for (uint32_t i = 1; i < model->file.len; i++)
        if (model->file.at[i].users && model->file.at[i].writes &&
            model->file.at[i].at.mount == mount)
            return true;
    return false;
}

/* mount(2): relatime unless another mode is asked for */
uint32_t nst_attr_of_mount_flags(uint64_t flags)
{
    uint32_t attr = (uint32_t)flags & 0xf; /* MS_RDONLY, NOSUID, NODEV, NOEXEC */

    if (flags & MS_STRICTATIME)
        attr |= ATIME_STRICT;
    else if (flags & MS_NOATIME)
        attr |= ATIME_NOATIME;
    if (flags & MS_NODIRATIME)
        attr |= 0x80;
    if (flags & 256 /* MS_NOSYMFOLLOW */)
        attr |= 0x00200000;
    return attr;
}

int nst_check_revealing(struct nst_model *model, const struct actor *actor, uint32_t fs,
                        uint32_t attr, uint32_t *ret_lock)
{
    const uint32_t times = ATIME_MASK | 0x80, locks = 1 | ATIME_MASK;
    bool found = false;

    *ret_lock = 0;
    if (model->fs.at[fs].type != FS_PROC || model->ns.at[actor->ns].user == 1)
        return 0;
    for (uint32_t i = 1; i < model->mount.len; i++) {
        const struct mount *mount = &model->mount.at[i];
        const struct fs *own = &model->fs.at[model->node.at[mount->root].fs];
        uint32_t lock = mount->lock | (own->readonly ? 1 : 0);
        bool covered = false;

        if (mount->ns != actor->ns || own->type != FS_PROC || mount->root != own->root)
            continue;
        if ((lock & 1 && !(attr & 1)) || (lock & ATIME_MASK && (mount->attr ^ attr) & times))
            continue;
        for (uint32_t on = mount->child; on; on = model->mount.at[on].next)
            covered |= model->mount.at[on].locked;
        if (covered)
            continue;
        if (found && (lock & locks) != *ret_lock) /* mnt_already_visible() takes the first in a tree
                                                     of its own */
            return nst_model_dont_know(model, "which of several procs a new one has its locks of");
        *ret_lock = lock & locks;
        found = true;
    }
    return found ? 0 : -EPERM;
}

uint32_t nst_fs_user(const struct nst_model *model, const struct actor *actor, int type)
{
    return type == FS_PROC ? model->actor.at[0].user : actor->user;
}

int nst_fs_type_of(struct nst_model *model, const struct actor *actor, const char *name)
{
    if (!strcmp(name, "tmpfs"))
        return FS_TMPFS;
    if (!strcmp(name, "ramfs"))
        return FS_RAMFS;
    if (!strcmp(name, "proc"))
        return actor->pid_ns ? nst_model_dont_know(model, "the proc of another pid namespace")
                             : FS_PROC;
    return *name ? nst_model_dont_know(model, "such a file system") : -ENODEV;
}

/* Whether something of FS that was removed is held still: it is to be freed, which writes. */
static bool has_orphan(const struct nst_model *model, uint32_t fs)
{
    for (uint32_t i = 1; i < model->node.len; i++) {
        bool held = false;

        if (!model->node.at[i].gone || model->node.at[i].fs != fs)
            continue;
        for (uint32_t k = 1; k < model->file.len && !held; k++)
            held = model->file.at[k].users && model->file.at[k].at.node == i;
        for (uint32_t k = 1; k < model->where.len && !held; k++)
            held = model->where.at[k].users &&
                   (model->where.at[k].root.node == i || model->where.at[k].cwd.node == i);
        for (uint32_t k = 1; k < model->mount.len && !held; k++)
            held =
                model->mount.at[k].root == i && (model->mount.at[k].ns || nst_mount_used(model, k));
        if (held)
            return true;
    }
    return false;
}

/* reconfigure_super(): what is open to be written, or was removed and is held, keeps a superblock
 * writable (fs/namespace.c, sb_prepare_remount_readonly()) */
int nst_fs_remount(struct nst_model *model, uint32_t fs, uint32_t flags, uint32_t mask)
{
    const uint32_t kept = MS_SYNCHRONOUS | MS_MANDLOCK | MS_LAZYTIME | MS_DIRSYNC;

    if (mask & MS_RDONLY && flags & MS_RDONLY && !model->fs.at[fs].readonly) {
        const struct node *point = &model->node.at[model->proc_point];

        if (point->gone && point->fs == fs)
            return nst_model_dont_know(model, "the start's /proc, which a sandbox holds");
        if (has_orphan(model, fs))
            return -EBUSY;
        for (uint32_t i = 1; i < model->mount.len; i++)
            if (model->node.at[model->mount.at[i].root].fs == fs && nst_is_written(model, i))
                return -EBUSY;
    }
    if (mask & MS_RDONLY)
        model->fs.at[fs].readonly = flags & MS_RDONLY;
    model->fs.at[fs].flags = (model->fs.at[fs].flags & ~mask) | (flags & mask & kept);
    return 0;
}
