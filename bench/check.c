/* What `ns-tool check` costs over the bare command. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 41 };

static const struct {
    const char *name;
    char *argv[6];
} commands[] = {
    {"true", {"true", NULL}},
    {"unshare -m true", {"unshare", "-m", "true", NULL}},
};

/* Milliseconds of one run of ARGV, negative where it fails. */
static double run(char *const argv[])
{
    double start = bench_now();

    return bench_spawn(argv[0], argv, NULL) == 0 ? (bench_now() - start) * 1e3 : -1;
}

bool bench_check(void)
{
    char *tool = getenv("NST_TOOL");

    /* Debian's own: execvp(3) tries each directory, and each try is held. */
    setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
    puts("\ncheck over the bare command, ms; the middle of 41 rounds");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        char *argv[9] = {tool, (char[]){"check"}, (char[]){"--"}};
        double bare[ROUNDS], over[ROUNDS];

        for (size_t n = 0; commands[i].argv[n]; n++)
            argv[3 + n] = commands[i].argv[n];
        for (size_t round = 0; round < ROUNDS; round++) {
            bare[round] = run(commands[i].argv);
            over[round] = run(argv) - bare[round];
            if (bare[round] < 0 || over[round] < -bare[round]) {
                printf("  %-24s not there: it fails\n", commands[i].name);
                return false;
            }
        }
        printf("  %-24s %8.2f   goal 10 (bare %.2f)\n", commands[i].name,
               bench_median(over, ROUNDS), bench_median(bare, ROUNDS));
    }
    return true;
}
