/* What every namespace shows: read by the runner as raw text, and read again only where the text
 * has changed. */
#include "kernel.h"
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
    struct nst_table table = {0};
    int error = NST_SYS_ERROR(TABLE, nst_table_read_statmount(0, &table));

    if (!error)
        error = keep_table(arena, &table, view);
    if (error)
        view->have_statmount = false;
    /* Who has no power over a mount that it can't reach, or no root in sight, isn't told
     * (listmount(2), EPERM, ENOENT). */
    view->error = error == -EPERM || error == -ENOENT ? 0 : error;
    nst_table_free(&table);
}

/* Whose mountinfo it is lists what is below its own root, which a chroot may have moved, and so
 * does its listmount(2): so both are read by, or of, the same process. Returns 0; -EXDEV where only
 * the runner can have it read. */
static int read_statmount(struct nst_arena *arena, struct nst_observer *observer,
                          struct nst_actor *actor, struct nst_raw_view *view)
{
    const struct nst_actor *self = observer->self;
    int error;

    if (!observer->have_statmount)
        return 0; /* what this kernel lacks is named by the probe */
    if (self && (actor ? actor != self : self->moved || self->ns != observer->ns))
        return -EXDEV;
    if (!actor || actor == self) {
        nst_snapshot_look(arena, view);
        return view->error;
    }
    if (atomic_load(&actor->turn) != NST_TURN_WAIT)
        return 0; /* it hangs in a call, or was stopped */
    actor->look = nst_arena_take(arena, sizeof(*view));
    if (!actor->look)
        return -ENOMEM;
    *actor->look = *view;
    error = nst_actor_ask(actor, NST_TURN_LOOK, 200000000);
    if (!error) /* who is late writes where nobody looks */
        *view = *actor->look;
    return error == -ECHILD ? -ESRCH : view->error;
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

/* Opens what SELF reads of itself again and again, unless that is open still. */
static int open_own(struct nst_arena *arena, struct nst_observer *observer)
{
    char path[48];

    if (observer->own_moves == arena->moves && observer->own_file >= 0)
        return 0;
    nst_observer_close_own(observer);
    snprintf(path, sizeof(path), "%d/mountinfo", (int)atomic_load(&observer->self->pid));
    observer->own_mountinfo =
        nst_actor_fd_raise(NST_SYS(OPEN, openat(arena->proc, path, O_RDONLY | O_CLOEXEC)));
    if (observer->own_mountinfo < 0)
        return -errno;
    observer->own_file = nst_actor_fd_raise(nst_snapshot_open_ns(arena, observer->self));
    observer->own_moves = arena->moves;
    return observer->own_file < 0 ? -errno : 0;
}

/* Reads FD, a table of the namespace of FILE, whole. That a first read was all of it tells the
 * number of mounts as well as a second read does, but without waiting for the kernel's one lock. */
static int read_table(const struct nst_arena *arena, struct nst_observer *observer, int fd,
                      int file)
{
    if (observer->buffer_cap && observer->hidden >= 0) {
        ssize_t n = NST_SYS(READ, pread(fd, observer->buffer, observer->buffer_cap, 0));
        long hidden;
        int error;

        observer->buffer_len = n < 0 ? 0 : (size_t)n;
        error = nst_snapshot_hidden(file, observer->buffer, observer->buffer_len, &hidden);
        if (error)
            return error;
        observer->whole = hidden == observer->hidden;
        if (n > 0 && observer->whole)
            return 0;
    }
    observer->whole = false;
    return nst_read_all(fd, nst_arena_table_most(arena), &observer->buffer, &observer->buffer_cap,
                        &observer->buffer_len);
}

/* Reads ACTOR's mountinfo into OBSERVER's buffer. */
static int read_mountinfo(struct nst_arena *arena, struct nst_observer *observer,
                          const struct nst_actor *actor)
{
    bool own = actor && actor == observer->self;
    int fd = observer->mountinfo, file = observer->file, error;
    char path[48];

    if (own) {
        error = open_own(arena, observer);
        if (error)
            return error;
        fd = observer->own_mountinfo;
        file = observer->own_file;
    } else if (actor) {
        snprintf(path, sizeof(path), "%d/mountinfo", (int)atomic_load(&actor->pid));
        fd = NST_SYS(OPEN, openat(arena->proc, path, O_RDONLY | O_CLOEXEC));
    }
    if (fd < 0)
        return -errno;
    if (!actor || own)
        return read_table(arena, observer, fd, file);
    observer->whole = false;
    error = nst_read_all(fd, nst_arena_table_most(arena), &observer->buffer, &observer->buffer_cap,
                         &observer->buffer_len);
    NST_SYS(CLOSE, close(fd));
    return error;
}

/* What the namespace's file tells of VIEW. */
static int ask_file(const struct nst_arena *arena, const struct nst_observer *observer,
                    const struct nst_actor *actor, struct nst_raw_view *view)
{
    bool own = actor && actor == observer->self;
    int fd = own ? observer->own_file : actor ? nst_snapshot_open_ns(arena, actor) : observer->file;

    long hidden = observer->hidden;
    int error = 0;

    if (fd < 0)
        return -errno;
    if (!actor)
        view->owner = observer->owner;
    else if (!view->owner)
        error = nst_snapshot_owner_of_fd(fd, &view->owner);
    if (!error && !observer->whole && hidden >= 0)
        error = nst_snapshot_hidden(fd, view->mountinfo, view->mountinfo_len, &hidden);
    view->whole = hidden >= 0 && hidden == observer->hidden;
    if (actor && !own)
        NST_SYS(CLOSE, close(fd));
    return error;
}

/* A case begins with the parent as it was before, so what was read of it then is used again. */
static int use_known(struct nst_arena *arena, struct nst_observer *observer,
                     struct nst_raw_view *view)
{
    struct nst_table table;
    int error;

