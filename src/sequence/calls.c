/* The table of calls: one row a call, in strace's terms. Sources: the manual page of each call;
 * for open_tree_attr, fs/namespace.c of 6.15. */
#include <ns-tool/sequence.h>

#include "flags.h"

#define PATH(label)                                                                                \
    {                                                                                              \
        .kind = NST_ARG_PATH                                                                       \
    }
#define STRING(label)                                                                              \
    {                                                                                              \
        .kind = NST_ARG_STRING                                                                     \
    }
#define FLAGS(flags)                                                                               \
    {                                                                                              \
        .kind = NST_ARG_FLAGS, .set = &nst_flags_##flags                                           \
    }
#define ENUM(values)                                                                               \
    {                                                                                              \
        .kind = NST_ARG_ENUM, .set = &nst_enum_##values                                            \
    }
#define FD                                                                                         \
    {                                                                                              \
        .kind = NST_ARG_FD                                                                         \
    }
#define INT                                                                                        \
    {                                                                                              \
        .kind = NST_ARG_INT                                                                        \
    }
#define MODE                                                                                       \
    {                                                                                              \
        .kind = NST_ARG_MODE                                                                       \
    }
#define KERNEL(major, minor) .since = (major) << 8 | (minor)
/* struct mount_attr, and its size behind it */
#define MOUNT_ATTR                                                                                 \
    {.kind = NST_ARG_FLAGS, .set = &nst_flags_attr, .name = "attr_set", .opens = true},            \
        {.kind = NST_ARG_FLAGS, .set = &nst_flags_attr, .name = "attr_clr"},                       \
        {.kind = NST_ARG_FLAGS, .set = &nst_flags_propagation, .name = "propagation"},             \
        {.kind = NST_ARG_FD, .name = "userns_fd", .closes = true},                                 \
    {                                                                                              \
        .kind = NST_ARG_SIZE                                                                       \
    }

