#include <stdlib.h>
#include <string.h>

#include "report/call.h"

static const struct nst_ns_view *view_of(const struct nst_snapshot *snapshot, uint64_t ns)
{
    for (size_t i = 0; i < snapshot->len; i++)
        if (snapshot->view[i].ns == ns)
            return &snapshot->view[i];
    return NULL;
}

/* Namespaces are named in order of appearance: the parent, then namespace 1, 2, … */
struct namer {
    uint64_t *ns;
    size_t len, cap;
};

static size_t name_of(struct namer *namer, uint64_t ns)
{
    for (size_t i = 0; i < namer->len; i++)
        if (namer->ns[i] == ns)
            return i;
    if (namer->len == namer->cap) {
        size_t cap = namer->cap ? 2 * namer->cap : 16;
        uint64_t *grown = realloc(namer->ns, cap * sizeof *grown);

        if (!grown)
            return namer->len;
        namer->ns = grown;
        namer->cap = cap;
    }
    namer->ns[namer->len] = ns;
    return namer->len++;
}

static void write_where(FILE *out, struct namer *namer, const struct nst_ns_view *view)
{
    size_t name = name_of(namer, view->ns);

    if (view->parent)
        fputs("    in the parent: ", out);
    else
        fprintf(out, "    in namespace %zu: ", name);
}

struct change_writer {
    FILE *out;
    struct namer *namer;
    const struct nst_ns_view *view;
    struct nst_renamer *renamer;
};

static void write_change(void *ctx, const struct nst_change *change)
{
    struct change_writer *writer = ctx;
    char *text = nst_change_text(change, writer->renamer);

    write_where(writer->out, writer->namer, writer->view);
    fprintf(writer->out, "%s\n", text ? text : "(no memory)");
    free(text);
}

static void write_changes(FILE *out, struct namer *namer, struct nst_renamer *renamer,
                          const struct nst_step *step)
{
    if (step->before == step->after || !step->before || !step->after)
        return;
    for (size_t i = 0; i < step->after->len; i++) {
        const struct nst_ns_view *after = &step->after->view[i];
        const struct nst_ns_view *before = view_of(step->before, after->ns);
        struct change_writer writer = {out, namer, after, renamer};

        if (before && before->reader != after->reader) { /* another root shows other paths */
            if (!nst_tables_equal(&before->table, &after->table)) {
                write_where(out, namer, after);
                fprintf(out, "through another actor's root, %zu mounts\n", after->table.len);
            }
        } else if (before) {
            if (nst_table_diff(&before->table, &after->table, write_change, &writer) < 0)
                fputs("    (no memory to compare)\n", out);
        } else {
            write_where(out, namer, after);
            fprintf(out, "new, with %zu mounts\n", after->table.len);
        }
    }
    for (size_t i = 0; i < step->before->len; i++)
        if (!view_of(step->after, step->before->view[i].ns)) {
            write_where(out, namer, &step->before->view[i]);
            fputs("gone from sight: no process is in it\n", out);
        }
}

void nst_report_trace(FILE *out, const struct nst_trace *trace,
                      const struct nst_judgement *judgement)
{
    struct nst_renamer renamer;
    struct namer namer = {0};

    nst_trace_renamer(trace, &renamer);
    if (trace->start && trace->start->len)
        name_of(&namer, trace->start->view[0].ns);
    for (size_t i = 0; i < trace->len; i++) {
        nst_report_call(out, &trace->step[i]);
        fputc('\n', out);
        write_changes(out, &namer, &renamer, &trace->step[i]);
        for (size_t n = 0; judgement && n < judgement->len; n++)
            if ((judgement->verdict[n] == NST_FAIL || judgement->verdict[n] == NST_EXPECTED) &&
                judgement->finding[n].step == i)
                fprintf(out, "    ^ %s: %s\n", nst_properties[n]->name, judgement->finding[n].text);
    }
    nst_renamer_free(&renamer);
    free(namer.ns);
}

void nst_report_judgement(FILE *out, const struct nst_judgement *judgement)
{
    for (size_t i = 0; i < judgement->len; i++) {
        fprintf(out, "%-15s %s", nst_properties[i]->name, nst_verdict_name(judgement->verdict[i]));
        if (judgement->finding[i].text[0])
            fprintf(out, ": %s", judgement->finding[i].text);
        fputc('\n', out);
    }
}
