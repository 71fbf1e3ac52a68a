/* Drawing a table as the tree that its parents make, as findmnt(8) does, with marks of what
 * changed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

enum mark { SAME, NEW, DIFFERENT, GONE };

static const struct {
    const char *text, *colour;
} marks[] = {
    [SAME] = {"  ", ""},
    [NEW] = {"+ ", "\033[32m"},
    [DIFFERENT] = {"~ ", "\033[33m"},
    [GONE] = {"- ", "\033[31m"},
};

struct branches {
    const char *fork, *last, *bar, *gap;
};

static const struct branches lines = {"├─", "└─", "│ ", "  "}, ascii = {"|-", "`-", "| ", "  "};

struct drawing {
    struct nst_growing g;
    unsigned flags;
    const struct nst_table *before;
    struct nst_renamer *renamer;
    struct nst_names old; /* before's ids, and their index + 1 */
};

static void draw_change(struct drawing *d, const struct nst_mount *m)
{
    const struct nst_mount *was = &d->before->mount[nst_names_get(&d->old, m->id) - 1];
    bool colour = d->flags & NST_DRAW_COLOUR;

    nst_growing_string(&d->g, colour ? "  \033[2m# " : "  # ");
    nst_growing_change(&d->g, was, m, d->renamer);
    if (colour)
        nst_growing_string(&d->g, "\033[0m");
}

static void draw_mount(struct drawing *d, const struct nst_mount *m, enum mark mark,
                       const char *branch, size_t branch_len)
{
    bool colour = d->flags & NST_DRAW_COLOUR;

    if (d->before)
        nst_growing_string(&d->g, marks[mark].text);
    nst_growing_bytes(&d->g, branch, branch_len);
    if (colour)
        nst_growing_string(&d->g, marks[mark].colour);
    nst_growing_escaped(&d->g, *m->point ? m->point : "(unreachable)");
    if (colour && *marks[mark].colour)
        nst_growing_string(&d->g, "\033[0m");
    nst_growing_string(&d->g, " ");
    nst_growing_escaped(&d->g, m->type);
    nst_growing_string(&d->g, colour ? " \033[2m(" : " (");
    nst_growing_options(&d->g, m->options);
    nst_growing_string(&d->g, colour ? ")\033[0m " : ") ");
    nst_growing_propagation(&d->g, m, d->renamer);
    if (m->deleted)
        nst_growing_string(&d->g, " deleted");
    if (mark == DIFFERENT)
        draw_change(d, m);
    nst_growing_string(&d->g, "\n");
}

static enum mark mark_of(const struct drawing *d, const struct nst_mount *m)
{
    uint64_t at;

    if (!d->before)
        return SAME;
    at = nst_names_get(&d->old, m->id);
    if (!at)
        return NEW;
    return nst_mounts_same(&d->before->mount[at - 1], m) ? SAME : DIFFERENT;
}

/* last[i]: no later mount of the order is a sibling of the i-th. last_at[d] is the latest seen on
 * level d, from behind. */
static bool *find_last(const unsigned *depth, size_t len)
{
    bool *last = calloc(len + 1, sizeof *last), *open = calloc(len + 1, sizeof *open);
    size_t deepest = 0;

    if (!last || !open) {
        free(last);
        free(open);
        return NULL;
    }
    for (size_t i = len; i-- > 0;) {
        while (deepest > depth[i])
            open[deepest--] = false;
        deepest = depth[i];
        last[i] = !open[deepest];
        open[deepest] = true;
    }
    free(open);
    return last;
}

static int draw_tree(struct drawing *d, const struct nst_table *table)
{
    const struct branches *b = d->flags & NST_DRAW_ASCII ? &ascii : &lines;
    struct nst_growing branch = {0};
    size_t *order = NULL, *ends = NULL;
    unsigned *depth = NULL;
    bool *last = NULL;
    int error = nst_table_order(table, &order, &depth);

    if (!error &&
        (!(last = find_last(depth, table->len)) || !(ends = calloc(table->len + 2, sizeof *ends))))
        error = -ENOMEM;
    for (size_t i = 0; !error && i < table->len; i++) {
        const struct nst_mount *m = &table->mount[order[i]];

        /* ends[n]: bytes of the branch that the ancestors above level n fill */
        branch.len = depth[i] ? ends[depth[i]] : 0;
        if (depth[i])
            nst_growing_string(&branch, last[i] ? b->last : b->fork);
        draw_mount(d, m, mark_of(d, m), branch.len ? branch.text : "", branch.len);
        branch.len = depth[i] ? ends[depth[i]] : 0;
        if (depth[i])
            nst_growing_string(&branch, last[i] ? b->gap : b->bar);
        ends[depth[i] + 1] = branch.len;
        if (branch.failed)
            error = -ENOMEM;
    }
    free(branch.text);
    free(order);
    free(depth);
    free(last);
    free(ends);
    return error;
}

char *nst_table_draw(const struct nst_table *table, unsigned flags, const struct nst_table *before,
                     struct nst_renamer *renamer)
{
    struct drawing d = {.flags = flags, .before = before, .renamer = renamer};
    struct nst_names now = {0};
    bool failed =
        before && (!nst_names_of_table(&d.old, before) || !nst_names_of_table(&now, table));

    failed = failed || draw_tree(&d, table);
    for (size_t i = 0; !failed && before && i < before->len; i++)
        if (!nst_names_get(&now, before->mount[i].id))
            draw_mount(&d, &before->mount[i], GONE, "", 0);
    nst_names_free(&d.old);
    nst_names_free(&now);
    d.g.failed |= failed || nst_renamer_failed(renamer);
    return nst_growing_steal(&d.g);
}
