#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"

const struct nst_property *const nst_properties[] = {
    &nst_property_expectation,     &nst_property_isolation,   &nst_property_cleanup,
    &nst_property_atomicity,       &nst_property_views,       &nst_property_busy,
    &nst_property_lifetime,        &nst_property_cover,       &nst_property_propagation,
    &nst_property_flags,           &nst_property_conformance, &nst_property_determinism,
    &nst_property_noninterference, &nst_property_equivalence, NULL,
};

const struct nst_property *nst_property_by_name(const char *name)
{
    for (size_t i = 0; nst_properties[i]; i++)
        if (!strcmp(nst_properties[i]->name, name))
            return nst_properties[i];
    return NULL;
}

_Static_assert(sizeof nst_properties / sizeof *nst_properties - 1 <= NST_PROPERTIES_MAX,
               "a judgement holds every property");

const char *nst_verdict_name(enum nst_verdict verdict)
{
    static const char *const names[] = {"pass", "fail", "skip", "error", "expected-finding"};

    return names[verdict];
}

static const char no_tables[] = "not judged: calls were performed at once, without tables for each";

/* Of a verdict that wasn't given. */
static void skip(struct nst_finding *finding, const char *why)
{
    finding->step = SIZE_MAX;
    snprintf(finding->text, sizeof finding->text, "%s", why);
}

enum nst_verdict nst_judgement_worst(const struct nst_judgement *judgement)
{
    enum nst_verdict worst = NST_PASS;

    for (size_t i = 0; i < judgement->len; i++)
        if (judgement->verdict[i] == NST_ERROR ||
            (judgement->verdict[i] == NST_FAIL && worst == NST_PASS))
            worst = judgement->verdict[i];
    return worst;
}

enum nst_verdict nst_judge(const struct nst_trace *trace, const struct nst_judge_options *options,
                           struct nst_judgement *ret_judgement)
{
    ret_judgement->len = 0;
    for (size_t i = 0; nst_properties[i]; i++) {
        struct nst_finding *finding = &ret_judgement->finding[i];

        finding->text[0] = '\0';
        ret_judgement->len++;
        ret_judgement->verdict[i] = NST_SKIP;
        if (!nst_properties[i]->check) {
            skip(finding, "not judged: it takes a second run");
            continue;
        }
        if (trace->predicted && !nst_properties[i]->predicted) {
            skip(finding, "not judged: no kernel was asked");
            continue;
        }
        if (trace->at_once && !nst_properties[i]->at_once) {
            skip(finding, no_tables);
            continue;
        }
        enum nst_verdict verdict = nst_properties[i]->check(trace, options, finding);

        /* What wasn't performed wasn't judged. Cleanup was, and expectation says the deadline. */
        if (verdict == NST_PASS && trace->deadline && nst_properties[i] != &nst_property_cleanup &&
            nst_properties[i] != &nst_property_expectation)
            verdict = NST_SKIP;
        ret_judgement->verdict[i] = verdict;
    }
    return nst_judgement_worst(ret_judgement);
}

void nst_twin_free(struct nst_twin *twin)
{
    nst_sequence_free(&twin->sequence);
    free(twin->step);
    *twin = (struct nst_twin){0};
}

static int judge_twin(struct nst_sandbox *sandbox, const struct nst_trace *trace,
                      const struct nst_run_options *run_options,
                      const struct nst_judge_options *options, const struct nst_property *property,
                      enum nst_verdict *ret_verdict, struct nst_finding *ret_finding, char *why)
{
    struct nst_trace twin_trace = {0};
    struct nst_twin twin = {0};
    int r;

    *ret_verdict = NST_SKIP;
    skip(ret_finding, "a call did not return before its deadline");
    if (trace->at_once)
        skip(ret_finding, no_tables);
    if (trace->deadline || trace->at_once)
        return 0;
    r = property->twin(trace, options, &twin);
    if (r > 0)
        skip(ret_finding, "nothing to compare");
    if (!r)
        r = nst_run(sandbox, &twin.sequence, run_options, &twin_trace, why);
    if (!r && !twin_trace.deadline) {
        ret_finding->text[0] = '\0';
        *ret_verdict = property->compare(trace, &twin, &twin_trace, options, ret_finding);
    }
    nst_trace_free(&twin_trace);
    nst_twin_free(&twin);
    return r > 0 ? 0 : r;
}

int nst_judge_twins(struct nst_sandbox *sandbox, const struct nst_trace *trace,
                    const struct nst_run_options *run_options,
                    const struct nst_judge_options *options, const struct nst_property *only,
                    struct nst_judgement *judgement, char *why)
{
    int r = 0;

    for (size_t i = 0; !r && i < judgement->len; i++)
        if (nst_properties[i]->twin && (!only || only == nst_properties[i]))
            r = judge_twin(sandbox, trace, run_options, options, nst_properties[i],
                           &judgement->verdict[i], &judgement->finding[i], why);
    return r;
}

enum nst_verdict nst_finding_at(struct nst_finding *ret_finding, size_t step, const char *format,
                                ...)
{
    va_list args;

    ret_finding->step = step;
    va_start(args, format);
    vsnprintf(ret_finding->text, sizeof ret_finding->text, format, args);
    va_end(args);
    return NST_FAIL;
}
