/* What keeps mounts and namespaces in use, read of the actors around the calls for which it counts.
 *
 * A working directory, a root or an open file holds the mount that it is in (umount(2), EBUSY); a
 * process, a descriptor of its file or a bind of it holds a namespace (namespaces(7), "Namespace
 * lifetime"). */
#include "kernel.h"
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <ns-tool/mount_abi.h>

/* Whether a call of that row may drop the last reference to a namespace; an unmount only of a bind.
 */
static bool may_drop(const struct nst_arena *arena, enum nst_call_id id)
{
    switch (id) {
    case NST_CALL_UMOUNT2:
        return arena->bound;
    case NST_CALL_UNSHARE:
    case NST_CALL_SETNS:
    case NST_CALL_CLOSE:
    case NST_CALL_KILL:
    case NST_CALL_EXIT_GROUP:
    case NST_CALLS:
        return true;
    default:
        return false;
    }
}

static bool ends(const char *text, const char *end)
{
    size_t len = strlen(text), tail = strlen(end);

    return len >= tail && strcmp(text + len - tail, end) == 0;
}

/* What descriptor NAME below /proc holds besides its mount. A namespace's file looks like any other
 * path where it was opened through a bind, so IS_NS says that it is one. */
static int add_ns(struct nst_arena *arena, const char *name, bool is_ns, struct nst_hold *hold)
{
    char target[256] = "";
    int fd, error;

    if (NST_SYS(READLINK, readlinkat(arena->proc, name, target, sizeof(target) - 1)) < 0)
        return -errno;
    hold->lists =
        ends(target, "/mountinfo") || ends(target, "/mounts") || ends(target, "/mountstats");
    if (!is_ns)
        return 0;
    fd = NST_SYS(OPEN, openat(arena->proc, name, O_RDONLY | O_CLOEXEC));
    if (fd < 0)
        return -errno;
    error = NST_SYS_ERROR(NS, nst_ns_mount_count(fd, &hold->mounts));
    if (error == -ENOSYS || error == -EINVAL) { /* an old kernel, another kind of namespace */
        hold->mounts = 0;
        error = 0;
    }
    if (!error)
        error = nst_snapshot_ns_of_fd(fd, &hold->ns, NULL);
    NST_SYS(CLOSE, close(fd));
    return error;
}

static bool same_device(const struct statx *a, const struct statx *b)
{
    return a->stx_dev_major == b->stx_dev_major && a->stx_dev_minor == b->stx_dev_minor;
}

static int add(struct nst_arena *arena, const struct nst_actor *actor, enum nst_hold_kind kind,
               const struct nst_fd_name *fd, const struct statx *nsfs, struct nst_hold *hold,
               size_t *len)
{
    struct statx status;
    char name[48];
    int error = 0;

    snprintf(name, sizeof(name), "%d/%s", (int)atomic_load(&actor->pid),
             kind == NST_HOLD_CWD ? "cwd" : "root");
    if (fd)
        snprintf(name, sizeof(name), "%d/fd/%d", (int)atomic_load(&actor->pid), fd->real);
    if (NST_SYS(STAT, statx(arena->proc, name, AT_NO_AUTOMOUNT, STATX_MNT_ID, &status)) < 0)
        return -errno;
    hold[*len] = (struct nst_hold){.actor = actor->name,
                                   .kind = kind,
                                   .fd = fd ? fd->text : 0,
                                   .mount = nst_statx_mnt_id(&status)};
    if (fd)
        error = add_ns(arena, name, same_device(&status, nsfs), &hold[*len]);
    ++*len;
    return error;
}

/* What ACTOR holds. Who is gone holds nothing. */
static int add_all(struct nst_arena *arena, const struct nst_actor *actor, const struct statx *nsfs,
                   struct nst_hold *hold, size_t *len)
{
    int error = add(arena, actor, NST_HOLD_CWD, NULL, nsfs, hold, len);

    if (!error)
        error = add(arena, actor, NST_HOLD_ROOT, NULL, nsfs, hold, len);
    for (size_t j = 0; !error && j < actor->fds; j++)
        error = add(arena, actor, NST_HOLD_FD, &actor->fd[j], nsfs, hold, len);
    if (!error || (actor->mortal && nst_snapshot_is_gone(error)))
        return 0;
    errno = -error;
    return nst_arena_fail(arena, "can't read what an actor holds");
}

static int read_holds(struct nst_arena *arena, struct nst_hold **ret_hold, size_t *ret_len)
{
    struct statx nsfs;
    size_t most = 0;
    int error = 0;

    if (NST_SYS(STAT, statx(arena->proc, "self/ns/mnt", AT_NO_AUTOMOUNT, 0, &nsfs)) < 0)
        return nst_arena_fail(arena, "stat of a namespace's file");
    for (size_t i = 0; i < arena->actors; i++)
        most += arena->actor[i].alive ? 2 + arena->actor[i].fds : 0;
    *ret_len = 0;
    *ret_hold = nst_arena_take(arena, most * sizeof(**ret_hold));
    if (!*ret_hold)
        return -ENOMEM;
    for (size_t i = 0; !error && i < arena->actors; i++)
        if (arena->actor[i].alive)
            error = add_all(arena, &arena->actor[i], &nsfs, *ret_hold, ret_len);
    return error;
}

