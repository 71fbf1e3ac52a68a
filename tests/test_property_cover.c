/* What a mount hides is never revealed to whoever may not unmount it. Every row that fails is a
 * mutant of one that passes. */
#include "trace_test.h"

#define UNSHARE "1 unshare(CLONE_NEWUSER|CLONE_NEWNS)\n"
#define CLONE "1 clone(child_stack=NULL, flags=CLONE_NEWNS|SIGCHLD) = 2\n"
#define UNSHARE_UMOUNT UNSHARE UMOUNT
#define BIND "1 mount(\"/\", \"/c\", NULL, MS_BIND, NULL)\n"
#define PIVOT "1 pivot_root(\"/d\", \"/d/d\")\n"
#define OTHER .owner = {7, 8, 8}
#define SAME .owner = {7, 7, 7}
#define P_A "22 20 0:32 / /a rw" FS
#define C_A "42 40 0:32 / /a rw" FS
#define C_A_IN_A "43 42 0:33 / /a/a rw" FS
#define C_C_BARE "44 40 0:30 / /c rw" FS
#define C_C_COVERED C_C_BARE "45 44 0:31 / /c/b rw" FS
#define P_NS "22 20 0:4 mnt:[4026531841] /a rw - nsfs nsfs rw\n"

/* What is known to be locked comes from two steps, of which the last one is judged. */
#define HIDDEN(c, to)                                                                              \
    .property = "cover", .calls = UNSHARE c, .before = {{P_ROOT P_B}},                             \
    .middle = {{P_ROOT P_B, C_SLAVE C_B}}, .after = {{P_ROOT P_B, to}}, OTHER, .first_ns = PARENT

