/* A sequence is what a few actors ask of the kernel, one call after the other. Its text form is
 * strace's: the same lines that `strace -f -o LOG COMMAND` writes. See ns-tool(1).
 *
 * Functions return 0, or -errno for trouble of our own. What a kernel answered is data in a trace. */
#ifndef NS_TOOL_SEQUENCE_H
#define NS_TOOL_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bounds of a sequence; a reader refuses what lies beyond them (-E2BIG). */
#define NST_ACTORS_MAX 64         /* distinct actors */
#define NST_CALLS_MAX 4096        /* calls */
#define NST_STRING_MAX (64 * 1024) /* bytes of one string, its NUL not counted */
#define NST_ARGS_MAX 8

enum nst_call_id {
    NST_CALL_UNSHARE,
    NST_CALL_SETNS,
    NST_CALL_CLONE,
    NST_CALL_CLONE3,
    NST_CALL_FORK,
    NST_CALL_VFORK,
    NST_CALL_EXIT_GROUP,
    NST_CALL_KILL,
    NST_CALL_MKDIR,
    NST_CALL_MKDIRAT,
    NST_CALL_RMDIR,
    NST_CALL_UNLINK,
    NST_CALL_UNLINKAT,
    NST_CALL_SYMLINK,
    NST_CALL_RENAME,
    NST_CALL_RENAMEAT2,
    NST_CALL_OPEN,
    NST_CALL_OPENAT,
    NST_CALL_CLOSE,
    NST_CALL_CHDIR,
    NST_CALL_FCHDIR,
    NST_CALL_CHROOT,
    NST_CALL_MOUNT,
    NST_CALL_UMOUNT2,
    NST_CALL_PIVOT_ROOT,
    NST_CALL_OPEN_TREE,
    NST_CALL_OPEN_TREE_ATTR,
    NST_CALL_MOVE_MOUNT,
    NST_CALL_FSOPEN,
    NST_CALL_FSCONFIG,
    NST_CALL_FSMOUNT,
    NST_CALL_FSPICK,
    NST_CALL_MOUNT_SETATTR,
    NST_CALLS /* how many there are */
};

enum nst_arg_kind {
    NST_ARG_NONE,
    NST_ARG_PATH,   /* a path; NULL where the text says NULL */
    NST_ARG_STRING, /* a source, type, key or data; may be NULL */
    NST_ARG_FLAGS,  /* bits of a flag set */
    NST_ARG_ENUM,   /* one value of a flag set */
    NST_ARG_FD,     /* a descriptor as the text numbers it; NST_AT_FDCWD */
    NST_ARG_INT,    /* decimal */
    NST_ARG_MODE,   /* octal */
    NST_ARG_PID,    /* an actor */
    NST_ARG_SIZE    /* the size of the struct before it; printed, not kept */
};

#define NST_AT_FDCWD ((uint64_t)(int64_t)-100)

/* One named bit or value. */
struct nst_flag {
    const char *name;
    uint64_t value;
};

struct nst_flag_set {
    const char *name; /* the prefix that unknown values carry in a comment, such as MS_ */
    const struct nst_flag *flag;
    size_t len;
};

struct nst_arg_type {
    enum nst_arg_kind kind;
    const char *name;               /* the label that strace prints: `flags=`; or NULL */
    const struct nst_flag_set *set; /* of NST_ARG_FLAGS and NST_ARG_ENUM */
    bool opens;                     /* `{` stands before it */
    bool closes;                    /* `}` stands behind it */
    bool optional;                  /* may be left out at the end (openat's mode) */
    const char *silent;             /* text printed before it: `child_stack=NULL, ` */
};

enum nst_returns { NST_RETURNS_ZERO, NST_RETURNS_FD, NST_RETURNS_ACTOR, NST_RETURNS_NEVER };

/* A row of the table of calls: reader, printer, generator, mutator and executor all read it. */
struct nst_call_type {
    const char *name; /* strace's name: in saved files, so never renamed */
    enum nst_returns returns;
    unsigned since; /* the first kernel that has it: 5 << 8 | 12 for 5.12; 0 for always */
    uint8_t args;
    struct nst_arg_type arg[NST_ARGS_MAX];
};

extern const struct nst_call_type nst_calls[NST_CALLS];

struct nst_arg {
    uint64_t num;
    const char *str; /* owned by the sequence; NULL for NULL */
};

enum nst_expectation { NST_ANY, NST_SUCCEEDS, NST_FAILS };

struct nst_result {
    enum nst_expectation kind;
    int64_t value; /* of NST_SUCCEEDS: 0, or the descriptor or actor that the text names */
    int error;     /* of NST_FAILS: a positive errno */
};

