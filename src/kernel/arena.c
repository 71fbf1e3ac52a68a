/* The memory that a sandbox shares with the tool, and the futexes in it. */
#include "kernel.h"
#include "sys.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void *nst_arena_take(struct nst_arena *arena, size_t size)
{
    size_t at, rounded = (size + 15) & ~(size_t)15;

    if (size <= NST_ARENA_SIZE) {
        at = atomic_fetch_add(&arena->used, rounded);
        if (at <= NST_ARENA_SIZE - rounded)
            return (char *)arena + at;
        atomic_fetch_sub(&arena->used, rounded);
    }
    arena->full = true;
    return NULL;
}

int64_t nst_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int nst_futex_wait(_Atomic uint32_t *word, uint32_t old, int64_t nanoseconds)
{
    int64_t end = nanoseconds < 0 ? 0 : nst_now() + nanoseconds;

    while (atomic_load(word) == old) {
        struct timespec slice = {.tv_sec = 3600};

        if (nanoseconds >= 0) {
            int64_t left = end - nst_now();

            if (left <= 0)
                return -ETIMEDOUT;
            slice.tv_sec = left / 1000000000;
            slice.tv_nsec = left % 1000000000;
        }
        syscall(SYS_futex, word, FUTEX_WAIT, old, &slice, NULL, 0);
    }
    return 0;
}

void nst_futex_set(_Atomic uint32_t *word, uint32_t value)
{
    atomic_store(word, value);
    NST_SYS(WAKE, syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0));
}

unsigned nst_arena_deadline_ms(const struct nst_arena *arena)
{
    return arena->options.deadline_ms ? arena->options.deadline_ms : 1000;
}

size_t nst_arena_table_most(const struct nst_arena *arena)
{
    return arena->options.table_most ? arena->options.table_most : NST_TABLE_MOST;
}

int nst_arena_fail(struct nst_arena *arena, const char *what)
{
    int error = errno;

    snprintf(arena->why, sizeof(arena->why), "%s: %s", what, strerror(error));
    return -error;
}
