/* ns-tool, from the outside: exec, sandbox, cases, end; all of it counts. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIRST_GUESS 100 /* sequences a second, where nothing is known yet */

static int run_tool(char *const argv[])
{
    const char *tool = getenv("NST_TOOL");
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        if (tool)
            execv(tool, argv);
        _exit(127);
    }
    if (pid < 0)
        return 127;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return 127;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Returns seconds, or -1 with the exit status. */
static double take(enum bench_command command, unsigned jobs, unsigned long cases, int *ret_status)
{
    static char name[] = "ns-tool", run[] = "run", fuzz[] = "fuzz", quiet[] = "--quiet",
                seed[] = "--seed=1";
    char count[40], workers[20], path[4096];
    const char *source = getenv("NST_SOURCE_DIR");
    double start = bench_now();

    snprintf(path, sizeof path, "%s/corpus/fuzz_sequence/seed", source ? source : ".");
    snprintf(workers, sizeof workers, "--jobs=%u", jobs);
    snprintf(count, sizeof count, command == BENCH_RUN ? "--repeat=%lu" : "--cases=%lu", cases);
    *ret_status = command == BENCH_RUN
                      ? run_tool((char *const[]){name, run, quiet, count, workers, path, NULL})
                      : run_tool((char *const[]){name, fuzz, count, workers, seed, NULL});
    return *ret_status ? -1 : bench_now() - start;
}

double bench_tool(enum bench_command command, unsigned jobs, double seconds, double *guess,
                  int *ret_status)
{
    double rate = *guess > 0 ? *guess : FIRST_GUESS, took, cases = 0;

    /* The first time, grow until a run takes its time; later, the rate is known. */
    do {
        cases = rate * seconds > 2 * cases ? rate * seconds : 2 * cases;
        if (cases < jobs)
            cases = jobs;
        took = take(command, jobs, (unsigned long)cases, ret_status);
        if (took < 0)
            return -1;
        rate = (double)(unsigned long)cases / took;
    } while (took < seconds / 2 && *guess <= 0);
    *guess = rate;
    return rate;
}
