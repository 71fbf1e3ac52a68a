#include <string.h>

#include "list.h"

static enum nst_verdict check(const struct nst_trace *trace,
                              const struct nst_judge_options *options,
                              struct nst_finding *ret_finding)
{
    (void)options;
    for (size_t i = 0; i < trace->len; i++) {
        const struct nst_step *step = &trace->step[i];

        if (step->kind != NST_ANSWER_ERROR)
            continue;
        for (size_t n = 0; n < step->events.len; n++)
            if (step->events.event[n].kind == NST_EVENT_ATTACH)
                return nst_finding_at(ret_finding, i,
                                      "%s failed with %s and showed a mount in the parent",
                                      nst_calls[step->call->id].name, nst_errno_name(step->error));
        if (step->before == step->after)
            continue;
        for (size_t n = 0; n < step->before->len; n++) {
            const struct nst_ns_view *before = &step->before->view[n];
            const struct nst_ns_view *after = nst_view_later(step->after, before);

            if (after && !nst_tables_equal(&before->table, &after->table))
                return nst_finding_at(ret_finding, i,
                                      "%s failed with %s and changed the table of %s",
                                      nst_calls[step->call->id].name, nst_errno_name(step->error),
                                      before->parent ? "the parent" : "a child's namespace");
        }
    }
    return NST_PASS;
}

const struct nst_property nst_property_atomicity = {
    .name = "atomicity",
    .promise = "a call that fails changes no table in any namespace",
    .source = "mount(2): on error, -1 is returned; mount_setattr(2): all or nothing",
    .predicted = true,
    .check = check,
};
