/* The first process of the stage: starts the command, waits for its calls, for mounts that show and
 * for what ends, and at last looks at what is left. */
#include "check/check.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* What ends by itself gets so long, in milliseconds, once the command has ended. */
#define GRACE 400

int nst_check_grow(void *array, size_t len, size_t *cap, size_t size)
{
    void **at = array, *grown;
    size_t more = *cap ? 2 * *cap : 16;

    if (len < *cap)
        return 0;
    grown = reallocarray(*at, more, size);
    if (!grown)
        return -ENOMEM;
    *at = grown;
    *cap = more;
    return 0;
}

struct nst_check_finding *nst_check_add(struct nst_stage *stage, enum nst_check_property property,
                                        size_t call, const char *path, const char *format, ...)
{
    struct nst_check *check = stage->check;
    struct nst_check_finding *finding;
    va_list args;

    if (check->findings == NST_CHECK_FINDINGS_MAX) {
        check->more++;
        return NULL;
    }
    finding = &check->finding[check->findings++];
    *finding =
        (struct nst_check_finding){.property = property, .milliseconds = -1, .call_at = call};
    snprintf(finding->path, sizeof finding->path, "%s", path ? path : "");
    va_start(args, format);
    vsnprintf(finding->text, sizeof finding->text, format, args);
    va_end(args);
    if (call < check->calls && call < NST_CHECK_CALLS_MAX) {
        const struct nst_check_call *made = &check->call[call];

        finding->pid = made->pid; /* its texts are shorter than a finding's */
        memcpy(finding->process, made->process, sizeof made->process);
        memcpy(finding->call, made->text, sizeof made->text);
    }
    return finding;
}

static int send_fd(int channel, int fd)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {.header = {.cmsg_level = SOL_SOCKET,
                            .cmsg_type = SCM_RIGHTS,
                            .cmsg_len = CMSG_LEN(sizeof(int))}};
    struct iovec part = {.iov_base = &fd, .iov_len = sizeof fd};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    if (fd >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    }
    return sendmsg(channel, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* The listener, or the -errno that came instead of it. */
static int receive_fd(int channel)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    int fd = -EPIPE;
    struct iovec part = {.iov_base = &fd, .iov_len = sizeof fd};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};

    if (recvmsg(channel, &message, MSG_CMSG_CLOEXEC) != sizeof fd)
        return -EPIPE;
    if (message.msg_controllen >= CMSG_LEN(sizeof fd))
        memcpy(&fd, CMSG_DATA(&control.header), sizeof fd);
    return fd;
}

/* The file that execvp(3) comes to, looked for before calls are held: it tries each directory of
 * PATH, and each execve(2) waits, failing or not. NULL: it is execvp()'s to say. */
static const char *find_program(const char *name, char path[PATH_MAX])
{
    const char *entry = strchr(name, '/') ? NULL : getenv("PATH");

    while (entry && *entry && *entry != ':') { /* an empty one is the working directory */
        size_t len = strcspn(entry, ":");

        if (snprintf(path, PATH_MAX, "%.*s/%s", (int)len, entry, name) < PATH_MAX &&
            access(path, X_OK) == 0)
            return path;
        entry += len + (entry[len] == ':');
    }
    return NULL;
}

/* The command's process, up to its execve(2), whose failure it tells by a byte on FAILED. It waits
 * for a word on CHANNEL before: the parent has been looked at. */
static _Noreturn void be_command(const struct nst_stage *stage, int channel, int failed)
{
    const struct nst_check_options *options = stage->options;
    char path[PATH_MAX], word;
    const char *program = find_program(options->argv[0], path);
    sigset_t none;
    int error;

    if (options->silent) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);

        for (int fd = 0; fd < 3; fd++)
            dup2(null, fd);
    } else if (options->out_to_err) {
        dup2(STDERR_FILENO, STDOUT_FILENO);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (!options->host && send_fd(channel, nst_filter_install()) < 0)
        _exit(127);
    if (read(channel, &word, 1) != 1)
        _exit(126);
    close(channel);
    if (program)
        execv(program, options->argv);
    execvp(options->argv[0], options->argv); /* a script without an interpreter's name, too */
    error = errno;
    if (write(failed, &error, sizeof error) < 0)
        _exit(126);
    _exit(127);
}

static int look_at_first(struct nst_stage *stage)
{
    int r = nst_look_read(&stage->before);

    for (size_t i = 0; r >= 0 && i < stage->before.len; i++)
        r = nst_table_add(&stage->last, &stage->before.mount[i]);
    stage->check->mounts = stage->before.len;
    stage->parent = nst_look_ns(stage, getpid());
    return r;
}

