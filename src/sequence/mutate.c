/* Changes of sequences. Each leaves a valid sequence, so that what comes out can be run and printed
 * whatever came in. */
#include <errno.h>
#include <string.h>

#include "generate.h"

static void world_before(const struct nst_sequence *sequence, size_t at, struct nst_world *world)
{
    nst_world_init(world, NULL);
    for (size_t i = 0; i < at; i++)
        nst_world_step(world, &sequence->call[i]);
    for (size_t i = at; i < sequence->len; i++) { /* later actors keep their names */
        const struct nst_call *call = &sequence->call[i];

        if (call->actor >= world->next_actor && call->actor < UINT32_MAX)
            world->next_actor = call->actor + 1;
        if (nst_calls[call->id].returns == NST_RETURNS_ACTOR &&
            call->expect.value >= world->next_actor && call->expect.value < UINT32_MAX)
            world->next_actor = (uint32_t)call->expect.value + 1;
    }
}

/* Puts CALL before the ATth; nothing happens where the bounds don't let it in. */
static int insert(struct nst_sequence *sequence, size_t at, const struct nst_call *call)
{
    int r = nst_sequence_append(sequence, call);

    if (r < 0)
        return r == -E2BIG ? 0 : r;

    struct nst_call made = sequence->call[sequence->len - 1];

    memmove(&sequence->call[at + 1], &sequence->call[at],
            (sequence->len - 1 - at) * sizeof *sequence->call);
    sequence->call[at] = made;
    return 0;
}

static int mutate_insert(struct nst_random *random, struct nst_sequence *sequence)
{
    size_t at = nst_random_below(random, sequence->len + 1);
    struct nst_world world;
    struct nst_call call;

    world_before(sequence, at, &world);
    return nst_world_draw(random, &world, &call) ? insert(sequence, at, &call) : 0;
}

/* From where it ends, which was worth keeping, on. */
static int mutate_continue(struct nst_random *random, struct nst_sequence *sequence)
{
    struct nst_world world;
    int r = 0;

    world_before(sequence, sequence->len, &world);
    for (uint64_t more = 1 + nst_random_below(random, 4); !r && more; more--) {
        struct nst_call call;

        if (!nst_world_draw(random, &world, &call))
            break;
        r = insert(sequence, sequence->len, &call);
        if (!r)
            nst_world_step(&world, &call);
    }
    return r;
}

static int mutate_remove(struct nst_random *random, struct nst_sequence *sequence)
{
    nst_sequence_remove(sequence, nst_random_below(random, sequence->len), 1);
    return 0;
}

/* A copy of a call anywhere; one that makes an actor makes a new one. */
static int mutate_duplicate(struct nst_random *random, struct nst_sequence *sequence)
{
    struct nst_call call = sequence->call[nst_random_below(random, sequence->len)];
    struct nst_world world;

    world_before(sequence, sequence->len, &world);
    if (nst_calls[call.id].returns == NST_RETURNS_ACTOR)
        call.expect = (struct nst_result){.kind = NST_SUCCEEDS, .value = world.next_actor};
    return insert(sequence, nst_random_below(random, sequence->len + 1), &call);
}

static int mutate_swap(struct nst_random *random, struct nst_sequence *sequence)
{
    struct nst_call *a = &sequence->call[nst_random_below(random, sequence->len)];
    struct nst_call *b = &sequence->call[nst_random_below(random, sequence->len)];
    struct nst_call kept = *a;

    *a = *b;
    *b = kept;
    return 0;
}

static int mutate_argument(struct nst_random *random, struct nst_sequence *sequence)
{
    size_t at = nst_random_below(random, sequence->len);
    struct nst_call *call = &sequence->call[at];
    const struct nst_call_type *type = &nst_calls[call->id];
    size_t arg = nst_random_below(random, type->args);
    struct nst_world world;

    if (!type->args)
        return 0;
    if (type->arg[arg].kind == NST_ARG_FLAGS && nst_random_below(random, 2)) {
        const struct nst_flag_set *set = type->arg[arg].set;

        call->arg[arg].num ^= set->flag[nst_random_below(random, set->len)].value;
        return 0;
    }
    world_before(sequence, at + 1, &world);

    int index = nst_world_find(&world, call->actor);

    if (index < 0)
        return 0;
    nst_world_draw_arg(random, &world, (size_t)index, call, arg);
    if (call->arg[arg].str) {
        const char *str = call->arg[arg].str;

        call->arg[arg].str = nst_sequence_string(sequence, str, strlen(str));
        if (!call->arg[arg].str) {
            nst_sequence_remove(sequence, at, 1);
            return -ENOMEM;
        }
    }
    return 0;
}

/* Somebody else does it. */
static int mutate_actor(struct nst_random *random, struct nst_sequence *sequence)
{
    struct nst_call *call = &sequence->call[nst_random_below(random, sequence->len)];
    struct nst_world world;

    world_before(sequence, sequence->len, &world);
    call->actor = world.actor[nst_random_below(random, world.actors)].name;
    return 0;
}

int nst_mutate(struct nst_random *random, struct nst_sequence *sequence)
{
    static int (*const ways[])(struct nst_random *, struct nst_sequence *) = {
        mutate_remove,   mutate_argument, mutate_insert, mutate_argument,  mutate_insert,
        mutate_argument, mutate_insert,   mutate_swap,   mutate_duplicate, mutate_actor,
        mutate_continue, mutate_continue, mutate_continue, mutate_continue, mutate_continue,
    };
    uint64_t way = nst_random_below(random, sizeof ways / sizeof *ways);

    return sequence->len ? ways[way](random, sequence) : mutate_insert(random, sequence);
}

/* CALL of another sequence, as it makes sense in WORLD. */
static void adopt(const struct nst_world *world, struct nst_call *call)
{
    if (world->actors && nst_world_find(world, call->actor) < 0)
        call->actor = world->actor[0].name;
    if (nst_calls[call->id].returns == NST_RETURNS_ACTOR && call->expect.kind == NST_SUCCEEDS &&
        nst_world_find(world, (uint32_t)call->expect.value) >= 0)
        call->expect.value = world->next_actor;
}

int nst_crossover(struct nst_random *random, const struct nst_sequence *a,
                  const struct nst_sequence *b, struct nst_sequence *ret_sequence)
{
    size_t head = nst_random_below(random, a->len + 1);
    size_t tail = nst_random_below(random, b->len + 1);
    struct nst_world world;

    nst_world_init(&world, NULL);
    for (size_t i = 0; i < head + b->len - tail; i++) {
        struct nst_call call = i < head ? a->call[i] : b->call[tail + i - head];

        if (i >= head)
            adopt(&world, &call);
        int r = nst_sequence_append(ret_sequence, &call);

        if (r == -E2BIG)
            continue;
        if (r < 0) {
            nst_sequence_free(ret_sequence);
            return r;
        }
        nst_world_step(&world, &call);
    }
    return 0;
}
