/* Sequences from files, for every command that takes some. */
#ifndef NST_TOOL_INPUT_H
#define NST_TOOL_INPUT_H

#include <ns-tool/sequence.h>

/* Reads PATH ("-": standard input) strictly; trouble is printed as file:line:column and what was
 * expected. What the log held besides calls is counted into RET_COUNTS. Returns NST_EXIT_HELD or
 * NST_EXIT_USAGE. */
int nst_input_read(const char *path, struct nst_sequence *ret_sequence,
                   struct nst_read_counts *ret_counts);

/* The same of a text that PREPARE makes ready first. */
int nst_input_read_prepared(const char *path, void (*prepare)(char *text, size_t *len),
                            struct nst_sequence *ret_sequence, struct nst_read_counts *ret_counts);

#endif
