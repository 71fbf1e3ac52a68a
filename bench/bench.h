/* The parts of the bench: what is measured (loop.c, tool.c, tables.c), and main.c, which measures
 * them beside each other, round by round, and prints. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

double bench_now(void); /* seconds, monotonic */

/* What is measured. */
enum bench_kind {
    BENCH_LOOP,   /* the seed's sequence, in a copy of the host's mounts, checking nothing: what a
                     script or the seed's test does */
    BENCH_LIMIT,  /* the same in a user namespace whose tree is one tmpfs */
    BENCH_RUN,    /* ns-tool run of the seed */
    BENCH_FUZZ,   /* ns-tool fuzz: random cases */
    BENCH_FUZZER, /* fuzz_sequence, which another build has (NST_FUZZER names it), of the seed */
    BENCH_KINDS
};
extern const char *const bench_titles[BENCH_KINDS];

/* Sequences a second of JOBS processes beside each other for SECONDS; negative where they cannot:
 * WHY (of SIZE bytes) says so. *guess is the rate to expect, 0 for unknown; it is kept up to date.
 */
double bench_measure(enum bench_kind kind, unsigned jobs, double seconds, double *guess, char *why,
                     size_t size);

/* The parts of that: of the loops, *ret_why (static) says what failed; of programs *ret_status is
 * the exit status. */
double bench_loop(enum bench_kind kind, unsigned jobs, double seconds, const char **ret_why);
double bench_program(enum bench_kind kind, unsigned jobs, double seconds, double *guess,
                     int *ret_status);

/* Runs ARGV, of which it may keep what it prints: RET_TEXT (may be NULL) is freed by the caller.
 * Returns the exit status, 128 and more for a signal, 127 where there is no such program. */
int bench_spawn(const char *program, char *const argv[], char **ret_text);

/* Prints where a case's microseconds go, one process doing one after the other, and what random
 * cases are made of. False where one could not be measured. */
bool bench_profile(double seconds);

/* Prints the rows on mount tables. False where one could not be measured. */
bool bench_tables(void);

/* Prints the rows on the model. False where one could not be measured. */
bool bench_model(void);

/* Prints what `ns-tool check` costs over the bare command. False where it could not be measured. */
bool bench_check(void);

/* The middle one of LEN values, which are sorted. */
double bench_median(double *value, size_t len);

#endif
