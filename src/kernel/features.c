/* What this kernel has, see <ns-tool/features.h>: found out once in a process, by running the
 * probes as any sequence is run. */
#include "kernel.h"

#include <string.h>

/* Whether the last of SEQUENCE's calls answered what stands behind it: 1, 0, or -errno. */
static int perform(struct nst_sandbox *sandbox, const struct nst_sequence *sequence, char *why)
{
    const struct nst_call *call = &sequence->call[sequence->len - 1];
    const struct nst_run_options options = {.only_ends = true};
    const struct nst_step *step;
    struct nst_trace trace;
    int r = nst_run_as_is(sandbox, sequence, &options, &trace, why);

    if (r < 0)
        return r;
    step = &trace.step[trace.len - 1];
    r = call->expect.kind == NST_FAILS
            ? step->kind == NST_ANSWER_ERROR && step->error == call->expect.error
            : step->kind == NST_ANSWER_VALUE;
    nst_trace_free(&trace);
    return r;
}

int nst_kernel_lacks(struct nst_sandbox *sandbox, nst_lacks *ret_lacks, char *why)
{
    static nst_lacks found;
    static bool known;
    nst_lacks lacks = 0;

    *ret_lacks = found;
    if (known)
        return 0;
    for (size_t i = 0; i < NST_KERNEL_FEATURES; i++) {
        const char *text = nst_kernel_features[i].probe;
        struct nst_sequence sequence = {0};
        int r = nst_strace_read(text, strlen(text), &sequence, NULL, NULL);

        if (!r)
            r = perform(sandbox, &sequence, why);
        nst_sequence_free(&sequence);
        if (r < 0)
            return r;
        if (!r)
            lacks |= UINT32_C(1) << i;
    }
    known = true;
    *ret_lacks = found = lacks;
    return 0;
}
