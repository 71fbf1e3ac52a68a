/* The shortest and simplest sequence that still fails. */
#ifndef NS_TOOL_SHRINK_H
#define NS_TOOL_SHRINK_H

#include <ns-tool/sequence.h>

/* Whether CANDIDATE fails as the original did: 1 yes, 0 no, -errno for trouble. The candidate is
 * lent for the call only. */
typedef int (*nst_still_fails)(void *ctx, const struct nst_sequence *candidate);

/* Shrinks SEQUENCE, which is known to fail, in place: chunks of calls go (ddmin: Zeller and
 * Hildebrandt, Simplifying and Isolating Failure-Inducing Input), then whole actors, then single
 * calls; then flags, strings, numbers and expectations are made simpler, and actors and descriptors
 * are numbered from 1 and 3; all of it until nothing changes any more. Deterministic if STILL_FAILS
 * is. Of the result no single call can be removed without the failure going away, unless the tries
 * ran out.
 *
 * MAX_TRIES bounds the calls of STILL_FAILS; 0 means 2000. RET_TRIES, which may be NULL, is how
 * many there were. Returns 0; what STILL_FAILS returned as trouble, or -ENOMEM, after which
 * SEQUENCE is the simplest that was seen to fail. */
int nst_shrink(struct nst_sequence *sequence, nst_still_fails still_fails, void *ctx,
               size_t max_tries, size_t *ret_tries) __attribute__((warn_unused_result));

#endif
