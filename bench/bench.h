/* The parts of the bench: what is measured (loop.c, tool.c, tables.c), and main.c, which measures
 * them beside each other, round by round, and prints. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

double bench_now(void); /* seconds, monotonic */

/* The plain loop of the seed's sequence, checking nothing. */
enum bench_place {
    BENCH_HOST, /* in a copy of the host's mounts: what a script or the seed's test does */
    BENCH_LIMIT /* in a user namespace whose tree is one tmpfs */
};

/* Sequences a second of JOBS processes that loop beside each other for SECONDS; negative where they
 * cannot: *ret_why (static) says what failed. */
double bench_loop(enum bench_place place, unsigned jobs, double seconds, const char **ret_why);

/* Sequences a second of `ns-tool ARGS`, asked for so many cases that it takes SECONDS. *guess is
 * the rate to expect, 0 for unknown; it is kept up to date. Negative where the command fails:
 * *ret_status is its exit status. */
enum bench_command { BENCH_RUN, BENCH_FUZZ };
double bench_tool(enum bench_command command, unsigned jobs, double seconds, double *guess,
                  int *ret_status);

/* Prints the rows on mount tables. False where one could not be measured. */
bool bench_tables(void);

/* The middle one of LEN values, which are sorted. */
double bench_median(double *value, size_t len);

#endif
