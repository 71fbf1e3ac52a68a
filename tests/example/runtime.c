/* The code under test: how a runtime enters its container. Stands for yours. */
#include "runtime.h"

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>

int runtime_enter(void *ctx)
{
    (void)ctx;
    if (unshare(CLONE_NEWNS) < 0)
        return -errno;
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return -errno;
    return mount("tmpfs", "/mnt", "tmpfs", MS_NOSUID | MS_NODEV, NULL) < 0 ? -errno : 0;
}

/* The mistake that every runtime once made. */
int runtime_enter_too_late(void *ctx)
{
    (void)ctx;
    if (unshare(CLONE_NEWNS) < 0)
        return -errno;
    if (mount("tmpfs", "/mnt", "tmpfs", MS_NOSUID | MS_NODEV, NULL) < 0)
        return -errno;
    return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ? -errno : 0;
}

/* Without MS_REC: what is mounted on a mount that was there before is seen. */
int runtime_enter_not_recursive(void *ctx)
{
    (void)ctx;
    if (mount("tmpfs", "/a", "tmpfs", 0, NULL) < 0 || unshare(CLONE_NEWNS) < 0)
        return -errno;
    return mount("none", "/", NULL, MS_PRIVATE, NULL) < 0 ? -errno : 0;
}
