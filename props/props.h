/* Property suites: a claim, held for all random sequences. A suite is a table of claims and a main
 * of one line; a claim that must be rejected somewhere (a mutant) stands beside the one it guards.
 *
 * Case I of seed S is the same sequence on every machine. The seed is printed and taken from
 * NST_SEED; CK_RUN_CASE=claim runs one claim. NST_CASES is how many cases a claim has, and
 * NST_PROFILE=nightly makes them 20 times as many. What fails is shrunk and printed; so is what a
 * mutant's case was rejected for, and noted for the table of all mutants (mutants.sh). */
#ifndef NST_PROPS_H
#define NST_PROPS_H

#include <ns-tool/generate.h>
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
    void (*spoil)(struct nst_trace *trace); /* makes of it what a broken kernel would show */
    /* Changes a call, as a runtime with a mistake would: this is performed, while the property is
     * told that what stood there was. Strings that it sets must be static. */
    void (*mistake)(struct nst_call *call);
    bool broken;      /* a mutant: one of the cases must be rejected, else nothing is checked */
    uint64_t cases;   /* 0: 300 */
    size_t max_calls; /* 0: the generator's */
    const uint32_t *weight; /* of NST_CALLS: how often each call; NULL: the generator's */
    size_t calls;           /* not 0: so many, of several random sequences one after the other */
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
#define NST_PROP_NIGHTLY 20 /* times as many cases */

/* Runs SEQUENCE. Ends the test when it ends its sandbox: no sequence may. */
static inline void nst_prop_perform(struct nst_prop_run *run, const struct nst_sequence *sequence,
                                    struct nst_trace *ret_trace)
{
    int r = nst_run(run->sandbox, sequence, &run->prop->run, ret_trace, run->why);

    if (r < 0) {
        char *text = NULL;
        size_t len;

        ck_assert_int_eq(nst_strace_print(sequence, &text, &len), 0);
        ck_abort_msg("running: %s: %s\n%s", run->why, strerrorname_np(-r), text);
    }
    for (size_t i = 0; i < ret_trace->len; i++) {
        run->calls += ret_trace->step[i].kind != NST_ANSWER_NONE;
        run->succeeded += ret_trace->step[i].kind == NST_ANSWER_VALUE;
    }
}

/* The check of a claim that names a property, or none. */
static inline enum nst_verdict nst_prop_judge(struct nst_prop_run *run,
                                              const struct nst_sequence *sequence,
                                              struct nst_finding *ret_finding)
{
    const struct nst_judge_options options = {.random = true, .intent = run->prop->intent};
    const char *name = run->prop->property;
    enum nst_verdict verdict = NST_SKIP;
    struct nst_sequence performed = {0};
    struct nst_trace trace = {0};

    if (run->prop->mistake) {
        ck_assert_int_eq(nst_sequence_copy(sequence, &performed), 0);
        for (size_t i = 0; i < performed.len; i++)
            run->prop->mistake(&performed.call[i]);
    }
    nst_prop_perform(run, run->prop->mistake ? &performed : sequence, &trace);
    for (size_t i = 0; i < trace.len; i++)
        trace.step[i].call = &sequence->call[i];
    if (run->prop->spoil)
        run->prop->spoil(&trace);
    for (size_t i = 0; nst_properties[i] && verdict != NST_FAIL && verdict != NST_ERROR; i++)
        if (!name || strcmp(nst_properties[i]->name, name) == 0) {
            enum nst_verdict one = nst_properties[i]->check(&trace, &options, ret_finding);

            verdict = one == NST_SKIP ? verdict : one;
        }
    nst_trace_free(&trace);
    nst_sequence_free(&performed);
    return verdict;
}

/* Judges the setup's calls and SEQUENCE's behind them; RET_WHOLE, which may be NULL, is both. */
static inline enum nst_verdict nst_prop_try(struct nst_prop_run *run,
                                            const struct nst_sequence *sequence,
                                            struct nst_finding *ret_finding, char **ret_whole)
{
    const char *setup = run->prop->setup ? run->prop->setup : "";
    struct nst_sequence whole = {0};
    enum nst_verdict verdict;
    size_t len;

