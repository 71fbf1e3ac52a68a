/* What is left of a case is found. Every row that fails is a mutant of one that passes. */
#include "trace_test.h"

static const struct trace_row rows[] = {
    {PASSES("cleanup", MOUNT), FROM(P_ROOT, C_ROOT)},
    {FAILS("cleanup", MOUNT, "0 processes, 1 directories, 0 namespaces, 0 mounts are left: /a/x"),
     FROM(P_ROOT, C_ROOT), .leftover = {.directories = 1, .text = "/a/x"}},
    {FAILS("cleanup", MOUNT, "2 processes"), FROM(P_ROOT, C_ROOT), .leftover = {.processes = 2}},
    {FAILS("cleanup", MOUNT, "3 namespaces"), FROM(P_ROOT, C_ROOT), .leftover = {.namespaces = 3}},
    {FAILS("cleanup", MOUNT, "4 mounts"), FROM(P_ROOT, C_ROOT), .leftover = {.mounts = 4}},
};

TRACE_ROWS_MAIN("cleanup", rows)
