/* The shortest and simplest sequence that still fails. */
#ifndef NS_TOOL_SHRINK_H
#define NS_TOOL_SHRINK_H

#include <ns-tool/sequence.h>

/* Whether CANDIDATE fails as the original did: 1 yes, 0 no, -errno for trouble. The candidate is
 * lent for the call only. */
typedef int (*nst_still_fails)(void *ctx, const struct nst_sequence *candidate);

/* What a call did in the run that failed. */
enum nst_effect {
    NST_EFFECT,     /* something, or it isn't known */
    NST_NO_EFFECT,  /* it failed and changed nothing that was seen */
    NST_UNPERFORMED /* nothing: it was never performed */
};

/* Zeros mean the defaults. */
struct nst_shrink_options {
    size_t max_tries;              /* of STILL_FAILS; 2000 */
    const enum nst_effect *effect; /* of each call, see nst_trace_effects(); NULL: not known */
};

/* Shrinks SEQUENCE, which is known to fail, in place, to a fixed point:
 *
 * - what was never performed goes first, all of it at once, then what had no effect;
 * - chunks of calls go (ddmin: Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing
 *   Input), then whole actors, then each call together with all later ones that rely on the
 *   descriptor, actor or directory that it makes, then single calls;
 * - an actor's calls are made by the one that made it, which needs one call less;
 * - flags, paths (one by one, and wherever they stand), strings, numbers and expectations are made
 *   simpler, and actors and descriptors are numbered from 1 and 3.
 *
 * No candidate is tried twice. Deterministic if STILL_FAILS is. Of the result no single call can be
 * removed without the failure going away, unless the tries ran out.
 *
 * OPTIONS may be NULL. RET_TRIES, which may be NULL, is how many there were. Returns 0; what
 * STILL_FAILS returned as trouble, or -ENOMEM, after which SEQUENCE is the simplest that was seen
 * to fail. */
int nst_shrink(struct nst_sequence *sequence, nst_still_fails still_fails, void *ctx,
               const struct nst_shrink_options *options, size_t *ret_tries)
    __attribute__((warn_unused_result));

#endif
