/* The seam: every system call of the library's own setup and teardown passes through NST_SYS; those
 * of a sequence don't. A test that sets nst_faults has one of them fail, be forgotten, or kill its
 * process right before or after it, in whichever process of a sandbox it comes. Off, it costs a
 * branch.
 *
 * Of what table/ and watch/ do, a whole reading or opening is one operation. Waiting isn't one: how
 * often it is woken is chance. */
#ifndef NST_KERNEL_SYS_H
#define NST_KERNEL_SYS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum nst_sys_row {
    NST_SYS_FORK,
    NST_SYS_CLONE,
    NST_SYS_UNSHARE,
    NST_SYS_SETNS,
    NST_SYS_MOUNT,
    NST_SYS_UMOUNT,
    NST_SYS_PIVOT_ROOT,
    NST_SYS_OPEN_TREE,
    NST_SYS_OPEN,
    NST_SYS_CLOSE,
    NST_SYS_CLOSE_RANGE,
    NST_SYS_DUP,
    NST_SYS_PAIR,
    NST_SYS_SEND,
    NST_SYS_PIDFD_OPEN,
    NST_SYS_READ,
    NST_SYS_WRITE,
    NST_SYS_READLINK,
    NST_SYS_MKDIR,
    NST_SYS_UNLINK,
    NST_SYS_CHDIR,
    NST_SYS_STAT,
    NST_SYS_NS,
    NST_SYS_TABLE,
    NST_SYS_WATCH,
    NST_SYS_EVENTS,
    NST_SYS_MEMFD,
    NST_SYS_TRUNCATE,
    NST_SYS_FCNTL,
    NST_SYS_EXEC,
    NST_SYS_MMAP,
    NST_SYS_MUNMAP,
    NST_SYS_IDS,
    NST_SYS_CAPS,
    NST_SYS_WAIT,
    NST_SYS_POLL,
    NST_SYS_KILL,
    NST_SYS_SELF,
    NST_SYS_WAKE,
    NST_SYS_ROWS /* how many there are */
};

#define NST_SYS_ERRORS_MAX 6

struct nst_sys_type {
    const char *name;
    int error[NST_SYS_ERRORS_MAX + 1]; /* those that the man page names and no argument is to blame
                                          for; ends with 0 */
    bool performs; /* failing too, it has done its work: close(2), "Dealing with error returns" */
    bool forks;
};

extern const struct nst_sys_type nst_sys_types[NST_SYS_ROWS];

/* One place in the source. */
struct nst_sys_site {
    const char *function;
    int line;
    enum nst_sys_row row;
    _Atomic uint32_t count; /* how often it was come to; the test's to reset */
};

enum nst_fault_kind {
    NST_FAULT_NONE, /* only counts */
    NST_FAULT_FAILS,
    NST_FAULT_FORGETS, /* all of a function and a row, each time, aren't performed, and say that
                          they were: a mutant */
    NST_FAULT_KILLS_BEFORE,
    NST_FAULT_KILLS_AFTER
};

#define NST_SYS_SITES_MAX 512

/* In a mapping that the test shares with all that it forks. */
struct nst_faults {
    struct nst_sys_site site[NST_SYS_SITES_MAX];
    _Atomic size_t sites;
    _Atomic uint32_t lock;
    bool program; /* a sandbox may run the program, which has no faults in it (program.c) */
    enum nst_fault_kind kind;
    size_t at;    /* index of its site */
    uint32_t nth; /* time of its being come to, from 1 */
    int error;
    const char *function; /* of NST_FAULT_FORGETS, as a site has it */
    enum nst_sys_row row; /* of NST_FAULT_FORGETS; NST_SYS_ROWS: all */
    _Atomic uint32_t met; /* how often the fault came up */
};

/* Set by a test before it opens a sandbox, which inherits it; NULL else. */
extern struct nst_faults *nst_faults;

bool nst_fault_before(enum nst_sys_row row, const char *function, int line);
long nst_fault_after(long result);
long nst_fault_instead(void);

static inline bool nst_sys_before(enum nst_sys_row row, const char *function, int line)
{
    return __builtin_expect(!nst_faults, 1) || nst_fault_before(row, function, line);
}

static inline long nst_sys_after(long result)
{
    return __builtin_expect(!nst_faults, 1) ? result : nst_fault_after(result);
}

/* What EXPRESSION, a call of ROW's type, gives; or -1 with errno set. */
#define NST_SYS(row, expression)                                                                   \
    ((__typeof__(expression))(nst_sys_before(NST_SYS_##row, __func__, __LINE__)                    \
                                  ? nst_sys_after((long)(expression))                              \
                                  : nst_fault_instead()))

/* The same of one that returns 0 or more, or -errno. */
#define NST_SYS_ERROR(row, expression)                                                             \
    (nst_sys_before(NST_SYS_##row, __func__, __LINE__) ? (int)nst_sys_after((long)(expression))    \
     : nst_fault_instead() < 0                         ? -errno                                    \
                                                       : 0)

#endif
