/* Directories, links and files; the working directory and the root: mkdir(2), rmdir(2), unlink(2),
 * symlink(2), rename(2), open(2), chdir(2), chroot(2). Which error comes first: fs/namei.c. */
#include "model.h"

#include <fcntl.h>
#include <string.h>

/* What stands before anything is made: filename_create(), may_create(). */
static int check_create(struct nst_model *model, const struct walk *walk, bool directory)
{
    uint32_t node;
    int r;

    if (walk->special)
        return -EEXIST;
    r = nst_find_last(model, walk, &node);
    if (r)
        return r;
    if (node)
        return -EEXIST;
    if (walk->slashes && !directory)
        return -ENOENT;
    return nst_is_read_only(model, walk->at) ? -EROFS : 0;
}

int nst_model_mkdir(struct nst_model *model, struct actor *actor, const struct nst_call *call)
{
    bool at = call->id == NST_CALL_MKDIRAT;
    struct walk walk;
    int r = nst_path_walk(model, actor, at ? call->arg[0].num : NST_AT_FDCWD, call->arg[at].str,
                          WALK_PARENT, &walk);

    if (!r)
        r = check_create(model, &walk, true);
    if (!r)
        nst_node_add(model, walk.at.node, walk.last, walk.last_len, NODE_DIRECTORY);
    return r;
}

int nst_model_symlink(struct nst_model *model, struct actor *actor, const struct nst_call *call)
{
    const char *target = call->arg[0].str;
    struct walk walk;
    uint32_t node;
    int r;

    if (!target)
        return -EFAULT;
    if (!*target)
        return -ENOENT;
    if (strlen(target) >= 4096)
        return -ENAMETOOLONG;
    r = nst_path_walk(model, actor, NST_AT_FDCWD, call->arg[1].str, WALK_PARENT, &walk);
    if (!r)
        r = check_create(model, &walk, false);
    if (r)
        return r;
    node = nst_node_add(model, walk.at.node, walk.last, walk.last_len, NODE_LINK);
    model->node.at[node].target = nst_model_text(model, target, strlen(target));
    return 0;
}

/* is_local_mountpoint() */
static bool is_mount_point(const struct nst_model *model, const struct actor *actor, uint32_t node)
{
    for (uint32_t i = 1; i < model->mount.len; i++)
        if (model->mount.at[i].ns == actor->ns && model->mount.at[i].parent &&
            model->mount.at[i].at == node)
            return true;
    return false;
}

/* "a mount point in another namespace" may be removed, and its mounts go (mount_namespaces(7),
 * Linux 4.x; rename(2), unlink(2), rmdir(2): EBUSY of the own). */
static void remove_node(struct nst_model *model, uint32_t node)
{
    nst_node_remove(model, node);
    nst_umount_at_node(model, node);
}

/* unlink(2), or of a DIRECTORY rmdir(2) */
static int remove_name(struct nst_model *model, struct actor *actor, uint64_t dirfd,
                       const char *path, bool directory)
{
    struct walk walk;
    uint32_t node;
    int r = nst_path_walk(model, actor, dirfd, path, WALK_PARENT, &walk);

    if (r)
        return r;
    if (walk.special && !directory)
        return -EISDIR;
    if (walk.special)
        return !walk.last_len ? -EBUSY : walk.last_len == 1 ? -EINVAL : -ENOTEMPTY;
    if (nst_is_read_only(model, walk.at))
        return -EROFS;
    r = nst_find_last(model, &walk, &node);
    if (r)
        return r;
    if (!node)
        return -ENOENT;
    if (!directory && model->node.at[node].kind == NODE_DIRECTORY)
        return -EISDIR;
    if (directory ? model->node.at[node].kind != NODE_DIRECTORY : walk.slashes)
        return -ENOTDIR;
    if (model->fs.at[model->node.at[node].fs].type == FS_PROC)
        return -EPERM; /* its directories have no such operation */
    if (is_mount_point(model, actor, node))
        return -EBUSY;
    if (model->node.at[node].child)
        return -ENOTEMPTY;
    remove_node(model, node);
    return 0;
}

int nst_model_rmdir(struct nst_model *model, struct actor *actor, const struct nst_call *call)
{
    switch (call->id) {
    case NST_CALL_RMDIR:
    case NST_CALL_UNLINK:
        return remove_name(model, actor, NST_AT_FDCWD, call->arg[0].str,
                           call->id == NST_CALL_RMDIR);
    default:
        if ((int)call->arg[2].num & ~AT_REMOVEDIR)
            return -EINVAL;
        return remove_name(model, actor, call->arg[0].num, call->arg[1].str,
                           call->arg[2].num & AT_REMOVEDIR);
    }
}

