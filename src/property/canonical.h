/* Tables in the words of one run, so that two runs can be held against each other: what the kernel
 * numbers as it likes (mounts, peer groups, devices, namespaces, processes) is named in order of
 * appearance. */
#ifndef PROPERTY_CANONICAL_H
#define PROPERTY_CANONICAL_H

#include <ns-tool/trace.h>

/* Names of one run. Zeroed is empty. Numbers are used again once nothing has them, so names must
 * not be kept for longer than a step. */
struct nst_canon {
    struct nst_renamer mounts;           /* and peer groups and devices */
    struct nst_renamer processes, nodes; /* pids in paths; inodes of namespaces: their `mounts` */
    struct nst_renamer namespaces, owners;
};

void nst_canon_free(struct nst_canon *canon);

/* One line a mount, of every namespace of SNAPSHOT or of its parent only, behind a line for each
 * namespace. The caller frees it; NULL: no memory. */
char *nst_canon_text(struct nst_canon *canon, const struct nst_snapshot *snapshot,
                     bool parent_only);

/* The first line in which A differs from B, cut to SIZE: "+ LINE" that only A has, "- LINE" that
 * only B has. Where one has more lines, its
 * own only. False: they are equal. */
bool nst_canon_difference(const char *a, const char *b, char *ret_text, size_t size);

/* Holds what A and B show, each named for itself, against each other. Returns 0 where it is the
 * same; 1 with RET_TEXT as above; -ENOMEM. */
int nst_canon_compare(const struct nst_snapshot *a, const struct nst_snapshot *b, bool parent_only,
                      char *ret_text, size_t size);

#endif