    if (same(observer, &observer->known)) {
        view->owner = observer->known.owner;
        view->whole = observer->known.whole;
        return observer->known.have_statmount ? keep_table(arena, &observer->known_statmount, view)
                                              : 0;
    }
    error = ask_file(arena, observer, NULL, view);
    if (error || !observer->have_statmount)
        return error;
    error = NST_SYS_ERROR(TABLE, nst_table_read_statmount(0, &table));
    if (error)
        return error;
    nst_observer_forget_known(observer);
    observer->known = *view;
    observer->known.mountinfo = strdup(view->mountinfo);
    observer->known.have_statmount = true;
    observer->known_statmount = table;
    return observer->known.mountinfo ? keep_table(arena, &table, view) : -ENOMEM;
}

/* ACTOR is in NS; NULL: the observer, in the parent. */
static int read_view(struct nst_arena *arena, struct nst_observer *observer, uint64_t ns,
                     struct nst_actor *actor, struct nst_raw_view **ret_view)
{
    uint32_t reader = actor ? actor->name : 0;
    struct nst_raw_view *last = last_view(arena, ns, reader), *view = last;
    int error = read_mountinfo(arena, observer, actor);

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
    arena->bound |= view->mountinfo && strstr(view->mountinfo, " - nsfs ");
    *ret_view = view;
    if (!view->mountinfo)
        return -ENOMEM;
    if (!actor && !arena->last)
        return use_known(arena, observer, view);
    error = ask_file(arena, observer, actor, view);
    return error ? error : read_statmount(arena, observer, actor, view);
}

/* /proc/self/mounts is a view of its own, so at the start and the end it is read whatever mountinfo
 * says. */
static int read_mounts(struct nst_arena *arena, struct nst_observer *observer,
                       struct nst_raw_view **view)
{
    int error = read_table(arena, observer, observer->mounts, observer->file);
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
    if (!*ret_error && (arena->ends || view[0] != arena->last->view[0]))
        *ret_error = read_mounts(arena, observer, &view[0]);
    for (size_t i = 0; !*ret_error && i < arena->actors; i++) {
        struct nst_actor *actor = &arena->actor[i];
        uint64_t ns = actor->alive ? actor->ns : 0;
        int error;

        if (!ns || seen(view, len, ns))
            continue;
        error = read_view(arena, observer, ns, actor, &view[len]);
        len += !error;
        if (!(actor->mortal && nst_snapshot_is_gone(error))) /* it may have ended meanwhile */
            *ret_error = error;
    }
    if (*ret_error && *ret_error != -EXDEV) {
        errno = -*ret_error;
        nst_arena_fail(arena, "can't read what a namespace shows");
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
