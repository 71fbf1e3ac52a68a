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

static void look_for_processes(struct nst_leftover *leftover)
{
    if (kill(-1, 0) == 0 || errno != ESRCH) {
        leftover->processes = 1;
        name(leftover, "a process of the case lives on");
    }
}

/* init's root holds proc/ and case/, and case/ nothing (. and .. count too): a tmpfs directory's
 * size counts its entries. */
static void look_for_directories(struct nst_arena *arena, struct nst_leftover *leftover)
{
    struct stat root, empty;

    if (fstat(arena->init_root, &root) < 0 || fstatat(arena->init_root, "case", &empty, 0) < 0)
        return;
    if (root.st_size == 4 * 20 && empty.st_size == 2 * 20)
        return;
    leftover->directories = (size_t)(root.st_size / 20 + empty.st_size / 20 - 6);
    name(leftover, "%zu names in the sandbox's root", leftover->directories);
}

/* How many mount namespaces lie in one direction of the one that FD names. */
static size_t count_from(int fd, unsigned long direction)
{
    size_t count = 0;

    for (;;) {
        struct nst_ns_info info = {.size = sizeof(info)};
        int next = ioctl(fd, direction, &info);

        close(fd);
        if (next < 0)
            return count;
        count++;
        fd = next;
    }
}

/* In the initial user namespace the host's would be counted too. */
static void look_for_namespaces(struct nst_arena *arena, struct nst_leftover *leftover)
{
    size_t count;
    int fd;

    if (arena->privileged)
        return;
    fd = openat(arena->proc, "self/ns/mnt", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    count = count_from(fd, NST_NS_NEXT);
    fd = openat(arena->proc, "self/ns/mnt", O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        count += count_from(fd, NST_NS_PREV);
    if (count <= 1) /* init's own */
        return;
    leftover->namespaces = count - 1;
    name(leftover, "%zu mount namespaces live on", leftover->namespaces);
}

void nst_leftover_look(struct nst_arena *arena, struct nst_observer *observer)
{
    struct nst_leftover *leftover = &arena->leftover;

    look_for_processes(leftover);
    look_for_directories(arena, leftover);
    look_for_namespaces(arena, leftover);
    if (nst_leftover_mounts(arena, &observer->buffer, &observer->buffer_cap) !=
        arena->init_mounts) {
        leftover->mounts = 1;
        name(leftover, "the mounts of the sandbox's own namespace changed");
    }
}
