/* Random sequences: draw a call that makes sense, let it happen in the world, again. */
#include <errno.h>

#include "generate.h"

enum { USUAL_CALLS = 24, FIRST_SIZE = 4, CASES_A_STEP = 8 };

static size_t max_calls(const struct nst_generator *options)
{
    size_t most = options && options->max_calls ? options->max_calls : USUAL_CALLS;

    return most < NST_CALLS_MAX ? most : NST_CALLS_MAX;
}

int nst_generate(struct nst_random *random, const struct nst_generator *options,
                 struct nst_sequence *ret_sequence)
{
    size_t len = 1 + nst_random_below(random, max_calls(options));
    struct nst_world world;

    nst_world_init(&world, options);
    nst_world_draw_swarm(random, &world, options);
    while (ret_sequence->len < len) {
        struct nst_call call;

        if (!nst_world_draw(random, &world, &call))
            break;
        int r = nst_sequence_append(ret_sequence, &call);

        if (r < 0) {
            nst_sequence_free(ret_sequence);
            return r;
        }
        nst_world_step(&world, &call);
    }
    return 0;
}

size_t nst_generate_size(uint64_t index, size_t max)
{
    uint64_t size = FIRST_SIZE + index / CASES_A_STEP;

    return size < max ? (size_t)size : max;
}

int nst_generate_case(uint64_t seed, uint64_t index, const struct nst_generator *options,
                      struct nst_sequence *ret_sequence)
{
    struct nst_generator sized = options ? *options : (struct nst_generator){0};
    struct nst_random random;

    sized.max_calls = nst_generate_size(index, max_calls(options));
    nst_random_seed(&random, seed * UINT64_C(0x9e3779b97f4a7c15) + index);
    return nst_generate(&random, &sized, ret_sequence);
}
