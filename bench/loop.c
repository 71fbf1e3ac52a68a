/* The plain C loop: unshare, / private, mkdir, tmpfs mount, umount, rmdir, and again. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define AT "/mnt/test_mount"
#define JOBS_MAX 64

struct shared {
    _Atomic unsigned ready;
    _Atomic bool go, stop;
    struct {
        _Alignas(64) _Atomic uint64_t sequences;
    } job[JOBS_MAX];
    const char *_Atomic why;
};

double bench_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void rest(double seconds)
{
    struct timespec left = {.tv_sec = (time_t)seconds,
                            .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};

    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        ;
}

static int write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : write(fd, text, strlen(text));

    if (fd >= 0)
        close(fd);
    return len < 0 ? -1 : 0;
}

static int enter_user_namespace(void)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();
    char map[32];

    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
        return -1;
    snprintf(map, sizeof map, "0 %u 1", uid);
    if (write_text("/proc/self/uid_map", map) < 0 || write_text("/proc/self/setgroups", "deny") < 0)
        return -1;
    snprintf(map, sizeof map, "0 %u 1", gid);
    return write_text("/proc/self/gid_map", map);
}

/* The directory of the mount lies on a tmpfs of our own over /mnt: the loop makes nothing on the
 * host, and one mount more is not to be measured. */
static const char *enter_host(void)
{
    if (unshare(CLONE_NEWNS) < 0 && enter_user_namespace() < 0)
        return "unshare";
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return "making / private";
    return mount("tmpfs", "/mnt", "tmpfs", 0, NULL) < 0 ? "a tmpfs on /mnt" : NULL;
}

static const char *enter_limit(void)
{
    if (enter_user_namespace() < 0)
        return "a user namespace";
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return "making / private";
    if (mount("tmpfs", "/tmp", "tmpfs", 0, NULL) < 0 || chdir("/tmp") < 0 || mkdir("mnt", 0755) < 0)
        return "a tmpfs";
    if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        return "pivot_root";
    return NULL;
}

static const char *perform_sequence(void)
{
    if (unshare(CLONE_NEWNS) < 0)
        return "unshare";
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return "making / private";
    if (mkdir(AT, 0755) < 0)
        return "mkdir " AT;
    if (mount("tmpfs", AT, "tmpfs", MS_NOSUID | MS_NODEV, NULL) < 0)
        return "mount " AT;
    if (umount2(AT, 0) < 0)
        return "umount " AT;
    return rmdir(AT) < 0 ? "rmdir " AT : NULL;
}

static _Noreturn void work(struct shared *shared, unsigned job, enum bench_kind kind)
{
    const char *why = kind == BENCH_LOOP ? enter_host() : enter_limit();

    atomic_fetch_add(&shared->ready, 1);
    while (!atomic_load(&shared->go))
        rest(0.0005);
    while (!why && !atomic_load_explicit(&shared->stop, memory_order_relaxed)) {
        why = perform_sequence();
        atomic_fetch_add_explicit(&shared->job[job].sequences, 1, memory_order_relaxed);
    }
    if (why)
        atomic_store(&shared->why, why);
    _exit(why != NULL);
}

static uint64_t count(struct shared *shared, unsigned jobs)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < jobs; i++)
        sum += atomic_load(&shared->job[i].sequences);
    return sum;
}

/* Starts the workers; counts from the instant at which all have their namespaces. */
static double measure(struct shared *shared, enum bench_kind kind, unsigned jobs, double seconds)
{
    pid_t parent = getpid(), pid[JOBS_MAX];
    unsigned started = 0;
    double start, took;
    uint64_t sequences;

    for (; started < jobs; started++) {
        pid[started] = fork();
        if (pid[started] < 0) {
            shared->why = "fork";
            break;
        }
        if (pid[started] == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (getppid() != parent)
                _exit(1);
            work(shared, started, kind);
        }
    }
    while (started == jobs && atomic_load(&shared->ready) < jobs)
        rest(0.0005);
    atomic_store(&shared->go, true);
    start = bench_now();
    if (started == jobs)
        rest(seconds);
    sequences = count(shared, jobs);
    took = bench_now() - start;
    atomic_store(&shared->stop, true);
    while (started)
        waitpid(pid[--started], NULL, 0);
    return shared->why ? -1 : (double)sequences / took;
}

double bench_loop(enum bench_kind kind, unsigned jobs, double seconds, const char **ret_why)
{
    struct shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    double rate = -1;

    if (shared == MAP_FAILED || jobs > JOBS_MAX) {
        *ret_why = "memory";
        return -1;
    }
    rate = measure(shared, kind, jobs, seconds);
    *ret_why = shared->why;
    munmap(shared, sizeof *shared);
    return rate;
}
