#include "tool/reports.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ns-tool/sequence.h>

#include "tool/kernel.h"
#include "tool/tool.h"

static void write_json(FILE *out, const json_t *summary)
{
    json_dumpf(summary, out, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
    fputc('\n', out);
}

static const struct {
    const char *name;
    void (*write)(FILE *out, const json_t *summary);
} formats[NST_REPORT_FORMATS] = {[NST_REPORT_HTML] = {"html", nst_summary_write_html},
                                 [NST_REPORT_SARIF] = {"sarif", nst_summary_write_sarif},
                                 [NST_REPORT_JUNIT] = {"junit", nst_summary_write_junit},
                                 [NST_REPORT_JSON] = {"json", write_json}};

enum { KEY_JSON = 2048, KEY_REPORT };

static const struct argp_option options[] = {
    {"json", KEY_JSON, NULL, 0, "Print one JSON object; what people read goes to standard error",
     1},
    {"report", KEY_REPORT, "FORMAT=FILE[,...]", 0,
     "Write a report to FILE. FORMAT: html, sarif (2.1.0), junit, json", 1},
    {0}};

/* FORMAT=FILE. */
static void add(struct nst_reports *reports, const char *text, struct argp_state *state)
{
    const char *equals = strchr(text, '=');

    for (size_t i = 0; equals && equals[1] && i < NST_REPORT_FORMATS; i++)
        if (strlen(formats[i].name) == (size_t)(equals - text) &&
            !strncmp(formats[i].name, text, (size_t)(equals - text))) {
            free(reports->path[i]);
            reports->path[i] = strdup(equals + 1);
            if (!reports->path[i])
                argp_failure(state, NST_EXIT_BROKE, ENOMEM, "--report");
            return;
        }
    argp_error(state, "--report takes html=FILE, sarif=FILE, junit=FILE or json=FILE, not '%s'",
               text);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct nst_reports *reports = state->input;
    char *next;

    switch (key) {
    case KEY_JSON:
        reports->json = true;
        break;
    case KEY_REPORT:
        while ((next = strsep(&arg, ",")))
            add(reports, next, state);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

const struct argp nst_reports_argp = {.options = options, .parser = parse};

bool nst_reports_wanted(const struct nst_reports *reports)
{
    bool wanted = reports->json;

    for (size_t i = 0; i < NST_REPORT_FORMATS; i++)
        wanted |= reports->path[i] != NULL;
    return wanted;
}

int nst_reports_open(struct nst_reports *reports, int argc, char **argv)
{
    size_t len;
    FILE *out = open_memstream(&reports->arguments, &len);

    for (int i = 1; out && i < argc; i++)
        fprintf(out, "%s%s", i > 1 ? " " : "", argv[i]);
    if (!out || fclose(out))
        return nst_tool_error(NST_EXIT_BROKE, ENOMEM, "reading the arguments");
    for (size_t i = 0; i < NST_REPORT_FORMATS; i++)
        if (reports->path[i] && !(reports->file[i] = fopen(reports->path[i], "we")))
            return nst_tool_error(NST_EXIT_USAGE, errno, "opening %s", reports->path[i]);
    return NST_EXIT_HELD;
}

static json_t *kernel(bool ask)
{
    json_t *features = json_array();
    struct nst_tool_kernel found = {0};

    if (ask)
        nst_tool_probe(&found);
    else
        uname(&found.name);
    for (size_t i = 0; ask && i < sizeof found.feature / sizeof *found.feature; i++) {
        const struct nst_tool_feature *feature = &found.feature[i];

        json_array_append_new(features,
                              json_pack("{s:s, s:s?, s:b, s:s?}", "name", feature->name, "since",
                                        *feature->since ? feature->since : NULL, "supported",
                                        !feature->result, "error",
                                        feature->result ? nst_errno_name(-feature->result) : NULL));
    }
    return json_pack("{s:s, s:s, s:o}", "release", found.name.release, "machine",
                     found.name.machine, "features", features);
}

static int write_one(struct nst_reports *reports, size_t format, const json_t *summary, int status)
{
    FILE *out = reports->file[format];
    bool bad;

    if (!out)
        return status;
    errno = 0;
    formats[format].write(out, summary);
    bad = ferror(out);
    bad |= fclose(out) != 0;
    reports->file[format] = NULL;
    return bad ? nst_tool_error(NST_EXIT_BROKE, errno, "writing %s", reports->path[format])
               : status;
}

void nst_reports_free(struct nst_reports *reports)
{
    for (size_t i = 0; i < NST_REPORT_FORMATS; i++) {
        if (reports->file[i])
            fclose(reports->file[i]);
        free(reports->path[i]);
    }
    free(reports->arguments);
    *reports = (struct nst_reports){.json = reports->json};
}

int nst_reports_write(struct nst_reports *reports, json_t *summary, double seconds, int status)
{
    if (nst_reports_wanted(reports) && (summary || status == NST_EXIT_HELD)) {
        if (!summary ||
            json_object_set_new(summary, "arguments", nst_summary_text(reports->arguments)) < 0 ||
            json_object_set_new(summary, "kernel", kernel(!reports->no_kernel)) < 0 ||
            json_object_set_new(summary, "seconds", json_real(seconds)) < 0 ||
            json_object_set_new(summary, "status", json_integer(status)) < 0) {
            status = nst_tool_error(NST_EXIT_BROKE, ENOMEM, "making a report");
        } else {
            for (size_t i = 0; i < NST_REPORT_FORMATS; i++)
                status = write_one(reports, i, summary, status);
            if (reports->json)
                write_json(stdout, summary);
        }
    }
    json_decref(summary);
    nst_reports_free(reports);
    return status;
}
