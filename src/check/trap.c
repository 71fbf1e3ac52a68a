/* A call that waits: noted in strace's form, from the registers and the memory of who makes it, and
 * let go, or failed. What it points to may be changed by another thread before the kernel reads it
 * (seccomp_unotify(2), "NOTES"): what is told of a call is no proof, what shows in the parent is.
 */
#include "check/check.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <ns-tool/mount_abi.h>
#include <ns-tool/sequence.h>

enum { MEMORY = 512 };

/* Which row of the table of calls a system call is, what a sweep has it fail with (0: it isn't
 * swept), and whether it may change a table. */
static const struct {
    long number;
    enum nst_call_id id;
    int error;
    bool changes;
} traps[] = {
#ifdef SYS_mkdir
    {SYS_mkdir, NST_CALL_MKDIR, ENOSPC, false},
#endif
    {SYS_mkdirat, NST_CALL_MKDIRAT, ENOSPC, false},
    {SYS_mount, NST_CALL_MOUNT, ENOMEM, true},
    {SYS_umount2, NST_CALL_UMOUNT2, EBUSY, true},
    {SYS_pivot_root, NST_CALL_PIVOT_ROOT, EBUSY, true},
    {SYS_unshare, NST_CALL_UNSHARE, ENOSPC, true},
    {SYS_setns, NST_CALL_SETNS, EPERM, true},
    {SYS_clone, NST_CALL_CLONE, ENOSPC, true},
    {SYS_clone3, NST_CALL_CLONE3, ENOSPC, true},
    {SYS_chroot, NST_CALL_CHROOT, 0, false},
    {SYS_open_tree, NST_CALL_OPEN_TREE, EMFILE, false},
    {SYS_open_tree_attr, NST_CALL_OPEN_TREE_ATTR, EMFILE, false},
    {SYS_move_mount, NST_CALL_MOVE_MOUNT, ENOMEM, true},
    {SYS_fsopen, NST_CALL_FSOPEN, ENOMEM, false},
    {SYS_fsconfig, NST_CALL_FSCONFIG, ENOMEM, false},
    {SYS_fsmount, NST_CALL_FSMOUNT, EMFILE, false},
    {SYS_fspick, NST_CALL_FSPICK, EMFILE, false},
    {SYS_mount_setattr, NST_CALL_MOUNT_SETATTR, ENOMEM, true},
};
enum { TRAPS = sizeof traps / sizeof *traps };

/* Reads up to LEN bytes at ADDRESS of PID's memory: what of them there is. */
static size_t read_memory(pid_t pid, uint64_t address, void *to, size_t len)
{
    struct iovec local = {.iov_base = to, .iov_len = len};
    struct iovec remote = {.iov_base = (void *)(uintptr_t)address, .iov_len = len};
    ssize_t got = process_vm_readv(pid, &local, 1, &remote, 1, 0);

    if (got < 0 && len > 1) { /* the page behind it isn't there */
        remote.iov_len = local.iov_len = 4096 - address % 4096 < len ? 4096 - address % 4096 : len;
        got = process_vm_readv(pid, &local, 1, &remote, 1, 0);
    }
    return got < 0 ? 0 : (size_t)got;
}

/* The string at ADDRESS, cut at MEMORY bytes; NULL for NULL and what can't be read. */
static const char *read_string(pid_t pid, uint64_t address, char to[MEMORY])
{
    size_t len;

    if (!address)
        return NULL;
    len = read_memory(pid, address, to, MEMORY - 1);
    to[len] = '\0';
    return len ? to : NULL;
}

/* Fills CALL from NOTIF; its strings lie in TEXT. */
static void decode(const struct seccomp_notif *notif, enum nst_call_id id,
                   char text[NST_ARGS_MAX][MEMORY], struct nst_call *call)
{
    const struct nst_call_type *type = &nst_calls[id];
    const __u64 *reg = notif->data.args;
    uint64_t field[16] = {0};
    size_t at = 0, in = 0;
    bool inside = false;

    *call = (struct nst_call){.id = id, .actor = notif->pid};
    for (size_t i = 0; i < type->args; i++) {
        const struct nst_arg_type *arg = &type->arg[i];

        if (arg->opens) {
            inside = true;
            in = 0;
            read_memory((pid_t)notif->pid, reg[at++], field, sizeof field);
        }
        if (inside)
            call->arg[i].num = field[id == NST_CALL_CLONE3 && in == 1 ? 4 : in];
        else if (arg->kind == NST_ARG_SIZE)
            at++;
        else if (arg->kind == NST_ARG_PATH || arg->kind == NST_ARG_STRING)
            call->arg[i].str = read_string((pid_t)notif->pid, reg[at++], text[i]);
        else if (arg->kind == NST_ARG_FD)
            call->arg[i].num = (uint64_t)(int64_t)(int)reg[at++];
        else
            call->arg[i].num = reg[at++];
        in++;
        inside &= !arg->closes;
    }
    if (id == NST_CALL_FSCONFIG && call->arg[1].num == 2 /* FSCONFIG_SET_BINARY */)
        call->arg[3].str = NULL;
}

