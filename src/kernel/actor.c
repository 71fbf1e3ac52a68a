/* Actors: processes that perform one call at a time when the runner asks, and what they carry:
 * names for descriptors and pids, since the numbers of the sequence are names and the kernel's
 * numbers differ. */
#include "kernel.h"
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct nst_actor *nst_actor_find(struct nst_arena *arena, uint64_t name)
{
    for (size_t i = 0; i < arena->actors; i++)
        if (arena->actor[i].name == name)
            return &arena->actor[i];
    return NULL;
}

struct nst_actor *nst_actor_take(struct nst_arena *arena, uint64_t name)
{
    struct nst_actor *actor;

    if (arena->actors == NST_ACTORS_MAX)
        return NULL;
    if (!name || name > INT32_MAX || nst_actor_find(arena, name)) {
        name = 1;
        for (size_t i = 0; i < arena->actors; i++)
            if (arena->actor[i].name >= name)
                name = (uint64_t)arena->actor[i].name + 1;
    }
    actor = &arena->actor[arena->actors++];
    atomic_store(&actor->turn, 0);
    atomic_store(&actor->ready, 0);
    atomic_store(&actor->pid, 0);
    actor->name = (uint32_t)name;
    actor->pidfd = -1;
    actor->alive = actor->mortal = actor->begins = actor->of_mortal = false;
    atomic_store(&actor->work, NST_WORK_NONE);
    actor->at = SIZE_MAX;
    actor->call = NULL;
    actor->fds = 0;
    actor->generation = arena->generation;
    actor->moved = false;
    return actor;
}

void nst_actor_trouble(struct nst_arena *arena, const char *what)
{
    atomic_store(&arena->trouble, nst_arena_fail(arena, what));
}

static void write_self(struct nst_arena *arena, const char *name, const char *text)
{
    int fd = NST_SYS(OPEN, openat(arena->proc, name, O_WRONLY | O_CLOEXEC));

    if (fd < 0 || NST_SYS(WRITE, write(fd, text, strlen(text))) < 0)
        nst_actor_trouble(arena, "can't map the ids of an actor's user namespace");
    if (fd >= 0)
        NST_SYS(CLOSE, close(fd));
}

/* In a new user namespace: root there is who this was outside. */
void nst_actor_map_ids(struct nst_arena *arena, uint32_t uid, uint32_t gid)
{
    char text[32];

    NST_SYS(SELF, prctl(PR_SET_DUMPABLE, 1));
    snprintf(text, sizeof(text), "0 %u 1", uid);
    write_self(arena, "self/uid_map", text);
    write_self(arena, "self/setgroups", "deny");
    snprintf(text, sizeof(text), "0 %u 1", gid);
    write_self(arena, "self/gid_map", text);
}

/* A setup may wait for children of its own; later ones aren't to stay as zombies. */
static void perform_setup(const struct nst_arena *arena, struct nst_actor *actor)
{
    signal(SIGCHLD, SIG_DFL);
    int r = arena->options.setup(arena->options.setup_ctx);

    signal(SIGCHLD, SIG_IGN);
    actor->answer = r < 0 ? (struct nst_answer){.kind = NST_ANSWER_ERROR, .error = -r, .value = -1}
                          : (struct nst_answer){.kind = NST_ANSWER_VALUE, .value = r};
}