    ck_assert_int_eq(nst_strace_read(setup, strlen(setup), &whole, NULL, NULL), 0);
    for (size_t i = 0; i < sequence->len; i++)
        ck_assert_int_eq(nst_sequence_append(&whole, &sequence->call[i]), 0);
    verdict = (run->prop->check ? run->prop->check : nst_prop_judge)(run, &whole, ret_finding);
    if (ret_whole)
        ck_assert_int_eq(nst_strace_print(&whole, ret_whole, &len), 0);
    nst_sequence_free(&whole);
    return verdict;
}

static inline int nst_prop_still_fails(void *ctx, const struct nst_sequence *candidate)
{
    struct nst_finding finding;

    return nst_prop_try(ctx, candidate, &finding, NULL) == NST_FAIL;
}

/* Shrinks what failed and ends the test with it. */
static inline void nst_prop_fail(struct nst_prop_run *run, uint64_t index,
                                 struct nst_sequence *sequence, const struct nst_finding *finding)
{
    struct nst_finding again;
    const char *comes_and_goes = "";
    char *text;

    const struct nst_shrink_options options = {.max_tries = NST_PROP_TRIES};

    ck_assert_int_eq(nst_shrink(sequence, nst_prop_still_fails, run, &options, NULL), 0);
    if (nst_prop_try(run, sequence, &again, &text) == NST_FAIL)
        finding = &again;
    else
        comes_and_goes = " (once; what stands here did not fail again)";
    ck_abort_msg("%s, seed %llu, case %llu: %s%s\n%s", run->prop->claim,
                 (unsigned long long)nst_props_seed, (unsigned long long)index, finding->text,
                 comes_and_goes, text);
}

/* A line of the table of mutants, into the file that NST_MUTANTS names: property, mutant, what
 * became of it, and of its rejected case the index, the calls before and after shrinking, the tries
 * that it took and the milliseconds; between tabs. */
static inline void nst_prop_note(const struct nst_prop *prop, const char *fate, uint64_t index,
                                 const size_t numbers[4])
{
    const char *path = getenv("NST_MUTANTS"), *name = prop->property ? prop->property : "-";
    FILE *out = path ? fopen(path, "ae") : NULL;

    ck_assert_msg(!path || out, "%s: %s", path, strerror(errno));
    fprintf(stderr, "mutant %s: %s, %zu calls -> %zu, %zu tries, %zu ms\n", prop->claim, fate,
            numbers[0], numbers[1], numbers[2], numbers[3]);
    if (!out)
        return;
    fprintf(out, "%s\t%s\t%s\t%llu\t%zu\t%zu\t%zu\t%zu\n", name, prop->claim, fate,
            (unsigned long long)index, numbers[0], numbers[1], numbers[2], numbers[3]);
    ck_assert_int_eq(fclose(out), 0);
}

/* Shrinks what a mutant's case was rejected for, and notes it. */
static inline void nst_prop_killed(struct nst_prop_run *run, uint64_t index,
                                   struct nst_sequence *sequence)
{
    const struct nst_shrink_options options = {.max_tries = NST_PROP_TRIES};
    size_t numbers[4] = {sequence->len};
    struct timespec begun, ended;
    char *text;

    clock_gettime(CLOCK_MONOTONIC, &begun);
    ck_assert_int_eq(nst_shrink(sequence, nst_prop_still_fails, run, &options, &numbers[2]), 0);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    numbers[1] = sequence->len;
    numbers[3] =
        (size_t)((ended.tv_sec - begun.tv_sec) * 1000 + (ended.tv_nsec - begun.tv_nsec) / 1000000);
    nst_prop_note(run->prop, "killed", index, numbers);
    if (!run->prop->minimum)
        return;
    ck_assert_int_eq(nst_strace_print(sequence, &text, &numbers[0]), 0);
    ck_assert_msg(sequence->len == run->prop->minimum, "%zu calls, the minimum is %zu:\n%s",
                  sequence->len, run->prop->minimum, text);
    free(text);
}

/* How many cases of PROP to try; a mutant's may only become more. */
static inline uint64_t nst_prop_cases(const struct nst_prop *prop)
{
    const char *given = getenv("NST_CASES"), *profile = getenv("NST_PROFILE");
    uint64_t own = prop->cases ? prop->cases : 300, cases = own;

    if (given)
        cases = strtoull(given, NULL, 0);
    else if (profile && !strcmp(profile, "nightly"))
        cases *= NST_PROP_NIGHTLY;
    else
        ck_assert_msg(!profile || !strcmp(profile, "ci"), "NST_PROFILE is ci or nightly");
    return prop->broken && cases < own ? own : cases;
}

