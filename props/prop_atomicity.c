/* A call that fails changes no table. */
#include "props.h"

static void fail_with(struct nst_step *step, int error)
{
    step->kind = NST_ANSWER_ERROR;
    step->error = error;
    step->value = -1;
}

/* As if a call that did its work had failed. */
static void fail_what_succeeded(struct nst_trace *trace)
{
    for (size_t i = 0; i < trace->len; i++)
        if (trace->step[i].kind == NST_ANSWER_VALUE)
            fail_with(&trace->step[i], EINVAL);
}

static void fail_all(struct nst_trace *trace, enum nst_call_id id, int error)
{
    for (size_t i = 0; i < trace->len; i++)
        if (trace->step[i].call->id == id && trace->step[i].kind == NST_ANSWER_VALUE)
            fail_with(&trace->step[i], error);
}

/* A wrapper that tries again what worked, and returns what that said. */
static void unmount_twice(struct nst_trace *trace)
{
    fail_all(trace, NST_CALL_UMOUNT2, EINVAL);
}

/* A recursive change that stops in the middle and isn't rolled back. */
static void stop_in_the_middle(struct nst_trace *trace)
{
    fail_all(trace, NST_CALL_MOUNT_SETATTR, EPERM);
}

static void attach_and_fail(struct nst_trace *trace)
{
    fail_all(trace, NST_CALL_MOVE_MOUNT, ELOOP);
}

/* A call that fails and whose work is seen by the next one. */
static void do_later_what_failed(struct nst_trace *trace)
{
    for (size_t i = 0; i + 1 < trace->len; i++)
        if (trace->step[i].kind == NST_ANSWER_ERROR)
            trace->step[i].after = trace->step[i + 1].after;
}

/* A mount that is undone when a later step of its call fails, and was seen meanwhile. */
static void show_for_an_instant(struct nst_trace *trace)
{
    for (size_t i = 0; i < trace->len; i++) {
        struct nst_step *step = &trace->step[i];

        if (step->kind != NST_ANSWER_ERROR || step->call->id != NST_CALL_MOUNT || step->events.len)
            continue;
        step->events.event = calloc(1, sizeof *step->events.event);
        ck_assert_ptr_nonnull(step->events.event);
        step->events.event[0].kind = NST_EVENT_ATTACH;
        step->events.len = step->events.cap = 1;
    }
}

#define FAILS(sentence, how)                                                                       \
    .claim = sentence, .property = "atomicity", .spoil = how, .broken = true

static const struct nst_prop claims[] = {
    {.claim = "a_failed_call_changes_no_table", .property = "atomicity"},
    {.claim = "a_failed_call_changes_no_table_of_a_private_tree",
     .property = "atomicity",
     .setup = NST_PROP_UNSHARE NST_PROP_CHANGE("MS_REC|MS_PRIVATE")},

    {FAILS("a_failed_call_that_changed_a_table_is_found", fail_what_succeeded)},
    {FAILS("a_failed_call_that_changed_a_table_among_200_is_found", fail_what_succeeded),
     .calls = 200, .plant = "1 mount(\"none\", \"/b\", \"tmpfs\", MS_NOSUID, \"size=1M\")\n",
     .minimum = 1},
    {FAILS("an_unmount_that_is_done_twice_is_found", unmount_twice)},
    {FAILS("a_change_that_stops_in_the_middle_is_found", stop_in_the_middle)},
    {FAILS("a_tree_that_is_attached_though_it_fails_is_found", attach_and_fail), .cases = 2000},
    {FAILS("a_failed_call_whose_work_comes_later_is_found", do_later_what_failed)},
    {FAILS("a_failed_mount_that_shows_for_an_instant_is_found", show_for_an_instant)},
};

NST_PROPS_MAIN("prop_atomicity", claims)
