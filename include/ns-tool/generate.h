/* Random sequences, and random changes to sequences. All of it is a pure function of the seed, and
 * smaller draws give simpler values, so a source of small numbers gives small sequences.
 *
 * Functions return 0, or -errno for trouble of our own. */
#ifndef NS_TOOL_GENERATE_H
#define NS_TOOL_GENERATE_H

#include <ns-tool/sequence.h>

/* xoshiro256** (Blackman and Vigna, public domain), seeded by splitmix64. */
struct nst_random {
    uint64_t state[4];
};

void nst_random_seed(struct nst_random *random, uint64_t seed);

/* A number below N, each as likely as the others; 0 where N is 0. */
uint64_t nst_random_below(struct nst_random *random, uint64_t n);

/* A named part of what can be tried. Each case draws a few of them, and of their calls, flags and
 * paths leaves some out, since what is tried all together is never tried much of (swarm testing). */
struct nst_swarm_group {
    const char *name;
    const char *about;         /* a phrase */
    uint8_t weight[NST_CALLS]; /* how often each call, beside those that make namespaces */
};

/* At most 32; ends with a NULL name. */
extern const struct nst_swarm_group nst_swarm_groups[];
size_t nst_swarm_len(void);

/* The index of the group whose name is the LEN bytes at NAME, or -1. */
int nst_swarm_find(const char *name, size_t len);

/* What to generate; zeros mean the defaults.
 *
 * Generated results are names, not expectations: `= 3` behind a call that returns a descriptor, and
 * `= 2` behind one that makes an actor, only say what later calls call it. All other results are
 * NST_ANY. So whoever judges a generated sequence must not hold a naming result against what the
 * kernel answered: the call may fail, and then its name stands for nothing. */
struct nst_generator {
    size_t max_calls;           /* 24; from one call to so many, at most NST_CALLS_MAX */
    uint32_t weight[NST_CALLS]; /* how often each call; all 0: as the case's groups say */
    unsigned max_actors;        /* 4; the first one counts; at most NST_ACTORS_MAX */
    uint32_t groups;            /* a bit for each of nst_swarm_groups; 0: drawn for each case */
};

/* A random sequence over the small world in which every case starts (see ns-tool(1)), its paths
 * few so that they collide. Most calls make sense: they refer to live actors and descriptors, to
 * mounts and directories that are there; wrong uses stay frequent. OPTIONS may be NULL.
 * RET_SEQUENCE must be empty and stays so on failure; the caller frees it. Returns 0, -ENOMEM. */
int nst_generate(struct nst_random *random, const struct nst_generator *options,
                 struct nst_sequence *ret_sequence) __attribute__((warn_unused_result));

/* Case INDEX of SEED: the same on every machine, whatever was generated before. The first cases are
 * short, and their length grows up to OPTIONS' max_calls: nst_generate_size(). Else as
 * nst_generate(). */
int nst_generate_case(uint64_t seed, uint64_t index, const struct nst_generator *options,
                      struct nst_sequence *ret_sequence) __attribute__((warn_unused_result));

/* How many calls case INDEX has at most: from 4 on, one more each eight cases, up to MAX_CALLS. */
size_t nst_generate_size(uint64_t index, size_t max_calls);

/* Changes SEQUENCE in one way: a call inserted, removed, duplicated, swapped with another, or one
 * argument changed. An empty sequence gains a call. Replaced strings live as long as SEQUENCE.
 * Returns 0, or -ENOMEM, after which SEQUENCE is valid still. */
int nst_mutate(struct nst_random *random, struct nst_sequence *sequence)
    __attribute__((warn_unused_result));

/* Orders the calls of SEQUENCE anew, as a scheduler that RANDOM decides could have: each actor's own
 * calls keep their order, whoever makes an actor does so before that acts, actors are made in the
 * order in which they were, and the first call stays the first. Draws of zeros leave it as it is.
 * Returns 0, or -ENOMEM, after which SEQUENCE is as it was. */
int nst_interleave(struct nst_random *random, struct nst_sequence *sequence)
    __attribute__((warn_unused_result));

/* Hands the calls of SEQUENCE's first actor out, in runs, among it and two or three others that it
 * forks before; the copies of descriptors that those hold bear its names for them, and later ones
 * only their maker has. Draws of zeros leave all to the first. Returns 0; -E2BIG where there is no
 * room for the forks, -ENOMEM: SEQUENCE is as it was. */
int nst_spread(struct nst_random *random, struct nst_sequence *sequence)
    __attribute__((warn_unused_result));

/* A head of A and a tail of B. Actors that B's tail makes get numbers that A's head doesn't have;
 * what an actor unknown to the head did is done by its first one. RET_SEQUENCE must be empty and
 * stays so on failure. Returns 0, -ENOMEM. */
int nst_crossover(struct nst_random *random, const struct nst_sequence *a,
                  const struct nst_sequence *b, struct nst_sequence *ret_sequence)
    __attribute__((warn_unused_result));

#endif
