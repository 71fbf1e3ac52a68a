/* What the processes of a sandbox share. The tool, init (pid 1 inside), the runner (the silent
 * observer in the parent, one at a time) and the actors all map one arena at the same address, so
 * pointers into it mean the same to all of them; whoever waits, waits on a futex in it. */
#ifndef NST_KERNEL_H
#define NST_KERNEL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <ns-tool/sequence.h>
#include <ns-tool/trace.h>

#include "raw.h"

#define NST_WHY 200
#define NST_FDS_MAX 128 /* descriptors that one actor can hold */
#define NST_FDS_LOW 160 /* the harness's own descriptors have higher numbers */
#define NST_SEEN_MAX 1024
#define NST_ARENA_SIZE ((size_t)512 << 20) /* of addresses; pages come when touched */

struct nst_fd_name {
    int text, real;
};

/* What an actor is asked to do. */
enum nst_turn {
    NST_TURN_WAIT,
    NST_TURN_CALL,    /* perform one call */
    NST_TURN_SETUP,   /* run the code under test */
    NST_TURN_LOOK,    /* fill a view's statmount */
    NST_TURN_CONDUCT, /* perform one call after the other, and look */
    NST_TURN_AT_ONCE, /* perform all its calls, beside the others */
    NST_TURN_FORGET,  /* close what it has of the parent's tables, and of its own */
    NST_TURN_LEAVE,   /* let go of all that the case left in its hands */
    NST_TURN_JOIN     /* go over to another parent */
};

/* How far an actor is with the calls that it performs beside others. */
enum nst_work { NST_WORK_NONE, NST_WORK_MADE, NST_WORK_CALLS, NST_WORK_DONE, NST_WORK_ENDED };

/* One actor. Written by the actor itself while it has its turn, by the runner else. */
struct nst_actor {
    _Atomic uint32_t turn;  /* futex: an nst_turn */
    _Atomic uint32_t ready; /* futex: 1 once the actor knows its pid */
    _Atomic pid_t pid;      /* in the sandbox's pid namespace */
    uint32_t name;          /* as the sequence writes it */
    int pidfd;              /* the runner's */
    bool alive;             /* as far as the runner knows */
    bool mortal;            /* may end while it does nothing that ends it: it was sent a signal, or
                               lives in a pid namespace with an init of its own */
    bool begins;            /* it is the init of a pid namespace */
    bool of_mortal;         /* who made it may end so, and ends it */
    uint64_t ns, user;      /* its mount namespace, its user namespace's inode */
    unsigned generation;    /* of the parent's descriptors that it has */
    bool moved;             /* its root may have been moved, by chroot or setns */
    bool left;              /* NST_TURN_LEAVE or NST_TURN_JOIN succeeded */
    _Atomic uint32_t work;  /* nst_work; with a turn for each call NST_WORK_NONE */
    size_t from, at;        /* its calls come from there on; the one that it is at, or SIZE_MAX */
    const struct nst_call *call;
    struct nst_answer answer;
    struct nst_raw_view *look; /* whose statmount it is to fill */
    size_t fds;
    struct nst_fd_name fd[NST_FDS_MAX];
};

struct nst_arena {
    /* Futexes between the tool and the sandbox. */
    _Atomic uint32_t request; /* how many cases were asked for */
    _Atomic uint32_t taken;   /* how many a runner began */
    _Atomic uint32_t done;    /* how many were answered, by whatever means */
    _Atomic uint32_t ready;   /* 1: the sandbox stands; 2: it couldn't be made, see error and why */
    _Atomic int error;        /* of the last case or of the making: 0 or -errno */
    _Atomic uint64_t runners; /* how many were made */
    char why[NST_WHY];

    _Atomic pid_t init; /* as the tool sees it */
    bool privileged;
    int cpu;  /* on which all of it runs */
    int proc; /* O_PATH on the harness's own /proc: in every process of the sandbox, of no namespace
               */
    dev_t proc_dev;
    int kcov;                    /* O_PATH on the kernel's coverage, of no namespace too; or -1 */
    int init_mountinfo;          /* of init's own namespace */
    int init_root;               /* O_PATH on its root */
    size_t init_mounts;          /* hash of what the first was when it stood */
    struct nst_watch *inherited; /* init's, which every runner begins with; NULL: none */