/* What stands before a rename: vfs_rename(), may_delete(), may_create(). */
static int check_rename(struct nst_model *model, const struct actor *actor, const struct walk *from,
                        const struct walk *to, uint32_t old, uint32_t new, bool exchanges)
{
    bool is_directory = model->node.at[old].kind == NODE_DIRECTORY;

    if (is_directory && nst_node_below(model, to->at.node, old))
        return -EINVAL;
    if (new && model->node.at[new].kind == NODE_DIRECTORY &&
        nst_node_below(model, from->at.node, new))
        return exchanges ? -EINVAL : -ENOTEMPTY;
    if (old == new)
        return 0;
    if (new && !exchanges && is_directory && model->node.at[new].kind != NODE_DIRECTORY)
        return -ENOTDIR;
    if (new && !exchanges && !is_directory && model->node.at[new].kind == NODE_DIRECTORY)
        return -EISDIR;
    if (is_mount_point(model, actor, old) || (new &&is_mount_point(model, actor, new)))
        return -EBUSY;
    if (new && !exchanges && model->node.at[new].child)
        return -ENOTEMPTY;
    return 0;
}

static void rename_node(struct nst_model *model, const struct walk *to, uint32_t old, uint32_t new,
                        bool exchanges)
{
    uint32_t parent = model->node.at[old].parent, name = model->node.at[old].name;

    if (new &&exchanges) {
        nst_node_move(model, old, to->at.node, model->node.at[new].name);
        nst_node_move(model, new, parent, name);
        return;
    }
    if (new)
        remove_node(model, new);
    nst_node_move(model, old, to->at.node, nst_model_text(model, to->last, to->last_len));
}

int nst_model_rename(struct nst_model *model, struct actor *actor, const struct nst_call *call)
{
    enum { NOREPLACE = 1, EXCHANGE = 2, WHITEOUT = 4 };
    bool at = call->id == NST_CALL_RENAMEAT2;
    unsigned flags = at ? (unsigned)call->arg[4].num : 0;
    const char *names[] = {call->arg[at].str, call->arg[at ? 3 : 1].str};
    struct walk from, to;
    uint32_t old, new;
    int r;

    if (flags & ~(unsigned)(NOREPLACE | EXCHANGE | WHITEOUT) ||
        (flags & EXCHANGE && flags & (NOREPLACE | WHITEOUT)))
        return -EINVAL;
    r = nst_path_walk(model, actor, at ? call->arg[0].num : NST_AT_FDCWD, names[0], WALK_PARENT,
                      &from);
    if (!r)
        r = nst_path_walk(model, actor, at ? call->arg[2].num : NST_AT_FDCWD, names[1], WALK_PARENT,
                          &to);
    if (r)
        return r;
    if (from.at.mount != to.at.mount)
        return -EXDEV;
    if (from.special || to.special)
        return !from.special && flags & NOREPLACE ? -EEXIST : -EBUSY;
    if (nst_is_read_only(model, from.at))
        return -EROFS;
    r = nst_find_last(model, &from, &old);
    if (!r && !old)
        r = -ENOENT;
    if (!r)
        r = nst_find_last(model, &to, &new);
    if (r)
        return r;
    if (flags & NOREPLACE && new)
        return -EEXIST;
    if (model->fs.at[model->node.at[old].fs].type == FS_PROC)
        return nst_model_dont_know(model, "a rename in /proc");
    if (flags & EXCHANGE && !new)
        return -ENOENT;
    if (flags & EXCHANGE && model->node.at[new].kind != NODE_DIRECTORY && to.slashes)
        return -ENOTDIR;
    if (model->node.at[old].kind != NODE_DIRECTORY &&
        (from.slashes || (!(flags & EXCHANGE) && to.slashes)))
        return -ENOTDIR;
    if (flags & WHITEOUT)
        return nst_model_dont_know(model, "a whiteout");
    r = check_rename(model, actor, &from, &to, old, new, flags & EXCHANGE);
    if (!r && old != new)
        rename_node(model, &to, old, new, flags & EXCHANGE);
    return r;
}

/* chroot(2), too */
int nst_model_chdir(struct nst_model *model, struct actor *actor, const struct nst_call *call)
{
    struct walk walk;
    int r = nst_path_walk(model, actor, NST_AT_FDCWD, call->arg[0].str,
                          WALK_FOLLOW | WALK_DIRECTORY, &walk);

    if (!r && call->id == NST_CALL_CHROOT)
        model->where.at[actor->where].root = walk.at;
    else if (!r)
        model->where.at[actor->where].cwd = walk.at;
    return r;
}

int nst_model_fchdir(struct nst_model *model, struct actor *actor, const struct nst_call *call)
{
    const struct file *file = nst_fd_find(model, actor, call->arg[0].num);

    if (!file)
        return -EBADF;
    if (file->kind != FILE_PLACE || model->node.at[file->at.node].kind != NODE_DIRECTORY)
        return -ENOTDIR;
    model->where.at[actor->where].cwd = file->at;
    return 0;
}

int nst_model_close(struct nst_model *model, struct actor *actor, const struct nst_call *call)
{
    for (uint32_t i = 0; i < actor->fds; i++)
        if (actor->fd[i].text == (int)call->arg[0].num) {
            uint32_t file = actor->fd[i].file;

            actor->fd[i] = actor->fd[--actor->fds];
            nst_file_put(model, file);
            nst_ns_reap(model);
            return 0;
        }
    return -EBADF;
}
