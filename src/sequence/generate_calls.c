/* Calls whose arguments depend on each other; mount is in generate_recipes.c. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "generate.h"

#define LEN(array) (sizeof(array) / sizeof(array)[0])

enum { LIST_ATTRS = 43 }; /* of nst_world_drops() */
enum { EMPTY_PATH = 0x1000, TREE_CLONE = 1, RECURSIVE = 0x8000, IDMAP = 0x100000 };
enum { SET_GROUP = 0x100, BENEATH = 0x200, NEWNS = 0x20000, NEWUSER = 0x10000000 };
enum {
    CONFIG_FLAG,
    CONFIG_STRING,
    CONFIG_BINARY,
    CONFIG_PATH,
    CONFIG_PATH_EMPTY,
    CONFIG_FD,
    CONFIG_CREATE,
    CONFIG_RECONFIGURE,
    CONFIG_CREATE_EXCL,
    CONFIG_UNKNOWN
};

static uint64_t below(struct nst_random *random, size_t n)
{
    return nst_random_below(random, n);
}

static const char *path(struct nst_random *random, struct nst_world *world, size_t index,
                        enum nst_want want, size_t arg)
{
    return nst_world_draw_path(random, world, index, want, world->text[arg],
                               sizeof world->text[arg]);
}

static void draw_all(struct nst_random *random, struct nst_world *world, size_t index,
                     struct nst_call *call)
{
    for (size_t i = 0; i < nst_calls[call->id].args; i++)
        nst_world_draw_arg(random, world, index, call, i);
}

/* A value that isn't text: bytes, of which there are as many as aux says; a path; a descriptor. */
static void draw_other_value(struct nst_random *random, struct nst_world *world, size_t index,
                             struct nst_call *call)
{
    static const char *const keys[] = {"ro", "rw", "source", "mode", "nope"};
    struct nst_world_actor *actor = &world->actor[index];

    call->arg[1].num = CONFIG_BINARY + below(random, CONFIG_CREATE - CONFIG_BINARY);
    call->arg[2].str = keys[below(random, LEN(keys))];
    call->arg[3].str = "1M";
    call->arg[4].num = 2;
    if (call->arg[1].num == CONFIG_FD)
        call->arg[3].str = NULL;
    else if (call->arg[1].num != CONFIG_BINARY)
        call->arg[3].str = path(random, world, index, NST_WANT_ANY, 3);
    if (call->arg[1].num != CONFIG_BINARY)
        call->arg[4].num = call->arg[1].num == CONFIG_FD || !below(random, 3)
                               ? nst_world_draw_fd(random, actor, ~0U)
                               : NST_AT_FDCWD;
}

/* Something is set, then the file system is made; one that is mounted is reconfigured. */
static void draw_fsconfig(struct nst_random *random, struct nst_world *world, size_t index,
                          struct nst_call *call)
{
    static const char *const pairs[][2] = {
        {"size", "1M"}, {"mode", "0700"}, {"source", "none"}, {"ro", NULL}, {"nope", "1"}};
    const struct nst_world_fd *fd = world->actor[index].fd;
    size_t pair = below(random, LEN(pairs));
    bool picked;

    draw_all(random, world, index, call);
    if (nst_world_rarely(random, world, 16)) {
        if (below(random, 3) == 2)
            call->arg[1].num = CONFIG_UNKNOWN;
        return;
    }
    picked = call->arg[0].num < NST_WORLD_FDS && fd[call->arg[0].num].kind == NST_FD_PICKED;
    call->arg[1].num = picked                   ? CONFIG_RECONFIGURE
                       : below(random, 12) < 11 ? CONFIG_CREATE
                                                : CONFIG_CREATE_EXCL;
    call->arg[2].str = call->arg[3].str = NULL;
    call->arg[4].num = 0;
    if (below(random, 3))
        return;
    if (nst_world_rarely(random, world, 8)) {
        draw_other_value(random, world, index, call);
        return;
    }
    call->arg[1].num = pairs[pair][1] ? CONFIG_STRING : CONFIG_FLAG;
    call->arg[2].str = pairs[pair][0];
    call->arg[3].str = pairs[pair][1];
}

/* A mount that was never attached may be idmapped, by a user namespace below the file system's own:
 * mount_setattr(2). */
static void draw_idmap(struct nst_random *random, const struct nst_world_actor *actor,
                       struct nst_call *call)
{
    bool user = false, tree = false;

    for (size_t i = 3; i < NST_WORLD_FDS; i++) {
        if (actor->fd[i].kind == NST_FD_USER && (!user || actor->fd[i].of != actor->user))
            call->arg[6].num = i;
        user |= actor->fd[i].kind == NST_FD_USER;
        tree |= actor->fd[i].kind == NST_FD_TREE;
    }
    if (!user || below(random, tree || call->id == NST_CALL_OPEN_TREE_ATTR ? 2 : 8)) {
        call->arg[6].num = 0;
        return;
    }
    call->arg[3].num |= IDMAP;
    if (tree && call->id == NST_CALL_MOUNT_SETATTR)
        call->arg[0].num = nst_world_draw_fd(random, actor, 1u << NST_FD_TREE);
}

