/* The runner stands in the parent, a fresh namespace whose tree is shared, and is its silent
 * observer: it asks the actors, one call after the other, and notes what was answered and seen. It
 * serves case after case while each leaves the parent provably as it was; else it ends, its
 * namespace with it, and init makes another. */
#include "kernel.h"
#include "sys.h"

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

static void wait_for_all(void)
{
    while (NST_SYS(WAIT, waitpid(-1, NULL, 0)) > 0 || errno == EINTR)
        ;
}

/* Kills all but init and this process, and reaps them. */
static void end_actors(struct nst_arena *arena)
{
    while (NST_SYS(KILL, kill(-1, SIGKILL)) == 0)
        wait_for_all();
    wait_for_all();
    nst_first_forget();
    for (size_t i = 0; i < arena->actors; i++) {
        if (arena->actor[i].pidfd >= 0)
            NST_SYS(CLOSE, close(arena->actor[i].pidfd));
        arena->actor[i].pidfd = -1;
        arena->actor[i].alive = false;
    }
}

/* The id that is never used again of the mount that VIEW calls ID; 0: not told. */
static uint64_t unique_id(const struct nst_raw_view *view, uint64_t id)
{
    for (size_t i = 0; i < view->statmount_len; i++)
        if (view->statmount[i].id == id)
            return view->statmount[i].unique_id;
    return 0;
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

            /* A mount that came may have the number of one that went. */
            if (nst_table_find(&before, after.mount[i].id) &&
                unique_id(start, after.mount[i].id) == unique_id(end, after.mount[i].id))
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
    arena->deadline = arena->unsettled = arena->bound = false;
    arena->over = (struct nst_raw_step){0};
    arena->at_once_from = arena->len;
    arena->at_once_events = (struct nst_raw_events){0};
    atomic_store(&arena->trouble, 0);
    arena->dirty_limits |= arena->options.setup && !arena->privileged;
    arena->ends = true;
    arena->watch = nst_watch_kind(observer->watch);
    error = nst_first_get(arena, observer);
    if (!error)
        error = nst_turn_look(arena, observer, &arena->start);
    arena->ends = false;
    if (!error && arena->options.setup)
        error = nst_turn_setup(arena, observer);
    for (size_t i = 0; !error && i < arena->at_once_from;)
        if (nst_at_once_begins(arena, i))
            error = nst_at_once_run(arena, observer, i);
        else
            error = nst_turn_take(arena, observer, &i);
    if (!error && arena->at_once_from == arena->len) /* at once, who is killed when isn't known */
        error = nst_turn_end(arena);
    if (error || !nst_first_leave(arena)) {
        end_actors(arena);
        arena->unsettled = true;
    }
    arena->ends = true;
    if (!error)
        error = nst_turn_look(arena, observer, &arena->end);
    if (!error && !arena->options.only_ends)
        error = nst_hold_end(arena, observer, NST_CALLS, &arena->over);
    if (!error)
        error = nst_snapshot_events(arena, observer, &arena->end_events);
    if (!error && arena->options.undo && arena->start->view[0] != arena->end->view[0]) {
        end_actors(arena); /* nobody else is to keep a mount busy */
        undo(arena);
    }
    return error;
}

/* Whether step I may have changed what is in a directory. */
static bool touches(const struct nst_arena *arena, size_t i)
{
    switch (arena->call[i].id) {
    case NST_CALL_MKDIR:
    case NST_CALL_MKDIRAT:
    case NST_CALL_RMDIR:
    case NST_CALL_UNLINK:
    case NST_CALL_UNLINKAT:
    case NST_CALL_SYMLINK:
    case NST_CALL_RENAME:
    case NST_CALL_RENAMEAT2:
    case NST_CALL_OPEN:
    case NST_CALL_OPENAT:
        return arena->step[i].answer.kind != NST_ANSWER_ERROR;
    default:
        return false;
    }
}

/* Whether the next case would start as this one did. An expiry mark on a mount is in no table. */
static bool reusable(const struct nst_arena *arena)
{
    bool touched = arena->deadline;

    for (size_t i = 0; i < arena->len; i++) {
        if (arena->call[i].id == NST_CALL_UMOUNT2 && arena->call[i].arg[1].num & MNT_EXPIRE)
            return false;
        touched |= touches(arena, i);
    }
    return arena->start->view[0] == arena->end->view[0] && (!touched || nst_tree_clean() == 0);
}

/* Whether the case may have left what no look at the tree shows: an overlay's extended attributes
 * on its directories, even where mounting it failed then; whatever code under test did. */
static bool stains(const struct nst_arena *arena)
{
    for (size_t i = 0; i < arena->len; i++) {
        const struct nst_call *call = &arena->call[i];
        const char *type = call->id == NST_CALL_MOUNT    ? call->arg[2].str
                           : call->id == NST_CALL_FSOPEN ? call->arg[0].str
                                                         : NULL;

        if (type && strcmp(type, "overlay") == 0 && arena->step[i].answer.kind != NST_ANSWER_NONE)
            return true;
    }
    return arena->options.setup;
}

/* Makes all ready for another case. Returns 0, or -errno where this runner can't. */
static int make_ready(struct nst_arena *arena, struct nst_observer *observer)
{
    int error;

    if (*arena->leftover.text || stains(arena))
        return -ESTALE;
    if (reusable(arena))
        return 0;
    error = nst_parent_renew(arena);
    if (!error)
        error = nst_observer_reopen(arena, observer);
    if (error)
        return error;
    error = nst_observer_watch_again(arena, observer);
    if (!error)
        nst_first_join(arena, observer);
    return error;
}

_Noreturn void nst_runner(struct nst_arena *arena)
{
    struct nst_observer observer = {
        .channel = -1, .own_mountinfo = -1, .own_file = -1, .watch = arena->inherited};
    int error;

    arena->observer = &observer;
    NST_SYS(SELF, prctl(PR_SET_CHILD_SUBREAPER, 1));
    atomic_fetch_add(&arena->runners, 1);
    error = nst_leftover_put_back(arena);
    if (!error)
        error = nst_parent_make(arena);
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
            error = nst_leftover_look(arena, &observer);
        if (error == -ENOMEM && arena->full) {
            error = -E2BIG;
            snprintf(arena->why, NST_WHY, "the case shows more than a sandbox holds (%zu MB)",
                     NST_ARENA_SIZE >> 20);
        } else if (error == -E2BIG) {
            snprintf(arena->why, NST_WHY, "a namespace shows more than a sandbox reads (%zu kB)",
                     nst_arena_table_most(arena) >> 10);
        }
        arena->error = error;
        if (error || *arena->leftover.text)
            break;
        /* Before the case is said to be done: the next one overwrites what this one was. */
        if (make_ready(arena, &observer) < 0)
            break;
        nst_futex_set(&arena->done, atomic_load(&arena->taken));
    }
    nst_futex_set(&arena->done, atomic_load(&arena->taken));
    _exit(0);
}
