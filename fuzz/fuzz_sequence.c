/* Any bytes, read leniently, are a sequence; it is run in a sandbox and held against every
 * property. */
#include "fuzz.h"

static const struct nst_fuzz_target target = {
    .name = "fuzz_sequence",
    .weight = {[NST_FUZZ_BYTES] = 2,
               [NST_FUZZ_CALLS] = 10,
               [NST_FUZZ_SPLICE] = 3,
               [NST_FUZZ_FLAGS] = 2,
               [NST_FUZZ_PATHS] = 1,
               [NST_FUZZ_RENAME] = 1,
               [NST_FUZZ_PLACE] = 1,
               [NST_FUZZ_OPTIONS] = 1},
};

NST_FUZZ_SEQUENCES(target)
