/* What holds for one actor after the other holds in every order that a scheduler may choose, and
 * for several actors at once; each mistake of a setup is found there too. */
#include "props.h"

#define PRIVATE NST_PROP_UNSHARE NST_PROP_CHANGE("MS_REC|MS_PRIVATE")
#define SLAVE NST_PROP_UNSHARE NST_PROP_CHANGE("MS_REC|MS_SLAVE")
#define IN_A_MOUNT "1 mount(\"none\", \"/a\", \"tmpfs\", 0, NULL)\n1 mkdir(\"/a/a\", 0755)\n"

static void order_anew(struct nst_sequence *sequence)
{
    struct nst_random random;

    nst_random_seed(&random, sequence->len * 1000 + sequence->call[sequence->len - 1].id);
    ck_assert_int_eq(nst_interleave(&random, sequence), 0);
}

static void spread(struct nst_sequence *sequence)
{
    struct nst_random random;

    nst_random_seed(&random, sequence->len * 1000 + sequence->call[sequence->len - 1].id);
    ck_assert_int_eq(nst_spread(&random, sequence), 0);
}

/* As if what was performed at once had been seen outside, until it was taken away again. */
static void show_for_an_instant(struct nst_trace *trace)
{
    if (!trace->at_once)
        return;
    nst_events_free(&trace->at_once_events);
    trace->at_once_events.event = calloc(2, sizeof *trace->at_once_events.event);
    ck_assert_ptr_nonnull(trace->at_once_events.event);
    trace->at_once_events.event[0].kind = NST_EVENT_ATTACH;
    trace->at_once_events.event[1].kind = NST_EVENT_DETACH;
    trace->at_once_events.len = trace->at_once_events.cap = 2;
}

static void lose_events(struct nst_trace *trace)
{
    show_for_an_instant(trace);
    if (trace->at_once)
        trace->at_once_events.event[0].kind = NST_EVENT_OVERFLOW;
}

static void leave_a_process(struct nst_trace *trace)
{
    trace->leftover.processes += trace->at_once;
}

static void leave_a_namespace(struct nst_trace *trace)
{
    trace->leftover.namespaces += trace->at_once;
}

#define IN_ANY_ORDER .split = order_anew, .intent = NST_INTENT_ALWAYS
#define AT_ONCE .split = spread, .intent = NST_INTENT_ALWAYS, .run.at_once = true

static const struct nst_prop claims[] = {
    {.claim = "in_any_order_all_holds_that_holds_in_one", IN_ANY_ORDER, .setup = PRIVATE},
    {.claim = "in_any_order_a_slave_tree_is_isolated",
     IN_ANY_ORDER,
     .property = "isolation",
     .setup = SLAVE},
    {.claim = "at_once_a_private_tree_is_isolated",
     AT_ONCE,
     .property = "isolation",
     .setup = PRIVATE},
    {.claim = "at_once_a_slave_tree_is_isolated", AT_ONCE, .property = "isolation", .setup = SLAVE},
    {.claim = "at_once_a_private_tree_is_isolated_where_only_polling_sees_it",
     AT_ONCE,
     .property = "isolation",
     .setup = PRIVATE,
     .run.no_fanotify = true},
    {.claim = "at_once_nothing_is_left_of_a_case", AT_ONCE, .property = "cleanup"},
    {.claim = "at_once_nothing_is_left_of_a_long_case",
     AT_ONCE,
     .property = "cleanup",
     .max_calls = 200,
     .cases = 60},

    {.claim = "in_any_order_MS_PRIVATE_left_out_is_found",
     IN_ANY_ORDER,
     .property = "isolation",
     .setup = NST_PROP_UNSHARE,
     .broken = true},
    {.claim = "in_any_order_MS_REC_left_out_is_found",
     IN_ANY_ORDER,
     .property = "isolation",
     .setup = IN_A_MOUNT NST_PROP_UNSHARE NST_PROP_CHANGE("MS_PRIVATE"),
     .broken = true},
    {.claim = "at_once_MS_PRIVATE_left_out_is_found",
     AT_ONCE,
     .property = "isolation",
     .setup = NST_PROP_UNSHARE,
     .broken = true},
    {.claim = "at_once_MS_REC_left_out_is_found",
     AT_ONCE,
     .property = "isolation",
     .setup = IN_A_MOUNT NST_PROP_UNSHARE NST_PROP_CHANGE("MS_PRIVATE"),
     .broken = true},
    {.claim = "at_once_MS_SHARED_for_MS_SLAVE_is_found",
     AT_ONCE,
     .property = "isolation",
     .setup = NST_PROP_UNSHARE NST_PROP_CHANGE("MS_REC|MS_SHARED"),
     .broken = true},
    {.claim = "at_once_an_instant_is_found",
     AT_ONCE,
     .property = "isolation",
     .setup = PRIVATE,
     .spoil = show_for_an_instant,
     .broken = true},
    {.claim = "at_once_events_that_were_lost_are_found",
     AT_ONCE,
     .property = "isolation",
     .setup = PRIVATE,
     .spoil = lose_events,
     .broken = true},
    {.claim = "at_once_a_process_that_is_left_is_found",
     AT_ONCE,
     .property = "cleanup",
     .spoil = leave_a_process,
     .broken = true},
    {.claim = "at_once_a_namespace_that_is_left_is_found",
     AT_ONCE,
     .property = "cleanup",
     .spoil = leave_a_namespace,
     .broken = true},
};

NST_PROPS_MAIN("prop_concurrency", claims)
