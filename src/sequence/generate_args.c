/* Arguments: from short lists of the usual ones, the simplest first; sometimes any that have a
 * name; rarely any at all. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>

#include "flags.h"
#include "generate.h"

#define LEN(array) (sizeof(array) / sizeof(array)[0])

enum { NEWNS = 0x20000, NEWUSER = 0x10000000, NEWPID = 0x20000000, SHARE_FS = 0x200 };
enum { TREE_CLONE = 1, RECURSIVE = 0x8000, SET_GROUP = 0x100, BENEATH = 0x200 };

static uint64_t below(struct nst_random *random, size_t n)
{
    return nst_random_below(random, n);
}

bool nst_world_rarely(struct nst_random *random, const struct nst_world *world, size_t n)
{
    return world->steps && below(random, n) == n - 1;
}

/* One of the usual words, of LIST; sometimes any named bits; rarely any bit at all. */
static uint64_t draw_bits(struct nst_random *random, const struct nst_world *world, size_t list,
                          const struct nst_flag_set *set, const uint64_t *usual, size_t len)
{
    uint64_t how = below(random, 64), bits = 0, choice;

    if ((how < 60 || !world->steps) && len) {
        choice = below(random, world->steps ? len : (len + 1) / 2); /* the simplest come first */
        for (int i = 0; i < 4 && nst_world_drops(world, list, choice); i++)
            choice = below(random, world->steps ? len : (len + 1) / 2);
        return usual[choice];
    }
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
    {NST_CALL_CLONE3,
     &nst_flags_clone,
     6,
     {0, NEWNS, NEWUSER | NEWNS, NEWNS, NEWNS | SHARE_FS, NEWUSER | NEWNS}},
    {NST_CALL_CLONE,
     &nst_flags_clone,
     8,
     {SIGCHLD, NEWNS | SIGCHLD, NEWUSER | NEWNS | SIGCHLD, NEWNS | SIGCHLD, NEWPID | SIGCHLD,
      SHARE_FS | SIGCHLD, NEWNS | SHARE_FS | SIGCHLD, NEWUSER | SIGCHLD}},
    {NST_CALLS,
     &nst_flags_umount,
     8,
     {0, MNT_DETACH, 0, MNT_DETACH, UMOUNT_NOFOLLOW, MNT_DETACH | UMOUNT_NOFOLLOW, MNT_EXPIRE,
      MNT_FORCE}},
    {NST_CALLS,
     &nst_flags_open,
     7,
     {O_RDONLY, O_PATH, O_RDONLY | O_DIRECTORY, O_RDONLY | O_CLOEXEC, O_RDWR | O_CREAT,
      O_RDWR | O_CREAT | O_EXCL, O_RDWR | O_CREAT}},
    {NST_CALLS, &nst_flags_unlink, 4, {0x200, 0, 0x200, 0x200}},
    {NST_CALLS, &nst_flags_rename, 4, {0, 1, 2, 2}},
    {NST_CALLS,
     &nst_flags_open_tree,
     5,
     {TREE_CLONE, TREE_CLONE | RECURSIVE, 0, TREE_CLONE | O_CLOEXEC, TREE_CLONE | RECURSIVE}},
    {NST_CALLS, &nst_flags_move_mount, 8, {0, 0, 0, 1, BENEATH, SET_GROUP, 0, 0x10}},
    {NST_CALLS, &nst_flags_fsopen, 2, {0, 1}},
    {NST_CALLS, &nst_flags_fsmount, 2, {0, 1}},
    {NST_CALLS, &nst_flags_fspick, 3, {0, 1, 4}},
    {NST_CALLS, &nst_flags_attr, 10, {0, 0, 1, 2, 4, 8, 1 | 2, 0x10, 0x80, 0x200000}},
    {NST_CALLS, &nst_flags_propagation, 6, {0, 0, MS_PRIVATE, MS_SLAVE, MS_SHARED, MS_UNBINDABLE}},
    {NST_CALLS, &nst_flags_setattr, 3, {0, RECURSIVE, 0}},
};

static uint64_t draw_flags(struct nst_random *random, const struct nst_world *world,
                           enum nst_call_id id, const struct nst_flag_set *set)
{
    if (set == &nst_flags_clone && id != NST_CALL_SETNS && world->steps && below(random, 2) &&
        nst_world_favours(world, NST_SWARM_USERNS))
        return NEWUSER | NEWNS | (id == NST_CALL_CLONE ? SIGCHLD : 0);
    for (size_t i = 0; i < LEN(usual); i++)
        if (usual[i].set == set && (usual[i].id == id || usual[i].id == NST_CALLS))
            return draw_bits(random, world, i, set, usual[i].bits, usual[i].len);
    return draw_bits(random, world, 0, set, NULL, 0);
}

