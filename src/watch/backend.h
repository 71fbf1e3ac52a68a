/* What the two backends and watch.c agree on. */
#ifndef NST_WATCH_BACKEND_H
#define NST_WATCH_BACKEND_H

#include "ns-tool/watch.h"

struct nst_watch {
    const struct nst_watch_backend *backend;
    int fd;  /* what the owner may poll */
    int own; /* polling: a second description, whose state only drain and idle move on; else -1 */
    bool pending; /* polling: idle saw a change that no drain reported yet */
    bool lost;    /* an event was read but couldn't be kept: OVERFLOW is owed */
};

struct nst_watch_backend {
    enum nst_watch_kind kind;
    int (*open)(struct nst_watch *watch, int nsfd, int mountinfo_fd);
    int (*move)(struct nst_watch *watch, int nsfd); /* NULL: can't */
    int (*drain)(struct nst_watch *watch, struct nst_events *events);
    bool (*idle)(struct nst_watch *watch);
};

extern const struct nst_watch_backend nst_watch_fanotify;
extern const struct nst_watch_backend nst_watch_poll;

/* Appends one event. Returns 0 or -ENOMEM. */
int nst_events_push(struct nst_events *events, enum nst_event_kind kind, uint64_t mount_id);

#endif
