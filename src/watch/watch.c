/* A watch is one of two backends behind one face; what differs between them stays in their files.
 */
#include "watch/backend.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int nst_events_push(struct nst_events *events, enum nst_event_kind kind, uint64_t mount_id)
{
    if (events->len == events->cap) {
        size_t cap = events->cap ? 2 * events->cap : 16;
        struct nst_event *event = reallocarray(events->event, cap, sizeof *event);

        if (!event)
            return -ENOMEM;
        events->event = event;
        events->cap = cap;
    }
    events->event[events->len++] = (struct nst_event){.kind = kind, .mount_id = mount_id};
    return 0;
}

void nst_events_free(struct nst_events *events)
{
    free(events->event);
    *events = (struct nst_events){0};
}

/* Falling back would only hide these: the caller's own mistake, or a want that polling has too. */
static bool is_final(int error)
{
    return error == -EBADF || error == -ENOMEM;
}

int nst_watch_open(int nsfd, int mountinfo_fd, unsigned flags, struct nst_watch **ret_watch)
{
    struct nst_watch *watch;
    int r = -EOPNOTSUPP;

    *ret_watch = NULL;
    if (flags & ~NST_WATCH_NO_FANOTIFY)
        return -EINVAL;
    watch = malloc(sizeof *watch);
    if (!watch)
        return -ENOMEM;
    *watch = (struct nst_watch){.fd = -1, .own = -1};

    if (!(flags & NST_WATCH_NO_FANOTIFY)) {
        watch->backend = &nst_watch_fanotify;
        r = watch->backend->open(watch, nsfd, mountinfo_fd);
    }
    if (r < 0 && !is_final(r) && mountinfo_fd >= 0) {
        watch->backend = &nst_watch_poll;
        r = watch->backend->open(watch, nsfd, mountinfo_fd);
    }
    if (r < 0) {
        free(watch);
        return r;
    }
    *ret_watch = watch;
    return 0;
}

int nst_watch_move(struct nst_watch *watch, int nsfd)
{
    if (!watch->backend->move)
        return -EOPNOTSUPP;
    watch->lost = false;
    return watch->backend->move(watch, nsfd);
}

enum nst_watch_kind nst_watch_kind(const struct nst_watch *watch)
{
    return watch->backend->kind;
}

int nst_watch_fd(const struct nst_watch *watch)
{
    return watch->fd;
}

int nst_watch_drain(struct nst_watch *watch, struct nst_events *events)
{
    if (watch->lost) {
        int r = nst_events_push(events, NST_EVENT_OVERFLOW, 0);

        if (r < 0)
            return r;
        watch->lost = false;
    }
    return watch->backend->drain(watch, events);
}

bool nst_watch_idle(struct nst_watch *watch)
{
    return !watch->lost && watch->backend->idle(watch);
}

void nst_watch_close(struct nst_watch *watch)
{
    if (!watch)
        return;
    close(watch->fd);
    if (watch->own >= 0)
        close(watch->own);
    free(watch);
}

int nst_watch_probe(void)
{
    struct nst_watch *watch;
    int nsfd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    int r;

    if (nsfd < 0)
        return -errno;
    r = nst_watch_open(nsfd, -1, 0, &watch);
    close(nsfd);
    nst_watch_close(watch);
    return r;
}
