#include "tool/explore.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int grow_states(struct nst_explore *explore)
{
    uint32_t cap = explore->cap ? explore->cap * 2 : 1024;
    void *room;

    if (explore->len < explore->cap)
        return 0;
    room = reallocarray(explore->state, cap, sizeof *explore->state);
    if (!room)
        return -ENOMEM;
    explore->state = room;
    explore->cap = cap;
    return 0;
}

/* Where KEY stands in the table, or the free place for it. */
static struct nst_explore_key *find(struct nst_explore_key *seen, size_t room,
                                    const struct nst_explore_key *key)
{
    size_t at = key->hash[0] & (room - 1);

    while ((seen[at].hash[0] | seen[at].hash[1]) && memcmp(&seen[at], key, sizeof *key) != 0)
        at = (at + 1) & (room - 1);
    return &seen[at];
}

static int grow_seen(struct nst_explore *explore)
{
    size_t room = explore->room ? explore->room * 2 : 4096;
    struct nst_explore_key *seen;

    if ((size_t)explore->len * 2 < explore->room)
        return 0;
    seen = calloc(room, sizeof *seen);
    if (!seen)
        return -ENOMEM;
    for (size_t i = 0; i < explore->room; i++)
        if (explore->seen[i].hash[0] | explore->seen[i].hash[1])
            *find(seen, room, &explore->seen[i]) = explore->seen[i];
    free(explore->seen);
    explore->seen = seen;
    explore->room = room;
    return 0;
}

/* The same state with more names used is another one: what may be done from it differs. */
static struct nst_explore_key with_names(struct nst_explore_key key, int used)
{
    key.hash[1] = (key.hash[1] ^ (uint64_t)used) * 0x9fb21c651e98df25u | 1;
    return key;
}

/* Adds a state unless it was seen. */
static int add_state(struct nst_explore *explore, const struct nst_explore_key *key,
                     struct nst_explore_state state)
{
    struct nst_explore_key *at;

    if (grow_seen(explore) < 0 || grow_states(explore) < 0)
        return -ENOMEM;
    at = find(explore->seen, explore->room, key);
    if (at->hash[0] | at->hash[1])
        return 0;
    *at = *key;
    explore->state[explore->len++] = state;
    return 0;
}

/* The start with actor 1 in it, whom a call of nothing makes: whoever acts first is alike. */
static int make_start(const struct nst_explore *explore, struct nst_model **ret_model)
{
    const struct nst_call nothing = {.id = NST_CALL_CLOSE, .actor = 1, .arg = {{.num = 99}}};
    struct nst_model_answer answer;
    int r = nst_model_new(&explore->features, ret_model);

    return r ? r : nst_model_call(*ret_model, &nothing, &answer);
}

int nst_explore_begin(struct nst_explore *explore)
{
    struct nst_explore_key key = {{0}};
    struct nst_model *model;
    int r = make_start(explore, &model);

    if (!r)
        r = nst_model_hash(model, key.hash);
    key = with_names(key, 0);
    if (!r)
        r = add_state(explore, &key, (struct nst_explore_state){0});
    explore->level[1] = explore->len;
    nst_model_free(model);
    return r;
}

void nst_explore_free(struct nst_explore *explore)
{
    nst_world_free(&explore->world);
    free(explore->state);
    free(explore->seen);
    *explore = (struct nst_explore){0};
}

/* The calls that lead to STATE, the last one first. Returns how many. */
static size_t path(const struct nst_explore *explore, uint32_t state,
                   uint16_t ret_call[NST_EXPLORE_DEPTH_MAX])
{
    size_t len = 0;

    for (; state; state = explore->state[state].parent)
        ret_call[len++] = explore->state[state].call;
    return len;
}

int nst_explore_path(const struct nst_explore *explore, uint32_t state,
                     struct nst_sequence *sequence)
{
    uint16_t call[NST_EXPLORE_DEPTH_MAX];
    size_t len = path(explore, state, call);
    int r = 0;

    while (len-- && !r)
        r = nst_sequence_append(sequence, &explore->world.call[call[len]].call);
    return r;
}

/* The model where STATE is, and the hash of that. */
static int make_model(const struct nst_explore *explore, uint32_t state,
                      struct nst_model **ret_model, struct nst_explore_key *ret_own)
{
    uint16_t call[NST_EXPLORE_DEPTH_MAX];
    size_t len = path(explore, state, call);
    struct nst_model_answer answer;
    int r = make_start(explore, ret_model);

