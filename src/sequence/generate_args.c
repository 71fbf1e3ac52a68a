/* Arguments: from short lists of the usual ones, the simplest first; sometimes any that have a
 * name; rarely any at all. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "flags.h"
#include "generate.h"

#define LEN(array) (sizeof(array) / sizeof(array)[0])

enum { NEWNS = 0x20000, NEWUSER = 0x10000000, NEWPID = 0x20000000, SHARE_FS = 0x200 };
enum { TREE_CLONE = 1, RECURSIVE = 0x8000, EMPTY_PATH = 0x1000 };
enum { CONFIG_FLAG, CONFIG_STRING, CONFIG_FD = 5, CONFIG_CREATE, CONFIG_RECONFIGURE };

/* The tree in which every case starts; what stands twice is drawn more often. */
static const char *const paths[] = {"/mnt", "/a",   "/b",   "/",    "/a/a", "/a/b",
                                    "/b/a", "/c",   "/d",   "/tmp", "/mnt", "/a",
                                    "/a/c", "/a/d", "/b/b", "/c/c", "/d/d", "/proc"};
static const char *const odd_paths[] = {".",     "..",   "",     "a",     "/a/",
                                        "/a/..", "../a", "/a/f", "/nope", "/a/../b"};
static const char *const fresh_paths[] = {"/mnt/x", "/a/x", "/tmp/x", "/b/x", "/mnt/x/x"};

int nst_world_fresh(const char *path)
{
    for (size_t i = 0; i < LEN(fresh_paths); i++)
        if (!strcmp(path, fresh_paths[i]))
            return (int)i;
    return -1;
}

static uint64_t below(struct nst_random *random, size_t n)
{
    return nst_random_below(random, n);
}

/* One time in N. */
static bool rarely(struct nst_random *random, size_t n)
{
    return below(random, n) == n - 1;
}

static uint64_t draw_bits(struct nst_random *random, const struct nst_flag_set *set,
                          const uint64_t *usual, size_t len)
{
    uint64_t how = below(random, 64), bits = 0;

    if (how < 56 && len)
        return usual[below(random, len)];
    for (uint64_t i = 1 + below(random, 3); i; i--)
        bits |= set->flag[below(random, set->len)].value;
    return how == 63 ? bits | UINT64_C(1) << below(random, 32) : bits;
}

/* Bits in the simplest order; for each call's flags where a row has them, else for the set. */
static const struct usual {
    enum nst_call_id id; /* NST_CALLS: any */
    const struct nst_flag_set *set;
    size_t len;
    uint64_t bits[10];
} usual[] = {
    {NST_CALL_UNSHARE,
     &nst_flags_clone,
     6,
     {NEWNS, NEWNS, NEWUSER | NEWNS, NEWNS, SHARE_FS, NEWUSER}},
    {NST_CALL_SETNS, &nst_flags_clone, 3, {0, NEWNS, NEWNS}},
    {NST_CALL_CLONE3, &nst_flags_clone, 4, {0, NEWNS, NEWUSER | NEWNS, NEWNS}},
    {NST_CALL_CLONE,
     &nst_flags_clone,
     6,
     {SIGCHLD, NEWNS | SIGCHLD, NEWUSER | NEWNS | SIGCHLD, NEWNS | SIGCHLD, NEWPID | SIGCHLD,
      SHARE_FS | SIGCHLD}},
    {NST_CALLS,
     &nst_flags_umount,
     8,
     {0, MNT_DETACH, 0, MNT_DETACH, UMOUNT_NOFOLLOW, MNT_DETACH | UMOUNT_NOFOLLOW, MNT_EXPIRE,
      MNT_FORCE}},
    {NST_CALLS,
     &nst_flags_open,
     5,
     {O_RDONLY, O_PATH, O_RDONLY | O_DIRECTORY, O_RDONLY | O_CLOEXEC, O_RDWR | O_CREAT}},
    {NST_CALLS, &nst_flags_unlink, 3, {0, 0x200, 0x200}},
    {NST_CALLS,
     &nst_flags_open_tree,
     5,
     {TREE_CLONE, TREE_CLONE | RECURSIVE, 0, TREE_CLONE | O_CLOEXEC, TREE_CLONE | RECURSIVE}},
    {NST_CALLS, &nst_flags_move_mount, 6, {0, 0, 0, 1, 0x200, 0x100}},
    {NST_CALLS, &nst_flags_fsopen, 2, {0, 1}},
    {NST_CALLS, &nst_flags_fsmount, 2, {0, 1}},
    {NST_CALLS, &nst_flags_fspick, 3, {0, 1, 4}},
    {NST_CALLS, &nst_flags_attr, 10, {0, 0, 1, 2, 4, 8, 0x70, 0x10, 0x80, 0x200000}},
    {NST_CALLS, &nst_flags_propagation, 6, {0, 0, MS_PRIVATE, MS_SLAVE, MS_SHARED, MS_UNBINDABLE}},
    {NST_CALLS, &nst_flags_setattr, 3, {0, RECURSIVE, 0}},
};

