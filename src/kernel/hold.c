/* What keeps mounts and namespaces in use, read of the actors around the calls for which it counts.
 *
 * A working directory, a root or an open file holds the mount that it is in (umount(2), EBUSY); a
 * process, a descriptor of its file or a bind of it holds a namespace (namespaces(7), "Namespace
 * lifetime"). */
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool nst_hold_counts(enum nst_call_id id)
{
    switch (id) {
    case NST_CALL_UMOUNT2:
    case NST_CALL_UNSHARE:
    case NST_CALL_SETNS:
    case NST_CALL_CLOSE:
    case NST_CALL_KILL:
    case NST_CALL_EXIT_GROUP:
        return true;
    default:
        return false;
    }
}

/* The mount namespace that descriptor NAME below /proc is the file of, or 0. */
static uint64_t named_ns(struct nst_arena *arena, const char *name)
{
    char target[8] = "";
    uint64_t id = 0;
    int fd;

    if (readlinkat(arena->proc, name, target, sizeof(target) - 1) < 0 ||
        strncmp(target, "mnt:[", 5) != 0)
        return 0;
    fd = openat(arena->proc, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    id = nst_snapshot_ns_of_fd(fd);
    close(fd);
    return id;
}

static void add(struct nst_arena *arena, const struct nst_actor *actor, enum nst_hold_kind kind,
                const struct nst_fd_name *fd, struct nst_raw_step *step)
{
    struct nst_hold *hold = &step->hold[step->holds];
    struct statx status;
    char name[48];

    snprintf(name, sizeof(name), "%d/%s", (int)atomic_load(&actor->pid),
             kind == NST_HOLD_CWD ? "cwd" : "root");
    if (fd)
        snprintf(name, sizeof(name), "%d/fd/%d", (int)atomic_load(&actor->pid), fd->real);
    if (statx(arena->proc, name, AT_NO_AUTOMOUNT, STATX_MNT_ID, &status) < 0)
        return;
    *hold = (struct nst_hold){.actor = actor->name,
                              .kind = kind,
                              .fd = fd ? fd->text : 0,
                              .mount = status.stx_mnt_id,
                              .ns = fd ? named_ns(arena, name) : 0};
    step->holds++;
}

int nst_hold_read(struct nst_arena *arena, struct nst_raw_step *step)
{
    size_t most = 0;

    for (size_t i = 0; i < arena->actors; i++)
        most += arena->actor[i].alive ? 2 + arena->actor[i].fds : 0;
    step->hold = nst_arena_take(arena, most * sizeof(*step->hold));
    if (!step->hold)
        return -ENOMEM;
    for (size_t i = 0; i < arena->actors; i++) {
        const struct nst_actor *actor = &arena->actor[i];

        if (!actor->alive)
            continue;
        add(arena, actor, NST_HOLD_CWD, NULL, step);
        add(arena, actor, NST_HOLD_ROOT, NULL, step);
        for (size_t j = 0; j < actor->fds; j++)
            add(arena, actor, NST_HOLD_FD, &actor->fd[j], step);
    }
    return 0;
}

int nst_hold_alive(struct nst_arena *arena, struct nst_raw_step *step)
{
    if (arena->seen_all)
        step->alive = nst_arena_take(arena, (arena->seen_len + 1) * sizeof(*step->alive));
    else
        return 0;
    if (!step->alive)
        return -ENOMEM;
    for (size_t i = 0; i < arena->seen_len; i++) {
        int lives = nst_ns_lives(arena->seen[i]);

        if (lives < 0) { /* this kernel doesn't tell */
            step->alive = NULL;
            step->alives = 0;
            return 0;
        }
        if (lives)
            step->alive[step->alives++] = arena->seen[i];
    }
    return 0;
}
