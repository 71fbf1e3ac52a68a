/* Measures beside each other, in rounds, so that a machine's mood takes all alike; prints the
 * middle round's sequences a second, and ratios, each the middle one of the ratios in a round.
 *
 *     bench [SECONDS a measurement [ROUNDS]] */
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ROUNDS_MAX 99
#define JOBS_MAX 64

const char *const bench_titles[BENCH_KINDS] = {
    [BENCH_LOOP] = "loop, on the host's mounts", [BENCH_LIMIT] = "limit, in a tmpfs",
    [BENCH_RUN] = "ns-tool run, judged",         [BENCH_FUZZ] = "ns-tool fuzz",
    [BENCH_FUZZER] = "fuzz_sequence, ASan",
};

/* One kind with one number of processes. */
struct row {
    enum bench_kind kind;
    unsigned jobs;
    double rate[ROUNDS_MAX];
    double guess;  /* for the tool */
    char why[100]; /* it is not there; empty otherwise */
};

static int ascending(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

double bench_median(double *value, size_t len)
{
    qsort(value, len, sizeof *value, ascending);
    return value[len / 2];
}

double bench_measure(enum bench_kind kind, unsigned jobs, double seconds, double *guess, char *why,
                     size_t size)
{
    const char *failed = NULL;
    int status = 0;
    double rate;

    if (kind == BENCH_LOOP || kind == BENCH_LIMIT)
        rate = bench_loop(kind, jobs, seconds, &failed);
    else
        rate = bench_program(kind, jobs, seconds, guess, &status);
    if (rate < 0 && failed)
        snprintf(why, size, "not there: %s fails", failed);
    else if (rate < 0 && kind == BENCH_FUZZER && status == 127)
        snprintf(why, size, "not there: cmake --preset fuzz builds it");
    else if (rate < 0)
        snprintf(why, size, "not there: exit status %d", status);
    return rate;
}

static void measure(struct row *row, unsigned round, double seconds)
{
    if (!*row->why)
        row->rate[round] =
            bench_measure(row->kind, row->jobs, seconds, &row->guess, row->why, sizeof row->why);
}

static double middle(const struct row *row, unsigned rounds)
{
    double copy[ROUNDS_MAX];

    for (unsigned i = 0; i < rounds; i++)
        copy[i] = row->rate[i];
    return bench_median(copy, rounds);
}

static double ratio(const struct row *of, const struct row *to, unsigned rounds)
{
    double copy[ROUNDS_MAX];

    if (!of || !to)
        return NAN;
    for (unsigned i = 0; i < rounds; i++)
        copy[i] = of->rate[i] / to->rate[i];
    return bench_median(copy, rounds);
}

/* The fastest row of KIND; of one process only, if ALONE. NULL: none is there. */
static const struct row *best(const struct row *row, size_t rows, enum bench_kind kind, bool alone,
                              unsigned rounds)
{
    const struct row *found = NULL;

    for (size_t i = 0; i < rows; i++)
        if (row[i].kind == kind && !*row[i].why && (!alone || row[i].jobs == 1) &&
            (!found || middle(&row[i], rounds) > middle(found, rounds)))
            found = &row[i];
    return found;
}

static void print_ratio(const char *what, double value, const char *goal)
{
    if (isnan(value))
        printf("  %-44s %9s   %s\n", what, "not there", goal);
    else
        printf("  %-44s %8.2fx   %s\n", what, value, goal);
}

/* Returns false where a row is not there. */
static bool print(const struct row *row, size_t rows, unsigned rounds)
{
    const struct row *all[BENCH_KINDS], *one[BENCH_KINDS];
    bool whole = true;

    printf("\nsequences a second            processes   median      (* the fastest)\n");
    for (unsigned kind = 0; kind < BENCH_KINDS; kind++) {
        all[kind] = best(row, rows, (enum bench_kind)kind, false, rounds);
        one[kind] = best(row, rows, (enum bench_kind)kind, true, rounds);
    }
    for (size_t i = 0; i < rows; i++) {
        printf("  %-30s %6u ", bench_titles[row[i].kind], row[i].jobs);
        if (*row[i].why)
            printf("%s\n", row[i].why);
        else
            printf("%8.0f %s\n", middle(&row[i], rounds), all[row[i].kind] == &row[i] ? "*" : "");
        whole = whole && (!*row[i].why || row[i].kind == BENCH_FUZZER);
    }
    printf("\nratios\n");
    print_ratio("run / limit, all cores", ratio(all[BENCH_RUN], all[BENCH_LIMIT], rounds),
                "goal 0.80");
    print_ratio("run / loop, all cores", ratio(all[BENCH_RUN], all[BENCH_LOOP], rounds),
                "goal > 2");
    print_ratio("run / loop, one process", ratio(one[BENCH_RUN], one[BENCH_LOOP], rounds), "");
    print_ratio("limit / loop, all cores", ratio(all[BENCH_LIMIT], all[BENCH_LOOP], rounds), "");
    print_ratio("limit / loop, one process", ratio(one[BENCH_LIMIT], one[BENCH_LOOP], rounds), "");
    print_ratio("fuzz / run, all cores", ratio(all[BENCH_FUZZ], all[BENCH_RUN], rounds),
                "(random cases, not the seed)");
    print_ratio("fuzz_sequence / loop, one process",
                ratio(one[BENCH_FUZZER], one[BENCH_LOOP], rounds), "goal 1");
    return whole;
}

/* Appends a row of KIND for 1 process (if ALONE) and for so many times the CORES as TIMES has. */
static size_t plan(struct row *row, enum bench_kind kind, unsigned cores, const unsigned *times)
{
    size_t rows = 0;

    if (cores > 1 || !*times)
        row[rows++] = (struct row){.kind = kind, .jobs = 1};
    for (; *times && *times * cores <= JOBS_MAX; times++)
        row[rows++] = (struct row){.kind = kind, .jobs = *times * cores};
    return rows;
}

int main(int argc, char **argv)
{
    static struct row row[32];
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 0.5;
    unsigned rounds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 5;
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned cores = online < 1 ? 1 : online > JOBS_MAX ? JOBS_MAX : (unsigned)online;
    size_t rows = 0;

    if (!(seconds > 0) || rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "Usage: bench [SECONDS a measurement (0.5) [ROUNDS, 1 to %d (5)]]\n",
                ROUNDS_MAX);
        return 2;
    }
    for (unsigned kind = 0; kind < BENCH_KINDS;
         kind++) /* the loops wait more, so go on getting faster */
        rows +=
            plan(&row[rows], (enum bench_kind)kind, cores,
                 kind == BENCH_LOOP || kind == BENCH_LIMIT ? (const unsigned[]){1, 4, 8, 16, 32, 0}
                 : kind == BENCH_FUZZER                    ? (const unsigned[]){0}
                                                           : (const unsigned[]){1, 2, 4, 0});
    printf("%u cores, %u rounds of %g seconds\n", cores, rounds, seconds);
    fflush(stdout);
    for (unsigned round = 0; round < rounds; round++)
        for (size_t i = 0; i < rows; i++)
            measure(&row[i], round, seconds);

    bool whole = print(row, rows, rounds);

    whole = bench_profile(seconds) && whole;
    whole = bench_tables() && whole;
    whole = bench_model() && whole;
    whole = bench_check() && whole;
    return whole ? 0 : 1;
}
