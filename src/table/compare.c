/* What makes two tables equal: byte for byte, or in meaning, with ids, peer groups and devices
 * renamed.
 *
 * Meaning is compared along one canonical order: parents before children, siblings by mount point,
 * and those stacked on one point as listed. Names are given out along that order, so equal trees
 * get equal names.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static uint64_t name(struct nst_names *names, uint64_t key)
{
    uint64_t known;

    if (!key)
        return 0;
    known = nst_names_get(names, key);
    if (known)
        return known;
    if (nst_names_put(names, key, names->len + 1))
        return names->len;
    names->failed = true;
    return 0;
}

uint64_t nst_renamer_mount(struct nst_renamer *renamer, uint64_t id)
{
    return name(&renamer->mounts, id);
}

uint64_t nst_renamer_group(struct nst_renamer *renamer, uint64_t group)
{
    return name(&renamer->groups, group);
}

uint64_t nst_renamer_device(struct nst_renamer *renamer, unsigned major, unsigned minor)
{
    return name(&renamer->devices, ((uint64_t)major << 32 | minor) + 1);
}

bool nst_renamer_failed(const struct nst_renamer *renamer)
{
    return renamer &&
           (renamer->mounts.failed || renamer->groups.failed || renamer->devices.failed);
}

void nst_renamer_free(struct nst_renamer *renamer)
{
    if (!renamer)
        return;
    nst_names_free(&renamer->mounts);
    nst_names_free(&renamer->groups);
    nst_names_free(&renamer->devices);
}

static bool strings_same(const struct nst_mount *a, const struct nst_mount *b)
{
    return !strcmp(a->point, b->point) && !strcmp(a->root, b->root) &&
           !strcmp(a->options, b->options) && !strcmp(a->type, b->type) &&
           !strcmp(a->source, b->source) && !strcmp(a->super_options, b->super_options);
}

bool nst_mounts_same(const struct nst_mount *a, const struct nst_mount *b)
{
    return a->id == b->id && a->parent_id == b->parent_id && a->major == b->major &&
           a->minor == b->minor && a->peer_group == b->peer_group && a->master == b->master &&
           a->propagate_from == b->propagate_from && a->unbindable == b->unbindable &&
           a->deleted == b->deleted && strings_same(a, b);
}

bool nst_tables_equal(const struct nst_table *a, const struct nst_table *b)
{
    if (a->len != b->len)
        return false;
    for (size_t i = 0; i < a->len; i++) {
        const struct nst_mount *x = &a->mount[i], *y = &b->mount[i];

        if (!nst_mounts_same(x, y) ||
            (x->unique_id && y->unique_id && x->unique_id != y->unique_id))
            return false;
    }
    return true;
}

struct place { /* a mount among its siblings */
    const char *point;
    size_t parent; /* index + 1, 0 for a root */
    size_t index;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    int order;

    if (x->parent != y->parent)
        return x->parent < y->parent ? -1 : 1;
    order = strcmp(x->point, y->point);
    if (order)
        return order;
    return x->index < y->index ? -1 : 1;
}

/* Appends the children of `parent` behind each other, depth first. Uses a stack of its own: tables
 * may be deep. */
static void walk(const struct place *places, size_t len, const size_t *first, size_t *stack,
                 bool *seen, size_t *order, unsigned *depth)
{
    size_t at = 0, top = 0, done = 0;

    /* stack holds positions in places[]; each one is the sibling to be looked at next on its level
     */
    stack[top++] = 0;
    while (top) {
        size_t here = stack[top - 1];
        size_t parent = top == 1 ? 0 : places[stack[top - 2] - 1].index + 1;
        size_t index;

        if (here >= len || places[here].parent != parent) {
            top--;
            continue;
        }
        stack[top - 1]++;
        index = places[here].index;
        seen[index] = true;
        depth[at] = (unsigned)(top - 1);
        order[at++] = index;
        if (first[index] < len)
            stack[top++] = first[index];
    }
    for (; at < len; done++) /* what no root leads to: only in a table that isn't valid */
        if (!seen[done]) {
            depth[at] = 0;
            order[at++] = done;
        }
}

int nst_table_order(const struct nst_table *table, size_t **ret_order, unsigned **ret_depth)
{
    size_t len = table->len, room = len + 2;
    struct place *places = calloc(room, sizeof *places);
    size_t *order = calloc(room, sizeof *order), *first = calloc(room, sizeof *first),
           *stack = calloc(room, sizeof *stack);
    unsigned *depth = calloc(room, sizeof *depth);
    bool *seen = calloc(room, sizeof *seen);
    struct nst_names ids = {0};
    int error = -ENOMEM;

    *ret_order = NULL;
    if (ret_depth)
        *ret_depth = NULL;
    if (!places || !order || !first || !stack || !depth || !seen ||
        !nst_names_of_table(&ids, table))
        goto out;
    for (size_t i = 0; i < len; i++) {
        size_t parent = (size_t)nst_names_get(&ids, table->mount[i].parent_id);

        places[i] = (struct place){
            .point = table->mount[i].point, .parent = parent == i + 1 ? 0 : parent, .index = i};
        first[i] = len;
    }
    if (len)
        qsort(places, len, sizeof *places, compare_places);
    for (size_t i = len; i-- > 0;)
        if (places[i].parent)
            first[places[i].parent - 1] = i;
    walk(places, len, first, stack, seen, order, depth);
    *ret_order = order;
    order = NULL;
    if (ret_depth) {
        *ret_depth = depth;
        depth = NULL;
    }
    error = 0;
out:
    nst_names_free(&ids);
    free(places);
    free(order);
    free(first);
    free(stack);
    free(depth);
    free(seen);
    return error;
}

