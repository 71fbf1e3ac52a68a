/* Where a case's time goes, with one process that does one after the other: its own work, system
 * calls, and waiting, for the kernel's grace periods above all. What the processes below it take
 * counts as its own. */
#include "bench.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

/* Ticks (sysconf(3), _SC_CLK_TCK) of processes, and of the children that they waited for. A pid
 * namespace that is ended takes its processes' with it, so they are read while it lives. */
struct ticks {
    double user, system;
};

static struct {
    atomic_bool ends;
    struct ticks most; /* the last that were seen are the most */
} sampler;

static void add_tree(pid_t pid, bool self, struct ticks *ticks)
{
    char path[64];
    FILE *in;
    int child;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    in = self ? NULL : fopen(path, "re");
    if (in) {
        unsigned long user, system;
        long child_user, child_system;

        if (fscanf(in, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld",
                   &user, &system, &child_user, &child_system) == 4) {
            ticks->user += (double)user + (double)child_user;
            ticks->system += (double)system + (double)child_system;
        }
        fclose(in);
    }
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
    in = fopen(path, "re");
    while (in && fscanf(in, "%d", &child) == 1)
        add_tree(child, false, ticks);
    if (in)
        fclose(in);
}

static void *sample(void *unused)
{
    const struct timespec pause = {.tv_nsec = 5000000};

    while (!sampler.ends) {
        struct ticks now = {0};

        add_tree(getpid(), true, &now);
        if (now.user + now.system > sampler.most.user + sampler.most.system)
            sampler.most = now;
        nanosleep(&pause, NULL);
    }
    return unused;
}

/* bench_measure(), and what it took of the processors, in seconds. */
static double measure(enum bench_kind kind, double seconds, double *guess, char *why, size_t size,
                      struct ticks *ret_seconds)
{
    double rate, ticks = (double)sysconf(_SC_CLK_TCK);
    pthread_t thread;

    sampler.ends = false;
    sampler.most = (struct ticks){0};
    if (pthread_create(&thread, NULL, sample, NULL)) {
        snprintf(why, size, "not there: no thread");
        return -1;
    }
    rate = bench_measure(kind, 1, seconds, guess, why, size);
    sampler.ends = true;
    pthread_join(thread, NULL);
    *ret_seconds = (struct ticks){sampler.most.user / ticks, sampler.most.system / ticks};
    return rate;
}

static bool print_kind(enum bench_kind kind, double seconds)
{
    double guess = 0, start, took, rate, cases;
    struct ticks used = {0};
    char why[100] = "";

    rate = bench_measure(kind, 1, seconds, &guess, why, sizeof why); /* from here on it is known */
    start = bench_now();
    if (rate >= 0)
        rate = measure(kind, seconds, &guess, why, sizeof why, &used);
    took = bench_now() - start;
    if (rate < 0) {
        printf("  %-30s %s\n", bench_titles[kind], why);
        return kind == BENCH_FUZZER;
    }
    cases = rate * took;
    printf("  %-30s %8.0f %8.0f %8.0f %8.0f\n", bench_titles[kind], 1e6 * took / cases,
           1e6 * used.user / cases, 1e6 * used.system / cases,
           1e6 * (took - used.user - used.system) / cases);
    return true;
}

static double number(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

/* The rate of `ns-tool fuzz` in cases and in calls. */
static bool print_random(double seconds)
{
    static char name[] = "ns-tool", fuzz[] = "fuzz", json[] = "--json", seed[] = "--seed=1";
    char time[40], *text = NULL;
    json_t *object;
    int status;

    snprintf(time, sizeof time, "--time=%.0fs", seconds < 2 ? 2 : seconds);
    status =
        bench_spawn(getenv("NST_TOOL"), (char *const[]){name, fuzz, json, seed, time, NULL}, &text);
    object = text ? json_loads(text, 0, NULL) : NULL;
    free(text);
    if (status || !object) {
        printf("\nrandom cases: not there: exit status %d\n", status);
        json_decref(object);
        return false;
    }
    printf("\nrandom cases, all cores: %.0f a second, of %.1f calls each, %.0f%% of which succeed: "
           "%.0f calls a second\n",
           number(object, "cases") / number(object, "seconds"),
           number(object, "calls") / number(object, "cases"),
           100 * number(object, "succeeded") / number(object, "calls"),
           number(object, "calls") / number(object, "seconds"));
    json_decref(object);
    return true;
}

bool bench_profile(double seconds)
{
    double longer = 4 * seconds; /* a tick is 10 ms, a start of a fuzzer 200 */
    bool whole = true;

    printf("\nmicroseconds a case, one process        all own work   system  waiting\n");
    for (unsigned kind = 0; kind < BENCH_KINDS; kind++)
        whole = print_kind((enum bench_kind)kind, longer) && whole;
    return print_random(seconds) && whole;
}
