/* The cells of the shared-subtree tables: an operation on a mount of one type, at a mount of
 * another. Documentation/filesystems/sharedsubtree.rst, 2 (states), 5a to 5f (operations). */
#include <errno.h>
#include <sys/mount.h>

#include "coverage.h"

enum operation { BIND, RBIND, MOVE, MOUNT, ATTACH, UMOUNT, MAKE, COPY, COPY_LESS };

#define KEY(operation, a, b) ((uint64_t)(operation) << 8 | (uint64_t)(a) << 4 | (b))
/* clang-format off */
#define CELL(text, operation, a, b) {.name = text, .key = KEY(operation, a, b)}
#define ROW(text, operation, joint, a) \
    CELL(text joint "shared", operation, a, NST_TYPE_SHARED), CELL(text joint "slave", operation, a, NST_TYPE_SLAVE), \
    CELL(text joint "shared and slave", operation, a, NST_TYPE_SHARED_SLAVE), \
    CELL(text joint "private", operation, a, NST_TYPE_PRIVATE), \
    CELL(text joint "unbindable", operation, a, NST_TYPE_UNBINDABLE)
#define TABLE(text, operation, joint) \
    ROW(text " shared", operation, joint, NST_TYPE_SHARED), ROW(text " slave", operation, joint, NST_TYPE_SLAVE), \
    ROW(text " shared and slave", operation, joint, NST_TYPE_SHARED_SLAVE), \
    ROW(text " private", operation, joint, NST_TYPE_PRIVATE), \
    ROW(text " unbindable", operation, joint, NST_TYPE_UNBINDABLE)
#define MADE(text, a) \
    CELL("make shared: " text, MAKE, a, NST_TYPE_SHARED), CELL("make slave: " text, MAKE, a, NST_TYPE_SLAVE), \
    CELL("make private: " text, MAKE, a, NST_TYPE_PRIVATE), \
    CELL("make unbindable: " text, MAKE, a, NST_TYPE_UNBINDABLE)

static const struct nst_feature features[] = {
    TABLE("bind", BIND, " on "), TABLE("rbind", RBIND, " on "), TABLE("move", MOVE, " to "),
    ROW("mount", MOUNT, " on ", 0), ROW("move_mount of a tree", ATTACH, " to ", 0),
    TABLE("umount", UMOUNT, " from "),
    MADE("shared", NST_TYPE_SHARED), MADE("slave", NST_TYPE_SLAVE), MADE("shared and slave", NST_TYPE_SHARED_SLAVE),
    MADE("private", NST_TYPE_PRIVATE), MADE("unbindable", NST_TYPE_UNBINDABLE),
    ROW("namespace copies", COPY, " ", 0), ROW("less privileged namespace copies", COPY_LESS, " ", 0),
};
/* clang-format on */

/* What step AT does to which paths. */
struct deed {
    enum operation operation;
    const char *from, *to; /* NULL: none */
    enum nst_type type;    /* of MAKE */
    bool from_root;        /* FROM must be a mount's root */
};

static bool type_asked(uint64_t flags, enum nst_type *ret_type)
{
    const uint64_t all = MS_SHARED | MS_SLAVE | MS_PRIVATE | MS_UNBINDABLE;

    *ret_type = flags & MS_SHARED    ? NST_TYPE_SHARED
                : flags & MS_SLAVE   ? NST_TYPE_SLAVE
                : flags & MS_PRIVATE ? NST_TYPE_PRIVATE
                                     : NST_TYPE_UNBINDABLE;
    return flags & all;
}

static bool read_mount(const struct nst_call *call, struct deed *ret_deed)
{
    uint64_t flags = call->arg[3].num;

    ret_deed->from = call->arg[0].str;
    ret_deed->to = call->arg[1].str;
    if (flags & MS_REMOUNT)
        return false;
    if (flags & MS_BIND) {
        ret_deed->operation = flags & MS_REC ? RBIND : BIND;
    } else if (type_asked(flags, &ret_deed->type)) {
        ret_deed->operation = MAKE;
        ret_deed->from = call->arg[1].str;
        ret_deed->from_root = true;
    } else if (flags & MS_MOVE) {
        ret_deed->operation = MOVE;
        ret_deed->from_root = true;
    } else {
        ret_deed->operation = MOUNT;
        ret_deed->from = NULL;
    }
    return true;
}

