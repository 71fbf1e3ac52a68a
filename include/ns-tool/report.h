/* Telling people what was seen. */
#ifndef NS_TOOL_REPORT_H
#define NS_TOOL_REPORT_H

#include <stdio.h>

#include <ns-tool/coverage.h>
#include <ns-tool/property.h>

/* Writes TRACE: each call with its result, `expected …` where it differs, what the judgement found
 * there, and below it what changed in which namespace. JUDGEMENT may be NULL. */
void nst_report_trace(FILE *out, const struct nst_trace *trace,
                      const struct nst_judgement *judgement);

/* Writes a row a property: its name, its verdict, and the finding. */
void nst_report_judgement(FILE *out, const struct nst_judgement *judgement);

/* Writes a line for each group of features: how many of how many were reached, and the first of
 * those that never were. */
void nst_report_coverage(FILE *out, const struct nst_coverage *coverage);

/* Writes TRACE as trees: what every namespace shows at first, then each call with its result, and
 * below it each namespace that the call changed, drawn anew with its changes marked. Namespaces are
 * named by who was first in them, peer groups in order of appearance. FLAGS: enum nst_draw_flags.
 * Returns 0 or -ENOMEM, after which the text is incomplete. */
int nst_report_trees(FILE *out, const struct nst_trace *trace, unsigned flags)
    __attribute__((warn_unused_result));

/* The same with what MODEL, a predicted trace of the same sequence, has at step AT, where they
 * part: its answer, and what every namespace shows in it. */
int nst_report_trees_beside(FILE *out, const struct nst_trace *trace, const struct nst_trace *model,
                            size_t at, unsigned flags) __attribute__((warn_unused_result));

#endif