uint64_t nst_world_draw_fd(struct nst_random *random, const struct nst_world_actor *actor,
                           unsigned kinds)
{
    size_t len = 0;
    uint64_t fds[NST_WORLD_FDS];

    for (size_t i = 3; i < NST_WORLD_FDS; i++)
        if (actor->fd[i].kind && kinds & 1u << actor->fd[i].kind)
            fds[len++] = i;
    return len ? fds[below(random, len)] : 3 + below(random, 3);
}

enum { ANY_FD = 0x3fe }; /* all kinds but NST_FD_FREE */

static uint64_t draw_fd_arg(struct nst_random *random, const struct nst_world *world,
                            const struct nst_world_actor *actor, const struct nst_call *call,
                            size_t arg)
{
    static const unsigned kinds[NST_CALLS] = {
        [NST_CALL_SETNS] = 1u << NST_FD_NS | 1u << NST_FD_USER,
        [NST_CALL_FSCONFIG] = 1u << NST_FD_FS | 1u << NST_FD_PICKED,
        [NST_CALL_FSMOUNT] = 1u << NST_FD_MADE,
        [NST_CALL_FCHDIR] = 1u << NST_FD_DIR | 1u << NST_FD_MOUNT | 1u << NST_FD_TREE,
    };
    const unsigned directories = 1u << NST_FD_DIR | 1u << NST_FD_MOUNT | 1u << NST_FD_TREE;
    bool directory =
        arg + 1 < nst_calls[call->id].args && nst_calls[call->id].arg[arg + 1].kind == NST_ARG_PATH;

    if (nst_world_rarely(random, world, 16))
        return nst_world_draw_fd(random, actor, ANY_FD);
    if (call->id == NST_CALL_MOVE_MOUNT && !arg)
        return below(random, 5) == 4 ? NST_AT_FDCWD
                                     : nst_world_draw_fd(random, actor, 1u << NST_FD_TREE);
    if (directory) {
        for (size_t i = 3; i < NST_WORLD_FDS && below(random, 4) == 3; i++)
            if (directories >> actor->fd[i].kind & 1)
                return nst_world_draw_fd(random, actor, directories);
        return NST_AT_FDCWD;
    }
    if (nst_calls[call->id].arg[arg].name) /* userns_fd */
        return below(random, 16) == 15 ? nst_world_draw_fd(random, actor, 1u << NST_FD_USER) : 0;
    return nst_world_draw_fd(random, actor, kinds[call->id] ? kinds[call->id] : ANY_FD);
}

/* What each call wants its first path for; of those that need something else, see
 * generate_calls.c. */
static enum nst_want want_of(enum nst_call_id id)
{
    static const uint8_t wants[NST_CALLS] = {
        [NST_CALL_MKDIR] = NST_WANT_NEW,        [NST_CALL_MKDIRAT] = NST_WANT_NEW,
        [NST_CALL_SYMLINK] = NST_WANT_NEW,      [NST_CALL_RMDIR] = NST_WANT_MADE,
        [NST_CALL_RENAME] = NST_WANT_MADE,      [NST_CALL_RENAMEAT2] = NST_WANT_MADE,
        [NST_CALL_UNLINKAT] = NST_WANT_MADE,    [NST_CALL_UNLINK] = NST_WANT_FILE,
        [NST_CALL_OPEN] = NST_WANT_DIR,         [NST_CALL_OPENAT] = NST_WANT_DIR,
        [NST_CALL_CHDIR] = NST_WANT_DIR,        [NST_CALL_CHROOT] = NST_WANT_DIR,
        [NST_CALL_MOUNT] = NST_WANT_DIR,        [NST_CALL_UMOUNT2] = NST_WANT_LEAF,
        [NST_CALL_OPEN_TREE] = NST_WANT_SOURCE, [NST_CALL_OPEN_TREE_ATTR] = NST_WANT_SOURCE,
        [NST_CALL_FSPICK] = NST_WANT_OWN,       [NST_CALL_MOUNT_SETATTR] = NST_WANT_MOUNT,
        [NST_CALL_PIVOT_ROOT] = NST_WANT_MOUNT, [NST_CALL_MOVE_MOUNT] = NST_WANT_MOVED,
    };

