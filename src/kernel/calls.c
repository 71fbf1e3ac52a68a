/* One function a call: asks the kernel itself, since the C library's functions may not be handed
 * NULL, with the sequence's names for descriptors and actors as the kernel numbers them. Those that
 * mount are in calls_mount.c. */
#include "calls.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <linux/sched.h> /* after sched.h: struct clone_args */

#define NEW_MASK                                                                                   \
    (0x00000080ULL /* NEWTIME */ | CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |   \
     CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

static long run_unshare(struct context *c)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();
    long result;

    nst_observer_close_own(c->arena->observer); /* a namespace that is left isn't to live by that */
    result = syscall(SYS_unshare, num(c, 0));
    if (result == 0 && num(c, 0) & CLONE_NEWUSER)
        nst_actor_map_ids(c->arena, uid, gid);
    return result;
}

static long run_setns(struct context *c)
{
    long result;
    int saved;

    nst_observer_close_own(c->arena->observer);
    result = syscall(SYS_setns, fd(c, 0), num(c, 1));
    saved = errno;
    prctl(PR_SET_DUMPABLE, 1); /* new credentials may have cleared it; the runner reads /proc */
    errno = saved;
    return result;
}

static struct nst_actor *take(struct context *c)
{
    bool named = c->call->expect.kind == NST_SUCCEEDS;

    return nst_actor_take(c->arena, named ? (uint64_t)c->call->expect.value : 0);
}

/* Makes an actor. Of FLAGS those for new namespaces and CLONE_FS are the kernel's to judge; what
 * would share memory or descriptors is left out, as an actor is always a process. */
static long spawn(struct context *c, uint64_t flags, bool clone3)
{
    bool at_once = atomic_load(&c->actor->work) != NST_WORK_NONE;
    struct nst_actor *actor = at_once ? c->arena->step[c->call - c->arena->call].makes : take(c);
    uid_t uid = geteuid();
    gid_t gid = getegid();
    long pid;

    if (!actor)
        return refuse(EAGAIN);
    actor->generation = c->actor->generation;
    actor->moved = c->actor->moved;
    actor->of_mortal = c->actor->mortal || c->actor->begins;
    actor->fds = c->actor->fds;
    memcpy(actor->fd, c->actor->fd, sizeof(actor->fd));
    if (at_once) {
        atomic_store(&actor->turn, NST_TURN_AT_ONCE);
        atomic_store(&actor->work, NST_WORK_MADE);
    }
    flags &= NEW_MASK | CLONE_FS;
    /* A child of the runner, who reaps it; the init of a pid namespace may make only its own
     * (clone(2), CLONE_PARENT). */
    if (getpid() != 1)
        flags |= CLONE_PARENT;
    if (clone3) {
        struct clone_args args = {.flags = flags,
                                  .exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD};

        pid = syscall(SYS_clone3, &args, sizeof(args));
    } else {
        pid = syscall(SYS_clone, (flags & ~0xffULL) | SIGCHLD, NULL, NULL, NULL, NULL);
    }
    if (pid == 0) {
        nst_observer_close_own(c->arena->observer);
        if (flags & CLONE_NEWUSER)
            nst_actor_map_ids(c->arena, uid, gid);
        nst_actor_live(c->arena, actor);
    }
    if (pid < 0) {
        if (at_once)
            atomic_store(&actor->work, NST_WORK_NONE);
        else
            c->arena->actors--;
        return pid;
    }
    return actor->name;
}

static long run_clone(struct context *c)
{
    return spawn(c, num(c, 0), false);
}

static long run_clone3(struct context *c)
{
    return spawn(c, num(c, 0), true);
}

static long run_fork(struct context *c)
{
    return spawn(c, 0, false);
}

static long run_exit_group(struct context *c)
{
    _exit((int)num(c, 0));
}

static uint64_t pid_ns(const struct context *c, pid_t pid)
{
    struct stat status;
    char name[48];

    snprintf(name, sizeof(name), "%d/ns/pid", (int)pid);
    return fstatat(c->arena->proc, name, &status, 0) < 0 ? 0 : status.st_ino;
}

