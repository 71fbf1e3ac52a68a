/* Each allocation that the kernel makes in each call fails, one a run. */
#ifndef NST_TOOL_FAIL_NTH_H
#define NST_TOOL_FAIL_NTH_H

#include <stdio.h>

#include "tool/judging.h"

/* Runs SEQUENCE again and again: with the first allocation of its first call failing, the second,
 * and so on. Prints to OUT how many there were, and of the first run that breaks a property what it
 * did, unless QUIET. RET_BROKEN counts those that do. Returns NST_EXIT_HELD, NST_EXIT_CANNOT where
 * this kernel can't, or what kept it from running. */
int nst_fail_each(struct nst_sandbox *sandbox, const struct nst_sequence *sequence,
                  const struct nst_judging *how, FILE *out, bool quiet, unsigned long *ret_broken);

#endif