static uint64_t draw_flags(struct nst_random *random, enum nst_call_id id,
                           const struct nst_flag_set *set)
{
    for (size_t i = 0; i < LEN(usual); i++)
        if (usual[i].set == set && (usual[i].id == id || usual[i].id == NST_CALLS))
            return draw_bits(random, set, usual[i].bits, usual[i].len);
    return draw_bits(random, set, NULL, 0);
}

/* A descriptor of one of the KINDS (a bit each), or a bad one where there is none. */
static uint64_t draw_fd(struct nst_random *random, const struct nst_world_actor *actor,
                        unsigned kinds)
{
    size_t len = 0;
    uint64_t fds[NST_WORLD_FDS];

    for (size_t i = 0; i < NST_WORLD_FDS; i++)
        if (actor->fd[i] && kinds & 1u << actor->fd[i])
            fds[len++] = i;
    return len ? fds[below(random, len)] : 3 + below(random, 3);
}

enum { ANY_FD = 0xfe }; /* all kinds but NST_FD_FREE */

static uint64_t draw_fd_arg(struct nst_random *random, const struct nst_world_actor *actor,
                            const struct nst_call *call, size_t arg)
{
    static const unsigned kinds[NST_CALLS] = {
        [NST_CALL_SETNS] = 1u << NST_FD_NS,
        [NST_CALL_FSCONFIG] = 1u << NST_FD_FS,
        [NST_CALL_FSMOUNT] = 1u << NST_FD_MADE,
        [NST_CALL_FCHDIR] = 1u << NST_FD_DIR | 1u << NST_FD_MOUNT,
    };
    bool directory =
        arg + 1 < nst_calls[call->id].args && nst_calls[call->id].arg[arg + 1].kind == NST_ARG_PATH;

    if (rarely(random, 32))
        return draw_fd(random, actor, ANY_FD);
    if (call->id == NST_CALL_MOVE_MOUNT && !arg)
        return rarely(random, 8) ? NST_AT_FDCWD : draw_fd(random, actor, 1u << NST_FD_MOUNT);
    if (directory)
        return rarely(random, 8) ? draw_fd(random, actor, 1u << NST_FD_DIR | 1u << NST_FD_MOUNT)
                                 : NST_AT_FDCWD;
    if (nst_calls[call->id].arg[arg].name) /* userns_fd */
        return rarely(random, 16) ? draw_fd(random, actor, 1u << NST_FD_NS) : 0;
    return draw_fd(random, actor, kinds[call->id] ? kinds[call->id] : ANY_FD);
}

static const char *draw_namespace(struct nst_random *random, const struct nst_world *world,
                                  char *text, size_t size)
{
    uint32_t name = world->actor[below(random, world->actors)].name;

    snprintf(text, size, "/proc/%u/ns/%s", name, rarely(random, 8) ? "user" : "mnt");
    return text;
}

static const char *draw_path(struct nst_random *random, struct nst_world *world, size_t index,
                             size_t arg, enum nst_call_id id)
{
    char *text = world->text[arg];
    uint64_t how = below(random, 32);
    bool adds = id == NST_CALL_MKDIR || id == NST_CALL_SYMLINK || id == NST_CALL_RMDIR;

    if (adds ? how < 24 : how < 8) { /* what mkdir added, or adds now */
        uint64_t fresh = below(random, LEN(fresh_paths));

        if (adds || world->fresh >> fresh & 1)
            return fresh_paths[fresh];
    }
    if (how < 28)
        return paths[below(random, LEN(paths))];
    if (how < 30)
        return odd_paths[below(random, LEN(odd_paths))];
    if (how == 30)
        return draw_namespace(random, world, text, sizeof world->text[arg]);
    snprintf(text, sizeof world->text[arg], "/proc/self/fd/%u",
             (unsigned)draw_fd(random, &world->actor[index], ANY_FD));
    return text;
}

