#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ns-tool/generate.h>
#include <ns-tool/shrink.h>

#include "tool/fuzz.h"
#include "tool/tool.h"

#define INTERLEAVED 4 /* one case in so many is scheduled anew */
#define UNSHARE "1 unshare(CLONE_NEWNS)\n"

const struct nst_fuzz_setup nst_fuzz_setups[] = {
    {"private", UNSHARE "1 mount(\"none\", \"/\", NULL, MS_REC|MS_PRIVATE, NULL)\n", false},
    {"slave", UNSHARE "1 mount(\"none\", \"/\", NULL, MS_REC|MS_SLAVE, NULL)\n", false},
    {"no-private", UNSHARE, true},
    {"no-rec",
     "1 mount(\"none\", \"/a\", \"tmpfs\", 0, NULL)\n1 mkdir(\"/a/a\", 0755)\n" UNSHARE
     "1 mount(\"none\", \"/\", NULL, MS_PRIVATE, NULL)\n",
     true},
    {"shared-for-slave", UNSHARE "1 mount(\"none\", \"/\", NULL, MS_REC|MS_SHARED, NULL)\n", true},
    {0}};

/* A case is run behind the setup's calls, which stay out of what is shrunk: a sound setup without
 * its MS_PRIVATE would break isolation by itself. */
static int behind_setup(const struct nst_fuzz_setup *setup, const struct nst_sequence *sequence,
                        struct nst_sequence *ret_whole)
{
    int r = 0;

    if (setup)
        r = nst_strace_read(setup->text, strlen(setup->text), ret_whole, NULL, NULL);
    for (size_t i = 0; !r && i < sequence->len; i++)
        r = nst_sequence_append(ret_whole, &sequence->call[i]);
    return r;
}

static int make_case(const struct nst_fuzz_options *options, uint64_t index,
                     struct nst_sequence *ret_sequence)
{
    const struct nst_generator generator = {.max_calls = options->max_calls,
                                            .groups = options->groups};

    struct nst_random random;
    int r = nst_generate_case(options->seed, index, &generator, ret_sequence);

    nst_random_seed(&random, options->seed * UINT64_C(0xbf58476d1ce4e5b9) + index);
    if (!r && options->run.at_once) {
        r = nst_spread(&random, ret_sequence);
        return r == -E2BIG ? 0 : r;
    }
    return r || index % INTERLEAVED ? r : nst_interleave(&random, ret_sequence);
}

struct trial {
    const struct nst_fuzz_options *options;
    struct nst_fuzz_shared *shared;
    struct nst_sandbox *sandbox;
    struct nst_coverage *coverage; /* this worker's */
    struct nst_judgement judgement;
    size_t property; /* that must fail again */
    int ahead;       /* file for what is about to run; -1: none */
    char why[200];
};

static int open_sandbox(struct trial *trial)
{
    return nst_sandbox_open(&trial->options->run, &trial->sandbox, trial->why);
}

/* A kernel that dies of WHOLE takes this process with it: what it was is to be read afterwards. */
static void write_ahead(const struct trial *trial, const struct nst_sequence *whole)
{
    char *text;
    size_t len;

    if (trial->ahead < 0 || nst_strace_print(whole, &text, &len) < 0)
        return;
    if (pwrite(trial->ahead, text, len, 0) == (ssize_t)len &&
        ftruncate(trial->ahead, (off_t)len) == 0)
        fdatasync(trial->ahead);
    free(text);
}

/* Runs WHOLE and judges it; if TWINS, by second runs too: of every property that takes one, or of
 * ONLY. */
static int run_and_judge(struct trial *trial, const struct nst_sequence *whole, bool twins,
                         const struct nst_property *only, struct nst_trace *ret_trace)
{
    const enum nst_intent intent = trial->options->setup ? NST_INTENT_ALWAYS : NST_INTENT_NONE;
    const struct nst_judge_options judge = {.random = true, .intent = intent};
    int r;

    write_ahead(trial, whole);
    r = nst_run(trial->sandbox, whole, &trial->options->run, ret_trace, trial->why);

    if (r < 0)
        return r;
    nst_judge(ret_trace, &judge, &trial->judgement);
    if (twins)
        r = nst_judge_twins(trial->sandbox, ret_trace, &trial->options->run, &judge, only,
                            &trial->judgement, trial->why);
    return r;
}