_Noreturn void nst_actor_live(struct nst_arena *arena, struct nst_actor *actor)
{
    char self[16] = "";

    NST_SYS(SELF, prctl(PR_SET_DUMPABLE, 1));
    if (NST_SYS(READLINK, readlinkat(arena->proc, "self", self, sizeof(self) - 1)) < 0) {
        nst_actor_trouble(arena, "an actor can't tell its pid");
        nst_futex_set(&actor->ready, 1);
        _exit(1);
    }
    atomic_store(&actor->pid, (pid_t)atoi(self));
    actor->begins = getpid() == 1;
    nst_kcov_begin(arena);
    nst_futex_set(&actor->ready, 1);
    for (;;) {
        nst_futex_wait(&actor->turn, NST_TURN_WAIT, -1);
        switch ((enum nst_turn)atomic_load(&actor->turn)) {
        case NST_TURN_LOOK:
            nst_snapshot_look(arena, actor->look);
            break;
        case NST_TURN_SETUP:
            perform_setup(arena, actor);
            break;
        case NST_TURN_CONDUCT:
            nst_turn_conduct(arena, actor);
            break;
        case NST_TURN_AT_ONCE:
            nst_at_once_go(arena, actor);
            break;
        case NST_TURN_FORGET:
            nst_observer_close_tables(arena->observer);
            break;
        case NST_TURN_LEAVE:
            nst_first_let_go(arena, actor);
            break;
        case NST_TURN_JOIN:
            nst_first_go_over(arena, actor);
            break;
        default:
            nst_actor_perform(arena, actor);
        }
        nst_futex_set(&actor->turn, NST_TURN_WAIT);
    }
}

/* Who is reaped is gone from /proc as well, with what was mounted there (kernel/exit.c,
 * release_task()): so the next look meets a settled world. And the init of a pid namespace ends
 * only when all in it are reaped (kernel/pid_namespace.c, zap_pid_ns_processes()). */
static void reap(void)
{
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
}

bool nst_actor_ended(const struct nst_actor *actor, int milliseconds)
{
    struct pollfd wait = {.fd = actor->pidfd, .events = POLLIN};
    int64_t end = nst_now() + milliseconds * 1000000LL;

    for (;;) {
        bool ended = poll(&wait, 1, milliseconds ? 1 : 0) > 0;

        reap();
        if (ended || nst_now() >= end)
            return ended;
    }
}

/* Whether somebody ended who was never met. A setup's own children are never met. */
static bool stranger_ended(const struct nst_arena *arena)
{
    siginfo_t info = {0};

    while (!arena->options.setup && waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid) {
        bool known = false;

        for (size_t i = 0; i < arena->actors; i++)
            known |= atomic_load(&arena->actor[i].pid) == info.si_pid;
        if (!known)
            return true;
        waitpid(info.si_pid, NULL, WNOHANG);
        info.si_pid = 0;
    }
    return false;
}

int nst_actor_meet(struct nst_arena *arena, struct nst_actor *actor)
{
    unsigned deadline_ms = nst_arena_deadline_ms(arena);
    int64_t end = nst_now() + (deadline_ms > 500 ? deadline_ms : 500) * 1000000LL;

    while (nst_futex_wait(&actor->ready, 0, 5000000) < 0)
        if (nst_now() > end || stranger_ended(arena)) {
            errno = ECHILD;
            return nst_arena_fail(arena, "an actor didn't start");
        }
    if (atomic_load(&arena->trouble))
        return arena->trouble;
    actor->pidfd = (int)NST_SYS(PIDFD_OPEN, syscall(SYS_pidfd_open, atomic_load(&actor->pid), 0));
    if (actor->pidfd < 0)
        return nst_arena_fail(arena, "pidfd_open of an actor");
    actor->alive = true;
    actor->mortal = arena->options.setup != NULL;
    return nst_snapshot_meet(arena, actor);
}

int nst_actor_ask(struct nst_actor *actor, enum nst_turn turn, int64_t nanoseconds)
{
    int64_t end = nst_now() + nanoseconds;

    /* It may be at an earlier look still, which was not waited for. */
    for (uint32_t now; (now = atomic_load(&actor->turn)) != NST_TURN_WAIT;)
        if (nst_futex_wait(&actor->turn, now, end - nst_now() < 0 ? 0 : end - nst_now()) < 0)
            return -ETIMEDOUT;
    nst_futex_set(&actor->turn, turn);
    return nst_actor_await(actor, turn, nanoseconds);
}

int nst_actor_await(struct nst_actor *actor, enum nst_turn turn, int64_t nanoseconds)
{
    int64_t end = nst_now() + nanoseconds, left, slice = 1000000;

    while ((left = end - nst_now()) > 0) {
        if (nst_futex_wait(&actor->turn, turn, left < slice ? left : slice) == 0)
            return 0;
        if (nst_actor_ended(actor, 0)) {
            if (atomic_load(&actor->turn) == NST_TURN_WAIT)
                return 0; /* it had its turn; that it ended then, is for whoever looks next */
            actor->alive = false;
            return -ECHILD;
        }
        if (slice < 16000000)
            slice *= 2;
    }
    return -ETIMEDOUT;
}

