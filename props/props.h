/* Property suites: a claim, held for all random sequences. A suite is a table of claims and a main
 * of one line; a claim that must be rejected somewhere (a mutant) stands beside the one it guards.
 *
 * Case I of seed S is the same sequence on every machine. The seed is printed and taken from
 * NST_SEED; CK_RUN_CASE=claim runs one claim. NST_CASES is how many cases a claim has, and
 * NST_PROFILE=nightly makes them 20 times as many, NST_PROFILE=ci a third. What fails is shrunk and
 * printed; so is what a mutant's case was rejected for, and noted for the table of all mutants
 * (mutants.sh). */
#ifndef NST_PROPS_H
#define NST_PROPS_H

#include <ns-tool/generate.h>
#include <ns-tool/kept.h>
#include <ns-tool/property.h>
#include <ns-tool/shrink.h>

#include "nst_test.h"

#define NST_PROP_UNSHARE "1 unshare(CLONE_NEWNS)\n"
#define NST_PROP_CHANGE(flags) "1 mount(\"none\", \"/\", NULL, " flags ", NULL)\n"

struct nst_prop_run;

/* Judges SEQUENCE, which it may run as often as it likes (nst_prop_perform()). */
typedef enum nst_verdict (*nst_prop_check)(struct nst_prop_run *run,
                                           const struct nst_sequence *sequence,
                                           struct nst_finding *ret_finding);

/* For all random sequences behind SETUP, PROPERTY holds. */
struct nst_prop {
    const char *claim;    /* the sentence, with _ for spaces */
    const char *property; /* its name in nst_properties; NULL: all of them, or CHECK */
    nst_prop_check check; /* in place of a property of one trace */
    const char *setup;    /* calls that stand before the random ones; NULL: none */
    enum nst_intent intent;
    void (*spoil)(struct nst_trace *trace);      /* makes of it what a broken kernel would show */
    void (*spoil_twin)(struct nst_trace *trace); /* the same of a second run */
    /* Changes a call, as a runtime with a mistake would: this is performed, while the property is
     * told that what stood there was. Strings that it sets must be static. */
    void (*mistake)(struct nst_call *call);
    void (*mistake_twin)(struct nst_call *call); /* the same in a second run */
    bool broken;      /* a mutant: one of the cases must be rejected, else nothing is checked */
    uint64_t cases;   /* 0: 300; of a mutant, which ends with the first rejected one, 3,000, or of
                         CALLS 100 */
    size_t max_calls; /* 0: the generator's */
    const uint32_t *weight; /* of NST_CALLS: how often each call; NULL: the generator's */
    void (*split)(struct nst_sequence *sequence); /* says who makes which of the random calls */
    size_t calls;      /* not 0: so many, of several random sequences one after the other */
    const char *plant; /* calls that are put among those, spread; they change what a property looks
                          at, the others don't: so the minimum is known */
    size_t minimum;    /* not 0: what a mutant's rejected case shrinks to, the setup not counted */
    struct nst_run_options run;
};

struct nst_prop_run {
    const struct nst_prop *prop;
    struct nst_sandbox *sandbox;
    uint64_t calls, succeeded;
    char why[200];
};

/* The suite's, set by nst_props_main() before libcheck forks. */
static const struct nst_prop *nst_props;
static uint64_t nst_props_seed;

#define NST_PROP_TRIES 1000 /* of shrinking */
#define NST_PROP_NIGHTLY 20 /* times as many cases; in CI a third of them */

/* Runs SEQUENCE. Ends the test when it ends its sandbox: no sequence may. One that shows more than
 * a sandbox holds gives an empty trace, with the deadline: it isn't judged. */
static inline void nst_prop_perform(struct nst_prop_run *run, const struct nst_sequence *sequence,
                                    struct nst_trace *ret_trace)
{
    int r = nst_run(run->sandbox, sequence, &run->prop->run, ret_trace, run->why);

    if (r == -E2BIG) {
        *ret_trace = (struct nst_trace){.deadline = true};
    } else if (r < 0) {
        char *text = NULL;
        size_t len;

        ck_assert_int_eq(nst_strace_print(sequence, &text, &len), 0);
        ck_abort_msg("running: %s: %s\n%s", run->why, nst_errno_name(-r), text);
    }
    for (size_t i = 0; i < ret_trace->len; i++) {
        run->calls += ret_trace->step[i].kind != NST_ANSWER_NONE;
        run->succeeded += ret_trace->step[i].kind == NST_ANSWER_VALUE;
    }
}

/* Runs SEQUENCE, its calls changed by MISTAKE, and lets SPOIL make a broken kernel's trace of it.
 * Either may be NULL. The trace tells of SEQUENCE's calls. */
static inline void nst_prop_perform_broken(struct nst_prop_run *run,
                                           const struct nst_sequence *sequence,
                                           void (*mistake)(struct nst_call *call),
                                           void (*spoil)(struct nst_trace *trace),
                                           struct nst_trace *ret_trace)
{
    struct nst_sequence performed = {0};

