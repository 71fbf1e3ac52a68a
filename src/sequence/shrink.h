/* What the steps of the shrinker share. */
#ifndef SEQUENCE_SHRINK_H
#define SEQUENCE_SHRINK_H

#include <ns-tool/shrink.h>

/* The calls that one call relies on, by their index: they make its actor, its descriptors, the
 * directories that it names. */
struct nst_shrink_needs {
    size_t maker[1 + 2 * NST_ARGS_MAX];
    size_t len;
};

struct nst_shrinker {
    struct nst_sequence *sequence; /* the simplest that is known to fail */
    struct nst_call *trial;        /* room for as many calls; what is tried next */
    bool *goes;                    /* room for as many */
    struct nst_shrink_needs *needs;
    uint64_t *memo; /* hashes of what was tried and didn't fail; 0: a free place */
    size_t memo_len, memo_cap;
    nst_still_fails still_fails;
    void *ctx;
    const struct nst_shrink_options *options;
    size_t tries, max_tries;
    bool changed; /* a try was kept */
};

/* Tries the first LEN calls of the trial; keeps them if they fail still. Returns 1 if so, 0 if not
 * or if no tries are left, -errno for trouble. */
int nst_shrink_try(struct nst_shrinker *shrinker, size_t len);

/* Steps: each returns 0, -errno. */
int nst_shrink_idle(struct nst_shrinker *shrinker);   /* without what did nothing; the first step */
int nst_shrink_chunks(struct nst_shrinker *shrinker); /* ever fewer calls at once, down to two */
int nst_shrink_actors(struct nst_shrinker *shrinker); /* all that an actor does */
int nst_shrink_units(struct nst_shrinker *shrinker);  /* a call with all that rely on it */
int nst_shrink_merge(struct nst_shrinker *shrinker);  /* an actor's calls done by its maker */
int nst_shrink_calls(struct nst_shrinker *shrinker);  /* single ones, until none can go */
int nst_shrink_simplify(struct nst_shrinker *shrinker); /* single calls simpler, and renumbered */
int nst_shrink_paths(struct nst_shrinker *shrinker);    /* a path, wherever it stands, simpler */

/* The NUMBER-th of the simple paths if it is simpler than PATH; else NULL, as it is beyond the last
 * one. */
const char *nst_shrink_simple_path(size_t number, const char *path);

/* What each of SEQUENCE's calls relies on, into RET_NEEDS, one for each. */
void nst_shrink_find_needs(const struct nst_sequence *sequence, struct nst_shrink_needs *ret_needs);

/* Whether CALL's result names a descriptor or an actor. */
bool nst_shrink_names(const struct nst_call *call);
/* Whether argument ARG of CALL is a descriptor's name. */
bool nst_shrink_is_fd(const struct nst_call *call, size_t arg);

#endif
