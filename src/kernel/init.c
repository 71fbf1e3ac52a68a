/* Pid 1 of a sandbox: makes its root, then only waits: for the tool to die, and for the runner to
 * be made anew. */
#include "kernel.h"
#include "sys.h"

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

#include <ns-tool/mount_abi.h>

static int pivot_here(void)
{
    if (NST_SYS(PIVOT_ROOT, syscall(SYS_pivot_root, ".", ".")) < 0 ||
        NST_SYS(UMOUNT, umount2(".", MNT_DETACH)) < 0 || NST_SYS(CHDIR, chdir("/")) < 0)
        return -1;
    return 0;
}

/* The harness's own /proc, which is in every process of the sandbox. It lies on init's and is
 * unmounted once it is held: to a mount that is in no namespace nothing can be done
 * (fs/namespace.c, check_mnt() and is_mounted()), and no `..` leads out of it. It has a superblock
 * of its own, since init's must stay in sight for another proc to be mounted. */
static int take_proc(struct nst_arena *arena)
{
    struct stat status;

    arena->proc = NST_SYS(OPEN, open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (arena->proc < 0 || NST_SYS(STAT, fstat(arena->proc, &status)) < 0)
        return nst_arena_fail(arena, "/proc");
    arena->proc_dev = status.st_dev;
    if (NST_SYS(UMOUNT, umount2("/proc", MNT_DETACH)) < 0)
        return nst_arena_fail(arena, "umount2 of the harness's /proc");
    return 0;
}

static int mount_proc(void)
{
    return NST_SYS(MOUNT, mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL));
}

/* A tmpfs becomes the root and the old one is let go. The mount point is any directory that exists:
 * the namespace is private, so nobody else sees it covered. A new proc may only be mounted while
 * the old one is in sight. */
