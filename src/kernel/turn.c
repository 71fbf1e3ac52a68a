/* One step after the other: a call is performed, then it is looked what it changed.
 *
 * The runner asks an actor for each call and looks itself. But handing over costs more than most
 * calls, so an actor that performs several in a row also looks, where it sees what the runner
 * would: it then conducts. It has the runner's descriptors of the parent for that, from its fork
 * or by nst_actor_reset(). */
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#define MS 1000000LL

/* Takes a snapshot whose views are of one instant. Only what ends of itself, unawaited, changes a
 * table meanwhile; so once something ended, it is looked until two looks show the same. */
int nst_turn_look(struct nst_arena *arena, struct nst_observer *observer,
                  struct nst_raw_snapshot **ret)
{
    struct nst_raw_snapshot *now, *before = arena->last;
    int error = 0;

    now = nst_snapshot_take(arena, observer, &error);
    for (int i = 0; arena->unsettled && now && now != before && i < 100; i++) {
        arena->last = before = now;
        now = nst_snapshot_take(arena, observer, &error);
        if (now && now != before)
            now->index = --arena->snapshots - 1; /* the one before was of no instant */
    }
    if (now)
        *ret = arena->last = now;
    return error;
}

/* Whether CALL leaves processes, and what its actor may look at, as they are. */
static bool is_plain(const struct nst_call *call)
{
    switch (call->id) {
    case NST_CALL_UNSHARE:
        return !(call->arg[0].num & ~(uint64_t)(CLONE_NEWNS | CLONE_FS));
    case NST_CALL_SETNS:
    case NST_CALL_CLONE:
    case NST_CALL_CLONE3:
    case NST_CALL_FORK:
    case NST_CALL_VFORK:
    case NST_CALL_EXIT_GROUP:
    case NST_CALL_KILL:
    case NST_CALL_PIVOT_ROOT:
        return false;
    default:
        return true;
    }
}

/* Actors may share their root (CLONE_FS). */
static void note_moved(struct nst_arena *arena)
{
    arena->moves++;
    for (size_t i = 0; i < arena->actors; i++)
        arena->actor[i].moved = true;
}

static int begin(struct nst_arena *arena, const struct nst_actor *actor, size_t i)
{
    struct nst_raw_step *step = &arena->step[i];
    bool wanted = !arena->options.only_ends;

    if (wanted)
        step->before = step->after = arena->last;
    step->ns = actor->ns;
    step->user = actor->user;
    return wanted ? nst_hold_begin(arena, arena->call[i].id, step) : 0;
}

static int end(struct nst_arena *arena, struct nst_observer *observer, size_t i)
{
    struct nst_raw_step *step = &arena->step[i];
    bool wanted = !arena->options.only_ends;
    int error = wanted ? nst_turn_look(arena, observer, &step->after) : 0;

    if (!error && wanted)
        error = nst_hold_end(arena, observer, arena->call[i].id, step);
    return error ? error : nst_snapshot_events(arena, observer, &step->events);
}

void nst_turn_conduct(struct nst_arena *arena, struct nst_actor *actor)
{
    struct nst_observer *observer = arena->observer; /* this process' own copy of it */
    size_t i = arena->at, len = arena->len;
    int error = 0;

    observer->self = actor;
    arena->behind = false;
    for (; i < len && arena->call[i].actor == actor->name && is_plain(&arena->call[i]); i++) {
        arena->at = i;
        atomic_fetch_add(&arena->progress, 1);
        actor->call = &arena->call[i];
        error = begin(arena, actor, i);
        if (error)
            break;
        nst_actor_perform(arena, actor);
        arena->step[i].answer = actor->answer;
        if (actor->call->id == NST_CALL_UNSHARE) {
            arena->moves++;
            error = nst_snapshot_meet(arena, actor);
        }
        if (actor->call->id == NST_CALL_CHROOT)
            note_moved(arena);
        if (!error)
            error = end(arena, observer, i);
        if (error)
            break;
    }
    if (error == -EXDEV) { /* only the runner can see what changed */
        error = 0;
        arena->behind = true;
    } else {
        arena->at = i;
    }
    arena->conduct_error = error;
}