    if (mistake) {
        ck_assert_int_eq(nst_sequence_copy(sequence, &performed), 0);
        for (size_t i = 0; i < performed.len; i++)
            mistake(&performed.call[i]);
    }
    nst_prop_perform(run, mistake ? &performed : sequence, ret_trace);
    for (size_t i = 0; i < ret_trace->len; i++)
        ret_trace->step[i].call = &sequence->call[i];
    if (spoil && ret_trace->start)
        spoil(ret_trace);
    nst_sequence_free(&performed);
}

/* What PROPERTY says of TRACE and of the second run that it asks for. */
static inline enum nst_verdict nst_prop_compare(struct nst_prop_run *run,
                                                const struct nst_property *property,
                                                const struct nst_trace *trace,
                                                const struct nst_judge_options *options,
                                                struct nst_finding *ret_finding)
{
    enum nst_verdict verdict = NST_SKIP;
    struct nst_trace twin_trace = {0};
    struct nst_twin twin = {0};
    int r = trace->deadline ? 1 : property->twin(trace, options, &twin);

    ck_assert_int_ge(r, 0);
    if (!r) {
        nst_prop_perform_broken(run, &twin.sequence, run->prop->mistake_twin, run->prop->spoil_twin,
                                &twin_trace);
        if (!twin_trace.deadline)
            verdict = property->compare(trace, &twin, &twin_trace, options, ret_finding);
    }
    nst_trace_free(&twin_trace);
    nst_twin_free(&twin);
    return verdict;
}

/* What this kernel is known to break (corpus/findings) that PROPERTY said of WHOLE, shrunk; WHOLE
 * NULL: what was seen tells that by itself. NULL: it isn't known. */
static inline const char *nst_prop_known(const char *property, const struct nst_finding *finding,
                                         const struct nst_sequence *whole)
{
    static struct nst_known known; /* read once */
    static bool read;
    const char *source = getenv("NST_SOURCE_DIR");
    const struct nst_known_finding *found;
    char *directory, why[200];

    if (!source)
        return NULL;
    if (!read) {
        ck_assert_int_gt(asprintf(&directory, "%s/corpus/findings", source), 0);
        ck_assert_msg(!nst_known_read(directory, &known, why), "%s", why);
        free(directory);
    }
    read = true;
    found = nst_known_find(&known, property, finding, whole);
    return found ? found->path : NULL;
}

/* The check of a claim that names a property, or none. What is known by what is seen isn't
 * judged: neither does a claim break by it, nor is a mutant found. */
static inline enum nst_verdict nst_prop_judge(struct nst_prop_run *run,
                                              const struct nst_sequence *sequence,
                                              struct nst_finding *ret_finding)
{
    const struct nst_judge_options options = {.random = true, .intent = run->prop->intent};
    const char *name = run->prop->property;
    enum nst_verdict verdict = NST_SKIP;
    struct nst_trace trace = {0};

    nst_prop_perform_broken(run, sequence, run->prop->mistake, run->prop->spoil, &trace);
    for (size_t i = 0; trace.start && nst_properties[i] && verdict != NST_FAIL &&
                       verdict != NST_ERROR;
         i++)
        if (!name || strcmp(nst_properties[i]->name, name) == 0) {
            enum nst_verdict one =
                nst_properties[i]->check
                    ? nst_properties[i]->check(&trace, &options, ret_finding)
                    : nst_prop_compare(run, nst_properties[i], &trace, &options, ret_finding);

            if (one == NST_FAIL && nst_prop_known(nst_properties[i]->name, ret_finding, NULL))
                one = NST_SKIP;
            verdict = one == NST_SKIP ? verdict : one;
        }
    nst_trace_free(&trace);
    return verdict;
}

/* The setup's calls and SEQUENCE's behind them. */
static inline void nst_prop_whole(const struct nst_prop *prop, const struct nst_sequence *sequence,
                                  struct nst_sequence *ret_whole)
{
    const char *setup = prop->setup ? prop->setup : "";

    ck_assert_int_eq(nst_strace_read(setup, strlen(setup), ret_whole, NULL, NULL), 0);
    for (size_t i = 0; i < sequence->len; i++)
        ck_assert_int_eq(nst_sequence_append(ret_whole, &sequence->call[i]), 0);
}

/* Judges the setup's calls and SEQUENCE's behind them. */
static inline enum nst_verdict nst_prop_try(struct nst_prop_run *run,
                                            const struct nst_sequence *sequence,
                                            struct nst_finding *ret_finding)
{
    struct nst_sequence whole = {0};
    enum nst_verdict verdict;

    nst_prop_whole(run->prop, sequence, &whole);
    verdict = (run->prop->check ? run->prop->check : nst_prop_judge)(run, &whole, ret_finding);
    nst_sequence_free(&whole);
    return verdict;
}

static inline int nst_prop_still_fails(void *ctx, const struct nst_sequence *candidate)
{
    struct nst_finding finding;

    return nst_prop_try(ctx, candidate, &finding) == NST_FAIL;
}

