/* Shapes: peer groups, chains of slaves, stacks and trees of mounts, in what every namespace shows.
 * Documentation/filesystems/sharedsubtree.rst, 8 (implementation) has the words. */
#include "coverage.h"

enum shape {
    PEERS,          /* members of a group: 2 to 5 */
    PEERS_INSIDE,   /* of them in one namespace: 2 to 4 */
    PEERS_ACROSS,   /* namespaces that hold a member: 2 to 4 */
    SLAVES,         /* of one master: 1 to 4 */
    CHAIN,          /* slaves of slaves: 1 to 4 */
    SHARED_SLAVE,   /* a mount that is both */
    OUT_OF_SIGHT,   /* a slave whose master no namespace shows */
    DOMINATES,      /* propagate_from: the master lies outside the reader's root */
    STACK,          /* mounts on one point: 2 to 4 */
    DEPTH,          /* mounts on mounts: 2 to 6 */
    MOUNTS,         /* of a namespace: 4, 8, 16 */
    NAMESPACES,     /* 2 to 4 */
    OWNERS,         /* user namespaces that own them: 2, 3 */
    SUBDIRECTORY,   /* a mount of a part of its file system */
    NAMESPACE_FILE, /* of a namespace */
    DELETED,        /* whose directory or mount point was removed */
    TUCKED,         /* one that came between a mount and its parent */
    UNDER_SHARED,   /* an unbindable one below a shared one */
    MIXED           /* children of one mount that are shared, slave and private */
};

#define KEY(shape, n) ((uint64_t)(shape) << 8 | (n))
/* clang-format off */
#define SHAPE(text, shape, n) {.name = text, .key = KEY(shape, n)}

static const struct nst_feature features[] = {
    SHAPE("a peer group of 2", PEERS, 2), SHAPE("a peer group of 3", PEERS, 3),
    SHAPE("a peer group of 4", PEERS, 4), SHAPE("a peer group of 5 or more", PEERS, 5),
    SHAPE("2 peers in one namespace", PEERS_INSIDE, 2),
    SHAPE("3 peers in one namespace", PEERS_INSIDE, 3),
    SHAPE("4 or more peers in one namespace", PEERS_INSIDE, 4),
    SHAPE("peers in 2 namespaces", PEERS_ACROSS, 2),
    SHAPE("peers in 3 namespaces", PEERS_ACROSS, 3),
    SHAPE("peers in 4 or more namespaces", PEERS_ACROSS, 4),
    SHAPE("a master with 1 slave", SLAVES, 1), SHAPE("a master with 2 slaves", SLAVES, 2),
    SHAPE("a master with 3 slaves", SLAVES, 3), SHAPE("a master with 4 or more slaves", SLAVES, 4),
    SHAPE("a chain of 2 slaves", CHAIN, 2), SHAPE("a chain of 3 slaves", CHAIN, 3),
    SHAPE("a chain of 4 or more slaves", CHAIN, 4),
    SHAPE("a mount that is shared and slave", SHARED_SLAVE, 1),
    SHAPE("a slave whose master is out of sight", OUT_OF_SIGHT, 1),
    SHAPE("a slave that says propagate_from", DOMINATES, 1),
    SHAPE("2 mounts on one point", STACK, 2), SHAPE("3 mounts on one point", STACK, 3),
    SHAPE("4 or more mounts on one point", STACK, 4),
    SHAPE("mounts 2 deep", DEPTH, 2), SHAPE("mounts 3 deep", DEPTH, 3),
    SHAPE("mounts 4 deep", DEPTH, 4), SHAPE("mounts 5 deep", DEPTH, 5),
    SHAPE("mounts 6 or more deep", DEPTH, 6),
    SHAPE("a namespace of 4 mounts", MOUNTS, 4), SHAPE("a namespace of 8 mounts", MOUNTS, 8),
    SHAPE("a namespace of 16 mounts", MOUNTS, 16),
    SHAPE("2 namespaces", NAMESPACES, 2), SHAPE("3 namespaces", NAMESPACES, 3),
    SHAPE("4 or more namespaces", NAMESPACES, 4),
    SHAPE("2 owners of namespaces", OWNERS, 2), SHAPE("3 or more owners of namespaces", OWNERS, 3),
    SHAPE("a mount of a subdirectory", SUBDIRECTORY, 1),
    SHAPE("a mount of a namespace's file", NAMESPACE_FILE, 1),
    SHAPE("a mount of what was removed", DELETED, 1),
    SHAPE("a mount tucked beneath another", TUCKED, 1),
    SHAPE("an unbindable mount below a shared one", UNDER_SHARED, 1),
    SHAPE("shared, slave and private mounts on one mount", MIXED, 1),
};
/* clang-format on */

