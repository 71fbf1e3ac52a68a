/* The whole of a search as one JSON object; ns-tool(1) describes it. A number that may pass 2^53 (a
 * seed, a case) is a string, as many readers keep numbers as doubles. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ns-tool/generate.h>

#include "tool/fuzz_report.h"
#include "tool/run_summary.h"

static json_t *number_text(uint64_t number)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRIu64, number);
    return json_string(text);
}

static json_t *count(uint64_t number)
{
    return json_integer((json_int_t)number);
}

static void add_properties(const struct nst_fuzz_shared *shared, json_t *rows)
{
    for (size_t i = 0; nst_properties[i]; i++) {
        const struct nst_property *property = nst_properties[i];
        uint64_t expected = shared->expected[i], broken = shared->failed[i] - expected;
        uint64_t skipped = shared->skipped[i];

        json_array_append_new(
            rows, nst_summary_property(property->name, property->promise, property->source,
                                       shared->cases - broken - expected - skipped, broken,
                                       expected, skipped));
    }
}

/* Runs FAILURE's sequence once more, so that its finding has trees. */
static json_t *finding_again(const struct nst_fuzz_options *options,
                             const struct nst_fuzz_failure *failure)
{
    const struct nst_judge_options judge = {
        .random = true, .intent = options->setup ? NST_INTENT_ALWAYS : NST_INTENT_NONE};
    struct nst_sequence sequence = {0};
    struct nst_sandbox *sandbox = NULL;
    struct nst_judgement judgement;
    struct nst_trace trace = {0};
    json_t *finding = NULL;
    char why[200];

    if (nst_strace_read(failure->text, strlen(failure->text), &sequence, NULL, NULL) == 0 &&
        nst_sandbox_open(&options->run, &sandbox, why) == 0 &&
        nst_run(sandbox, &sequence, &options->run, &trace, why) == 0) {
        nst_judge(&trace, &judge, &judgement);
        if (judgement.verdict[failure->property] == NST_FAIL)
            finding = nst_run_finding(failure->property, &sequence, &trace, &judgement);
    }
    nst_trace_free(&trace);
    nst_sandbox_close(sandbox);
    nst_sequence_free(&sequence);
    return finding;
}

static json_t *finding(const struct nst_fuzz_options *options,
                       const struct nst_fuzz_failure *failure)
{
    json_t *object = finding_again(options, failure);
    char *repeat = NULL;
    size_t len;
    FILE *out = open_memstream(&repeat, &len);

    if (!object) /* by two runs, or it comes and goes */
        object = nst_summary_finding(nst_properties[failure->property]->name, failure->finding.text,
                                     failure->text);
    if (!out || !object)
        return object;
    nst_fuzz_write_repeat(out, options, failure->index);
    fclose(out);
    json_object_set_new(object, "case", number_text(failure->index));
    json_object_set_new(object, "text", nst_summary_text(failure->finding.text));
    json_object_set_new(object, "calls_before_shrinking", count(failure->calls_before));
    json_object_set_new(object, "comes_and_goes", json_boolean(failure->comes_and_goes));
    json_object_set_new(object, "repeat", nst_summary_text(repeat ? repeat : ""));
    free(repeat);
    return object;
}

static void add_findings(const struct nst_fuzz_options *options,
                         const struct nst_fuzz_shared *shared, json_t *rows)
{
    for (size_t i = 0; i < NST_FUZZ_FAILURES_MAX; i++)
        if (atomic_load(&shared->failure[i].whole))
            json_array_append_new(rows, finding(options, &shared->failure[i]));
}

static json_t *feature_group(const struct nst_coverage *coverage, size_t index)
{
    const struct nst_feature_group *group = nst_feature_groups[index];
    const uint64_t *hits = coverage->hits + nst_coverage_start(index);
    json_t *features = json_object(), *never = json_array();

    for (size_t i = 0; i < group->len; i++) {
        json_object_set_new(features, group->feature[i].name, count(hits[i]));
        if (!hits[i])
            json_array_append_new(never, json_string(group->feature[i].name));
    }
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "name", group->name, "about",
                     group->about, "source", group->source, "reached",
                     count(nst_coverage_reached(coverage, index)), "of", count(group->len),
                     "features", features, "never", never);
}

static json_t *results(const struct nst_coverage *coverage)
{
    json_t *calls = json_object();

    for (size_t i = 0; i < NST_CALLS; i++) {
        json_t *row = json_object();

        for (int error = 0; error < NST_ERRNO_MAX; error++) {
            const char *name = error ? nst_errno_name(error) : "success";

            if (name && coverage->results[i][error])
                json_object_set_new(row, name, count(coverage->results[i][error]));
        }
        json_object_set_new(calls, nst_calls[i].name, row);
    }
    return calls;
}

static json_t *reached(const struct nst_coverage *coverage)
{
    json_t *groups = json_array(), *unreachable = json_array();

    for (size_t i = 0; nst_feature_groups[i]; i++)
        json_array_append_new(groups, feature_group(coverage, i));
    for (const struct nst_unreachable *row = nst_unreachable; row->name; row++)
        json_array_append_new(unreachable,
                              json_pack("{s:s, s:s}", "name", row->name, "why", row->why));
    return json_pack("{s:o, s:o, s:o}", "groups", groups, "results", results(coverage),
                     "unreachable", unreachable);
}

static json_t *swarm(const struct nst_fuzz_options *options)
{
    json_t *names = json_array();

    for (size_t i = 0; i < nst_swarm_len(); i++)
        if (options->groups >> i & 1)
            json_array_append_new(names, json_string(nst_swarm_groups[i].name));
    return names;
}

json_t *nst_fuzz_to_json(const struct nst_fuzz_options *options,
                         const struct nst_fuzz_shared *shared,
                         const struct nst_fuzz_progress *progress,
                         const struct nst_coverage *coverage)
{
    json_t *object = nst_summary_new("fuzz");
    json_t *rest =
        json_pack("{s:o, s:s?, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:o, s:o, s:o}", "seed",
                  number_text(options->seed), "setup", options->setup ? options->setup->name : NULL,
                  "swarm", swarm(options), "privileged", (int)options->run.privileged, "cases",
                  count(shared->cases), "calls", count(shared->calls), "succeeded",
                  count(shared->succeeded), "idle_cases", count(shared->idle), "too_big",
                  count(shared->too_big), "sandboxes_died", count(shared->sandboxes),
                  "workers_killed", (int)progress->killed, "kept_tried", count(shared->kept),
                  "kept_broken", count(shared->kept_broken), "coverage", reached(coverage));

    if (!object || !rest || json_object_update(object, rest) < 0) {
        json_decref(object);
        json_decref(rest);
        return NULL;
    }
    json_decref(rest);
    add_properties(shared, json_object_get(object, "properties"));
    add_findings(options, shared, json_object_get(object, "findings"));
    return object;
}