/* One line of a sequence. */
struct nst_call {
    enum nst_call_id id;
    uint32_t actor; /* as written; the first one named starts in the parent */
    uint32_t line;  /* where it stood in its file, from 1; 0 when it was made */
    struct nst_arg arg[NST_ARGS_MAX];
    struct nst_result expect;
};

struct nst_string; /* one owned string */

struct nst_sequence {
    struct nst_call *call;
    size_t len, cap;
    struct nst_string *strings; /* what the calls' strings point into */
};

/* What a reader met besides calls. */
struct nst_read_counts {
    size_t comments;   /* lines of a `#` comment */
    size_t other;      /* lines of system calls that the table doesn't have */
    size_t signals;    /* `--- SIGCHLD {…} ---` */
    size_t exits;      /* `+++ exited with 0 +++` */
    size_t joined;     /* pairs of `<unfinished ...>` and `resumed` */
    size_t unfinished; /* calls that were never resumed: read with an unknown result */
    size_t truncated;  /* strings that strace cut (`"abc"...`) */
    size_t dropped;    /* lines that the lenient reader couldn't read */
};

struct nst_read_error {
    size_t line, column; /* from 1; column counts bytes */
    char message[200];   /* what was expected */
};

/* Frees what SEQUENCE owns and empties it; harmless on an empty one. */
void nst_sequence_free(struct nst_sequence *sequence);

/* Appends CALL, whose strings are copied. Returns 0, -E2BIG beyond the bounds, -ENOMEM. */
int nst_sequence_append(struct nst_sequence *sequence, const struct nst_call *call)
    __attribute__((warn_unused_result));

/* Removes LEN calls from AT on. */
void nst_sequence_remove(struct nst_sequence *sequence, size_t at, size_t len);

/* Makes RET_COPY, which must be empty, equal to SEQUENCE. Returns 0, -ENOMEM. */
int nst_sequence_copy(const struct nst_sequence *sequence, struct nst_sequence *ret_copy)
    __attribute__((warn_unused_result));

/* Copies TEXT of LEN bytes (no NUL in it) into storage that lives as long as SEQUENCE does.
 * Returns NULL when there is no memory. */
const char *nst_sequence_string(struct nst_sequence *sequence, const char *text, size_t len);

/* How many distinct actors act or are made. */
size_t nst_sequence_actors(const struct nst_sequence *sequence);

/* Whether every call is a whole row of the table with arguments in bounds. For assertions. */
bool nst_sequence_valid(const struct nst_sequence *sequence);

/* Reads TEXT of LEN bytes, as a person writes it or as strace does, strictly: the first line that
 * can't be read ends it. RET_COUNTS and RET_ERROR may be NULL. RET_SEQUENCE must be empty and
 * stays so on failure. Returns 0; -EINVAL for text that can't be read and -E2BIG beyond the bounds,
 * with RET_ERROR set; -ENOMEM. */
int nst_strace_read(const char *text, size_t len, struct nst_sequence *ret_sequence,
                    struct nst_read_counts *ret_counts, struct nst_read_error *ret_error)
    __attribute__((warn_unused_result));

/* As nst_strace_read(), but drops (and counts) every line that it can't read, and stops at the
 * bounds, so that any bytes give a sequence. Returns 0 or -ENOMEM. */
int nst_strace_read_lenient(const char *text, size_t len, struct nst_sequence *ret_sequence,
                            struct nst_read_counts *ret_counts) __attribute__((warn_unused_result));

/* The canonical text of SEQUENCE: equal sequences have equal text, and reading it gives SEQUENCE
 * back. The caller frees it. Returns 0, -ENOMEM. */
int nst_strace_print(const struct nst_sequence *sequence, char **ret_text, size_t *ret_len)
    __attribute__((warn_unused_result));

/* The canonical text of one call with its expectation, without a newline. The caller frees it.
 * Returns NULL when there is no memory. */
char *nst_call_text(const struct nst_call *call);

/* Whether a sandbox, PRIVILEGED or not (nst_run_options), refuses CALL with EPERM before the kernel is
 * asked: what would have power over the host (ns-tool(1), "What is refused"). Other refusals need a
 * look at what the call would reach. */
bool nst_call_is_refused(const struct nst_call *call, bool privileged);

/* The name of ERROR (positive), "ENOENT"; NULL: it has none. What it says in English, "No such file
 * or directory". Of a signal below 32 its name without SIG; NULL: it has none. */
const char *nst_errno_name(int error);
const char *nst_errno_text(int error);
const char *nst_signal_name(int signal);

/* What becomes of a process that takes SIGNAL and has no handler for it (signal(7), "Standard
 * signals"); 0 is none. */
enum nst_signal_effect { NST_SIGNAL_IGNORED, NST_SIGNAL_STOPS, NST_SIGNAL_ENDS };
enum nst_signal_effect nst_signal_effect(int signal);

#endif
