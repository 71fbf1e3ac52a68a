/* One HTML file for people: no script, nothing from a network, readable in print and on a phone. */
#include "report/summary.h"

#include <string.h>

#include "embed.h"

NST_EMBED(style, "report/style.css")

static void text(FILE *out, const json_t *object, const char *key)
{
    nst_markup(out, nst_json_text(object, key));
}

static void write_verdict(FILE *out, const json_t *summary)
{
    size_t news = nst_summary_news(summary, NULL);
    size_t all = json_array_size(json_object_get(summary, "findings"));
    const json_t *kernel = json_object_get(summary, "kernel");
    bool held = nst_json_number(summary, "status") == 0 && !news;

    fprintf(out, "<p class=\"verdict %s\">", held ? "held" : "broke");
    if (news)
        fprintf(out, "%zu finding%s", news, news > 1 ? "s" : "");
    else
        fputs(held ? "All held" : "It didn't end well", out);
    fputs("</p>\n<p>", out);
    fprintf(out, "<code>ns-tool %s", nst_json_text(summary, "command"));
    if (*nst_json_text(summary, "arguments"))
        fputc(' ', out);
    text(out, summary, "arguments");
    fputs("</code> on Linux ", out);
    text(out, kernel, "release");
    fputs(" (", out);
    text(out, kernel, "machine");
    fprintf(out, "): %lld case%s, %lld calls, %.1f s", nst_json_number(summary, "cases"),
            nst_json_number(summary, "cases") == 1 ? "" : "s", nst_json_number(summary, "calls"),
            json_number_value(json_object_get(summary, "seconds")));
    if (all > news)
        fprintf(out, "; %zu more are known of this kernel", all - news);
    fputs(".</p>\n", out);
}

static void write_properties(FILE *out, const json_t *summary)
{
    const json_t *row;
    size_t i;

    fputs("<h2>What was held against</h2>\n<div class=\"wide\"><table>\n<thead><tr><th "
          "scope=\"col\">property</th>"
          "<th scope=\"col\">promise</th><th scope=\"col\">held</th><th scope=\"col\">broken</th>"
          "<th scope=\"col\">known</th><th scope=\"col\">skipped</th></tr></thead>\n"
          "<tbody>\n",
          out);
    json_array_foreach(json_object_get(summary, "properties"), i, row)
    {
        fprintf(out, "<tr%s><th scope=\"row\">",
                nst_json_number(row, "broken") ? " class=\"broke\"" : "");
        text(out, row, "name");
        fputs("</th><td>", out);
        text(out, row, "promise");
        fputs(" <small>", out);
        text(out, row, "source");
        fprintf(out, "</small></td><td>%lld</td><td>%lld</td><td>%lld</td><td>%lld</td></tr>\n",
                nst_json_number(row, "held"), nst_json_number(row, "broken"),
                nst_json_number(row, "expected"), nst_json_number(row, "skipped"));
    }
    fputs("</tbody></table></div>\n", out);
}

static void write_steps(FILE *out, const json_t *finding)
{
    const json_t *steps = json_object_get(finding, "steps"), *step;
    size_t i;

    fputs("<pre>", out);
    json_array_foreach(steps, i, step)
    {
        bool here = json_is_true(json_object_get(step, "here"));

        fputs(here ? "<strong>" : "", out);
        text(out, step, "call");
        fputs(here ? "</strong>\n" : "\n", out);
    }
    if (!json_array_size(steps))
        text(out, finding, "sequence");
    fputs("</pre>\n", out);
}

static void write_drawing(FILE *out, const json_t *finding, const char *key)
{
    const json_t *namespaces = json_object_get(finding, key);

    if (!json_array_size(namespaces))
        return;
    fprintf(out, "<h4>%s</h4>\n<div class=\"wide\">", key);
    nst_summary_draw(out, namespaces);
    fputs("</div>\n", out);
}

