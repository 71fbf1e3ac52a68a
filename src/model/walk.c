/* Paths: path_resolution(7), symlink(7); fs/namei.c. Every actor is user 0 with the capabilities of
 * its user namespace, in which all owners are mapped: no permission stands in the way. */
#include "model.h"

#include <stdlib.h>
#include <string.h>

enum { PATH_MOST = 4096, NAME_MOST = 255, LINKS_MOST = 40 };

struct walker {
    struct nst_model *model;
    const struct actor *actor;
    struct place root, at;
    unsigned links;   /* followed */
    struct walk *end; /* of the whole walk */
    /* What the sandbox translates: what stands behind a path's `/proc/` is an actor's name. */
    enum { ELSEWHERE, AT_START, BEHIND_PROC } spelling;
};

static bool is_same(struct place a, struct place b)
{
    return a.mount == b.mount && a.node == b.node;
}

/* "the '..' of the root directory is the root directory itself", as it is of what has no parent. In
 * any case what is mounted there is stepped on. */
static int step_up(struct walker *w)
{
    const struct nst_model *model = w->model;
    struct place out = w->at;

    while (out.mount && !is_same(out, w->root) && nst_mount_is_root(model, out))
        out = (struct place){model->mount.at[out.mount].parent, model->mount.at[out.mount].at};
    if (out.mount && !is_same(out, w->root)) {
        out.node = model->node.at[out.node].parent;
        /* fs/namei.c, path_connected(): a directory that was moved away from below its bind */
        if (!nst_node_below(model, out.node, model->mount.at[out.mount].root))
            return -ENOENT;
        w->at = out;
    }
    w->at = nst_mount_top(model, w->at);
    return 0;
}

static int walk_text(struct walker *w, const char *path, unsigned flags, struct walk *ret_walk);

static int follow(struct walker *w, uint32_t link, uint32_t mount)
{
    const struct nst_model *model = w->model;
    const char *target = model->text.at + model->node.at[link].target;
    struct walk end;
    char *copy;
    int r;

    if (++w->links > LINKS_MOST || model->mount.at[mount].attr & NOSYMFOLLOW)
        return -ELOOP;
    copy = strdup(target); /* the text may move */
    if (!copy)
        return -ENOMEM;
    if (*copy == '/') {
        w->at = w->root;
        w->spelling = ELSEWHERE;
    }
    r = walk_text(w, copy, WALK_FOLLOW, &end);
    free(copy);
    return r;
}

/* Whether the link at REST may be stepped through, and by whom: ptrace(2),
 * PTRACE_MODE_READ_FSCREDS. */
static int check_link(struct walker *w, const struct actor *whose, const char *rest, unsigned flags)
{
    struct nst_model *model = w->model;

    if (!rest[strspn(rest, "/")] && !(flags & WALK_FOLLOW))
        return nst_model_dont_know(model, "a link in /proc");
    if (model->mount.at[w->at.mount].attr & NOSYMFOLLOW)
        return -ELOOP;
    return nst_capable(model, w->actor, whose->user) ? 0 : -EACCES;
}

static int step_ns(struct walker *w, const struct actor *whose, const char *rest, unsigned flags,
                   const char **left)
{
    struct nst_model *model = w->model;
    size_t used = strcspn(rest, "/");
    enum ns_type type;
    int r;

    if (used == 3 && !strncmp(rest, "mnt", 3))
        type = NS_MOUNT;
    else if (used == 4 && !strncmp(rest, "user", 4))
        type = NS_USER;
    else
        return nst_model_dont_know(model, "another kind of namespace");
    r = check_link(w, whose, rest + used, flags);
    if (r)
        return r;
    if (rest[used])
        return -ENOTDIR;
    w->at =
        (struct place){0, nst_node_of_ns(model, type, type == NS_MOUNT ? whose->ns : whose->user)};
    *left = rest + used;
    return 0;
}

static int step_fd(struct walker *w, const struct actor *whose, const char *rest, unsigned flags,
                   const char **left)
{
    struct nst_model *model = w->model;
    size_t used = strspn(rest, "0123456789");
    const struct file *file;
    int r;

    if (!used || (rest[used] && rest[used] != '/'))
        return nst_model_dont_know(model, "a path in /proc");
    if (!nst_capable(model, w->actor, whose->user))
        return -EACCES;
    file = nst_fd_find(model, whose, strtoull(rest, NULL, 10));
    if (!file)
        return -ENOENT;
    r = check_link(w, whose, rest + used, flags);
    if (r)
        return r;
    if (file->kind != FILE_PLACE)
        return nst_model_dont_know(model, "the file of a context below /proc");
    w->at = file->at;
    *left = rest + used;
    return 0;
}