static void read_name(const struct nst_stage *stage, pid_t pid, char *to, size_t size)
{
    char name[32];
    int fd;
    ssize_t len = -1;

    snprintf(name, sizeof name, "%d/comm", (int)pid);
    fd = openat(stage->proc, name, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        len = read(fd, to, size - 1);
        close(fd);
    }
    to[len > 0 ? len : 0] = '\0';
    to[strcspn(to, "\n")] = '\0';
}

/* PATH as an absolute one, from the working directory or descriptor AT of PID. */
static bool make_absolute(const struct nst_stage *stage, pid_t pid, uint64_t at, const char *path,
                          char to[PATH_MAX])
{
    char name[64];
    ssize_t len;

    if (*path == '/') {
        snprintf(to, PATH_MAX, "%s", path);
        return true;
    }
    if (at == NST_AT_FDCWD)
        snprintf(name, sizeof name, "%d/cwd", (int)pid);
    else
        snprintf(name, sizeof name, "%d/fd/%d", (int)pid, (int)at);
    len = readlinkat(stage->proc, name, to, PATH_MAX - 1);
    if (len <= 0 || *to != '/')
        return false;
    snprintf(to + len, PATH_MAX - (size_t)len, "/%s", path);
    return true;
}

/* What is at PATH as PID sees it. */
static bool stat_inside(const struct nst_stage *stage, pid_t pid, const char *path,
                        struct stat *status)
{
    char name[PATH_MAX + 32];

    snprintf(name, sizeof name, "%d/root%s", (int)pid, path);
    return fstatat(stage->proc, name, status, 0) == 0;
}

/* A directory that wasn't there before is about to be made. */
static void note_made(struct nst_stage *stage, const struct nst_call *call, size_t index)
{
    uint64_t at = call->id == NST_CALL_MKDIRAT ? call->arg[0].num : NST_AT_FDCWD;
    const char *path = call->arg[call->id == NST_CALL_MKDIRAT].str;
    char whole[PATH_MAX];
    struct stat status;

    if (!path || !make_absolute(stage, (pid_t)call->actor, at, path, whole) ||
        strlen(whole) >= TEXT || stat_inside(stage, (pid_t)call->actor, whole, &status) ||
        nst_check_grow(&stage->spot, stage->spots, &stage->spot_cap, sizeof *stage->spot) < 0)
        return;
    stage->spot[stage->spots] = (struct nst_spot){.call = index};
    strcpy(stage->spot[stage->spots++].path, whole);
}

/* Something is about to be mounted: where that is a directory that was made here, and the parent
 * sees it too, it is to be gone in the end. */
static void note_mounted(struct nst_stage *stage, const struct nst_call *call)
{
    bool moves = call->id == NST_CALL_MOVE_MOUNT;
    const char *path = moves ? call->arg[3].str : call->arg[1].str;
    uint64_t at = moves ? call->arg[2].num : NST_AT_FDCWD;
    struct stat inside, outside;
    char whole[PATH_MAX];

    if ((!moves && call->id != NST_CALL_MOUNT) || !path ||
        !make_absolute(stage, (pid_t)call->actor, at, path, whole))
        return;
    for (size_t i = 0; i < stage->spots; i++) {
        struct nst_spot *spot = &stage->spot[i];

        if (!strcmp(spot->path, whole) && !spot->mounted &&
            stat_inside(stage, (pid_t)call->actor, whole, &inside) && stat(whole, &outside) == 0 &&
            inside.st_dev == outside.st_dev && inside.st_ino == outside.st_ino) {
            spot->mounted = true;
            spot->dev = outside.st_dev;
            spot->ino = outside.st_ino;
        }
    }
}

/* Whether CALL may attach a mount: of several processes' calls that are under way, one that does.
 */
static bool attaches(const struct nst_call *call)
{
    const uint64_t others = MS_REMOUNT | MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE;

    return call->id == NST_CALL_MOVE_MOUNT || call->id == NST_CALL_PIVOT_ROOT ||
           (call->id == NST_CALL_MOUNT && !(call->arg[3].num & others));
}