/* Recursive binds of shared trees double them: of tables beyond this only the size is looked at, as
 * the rest takes time that grows faster than they do. */
enum { TABLE_MAX = 256 };

struct look {
    const struct nst_snapshot *snapshot;
    const struct nst_feature_group *group;
    struct nst_coverage *coverage;
};

static void hit(const struct look *look, enum shape shape, size_t n, size_t most)
{
    nst_coverage_hit(look->coverage, look->group, KEY(shape, n < most ? n : most));
}

/* How far it is from MASTER up to one that is nobody's slave. */
static size_t chain_above(const struct nst_snapshot *snapshot, uint64_t master)
{
    size_t length = 0;

    while (master && length < 8) {
        uint64_t next = 0;

        for (size_t n = 0; n < snapshot->len && !next; n++)
            for (size_t i = 0; i < snapshot->view[n].table.len && !next; i++)
                if (snapshot->view[n].table.mount[i].peer_group == master)
                    next = snapshot->view[n].table.mount[i].master;
        master = next;
        length++;
    }
    return length;
}

/* Members of GROUP, its slaves, and where they are. */
static void look_group(const struct look *look, uint64_t group)
{
    size_t members = 0, slaves = 0, across = 0, most = 0;

    for (size_t n = 0; n < look->snapshot->len; n++) {
        const struct nst_table *table = &look->snapshot->view[n].table;
        size_t inside = 0;

        for (size_t i = 0; i < table->len && table->len <= TABLE_MAX; i++) {
            inside += table->mount[i].peer_group == group;
            slaves += table->mount[i].master == group;
        }
        members += inside;
        across += inside > 0;
        most = inside > most ? inside : most;
    }
    hit(look, PEERS, members, 5);
    hit(look, PEERS_INSIDE, most, 4);
    hit(look, PEERS_ACROSS, across, 4);
    hit(look, SLAVES, slaves, 4);
    if (!members)
        hit(look, OUT_OF_SIGHT, 1, 1);
}

static void look_mount(const struct look *look, const struct nst_table *table,
                       const struct nst_mount *mount)
{
    const struct nst_mount *parent = nst_table_find(table, mount->parent_id), *up = mount;
    size_t depth = 0, stack = 1;

    while ((up = nst_table_find(table, up->parent_id)) && up->parent_id != up->id && depth < 8)
        depth++;
    for (up = parent; up && up != mount && !strcmp(up->point, mount->point) && stack < 8; stack++)
        up = nst_table_find(table, up->parent_id);
    hit(look, DEPTH, depth + 1, 6);
    hit(look, STACK, stack, 4);
    if (mount->master)
        hit(look, CHAIN, chain_above(look->snapshot, mount->master), 4);
    if (mount->master && mount->peer_group)
        hit(look, SHARED_SLAVE, 1, 1);
    if (mount->propagate_from)
        hit(look, DOMINATES, 1, 1);
    if (mount->root[0] == '/' && mount->root[1] && strcmp(mount->type, "nsfs") != 0)
        hit(look, SUBDIRECTORY, 1, 1);
    if (!strcmp(mount->type, "nsfs"))
        hit(look, NAMESPACE_FILE, 1, 1);
    if (mount->deleted)
        hit(look, DELETED, 1, 1);
    if (mount->unbindable && parent && parent->peer_group)
        hit(look, UNDER_SHARED, 1, 1);
}

