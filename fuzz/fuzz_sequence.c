/* Any bytes, read leniently, are a sequence; it is run in a sandbox and held against every
 * property. */
#include <stdio.h>
#include <stdlib.h>

#include <ns-tool/report.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct nst_sandbox
    *sandbox; /* NULL where this machine allows none: then only the reader runs */
static const struct nst_run_options options; /* all defaults */

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    char why[200] = "";

    (void)argc;
    (void)argv;
    if (nst_sandbox_open(&options, &sandbox, why) < 0)
        fprintf(stderr, "fuzz_sequence: no sandbox here (%s): only the reader is tested\n", why);
    return 0;
}

/* Says what broke, with the sequence that breaks it, and ends the process. */
static void fail(const struct nst_trace *trace, const struct nst_judgement *judgement)
{
    nst_report_trace(stderr, trace, judgement);
    nst_report_judgement(stderr, judgement);
    nst_sandbox_close(sandbox);
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nst_sequence sequence = {0};
    struct nst_judgement judgement;
    struct nst_trace trace = {0};
    char why[200] = "";

    if (nst_strace_read_lenient((const char *)data, size, &sequence, NULL) < 0)
        abort();
    /* What stands behind `=` only names descriptors and actors here: mutations change the rest. */
    for (size_t i = 0; i < sequence.len; i++)
        if (nst_calls[sequence.call[i].id].returns == NST_RETURNS_ZERO)
            sequence.call[i].expect = (struct nst_result){0};
    if (sandbox) {
        int r = nst_run(sandbox, &sequence, &options, &trace, why);

        if (r < 0) {
            fprintf(stderr, "fuzz_sequence: %s\n", why);
            abort();
        }
        nst_judge(&trace, &(struct nst_judge_options){.random = true}, &judgement);
        for (size_t i = 0; i < judgement.len; i++)
            if (judgement.verdict[i] == NST_FAIL || judgement.verdict[i] == NST_ERROR)
                fail(&trace, &judgement);
        nst_trace_free(&trace);
    }
    nst_sequence_free(&sequence);
    return 0;
}
