#include "forest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Open addressing; a key of 0 is an empty place. */
struct nst_map {
    size_t mask;
    struct entry {
        uint64_t key;
        uint32_t node;
    } entry[];
};

static struct nst_map *map_make(size_t len)
{
    size_t cap = 16;
    struct nst_map *map;

    while (cap < 2 * len)
        cap *= 2;
    map = calloc(1, sizeof *map + cap * sizeof *map->entry);
    if (map)
        map->mask = cap - 1;
    return map;
}

static struct entry *map_at(struct nst_map *map, uint64_t key)
{
    size_t at = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) & map->mask;

    while (map->entry[at].key && map->entry[at].key != key)
        at = (at + 1) & map->mask;
    return &map->entry[at];
}

/* Puts NODE before what KEY led to, which is returned. */
static uint32_t map_put(struct nst_map *map, uint64_t key, uint32_t node)
{
    struct entry *entry = key ? map_at(map, key) : NULL;
    uint32_t next = entry && entry->key ? entry->node : NST_NONE;

    if (entry)
        *entry = (struct entry){key, node};
    return next;
}

static uint32_t map_get(const struct nst_map *map, uint64_t key)
{
    const struct entry *entry = map && key ? map_at((struct nst_map *)(uintptr_t)map, key) : NULL;

    return entry && entry->key ? entry->node : NST_NONE;
}

uint32_t nst_forest_find(const struct nst_forest *forest, uint64_t id)
{
    return map_get(forest->id, id);
}

uint32_t nst_forest_peers(const struct nst_forest *forest, uint64_t group)
{
    return map_get(forest->group, group);
}

uint32_t nst_forest_slaves(const struct nst_forest *forest, uint64_t group)
{
    return map_get(forest->master, group);
}

void nst_forest_free(struct nst_forest *forest)
{
    free(forest->node);
    free(forest->id);
    free(forest->group);
    free(forest->master);
    *forest = (struct nst_forest){0};
}

/* From the last to the first, so that every list is in the order of the tables. */
static void link_nodes(struct nst_forest *forest)
{
    for (uint32_t i = forest->len; i--;) {
        struct nst_node *node = &forest->node[i];

        map_put(forest->id, node->mount->id, i);
        node->peer = map_put(forest->group, node->mount->peer_group, i);
        node->slave = map_put(forest->master, node->mount->master, i);
    }
    for (uint32_t i = forest->len; i--;) {
        struct nst_node *node = &forest->node[i];
        uint32_t parent = nst_forest_find(forest, node->mount->parent_id);

        if (parent == NST_NONE || parent == i || forest->node[parent].view != node->view)
            continue;
        node->parent = parent;
        node->sibling = forest->node[parent].child;
        forest->node[parent].child = i;
    }
}

/* Chains of masters are short and have no cycle; what seems to have one ends here. */
static bool is_adrift(const struct nst_forest *forest, uint32_t at)
{
    uint64_t master = forest->node[at].mount->master;

    for (int depth = 0; master; depth++) {
        uint32_t member = nst_forest_peers(forest, master);

        if (member == NST_NONE || depth == 64)
            return true;
        master = forest->node[member].mount->master;
    }
    return false;
}

int nst_forest_make(const struct nst_snapshot *snapshot, struct nst_forest *ret_forest)
{
    struct nst_forest forest = {.snapshot = snapshot};
    size_t len = 0;

    for (size_t n = 0; n < snapshot->len; n++)
        len += snapshot->view[n].table.len;
    forest.node = calloc(len + 1, sizeof *forest.node);
    forest.id = map_make(len);
    forest.group = map_make(len);
    forest.master = map_make(len);
    *ret_forest = forest;
    if (!forest.node || !forest.id || !forest.group || !forest.master || len >= NST_NONE) {
        nst_forest_free(ret_forest);
        return -ENOMEM;
    }
    for (size_t n = 0; n < snapshot->len; n++)
        for (size_t i = 0; i < snapshot->view[n].table.len; i++)
            forest.node[forest.len++] = (struct nst_node){
                .mount = &snapshot->view[n].table.mount[i],
                .view = &snapshot->view[n],
                .parent = NST_NONE,
                .child = NST_NONE,
                .sibling = NST_NONE,
            };
    link_nodes(&forest);
    for (uint32_t i = 0; i < forest.len; i++)
        forest.node[i].adrift = is_adrift(&forest, i);
    *ret_forest = forest;
    return 0;
}

uint32_t nst_forest_root(const struct nst_forest *forest, const struct nst_ns_view *view)
{
    for (uint32_t i = 0; i < forest->len; i++)
        if (forest->node[i].view == view && forest->node[i].parent == NST_NONE &&
            !strcmp(forest->node[i].mount->point, "/"))
            return i;
    return NST_NONE;
}

struct nst_dentry nst_dentry_below(const struct nst_mount *mount, const char *path)
{
    return (struct nst_dentry){.major = mount->major,
                               .minor = mount->minor,
                               .root = strcmp(mount->root, "/") ? mount->root : "",
                               .rest = path,
                               .known = !mount->deleted};
}

struct nst_dentry nst_dentry_of(const struct nst_forest *forest, uint32_t node)
{
    const struct nst_mount *mount = forest->node[node].mount, *parent;
    size_t len;

    if (forest->node[node].parent == NST_NONE || mount->deleted)
        return (struct nst_dentry){.root = "", .rest = ""};
    parent = forest->node[forest->node[node].parent].mount;
    len = strcmp(parent->point, "/") ? strlen(parent->point) : 0;
    if (strncmp(mount->point, parent->point, len) != 0)
        return (struct nst_dentry){.root = "", .rest = ""};
    return nst_dentry_below(parent, strcmp(mount->point, "/") ? mount->point + len : "");
}

