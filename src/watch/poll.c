/* Changes of a mount table from poll(2) on mountinfo: proc_pid_mountinfo(5), fs/proc_namespace.c
 * (mounts_poll).
 *
 * The namespace counts its changes; each open description remembers the count that it was last told
 * of, and *polling* moves that on, reading doesn't. So two descriptions: one for the owner's
 * poll(2), one for ours. */
#include "watch/backend.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

/* Whether the table changed since this description was last asked. */
static bool changed(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLPRI};

    /* EINTR can't come with a timeout of 0, nor EINVAL with one descriptor; on ENOMEM say
     * "changed", never lose one. */
    return poll(&poll_fd, 1, 0) != 0;
}

static int description_open(int mountinfo_fd)
{
    char path[sizeof "/proc/self/fd/" + 3 * sizeof(int)];
    int fd;

    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", mountinfo_fd);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int watch_open(struct nst_watch *watch, int nsfd, int mountinfo_fd)
{
    int fd = description_open(mountinfo_fd);
    int own;

    (void)nsfd;
    if (fd < 0)
        return fd;
    own = description_open(mountinfo_fd);
    if (own < 0) {
        close(fd);
        return own;
    }
    watch->fd = fd;
    watch->own = own;
    return 0;
}

static int watch_drain(struct nst_watch *watch, struct nst_events *events)
{
    /* The owner's first: a change that comes in between is reported now and wakes the owner once
     * too often, which is better than never. */
    (void)changed(watch->fd);
    if (changed(watch->own))
        watch->pending = true;
    if (watch->pending) {
        int r = nst_events_push(events, NST_EVENT_UNKNOWN, 0);

        if (r < 0)
            return r;
        watch->pending = false;
    }
    return 0;
}

static bool watch_idle(struct nst_watch *watch)
{
    if (changed(watch->own))
        watch->pending = true;
    return !watch->pending;
}

const struct nst_watch_backend nst_watch_poll = {
    .kind = NST_WATCH_POLL,
    .open = watch_open,
    .drain = watch_drain,
    .idle = watch_idle,
};
