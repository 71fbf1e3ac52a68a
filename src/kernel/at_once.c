/* Truly at once. While there is one actor its calls are taken in turn. From the first call on that
 * makes another, each actor performs its own calls in a row, on whatever core is free, and nobody
 * looks before all of them are through.
 *
 * Who is made begins when its maker is done with making actors for now, so that they begin
 * together. Actors' places are taken beforehand, as nothing but the answers of an actor's own calls
 * may be written by several processes. */
#include "kernel.h"
#include "sys.h"

#include <errno.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

bool nst_at_once_begins(const struct nst_arena *arena, size_t i)
{
    return arena->options.at_once && arena->actor[0].alive && !arena->deadline &&
           nst_calls[arena->call[i].id].returns == NST_RETURNS_ACTOR;
}

static void take_places(struct nst_arena *arena)
{
    for (size_t i = arena->at_once_from; i < arena->len; i++) {
        const struct nst_call *call = &arena->call[i];
        bool named = call->expect.kind == NST_SUCCEEDS;
        struct nst_actor *actor;

        if (nst_calls[call->id].returns != NST_RETURNS_ACTOR)
            continue;
        actor = nst_actor_take(arena, named ? (uint64_t)call->expect.value : 0);
        if (!actor)
            return;
        actor->from = i + 1;
        arena->step[i].makes = actor;
    }
}

/* Init keeps a sandbox on one core; here it may have all that the machine lets it. */
static void spread(void)
{
    cpu_set_t all;

    CPU_ZERO(&all);
    for (size_t i = 0; i < CPU_SETSIZE; i++)
        CPU_SET(i, &all);
    NST_SYS(SELF, sched_setaffinity(0, sizeof(all), &all)); /* only for speed */
}

void nst_at_once_go(struct nst_arena *arena, struct nst_actor *actor)
{
    actor->alive = true;
    spread();
    if (actor != &arena->actor[0])
        nst_futex_wait(&arena->go, 0, -1);
    for (size_t i = actor->from; i < arena->len; i++) {
        const struct nst_call *call = &arena->call[i];

        if (call->actor != actor->name)
            continue;
        if (!atomic_load(&arena->go) && nst_calls[call->id].returns != NST_RETURNS_ACTOR)
            nst_futex_set(&arena->go, 1);
        actor->at = i;
        atomic_store(&actor->work, NST_WORK_CALLS);
        atomic_fetch_add(&arena->progress, 1);
        actor->call = call;
        nst_actor_perform(arena, actor);
        arena->step[i].answer = actor->answer;
    }
    nst_futex_set(&arena->go, 1);
    atomic_store(&actor->work, NST_WORK_DONE);
    nst_futex_set(&arena->finished, atomic_load(&arena->finished) + 1);
}

/* Whether ACTOR has calls to perform still. It is met as soon as it knows its pid. */
static bool is_busy(struct nst_actor *actor)
{
    uint32_t work = atomic_load(&actor->work);

    if (work != NST_WORK_MADE && work != NST_WORK_CALLS)
        return false;
    if (actor->pidfd < 0 && atomic_load(&actor->ready)) {
        actor->pidfd =
            (int)NST_SYS(PIDFD_OPEN, syscall(SYS_pidfd_open, atomic_load(&actor->pid), 0));
        if (actor->pidfd < 0 && errno == ESRCH)
            work = NST_WORK_ENDED;
    }
    if (work != NST_WORK_ENDED && (actor->pidfd < 0 || !nst_actor_ended(actor, 0)))
        return true;
    /* It may have been through, and have ended since. */
    if (atomic_load(&actor->work) != NST_WORK_DONE)
        atomic_store(&actor->work, NST_WORK_ENDED);
    return false;
}

static bool any_busy(struct nst_arena *arena)
{
    bool busy = false;

    for (size_t i = 0; i < arena->actors; i++)
        busy |= is_busy(&arena->actor[i]);
    return busy;
}

/* Else those who are waited for were never made, their maker having ended in it. */
static bool any_in_call(const struct nst_arena *arena)
{
    bool any = false;

    for (size_t i = 0; i < arena->actors; i++)
        any |= atomic_load(&arena->actor[i].work) == NST_WORK_CALLS;
    return any;
}

/* Until all are through, or none of them got on for as long as a call may take. */
static void wait_for_all(struct nst_arena *arena)
{
    int64_t patience = nst_arena_deadline_ms(arena) * 1000000LL, since = nst_now();
    uint32_t progress = atomic_load(&arena->progress);

    for (uint32_t seen = atomic_load(&arena->finished); any_busy(arena);
         seen = atomic_load(&arena->finished)) {
        if (progress != atomic_load(&arena->progress)) {
            progress = atomic_load(&arena->progress);
            since = nst_now();
        }
        if (nst_now() - since > patience) {
            arena->deadline = any_in_call(arena);
            return;
        }
        nst_futex_wait(&arena->finished, seen, 1000000);
    }
}

/* Who ended in a call, or hangs in one, answered nothing. */
static void note_unanswered(struct nst_arena *arena)
{
    for (size_t i = 0; i < arena->actors; i++) {
        struct nst_actor *actor = &arena->actor[i];
        uint32_t work = atomic_load(&actor->work);

        actor->alive = work == NST_WORK_CALLS || work == NST_WORK_DONE;
        if (actor->at < arena->len && arena->step[actor->at].answer.kind == NST_ANSWER_NONE)
            arena->step[actor->at].answer.kind =
                work == NST_WORK_ENDED ? NST_ANSWER_ENDED : NST_ANSWER_DEADLINE;
    }
}

int nst_at_once_run(struct nst_arena *arena, struct nst_observer *observer, size_t from)
{
    struct nst_actor *first = &arena->actor[0];
    int error;

    arena->at_once_from = from;
    arena->step[from].ns = first->ns;
    arena->step[from].user = first->user;
    take_places(arena);
    first->from = from;
    atomic_store(&arena->go, 0);
    atomic_store(&first->work, NST_WORK_MADE);
    nst_futex_set(&first->turn, NST_TURN_AT_ONCE);
    wait_for_all(arena);
    note_unanswered(arena);
    arena->unsettled = true;
    error = atomic_load(&arena->trouble);
    if (!error)
        error = nst_observer_reopen(arena, observer); /* a pivot_root may have moved its root */
    return error ? error : nst_snapshot_events(arena, observer, &arena->at_once_events);
}
