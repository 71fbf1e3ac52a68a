/* The stage: namespaces of its own, in which the parent's tree is shared (as a systemd host's is),
 * so that what leaks shows; and the tool's side of it, which waits and passes signals on. */
#include "check/check.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

const struct nst_check_promise nst_check_promises[NST_CHECK_PROPERTIES] = {
    [NST_CHECK_ISOLATION] = {"isolation",
                             "nothing that the command mounts shows in the parent, not for an "
                             "instant, and nothing stays connected to it",
                             "mount_namespaces(7), SHARED SUBTREES"},
    [NST_CHECK_CLEANUP] = {"cleanup",
                           "no mount, mount point, process or namespace is left when it ended",
                           "mount_namespaces(7); namespaces(7), Namespace lifetime"},
    [NST_CHECK_FLAGS] =
        {"flags",
         "a copy of a mount is as restricted (ro, nosuid, nodev, noexec) as the "
         "mount that it is of",
         "mount(2), MS_BIND; mount_namespaces(7), Restrictions on mount namespaces"},
    [NST_CHECK_PROPAGATION] = {"propagation",
                               "what was asked to propagate does, both ways as asked, and nothing "
                               "else",
                               "mount_namespaces(7), SHARED SUBTREES"}};

double nst_check_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

int nst_expect_kind_parse(const char *text, enum nst_expect_kind *ret_kind, bool *ret_recursive)
{
    static const struct {
        const char *name;
        enum nst_expect_kind kind;
    } kinds[] = {{"private", NST_EXPECT_PRIVATE},
                 {"unbindable", NST_EXPECT_PRIVATE},
                 {"slave", NST_EXPECT_SLAVE},
                 {"shared", NST_EXPECT_SHARED}};

    *ret_recursive = *text == 'r';
    text += *ret_recursive;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(text, kinds[i].name)) {
            *ret_kind = kinds[i].kind;
            return 0;
        }
    return -EINVAL;
}

/* Says in the shared memory what kept the stage from being made, and ends its process. */
static _Noreturn void give_up(struct nst_check *check, int error, const char *what)
{
    check->error = error < 0 ? -error : error;
    snprintf(check->why, sizeof check->why, "%s", what);
    _exit(1);
}

