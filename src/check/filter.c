/* The filter: each call of the mount family, and those by which programs begin and end, waits for
 * the supervisor (seccomp_unotify(2)). All others go on at once. */
#include "check/check.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <ns-tool/mount_abi.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5) /* 5.19 */
#endif

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS /* 6.6 */
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#error "which AUDIT_ARCH this is"
#endif

static const unsigned numbers[] = {
#ifdef SYS_mkdir
    SYS_mkdir,
#endif
    SYS_mkdirat,       SYS_mount,  SYS_umount2,  SYS_pivot_root, SYS_unshare,
    SYS_setns,         SYS_clone3, SYS_chroot,   SYS_open_tree,  SYS_open_tree_attr,
    SYS_move_mount,    SYS_fsopen, SYS_fsconfig, SYS_fsmount,    SYS_fspick,
    SYS_mount_setattr, SYS_execve, SYS_execveat, SYS_exit_group,
};

enum { NUMBERS = sizeof numbers / sizeof *numbers, HEAD = 6, FILTER = HEAD + NUMBERS + 2 };

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define JUMP(kind, value, yes, no) BPF_JUMP(BPF_JMP | (kind) | BPF_K, value, yes, no)

/* Another architecture's calls go on, unseen: nobody's container runtime makes them. */
static void make(struct sock_filter *filter)
{
    const unsigned char allow = FILTER - 2, notify = FILTER - 1;
    const struct sock_filter head[HEAD] = {
        LOAD(arch),
        JUMP(BPF_JEQ, ARCH, 0, (unsigned char)(allow - 2)),
        LOAD(nr),
        /* clone(2) of a namespace only: threads and children are many. */
        JUMP(BPF_JEQ, SYS_clone, 0, 2),
        LOAD(args[0]), /* the lower half: little endian */
        JUMP(BPF_JSET, CLONE_NEWNS | CLONE_NEWUSER, (unsigned char)(notify - 6),
             (unsigned char)(allow - 6)),
    };

    for (size_t i = 0; i < HEAD; i++)
        filter[i] = head[i];
    for (size_t i = 0; i < NUMBERS; i++)
        filter[HEAD + i] = (struct sock_filter)JUMP(BPF_JEQ, numbers[i],
                                                    (unsigned char)(notify - HEAD - i - 1), 0);
    filter[allow] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    filter[notify] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
}

/* Without the second flag a signal that comes while a call waits has it begin again (Linux before
 * 5.19), so that it may be noted twice. */
int nst_filter_install(void)
{
    struct sock_filter filter[FILTER];
    const struct sock_fprog program = {.len = FILTER, .filter = filter};
    long listener;

    make(filter);
    listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                       SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
                       &program);
    if (listener < 0 && errno == EINVAL)
        listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
                           &program);
    if (listener < 0)
        return -errno;
    /* The one that waits and the one that answers take turns (kernel/seccomp.c, since 6.6). */
    ioctl((int)listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
    return (int)listener;
}
