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
/* How long an end of a sandbox that was killed is waited for. */
#define GIVEN_UP_MS 30000

struct nst_sandbox {
    struct nst_arena *arena;
    pid_t init;
    int pidfd;    /* of init */
    int lifeline; /* the tool's end; closed with it */
    bool program; /* its processes run that of program.c; else they are forks of the tool */
};

static const struct nst_run_options no_options;

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

/* Starts init, which waits until its ids are mapped: for a byte on the lifeline, whose end means
 * that the tool died. */
static int start(struct nst_sandbox *sandbox, const struct nst_program *program)
{
    struct nst_arena *arena = sandbox->arena;
    int lifeline[2], error = 0;
    pid_t maker;

    if (NST_SYS(PAIR, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, lifeline)) < 0)
        return nst_arena_fail(arena, "socketpair");
    maker = NST_SYS(FORK, fork());
    if (maker == 0) {
        NST_SYS(CLOSE, close(lifeline[1]));
        nst_program_begin(program, arena, lifeline[0]);
    }
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
    if (!arena->privileged)
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

/* Far from where programs, their libraries and sanitizers have anything, so that it is free in
 * another program, too. */
static void *next_place(void)
{
    static _Atomic uintptr_t places;

    return (void *)(((uintptr_t)1 << 45) + atomic_fetch_add(&places, 1) % 1024 * NST_ARENA_SIZE);
}

static int make_of(struct nst_sandbox *sandbox, const struct nst_run_options *options, bool forks)
{
    struct nst_program program = {.file = -1, .arena = -1};
    struct nst_arena *arena;
    int error;

    sandbox->lifeline = sandbox->pidfd = sandbox->init = -1;
    if (!forks)
        nst_program_open(&program);
    sandbox->program = program.file >= 0;
    arena = NST_SYS(MMAP, mmap(next_place(), NST_ARENA_SIZE, PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_NORESERVE | (sandbox->program ? 0 : MAP_ANONYMOUS),
                               program.arena, 0));
    sandbox->arena = arena == MAP_FAILED ? NULL : arena;
    if (!sandbox->arena) {
        error = -errno;
        nst_program_close(&program);
        return error;
    }
    arena->options = *options;
    arena->cpu = sched_getcpu();
    arena->privileged = options->privileged;
    error = start(sandbox, &program);
    nst_program_close(&program);
    if (!error)
        error = wait_alive(sandbox, &arena->ready, 0, GRACE_MS);
    return !error && arena->ready == 2 ? arena->error : error;
}

/* Ends all of SANDBOX but itself. Doing so again is harmless.
 *
 * A process that hangs in the kernel can't be killed (6.18, fanotify_mark() of a namespace that
 * went, once in 830,000 cases): it is given up then, and what it maps stays mapped. */
static void unmake(struct nst_sandbox *sandbox)
{
    struct pollfd end = {.fd = sandbox->pidfd, .events = POLLIN};
    bool ended = true;

    if (sandbox->lifeline >= 0)
        NST_SYS(CLOSE, close(sandbox->lifeline));
    if (sandbox->init > 0) {
        NST_SYS(KILL, kill(sandbox->init, SIGKILL));
        ended = end.fd < 0 || NST_SYS(POLL, poll(&end, 1, GIVEN_UP_MS)) != 0;
        while (ended && NST_SYS(WAIT, waitpid(sandbox->init, NULL, 0)) < 0 && errno == EINTR)
            ;
    }
    if (sandbox->pidfd >= 0)
        NST_SYS(CLOSE, close(sandbox->pidfd));
    if (sandbox->arena && ended)
        NST_SYS(MUNMAP, munmap(sandbox->arena, NST_ARENA_SIZE));
    sandbox->arena = NULL;
    sandbox->lifeline = sandbox->pidfd = sandbox->init = -1;
}

