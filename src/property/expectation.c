/* What stands behind `=` is what the kernel must answer. */
#include <string.h>

#include "list.h"

static enum nst_verdict check(const struct nst_trace *trace,
                              const struct nst_judge_options *options,
                              struct nst_finding *ret_finding)
{
    if (trace->setup && trace->setup->kind == NST_ANSWER_ERROR)
        return nst_finding_at(ret_finding, trace->len, "the setup failed with %s",
                              nst_errno_name(trace->setup->error));
    if (trace->setup && trace->setup->kind != NST_ANSWER_VALUE)
        return nst_finding_at(ret_finding, trace->len, "the setup %s",
                              trace->setup->kind == NST_ANSWER_ENDED
                                  ? "ended its process"
                                  : "did not return before its deadline");
    if (options->random && !options->expected)
        return NST_PASS;
    for (size_t i = 0; i < trace->len; i++) {
        const struct nst_step *step = &trace->step[i];
        const struct nst_result *expect = &step->call->expect;
        const char *name = nst_calls[step->call->id].name;

        if (step->faulted) /* later ones may build on it */
            return NST_PASS;
        if (step->kind == NST_ANSWER_DEADLINE)
            return nst_finding_at(ret_finding, i, "%s did not return before its deadline", name);
        if (expect->kind == NST_ANY)
            continue;
        if (step->kind == NST_ANSWER_NONE)
            return nst_finding_at(ret_finding, i,
                                  "%s was never performed: its actor is gone or was never made",
                                  name);
        if (expect->kind == NST_SUCCEEDS && step->kind == NST_ANSWER_ERROR)
            return nst_finding_at(ret_finding, i, "%s failed with %s, expected success", name,
                                  nst_errno_name(step->error));
        if (expect->kind == NST_FAILS && step->kind != NST_ANSWER_ERROR)
            return nst_finding_at(ret_finding, i, "%s succeeded, expected %s", name,
                                  nst_errno_name(expect->error));
        if (expect->kind == NST_FAILS && step->error != expect->error)
            return nst_finding_at(ret_finding, i, "%s failed with %s, expected %s", name,
                                  nst_errno_name(step->error), nst_errno_name(expect->error));
    }
    return NST_PASS;
}

const struct nst_property nst_property_expectation = {
    .name = "expectation",
    .promise = "every call answers what stands behind its `=`",
    .source = "the sequence itself",
    .predicted = true,
    .check = check,
};
