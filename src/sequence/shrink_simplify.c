/* Simpler calls. What is simpler: fewer flag bits; no string, or "none" for a source; the shorter
 * path, then the one first in the alphabet; AT_FDCWD; mode 0755 and number 0; no expectation;
 * actors and descriptors numbered in order of appearance. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shrink.h"

static void reset(struct nst_shrinker *shrinker)
{
    memcpy(shrinker->trial, shrinker->sequence->call,
           shrinker->sequence->len * sizeof *shrinker->trial);
}

static int try_num(struct nst_shrinker *shrinker, size_t at, size_t arg, uint64_t num)
{
    if (shrinker->sequence->call[at].arg[arg].num == num)
        return 0;
    reset(shrinker);
    shrinker->trial[at].arg[arg].num = num;
    return nst_shrink_try(shrinker, shrinker->sequence->len);
}

/* STR must live as long as the sequence does. */
static int try_str(struct nst_shrinker *shrinker, size_t at, size_t arg, const char *str)
{
    reset(shrinker);
    shrinker->trial[at].arg[arg].str = str;
    return nst_shrink_try(shrinker, shrinker->sequence->len);
}

/* No flags; else without each named flag, since some have many bits; else without each bit. */
static int simplify_flags(struct nst_shrinker *shrinker, size_t at, size_t arg)
{
    const struct nst_call *call = &shrinker->sequence->call[at];
    const struct nst_flag_set *set = nst_calls[call->id].arg[arg].set;
    int r = try_num(shrinker, at, arg, 0);

    for (size_t i = 0; i < set->len && r >= 0; i++) {
        uint64_t bits = set->flag[i].value;

        if (bits && (call->arg[arg].num & bits) == bits)
            r = try_num(shrinker, at, arg, call->arg[arg].num & ~bits);
    }
    for (unsigned bit = 64; bit-- && r >= 0;)
        r = try_num(shrinker, at, arg, call->arg[arg].num & ~(UINT64_C(1) << bit));
    return r;
}

/* A copy of the LEN bytes at TEXT in place of what stands there. */
static int try_text(struct nst_shrinker *shrinker, size_t at, size_t arg, const char *text,
                    size_t len)
{
    const char *str = nst_sequence_string(shrinker->sequence, text, len);

    return str ? try_str(shrinker, at, arg, str) : -ENOMEM;
}

/* A simple one; else without its last components. */
static int simplify_path(struct nst_shrinker *shrinker, size_t at, size_t arg)
{
    const char *now = shrinker->sequence->call[at].arg[arg].str, *simple;
    int r = 0;

    for (size_t i = 0; !r && (simple = nst_shrink_simple_path(i, now)); i++)
        r = try_text(shrinker, at, arg, simple, strlen(simple));
    for (size_t len = strlen(now); !r && len-- > 1;)
        if (now[len] == '/')
            r = try_text(shrinker, at, arg, now, len);
    return r;
}

/* Without each of the options that commas part. */
static int simplify_options(struct nst_shrinker *shrinker, size_t at, size_t arg)
{
    for (size_t begin = 0;;) {
        const char *now = shrinker->sequence->call[at].arg[arg].str;
        size_t len = strlen(now), behind = begin + strcspn(now + begin, ",");
        char *less;

        if (behind == len && !begin)
            return 0; /* the only one: that was tried */
        bool last = behind == len;
        int less_len = asprintf(&less, "%.*s%s", (int)(last ? begin - 1 : begin), now,
                                last ? "" : now + behind + 1);

        if (less_len < 0)
            return -ENOMEM;
        int r = try_text(shrinker, at, arg, less, (size_t)less_len);

        free(less);
        if (r < 0 || last)
            return r;
        if (!r)
            begin = behind + 1;
    }
}

static int simplify_string(struct nst_shrinker *shrinker, size_t at, size_t arg)
{
    const struct nst_call *call = &shrinker->sequence->call[at];
    const char *str = NULL;

    if (call->id == NST_CALL_MOUNT && !arg) {
        if (!strcmp(call->arg[arg].str, "none"))
            return 0;
        str = nst_sequence_string(shrinker->sequence, "none", 4);
        if (!str)
            return -ENOMEM;
    }
    int r = try_str(shrinker, at, arg, str);

    if (!r && call->arg[arg].str[0] == '/')
        r = simplify_path(shrinker, at, arg);
    return r ? r : simplify_options(shrinker, at, arg);
}

static int simplify_arg(struct nst_shrinker *shrinker, size_t at, size_t arg)
{
    const struct nst_call *call = &shrinker->sequence->call[at];

    switch (nst_calls[call->id].arg[arg].kind) {
    case NST_ARG_FD: /* a directory that a path starts from needs no opening */
        if (arg + 1 < nst_calls[call->id].args &&
            nst_calls[call->id].arg[arg + 1].kind == NST_ARG_PATH)
            return try_num(shrinker, at, arg, NST_AT_FDCWD);
        return 0;
    case NST_ARG_FLAGS:
        return simplify_flags(shrinker, at, arg);
    case NST_ARG_MODE:
        return try_num(shrinker, at, arg, nst_calls[call->id].arg[arg].optional ? 0 : 0755);
    case NST_ARG_INT:
        return try_num(shrinker, at, arg, 0);
    case NST_ARG_PATH:
        return call->arg[arg].str ? simplify_path(shrinker, at, arg) : 0;
    case NST_ARG_STRING:
        return call->arg[arg].str ? simplify_string(shrinker, at, arg) : 0;
    default:
        return 0;
    }
}

