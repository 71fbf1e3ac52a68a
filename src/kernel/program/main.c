/* What the processes of a sandbox run: who makes init, init, and in its forks the runner and the
 * actors. A program of its own, static and small, so that a fork copies little and nothing of the
 * tool, of its memory or of the host's files, is in any of them. */
#include "kernel/kernel.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Arguments: the arena's descriptor and address, the lifeline (see src/kernel/program.c). */
int main(int argc, char **argv)
{
    struct nst_arena *arena;
    uintptr_t address;

    if (argc != 4)
        return 2;
    address = (uintptr_t)strtoull(argv[2], NULL, 16);
    /* Pointers into it are to mean the same here. */
    arena = mmap((void *)address, NST_ARENA_SIZE, PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_NORESERVE | MAP_FIXED_NOREPLACE, atoi(argv[1]), 0);
    if ((uintptr_t)arena != address)
        return 1;
    prctl(PR_SET_NAME, argv[0]);
    nst_make_init(arena, atoi(argv[3]));
}
