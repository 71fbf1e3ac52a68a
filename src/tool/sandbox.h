/* A sandbox to run in, or what to tell who can't have one. */
#ifndef NST_TOOL_SANDBOX_H
#define NST_TOOL_SANDBOX_H

#include <ns-tool/trace.h>

/* nst_sandbox_open(), its trouble printed. Returns NST_EXIT_HELD, after which the caller closes
 * RET_SANDBOX; NST_EXIT_CANNOT where this machine doesn't allow one; NST_EXIT_BROKE. */
int nst_tool_sandbox(const struct nst_run_options *options, struct nst_sandbox **ret_sandbox);

/* Puts this process, the WORKER-th, on one of the cores that it may use, and so its sandbox. */
void nst_tool_spread(unsigned long worker);

#endif