static void write_finding(FILE *out, const json_t *finding)
{
    bool expected = json_is_true(json_object_get(finding, "expected"));

    fprintf(out, "<section class=\"finding%s\">\n<h3>", expected ? " known" : "");
    text(out, finding, "property");
    if (expected)
        fputs(" (known of this kernel)", out);
    fputs("</h3>\n<p>", out);
    text(out, finding, "text");
    fputs("</p>\n", out);
    if (*nst_json_text(finding, "process")) {
        fputs("<p>By <code>", out);
        text(out, finding, "process");
        fprintf(out, "</code> (pid %lld): <code>", nst_json_number(finding, "pid"));
        text(out, finding, "call");
        fputs("</code></p>\n", out);
    }
    if (*nst_json_text(finding, "file")) {
        fputs("<p>In <code>", out);
        text(out, finding, "file");
        fputs("</code></p>\n", out);
    }
    write_steps(out, finding);
    write_drawing(out, finding, "before");
    write_drawing(out, finding, "after");
    if (*nst_json_text(finding, "repeat")) {
        fputs("<p>To repeat it:</p>\n<pre>", out);
        text(out, finding, "repeat");
        fputs("</pre>\n", out);
    }
    fputs("</section>\n", out);
}

static void write_coverage(FILE *out, const json_t *summary)
{
    const json_t *groups = json_object_get(json_object_get(summary, "coverage"), "groups"), *group;
    const json_t *name;
    size_t i, n;

    if (!json_array_size(groups))
        return;
    fputs(
        "<h2>What was tried</h2>\n<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\">of</th>"
        "<th scope=\"col\">reached</th><th scope=\"col\">never</th></tr></thead>\n<tbody>\n",
        out);
    json_array_foreach(groups, i, group)
    {
        const json_t *never = json_object_get(group, "never");

        fputs("<tr><th scope=\"row\">", out);
        text(out, group, "name");
        fprintf(out, "</th><td>%lld of %lld</td><td>", nst_json_number(group, "reached"),
                nst_json_number(group, "of"));
        json_array_foreach(never, n, name)
        {
            fputs(n ? ", " : "", out);
            nst_markup(out, json_string_value(name));
            if (n == 19 && json_array_size(never) > 20) {
                fprintf(out, " and %zu more", json_array_size(never) - 20);
                break;
            }
        }
        fputs("</td></tr>\n", out);
    }
    fputs("</tbody></table></div>\n", out);
}

static void write_features(FILE *out, const json_t *summary)
{
    const json_t *features = json_object_get(json_object_get(summary, "kernel"), "features"), *row;
    size_t i;

    if (!json_array_size(features))
        return;
    fputs("<h2>What this kernel has</h2>\n<ul>\n", out);
    json_array_foreach(features, i, row)
    {
        bool has = json_is_true(json_object_get(row, "supported"));

        fprintf(out, "<li%s>", has ? "" : " class=\"lacks\"");
        text(out, row, "name");
        if (!has) {
            fputs(": no (", out);
            text(out, row, "error");
            fputs(")", out);
        }
        fputs("</li>\n", out);
    }
    fputs("</ul>\n", out);
}

void nst_summary_write_html(FILE *out, const json_t *summary)
{
    const json_t *findings = json_object_get(summary, "findings"), *finding;
    size_t i;

    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n<title>ns-tool ",
          out);
    text(out, summary, "command");
    fputs("</title>\n<style>\n", out);
    fwrite(style, 1, NST_EMBED_SIZE(style), out);
    fputs("</style>\n</head>\n<body>\n<main>\n<h1>ns-tool ", out);
    text(out, summary, "command");
    fputs("</h1>\n", out);
    write_verdict(out, summary);
    if (json_array_size(findings))
        fputs("<h2>Findings</h2>\n", out);
    json_array_foreach(findings, i, finding) write_finding(out, finding);
    write_properties(out, summary);
    write_coverage(out, summary);
    write_features(out, summary);
    fputs("</main>\n</body>\n</html>\n", out);
}