int nst_actor_fd_raise(int fd)
{
    int raised = fd < 0 ? -1 : NST_SYS(DUP, fcntl(fd, F_DUPFD_CLOEXEC, NST_FDS_LOW)), error = errno;

    if (fd >= 0)
        NST_SYS(CLOSE, close(fd));
    errno = error;
    return raised;
}

int nst_actor_fd(const struct nst_actor *actor, uint64_t text)
{
    for (size_t i = 0; i < actor->fds; i++)
        if (actor->fd[i].text == (int)text)
            return actor->fd[i].real;
    return -1;
}

int nst_actor_fd_add(struct nst_actor *actor, int real, const struct nst_result *expect)
{
    int text = 3;

    if (actor->fds == NST_FDS_MAX) {
        close(real);
        return -EMFILE;
    }
    if (expect->kind == NST_SUCCEEDS && expect->value >= 0 && expect->value <= INT32_MAX &&
        nst_actor_fd(actor, (uint64_t)expect->value) < 0)
        text = (int)expect->value;
    else
        while (nst_actor_fd(actor, (uint64_t)text) >= 0)
            text++;
    actor->fd[actor->fds++] = (struct nst_fd_name){.text = text, .real = real};
    return text;
}

void nst_actor_fd_remove(struct nst_actor *actor, uint64_t text)
{
    for (size_t i = 0; i < actor->fds; i++)
        if (actor->fd[i].text == (int)text) {
            actor->fd[i] = actor->fd[--actor->fds];
            return;
        }
}

/* PATH after its first component, if that is NAME or, where NAME is NULL, a decimal number; NULL if
 * not. `//` and `/./` are `/` (path_resolution(7)). */
static const char *component(const char *path, const char *name, uint64_t *ret_number)
{
    const char *start, *end;

    if (*path != '/')
        return NULL;
    while (*path == '/' || (*path == '.' && path[1] == '/'))
        path++;
    start = path;
    end = start + strcspn(start, "/");
    if (name)
        return strlen(name) == (size_t)(end - start) && strncmp(start, name, strlen(name)) == 0
                   ? end
                   : NULL;
    if (start == end || strspn(start, "0123456789") < (size_t)(end - start))
        return NULL;
    *ret_number = strtoull(start, NULL, 10);
    return end;
}

/* NAME has no actor: 0 is no process, and so is nobody's pid the harness's. */
static pid_t pid_of(struct nst_arena *arena, uint64_t name)
{
    struct nst_actor *actor = nst_actor_find(arena, name);

    return actor && actor->alive ? atomic_load(&actor->pid) : 0;
}

const char *nst_actor_path(struct nst_arena *arena, const struct nst_actor *actor, const char *path,
                           char *buffer, size_t size)
{
    const struct nst_actor *whose = actor;
    const char *rest, *after;
    uint64_t number;
    int used;

    /* One that is too long is to stay so, whatever a number becomes. */
    rest = path && strlen(path) < PATH_MAX ? component(path, "proc", NULL) : NULL;
    if (!rest)
        return path;
    if ((after = component(rest, NULL, &number))) {
        whose = nst_actor_find(arena, number);
        used = snprintf(buffer, size, "/proc/%d", (int)pid_of(arena, number));
    } else if ((after = component(rest, "self", NULL)) ||
               (after = component(rest, "thread-self", NULL))) {
        used = snprintf(buffer, size, "/proc/self");
    } else {
        return path;
    }
    rest = after;
    if ((after = component(rest, "fd", NULL)) && (after = component(after, NULL, &number))) {
        used += snprintf(buffer + used, size - (size_t)used, "/fd/%d",
                         whose ? nst_actor_fd(whose, number) : -1);
        rest = after;
    }
    if (strlen(rest) >= size - (size_t)used)
        return path;
    strcpy(buffer + used, rest);
    return buffer;
}
