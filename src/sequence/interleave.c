/* A scheduler: which of several actors is next, a seed decides. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include <ns-tool/generate.h>

#define NONE SIZE_MAX

static bool makes_actor(const struct nst_call *call)
{
    return nst_calls[call->id].returns == NST_RETURNS_ACTOR;
}

/* What must have come before CALL, besides its actor's earlier calls. */
struct needs {
    size_t maker; /* the call that makes its actor; NONE: nobody does before it */
    size_t last;  /* of a call that makes an actor, the one before that does: who is made when
                     decides  what a name stands for that is used twice */
};

static void find_needs(const struct nst_sequence *sequence, struct needs *ret_needs)
{
    size_t last = NONE;

    for (size_t i = 0; i < sequence->len; i++) {
        const struct nst_call *call = &sequence->call[i];

        ret_needs[i] = (struct needs){.maker = NONE, .last = NONE};
        for (size_t j = i; j-- > 0;)
            if (makes_actor(&sequence->call[j]) && sequence->call[j].expect.kind == NST_SUCCEEDS &&
                sequence->call[j].expect.value == call->actor)
                ret_needs[i].maker = j;
        if (makes_actor(call)) {
            ret_needs[i].last = last;
            last = i;
        }
    }
}

static bool is_done(const bool *done, size_t i)
{
    return i == NONE || done[i];
}

/* The calls of which each is its actor's next one, and may be made now; the first in the text comes
 * first. */
static size_t find_ready(const struct nst_sequence *sequence, const struct needs *needs,
                         const bool *done, size_t ready[NST_ACTORS_MAX])
{
    uint32_t seen[NST_ACTORS_MAX];
    size_t actors = 0, len = 0;

    for (size_t i = 0; i < sequence->len && actors < NST_ACTORS_MAX; i++) {
        size_t n = 0;

        if (done[i])
            continue;
        while (n < actors && seen[n] != sequence->call[i].actor)
            n++;
        if (n < actors)
            continue;
        seen[actors++] = sequence->call[i].actor;
        if (is_done(done, needs[i].maker) && is_done(done, needs[i].last))
            ready[len++] = i;
    }
    return len;
}

int nst_interleave(struct nst_random *random, struct nst_sequence *sequence)
{
    size_t len = sequence->len, ready[NST_ACTORS_MAX];
    struct nst_call *call = calloc(len + 1, sizeof *call);
    struct needs *needs = calloc(len + 1, sizeof *needs);
    bool *done = calloc(len + 1, sizeof *done);

    if (call && needs && done) {
        find_needs(sequence, needs);
        for (size_t i = 0; i < len; i++) {
            size_t count = find_ready(sequence, needs, done, ready);
            /* Who comes first starts in the parent. */
            size_t next = ready[i ? nst_random_below(random, count) : 0];

            call[i] = sequence->call[next];
            done[next] = true;
        }
        for (size_t i = 0; i < len; i++)
            sequence->call[i] = call[i];
    }
    int r = call && needs && done ? 0 : -ENOMEM;

    free(call);
    free(needs);
    free(done);
    return r;
}

static uint32_t free_name(const struct nst_sequence *sequence)
{
    uint64_t name = 2;

    for (size_t i = 0; i < sequence->len; i++) {
        const struct nst_call *call = &sequence->call[i];

        if (call->actor >= name)
            name = (uint64_t)call->actor + 1;
        if (makes_actor(call) && call->expect.kind == NST_SUCCEEDS &&
            (uint64_t)call->expect.value >= name)
            name = (uint64_t)call->expect.value + 1;
    }
    return name < INT32_MAX - 4 ? (uint32_t)name : 0;
}

int nst_spread(struct nst_random *random, struct nst_sequence *sequence)
{
    uint32_t first = sequence->len ? sequence->call[0].actor : 1, name = free_name(sequence);
    size_t forks = 2 + (size_t)nst_random_below(random, 2);
    struct nst_sequence spread = {0};
    uint32_t now = first;
    int r = name ? 0 : -E2BIG;

    for (size_t i = 0; !r && i < forks; i++)
        r = nst_sequence_append(
            &spread,
            &(struct nst_call){.id = NST_CALL_FORK,
                               .actor = first,
                               .expect = {.kind = NST_SUCCEEDS, .value = (int64_t)(name + i)}});
    for (size_t i = 0; !r && i < sequence->len; i++) {
        struct nst_call call = sequence->call[i];
        uint64_t draw = nst_random_below(random, 2) ? nst_random_below(random, forks + 1) + 1 : 0;

        if (draw)
            now = draw == 1 ? first : name + (uint32_t)draw - 2;
        if (call.actor == first)
            call.actor = now;
        r = nst_sequence_append(&spread, &call);
    }
    if (r) {
        nst_sequence_free(&spread);
        return r;
    }
    nst_sequence_free(sequence);
    *sequence = spread;
    return 0;
}
