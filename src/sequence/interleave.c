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