/* proc(5): no entry of /proc, nor of what a sequence names in it, has one letter. */
static bool has_no_name(const char *name, size_t len)
{
    return len == 1 && *name >= 'a' && *name <= 'z';
}

/* WALK_PARENT of what is itself a link in /proc/PID/, if it is there. REST is `ns/mnt` or
 * `fd/3`, as ends_in_proc() says. */
static int find_link(struct walker *w, const struct actor *whose, const char *rest,
                     struct walk *ret_walk)
{
    struct nst_model *model = w->model;
    const char *name = rest + 3 + strspn(rest + 3, "/");
    size_t len = strcspn(name, "/");
    bool is_fd = !strncmp(rest, "fd/", 3);

    if (is_fd && !nst_capable(model, w->actor, whose->user))
        return -EACCES;
    if (is_fd && strspn(name, "0123456789") == len)
        ret_walk->link =
            nst_fd_find(model, whose, strtoull(name, NULL, 10)) ? LINK_THERE : LINK_LACKING;
    else if (!is_fd &&
             ((len == 3 && !strncmp(name, "mnt", 3)) || (len == 4 && !strncmp(name, "user", 4))))
        ret_walk->link = LINK_THERE;
    else
        return nst_model_dont_know(model, "a name in /proc");
    ret_walk->slashes = name[len];
    ret_walk->special = false;
    return 0;
}

/* Whether REST, what stands behind /proc/PID/, is a name of `ns` or `fd`, and nothing behind it. */
static bool ends_in_proc(const char *rest)
{
    if (strncmp(rest, "ns/", 3) != 0 && strncmp(rest, "fd/", 3) != 0)
        return false;
    rest += 3 + strspn(rest + 3, "/");
    rest += strcspn(rest, "/");
    return !rest[strspn(rest, "/")];
}

/* /proc, as far as the calls of a sequence name what is in it. LEFT is the rest of the path. */
static int step_proc(struct walker *w, const char *name, size_t len, unsigned flags,
                     const char **left)
{
    struct nst_model *model = w->model;
    const struct actor *whose = w->actor;
    const char *rest = *left;
    char word[24];
    bool self;

    if (has_no_name(name, len))
        return -ENOENT;
    if (w->spelling != BEHIND_PROC || len >= sizeof word ||
        w->at.node != model->fs.at[model->node.at[w->at.node].fs].root)
        return nst_model_dont_know(model, "a path in /proc");
    memcpy(word, name, len);
    word[len] = '\0';
    if (model->pid_spaces)
        return nst_model_dont_know(model, "a path in /proc beside other pid namespaces");
    self = !strcmp(word, "self") || !strcmp(word, "thread-self");
    if (!self) {
        uint32_t index = nst_actor_index(model, strtoull(word, NULL, 10));

        if (strspn(word, "0123456789") != len)
            return nst_model_dont_know(model, "a path in /proc");
        whose = &model->actor.at[index];
        if (!index || !whose->alive)
            return -ENOENT; /* a sandbox makes it /proc/0 */
    }
    rest += strspn(rest, "/");
    if (self && *rest && model->mount.at[w->at.mount].attr & NOSYMFOLLOW)
        return -ELOOP;
    if (flags & WALK_PARENT && ends_in_proc(rest)) {
        *left = rest + strlen(rest);
        return find_link(w, whose, rest, w->end);
    }
    if (!strncmp(rest, "ns/", 3))
        return step_ns(w, whose, rest + 3 + strspn(rest + 3, "/"), flags, left);
    if (!strncmp(rest, "fd/", 3))
        return step_fd(w, whose, rest + 3 + strspn(rest + 3, "/"), flags, left);
    return nst_model_dont_know(model, "a path in /proc");
}

/* Steps to NAME. LAST: nothing follows, so a link is walked only if FLAGS say so. */
static int step(struct walker *w, const char *name, size_t len, bool last, unsigned flags,
                const char **left)
{
    const struct nst_model *model = w->model;
    uint32_t node;

    if (model->node.at[w->at.node].kind != NODE_DIRECTORY)
        return -ENOTDIR;
    if (len == 1 && name[0] == '.')
        return 0;
    if (len == 2 && name[0] == '.' && name[1] == '.')
        return step_up(w);
    if (model->fs.at[model->node.at[w->at.node].fs].type == FS_PROC)
        return step_proc(w, name, len, flags, left);
    if (model->node.at[w->at.node].gone)
        return -ENOENT; /* IS_DEADDIR() */
    if (len > NAME_MOST)
        return -ENAMETOOLONG;
    node = nst_node_find(model, w->at.node, name, len);
    if (!node)
        return -ENOENT;
    if (model->node.at[node].kind == NODE_LINK && (!last || flags & WALK_FOLLOW))
        return follow(w, node, w->at.mount);
    w->at = nst_mount_top(model, (struct place){w->at.mount, node});
    return 0;
}

