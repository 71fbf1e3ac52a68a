/* What stands behind = is what must be answered. Every row that fails is a mutant of one that passes. */
#include "trace_test.h"

static const struct trace_row rows[] = {
    {PASSES("expectation", UMOUNT), FROM(P_ROOT, C_ROOT), .error = EINVAL},
    {PASSES("expectation", "1 umount2(\"/b\", 0) = 0\n"), FROM(P_ROOT, C_ROOT)},
    {PASSES("expectation", "1 umount2(\"/b\", 0) = -1 EINVAL\n"), FROM(P_ROOT, C_ROOT),
     .error = EINVAL},
    {PASSES("expectation", "1 umount2(\"/b\", 0) = 0\n"), FROM(P_ROOT, C_ROOT), .error = ENOMEM,
     .faulted = true},
    {FAILS("expectation", "1 umount2(\"/b\", 0) = 0\n",
           "umount2 failed with EINVAL, expected success"),
     FROM(P_ROOT, C_ROOT), .error = EINVAL},
    {FAILS("expectation", "1 umount2(\"/b\", 0) = -1 EINVAL\n",
           "umount2 succeeded, expected EINVAL"),
     FROM(P_ROOT, C_ROOT)},
    {FAILS("expectation", "1 umount2(\"/b\", 0) = -1 EINVAL\n",
           "umount2 failed with EBUSY, expected EINVAL"),
     FROM(P_ROOT, C_ROOT), .error = EBUSY},
    {FAILS("expectation", "1 umount2(\"/b\", 0) = 0\n",
           "umount2 was never performed: its actor is gone or was never made"),
     FROM(P_ROOT, C_ROOT), .gone = true},
    {FAILS("expectation", UMOUNT, "umount2 did not return before its deadline"),
     FROM(P_ROOT, C_ROOT), .error = -1},
    {PASSES("expectation", "1 umount2(\"/b\", 0) = 0\n"), FROM(P_ROOT, C_ROOT), .error = EINVAL,
     .random = true},
};

TRACE_ROWS_MAIN("expectation", rows)