/* The parent's tree: a copy of the host's, with no peer outside. */
static void make_parent(const struct nst_stage *stage)
{
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        give_up(stage->check, errno,
                errno == EINVAL ? "making / private (in a chroot, / must be a mount point: bind it "
                                  "onto itself first)"
                                : "making / private");
    if (!stage->options->no_pid_namespace &&
        mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        give_up(stage->check, errno, "mounting /proc of a pid namespace (--no-pid-namespace)");
    if (mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
        give_up(stage->check, errno, "making / shared");
}

static void open_signals(struct nst_stage *stage, const sigset_t *signals)
{
    stage->signals = signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (stage->signals < 0)
        give_up(stage->check, errno, "signalfd");
}

/* The first process of the stage. */
static _Noreturn void begin_stage(struct nst_stage *stage, const sigset_t *signals)
{
    unsigned flags = stage->options->no_fanotify ? NST_WATCH_NO_FANOTIFY : 0;
    int nsfd, mountinfo, r;
    char byte;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (read(stage->lifeline, &byte, 1) != 1) /* the tool wrote this namespace's maps, or is gone */
        _exit(1);
    if (!stage->options->host)
        make_parent(stage);
    open_signals(stage, signals);
    stage->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    nsfd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    mountinfo = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    if (stage->proc < 0 || nsfd < 0 || mountinfo < 0)
        give_up(stage->check, errno, "opening /proc");
    r = nst_watch_open(nsfd, mountinfo, flags, &stage->watch);
    if (r < 0)
        give_up(stage->check, r, "watching the parent");
    close(nsfd);
    close(mountinfo);
    stage->check->watch = nst_watch_kind(stage->watch);
    r = nst_supervise(stage);
    if (r < 0 && !stage->check->error)
        give_up(stage->check, r, "watching the command");
    /* All is over but the end of the watch, which takes the kernel some 10 ms
     * (fsnotify_destroy_group(), which waits for a reaper of marks): nobody waits for that. */
    send(stage->lifeline, "", 1, MSG_NOSIGNAL);
    _exit(0);
}

static int write_file(pid_t pid, const char *name, const char *text)
{
    char path[64];
    int fd, r = 0;

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        r = -errno;
    if (fd >= 0)
        close(fd);
    return r;
}

/* user_namespaces(7): an unprivileged gid_map needs setgroups denied first. */
static int map_to_root(pid_t pid)
{
    char map[64];
    int r = write_file(pid, "setgroups", "deny");

    if (r < 0 && r != -ENOENT)
        return r;
    snprintf(map, sizeof map, "0 %u 1\n", getegid());
    r = write_file(pid, "gid_map", map);
    if (r < 0)
        return r;
    snprintf(map, sizeof map, "0 %u 1\n", geteuid());
    return write_file(pid, "uid_map", map);
}

/* Which signals go on to the command. */
static void fill_signals(sigset_t *signals)
{
    static const int passed[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM,
                                 SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH};

    sigemptyset(signals);
    for (size_t i = 0; i < sizeof passed / sizeof *passed; i++)
        sigaddset(signals, passed[i]);
    sigaddset(signals, SIGCHLD);
}

/* Waits for the stage's word that all is over, or its death. A terminal's own signals come to the
 * command by themselves, as it is in the same process group. */
static int pass_signals(const struct nst_stage *stage, pid_t pid, const sigset_t *signals)
{
    struct pollfd fd[] = {
        {.fd = stage->lifeline, .events = POLLIN},
        {.fd = signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK), .events = POLLIN}};
    struct signalfd_siginfo info;

    if (fd[1].fd < 0)
        return -errno;
    while (!fd[0].revents) {
        if (poll(fd, 2, -1) < 0 && errno != EINTR)
            break;
        while (read(fd[1].fd, &info, sizeof info) == sizeof info)
            if (info.ssi_signo != SIGCHLD && info.ssi_code != SI_KERNEL)
                kill(pid, (int)info.ssi_signo);
    }
    close(fd[1].fd);
    return 0;
}

/* Begins the first process, in NAMESPACES (CLONE_NEW…) of its own. */
static int begin(struct nst_stage *stage, unsigned long namespaces, const sigset_t *signals,
                 pid_t *ret_pid)
{
    int lifeline[2], r = 0;
    long pid;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, lifeline) < 0)
        return -errno;
    pid = syscall(SYS_clone, namespaces | SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid < 0) {
        r = -errno;
    } else if (!pid) {
        close(lifeline[1]);
        stage->lifeline = lifeline[0];
        begin_stage(stage, signals);
    }
    close(lifeline[0]);
    if (!r && namespaces & CLONE_NEWUSER)
        r = map_to_root((pid_t)pid);
    if (!r && send(lifeline[1], "", 1, MSG_NOSIGNAL) != 1)
        r = -errno;
    if (r < 0) {
        close(lifeline[1]);
        if (pid > 0)
            waitpid((pid_t)pid, NULL, 0);
        return r;
    }
    stage->lifeline = lifeline[1];
    *ret_pid = (pid_t)pid;
    return 0;
}

static int run(struct nst_stage *stage, const sigset_t *signals)
{
    unsigned long namespaces = 0;
    pid_t pid;
    int r;

    if (!stage->options->host)
        namespaces |= CLONE_NEWNS | (stage->options->no_pid_namespace ? 0 : CLONE_NEWPID);
    r = begin(stage, namespaces, signals, &pid);
    if (r == -EPERM && namespaces)
        r = begin(stage, namespaces | CLONE_NEWUSER, signals, &pid);
    if (r < 0)
        return r;
    r = pass_signals(stage, pid, signals);
    if (stage->check->error == EPIPE) /* it died: it is waited for, so that nothing of it is left */
        waitpid(pid, NULL, 0);
    else
        waitpid(pid, NULL, WNOHANG);
    close(stage->lifeline);
    return r;
}

int nst_check_run(const struct nst_check_options *options, struct nst_check **ret_check, char *why)
{
    struct nst_stage stage = {
        .options = options, .listener = -1, .latest = SIZE_MAX, .changing = SIZE_MAX};
    sigset_t signals, before;
    int r;

    *ret_check = NULL;
    stage.check =
        mmap(NULL, sizeof *stage.check, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (stage.check == MAP_FAILED)
        return -ENOMEM;
    stage.check->faulty = SIZE_MAX;
    stage.check->error = EPIPE; /* until the stage says otherwise */
    snprintf(stage.check->why, sizeof stage.check->why, "the stage died");
    fflush(NULL);
    fill_signals(&signals);
    sigprocmask(SIG_BLOCK, &signals, &before);
    r = run(&stage, &signals);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (r < 0)
        snprintf(why, 200, "making namespaces");
    else if (stage.check->error) {
        r = -stage.check->error;
        memcpy(why, stage.check->why, sizeof stage.check->why);
    }
    if (r < 0) {
        nst_check_free(stage.check);
        return r;
    }
    *ret_check = stage.check;
    return 0;
}

void nst_check_free(struct nst_check *check)
{
    if (check)
        munmap(check, sizeof *check);
}
