/* A stand-alone reproducer of what a trace shows: a C program, or a shell script, that makes the
 * same calls in a small world like a sandbox's and exits with 1 where everything goes as it did, so
 * that the finding is there, with 0 where it doesn't, with 77 where it can't run. */
#ifndef NS_TOOL_EXPORT_H
#define NS_TOOL_EXPORT_H

#include <stdio.h>

#include <ns-tool/property.h>

/* Writes a C program with raw system calls and no dependency, up to the step that JUDGEMENT (may be
 * NULL) finds something at, else the whole. What every namespace shows then is part of it. NAME is
 * said above. Returns 0 or -ENOMEM. */
int nst_export_c(FILE *out, const struct nst_trace *trace, const struct nst_judgement *judgement,
                 const char *name) __attribute__((warn_unused_result));

/* The same as a script for sh with util-linux. Returns -EOPNOTSUPP where a call can't be said so,
 * with WHY (of 200 bytes) set, and then what was written is worth nothing. */
int nst_export_sh(FILE *out, const struct nst_trace *trace, const struct nst_judgement *judgement,
                  const char *name, char *why) __attribute__((warn_unused_result));

#endif
