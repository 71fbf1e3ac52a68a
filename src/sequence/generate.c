/* Random sequences: draw a call that makes sense, let it happen in the world, again. */
#include <errno.h>

#include "generate.h"

int nst_generate(struct nst_random *random, const struct nst_generator *options,
                 struct nst_sequence *ret_sequence)
{
    struct nst_world world;
    size_t most = options && options->max_calls ? options->max_calls : 24;
    size_t len = 1 + nst_random_below(random, most < NST_CALLS_MAX ? most : NST_CALLS_MAX);

    nst_world_init(&world, options);
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
