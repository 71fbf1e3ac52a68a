/* The n-th allocation of one call fails: Documentation/fault-injection/fault-injection.rst,
 * fail-nth. It counts for each task, and no child has it (kernel/fork.c, dup_task_struct()). */
#include "kernel.h"
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int nst_fail_nth_begin(const struct nst_arena *arena, const struct nst_call *call)
{
    char text[16];
    int fd;

    if (!arena->options.fail_call || (size_t)(call - arena->call) + 1 != arena->options.fail_call)
        return -1;
    fd = NST_SYS(OPEN, openat(arena->proc, "self/fail-nth", O_RDWR | O_CLOEXEC));
    snprintf(text, sizeof(text), "%u", arena->options.fail_nth);
    if (fd >= 0 && NST_SYS(WRITE, write(fd, text, strlen(text))) < 0) {
        NST_SYS(CLOSE, close(fd));
        fd = -1;
    }
    return fd;
}

/* What is left of the count is none where it came to that allocation. Neither reading it nor
 * writing it allocates (fs/proc/base.c). */
bool nst_fail_nth_end(int fd)
{
    char text[16] = "";
    int error = errno;
    bool failed = NST_SYS(READ, pread(fd, text, sizeof(text) - 1, 0)) > 0 && atoi(text) == 0;

    NST_SYS(WRITE, write(fd, "0", 1));
    NST_SYS(CLOSE, close(fd));
    errno = error;
    return failed;
}
