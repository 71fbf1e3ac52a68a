/* What a call relies on. When one that makes a descriptor, an actor or a directory goes alone,
 * those that use it do something else or nothing; so they are tried together as well. */
#include <stdio.h>
#include <string.h>

#include "shrink.h"

#define NONE SIZE_MAX

bool nst_shrink_names(const struct nst_call *call)
{
    enum nst_returns returns = nst_calls[call->id].returns;

    return call->expect.kind == NST_SUCCEEDS &&
           (returns == NST_RETURNS_FD || returns == NST_RETURNS_ACTOR);
}

bool nst_shrink_is_fd(const struct nst_call *call, size_t arg)
{
    enum nst_arg_kind kind = nst_calls[call->id].arg[arg].kind;
    int64_t value = (int64_t)call->arg[arg].num;
    bool config = call->id == NST_CALL_FSCONFIG && kind == NST_ARG_INT && call->arg[1].num >= 3 &&
                  call->arg[1].num <= 5; /* SET_PATH, SET_PATH_EMPTY, SET_FD */

    return (kind == NST_ARG_FD || config) && value >= 3;
}

static bool makes(const struct nst_call *call, enum nst_returns what, uint64_t name)
{
    return nst_calls[call->id].returns == what && nst_shrink_names(call) &&
           call->expect.value == (int64_t)name;
}

static size_t maker_of_actor(const struct nst_sequence *sequence, size_t before, uint64_t actor)
{
    for (size_t i = before; i-- > 0;)
        if (makes(&sequence->call[i], NST_RETURNS_ACTOR, actor))
            return i;
    return NONE;
}

/* ACTOR's own descriptor, or one that it had from whoever made it. */
static size_t maker_of_fd(const struct nst_sequence *sequence, size_t before, uint64_t actor,
                          uint64_t fd)
{
    size_t inherited = NONE;

    for (size_t i = before; i-- > 0;) {
        if (!makes(&sequence->call[i], NST_RETURNS_FD, fd))
            continue;
        if (sequence->call[i].actor == actor)
            return i;
        if (inherited == NONE)
            inherited = i;
    }
    return inherited;
}

/* The path that CALL makes; NULL: none. */
static const char *made_path(const struct nst_call *call)
{
    const char *path = NULL;

    if (call->id == NST_CALL_MKDIR || call->id == NST_CALL_MKDIRAT ||
        call->id == NST_CALL_SYMLINK || call->id == NST_CALL_RENAME ||
        call->id == NST_CALL_RENAMEAT2)
        for (size_t i = 0; i < nst_calls[call->id].args; i++)
            if (nst_calls[call->id].arg[i].kind == NST_ARG_PATH)
                path = call->arg[i].str;
    return path && *path ? path : NULL;
}

/* The first that makes PATH or a directory above it; it isn't its own. */
static size_t maker_of_path(const struct nst_sequence *sequence, size_t before, const char *path)
{
    for (size_t i = 0; i < before; i++) {
        const char *made = made_path(&sequence->call[i]);
        size_t len = made ? strlen(made) : 0;

        if (made && !strncmp(made, path, len) && (!path[len] || path[len] == '/'))
            return i;
    }
    return NONE;
}

static void need(struct nst_shrink_needs *needs, size_t maker)
{
    if (maker != NONE && needs->len < sizeof needs->maker / sizeof *needs->maker)
        needs->maker[needs->len++] = maker;
}

/* A path may name an actor or a descriptor (/proc/2/ns/mnt, /proc/self/fd/3), else a directory. */
static void need_path(const struct nst_sequence *sequence, size_t at, const char *path,
                      struct nst_shrink_needs *needs)
{
    const struct nst_call *call = &sequence->call[at];
    unsigned long number, fd;

    if (sscanf(path, "/proc/self/fd/%9lu", &fd) == 1) {
        need(needs, maker_of_fd(sequence, at, call->actor, fd));
    } else if (sscanf(path, "/proc/%9lu", &number) == 1) {
        need(needs, maker_of_actor(sequence, at, number));
        if (sscanf(path, "/proc/%*u/fd/%9lu", &fd) == 1)
            need(needs, maker_of_fd(sequence, at, number, fd));
    } else {
        need(needs, maker_of_path(sequence, at, path));
    }
}

void nst_shrink_find_needs(const struct nst_sequence *sequence, struct nst_shrink_needs *ret_needs)
{
    for (size_t at = 0; at < sequence->len; at++) {
        const struct nst_call *call = &sequence->call[at];
        struct nst_shrink_needs *needs = &ret_needs[at];

        needs->len = 0;
        need(needs, maker_of_actor(sequence, at, call->actor));
        for (size_t i = 0; i < nst_calls[call->id].args; i++) {
            if (nst_shrink_is_fd(call, i))
                need(needs, maker_of_fd(sequence, at, call->actor, call->arg[i].num));
            else if (nst_calls[call->id].arg[i].kind == NST_ARG_PID)
                need(needs, maker_of_actor(sequence, at, call->arg[i].num));
            else if (call->arg[i].str)
                need_path(sequence, at, call->arg[i].str, needs);
        }
    }
}