static bool read_deed(const struct nst_call *call, struct deed *ret_deed)
{
    enum { SET_GROUP = 0x100 };

    *ret_deed = (struct deed){0};
    if (call->id == NST_CALL_MOUNT)
        return read_mount(call, ret_deed);
    if (call->id == NST_CALL_UMOUNT2) {
        *ret_deed = (struct deed){.operation = UMOUNT, .from = call->arg[0].str, .from_root = true};
        return true;
    }
    if (call->id == NST_CALL_MOVE_MOUNT && !(call->arg[4].num & SET_GROUP) &&
        call->arg[2].num == NST_AT_FDCWD) {
        bool path = call->arg[0].num == NST_AT_FDCWD;

        *ret_deed = (struct deed){.operation = path ? MOVE : ATTACH,
                                  .from = path ? call->arg[1].str : NULL,
                                  .to = call->arg[3].str,
                                  .from_root = path};
        return true;
    }
    if (call->id == NST_CALL_MOUNT_SETATTR && call->arg[0].num == NST_AT_FDCWD) {
        *ret_deed = (struct deed){.operation = MAKE, .from = call->arg[1].str, .from_root = true};
        return type_asked(call->arg[5].num, &ret_deed->type);
    }
    return false;
}

/* Whether the documents refuse the cell: then it is reached when it was. */
static bool is_refused(const struct deed *deed, const struct nst_mount *from,
                       const struct nst_mount *to)
{
    if (!from || !from->unbindable)
        return false;
    return deed->operation == BIND || deed->operation == RBIND ||
           (deed->operation == MOVE && to && to->peer_group);
}

static void look_deed(const struct nst_trace *trace, size_t at,
                      const struct nst_feature_group *group, struct nst_coverage *coverage)
{
    const struct nst_step *step = &trace->step[at];
    const struct nst_ns_view *view = nst_actor_view(trace, at);
    const struct nst_mount *from = NULL, *to = NULL;
    const char *rest = "";
    struct deed deed;

    if (!view || !read_deed(step->call, &deed))
        return;
    if (deed.from &&
        (!(from = nst_mount_at(&view->table, deed.from, &rest)) || (deed.from_root && *rest)))
        return;
    if (deed.operation == UMOUNT)
        to = from ? nst_table_find(&view->table, from->parent_id) : NULL;
    else if (deed.to && deed.operation != MAKE)
        to = nst_mount_at(&view->table, deed.to, &rest);
    if ((!to && deed.operation != MAKE) ||
        (is_refused(&deed, from, to) ? step->error != EINVAL : !nst_step_succeeded(step)))
        return;
    nst_coverage_hit(coverage, group,
                     KEY(deed.operation, from ? nst_type_of(from) : 0,
                         deed.operation == MAKE ? deed.type : nst_type_of(to)));
}

static void look_copy(const struct nst_trace *trace, size_t at,
                      const struct nst_feature_group *group, struct nst_coverage *coverage)
{
    enum { NEWNS = 0x20000, NEWUSER = 0x10000000 };
    const struct nst_step *step = &trace->step[at];
    const struct nst_ns_view *view = nst_view_of(step->before, step->ns);
    uint64_t flags = step->call->arg[0].num;
    bool seen[NST_TYPES] = {false};

    if (!view || !nst_step_succeeded(step) || !(flags & NEWNS))
        return;
    for (size_t i = 0; i < view->table.len; i++)
        seen[nst_type_of(&view->table.mount[i])] = true;
    for (unsigned type = 0; type < NST_TYPES; type++)
        if (seen[type])
            nst_coverage_hit(coverage, group, KEY(flags & NEWUSER ? COPY_LESS : COPY, 0, type));
}

static void look(const struct nst_trace *trace, size_t at, const struct nst_feature_group *group,
                 struct nst_coverage *coverage)
{
    enum nst_call_id id = trace->step[at].call->id;

    if (id == NST_CALL_UNSHARE || id == NST_CALL_CLONE || id == NST_CALL_CLONE3)
        look_copy(trace, at, group, coverage);
    else
        look_deed(trace, at, group, coverage);
}

const struct nst_feature_group nst_group_subtrees = {
    .name = "subtrees",
    .about = "propagation type by propagation type, as the shared-subtree tables have them",
    .source = "Documentation/filesystems/sharedsubtree.rst, 2 and 5",
    NST_FEATURES(features),
    .look = look,
};
