/* The tool's side of a sandbox: makes it, hands it cases, ends it.
 *
 * Nothing is made on the host. All that the tool holds is a child process and one end of a socket
 * pair; when the tool dies, however, the child sees the hangup or that its parent's process ended
 * (a parent death signal would come of its thread's end, too: prctl(2)) and exits, and with pid 1
 * of a pid namespace the kernel kills every process in it.
 */
#include "kernel.h"
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define GRACE_MS 60000

struct nst_sandbox {
    struct nst_arena *arena;
    pid_t init;
    int pidfd;    /* of init */
    int lifeline; /* the tool's end; closed with it */
};

static int write_file(pid_t pid, const char *name, const char *text)
{
    char path[64];
    int fd, error = 0;

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    fd = NST_SYS(OPEN, open(path, O_WRONLY | O_CLOEXEC));
    if (fd < 0)
        return -errno;
    if (NST_SYS(WRITE, write(fd, text, strlen(text))) < 0)
        error = -errno;
    NST_SYS(CLOSE, close(fd));
    return error;
}

static int map_ids(struct nst_arena *arena, pid_t pid, uid_t uid, gid_t gid)
{
    char text[32];
    int error;

    snprintf(text, sizeof(text), "0 %u 1", uid);
    error = write_file(pid, "uid_map", text);
    if (!error)
        error = write_file(pid, "setgroups", "deny");
    if (!error) {
        snprintf(text, sizeof(text), "0 %u 1", gid);
        error = write_file(pid, "gid_map", text);
    }
    if (error) {
        errno = -error;
        nst_arena_fail(arena, "can't map user 0 of a user namespace");
    }
    return error;
}

/* In a forked child: makes init a child of the tool, then is done. Between fork() and here the C
 * library has put its locks right, which a bare clone from a process with threads would not, and
 * init uses memory. */
static _Noreturn void make_init(struct nst_arena *arena, const int lifeline[2], bool privileged)
{
    unsigned long flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_PARENT | CLONE_PARENT_SETTID | SIGCHLD;
    /* Of one that died already it may be another's: then no byte comes on the lifeline. */
    int tool = (int)NST_SYS(PIDFD_OPEN, syscall(SYS_pidfd_open, getppid(), 0));
    long pid;

    if (tool < 0) {
        arena->error = nst_arena_fail(arena, "pidfd_open of the tool");
        _exit(1);
    }

    if (!privileged)
        flags |= CLONE_NEWUSER;
    /* The kernel itself notes its pid, so that it is known whatever becomes of this process. */
    pid = NST_SYS(CLONE, syscall(SYS_clone, flags, NULL, &arena->init, NULL, NULL));
    if (pid == 0) {
        NST_SYS(CLOSE, close(lifeline[1]));
        nst_init(arena, lifeline[0], tool);
    }
    if (pid < 0)
        arena->error = nst_arena_fail(arena, "can't make user, pid and mount namespaces");
    _exit(0);
}

/* Starts init, which waits until its ids are mapped: for a byte on the lifeline, whose end means
 * that the tool died. */
static int start(struct nst_sandbox *sandbox, bool privileged)
{
    struct nst_arena *arena = sandbox->arena;
    int lifeline[2], error = 0;
    pid_t maker;

    if (NST_SYS(PAIR, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, lifeline)) < 0)
        return nst_arena_fail(arena, "socketpair");
    maker = NST_SYS(FORK, fork());
    if (maker == 0)
        make_init(arena, lifeline, privileged);
    if (maker < 0)
        error = nst_arena_fail(arena, "fork");
    while (maker > 0 && NST_SYS(WAIT, waitpid(maker, NULL, 0)) < 0 && errno == EINTR)
        ;
    NST_SYS(CLOSE, close(lifeline[0]));
    sandbox->lifeline = lifeline[1];
    sandbox->init = atomic_load(&arena->init);
    if (error || sandbox->init <= 0)
        return error ? error : arena->error ? arena->error : -EPIPE;
    sandbox->pidfd = (int)NST_SYS(PIDFD_OPEN, syscall(SYS_pidfd_open, sandbox->init, 0));
    if (sandbox->pidfd < 0)
        return nst_arena_fail(arena, "pidfd_open");
    if (!privileged)
        error = map_ids(arena, sandbox->init, geteuid(), getegid());
    /* To an init that died no signal: the tool's SIGPIPE is its own. */
    if (!error && NST_SYS(SEND, send(sandbox->lifeline, "", 1, MSG_NOSIGNAL)) < 0)
        error = nst_arena_fail(arena, "can't let the sandbox start");
    return error;
}

static bool init_died(const struct nst_sandbox *sandbox)
{
    struct pollfd wait = {.fd = sandbox->pidfd, .events = POLLIN};

    return poll(&wait, 1, 0) > 0;
}

/* Waits for WORD to leave OLD. Returns 0; -EPIPE when the sandbox is dead. Beyond MILLISECONDS,
 * which no case takes that its own deadlines end, it is. */
static int wait_alive(const struct nst_sandbox *sandbox, _Atomic uint32_t *word, uint32_t old,
                      uint64_t milliseconds)
{
    int64_t end = nst_now() + (int64_t)milliseconds * 1000000, slice = 1000000;

    while (nst_futex_wait(word, old, slice) < 0) {
        if (slice < 50000000)
            slice *= 2;
        if (init_died(sandbox) && atomic_load(word) == old)
            return -EPIPE;
        if (nst_now() > end) {
            kill(sandbox->init, SIGKILL);
            snprintf(sandbox->arena->why, NST_WHY, "the sandbox gave no answer and was ended");
            return -EPIPE;
        }
    }
    return 0;
}