/* Whether ACTOR sees what the runner would. */
static bool may_conduct(const struct nst_arena *arena, const struct nst_actor *actor)
{
    return actor->generation == arena->generation && actor->user == arena->user &&
           arena->watch == NST_WATCH_FANOTIFY;
}

/* An actor did that nothing in its case could end: what it would have answered nobody knows. */
static int died(struct nst_arena *arena)
{
    errno = ECHILD;
    return nst_arena_fail(arena, "an actor died");
}

/* Has ACTOR conduct from step I on. Each call has its own deadline. */
static int ask_conduct(struct nst_arena *arena, struct nst_observer *observer,
                       struct nst_actor *actor, size_t *i)
{
    uint32_t progress, begun;
    int r;

    arena->at = *i;
    progress = begun = atomic_load(&arena->progress);
    r = nst_actor_ask(actor, NST_TURN_CONDUCT, nst_arena_deadline_ms(arena) * MS);
    while (r == -ETIMEDOUT && progress != atomic_load(&arena->progress)) {
        progress = atomic_load(&arena->progress);
        r = nst_actor_await(actor, NST_TURN_CONDUCT, nst_arena_deadline_ms(arena) * MS);
    }
    if (r == -ECHILD && !actor->mortal) {
        /* It was ended before this case, which it hadn't begun: whoever did it, not the case. */
        if (*i == 0 && begun == atomic_load(&arena->progress) && nst_first_had_stayed())
            return nst_first_replace(arena, observer);
        return died(arena);
    }
    if (r < 0) {
        struct nst_raw_step *step;

        kill(atomic_load(&actor->pid), SIGKILL); /* who is late is not to go on */
        nst_actor_ended(actor, 1000);
        actor->alive = false;
        step = &arena->step[arena->at];
        *i = arena->at + 1;
        arena->deadline = r == -ETIMEDOUT;
        arena->unsettled = true;
        step->answer =
            (struct nst_answer){.kind = r == -ETIMEDOUT ? NST_ANSWER_DEADLINE : NST_ANSWER_ENDED};
        return end(arena, observer, arena->at);
    }
    *i = arena->at;
    if (arena->conduct_error || atomic_load(&arena->trouble))
        return arena->conduct_error ? arena->conduct_error : arena->trouble;
    if (!arena->behind)
        return 0;
    return end(arena, observer, (*i)++);
}

