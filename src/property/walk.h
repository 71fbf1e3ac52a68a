/* Which mount a path names, as far as the tables tell, and whether mounts may exist that no table
 * shows.
 *
 * Both depend on the calls before: a chroot, a symbolic link, a detached tree. So a walker goes
 * along with the trace. What isn't certain is not known, and then nothing is claimed. */
#ifndef PROPERTY_WALK_H
#define PROPERTY_WALK_H

#include "forest.h"

#define NST_LINKS_MAX 32

/* Zeroed is the start of a trace. */
struct nst_walker {
    const char *link[NST_LINKS_MAX]; /* the last component of what symlink made */
    size_t links;
    uint32_t lost[NST_ACTORS_MAX]; /* actors whose root may not be their namespace's */
    size_t losts;
    bool detached; /* a mount was made, or a namespace is held, where nobody looks */
    bool foreign;  /* a detached tree was made outside the parent */
    bool shared;   /* actors may share a root */
    bool confused; /* too much happened: no path is known any more */
};

/* Takes note of STEP, which is over. */
void nst_walker_step(struct nst_walker *walker, const struct nst_step *step);

/* Whether after STEP, of which WALKER took note, mounts may exist that its tables don't show. */
bool nst_walker_misses(const struct nst_walker *walker, const struct nst_step *step);

/* What PATH names for the actor of STEP before it: the mount, of several stacked the topmost, and
 * RET_REST, the rest of PATH below its root ("" or one that opens with a slash, a part of PATH).
 * NST_NONE where that isn't known. path_resolution(7). */
uint32_t nst_walk(const struct nst_walker *walker, const struct nst_forest *forest,
                  const struct nst_step *step, const char *path, const char **ret_rest);

/* The mount at whose root PATH ends, or NST_NONE. */
uint32_t nst_walk_mount(const struct nst_walker *walker, const struct nst_forest *forest,
                        const struct nst_step *step, const char *path);

#endif
