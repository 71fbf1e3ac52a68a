/* A call and its answer, as every report for people writes them. */
#ifndef REPORT_CALL_H
#define REPORT_CALL_H

#include <ns-tool/report.h>

/* Writes STEP's call = answer, and `# expected …` where it differs, without a newline. */
void nst_report_call(FILE *out, const struct nst_step *step);

#endif
