/* A forest is all mounts of one snapshot in one place: the tree of each namespace, and the peer
 * groups and masters that connect them.
 *
 * Where a mount stands is told by the dentry that it covers: a superblock and a path in it. So the
 * same place is known again below another mount of the same superblock (mount_namespaces(7), Shared
 * subtrees). */
#ifndef PROPERTY_FOREST_H
#define PROPERTY_FOREST_H

#include <ns-tool/trace.h>

#define NST_NONE UINT32_MAX

struct nst_node {
    const struct nst_mount *mount;
    const struct nst_ns_view *view;
    uint32_t parent;         /* NST_NONE: a root */
    uint32_t child, sibling; /* the first child, and the next one of the same parent */
    uint32_t peer, slave;    /* the next one of the same peer group; of the same master */
    bool adrift; /* its masters lead to a peer group that is nowhere in sight, so that it may
                    receive from any */
};

struct nst_map; /* from numbers to nodes */

/* Zeroed is valid and empty. */
struct nst_forest {
    const struct nst_snapshot *snapshot;
    struct nst_node *node; /* in the order of the views and of their tables */
    uint32_t len;
    struct nst_map *id, *group, *master; /* to the first of its nodes */
};

/* The dentry ROOT REST of the superblock. */
struct nst_dentry {
    unsigned major, minor;
    const char *root; /* "" for the superblock's root */
    const char *rest; /* "" or one that opens with a slash */
    bool known;       /* false: what was removed has a name that says nothing */
};

/* RET_FOREST refers to SNAPSHOT and is freed by the caller. Returns 0, -ENOMEM. */
int nst_forest_make(const struct nst_snapshot *snapshot, struct nst_forest *ret_forest)
    __attribute__((warn_unused_result));
void nst_forest_free(struct nst_forest *forest);

/* The mount with that id (mountinfo's), or NST_NONE. */
uint32_t nst_forest_find(const struct nst_forest *forest, uint64_t id);

/* The first member of peer group GROUP, the first slave of it; or NST_NONE. */
uint32_t nst_forest_peers(const struct nst_forest *forest, uint64_t group);
uint32_t nst_forest_slaves(const struct nst_forest *forest, uint64_t group);

/* The mount at the root of VIEW, of those stacked there the lowest; or NST_NONE. */
uint32_t nst_forest_root(const struct nst_forest *forest, const struct nst_ns_view *view);

/* Where NODE is mounted; unknown for a root. */
struct nst_dentry nst_dentry_of(const struct nst_forest *forest, uint32_t node);

/* PATH, "" or one that opens with a slash, below the root of MOUNT. */
struct nst_dentry nst_dentry_below(const struct nst_mount *mount, const char *path);

/* Whether both are known and the same. */
bool nst_dentries_equal(const struct nst_dentry *a, const struct nst_dentry *b);

/* Whether DENTRY is the root of MOUNT or lies below it: fs/pnode.c, is_subdir() in
 * need_secondary(). */
bool nst_mount_covers(const struct nst_mount *mount, const struct nst_dentry *dentry);

/* The child of PARENT that is mounted at DENTRY, or NST_NONE. */
uint32_t nst_forest_child_at(const struct nst_forest *forest, uint32_t parent,
                             const struct nst_dentry *dentry);

/* A list of nodes. Zeroed is valid and empty. */
struct nst_nodes {
    uint32_t *node;
    size_t len, cap;
};

int nst_nodes_add(struct nst_nodes *nodes, uint32_t node) __attribute__((warn_unused_result));
void nst_nodes_free(struct nst_nodes *nodes);

/* What receives what is mounted below FROM, as far as it is in sight: its peers, the slaves of
 * its peer group, their peers, and so on; FROM itself isn't one. None when FROM isn't shared.
 * RET_NODES must be empty and is freed by the caller. Returns 0, -ENOMEM. fs/pnode.c,
 * propagation_next(). */
int nst_forest_receivers(const struct nst_forest *forest, uint32_t from,
                         struct nst_nodes *ret_nodes) __attribute__((warn_unused_result));

/* A tree of FOREST, ROOT first, parents before children, without those for which LEAVE_OUT (may be
 * NULL) says so and what is on them. As above. */
int nst_forest_subtree(const struct nst_forest *forest, uint32_t root,
                       bool (*leave_out)(void *ctx, uint32_t node), void *ctx,
                       struct nst_nodes *ret_nodes) __attribute__((warn_unused_result));

#endif
