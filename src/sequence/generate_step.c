/* What a call does to what is mounted. Those that plainly fail do nothing. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "generate.h"

enum { NEWNS = 0x20000, NEWUSER = 0x10000000, TREE_CLONE = 1, RECURSIVE = 0x8000 };
enum { FROM_EMPTY = 4, SET_GROUP = 0x100, BENEATH = 0x200 };

static struct nst_world_ns *ns_of(struct nst_world *world, const struct nst_world_actor *actor)
{
    return &world->ns[actor->ns];
}

/* The mount whose root PATH is, or NST_WORLD_NOBODY. */
static uint8_t mount_at(struct nst_world *world, const struct nst_world_actor *actor,
                        const char *path)
{
    char whole[NST_WORLD_POINT];
    const char *rest;

    if (!path || !nst_world_path(actor, path, whole))
        return NST_WORLD_NOBODY;

    uint8_t at = nst_world_resolve(ns_of(world, actor), whole, &rest);

    return *rest ? NST_WORLD_NOBODY : at;
}

static uint8_t group_of(const struct nst_world *world, uint8_t group, const void *but)
{
    for (size_t n = 0; n < world->namespaces; n++)
        for (size_t i = 0; i < world->ns[n].len; i++)
            if (world->ns[n].mount[i].live && &world->ns[n].mount[i] != but &&
                world->ns[n].mount[i].group == group)
                return group;
    return 0;
}

/* sharedsubtree, 2: the states of a mount; a slave whose peers are gone is private. */
static void change_one(struct nst_world *world, struct nst_world_mount *mount, uint64_t type)
{
    mount->unbindable = type == MS_UNBINDABLE;
    if (type == MS_SHARED) {
        if (!mount->group && !(mount->group = ++world->next_group))
            mount->group = world->next_group = 1;
        return;
    }
    if (type == MS_SLAVE && mount->group && group_of(world, mount->group, mount))
        mount->master = mount->group;
    else if (type != MS_SLAVE)
        mount->master = 0;
    mount->group = 0;
}

static void change(struct nst_world *world, const struct nst_world_actor *actor, const char *path,
                   uint64_t type, bool recursive)
{
    struct nst_world_ns *ns = ns_of(world, actor);
    uint8_t at = mount_at(world, actor, path);

    if (at == NST_WORLD_NOBODY)
        return;
    change_one(world, &ns->mount[at], type);
    for (uint8_t i = 0; recursive && i < ns->len; i++)
        if (ns->mount[i].live && i != at && nst_world_is_below(&ns->mount[i], ns->mount[at].point))
            change_one(world, &ns->mount[i], type);
}

/* The mount that a bind of PATH makes; what is on it comes along where RECURSIVE. */
static void bind(struct nst_world *world, const struct nst_world_actor *actor, const char *path,
                 const char *target, bool recursive)
{
    struct nst_world_ns *ns = ns_of(world, actor);
    char from[NST_WORLD_POINT], point[2 * NST_WORLD_POINT];
    struct nst_world_mount made;
    const char *rest;
    uint8_t at;

    if (!path || strstr(path, "/ns/") || !nst_world_path(actor, path, from)) {
        made = (struct nst_world_mount){.fs = nst_world_add_fs(world, NST_FS_FILE, actor->user)};
        nst_world_attach(world, ns, target, made);
        return;
    }
    at = nst_world_resolve(ns, from, &rest);
    made = ns->mount[at];
    if (made.unbindable || strlen(made.root) + strlen(rest) >= sizeof made.root)
        return;
    strcat(made.root, rest);
    made.locked = false;

    uint8_t top = nst_world_attach(world, ns, target, made);

    for (uint8_t i = 0; recursive && i < ns->len; i++) {
        const struct nst_world_mount *child = &ns->mount[i];

        if (!child->live || i == at || i == top || child->unbindable || child->parent != at ||
            !nst_world_is_below(child, from))
            continue;
        snprintf(point, sizeof point, "%s%s", target, child->point + strlen(from));
        if (strlen(point) < NST_WORLD_POINT)
            nst_world_attach(world, ns, point, *child);
    }
}

/* Mount AT, with all that is on it, moves to TARGET. */
static void move(struct nst_world *world, struct nst_world_ns *ns, uint8_t at, const char *target)
{
    const struct nst_world_mount top = ns->mount[at];
    size_t len = strlen(top.point);
    char point[2 * NST_WORLD_POINT];

    if (at == ns->root || top.locked || ns->mount[top.parent].group ||
        (!strncmp(target, top.point, len) && (!target[len] || target[len] == '/')))
        return;
    nst_world_detach(world, ns, at);

    uint8_t made = nst_world_attach(world, ns, target, top);

    for (uint8_t i = 0; made != NST_WORLD_NOBODY && i < ns->len; i++) {
        /* Slots keep what they held until they are used again. */
        struct nst_world_mount child = ns->mount[i];

        snprintf(point, sizeof point, "%s%s", target,
                 child.point + (strlen(child.point) > len ? len : 0));
        if (i != made && !child.live && child.parent == at && strlen(child.point) > len &&
            !strncmp(child.point, top.point, len) && strlen(point) < NST_WORLD_POINT)
            nst_world_attach(world, ns, point, child);
    }
}

