/* Mount events from fanotify: Linux 6.15, fs/notify/fanotify; queued by fs/namespace.c
 * (notify_mnt_list). */
#include "watch/backend.h"
#include "watch/fanotify_abi.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* 64 KiB holds some 1,600 events: one read drains what a case makes. */
enum { READ_SIZE = 64 * 1024 };

/* An unlimited queue needs CAP_SYS_ADMIN in the initial user namespace (fanotify_user.c,
 * FANOTIFY_ADMIN_INIT_FLAGS); elsewhere the queue holds fs.fanotify.max_queued_events (16,384
 * unless set), and says when it overflowed. */
static int group_open(void)
{
    unsigned flags = FAN_CLASS_NOTIF | FAN_REPORT_MNT | FAN_NONBLOCK | FAN_CLOEXEC;
    int fd = fanotify_init(flags | FAN_UNLIMITED_QUEUE, O_RDONLY | O_CLOEXEC);

    if (fd < 0 && errno == EPERM)
        fd = fanotify_init(flags, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int mark(int fd, int nsfd)
{
    return fanotify_mark(fd, FAN_MARK_ADD | FAN_MARK_MNTNS, FAN_MNT_ATTACH | FAN_MNT_DETACH, nsfd,
                         NULL) < 0
               ? -errno
               : 0;
}

static int watch_open(struct nst_watch *watch, int nsfd, int mountinfo_fd)
{
    int fd = group_open(), error;

    (void)mountinfo_fd;
    if (fd < 0)
        return fd;
    error = mark(fd, nsfd);
    if (error) {
        close(fd);
        return error;
    }
    watch->fd = fd;
    return 0;
}

/* First nothing is watched, then what was seen until then goes. */
static int watch_move(struct nst_watch *watch, int nsfd)
{
    char buffer[READ_SIZE];

    if (fanotify_mark(watch->fd, FAN_MARK_FLUSH | FAN_MARK_MNTNS, 0, nsfd, NULL) < 0)
        return -errno;
    while (read(watch->fd, buffer, sizeof buffer) > 0 || errno == EINTR)
        errno = 0;
    return mark(watch->fd, nsfd);
}

/* The mount id of the event at event, whose records are known to lie within its event_len. 0: it
 * has none. */
static uint64_t event_mount_id(const char *event, const struct fanotify_event_metadata *meta)
{
    size_t at = meta->metadata_len;

    while (at + sizeof(struct fanotify_event_info_header) <= meta->event_len) {
        struct fanotify_event_info_header header;
        struct nst_fanotify_info_mnt info;

        memcpy(&header, event + at, sizeof header);
        if (header.len < sizeof header || header.len > meta->event_len - at)
            return 0;
        if (header.info_type == FAN_EVENT_INFO_TYPE_MNT && header.len >= sizeof info) {
            memcpy(&info, event + at, sizeof info);
            return info.mnt_id;
        }
        at += header.len;
    }
    return 0;
}

/* A move within the namespace is one event with both bits; it is left before it is entered. */
static int event_push(struct nst_events *events, uint64_t mask, uint64_t mount_id)
{
    static const struct {
        uint64_t bit;
        enum nst_event_kind kind;
    } kinds[] = {
        {FAN_Q_OVERFLOW, NST_EVENT_OVERFLOW},
        {FAN_MNT_DETACH, NST_EVENT_DETACH},
        {FAN_MNT_ATTACH, NST_EVENT_ATTACH},
    };

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (mask & kinds[i].bit) {
            int r = nst_events_push(events, kinds[i].kind, mount_id);

            if (r < 0)
                return r;
        }
    }
    return 0;
}

static int buffer_parse(const char *buffer, size_t len, struct nst_events *events)
{
    struct fanotify_event_metadata meta;

    for (size_t at = 0; at < len; at += meta.event_len) {
        int r;

        if (len - at < sizeof meta)
            return -EPROTO;
        memcpy(&meta, buffer + at, sizeof meta);
        if (meta.vers != FANOTIFY_METADATA_VERSION || meta.metadata_len < sizeof meta ||
            meta.event_len < meta.metadata_len || meta.event_len > len - at)
            return -EPROTO;
        r = event_push(events, meta.mask, event_mount_id(buffer + at, &meta));
        if (r < 0)
            return r;
    }
    return 0;
}

static int watch_drain(struct nst_watch *watch, struct nst_events *events)
{
    char buffer[READ_SIZE];

    for (;;) {
        ssize_t n = read(watch->fd, buffer, sizeof buffer);
        int r;

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN ? 0 : -errno;
        r = buffer_parse(buffer, (size_t)n, events);
        if (r < 0) {
            watch->lost = true; /* what the buffer still held is gone: the next drain says so */
            return r;
        }
        if (n == 0)
            return 0;
    }
}

static bool watch_idle(struct nst_watch *watch)
{
    struct pollfd poll_fd = {.fd = watch->fd, .events = POLLIN};

    return poll(&poll_fd, 1, 0) == 0;
}

const struct nst_watch_backend nst_watch_fanotify = {
    .kind = NST_WATCH_FANOTIFY,
    .open = watch_open,
    .move = watch_move,
    .drain = watch_drain,
    .idle = watch_idle,
};
