/* Which namespaces a process is in, and what their files tell. */
#include "kernel.h"
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ns-tool/mount_abi.h>

bool nst_snapshot_is_gone(int error)
{
    return error == -ENOENT || error == -ESRCH || error == -EINVAL;
}

/* An inode's number may be used again at once, an id (6.10) is not. */
int nst_snapshot_ns_of_fd(int fd, uint64_t *ret_ns, uint64_t *ret_inode)
{
    struct stat status = {0};
    int error = NST_SYS_ERROR(NS, nst_ns_mnt_id(fd, ret_ns));

    if ((ret_inode || error == -ENOSYS) && NST_SYS(STAT, fstat(fd, &status)) < 0)
        return -errno;
    if (ret_inode)
        *ret_inode = status.st_ino;
    if (error == -ENOSYS)
        *ret_ns = status.st_ino;
    return error == -ENOSYS || error == -EINVAL ? 0 : error;
}

int nst_snapshot_owner_of_fd(int fd, uint64_t *ret_owner)
{
    int owner = NST_SYS(NS, ioctl(fd, NS_GET_USERNS)), error = 0;
    struct stat status;

    *ret_owner = 0;
    if (owner < 0)
        return -errno;
    if (NST_SYS(STAT, fstat(owner, &status)) < 0)
        error = -errno;
    else
        *ret_owner = status.st_ino;
    NST_SYS(CLOSE, close(owner));
    return error;
}

int nst_snapshot_open_ns(const struct nst_arena *arena, const struct nst_actor *actor)
{
    char path[48];

    snprintf(path, sizeof(path), "%d/ns/mnt", (int)atomic_load(&actor->pid));
    return NST_SYS(OPEN, openat(arena->proc, path, O_RDONLY | O_CLOEXEC));
}

static void note_seen(struct nst_arena *arena, struct nst_seen seen)
{
    for (size_t i = 0; i < arena->seen_len; i++)
        if (arena->seen[i].ns == seen.ns)
            return;
    if (arena->seen_len == NST_SEEN_MAX)
        arena->seen_all = false;
    else if (seen.ns)
        arena->seen[arena->seen_len++] = seen;
}

static int inode_of(struct nst_arena *arena, const struct nst_actor *actor, const char *kind,
                    uint64_t *ret_inode)
{
    struct stat status = {0};
    char path[48];

    snprintf(path, sizeof(path), "%d/ns/%s", (int)atomic_load(&actor->pid), kind);
    if (NST_SYS(STAT, fstatat(arena->proc, path, &status, 0)) < 0)
        return -errno;
    *ret_inode = status.st_ino;
    return 0;
}

int nst_snapshot_meet(struct nst_arena *arena, struct nst_actor *actor)
{
    int fd = nst_snapshot_open_ns(arena, actor), error = fd < 0 ? -errno : 0;
    struct nst_seen seen = {0};
    uint64_t pid_ns = 0;

    if (fd >= 0) {
        error = nst_snapshot_ns_of_fd(fd, &seen.ns, &seen.inode);
        NST_SYS(CLOSE, close(fd));
    }
    actor->ns = seen.ns;
    note_seen(arena, seen);
    if (!error)
        error = inode_of(arena, actor, "user", &actor->user);
    if (!error)
        error = inode_of(arena, actor, "pid", &pid_ns);
    /* A pid namespace's processes end with its init, and that with those of the one above. */
    actor->mortal |= pid_ns && pid_ns != arena->pid_ns && !(actor->begins && !actor->of_mortal);
    if (!error || (actor->mortal && nst_snapshot_is_gone(error)))
        return 0;
    errno = -error;
    return nst_arena_fail(arena, "can't tell the namespaces of an actor");
}

int nst_snapshot_hidden(int fd, const char *mountinfo, size_t len, long *ret_hidden)
{
    long listed = 0;
    uint32_t count;
    int error = NST_SYS_ERROR(NS, nst_ns_mount_count(fd, &count));

    for (size_t i = 0; i < len; i++)
        listed += mountinfo[i] == '\n';
    *ret_hidden = error ? -1 : (long)count - listed;
    return error == -ENOSYS ? 0 : error;
}