static void step_mount(struct nst_world *world, const struct nst_world_actor *actor,
                       const struct nst_call *call)
{
    const uint64_t types = MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE;
    uint64_t flags = call->arg[3].num;
    char target[NST_WORLD_POINT];
    uint8_t at;

    if (!call->arg[1].str || !nst_world_path(actor, call->arg[1].str, target) || flags & MS_REMOUNT)
        return;
    if (flags & MS_BIND) {
        bind(world, actor, call->arg[0].str, target, flags & MS_REC);
    } else if (flags & types) {
        change(world, actor, call->arg[1].str, flags & types, flags & MS_REC);
    } else if (flags & MS_MOVE) {
        at = mount_at(world, actor, call->arg[0].str);
        if (at != NST_WORLD_NOBODY)
            move(world, ns_of(world, actor), at, target);
    } else if (call->arg[2].str && nst_world_has(world, ns_of(world, actor), target)) {
        bool proc = !strcmp(call->arg[2].str, "proc");

        if (proc || strstr(call->arg[2].str, "mfs"))
            nst_world_attach(
                world, ns_of(world, actor), target,
                (struct nst_world_mount){
                    .fs = nst_world_add_fs(world, proc ? NST_FS_PROC : NST_FS_DIRS, actor->user)});
    }
}

static void step_umount(struct nst_world *world, const struct nst_world_actor *actor,
                        const struct nst_call *call)
{
    struct nst_world_ns *ns = ns_of(world, actor);
    uint8_t at = mount_at(world, actor, call->arg[0].str);

    if (at == NST_WORLD_NOBODY || ns->mount[at].locked || call->arg[1].num & MNT_EXPIRE ||
        (nst_world_has_child(ns, at) && !(call->arg[1].num & MNT_DETACH)))
        return;
    nst_world_detach(world, ns, at);
}

static void step_pivot(struct nst_world *world, const struct nst_world_actor *actor,
                       const struct nst_call *call)
{
    struct nst_world_ns *ns = ns_of(world, actor);
    uint8_t at = mount_at(world, actor, call->arg[0].str), old = ns->root;
    char put_old[NST_WORLD_POINT], new_root[NST_WORLD_POINT], point[3 * NST_WORLD_POINT];

    if (at == NST_WORLD_NOBODY || at == old || *actor->root || ns->mount[old].group ||
        ns->mount[at].group || !call->arg[1].str ||
        !nst_world_path(actor, call->arg[1].str, put_old))
        return;
    strcpy(new_root, ns->mount[at].point);
    if (strncmp(put_old, new_root, strlen(new_root)) != 0)
        return;
    for (uint8_t i = 0; i < ns->len; i++) {
        struct nst_world_mount *mount = &ns->mount[i];
        bool inside = nst_world_is_below(mount, new_root) && i != old;

        snprintf(point, sizeof point, "%s%s", inside ? "" : put_old + strlen(new_root),
                 inside ? mount->point + strlen(new_root) : mount->point);
        if (mount->live && strlen(point) < NST_WORLD_POINT)
            mount->len = (uint8_t)strlen(strcpy(mount->point, point));
    }
    ns->mount[at].parent = ns->root = at;
    ns->mount[old].parent = at;
}

static void step_move_mount(struct nst_world *world, struct nst_world_actor *actor,
                            const struct nst_call *call)
{
    struct nst_world_ns *ns = ns_of(world, actor);
    uint64_t fd = call->arg[0].num, flags = call->arg[4].num;
    char target[NST_WORLD_POINT];
    uint8_t at;

    if (flags & SET_GROUP || call->arg[2].num != NST_AT_FDCWD || !call->arg[3].str ||
        !nst_world_path(actor, call->arg[3].str, target))
        return;
    if (fd == NST_AT_FDCWD) {
        at = mount_at(world, actor, call->arg[1].str);
        if (at != NST_WORLD_NOBODY)
            move(world, ns, at, target);
    } else if (fd < NST_WORLD_FDS && actor->fd[fd].kind == NST_FD_TREE &&
               (!(flags & BENEATH) ||
                mount_at(world, actor, call->arg[3].str) < NST_WORLD_MOUNTS)) {
        struct nst_world_mount mount = {.fs = actor->fd[fd].of};

        actor->fd[fd].kind = NST_FD_MOUNT;
        nst_world_attach(world, ns, target, mount);
    }
}

/* open with O_CREAT makes one. */
static void step_file(struct nst_world *world, const struct nst_world_actor *actor,
                      const char *path)
{
    char whole[NST_WORLD_POINT];

    if (path && nst_world_path(actor, path, whole))
        strcpy(world->file, whole);
}

