/* The runner stands in the parent, a fresh namespace whose tree is shared, and is its silent
 * observer: it asks the actors, one call after the other, and notes what was answered and seen. It
 * serves case after case while each leaves the parent provably as it was; else it ends, its
 * namespace with it, and init makes another. */
#include "kernel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MS 1000000LL

static int make_parent(struct nst_arena *arena)
{
    int error;

    if (syscall(SYS_unshare, 0x00020000 /* CLONE_NEWNS */) < 0)
        return nst_arena_fail(arena, "unshare");
    if (mount("tmpfs", "/case", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") < 0 ||
        chdir("/case") < 0)
        return nst_arena_fail(arena, "can't mount the case's tmpfs");
    error = nst_tree_make();
    if (error) {
        errno = -error;
        return nst_arena_fail(arena, "can't make the case's tree");
    }
    if (mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        return nst_arena_fail(arena, "can't mount the case's proc");
    if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        return nst_arena_fail(arena, "pivot_root");
    if (mount("none", "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
        return nst_arena_fail(arena, "can't make the parent shared");
    return 0;
}

/* Waits until a new actor knows its pid. */
static void meet(struct nst_arena *arena, struct nst_actor *actor)
{
    if (nst_futex_wait(&actor->ready, 0, 500 * MS) < 0)
        return;
    actor->pidfd = (int)syscall(SYS_pidfd_open, atomic_load(&actor->pid), 0);
    actor->alive = actor->pidfd >= 0;
    nst_snapshot_meet(arena, actor);
}

static void note_dead(struct nst_arena *arena)
{
    for (size_t i = 0; i < arena->actors; i++) {
        struct nst_actor *actor = &arena->actor[i];

        if (actor->alive && nst_actor_ended(actor, 0))
            actor->alive = false;
    }
}

/* In the initial user namespace this power would open init's and the runner's /proc to an actor. */
static void drop_ptrace(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];

    prctl(PR_CAPBSET_DROP, CAP_SYS_PTRACE);
    if (syscall(SYS_capget, &header, data) < 0)
        _exit(1);
    data[0].effective &= ~(1U << CAP_SYS_PTRACE);
    data[0].permitted &= ~(1U << CAP_SYS_PTRACE);
    data[0].inheritable &= ~(1U << CAP_SYS_PTRACE);
    if (syscall(SYS_capset, &header, data) < 0)
        _exit(1);
}

static int first_actor(struct nst_arena *arena)
{
    struct nst_actor *actor = nst_actor_take(arena, arena->len ? arena->call[0].actor : 1);
    pid_t pid = fork();

    if (pid == 0) {
        struct nst_arena *shared = arena;
        int proc = shared->proc;

        /* What the runner holds is none of the actors' business; proc alone stays. */
        if (proc > 0)
            syscall(SYS_close_range, 0, proc - 1, 0);
        syscall(SYS_close_range, proc + 1, ~0U, 0);
        if (arena->privileged)
            drop_ptrace();
        signal(SIGCHLD, SIG_IGN); /* an ended actor isn't to stay as a zombie */
        nst_actor_live(arena, actor);
    }
    if (pid < 0)
        return nst_arena_fail(arena, "fork");
    meet(arena, actor);
    return actor->alive ? 0 : -ECHILD;
}

static unsigned deadline_ms(const struct nst_arena *arena)
{
    return arena->options.deadline_ms ? arena->options.deadline_ms : 1000;
}

static struct nst_answer await(struct nst_arena *arena, struct nst_actor *actor, enum nst_turn turn)
{
    switch (nst_actor_ask(actor, turn, deadline_ms(arena) * MS)) {
    case 0:
        return actor->answer;
    case -ECHILD:
        return (struct nst_answer){.kind = NST_ANSWER_ENDED};
    default:
        arena->deadline = true;
        return (struct nst_answer){.kind = NST_ANSWER_DEADLINE};
    }
}

/* Has ACTOR perform CALL and waits. An actor that ends in its call answers nothing: its pidfd
 * tells. */
static struct nst_answer ask(struct nst_arena *arena, struct nst_actor *actor,
                             const struct nst_call *call)
{
    actor->call = call;
    if (call->id == NST_CALL_EXIT_GROUP) { /* its end is the answer: no need to look twice */
        nst_futex_set(&actor->turn, NST_TURN_CALL);
        if (nst_actor_ended(actor, (int)deadline_ms(arena))) {
            actor->alive = false;
            return (struct nst_answer){.kind = NST_ANSWER_ENDED};
        }
    }
    return await(arena, actor, NST_TURN_CALL);
}

/* A signal's effect is awaited, so that the next call meets a settled world. */
static void settle_kill(struct nst_arena *arena, const struct nst_call *call)
{
    struct nst_actor *target = nst_actor_find(arena, call->arg[0].num);
    int number = (int)call->arg[1].num;

    if (!target || !target->alive)
        return;
    switch (number) {
    case 0:
    case SIGCHLD:
    case SIGCONT:
    case SIGURG:
    case SIGWINCH:
    case SIGSTOP:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
        return;
    case SIGKILL:
        nst_actor_ended(target, 1000);
        return;
    default:
        nst_actor_ended(target, 20);
    }
}

/* Takes a snapshot whose views are of one instant. Only what ends of itself, unawaited, changes a
 * table meanwhile; so once something ended, it is looked until two looks show the same. */
static int take(struct nst_arena *arena, struct nst_observer *observer, bool wanted,
                struct nst_raw_snapshot **ret)
{
    struct nst_raw_snapshot *now, *before = arena->last;
    int error = 0;

    if (!wanted)
        return 0;
    now = nst_snapshot_take(arena, observer, &error);
    for (int i = 0; arena->unsettled && now && now != before && i < 100; i++) {
        arena->last = before = now;
        now = nst_snapshot_take(arena, observer, &error);
        if (now && now != before)
            now->index = --arena->snapshots - 1; /* the one before was of no instant */
    }
    *ret = arena->last = now;
    return error;
}

static int perform(struct nst_arena *arena, struct nst_observer *observer, size_t i)
{
    const struct nst_call *call = &arena->call[i];
    struct nst_raw_step *step = &arena->step[i];
    struct nst_actor *actor = nst_actor_find(arena, call->actor);
    size_t actors = arena->actors;
    bool wanted = !arena->options.only_ends, counts = wanted && nst_hold_counts(call->id);
    int error = 0;

    if (wanted)
        step->before = step->after = arena->last;
    if (arena->deadline || !actor || !actor->alive)
        return 0;
    step->ns = actor->ns;
    step->user = actor->user;
    if (counts)
        error = nst_hold_read(arena, step);
    if (error)
        return error;
    step->answer = ask(arena, actor, call);
    for (size_t j = actors; j < arena->actors; j++)
        meet(arena, &arena->actor[j]);
    if (call->id == NST_CALL_UNSHARE || call->id == NST_CALL_SETNS)
        nst_snapshot_meet(arena, actor);
    arena->unsettled |= step->answer.kind == NST_ANSWER_ENDED || call->id == NST_CALL_KILL;
    if (call->id == NST_CALL_KILL)
        settle_kill(arena, call);
    if (call->id == NST_CALL_KILL || call->id == NST_CALL_EXIT_GROUP)
        note_dead(arena);
    error = call->id == NST_CALL_PIVOT_ROOT ? nst_observer_reopen(arena, observer) : 0;
    if (!error)
        error = take(arena, observer, wanted, &step->after);
    if (!error && counts)
        error = nst_hold_alive(arena, step);
    return error ? error : nst_snapshot_events(arena, observer, &step->events);
}

/* What it does isn't known, so all of it is looked at. */
static int perform_setup(struct nst_arena *arena, struct nst_observer *observer)
{
    struct nst_actor *actor = &arena->actor[0];
    struct nst_raw_step *step = &arena->setup;
    int error;

    *step = (struct nst_raw_step){.ns = actor->ns, .user = actor->user};
    step->before = step->after = arena->last;
    step->answer = await(arena, actor, NST_TURN_SETUP);
    actor->alive = step->answer.kind != NST_ANSWER_ENDED;
    nst_snapshot_meet(arena, actor);
    arena->unsettled = true;
    error = nst_observer_reopen(arena, observer);
    if (!error)
        error = take(arena, observer, true, &step->after);
    return error ? error : nst_snapshot_events(arena, observer, &step->events);
}

/* Kills all but init and this process, and reaps them. */
static void end_actors(struct nst_arena *arena)
{
    while (kill(-1, SIGKILL) == 0) {
        pid_t pid;

        while ((pid = waitpid(-1, NULL, 0)) > 0)
            ;
        if (errno != ECHILD)
            break;
    }
    while (waitpid(-1, NULL, 0) > 0)
        ;
    for (size_t i = 0; i < arena->actors; i++) {
        if (arena->actor[i].pidfd >= 0)
            close(arena->actor[i].pidfd);
        arena->actor[i].pidfd = -1;
        arena->actor[i].alive = false;
    }
}

/* What stands in the parent and didn't at the start is unmounted, the last first. What is gone with
 * what it stood on was undone by the same means. */
static void undo(struct nst_arena *arena)
{
    const struct nst_raw_view *start = arena->start->view[0], *end = arena->end->view[0];
    struct nst_leftover *leftover = &arena->leftover;
    struct nst_table before = {0}, after = {0};

    if (nst_mountinfo_parse(start->mountinfo, start->mountinfo_len, &before, NULL) == 0 &&
        nst_mountinfo_parse(end->mountinfo, end->mountinfo_len, &after, NULL) == 0)
        for (size_t i = after.len; i-- > 0;) {
            const char *point = after.mount[i].point;

            if (nst_table_find(&before, after.mount[i].id))
                continue;
            if (umount2(point, UMOUNT_NOFOLLOW) == 0)
                leftover->by_path++;
            else if (umount2(point, UMOUNT_NOFOLLOW | MNT_DETACH) == 0)
                leftover->by_detaching++;
            else
                leftover->by_death++;
        }
    nst_table_free(&before);
    nst_table_free(&after);
}

static int run_case(struct nst_arena *arena, struct nst_observer *observer)
{
    int error;

    arena->actors = arena->seen_len = 0;
    arena->seen_all = true;
    arena->snapshots = 0;
    arena->start = arena->end = arena->last = NULL;
    arena->end_events = (struct nst_raw_events){0};
    arena->leftover = (struct nst_leftover){0};
    arena->deadline = arena->unsettled = false;
    arena->watch = nst_watch_kind(observer->watch);
    error = first_actor(arena);
    if (!error)
        error = take(arena, observer, true, &arena->start);
    if (!error && arena->options.setup)
        error = perform_setup(arena, observer);
    for (size_t i = 0; !error && i < arena->len; i++)
        error = perform(arena, observer, i);
    end_actors(arena);
    arena->unsettled = true;
    if (!error)
        error = take(arena, observer, true, &arena->end);
    if (!error)
        error = nst_snapshot_events(arena, observer, &arena->end_events);
    if (!error && arena->options.undo && arena->start != arena->end)
        undo(arena);
    return error;
}

/* Whether the next case would start as this one did. An expiry mark on a mount is in no table. */
static bool reusable(const struct nst_arena *arena)
{
    for (size_t i = 0; i < arena->len; i++)
        if (arena->call[i].id == NST_CALL_UMOUNT2 && arena->call[i].arg[1].num & MNT_EXPIRE)
            return false;
    return arena->start->view[0] == arena->end->view[0] && !*arena->leftover.text &&
           nst_tree_clean() == 0;
}

_Noreturn void nst_runner(struct nst_arena *arena)
{
    struct nst_observer observer = {0};
    int error;

    prctl(PR_SET_CHILD_SUBREAPER, 1);
    atomic_fetch_add(&arena->runners, 1);
    error = make_parent(arena);
    if (!error)
        error = nst_observer_open(arena, &observer);
    if (error && atomic_load(&arena->ready) == 0) {
        arena->error = error;
        nst_futex_set(&arena->ready, 2);
        _exit(1);
    }
    nst_futex_set(&arena->ready, 1);
    for (;;) {
        nst_futex_wait(&arena->request, atomic_load(&arena->done), -1);
        atomic_store(&arena->taken, atomic_load(&arena->request));
        if (!error)
            error = nst_observer_watch(arena, &observer);
        if (!error)
            error = run_case(arena, &observer);
        if (!error)
            nst_leftover_look(arena, &observer);
        arena->error = error;
        if (error || !reusable(arena))
            break;
        nst_futex_set(&arena->done, atomic_load(&arena->taken));
    }
    nst_futex_set(&arena->done, atomic_load(&arena->taken));
    _exit(0);
}