static const struct trace_row rows[] = {
    /* a copy is whole, and shares nothing with a more privileged namespace */
    {PASSES("cover", UNSHARE), FROM(P_ROOT P_B), TO(P_ROOT P_B, C_SLAVE C_B), OTHER, .ns = PARENT},
    {PASSES("cover", UNSHARE), FROM(P_ROOT P_B), TO(P_ROOT P_B, C_SHARED C_B), SAME, .ns = PARENT},
    {FAILS("cover", UNSHARE, "shares a mount with the less privileged namespace of actor 2: /"),
     FROM(P_ROOT P_B), TO(P_ROOT P_B, C_SHARED C_B), OTHER, .ns = PARENT},
    {FAILS("cover", UNSHARE, "left a mount behind in the new namespace of actor 2: /b"),
     FROM(P_ROOT P_B), TO(P_ROOT P_B, C_SLAVE), OTHER, .ns = PARENT},
    {PASSES("cover", UNSHARE), FROM(P_ROOT P_NS), TO(P_ROOT P_NS, C_SLAVE), OTHER, .ns = PARENT},
    {FAILS("cover", CLONE, "left a mount behind in the new namespace of actor 2: /b"),
     FROM(P_ROOT P_B), TO(P_ROOT P_B, C_SHARED), SAME, .ns = PARENT},

    /* the owner of a namespace can't unmount what came with it, or move it away */
    {HIDDEN(UMOUNT, C_SLAVE C_B), .verdict = NST_PASS},
    {HIDDEN(UMOUNT, C_SLAVE), .verdict = NST_FAIL,
     .says = "umount2 by actor 1 took away what hid a place in the namespace of actor 2: /b"},
    {HIDDEN(PIVOT, C_SLAVE "41 40 0:31 / /c rw" FS), .verdict = NST_FAIL,
     .says = "pivot_root by actor 1 took away what hid a place"},
    {HIDDEN(PIVOT, C_SLAVE "46 40 0:35 / /b rw" FS "41 46 0:31 / /b rw" FS), .verdict = NST_PASS},
    {HIDDEN(PIVOT, "46 1 0:35 / / rw" FS "40 46 0:30 / /d rw" FS "41 40 0:31 / /d/b rw" FS),
     .verdict = NST_PASS},
    {HIDDEN(UMOUNT, "46 1 0:35 / / rw" FS), .verdict = NST_PASS},
    {HIDDEN(RMDIR, C_SLAVE), .verdict = NST_PASS},

    /* a more privileged owner can */
    {.property = "cover",
     .calls = UNSHARE UMOUNT,
     .before = {{P_ROOT P_B}},
     .middle = {{P_ROOT P_B, C_SLAVE C_B}},
     .after = {{P_ROOT, C_SLAVE}},
     OTHER,
     .first_ns = PARENT,
     .ns = PARENT,
     .verdict = NST_PASS},

    /* nor go round it: by a bind of what is below, by a proc of his own */
    {HIDDEN(BIND, C_SLAVE C_B C_C_COVERED), .verdict = NST_PASS},
    {HIDDEN(BIND, C_SLAVE C_B C_C_BARE), .verdict = NST_FAIL,
     .says = "mount by actor 1 shows what is hidden to the owner of the namespace of actor 2: /b"},
    {HIDDEN(BIND, C_SLAVE C_B "44 40 0:30 /b /c rw" FS), .verdict = NST_FAIL,
     .says = "shows what is hidden"},
    {HIDDEN(BIND, C_SLAVE C_B "44 40 0:30 /bc /c rw" FS), .verdict = NST_PASS},
    {HIDDEN(BIND, C_SLAVE C_B "44 40 0:39 / /c rw" FS), .verdict = NST_PASS},
    {.property = "cover",
     .calls = UNSHARE BIND,
     .before = {{P_ROOT "21 20 0:31 / /proc rw - proc proc rw\n22 21 0:32 / /proc/sys rw" FS}},
     .middle = {{P_ROOT "21 20 0:31 / /proc rw - proc proc rw\n22 21 0:32 / /proc/sys rw" FS,
                 C_SLAVE "41 40 0:31 / /proc rw - proc proc rw\n42 41 0:32 / /proc/sys rw" FS}},
     .after = {{P_ROOT "21 20 0:31 / /proc rw - proc proc rw\n22 21 0:32 / /proc/sys rw" FS,
                C_SLAVE "41 40 0:31 / /proc rw - proc proc rw\n42 41 0:32 / /proc/sys rw" FS
                        "44 40 0:44 / /c rw - proc proc rw\n"}},
     OTHER,
     .first_ns = PARENT,
     .verdict = NST_FAIL,
     .says = "shows what is hidden to the owner"},

    /* what he saw before is no secret */
    {.property = "cover",
     .calls = UNSHARE BIND,
     .before = {{P_ROOT P_B "23 20 0:30 / /d rw" FS}},
     .middle = {{P_ROOT P_B "23 20 0:30 / /d rw" FS, C_SLAVE C_B "47 40 0:30 / /d rw" FS}},
     .after = {{P_ROOT P_B "23 20 0:30 / /d rw" FS, C_SLAVE C_B "47 40 0:30 / /d rw" FS C_C_BARE}},
     OTHER,
     .first_ns = PARENT,
     .verdict = NST_PASS},

    /* nor is what he may unmount in another namespace */
    {.property = "cover",
     .calls = UNSHARE BIND,
     .before = {{P_ROOT P_B, C_SLAVE C_B}},
     .middle = {{P_ROOT P_B, C_SLAVE C_B, S_ROOT S_B}},
     .after = {{P_ROOT P_B, C_SLAVE C_B, S_ROOT S_B "64 60 0:30 / /c rw" FS}},
     .owner = {7, 8, 7},
     .ns = SIBLING,
     .verdict = NST_PASS},
    {.property = "cover",
     .calls = UNSHARE BIND,
     .before = {{P_ROOT P_B, C_SLAVE C_B}},
     .middle = {{P_ROOT P_B, C_SLAVE C_B, S_ROOT S_B}},
     .after = {{P_ROOT P_B, C_SLAVE C_B, S_ROOT S_B "64 60 0:30 / /c rw" FS}},
     .owner = {9, 8, 7},
     .ns = SIBLING,
     .verdict = NST_FAIL,
     .says = "mount by actor 1 shows what is hidden to the owner of the namespace of actor 3: /b"},

    /* what propagates is one unit, but may go as a whole */
    {.property = "cover",
     .calls = MOUNT UMOUNT,
     .before = {{P_ROOT, C_SLAVE}},
     .middle = {{P_ROOT P_A, C_SLAVE C_A C_A_IN_A}},
     .after = {{P_ROOT P_A, C_SLAVE}},
     OTHER,
     .first_ns = PARENT,
     .verdict = NST_PASS},
    {.property = "cover",
     .calls = MOUNT UMOUNT,
     .before = {{P_ROOT, C_SLAVE}},
     .middle = {{P_ROOT P_A, C_SLAVE C_A C_A_IN_A}},
     .after = {{P_ROOT P_A, C_SLAVE C_A}},
     OTHER,
     .first_ns = PARENT,
     .verdict = NST_FAIL,
     .says = "took away what hid a place"},
    {.property = "cover",
     .calls = MOUNT UMOUNT,
     .before = {{P_ROOT, C_SLAVE}},
     .middle = {{P_ROOT P_A, C_SLAVE C_A C_A_IN_A}},
     .after = {{P_ROOT P_A, C_SLAVE C_A}},
     SAME,
     .first_ns = PARENT,
     .verdict = NST_PASS},
};

TRACE_ROWS_MAIN("cover", rows)