/* Only actors are killed: whoever else has that number is none of the sequence's business. */
static long run_kill(struct context *c)
{
    struct nst_actor *target = nst_actor_find(c->arena, num(c, 0));
    int pidfd, saved;
    long result;

    if (!target || !target->alive)
        return refuse(ESRCH);
    if (target == c->actor)
        return kill(getpid(), (int)num(c, 1));
    /* By pidfd, as the number may differ in this actor's pid namespace; only from the sandbox's own
     * can it be had. */
    if (pid_ns(c, atomic_load(&c->actor->pid)) != pid_ns(c, 1) &&
        pid_ns(c, atomic_load(&c->actor->pid)) != pid_ns(c, atomic_load(&target->pid)))
        return refuse(ESRCH);
    pidfd = openat(c->arena->proc, ".", O_RDONLY | O_CLOEXEC);
    if (pidfd >= 0) {
        char name[16];
        int process;

        snprintf(name, sizeof(name), "%d", (int)atomic_load(&target->pid));
        process = openat(pidfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        close(pidfd);
        pidfd = process;
    }
    if (pidfd < 0)
        return refuse(ESRCH);
    result = syscall(SYS_pidfd_send_signal, pidfd, (int)num(c, 1), NULL, 0);
    saved = errno;
    close(pidfd);
    errno = saved;
    return result;
}

static long run_mkdir(struct context *c)
{
    return syscall(SYS_mkdirat, AT_FDCWD, path(c, 0), (mode_t)num(c, 1));
}

static long run_mkdirat(struct context *c)
{
    return syscall(SYS_mkdirat, fd(c, 0), path(c, 1), (mode_t)num(c, 2));
}

static long run_rmdir(struct context *c)
{
    return syscall(SYS_unlinkat, AT_FDCWD, path(c, 0), AT_REMOVEDIR);
}

static long run_unlink(struct context *c)
{
    return syscall(SYS_unlinkat, AT_FDCWD, path(c, 0), 0);
}

static long run_unlinkat(struct context *c)
{
    return syscall(SYS_unlinkat, fd(c, 0), path(c, 1), (int)num(c, 2));
}

static long run_symlink(struct context *c)
{
    return syscall(SYS_symlinkat, str(c, 0), AT_FDCWD, path(c, 1));
}

static long run_rename(struct context *c)
{
    return syscall(SYS_renameat2, AT_FDCWD, path(c, 0), AT_FDCWD, path(c, 1), 0);
}

static long run_renameat2(struct context *c)
{
    return syscall(SYS_renameat2, fd(c, 0), path(c, 1), fd(c, 2), path(c, 3),
                   (unsigned int)num(c, 4));
}

/* Opens FD anew, which is there, to be truncated if it may be. */
static long open_again(struct context *c, long file, int flags)
{
    char name[32];
    int error;
    long again;

    snprintf(name, sizeof(name), "self/fd/%ld", file);
    again = openat(c->arena->proc, name, flags & ~(O_CREAT | O_EXCL | O_NOFOLLOW));
    error = errno;
    close((int)file);
    errno = error;
    return again;
}

/* The programs and libraries that an actor runs are the host's files, to which magic links below
 * /proc lead. No sequence writes, so all regular files that are its own are empty; others aren't
 * opened to be written, and nothing is truncated before it is known to be its own. */
static long open_own(struct context *c, int at, const char *name, uint64_t number, mode_t mode)
{
    int flags = (int)number | O_CLOEXEC | O_NONBLOCK;
    bool writes = (flags & O_ACCMODE) != O_RDONLY || flags & O_TRUNC;
    struct stat status;
    long file = syscall(SYS_openat, at, name, flags & ~O_TRUNC, mode);

    if (file < 0 || !writes || flags & O_PATH)
        return named(c, file);
    if (fstat((int)file, &status) < 0 || (S_ISREG(status.st_mode) && status.st_size > 0)) {
        close((int)file);
        return refuse(EPERM);
    }
    if (flags & O_TRUNC && (flags & O_TMPFILE) != O_TMPFILE)
        file = open_again(c, file, flags);
    return named(c, file);
}

static long run_open(struct context *c)
{
    return open_own(c, AT_FDCWD, path(c, 0), num(c, 1), (mode_t)num(c, 2));
}

static long run_openat(struct context *c)
{
    return open_own(c, fd(c, 0), path(c, 1), num(c, 2), (mode_t)num(c, 3));
}

static long run_close(struct context *c)
{
    long result = close(fd(c, 0));

    nst_actor_fd_remove(c->actor, num(c, 0));
    return result;
}

static long run_chdir(struct context *c)
{
    return syscall(SYS_chdir, path(c, 0));
}

static long run_fchdir(struct context *c)
{
    return fchdir(fd(c, 0));
}

static long run_chroot(struct context *c)
{
    nst_observer_close_own(c->arena->observer); /* what is no root any more isn't to stay in use */
    return syscall(SYS_chroot, path(c, 0));
}

static long (*const run[NST_CALLS])(struct context *) = {
    [NST_CALL_UNSHARE] = run_unshare,
    [NST_CALL_SETNS] = run_setns,
    [NST_CALL_CLONE] = run_clone,
    [NST_CALL_CLONE3] = run_clone3,
    [NST_CALL_FORK] = run_fork,
    [NST_CALL_VFORK] = run_fork,
    [NST_CALL_EXIT_GROUP] = run_exit_group,
    [NST_CALL_KILL] = run_kill,
    [NST_CALL_MKDIR] = run_mkdir,
    [NST_CALL_MKDIRAT] = run_mkdirat,
    [NST_CALL_RMDIR] = run_rmdir,
    [NST_CALL_UNLINK] = run_unlink,
    [NST_CALL_UNLINKAT] = run_unlinkat,
    [NST_CALL_SYMLINK] = run_symlink,
    [NST_CALL_RENAME] = run_rename,
    [NST_CALL_RENAMEAT2] = run_renameat2,
    [NST_CALL_OPEN] = run_open,
    [NST_CALL_OPENAT] = run_openat,
    [NST_CALL_CLOSE] = run_close,
    [NST_CALL_CHDIR] = run_chdir,
    [NST_CALL_FCHDIR] = run_fchdir,
    [NST_CALL_CHROOT] = run_chroot,
    [NST_CALL_MOUNT] = nst_run_mount,
    [NST_CALL_UMOUNT2] = nst_run_umount2,
    [NST_CALL_PIVOT_ROOT] = nst_run_pivot_root,
    [NST_CALL_OPEN_TREE] = nst_run_open_tree,
    [NST_CALL_OPEN_TREE_ATTR] = nst_run_open_tree_attr,
    [NST_CALL_MOVE_MOUNT] = nst_run_move_mount,
    [NST_CALL_FSOPEN] = nst_run_fsopen,
    [NST_CALL_FSCONFIG] = nst_run_fsconfig,
    [NST_CALL_FSMOUNT] = nst_run_fsmount,
    [NST_CALL_FSPICK] = nst_run_fspick,
    [NST_CALL_MOUNT_SETATTR] = nst_run_mount_setattr,
};

void nst_actor_perform(struct nst_arena *arena, struct nst_actor *actor)
{
    struct context context;
    long result;
    int fault;

    context.arena = arena;
    context.actor = actor;
    context.call = actor->call;
    context.path[0][0] = context.path[1][0] = 0;
    nst_kcov_before();
    fault = nst_fail_nth_begin(arena, actor->call);
    errno = 0;
    result = run[actor->call->id](&context);
    if (fault >= 0)
        arena->step[actor->call - arena->call].faulted = nst_fail_nth_end(fault);
    nst_kcov_after(arena);
    if (result < 0) {
        actor->answer = (struct nst_answer){.kind = NST_ANSWER_ERROR, .error = errno};
        nst_says_read(arena, actor, actor->call, arena->step[actor->call - arena->call].says);
    } else {
        actor->answer = (struct nst_answer){.kind = NST_ANSWER_VALUE, .value = result};
    }
}