/* A sandbox that died is made anew; its case wasn't judged, and both are counted. */
static int perform(struct trial *trial, const struct nst_sequence *whole, bool twins,
                   const struct nst_property *only, struct nst_trace *ret_trace)
{
    int r = run_and_judge(trial, whole, twins, only, ret_trace);

    if (r < 0 && r != -ENOMEM && r != -E2BIG) {
        atomic_fetch_add(&trial->shared->sandboxes, 1);
        nst_sandbox_close(trial->sandbox);
        trial->sandbox = NULL;
        r = open_sandbox(trial);
        return r == -EPIPE ? -EIO : r < 0 ? r : -EPIPE;
    }
    return r;
}

/* Whether CANDIDATE behind the setup's calls still breaks the property. */
static int still_fails(void *ctx, const struct nst_sequence *candidate)
{
    struct trial *trial = ctx;
    struct nst_sequence whole = {0};
    struct nst_trace trace = {0};
    const struct nst_property *property = nst_properties[trial->property];

    if (atomic_load(&trial->shared->stop) == NST_FUZZ_ABANDON)
        return -ECANCELED;

    int r = behind_setup(trial->options->setup, candidate, &whole);

    if (!r)
        r = perform(trial, &whole, property->twin, property, &trace);
    nst_trace_free(&trace);
    nst_sequence_free(&whole);
    if (r == -EPIPE || r == -E2BIG)
        return 0;
    return r < 0 ? r : trial->judgement.verdict[trial->property] == NST_FAIL;
}

static void write_failure(struct trial *trial, const struct nst_sequence *sequence,
                          struct nst_fuzz_failure *failure)
{
    struct nst_sequence whole = {0};
    char *text = NULL;
    size_t len;

    if (behind_setup(trial->options->setup, sequence, &whole) == 0 &&
        nst_strace_print(&whole, &text, &len) == 0 && len < sizeof failure->text)
        memcpy(failure->text, text, len + 1);
    free(text);
    nst_sequence_free(&whole);
}

/* TRACE is SEQUENCE's behind the setup's calls. What SEQUENCE's calls did in it, tells what to try
 * to leave out first. */
static int shrink(struct trial *trial, struct nst_sequence *sequence, const struct nst_trace *trace)
{
    enum nst_effect *effect = calloc(trace->len, sizeof *effect);
    struct nst_shrink_options options = {0};

    if (effect && trace->len >= sequence->len) {
        nst_trace_effects(trace, effect);
        options.effect = effect + (trace->len - sequence->len);
    }
    int r = nst_shrink(sequence, still_fails, trial, &options, NULL);

    free(effect);
    return r;
}

/* Whether WHOLE, shrunk, breaks PROPERTY as is known of this kernel; NULL: whether what was seen
 * tells that by itself. */
static bool is_known(const struct trial *trial, size_t property, const struct nst_sequence *whole)
{
    return nst_known_find(&trial->options->known, nst_properties[property]->name,
                          &trial->judgement.finding[property], whole);
}

static bool is_known_shrunk(const struct trial *trial, const struct nst_sequence *sequence)
{
    struct nst_sequence whole = {0};
    bool known = behind_setup(trial->options->setup, sequence, &whole) == 0 &&
                 is_known(trial, trial->property, &whole);

    nst_sequence_free(&whole);
    return known;
}

