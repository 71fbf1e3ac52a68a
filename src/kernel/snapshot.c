/* What every namespace shows: read by the runner as raw text, and read again only where the text
 * has changed. */
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ns-tool/mount_abi.h>

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
    int ns, error;

    if (observer->watch && observer->watch_polls == polls)
        return 0;
    nst_watch_close(observer->watch);
    observer->watch = NULL;
    ns = openat(arena->proc, "self/ns/mnt", O_RDONLY | O_CLOEXEC);
    if (ns < 0)
        return nst_arena_fail(arena, "/proc/self/ns/mnt");
    observer->watch_polls = polls;
    error = nst_watch_open(ns, observer->mountinfo, polls ? NST_WATCH_NO_FANOTIFY : 0,
                           &observer->watch);
    close(ns);
    if (error) {
        errno = -error;
        nst_arena_fail(arena, "can't watch the parent");
    }
    return error;
}

int nst_observer_reopen(struct nst_arena *arena, struct nst_observer *observer)
{
    if (observer->mountinfo > 0)
        close(observer->mountinfo);
    if (observer->mounts > 0)
        close(observer->mounts);
    observer->mountinfo = openat(arena->proc, "self/mountinfo", O_RDONLY | O_CLOEXEC);
    observer->mounts = openat(arena->proc, "self/mounts", O_RDONLY | O_CLOEXEC);
    if (observer->mountinfo < 0 || observer->mounts < 0)
        return nst_arena_fail(arena, "/proc/self/mountinfo");
    return 0;
}

/* An inode's number may be used again at once, an id (6.10) is not. */
uint64_t nst_snapshot_ns_of_fd(int fd)
{
    struct stat status;
    uint64_t id;

    if (nst_ns_mnt_id(fd, &id) < 0)
        id = fstat(fd, &status) < 0 ? 0 : status.st_ino;
    return id;
}

/* The mount namespace whose file is PATH below /proc, and the user namespace that owns it. */
static uint64_t ns_of(const struct nst_arena *arena, const char *path, uint64_t *ret_owner)
{
    int fd = openat(arena->proc, path, O_RDONLY | O_CLOEXEC), owner;
    struct stat status;
    uint64_t id;

    if (ret_owner)
        *ret_owner = 0;
    if (fd < 0)
        return 0;
    id = nst_snapshot_ns_of_fd(fd);
    owner = ret_owner ? ioctl(fd, NS_GET_USERNS) : -1;
    if (owner >= 0 && fstat(owner, &status) == 0)
        *ret_owner = status.st_ino;
    if (owner >= 0)
        close(owner);
    close(fd);
    return id;
}

static void note_seen(struct nst_arena *arena, uint64_t ns)
{
    for (size_t i = 0; i < arena->seen_len; i++)
        if (arena->seen[i] == ns)
            return;
    if (arena->seen_len == NST_SEEN_MAX)
        arena->seen_all = false;
    else if (ns)
        arena->seen[arena->seen_len++] = ns;
}

