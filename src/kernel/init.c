/* Pid 1 of a sandbox: makes its root, then only waits: for the tool to die, and for the runner to
 * be made anew. */
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int pivot_here(void)
{
    if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        return -1;
    return 0;
}

/* A tmpfs becomes the root and the old one is let go. The mount point is any directory that exists:
 * the namespace is private, so nobody else sees it covered. A new proc may only be mounted while
 * the old one is in sight. */
static int make_root(struct nst_arena *arena)
{
    static const char *const place[] = {"/tmp", "/mnt", "/proc", "/dev", "/etc"};
    size_t i;

    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return nst_arena_fail(arena, "can't make / private");
    for (i = 0; i < sizeof(place) / sizeof(*place); i++)
        if (mount("tmpfs", place[i], "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") == 0)
            break;
    if (i == sizeof(place) / sizeof(*place) || chdir(place[i]) < 0)
        return nst_arena_fail(arena, "can't mount a tmpfs");
    if (mkdir("proc", 0755) < 0 || mkdir("case", 0755) < 0)
        return nst_arena_fail(arena, "mkdir");
    if (mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        return nst_arena_fail(arena, "can't mount proc (is a part of /proc covered?)");
    if (pivot_here() < 0)
        return nst_arena_fail(arena, "pivot_root");
    /* A detached clone: from it no `..` leads to this root, for the actors hold it too. */
    arena->proc =
        (int)syscall(428 /* open_tree */, AT_FDCWD, "/proc", 1 /* OPEN_TREE_CLONE */ | O_CLOEXEC);
    arena->init_mountinfo = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    arena->init_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (arena->proc < 0 || arena->init_mountinfo < 0 || arena->init_root < 0)
        return nst_arena_fail(arena, "/proc");
    return 0;
}

static void quiet(void)
{
    struct rlimit none = {0, 0};
    sigset_t all;

    for (int signal_number = 1; signal_number < NSIG; signal_number++)
        signal(signal_number, SIG_DFL);
    sigemptyset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    setrlimit(RLIMIT_CORE, &none);
    umask(0);
}

/* Ends everything that a runner left and forgets it. */
static void reap(void)
{
    kill(-1, SIGKILL);
    while (waitpid(-1, NULL, 0) >= 0 || errno == EINTR)
        ;
}

/* One runner's life. Returns when it has died. */
static void watch_over(int lifeline, pid_t runner)
{
    int pidfd = (int)syscall(SYS_pidfd_open, runner, 0);
    struct pollfd wait[] = {{.fd = lifeline, .events = 0}, {.fd = pidfd, .events = POLLIN}};

    if (pidfd < 0)
        _exit(1);
    while (poll(wait, 2, -1) < 0 || !wait[1].revents)
        if (wait[0].revents)
            _exit(0);
    close(pidfd);
}

/* One core for all of a sandbox: its processes take turns, and waking another core that idles costs
 * more than most calls do. */
static void stay(int cpu)
{
    cpu_set_t set;

    if (cpu < 0 || cpu >= CPU_SETSIZE)
        return;
    CPU_ZERO(&set);
    CPU_SET((unsigned)cpu, &set);
    sched_setaffinity(0, sizeof(set), &set); /* only for speed */
}

_Noreturn void nst_init(struct nst_arena *arena, int lifeline)
{
    char byte, *buffer = NULL;
    size_t cap = 0;
    int error;

    if (read(lifeline, &byte, 1) != 1)
        _exit(1);
    if (dup2(lifeline, 0) < 0 || syscall(SYS_close_range, 1, ~0U, 0) < 0)
        _exit(1);
    stay(arena->cpu);
    setsid(); /* a terminal's Ctrl-C is for the tool */
    quiet();
    error = arena->privileged || (setresgid(0, 0, 0) == 0 && setresuid(0, 0, 0) == 0) ? 0 : -errno;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (poll(&(struct pollfd){.fd = 0}, 1, 0) > 0)
        _exit(1); /* the tool died before the signal was set */
    if (!error)
        error = make_root(arena);
    if (!error)
        arena->init_mounts = nst_leftover_mounts(arena, &buffer, &cap);
    free(buffer);
    /* So that no actor gets at this process through /proc. */
    prctl(PR_SET_DUMPABLE, 0);
    while (!error) {
        pid_t runner = fork();

        if (runner == 0)
            nst_runner(arena);
        if (runner < 0)
            error = nst_arena_fail(arena, "fork");
        else
            watch_over(0, runner);
        reap();
        if (atomic_load(&arena->ready) == 2)
            _exit(1);
        if (atomic_load(&arena->done) != atomic_load(&arena->taken)) { /* it died in a case */
            arena->error = -ECHILD;
            nst_futex_set(&arena->done, atomic_load(&arena->taken));
        }
    }
    arena->error = error;
    nst_futex_set(&arena->ready, 2);
    _exit(1);
}