/* Walks PATH from where W is. */
static int walk_text(struct walker *w, const char *path, unsigned flags, struct walk *ret_walk)
{
    const struct nst_model *model = w->model;
    int r = 0;

    ret_walk->last = path;
    ret_walk->last_len = 0;
    ret_walk->special = true;
    path += strspn(path, "/");
    while (*path && !r) {
        size_t len = strcspn(path, "/"), behind = strspn(path + len, "/");
        bool last = !path[len + behind];
        const char *left = path + len + behind;
        unsigned how = flags | (last && behind ? WALK_FOLLOW : 0);
        bool starts = w->spelling == AT_START;

        ret_walk->last = path;
        ret_walk->last_len = len;
        ret_walk->slashes = last && behind;
        ret_walk->special = len <= 2 && path[0] == '.' && (len == 1 || path[1] == '.');
        if (last && flags & WALK_PARENT) {
            if (model->node.at[w->at.node].kind != NODE_DIRECTORY)
                return -ENOTDIR;
            return 0;
        }
        r = step(w, path, len, last, how, &left);
        w->spelling = starts && len == 4 && !strncmp(path, "proc", 4) ? BEHIND_PROC
                      : starts && len == 1 && *path == '.'            ? AT_START
                                                                      : ELSEWHERE;
        if (!r && ret_walk->slashes && model->node.at[w->at.node].kind != NODE_DIRECTORY)
            return -ENOTDIR;
        path = left;
        path += strspn(path, "/");
    }
    return r;
}

static int start(struct walker *w, uint64_t dirfd, const char *path)
{
    const struct whereabouts *where = &w->model->where.at[w->actor->where];
    const struct file *file;

    w->root = where->root;
    if (*path == '/') {
        w->at = where->root;
        w->spelling = AT_START;
        return 0;
    }
    if ((int)dirfd == (int)NST_AT_FDCWD) {
        w->at = where->cwd;
        return 0;
    }
    file = nst_fd_find(w->model, w->actor, dirfd);
    if (!file)
        return -EBADF;
    if (file->kind != FILE_PLACE)
        return *path ? -ENOTDIR : nst_model_dont_know(w->model, "a context as a path");
    w->at = file->at;
    if (*path && w->model->node.at[w->at.node].kind != NODE_DIRECTORY)
        return -ENOTDIR;
    return 0;
}

int nst_path_walk(struct nst_model *model, const struct actor *actor, uint64_t dirfd,
                  const char *path, unsigned flags, struct walk *ret_walk)
{
    struct walker w = {.model = model, .actor = actor, .end = ret_walk};
    int r;

    *ret_walk = (struct walk){0};
    if (!path)
        return -EFAULT;
    if (strlen(path) >= PATH_MOST)
        return -ENAMETOOLONG;
    if (!*path && !(flags & WALK_EMPTY))
        return -ENOENT;
    r = start(&w, dirfd, path);
    if (!r)
        r = walk_text(&w, path, flags, ret_walk);
    if (!r && !(flags & WALK_PARENT) && flags & WALK_DIRECTORY &&
        model->node.at[w.at.node].kind != NODE_DIRECTORY)
        r = -ENOTDIR;
    if (r == -ENOENT) /* so it was even where it was only walked through */
        model->mount.at[w.at.mount].expiring = false;
    if (flags & WALK_MARKS) /* LOOKUP_MOUNTPOINT: `.` is what is mounted on it, too */
        w.at = nst_mount_top(model, w.at);
    ret_walk->at = w.at;
    if (!r && !(flags & WALK_MARKS)) /* fs/namespace.c, mntput(): it was used since */
        model->mount.at[w.at.mount].expiring = false;
    return r;
}

bool nst_is_read_only(const struct nst_model *model, struct place at)
{
    return model->mount.at[at.mount].attr & 0x1 ||
           model->fs.at[model->node.at[at.node].fs].readonly;
}

int nst_find_last(struct nst_model *model, const struct walk *walk, uint32_t *ret_node)
{
    bool proc = model->fs.at[model->node.at[walk->at.node].fs].type == FS_PROC;

    *ret_node = walk->link == LINK_THERE ? model->proc_link : 0;
    if (model->node.at[walk->at.node].gone)
        return -ENOENT; /* IS_DEADDIR() */
    if (walk->link)
        return walk->link == LINK_THERE ? 0 : -ENOENT;
    if (proc) /* all that it has is there, and nothing can be made */
        return has_no_name(walk->last, walk->last_len)
                   ? -ENOENT
                   : nst_model_dont_know(model, "a name in /proc");
    if (walk->last_len > NAME_MOST)
        return -ENAMETOOLONG;
    *ret_node = nst_node_find(model, walk->at.node, walk->last, walk->last_len);
    return 0;
}
