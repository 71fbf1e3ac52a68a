/* What each namespace shows, drawn as trees: once as it is at first, then again whenever it has
 * changed. Namespaces go by the actor that was first in them, since inodes tell nobody anything. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/call.h"

struct role {
    uint64_t ns;
    uint32_t actor; /* 0: the parent */
    unsigned nth;   /* of this actor's namespaces, from 1 */
};

struct trees {
    FILE *out;
    unsigned flags; /* enum nst_draw_flags */
    struct nst_renamer renamer;
    struct role *role; /* an inode may come again: the latest role counts */
    size_t len, cap;
    int error;
};

static const char *code(const struct trees *trees, const char *sgr)
{
    return trees->flags & NST_DRAW_COLOUR ? sgr : "";
}

static const struct nst_ns_view *view_of(const struct nst_snapshot *snapshot, uint64_t ns)
{
    for (size_t i = 0; snapshot && i < snapshot->len; i++)
        if (snapshot->view[i].ns == ns)
            return &snapshot->view[i];
    return NULL;
}

static const struct role *role_of(const struct trees *trees, uint64_t ns)
{
    for (size_t i = trees->len; i--;)
        if (trees->role[i].ns == ns)
            return &trees->role[i];
    return NULL;
}

/* VIEW wasn't seen before, or not lately. */
static void add_role(struct trees *trees, const struct nst_ns_view *view)
{
    struct role role = {view->ns, view->parent ? 0 : view->reader, 1};

    if (trees->len == trees->cap) {
        size_t cap = trees->cap ? 2 * trees->cap : 16;
        struct role *grown = realloc(trees->role, cap * sizeof *grown);

        if (!grown) {
            trees->error = -ENOMEM;
            return;
        }
        trees->role = grown;
        trees->cap = cap;
    }
    for (size_t i = 0; i < trees->len; i++)
        role.nth += trees->role[i].actor == role.actor;
    trees->role[trees->len++] = role;
}

static void write_role(const struct trees *trees, uint64_t ns)
{
    const struct role *role = role_of(trees, ns);

    if (!role)
        fputs("a namespace that nobody was seen in", trees->out);
    else if (!role->actor)
        fputs("parent", trees->out);
    else if (role->nth == 1)
        fprintf(trees->out, "namespace of actor %u", role->actor);
    else
        fprintf(trees->out, "namespace %u of actor %u", role->nth, role->actor);
}

static void write_header(const struct trees *trees, const char *colour, const char *mark,
                         uint64_t ns, const char *what)
{
    fprintf(trees->out, "%s%s ", code(trees, colour), mark);
    write_role(trees, ns);
    fprintf(trees->out, "%s%s\n", what, code(trees, "\033[0m"));
}

static void write_tree(struct trees *trees, const struct nst_ns_view *view,
                       const struct nst_table *before)
{
    char *text = nst_table_draw(&view->table, trees->flags, before, &trees->renamer);

    if (!text)
        trees->error = -ENOMEM;
    for (const char *line = text, *end; line && *line; line = end + 1) {
        end = strchrnul(line, '\n');
        fprintf(trees->out, "    %.*s\n", (int)(end - line), line);
        if (!*end)
            break;
    }
    free(text);
}

/* One namespace after a step (NULL: at first or at the end), against what was shown of it last. */
static void write_view(struct trees *trees, const struct nst_step *step,
                       const struct nst_ns_view *before, const struct nst_ns_view *view)
{
    if (!before) {
        bool comes_back = step && step->call->id == NST_CALL_SETNS && role_of(trees, view->ns);

        if (!comes_back)
            add_role(trees, view);
        if (step)
            write_header(trees, "\033[32m", "+", view->ns, comes_back ? ": seen again" : ": new");
        else
            write_header(trees, "\033[36m", " ", view->ns, "");
        write_tree(trees, view, &view->table);
        return;
    }
    if (nst_tables_equal(&before->table, &view->table))
        return;
    if (before->reader != view->reader) { /* another root shows other paths: nothing to compare */
        write_header(trees, "\033[36m", " ", view->ns, ": seen through another actor's root");
        write_tree(trees, view, &view->table);
    } else {
        write_header(trees, "\033[33m", "~", view->ns, "");
        write_tree(trees, view, &before->table);
    }
}

static bool attached(const struct nst_events *events)
{
    for (size_t i = 0; i < events->len; i++)
        if (events->event[i].kind == NST_EVENT_ATTACH)
            return true;
    return false;
}