static bool same_meaning(const struct nst_mount *x, struct nst_renamer *xs,
                         const struct nst_mount *y, struct nst_renamer *ys)
{
    return x->unbindable == y->unbindable && x->deleted == y->deleted && strings_same(x, y) &&
           nst_renamer_mount(xs, x->id) == nst_renamer_mount(ys, y->id) &&
           nst_renamer_mount(xs, x->parent_id) == nst_renamer_mount(ys, y->parent_id) &&
           nst_renamer_device(xs, x->major, x->minor) ==
               nst_renamer_device(ys, y->major, y->minor) &&
           nst_renamer_group(xs, x->peer_group) == nst_renamer_group(ys, y->peer_group) &&
           nst_renamer_group(xs, x->master) == nst_renamer_group(ys, y->master) &&
           nst_renamer_group(xs, x->propagate_from) == nst_renamer_group(ys, y->propagate_from);
}

bool nst_tables_equivalent_named(const struct nst_table *a, struct nst_renamer *as,
                                 const struct nst_table *b, struct nst_renamer *bs)
{
    size_t *a_order = NULL, *b_order = NULL;
    bool same = false;

    if (a->len != b->len)
        return false;
    if (!nst_table_order(a, &a_order, NULL) && !nst_table_order(b, &b_order, NULL)) {
        same = true;
        for (size_t i = 0; same && i < a->len; i++)
            same = same_meaning(&a->mount[a_order[i]], as, &b->mount[b_order[i]], bs) &&
                   !nst_renamer_failed(as) && !nst_renamer_failed(bs);
    }
    free(a_order);
    free(b_order);
    return same;
}

bool nst_tables_equivalent(const struct nst_table *a, const struct nst_table *b)
{
    struct nst_renamer as = {0}, bs = {0};
    bool same = nst_tables_equivalent_named(a, &as, b, &bs);

    nst_renamer_free(&as);
    nst_renamer_free(&bs);
    return same;
}

static void add_tag(struct nst_growing *g, const char *tag, uint64_t number)
{
    if (!number)
        return;
    nst_growing_string(g, tag);
    nst_growing_number(g, number);
}

char *nst_table_text(const struct nst_table *table, struct nst_renamer *renamer)
{
    struct nst_renamer own = {0}, *names = renamer ? renamer : &own;
    struct nst_growing g = {0};
    size_t *order;

    if (nst_table_order(table, &order, NULL))
        return NULL;
    for (size_t i = 0; i < table->len; i++) {
        const struct nst_mount *m = &table->mount[order[i]];

        add_tag(&g, "mount ", nst_renamer_mount(names, m->id));
        add_tag(&g, " on ", nst_renamer_mount(names, m->parent_id));
        add_tag(&g, " dev ", nst_renamer_device(names, m->major, m->minor));
        nst_growing_string(&g, " ");
        nst_growing_escaped(&g, m->root);
        nst_growing_string(&g, " ");
        nst_growing_escaped(&g, m->point);
        nst_growing_string(&g, " ");
        nst_growing_options(&g, m->options);
        add_tag(&g, " shared:", nst_renamer_group(names, m->peer_group));
        add_tag(&g, " master:", nst_renamer_group(names, m->master));
        add_tag(&g, " propagate_from:", nst_renamer_group(names, m->propagate_from));
        nst_growing_string(&g, m->unbindable ? " unbindable - " : " - ");
        nst_growing_escaped(&g, m->type);
        nst_growing_string(&g, " ");
        nst_growing_escaped(&g, m->source);
        nst_growing_string(&g, " ");
        nst_growing_options(&g, m->super_options);
        nst_growing_string(&g, "\n");
    }
    free(order);
    g.failed |= nst_renamer_failed(names);
    nst_renamer_free(&own);
    return nst_growing_steal(&g);
}

static uint64_t hash_number(uint64_t hash, uint64_t number)
{
    hash = (hash ^ number) * 0x9fb21c651e98df25u;
    return hash ^ hash >> 29;
}

/* Eight bytes at a time; the length goes in, so that neighbours can't trade bytes. */
static uint64_t hash_string(uint64_t hash, const char *string)
{
    size_t len = strlen(string);
    uint64_t word;

    hash = hash_number(hash, len);
    for (; len >= sizeof word; len -= sizeof word, string += sizeof word) {
        memcpy(&word, string, sizeof word);
        hash = hash_number(hash, word);
    }
    word = 0;
    memcpy(&word, string, len);
    return hash_number(hash, word);
}

uint64_t nst_table_hash(const struct nst_table *table)
{
    uint64_t hash = hash_number(0x2545f4914f6cdd1du, table->len);

    for (size_t i = 0; i < table->len; i++) {
        const struct nst_mount *m = &table->mount[i];

        hash = hash_number(hash, m->id);
        hash = hash_number(hash, m->parent_id);
        hash = hash_number(hash, (uint64_t)m->major << 32 | m->minor);
        hash = hash_number(hash, m->peer_group);
        hash = hash_number(hash, m->master);
        hash = hash_number(hash, m->propagate_from << 1 | m->unbindable);
        hash = hash_string(hash, m->root);
        hash = hash_string(hash, m->point);
        hash = hash_string(hash, m->options);
        hash = hash_string(hash, m->type);
        hash = hash_string(hash, m->source);
        hash = hash_string(hash, m->super_options);
    }
    return hash;
}
