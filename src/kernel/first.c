/* The first actor. Forking and ending a process costs more than most cases do, so it stays while it
 * can be put back: it was the only one, it is in the user namespace that it began in, and no other
 * namespace than the mount namespace was left for good. */
#include "kernel.h"
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ns-tool/mount_abi.h>

enum { PARENT_FDS = 3 };

/* The runner's. */
static bool stays;      /* actor[0] lives and waits in the parent */
static bool had_stayed; /* it did when this case began */

void nst_first_forget(void)
{
    stays = false;
}

static void end(struct nst_arena *arena)
{
    struct nst_actor *actor = &arena->actor[0];

    stays = false;
    NST_SYS(KILL, kill(atomic_load(&actor->pid), SIGKILL));
    while (!nst_actor_ended(actor, 1000))
        ;
    actor->alive = false;
    NST_SYS(CLOSE, close(actor->pidfd));
    actor->pidfd = -1;
}

void nst_first_end(struct nst_arena *arena)
{
    if (stays)
        end(arena);
}

/* In the initial user namespace this power would open init's and the runner's /proc to an actor. */
static int drop_ptrace(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];

    NST_SYS(SELF, prctl(PR_CAPBSET_DROP, CAP_SYS_PTRACE));
    if (NST_SYS(CAPS, syscall(SYS_capget, &header, data)) < 0)
        return -1;
    data[0].effective &= ~(1U << CAP_SYS_PTRACE);
    data[0].permitted &= ~(1U << CAP_SYS_PTRACE);
    data[0].inheritable &= ~(1U << CAP_SYS_PTRACE);
    return (int)NST_SYS(CAPS, syscall(SYS_capset, &header, data));
}

static void parent_fds(const struct nst_observer *observer, int ret_fd[PARENT_FDS])
{
    ret_fd[0] = observer->mountinfo;
    ret_fd[1] = observer->mounts;
    ret_fd[2] = observer->file;
}

/* Closes all descriptors but those of KEEP, in which -1 is none. */
static int close_others(int *keep, size_t len)
{
    unsigned from = 0;

    for (size_t i = 0; i < len; i++) /* few: sorted by insertion */
        for (size_t j = i; j > 0 && keep[j - 1] > keep[j]; j--) {
            int other = keep[j];

            keep[j] = keep[j - 1];
            keep[j - 1] = other;
        }
    for (size_t i = 0; i < len; i++) {
        if (keep[i] < 0)
            continue;
        if ((unsigned)keep[i] > from &&
            NST_SYS(CLOSE_RANGE, syscall(SYS_close_range, from, keep[i] - 1, 0)) < 0)
            return -1;
        from = (unsigned)keep[i] + 1;
    }
    return (int)NST_SYS(CLOSE_RANGE, syscall(SYS_close_range, from, ~0U, 0));
}

static _Noreturn void be_first(struct nst_arena *arena, struct nst_actor *actor, int channel)
{
    int keep[PARENT_FDS + 4];

    arena->observer->own_mountinfo = arena->observer->own_file = -1;
    parent_fds(arena->observer, keep);
    keep[PARENT_FDS] = arena->proc;
    keep[PARENT_FDS + 1] = arena->observer->channel = channel;
    keep[PARENT_FDS + 2] =
        nst_watch_fd(arena->observer->watch); /* shared: it goes over by itself */
    keep[PARENT_FDS + 3] = arena->kcov;
    if (close_others(keep, PARENT_FDS + 4) < 0 || (arena->privileged && drop_ptrace() < 0))
        nst_actor_trouble(arena, "can't take the runner's powers from an actor");
    signal(SIGCHLD, SIG_IGN); /* an ended actor isn't to stay as a zombie */
    nst_actor_live(arena, actor);
}

static int make(struct nst_arena *arena, struct nst_observer *observer, uint32_t name)
{
    struct nst_actor *actor = nst_actor_take(arena, name);
    int channel[2], error;
    pid_t pid;

    if (NST_SYS(PAIR, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel)) < 0)
        return nst_arena_fail(arena, "socketpair");
    pid = NST_SYS(FORK, fork());
    if (pid == 0)
        be_first(arena, actor, channel[1]);
    error = pid < 0 ? nst_arena_fail(arena, "fork of the first actor") : 0;
    NST_SYS(CLOSE, close(channel[1]));
    if (observer->channel >= 0)
        NST_SYS(CLOSE, close(observer->channel));
    observer->channel = channel[0];
    if (!error)
        error = nst_actor_meet(arena, actor);
    arena->user = actor->user;
    return error;
}

