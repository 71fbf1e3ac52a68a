/* The whole of a search as one JSON object; ns-tool(1) describes it. A number that may pass 2^53 (a
 * seed, a case) is a string, as many readers keep numbers as doubles. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ns-tool/generate.h>
#include <ns-tool/version.h>

#include "tool/fuzz_report.h"
#include "tool/kernel.h"

enum { SCHEMA = 1 };

static json_t *number_text(uint64_t number)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRIu64, number);
    return json_string(text);
}

/* Bytes of a path may be no UTF-8: those that aren't stand as octal escapes, as strace writes them,
 * and as the canonical text has them already. */
static json_t *any_text(const char *text)
{
    json_t *string = json_string(text);
    char *escaped, *to;

    if (string || !(escaped = to = malloc(4 * strlen(text) + 1)))
        return string;
    for (; *text; text++)
        if ((unsigned char)*text < 0x80)
            *to++ = *text;
        else
            to += sprintf(to, "\\%03o", (unsigned)(unsigned char)*text);
    *to = '\0';
    string = json_string(escaped);
    free(escaped);
    return string;
}

static json_t *count(uint64_t number)
{
    return json_integer((json_int_t)number);
}

static json_t *kernel(void)
{
    json_t *features = json_array();
    struct nst_tool_kernel kernel;

    nst_tool_probe(&kernel);
    for (size_t i = 0; i < sizeof kernel.feature / sizeof *kernel.feature; i++) {
        const struct nst_tool_feature *feature = &kernel.feature[i];

        json_array_append_new(features,
                              json_pack("{s:s, s:s?, s:b, s:s?}", "name", feature->name, "since",
                                        *feature->since ? feature->since : NULL, "supported",
                                        !feature->result, "error",
                                        feature->result ? nst_errno_name(-feature->result) : NULL));
    }
    return json_pack("{s:s, s:s, s:o}", "release", kernel.name.release, "machine",
                     kernel.name.machine, "features", features);
}

static json_t *properties(const struct nst_fuzz_shared *shared)
{
    json_t *rows = json_array();

    for (size_t i = 0; nst_properties[i]; i++) {
        uint64_t expected = shared->expected[i], broken = shared->failed[i] - expected;
        uint64_t skipped = shared->skipped[i];
        json_t *row =
            json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "name", nst_properties[i]->name,
                      "promise", nst_properties[i]->promise, "source", nst_properties[i]->source,
                      "held", count(shared->cases - broken - expected - skipped), "broken",
                      count(broken), "expected", count(expected), "skipped", count(skipped));

        json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *finding(const struct nst_fuzz_options *options,
                       const struct nst_fuzz_failure *failure)
{
    char *repeat = NULL;
    size_t len;
    FILE *out = open_memstream(&repeat, &len);

    if (!out)
        return NULL;
    nst_fuzz_write_repeat(out, options, failure->index);
    fclose(out);

    json_t *object = json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:b, s:s}", "property", nst_properties[failure->property]->name,
        "case", number_text(failure->index), "text", any_text(failure->finding.text), "sequence",
        any_text(failure->text), "calls_before_shrinking", count(failure->calls_before),
        "comes_and_goes", (int)failure->comes_and_goes, "repeat", repeat ? repeat : "");

    free(repeat);
    return object;
}

static json_t *findings(const struct nst_fuzz_options *options,
                        const struct nst_fuzz_shared *shared)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < NST_FUZZ_FAILURES_MAX; i++)
        if (atomic_load(&shared->failure[i].whole))
            json_array_append_new(rows, finding(options, &shared->failure[i]));
    return rows;
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

int nst_fuzz_print_json(const struct nst_fuzz_options *options,
                        const struct nst_fuzz_shared *shared,
                        const struct nst_fuzz_progress *progress,
                        const struct nst_coverage *coverage, int status)
{
    json_t *object =
        json_pack("{s:i, s:s, s:s, s:o, s:o, s:s?, s:o, s:b}", "schema", SCHEMA, "version",
                  nst_version(), "command", "fuzz", "kernel", kernel(), "seed",
                  number_text(options->seed), "setup", options->setup ? options->setup->name : NULL,
                  "swarm", swarm(options), "privileged", (int)options->run.privileged);
    json_t *rest = json_pack(
        "{s:f, s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:o, s:o, s:i, s:o, s:o, s:o}", "seconds",
        nst_fuzz_seconds(progress), "cases", count(shared->cases), "calls", count(shared->calls),
        "succeeded", count(shared->succeeded), "idle_cases", count(shared->idle), "too_big",
        count(shared->too_big), "sandboxes_died", count(shared->sandboxes), "workers_killed",
        (int)progress->killed, "kept_tried", count(shared->kept), "kept_broken",
        count(shared->kept_broken), "status", status, "properties", properties(shared), "findings",
        findings(options, shared), "coverage", reached(coverage));
    int r = object && rest && json_object_update(object, rest) == 0 &&
                    json_dumpf(object, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER) == 0
                ? 0
                : -ENOMEM;

    putchar('\n');
    json_decref(object);
    json_decref(rest);
    return r;
}
