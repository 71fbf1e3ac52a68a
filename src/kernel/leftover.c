/* After a case: what stands in its sandbox besides init and the runner. Looked for, not assumed. */
#include "kernel.h"
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void __attribute__((format(printf, 2, 3)))
name(struct nst_leftover *leftover, const char *format, ...)
{
    va_list list;

    if (*leftover->text)
        return;
    va_start(list, format);
    vsnprintf(leftover->text, sizeof(leftover->text), format, list);
    va_end(list);
}

static int hash_mounts(struct nst_arena *arena, char **buffer, size_t *cap, size_t *ret_hash)
{
    size_t hash = 14695981039346656037U, len;
    int error = nst_read_all(arena->init_mountinfo, NST_TABLE_MOST, buffer, cap, &len);

    if (error) {
        errno = -error;
        return nst_arena_fail(arena, "can't read the sandbox's own mounts");
    }
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)(*buffer)[i]) * 1099511628211U;
    *ret_hash = hash;
    return 0;
}

/* Limits that whoever is root in a user namespace may set for it (namespaces(7), "The
 * /proc/sys/user directory"), as they are in a new one. */
static struct limit {
    const char *name;
    char text[16];
} limits[] = {
    {.name = "sys/user/max_cgroup_namespaces"}, {.name = "sys/user/max_fanotify_groups"},
    {.name = "sys/user/max_fanotify_marks"},    {.name = "sys/user/max_inotify_instances"},
    {.name = "sys/user/max_inotify_watches"},   {.name = "sys/user/max_ipc_namespaces"},
    {.name = "sys/user/max_mnt_namespaces"},    {.name = "sys/user/max_net_namespaces"},
    {.name = "sys/user/max_pid_namespaces"},    {.name = "sys/user/max_time_namespaces"},
    {.name = "sys/user/max_user_namespaces"},   {.name = "sys/user/max_uts_namespaces"}};

/* What a kernel doesn't have stays empty. */
static int read_limit(struct nst_arena *arena, struct limit *limit)
{
    int fd = NST_SYS(OPEN, openat(arena->proc, limit->name, O_RDONLY | O_CLOEXEC));
    ssize_t len;

    if (fd < 0)
        return errno == ENOENT ? 0 : nst_arena_fail(arena, limit->name);
    len = NST_SYS(READ, read(fd, limit->text, sizeof(limit->text) - 1));
    NST_SYS(CLOSE, close(fd));
    if (len < 0)
        return nst_arena_fail(arena, limit->name);
    limit->text[len] = '\0';
    return 0;
}

static int write_limit(struct nst_arena *arena, const struct limit *limit)
{
    int fd, error = 0;

    if (!*limit->text)
        return 0;
    fd = NST_SYS(OPEN, openat(arena->proc, limit->name, O_WRONLY | O_CLOEXEC));
    if (fd < 0 || NST_SYS(WRITE, write(fd, limit->text, strlen(limit->text))) < 0)
        error = nst_arena_fail(arena, limit->name);
    if (fd >= 0)
        NST_SYS(CLOSE, close(fd));
    return error;
}

int nst_leftover_put_back(struct nst_arena *arena)
{
    int error = 0;

    if (!arena->dirty_limits)
        return 0;
    for (size_t i = 0; !error && i < sizeof(limits) / sizeof(*limits); i++)
        error = write_limit(arena, &limits[i]);
    arena->dirty_limits = error != 0;
    return error;
}

int nst_leftover_begin(struct nst_arena *arena)
{
    char *buffer = NULL;
    size_t cap = 0;
    int error = hash_mounts(arena, &buffer, &cap, &arena->init_mounts);

    free(buffer);
    for (size_t i = 0; !error && !arena->privileged && i < sizeof(limits) / sizeof(*limits); i++)
        error = read_limit(arena, &limits[i]);
    return error;
}

/* A file that a kernel without CONFIG_CHECKPOINT_RESTORE doesn't have. */
struct last_pid {
    int fd;
    bool missing;
};

/* Opens FILE unless that was done, or there is none. Returns its descriptor or -1. */
static int open_last_pid(const struct nst_arena *arena, struct last_pid *file, int flags)
{
    if (file->fd < 0 && !file->missing) {
        file->fd = NST_SYS(OPEN, openat(arena->proc, "sys/kernel/ns_last_pid", flags | O_CLOEXEC));
        file->missing = file->fd < 0 && errno == ENOENT;
    }
    return file->fd;
}

/* The last pid that was given to a process of this pid namespace (proc(5),
 * /proc/sys/kernel/ns_last_pid); -1: this kernel doesn't say. */
long nst_leftover_last_pid(struct nst_arena *arena)
{
    static struct last_pid last = {.fd = -1};
    int fd = open_last_pid(arena, &last, O_RDONLY);
    char text[24];
    ssize_t len;

    len = fd < 0 ? -1 : NST_SYS(READ, pread(fd, text, sizeof(text) - 1, 0));
    if (len <= 0)
        return -1;
    text[len] = '\0';
    return atol(text);
}

int nst_leftover_next_pid(struct nst_arena *arena, pid_t last)
{
    static struct last_pid file = {.fd = -1};
    int fd = open_last_pid(arena, &file, O_WRONLY);
    char text[24];

    if (fd < 0)
        return file.missing ? 0 : nst_arena_fail(arena, "ns_last_pid");
    snprintf(text, sizeof(text), "%d", (int)last);
    return NST_SYS(WRITE, pwrite(fd, text, strlen(text), 0)) < 0
               ? nst_arena_fail(arena, "ns_last_pid")
               : 0;
}