/* Shrinks what failed and, unless this kernel is known to break it, ends the test with it. */
static inline void nst_prop_fail(struct nst_prop_run *run, uint64_t index,
                                 struct nst_sequence *sequence, const struct nst_finding *finding)
{
    const struct nst_shrink_options options = {.max_tries = NST_PROP_TRIES};
    struct nst_sequence whole = {0};
    const char *known = NULL;
    struct nst_finding again;
    size_t len;
    char *text;

    ck_assert_int_eq(nst_shrink(sequence, nst_prop_still_fails, run, &options, NULL), 0);
    bool fails = nst_prop_try(run, sequence, &again) == NST_FAIL;

    nst_prop_whole(run->prop, sequence, &whole);
    ck_assert_int_eq(nst_strace_print(&whole, &text, &len), 0);
    if (fails && run->prop->property)
        known = nst_prop_known(run->prop->property, &again, &whole);
    if (known)
        fprintf(stderr, "%s: expected-finding: %s\n", run->prop->claim, known);
    else
        ck_abort_msg("%s, seed %llu, case %llu: %s%s\n%s", run->prop->claim,
                     (unsigned long long)nst_props_seed, (unsigned long long)index,
                     fails ? again.text : finding->text,
                     fails ? "" : " (once; what stands here did not fail again)", text);
    free(text);
    nst_sequence_free(&whole);
}

#include "cases.h"
#include "mutants.h"

/* Tries all cases of a claim, or of a mutant so many until one is rejected. */
static inline void nst_prop_try_all(struct nst_prop_run *run)
{
    struct nst_generator generator = {.max_calls = run->prop->max_calls};
    uint64_t cases = nst_prop_cases(run->prop), judged = 0;
    bool rejected = false;
    uint64_t i = 0;

    if (run->prop->weight)
        memcpy(generator.weight, run->prop->weight, sizeof generator.weight);
    for (; i < cases && !rejected; i++) {
        struct nst_sequence sequence = {0};
        struct nst_finding finding = {0};
        struct nst_random random;

        nst_random_seed(&random, nst_props_seed * UINT64_C(0x9e3779b97f4a7c15) + i);
        nst_prop_generate(run->prop, &random, &generator, &sequence);

        enum nst_verdict verdict = nst_prop_try(run, &sequence, &finding);

        ck_assert_msg(verdict != NST_ERROR, "case %llu: an error", (unsigned long long)i);
        rejected = verdict == NST_FAIL && run->prop->broken;
        judged += verdict != NST_SKIP;
        if (verdict == NST_FAIL && !run->prop->broken)
            nst_prop_fail(run, i, &sequence, &finding);
        if (rejected)
            nst_prop_killed(run, i, &sequence);
        nst_sequence_free(&sequence);
    }
    fprintf(stderr, "%s: %llu cases, %llu judged, %llu calls, %llu succeeded\n", run->prop->claim,
            (unsigned long long)i, (unsigned long long)judged, (unsigned long long)run->calls,
            (unsigned long long)run->succeeded);
    if (!rejected && run->prop->broken)
        nst_prop_note(run->prop, "survived", i, (const size_t[4]){0});
    ck_assert_msg(rejected || !run->prop->broken, "no case was rejected");
    ck_assert_msg(judged || run->prop->broken, "no case was judged");
}

START_TEST(nst_prop_holds)
{
    struct nst_prop_run run = {.prop = &nst_props[_i]};
    int r = nst_sandbox_open(&run.prop->run, &run.sandbox, run.why);

    ck_assert_msg(!r, "making a sandbox: %s: %s", run.why, nst_errno_name(-r));
    nst_prop_try_all(&run);
    nst_sandbox_close(run.sandbox);
}
END_TEST

/* A suite's main: CLAIMS of LEN, each a libcheck case of its own. */
static inline int nst_props_main(const char *name, const struct nst_prop *claims, int len)
{
    const struct nst_run_options options = {0};
    struct nst_sandbox *sandbox;
    char why[200] = "";
    int r = nst_sandbox_open(&options, &sandbox, why);

    if (r < 0) {
        errno = -r;
        return nst_test_cannot(why);
    }
    nst_sandbox_close(sandbox);
    if (getenv("NST_MUTANTS") && truncate(getenv("NST_MUTANTS"), 0) < 0 && errno != ENOENT)
        return nst_test_cannot(getenv("NST_MUTANTS"));
    nst_props = claims;
    nst_props_seed = nst_test_seed();

    Suite *suite = suite_create(name);
    check_set_max_msg_size(1 << 20); /* a whole sequence */
    SRunner *runner = srunner_create(suite);

    for (int i = 0; i < len; i++) {
        TCase *one = tcase_create(claims[i].claim);

        tcase_set_timeout(one, 300 * NST_PROP_NIGHTLY);
        tcase_add_loop_test(one, nst_prop_holds, i, i + 1);
        suite_add_tcase(suite, one);
    }
    srunner_run_all(runner, CK_NORMAL);

    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed ? 1 : 0;
}

#define NST_PROPS_MAIN(name, claims)                                                               \
    int main(void)                                                                                 \
    {                                                                                              \
        return nst_props_main(name, claims, (int)(sizeof(claims) / sizeof *(claims)));             \
    }

#endif
