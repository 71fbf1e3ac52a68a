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

enum kind { LOOP, LIMIT, RUN, FUZZ, KINDS };

static const char *const titles[KINDS] = {
    [LOOP] = "loop, on the host's mounts",
    [LIMIT] = "limit, in a tmpfs",
    [RUN] = "ns-tool run, judged",
    [FUZZ] = "ns-tool fuzz",
};

/* One kind with one number of processes. */
struct row {
    enum kind kind;
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

static void measure(struct row *row, unsigned round, double seconds)
{
    const char *why = NULL;
    int status = 0;

    if (*row->why)
        return;
    if (row->kind == LOOP || row->kind == LIMIT)
        row->rate[round] =
            bench_loop(row->kind == LOOP ? BENCH_HOST : BENCH_LIMIT, row->jobs, seconds, &why);
    else
        row->rate[round] = bench_tool(row->kind == RUN ? BENCH_RUN : BENCH_FUZZ, row->jobs, seconds,
                                      &row->guess, &status);
    if (row->rate[round] < 0 && why)
        snprintf(row->why, sizeof row->why, "not there: %s fails", why);
    else if (row->rate[round] < 0)
        snprintf(row->why, sizeof row->why, "not there: exit status %d", status);
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
static const struct row *best(const struct row *row, size_t rows, enum kind kind, bool alone,
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
    const struct row *all[KINDS], *one[KINDS];
    bool whole = true;

    printf("\nsequences a second            processes   median      (* the fastest)\n");
    for (unsigned kind = 0; kind < KINDS; kind++) {
        all[kind] = best(row, rows, (enum kind)kind, false, rounds);
        one[kind] = best(row, rows, (enum kind)kind, true, rounds);
    }
    for (size_t i = 0; i < rows; i++) {
        printf("  %-30s %6u ", titles[row[i].kind], row[i].jobs);
        if (*row[i].why)
            printf("%s\n", row[i].why);
        else
            printf("%8.0f %s\n", middle(&row[i], rounds), all[row[i].kind] == &row[i] ? "*" : "");
        whole = whole && !*row[i].why;
    }
    printf("\nratios\n");
    print_ratio("run / limit, all cores", ratio(all[RUN], all[LIMIT], rounds), "goal 0.80");
    print_ratio("run / loop, all cores", ratio(all[RUN], all[LOOP], rounds), "goal > 2");
    print_ratio("run / loop, one process", ratio(one[RUN], one[LOOP], rounds), "");
    print_ratio("limit / loop, all cores", ratio(all[LIMIT], all[LOOP], rounds), "");
    print_ratio("limit / loop, one process", ratio(one[LIMIT], one[LOOP], rounds), "");
    print_ratio("fuzz / run, all cores", ratio(all[FUZZ], all[RUN], rounds),
                "(random cases, not the seed)");
    return whole;
}

/* Appends a row of KIND for 1 process (if ALONE) and for so many times the CORES as TIMES has. */
static size_t plan(struct row *row, enum kind kind, unsigned cores, const unsigned *times)
{
    size_t rows = 0;

    if (cores > 1)
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
    for (unsigned kind = 0; kind < KINDS; kind++) /* the loops wait more, so go on getting faster */
        rows += plan(&row[rows], (enum kind)kind, cores,
                     kind == LOOP || kind == LIMIT ? (const unsigned[]){1, 4, 8, 16, 32, 0}
                                                   : (const unsigned[]){1, 2, 4, 0});
    printf("%u cores, %u rounds of %g seconds\n", cores, rounds, seconds);
    fflush(stdout);
    for (unsigned round = 0; round < rounds; round++)
        for (size_t i = 0; i < rows; i++)
            measure(&row[i], round, seconds);

    bool whole = print(row, rows, rounds);

    whole = bench_tables() && whole;
    return whole ? 0 : 1;
}
