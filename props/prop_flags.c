/* Options are those that were asked for, of new mounts, copies and changed ones; what came locked
 * stays so. Whoever drops a flag is found. */
#include <sys/mount.h>

#include "props.h"

#define CHILD(flags) "1 clone(child_stack=NULL, flags=" flags "|SIGCHLD) = 2\n"
#define TMPFS(path, flags) "1 mount(\"none\", \"" path "\", \"tmpfs\", " flags ", NULL)\n"
#define LOCKABLE                                                                                   \
    TMPFS("/a", "MS_RDONLY|MS_NOSUID")                                                             \
    TMPFS("/b", "MS_NODEV|MS_NOEXEC|MS_NOATIME") TMPFS("/c", "MS_NODIRATIME")
#define BIND_IN_CHILD "2 mount(\"/a\", \"/mnt\", NULL, MS_BIND, NULL)\n"

static const uint32_t weight[NST_CALLS] = {
    [NST_CALL_UNSHARE] = 4,       [NST_CALL_CLONE] = 6,  [NST_CALL_SETNS] = 1,
    [NST_CALL_OPEN] = 1,          [NST_CALL_MOUNT] = 70, [NST_CALL_UMOUNT2] = 8,
    [NST_CALL_OPEN_TREE] = 3,     [NST_CALL_FSOPEN] = 8, [NST_CALL_FSCONFIG] = 8,
    [NST_CALL_FSMOUNT] = 8,       [NST_CALL_MKDIR] = 2,  [NST_CALL_MOVE_MOUNT] = 8,
    [NST_CALL_MOUNT_SETATTR] = 40};

enum { LOCKED = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC };

static bool remounts(const struct nst_call *call)
{
    return call->id == NST_CALL_MOUNT && call->arg[3].num & MS_REMOUNT;
}

static void drop_flags_of_a_remount(struct nst_call *call)
{
    if (remounts(call))
        call->arg[3].num &= ~(uint64_t)LOCKED;
}

static void drop_flags_of_a_mount(struct nst_call *call)
{
    if (call->id == NST_CALL_MOUNT && !(call->arg[3].num & MS_REMOUNT))
        call->arg[3].num &= ~(uint64_t)LOCKED;
}

static void strict_access_times(struct nst_call *call)
{
    if (call->id == NST_CALL_MOUNT && !(call->arg[3].num & MS_REMOUNT))
        call->arg[3].num |= MS_STRICTATIME;
}

static void skip_what_is_set(struct nst_call *call)
{
    if (call->id == NST_CALL_MOUNT_SETATTR)
        call->arg[3].num = 0;
}

static void skip_what_is_cleared(struct nst_call *call)
{
    if (call->id == NST_CALL_MOUNT_SETATTR && !(call->arg[4].num & 0x70))
        call->arg[4].num = 0;
}

static void forget_recursion(struct nst_call *call)
{
    if (call->id == NST_CALL_MOUNT_SETATTR)
        call->arg[2].num &= ~UINT64_C(0x8000);
}

static void drop_attributes_of_fsmount(struct nst_call *call)
{
    if (call->id == NST_CALL_FSMOUNT)
        call->arg[2].num = 0;
}

/* As if what OPTION says had got lost in all namespaces but the parent. */
static void lose(struct nst_trace *trace, const char *option, const char *instead)
{
    for (size_t i = 0; i < trace->snapshots; i++)
        for (size_t n = 1; n < trace->snapshot[i]->len; n++)
            for (size_t m = 0; m < trace->snapshot[i]->view[n].table.len; m++) {
                char *at = strstr(trace->snapshot[i]->view[n].table.mount[m].options, option);

                if (at)
                    memcpy(at, instead, strlen(instead));
            }
}

static void lose_read_only(struct nst_trace *trace)
{
    lose(trace, "ro,", "rw,");
}

/* As if the last call in a child's namespace had made all writable. */
static void unlock_at_last(struct nst_trace *trace)
{
    for (size_t i = 0; i < trace->snapshots; i++)
        for (size_t n = 1; i > 4 && n < trace->snapshot[i]->len; n++)
            for (size_t m = 0; m < trace->snapshot[i]->view[n].table.len; m++)
                memcpy(trace->snapshot[i]->view[n].table.mount[m].options, "rw", 2);
}

/* As if the owner's change had been refused. */
static void refuse(struct nst_trace *trace)
{
    for (size_t i = 0; i < trace->len; i++)
        if (remounts(trace->step[i].call) && trace->step[i].call->arg[3].num & MS_BIND) {
            trace->step[i].kind = NST_ANSWER_ERROR;
            trace->step[i].error = EPERM;
        }
}

#define OURS .property = "flags", .weight = weight
#define HOLDS OURS, .cases = 150
#define IS_FOUND OURS, .cases = 1000, .broken = true

static const struct nst_prop claims[] = {
    {.claim = "options_are_those_that_were_asked_for", .property = "flags"},
    {.claim = "of_mounts_with_many_options", HOLDS, .setup = LOCKABLE},
    {.claim = "in_a_namespace_of_the_same_owner", HOLDS, .setup = LOCKABLE CHILD("CLONE_NEWNS")},
    {.claim = "and_stay_locked_in_a_less_privileged_namespace",
     HOLDS,
     .setup = LOCKABLE CHILD("CLONE_NEWNS|CLONE_NEWUSER") BIND_IN_CHILD},

    {.claim = "a_flag_dropped_in_a_remount_is_found",
     IS_FOUND,
     .mistake = drop_flags_of_a_remount,
     .setup = LOCKABLE},
    {.claim = "a_flag_dropped_in_a_mount_is_found", IS_FOUND, .mistake = drop_flags_of_a_mount},
    {.claim = "a_flag_dropped_in_a_mount_is_found_among_200_calls",
     OURS,
     .mistake = drop_flags_of_a_mount,
     .broken = true,
     .calls = 200,
     .plant = "1 mount(\"none\", \"/b\", \"tmpfs\", MS_NODEV|MS_NOEXEC, \"size=1M\")\n",
     .minimum = 1},
    {.claim = "strict_access_times_nobody_asked_for_are_found",
     IS_FOUND,
     .mistake = strict_access_times},
    {.claim = "an_attribute_that_is_not_set_is_found", IS_FOUND, .mistake = skip_what_is_set},
    {.claim = "an_attribute_that_is_not_cleared_is_found",
     IS_FOUND,
     .mistake = skip_what_is_cleared,
     .setup = LOCKABLE},
    {.claim = "AT_RECURSIVE_forgotten_is_found", IS_FOUND, .mistake = forget_recursion},
    {.claim = "attributes_forgotten_by_fsmount_are_found",
     IS_FOUND,
     .mistake = drop_attributes_of_fsmount},
    {.claim = "an_option_lost_in_a_new_namespace_is_found",
     IS_FOUND,
     .spoil = lose_read_only,
     .setup = LOCKABLE CHILD("CLONE_NEWNS")},
    {.claim = "a_lock_that_gives_way_is_found",
     IS_FOUND,
     .spoil = unlock_at_last,
     .setup = LOCKABLE CHILD("CLONE_NEWNS|CLONE_NEWUSER")},
    {.claim = "an_owner_that_is_locked_out_is_found", IS_FOUND, .spoil = refuse, .setup = LOCKABLE},
};

NST_PROPS_MAIN("prop_flags", claims)