    /* The case. */
    struct nst_run_options options;
    struct nst_call *call;
    size_t len;
    struct nst_raw_step *step, setup;
    struct nst_raw_snapshot *start, *end, *last;
    struct nst_raw_step over; /* what lived when every actor was gone */
    bool bound;               /* a namespace's file was seen mounted */
    size_t snapshots;
    struct nst_raw_events end_events;
    struct nst_leftover leftover;
    enum nst_watch_kind watch;
    bool deadline;
    bool unsettled;      /* something ended, and may be at it still */
    _Atomic int trouble; /* an actor's own, -errno; why says what */
    uint64_t pid_ns;     /* the inode of the sandbox's */
    uint64_t user;       /* the inode of the user namespace that a case starts in */

    /* Conducting. */
    struct nst_observer *observer; /* at the same address in the runner and in all that it forks,
                                      each of which has a copy of its own */
    unsigned generation;           /* of the observer's descriptors */
    _Atomic uint32_t progress;     /* calls begun */
    unsigned moves;                /* how often an actor changed its root or namespace */
    bool ends;                     /* it is looked at the start or the end of a case */
    size_t at;                     /* the step that is performed; afterwards the next one */
    bool behind;                   /* of step `at` what changed is yet to be seen */
    int conduct_error;

    /* At once. */
    size_t at_once_from;       /* the first call that is performed so; their number: none */
    _Atomic uint32_t go;       /* futex: 1 once those who were made may begin */
    _Atomic uint32_t finished; /* futex: changes when an actor is through with its calls */
    struct nst_raw_events at_once_events;

    struct nst_actor actor[NST_ACTORS_MAX];
    size_t actors;
    struct nst_seen {
        uint64_t ns, inode;
        bool dead;        /* once it is, it stays so */
        bool empty;       /* nothing is mounted in it */
        bool blind;       /* listmount() said that it is gone, while somebody was in it */
    } seen[NST_SEEN_MAX]; /* mount namespaces that its actors were in */
    size_t seen_len;
    bool seen_all;     /* there were no more */
    bool dirty_limits; /* those below /proc/sys/user may not be what they were */
    bool full;         /* a case took more memory than there is */

    _Atomic uint8_t kernel_edge[NST_KERNEL_EDGES]; /* as nst_trace.kernel_edge, of this case */

    _Atomic size_t used; /* bytes of this mapping, from its start */
};

/* Memory that lasts until the next case; aligned, not zeroed. NULL when the arena is full. */
void *nst_arena_take(struct nst_arena *arena, size_t size);

/* Waits until *WORD differs from OLD or NANOSECONDS are over (negative: for ever). Returns 0 or
 * -ETIMEDOUT. */
int nst_futex_wait(_Atomic uint32_t *word, uint32_t old, int64_t nanoseconds);
void nst_futex_set(_Atomic uint32_t *word, uint32_t value);
int64_t nst_now(void); /* nanoseconds, monotonic */

/* Of one call. */
unsigned nst_arena_deadline_ms(const struct nst_arena *arena);
size_t nst_arena_table_most(const struct nst_arena *arena);

/* Notes what failed, as "WHAT: error". Returns -errno of the moment. */
int nst_arena_fail(struct nst_arena *arena, const char *what);

/* parent.c, in the runner, which is in the parent afterwards. */
int nst_parent_make(struct nst_arena *arena);
int nst_parent_renew(struct nst_arena *arena); /* -ESTALE: what a case left can't be put right */

