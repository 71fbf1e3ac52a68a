/* The tool's child that makes init: a fork of the tool, or its program, which is begun before the
 * namespaces are so that its memory belongs to the tool's user namespace, and nobody in a sandbox,
 * whose root has every capability there, gets at it through /proc (ptrace(2), "Ptrace access mode
 * checking"). */
#include "kernel.h"
#include "sys.h"

#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Between fork() and here the C library has put its locks right, which a bare clone from a process
 * with threads would not, and init uses memory. */
_Noreturn void nst_make_init(struct nst_arena *arena, int lifeline)
{
    unsigned long flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_PARENT | CLONE_PARENT_SETTID | SIGCHLD;
    /* Of one that died already it may be another's: then no byte comes on the lifeline. */
    int tool = (int)NST_SYS(PIDFD_OPEN, syscall(SYS_pidfd_open, getppid(), 0));
    long pid;

    if (tool < 0) {
        arena->error = nst_arena_fail(arena, "pidfd_open of the tool");
        _exit(1);
    }

    if (!arena->privileged)
        flags |= CLONE_NEWUSER;
    /* The kernel itself notes its pid, so that it is known whatever becomes of this process. */
    pid = NST_SYS(CLONE, syscall(SYS_clone, flags, NULL, &arena->init, NULL, NULL));
    if (pid == 0)
        nst_init(arena, lifeline, tool);
    if (pid < 0)
        arena->error = nst_arena_fail(arena, "can't make user, pid and mount namespaces");
    _exit(0);
}