const struct nst_call_type nst_calls[NST_CALLS] = {
    [NST_CALL_UNSHARE] = {.name = "unshare", .args = 1, .arg = {FLAGS(clone)}},
    [NST_CALL_SETNS] = {.name = "setns", .args = 2, .arg = {FD, FLAGS(clone)}},
    [NST_CALL_CLONE] = {.name = "clone",
                        .returns = NST_RETURNS_ACTOR,
                        .args = 1,
                        .arg = {{.kind = NST_ARG_FLAGS,
                                 .set = &nst_flags_clone,
                                 .name = "flags",
                                 .silent = "child_stack=NULL, "}}},
    [NST_CALL_CLONE3] =
        {.name = "clone3",
         .returns = NST_RETURNS_ACTOR,
         KERNEL(5, 3),
         .args = 3,
         .arg = {{.kind = NST_ARG_FLAGS, .set = &nst_flags_clone, .name = "flags", .opens = true},
                 {.kind = NST_ARG_ENUM,
                  .set = &nst_enum_signal,
                  .name = "exit_signal",
                  .closes = true},
                 {.kind = NST_ARG_SIZE}}},
    [NST_CALL_FORK] = {.name = "fork", .returns = NST_RETURNS_ACTOR},
    [NST_CALL_VFORK] = {.name = "vfork", .returns = NST_RETURNS_ACTOR},
    [NST_CALL_EXIT_GROUP] = {.name = "exit_group",
                             .returns = NST_RETURNS_NEVER,
                             .args = 1,
                             .arg = {INT}},
    [NST_CALL_KILL] = {.name = "kill", .args = 2, .arg = {{.kind = NST_ARG_PID}, ENUM(signal)}},
    [NST_CALL_MKDIR] = {.name = "mkdir", .args = 2, .arg = {PATH(path), MODE}},
    [NST_CALL_MKDIRAT] = {.name = "mkdirat", .args = 3, .arg = {FD, PATH(path), MODE}},
    [NST_CALL_RMDIR] = {.name = "rmdir", .args = 1, .arg = {PATH(path)}},
    [NST_CALL_UNLINK] = {.name = "unlink", .args = 1, .arg = {PATH(path)}},
    [NST_CALL_UNLINKAT] = {.name = "unlinkat", .args = 3, .arg = {FD, PATH(path), FLAGS(unlink)}},
    [NST_CALL_SYMLINK] = {.name = "symlink", .args = 2, .arg = {PATH(target), PATH(linkpath)}},
    [NST_CALL_RENAME] = {.name = "rename", .args = 2, .arg = {PATH(oldpath), PATH(newpath)}},
    [NST_CALL_RENAMEAT2] = {.name = "renameat2",
                            .args = 5,
                            .arg = {FD, PATH(oldpath), FD, PATH(newpath), FLAGS(rename)}},
    [NST_CALL_OPEN] = {.name = "open",
                       .returns = NST_RETURNS_FD,
                       .args = 3,
                       .arg = {PATH(path), FLAGS(open), {.kind = NST_ARG_MODE, .optional = true}}},
    [NST_CALL_OPENAT] =
        {.name = "openat",
         .returns = NST_RETURNS_FD,
         .args = 4,
         .arg = {FD, PATH(path), FLAGS(open), {.kind = NST_ARG_MODE, .optional = true}}},
    [NST_CALL_CLOSE] = {.name = "close", .args = 1, .arg = {FD}},
    [NST_CALL_CHDIR] = {.name = "chdir", .args = 1, .arg = {PATH(path)}},
    [NST_CALL_FCHDIR] = {.name = "fchdir", .args = 1, .arg = {FD}},
    [NST_CALL_CHROOT] = {.name = "chroot", .args = 1, .arg = {PATH(path)}},
    [NST_CALL_MOUNT] = {.name = "mount",
                        .args = 5,
                        .arg = {STRING(source), PATH(target), STRING(type), FLAGS(mount),
                                STRING(data)}},
    [NST_CALL_UMOUNT2] = {.name = "umount2", .args = 2, .arg = {PATH(target), FLAGS(umount)}},
    [NST_CALL_PIVOT_ROOT] = {.name = "pivot_root",
                             .args = 2,
                             .arg = {PATH(new_root), PATH(put_old)}},
    [NST_CALL_OPEN_TREE] = {.name = "open_tree",
                            .returns = NST_RETURNS_FD,
                            KERNEL(5, 2),
                            .args = 3,
                            .arg = {FD, PATH(path), FLAGS(open_tree)}},
    [NST_CALL_OPEN_TREE_ATTR] = {.name = "open_tree_attr",
                                 .returns = NST_RETURNS_FD,
                                 KERNEL(6, 15),
                                 .args = 8,
                                 .arg = {FD, PATH(path), FLAGS(open_tree), MOUNT_ATTR}},
    [NST_CALL_MOVE_MOUNT] = {.name = "move_mount",
                             KERNEL(5, 2),
                             .args = 5,
                             .arg = {FD, PATH(from), FD, PATH(to), FLAGS(move_mount)}},
    [NST_CALL_FSOPEN] = {.name = "fsopen",
                         .returns = NST_RETURNS_FD,
                         KERNEL(5, 2),
                         .args = 2,
                         .arg = {STRING(type), FLAGS(fsopen)}},
    [NST_CALL_FSCONFIG] = {.name = "fsconfig",
                           KERNEL(5, 2),
                           .args = 5,
                           .arg = {FD, ENUM(fsconfig), STRING(key), STRING(value), INT}},
    [NST_CALL_FSMOUNT] = {.name = "fsmount",
                          .returns = NST_RETURNS_FD,
                          KERNEL(5, 2),
                          .args = 3,
                          .arg = {FD, FLAGS(fsmount), FLAGS(attr)}},
    [NST_CALL_FSPICK] = {.name = "fspick",
                         .returns = NST_RETURNS_FD,
                         KERNEL(5, 2),
                         .args = 3,
                         .arg = {FD, PATH(path), FLAGS(fspick)}},
    [NST_CALL_MOUNT_SETATTR] = {.name = "mount_setattr",
                                KERNEL(5, 12),
                                .args = 8,
                                .arg = {FD, PATH(path), FLAGS(setattr), MOUNT_ATTR}},
};