/* turn.c */
struct nst_observer;
/* Has step *I taken, and moves *I to the next one that wasn't. */
int nst_turn_take(struct nst_arena *arena, struct nst_observer *observer, size_t *i);
/* When all are taken: whether those who should live do, so that what they held was held. */
int nst_turn_end(struct nst_arena *arena);
int nst_turn_setup(struct nst_arena *arena, struct nst_observer *observer);
int nst_turn_look(struct nst_arena *arena, struct nst_observer *observer,
                  struct nst_raw_snapshot **ret);
void nst_turn_conduct(struct nst_arena *arena, struct nst_actor *actor); /* in ACTOR's process */

/* at_once.c */
bool nst_at_once_begins(const struct nst_arena *arena, size_t i); /* with call I */
/* Has all calls FROM on performed. */
int nst_at_once_run(struct nst_arena *arena, struct nst_observer *observer, size_t from);
void nst_at_once_go(struct nst_arena *arena, struct nst_actor *actor); /* in ACTOR's process */

/* first.c, in the runner: the first actor, who serves case after case while it can be put back. */
int nst_first_get(struct nst_arena *arena, struct nst_observer *observer);
/* Whether it let go of everything, and stays. */
bool nst_first_leave(struct nst_arena *arena);
void nst_first_join(struct nst_arena *arena, struct nst_observer *observer);
/* Whether the case's first actor is one that had served another. */
bool nst_first_had_stayed(void);
/* Makes another in its place, it having died. */
int nst_first_replace(struct nst_arena *arena, struct nst_observer *observer);
void nst_first_forget(void);                 /* it was ended */
void nst_first_end(struct nst_arena *arena); /* if it stays */
/* In its process: */
void nst_first_let_go(struct nst_arena *arena, struct nst_actor *actor);
void nst_first_go_over(struct nst_arena *arena, struct nst_actor *actor);

/* tree.c: the known start. */
int nst_tree_make(void);  /* below the working directory */
int nst_tree_clean(void); /* removes what a case left; -errno: the tree isn't as it was */

/* runner.c: serves cases until one leaves the parent changed. Doesn't return. */
_Noreturn void nst_runner(struct nst_arena *arena);

/* program.c: the program that a sandbox's processes run. */
struct nst_program {
    int file;  /* to be run; -1: there is none, and they are forks of the tool */
    int arena; /* the memory that the arena is to be in; -1 too then */
};
void nst_program_open(struct nst_program *ret_program);
void nst_program_close(struct nst_program *program);
/* In a child of the tool, with the sandbox's end of LIFELINE: makes init a child of the tool, then
 * is done. */
_Noreturn void nst_program_begin(const struct nst_program *program, struct nst_arena *arena,
                                 int lifeline);

/* maker.c: the same as whatever runs. */
_Noreturn void nst_make_init(struct nst_arena *arena, int lifeline);

/* init.c: pid 1. TOOL is a pidfd. Doesn't return. */
_Noreturn void nst_init(struct nst_arena *arena, int lifeline, int tool);

/* actor.c */
/* Notes that what failed in an actor is no answer of the kernel to the sequence. */
void nst_actor_trouble(struct nst_arena *arena, const char *what);
struct nst_actor *nst_actor_find(struct nst_arena *arena,
                                 uint64_t name); /* NULL: none of that name */
/* Takes a slot for an actor named NAME, or a fresh name where that is taken or 0. NULL: too many.
 */
struct nst_actor *nst_actor_take(struct nst_arena *arena, uint64_t name);
/* Has ACTOR take its TURN and waits, at most NANOSECONDS. Returns 0; -ECHILD: it ended in it;
 * -ETIMEDOUT. */
int nst_actor_ask(struct nst_actor *actor, enum nst_turn turn, int64_t nanoseconds);
/* Goes on waiting for it. */
int nst_actor_await(struct nst_actor *actor, enum nst_turn turn, int64_t nanoseconds);
/* Waits until a new actor knows its pid. Returns 0 or -errno. */
int nst_actor_meet(struct nst_arena *arena, struct nst_actor *actor);
/* Whether ACTOR has ended, or does within MILLISECONDS; called by the runner, who reaps. */
bool nst_actor_ended(const struct nst_actor *actor, int milliseconds);
/* What an actor does first, in its own process, and then for ever. */
_Noreturn void nst_actor_live(struct nst_arena *arena, struct nst_actor *actor);
/* Moves descriptor FD, -1 as well, to where the harness's are. Returns its number or -1 with errno.
 */
