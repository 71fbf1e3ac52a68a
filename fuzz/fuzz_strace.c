/* Any bytes, as a log of strace: what both readers say of it, and what is printed of that. No
 * kernel. */
#include "fuzz.h"

static const struct nst_fuzz_target mutator = {
    .name = "fuzz_strace",
    .weight = {[NST_FUZZ_BYTES] = 12,
               [NST_FUZZ_CALLS] = 4,
               [NST_FUZZ_SPLICE] = 1,
               [NST_FUZZ_FLAGS] = 2,
               [NST_FUZZ_PATHS] = 3,
               [NST_FUZZ_OPTIONS] = 1},
};

NST_FUZZ_MUTATOR(mutator)
NST_FUZZ_TEXT("fuzz_strace", nst_fuzz_check_text)