static const char *draw_string(struct nst_random *random, const struct nst_call *call, size_t arg)
{
    static const char *const sources[] = {"none", "tmpfs", "/a", "/b", "/mnt", "/a/a", "/"};
    static const char *const types[] = {"tmpfs", "tmpfs", "ramfs", "proc", "tmpfs", "nope"};
    static const char *const data[] = {NULL, NULL, NULL, "size=1M", "mode=0700", "ro"};
    static const char *const keys[] = {"size", "mode", "source", "ro"};
    static const char *const values[] = {"1M", "0700", "none"};

    if (call->id == NST_CALL_FSCONFIG)
        return arg == 2 ? keys[below(random, LEN(keys))] : values[below(random, LEN(values))];
    if (call->id == NST_CALL_FSOPEN || arg == 2)
        return types[below(random, LEN(types))];
    return arg ? data[below(random, LEN(data))] : sources[below(random, LEN(sources))];
}

void nst_world_draw_arg(struct nst_random *random, struct nst_world *world, size_t index,
                        struct nst_call *call, size_t arg)
{
    const struct nst_arg_type *type = &nst_calls[call->id].arg[arg];
    struct nst_arg *out = &call->arg[arg];

    switch (type->kind) {
    case NST_ARG_PATH:
        if ((call->id == NST_CALL_OPEN || call->id == NST_CALL_OPENAT) && below(random, 2))
            out->str = draw_namespace(random, world, world->text[arg], sizeof world->text[arg]);
        else
            out->str = draw_path(random, world, index, arg, call->id);
        break;
    case NST_ARG_STRING:
        out->str = draw_string(random, call, arg);
        break;
    case NST_ARG_FLAGS:
        out->num = draw_flags(random, call->id, type->set);
        break;
    case NST_ARG_ENUM: /* never SIGSTOP, whose target's next call would wait for ever */
        do
            out->num = type->set->flag[below(random, type->set->len)].value;
        while (type->set == &nst_enum_signal && out->num == SIGSTOP);
        break;
    case NST_ARG_FD:
        out->num = draw_fd_arg(random, &world->actor[index], call, arg);
        break;
    case NST_ARG_PID:
        out->num = world->actor[below(random, world->actors)].name;
        break;
    case NST_ARG_INT:
        out->num = below(random, 2);
        break;
    case NST_ARG_MODE:
        out->num = rarely(random, 8) ? 0700 : type->optional ? 0644 : 0755;
        break;
    case NST_ARG_SIZE:
    case NST_ARG_NONE:
        break;
    }
}

/* What mount(2) can be asked for. A source or type of "?" is drawn, "/" is a path. */
static const struct recipe {
    const char *source, *type;
    uint64_t flags;
    bool recursive; /* MS_REC, half of the time */
    bool flagged;   /* with MS_RDONLY and its like, sometimes */
} recipes[] = {
    {"none", NULL, MS_PRIVATE, true, false},
    {"none", NULL, MS_SLAVE, true, false},
    {"none", NULL, MS_SHARED, true, false},
    {"tmpfs", "tmpfs", 0, false, true},
    {"/", NULL, MS_BIND, true, false},
    {"/", NULL, MS_BIND, true, false},
    {"tmpfs", "tmpfs", 0, false, true},
    {"none", NULL, MS_UNBINDABLE, true, false},
    {"/", NULL, MS_MOVE, false, false},
    {"none", NULL, MS_REMOUNT | MS_BIND, false, true},
    {"none", NULL, MS_REMOUNT, false, true},
    {"none", "?", 0, false, true},
    {"/", NULL, MS_BIND, true, false},
    {"@", NULL, MS_BIND, false, false}, /* a namespace's file */
};

