/* Where mounts stand, told by paths alone: what covers what, and what a mount shows of its file
 * system. */
#ifndef PROPERTY_PLACES_H
#define PROPERTY_PLACES_H

#include <ns-tool/table.h>

/* Where in ON, below its root, CHILD stands: "" on the root itself, else "/…"; NULL: not told. */
const char *nst_place_in(const struct nst_mount *on, const struct nst_mount *child);

/* The mount of TABLE that stands at PLACE in mount ON, or NULL. */
const struct nst_mount *nst_place_cover(const struct nst_table *table, const struct nst_mount *on,
                                        const char *place);

/* PLACE in ON as a path of ON's file system. The caller frees it; NULL: no memory. */
char *nst_place_path(const struct nst_mount *on, const char *place);

/* Whether A and B show one file system. Every proc shows the same kernel. */
bool nst_place_same_fs(const struct nst_mount *a, const struct nst_mount *b);

/* Whether PATH of its file system is below the root of MOUNT, hidden or not. */
bool nst_place_has(const struct nst_mount *mount, const char *path);

/* Whether MOUNT, of TABLE, shows PATH of its file system: nothing is mounted there or above; or, if
 * BENEATH, on its root only, from which that may go again. */
bool nst_place_shows(const struct nst_table *table, const struct nst_mount *mount, const char *path,
                     bool beneath);

/* What in COPY, a copy of namespace TABLE, each of its mounts became; NULL: nothing. The caller
 * frees the array; NULL: no memory. */
const struct nst_mount **nst_place_copies(const struct nst_table *table,
                                          const struct nst_table *copy);

#endif