int nst_sandbox_open(const struct nst_run_options *options, struct nst_sandbox **ret_sandbox,
                     char *why)
{
    struct nst_sandbox *sandbox = calloc(1, sizeof(*sandbox));
    int error;

    *ret_sandbox = NULL;
    if (why)
        *why = '\0';
    if (!sandbox)
        return -ENOMEM;
    sandbox->lifeline = sandbox->pidfd = -1;
    sandbox->init = -1;
    sandbox->arena = NST_SYS(MMAP, mmap(NULL, NST_ARENA_SIZE, PROT_READ | PROT_WRITE,
                                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    if (sandbox->arena == MAP_FAILED) {
        error = -errno;
        if (why)
            snprintf(why, NST_WHY, "mmap: %s", strerror(-error));
        free(sandbox);
        return error;
    }
    if (options)
        sandbox->arena->options = *options;
    sandbox->arena->cpu = sched_getcpu();
    sandbox->arena->privileged = sandbox->arena->options.privileged;
    error = start(sandbox, sandbox->arena->privileged);
    if (!error)
        error = wait_alive(sandbox, &sandbox->arena->ready, 0, GRACE_MS);
    if (!error && sandbox->arena->ready == 2)
        error = sandbox->arena->error;
    if (error) {
        if (why)
            snprintf(why, NST_WHY, "%s",
                     *sandbox->arena->why ? sandbox->arena->why
                                          : "the sandbox died while it was made");
        nst_sandbox_close(sandbox);
        return error;
    }
    *ret_sandbox = sandbox;
    return 0;
}

/* Copies SEQUENCE into the arena, where its strings stay readable to every actor. */
static int put_case(struct nst_arena *arena, const struct nst_sequence *sequence)
{
    arena->full = false;
    arena->used = (sizeof(*arena) + 15) & ~(size_t)15;
    arena->len = sequence->len;
    arena->call = nst_arena_take(arena, sequence->len * sizeof(*arena->call));
    arena->step = nst_arena_take(arena, sequence->len * sizeof(*arena->step));
    if (!arena->call || !arena->step)
        return -E2BIG;
    if (!sequence->len)
        return 0;
    memcpy(arena->call, sequence->call, sequence->len * sizeof(*arena->call));
    memset(arena->step, 0, sequence->len * sizeof(*arena->step));
    for (size_t i = 0; i < sequence->len; i++)
        for (size_t j = 0; j < NST_ARGS_MAX; j++) {
            struct nst_arg *arg = &arena->call[i].arg[j];
            size_t size;
            char *copy;

            if (!arg->str)
                continue;
            size = strlen(arg->str) + 1;
            copy = nst_arena_take(arena, size);
            if (!copy)
                return -E2BIG;
            arg->str = memcpy(copy, arg->str, size);
        }
    return 0;
}

/* After an unusually big case: its pages go, so that memory is flat over many cases. */
static void give_back(struct nst_arena *arena)
{
    size_t most = (size_t)16 << 20;

    if (arena->used > most)
        NST_SYS(MMAP, madvise((char *)arena + most, arena->used - most, MADV_REMOVE));
}

/* What its calls may take, and what ending them may. */
static uint64_t longest_ms(const struct nst_arena *arena)
{
    return GRACE_MS + (arena->len + 1) * (uint64_t)nst_arena_deadline_ms(arena);
}

int nst_run(struct nst_sandbox *sandbox, const struct nst_sequence *sequence,
            const struct nst_run_options *options, struct nst_trace *ret_trace, char *why)
{
    static const struct nst_run_options none;
    struct nst_arena *arena = sandbox->arena;
    int error;

    memset(ret_trace, 0, sizeof(*ret_trace));
    *arena->why = '\0';
    arena->options = options ? *options : none;
    error = put_case(arena, sequence);
    if (!error) {
        uint32_t before = arena->done;

        nst_futex_set(&arena->request, before + 1);
        error = wait_alive(sandbox, &arena->done, before, longest_ms(arena));
    }
    if (!error)
        error = arena->error;
    if (!error)
        error = nst_trace_build(arena, sequence, ret_trace);
    give_back(arena);
    if (error && why)
        snprintf(why, NST_WHY, "%s",
                 *arena->why       ? arena->why
                 : error == -EPIPE ? "the sandbox died in a case"
                                   : strerror(-error));
    return error;
}

void nst_sandbox_close(struct nst_sandbox *sandbox)
{
    if (!sandbox)
        return;
    if (sandbox->lifeline >= 0)
        NST_SYS(CLOSE, close(sandbox->lifeline));
    if (sandbox->init > 0) {
        NST_SYS(KILL, kill(sandbox->init, SIGKILL));
        while (NST_SYS(WAIT, waitpid(sandbox->init, NULL, 0)) < 0 && errno == EINTR)
            ;
    }
    if (sandbox->pidfd >= 0)
        NST_SYS(CLOSE, close(sandbox->pidfd));
    NST_SYS(MUNMAP, munmap(sandbox->arena, NST_ARENA_SIZE));
    free(sandbox);
}
