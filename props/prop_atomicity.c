/* A call that fails changes no table. */
#include "props.h"

/* As if a call that did its work had failed. */
static void fail_what_succeeded(struct nst_trace *trace)
{
    for (size_t i = 0; i < trace->len; i++)
        if (trace->step[i].kind == NST_ANSWER_VALUE) {
            trace->step[i].kind = NST_ANSWER_ERROR;
            trace->step[i].error = EINVAL;
        }
}

static const struct nst_prop claims[] = {
    {.claim = "a_failed_call_changes_no_table", .property = "atomicity"},
    {.claim = "a_failed_call_changes_no_table_of_a_private_tree",
     .property = "atomicity",
     .setup = NST_PROP_UNSHARE NST_PROP_CHANGE("MS_REC|MS_PRIVATE")},

    {.claim = "a_failed_call_that_changed_a_table_is_found",
     .property = "atomicity",
     .spoil = fail_what_succeeded,
     .broken = true},
};

NST_PROPS_MAIN("prop_atomicity", claims)
