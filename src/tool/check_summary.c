/* What `ns-tool check` tells in its reports. */
#include <stdlib.h>
#include <string.h>

#include "tool/check.h"

enum { FLOW = 60 }; /* calls before a finding's own that are told with it */

/* The calls up to the one at AT, as steps. */
static json_t *steps_of(const struct nst_check *check, size_t at)
{
    size_t end = at < check->calls ? at + 1 : check->calls;
    json_t *steps = json_array();

    if (end > NST_CHECK_CALLS_MAX)
        end = NST_CHECK_CALLS_MAX;
    for (size_t i = end > FLOW ? end - FLOW : 0; i < end; i++) {
        char text[NST_CHECK_TEXT + 64];

        snprintf(text, sizeof text, "%d %s  # %s", check->call[i].pid, check->call[i].text,
                 check->call[i].process);
        json_array_append_new(steps, json_pack("{s:o, s:I, s:b}", "call", nst_summary_text(text),
                                               "line", (json_int_t)1, "here", i == at));
    }
    return steps;
}

/* Pids and times differ from run to run: what is the same is the path and the call. */
static json_t *finding_of(const struct nst_check *check, const struct nst_check_finding *found,
                          const char *program)
{
    char same[3 * NST_CHECK_TEXT];
    json_t *finding;

    snprintf(same, sizeof same, "%s\n%s\n%s", program, found->path, found->call);
    finding = nst_summary_finding(nst_check_promises[found->property].name, found->text, same);
    if (!finding)
        return NULL;
    json_object_set_new(finding, "sequence", nst_summary_text(found->call));
    json_object_set_new(finding, "steps", steps_of(check, found->call_at));
    json_object_set_new(finding, "path", nst_summary_text(found->path));
    json_object_set_new(finding, "process", nst_summary_text(found->process));
    json_object_set_new(finding, "pid", json_integer(found->pid));
    json_object_set_new(finding, "call", nst_summary_text(found->call));
    if (found->milliseconds >= 0)
        json_object_set_new(finding, "milliseconds", json_real(found->milliseconds));
    json_object_set_new(finding, "file", nst_summary_text(program));
    return finding;
}

/* Whether PROPERTY had anything to judge. */
static bool is_judged(const struct nst_check *check, size_t property)
{
    return property == NST_CHECK_PROPAGATION ? check->probes > 0
           : property == NST_CHECK_FLAGS     ? check->namespaces > 0
                                             : true;
}

json_t *nst_check_to_json(const struct nst_check *check, const struct nst_check_options *options)
{
    json_t *summary = nst_summary_new("check");
    json_t *rows = json_object_get(summary, "properties");

    if (!summary)
        return NULL;
    for (size_t i = 0; i < NST_CHECK_PROPERTIES; i++) {
        const struct nst_check_promise *promise = &nst_check_promises[i];
        uint64_t broken = 0;

        for (size_t n = 0; n < check->findings; n++)
            broken += check->finding[n].property == i;
        json_array_append_new(rows,
                              nst_summary_property(promise->name, promise->promise, promise->source,
                                                   !broken && is_judged(check, i), broken, 0,
                                                   !broken && !is_judged(check, i)));
    }
    for (size_t n = 0; n < check->findings; n++)
        json_array_append_new(json_object_get(summary, "findings"),
                              finding_of(check, &check->finding[n], options->argv[0]));
    json_object_set_new(summary, "cases", json_integer(1));
    json_object_set_new(summary, "calls", json_integer((json_int_t)check->calls));
    json_object_set_new(summary, "command_status", json_integer(nst_check_status(check->status)));
    json_object_set_new(summary, "timed_out", json_boolean(check->timed_out));
    json_object_set_new(summary, "calls_held", json_boolean(!check->unheld));
    json_object_set_new(summary, "attached", json_integer((json_int_t)check->attached));
    json_object_set_new(summary, "namespaces", json_integer((json_int_t)check->namespaces));
    json_object_set_new(summary, "probes", json_integer((json_int_t)check->probes));
    return summary;
}