void nst_snapshot_meet(struct nst_arena *arena, struct nst_actor *actor)
{
    struct stat status;
    char path[48];

    snprintf(path, sizeof(path), "%d/ns/mnt", (int)atomic_load(&actor->pid));
    actor->ns = ns_of(arena, path, NULL);
    note_seen(arena, actor->ns);
    snprintf(path, sizeof(path), "%d/ns/user", (int)atomic_load(&actor->pid));
    actor->user = fstatat(arena->proc, path, &status, 0) < 0 ? 0 : status.st_ino;
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

static char *keep(struct nst_arena *arena, const char *text, size_t len)
{
    char *copy = nst_arena_take(arena, len + 1);

    if (copy) {
        memcpy(copy, text, len);
        copy[len] = '\0';
    }
    return copy;
}

/* Copies TABLE with its strings. */
static int keep_table(struct nst_arena *arena, const struct nst_table *table,
                      struct nst_raw_view *view)
{
    view->statmount = nst_arena_take(arena, table->len * sizeof(*table->mount));
    if (!view->statmount)
        return -ENOMEM;
    for (size_t i = 0; i < table->len; i++) {
        struct nst_mount *mount = &view->statmount[i];
        char **string[] = {&mount->root, &mount->point,  &mount->options,
                           &mount->type, &mount->source, &mount->super_options};

        *mount = table->mount[i];
        for (size_t j = 0; j < sizeof(string) / sizeof(*string); j++) {
            *string[j] = keep(arena, *string[j], strlen(*string[j]));
            if (!*string[j])
                return -ENOMEM;
        }
    }
    view->statmount_len = table->len;
    view->have_statmount = true;
    return 0;
}

void nst_snapshot_look(struct nst_arena *arena, struct nst_raw_view *view)
{
    struct nst_table table;

    if (nst_table_read_statmount(0, &table) < 0)
        return;
    if (keep_table(arena, &table, view) < 0)
        view->have_statmount = false;
    nst_table_free(&table);
}

/* Whose mountinfo it is lists what is below its own root, which a chroot may have moved, and so
 * does its listmount(2): so both are read by, or of, the same process. */
static void read_statmount(struct nst_arena *arena, struct nst_observer *observer,
                           struct nst_actor *actor, struct nst_raw_view *view)
{
    if (!observer->have_statmount)
        return; /* what this kernel lacks is named by the probe */
    if (!actor) {
        nst_snapshot_look(arena, view);
        return;
    }
    if (atomic_load(&actor->turn) != NST_TURN_WAIT)
        return; /* it hangs in a call, or was stopped */
    actor->look = nst_arena_take(arena, sizeof(*view));
    if (!actor->look)
        return;
    *actor->look = *view;
    if (nst_actor_ask(actor, NST_TURN_LOOK, 200000000) ==
        0) /* who is late writes where nobody looks */
        *view = *actor->look;
}

static struct nst_raw_view *last_view(const struct nst_arena *arena, uint64_t ns, uint32_t reader)
{
    for (size_t i = 0; arena->last && i < arena->last->len; i++)
        if (arena->last->view[i]->ns == ns && arena->last->view[i]->reader == reader)
            return arena->last->view[i];
    return NULL;
}

/* Whether OBSERVER's buffer holds what LAST showed; for the parent its mounts too. */
static bool same(const struct nst_observer *observer, const struct nst_raw_view *last)
{
    return last && last->mountinfo_len == observer->buffer_len &&
           memcmp(last->mountinfo, observer->buffer, observer->buffer_len) == 0;
}

static size_t lines(const char *text, size_t len)
{
    size_t count = 0;

    for (size_t i = 0; i < len; i++)
        count += text[i] == '\n';
    return count;
}

/* How many mounts the namespace of ACTOR (NULL: of the caller) has beyond the LISTED ones, as a
 * process sees only what is below its root. -1: this kernel doesn't say. */
static long hidden(struct nst_arena *arena, const struct nst_actor *actor, size_t listed)
{
    char path[48] = "self/ns/mnt";
    uint32_t count;
    int fd, error;

    if (actor)
        snprintf(path, sizeof(path), "%d/ns/mnt", (int)atomic_load(&actor->pid));
    fd = openat(arena->proc, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    error = nst_ns_mount_count(fd, &count);
    close(fd);
    return error ? -1 : (long)count - (long)listed;
}

/* ACTOR is in NS; NULL: the observer, in the parent. */
static int read_view(struct nst_arena *arena, struct nst_observer *observer, uint64_t ns,
                     struct nst_actor *actor, struct nst_raw_view **ret_view)
{
    uint32_t reader = actor ? actor->name : 0;
    struct nst_raw_view *last = last_view(arena, ns, reader), *view = last;
    int fd = observer->mountinfo, error;
    char path[48];

    if (actor) {
        snprintf(path, sizeof(path), "%d/mountinfo", (int)atomic_load(&actor->pid));
        fd = openat(arena->proc, path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            return -errno;
    }
    error = nst_read_all(fd, &observer->buffer, &observer->buffer_cap, &observer->buffer_len);
    if (actor)
        close(fd);
    *ret_view = view;
    if (error || same(observer, view))
        return error;
    view = nst_arena_take(arena, sizeof(*view));
    if (!view)
        return -ENOMEM;
    *view = (struct nst_raw_view){.ns = ns,
                                  .owner = last ? last->owner : 0,
                                  .reader = reader,
                                  .parent = !actor,
                                  .mountinfo_len = observer->buffer_len};
    view->mountinfo = keep(arena, observer->buffer, observer->buffer_len);
    *ret_view = view;
    if (!view->mountinfo)
        return -ENOMEM;
    view->whole =
        observer->hidden >= 0 &&
        hidden(arena, actor, lines(view->mountinfo, view->mountinfo_len)) == observer->hidden;
    if (!last) {
        snprintf(path, sizeof(path), "%d/ns/mnt", actor ? (int)atomic_load(&actor->pid) : 0);
        ns_of(arena, actor ? path : "self/ns/mnt", &view->owner);
    }
    read_statmount(arena, observer, actor, view);
    return 0;
}

/* /proc/self/mounts is a view of its own, so it is read whatever mountinfo says. */
static int read_mounts(struct nst_arena *arena, struct nst_observer *observer,
                       struct nst_raw_view **view)
{
    int error = nst_read_all(observer->mounts, &observer->buffer, &observer->buffer_cap,
                             &observer->buffer_len);
    struct nst_raw_view *other;

    if (error)
        return error;
    if ((*view)->mounts) {
        if ((*view)->mounts_len == observer->buffer_len &&
            memcmp((*view)->mounts, observer->buffer, observer->buffer_len) == 0)
            return 0;
        other = nst_arena_take(arena, sizeof(*other));
        if (!other)
            return -ENOMEM;
        *other = **view;
        *view = other;
    }
    (*view)->mounts = keep(arena, observer->buffer, observer->buffer_len);
    (*view)->mounts_len = observer->buffer_len;
    return (*view)->mounts ? 0 : -ENOMEM;
}

static bool seen(struct nst_raw_view *const *view, size_t len, uint64_t ns)
{
    for (size_t i = 0; i < len; i++)
        if (view[i]->ns == ns)
            return true;
    return false;
}

struct nst_raw_snapshot *nst_snapshot_take(struct nst_arena *arena, struct nst_observer *observer,
                                           int *ret_error)
{
    struct nst_raw_view *view[NST_ACTORS_MAX + 1];
    struct nst_raw_snapshot *snapshot;
    size_t len = 0;

    *ret_error = read_view(arena, observer, observer->ns, NULL, &view[len++]);
    if (!*ret_error)
        *ret_error = read_mounts(arena, observer, &view[0]);
    for (size_t i = 0; !*ret_error && i < arena->actors; i++) {
        struct nst_actor *actor = &arena->actor[i];
        uint64_t ns = actor->alive ? actor->ns : 0;

        if (ns && !seen(view, len, ns) && read_view(arena, observer, ns, actor, &view[len]) == 0)
            len++;
    }
    if (*ret_error)
        return NULL;
    if (arena->last && arena->last->len == len &&
        memcmp(arena->last->view, view, len * sizeof(*view)) == 0)
        return arena->last;
    snapshot = nst_arena_take(arena, sizeof(*snapshot));
    if (snapshot)
        snapshot->view = nst_arena_take(arena, len * sizeof(*view));
    if (!snapshot || !snapshot->view) {
        *ret_error = -ENOMEM;
        return NULL;
    }
    memcpy(snapshot->view, view, len * sizeof(*view));
    snapshot->len = len;
    snapshot->index = arena->snapshots++;
    return snapshot;
}

int nst_observer_open(struct nst_arena *arena, struct nst_observer *observer)
{
    struct nst_table table;
    int error = nst_observer_reopen(arena, observer);

    if (error)
        return error;
    observer->ns = ns_of(arena, "self/ns/mnt", NULL);
    if (!observer->ns)
        return nst_arena_fail(arena, "/proc/self/ns/mnt");
    if (nst_table_read_statmount(0, &table) == 0) {
        observer->have_statmount = true;
        nst_table_free(&table);
    }
    error = nst_read_all(observer->mountinfo, &observer->buffer, &observer->buffer_cap,
                         &observer->buffer_len);
    if (error)
        return error;
    observer->hidden = hidden(arena, NULL, lines(observer->buffer, observer->buffer_len));
    return nst_observer_watch(arena, observer);
}
