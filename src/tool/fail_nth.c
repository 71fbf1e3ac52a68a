#include "tool/fail_nth.h"

#include <inttypes.h>
#include <unistd.h>

#include <ns-tool/report.h>

#include "tool/tool.h"

enum { ALLOCATIONS = 5000 }; /* of one call, more than any makes */

/* One run. Returns 1 where an allocation failed, 0 where there are no more; -1: it couldn't be run.
 */
static int fail_one(struct nst_sandbox *sandbox, const struct nst_sequence *sequence,
                    const struct nst_judging *how, const struct nst_run_options *options, FILE *out,
                    bool quiet, unsigned long *broken)
{
    struct nst_judgement judgement;
    struct nst_trace trace = {0};
    char why[200] = "";
    int r = nst_run(sandbox, sequence, options, &trace, why);

    if (r < 0) {
        nst_tool_error(NST_EXIT_BROKE, r, "running with allocation %u of call %zu failing: %s",
                       options->fail_nth, options->fail_call, why);
        return -1;
    }
    r = trace.step[options->fail_call - 1].faulted;
    if (r && nst_judge(&trace, &how->judge, &judgement) != NST_PASS && ++*broken == 1) {
        fprintf(out, "allocation %u of call %zu failed:\n", options->fail_nth, options->fail_call);
        if (!quiet)
            nst_report_trace(out, &trace, &judgement);
        nst_report_judgement(out, &judgement);
    }
    nst_trace_free(&trace);
    return r;
}

int nst_fail_each(struct nst_sandbox *sandbox, const struct nst_sequence *sequence,
                  const struct nst_judging *how, FILE *out, bool quiet, unsigned long *ret_broken)
{
    struct nst_run_options options = how->run;
    unsigned long faults = 0;

    *ret_broken = 0;
    if (access("/proc/self/fail-nth", W_OK) < 0)
        return nst_tool_error(NST_EXIT_CANNOT, 0,
                              "this kernel can't have an allocation fail; one with "
                              "CONFIG_FAULT_INJECTION and CONFIG_FAILSLAB can (ci/kernel)");
    for (options.fail_call = 1; options.fail_call <= sequence->len; options.fail_call++) {
        int r = 1;

        for (options.fail_nth = 1; r > 0 && options.fail_nth <= ALLOCATIONS; options.fail_nth++) {
            r = fail_one(sandbox, sequence, how, &options, out, quiet, ret_broken);
            faults += r > 0;
        }
        if (r < 0)
            return NST_EXIT_BROKE;
    }
    fprintf(out, "%lu allocations failed, in %zu calls; %lu of these runs broke\n", faults,
            sequence->len, *ret_broken);
    if (!faults)
        return nst_tool_error(NST_EXIT_CANNOT, 0,
                              "no allocation failed; /sys/kernel/debug/failslab/ignore-gfp-wait "
                              "must be N");
    return NST_EXIT_HELD;
}
