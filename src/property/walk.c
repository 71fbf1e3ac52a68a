#include "walk.h"

#include <string.h>

#include "list.h"

enum { TREE_CLONE = 1, SHARED_FS = 0x200 };

static bool is_lost(const struct nst_walker *walker, uint32_t actor)
{
    for (size_t i = 0; i < walker->losts; i++)
        if (walker->lost[i] == actor)
            return true;
    return walker->confused;
}

static void lose(struct nst_walker *walker, uint32_t actor)
{
    if (is_lost(walker, actor))
        return;
    if (walker->losts == NST_ACTORS_MAX)
        walker->confused = true;
    else
        walker->lost[walker->losts++] = actor;
}

static void note_link(struct nst_walker *walker, const char *path)
{
    const char *name = path ? strrchr(path, '/') : NULL;

    if (walker->links == NST_LINKS_MAX || !path || !*path)
        walker->confused = true;
    else
        walker->link[walker->links++] = name ? name + 1 : path;
}

static size_t mounts_at_root(const struct nst_ns_view *view)
{
    size_t len = 0;

    for (size_t i = 0; view && i < view->table.len; i++)
        len += !strcmp(view->table.mount[i].point, "/");
    return len;
}

/* setns(2) makes the topmost of the mounts stacked at the namespace's root the actor's root
 * (fs/namespace.c, mntns_install()): of one, that is the lowest, from which everybody else starts.
 */
static void note_setns(struct nst_walker *walker, const struct nst_step *step)
{
    for (size_t n = 0; step->after && n < step->after->len; n++)
        if (mounts_at_root(&step->after->view[n]) != 1) {
            lose(walker, step->call->actor);
            return;
        }
}

static bool names_namespace(const struct nst_call *call)
{
    for (size_t i = 0; i < NST_ARGS_MAX; i++)
        if (call->arg[i].str && strstr(call->arg[i].str, "/proc"))
            return true;
    return false;
}

void nst_walker_step(struct nst_walker *walker, const struct nst_step *step)
{
    const struct nst_call *call = step->call;
    const struct nst_ns_view *own = nst_view_of(step->before, step->ns);

    if (step->kind != NST_ANSWER_VALUE)
        return;
    switch (call->id) {
    case NST_CALL_SYMLINK:
        note_link(walker, call->arg[1].str);
        break;
    case NST_CALL_RENAME: /* what may have been a link */
    case NST_CALL_RENAMEAT2:
        if (walker->links || walker->confused) {
            note_link(walker, call->arg[call->id == NST_CALL_RENAME ? 1 : 3].str);
            note_link(walker, call->arg[call->id == NST_CALL_RENAME ? 0 : 1].str);
        }
        break;
    case NST_CALL_CHROOT: /* whoever shares the root (CLONE_FS) goes along */
        walker->confused |= walker->shared;
        lose(walker, call->actor);
        break;
    case NST_CALL_CLONE:
    case NST_CALL_CLONE3:
        walker->shared |= (call->arg[0].num & SHARED_FS) != 0;
        /* fall through */
    case NST_CALL_FORK:
    case NST_CALL_VFORK:
        if (is_lost(walker, call->actor))
            lose(walker, (uint32_t)step->value);
        break;
    case NST_CALL_SETNS:
        note_setns(walker, step);
        break;
    case NST_CALL_OPEN_TREE:
    case NST_CALL_OPEN_TREE_ATTR:
    case NST_CALL_FSMOUNT:
        if (call->id == NST_CALL_FSMOUNT || call->arg[2].num & TREE_CLONE) {
            walker->detached = true;
            walker->foreign |= !own || !own->parent;
        }
        walker->detached |= names_namespace(call);
        break;
    case NST_CALL_CHDIR:
    case NST_CALL_MOUNT:
    case NST_CALL_OPEN:
    case NST_CALL_OPENAT:
        walker->detached |= names_namespace(call);
        break;
    default:
        break;
    }
}

bool nst_walker_misses(const struct nst_walker *walker, const struct nst_step *step)
{
    if (walker->detached)
        return true;
    for (size_t n = 0; n < step->before->len; n++)
        if (!step->before->view[n].whole)
            return true;
    for (size_t n = 0; n < step->after->len; n++)
        if (!step->after->view[n].whole)
            return true;
    return false;
}

/* Whether a path's component of LEN is none of `.`, `..`, an empty one and a symbolic link. */
static bool is_plain(const struct nst_walker *walker, const char *name, size_t len)
{
    if (!len || (name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.'))))
        return false;
    for (size_t i = 0; i < walker->links; i++)
        if (strlen(walker->link[i]) == len && !memcmp(walker->link[i], name, len))
            return false;
    return true;
}

/* Whether no other symbolic links are in file systems of this type than those that symlink made. */
static bool is_simple(const struct nst_mount *mount)
{
    return !strcmp(mount->type, "tmpfs") || !strcmp(mount->type, "ramfs") ||
           !strcmp(mount->type, "overlay");
}

/* The topmost of what is mounted at the first LEN bytes of PATH, from AT on. */
static uint32_t cross(const struct nst_forest *forest, uint32_t at, const char *path, size_t len)
{
    uint32_t child = forest->node[at].child;

    while (child != NST_NONE) {
        const char *point = forest->node[child].mount->point;

        if (!strncmp(point, path, len) && !point[len]) {
            at = child;
            child = forest->node[at].child;
        } else {
            child = forest->node[child].sibling;
        }
    }
    return at;
}

uint32_t nst_walk(const struct nst_walker *walker, const struct nst_forest *forest,
                  const struct nst_step *step, const char *path, const char **ret_rest)
{
    const struct nst_ns_view *own = nst_view_of(forest->snapshot, step->ns);
    uint32_t at = own && own->whole ? nst_forest_root(forest, own) : NST_NONE;
    size_t len = 0, crossed = 0;

    if (at == NST_NONE || is_lost(walker, step->call->actor) || !path || *path != '/')
        return NST_NONE;
    while (path[len] && path[len + 1]) {
        size_t name = strcspn(path + len + 1, "/");
        uint32_t next;

        if (!is_plain(walker, path + len + 1, name) || !is_simple(forest->node[at].mount))
            return NST_NONE;
        len += 1 + name;
        next = cross(forest, at, path, len);
        crossed = next == at ? crossed : len;
        at = next;
    }
    if (path[len] && len) /* a slash at the end */
        return NST_NONE;
    *ret_rest = path[1] ? path + crossed : "";
    return at;
}

uint32_t nst_walk_mount(const struct nst_walker *walker, const struct nst_forest *forest,
                        const struct nst_step *step, const char *path)
{
    const char *rest = "";
    uint32_t at = nst_walk(walker, forest, step, path, &rest);

    return *rest ? NST_NONE : at;
}
