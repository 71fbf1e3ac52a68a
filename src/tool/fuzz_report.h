/* What `ns-tool fuzz` says: progress on standard error, failures and the summary on standard
 * output. */
#ifndef NST_TOOL_FUZZ_REPORT_H
#define NST_TOOL_FUZZ_REPORT_H

#include <sys/types.h>

#include "tool/fuzz.h"
#include "tool/reports.h"

struct nst_fuzz_progress {
    unsigned workers;                /* that live */
    pid_t worker[NST_FUZZ_JOBS_MAX]; /* the first `workers` of them */
    unsigned started;                /* so far */
    unsigned killed;                 /* that were ended by a signal */
    int status;                      /* the worst of the others' exit statuses */
    bool shown[NST_FUZZ_FAILURES_MAX];
    bool terminal, line;  /* standard error is one; a bar stands there */
    uint64_t time, cases; /* asked for; 0: without end */
    double begun, last;   /* seconds; of the last line of progress */
};

void nst_fuzz_begin(struct nst_fuzz_progress *progress, uint64_t time, uint64_t cases);
double nst_fuzz_seconds(const struct nst_fuzz_progress *progress); /* since it began */
void nst_fuzz_show_progress(const struct nst_fuzz_shared *shared,
                            struct nst_fuzz_progress *progress);
void nst_fuzz_clear_line(struct nst_fuzz_progress *progress);

/* Prints FAILURE, the command that repeats it, and where in DIRECTORY it is kept. */
void nst_fuzz_show_failure(const struct nst_fuzz_options *options,
                           const struct nst_fuzz_failure *failure, const char *directory);

/* Writes the command that repeats case INDEX. */
void nst_fuzz_write_repeat(FILE *out, const struct nst_fuzz_options *options, uint64_t index);

/* The whole as one JSON object, see ns-tool(1); the caller owns it. NULL: no memory. */
json_t *nst_fuzz_to_json(const struct nst_fuzz_options *options,
                         const struct nst_fuzz_shared *shared,
                         const struct nst_fuzz_progress *progress,
                         const struct nst_coverage *coverage);

/* Prints what was found, for people or as JSON. Returns the exit status of the whole. */
int nst_fuzz_summary(const struct nst_fuzz_options *options, const struct nst_fuzz_shared *shared,
                     const struct nst_fuzz_progress *progress);

#endif
