/* Paths of any bytes and lengths, directories that go from under a mount, links and loops, in a
 * namespace that must be isolated. */
#include "fuzz.h"

static const struct nst_fuzz_target target = {
    .name = "fuzz_mount_paths",
    .setup = "1 unshare(CLONE_NEWNS)\n"
             "1 mount(\"none\", \"/\", NULL, MS_REC|MS_PRIVATE, NULL)\n",
    .intent = NST_INTENT_ALWAYS,
    .generator = {.max_calls = 8,
                  .weight = {[NST_CALL_MKDIR] = 6,
                             [NST_CALL_MKDIRAT] = 1,
                             [NST_CALL_RMDIR] = 3,
                             [NST_CALL_UNLINK] = 1,
                             [NST_CALL_UNLINKAT] = 2,
                             [NST_CALL_SYMLINK] = 3,
                             [NST_CALL_RENAME] = 4,
                             [NST_CALL_RENAMEAT2] = 2,
                             [NST_CALL_CHDIR] = 2,
                             [NST_CALL_CHROOT] = 1,
                             [NST_CALL_UNSHARE] = 1,
                             [NST_CALL_CLONE] = 1,
                             [NST_CALL_FORK] = 1,
                             [NST_CALL_MOUNT] = 8,
                             [NST_CALL_UMOUNT2] = 4,
                             [NST_CALL_PIVOT_ROOT] = 1,
                             [NST_CALL_OPEN_TREE] = 2,
                             [NST_CALL_MOVE_MOUNT] = 2}},
    .weight = {[NST_FUZZ_BYTES] = 2,
               [NST_FUZZ_CALLS] = 3,
               [NST_FUZZ_SPLICE] = 2,
               [NST_FUZZ_PATHS] = 6,
               [NST_FUZZ_RENAME] = 4,
               [NST_FUZZ_PLACE] = 3},
};

NST_FUZZ_SEQUENCES(target)
