#include "report/summary.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <ns-tool/version.h>

#include "report/call.h"

json_t *nst_summary_new(const char *command)
{
    return json_pack("{s:i, s:s, s:s, s:[], s:[]}", "schema", NST_SUMMARY_SCHEMA, "version",
                     nst_version(), "command", command, "properties", "findings");
}

json_t *nst_summary_text(const char *text)
{
    json_t *string = text ? json_string(text) : json_null();
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

/* FNV-1a. */
static uint64_t hash(uint64_t sum, const char *text)
{
    for (; *text; text++)
        sum = (sum ^ (unsigned char)*text) * 0x100000001b3;
    return sum;
}

json_t *nst_summary_finding(const char *property, const char *text, const char *sequence)
{
    char fingerprint[24];

    snprintf(fingerprint, sizeof fingerprint, "%016" PRIx64,
             hash(hash(0xcbf29ce484222325, property), sequence));
    return json_pack("{s:s, s:o, s:o, s:s, s:b}", "property", property, "text",
                     nst_summary_text(text), "sequence", nst_summary_text(sequence), "fingerprint",
                     fingerprint, "expected", 0);
}

json_t *nst_summary_property(const char *name, const char *promise, const char *source,
                             uint64_t held, uint64_t broken, uint64_t expected, uint64_t skipped)
{
    return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I}", "name", name, "promise", promise,
                     "source", source, "held", (json_int_t)held, "broken", (json_int_t)broken,
                     "expected", (json_int_t)expected, "skipped", (json_int_t)skipped);
}

const char *nst_json_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

long long nst_json_number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

size_t nst_summary_news(const json_t *summary, const char *property)
{
    const json_t *finding;
    size_t news = 0, i;

    json_array_foreach(json_object_get(summary, "findings"), i, finding) news +=
        !json_is_true(json_object_get(finding, "expected")) &&
        (!property || !strcmp(property, nst_json_text(finding, "property")));
    return news;
}

/* Namespaces by the number in which the trace has them; the parent is the first. */
struct names {
    uint64_t *ns;
    size_t len;
};

static size_t name_of(struct names *names, uint64_t ns)
{
    size_t i = 0;

    while (i < names->len && names->ns[i] != ns)
        i++;
    if (i == names->len)
        names->ns[names->len++] = ns;
    return i;
}

static const struct nst_ns_view *view_of(const struct nst_snapshot *snapshot, uint64_t ns)
{
    for (size_t i = 0; snapshot && i < snapshot->len; i++)
        if (snapshot->view[i].ns == ns)
            return &snapshot->view[i];
    return NULL;
}

/* What became of MOUNT: OTHER is the same namespace on the other side. */
static const char *change(const struct nst_mount *mount, const struct nst_table *other,
                          const char *alone)
{
    const struct nst_mount *same = nst_table_find(other, mount->id);

    if (!same)
        return alone;
    return same->peer_group != mount->peer_group || same->master != mount->master ||
                   same->unbindable != mount->unbindable || strcmp(same->options, mount->options) ||
                   strcmp(same->point, mount->point)
               ? "~"
               : "";
}

static json_t *mount_of(const struct nst_mount *mount, const struct nst_table *other,
                        const char *alone, struct nst_renamer *renamer)
{
    return json_pack("{s:I, s:I, s:o, s:o, s:o, s:I, s:I, s:b, s:s}", "id",
                     (json_int_t)nst_renamer_mount(renamer, mount->id), "parent",
                     (json_int_t)nst_renamer_mount(renamer, mount->parent_id), "point",
                     nst_summary_text(mount->point), "type", nst_summary_text(mount->type),
                     "options", nst_summary_text(mount->options), "shared",
                     (json_int_t)nst_renamer_group(renamer, mount->peer_group), "master",
                     (json_int_t)nst_renamer_group(renamer, mount->master), "unbindable",
                     (int)mount->unbindable, "change", alone ? change(mount, other, alone) : "");
}

static json_t *snapshot_of(const struct nst_snapshot *snapshot, const struct nst_snapshot *other,
                           const char *alone, struct names *names, struct nst_renamer *renamer)
{
    json_t *all = json_array();

    for (size_t i = 0; snapshot && i < snapshot->len; i++) {
        const struct nst_ns_view *view = &snapshot->view[i], *same = view_of(other, view->ns);
        json_t *mounts = json_array();
        char name[32] = "the parent";

        if (!view->parent)
            snprintf(name, sizeof name, "namespace %zu", name_of(names, view->ns));
        for (size_t n = 0; n < view->table.len; n++)
            json_array_append_new(
                mounts, mount_of(&view->table.mount[n], same ? &same->table : NULL,
                                 same && same->reader == view->reader ? alone : NULL, renamer));
        json_array_append_new(all, json_pack("{s:s, s:o}", "name", name, "mounts", mounts));
    }
    return all;
}

static json_t *steps_of(const struct nst_trace *trace, size_t at)
{
    json_t *steps = json_array();

    for (size_t i = 0; i < trace->len; i++) {
        char *text = NULL;
        size_t len;
        FILE *out = open_memstream(&text, &len);

        if (!out)
            break;
        nst_report_call(out, &trace->step[i]);
        fclose(out);
        json_array_append_new(steps,
                              json_pack("{s:o, s:I, s:b}", "call", nst_summary_text(text), "line",
                                        (json_int_t)trace->step[i].call->line, "here", i == at));
        free(text);
    }
    return steps;
}

int nst_summary_add_trace(json_t *finding, const struct nst_trace *trace, size_t at)
{
    const struct nst_snapshot *before = at < trace->len ? trace->step[at].before : trace->start;
    const struct nst_snapshot *after = at < trace->len ? trace->step[at].after : trace->end;
    struct nst_renamer renamer;
    struct names names = {0};
    size_t views = 1;
    int r;

    for (size_t i = 0; i < trace->snapshots; i++)
        views += trace->snapshot[i] ? trace->snapshot[i]->len : 0;
    names.ns = calloc(views, sizeof *names.ns);
    if (!names.ns)
        return -ENOMEM;
    nst_trace_renamer(trace, &renamer);
    for (size_t i = 0; i < trace->snapshots; i++)
        for (size_t n = 0; trace->snapshot[i] && n < trace->snapshot[i]->len; n++)
            name_of(&names, trace->snapshot[i]->view[n].ns);
    r = json_object_set_new(finding, "steps", steps_of(trace, at)) |
        json_object_set_new(finding, "before", snapshot_of(before, after, "-", &names, &renamer)) |
        json_object_set_new(finding, "after", snapshot_of(after, before, "+", &names, &renamer));
    nst_renamer_free(&renamer);
    free(names.ns);
    return r < 0 ? -ENOMEM : 0;
}