/* mkdir makes a name, rmdir takes it away. */
static void step_name(struct nst_world *world, const struct nst_world_actor *actor,
                      const char *path, bool made)
{
    struct nst_world_ns *ns = ns_of(world, actor);
    char whole[2 * NST_WORLD_POINT], from[NST_WORLD_POINT];
    const char *rest;

    if (!path || !nst_world_path(actor, path, from))
        return;

    const struct nst_world_mount *mount = &ns->mount[nst_world_resolve(ns, from, &rest)];
    struct nst_world_fs *fs = &world->fs[mount->fs];

    snprintf(whole, sizeof whole, "%s%s", mount->root, rest);

    int name = nst_name_find(whole);

    if (name < 0 || fs->kind != NST_FS_DIRS)
        return;
    fs->has &= ~(UINT64_C(1) << name);
    fs->has |= (uint64_t)made << name;
}

/* Both at the working directory, as the generator has them. */
static void step_rename(struct nst_world *world, const struct nst_world_actor *actor,
                        const char *from, const char *to)
{
    step_name(world, actor, from, false);
    step_name(world, actor, to, true);
}

static void step_unshare(struct nst_world *world, struct nst_world_actor *actor, uint64_t flags)
{
    if (flags & NEWUSER && world->users < NST_WORLD_USERS && !*actor->root) {
        world->user_parent[world->users] = actor->user;
        actor->user = (uint8_t)world->users++;
    }
    if (flags & NEWNS)
        nst_world_unshare(world, actor);
}

static void step_setns(struct nst_world *world, struct nst_world_actor *actor, uint64_t fd)
{
    if (fd >= NST_WORLD_FDS)
        return;
    if (actor->fd[fd].kind == NST_FD_NS &&
        nst_world_is_above(world, actor->user, world->ns[actor->fd[fd].of].user)) {
        actor->ns = actor->fd[fd].of;
        actor->root[0] = '\0';
    } else if (actor->fd[fd].kind == NST_FD_USER &&
               nst_world_is_above(world, actor->user, actor->fd[fd].of)) {
        actor->user = actor->fd[fd].of;
    }
}

void nst_world_step_mounts(struct nst_world *world, struct nst_world_actor *actor,
                           const struct nst_call *call)
{
    const struct nst_arg *arg = call->arg;
    size_t at = call->id == NST_CALL_OPENAT;
    char root[NST_WORLD_POINT];

    if ((call->id == NST_CALL_OPEN || at) && arg[at + 1].num & O_CREAT)
        step_file(world, actor, arg[at].str);
    if (call->id == NST_CALL_UNSHARE)
        step_unshare(world, actor, arg[0].num);
    else if (call->id == NST_CALL_SETNS)
        step_setns(world, actor, arg[0].num);
    else if (call->id == NST_CALL_MKDIR || call->id == NST_CALL_RMDIR)
        step_name(world, actor, arg[0].str, call->id == NST_CALL_MKDIR);
    else if (call->id == NST_CALL_MKDIRAT && arg[0].num == NST_AT_FDCWD)
        step_name(world, actor, arg[1].str, true);
    else if (call->id == NST_CALL_OPEN && arg[1].num & O_CREAT)
        step_name(world, actor, arg[0].str, true);
    else if (call->id == NST_CALL_OPENAT && arg[2].num & O_CREAT && arg[0].num == NST_AT_FDCWD)
        step_name(world, actor, arg[1].str, true);
    else if (call->id == NST_CALL_UNLINK)
        step_name(world, actor, arg[0].str, false);
    else if (call->id == NST_CALL_RENAME || (call->id == NST_CALL_RENAMEAT2 && !arg[4].num))
        step_rename(world, actor, arg[call->id == NST_CALL_RENAMEAT2].str,
                    arg[call->id == NST_CALL_RENAMEAT2 ? 3 : 1].str);
    else if (call->id == NST_CALL_SYMLINK && arg[0].str && arg[0].str == arg[1].str &&
             nst_world_path(actor, arg[1].str, root))
        strcpy(world->loop, root);
    else if (call->id == NST_CALL_CHROOT && arg[0].str && nst_world_path(actor, arg[0].str, root))
        strcpy(actor->root, root);
    if (!nst_world_may_mount(world, actor))
        return;
    if (call->id == NST_CALL_MOUNT)
        step_mount(world, actor, call);
    else if (call->id == NST_CALL_UMOUNT2)
        step_umount(world, actor, call);
    else if (call->id == NST_CALL_PIVOT_ROOT)
        step_pivot(world, actor, call);
    else if (call->id == NST_CALL_MOVE_MOUNT)
        step_move_mount(world, actor, call);
    else if (call->id == NST_CALL_MOUNT_SETATTR && arg[0].num == NST_AT_FDCWD && arg[5].num)
        change(world, actor, arg[1].str, arg[5].num, arg[2].num & RECURSIVE);
}