/* Whether mounts of all three kinds lie on MOUNT. */
static void look_children(const struct look *look, const struct nst_table *table,
                          const struct nst_mount *mount)
{
    unsigned kinds = 0;

    for (size_t i = 0; i < table->len; i++)
        if (table->mount[i].parent_id == mount->id && &table->mount[i] != mount)
            kinds |= table->mount[i].peer_group ? 1u : table->mount[i].master ? 2u : 4u;
    if (kinds == 7)
        hit(look, MIXED, 1, 1);
}

/* A mount whose parent is new: it came between. */
static void look_tucked(const struct look *look, const struct nst_ns_view *before,
                        const struct nst_ns_view *after)
{
    for (size_t i = 0; before && before->table.len <= TABLE_MAX && i < after->table.len; i++) {
        const struct nst_mount *mount = &after->table.mount[i];
        const struct nst_mount *was = nst_table_find(&before->table, mount->id);
        const struct nst_mount *parent = nst_table_find(&after->table, mount->parent_id);

        if (was && parent && was->parent_id != mount->parent_id &&
            !strcmp(was->point, mount->point) && !strcmp(parent->point, mount->point) &&
            !nst_table_find(&before->table, parent->id))
            hit(look, TUCKED, 1, 1);
    }
}

static void look_owners(const struct look *look)
{
    const struct nst_snapshot *snapshot = look->snapshot;
    size_t owners = 0;

    for (size_t n = 0; n < snapshot->len; n++) {
        bool again = !snapshot->view[n].owner;

        for (size_t k = 0; k < n; k++)
            again |= snapshot->view[k].owner == snapshot->view[n].owner;
        owners += !again;
    }
    hit(look, OWNERS, owners, 3);
    hit(look, NAMESPACES, snapshot->len, 4);
}

/* Every peer group that SNAPSHOT names, once. */
static void look_groups(const struct look *look)
{
    uint64_t seen[64];
    size_t len = 0;

    for (size_t n = 0; n < look->snapshot->len; n++) {
        const struct nst_table *table = &look->snapshot->view[n].table;

        for (size_t i = 0; i < 2 * table->len && table->len <= TABLE_MAX && len < 64; i++) {
            uint64_t group = i % 2 ? table->mount[i / 2].master : table->mount[i / 2].peer_group;
            bool again = !group;

            for (size_t k = 0; k < len; k++)
                again |= seen[k] == group;
            if (again)
                continue;
            seen[len++] = group;
            look_group(look, group);
        }
    }
}

static void look(const struct nst_trace *trace, size_t at, const struct nst_feature_group *group,
                 struct nst_coverage *coverage)
{
    const struct nst_step *step = &trace->step[at];
    const struct look look = {.snapshot = step->after, .group = group, .coverage = coverage};

    if (step->before == step->after)
        return;
    for (size_t n = 0; n < step->after->len; n++) {
        const struct nst_ns_view *view = &step->after->view[n];

        hit(&look, MOUNTS,
            view->table.len >= 16  ? 16
            : view->table.len >= 8 ? 8
            : view->table.len >= 4 ? 4
                                   : 0,
            16);
        if (view->table.len > TABLE_MAX || !view->table.len)
            continue;
        for (size_t i = 0; i < view->table.len; i++) {
            look_mount(&look, &view->table, &view->table.mount[i]);
            look_children(&look, &view->table, &view->table.mount[i]);
        }
        look_tucked(&look, nst_view_later(step->before, view), view);
    }
    look_owners(&look);
    look_groups(&look);
}

const struct nst_feature_group nst_group_topology = {
    .name = "topology",
    .about = "peer groups, chains of slaves, stacks and trees of mounts",
    .source = "mount_namespaces(7); Documentation/filesystems/sharedsubtree.rst",
    NST_FEATURES(features),
    .look = look,
};
