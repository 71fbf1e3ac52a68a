/* What the files of this room share: growing text, and a map of 64-bit ids. Not for other rooms. */
#ifndef NST_TABLE_INTERNAL_H
#define NST_TABLE_INTERNAL_H

#include <ns-tool/table.h>

/* Text that grows. Once memory ran out it stays `failed` and every addition is ignored. */
struct nst_growing {
    char *text;
    size_t len, cap;
    bool failed;
};

void nst_growing_bytes(struct nst_growing *g, const char *bytes, size_t len);
void nst_growing_string(struct nst_growing *g, const char *string);
void nst_growing_number(struct nst_growing *g, uint64_t number);

/* Raw bytes, with space, control characters, backslash, and all that isn't UTF-8 as \ooo: one word
 * of one line. */
void nst_growing_escaped(struct nst_growing *g, const char *string);

/* An option list, whose escapes were left in place: as above, but backslashes stay as they are. */
void nst_growing_options(struct nst_growing *g, const char *string);

/* The text, ended with NUL, or NULL when memory ran out. The caller frees; g is zeroed. */
char *nst_growing_steal(struct nst_growing *g);

/* Gives the value of a key that isn't 0, or 0. */
uint64_t nst_names_get(const struct nst_names *names, uint64_t key);

/* Sets a key (not 0) that isn't there yet. false: memory ran out. */
bool nst_names_put(struct nst_names *names, uint64_t key, uint64_t value);

void nst_names_free(struct nst_names *names);

/* A map of mount id to index + 1 in the table; of equal ids the first one counts. Mounts without id
 * are left out. */
bool nst_names_of_table(struct nst_names *names, const struct nst_table *table);

/* Indices of all mounts, parents before children, siblings by point, then as listed:
 * ret_order[len]; ret_depth (may be NULL) tells how deep each one of the order stands. -ENOMEM.
 * Caller frees both. */
int nst_table_order(const struct nst_table *table, size_t **ret_order, unsigned **ret_depth);

bool nst_mounts_same(const struct nst_mount *a,
                     const struct nst_mount *b); /* every field but unique_id */

/* Whether a path says that its directory is gone. No name holds a slash, so no real path ends so.
 */
bool nst_ends_deleted(const char *path);

/* In mountinfo's terms, or "private". RENAMER (NULL: the kernel's numbers) names peer groups. */
void nst_growing_propagation(struct nst_growing *g, const struct nst_mount *mount,
                             struct nst_renamer *renamer);

/* "options rw -> ro; shared:3 -> private". */
void nst_growing_change(struct nst_growing *g, const struct nst_mount *before,
                        const struct nst_mount *after, struct nst_renamer *renamer);

#endif
