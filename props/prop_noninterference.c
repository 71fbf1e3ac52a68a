/* What the parent asks is answered as if an isolated child weren't there. Actor 1 stays in the
 * parent, actor 2 isolates itself, and both make random calls. */
#include "props.h"

#define CHILD "1 clone(child_stack=NULL, flags=CLONE_NEWNS|SIGCHLD) = 2\n"
#define CHANGE(flags) "2 mount(\"none\", \"/\", NULL, " flags ", NULL)\n"

/* Calls that change mounts and few others; none leads back. */
static const uint32_t weight[NST_CALLS] = {
    [NST_CALL_MKDIR] = 4,      [NST_CALL_RMDIR] = 1,         [NST_CALL_OPEN] = 2,
    [NST_CALL_CHDIR] = 2,      [NST_CALL_CLOSE] = 1,         [NST_CALL_MOUNT] = 40,
    [NST_CALL_UMOUNT2] = 20,   [NST_CALL_OPEN_TREE] = 3,     [NST_CALL_MOVE_MOUNT] = 3,
    [NST_CALL_FSOPEN] = 3,     [NST_CALL_FSCONFIG] = 3,      [NST_CALL_FSMOUNT] = 3,
    [NST_CALL_PIVOT_ROOT] = 1, [NST_CALL_MOUNT_SETATTR] = 6,
};

/* By turns, four calls each, as some calls only make sense behind each other. */
static void split(struct nst_sequence *sequence)
{
    for (size_t i = 0; i < sequence->len; i++)
        sequence->call[i].actor = i / 4 % 2 ? 1 : 2;
}

static void fail_last(struct nst_trace *trace)
{
    for (size_t i = trace->len; i-- > 0;)
        if (trace->step[i].kind == NST_ANSWER_VALUE && trace->step[i].call->actor == 1) {
            trace->step[i].kind = NST_ANSWER_ERROR;
            trace->step[i].error = EPERM;
            return;
        }
}

static void lose_a_mount(struct nst_trace *trace)
{
    trace->end->view[0].table.len--;
}

static void change_a_flag(struct nst_trace *trace)
{
    static char options[] = "ro";

    trace->end->view[0].table.mount[0].options = options;
}

/* As if a mount of the child's that has a size did. */
static void change_a_flag_by_size(struct nst_trace *trace)
{
    for (size_t i = 0; i < trace->len; i++) {
        const struct nst_call *call = trace->step[i].call;

        if (call->id == NST_CALL_MOUNT && call->actor == 2 && call->arg[4].str &&
            !strcmp(call->arg[4].str, "size=1M"))
            change_a_flag(trace);
    }
}

static void lose_a_peer_group(struct nst_trace *trace)
{
    trace->end->view[0].table.mount[0].peer_group = 0;
}

/* A runtime that takes MS_SHARED for whatever was asked. */
static void share_instead(struct nst_call *call)
{
    const uint64_t types = 1 << 18 | 1 << 19;

    if (call->id == NST_CALL_MOUNT && call->actor == 2 && call->arg[3].num & types)
        call->arg[3].num = (call->arg[3].num & ~types) | 1 << 20;
}

#define BASE .property = "noninterference", .weight = weight, .split = split

static const struct nst_prop claims[] = {
    {.claim = "a_private_child_changes_nothing_for_the_parent",
     BASE,
     .cases = 150,
     .setup = CHILD CHANGE("MS_REC|MS_PRIVATE")},
    {.claim = "a_slave_child_changes_nothing_for_the_parent",
     BASE,
     .cases = 150,
     .setup = CHILD CHANGE("MS_REC|MS_SLAVE")},
    {.claim = "what_no_peer_group_connects_changes_nothing_for_the_parent",
     .property = "noninterference",
     .cases = 150},

    {.claim = "a_call_that_only_fails_beside_the_child_is_found",
     BASE,
     .setup = CHILD CHANGE("MS_REC|MS_PRIVATE"),
     .spoil = fail_last,
     .broken = true},
    {.claim = "a_mount_that_the_child_takes_is_found",
     BASE,
     .setup = CHILD CHANGE("MS_REC|MS_PRIVATE"),
     .spoil = lose_a_mount,
     .broken = true},
    {.claim = "a_flag_that_the_child_changes_is_found",
     BASE,
     .setup = CHILD CHANGE("MS_REC|MS_PRIVATE"),
     .spoil = change_a_flag,
     .broken = true},
    {.claim = "a_peer_group_that_the_child_breaks_is_found",
     BASE,
     .setup = CHILD CHANGE("MS_REC|MS_SLAVE"),
     .spoil = lose_a_peer_group,
     .broken = true},
    {.claim = "MS_PRIVATE_left_out_interferes",
     BASE,
     .setup = CHILD,
     .intent = NST_INTENT_ALWAYS,
     .broken = true},
    {.claim = "a_flag_that_one_mount_of_the_child_changes_is_found_among_200_calls",
     BASE,
     .setup = CHILD CHANGE("MS_REC|MS_PRIVATE"),
     .spoil = change_a_flag_by_size,
     .broken = true,
     .calls = 200,
     .plant = "2 mount(\"none\", \"/b\", \"tmpfs\", MS_NOSUID, \"size=1M\")\n",
     .minimum = 1},
    {.claim = "MS_SHARED_for_MS_PRIVATE_interferes",
     BASE,
     .setup = CHILD CHANGE("MS_REC|MS_PRIVATE"),
     .intent = NST_INTENT_ALWAYS,
     .mistake = share_instead,
     .broken = true},
};

NST_PROPS_MAIN("prop_noninterference", claims)