/* Sets and clears that agree with each other: mount_setattr(2) wants MOUNT_ATTR__ATIME cleared
 * where one of its values is set. */
static void draw_attr(struct nst_random *random, struct nst_world *world, size_t index,
                      struct nst_call *call)
{
    static const uint64_t pairs[][2] = {
        {0, 0},    {1, 0},        {0, 1},        {2, 0},       {4, 0},
        {8, 0},    {0, 8},        {0x10, 0x70},  {0x20, 0x70}, {0, 0x70},
        {0x80, 0}, {0x200000, 0}, {0, 0x200000}, {1 | 2, 4},   {0, 1 | 2 | 4 | 8}};
    const struct nst_world_actor *actor = &world->actor[index];
    size_t pair = below(random, LEN(pairs));

    draw_all(random, world, index, call);
    if (nst_world_rarely(random, world, 12))
        return;
    if (nst_world_drops(world, LIST_ATTRS, pair))
        pair = below(random, LEN(pairs));
    call->arg[3].num = pairs[pair][0];
    call->arg[4].num = pairs[pair][1];
    call->arg[6].num = 0;
    if (!pair && !call->arg[5].num)
        call->arg[5].num = below(random, 2) ? MS_SHARED : MS_SLAVE;
    draw_idmap(random, actor, call);
}

static void draw_open_tree(struct nst_random *random, struct nst_call *call)
{
    if (!(call->arg[2].num & TREE_CLONE) && below(random, 8))
        call->arg[2].num &= ~(uint64_t)RECURSIVE;
    if (call->id == NST_CALL_OPEN_TREE_ATTR && below(random, 8))
        call->arg[2].num |= TREE_CLONE;
}

/* A tree by its descriptor, or a mount by its path; to a path. */
static void draw_move_mount(struct nst_random *random, struct nst_world *world, size_t index,
                            struct nst_call *call)
{
    const struct nst_world_actor *actor = &world->actor[index];
    bool moved = nst_world_has_mount(world, actor, NST_WANT_MOVED), tree = false;

    for (size_t i = 3; i < NST_WORLD_FDS; i++)
        tree |= actor->fd[i].kind == NST_FD_TREE;
    draw_all(random, world, index, call);
    if (nst_world_rarely(random, world, 12))
        return;
    call->arg[2].num = NST_AT_FDCWD;
    call->arg[0].num = tree && (!moved || below(random, 4))
                           ? nst_world_draw_fd(random, actor, 1u << NST_FD_TREE)
                           : NST_AT_FDCWD;
    if (call->arg[4].num == SET_GROUP) {
        if (nst_world_draw_pair(random, world, actor, world->text[1], world->text[3],
                                sizeof world->text[1])) {
            call->arg[0].num = NST_AT_FDCWD;
            call->arg[1].str = world->text[1];
            call->arg[3].str = world->text[3];
        } else {
            call->arg[4].num = 0;
        }
    } else if (call->arg[4].num == BENEATH) {
        call->arg[3].str = path(random, world, index, NST_WANT_OTHER, 3);
    }
}

/* put_old lies at or below new_root: pivot_root(2). */
static void draw_pivot(struct nst_random *random, struct nst_world *world, size_t index,
                       struct nst_call *call)
{
    static const char *const below_it[] = {"", "/a", "/x", ""};
    const char *new_root =
        path(random, world, index, below(random, 4) ? NST_WANT_PIVOT : NST_WANT_DIR, 0);

    call->arg[0].str = new_root;
    call->arg[1].str = world->text[1];
    if (nst_world_rarely(random, world, 12))
        call->arg[1].str = path(random, world, index, NST_WANT_DIR, 1);
    else
        snprintf(world->text[1], sizeof world->text[1], "%s%s",
                 *new_root && new_root[1] ? new_root : "", below_it[below(random, LEN(below_it))]);
    if (!*call->arg[1].str)
        call->arg[1].str = "/";
}

/* Descriptors that stand for themselves: the path behind is empty, and the flags say so. */
static void draw_empty_paths(struct nst_random *random, struct nst_call *call)
{
    const struct nst_call_type *type = &nst_calls[call->id];

    for (size_t i = 0; i + 1 < type->args; i++) {
        if (type->arg[i].kind != NST_ARG_FD || type->arg[i + 1].kind != NST_ARG_PATH ||
            call->arg[i].num == NST_AT_FDCWD || below(random, 8) == 7)
            continue;
        call->arg[i + 1].str = "";
        if (call->id == NST_CALL_MOVE_MOUNT)
            call->arg[4].num |= i ? 0x40 : 4; /* MOVE_MOUNT_T_EMPTY_PATH, F_EMPTY_PATH */
        else if (call->id == NST_CALL_FSPICK)
            call->arg[2].num |= 8; /* FSPICK_EMPTY_PATH */
        else if (call->id != NST_CALL_OPENAT && call->id != NST_CALL_MKDIRAT &&
                 call->id != NST_CALL_UNLINKAT)
            call->arg[2].num |= EMPTY_PATH;
        else
            call->arg[i + 1].str = "x";
    }
}

