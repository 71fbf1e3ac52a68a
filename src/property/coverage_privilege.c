/* Power and use: who acts in whose mount namespace (mount_namespaces(7), Restrictions;
 * user_namespaces(7), Capabilities), and what keeps in use what is unmounted (umount(2), EBUSY). */
#include <errno.h>
#include <sys/mount.h>

#include "coverage.h"

enum lock { LOCKED_UMOUNT = 1, LOCKED_FLAG, LOCKED_BIND };

#define KEY(call, standing) ((uint64_t)NST_CALL_##call << 8 | (standing))
#define LOCK(lock) ((uint64_t)NST_CALLS << 8 | (lock))
/* clang-format off */
#define POWERS(call, text) \
    {.name = text " by the owner", .key = KEY(call, OWN)}, \
    {.name = text " by a nested owner", .key = KEY(call, NESTED)}, \
    {.name = text " by who has no power", .key = KEY(call, NONE)}
#define ABOVE_IT(call, text) {.name = text " by the owner's ancestor", .key = KEY(call, ABOVE)}

static const struct nst_feature features[] = {
    POWERS(UNSHARE, "unshare"), POWERS(SETNS, "setns"), POWERS(CLONE, "clone"),
    POWERS(CHROOT, "chroot"), POWERS(MOUNT, "mount"), POWERS(UMOUNT2, "umount2"),
    POWERS(PIVOT_ROOT, "pivot_root"), POWERS(OPEN_TREE, "open_tree"),
    POWERS(OPEN_TREE_ATTR, "open_tree_attr"), POWERS(MOVE_MOUNT, "move_mount"),
    POWERS(FSOPEN, "fsopen"), POWERS(FSMOUNT, "fsmount"), POWERS(FSPICK, "fspick"),
    POWERS(MOUNT_SETATTR, "mount_setattr"),
    ABOVE_IT(MOUNT, "mount"), ABOVE_IT(UMOUNT2, "umount2"), ABOVE_IT(OPEN_TREE, "open_tree"),
    ABOVE_IT(MOVE_MOUNT, "move_mount"), ABOVE_IT(MOUNT_SETATTR, "mount_setattr"),
    ABOVE_IT(UNSHARE, "unshare"),
    {.name = "a locked mount isn't unmounted", .key = LOCK(LOCKED_UMOUNT)},
    {.name = "a locked flag isn't cleared", .key = LOCK(LOCKED_FLAG)},
    {.name = "a bind that would reveal what a locked mount hides is refused",
     .key = LOCK(LOCKED_BIND)},
};
/* clang-format on */

bool nst_standing_of(const struct nst_trace *trace, size_t at, enum nst_standing *ret_standing)
{
    const struct nst_step *step = &trace->step[at];
    const struct nst_ns_view *view = nst_view_of(step->before, step->ns);
    uint64_t first = trace->step[0].user;

    if (!view || !view->owner || !step->user || !first)
        return false;
    if (step->user == view->owner)
        *ret_standing = step->user == first ? OWN : NESTED;
    else
        *ret_standing = step->user == first ? ABOVE : NONE;
    return true;
}

static bool has_child(const struct nst_table *table, const struct nst_mount *mount)
{
    for (size_t i = 0; i < table->len; i++)
        if (table->mount[i].parent_id == mount->id && &table->mount[i] != mount)
            return true;
    return false;
}

/* A nested owner is refused what a more privileged namespace locked. */
static uint64_t lock_of(const struct nst_trace *trace, size_t at)
{
    const struct nst_step *step = &trace->step[at];
    const struct nst_ns_view *view = nst_actor_view(trace, at);
    const struct nst_call *call = step->call;
    uint64_t flags = call->arg[3].num;
    const struct nst_mount *mount;
    const char *rest;

    if (!view || step->kind != NST_ANSWER_ERROR)
        return 0;
    if (call->id == NST_CALL_UMOUNT2 && step->error == EINVAL &&
        !(call->arg[1].num & ~(uint64_t)(MNT_DETACH | UMOUNT_NOFOLLOW)))
        return (mount = nst_mount_at(&view->table, call->arg[0].str, &rest)) && !*rest &&
                       mount->parent_id != mount->id &&
                       nst_table_find(&view->table, mount->parent_id)
                   ? LOCKED_UMOUNT
                   : 0;
    if (step->error == EPERM &&
        ((call->id == NST_CALL_MOUNT && flags & MS_REMOUNT && flags & MS_BIND) ||
         call->id == NST_CALL_MOUNT_SETATTR))
        return LOCKED_FLAG;
    if (call->id == NST_CALL_MOUNT && step->error == EINVAL && flags & MS_BIND &&
        !(flags & MS_REC) && (mount = nst_mount_at(&view->table, call->arg[0].str, &rest)) &&
        !mount->unbindable && has_child(&view->table, mount))
        return LOCKED_BIND;
    return 0;
}

