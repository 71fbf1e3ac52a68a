/* Option strings of mount, keys and values of fsconfig, for tmpfs, ramfs, overlay and proc, in a
 * namespace that must be isolated; /c is a tmpfs that an overlay may write to. */
#include "fuzz.h"

static const struct nst_fuzz_target target = {
    .name = "fuzz_mount_options",
    .setup = "1 unshare(CLONE_NEWNS)\n"
             "1 mount(\"none\", \"/\", NULL, MS_REC|MS_PRIVATE, NULL)\n"
             "1 mount(\"tmpfs\", \"/c\", \"tmpfs\", 0, NULL)\n"
             "1 mkdir(\"/c/u\", 0755)\n"
             "1 mkdir(\"/c/w\", 0755)\n",
    .intent = NST_INTENT_ALWAYS,
    .generator = {.max_calls = 6,
                  .weight = {[NST_CALL_MOUNT] = 8,
                             [NST_CALL_UMOUNT2] = 2,
                             [NST_CALL_FSOPEN] = 4,
                             [NST_CALL_FSCONFIG] = 8,
                             [NST_CALL_FSMOUNT] = 3,
                             [NST_CALL_FSPICK] = 3,
                             [NST_CALL_MOVE_MOUNT] = 3,
                             [NST_CALL_MOUNT_SETATTR] = 1}},
    .weight = {[NST_FUZZ_BYTES] = 2,
               [NST_FUZZ_CALLS] = 3,
               [NST_FUZZ_SPLICE] = 2,
               [NST_FUZZ_FLAGS] = 1,
               [NST_FUZZ_OPTIONS] = 10},
};

NST_FUZZ_SEQUENCES(target)
