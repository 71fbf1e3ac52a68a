/* Shrinking: first fewer calls, then simpler ones, to a fixed point. Every step that is kept makes
 * the sequence smaller in one fixed order (calls, then what shrink_simplify.c calls simpler), so it
 * ends. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shrink.h"

int nst_shrink_try(struct nst_shrinker *shrinker, size_t len)
{
    struct nst_sequence candidate = {
        .call = shrinker->trial, .len = len, .cap = len, .strings = shrinker->sequence->strings};

    if (shrinker->tries == shrinker->max_tries)
        return 0;
    shrinker->tries++;

    int r = shrinker->still_fails(shrinker->ctx, &candidate);

    if (r > 0) {
        memcpy(shrinker->sequence->call, shrinker->trial, len * sizeof *shrinker->trial);
        shrinker->sequence->len = len;
        shrinker->changed = true;
    }
    return r;
}

/* Tries the sequence without LEN calls from AT on. */
static int try_without(struct nst_shrinker *shrinker, size_t at, size_t len)
{
    const struct nst_sequence *sequence = shrinker->sequence;
    size_t behind = sequence->len - at - len;

    memcpy(shrinker->trial, sequence->call, at * sizeof *sequence->call);
    memcpy(shrinker->trial + at, sequence->call + at + len, behind * sizeof *sequence->call);
    return nst_shrink_try(shrinker, at + behind);
}

/* From the end on, since later calls depend on earlier ones. */
static int remove_chunks(struct nst_shrinker *shrinker, size_t size)
{
    for (size_t end = shrinker->sequence->len; end;) {
        size_t len = size < end ? size : end;
        int r = try_without(shrinker, end - len, len);

        if (r < 0)
            return r;
        end -= len;
    }
    return 0;
}

/* All that ACTOR does, and the call that makes it. */
static int remove_actor(struct nst_shrinker *shrinker, uint32_t actor)
{
    const struct nst_sequence *sequence = shrinker->sequence;
    size_t len = 0;

    for (size_t i = 0; i < sequence->len; i++) {
        const struct nst_call *call = &sequence->call[i];

        if (call->actor != actor &&
            !(nst_calls[call->id].returns == NST_RETURNS_ACTOR &&
              call->expect.kind == NST_SUCCEEDS && call->expect.value == (int64_t)actor))
            shrinker->trial[len++] = *call;
    }
    return len == sequence->len ? 0 : nst_shrink_try(shrinker, len);
}

static int remove_actors(struct nst_shrinker *shrinker)
{
    for (size_t i = shrinker->sequence->len; i--;) {
        if (i >= shrinker->sequence->len)
            continue;
        int r = remove_actor(shrinker, shrinker->sequence->call[i].actor);

        if (r < 0)
            return r;
    }
    return 0;
}

/* Single calls until none can go. */
static int remove_calls(struct nst_shrinker *shrinker)
{
    size_t len;

    do {
        len = shrinker->sequence->len;
        int r = remove_chunks(shrinker, 1);

        if (r < 0)
            return r;
    } while (shrinker->sequence->len < len);
    return 0;
}

/* Ever smaller chunks; of single calls take care remove_calls(). */
static int remove_all_chunks(struct nst_shrinker *shrinker)
{
    int r = 0;

    for (size_t size = shrinker->sequence->len; size > 1 && r >= 0; size = (size + 1) / 2)
        r = remove_chunks(shrinker, size);
    return r;
}

/* Chunks are tried in every round: calls that only go together may have come to stand beside each
 * other. Where a whole round changes nothing, another one wouldn't either. */
static int shrink(struct nst_shrinker *shrinker)
{
    static int (*const steps[])(struct nst_shrinker *) = {remove_all_chunks, remove_actors,
                                                          remove_calls, nst_shrink_simplify};

    do {
        shrinker->changed = false;
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
            int r = steps[i](shrinker);

            if (r < 0)
                return r;
        }
    } while (shrinker->changed && shrinker->tries < shrinker->max_tries);
    return 0;
}

int nst_shrink(struct nst_sequence *sequence, nst_still_fails still_fails, void *ctx,
               size_t max_tries, size_t *ret_tries)
{
    struct nst_shrinker shrinker = {.sequence = sequence,
                                    .still_fails = still_fails,
                                    .ctx = ctx,
                                    .max_tries = max_tries ? max_tries : 2000};
    int r = 0;

    if (sequence->len) {
        shrinker.trial = calloc(sequence->len, sizeof *shrinker.trial);
        r = shrinker.trial ? shrink(&shrinker) : -ENOMEM;
        free(shrinker.trial);
    }
    if (ret_tries)
        *ret_tries = shrinker.tries;
    return r;
}
