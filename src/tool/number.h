/* Numbers on the command line. What isn't one ends the process with NST_EXIT_USAGE and says what
 * was expected. */
#ifndef NST_TOOL_NUMBER_H
#define NST_TOOL_NUMBER_H

#include <argp.h>
#include <stdint.h>

/* TEXT, a whole number from LEAST to MOST, the argument of option --NAME. */
uint64_t nst_parse_number(const char *text, struct argp_state *state, const char *name,
                          uint64_t least, uint64_t most);

/* TEXT, such as 60s, 5m, 8h or 90 (seconds). Returns seconds, at least 1. */
uint64_t nst_parse_seconds(const char *text, struct argp_state *state, const char *name);

#endif
