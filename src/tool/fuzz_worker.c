#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ns-tool/generate.h>
#include <ns-tool/shrink.h>

#include "tool/fuzz.h"
#include "tool/tool.h"

#define UNSHARE "1 unshare(CLONE_NEWNS)\n"

const struct nst_fuzz_setup nst_fuzz_setups[] = {
    {"private", UNSHARE "1 mount(\"none\", \"/\", NULL, MS_REC|MS_PRIVATE, NULL)\n", false},
    {"slave", UNSHARE "1 mount(\"none\", \"/\", NULL, MS_REC|MS_SLAVE, NULL)\n", false},
    {"no-private", UNSHARE, true},
    {"no-rec",
     "1 mount(\"t\", \"/a\", \"tmpfs\", 0, NULL)\n1 mkdir(\"/a/a\", 0755)\n" UNSHARE
     "1 mount(\"none\", \"/\", NULL, MS_PRIVATE, NULL)\n",
     true},
    {"shared-for-slave", UNSHARE "1 mount(\"none\", \"/\", NULL, MS_REC|MS_SHARED, NULL)\n", true},
    {0}};

int nst_fuzz_case(const struct nst_fuzz_options *options, uint64_t index,
                  struct nst_sequence *ret_sequence)
{
    const struct nst_generator generator = {.max_calls = options->max_calls};
    struct nst_sequence generated = {0};
    struct nst_random random;
    int r = 0;

    nst_random_seed(&random, options->seed * UINT64_C(0x9e3779b97f4a7c15) + index);
    if (options->setup)
        r = nst_strace_read(options->setup->text, strlen(options->setup->text), ret_sequence, NULL,
                            NULL);
    if (!r)
        r = nst_generate(&random, &generator, &generated);
    for (size_t i = 0; !r && i < generated.len; i++)
        r = nst_sequence_append(ret_sequence, &generated.call[i]);
    nst_sequence_free(&generated);
    return r == -E2BIG ? 0 : r;
}

struct trial {
    const struct nst_fuzz_options *options;
    struct nst_sandbox *sandbox;
    struct nst_judgement judgement;
    size_t property; /* that must fail again */
    char why[200];
};

static int perform(struct trial *trial, const struct nst_sequence *sequence,
                   struct nst_trace *ret_trace)
{
    const struct nst_judge_options judge = {
        .random = true, .intent = trial->options->setup ? NST_INTENT_ALWAYS : NST_INTENT_NONE};
    int r = nst_run(trial->sandbox, sequence, &trial->options->run, ret_trace, trial->why);

    if (r < 0)
        return r;
    nst_judge(ret_trace, &judge, &trial->judgement);
    return 0;
}

/* Whether CANDIDATE, behind the setup's calls if there are some, still breaks the property. */
static int still_fails(void *ctx, const struct nst_sequence *candidate)
{
    struct trial *trial = ctx;
    struct nst_trace trace = {0};
    int r = perform(trial, candidate, &trace);

    nst_trace_free(&trace);
    return r < 0 ? r : trial->judgement.verdict[trial->property] == NST_FAIL;
}

static void report(struct nst_fuzz_shared *shared, struct trial *trial, uint64_t index,
                   struct nst_sequence *sequence)
{
    int slot = atomic_fetch_add(&shared->slots, 1);
    size_t before = sequence->len, len;
    char *text;

    if (slot >= NST_FUZZ_FAILURES_MAX)
        return;
    struct nst_fuzz_failure *failure = &shared->failure[slot];

    failure->property = trial->property;
    failure->index = index;
    failure->calls_before = before;
    failure->finding = trial->judgement.finding[trial->property];
    if (nst_shrink(sequence, still_fails, trial, 0, NULL) < 0)
        fprintf(stderr, "ns-tool fuzz: shrinking ended early: %s\n", trial->why);
    /* What the shrunk one shows, if it shows it once more: some failures come and go. */
    if (still_fails(trial, sequence) == 1)
        failure->finding = trial->judgement.finding[trial->property];
    if (nst_strace_print(sequence, &text, &len) == 0) {
        snprintf(failure->text, sizeof failure->text, "%s", text);
        free(text);
    }
    atomic_store(&failure->whole, true);
}

static void count(struct nst_fuzz_shared *shared, const struct nst_trace *trace)
{
    uint64_t calls = 0, succeeded = 0;

    for (size_t i = 0; i < trace->len; i++) {
        calls += trace->step[i].kind != NST_ANSWER_NONE;
        succeeded += trace->step[i].kind == NST_ANSWER_VALUE;
    }
    atomic_fetch_add(&shared->calls, calls);
    atomic_fetch_add(&shared->succeeded, succeeded);
    atomic_fetch_add(&shared->idle, !succeeded);
    atomic_fetch_add(&shared->cases, 1);
}

static int work_case(const struct nst_fuzz_options *options, struct nst_fuzz_shared *shared,
                     struct trial *trial, uint64_t index)
{
    struct nst_sequence sequence = {0};
    struct nst_trace trace = {0};
    int r = nst_fuzz_case(options, index, &sequence);

    if (!r)
        r = perform(trial, &sequence, &trace);
    if (!r) {
        struct nst_judgement judgement = trial->judgement;

        count(shared, &trace);
        nst_trace_free(&trace);
        for (size_t i = 0; i < judgement.len; i++) {
            shared->skipped[i] += judgement.verdict[i] == NST_SKIP;
            if (judgement.verdict[i] != NST_FAIL && judgement.verdict[i] != NST_ERROR)
                continue;
            atomic_fetch_add(&shared->failed[i], 1);
            trial->property = i;
            trial->judgement = judgement;
            report(shared, trial, index, &sequence);
            break;
        }
    }
    nst_sequence_free(&sequence);
    return r;
}

int nst_fuzz_work(const struct nst_fuzz_options *options, struct nst_fuzz_shared *shared)
{
    struct trial trial = {.options = options};
    int r = nst_sandbox_open(&options->run, &trial.sandbox, trial.why);

    if (r < 0)
        return nst_tool_error(NST_EXIT_CANNOT, r, "making a sandbox: %s", trial.why);
    while (!r && !atomic_load(&shared->stop)) {
        uint64_t index = atomic_fetch_add(&shared->next, 1);

        if (options->cases && index >= options->first + options->cases)
            break;
        r = work_case(options, shared, &trial, index);
        if (r == -EPIPE) { /* the sandbox died: say so, and make another */
            fprintf(stderr, "ns-tool fuzz: case %llu ended its sandbox: %s\n",
                    (unsigned long long)index, trial.why);
            nst_sandbox_close(trial.sandbox);
            trial.sandbox = NULL;
            r = nst_sandbox_open(&options->run, &trial.sandbox, trial.why);
        }
    }
    nst_sandbox_close(trial.sandbox);
    if (r < 0)
        return nst_tool_error(NST_EXIT_BROKE, r, "running a case: %s", trial.why);
    return NST_EXIT_HELD;
}
