/* A small world to be explored: each call of the table with the few arguments that make a
 * difference there, for whoever wants to go through all sequences of them. */
#ifndef NS_TOOL_WORLD_H
#define NS_TOOL_WORLD_H

#include <ns-tool/sequence.h>

/* A call, by an actor, with the names that it uses: names that stand beside each other in the
 * world (/a and /b) are alike, so of sequences that differ in them only one needs to be looked
 * at: the one that uses them in their order. */
struct nst_world_call {
    struct nst_call call;  /* refers to the world's text */
    unsigned char name[4]; /* alike ones in order of appearance, from 1 on; 0: no more */
};

struct nst_world {
    struct nst_world_call *call;
    size_t len;
    struct nst_sequence sequence; /* owns what the calls refer to */
};

struct nst_world_options {
    const char *calls; /* names between commas; NULL: the whole table */
    unsigned actors;   /* who makes them, from 1 on */
    bool small;        /* nothing is put below /a and /b */
};

/* Makes the world that OPTIONS ask for. RET_WORLD is freed by the caller. Returns 0; -EINVAL with
 * RET_BAD (may be NULL) pointing into the options' calls at what is no call's name; -ENOMEM. */
int nst_world_make(const struct nst_world_options *options, struct nst_world *ret_world,
                   const char **ret_bad) __attribute__((warn_unused_result));

void nst_world_free(struct nst_world *world); /* and empties it */

/* How many of the alike names are used once CALL was made behind others that use the first USED of
 * them; -1: it would use them out of order, so a sequence that is like it is looked at instead. */
int nst_world_use(const struct nst_world_call *call, int used);

#endif