/* Notes the call, and whether a sweep has it fail: with the errno, or -1 where its process is to be
 * killed; 0: it goes on. */
static int note(struct nst_stage *stage, const struct seccomp_notif *notif, size_t trap)
{
    const struct nst_check_options *options = stage->options;
    struct nst_check *check = stage->check;
    char text[NST_ARGS_MAX][MEMORY], *whole;
    struct nst_call call;
    size_t index = check->calls;
    bool swept;

    decode(notif, traps[trap].id, text, &call);
    swept = traps[trap].error != 0 &&
            (call.id != NST_CALL_CLONE3 || call.arg[0].num & (CLONE_NEWNS | CLONE_NEWUSER));
    if (!swept && call.id == NST_CALL_CLONE3) /* a thread, a child */
        return 0;
    check->calls++;
    if (traps[trap].changes)
        stage->changing = index;
    if (attaches(&call))
        stage->latest = index;
    if (index < NST_CHECK_CALLS_MAX) {
        struct nst_check_call *noted = &check->call[index];

        whole = nst_call_text(&call);
        noted->pid = (int)notif->pid;
        noted->swept = swept;
        snprintf(noted->text, sizeof noted->text, "%s", whole ? strchr(whole, ' ') + 1 : "");
        free(whole);
        read_name(stage, (pid_t)notif->pid, noted->process, sizeof noted->process);
    }
    if (call.id == NST_CALL_MKDIR || call.id == NST_CALL_MKDIRAT)
        note_made(stage, &call, index);
    note_mounted(stage, &call);
    check->swept += swept;
    if (!swept || options->fault == NST_CHECK_NO_FAULT || check->swept != options->fault_at)
        return 0;
    check->faulty = index;
    check->fault_error = options->fault_error ? options->fault_error : traps[trap].error;
    return options->fault == NST_CHECK_KILLS ? -1 : check->fault_error;
}

/* Whether the program isn't there: execvp(3) tries each directory of PATH. */
static bool is_missing(const struct nst_stage *stage, pid_t pid, const char *path)
{
    struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
    char name[32];
    int root, fd, error;

    snprintf(name, sizeof name, "%d/root", (int)pid);
    root = *path == '/' ? openat(stage->proc, name, O_PATH | O_CLOEXEC) : -1;
    if (root < 0)
        return false;
    fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
    error = errno;
    if (fd >= 0)
        close(fd);
    close(root);
    return fd < 0 && error == ENOENT;
}

/* A program begins: what does it find where it is? */
static void begin(struct nst_stage *stage, const struct seccomp_notif *notif)
{
    bool at = notif->data.nr == SYS_execveat;
    char text[MEMORY];
    const char *path = read_string((pid_t)notif->pid, notif->data.args[at], text);
    const char *name = path ? strrchr(path, '/') : NULL;

    if (path && is_missing(stage, (pid_t)notif->pid, path))
        return;
    if (!path || (!*path && at)) { /* of a descriptor */
        read_name(stage, (pid_t)notif->pid, text, sizeof text);
        path = text;
    }
    nst_look_inside(stage, (pid_t)notif->pid, name ? name + 1 : path, stage->changing, true);
    if (stage->options->expects && nst_look_ns(stage, (pid_t)notif->pid) != stage->parent)
        nst_probe(stage, (pid_t)notif->pid);
}

int nst_trap_take(struct nst_stage *stage)
{
    struct seccomp_notif notif = {0};
    struct seccomp_notif_resp response = {0};
    int error = 0, r;

    if (ioctl(stage->listener, SECCOMP_IOCTL_NOTIF_RECV, &notif) < 0)
        return errno == ENOENT || errno == EINTR ? 0 : -errno; /* its process died meanwhile */
    r = nst_look(stage);
    if (r < 0)
        return r;
    if (notif.data.nr == SYS_execve || notif.data.nr == SYS_execveat)
        begin(stage, &notif);
    else if (notif.data.nr == SYS_exit_group)
        nst_look_inside(stage, (pid_t)notif.pid, "", SIZE_MAX, false);
    for (size_t i = 0; i < TRAPS; i++)
        if (traps[i].number == notif.data.nr)
            error = note(stage, &notif, i);
    if (error < 0) {
        kill((pid_t)notif.pid, SIGKILL);
        return 0;
    }
    response.id = notif.id;
    response.error = -error;
    response.flags = error ? 0 : (unsigned)SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    if (ioctl(stage->listener, SECCOMP_IOCTL_NOTIF_SEND, &response) < 0 && errno != ENOENT)
        return -errno;
    return 0;
}