/* Calls that change no table and take away nothing. */
static const uint32_t nst_prop_quiet[NST_CALLS] = {
    [NST_CALL_MKDIR] = 3, [NST_CALL_OPEN] = 3,   [NST_CALL_OPENAT] = 1, [NST_CALL_CLOSE] = 3,
    [NST_CALL_CHDIR] = 3, [NST_CALL_FCHDIR] = 1, [NST_CALL_FORK] = 1,   [NST_CALL_SYMLINK] = 1};

/* Spreads what the claim plants over quiet calls. */
static inline void nst_prop_plant(const struct nst_prop *prop, struct nst_random *random,
                                  struct nst_sequence *ret_sequence)
{
    struct nst_generator generator = {.max_calls = 40};
    struct nst_sequence plant = {0};
    size_t next = 0;

    memcpy(generator.weight, nst_prop_quiet, sizeof generator.weight);
    ck_assert_int_eq(nst_strace_read(prop->plant, strlen(prop->plant), &plant, NULL, NULL), 0);
    while (ret_sequence->len < prop->calls) {
        struct nst_sequence part = {0};

        ck_assert_int_eq(nst_generate(random, &generator, &part), 0);
        for (size_t i = 0; i < part.len && ret_sequence->len < prop->calls; i++) {
            size_t place = (next + 1) * prop->calls / (plant.len + 2);

            if (next < plant.len && ret_sequence->len >= place)
                ck_assert_int_eq(nst_sequence_append(ret_sequence, &plant.call[next++]), 0);
            ck_assert_int_eq(nst_sequence_append(ret_sequence, &part.call[i]), 0);
        }
        nst_sequence_free(&part);
    }
    ck_assert_uint_eq(next, plant.len);
    nst_sequence_free(&plant);
}

/* One random sequence, or as many as give the claim's calls. */
static inline void nst_prop_generate(const struct nst_prop *prop, struct nst_random *random,
                                     const struct nst_generator *generator,
                                     struct nst_sequence *ret_sequence)
{
    if (prop->plant) {
        nst_prop_plant(prop, random, ret_sequence);
        return;
    }
    do {
        struct nst_sequence part = {0};
        size_t wanted = prop->calls ? prop->calls - ret_sequence->len : SIZE_MAX;

        ck_assert_int_eq(nst_generate(random, generator, &part), 0);
        for (size_t i = 0; i < part.len && i < wanted; i++)
            ck_assert_int_eq(nst_sequence_append(ret_sequence, &part.call[i]), 0);
        nst_sequence_free(&part);
    } while (ret_sequence->len < prop->calls);
}

/* Tries all cases of a claim, or of a mutant so many until one is rejected. */
static inline void nst_prop_try_all(struct nst_prop_run *run)
{
    struct nst_generator generator = {.max_calls = run->prop->max_calls};
    uint64_t cases = nst_prop_cases(run->prop), passed = 0;
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

        enum nst_verdict verdict = nst_prop_try(run, &sequence, &finding, NULL);

        ck_assert_msg(verdict != NST_ERROR, "case %llu: an error", (unsigned long long)i);
        rejected = verdict == NST_FAIL;
        passed += verdict == NST_PASS;
        if (rejected && !run->prop->broken)
            nst_prop_fail(run, i, &sequence, &finding);
        if (rejected)
            nst_prop_killed(run, i, &sequence);
        nst_sequence_free(&sequence);
    }
    fprintf(stderr, "%s: %llu cases, %llu calls, %llu succeeded\n", run->prop->claim,
            (unsigned long long)i, (unsigned long long)run->calls,
            (unsigned long long)run->succeeded);
    if (!rejected && run->prop->broken)
        nst_prop_note(run->prop, "survived", i, (const size_t[4]){0});
    ck_assert_msg(rejected || !run->prop->broken, "no case was rejected");
    ck_assert_msg(passed || run->prop->broken, "no case was judged");
}

START_TEST(nst_prop_holds)
{
    struct nst_prop_run run = {.prop = &nst_props[_i]};
    int r = nst_sandbox_open(&run.prop->run, &run.sandbox, run.why);

    ck_assert_msg(!r, "making a sandbox: %s: %s", run.why, strerrorname_np(-r));
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