/* What failed is shrunk first: most that is known is only then told. */
static void report(struct trial *trial, uint64_t index, struct nst_sequence *sequence,
                   const struct nst_trace *trace)
{
    const unsigned most = trial->options->keep_going ? NST_FUZZ_FAILURES_MAX : 1;
    const size_t calls_before = sequence->len;
    struct nst_fuzz_shared *shared = trial->shared;
    struct nst_finding finding = trial->judgement.finding[trial->property];

    if (atomic_load(&shared->slots) >= most)
        return;

    int r = shrink(trial, sequence, trace);
    bool fails = still_fails(trial, sequence) == 1;

    if (r < 0 && r != -ECANCELED)
        nst_tool_error(0, r, "shrinking case %llu: %s", (unsigned long long)index, trial->why);
    if (fails && is_known_shrunk(trial, sequence)) {
        atomic_fetch_add(&shared->expected[trial->property], 1);
        return;
    }
    unsigned slot = atomic_fetch_add(&shared->slots, 1);

    if (slot >= most)
        return;
    if (!trial->options->keep_going && shared->stop == NST_FUZZ_RUN)
        shared->stop = NST_FUZZ_STOP;

    struct nst_fuzz_failure *failure = &shared->failure[slot];

    failure->property = trial->property;
    failure->index = index;
    failure->calls_before = calls_before;
    failure->finding = fails ? trial->judgement.finding[trial->property] : finding;
    failure->comes_and_goes = !fails && r != -ECANCELED;
    write_failure(trial, sequence, failure);
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

static void judge(struct trial *trial, uint64_t index, struct nst_sequence *sequence,
                  const struct nst_trace *trace)
{
    size_t first = trial->judgement.len;

    for (size_t i = trial->judgement.len; i-- > 0;) {
        enum nst_verdict verdict = trial->judgement.verdict[i];

        if (verdict == NST_SKIP)
            atomic_fetch_add(&trial->shared->skipped[i], 1);
        if (verdict != NST_FAIL && verdict != NST_ERROR)
            continue;
        atomic_fetch_add(&trial->shared->failed[i], 1);
        if (verdict == NST_FAIL && is_known(trial, i, NULL))
            atomic_fetch_add(&trial->shared->expected[i], 1);
        else
            first = i;
    }
    trial->property = first;
    if (first < trial->judgement.len)
        report(trial, index, sequence, trace);
}

static int work_case(struct trial *trial, uint64_t index)
{
    struct nst_sequence sequence = {0}, whole = {0};
    struct nst_trace trace = {0};
    bool twins = trial->options->share && index % trial->options->share == 0;
    int r = make_case(trial->options, index, &sequence);

    if (!r)
        r = behind_setup(trial->options->setup, &sequence, &whole);
    if (!r)
        r = perform(trial, &whole, twins, NULL, &trace);
    if (!r) {
        count(trial->shared, &trace);
        nst_coverage_add(trial->coverage, &trace);
        judge(trial, index, &sequence, &trace);
    }
    nst_trace_free(&trace);
    nst_sequence_free(&whole);
    nst_sequence_free(&sequence);
    return r;
}

int nst_fuzz_work(const struct nst_fuzz_options *options, struct nst_fuzz_shared *shared,
                  unsigned worker)
{
    struct trial trial = {.options = options,
                          .shared = shared,
                          .ahead = -1,
                          .coverage = &shared->coverage[worker % NST_FUZZ_JOBS_MAX]};
    char path[4400];
    int r;

    if (options->ahead) {
        snprintf(path, sizeof path, "%s/running.%u", options->ahead, worker);
        trial.ahead = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (trial.ahead < 0)
            return nst_tool_error(NST_EXIT_USAGE, errno, "opening %s", path);
    }
    r = open_sandbox(&trial);
    if (r < 0)
        return nst_tool_error(NST_EXIT_CANNOT, r, "making a sandbox: %s", trial.why);
    while (!r && atomic_load(&shared->stop) == NST_FUZZ_RUN) {
        uint64_t index = atomic_fetch_add(&shared->next, 1);

        if (options->cases && index - options->first >= options->cases)
            break;
        r = work_case(&trial, index);
        if (r == -EPIPE) {
            fprintf(stderr, "ns-tool fuzz: case %llu ended its sandbox\n",
                    (unsigned long long)index);
            r = 0;
        }
        if (r == -E2BIG) {
            atomic_fetch_add(&shared->too_big, 1);
            r = 0;
        }
    }
    nst_sandbox_close(trial.sandbox);
    return r < 0 ? nst_tool_error(NST_EXIT_BROKE, r, "running a case: %s", trial.why)
                 : NST_EXIT_HELD;
}
