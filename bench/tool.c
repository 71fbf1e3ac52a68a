/* ns-tool and fuzz_sequence, from the outside: exec, sandbox, cases, end; all of it counts. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIRST_GUESS 100 /* sequences a second, where nothing is known yet */

int bench_spawn(const char *program, char *const argv[], char **ret_text)
{
    int text = memfd_create("output", MFD_CLOEXEC), status;
    pid_t pid = fork();
    off_t len;

    if (pid == 0) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(null, STDIN_FILENO);
        dup2(ret_text ? text : null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        if (program)
            execvp(program, argv);
        _exit(127);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            pid = -1;
    if (ret_text) {
        len = lseek(text, 0, SEEK_END);
        *ret_text = calloc(1, (size_t)len + 1);
        if (*ret_text && pread(text, *ret_text, (size_t)len, 0) != len)
            **ret_text = '\0';
    }
    close(text);
    if (pid < 0)
        return 127;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int spawn(enum bench_kind kind, unsigned jobs, unsigned long cases)
{
    static char name[] = "ns-tool", run[] = "run", fuzz[] = "fuzz", quiet[] = "--quiet",
                seed[] = "--seed=1";
    const char *source = getenv("NST_SOURCE_DIR"), *tool = getenv("NST_TOOL");
    char count[40], workers[20], path[4096];

    snprintf(path, sizeof path, "%s/corpus/fuzz_sequence/seed", source ? source : ".");
    snprintf(workers, sizeof workers, "--jobs=%u", jobs);
    snprintf(count, sizeof count,
             kind == BENCH_RUN    ? "--repeat=%lu"
             : kind == BENCH_FUZZ ? "--cases=%lu"
                                  : "-runs=%lu",
             cases);
    if (kind == BENCH_RUN)
        return bench_spawn(tool, (char *const[]){name, run, quiet, count, workers, path, NULL},
                           NULL);
    if (kind == BENCH_FUZZ)
        return bench_spawn(tool, (char *const[]){name, fuzz, count, workers, seed, NULL}, NULL);
    setenv("NST_SHARE", "0", true); /* the properties of one run, as run and the goal have it */
    return bench_spawn(getenv("NST_FUZZER"), (char *const[]){name, count, path, NULL}, NULL);
}

double bench_program(enum bench_kind kind, unsigned jobs, double seconds, double *guess,
                     int *ret_status)
{
    double rate = *guess > 0 ? *guess : FIRST_GUESS, took, cases = 0;

    if (kind == BENCH_FUZZER)
        seconds *= 4; /* its start takes some 200 ms, which isn't what is asked */
    /* The first time, grow until a run takes its time; later, the rate is known. */
    do {
        double start = bench_now();

        cases = rate * seconds > 2 * cases ? rate * seconds : 2 * cases;
        if (cases < jobs)
            cases = jobs;
        *ret_status = spawn(kind, jobs, (unsigned long)cases);
        took = bench_now() - start;
        if (*ret_status)
            return -1;
        rate = (double)(unsigned long)cases / took;
    } while (took < seconds / 2 && *guess <= 0);
    *guess = rate;
    return rate;
}
