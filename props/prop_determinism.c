/* The same sequence twice shows the same; a kernel that answers by chance is found. */
#include "props.h"

/* As if the last call that worked had failed this time. */
static void fail_once(struct nst_trace *trace)
{
    for (size_t i = trace->len; i-- > 0;)
        if (trace->step[i].kind == NST_ANSWER_VALUE) {
            trace->step[i].kind = NST_ANSWER_ERROR;
            trace->step[i].error = EINTR;
            return;
        }
}

/* As if a failing call gave another reason this time. */
static void answer_another_error(struct nst_trace *trace)
{
    for (size_t i = 0; i < trace->len; i++)
        if (trace->step[i].error)
            trace->step[i].error = trace->step[i].error == EBUSY ? EINVAL : EBUSY;
}

/* As if the parent's mounts had been made private this time. */
static void lose_a_peer_group(struct nst_trace *trace)
{
    struct nst_table *table = &trace->end->view[0].table;

    for (size_t i = 0; i < table->len; i++)
        table->mount[i].peer_group = 0;
}

/* As if what came last had been mounted nowhere this time. */
static void lose_a_mount(struct nst_trace *trace)
{
    for (size_t i = 0; i < trace->snapshots; i++)
        for (size_t n = 0; n < trace->snapshot[i]->len; n++)
            if (trace->snapshot[i]->view[n].table.len > 2)
                trace->snapshot[i]->view[n].table.len--;
}

/* As if a mount had been seen for an instant this time. */
static void show_an_instant(struct nst_trace *trace)
{
    struct nst_events *events = &trace->step[0].events;

    if (!trace->len)
        return;
    events->event = realloc(events->event, (events->len + 1) * sizeof *events->event);
    events->event[events->len++] = (struct nst_event){.kind = NST_EVENT_ATTACH};
}

static void leave_a_mount(struct nst_trace *trace)
{
    trace->leftover.mounts++;
}

/* A runtime that forgets MS_REC now and then. */
static void forget_recursion(struct nst_call *call)
{
    enum { RECURSIVE = 1 << 14 };

    if (call->id == NST_CALL_MOUNT)
        call->arg[3].num &= ~(uint64_t)RECURSIVE;
}

static const struct nst_prop claims[] = {
    {.claim = "a_sequence_shows_the_same_twice", .property = "determinism", .cases = 200},
    {.claim = "a_long_sequence_shows_the_same_twice",
     .property = "determinism",
     .cases = 30,
     .max_calls = 150},
    {.claim = "a_sequence_shows_the_same_twice_in_a_private_tree",
     .property = "determinism",
     .setup = NST_PROP_UNSHARE NST_PROP_CHANGE("MS_REC|MS_PRIVATE")},
    {.claim = "a_sequence_shows_the_same_twice_where_only_polling_sees_it",
     .property = "determinism",
     .cases = 100,
     .run.no_fanotify = true},
    {.claim = "what_is_left_is_undone_in_the_same_way_twice",
     .property = "determinism",
     .cases = 100,
     .run.undo = true},

    {.claim = "a_call_that_fails_once_is_found",
     .property = "determinism",
     .spoil_twin = fail_once,
     .broken = true},
    {.claim = "another_error_is_found",
     .property = "determinism",
     .spoil = answer_another_error,
     .broken = true},
    {.claim = "another_peer_group_is_found",
     .property = "determinism",
     .spoil_twin = lose_a_peer_group,
     .broken = true},
    {.claim = "a_mount_that_comes_once_is_found",
     .property = "determinism",
     .spoil_twin = lose_a_mount,
     .broken = true},
    {.claim = "a_mount_that_comes_once_is_found_among_200_calls",
     .property = "determinism",
     .spoil_twin = lose_a_mount,
     .broken = true,
     .calls = 200,
     .plant = "1 mount(\"none\", \"/b\", \"tmpfs\", MS_NOSUID, \"size=1M\")\n",
     .minimum = 1},
    {.claim = "an_instant_is_found",
     .property = "determinism",
     .spoil = show_an_instant,
     .broken = true},
    {.claim = "what_is_left_once_is_found",
     .property = "determinism",
     .spoil_twin = leave_a_mount,
     .broken = true},
    {.claim = "MS_REC_that_is_forgotten_once_is_found",
     .property = "determinism",
     .mistake_twin = forget_recursion,
     .broken = true},
};

NST_PROPS_MAIN("prop_determinism", claims)
