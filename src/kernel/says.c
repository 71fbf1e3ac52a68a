/* What the kernel says of a call that failed on a context, besides its errno: a line a read(2),
 * until ENODATA (fsopen(2), "Message retrieval interface"). Reading takes the lines away and
 * nothing else. */
#include "kernel.h"
#include "sys.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* `e tmpfs: Unknown parameter 'x'` is an error, w a warning, i a note. */
enum { LABEL = 2 };

static bool is_context(const struct nst_arena *arena, int fd)
{
    static const char context[] = "anon_inode:[fscontext]";
    char name[32], target[sizeof context];

    snprintf(name, sizeof name, "self/fd/%d", fd);
    return NST_SYS(READLINK, readlinkat(arena->proc, name, target, sizeof target)) ==
               sizeof context - 1 &&
           !memcmp(target, context, sizeof context - 1);
}

void nst_says_read(const struct nst_arena *arena, const struct nst_actor *actor,
                   const struct nst_call *call, char *ret_says)
{
    char line[NST_SAYS];
    size_t used = 0;
    ssize_t len;
    int context;

    *ret_says = '\0';
    if (call->id != NST_CALL_FSCONFIG && call->id != NST_CALL_FSMOUNT)
        return;
    context = nst_actor_fd(actor, call->arg[0].num);
    if (context < 0 || !is_context(arena, context))
        return;
    while ((len = NST_SYS(READ, read(context, line, sizeof line - 1))) > 0) {
        line[len] = '\0';
        line[strcspn(line, "\n")] = '\0';
        if (len > LABEL && used + 2 < NST_SAYS)
            used += (size_t)snprintf(ret_says + used, NST_SAYS - used, "%s%s", used ? "; " : "",
                                     line + LABEL);
    }
}
