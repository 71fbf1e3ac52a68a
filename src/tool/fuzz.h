/* What the command line of `ns-tool fuzz` (cmd_fuzz.c) and its worker processes (fuzz_worker.c)
 * share. */
#ifndef NST_TOOL_FUZZ_H
#define NST_TOOL_FUZZ_H

#include <stdatomic.h>

#include <stdio.h>

#include <ns-tool/coverage.h>
#include <ns-tool/kept.h>

#include "tool/reports.h"

#define NST_FUZZ_JOBS_MAX 64
#define NST_FUZZ_FAILURES_MAX 16
#define NST_FUZZ_SHARE 8 /* unless told */
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
    bool keep_going;                    /* a failure doesn't end the search */
    bool keep_broken;                   /* what a broken setup breaks is saved too */
    const struct nst_fuzz_setup *setup; /* NULL: none */
    uint64_t seed, first, cases;        /* cases 0: until it is stopped */
    uint64_t share;                     /* one case in so many is judged by second runs; 0: none */
    size_t max_calls;                   /* 0: the generator's */
    const char *findings;               /* --findings; NULL: it isn't given */
    struct nst_known known;             /* what this kernel is known to break */
    uint32_t groups;                    /* of nst_swarm_groups; 0: drawn for each case */
    struct nst_reports *reports;        /* asked for */
    const char *ahead;                  /* directory for what is about to run; NULL: nowhere */
};

/* Asked of the workers: to take no new case, or to end shrinking as well. */
enum nst_fuzz_stop { NST_FUZZ_RUN, NST_FUZZ_STOP, NST_FUZZ_ABANDON };

/* In memory that parent and workers map. */
struct nst_fuzz_shared {
    _Atomic int stop;
    _Atomic uint64_t next;      /* index of the next case to be taken */
    _Atomic uint64_t cases;     /* judged */
    _Atomic uint64_t calls;     /* performed */
    _Atomic uint64_t succeeded; /* of them */
    _Atomic uint64_t idle;      /* cases in which none succeeded */
    _Atomic uint64_t skipped[NST_PROPERTIES_MAX];
    _Atomic uint64_t failed[NST_PROPERTIES_MAX];
    _Atomic uint64_t expected[NST_PROPERTIES_MAX]; /* of them known findings */
    _Atomic uint64_t too_big;                      /* cases that a sandbox couldn't hold */
    _Atomic uint64_t sandboxes;                    /* that died and were made anew */
    size_t kept, kept_broken; /* failures that were kept and tried first; those that broke again */
    /* Each worker writes its own; they are added up when all have ended. */
    struct nst_coverage coverage[NST_FUZZ_JOBS_MAX];
    _Atomic unsigned slots; /* failures taken so far, those beyond the last slot included */
    struct nst_fuzz_failure {
        _Atomic bool whole; /* everything below is written */
        size_t property;
        uint64_t index;      /* the case */
        size_t calls_before; /* before shrinking */
        bool comes_and_goes; /* it failed once; what stands here didn't fail again */
        struct nst_finding finding;
        char text[NST_FUZZ_TEXT_MAX]; /* the shrunk sequence, canonical */
    } failure[NST_FUZZ_FAILURES_MAX];
};

/* What a worker process, the WORKER-th that was started, does: takes cases, judges them, shrinks
 * what fails, until it is stopped. Returns an exit status of the tool. */
int nst_fuzz_work(const struct nst_fuzz_options *options, struct nst_fuzz_shared *shared,
                  unsigned worker);

/* Runs the findings that are known and says whether this kernel breaks them still. Returns an exit
 * status of the tool. */
int nst_fuzz_try_known(const struct nst_fuzz_options *options);

/* Runs what earlier searches kept in DIRECTORY, counts it in SHARED and says what still breaks.
 * Returns an exit status of the tool. */
int nst_fuzz_try_kept(const struct nst_fuzz_options *options, struct nst_fuzz_shared *shared,
                      const char *directory);

/* Where what people read goes: standard output, unless that carries JSON. */
static inline FILE *nst_fuzz_out(const struct nst_fuzz_options *options)
{
    return nst_reports_out(options->reports);
}

#endif
