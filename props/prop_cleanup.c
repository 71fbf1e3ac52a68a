/* When a case is over, whatever it did, nothing of it is left. */
#include "props.h"

/* How many calls of one of the types that IDS holds, which ends with NST_CALLS, did their work. */
static size_t done(const struct nst_trace *trace, const enum nst_call_id *ids)
{
    size_t count = 0;

    for (; *ids != NST_CALLS; ids++)
        for (size_t i = 0; i < trace->len; i++)
            count += trace->step[i].call->id == *ids && trace->step[i].kind == NST_ANSWER_VALUE;
    return count;
}

#define DONE(trace, ...) done(trace, (const enum nst_call_id[]){__VA_ARGS__, NST_CALLS})

/* A teardown that relies on the caller's unmounts. */
static void leave_what_was_not_unmounted(struct nst_trace *trace)
{
    size_t mounted = DONE(trace, NST_CALL_MOUNT), unmounted = DONE(trace, NST_CALL_UMOUNT2);

    trace->leftover.mounts = mounted > unmounted ? mounted - unmounted : 0;
}

/* One whose error path returns past the cleanup. */
static void leave_mounts_after_a_failure(struct nst_trace *trace)
{
    bool mounted = false;

    for (size_t i = 0; i < trace->len; i++) {
        const struct nst_step *step = &trace->step[i];

        if (step->call->id != NST_CALL_MOUNT)
            continue;
        if (mounted && step->kind == NST_ANSWER_ERROR)
            trace->leftover.mounts = 1;
        mounted |= step->kind == NST_ANSWER_VALUE;
    }
}

/* One that never waits for its children. */
static void leave_children(struct nst_trace *trace)
{
    size_t made = DONE(trace, NST_CALL_FORK, NST_CALL_VFORK, NST_CALL_CLONE, NST_CALL_CLONE3);

    trace->leftover.processes = made;
}

static void leave_directories(struct nst_trace *trace)
{
    size_t made = DONE(trace, NST_CALL_MKDIR, NST_CALL_MKDIRAT);

    trace->leftover.directories = made > DONE(trace, NST_CALL_RMDIR) ? made : 0;
}

/* One that bound a namespace to a file, or kept its descriptor. */
static void leave_namespaces(struct nst_trace *trace)
{
    for (size_t i = 0; i < trace->len; i++)
        if (trace->step[i].call->id == NST_CALL_UNSHARE &&
            trace->step[i].kind == NST_ANSWER_VALUE &&
            trace->step[i].call->arg[0].num & CLONE_NEWNS)
            trace->leftover.namespaces++;
}

#define LEAVES(sentence, how) .claim = sentence, .property = "cleanup", .spoil = how, .broken = true

static const struct nst_prop claims[] = {
    {.claim = "nothing_is_left_of_a_case", .property = "cleanup"},
    {.claim = "nothing_is_left_of_a_long_case",
     .property = "cleanup",
     .max_calls = 200,
     .cases = 60},
    {.claim = "nothing_is_left_of_a_case_in_a_namespace_of_its_own",
     .property = "cleanup",
     .setup = NST_PROP_UNSHARE},

    {LEAVES("a_mount_that_nobody_unmounts_is_found", leave_what_was_not_unmounted), .minimum = 1},
    {LEAVES("a_mount_left_behind_by_an_error_path_is_found", leave_mounts_after_a_failure),
     .minimum = 2},
    {LEAVES("a_mount_left_behind_among_200_calls_is_found", leave_mounts_after_a_failure),
     .calls = 200,
     .plant = "1 mount(\"none\", \"/b\", \"tmpfs\", MS_NOSUID, \"size=1M\")\n"
              "1 mount(\"none\", \"/no/such\", \"tmpfs\", MS_NOSUID, \"size=1M\")\n",
     .minimum = 2},
    {LEAVES("a_child_that_nobody_waits_for_is_found", leave_children), .minimum = 1},
    {LEAVES("a_directory_that_is_left_is_found", leave_directories), .minimum = 1},
    {LEAVES("a_namespace_that_is_kept_is_found", leave_namespaces), .minimum = 1},
};

NST_PROPS_MAIN("prop_cleanup", claims)