int nst_actor_fd_raise(int fd);
void nst_actor_map_ids(struct nst_arena *arena, uint32_t uid, uint32_t gid);
int nst_actor_fd(const struct nst_actor *actor, uint64_t text); /* -1: no such descriptor */
/* Names descriptor REAL as EXPECT says or by the lowest unused number. Returns the name or -EMFILE.
 */
int nst_actor_fd_add(struct nst_actor *actor, int real, const struct nst_result *expect);
void nst_actor_fd_remove(struct nst_actor *actor, uint64_t text);
/* PATH with actors and descriptors as this kernel numbers them; in BUFFER when it differs. */
const char *nst_actor_path(struct nst_arena *arena, const struct nst_actor *actor, const char *path,
                           char *buffer, size_t size);

/* fail_nth.c: around a call, in its actor's process. */
int nst_fail_nth_begin(const struct nst_arena *arena,
                       const struct nst_call *call); /* -1: no fault */
bool nst_fail_nth_end(int fd);                       /* whether one failed. Keeps errno */

/* kcov.c. Where this kernel has none, or it can't be had, they do nothing. */
void nst_kcov_find(struct nst_arena *arena);  /* in init, while the host's files are in sight */
void nst_kcov_begin(struct nst_arena *arena); /* in a new actor's process */
void nst_kcov_before(void);                   /* a call */
void nst_kcov_after(struct nst_arena *arena);

/* calls.c: performs ACTOR's call. */
void nst_actor_perform(struct nst_arena *arena, struct nst_actor *actor);

/* observer.c, ns.c and snapshot.c: in the runner, or in an actor that conducts. */
struct nst_observer {
    int mountinfo, mounts, file; /* of the parent: the latter is its namespace's */
    struct nst_raw_view known;   /* the unchanged parent, as it was first read, and its statmount */
    struct nst_table known_statmount;
    int own_mountinfo, own_file; /* of SELF, while it didn't move since OWN_MOVES; or -1 */
    unsigned own_moves;
    int channel;            /* of the runner and the first actor, one end each */
    struct nst_actor *self; /* in whose process this is; NULL: the runner's */
    uint64_t ns, inode, owner;
    struct nst_watch *watch;
    bool watch_polls;
    bool have_statmount;
    long hidden; /* mounts of every namespace here that no process can see; -1: unknown */
    char *buffer;
    size_t buffer_len, buffer_cap;
    bool whole; /* the buffer holds every mount of its namespace; else that isn't known */
};
int nst_observer_open(struct nst_arena *arena, struct nst_observer *observer);
void nst_observer_close_own(struct nst_observer *observer);
/* In an actor: an open table holds the root that it was opened through (fs/proc_namespace.c,
 * mounts_open_common()), so that, moved away, it would stay in use. */
void nst_observer_close_tables(struct nst_observer *observer);
void nst_observer_forget_known(struct nst_observer *observer);
/* Watches as the case's options ask. */
int nst_observer_watch(struct nst_arena *arena, struct nst_observer *observer);
/* Goes over to the parent of now. */
int nst_observer_watch_again(struct nst_arena *arena, struct nst_observer *observer);
/* Opens the parent's tables as they are seen from its root of now, which a pivot_root moves. */
int nst_observer_reopen(struct nst_arena *arena, struct nst_observer *observer);
/* Returns the snapshot, ARENA->last itself where nothing differs; NULL: -errno in RET_ERROR. */
struct nst_raw_snapshot *nst_snapshot_take(struct nst_arena *arena, struct nst_observer *observer,
                                           int *ret_error);
/* Notes which namespaces ACTOR is in, which only its own unshare and setns change, and whether it
 * may end with one. */
