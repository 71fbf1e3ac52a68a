/* Claims: random cases, run, judged, and shrunk. */
#include <ns-tool/claim.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ns-tool/kept.h>
#include <ns-tool/shrink.h>

#define CASES 300

struct trial {
    const struct nst_claim *claim;
    struct nst_sandbox *sandbox;
    struct nst_claim_result *result;
    struct nst_known known;
    char *why;
};

/* What PROPERTY, unless an earlier one said more, says of TRACE, which is SEQUENCE's. */
static enum nst_verdict judge_one(struct trial *trial, const struct nst_sequence *sequence,
                                  const struct nst_trace *trace,
                                  const struct nst_property *property, enum nst_verdict worst)
{
    const struct nst_claim *claim = trial->claim;
    const struct nst_judge_options options = {
        .random = true,
        .intent = claim->run.setup && !claim->shares ? NST_INTENT_ALWAYS : NST_INTENT_NONE};
    struct nst_finding finding = {0};
    enum nst_verdict verdict = property->check(trace, &options, &finding);

    if (verdict == NST_FAIL && nst_known_find(&trial->known, property->name, &finding, sequence))
        return worst;
    if (verdict == NST_SKIP || (verdict == NST_PASS && worst != NST_SKIP))
        return worst;
    if (verdict != NST_PASS) {
        trial->result->property = property;
        trial->result->finding = finding;
    }
    return verdict;
}

/* Runs SEQUENCE and judges it into RET_VERDICT; what its calls did into RET_EFFECT, if not NULL.
 * Returns 0, -errno. */
static int try_case(struct trial *trial, const struct nst_sequence *sequence,
                    enum nst_verdict *ret_verdict, enum nst_effect *ret_effect)
{
    const struct nst_property *own = trial->claim->property;
    struct nst_trace trace = {0};
    int r = nst_run(trial->sandbox, sequence, &trial->claim->run, &trace, trial->why);

    *ret_verdict = NST_SKIP;
    if (r < 0)
        return r;
    if (own && own->check)
        *ret_verdict = judge_one(trial, sequence, &trace, own, *ret_verdict);
    for (size_t i = 0; !own && nst_properties[i]; i++)
        if (nst_properties[i]->check && *ret_verdict != NST_FAIL && *ret_verdict != NST_ERROR)
            *ret_verdict = judge_one(trial, sequence, &trace, nst_properties[i], *ret_verdict);
    if (ret_effect)
        nst_trace_effects(&trace, ret_effect);
    nst_trace_free(&trace);
    return 0;
}

/* Whether CANDIDATE breaks the same property. */
static int still_fails(void *ctx, const struct nst_sequence *candidate)
{
    struct trial *trial = ctx;
    const struct nst_property *property = trial->result->property;
    const struct nst_finding finding = trial->result->finding;
    enum nst_verdict verdict;
    int r = try_case(trial, candidate, &verdict, NULL);

    if (r < 0)
        return r;
    if (verdict == NST_FAIL && trial->result->property == property)
        return 1;
    trial->result->property = property;
    trial->result->finding = finding;
    return 0;
}

/* Shrinks SEQUENCE, which failed, its calls having done EFFECT, and notes what is left. */
static int shrink(struct trial *trial, struct nst_sequence *sequence, const enum nst_effect *effect)
{
    const struct nst_shrink_options options = {.effect = effect};
    size_t len;
    int r = 0;

    trial->result->calls = sequence->len;
    if (trial->result->verdict == NST_FAIL) {
        r = still_fails(trial, sequence);
        trial->result->comes_and_goes = r == 0;
    }
    if (r > 0)
        r = nst_shrink(sequence, still_fails, trial, &options, NULL);
    return r < 0 ? r : nst_strace_print(sequence, &trial->result->text, &len);
}

static int try_random(struct trial *trial, uint64_t index)
{
    struct nst_claim_result *result = trial->result;
    enum nst_effect *effect = NULL;
    struct nst_sequence sequence = {0};
    enum nst_verdict verdict;
    struct nst_random random;

    nst_random_seed(&random, trial->claim->seed * UINT64_C(0x9e3779b97f4a7c15) + index);
    int r = nst_generate(&random, &trial->claim->generator, &sequence);

    if (!r) {
        effect = calloc(sequence.len + 1, sizeof *effect);
        r = effect ? try_case(trial, &sequence, &verdict, effect) : -ENOMEM;
    }
    if (!r) {
        result->cases++;
        result->judged += verdict != NST_SKIP;
        if (verdict != NST_SKIP)
            result->verdict = verdict;
        result->index = index;
        if (verdict == NST_FAIL || verdict == NST_ERROR)
            r = shrink(trial, &sequence, effect);
    }
    free(effect);
    nst_sequence_free(&sequence);
    return r;
}

int nst_claim_try(const struct nst_claim *claim, struct nst_claim_result *ret_result, char *why)
{
    char reason[200] = "";
    struct trial trial = {.claim = claim, .result = ret_result, .why = reason};
    uint64_t cases = claim->cases ? claim->cases : CASES;

    *ret_result = (struct nst_claim_result){.verdict = NST_SKIP};
    int r = claim->findings ? nst_known_read(claim->findings, &trial.known, reason) : 0;

    if (!r)
        r = nst_sandbox_open(&claim->run, &trial.sandbox, reason);
    for (uint64_t i = 0;
         !r && i < cases && ret_result->verdict != NST_FAIL && ret_result->verdict != NST_ERROR;
         i++)
        r = try_random(&trial, i);
    nst_sandbox_close(trial.sandbox);
    nst_known_free(&trial.known);
    if (why)
        strcpy(why, reason);
    if (r < 0)
        nst_claim_result_free(ret_result);
    return r;
}

void nst_claim_result_free(struct nst_claim_result *result)
{
    free(result->text);
    *result = (struct nst_claim_result){.verdict = NST_SKIP};
}

static void print(const struct nst_claim *claim, const struct nst_claim_result *result)
{
    const struct nst_property *property = result->property;

    printf("%" PRIu64 " cases, %" PRIu64 " judged, seed %" PRIu64 "\n", result->cases,
           result->judged, claim->seed);
    if (result->verdict == NST_PASS)
        puts("it held");
    if (result->verdict == NST_SKIP)
        puts("no case was judged");
    if (result->verdict != NST_FAIL && result->verdict != NST_ERROR)
        return;
    printf("case %" PRIu64 " breaks %s: %s\n  (%s; %s)\n", result->index, property->name,
           result->finding.text, property->promise, property->source);
    printf("%s %zu calls%s:\n%s", result->comes_and_goes ? "of" : "shrunk from", result->calls,
           result->comes_and_goes ? ", which comes and goes: it failed once" : "", result->text);
    if (!*result->text)
        puts("(no call: the setup breaks it by itself)");
}

int nst_claim_main(const struct nst_claim *claim)
{
    const char *seed = getenv("NST_SEED"), *cases = getenv("NST_CASES");
    struct nst_claim_result result;
    struct nst_claim mine = *claim;
    char why[200] = "";

    if (seed)
        mine.seed = strtoull(seed, NULL, 0);
    if (cases)
        mine.cases = strtoull(cases, NULL, 0);
    int r = nst_claim_try(&mine, &result, why);

    if (r < 0) {
        fprintf(stderr, "it can't be tried here: %s: %s\n", why, nst_errno_name(-r));
        return r == -EPIPE ? 1 : 77;
    }
    print(&mine, &result);
    bool held = result.verdict == NST_PASS;

    nst_claim_result_free(&result);
    return held ? 0 : 1;
}
