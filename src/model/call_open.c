/* open(2) */
#include "model.h"

#include <fcntl.h>
#include <string.h>

struct opening {
    struct nst_model *model;
    struct actor *actor;
    uint64_t dirfd;
    const char *path;
    unsigned flags;
    bool writes;
};

/* do_open(), may_open() */
static int check_open(const struct opening *o, struct place at)
{
    struct nst_model *model = o->model;
    const struct node *node = &model->node.at[at.node];

    if (o->flags & O_PATH)
        return o->flags & O_DIRECTORY && node->kind != NODE_DIRECTORY ? -ENOTDIR : 0;
    if (o->flags & O_DIRECTORY && node->kind != NODE_DIRECTORY)
        return -ENOTDIR;
    if (node->kind == NODE_LINK)
        return -ELOOP;
    if (o->flags & O_CREAT && node->kind == NODE_DIRECTORY)
        return -EISDIR;
    if (node->kind == NODE_DIRECTORY)
        return o->writes || o->flags & O_TRUNC ? -EISDIR : 0;
    if (node->kind == NODE_NAMESPACE)
        return o->writes || o->flags & O_TRUNC
                   ? nst_model_dont_know(model, "writing to a namespace's file")
                   : 0;
    return (o->writes || o->flags & O_TRUNC) && nst_is_read_only(model, at) ? -EROFS : 0;
}

/* The last name with O_CREAT: path_openat(), open_last_lookups(), lookup_open(). */
static int create(const struct opening *o, struct place *ret_at)
{
    struct nst_model *model = o->model;
    struct walk parent, walk;
    unsigned follow = o->flags & (O_EXCL | O_NOFOLLOW) ? 0 : WALK_FOLLOW;
    uint32_t node;
    int r = nst_path_walk(model, o->actor, o->dirfd, o->path, WALK_PARENT, &parent);

    if (r)
        return r;
    if (!parent.special && parent.slashes)
        return -EISDIR;
    if (parent.special) {
        r = nst_path_walk(model, o->actor, o->dirfd, o->path, WALK_FOLLOW, &walk);
        *ret_at = walk.at;
        return !r && o->flags & O_EXCL ? -EEXIST : r;
    }
    r = nst_find_last(model, &parent, &node);
    if (r)
        return r;
    if (!node) {
        if (nst_is_read_only(model, parent.at))
            return -EROFS;
        node = nst_node_add(model, parent.at.node, parent.last, parent.last_len, NODE_FILE);
        *ret_at = (struct place){parent.at.mount, node};
        return 0;
    }
    if (o->flags & O_EXCL)
        return -EEXIST;
    if (model->node.at[node].kind == NODE_LINK && follow) {
        r = nst_path_walk(model, o->actor, o->dirfd, o->path, WALK_FOLLOW, &walk);
        if (r == -ENOENT && parent.link == LINK_NONE)
            return nst_model_dont_know(model, "a file made through a link");
        *ret_at = walk.at;
        return r;
    }
    *ret_at = nst_mount_top(model, (struct place){parent.at.mount, node});
    return 0;
}

int nst_model_open(struct nst_model *model, struct actor *actor, const struct nst_call *call)
{
    bool at = call->id == NST_CALL_OPENAT;
    struct opening o = {model,
                        actor,
                        at ? call->arg[0].num : NST_AT_FDCWD,
                        call->arg[at].str,
                        (unsigned)call->arg[at ? 2 : 1].num,
                        false};
    uint32_t file;
    struct place place;
    int r;

    if (o.flags & O_PATH)
        o.flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW;
    if ((o.flags & O_TMPFILE) == O_TMPFILE ||
        o.flags & ~(unsigned)(O_ACCMODE | O_CREAT | O_EXCL | O_TRUNC | O_DIRECTORY | O_NOFOLLOW |
                              O_CLOEXEC | O_PATH | O_NONBLOCK | O_NOCTTY | O_APPEND | O_LARGEFILE |
                              O_SYNC))
        return nst_model_dont_know(model, "flags of open");
    o.writes = !(o.flags & O_PATH) && (o.flags & O_ACCMODE) != O_RDONLY;
    if ((o.flags & (O_CREAT | O_DIRECTORY)) == (O_CREAT | O_DIRECTORY) &&
        nst_model_has(model, NST_HAS_DIRECTORY_OR_CREATE))
        return -EINVAL;
    if (o.flags & O_CREAT) {
        r = create(&o, &place);
    } else {
        struct walk walk;

        r = nst_path_walk(model, actor, o.dirfd, o.path, o.flags & O_NOFOLLOW ? 0 : WALK_FOLLOW,
                          &walk);
        place = walk.at;
    }
    if (!r)
        r = check_open(&o, place);
    if (r)
        return r;
    file = nst_model_new_file(model);
    model->file.at[file].at = place;
    model->file.at[file].path_only = o.flags & O_PATH;
    model->file.at[file].writes = o.writes;
    return nst_fd_add(model, actor, file, &call->expect);
}