/* Where the first actor stays, no process may have been made since it was. */
static int look_for_processes(struct nst_arena *arena, struct nst_leftover *leftover)
{
    const struct nst_actor *first = &arena->actor[0];
    long last = first->alive ? nst_leftover_last_pid(arena) : 0;
    bool lives = first->alive ? last != atomic_load(&first->pid)
                              : NST_SYS(KILL, kill(-1, 0)) == 0 || errno != ESRCH;

    if (last < 0)
        return nst_arena_fail(arena, "ns_last_pid");
    if (lives) {
        leftover->processes = 1;
        name(leftover, "a process of the case lives on");
    }
    return 0;
}

/* init's root holds proc/ and case/, and case/ nothing (. and .. count too): a tmpfs directory's
 * size counts its entries. */
static int look_for_directories(struct nst_arena *arena, struct nst_leftover *leftover)
{
    struct stat root, empty;

    if (NST_SYS(STAT, fstat(arena->init_root, &root)) < 0)
        return nst_arena_fail(arena, "stat of the sandbox's root");
    if (NST_SYS(STAT, fstatat(arena->init_root, "case", &empty, 0)) < 0) {
        if (errno != ENOENT)
            return nst_arena_fail(arena, "stat of the sandbox's case/");
        leftover->directories = 1;
        name(leftover, "the sandbox's root has no case/ any more");
    } else if (root.st_size != 4 * 20 || empty.st_size != 2 * 20) {
        leftover->directories = (size_t)(root.st_size / 20 + empty.st_size / 20 - 6);
        name(leftover, "%zu names in the sandbox's root", leftover->directories);
    }
    return 0;
}

/* Tries again, as what it was must come back. */
static int set_limit(struct nst_arena *arena, const char *text)
{
    static int fd = -1;
    int error = 0;

    for (int i = 0; i < 3; i++) {
        if (fd < 0)
            fd = NST_SYS(OPEN,
                         openat(arena->proc, "sys/user/max_mnt_namespaces", O_WRONLY | O_CLOEXEC));
        if (fd >= 0 && NST_SYS(WRITE, pwrite(fd, text, strlen(text), 0)) >= 0)
            return 0;
        error = nst_arena_fail(arena, "can't limit mount namespaces");
    }
    return error;
}

/* Every mount namespace below this user namespace counts against its limit (namespaces(7), "The
 * /proc/sys/user directory"), detached trees' too. So under a limit of four, where init, the
 * template and the parent have one each, asking for one more tells whether there is a fourth. It is
 * asked for the clone of a mount of another namespace, which the kernel refuses only once it has
 * counted. */
static int has_fourth_namespace(struct nst_arena *arena, bool *ret_has)
{
    enum { OPEN_TREE_CLONE_BIT = 1, OPEN_TREE = 428 };
    bool dirty = arena->dirty_limits;
    int fd, refused = 0, error;

    arena->dirty_limits = true; /* should this process die in between */
    error = set_limit(arena, "4");
    if (error)
        return error;
    fd = (int)NST_SYS(OPEN_TREE, syscall(OPEN_TREE, arena->init_root, "",
                                         OPEN_TREE_CLONE_BIT | AT_EMPTY_PATH | O_CLOEXEC));
    if (fd < 0)
        refused = errno;
    else
        NST_SYS(CLOSE, close(fd));
    error = set_limit(arena, "2147483647" /* as it is in a new user namespace */);
    arena->dirty_limits = error || dirty;
    *ret_has = refused == ENOSPC;
    if (!error && refused && refused != ENOSPC && refused != EINVAL) {
        errno = refused;
        error = nst_arena_fail(arena, "can't count mount namespaces");
    }
    return error;
}

/* A bind of a namespace's file in the parent holds it rightly, until the parent goes. */
static bool is_held(const struct nst_arena *arena)
{
    return arena->end && strstr(arena->end->view[0]->mountinfo, " - nsfs ");
}

/* In the initial user namespace the host's would be counted too. What the kernel puts off (a
 * killed process' last descriptors) gets a second. */
static int look_for_namespaces(struct nst_arena *arena, struct nst_leftover *leftover)
{
    int64_t end = nst_now() + 1000000000;
    bool has = false;
    int error;

    if (arena->privileged || is_held(arena))
        return 0;
    while (!(error = has_fourth_namespace(arena, &has)) && has) {
        struct timespec moment = {.tv_nsec = 1000000};

        if (nst_now() > end) {
            leftover->namespaces = 1;
            name(leftover, "a mount namespace or a detached tree lives on");
            break;
        }
        nanosleep(&moment, NULL);
    }
    return error;
}

int nst_leftover_look(struct nst_arena *arena, struct nst_observer *observer)
{
    struct nst_leftover *leftover = &arena->leftover;
    size_t hash = 0;
    int error;

    error = look_for_processes(arena, leftover);
    if (!error)
        error = look_for_directories(arena, leftover);
    if (!error)
        error = look_for_namespaces(arena, leftover);
    if (!error)
        error = hash_mounts(arena, &observer->buffer, &observer->buffer_cap, &hash);
    if (!error && hash != arena->init_mounts) {
        leftover->mounts = 1;
        name(leftover, "the mounts of the sandbox's own namespace changed");
    }
    return error;
}