    return (enum nst_want)wants[id];
}

/* One of LEN words, the simplest of which come first: those that make a call fail come last. */
static const char *draw_word(struct nst_random *random, const struct nst_world *world,
                             const char *const *words, size_t len)
{
    return words[below(random, world->steps ? len : (len + 1) / 2)];
}

static const char *draw_string(struct nst_random *random, const struct nst_world *world,
                               const struct nst_call *call, size_t arg)
{
    static const char *const sources[] = {"none", "tmpfs", "/a", "/b", "/mnt", "/a/a", "/"};
    static const char *const types[] = {"tmpfs", "tmpfs", "ramfs", "tmpfs",
                                        "proc",  "tmpfs", "tmpfs", "nope"};
    static const char *const data[] = {NULL, NULL, NULL, "size=1M", "mode=0700", NULL, "bad"};
    static const char *const keys[] = {"size", "mode", "source", "ro"};
    static const char *const values[] = {"1M", "0700", "none"};

    if (call->id == NST_CALL_FSCONFIG)
        return arg == 2 ? draw_word(random, world, keys, LEN(keys))
                        : draw_word(random, world, values, LEN(values));
    if (call->id == NST_CALL_FSOPEN || arg == 2)
        return draw_word(random, world, types, LEN(types));
    return arg ? draw_word(random, world, data, LEN(data))
               : draw_word(random, world, sources, LEN(sources));
}

static const char *draw_path_arg(struct nst_random *random, struct nst_world *world, size_t index,
                                 const struct nst_call *call, size_t arg)
{
    enum nst_want want = want_of(call->id);
    bool opens = call->id == NST_CALL_OPEN || call->id == NST_CALL_OPENAT;
    bool enters = opens || call->id == NST_CALL_CHDIR;
    bool files = nst_world_favours(world, NST_SWARM_NAMESPACE_FILES);
    bool busy = nst_world_favours(world, NST_SWARM_BUSY);

    if (opens && below(random, 8) < (files ? 6 : busy ? 1 : 2))
        return nst_world_draw_ns_file(random, world, world->text[arg], sizeof world->text[arg]);
    if (call->id == NST_CALL_SYMLINK && !arg)
        want = NST_WANT_ANY;
    else if ((call->id == NST_CALL_RENAME && arg == 1) ||
             (call->id == NST_CALL_RENAMEAT2 && arg == 3))
        want = below(random, 3) ? NST_WANT_NEW : NST_WANT_MADE;
    else if (call->id == NST_CALL_MOVE_MOUNT && arg == 3)
        want = NST_WANT_DIR;
    else if (call->id == NST_CALL_UMOUNT2 && below(random, busy ? 2 : 4) == 1)
        want = NST_WANT_OTHER;
    else if (enters && busy && below(random, 4))
        want = NST_WANT_MOUNT;
    return nst_world_draw_path(random, world, index, want, world->text[arg],
                               sizeof world->text[arg]);
}

void nst_world_draw_arg(struct nst_random *random, struct nst_world *world, size_t index,
                        struct nst_call *call, size_t arg)
{
    const struct nst_arg_type *type = &nst_calls[call->id].arg[arg];
    struct nst_arg *out = &call->arg[arg];

    switch (type->kind) {
    case NST_ARG_PATH:
        out->str = draw_path_arg(random, world, index, call, arg);
        break;
    case NST_ARG_STRING:
        out->str = draw_string(random, world, call, arg);
        break;
    case NST_ARG_FLAGS:
        out->num = draw_flags(random, world, call->id, type->set);
        break;
    case NST_ARG_ENUM: /* never SIGSTOP, whose target's next call would wait for ever */
        do
            out->num = type->set->flag[below(random, type->set->len)].value;
        while (type->set == &nst_enum_signal && out->num == SIGSTOP);
        break;
    case NST_ARG_FD:
        out->num = draw_fd_arg(random, world, &world->actor[index], call, arg);
        break;
    case NST_ARG_PID:
        out->num = world->actor[below(random, world->actors)].name;
        break;
    case NST_ARG_INT:
        out->num = below(random, 2);
        break;
    case NST_ARG_MODE:
        out->num = below(random, 8) == 7 ? 0700 : type->optional ? 0644 : 0755;
        break;
    case NST_ARG_SIZE:
    case NST_ARG_NONE:
        break;
    }
}