/* A namespace's file is opened for reading, a file that isn't there is made. */
static void draw_open(struct nst_random *random, struct nst_world *world, size_t index,
                      struct nst_call *call)
{
    size_t at = call->id == NST_CALL_OPENAT;
    struct nst_arg *flags = &call->arg[at + 1];

    if (call->arg[at].str && strstr(call->arg[at].str, "/ns/")) {
        if (!nst_world_rarely(random, world, 8))
            flags->num = O_RDONLY | O_CLOEXEC;
    } else if (flags->num & O_CREAT && !nst_world_rarely(random, world, 8)) {
        call->arg[at].str =
            path(random, world, index, below(random, 4) ? NST_WANT_NEW_FILE : NST_WANT_FILE, at);
        if (at)
            call->arg[0].num = NST_AT_FDCWD;
    }
    if (!(flags->num & O_CREAT))
        call->arg[at + 2].num = 0;
}

/* A link that leads to itself is one that nobody can follow. */
static void draw_symlink(struct nst_random *random, struct nst_call *call)
{
    if (below(random, 3) == 2)
        call->arg[0].str = call->arg[1].str;
}

static void draw_unlinkat(struct nst_random *random, struct nst_world *world, size_t index,
                          struct nst_call *call)
{
    if (call->arg[2].num || nst_world_rarely(random, world, 8))
        return;
    call->arg[0].num = NST_AT_FDCWD;
    call->arg[1].str = path(random, world, index, NST_WANT_FILE, 1);
}

/* Whether descriptor FD is of another namespace than ACTOR's, and one that it may enter. */
static bool leads_on(const struct nst_world *world, const struct nst_world_actor *actor, size_t fd)
{
    uint8_t of = actor->fd[fd].of;

    if (actor->fd[fd].kind == NST_FD_USER)
        return of != actor->user && nst_world_is_above(world, actor->user, of);
    return actor->fd[fd].kind == NST_FD_NS && of != actor->ns &&
           nst_world_is_above(world, actor->user, world->ns[of].user);
}

/* As the descriptor's kind wants it. */
static void draw_setns(struct nst_random *random, struct nst_world *world, size_t index,
                       struct nst_call *call)
{
    const struct nst_world_actor *actor = &world->actor[index];
    uint64_t fd = call->arg[0].num, good[NST_WORLD_FDS];
    size_t len = 0;

    for (size_t i = 3; i < NST_WORLD_FDS; i++)
        if (leads_on(world, actor, i))
            good[len++] = i;
    if (fd >= NST_WORLD_FDS || nst_world_rarely(random, world, 8))
        return;
    if (len)
        call->arg[0].num = fd = good[below(random, len)];
    call->arg[1].num = world->actor[index].fd[fd].kind == NST_FD_USER ? NEWUSER : NEWNS;
    if (below(random, 4) == 3)
        call->arg[1].num = 0;
}

void nst_world_draw_args(struct nst_random *random, struct nst_world *world, size_t index,
                         struct nst_call *call)
{
    switch (call->id) {
    case NST_CALL_MOUNT:
        if (world->follow == NST_CALL_MOUNT)
            nst_world_draw_isolation(random, world, call);
        else
            nst_world_draw_mount(random, world, index, call);
        return;
    case NST_CALL_FSCONFIG:
        draw_fsconfig(random, world, index, call);
        return;
    case NST_CALL_PIVOT_ROOT:
        draw_pivot(random, world, index, call);
        return;
    case NST_CALL_MOUNT_SETATTR:
    case NST_CALL_OPEN_TREE_ATTR:
        draw_attr(random, world, index, call);
        break;
    case NST_CALL_MOVE_MOUNT:
        draw_move_mount(random, world, index, call);
        break;
    default:
        draw_all(random, world, index, call);
        break;
    }
    draw_empty_paths(random, call);
    if (call->id == NST_CALL_OPEN_TREE || call->id == NST_CALL_OPEN_TREE_ATTR)
        draw_open_tree(random, call);
    else if (call->id == NST_CALL_OPEN || call->id == NST_CALL_OPENAT)
        draw_open(random, world, index, call);
    else if (call->id == NST_CALL_SYMLINK)
        draw_symlink(random, call);
    else if (call->id == NST_CALL_UNLINKAT)
        draw_unlinkat(random, world, index, call);
    else if (call->id == NST_CALL_SETNS)
        draw_setns(random, world, index, call);
    else if (call->id == NST_CALL_CLONE3 && below(random, 8) < 7)
        call->arg[1].num = SIGCHLD;
    else if (call->id == NST_CALL_KILL && below(random, 4) < 3)
        call->arg[1].num = SIGKILL;
}
