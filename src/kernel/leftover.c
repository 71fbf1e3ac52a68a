/* After a case: what stands in its sandbox besides init and the runner. Looked for, not assumed. */
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void __attribute__((format(printf, 2, 3)))
name(struct nst_leftover *leftover, const char *format, ...)
{
    va_list list;

    if (*leftover->text)
        return;
    va_start(list, format);
    vsnprintf(leftover->text, sizeof(leftover->text), format, list);
    va_end(list);
}

size_t nst_leftover_mounts(struct nst_arena *arena, char **buffer, size_t *cap)
{
    size_t hash = 14695981039346656037U, len;

    if (nst_read_all(arena->init_mountinfo, buffer, cap, &len) < 0)
        return 0;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)(*buffer)[i]) * 1099511628211U;
    return hash;
}

/* The last pid that was given to a process of this pid namespace (proc(5),
 * /proc/sys/kernel/ns_last_pid); -1: this kernel doesn't say. */
long nst_leftover_last_pid(struct nst_arena *arena)
{
    static int fd = -2;
    char text[24];
    ssize_t len;

    if (fd == -2)
        fd = openat(arena->proc, "sys/kernel/ns_last_pid", O_RDONLY | O_CLOEXEC);
    len = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);
    if (len <= 0)
        return -1;
    text[len] = '\0';
    return atol(text);
}

/* Where the first actor stays, no process may have been made since it was. */
static void look_for_processes(struct nst_arena *arena, struct nst_leftover *leftover)
{
    const struct nst_actor *first = &arena->actor[0];
    bool lives = first->alive ? nst_leftover_last_pid(arena) != atomic_load(&first->pid)
                              : kill(-1, 0) == 0 || errno != ESRCH;

    if (lives) {
        leftover->processes = 1;
        name(leftover, "a process of the case lives on");
    }
}

/* init's root holds proc/ and case/, and case/ nothing (. and .. count too): a tmpfs directory's
 * size counts its entries. */
static void look_for_directories(struct nst_arena *arena, struct nst_leftover *leftover)
{
    struct stat root, empty;

    if (fstat(arena->init_root, &root) < 0 || fstatat(arena->init_root, "case", &empty, 0) < 0) {
        leftover->directories = 1;
        name(leftover, "the sandbox's root is not as it was: %s", strerror(errno));
        return;
    }
    if (root.st_size == 4 * 20 && empty.st_size == 2 * 20)
        return;
    leftover->directories = (size_t)(root.st_size / 20 + empty.st_size / 20 - 6);
    name(leftover, "%zu names in the sandbox's root", leftover->directories);
}

static int limit_namespaces(struct nst_arena *arena, const char *text)
{
    static int fd = -1;

    if (fd < 0)
        fd = openat(arena->proc, "sys/user/max_mnt_namespaces", O_WRONLY | O_CLOEXEC);
    return fd < 0 || pwrite(fd, text, strlen(text), 0) < 0 ? -errno : 0;
}

/* Every mount namespace below this user namespace counts against its limit (namespaces(7), "The
 * /proc/sys/user directory"), detached trees' too. So under a limit of five, where init, the
 * template, the parent and the detached proc have one each, asking for one more tells whether there
 * is a fifth. It is asked for the clone of a mount of another namespace, which the kernel refuses
 * only once it has counted. */
static bool has_fifth_namespace(struct nst_arena *arena)
{
    enum { OPEN_TREE_CLONE_BIT = 1, OPEN_TREE = 428 };
    int error, fd;

    if (limit_namespaces(arena, "5") < 0)
        return false;
    fd = (int)syscall(OPEN_TREE, arena->init_root, "",
                      OPEN_TREE_CLONE_BIT | AT_EMPTY_PATH | O_CLOEXEC);
    error = errno;
    if (fd >= 0)
        close(fd);
    limit_namespaces(arena, "2147483647"); /* as it is in a new user namespace */
    return fd < 0 && error == ENOSPC;
}

/* A bind of a namespace's file in the parent holds it rightly, until the parent goes. */
static bool is_held(const struct nst_arena *arena)
{
    return arena->end && strstr(arena->end->view[0]->mountinfo, " - nsfs ");
}

/* In the initial user namespace the host's would be counted too. What the kernel puts off (a
 * killed process' last descriptors) gets a second. */
static void look_for_namespaces(struct nst_arena *arena, struct nst_leftover *leftover)
{
    int64_t end = nst_now() + 1000000000;

    if (arena->privileged || is_held(arena))
        return;
    while (has_fifth_namespace(arena)) {
        struct timespec moment = {.tv_nsec = 1000000};

        if (nst_now() > end) {
            leftover->namespaces = 1;
            name(leftover, "a mount namespace or a detached tree lives on");
            return;
        }
        nanosleep(&moment, NULL);
    }
}

void nst_leftover_look(struct nst_arena *arena, struct nst_observer *observer)
{
    struct nst_leftover *leftover = &arena->leftover;

    look_for_processes(arena, leftover);
    look_for_directories(arena, leftover);
    look_for_namespaces(arena, leftover);
    if (nst_leftover_mounts(arena, &observer->buffer, &observer->buffer_cap) !=
        arena->init_mounts) {
        leftover->mounts = 1;
        name(leftover, "the mounts of the sandbox's own namespace changed");
    }
}
