/* What `ns-tool check` (cmd_check.c), its sweep (sweep.c) and its reports share. */
#ifndef NST_TOOL_CHECK_H
#define NST_TOOL_CHECK_H

#include <stdio.h>

#include <ns-tool/check.h>

#include "report/summary.h"

/* The exit status of a shell for what wait(2) gave. */
int nst_check_status(int wait_status);

/* Writes CHECK for people. NAMED: the command line. */
void nst_check_write(FILE *out, const struct nst_check *check, const char *named,
                     const struct nst_check_options *options);

/* The same for reports; the caller owns it. NULL: no memory. */
json_t *nst_check_to_json(const struct nst_check *check, const struct nst_check_options *options);

/* Runs the command once for each of its calls, which fails then, and once more for each, at which
 * its process is killed; JOBS beside each other. Writes a table to OUT. RET_SUMMARY (may be NULL)
 * gets the whole for reports, owned by the caller; NULL: no memory. Returns an nst_exit. */
int nst_sweep(const struct nst_check_options *options, unsigned jobs, FILE *out,
              json_t **ret_summary);

#endif
