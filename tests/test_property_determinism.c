/* The same sequence twice shows the same. Every row that fails is a mutant of one that passes. */
#include "trace_test.h"

static const struct trace_row rows[] = {
    {PASSES("determinism", MOUNT), FROM(P_ROOT, C_ROOT), TO(P_ROOT P_B, C_ROOT),
     TWIN(FROM(P_ROOT, C_ROOT), TO(P_ROOT P_B, C_ROOT))},

    /* ids, peer groups, devices, namespaces' inodes and pids are the kernel's to choose */
    {PASSES("determinism", MOUNT), FROM(P_ROOT, C_ROOT), TO(P_ROOT P_B, C_ROOT),
     TWIN(FROM("90 1 0:71 / / rw shared:7" FS, "91 1 0:71 / / rw" FS),
          TO("90 1 0:71 / / rw shared:7" FS "33 90 0:99 / /b rw shared:2" FS,
             "91 1 0:71 / / rw" FS))},
    {PASSES("determinism", MOUNT), FROM(P_ROOT),
     TO(P_ROOT "21 20 0:3 mnt:[4026532001] /b rw - nsfs nsfs rw\n"
               "22 20 0:9 /99 /proc/99/ns rw" FS "23 20 0:9 /101 /proc/101/ns rw" FS),
     TWIN(FROM(P_ROOT),
          TO(P_ROOT "21 20 0:3 mnt:[4026532009] /b rw - nsfs nsfs rw\n"
                    "22 20 0:9 /101 /proc/101/ns rw" FS "23 20 0:9 /102 /proc/102/ns rw" FS))},
    {FAILS("determinism", MOUNT, "/proc/1/ns"), FROM(P_ROOT),
     TO(P_ROOT "22 20 0:9 /99 /proc/99/ns rw" FS "23 20 0:9 /101 /proc/101/ns rw" FS),
     TWIN(FROM(P_ROOT),
          TO(P_ROOT "22 20 0:9 /101 /proc/101/ns rw" FS "23 20 0:9 /101 /proc/101/ns rw" FS))},
    {PASSES("determinism", MOUNT), FROM(P_ROOT),
     TO(P_ROOT "21 20 0:3 / /b rw - tmpfs /proc/57 rw\n"),
     TWIN(FROM(P_ROOT), TO(P_ROOT "21 20 0:3 / /b rw - tmpfs /proc/60 rw\n"))},
    {FAILS("determinism", MOUNT, "mnt:[2]"), FROM(P_ROOT),
     TO(P_ROOT "21 20 0:3 mnt:[5] /a rw - nsfs nsfs rw\n22 20 0:3 mnt:[6] /b rw - nsfs nsfs rw\n"),
     TWIN(FROM(P_ROOT), TO(P_ROOT "21 20 0:3 mnt:[5] /a rw - nsfs nsfs rw\n"
                                  "22 20 0:3 mnt:[5] /b rw - nsfs nsfs rw\n"))},

    {FAILS("determinism", MOUNT, "mount by actor 1 answered 0, and the second time EINVAL"),
     FROM(P_ROOT, C_ROOT), TWIN(FROM(P_ROOT, C_ROOT), .error = EINVAL)},
    {FAILS("determinism", MOUNT, "mount by actor 1 answered EBUSY, and the second time EINVAL"),
     FROM(P_ROOT, C_ROOT), .error = EBUSY, TWIN(FROM(P_ROOT, C_ROOT), .error = EINVAL)},
    {FAILS("determinism", MOUNT, "answered nothing, and the second time 0"), FROM(P_ROOT, C_ROOT),
     .gone = true, TWIN(FROM(P_ROOT, C_ROOT))},
    {FAILS("determinism", MOUNT,
           "after mount the second time: - mount 3 on 1 dev 2 / /b rw shared:2 - tmpfs none rw"),
     FROM(P_ROOT), TO(P_ROOT P_B), TWIN(FROM(P_ROOT))},
    {FAILS("determinism", MOUNT, "after mount the second time: + mount"), FROM(P_ROOT, C_ROOT),
     TO(P_ROOT P_B, C_ROOT), TWIN(FROM(P_ROOT, C_ROOT), TO(P_ROOT P_B, C_ROOT C_B))},
    {FAILS("determinism", MOUNT,
           "rw shared:1 - tmpfs none rw; - mount 3 on 1 dev 2 / /b rw shared:2"),
     FROM(P_ROOT), TO(P_ROOT P_B), TWIN(FROM(P_ROOT), TO(P_ROOT "21 20 0:31 / /b rw shared:1" FS))},
    {FAILS("determinism", MOUNT, "- mount 3 on 2 dev 1 / / rw master:1"), FROM(P_ROOT, C_SHARED),
     TO(P_ROOT, C_SLAVE), TWIN(FROM(P_ROOT, C_SHARED), TO(P_ROOT, C_ROOT))},
    /* the mount that stays and the one that was made anew */
    {FAILS("determinism", MOUNT, "+ mount 4 on 2 dev 1 / / ro"), FROM(P_ROOT, C_ROOT),
     TO("20 1 0:30 / / rw shared:1" FS, "40 1 0:30 / / ro" FS),
     TWIN(FROM(P_ROOT, C_ROOT), TO("20 1 0:30 / / rw shared:1" FS, "41 1 0:30 / / ro" FS))},
    {FAILS("determinism", MOUNT, "in part"), FROM(P_ROOT, C_ROOT), TO(P_ROOT P_B, C_ROOT),
     TWIN(FROM(P_ROOT, C_ROOT), TO(P_ROOT P_B, C_ROOT), .part = true)},

    {PASSES("determinism", MOUNT), FROM(P_ROOT, C_ROOT), .events = "AD",
     TWIN(FROM(P_ROOT, C_ROOT), .events = "DA")},
    {FAILS("determinism", MOUNT,
           "mounts that came to and went from the parent: 1 and 1, the second time 1 and 0"),
     FROM(P_ROOT, C_ROOT), .events = "AD", TWIN(FROM(P_ROOT, C_ROOT), .events = "A")},
    {FAILS("determinism", MOUNT, "one of them by polling"), FROM(P_ROOT, C_ROOT), .events = "U",
     TWIN(FROM(P_ROOT, C_ROOT))},
    {PASSES("determinism", MOUNT), FROM(P_ROOT, C_ROOT), .events = "A!",
     TWIN(FROM(P_ROOT, C_ROOT))},

    {FAILS("determinism", MOUNT, "what was left, or how it was undone, differs the second time"),
     FROM(P_ROOT, C_ROOT), .leftover = {.by_path = 1},
     TWIN(FROM(P_ROOT, C_ROOT), .leftover = {.by_death = 1})},
    {FAILS("determinism", MOUNT, "what was left"), FROM(P_ROOT, C_ROOT), .leftover = {.mounts = 1},
     TWIN(FROM(P_ROOT, C_ROOT))},
};

TRACE_ROWS_MAIN("determinism", rows)