static int start(struct nst_stage *stage, int *ret_failed)
{
    int channel[2], failed[2], r;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0 ||
        pipe2(failed, O_CLOEXEC) < 0)
        return -errno;
    stage->command = fork();
    if (stage->command < 0)
        return -errno;
    if (!stage->command) {
        close(channel[0]);
        be_command(stage, channel[1], failed[1]);
    }
    close(channel[1]);
    close(failed[1]);
    *ret_failed = failed[0];
    stage->listener = stage->options->host ? -EOPNOTSUPP : receive_fd(channel[0]);
    stage->check->unheld = stage->listener < 0;
    r = look_at_first(stage);
    stage->begun = nst_check_now();
    if (r >= 0 && send(channel[0], "", 1, MSG_NOSIGNAL) != 1)
        r = -errno;
    close(channel[0]);
    return r;
}

/* Processes that ended; orphans come to this one. */
static void reap(struct nst_stage *stage)
{
    pid_t pid;
    int status;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (pid == stage->command) {
            stage->command_ended = true;
            stage->check->status = status;
        }
}

static void take_signals(struct nst_stage *stage)
{
    struct signalfd_siginfo info;

    while (read(stage->signals, &info, sizeof info) == sizeof info)
        if (info.ssi_signo == SIGCHLD)
            reap(stage);
        else if (!stage->command_ended && info.ssi_code != SI_KERNEL)
            kill(stage->command, (int)info.ssi_signo);
}

/* How long to wait, in milliseconds; 0: no longer. */
static int time_left(struct nst_stage *stage, double *grace)
{
    const struct nst_check_options *options = stage->options;
    double now = nst_check_now(), end = stage->begun + options->timeout_ms;

    if (stage->command_ended) {
        if (*grace < 0)
            *grace = now + GRACE;
        return !options->host && now < *grace && nst_left_any(stage) ? (int)(*grace - now) + 1 : 0;
    }
    if (options->timeout_ms && now >= end) {
        stage->check->timed_out = true;
        kill(stage->command, SIGKILL);
        return 1000;
    }
    return options->timeout_ms ? (int)(end - now) + 1 : 60000;
}

static int wait_for_all(struct nst_stage *stage)
{
    double grace = -1;
    int wait;

    while ((wait = time_left(stage, &grace)) > 0) {
        struct pollfd fd[] = {
            {.fd = stage->listener, .events = POLLIN},
            {.fd = nst_watch_fd(stage->watch),
             .events = nst_watch_kind(stage->watch) == NST_WATCH_FANOTIFY ? POLLIN : POLLPRI},
            {.fd = stage->signals, .events = POLLIN},
            {.fd = stage->lifeline, .events = POLLIN}};
        int r = 0;

        if (poll(fd, sizeof fd / sizeof *fd, wait) < 0 && errno != EINTR)
            return -errno;
        if (fd[3].revents) { /* the tool is gone */
            nst_left_kill(stage);
            _exit(1);
        }
        if (fd[1].revents)
            r = nst_look(stage);
        if (r >= 0 && fd[0].revents & POLLIN)
            r = nst_trap_take(stage);
        else if (fd[0].revents) { /* nobody is left whom the filter holds */
            close(stage->listener);
            stage->listener = -1;
        }
        if (fd[2].revents)
            take_signals(stage);
        if (r < 0)
            return r;
    }
    return nst_look(stage);
}

/* Ends what is left, and takes the calls of the dying. */
static void end_all(struct nst_stage *stage)
{
    if (stage->options->host)
        return;
    for (int i = 0; i < 500 && nst_left_any(stage); i++) {
        struct pollfd fd = {.fd = stage->signals, .events = POLLIN};

        nst_left_kill(stage);
        poll(&fd, 1, 10);
        take_signals(stage);
    }
}

int nst_supervise(struct nst_stage *stage)
{
    struct nst_check *check = stage->check;
    int failed = -1, error = 0, r = start(stage, &failed);

    if (r >= 0)
        r = wait_for_all(stage);
    check->seconds = (nst_check_now() - stage->begun) / 1e3;
    if (r < 0) {
        end_all(stage);
        return r;
    }
    if (read(failed, &error, sizeof error) == sizeof error) {
        check->error = error;
        snprintf(check->why, sizeof check->why, "running %.180s", stage->options->argv[0]);
        return 0;
    }
    nst_left_processes(stage);
    end_all(stage);
    r = nst_look(stage);
    nst_left_mounts(stage);
    nst_left_spots(stage);
    nst_judge_inside(stage);
    if (r >= 0)
        check->error = 0;
    return r;
}
