/* Shrinking: first fewer calls, then simpler ones, to a fixed point. Every step that is kept makes
 * the sequence smaller in one fixed order (calls, then what shrink_simplify.c calls simpler), so it
 * ends. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shrink.h"

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) /* FNV-1a */
        hash = (hash ^ ((const unsigned char *)bytes)[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t hash_calls(const struct nst_call *call, size_t len)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < len; i++, call++) {
        const uint64_t numbers[] = {call->id, call->actor, call->expect.kind,
                                    (uint64_t)call->expect.value, (uint64_t)call->expect.error};

        hash = hash_bytes(hash, numbers, sizeof numbers);
        for (size_t arg = 0; arg < nst_calls[call->id].args; arg++) {
            const char *str = call->arg[arg].str;

            hash = hash_bytes(hash, &call->arg[arg].num, sizeof call->arg[arg].num);
            hash = str ? hash_bytes(hash, str, strlen(str) + 1) : hash_bytes(hash, "\1", 1);
        }
    }
    return hash ? hash : 1;
}

/* The place of HASH, or the free one where it would be. */
static uint64_t *memo_place(const struct nst_shrinker *shrinker, uint64_t hash)
{
    size_t at = hash % shrinker->memo_cap;

    while (shrinker->memo[at] && shrinker->memo[at] != hash)
        at = (at + 1) % shrinker->memo_cap;
    return &shrinker->memo[at];
}

static int memo_add(struct nst_shrinker *shrinker, uint64_t hash)
{
    if (2 * shrinker->memo_len >= shrinker->memo_cap) {
        struct nst_shrinker grown = *shrinker;

        grown.memo_cap = 2 * shrinker->memo_cap;
        grown.memo = calloc(grown.memo_cap, sizeof *grown.memo);
        if (!grown.memo)
            return -ENOMEM;
        for (size_t i = 0; i < shrinker->memo_cap; i++)
            if (shrinker->memo[i])
                *memo_place(&grown, shrinker->memo[i]) = shrinker->memo[i];
        free(shrinker->memo);
        shrinker->memo = grown.memo;
        shrinker->memo_cap = grown.memo_cap;
    }
    *memo_place(shrinker, hash) = hash;
    shrinker->memo_len++;
    return 0;
}

int nst_shrink_try(struct nst_shrinker *shrinker, size_t len)
{
    struct nst_sequence candidate = {
        .call = shrinker->trial, .len = len, .cap = len, .strings = shrinker->sequence->strings};
    uint64_t hash = hash_calls(shrinker->trial, len);

    if (shrinker->tries == shrinker->max_tries || *memo_place(shrinker, hash))
        return 0;
    shrinker->tries++;

    int r = shrinker->still_fails(shrinker->ctx, &candidate);

    if (r > 0) {
        memcpy(shrinker->sequence->call, shrinker->trial, len * sizeof *shrinker->trial);
        shrinker->sequence->len = len;
        shrinker->changed = true;
    }
    return r ? r : memo_add(shrinker, hash);
}

/* Chunks are tried in every round: calls that only go together may have come to stand beside each
 * other. Where a whole round changes nothing, another one wouldn't either. */
static int shrink(struct nst_shrinker *shrinker)
{
    static int (*const steps[])(struct nst_shrinker *) = {
        nst_shrink_chunks, nst_shrink_actors, nst_shrink_units,   nst_shrink_merge,
        nst_shrink_calls,  nst_shrink_paths,  nst_shrink_simplify};
    int r = nst_shrink_idle(shrinker);

    do {
        shrinker->changed = false;
        for (size_t i = 0; i < sizeof steps / sizeof *steps && r >= 0; i++)
            r = steps[i](shrinker);
    } while (r >= 0 && shrinker->changed && shrinker->tries < shrinker->max_tries);
    return r < 0 ? r : 0;
}

int nst_shrink(struct nst_sequence *sequence, nst_still_fails still_fails, void *ctx,
               const struct nst_shrink_options *options, size_t *ret_tries)
{
    static const struct nst_shrink_options none;
    struct nst_shrinker shrinker = {.sequence = sequence,
                                    .still_fails = still_fails,
                                    .ctx = ctx,
                                    .options = options ? options : &none,
                                    .memo_cap = 1024};
    int r = 0;

    shrinker.max_tries = shrinker.options->max_tries ? shrinker.options->max_tries : 2000;
    if (sequence->len) {
        shrinker.trial = calloc(sequence->len, sizeof *shrinker.trial);
        shrinker.goes = calloc(sequence->len, sizeof *shrinker.goes);
        shrinker.needs = calloc(sequence->len, sizeof *shrinker.needs);
        shrinker.memo = calloc(shrinker.memo_cap, sizeof *shrinker.memo);
        r = shrinker.trial && shrinker.goes && shrinker.needs && shrinker.memo ? shrink(&shrinker)
                                                                               : -ENOMEM;
        free(shrinker.trial);
        free(shrinker.goes);
        free(shrinker.needs);
        free(shrinker.memo);
    }
    if (ret_tries)
        *ret_tries = shrinker.tries;
    return r;
}
