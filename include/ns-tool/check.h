/* Any program on the bench: a command runs below a shared parent of its own, every mount that is
 * attached there is seen, every call of the mount family is held until it was noted, and afterwards
 * it is told what showed, what was left, what weakened and what stayed connected.
 *
 * Sources: mount_namespaces(7), seccomp_unotify(2), fanotify(7), pid_namespaces(7). */
#ifndef NS_TOOL_CHECK_H
#define NS_TOOL_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ns-tool/property.h>

#define NST_CHECK_FINDINGS_MAX 64
#define NST_CHECK_CALLS_MAX 8192 /* calls that are noted; those beyond are counted */
#define NST_CHECK_TEXT 320

/* How a volume is asked to propagate; SHARED is both ways, SLAVE from the parent to the program
 * (mount_namespaces(7), "SHARED SUBTREES"). */
enum nst_expect_kind { NST_EXPECT_PRIVATE, NST_EXPECT_SLAVE, NST_EXPECT_SHARED };

struct nst_check_expect {
    const char *outside; /* where the parent has it, absolute */
    const char *inside;  /* where the program has it */
    enum nst_expect_kind kind;
    bool recursive; /* and what is mounted below it */
};

enum nst_check_fault { NST_CHECK_NO_FAULT, NST_CHECK_FAILS, NST_CHECK_KILLS };

struct nst_check_options {
    char **argv;           /* of the command, ends with NULL */
    bool host;             /* watch the namespace that the caller is in; change nothing */
    bool no_pid_namespace; /* the command sees the host's processes */
    unsigned timeout_ms;   /* the command is killed then; 0: never */
    const char *const
        *allow; /* patterns (fnmatch(3)) of mount points that may show in the parent */
    size_t allows;
    const struct nst_check_expect *expect;
    size_t expects;
    enum nst_check_fault fault; /* at call number FAULT_AT, from 1, of those that a sweep counts */
    size_t fault_at;
    int fault_error; /* positive errno; 0: what is plausible for that call */
    bool silent;     /* the command reads nothing and its output goes nowhere */
    bool out_to_err; /* what it writes to standard output goes to standard error */
    bool no_fanotify;
};

/* What the command did, or what became of it. */
struct nst_check_finding {
    enum nst_check_property {
        NST_CHECK_ISOLATION,
        NST_CHECK_CLEANUP,
        NST_CHECK_FLAGS,
        NST_CHECK_PROPAGATION,
        NST_CHECK_PROPERTIES
    } property;
    char text[NST_CHECK_TEXT]; /* one line */
    char process[32];          /* the program that did it, as far as is known; else empty */
    int pid;                   /* of it, as the command sees it; 0: unknown */
    char call[NST_CHECK_TEXT]; /* the call, in strace's form; else empty */
    size_t call_at;            /* its index in nst_check.call, or SIZE_MAX */
    double milliseconds;       /* how long it showed; negative: to the end */
    char path[NST_CHECK_TEXT]; /* the mount point, directory or program that it is about */
};

/* A call of the mount family, as it was about to be performed. */
struct nst_check_call {
    int pid;
    bool swept; /* a sweep counts it */
    char text[NST_CHECK_TEXT - 64];
    char process[16];
};

/* Lies in memory that processes share; all of it is plain. */
struct nst_check {
    int status; /* of the command, as wait(2) gives it */
    bool timed_out;
    bool unheld; /* calls weren't held: --host, or a kernel or command that doesn't allow it */
    enum nst_watch_kind watch;
    double seconds;
    size_t mounts;     /* in the parent, before */
    size_t namespaces; /* mount namespaces, besides the parent, that programs began in */
    size_t attached;   /* mounts that were attached in the parent, allowed ones included */
    size_t probes;     /* mounts made to see where they propagate to */
    struct nst_check_finding finding[NST_CHECK_FINDINGS_MAX];
    size_t findings, more; /* and those that there was no room for */
    struct nst_check_call call[NST_CHECK_CALLS_MAX];
    size_t calls;  /* all, those beyond the room included */
    size_t swept;  /* of them those that a sweep counts */
    size_t faulty; /* index in CALL of the one that was made to fail; SIZE_MAX: none */
    int fault_error;
    int error; /* what kept it from being done, a positive errno; 0: nothing */
    char why[200];
};

/* The promise and its source, of each enum nst_check_property. */
struct nst_check_promise {
    const char *name, *promise, *source;
};
extern const struct nst_check_promise nst_check_promises[NST_CHECK_PROPERTIES];

/* Runs the command to its end and judges it. Signals that this process gets meanwhile go to the
 * command. RET_CHECK is to be unmapped with nst_check_free(). Its own first process may end some 10
 * ms later, as a child of the caller that is to be waited for. Nothing lives on once this process
 * is gone, however it ends, except what `host` or `no_pid_namespace` let escape. Returns 0; -EPERM
 * or what else clone(2) gives where namespaces aren't allowed; -ENOENT, -EACCES and what else
 * execve(2) gives of the command; -ENOMEM; with WHY (of 200 bytes) set. */
int nst_check_run(const struct nst_check_options *options, struct nst_check **ret_check, char *why)
    __attribute__((warn_unused_result));
void nst_check_free(struct nst_check *check); /* NULL is allowed */

/* "rslave" and the like. Returns 0 or -EINVAL. */
int nst_expect_kind_parse(const char *text, enum nst_expect_kind *ret_kind, bool *ret_recursive)
    __attribute__((warn_unused_result));

#endif
