/* All sequences of a small world up to a depth, on the model: which states there are, and which
 * calls lead from one to which. */
#ifndef NST_TOOL_EXPLORE_H
#define NST_TOOL_EXPLORE_H

#include <ns-tool/model.h>
#include <ns-tool/world.h>

enum { NST_EXPLORE_DEPTH_MAX = 12 };

/* One that was come to by CALL, of the world, from PARENT: the first way to it. */
struct nst_explore_state {
    uint32_t parent;
    uint16_t call;
    int8_t used; /* alike names */
};

struct nst_explore {
    struct nst_world world;
    struct nst_model_features features;
    struct nst_explore_state *state; /* [0] is the start; level by level */
    uint32_t len, cap;
    uint32_t level[NST_EXPLORE_DEPTH_MAX + 2]; /* the first state of each depth; their end */
    unsigned depth;                            /* that was reached */
    struct nst_explore_key {
        uint64_t hash[2];
    } * seen; /* a table of keys; all 0: free */
    size_t room;
    uint64_t sequences; /* that the model was asked about */
    uint64_t unknown;   /* of them those whose last call it can't tell */
    uint64_t isolated;  /* of them those by an actor in an isolated namespace */
};

/* What a call makes of a state. */
enum nst_explore_outcome {
    NST_EXPLORE_UNKNOWN,
    NST_EXPLORE_QUIET, /* nothing: it fails, or there is nothing to do */
    NST_EXPLORE_MOVED  /* another state */
};

struct nst_explore_step {
    uint16_t call;
    enum nst_explore_outcome outcome;
    int8_t used;
    struct nst_explore_key key; /* of the other state */
};

/* Whether a child that is isolated changed the parent: of this state and call. */
struct nst_explore_leak {
    uint32_t state;
    uint16_t call;
};

/* Begins: the start is the only state. Returns 0 or -ENOMEM. The caller frees. */
int nst_explore_begin(struct nst_explore *explore);
void nst_explore_free(struct nst_explore *explore);

/* Finds the states of the next depth. Returns 0; 1 with RET_LEAK; -ENOMEM. STOP, which may become
 * true meanwhile, ends it with -ECANCELED. */
int nst_explore_deepen(struct nst_explore *explore, const volatile bool *stop,
                       struct nst_explore_leak *ret_leak);

/* What each call makes of STATE; RET_STEP has room for the world's. Returns how many, or -ENOMEM.
 * Those of sequences that are like another one aren't among them. */
int nst_explore_steps(const struct nst_explore *explore, uint32_t state,
                      struct nst_explore_step *ret_step);

/* Appends the calls that lead to STATE. Returns 0 or -ENOMEM. */
int nst_explore_path(const struct nst_explore *explore, uint32_t state,
                     struct nst_sequence *sequence);

#endif