static struct nst_answer await(struct nst_arena *arena, struct nst_actor *actor, enum nst_turn turn)
{
    switch (nst_actor_ask(actor, turn, nst_arena_deadline_ms(arena) * MS)) {
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
        if (nst_actor_ended(actor, (int)nst_arena_deadline_ms(arena))) {
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

    if (!target || !target->alive || nst_signal_effect(number) != NST_SIGNAL_ENDS)
        return;
    /* of another signal 20 are too few on a busy machine */
    nst_actor_ended(target, number == SIGKILL ? 1000 : 200);
}

static int note_dead(struct nst_arena *arena)
{
    for (size_t i = 0; i < arena->actors; i++) {
        struct nst_actor *actor = &arena->actor[i];

        if (!actor->alive || !nst_actor_ended(actor, 0))
            continue;
        if (!actor->mortal)
            return died(arena);
        actor->alive = false;
    }
    return 0;
}

/* After the roots of processes were moved: whoever has a table open holds the one that it was
 * opened through. Who doesn't answer has ended, or hangs. A watch that polls holds the parent's
 * still: there only a lazy unmount of the parent's old root succeeds. */
static int let_go_of_roots(struct nst_arena *arena, struct nst_observer *observer)
{
    int error = nst_observer_reopen(arena, observer);

    for (size_t i = 0; i < arena->actors && !error; i++)
        if (arena->actor[i].alive)
            (void)nst_actor_ask(&arena->actor[i], NST_TURN_FORGET, 200 * MS);
    return error;
}

/* What only the runner does: it meets who is new, and buries who is dead. */
static int settle(struct nst_arena *arena, struct nst_observer *observer, struct nst_actor *actor,
                  size_t i, size_t actors)
{
    const struct nst_call *call = &arena->call[i];
    int error = atomic_load(&arena->trouble);

    for (size_t j = actors; !error && j < arena->actors; j++)
        error = nst_actor_meet(arena, &arena->actor[j]);
    if (call->id == NST_CALL_UNSHARE || call->id == NST_CALL_SETNS) {
        arena->moves++;
        if (!error)
            error = nst_snapshot_meet(arena, actor);
    }
    if (error)
        return error;
    if (call->id == NST_CALL_SETNS || call->id == NST_CALL_CHROOT ||
        call->id == NST_CALL_PIVOT_ROOT)
        note_moved(arena);
    arena->unsettled |= arena->step[i].answer.kind == NST_ANSWER_ENDED || call->id == NST_CALL_KILL;
    if (call->id == NST_CALL_KILL && arena->step[i].answer.kind != NST_ANSWER_ERROR)
        settle_kill(arena, call);
    if (call->id == NST_CALL_KILL || call->id == NST_CALL_EXIT_GROUP)
        error = note_dead(arena);
    if (!error && call->id == NST_CALL_PIVOT_ROOT && arena->step[i].answer.kind == NST_ANSWER_VALUE)
        error = let_go_of_roots(arena, observer);
    return error;
}

static void note_mortal(struct nst_arena *arena, const struct nst_call *call)
{
    struct nst_actor *target = nst_actor_find(arena, call->arg[0].num);

    if (target)
        target->mortal = true;
}

int nst_turn_take(struct nst_arena *arena, struct nst_observer *observer, size_t *i)
{
    const struct nst_call *call = &arena->call[*i];
    struct nst_actor *actor = nst_actor_find(arena, call->actor);
    size_t actors = arena->actors, at = *i;
    int error;

    if (arena->deadline || !actor || !actor->alive) {
        if (!arena->options.only_ends)
            arena->step[at].before = arena->step[at].after = arena->last;
        ++*i;
        return 0;
    }
    if (is_plain(call) && may_conduct(arena, actor))
        return ask_conduct(arena, observer, actor, i);
    ++*i;
    error = begin(arena, actor, at);
    if (error)
        return error;
    if (call->id == NST_CALL_KILL)
        note_mortal(arena, call);
    arena->step[at].answer = ask(arena, actor, call);
    if (arena->step[at].answer.kind == NST_ANSWER_ENDED && call->id != NST_CALL_EXIT_GROUP &&
        !actor->mortal && !atomic_load(&arena->trouble))
        return died(arena);
    error = settle(arena, observer, actor, at, actors);
    return error ? error : end(arena, observer, at);
}

int nst_turn_end(struct nst_arena *arena)
{
    return note_dead(arena);
}

/* What it does isn't known, so all of it is looked at. */
int nst_turn_setup(struct nst_arena *arena, struct nst_observer *observer)
{
    struct nst_actor *actor = &arena->actor[0];
    struct nst_raw_step *step = &arena->setup;
    int error;

    *step = (struct nst_raw_step){.ns = actor->ns, .user = actor->user};
    step->before = step->after = arena->last;
    step->answer = await(arena, actor, NST_TURN_SETUP);
    actor->alive = step->answer.kind != NST_ANSWER_ENDED;
    arena->unsettled = true;
    error = nst_snapshot_meet(arena, actor);
    if (!error)
        error = let_go_of_roots(arena, observer);
    if (!error)
        error = nst_turn_look(arena, observer, &step->after);
    return error ? error : nst_snapshot_events(arena, observer, &step->events);
}
