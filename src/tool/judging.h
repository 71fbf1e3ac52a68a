/* How a sequence is run and judged: the options that commands which judge files have in common. */
#ifndef NST_TOOL_JUDGING_H
#define NST_TOOL_JUDGING_H

#include <argp.h>

#include <ns-tool/property.h>

struct nst_judging {
    struct nst_run_options run;
    struct nst_judge_options judge;
};

/* A child of a command's parser, whose ARGP_KEY_INIT sets its state->child_inputs[] to its struct
 * nst_judging. */
extern const struct argp nst_judging_argp;
extern const struct argp_child nst_judging_options[]; /* it alone, and what ends it */

#endif
