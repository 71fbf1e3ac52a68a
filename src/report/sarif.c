/* SARIF 2.1.0, as code scanning takes it: a rule a property, a result a finding, its calls as the
 * code flow. */
#include "report/summary.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* PATH as a URI's reference (RFC 3986). The caller frees it. */
static char *uri_of(const char *path)
{
    char *uri = malloc(3 * strlen(path) + 16), *to = uri;

    if (!uri)
        return NULL;
    if (*path == '/')
        to += sprintf(to, "file://");
    for (; *path; path++)
        if (isalnum((unsigned char)*path) || strchr("/._~-", *path))
            *to++ = *path;
        else
            to += sprintf(to, "%%%02X", (unsigned)(unsigned char)*path);
    *to = '\0';
    return uri;
}

static json_t *location(const json_t *finding, long long line, const char *message)
{
    const char *file = nst_json_text(finding, "file");
    char *uri = uri_of(*file ? file : "ns-tool");
    json_t *object =
        json_pack("{s:{s:{s:s}, s:{s:I}}}", "physicalLocation", "artifactLocation", "uri",
                  uri ? uri : "ns-tool", "region", "startLine", (json_int_t)(line > 0 ? line : 1));

    if (message)
        json_object_set_new(object, "message", json_pack("{s:s}", "text", message));
    free(uri);
    return object;
}

static json_t *flow(const json_t *finding)
{
    json_t *locations = json_array();
    const json_t *step;
    size_t i;

    json_array_foreach(json_object_get(finding, "steps"), i, step)
    {
        const char *importance =
            json_is_true(json_object_get(step, "here")) ? "essential" : "important";

        json_array_append_new(locations, json_pack("{s:o, s:s}", "location",
                                                   location(finding, nst_json_number(step, "line"),
                                                            nst_json_text(step, "call")),
                                                   "importance", importance));
    }
    return json_pack("[{s:[{s:o}]}]", "threadFlows", "locations", locations);
}

/* The line of the step that broke it, or the first. */
static long long line_of(const json_t *finding)
{
    const json_t *step;
    size_t i;

    json_array_foreach(
        json_object_get(finding, "steps"), i,
        step) if (json_is_true(json_object_get(step, "here"))) return nst_json_number(step, "line");
    return 1;
}

static json_t *result(const json_t *finding, size_t rule)
{
    bool expected = json_is_true(json_object_get(finding, "expected"));
    json_t *object = json_pack(
        "{s:s, s:i, s:s, s:{s:s}, s:[o], s:{s:s}}", "ruleId", nst_json_text(finding, "property"),
        "ruleIndex", (int)rule, "level", expected ? "note" : "error", "message", "text",
        nst_json_text(finding, "text"), "locations", location(finding, line_of(finding), NULL),
        "partialFingerprints", "nsTool/v1", nst_json_text(finding, "fingerprint"));

    if (json_array_size(json_object_get(finding, "steps")))
        json_object_set_new(object, "codeFlows", flow(finding));
    if (*nst_json_text(finding, "repeat"))
        json_object_set_new(object, "properties",
                            json_pack("{s:s}", "repeat", nst_json_text(finding, "repeat")));
    return object;
}

static json_t *rule_of(const json_t *property)
{
    const char *name = nst_json_text(property, "name");
    const char *promise = nst_json_text(property, "promise");
    const char *source = nst_json_text(property, "source");
    json_t *rule = json_pack("{s:s, s:{s:s}, s:{s:s}, s:{s:s}}", "id", name, "shortDescription",
                             "text", promise, "fullDescription", "text", promise,
                             "defaultConfiguration", "level", "error");
    json_t *help = json_sprintf("%s.\n\nThe rule's source: %s.", promise, source);
    json_t *markdown = json_sprintf("**%s**: %s.\n\nThe rule's source: %s.", name, promise, source);

    json_object_set_new(rule, "help", json_pack("{s:o, s:o}", "text", help, "markdown", markdown));
    json_object_set_new(rule, "properties",
                        json_pack("{s:[s,s], s:s}", "tags", "security", "mount-namespaces",
                                  "security-severity", "7.0"));
    return rule;
}

static size_t index_of(const json_t *properties, const char *name)
{
    const json_t *property;
    size_t i;

    json_array_foreach(properties, i,
                       property) if (!strcmp(nst_json_text(property, "name"), name)) return i;
    return 0;
}

void nst_summary_write_sarif(FILE *out, const json_t *summary)
{
    const json_t *properties = json_object_get(summary, "properties"), *row;
    json_t *rules = json_array(), *results = json_array(), *root;
    long long status = nst_json_number(summary, "status");
    size_t i;

    json_array_foreach(properties, i, row) json_array_append_new(rules, rule_of(row));
    json_array_foreach(json_object_get(summary, "findings"), i, row) json_array_append_new(
        results, result(row, index_of(properties, nst_json_text(row, "property"))));
    root = json_pack("{s:s, s:s, s:[{s:{s:{s:s, s:s, s:o}}, s:o, s:s, s:[{s:b, s:I}]}]}", "$schema",
                     "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
                     "sarif-schema-2.1.0.json",
                     "version", "2.1.0", "runs", "tool", "driver", "name", "ns-tool", "version",
                     nst_json_text(summary, "version"), "rules", rules, "results", results,
                     "columnKind", "unicodeCodePoints", "invocations", "executionSuccessful",
                     status == 0 || status == 1, "exitCode", (json_int_t)status);
    if (root)
        json_dumpf(root, out, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
    fputc('\n', out);
    json_decref(root);
}
