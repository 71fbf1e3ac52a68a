/* A call that fails changes no table. Every row that fails is a mutant of one that passes. */
#include "trace_test.h"

static const struct trace_row rows[] = {
    {PASSES("atomicity", MOUNT), FROM(P_ROOT, C_ROOT), TO(P_ROOT, C_ROOT), .error = EINVAL},
    {PASSES("atomicity", MOUNT), FROM(P_ROOT, C_ROOT), TO(P_ROOT, C_ROOT C_B)},
    {FAILS("atomicity", MOUNT,
           "mount failed with EINVAL and changed the table of a child's namespace"),
     FROM(P_ROOT, C_ROOT), TO(P_ROOT, C_ROOT C_B), .error = EINVAL},
    {FAILS("atomicity", MOUNT, "changed the table of the parent"), FROM(P_ROOT, C_ROOT),
     TO(P_ROOT P_B, C_ROOT), .error = EBUSY},
    {FAILS("atomicity", MOUNT, "changed the table of a child's namespace"), FROM(P_ROOT, C_SHARED),
     TO(P_ROOT, C_SLAVE), .error = EINVAL},

    {FAILS("atomicity", MOUNT, "showed a mount in the parent"), FROM(P_ROOT, C_ROOT),
     .events = "AD", .error = EBUSY},
};

TRACE_ROWS_MAIN("atomicity", rows)
