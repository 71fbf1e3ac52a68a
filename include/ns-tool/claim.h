/* A claim: whatever is done behind a setup, a property holds. This is all that a test of one's own
 * setup function, or of one's own property, needs:
 *
 *     int main(void)
 *     {
 *         const struct nst_claim claim = {.run.setup = enter_container};
 *
 *         return nst_claim_main(&claim);
 *     }
 *
 * Zeros mean the defaults. */
#ifndef NS_TOOL_CLAIM_H
#define NS_TOOL_CLAIM_H

#include <ns-tool/generate.h>
#include <ns-tool/property.h>

struct nst_claim {
    struct nst_run_options run;          /* its setup is the code under test */
    const struct nst_property *property; /* the caller's own, or one of nst_properties, with a
                                            check of one trace; NULL: all that have one */
    bool shares;                         /* the setup isn't to isolate; else nothing of it, nor of
                                            what is done behind it, may show in the parent */
    const char
        *findings;  /* a directory of what is known of this kernel (ns-tool(1), corpus/findings):
                       such failures aren't the claim's. NULL: nothing is known */
    uint64_t seed;  /* case I of a seed is the same sequence everywhere */
    uint64_t cases; /* 300 */
    struct nst_generator generator;
};

/* What became of a claim. */
struct nst_claim_result {
    enum nst_verdict verdict; /* NST_SKIP: no case was judged */
    uint64_t cases, judged;
    /* Of NST_FAIL and NST_ERROR: */
    uint64_t index; /* the case */
    const struct nst_property *property;
    struct nst_finding finding;
    size_t calls;        /* of it, before it was shrunk */
    char *text;          /* the shortest sequence that fails still, canonical; owned */
    bool comes_and_goes; /* it failed once, and not again: it isn't shrunk */
};

/* Tries CLAIM's cases until one fails, and shrinks that. RET_RESULT is freed by the caller. Returns
 * 0; what nst_sandbox_open(), nst_run() and nst_known_read() return, with WHY (of 200 bytes, may be
 * NULL) set; -ENOMEM. */
int nst_claim_try(const struct nst_claim *claim, struct nst_claim_result *ret_result, char *why)
    __attribute__((warn_unused_result));

/* Frees what RESULT owns and empties it. */
void nst_claim_result_free(struct nst_claim_result *result);

/* The main of a test: tries CLAIM and prints what became of it on standard output. NST_SEED and
 * NST_CASES, in the environment, stand for the claim's own. Returns an exit status: 0 it held, 1 it
 * broke, 77 it can't be tried here. */
int nst_claim_main(const struct nst_claim *claim);

#endif
