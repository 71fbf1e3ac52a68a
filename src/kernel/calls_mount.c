/* The calls that mount, and how their structs are put together. */
#include "calls.h"

#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ns-tool/mount_abi.h>

struct attr { /* struct mount_attr, linux/mount.h */
    uint64_t set, clr, propagation, userns_fd;
};

long nst_run_mount(struct context *c)
{
    if (nst_call_is_refused(c->call, c->arena->privileged))
        return refuse(EPERM);
    return syscall(SYS_mount, path(c, 0), path(c, 1), str(c, 2), num(c, 3), str(c, 4));
}

long nst_run_umount2(struct context *c)
{
    return syscall(SYS_umount2, path(c, 0), num(c, 1));
}

long nst_run_pivot_root(struct context *c)
{
    return syscall(SYS_pivot_root, path(c, 0), path(c, 1));
}

long nst_run_open_tree(struct context *c)
{
    return named(c, syscall(SYS_open_tree, fd(c, 0), path(c, 1), num(c, 2) | O_CLOEXEC));
}

static struct attr attr_of(const struct context *c)
{
    return (struct attr){
        .set = num(c, 3),
        .clr = num(c, 4),
        .propagation = num(c, 5),
        .userns_fd = num(c, 3) & 0x00100000 /* MOUNT_ATTR_IDMAP */ ? (uint64_t)fd(c, 6) : 0};
}

long nst_run_open_tree_attr(struct context *c)
{
    struct attr attr = attr_of(c);

    return named(c, syscall(SYS_open_tree_attr, fd(c, 0), path(c, 1), num(c, 2) | O_CLOEXEC, &attr,
                            sizeof(attr)));
}

long nst_run_mount_setattr(struct context *c)
{
    struct attr attr = attr_of(c);

    return syscall(SYS_mount_setattr, fd(c, 0), path(c, 1), num(c, 2), &attr, sizeof(attr));
}

long nst_run_move_mount(struct context *c)
{
    return syscall(SYS_move_mount, fd(c, 0), path(c, 1), fd(c, 2), path(c, 3), num(c, 4));
}

long nst_run_fsopen(struct context *c)
{
    if (nst_call_is_refused(c->call, c->arena->privileged))
        return refuse(EPERM);
    return named(c, syscall(SYS_fsopen, str(c, 0), num(c, 1) | 1 /* FSOPEN_CLOEXEC */));
}

long nst_run_fsconfig(struct context *c)
{
    enum { BINARY = 2, PATH = 3, PATH_EMPTY = 4, FD = 5 };
    unsigned int command = (unsigned int)num(c, 1); /* all that the kernel looks at */
    const char *value = str(c, 3);
    int64_t aux = (int64_t)num(c, 4);

    if (command == PATH || command == PATH_EMPTY) {
        value = path(c, 3);
        aux = fd(c, 4);
    } else if (command == FD) {
        aux = fd(c, 4);
    } else if (command == BINARY && (!value || aux > (int64_t)strlen(value))) {
        return refuse(EINVAL);
    }
    return syscall(SYS_fsconfig, fd(c, 0), command, str(c, 2), value, aux);
}

long nst_run_fsmount(struct context *c)
{
    return named(c, syscall(SYS_fsmount, fd(c, 0), num(c, 1) | 1 /* FSMOUNT_CLOEXEC */, num(c, 2)));
}

long nst_run_fspick(struct context *c)
{
    unsigned int flags =
        (unsigned int)num(c, 2) | FSPICK_CLOEXEC; /* the kernel passes over the rest */
    int target, error;
    struct stat status;
    long result;

    if (nst_call_is_refused(c->call, c->arena->privileged))
        return refuse(EPERM);
    if (flags & ~(unsigned int)(FSPICK_CLOEXEC | FSPICK_SYMLINK_NOFOLLOW | FSPICK_NO_AUTOMOUNT |
                                FSPICK_EMPTY_PATH))
        return syscall(SYS_fspick, fd(c, 0), path(c, 1), flags);
    /* What was looked at is what is picked. */
    target = (int)syscall(SYS_open_tree, fd(c, 0), path(c, 1),
                          O_CLOEXEC | (flags & FSPICK_SYMLINK_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0) |
                              (flags & FSPICK_NO_AUTOMOUNT ? AT_NO_AUTOMOUNT : 0) |
                              (flags & FSPICK_EMPTY_PATH ? AT_EMPTY_PATH : 0));
    if (target < 0) {
        error = errno;
        syscall(SYS_fspick, AT_FDCWD, "", FSPICK_CLOEXEC);
        return refuse(errno == EPERM ? EPERM : error); /* that it may not at all comes first */
    }
    if (fstat(target, &status) == 0 && status.st_dev == c->arena->proc_dev) {
        close(target);
        return refuse(EPERM);
    }
    result = syscall(SYS_fspick, target, "", FSPICK_EMPTY_PATH | FSPICK_CLOEXEC);
    error = errno;
    close(target);
    errno = error;
    return named(c, result);
}
