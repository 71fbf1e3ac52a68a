/* An unmount that isn't lazy takes nothing that is in use. Every row that fails is a mutant of one
 * that passes. */
#include "trace_test.h"

#define P_ON_B "22 21 0:32 / /b rw" FS    /* covers the root of what is on /b */
#define P_IN_B "22 21 0:32 / /b/c rw" FS  /* inside it */
#define P_ON_ROOT "22 20 0:32 / /b rw" FS /* has slid into its place */
#define P_MOVED "22 20 0:32 / /b/c rw" FS
#define LAZY "1 umount2(\"/b\", MNT_DETACH)\n"
#define HELD(what, where) .hold = {.actor = 2, .kind = what, .mount = where}

static const struct trace_row rows[] = {
    {PASSES("busy", UMOUNT), FROM(P_ROOT P_B, C_ROOT), TO(P_ROOT, C_ROOT), .ns = PARENT},
    {PASSES("busy", UMOUNT), FROM(P_ROOT P_B, C_ROOT C_B), TO(P_ROOT, C_ROOT C_B), .ns = PARENT,
     HELD(NST_HOLD_CWD, 41)},
    {FAILS("busy", UMOUNT,
           "umount2 by actor 1 took the mount that actor 2 has its working directory in: - /b "
           "tmpfs (rw) shared:2"),
     FROM(P_ROOT P_B, C_ROOT), TO(P_ROOT, C_ROOT), .ns = PARENT, HELD(NST_HOLD_CWD, 21)},
    {FAILS("busy", UMOUNT, "actor 2 has its root in"), FROM(P_ROOT P_B, C_ROOT), TO(P_ROOT, C_ROOT),
     .ns = PARENT, HELD(NST_HOLD_ROOT, 21)},
    {FAILS("busy", UMOUNT, "actor 2 has its open file in"), FROM(P_ROOT P_B, C_SHARED C_B_SHARED),
     TO(P_ROOT, C_SHARED), .ns = PARENT, HELD(NST_HOLD_FD, 41)},
    {PASSES("busy", LAZY), FROM(P_ROOT P_B, C_ROOT), TO(P_ROOT, C_ROOT), .ns = PARENT,
     HELD(NST_HOLD_CWD, 21)},
    {PASSES("busy", UMOUNT), FROM(P_ROOT P_B, C_ROOT), .ns = PARENT, .error = EBUSY,
     HELD(NST_HOLD_CWD, 21)},

    /* a mount on it: one that covers it slides down, one inside it keeps it */
    {PASSES("busy", UMOUNT), FROM(P_ROOT P_B P_ON_B, C_SHARED C_B), TO(P_ROOT P_ON_ROOT, C_SHARED)},
    {FAILS("busy", UMOUNT, "took a mount from under another: - /b tmpfs"),
     FROM(P_ROOT P_B P_IN_B, C_SHARED C_B), TO(P_ROOT P_MOVED, C_SHARED)},
    {FAILS("busy", UMOUNT, "moved a mount: - /b/c"), FROM(P_ROOT P_B P_IN_B, C_SHARED C_B),
     TO(P_ROOT P_ON_ROOT, C_SHARED)},

    /* in use below its own mount: a finding on 6.18, which random calls pass over */
    {FAILS("busy", UMOUNT, "actor 2 has its working directory in"),
     FROM(P_ROOT P_B P_IN_B, C_SHARED C_B), TO(P_ROOT, C_SHARED), HELD(NST_HOLD_CWD, 21)},
    {PASSES("busy", UMOUNT),
     FROM(P_ROOT P_B, C_SHARED "41 40 0:30 / /b rw master:1" FS "42 41 0:32 / /b/b rw" FS),
     TO(P_ROOT, C_SHARED), .random = true, HELD(NST_HOLD_CWD, 41), .ns = PARENT},
    {FAILS("busy", UMOUNT, "actor 2 has its working directory in"), FROM(P_ROOT P_B, C_SHARED C_B),
     TO(P_ROOT, C_SHARED), .random = true, HELD(NST_HOLD_CWD, 41), .ns = PARENT},

    /* only what receives is taken: peers, slaves, slaves of a group that nobody shows */
    {PASSES("busy", UMOUNT), FROM(P_ROOT P_B, C_SHARED C_B), TO(P_ROOT, C_SHARED), .ns = PARENT},
    {PASSES("busy", UMOUNT), FROM(P_ROOT P_B, C_SLAVE C_B), TO(P_ROOT, C_SLAVE), .ns = PARENT},
    {FAILS("busy", UMOUNT, "took mounts that it does not propagate to"),
     FROM(P_ROOT P_B, C_ROOT C_B), TO(P_ROOT, C_ROOT), .ns = PARENT},
    {FAILS("busy", UMOUNT, "took mounts that it does not propagate to"),
     FROM(P_ROOT P_B, C_SLAVE C_B), TO(P_ROOT, C_SLAVE)},
    {PASSES("busy", UMOUNT), FROM("20 1 0:30 / / rw shared:1 master:7" FS P_B, C_SHARED C_B),
     TO("20 1 0:30 / / rw shared:1 master:7" FS, C_SHARED)},
    {PASSES("busy", UMOUNT), FROM("20 1 0:30 / / rw master:7" FS P_B, C_SHARED C_B),
     TO("20 1 0:30 / / rw master:7" FS, C_SHARED)},
    {FAILS("busy", UMOUNT, "took mounts that it does not propagate to"),
     FROM(P_ROOT P_B P_IN_B, C_ROOT), TO(P_ROOT, C_ROOT)},
};

TRACE_ROWS_MAIN("busy", rows)
