/* What a namespace that no peer group connects does is never seen elsewhere. Every row that fails
 * is a mutant of one that passes. */
#include "trace_test.h"

/* A finding numbers mounts and peer groups in order of appearance: shared:9 is the second. */
#define AT_ONCE .at_once = true, .intent = NST_INTENT_ALWAYS

static const struct trace_row rows[] = {
    /* mount_namespaces(7), Shared subtrees */
    {PASSES("isolation", MOUNT), FROM(P_ROOT, C_ROOT), TO(P_ROOT, C_ROOT C_B)},
    {FAILS("isolation", MOUNT,
           "mount by actor 1, in a namespace of its own that is isolated, shows in the parent: + "
           "/b tmpfs (rw) shared:2"),
     FROM(P_ROOT, C_ROOT), TO(P_ROOT P_B, C_ROOT C_B)},
    {PASSES("isolation", MOUNT), FROM(P_ROOT, C_ROOT, S_ROOT), TO(P_ROOT, C_ROOT C_B, S_ROOT)},
    {FAILS("isolation", MOUNT, "that is isolated, shows in a sibling namespace: + /b"),
     FROM(P_ROOT, C_ROOT, S_ROOT), TO(P_ROOT, C_ROOT C_B, S_ROOT S_B)},

    /* a slave receives and doesn't send */
    {PASSES("isolation", MOUNT), FROM(P_ROOT, C_SLAVE), TO(P_ROOT, C_SLAVE C_B)},
    {FAILS("isolation", MOUNT, "that is isolated, shows in the parent: + /b"),
     FROM(P_ROOT, C_SLAVE), TO(P_ROOT P_B, C_SLAVE C_B)},
    {PASSES("isolation", MOUNT), FROM(P_ROOT, C_SLAVE), TO(P_ROOT P_B, C_SLAVE C_B_SLAVE),
     .ns = PARENT},
    {FAILS("isolation", MOUNT, "shows in a sibling namespace: + /b"), FROM(P_ROOT, C_ROOT),
     TO(P_ROOT P_B, C_ROOT C_B_SLAVE), .ns = PARENT},

    /* a peer sends; whether it may is a question of intent */
    {PASSES("isolation", MOUNT), FROM(P_ROOT, C_SHARED), TO(P_ROOT P_B, C_SHARED C_B_SHARED)},
    {FAILS("isolation", MOUNT, "in a namespace of its own, shows in the parent: + /b"),
     FROM(P_ROOT, C_SHARED), TO(P_ROOT P_B, C_SHARED C_B_SHARED), .intent = NST_INTENT_ASKED},
    {PASSES("isolation", SHARE MOUNT), FROM(P_ROOT, C_SHARED), TO(P_ROOT P_B, C_SHARED C_B_SHARED),
     .intent = NST_INTENT_ASKED},
    {FAILS("isolation", SHARE MOUNT, "in a namespace of its own, shows"), FROM(P_ROOT, C_SHARED),
     TO(P_ROOT P_B, C_SHARED C_B_SHARED), .intent = NST_INTENT_ASKED, .refused = true},
    {FAILS("isolation", SHARE MOUNT, "in a namespace of its own, shows"), FROM(P_ROOT, C_SHARED),
     TO(P_ROOT P_B, C_SHARED C_B_SHARED), .intent = NST_INTENT_ASKED, .first_ns = PARENT},
    {FAILS("isolation", SHARE MOUNT, "in a namespace of its own, shows"), FROM(P_ROOT, C_SHARED),
     TO(P_ROOT P_B, C_SHARED C_B_SHARED), .intent = NST_INTENT_ALWAYS},
    {PASSES("isolation", MOUNT), FROM(P_ROOT, C_ROOT_5, S_ROOT_5),
     TO(P_ROOT, C_ROOT_5 C_B, S_ROOT_5 S_B), .intent = NST_INTENT_ALWAYS},

    /* on to the slaves' peers: child 5, sibling master:5 shared:6, parent master:6 */
    {PASSES("isolation", MOUNT),
     FROM("20 1 0:30 / / rw shared:1 master:6" FS, C_ROOT_5,
          "60 1 0:30 / / rw shared:6 master:5" FS),
     TO("20 1 0:30 / / rw shared:1 master:6" FS P_B, C_ROOT_5 C_B,
        "60 1 0:30 / / rw shared:6 master:5" FS S_B)},
    {FAILS("isolation", MOUNT, "shows in the parent: + /b"),
     FROM("20 1 0:30 / / rw shared:1 master:6" FS, C_ROOT_5, "60 1 0:30 / / rw shared:6" FS),
     TO("20 1 0:30 / / rw shared:1 master:6" FS P_B, C_ROOT_5 C_B, "60 1 0:30 / / rw shared:6" FS)},

    /* what isn't seen may connect: a master without a member, mounts outside a root */
    {PASSES("isolation", MOUNT), FROM("20 1 0:30 / / rw shared:1 master:77" FS, C_ROOT),
     TO("20 1 0:30 / / rw shared:1 master:77" FS P_B, C_ROOT C_B)},
    {PASSES("isolation", MOUNT), FROM(P_ROOT, C_ROOT), TO(P_ROOT P_B, C_ROOT C_B), .part = true},
    {PASSES("isolation", MOUNT), FROM(P_ROOT, C_ROOT), TO(P_ROOT P_B, C_ROOT C_B), .part = true,
     .ns = PARENT},
    {FAILS("isolation", MOUNT, "in a namespace of its own, shows"), FROM(P_ROOT, C_ROOT),
     TO(P_ROOT P_B, C_ROOT C_B), .part = true, .intent = NST_INTENT_ALWAYS},

    /* not for an instant */
    {FAILS("isolation", MOUNT, "mount by actor 1 was visible in the parent for an instant"),
     FROM(P_ROOT, C_ROOT), .events = "AD"},
    {PASSES("isolation", MOUNT), FROM(P_ROOT, C_ROOT), .events = "AD", .ns = PARENT},
    {PASSES("isolation", MOUNT), FROM(P_ROOT, C_SHARED), .events = "AD"},
    {FAILS("isolation", MOUNT, "for an instant"), FROM(P_ROOT, C_SHARED), .events = "AD",
     .intent = NST_INTENT_ASKED},

    {FAILS("isolation", MOUNT, "for an instant"), FROM(P_ROOT, C_ROOT), .events = "U"},
    {FAILS("isolation", MOUNT, "for an instant"), FROM(P_ROOT, C_ROOT), .events = "!"},
    {FAILS("isolation", MOUNT, "when every actor had ended"), FROM(P_ROOT, C_ROOT),
     .end_events = "DA"},
    {PASSES("isolation", MOUNT), FROM(P_ROOT, C_ROOT), .end_events = "D"},
    {.property = "isolation",
     .verdict = NST_SKIP,
     .calls = MOUNT,
     FROM(P_ROOT, C_ROOT),
     TO(P_ROOT P_B, C_ROOT C_B),
     .uncounted = true},
    {FAILS("isolation", MOUNT, "shows in the parent: + /b"), FROM(P_ROOT, C_ROOT),
     TO(P_ROOT P_B, C_ROOT C_B), .uncounted = true, .intent = NST_INTENT_ASKED},
    {FAILS("isolation", MOUNT, "for an instant"), FROM(P_ROOT, C_ROOT), TO(P_ROOT, C_ROOT C_B),
     .events = "U"},
    {PASSES("isolation", MOUNT), FROM(P_ROOT, C_ROOT), .events = "U", .ns = PARENT},
    {PASSES("isolation", RMDIR), FROM(P_ROOT P_B, C_ROOT), TO(P_ROOT, C_ROOT), .events = "U"},

    /* mounts go with their mount point (Linux 3.18), not with another's unmount */
    {PASSES("isolation", RMDIR), FROM(P_ROOT P_B, C_ROOT), TO(P_ROOT, C_ROOT), .events = "D"},
    {FAILS("isolation", RMDIR, "shows in the parent: + /b"), FROM(P_ROOT, C_ROOT),
     TO(P_ROOT P_B, C_ROOT)},
    {FAILS("isolation", UMOUNT,
           "umount2 by actor 1, in a namespace of its own that is isolated, shows in the parent: - "
           "/b tmpfs"),
     FROM(P_ROOT P_B, C_ROOT C_B), TO(P_ROOT, C_ROOT)},
    {FAILS("isolation", MOUNT, "shows in the parent: ~ /b: options rw -> ro"),
     FROM(P_ROOT P_B, C_ROOT C_B), TO(P_ROOT "21 20 0:31 / /b ro shared:9" FS, C_ROOT C_B)},
    {FAILS("isolation", MOUNT, "shows in the parent: ~ /b/c: parent 1 -> 2"),
     FROM(P_ROOT P_B "22 20 0:32 / /b/c rw" FS, C_ROOT),
     TO(P_ROOT P_B "22 21 0:32 / /b/c rw" FS, C_ROOT)},
    {PASSES("isolation", MOUNT), FROM(P_ROOT, C_ROOT),
     TO("20 1 0:30 / / rw shared:1 - tmpfs none ro\n", "40 1 0:30 / / rw - tmpfs none ro\n")},

    /* at once: what begins in an isolated namespace is judged as a whole, if it is to be isolated
     */
    {PASSES("isolation", MOUNT), FROM(P_ROOT, C_SHARED), TO(P_ROOT, C_SHARED C_B), AT_ONCE},
    {FAILS("isolation", MOUNT, "at once, in isolated namespaces, shows in the parent: + /b"),
     FROM(P_ROOT, C_SHARED), TO(P_ROOT P_B, C_SHARED C_B_SHARED), AT_ONCE},
    {FAILS("isolation", MOUNT, "for an instant"), FROM(P_ROOT, C_SHARED), .events = "DAD", AT_ONCE},
    {FAILS("isolation", MOUNT, "for an instant"), FROM(P_ROOT, C_SHARED), .events = "!", AT_ONCE},
    {FAILS("isolation", MOUNT, "for an instant"), FROM(P_ROOT, C_SHARED), .events = "U", AT_ONCE},
    {FAILS("isolation", MOUNT, "~ /b: options rw -> ro"), FROM(P_ROOT P_B, C_ROOT),
     TO(P_ROOT "21 20 0:31 / /b ro shared:9" FS, C_ROOT), AT_ONCE},
    /* some call may have taken the mount point away */
    {PASSES("isolation", RMDIR), FROM(P_ROOT P_B, C_ROOT), TO(P_ROOT, C_ROOT), .events = "D",
     AT_ONCE},
    {.property = "isolation",
     .verdict = NST_SKIP,
     .calls = MOUNT,
     FROM(P_ROOT, C_ROOT),
     TO(P_ROOT P_B, C_ROOT),
     .at_once = true},
    {.property = "isolation",
     .verdict = NST_SKIP,
     .calls = MOUNT,
     FROM(P_ROOT, C_ROOT),
     TO(P_ROOT P_B, C_ROOT),
     AT_ONCE,
     .ns = PARENT},
    {FAILS("isolation", MOUNT MOUNT, "mount by actor 1"), FROM(P_ROOT, C_ROOT),
     .middle = {{P_ROOT P_B, C_ROOT C_B}}, TO(P_ROOT P_B, C_ROOT C_B), AT_ONCE},
};

TRACE_ROWS_MAIN("isolation", rows)
