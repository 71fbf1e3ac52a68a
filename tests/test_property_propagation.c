/* What is shared or slave propagates, and nothing else does. Every row that fails is a mutant of
 * one that passes. */
#include "trace_test.h"

#define BIND "1 mount(\"/a\", \"/b\", NULL, MS_BIND, NULL)\n"
#define MAKE_SLAVE "1 mount(\"none\", \"/\", NULL, MS_SLAVE, NULL)\n"
#define MAKE_PRIVATE "1 mount(\"none\", \"/\", NULL, MS_PRIVATE, NULL)\n"
#define C_A "42 40 0:32 / /a rw shared:7" FS
#define C_A_SLAVE "42 40 0:32 / /a rw master:7" FS
#define C_A_ON_B(how) "43 40 0:32 / /b rw" how FS
#define P_A "22 20 0:32 / /a rw shared:7" FS
#define C_CHAIN "40 1 0:30 / / rw shared:5 master:1" FS
#define S_CHAIN "60 1 0:30 / / rw master:5" FS

#define P_B_SLAVE "21 20 0:31 / /b rw master:9" FS

static const struct trace_row rows[] = {
    /* to a peer: the copy is one too; sharedsubtree.rst, 5e */
    {PASSES("propagation", MOUNT), FROM(P_ROOT, C_SHARED), TO(P_ROOT P_B, C_SHARED C_B_SHARED)},
    {FAILS("propagation", MOUNT,
           "mount by actor 1: in the parent, / tmpfs (rw) shared:1 receives from the target and "
           "got no copy"),
     FROM(P_ROOT, C_SHARED), TO(P_ROOT, C_SHARED C_B_SHARED)},
    {FAILS("propagation", MOUNT, "is not a peer of what it is a copy of"), FROM(P_ROOT, C_SHARED),
     TO(P_ROOT "21 20 0:31 / /b rw shared:8" FS, C_SHARED C_B_SHARED)},
    {FAILS("propagation", MOUNT, "is not shared though what it is mounted below is"),
     FROM(P_ROOT, C_SHARED), TO(P_ROOT "21 20 0:31 / /b rw" FS, C_SHARED C_B)},
    {FAILS("propagation", MOUNT, "is of a peer group of others"), FROM(P_ROOT, C_SHARED),
     TO(P_ROOT "21 20 0:31 / /b rw shared:1" FS, C_SHARED "41 40 0:31 / /b rw shared:1" FS)},
    {FAILS("propagation", MOUNT, "is not a copy of what was mounted"), FROM(P_ROOT, C_SHARED),
     TO(P_ROOT "21 20 0:39 / /b rw shared:9" FS, C_SHARED C_B_SHARED)},

    /* to a slave, not back */
    {PASSES("propagation", MOUNT), FROM(P_ROOT, C_SLAVE), TO(P_ROOT P_B, C_SLAVE C_B_SLAVE),
     .ns = PARENT},
    {FAILS("propagation", MOUNT, "receives from the target and got no copy"), FROM(P_ROOT, C_SLAVE),
     TO(P_ROOT P_B, C_SLAVE), .ns = PARENT},
    {FAILS("propagation", MOUNT, "is not a slave of what was mounted below its parent's master"),
     FROM(P_ROOT, C_SLAVE), TO(P_ROOT P_B, C_SLAVE C_B), .ns = PARENT},
    {FAILS("propagation", MOUNT, "is shared, though what it is mounted below isn't"),
     FROM(P_ROOT, C_SLAVE), TO(P_ROOT P_B, C_SLAVE C_B_SHARED), .ns = PARENT},
    {PASSES("propagation", MOUNT), FROM(P_ROOT, C_SLAVE), TO(P_ROOT, C_SLAVE C_B)},
    {FAILS("propagation", MOUNT, "appeared, though nothing propagates there"),
     FROM(P_ROOT, C_SLAVE), TO(P_ROOT P_B, C_SLAVE C_B)},

    /* down a chain: each copy is a slave of the one before */
    {PASSES("propagation", MOUNT), FROM(P_ROOT, C_CHAIN, S_CHAIN),
     TO(P_ROOT P_B, C_CHAIN "41 40 0:31 / /b rw shared:8 master:9" FS,
        S_CHAIN "61 60 0:31 / /b rw master:8" FS),
     .ns = PARENT},
    {FAILS("propagation", MOUNT, "is not a slave of"), FROM(P_ROOT, C_CHAIN, S_CHAIN),
     TO(P_ROOT P_B, C_CHAIN "41 40 0:31 / /b rw shared:8 master:9" FS,
        S_CHAIN "61 60 0:31 / /b rw master:9" FS),
     .ns = PARENT},

    /* only where the place is in sight: a peer that shows another part has no copy */
    {PASSES("propagation", MOUNT), FROM(P_ROOT, C_SHARED, "60 1 0:30 /a / rw shared:1" FS),
     TO(P_ROOT P_B, C_SHARED C_B_SHARED, "60 1 0:30 /a / rw shared:1" FS)},
    {PASSES("propagation", MOUNT), FROM(P_ROOT, C_SHARED, "60 1 0:30 /b / rw shared:1" FS),
     TO(P_ROOT P_B, C_SHARED C_B_SHARED,
        "60 1 0:30 /b / rw shared:1" FS "61 60 0:31 / / rw shared:9" FS)},
    {FAILS("propagation", MOUNT, "got no copy"),
     FROM(P_ROOT, C_SHARED, "60 1 0:30 /b / rw shared:1" FS),
     TO(P_ROOT P_B, C_SHARED C_B_SHARED, "60 1 0:30 /b / rw shared:1" FS)},

    /* a bind: the tables of 5b */
    {PASSES("propagation", BIND), FROM(P_ROOT, C_ROOT C_A),
     TO(P_ROOT, C_ROOT C_A C_A_ON_B(" shared:7"))},
    {FAILS("propagation", BIND, "is not of the peer group of what it was or is a copy of"),
     FROM(P_ROOT, C_ROOT C_A), TO(P_ROOT, C_ROOT C_A C_A_ON_B(""))},
    {PASSES("propagation", BIND), FROM(P_ROOT P_A, C_ROOT C_A_SLAVE),
     TO(P_ROOT P_A, C_ROOT C_A_SLAVE C_A_ON_B(" master:7"))},
    {FAILS("propagation", BIND, "has not the master of what it was or is a copy of"),
     FROM(P_ROOT P_A, C_ROOT C_A_SLAVE), TO(P_ROOT P_A, C_ROOT C_A_SLAVE C_A_ON_B(""))},
    {FAILS("propagation", BIND, "shows not its source"), FROM(P_ROOT, C_ROOT C_A),
     TO(P_ROOT, C_ROOT C_A "43 40 0:33 / /b rw shared:7" FS)},
    {FAILS("propagation", BIND, "was bound though it is unbindable"),
     FROM(P_ROOT, C_ROOT "42 40 0:32 / /a rw unbindable" FS),
     TO(P_ROOT, C_ROOT "42 40 0:32 / /a rw unbindable" FS C_A_ON_B(""))},
    {FAILS("propagation", MOUNT, "succeeded, and nothing was mounted at its target"),
     FROM(P_ROOT, C_ROOT)},

    /* an unmount, 5f */
    {PASSES("propagation", UMOUNT), FROM(P_ROOT P_B, C_SHARED C_B_SHARED), TO(P_ROOT, C_SHARED)},
    {FAILS("propagation", UMOUNT, "is still there, though what it receives from was unmounted"),
     FROM(P_ROOT P_B, C_SHARED C_B_SHARED), TO(P_ROOT P_B, C_SHARED)},
    {FAILS("propagation", UMOUNT, "is still there though it was unmounted"),
     FROM(P_ROOT P_B, C_SHARED C_B_SHARED), TO(P_ROOT, C_SHARED C_B_SHARED)},
    {PASSES("propagation", UMOUNT), FROM(P_ROOT P_B "22 21 0:32 / /b/c rw" FS, C_SHARED C_B_SHARED),
     TO(P_ROOT P_B "22 21 0:32 / /b/c rw" FS, C_SHARED)},
    {FAILS("propagation", UMOUNT, "was unmounted by propagation with a mount on it"),
     FROM(P_ROOT P_B "22 21 0:32 / /b/c rw" FS, C_SHARED C_B_SHARED), TO(P_ROOT, C_SHARED)},
    {FAILS("propagation", UMOUNT, "vanished, though nothing propagates there"),
     FROM(P_ROOT P_B, C_ROOT C_B), TO(P_ROOT, C_ROOT)},

    /* what is changed, and what isn't: mount_namespaces(7), Propagation type transitions */
    {PASSES("propagation", MAKE_SLAVE), FROM(P_ROOT, C_SHARED), TO(P_ROOT, C_SLAVE)},
    {FAILS("propagation", MAKE_SLAVE, "is not a slave of its former peers"), FROM(P_ROOT, C_SHARED),
     TO(P_ROOT, C_ROOT)},
    {PASSES("propagation", MAKE_SLAVE), FROM("20 1 0:30 / / rw" FS, C_SHARED),
     TO("20 1 0:30 / / rw" FS, C_ROOT)},
    {PASSES("propagation", MAKE_PRIVATE), FROM(P_ROOT, C_SHARED), TO(P_ROOT, C_ROOT)},
    {FAILS("propagation", MAKE_PRIVATE, "is not private as was asked"), FROM(P_ROOT, C_SHARED),
     TO(P_ROOT, C_SLAVE)},
    {FAILS("propagation", MAKE_PRIVATE, "in the parent, / tmpfs (rw) private changed"),
     FROM(P_ROOT, C_SHARED), TO("20 1 0:30 / / rw" FS, C_ROOT)},

    /* a peer group without members hands its slaves to its master */
    {PASSES("propagation", MAKE_PRIVATE), FROM(P_ROOT, C_CHAIN, S_CHAIN),
     TO(P_ROOT, C_ROOT, "60 1 0:30 / / rw master:1" FS)},
    {FAILS("propagation", MAKE_PRIVATE, "has not the master that it had"),
     FROM(P_ROOT, C_CHAIN, S_CHAIN), TO(P_ROOT, C_ROOT, S_ROOT)},

    /* a mount in a detached tree propagates from there, and only from there */
    {PASSES("propagation", "1 move_mount(4, \"\", 3, \"b\", MOVE_MOUNT_F_EMPTY_PATH)\n"),
     FROM("20 1 0:30 / / rw master:1" FS), TO("20 1 0:30 / / rw master:1" FS P_B_SLAVE),
     .ns = PARENT},
    {FAILS("propagation", "1 move_mount(4, \"\", 3, \"/c\", MOVE_MOUNT_F_EMPTY_PATH)\n",
           "nothing was mounted at its target"),
     FROM("20 1 0:30 / / rw master:1" FS), TO("20 1 0:30 / / rw master:1" FS P_B_SLAVE),
     .ns = PARENT},

    /* what isn't seen whole isn't judged */
    {PASSES("propagation", MOUNT), FROM(P_ROOT, C_SHARED), TO(P_ROOT, C_SHARED C_B_SHARED),
     .part = true},
};

TRACE_ROWS_MAIN("propagation", rows)
