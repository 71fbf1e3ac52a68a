/* A trace holds all that a property may look at: what each call answered, and what every namespace
 * showed before and after it. */
#ifndef NS_TOOL_TRACE_H
#define NS_TOOL_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ns-tool/features.h>
#include <ns-tool/sequence.h>
#include <ns-tool/shrink.h>
#include <ns-tool/table.h>
#include <ns-tool/watch.h>

/* What one mount namespace showed at one instant. */
struct nst_ns_view {
    uint64_t ns;             /* the same number, the same namespace; its id, or before 6.10 its inode */
    uint64_t owner;          /* the user namespace that owns it, by its inode; 0: unknown */
    uint64_t inode;          /* its file's: a bind of it has the root mnt:[inode]; 0: unknown */
    uint32_t reader;         /* the actor through whose root it was seen; 0: the observer. Through
                                another root (chroot) the same namespace shows other paths */
    bool parent;             /* whether this is the parent, in which the observer stays */
    struct nst_table table;  /* mountinfo of a process in it; the observer's in the parent */
    struct nst_table statmount; /* the same by listmount/statmount; empty with have_statmount false */
    bool have_statmount;
    bool whole; /* the tables hold every mount of the namespace; else some lie outside the reader's
                   root (proc_pid_mountinfo(5)), or this kernel (before 6.12) doesn't count them */
    char *mounts;            /* /proc/PID/mounts, as text; only in the parent; may be NULL */
};

struct nst_snapshot {
    struct nst_ns_view *view; /* [0] is the parent */
    size_t len;
};

enum nst_answer_kind {
    NST_ANSWER_NONE,    /* never performed: its actor is gone or was never made */
    NST_ANSWER_VALUE,   /* the call succeeded with value */
    NST_ANSWER_ERROR,   /* it failed with error */
    NST_ANSWER_ENDED,   /* its actor ended in it (exit_group, a kill of itself) */
    NST_ANSWER_DEADLINE /* it didn't return before the deadline; the run ended here */
};

enum nst_hold_kind { NST_HOLD_CWD, NST_HOLD_ROOT, NST_HOLD_FD };

/* What keeps a mount, or a namespace, in use. */
struct nst_hold {
    uint32_t actor;
    enum nst_hold_kind kind;
    int fd;         /* of NST_HOLD_FD, as the sequence numbers it */
    uint64_t mount; /* the mount's id as mountinfo has it (statx(2), stx_mnt_id) */
    uint64_t ns;    /* the mount namespace whose file a descriptor is, as nst_ns_view.ns; else 0 */
    uint32_t mounts; /* how many mounts that namespace has; 0: unknown (before 6.12) */
    bool lists; /* a descriptor of /proc/PID/mountinfo or its like: it holds what it lists, too */
};

#define NST_SAYS 128

struct nst_step {
    const struct nst_call *call; /* in the sequence that was run */
    enum nst_answer_kind kind;
    int64_t value;
    int error;       /* positive errno */
    uint64_t ns;     /* the actor's mount namespace before the call */
    uint64_t user;   /* its user namespace before the call, by its inode; 0: unknown */
    struct nst_hold *hold; /* what every living actor held when the call began; owned. Only of
                              umount2 */
    size_t holds;
    struct nst_hold *held; /* the same when it was over; owned. Only beside alive */
    size_t helds;
    uint64_t *alive; /* of the mount namespaces that actors were in so far those that lived when it
                        was over, as nst_ns_view.ns; owned. Only after a call that may drop the
                        last reference to one (unshare, setns, close, kill, exit_group; umount2
                        where one's file is bound), else NULL; NULL too where the kernel doesn't
                        tell (before 6.11) */
    size_t alives;
    uint64_t unlisted; /* one of those that listmount(2) said to be gone, by the same number; 0: none */
    bool faulted; /* an allocation failed in it, as nst_run_options.fail_nth asks */
    char says[NST_SAYS]; /* what its context said where fsconfig or fsmount failed, as `tmpfs: Bad
                            value for 'size'`, cut off at the end (fsopen(2)); empty: nothing */
    struct nst_snapshot *before, *after; /* may be the same snapshot: provably nothing changed */
    struct nst_events events; /* what the watch on the parent saw during this call */
};

/* What was left when the case was over and its sandbox was gone. */
struct nst_leftover {
    size_t processes, directories, namespaces, mounts;
    /* Of the mounts that the case left in the parent, if nst_run_options.undo asked for it: undone
     * by an unmount of their path, only by detaching it, only by the namespace's death. */
    size_t by_path, by_detaching, by_death;
    char text[256]; /* the first of them, named; empty when there is none */
};

#define NST_KERNEL_EDGES (1 << 16)

