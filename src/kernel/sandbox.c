/* The tool's side of a sandbox: makes it, hands it cases, ends it.
 *
 * Nothing is made on the host. All that the tool holds is a child process and the write end of a
 * pipe; when the tool dies, however, the child sees the pipe's hangup (or gets its parent death
 * signal first) and exits, and with pid 1 of a pid namespace the kernel kills every process in it.
 */
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct nst_sandbox {
    struct nst_arena *arena;
    pid_t init;
    int pidfd;    /* of init */
    int lifeline; /* write end; closed with the tool */
};

static int write_file(pid_t pid, const char *name, const char *text)
{
    char path[64];
    int fd, error = 0;

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (write(fd, text, strlen(text)) < 0)
        error = -errno;
    close(fd);
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
    unsigned long flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_PARENT | SIGCHLD;
    pid_t pid;

    pid =
        (pid_t)syscall(SYS_clone, flags | (privileged ? 0 : CLONE_NEWUSER), NULL, NULL, NULL, NULL);
    if (pid == 0) {
        close(lifeline[1]);
        nst_init(arena, lifeline[0]);
    }
    if (pid < 0)
        arena->error = nst_arena_fail(arena, "can't make user, pid and mount namespaces");
    atomic_store(&arena->init, pid);
    _exit(0);
}

/* Starts init, which waits until its ids are mapped: for a byte in the pipe, whose end means that
 * the tool died. */
static int start(struct nst_sandbox *sandbox, bool privileged)
{
    struct nst_arena *arena = sandbox->arena;
    int lifeline[2], error = 0;
    pid_t maker;

    if (pipe2(lifeline, O_CLOEXEC) < 0)
        return nst_arena_fail(arena, "pipe");
    maker = fork();
    if (maker == 0)
        make_init(arena, lifeline, privileged);
    if (maker < 0)
        error = nst_arena_fail(arena, "fork");
    while (maker > 0 && waitpid(maker, NULL, 0) < 0 && errno == EINTR)
        ;
    close(lifeline[0]);
    sandbox->lifeline = lifeline[1];
    sandbox->init = atomic_load(&arena->init);
    if (error || sandbox->init <= 0)
        return error ? error : arena->error ? arena->error : -EPIPE;
    sandbox->pidfd = (int)syscall(SYS_pidfd_open, sandbox->init, 0);
    if (sandbox->pidfd < 0)
        return nst_arena_fail(arena, "pidfd_open");
    if (!privileged)
        error = map_ids(arena, sandbox->init, geteuid(), getegid());
    if (!error && write(sandbox->lifeline, "", 1) < 0)
        error = nst_arena_fail(arena, "the sandbox died");
    return error;
}

static bool init_died(const struct nst_sandbox *sandbox)
{
    struct pollfd wait = {.fd = sandbox->pidfd, .events = POLLIN};

    return poll(&wait, 1, 0) > 0;
}

/* Waits for WORD to leave OLD. Returns 0; -EPIPE when the sandbox is dead. */
static int wait_alive(const struct nst_sandbox *sandbox, _Atomic uint32_t *word, uint32_t old)
{
    while (nst_futex_wait(word, old, 50000000) < 0)
        if (init_died(sandbox) && atomic_load(word) == old)
            return -EPIPE;
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
    sandbox->arena = mmap(NULL, NST_ARENA_SIZE, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (sandbox->arena == MAP_FAILED) {
        free(sandbox);
        return -ENOMEM;
    }
    if (options)
        sandbox->arena->options = *options;
    sandbox->arena->cpu = sched_getcpu();
    sandbox->arena->privileged = sandbox->arena->options.privileged;
    error = start(sandbox, sandbox->arena->privileged);
    if (!error)
        error = wait_alive(sandbox, &sandbox->arena->ready, 0);
    if (!error && sandbox->arena->ready == 2)
        error = sandbox->arena->error;
    if (error) {
        if (why)
            snprintf(why, NST_WHY, "%s",
                     *sandbox->arena->why ? sandbox->arena->why : "the sandbox died");
        nst_sandbox_close(sandbox);
        return error;
    }
    *ret_sandbox = sandbox;
    return 0;
}

/* Copies SEQUENCE into the arena, where its strings stay readable to every actor. */
static int put_case(struct nst_arena *arena, const struct nst_sequence *sequence)
{
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
        madvise((char *)arena + most, arena->used - most, MADV_REMOVE);
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
        error = wait_alive(sandbox, &arena->done, before);
    }
    if (!error)
        error = arena->error;
    if (!error)
        error = nst_trace_build(arena, sequence, ret_trace);
    give_back(arena);
    if (error && why)
        snprintf(why, NST_WHY, "%s", *arena->why ? arena->why : strerror(-error));
    return error;
}

void nst_sandbox_close(struct nst_sandbox *sandbox)
{
    if (!sandbox)
        return;
    if (sandbox->lifeline >= 0)
        close(sandbox->lifeline);
    if (sandbox->init > 0) {
        kill(sandbox->init, SIGKILL);
        while (waitpid(sandbox->init, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    if (sandbox->pidfd >= 0)
        close(sandbox->pidfd);
    munmap(sandbox->arena, NST_ARENA_SIZE);
    free(sandbox);
}
