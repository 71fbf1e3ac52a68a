/* The views of one table say the same. Every row that fails is a mutant of one that passes. */
#include "trace_test.h"

static const struct trace_row rows[] = {
    {.property = "views", .verdict = NST_SKIP, .calls = MOUNT, FROM(P_ROOT, C_ROOT)},
    {PASSES("views", MOUNT), FROM(P_ROOT, C_ROOT), TO(P_ROOT P_B, C_ROOT),
     .mounts = "none / tmpfs rw 0 0\nnone /b tmpfs rw 0 0\n", .statmount = P_ROOT P_B},
    {FAILS("views", MOUNT, "in the parent: all: mounts listed: mountinfo says 2, mounts says 1"),
     FROM(P_ROOT, C_ROOT), TO(P_ROOT P_B, C_ROOT), .mounts = "none / tmpfs rw 0 0\n"},
    {FAILS("views", MOUNT, "in the parent: /b"), FROM(P_ROOT, C_ROOT), TO(P_ROOT P_B, C_ROOT),
     .mounts = "none / tmpfs rw 0 0\nnone /b tmpfs ro 0 0\n"},
    {FAILS("views", MOUNT, "in the parent: /b"), FROM(P_ROOT, C_ROOT), TO(P_ROOT P_B, C_ROOT),
     .statmount = P_ROOT "21 20 0:31 / /b rw shared:8" FS},
    {FAILS("views", MOUNT, "in the parent: /b"), FROM(P_ROOT, C_ROOT), TO(P_ROOT, C_ROOT),
     .statmount = P_ROOT P_B},
    {FAILS("views", MOUNT, "to listmount, from outside, a namespace that lives is none"),
     FROM(P_ROOT, C_ROOT), .statmount = P_ROOT, .unlisted = CHILD},
    {PASSES("views", MOUNT), FROM(P_ROOT, C_ROOT), .statmount = P_ROOT, .unlisted = CHILD,
     .random = true},
    {.property = "views",
     .verdict = NST_ERROR,
     .calls = MOUNT,
     .says = "in the parent: cannot compare: EINVAL",
     FROM(P_ROOT, C_ROOT),
     TO(P_ROOT, C_ROOT),
     .mounts = "none /\n"},
};

TRACE_ROWS_MAIN("views", rows)
