/* How the parent is watched and read: its descriptors, which the runner and a conducting first
 * actor hold, and what the watch on it saw. */
#include "kernel.h"
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int nst_read_all(int fd, size_t most, char **buffer, size_t *cap, size_t *ret_len)
{
    size_t len = 0;

    for (;;) {
        ssize_t n;

        if (len == *cap) {
            size_t wider = *cap ? *cap * 2 : 16384;
            char *text = realloc(*buffer, wider);

            if (!text)
                return -ENOMEM;
            *buffer = text;
            *cap = wider;
        }
        n = NST_SYS(READ, pread(fd, *buffer + len, *cap - len, (off_t)len));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        len += (size_t)n;
        if (len > most)
            return -E2BIG;
    }
    *ret_len = len;
    return 0;
}

int nst_observer_watch(struct nst_arena *arena, struct nst_observer *observer)
{
    bool polls = arena->options.no_fanotify;
    int error;

    if (observer->watch && observer->watch_polls == polls)
        return 0;
    if (observer->watch)
        nst_first_end(arena); /* it has the former watch */
    nst_watch_close(observer->watch);
    observer->watch = NULL;
    observer->watch_polls = polls;
    arena->generation++;
    error =
        NST_SYS_ERROR(WATCH, nst_watch_open(observer->file, observer->mountinfo,
                                            polls ? NST_WATCH_NO_FANOTIFY : 0, &observer->watch));
    errno = -error;
    return error ? nst_arena_fail(arena, "can't watch the parent") : 0;
}

int nst_observer_watch_again(struct nst_arena *arena, struct nst_observer *observer)
{
    int error = NST_SYS_ERROR(WATCH, nst_watch_move(observer->watch, observer->file));

    if (error == -EOPNOTSUPP) {
        nst_first_end(arena); /* its copy of a polling watch holds the former parent */
        nst_watch_close(observer->watch);
        observer->watch = NULL;
        return nst_observer_watch(arena, observer);
    }
    errno = -error;
    return error ? nst_arena_fail(arena, "can't watch another parent") : 0;
}

void nst_observer_close_own(struct nst_observer *observer)
{
    if (observer->own_mountinfo >= 0)
        NST_SYS(CLOSE, close(observer->own_mountinfo));
    if (observer->own_file >= 0)
        NST_SYS(CLOSE, close(observer->own_file));
    observer->own_mountinfo = observer->own_file = -1;
}

void nst_observer_close_tables(struct nst_observer *observer)
{
    int *const table[] = {&observer->mountinfo, &observer->mounts};

    nst_observer_close_own(observer);
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        if (*table[i] >= 0)
            NST_SYS(CLOSE, close(*table[i]));
        *table[i] = -1;
    }
}

void nst_observer_forget_known(struct nst_observer *observer)
{
    free(observer->known.mountinfo);
    nst_table_free(&observer->known_statmount);
    observer->known = (struct nst_raw_view){0};
}

static int reopen(struct nst_arena *arena, const char *name, int *fd)
{
    if (*fd > 0)
        NST_SYS(CLOSE, close(*fd));
    *fd = NST_SYS(OPEN, openat(arena->proc, name, O_RDONLY | O_CLOEXEC));
    return *fd < 0 ? nst_arena_fail(arena, name) : 0;
}

int nst_observer_reopen(struct nst_arena *arena, struct nst_observer *observer)
{
    int error;

    arena->generation++;
    nst_observer_forget_known(observer);
    error = reopen(arena, "self/mountinfo", &observer->mountinfo);
    if (!error)
        error = reopen(arena, "self/mounts", &observer->mounts);
    if (!error)
        error = reopen(arena, "self/ns/mnt", &observer->file);
    if (error)
        return error;
    error = nst_snapshot_ns_of_fd(observer->file, &observer->ns, &observer->inode);
    errno = -error;
    return error ? nst_arena_fail(arena, "can't tell the parent's namespace") : 0;
}

int nst_snapshot_events(struct nst_arena *arena, struct nst_observer *observer,
                        struct nst_raw_events *ret_events)
{
    struct nst_events events = {0};
    int error;

    if (nst_watch_idle(observer->watch))
        return 0;
    error = NST_SYS_ERROR(EVENTS, nst_watch_drain(observer->watch, &events));
    if (!error && events.len) {
        ret_events->event = nst_arena_take(arena, events.len * sizeof(*events.event));
        if (ret_events->event) {
            memcpy(ret_events->event, events.event, events.len * sizeof(*events.event));
            ret_events->len = events.len;
        } else {
            error = -ENOMEM;
        }
    }
    nst_events_free(&events);
    errno = -error;
    return error ? nst_arena_fail(arena, "can't read what the watch saw") : 0;
}

/* What this kernel shows of the parent. */
static int probe(struct nst_observer *observer)
{
    struct nst_table table = {0};
    int error = NST_SYS_ERROR(TABLE, nst_table_read_statmount(0, &table));

    observer->have_statmount = !error;
    nst_table_free(&table);
    if (error && error != -ENOSYS && error != -EPERM) /* EPERM: a seccomp filter */
        return error;
    error = nst_snapshot_owner_of_fd(observer->file, &observer->owner);
    if (!error)
        error = nst_read_all(observer->mountinfo, NST_TABLE_MOST, &observer->buffer,
                             &observer->buffer_cap, &observer->buffer_len);
    return error ? error
                 : nst_snapshot_hidden(observer->file, observer->buffer, observer->buffer_len,
                                       &observer->hidden);
}

int nst_observer_open(struct nst_arena *arena, struct nst_observer *observer)
{
    struct stat status;
    int error = nst_observer_reopen(arena, observer);

    if (error)
        return error;
    if (NST_SYS(STAT, fstatat(arena->proc, "self/ns/pid", &status, 0)) < 0)
        return nst_arena_fail(arena, "can't tell the sandbox's pid namespace");
    arena->pid_ns = status.st_ino;
    error = probe(observer);
    errno = -error;
    if (error)
        return nst_arena_fail(arena, "can't read what the parent shows");
    return observer->watch ? nst_observer_watch_again(arena, observer)
                           : nst_observer_watch(arena, observer);
}
