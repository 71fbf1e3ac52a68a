/* What the steps of the shrinker share. */
#ifndef SEQUENCE_SHRINK_H
#define SEQUENCE_SHRINK_H

#include <ns-tool/shrink.h>

struct nst_shrinker {
    struct nst_sequence *sequence; /* the simplest that is known to fail */
    struct nst_call *trial;        /* room for as many calls; what is tried next */
    nst_still_fails still_fails;
    void *ctx;
    size_t tries, max_tries;
    bool changed; /* a try was kept */
};

/* Tries the first LEN calls of the trial; keeps them if they fail still. Returns 1 if so, 0 if not
 * or if no tries are left, -errno for trouble. */
int nst_shrink_try(struct nst_shrinker *shrinker, size_t len);

/* Makes single calls simpler and renumbers. Returns 0, -errno. */
int nst_shrink_simplify(struct nst_shrinker *shrinker);

#endif
