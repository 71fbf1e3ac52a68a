/* Fewer calls. */
#include <string.h>

#include "shrink.h"

/* Tries the sequence without the calls that are marked. */
static int try_without_marked(struct nst_shrinker *shrinker)
{
    const struct nst_sequence *sequence = shrinker->sequence;
    size_t len = 0;

    for (size_t i = 0; i < sequence->len; i++)
        if (!shrinker->goes[i])
            shrinker->trial[len++] = sequence->call[i];
    return len == sequence->len ? 0 : nst_shrink_try(shrinker, len);
}

int nst_shrink_idle(struct nst_shrinker *shrinker)
{
    const enum nst_effect *effect = shrinker->options->effect;
    size_t len = shrinker->sequence->len, now = 0;

    if (!effect)
        return 0;
    for (size_t i = 0; i < len; i++)
        shrinker->goes[i] = effect[i] == NST_UNPERFORMED;

    int r = try_without_marked(shrinker);

    if (r < 0)
        return r;
    for (size_t i = 0; i < len; i++)
        if (!r || effect[i] != NST_UNPERFORMED)
            shrinker->goes[now++] = effect[i] != NST_EFFECT;
    return try_without_marked(shrinker);
}

/* Without LEN calls from AT on. */
static int try_without(struct nst_shrinker *shrinker, size_t at, size_t len)
{
    for (size_t i = 0; i < shrinker->sequence->len; i++)
        shrinker->goes[i] = i >= at && i - at < len;
    return try_without_marked(shrinker);
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

int nst_shrink_chunks(struct nst_shrinker *shrinker)
{
    int r = 0;

    for (size_t size = shrinker->sequence->len; size > 1 && r >= 0; size = (size + 1) / 2)
        r = remove_chunks(shrinker, size);
    return r;
}

int nst_shrink_calls(struct nst_shrinker *shrinker)
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

/* Whether CALL makes ACTOR. */
static bool makes(const struct nst_call *call, uint32_t actor)
{
    return nst_calls[call->id].returns == NST_RETURNS_ACTOR && nst_shrink_names(call) &&
           call->expect.value == (int64_t)actor;
}

int nst_shrink_actors(struct nst_shrinker *shrinker)
{
    const struct nst_sequence *sequence = shrinker->sequence;

    for (size_t i = sequence->len; i--;) {
        if (i >= sequence->len)
            continue;
        uint32_t actor = sequence->call[i].actor;

        for (size_t n = 0; n < sequence->len; n++)
            shrinker->goes[n] =
                sequence->call[n].actor == actor || makes(&sequence->call[n], actor);
        int r = try_without_marked(shrinker);

        if (r < 0)
            return r;
    }
    return 0;
}

/* Marks call AT and all that rely on it, directly or not. Returns how many these are. */
static size_t mark_unit(struct nst_shrinker *shrinker, size_t at)
{
    size_t marked = 1;

    for (size_t i = 0; i < shrinker->sequence->len; i++) {
        const struct nst_shrink_needs *needs = &shrinker->needs[i];

        shrinker->goes[i] = i == at;
        for (size_t n = 0; i > at && n < needs->len; n++)
            shrinker->goes[i] |= shrinker->goes[needs->maker[n]];
        marked += i > at && shrinker->goes[i];
    }
    return marked;
}

/* The first ones first: they have the most that rely on them. */
int nst_shrink_units(struct nst_shrinker *shrinker)
{
    int r = 1;

    for (size_t at = 0; at < shrinker->sequence->len; at += !r) {
        if (r)
            nst_shrink_find_needs(shrinker->sequence, shrinker->needs);
        r = mark_unit(shrinker, at) > 1 ? try_without_marked(shrinker) : 0;
        if (r < 0)
            return r;
    }
    return 0;
}

int nst_shrink_merge(struct nst_shrinker *shrinker)
{
    const struct nst_sequence *sequence = shrinker->sequence;

    for (size_t at = sequence->len; at--;) {
        const struct nst_call maker = sequence->call[at];
        size_t len = 0;

        if (nst_calls[maker.id].returns != NST_RETURNS_ACTOR || !nst_shrink_names(&maker))
            continue;
        for (size_t i = 0; i < sequence->len; i++) {
            struct nst_call *call = &shrinker->trial[len];

            if (i == at)
                continue;
            *call = sequence->call[i];
            len++;
            if (i > at && call->actor == (uint32_t)maker.expect.value)
                call->actor = maker.actor;
        }
        int r = nst_shrink_try(shrinker, len);

        if (r < 0)
            return r;
    }
    return 0;
}
