/* Any bytes, read leniently, are a sequence; the reference model performs it: its state stays
 * sound, isolation holds, and what it predicts keeps the promises. No kernel. */
#include "fuzz.h"

static const struct nst_fuzz_target mutator = {
    .name = "fuzz_model",
    .weight = {[NST_FUZZ_BYTES] = 1,
               [NST_FUZZ_CALLS] = 10,
               [NST_FUZZ_SPLICE] = 3,
               [NST_FUZZ_FLAGS] = 2,
               [NST_FUZZ_PATHS] = 1,
               [NST_FUZZ_RENAME] = 1,
               [NST_FUZZ_PLACE] = 1,
               [NST_FUZZ_OPTIONS] = 1},
};

NST_FUZZ_MUTATOR(mutator)
NST_FUZZ_TEXT("fuzz_model", nst_fuzz_check_model)