int nst_snapshot_meet(struct nst_arena *arena, struct nst_actor *actor);
/* Of an open namespace file, with its inode if RET_INODE isn't NULL; 0: of another kind. Returns 0
 * or -errno, as those below do. */
int nst_snapshot_ns_of_fd(int fd, uint64_t *ret_ns, uint64_t *ret_inode);
/* The inode of the user namespace that owns mount namespace FD. */
int nst_snapshot_owner_of_fd(int fd, uint64_t *ret_owner);
/* How many mounts the namespace of FD has beyond those listed in MOUNTINFO, as a process sees only
 * what is below its root. -1: this kernel doesn't say. */
int nst_snapshot_hidden(int fd, const char *mountinfo, size_t len, long *ret_hidden);
/* Whether ERROR says that a process has ended: its directory is gone, or has no namespaces any more
 * (fs/proc_namespace.c, mounts_open_common()). */
bool nst_snapshot_is_gone(int error);
/* Opens the file of ACTOR's mount namespace. Returns it, or -1 with errno. */
int nst_snapshot_open_ns(const struct nst_arena *arena, const struct nst_actor *actor);
/* Fills VIEW's statmount with what the calling process sees, or its error. */
void nst_snapshot_look(struct nst_arena *arena, struct nst_raw_view *view);
int nst_snapshot_events(struct nst_arena *arena, struct nst_observer *observer,
                        struct nst_raw_events *ret_events);
/* What a sandbox reads of one table unless told, in bytes. Mounts that propagate to each other
 * multiply, and what the kernel does for a line grows with how many there are (fs/pnode.c,
 * get_dominating_id()): minutes, with tens of thousands. */
#define NST_TABLE_MOST ((size_t)1 << 20)
/* Reads FD from its start into BUFFER, which it grows. Returns 0; -E2BIG, beyond MOST bytes;
 * other -errno. */
int nst_read_all(int fd, size_t most, char **buffer, size_t *cap, size_t *ret_len);

/* hold.c, in the runner, or in an actor that conducts. */
/* Before a call of that row: notes what keeps mounts in use, if it unmounts. */
int nst_hold_begin(struct nst_arena *arena, enum nst_call_id id, struct nst_raw_step *step);
/* After it: notes what lives once the kernel has let go of what nothing holds, for which it waits a
 * while, if such a call may have been the last to hold it. NST_CALLS: when all is over. */
int nst_hold_end(struct nst_arena *arena, const struct nst_observer *observer, enum nst_call_id id,
                 struct nst_raw_step *step);

/* says.c: what the context says that CALL failed on, into NST_SAYS bytes. */
void nst_says_read(const struct nst_arena *arena, const struct nst_actor *actor,
                   const struct nst_call *call, char *ret_says);

/* leftover.c: counts what stands in the sandbox that a case must not leave. */
int nst_leftover_look(struct nst_arena *arena, struct nst_observer *observer);
long nst_leftover_last_pid(struct nst_arena *arena);
/* The next process gets the first free pid after LAST, so that a sequence which names processes by
 * the kernel's numbers meets the same ones each time. Where the kernel can't, that is so only by
 * chance. */
int nst_leftover_next_pid(struct nst_arena *arena, pid_t last);
/* Notes how things stand before there was a case. */
int nst_leftover_begin(struct nst_arena *arena);
/* Puts back the limits below /proc/sys/user, where a setup or a count that was cut off may have
 * left others. */
int nst_leftover_put_back(struct nst_arena *arena);

/* trace.c, in the tool. */
int nst_trace_build(const struct nst_arena *arena, const struct nst_sequence *sequence,
                    struct nst_trace *ret_trace);

/* nst_run(), of whatever kernel. */
int nst_run_as_is(struct nst_sandbox *sandbox, const struct nst_sequence *sequence,
                  const struct nst_run_options *options, struct nst_trace *ret_trace, char *why);

/* features.c: what this kernel lacks. Returns 0 or what nst_run() does. */
int nst_kernel_lacks(struct nst_sandbox *sandbox, nst_lacks *ret_lacks, char *why);

#endif
