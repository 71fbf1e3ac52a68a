/* What the files of this room share. All of it lives in the supervisor, the first process of the
 * stage. */
#ifndef CHECK_CHECK_H
#define CHECK_CHECK_H

#include <sys/types.h>

#include <ns-tool/check.h>
#include <ns-tool/table.h>
#include <ns-tool/watch.h>

enum { TEXT = NST_CHECK_TEXT };

/* A mount that showed in the parent. */
struct nst_shown {
    uint64_t id; /* of the table's, unique where the kernel has such */
    char point[TEXT];
    char what[TEXT]; /* type, options, propagation */
    double since;
    size_t call; /* that brought it; SIZE_MAX: unknown */
    bool allowed, gone, is_ns;
};

/* A mount namespace that a program began in, as it looked when the last one did. */
struct nst_inhabited {
    uint64_t ns; /* inode of its file */
    int pid;
    char process[16];
    struct nst_table table;  /* as seen through its root */
    struct nst_table parent; /* what the parent showed then */
    size_t call;
};

/* A directory that a call made. */
struct nst_spot {
    char path[TEXT]; /* as who made it sees it */
    size_t call;
    bool mounted; /* on it something was mounted, and the parent sees it at the same path: */
    dev_t dev;
    ino_t ino;
};

struct nst_stage {
    const struct nst_check_options *options;
    struct nst_check *check; /* shared with the tool */
    int lifeline;            /* its other end closes with the tool */
    int proc;                /* /proc, whatever becomes of what stands there */
    int listener;            /* of seccomp's notifications; -1 */
    int signals;
    struct nst_watch *watch;
    uint64_t parent;               /* inode of the parent's namespace file */
    struct nst_table before, last; /* the parent's, at first and when it was looked at last */
    struct nst_shown *shown;
    size_t showns, shown_cap;
    struct nst_inhabited *inhabited;
    size_t inhabiteds, inhabited_cap;
    struct nst_spot *spot;
    size_t spots, spot_cap;
    size_t latest; /* the call that was let go last of those that attach a mount; SIZE_MAX: none */
    size_t changing; /* of those that change a table or a process's namespace */
    pid_t command;
    bool command_ended;
    double begun;
};

double nst_check_now(void); /* milliseconds */

/* Grows ARRAY, of elements of SIZE, so that one more than LEN fits. Returns 0 or -ENOMEM. */
int nst_check_grow(void *array, size_t len, size_t *cap, size_t size);

/* Adds a finding and returns it; NULL: there is no room, which is counted. CALL is the index of a
 * call or SIZE_MAX. */
struct nst_check_finding *nst_check_add(struct nst_stage *stage, enum nst_check_property property,
                                        size_t call, const char *path, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* filter.c: puts a filter on the calling process which has every call of the mount family wait.
 * Returns the listener or -errno. */
int nst_filter_install(void);

/* trap.c: takes one notification, notes the call, looks at what came before it, and lets it go or
 * has it fail. Returns 0 or -errno of the listener. */
int nst_trap_take(struct nst_stage *stage);

/* look.c: reads what the parent shows now, where the watch saw something, and notes what came and
 * went as the doing of the latest call. Returns 0 or -errno. */
int nst_look(struct nst_stage *stage);
/* Notes what process PID's namespace shows, if it isn't the parent. */
void nst_look_inside(struct nst_stage *stage, pid_t pid, const char *process, size_t call,
                     bool begins);
uint64_t nst_look_ns(const struct nst_stage *stage, pid_t pid); /* inode; 0: it is gone */
int nst_look_read(struct nst_table *ret_table);                 /* the parent's */
/* The one of TABLE that LIKE is, by its unique id where there is one; NULL. */
const struct nst_mount *nst_look_find(const struct nst_table *table, const struct nst_mount *like);
/* Whether --allow names PATH. */
bool nst_look_allows(const struct nst_check_options *options, const char *path);

/* left.c: what is there when all is over. */
void nst_left_processes(struct nst_stage *stage);
void nst_left_mounts(struct nst_stage *stage);
void nst_left_spots(struct nst_stage *stage);
bool nst_left_any(const struct nst_stage *stage); /* whether a process of the command lives */
void nst_left_kill(const struct nst_stage *stage);

/* judge.c */
void nst_judge_inside(struct nst_stage *stage);

/* probe.c: with real mounts, from both sides, while process PID waits. */
void nst_probe(struct nst_stage *stage, pid_t pid);

/* supervise.c: runs the command in the stage that was made. Returns 0 or -errno. */
int nst_supervise(struct nst_stage *stage);

#endif
