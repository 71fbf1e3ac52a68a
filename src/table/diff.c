/* Telling what changed between two tables of one namespace, mount by mount, matched by id. */
#include <errno.h>
#include <string.h>

#include "internal.h"

int nst_table_diff(const struct nst_table *before, const struct nst_table *after,
                   void (*emit)(void *ctx, const struct nst_change *change), void *ctx)
{
    struct nst_names old = {0}, new = {0};

    if (!nst_names_of_table(&old, before))
        return -ENOMEM;
    if (!nst_names_of_table(&new, after)) {
        nst_names_free(&old);
        return -ENOMEM;
    }
    for (size_t i = 0; i < before->len; i++) {
        const struct nst_mount *m = &before->mount[i];
        uint64_t at = nst_names_get(&new, m->id);

        if (!at)
            emit(ctx, &(struct nst_change){NST_VANISHED, m, NULL});
        else if (!nst_mounts_same(m, &after->mount[at - 1]))
            emit(ctx, &(struct nst_change){NST_CHANGED, m, &after->mount[at - 1]});
    }
    for (size_t i = 0; i < after->len; i++)
        if (!nst_names_get(&old, after->mount[i].id))
            emit(ctx, &(struct nst_change){NST_APPEARED, NULL, &after->mount[i]});
    nst_names_free(&old);
    nst_names_free(&new);
    return 0;
}

/* The kernel's number of a peer group, or what RENAMER calls it. */
static void add_group(struct nst_growing *g, const char *what, uint64_t group,
                      struct nst_renamer *renamer)
{
    nst_growing_string(g, what);
    nst_growing_number(g, renamer ? nst_renamer_group(renamer, group) : group);
}

void nst_growing_propagation(struct nst_growing *g, const struct nst_mount *m,
                             struct nst_renamer *renamer)
{
    const char *gap = m->peer_group ? " " : "";

    if (m->peer_group)
        add_group(g, "shared:", m->peer_group, renamer);
    if (m->master) {
        nst_growing_string(g, gap);
        add_group(g, "master:", m->master, renamer);
        gap = " ";
    }
    if (m->propagate_from) {
        nst_growing_string(g, gap);
        add_group(g, "propagate_from:", m->propagate_from, renamer);
        gap = " ";
    }
    if (m->unbindable) {
        nst_growing_string(g, gap);
        nst_growing_string(g, "unbindable");
    } else if (!*gap) {
        nst_growing_string(g, "private");
    }
}

char *nst_propagation_text(const struct nst_mount *mount)
{
    struct nst_growing g = {0};

    nst_growing_propagation(&g, mount, NULL);
    return nst_growing_steal(&g);
}

typedef void adder(struct nst_growing *g, const char *string);

static void add_pair(struct nst_growing *g, bool *first, const char *what, const char *before,
                     const char *after, adder *add)
{
    if (!strcmp(before, after))
        return;
    nst_growing_string(g, *first ? "" : "; ");
    *first = false;
    nst_growing_string(g, what);
    add(g, before);
    nst_growing_string(g, " -> ");
    add(g, after);
}

static void add_numbers(struct nst_growing *g, bool *first, const char *what, uint64_t before,
                        uint64_t after)
{
    if (before == after)
        return;
    nst_growing_string(g, *first ? "" : "; ");
    *first = false;
    nst_growing_string(g, what);
    nst_growing_number(g, before);
    nst_growing_string(g, " -> ");
    nst_growing_number(g, after);
}

static uint64_t mount_name(uint64_t id, struct nst_renamer *renamer)
{
    return renamer ? nst_renamer_mount(renamer, id) : id;
}

void nst_growing_change(struct nst_growing *g, const struct nst_mount *b, const struct nst_mount *a,
                        struct nst_renamer *renamer)
{
    bool first = true;

    add_pair(g, &first, "moved ", b->point, a->point, nst_growing_escaped);
    add_pair(g, &first, "options ", b->options, a->options, nst_growing_options);
    if (b->peer_group != a->peer_group || b->master != a->master ||
        b->propagate_from != a->propagate_from || b->unbindable != a->unbindable) {
        nst_growing_string(g, first ? "" : "; ");
        first = false;
        nst_growing_propagation(g, b, renamer);
        nst_growing_string(g, " -> ");
        nst_growing_propagation(g, a, renamer);
    }
    if (b->parent_id != a->parent_id)
        add_numbers(g, &first, "parent ", mount_name(b->parent_id, renamer),
                    mount_name(a->parent_id, renamer));
    add_pair(g, &first, "root ", b->root, a->root, nst_growing_escaped);
    add_pair(g, &first, "type ", b->type, a->type, nst_growing_escaped);
    add_pair(g, &first, "source ", b->source, a->source, nst_growing_escaped);
    add_pair(g, &first, "superblock ", b->super_options, a->super_options, nst_growing_options);
    add_numbers(g, &first, "device major ", b->major, a->major);
    add_numbers(g, &first, "device minor ", b->minor, a->minor);
}

char *nst_change_text(const struct nst_change *change, struct nst_renamer *renamer)
{
    static const char *const marks[] = {
        [NST_APPEARED] = "+ ", [NST_VANISHED] = "- ", [NST_CHANGED] = "~ "};
    const struct nst_mount *m = change->after ? change->after : change->before;
    struct nst_growing g = {0};

    nst_growing_string(&g, marks[change->kind]);
    nst_growing_escaped(&g, m->point);
    if (change->before && change->after) {
        nst_growing_string(&g, ": ");
        nst_growing_change(&g, change->before, change->after, renamer);
    } else {
        nst_growing_string(&g, " ");
        nst_growing_escaped(&g, m->type);
        nst_growing_string(&g, " (");
        nst_growing_options(&g, m->options);
        nst_growing_string(&g, ") ");
        nst_growing_propagation(&g, m, renamer);
    }
    g.failed |= nst_renamer_failed(renamer);
    return nst_growing_steal(&g);
}
