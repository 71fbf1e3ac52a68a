/* What both forms of a reproducer share. */
#ifndef REPORT_EXPORT_H
#define REPORT_EXPORT_H

#include <ns-tool/export.h>

/* How many steps of TRACE the reproducer makes: up to the first finding's. */
size_t nst_export_len(const struct nst_trace *trace, const struct nst_judgement *judgement);

/* Lines about NAME and JUDGEMENT, each behind PREFIX. */
void nst_export_head(FILE *out, const char *prefix, const struct nst_trace *trace,
                     const struct nst_judgement *judgement, const char *name);

/* Writes TEXT as mountinfo does: blanks, newlines and backslashes as octal. */
void nst_export_mangled(FILE *out, const char *text);

#endif
