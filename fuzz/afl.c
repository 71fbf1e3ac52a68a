/* The mutator as AFL++ loads it (AFL_CUSTOM_MUTATOR_LIBRARY), one library a target: see "Custom
 * mutators" in AFL++'s documents. AFL++'s own changes of bytes go on beside it. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* AFL++ gives nothing that says which functions a library has but their names. */
void *afl_custom_init(void *afl, unsigned seed);
size_t afl_custom_fuzz(void *data, uint8_t *in, size_t in_size, uint8_t **out, uint8_t *other,
                       size_t other_size, size_t max_size);
void afl_custom_deinit(void *data);

struct afl {
    struct nst_random random;
    uint8_t *out;
    size_t cap;
};

void *afl_custom_init(void *afl, unsigned seed)
{
    struct afl *own = calloc(1, sizeof *own);

    (void)afl;
    if (own)
        nst_random_seed(&own->random, seed);
    return own;
}

/* One time in four a crossover with the other input, else a change; 0 leaves this one out. */
size_t afl_custom_fuzz(void *data, uint8_t *in, size_t in_size, uint8_t **out, uint8_t *other,
                       size_t other_size, size_t max_size)
{
    unsigned seed = (unsigned)nst_random_below(&((struct afl *)data)->random, UINT32_MAX);
    struct afl *own = data;

    if (own->cap < max_size) {
        free(own->out);
        own->out = malloc(max_size);
        own->cap = own->out ? max_size : 0;
    }
    *out = own->out;
    if (!own->out || in_size > max_size)
        return 0;
    if (other && seed % 4 == 0)
        return LLVMFuzzerCustomCrossOver(in, in_size, other, other_size, own->out, max_size, seed);
    memcpy(own->out, in, in_size);
    return LLVMFuzzerCustomMutator(own->out, in_size, max_size, seed);
}

void afl_custom_deinit(void *data)
{
    free(((struct afl *)data)->out);
    free(data);
}