/* Makes all of SANDBOX. Code under test is the tool's, so its sandbox is, too. */
static int make(struct nst_sandbox *sandbox, const struct nst_run_options *options)
{
    int error = make_of(sandbox, options, options->setup != NULL);

    if (error != -EPIPE || !sandbox->program || sandbox->init > 0)
        return error;
    /* The program didn't get as far as to make init: a place of the arena may not be free there. */
    unmake(sandbox);
    return make_of(sandbox, options, true);
}

/* Why it couldn't be made, or gave no answer. */
static void tell(const struct nst_sandbox *sandbox, int error, const char *died, char *why)
{
    if (!why)
        return;
    if (!sandbox->arena)
        snprintf(why, NST_WHY, "mmap of the arena: %s", strerror(-error));
    else if (*sandbox->arena->why)
        snprintf(why, NST_WHY, "%s", sandbox->arena->why);
    else
        snprintf(why, NST_WHY, "%s", error == -EPIPE ? died : strerror(-error));
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
    error = make(sandbox, options ? options : &no_options);
    if (error) {
        tell(sandbox, error, "the sandbox died while it was made", why);
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
    if (arena->kcov >= 0)
        memset((void *)arena->kernel_edge, 0, sizeof(arena->kernel_edge));
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

/* Has CASE's answer awaited. */
static int perform(struct nst_sandbox *sandbox, const struct nst_sequence *sequence)
{
    struct nst_arena *arena = sandbox->arena;
    int error = put_case(arena, sequence);
    uint32_t before = arena->done;

    if (error)
        return error;
    nst_futex_set(&arena->request, before + 1);
    error = wait_alive(sandbox, &arena->done, before, longest_ms(arena));
    return error ? error : arena->error;
}

/* In a sandbox that runs the program no code under test is: it is made anew, of forks. If that
 * fails there is none afterwards. */
static int remake_for_setup(struct nst_sandbox *sandbox, const struct nst_run_options *options,
                            char *why)
{
    struct nst_run_options forks = *options;
    int error;

    forks.privileged = sandbox->arena->privileged;
    unmake(sandbox);
    error = make(sandbox, &forks);
    if (error) {
        tell(sandbox, error, "the sandbox died while it was made for code under test", why);
        unmake(sandbox);
    }
    return error;
}

int nst_run_as_is(struct nst_sandbox *sandbox, const struct nst_sequence *sequence,
                  const struct nst_run_options *options, struct nst_trace *ret_trace, char *why)
{
    int error = 0;

    memset(ret_trace, 0, sizeof(*ret_trace));
    if (!sandbox->arena) {
        if (why)
            snprintf(why, NST_WHY, "the sandbox is gone: it couldn't be made for code under test");
        return -EPIPE;
    }
    if (options->setup && sandbox->program)
        error = remake_for_setup(sandbox, options, why);
    if (error)
        return error;
    *sandbox->arena->why = '\0';
    sandbox->arena->options = *options;
    error = perform(sandbox, sequence);
    if (!error)
        error = nst_trace_build(sandbox->arena, sequence, ret_trace);
    give_back(sandbox->arena);
    if (error)
        tell(sandbox, error, "the sandbox died in a case", why);
    return error;
}

int nst_run(struct nst_sandbox *sandbox, const struct nst_sequence *sequence,
            const struct nst_run_options *options, struct nst_trace *ret_trace, char *why)
{
    nst_lacks lacks = 0;
    int error = 0;

    memset(ret_trace, 0, sizeof(*ret_trace));
    if (!options)
        options = &no_options;
    if (!options->setup) /* what is done behind one is held against no model */
        error = nst_kernel_lacks(sandbox, &lacks, why);
    if (!error)
        error = nst_run_as_is(sandbox, sequence, options, ret_trace, why);
    ret_trace->lacks = lacks;
    return error;
}

void nst_sandbox_close(struct nst_sandbox *sandbox)
{
    if (sandbox)
        unmake(sandbox);
    free(sandbox);
}
