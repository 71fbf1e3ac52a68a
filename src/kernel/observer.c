/* How the parent is watched and read: its descriptors, which the runner and a conducting first
 * actor hold, and what the watch on it saw. */
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int nst_read_all(int fd, char **buffer, size_t *cap, size_t *ret_len)
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
        n = pread(fd, *buffer + len, *cap - len, (off_t)len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        len += (size_t)n;
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
    nst_watch_close(observer->watch);
    observer->watch = NULL;
    observer->watch_polls = polls;
    arena->generation++;
    error = nst_watch_open(observer->file, observer->mountinfo, polls ? NST_WATCH_NO_FANOTIFY : 0,
                           &observer->watch);
    if (error) {
        errno = -error;
        nst_arena_fail(arena, "can't watch the parent");
    }
    return error;
}

void nst_observer_close_own(struct nst_observer *observer)
{
    if (observer->own_mountinfo >= 0)
        close(observer->own_mountinfo);
    if (observer->own_file >= 0)
        close(observer->own_file);
    observer->own_mountinfo = observer->own_file = -1;
}

void nst_observer_forget_known(struct nst_observer *observer)
{
    free(observer->known.mountinfo);
    nst_table_free(&observer->known_statmount);
    observer->known = (struct nst_raw_view){0};
}

static void replace(int *fd, int by)
{
    if (*fd > 0)
        close(*fd);
    *fd = by;
}

int nst_observer_reopen(struct nst_arena *arena, struct nst_observer *observer)
{
    arena->generation++;
    nst_observer_forget_known(observer);
    replace(&observer->mountinfo, openat(arena->proc, "self/mountinfo", O_RDONLY | O_CLOEXEC));
    replace(&observer->mounts, openat(arena->proc, "self/mounts", O_RDONLY | O_CLOEXEC));
    replace(&observer->file, openat(arena->proc, "self/ns/mnt", O_RDONLY | O_CLOEXEC));
    if (observer->mountinfo < 0 || observer->mounts < 0 || observer->file < 0)
        return nst_arena_fail(arena, "/proc/self/mountinfo");
    observer->ns = nst_snapshot_ns_of_fd(observer->file, &observer->inode);
    if (!observer->ns)
        return nst_arena_fail(arena, "/proc/self/ns/mnt");
    return 0;
}

int nst_snapshot_events(struct nst_arena *arena, struct nst_observer *observer,
                        struct nst_raw_events *ret_events)
{
    struct nst_events events = {0};
    int error;

    if (nst_watch_idle(observer->watch))
        return 0;
    error = nst_watch_drain(observer->watch, &events);
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
    return error;
}

int nst_observer_open(struct nst_arena *arena, struct nst_observer *observer)
{
    struct nst_table table;
    int error = nst_observer_reopen(arena, observer);

    if (error)
        return error;
    observer->owner = nst_snapshot_owner_of_fd(observer->file);
    if (nst_table_read_statmount(0, &table) == 0) {
        observer->have_statmount = true;
        nst_table_free(&table);
    }
    error = nst_read_all(observer->mountinfo, &observer->buffer, &observer->buffer_cap,
                         &observer->buffer_len);
    if (error)
        return error;
    observer->hidden = nst_snapshot_hidden(observer->file, observer->buffer, observer->buffer_len);
    return nst_observer_watch(arena, observer);
}