int nst_first_get(struct nst_arena *arena, struct nst_observer *observer)
{
    uint32_t name = arena->len ? arena->call[0].actor : 1;
    int error;

    if (stays && nst_actor_ended(&arena->actor[0], 0)) /* somebody outside killed it */
        nst_first_end(arena);
    had_stayed = stays && !arena->options.setup; /* which would be lost with who performed it */
    error = nst_leftover_next_pid(arena, stays ? atomic_load(&arena->actor[0].pid) : getpid());
    if (error)
        return error;
    if (!stays)
        return make(arena, observer, name);
    if (!name || name > INT32_MAX) /* as nst_actor_take() has it */
        name = 1;
    stays = false;
    arena->actors = 1;
    arena->actor[0].name = name;
    arena->actor[0].mortal = false;
    arena->actor[0].at = SIZE_MAX;
    arena->seen[arena->seen_len++] =
        (struct nst_seen){.ns = observer->ns, .inode = observer->inode};
    return 0;
}

bool nst_first_had_stayed(void)
{
    return had_stayed;
}

int nst_first_replace(struct nst_arena *arena, struct nst_observer *observer)
{
    uint32_t name = arena->actor[0].name;

    had_stayed = false;
    end(arena);
    arena->actors = 0;
    return make(arena, observer, name);
}

/* Whether step I took its actor where it can't come back from. */
static bool goes_away(const struct nst_arena *arena, size_t i)
{
    const struct nst_call *call = &arena->call[i];

    if (arena->step[i].answer.kind != NST_ANSWER_VALUE)
        return false;
    if (call->id == NST_CALL_UNSHARE)
        return call->arg[0].num & ~(uint64_t)(CLONE_NEWNS | CLONE_FS);
    return call->id == NST_CALL_SETNS && call->arg[1].num != CLONE_NEWNS;
}

bool nst_first_leave(struct nst_arena *arena)
{
    struct nst_actor *actor = &arena->actor[0];

    if (arena->options.setup || arena->deadline || arena->actors != 1 || !actor->alive ||
        actor->user != arena->user || nst_leftover_last_pid(arena) < 0)
        return false;
    for (size_t i = 0; i < arena->len; i++)
        if (goes_away(arena, i))
            return false;
    actor->left = false;
    stays = nst_actor_ask(actor, NST_TURN_LEAVE, 1000000000) == 0 && actor->left;
    return stays;
}

void nst_first_let_go(struct nst_arena *arena, struct nst_actor *actor)
{
    for (size_t i = 0; i < actor->fds; i++)
        NST_SYS(CLOSE, close(actor->fd[i].real));
    actor->fds = 0;
    actor->moved = false;
    nst_observer_close_own(arena->observer);
    if (NST_SYS(SETNS, setns(arena->observer->file, CLONE_NEWNS)) < 0)
        return;
    actor->ns = arena->observer->ns;
    actor->left = true;
}

/* The first actor's copies of the parent's descriptors are to be of the new one. */
void nst_first_join(struct nst_arena *arena, struct nst_observer *observer)
{
    struct nst_actor *actor = &arena->actor[0];
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(PARENT_FDS * sizeof(int))];
    } control = {.header = {.cmsg_level = SOL_SOCKET,
                            .cmsg_type = SCM_RIGHTS,
                            .cmsg_len = CMSG_LEN(PARENT_FDS * sizeof(int))}};
    struct iovec byte = {.iov_base = &observer->ns, .iov_len = sizeof(observer->ns)};
    struct msghdr message = {.msg_iov = &byte,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    int fd[PARENT_FDS];

    if (!stays)
        return;
    parent_fds(observer, fd);
    memcpy(CMSG_DATA(&control.header), fd, sizeof(fd));
    actor->left = false;
    if (NST_SYS(SEND, sendmsg(observer->channel, &message, MSG_NOSIGNAL)) < 0 ||
        nst_actor_ask(actor, NST_TURN_JOIN, 1000000000) < 0 || !actor->left)
        nst_first_end(arena);
}

void nst_first_go_over(struct nst_arena *arena, struct nst_actor *actor)
{
    struct nst_observer *observer = arena->observer;
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(PARENT_FDS * sizeof(int))];
    } control;
    struct iovec byte = {.iov_base = &observer->ns, .iov_len = sizeof(observer->ns)};
    struct msghdr message = {.msg_iov = &byte,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    int fd[PARENT_FDS], own[PARENT_FDS];

    if (NST_SYS(READ, recvmsg(observer->channel, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC)) < 0 ||
        message.msg_controllen < CMSG_LEN(sizeof(fd)))
        return;
    memcpy(fd, CMSG_DATA(&control.header), sizeof(fd));
    parent_fds(observer, own);
    for (size_t i = 0; i < PARENT_FDS; i++) {
        if (NST_SYS(DUP, dup3(fd[i], own[i], O_CLOEXEC)) < 0)
            return;
        NST_SYS(CLOSE, close(fd[i]));
    }
    actor->generation = arena->generation;
    nst_first_let_go(arena, actor);
}
