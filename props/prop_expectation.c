/* What a run answered, written behind its calls, is what it answered; whoever writes another result
 * there is told. */
#include "props.h"

/* Changes what stands behind `=` of a call that answered as STEP says. */
typedef void (*rewrite_fn)(const struct nst_step *step, struct nst_result *result);

static struct nst_result told(const struct nst_step *step)
{
    if (step->kind == NST_ANSWER_VALUE)
        return (struct nst_result){.kind = NST_SUCCEEDS, .value = step->value};
    if (step->kind == NST_ANSWER_ERROR)
        return (struct nst_result){.kind = NST_FAILS, .error = step->error};
    return (struct nst_result){.kind = NST_ANY};
}

/* Runs SEQUENCE, writes down what it answered, as REWRITE (NULL: nobody) changes it, and holds the
 * run against that. */
static enum nst_verdict judge(struct nst_prop_run *run, const struct nst_sequence *sequence,
                              rewrite_fn rewrite, struct nst_finding *ret_finding)
{
    const struct nst_judge_options options = {0};
    struct nst_sequence written = {0};
    struct nst_trace trace = {0};
    enum nst_verdict verdict;

    ck_assert_int_eq(nst_sequence_copy(sequence, &written), 0);
    nst_prop_perform(run, sequence, &trace);
    for (size_t i = 0; i < trace.len; i++) {
        written.call[i].expect = told(&trace.step[i]);
        if (rewrite)
            rewrite(&trace.step[i], &written.call[i].expect);
        trace.step[i].call = &written.call[i];
    }
    verdict = nst_property_by_name("expectation")->check(&trace, &options, ret_finding);
    nst_trace_free(&trace);
    nst_sequence_free(&written);
    return verdict;
}

static enum nst_verdict as_told(struct nst_prop_run *run, const struct nst_sequence *sequence,
                                struct nst_finding *ret_finding)
{
    return judge(run, sequence, NULL, ret_finding);
}

#define REWRITES(name, ...)                                                                        \
    static void name##_result(const struct nst_step *step, struct nst_result *result)              \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }                                                                                              \
    static enum nst_verdict name(struct nst_prop_run *run, const struct nst_sequence *sequence,    \
                                 struct nst_finding *ret_finding)                                  \
    {                                                                                              \
        return judge(run, sequence, name##_result, ret_finding);                                   \
    }

/* A wrapper that hides what failed. */
REWRITES(all_succeed, (void)step;
         if (result->kind == NST_FAILS) *result = (struct nst_result){.kind = NST_SUCCEEDS};)
/* A test that was written for a kernel without the call. */
REWRITES(none_is_known, if (step->kind == NST_ANSWER_VALUE) *result = (struct nst_result){
                            .kind = NST_FAILS, .error = ENOSYS};)
/* A runtime that takes any refusal for a missing right. */
REWRITES(all_are_refused, (void)step;
         if (result->kind == NST_FAILS && result->error != EPERM) result->error = EPERM;)
/* One that goes on with a child that is gone. */
REWRITES(the_gone_answer,
         if (step->kind == NST_ANSWER_NONE) *result = (struct nst_result){.kind = NST_SUCCEEDS};)

#define WRITES(sentence, how)                                                                      \
    .claim = sentence, .property = "expectation", .check = how, .broken = true

static const struct nst_prop claims[] = {
    {.claim = "what_was_answered_is_what_is_expected", .property = "expectation", .check = as_told},

    {WRITES("a_failure_that_is_hidden_is_found", all_succeed)},
    {WRITES("a_call_thought_missing_is_found", none_is_known)},
    {WRITES("another_errno_is_found", all_are_refused)},
    {WRITES("another_errno_is_found_among_200_calls", all_are_refused), .calls = 200,
     .plant = "1 umount2(\"/b\", MNT_DETACH)\n", .minimum = 1},
    {WRITES("a_call_of_an_actor_that_is_gone_is_found", the_gone_answer), .calls = 50,
     .plant = "1 fork() = 2\n1 kill(2, SIGKILL)\n2 chdir(\"/\")\n", .minimum = 2},
};

NST_PROPS_MAIN("prop_expectation", claims)