static void draw_mount(struct nst_random *random, struct nst_world *world, size_t index,
                       struct nst_call *call)
{
    static const uint64_t attributes[] = {0,        0,         MS_RDONLY,  MS_NOSUID,
                                          MS_NODEV, MS_NOEXEC, MS_NOATIME, MS_NOSUID | MS_NODEV};
    const struct recipe *recipe = &recipes[below(random, LEN(recipes))];

    for (size_t i = 0; i < 5; i++)
        nst_world_draw_arg(random, world, index, call, i);
    if (rarely(random, 32))
        return;
    call->arg[2].str = recipe->type && *recipe->type == '?' ? call->arg[2].str : recipe->type;
    call->arg[3].num = recipe->flags;
    if (recipe->recursive && below(random, 2))
        call->arg[3].num |= MS_REC;
    if (recipe->flagged)
        call->arg[3].num |= attributes[below(random, LEN(attributes))];
    if (!recipe->type)
        call->arg[4].str = NULL;
    if (*recipe->source == '/')
        call->arg[0].str = draw_path(random, world, index, 0, call->id);
    else if (*recipe->source == '@')
        call->arg[0].str = draw_namespace(random, world, world->text[0], sizeof world->text[0]);
    else
        call->arg[0].str = recipe->source;
}

/* What a new namespace does first. */
static void draw_isolation(struct nst_random *random, struct nst_call *call)
{
    call->arg[0].str = "none";
    call->arg[1].str = "/";
    call->arg[3].num = MS_REC | (below(random, 2) ? MS_SLAVE : MS_PRIVATE);
}

static void draw_fsconfig(struct nst_random *random, struct nst_world *world, size_t index,
                          struct nst_call *call)
{
    static const uint64_t commands[] = {CONFIG_CREATE, CONFIG_CREATE, CONFIG_CREATE,
                                        CONFIG_STRING, CONFIG_FLAG,   CONFIG_RECONFIGURE};

    for (size_t i = 0; i < 5; i++)
        nst_world_draw_arg(random, world, index, call, i);
    if (rarely(random, 16))
        return;
    call->arg[1].num = commands[below(random, LEN(commands))];
    call->arg[4].num = 0;
    if (call->arg[1].num != CONFIG_STRING)
        call->arg[3].str = NULL;
    if (call->arg[1].num == CONFIG_FLAG)
        call->arg[2].str = "ro";
    else if (call->arg[1].num != CONFIG_STRING)
        call->arg[2].str = NULL;
}

/* Descriptors that stand for themselves: the path behind is empty, and the flags say so. */
static void draw_empty_paths(struct nst_random *random, struct nst_call *call)
{
    const struct nst_call_type *type = &nst_calls[call->id];

    for (size_t i = 0; i + 1 < type->args; i++) {
        if (type->arg[i].kind != NST_ARG_FD || type->arg[i + 1].kind != NST_ARG_PATH ||
            call->arg[i].num == NST_AT_FDCWD || rarely(random, 8))
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

void nst_world_draw_args(struct nst_random *random, struct nst_world *world, size_t index,
                         struct nst_call *call)
{
    if (call->id == NST_CALL_MOUNT && world->follow == NST_CALL_MOUNT) {
        draw_isolation(random, call);
    } else if (call->id == NST_CALL_MOUNT) {
        draw_mount(random, world, index, call);
    } else if (call->id == NST_CALL_FSCONFIG) {
        draw_fsconfig(random, world, index, call);
    } else {
        for (size_t i = 0; i < nst_calls[call->id].args; i++)
            nst_world_draw_arg(random, world, index, call, i);
        draw_empty_paths(random, call);
    }
    if (call->id == NST_CALL_CLONE3 && !rarely(random, 8))
        call->arg[1].num = SIGCHLD;
    if (call->id == NST_CALL_KILL && !rarely(random, 4))
        call->arg[1].num = SIGKILL;
    if (call->id == NST_CALL_OPEN || call->id == NST_CALL_OPENAT) {
        size_t at = call->id == NST_CALL_OPENAT;

        if (!(call->arg[at + 1].num & O_CREAT))
            call->arg[at + 2].num = 0;
        if (call->arg[at].str && strstr(call->arg[at].str, "/ns/") && !rarely(random, 8))
            call->arg[at + 1].num = O_RDONLY | O_CLOEXEC;
    }
}
