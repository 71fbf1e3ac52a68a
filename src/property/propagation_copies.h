/* A tree that a call attached below a mount, and its copies below what receives from there. */
#ifndef PROPERTY_PROPAGATION_COPIES_H
#define PROPERTY_PROPAGATION_COPIES_H

#include "propagation.h"

struct nst_copy {
    uint32_t receiver; /* of `before` */
    uint32_t *node;    /* for each of the tree its copy, of `after`, or NST_NONE; owned */
    uint64_t
        *groups; /* of the receiver's peer group, those of its copies; of another copy, or owned */
    bool owns_groups;
};

struct nst_copies {
    struct spread *spread;
    uint32_t origin;       /* the tree's root, of `after` */
    uint32_t below;        /* what it was attached to, of `before` */
    struct nst_dentry at;  /* and where */
    bool shared;           /* that one is */
    struct nst_nodes tree; /* of `after`, the root first */
    size_t *above;         /* for each of the tree but the first the index of its parent */
    struct nst_copy *copy;
    size_t len;
    uint32_t source;   /* of a bind mount, of `before`, or NST_NONE */
    char *source_root; /* what of the source's superblock is bound */
};

/* Fills the tree and its copies from what COPIES says above it, and tells of each. LEAVE_OUT as for
 * nst_forest_subtree(); its ctx is COPIES. Finds that a copy isn't there, or not whole. Returns a
 * spread_verdict or -ENOMEM. */
int nst_copies_find(struct nst_copies *copies, bool (*leave_out)(void *ctx, uint32_t node));

/* Holds the peer groups and masters of the copies against those of the tree: they are to each other
 * as the mounts are below which they stand. */
int nst_copies_check(struct nst_copies *copies);

void nst_copies_free(struct nst_copies *copies);

#endif
