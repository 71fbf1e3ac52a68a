/* JUnit's XML as Jenkins and others read it: a test suite a command, a test case a property. */
#include "report/summary.h"

#include <string.h>
#include <time.h>

static void write_failures(FILE *out, const json_t *summary, const char *property)
{
    const json_t *finding;
    bool open = false;
    size_t i;

    json_array_foreach(json_object_get(summary, "findings"), i, finding)
    {
        if (strcmp(nst_json_text(finding, "property"), property) != 0 ||
            json_is_true(json_object_get(finding, "expected")))
            continue;
        if (!open) {
            fputs("      <failure type=\"", out);
            nst_markup(out, property);
            fputs("\" message=\"", out);
            nst_markup(out, nst_json_text(finding, "text"));
            fputs("\">", out);
            open = true;
        }
        nst_markup(out, nst_json_text(finding, "text"));
        fputs("\n\n", out);
        nst_markup(out, nst_json_text(finding, "sequence"));
        fputc('\n', out);
        if (*nst_json_text(finding, "repeat")) {
            fputs("repeat: ", out);
            nst_markup(out, nst_json_text(finding, "repeat"));
            fputc('\n', out);
        }
    }
    if (open)
        fputs("</failure>\n", out);
}

void nst_summary_write_junit(FILE *out, const json_t *summary)
{
    const json_t *properties = json_object_get(summary, "properties"), *property;
    const char *command = nst_json_text(summary, "command");
    size_t i, failures = 0, skipped = 0;
    time_t now = time(NULL);
    char when[32];

    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", gmtime(&now));
    json_array_foreach(properties, i, property)
    {
        const char *name = nst_json_text(property, "name");

        failures += nst_summary_news(summary, name) > 0;
        skipped += !nst_summary_news(summary, name) && !nst_json_number(property, "held") &&
                   nst_json_number(property, "skipped") > 0;
    }
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
            "  <testsuite name=\"ns-tool %s\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" "
            "skipped=\"%zu\" time=\"%.3f\" timestamp=\"%s\" hostname=\"",
            command, json_array_size(properties), failures, skipped,
            json_number_value(json_object_get(summary, "seconds")), when);
    nst_markup(out, nst_json_text(json_object_get(summary, "kernel"), "release"));
    fputs("\">\n", out);
    json_array_foreach(properties, i, property)
    {
        const char *name = nst_json_text(property, "name");

        fprintf(out, "    <testcase classname=\"ns-tool.%s\" name=\"%s\" time=\"0\">\n", command,
                name);
        write_failures(out, summary, name);
        if (!nst_summary_news(summary, name) && !nst_json_number(property, "held") &&
            nst_json_number(property, "skipped") > 0)
            fputs("      <skipped/>\n", out);
        fputs("    </testcase>\n", out);
    }
    fputs("  </testsuite>\n</testsuites>\n", out);
}
