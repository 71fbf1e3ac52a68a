/* What files of kept failures and findings say, wherever they lie. */
#ifndef REPORT_KEPT_H
#define REPORT_KEPT_H

#include <ns-tool/kept.h>

/* nst_kept_read() of what IN holds, which is called PATH. */
int nst_kept_read_stream(FILE *in, const char *path, struct nst_kept *ret_kept, char *why)
    __attribute__((warn_unused_result));

/* The findings that go with the library; made by cmake/findings.cmake. Ends with a NULL name. */
struct nst_builtin_finding {
    const char *name, *text, *end;
};
extern const struct nst_builtin_finding nst_builtin_findings[];

#endif
