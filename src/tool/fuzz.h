/* What the command line of `ns-tool fuzz` (cmd_fuzz.c) and its worker processes (fuzz_worker.c)
 * share. */
#ifndef NST_TOOL_FUZZ_H
#define NST_TOOL_FUZZ_H

#include <stdatomic.h>

#include <ns-tool/property.h>

#define NST_FUZZ_JOBS_MAX 64
#define NST_FUZZ_TEXT_MAX (256 * 1024)

/* What the first actor does before its random calls. Those marked broken are the mutants that
 * isolation must reject; after a setup the child must be isolated whatever it does. */
struct nst_fuzz_setup {
    const char *name;
    const char *text;
    bool broken;
};
extern const struct nst_fuzz_setup nst_fuzz_setups[]; /* ends with a NULL name */

struct nst_fuzz_options {
    struct nst_run_options run;
    const struct nst_fuzz_setup *setup; /* NULL: none */
    uint64_t seed, first, cases;        /* cases 0: until it is stopped */
    unsigned jobs;
    size_t max_calls; /* 0: the generator's */
};

/* In memory that parent and workers map. */
struct nst_fuzz_shared {
    _Atomic bool stop;
    _Atomic uint64_t next;  /* index of the next case to be taken */
    _Atomic uint64_t cases; /* judged */
    _Atomic uint64_t calls, succeeded,
        idle; /* performed; of them with success; cases without one */
    _Atomic uint64_t skipped[NST_PROPERTIES_MAX];
    _Atomic uint64_t failed[NST_PROPERTIES_MAX];
    _Atomic int slots; /* failures taken so far */
    struct nst_fuzz_failure {
        _Atomic bool whole; /* everything below is written */
        size_t property;
        uint64_t index;      /* the case */
        size_t calls_before; /* before shrinking */
        struct nst_finding finding;
        char text[NST_FUZZ_TEXT_MAX]; /* the shrunk sequence, canonical */
    } failure[16];
};

#define NST_FUZZ_FAILURES_MAX 16

/* Case INDEX of OPTIONS. Returns 0, -ENOMEM. */
int nst_fuzz_case(const struct nst_fuzz_options *options, uint64_t index,
                  struct nst_sequence *ret_sequence);

/* What a worker process does. Returns an exit status of the tool. */
int nst_fuzz_work(const struct nst_fuzz_options *options, struct nst_fuzz_shared *shared);

#endif
