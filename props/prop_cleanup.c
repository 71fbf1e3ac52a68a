/* When a case is over, whatever it did, nothing of it is left. */
#include "props.h"

static void leave_a_mount(struct nst_trace *trace)
{
    trace->leftover.mounts++;
}

static void leave_a_process(struct nst_trace *trace)
{
    trace->leftover.processes++;
}

static const struct nst_prop claims[] = {
    {.claim = "nothing_is_left_of_a_case", .property = "cleanup"},
    {.claim = "nothing_is_left_of_a_long_case",
     .property = "cleanup",
     .max_calls = 200,
     .cases = 60},
    {.claim = "nothing_is_left_of_a_case_in_a_namespace_of_its_own",
     .property = "cleanup",
     .setup = NST_PROP_UNSHARE},

    {.claim = "a_mount_that_is_left_is_found",
     .property = "cleanup",
     .spoil = leave_a_mount,
     .broken = true},
    {.claim = "a_process_that_is_left_is_found",
     .property = "cleanup",
     .spoil = leave_a_process,
     .broken = true},
};

NST_PROPS_MAIN("prop_cleanup", claims)