    while (len-- && !r)
        r = nst_model_call(*ret_model, &explore->world.call[call[len]].call, &answer);
    if (!r)
        r = nst_model_hash(*ret_model, ret_own->hash);
    if (r) {
        nst_model_free(*ret_model);
        *ret_model = NULL;
    }
    return r;
}

/* Makes CALL on a copy of MODEL, which is STATE's and whose own hash is OWN. Returns 1 with
 * RET_STEP and RET_AFTER, which the caller frees; 0 where its actor isn't there, or the sequence is
 * like another one; -ENOMEM. */
static int try_call(const struct nst_explore *explore, const struct nst_model *model,
                    const struct nst_explore_key *own, uint32_t state, uint16_t call,
                    struct nst_explore_step *ret_step, struct nst_model **ret_after)
{
    const struct nst_world_call *one = &explore->world.call[call];
    int used = nst_world_use(one, explore->state[state].used), r;
    struct nst_model_answer answer;

    *ret_after = NULL;
    if (used < 0)
        return 0;
    r = nst_model_copy(model, ret_after);
    if (r)
        return r;
    *ret_step = (struct nst_explore_step){.call = call, .used = (int8_t)used};
    r = nst_model_call(*ret_after, &one->call, &answer);
    if (r == -EOPNOTSUPP)
        return 1; /* unknown */
    if (!r && answer.kind == NST_ANSWER_NONE)
        return 0;
    if (!r)
        r = nst_model_hash(*ret_after, ret_step->key.hash);
    if (r)
        return r;
    ret_step->outcome =
        memcmp(&ret_step->key, own, sizeof *own) ? NST_EXPLORE_MOVED : NST_EXPLORE_QUIET;
    ret_step->key = with_names(ret_step->key, used);
    return 1;
}

/* One state: its calls, what they lead to, and whether they leave alone what is not theirs. */
static int expand(struct nst_explore *explore, uint32_t state, struct nst_explore_leak *ret_leak)
{
    struct nst_model *model, *after;
    struct nst_explore_key own;
    int r = make_model(explore, state, &model, &own);

    for (size_t i = 0; i < explore->world.len && !r; i++) {
        const struct nst_call *call = &explore->world.call[i].call;
        struct nst_explore_step step;

        r = try_call(explore, model, &own, state, (uint16_t)i, &step, &after);
        if (r > 0) {
            r = 0;
            explore->sequences++;
            explore->unknown += step.outcome == NST_EXPLORE_UNKNOWN;
            explore->isolated +=
                step.outcome == NST_EXPLORE_MOVED && nst_model_is_isolated(model, call->actor);
            if (step.outcome == NST_EXPLORE_MOVED && nst_model_leaks(model, after, call)) {
                *ret_leak = (struct nst_explore_leak){state, (uint16_t)i};
                r = 1;
            }
            if (!r && step.outcome == NST_EXPLORE_MOVED)
                r = add_state(explore, &step.key,
                              (struct nst_explore_state){state, (uint16_t)i, step.used});
        }
        nst_model_free(after);
    }
    nst_model_free(model);
    return r;
}

int nst_explore_deepen(struct nst_explore *explore, const volatile bool *stop,
                       struct nst_explore_leak *ret_leak)
{
    uint32_t from = explore->level[explore->depth], to = explore->len;
    int r = 0;

    for (uint32_t i = from; i < to && !r; i++)
        r = *stop ? -ECANCELED : expand(explore, i, ret_leak);
    if (!r) {
        explore->depth++;
        explore->level[explore->depth] = to;
        explore->level[explore->depth + 1] = explore->len;
    }
    return r;
}

int nst_explore_steps(const struct nst_explore *explore, uint32_t state,
                      struct nst_explore_step *ret_step)
{
    struct nst_model *model, *after;
    struct nst_explore_key own;
    int r = make_model(explore, state, &model, &own), len = 0;

    for (size_t i = 0; i < explore->world.len && r >= 0; i++) {
        struct nst_explore_step *step = &ret_step[len];

        r = try_call(explore, model, &own, state, (uint16_t)i, step, &after);
        len += r > 0;
        nst_model_free(after);
    }
    nst_model_free(model);
    return r < 0 ? r : len;
}
