/* What was explored on the model, done on the kernel. */
#ifndef NST_TOOL_EXPLORE_KERNEL_H
#define NST_TOOL_EXPLORE_KERNEL_H

#include <stdatomic.h>

#include <ns-tool/kept.h>

#include "tool/explore.h"

enum { NST_EXPLORE_SHOWN = 16, NST_EXPLORE_JOBS_MAX = 64 };

/* In memory that the command and its workers map. */
struct nst_explore_shared {
    _Atomic bool stop;
    _Atomic uint32_t next;     /* state to be taken */
    _Atomic uint64_t runs;     /* on the kernel */
    _Atomic uint64_t judged;   /* sequences whose last call was held against the model */
    _Atomic uint64_t broken;   /* runs that didn't go as the model says */
    _Atomic uint64_t expected; /* of them those that are known of this kernel */
    _Atomic uint64_t too_big;  /* runs that a sandbox couldn't hold */
    _Atomic uint32_t shown;
    struct nst_explore_failure {
        struct nst_finding finding;
        char text[2000]; /* the shrunk sequence */
    } failure[NST_EXPLORE_SHOWN];
};

/* Performs what leads from the states FROM to TO, each of which LAST says whether what comes next
 * of them isn't gone through itself. One of several workers, each with a sandbox of its own; ends
 * when no state is left. Returns an nst_exit; what it has to say was said. */
int nst_explore_perform(const struct nst_explore *explore, const struct nst_known *known,
                        uint32_t to, bool last, struct nst_explore_shared *shared);

#endif