/* All that differs from the LAST snapshot shown. */
static void write_snapshot(struct trees *trees, const struct nst_step *step,
                           const struct nst_snapshot *last, const struct nst_snapshot *now)
{
    for (size_t i = 0; i < now->len; i++)
        write_view(trees, step, view_of(last, now->view[i].ns), &now->view[i]);
    for (size_t i = 0; step && i < last->len; i++)
        if (!view_of(now, last->view[i].ns))
            write_header(trees, "\033[31m", "-", last->view[i].ns, ": no actor is in it now");
}

/* Where setns(2) led to is known from its actor's next call. */
static void write_entering(const struct trees *trees, const struct nst_trace *trace, size_t at)
{
    const struct nst_step *step = &trace->step[at];

    if (step->call->id != NST_CALL_SETNS || step->kind != NST_ANSWER_VALUE)
        return;
    for (size_t i = at + 1; i < trace->len; i++) {
        const struct nst_step *next = &trace->step[i];

        if (next->call->actor != step->call->actor)
            continue;
        if (next->ns && next->ns != step->ns) {
            fprintf(trees->out, "  actor %u enters: ", step->call->actor);
            write_role(trees, next->ns);
            fputc('\n', trees->out);
        }
        return;
    }
}

static void write_step(struct trees *trees, const struct nst_trace *trace, size_t at,
                       const struct nst_snapshot **last)
{
    const struct nst_step *step = &trace->step[at];

    fputs(code(trees, "\033[1m"), trees->out);
    nst_report_call(trees->out, step);
    fprintf(trees->out, "%s\n", code(trees, "\033[0m"));
    if (step->after) {
        bool same = nst_tables_equal(&(*last)->view[0].table, &step->after->view[0].table);

        if (same && attached(&step->events))
            write_header(trees, "\033[33m", "~", step->after->view[0].ns,
                         ": a mount was attached and gone again");
        if (step->after != *last)
            write_snapshot(trees, step, *last, step->after);
        *last = step->after;
    }
    write_entering(trees, trace, at);
}

/* What SNAPSHOT, the model's, shows, namespace by namespace. */
static void write_model(struct trees *trees, const struct nst_snapshot *snapshot)
{
    struct nst_renamer kernels = trees->renamer;

    trees->renamer = (struct nst_renamer){0};
    for (size_t i = 0; snapshot && i < snapshot->len; i++) {
        const struct nst_ns_view *view = &snapshot->view[i];

        fprintf(trees->out, "%s= in the model: ", code(trees, "\033[35m"));
        if (view->parent)
            fprintf(trees->out, "parent%s\n", code(trees, "\033[0m"));
        else
            fprintf(trees->out, "where actor %u is%s\n", view->reader, code(trees, "\033[0m"));
        write_tree(trees, view, &view->table);
    }
    nst_renamer_free(&trees->renamer);
    trees->renamer = kernels;
}

int nst_report_trees(FILE *out, const struct nst_trace *trace, unsigned flags)
{
    return nst_report_trees_beside(out, trace, NULL, 0, flags);
}

int nst_report_trees_beside(FILE *out, const struct nst_trace *trace, const struct nst_trace *model,
                            size_t at, unsigned flags)
{
    struct trees trees = {.out = out, .flags = flags};
    const struct nst_snapshot *last = trace->start;

    if (!last)
        return 0;
    nst_trace_renamer(trace, &trees.renamer);
    fprintf(out, "%sat first%s\n", code(&trees, "\033[1m"), code(&trees, "\033[0m"));
    write_snapshot(&trees, NULL, NULL, last);
    for (size_t i = 0; i < trace->len && !trees.error; i++) {
        write_step(&trees, trace, i, &last);
        if (!model || i != at || at >= model->len)
            continue;
        fputs("  the model: ", out);
        nst_report_call(out, &model->step[at]);
        putc('\n', out);
        write_model(&trees, model->step[at].after);
    }
    if (trace->end && trace->end->len &&
        !nst_tables_equal(&last->view[0].table, &trace->end->view[0].table)) {
        fprintf(out, "%swhen every actor is gone%s\n", code(&trees, "\033[1m"),
                code(&trees, "\033[0m"));
        write_snapshot(&trees, NULL, last, trace->end);
    }
    if (model && at == trace->len)
        write_model(&trees, model->end);
    nst_renamer_free(&trees.renamer);
    free(trees.role);
    return trees.error;
}
