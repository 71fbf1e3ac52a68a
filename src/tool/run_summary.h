/* What `ns-tool run` tells in its reports, gathered from workers that run beside each other. */
#ifndef NST_TOOL_RUN_SUMMARY_H
#define NST_TOOL_RUN_SUMMARY_H

#include <stdatomic.h>

#include "report/summary.h"

/* In memory that the workers share. */
struct nst_run_summary {
    _Atomic uint64_t cases, calls;
    _Atomic uint64_t verdict[NST_PROPERTIES_MAX][NST_EXPECTED + 1];
    int findings; /* a file in memory: a line of JSON each */
};

/* Returns NULL with errno. Freed by nst_run_summary_finish(). */
struct nst_run_summary *nst_run_summary_begin(void);

/* Counts a judged run. */
void nst_run_summary_count(struct nst_run_summary *summary, const struct nst_trace *trace,
                           const struct nst_judgement *judgement);

/* Adds a finding for each property that failed of SEQUENCE, which stands in the file at PATH. */
void nst_run_summary_note(struct nst_run_summary *summary, const char *path,
                          const struct nst_sequence *sequence, const struct nst_trace *trace,
                          const struct nst_judgement *judgement);

/* The whole; frees SUMMARY. The caller owns it; NULL: no memory. */
json_t *nst_run_summary_finish(struct nst_run_summary *summary);

/* The finding of property number PROPERTY of TRACE, SEQUENCE's; NULL: no memory. */
json_t *nst_run_finding(size_t property, const struct nst_sequence *sequence,
                        const struct nst_trace *trace, const struct nst_judgement *judgement);

#endif