static int simplify_expectation(struct nst_shrinker *shrinker, size_t at)
{
    const struct nst_call *call = &shrinker->sequence->call[at];

    if (call->expect.kind == NST_ANY || nst_shrink_names(call))
        return 0;
    reset(shrinker);
    shrinker->trial[at].expect = (struct nst_result){.kind = NST_ANY};
    return nst_shrink_try(shrinker, shrinker->sequence->len);
}

/* Numbers in order of appearance. */
struct numbering {
    uint64_t seen[2 * NST_CALLS_MAX];
    size_t len;
    uint64_t first;
};

static uint64_t renumbered(struct numbering *numbering, uint64_t number)
{
    size_t at = 0;

    while (at < numbering->len && numbering->seen[at] != number)
        at++;
    if (at == numbering->len) {
        if (at == sizeof numbering->seen / sizeof *numbering->seen)
            return number;
        numbering->seen[numbering->len++] = number;
    }
    return numbering->first + at;
}

static void renumber_call(struct nst_call *call, struct numbering *actors, struct numbering *fds)
{
    const struct nst_call_type *type = &nst_calls[call->id];

    call->actor = (uint32_t)renumbered(actors, call->actor);
    for (size_t i = 0; i < type->args; i++) {
        if (nst_shrink_is_fd(call, i))
            call->arg[i].num = renumbered(fds, call->arg[i].num);
        else if (type->arg[i].kind == NST_ARG_PID && (int64_t)call->arg[i].num > 0)
            call->arg[i].num = renumbered(actors, call->arg[i].num);
    }
    if (!nst_shrink_names(call))
        return;
    if (type->returns == NST_RETURNS_ACTOR)
        call->expect.value = (int64_t)renumbered(actors, (uint64_t)call->expect.value);
    else if (call->expect.value >= 3)
        call->expect.value = (int64_t)renumbered(fds, (uint64_t)call->expect.value);
}

/* Numbers in paths: /proc/2/ns/mnt, /proc/self/fd/3. */
static int renumber_path(struct nst_sequence *owner, struct nst_arg *arg, struct numbering *actors,
                         struct numbering *fds)
{
    unsigned long number;
    int behind = 0;
    char *text = NULL;

    if (!arg->str)
        return 0;
    if (sscanf(arg->str, "/proc/%9lu%n", &number, &behind) == 1)
        behind = asprintf(&text, "/proc/%ju%s", (uintmax_t)renumbered(actors, number),
                          arg->str + behind);
    else if (sscanf(arg->str, "/proc/self/fd/%9lu%n", &number, &behind) == 1 && number >= 3)
        behind = asprintf(&text, "/proc/self/fd/%ju%s", (uintmax_t)renumbered(fds, number),
                          arg->str + behind);
    else
        return 0;
    if (behind >= 0) {
        arg->str = nst_sequence_string(owner, text, (size_t)behind);
        free(text);
    }
    return behind >= 0 && arg->str ? 0 : -ENOMEM;
}

static int renumber_all(struct nst_shrinker *shrinker, struct numbering *actors,
                        struct numbering *fds)
{
    for (size_t i = 0; i < shrinker->sequence->len; i++) {
        struct nst_call *call = &shrinker->trial[i];

        renumber_call(call, actors, fds);
        for (size_t arg = 0; arg < nst_calls[call->id].args; arg++) {
            int r = renumber_path(shrinker->sequence, &call->arg[arg], actors, fds);

            if (r < 0)
                return r;
        }
    }
    return 0;
}

static bool calls_equal(const struct nst_call *a, const struct nst_call *b)
{
    if (a->actor != b->actor || a->expect.value != b->expect.value)
        return false;
    for (size_t i = 0; i < nst_calls[a->id].args; i++) {
        if (a->arg[i].num != b->arg[i].num)
            return false;
        if (a->arg[i].str && strcmp(a->arg[i].str, b->arg[i].str) != 0)
            return false;
    }
    return true;
}

static int renumber(struct nst_shrinker *shrinker)
{
    struct numbering *both = calloc(2, sizeof *both);
    bool same = true;

    if (!both)
        return -ENOMEM;
    both[0].first = 1;
    both[1].first = 3;
    reset(shrinker);
    int r = renumber_all(shrinker, &both[0], &both[1]);

    free(both);
    for (size_t i = 0; i < shrinker->sequence->len && same; i++)
        same = calls_equal(&shrinker->trial[i], &shrinker->sequence->call[i]);
    return r < 0 || same ? r : nst_shrink_try(shrinker, shrinker->sequence->len);
}

int nst_shrink_simplify(struct nst_shrinker *shrinker)
{
    int r = 0;

    for (size_t at = 0; at < shrinker->sequence->len && r >= 0; at++) {
        for (size_t arg = 0; arg < nst_calls[shrinker->sequence->call[at].id].args && r >= 0; arg++)
            r = simplify_arg(shrinker, at, arg);
        if (r >= 0)
            r = simplify_expectation(shrinker, at);
    }
    return r < 0 ? r : renumber(shrinker);
}