static void look(const struct nst_trace *trace, size_t at, const struct nst_feature_group *group,
                 struct nst_coverage *coverage)
{
    const struct nst_step *step = &trace->step[at];
    enum nst_standing standing;

    if (!nst_standing_of(trace, at, &standing))
        return;
    if (standing == NONE || nst_step_succeeded(step))
        nst_coverage_hit(coverage, group, (uint64_t)step->call->id << 8 | standing);
    if (standing == NESTED)
        nst_coverage_hit(coverage, group, LOCK(lock_of(trace, at)));
}

const struct nst_feature_group nst_group_privilege = {
    .name = "privilege",
    .about = "who has which power over the namespace that a call acts in",
    .source = "mount_namespaces(7), Restrictions; user_namespaces(7)",
    NST_FEATURES(features),
    .look = look,
};

/* ---- holds ---- */

enum holder { OWN_CWD, OTHER_CWD, A_ROOT, OWN_FD, OTHER_FD, CHILD, REPLICA, NOTHING };
enum way { REFUSED, DETACHED, TAKEN };

#define HELD(holder, way) ((uint64_t)(holder) << 4 | (way))
/* clang-format off */
#define HOLDS(text, holder) \
    {.name = "EBUSY: " text, .key = HELD(holder, REFUSED)}, \
    {.name = "detached: " text, .key = HELD(holder, DETACHED)}

static const struct nst_feature holds[] = {
    HOLDS("its own working directory", OWN_CWD), HOLDS("another's working directory", OTHER_CWD),
    HOLDS("a root", A_ROOT), HOLDS("its own descriptor", OWN_FD),
    HOLDS("another's descriptor", OTHER_FD), HOLDS("a mount on it", CHILD),
    {.name = "EBUSY: a replica that is in use", .key = HELD(REPLICA, REFUSED)},
    {.name = "unmounted while nothing holds it", .key = HELD(NOTHING, TAKEN)},
};
/* clang-format on */

static enum holder holder_of(const struct nst_step *step, const struct nst_mount *mount)
{
    for (size_t i = 0; i < step->holds; i++) {
        const struct nst_hold *hold = &step->hold[i];
        bool own = hold->actor == step->call->actor;

        if (hold->mount != mount->id)
            continue;
        if (hold->kind == NST_HOLD_CWD)
            return own ? OWN_CWD : OTHER_CWD;
        if (hold->kind == NST_HOLD_FD)
            return own ? OWN_FD : OTHER_FD;
        return A_ROOT;
    }
    return NOTHING;
}

static void look_holds(const struct nst_trace *trace, size_t at,
                       const struct nst_feature_group *group, struct nst_coverage *coverage)
{
    const struct nst_step *step = &trace->step[at];
    const struct nst_ns_view *view = nst_actor_view(trace, at);
    const struct nst_mount *mount;
    enum holder holder;
    const char *rest;
    bool busy = step->kind == NST_ANSWER_ERROR && step->error == EBUSY;

    if (!view || step->call->id != NST_CALL_UMOUNT2 || (!busy && !nst_step_succeeded(step)) ||
        !(mount = nst_mount_at(&view->table, step->call->arg[0].str, &rest)))
        return;
    holder = holder_of(step, mount);
    if (holder == NOTHING && has_child(&view->table, mount))
        holder = CHILD;
    if (holder == NOTHING && busy)
        holder = REPLICA;
    nst_coverage_hit(coverage, group,
                     HELD(holder, busy                                  ? REFUSED
                                  : step->call->arg[1].num & MNT_DETACH ? DETACHED
                                                                        : TAKEN));
}

const struct nst_feature_group nst_group_holds = {
    .name = "holds",
    .about = "what keeps a mount in use when it is unmounted",
    .source = "umount(2), EBUSY and MNT_DETACH",
    NST_FEATURES(holds),
    .look = look_holds,
};