/* The byte AT of the dentry's path, NUL behind its end. */
static char byte_at(const struct nst_dentry *dentry, size_t root_len, size_t rest_len, size_t at)
{
    return at < root_len              ? dentry->root[at]
           : at - root_len < rest_len ? dentry->rest[at - root_len]
                                      : '\0';
}

bool nst_dentries_equal(const struct nst_dentry *a, const struct nst_dentry *b)
{
    size_t a_root = strlen(a->root), a_rest = strlen(a->rest);
    size_t b_root = strlen(b->root), b_rest = strlen(b->rest);

    if (!a->known || !b->known || a->major != b->major || a->minor != b->minor ||
        a_root + a_rest != b_root + b_rest)
        return false;
    for (size_t i = 0; i < a_root + a_rest; i++)
        if (byte_at(a, a_root, a_rest, i) != byte_at(b, b_root, b_rest, i))
            return false;
    return true;
}

bool nst_mount_covers(const struct nst_mount *mount, const struct nst_dentry *dentry)
{
    size_t root = strlen(dentry->root), rest = strlen(dentry->rest);
    size_t len = strcmp(mount->root, "/") ? strlen(mount->root) : 0;

    if (!dentry->known || mount->major != dentry->major || mount->minor != dentry->minor)
        return false;
    for (size_t i = 0; i < len; i++)
        if (byte_at(dentry, root, rest, i) != mount->root[i])
            return false;
    return !len || root + rest == len || byte_at(dentry, root, rest, len) == '/';
}

uint32_t nst_forest_child_at(const struct nst_forest *forest, uint32_t parent,
                             const struct nst_dentry *dentry)
{
    for (uint32_t i = forest->node[parent].child; i != NST_NONE; i = forest->node[i].sibling) {
        struct nst_dentry at = nst_dentry_of(forest, i);

        if (nst_dentries_equal(&at, dentry))
            return i;
    }
    return NST_NONE;
}

int nst_nodes_add(struct nst_nodes *nodes, uint32_t node)
{
    if (nodes->len == nodes->cap) {
        size_t cap = nodes->cap ? nodes->cap * 2 : 16;
        uint32_t *wider = realloc(nodes->node, cap * sizeof *wider);

        if (!wider)
            return -ENOMEM;
        nodes->node = wider;
        nodes->cap = cap;
    }
    nodes->node[nodes->len++] = node;
    return 0;
}

void nst_nodes_free(struct nst_nodes *nodes)
{
    free(nodes->node);
    *nodes = (struct nst_nodes){0};
}

/* Whether the peer group of NODE was met: then one before it in the list is of the group. */
static bool is_met(const struct nst_forest *forest, const struct nst_nodes *nodes, uint32_t from,
                   uint64_t group)
{
    if (!group || forest->node[from].mount->peer_group == group)
        return true;
    for (size_t i = 0; i < nodes->len; i++)
        if (forest->node[nodes->node[i]].mount->peer_group == group)
            return true;
    return false;
}

/* Adds the peers of GROUP but FROM. */
static int add_peers(const struct nst_forest *forest, uint64_t group, uint32_t from,
                     struct nst_nodes *nodes)
{
    int r = 0;

    for (uint32_t i = nst_forest_peers(forest, group); !r && i != NST_NONE;
         i = forest->node[i].peer)
        if (i != from)
            r = nst_nodes_add(nodes, i);
    return r;
}

/* Adds the slaves of GROUP and the peers that each of them has. */
static int add_slaves(const struct nst_forest *forest, uint64_t group, uint32_t from,
                      struct nst_nodes *nodes)
{
    int r = 0;

    for (uint32_t i = nst_forest_slaves(forest, group); !r && i != NST_NONE;
         i = forest->node[i].slave) {
        uint64_t own = forest->node[i].mount->peer_group;

        if (!own)
            r = nst_nodes_add(nodes, i);
        else if (!is_met(forest, nodes, from, own))
            r = add_peers(forest, own, NST_NONE, nodes);
    }
    return r;
}

int nst_forest_receivers(const struct nst_forest *forest, uint32_t from,
                         struct nst_nodes *ret_nodes)
{
    uint64_t group = forest->node[from].mount->peer_group, done = group;
    int r = group ? add_peers(forest, group, from, ret_nodes) : 0;

    if (!r && group)
        r = add_slaves(forest, group, from, ret_nodes);
    for (size_t i = 0; !r && i < ret_nodes->len; i++) {
        uint64_t own = forest->node[ret_nodes->node[i]].mount->peer_group;

        if (own && own != group && own != done) /* a group's members follow one another */
            r = add_slaves(forest, own, from, ret_nodes);
        if (own)
            done = own;
    }
    return r;
}

int nst_forest_subtree(const struct nst_forest *forest, uint32_t root,
                       bool (*leave_out)(void *ctx, uint32_t node), void *ctx,
                       struct nst_nodes *ret_nodes)
{
    int r = nst_nodes_add(ret_nodes, root);

    for (size_t i = 0; !r && i < ret_nodes->len; i++)
        for (uint32_t child = forest->node[ret_nodes->node[i]].child; !r && child != NST_NONE;
             child = forest->node[child].sibling)
            if (!leave_out || !leave_out(ctx, child))
                r = nst_nodes_add(ret_nodes, child);
    return r;
}