static int make_root(struct nst_arena *arena)
{
    static const char *const place[] = {"/tmp", "/mnt", "/proc", "/dev", "/etc"};
    size_t i;
    int error;

    if (NST_SYS(MOUNT, mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL)) < 0)
        return nst_arena_fail(arena, "can't make / private");
    for (i = 0; i < sizeof(place) / sizeof(*place); i++)
        if (NST_SYS(MOUNT, mount("tmpfs", place[i], "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755")) ==
            0)
            break;
    if (i == sizeof(place) / sizeof(*place) || NST_SYS(CHDIR, chdir(place[i])) < 0)
        return nst_arena_fail(arena, "can't mount a tmpfs");
    if (NST_SYS(MKDIR, mkdir("proc", 0755)) < 0 || NST_SYS(MKDIR, mkdir("case", 0755)) < 0)
        return nst_arena_fail(arena, "mkdir");
    if (mount_proc() < 0 || mount_proc() < 0)
        return nst_arena_fail(arena, "can't mount proc (is a part of /proc covered?)");
    nst_kcov_find(arena);
    if (pivot_here() < 0)
        return nst_arena_fail(arena, "pivot_root");
    error = take_proc(arena);
    if (error)
        return error;
    arena->init_mountinfo = NST_SYS(OPEN, open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
    if (arena->init_mountinfo < 0)
        return nst_arena_fail(arena, "/proc/self/mountinfo");
    arena->init_root = NST_SYS(OPEN, open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    return arena->init_root < 0 ? nst_arena_fail(arena, "the sandbox's root") : 0;
}

static void quiet(void)
{
    struct rlimit none = {0, 0};
    sigset_t all;

    for (int signal_number = 1; signal_number < NSIG; signal_number++)
        signal(signal_number, SIG_DFL);
    sigemptyset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    NST_SYS(SELF, setrlimit(RLIMIT_CORE, &none));
    umask(0);
}

/* Ends everything that a runner left and forgets it. */
static void reap(void)
{
    NST_SYS(KILL, kill(-1, SIGKILL));
    while (NST_SYS(WAIT, waitpid(-1, NULL, 0)) >= 0 || errno == EINTR)
        ;
}

/* Descriptors: a hangup of the first says that the tool let go, the second that it died. */
enum { LIFELINE, TOOL, KEPT };

/* One runner's life. Returns when it has died; -errno when it can't be watched. */
static int watch_over(struct nst_arena *arena, pid_t runner)
{
    int pidfd = (int)NST_SYS(PIDFD_OPEN, syscall(SYS_pidfd_open, runner, 0));
    struct pollfd wait[] = {{.fd = LIFELINE, .events = 0},
                            {.fd = TOOL, .events = POLLIN},
                            {.fd = pidfd, .events = POLLIN}};

    if (pidfd < 0)
        return nst_arena_fail(arena, "pidfd_open of the runner");
    while (poll(wait, 3, -1) < 0 || !wait[2].revents)
        if (wait[0].revents || wait[1].revents)
            _exit(0);
    NST_SYS(CLOSE, close(pidfd));
    return 0;
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
    NST_SYS(SELF, sched_setaffinity(0, sizeof(set), &set)); /* only for speed */
}

static int copy_to_low(int fd)
{
    for (int low = KEPT; low < NST_FDS_LOW; low++)
        if (dup2(fd, low) < 0)
            return -1;
    return 0;
}

/* What is opened from here on gets higher numbers than a case's descriptors have, so that a case
 * that counts them (a path below /proc/self/fd that isn't written as one) meets its own. */
static int fill_low(struct nst_arena *arena)
{
    struct rlimit limit;

    if (NST_SYS(SELF, getrlimit(RLIMIT_NOFILE, &limit)) < 0)
        return nst_arena_fail(arena, "getrlimit of RLIMIT_NOFILE");
    limit.rlim_cur = limit.rlim_max;
    if (NST_SYS(SELF, setrlimit(RLIMIT_NOFILE, &limit)) < 0)
        return nst_arena_fail(arena, "setrlimit of RLIMIT_NOFILE");
    return NST_SYS(DUP, copy_to_low(LIFELINE)) < 0 ? nst_arena_fail(arena, "dup2 of the lifeline")
                                                   : 0;
}

/* The first step of all: waits for leave to start, then keeps nothing but what tells of the tool.
 */
static int settle_in(struct nst_arena *arena, int lifeline, int tool)
{
    ssize_t n;
    char byte;

    while ((n = NST_SYS(READ, read(lifeline, &byte, 1))) < 0 && errno == EINTR)
        ;
    if (n != 1)
        _exit(1);
    /* Where the tool's own 0 or 1 are closed, these may be in each other's place. */
    lifeline = NST_SYS(DUP, fcntl(lifeline, F_DUPFD, KEPT));
    tool = NST_SYS(DUP, fcntl(tool, F_DUPFD, KEPT));
    if (lifeline < 0 || tool < 0 || NST_SYS(DUP, dup2(lifeline, LIFELINE)) < 0 ||
        NST_SYS(DUP, dup2(tool, TOOL)) < 0)
        return nst_arena_fail(arena, "dup2 of the lifeline");
    if (NST_SYS(CLOSE_RANGE, syscall(SYS_close_range, KEPT, ~0U, 0)) < 0)
        return nst_arena_fail(arena, "close_range");
    return fill_low(arena);
}

static int become_root(struct nst_arena *arena)
{
    if (arena->privileged ||
        (NST_SYS(IDS, setresgid(0, 0, 0)) == 0 && NST_SYS(IDS, setresuid(0, 0, 0)) == 0))
        return 0;
    return nst_arena_fail(arena, "can't become user 0 of the sandbox");
}

/* Who died in a case owes its answer. */
static int after_runner(struct nst_arena *arena)
{
    if (!atomic_load(&arena->ready)) {
        errno = ECHILD;
        return nst_arena_fail(arena, "the runner died before it stood");
    }
    if (atomic_load(&arena->done) == atomic_load(&arena->taken))
        return 0;
    errno = ECHILD;
    arena->error = nst_arena_fail(arena, "the runner died in a case");
    nst_futex_set(&arena->done, atomic_load(&arena->taken));
    return 0;
}

/* Runners come and go; the watch, whose end waits, stays, and each has it watch its parent. Where
 * there is none that moves, each opens its own. */
static int open_watch(struct nst_arena *arena)
{
    int ns = NST_SYS(OPEN, openat(arena->proc, "self/ns/mnt", O_RDONLY | O_CLOEXEC)), error;

    if (ns < 0)
        return nst_arena_fail(arena, "/proc/self/ns/mnt");
    error = NST_SYS_ERROR(WATCH, nst_watch_open(ns, -1, 0, &arena->inherited));
    NST_SYS(CLOSE, close(ns));
    if (error == -ENOMEM || error == -EMFILE) {
        errno = -error;
        return nst_arena_fail(arena, "can't watch");
    }
    return 0;
}

_Noreturn void nst_init(struct nst_arena *arena, int lifeline, int tool)
{
    int error = settle_in(arena, lifeline, tool);

    stay(arena->cpu);
    NST_SYS(SELF, setsid()); /* a terminal's Ctrl-C is for the tool */
    quiet();
    if (!error)
        error = become_root(arena);
    if (!error)
        error = make_root(arena);
    if (!error)
        error = nst_leftover_begin(arena);
    if (!error)
        error = open_watch(arena);
    /* So that no actor gets at this process through /proc. */
    NST_SYS(SELF, prctl(PR_SET_DUMPABLE, 0));
    while (!error) {
        pid_t runner;

        error = nst_leftover_next_pid(arena, getpid());
        if (error)
            break;
        runner = NST_SYS(FORK, fork());
        if (runner == 0)
            nst_runner(arena);
        error =
            runner < 0 ? nst_arena_fail(arena, "fork of the runner") : watch_over(arena, runner);
        reap();
        if (atomic_load(&arena->ready) == 2)
            _exit(1);
        if (!error)
            error = after_runner(arena);
    }
    if (!atomic_load(&arena->ready)) {
        arena->error = error;
        nst_futex_set(&arena->ready, 2);
    }
    _exit(1);
}