int nst_hold_begin(struct nst_arena *arena, enum nst_call_id id, struct nst_raw_step *step)
{
    if (id != NST_CALL_UMOUNT2)
        return 0;
    return read_holds(arena, &step->hold, &step->holds);
}

/* Whether an actor is in a namespace, a descriptor of STEP's end is one of its file, or a bind of
 * it is in sight. What may hold it else nobody knows; see nst_hold_end(). */
static bool is_held(const struct nst_arena *arena, const struct nst_raw_step *step,
                    const struct nst_seen *seen)
{
    char root[32];

    for (size_t i = 0; i < arena->actors; i++)
        if (arena->actor[i].alive && arena->actor[i].ns == seen->ns)
            return true;
    for (size_t i = 0; i < step->helds; i++)
        if (step->held[i].ns == seen->ns || step->held[i].lists)
            return true;
    snprintf(root, sizeof(root), "mnt:[%llu]", (unsigned long long)seen->inode);
    for (size_t i = 0; arena->bound && i < arena->last->len; i++)
        if (strstr(arena->last->view[i]->mountinfo, root))
            return true;
    return false;
}

/* Whether nothing stood on its root mount, whose parent is itself, when somebody was in SEEN last:
 * a
 * "/" that was detached. */
static void note_empty(const struct nst_arena *arena, struct nst_seen *seen)
{
    for (size_t i = 0; i < arena->last->len; i++) {
        const struct nst_raw_view *view = arena->last->view[i];
        unsigned long id, parent;

        if (view->ns != seen->ns)
            continue;
        seen->empty = !view->mountinfo_len ||
                      (sscanf(view->mountinfo, "%lu %lu ", &id, &parent) == 2 && id == parent &&
                       memchr(view->mountinfo, '\n', view->mountinfo_len) ==
                           view->mountinfo + view->mountinfo_len - 1);
    }
}

/* Whether a living actor is in SEEN's namespace, by the namespace's own file. */
static bool is_inhabited(const struct nst_arena *arena, const struct nst_seen *seen)
{
    for (size_t i = 0; i < arena->actors; i++) {
        const struct nst_actor *actor = &arena->actor[i];
        uint64_t ns = 0;
        int fd;

        if (!actor->alive || actor->ns != seen->ns)
            continue;
        fd = nst_snapshot_open_ns(arena, actor);
        if (fd >= 0 && nst_snapshot_ns_of_fd(fd, &ns, NULL) < 0)
            ns = 0;
        if (fd >= 0)
            NST_SYS(CLOSE, close(fd));
        if (ns == seen->ns)
            return true;
    }
    return false;
}

/* Fills STEP's alive. Returns how many of them nothing is known to hold; -ENOSYS: this kernel
 * doesn't tell. */
static int look(struct nst_arena *arena, const struct nst_observer *observer,
                struct nst_raw_step *step)
{
    int idle = 0;

    step->alives = 0;
    step->unlisted = 0;
    for (size_t i = 0; i < arena->seen_len; i++) {
        struct nst_seen *seen = &arena->seen[i];
        bool held = seen->ns == observer->ns || is_held(arena, step, seen);
        int lives = seen->dead ? 0 : NST_SYS_ERROR(NS, nst_ns_lives(seen->ns));

        if (lives < 0)
            return lives;
        note_empty(arena, seen);
        if (!lives && seen->empty && held) /* of such a one the kernel doesn't tell */
            lives = 1;
        /* Nor of one whose root mount is older than itself, as one that came by move_mount() and
         * pivot_root() is: listmount(2) looks for it among the younger ones and says ENOENT
         * (fs/namespace.c, grab_requested_root()). Who is in it proves that it lives. */
        if (!lives && held && !seen->blind)
            seen->blind = is_inhabited(arena, seen);
        if (!lives && held && seen->blind) {
            step->unlisted = seen->ns;
            lives = 1;
        }
        seen->dead = !lives;
        if (!lives)
            continue;
        step->alive[step->alives++] = seen->ns;
        idle += !held;
    }
    return idle;
}

/* The kernel may put off what the last of a dead process' descriptors held (fs/namespace.c,
 * mntput_no_expire(), delayed_mntput()). It gets a second where nothing else can hold a namespace,
 * and little where a bind may. */
int nst_hold_end(struct nst_arena *arena, const struct nst_observer *observer, enum nst_call_id id,
                 struct nst_raw_step *step)
{
    int64_t end = nst_now() + (arena->bound || arena->options.setup ? 5 : 1000) * 1000000LL;
    int idle, error;

    if (!arena->seen_all || !may_drop(arena, id))
        return 0;
    error = read_holds(arena, &step->held, &step->helds);
    if (error)
        return error;
    step->alive = nst_arena_take(arena, (arena->seen_len + 1) * sizeof(*step->alive));
    if (!step->alive)
        return -ENOMEM;
    while ((idle = look(arena, observer, step)) > 0 && nst_now() < end) {
        struct timespec moment = {.tv_nsec = 500000};

        nanosleep(&moment, NULL);
    }
    if (idle < 0) {
        step->alive = NULL;
        step->alives = 0;
    }
    errno = -idle;
    return idle >= 0 || idle == -ENOSYS ? 0
                                        : nst_arena_fail(arena, "can't tell what namespaces live");
}
