/* The kernel's own coverage (Documentation/dev-tools/kcov.rst) of what the calls of a sequence run
 * in it. It is kept for each task, so each actor has its own; nothing of it is in who forked it. */
#include "kernel.h"
#include "sys.h"

#include <fcntl.h>
#include <linux/kcov.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { WORDS = 1 << 14 }; /* how many places one call may come to; what comes after isn't noted */

/* This process': [0] is how many there are. */
static unsigned long *area;

void nst_kcov_find(struct nst_arena *arena)
{
    arena->kcov = arena->options.kernel_edges
                      ? NST_SYS(OPEN, open("/sys/kernel/debug/kcov", O_PATH | O_CLOEXEC))
                      : -1;
}

static void map(int fd)
{
    void *memory;

    if (NST_SYS(SELF, ioctl(fd, KCOV_INIT_TRACE, WORDS)) < 0)
        return;
    memory =
        NST_SYS(MMAP, mmap(NULL, WORDS * sizeof(*area), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    if (memory == MAP_FAILED)
        return;
    if (NST_SYS(SELF, ioctl(fd, KCOV_ENABLE, KCOV_TRACE_PC)) < 0)
        NST_SYS(MUNMAP, munmap(memory, WORDS * sizeof(*area)));
    else
        area = memory;
}

void nst_kcov_begin(struct nst_arena *arena)
{
    char name[32];
    int fd;

    if (area)
        NST_SYS(MUNMAP, munmap(area, WORDS * sizeof(*area)));
    area = NULL;
    if (arena->kcov < 0)
        return;
    snprintf(name, sizeof(name), "self/fd/%d", arena->kcov);
    fd = NST_SYS(OPEN, openat(arena->proc, name, O_RDWR | O_CLOEXEC));
    if (fd < 0)
        return;
    map(fd);
    NST_SYS(CLOSE, close(fd));
}

void nst_kcov_before(void)
{
    if (area)
        __atomic_store_n(&area[0], 0, __ATOMIC_RELAXED);
}

void nst_kcov_after(struct nst_arena *arena)
{
    unsigned long len = area ? __atomic_load_n(&area[0], __ATOMIC_RELAXED) : 0;
    uint64_t last = 0;

    for (unsigned long i = 1; i <= len && i < WORDS; i++) {
        uint64_t at = area[i] * UINT64_C(0x9e3779b97f4a7c15) >> 32;

        atomic_store_explicit(&arena->kernel_edge[(at ^ last) % NST_KERNEL_EDGES], 1,
                              memory_order_relaxed);
        last = at >> 1; /* so that an edge isn't its way back */
    }
}
