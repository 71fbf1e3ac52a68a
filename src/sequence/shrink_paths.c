/* A path that several calls name is made simpler in all of them at once: one by one, a mount point
 * would leave the directory that was made for it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shrink.h"

static const char *const simple_paths[] = {"/", "/a", "/b", "/mnt", "/a/a", "/mnt/x"};

const char *nst_shrink_simple_path(size_t number, const char *path)
{
    if (number >= sizeof simple_paths / sizeof *simple_paths)
        return NULL;

    const char *simple = simple_paths[number];
    size_t len = strlen(simple), path_len = strlen(path);
    bool simpler = len < path_len || (len == path_len && strcmp(simple, path) < 0);

    return simpler ? simple : NULL;
}

/* What of PATH follows BASE, if it is BASE or lies below it; else NULL. */
static const char *below(const char *path, const char *base)
{
    size_t len = strlen(base);

    if (!path || strncmp(path, base, len) != 0 || (path[len] && path[len] != '/'))
        return NULL;
    return path + len;
}

/* Puts SIMPLE in place of BASE into the trial. Returns how many paths that changed, or -ENOMEM. */
static int replace(struct nst_shrinker *shrinker, const char *base, const char *simple)
{
    struct nst_sequence *sequence = shrinker->sequence;
    int replaced = 0;

    memcpy(shrinker->trial, sequence->call, sequence->len * sizeof *sequence->call);
    for (size_t i = 0; i < sequence->len; i++)
        for (size_t n = 0; n < nst_calls[sequence->call[i].id].args; n++) {
            const char *rest = below(sequence->call[i].arg[n].str, base);
            char *text;

            if (!rest)
                continue;
            if (!strcmp(simple, "/") && *rest)
                rest++;
            int len = asprintf(&text, "%s%s", simple, rest);

            if (len < 0)
                return -ENOMEM;
            shrinker->trial[i].arg[n].str = nst_sequence_string(sequence, text, (size_t)len);
            free(text);
            if (!shrinker->trial[i].arg[n].str)
                return -ENOMEM;
            replaced++;
        }
    return replaced;
}

/* BASE wherever it stands; that it stands in one call only, nst_shrink_simplify() cares for. */
static int simplify(struct nst_shrinker *shrinker, const char *base)
{
    const char *simple;

    for (size_t i = 0; (simple = nst_shrink_simple_path(i, base)); i++) {
        int r = replace(shrinker, base, simple);

        if (r == 1)
            return 0;
        if (r > 1)
            r = nst_shrink_try(shrinker, shrinker->sequence->len);
        if (r)
            return r;
    }
    return 0;
}

int nst_shrink_paths(struct nst_shrinker *shrinker)
{
    int r = 0;

    for (size_t at = 0; at < shrinker->sequence->len && r >= 0; at++) {
        const struct nst_call *call = &shrinker->sequence->call[at];

        for (size_t arg = 0; arg < nst_calls[call->id].args && r >= 0; arg++) {
            const char *path = call->arg[arg].str;

            if (path && path[0] == '/' && path[1] && strncmp(path, "/proc/", 6) != 0)
                r = simplify(shrinker, path);
        }
    }
    return r < 0 ? r : 0;
}