struct nst_trace {
    struct nst_step *step;
    size_t len;
    struct nst_step *setup; /* what nst_run_options.setup did, between start and the first call; its
                               call is NULL; owned. NULL: there was no setup */
    struct nst_snapshot **snapshot; /* all, each once; owned */
    size_t snapshots;
    struct nst_snapshot *start, *end; /* before the first call; after every actor is gone */
    uint64_t *end_alive; /* as nst_step.alive, after every actor is gone; owned */
    size_t end_alives;
    struct nst_events end_events;
    struct nst_leftover leftover;
    enum nst_watch_kind watch;
    nst_lacks lacks; /* what this kernel lacks of nst_kernel_features; 0 with a setup */
    bool privileged; /* nst_run_options.privileged */
    bool predicted;  /* nobody performed it: the reference model's, <ns-tool/model.h>. It has no
                        events, and no views but by mountinfo */
    bool deadline;   /* a call hung */
    bool at_once;  /* the steps from AT_ONCE_FROM on were performed by several actors at once: they
                      have an answer, but neither tables nor events of their own */
    size_t at_once_from;
    struct nst_events at_once_events; /* what the watch on the parent saw during all of them */
    uint8_t *kernel_edge; /* NST_KERNEL_EDGES bytes, 1 where a call went from one place of the
                             kernel's code to the next (Documentation/dev-tools/kcov.rst), by their
                             hash: the same edge, the same byte, until the machine is started again.
                             Owned. NULL: not asked for, or this kernel doesn't tell */
};

/* Frees what TRACE owns and empties it. */
void nst_trace_free(struct nst_trace *trace);

/* Names every mount and peer group of TRACE in order of appearance, so that what is said of it doesn't depend
 * on what else runs on this machine. RET_RENAMER is freed by the caller. */
void nst_trace_renamer(const struct nst_trace *trace, struct nst_renamer *ret_renamer);

/* What each call of TRACE did, as far as was seen, for nst_shrink(). RET_EFFECT has room for its
 * len. */
void nst_trace_effects(const struct nst_trace *trace, enum nst_effect *ret_effect);

struct nst_run_options {
    unsigned deadline_ms; /* of one call; 0: 1,000 */
    size_t table_most;    /* bytes of one mountinfo, beyond which a case is too big; 0: 1 MB */
    bool privileged;      /* no user namespace: what only the initial one allows */
    bool no_fanotify;     /* force polling, as on kernels before 6.15 */
    bool undo;        /* unmount what the case left in the parent, and tell how it went */
    bool kernel_edges; /* the kernel's own coverage, where it has one that the caller may read: a
                          kernel with CONFIG_KCOV, /sys/kernel/debug mounted, root. To be set when
                          the sandbox is opened, too */
    size_t fail_call;     /* the call, from 1 on, in which the kernel has an allocation fail; 0: none */
    unsigned fail_nth;    /* which of it, from 1 on (Documentation/fault-injection/fault-injection.rst,
                             fail-nth). A kernel with CONFIG_FAILSLAB; elsewhere nothing fails */
    bool only_ends;       /* tables at the start and the end only */
    bool at_once; /* from the first call on that makes an actor, each performs its own calls in a row
                     beside the others, on all cores; the case ends when none got on for as long as a
                     call may take */

    /* The code under test, such as a runtime's own setup of its namespaces; NULL: none. It runs in
     * the first actor's process, before the first call, and the calls are made wherever it left
     * that process. It finds the sandbox's small world and no file of the host. Returns 0 or more,
     * or a negative errno; both are data: nst_trace.setup has them. It may fork and wait; children
     * that it leaves are ended with the case. It and all it refers to must be in memory when the
     * sandbox is opened with it, or first runs a case with one: SETUP_CTX is what it was then,
     * unless it lies in a shared mapping. */
    int (*setup)(void *setup_ctx);
    void *setup_ctx;
};

struct nst_sandbox;

/* Opens a sandbox: a user, a pid and a mount namespace whose root is a tmpfs, with a shared parent
 * and the small fixed tree in it. The caller closes it. WHY (of 200 bytes, may be NULL) says what
 * failed. Returns 0; -EPERM or -ENOSPC where user namespaces are not allowed; other -errno. */
int nst_sandbox_open(const struct nst_run_options *options, struct nst_sandbox **ret_sandbox, char *why)
    __attribute__((warn_unused_result));

/* Performs SEQUENCE from the known start and fills RET_TRACE, which refers to SEQUENCE's calls and
 * is freed by the caller. Returns 0; -ETIMEDOUT never (a hanging call is data); -EPIPE when the
 * sandbox died; -E2BIG when the case shows more than a sandbox holds (512 MB of tables, or one of
 * more than table_most), which goes on with the next case; other -errno for trouble of our own,
 * with WHY set. */
int nst_run(struct nst_sandbox *sandbox, const struct nst_sequence *sequence,
            const struct nst_run_options *options, struct nst_trace *ret_trace, char *why)
    __attribute__((warn_unused_result));

/* Ends every process of SANDBOX and frees it. NULL is allowed. */
void nst_sandbox_close(struct nst_sandbox *sandbox);

#endif
