/* What the functions of the calls share: the call, and its arguments as the kernel numbers them. */
#ifndef NST_KERNEL_CALLS_H
#define NST_KERNEL_CALLS_H

#include "kernel.h"

#include <errno.h>
#include <fcntl.h>

struct context {
    struct nst_arena *arena;
    struct nst_actor *actor;
    const struct nst_call *call;
    char path[2][8192];
};

static inline uint64_t num(const struct context *c, size_t i)
{
    return c->call->arg[i].num;
}

static inline const char *str(const struct context *c, size_t i)
{
    return c->call->arg[i].str;
}

static inline const char *path(struct context *c, size_t i)
{
    size_t which = c->path[0][0] != '\0';

    return nst_actor_path(c->arena, c->actor, str(c, i), c->path[which], sizeof(c->path[which]));
}

static inline int fd(const struct context *c, size_t i)
{
    uint64_t number = num(c, i);

    return number == NST_AT_FDCWD ? AT_FDCWD : nst_actor_fd(c->actor, number);
}

/* What the kernel's descriptor is called from here on. */
static inline long named(struct context *c, long real)
{
    int text;

    if (real < 0)
        return real;
    text = nst_actor_fd_add(c->actor, (int)real, &c->call->expect);
    if (text >= 0)
        return text;
    errno = -text;
    return -1;
}

static inline long refuse(int error)
{
    errno = error;
    return -1;
}

long nst_run_mount(struct context *c);
long nst_run_umount2(struct context *c);
long nst_run_pivot_root(struct context *c);
long nst_run_open_tree(struct context *c);
long nst_run_open_tree_attr(struct context *c);
long nst_run_mount_setattr(struct context *c);
long nst_run_move_mount(struct context *c);
long nst_run_fsopen(struct context *c);
long nst_run_fsconfig(struct context *c);
long nst_run_fsmount(struct context *c);
long nst_run_fspick(struct context *c);

#endif
