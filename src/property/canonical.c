#include "canonical.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void nst_canon_free(struct nst_canon *canon)
{
    nst_renamer_free(&canon->mounts);
    nst_renamer_free(&canon->processes);
    nst_renamer_free(&canon->nodes);
    nst_renamer_free(&canon->namespaces);
    nst_renamer_free(&canon->owners);
}

static bool has_failed(const struct nst_canon *canon)
{
    return nst_renamer_failed(&canon->mounts) || nst_renamer_failed(&canon->processes) ||
           nst_renamer_failed(&canon->nodes) || nst_renamer_failed(&canon->namespaces) ||
           nst_renamer_failed(&canon->owners);
}

/* Copies PATH, its components that are a number named by RENAMER: /proc/57/ns to /proc/1/ns. */
static char *rename_processes(const char *path, struct nst_renamer *renamer)
{
    char *copy = malloc(11 * strlen(path) + 1), *to = copy; /* a component may become 20 digits */

    while (copy && *path) {
        size_t digits = strspn(path + 1, "0123456789");

        if (*path == '/' && digits && digits < 10 &&
            (path[digits + 1] == '/' || !path[digits + 1])) {
            to += sprintf(
                to, "/%llu",
                (unsigned long long)nst_renamer_mount(renamer, strtoull(path + 1, NULL, 10) + 1));
            path += digits + 1;
        } else {
            *to++ = *path++;
        }
    }
    if (copy)
        *to = '\0';
    return copy;
}

/* "mnt:[4026532177]", the root of a namespace's file, to "mnt:[1]". */
static char *rename_node(const char *root, struct nst_renamer *renamer)
{
    size_t kind = strcspn(root, "[");
    char *copy = malloc(strlen(root) + 24);

    if (copy)
        sprintf(
            copy, "%.*s[%llu]", (int)kind, root,
            (unsigned long long)nst_renamer_mount(renamer, strtoull(root + kind + 1, NULL, 10)));
    return copy;
}

static int add_mount(struct nst_canon *canon, const struct nst_mount *mount,
                     struct nst_table *table)
{
    struct nst_mount renamed = *mount;
    int r = -ENOMEM;

    renamed.point = rename_processes(mount->point, &canon->processes);
    renamed.root = !strcmp(mount->type, "nsfs") && strchr(mount->root, '[')
                       ? rename_node(mount->root, &canon->nodes)
                       : rename_processes(mount->root, &canon->processes);
    renamed.source = rename_processes(mount->source, &canon->processes);
    if (renamed.point && renamed.root && renamed.source)
        r = nst_table_add(table, &renamed);
    free(renamed.point);
    free(renamed.root);
    free(renamed.source);
    return r;
}

/* The namespace's table, its paths renamed: in the order in which the mounts were made, before they
 * are put into the order of their paths. */
static char *table_text(struct nst_canon *canon, const struct nst_table *table)
{
    struct nst_table renamed = {0};
    char *text = NULL;
    size_t i = 0;

    while (i < table->len && add_mount(canon, &table->mount[i], &renamed) == 0)
        i++;
    if (i == table->len)
        text = nst_table_text(&renamed, &canon->mounts);
    nst_table_free(&renamed);
    return text;
}

char *nst_canon_text(struct nst_canon *canon, const struct nst_snapshot *snapshot, bool parent_only)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    for (size_t i = 0; out && i < snapshot->len; i++) {
        const struct nst_ns_view *view = &snapshot->view[i];
        char *table;

        if (parent_only && !view->parent)
            continue;
        table = table_text(canon, &view->table);
        if (!table) {
            fclose(out);
            free(text);
            return NULL;
        }
        fprintf(out, "namespace %llu of user namespace %llu, seen by %u, %s:\n%s",
                (unsigned long long)nst_renamer_mount(&canon->namespaces, view->ns),
                (unsigned long long)nst_renamer_mount(&canon->owners, view->owner), view->reader,
                view->whole ? "whole" : "in part", table);
        free(table);
    }
    if (!out || fclose(out) != 0 || has_failed(canon)) {
        free(text);
        return NULL;
    }
    return text;
}

/* Whether TEXT has the LEN bytes at LINE as one of its lines. */
static bool has_line(const char *text, const char *line, size_t len)
{
    for (; *text; text += strcspn(text, "\n") + 1)
        if (strcspn(text, "\n") == len && !memcmp(text, line, len))
            return true;
    return false;
}

/* The first line of A that B doesn't have, or NULL. */
static const char *extra_line(const char *a, const char *b)
{
    for (; *a; a += strcspn(a, "\n") + 1)
        if (!has_line(b, a, strcspn(a, "\n")))
            return a;
    return NULL;
}

static size_t lines(const char *text)
{
    size_t count = 0;

    for (; *text; text++)
        count += *text == '\n';
    return count;
}

bool nst_canon_difference(const char *a, const char *b, char *ret_text, size_t size)
{
    const char *more, *less;

    if (!strcmp(a, b))
        return false;
    /* A line too many gives other names to those behind it, which are no news. */
    more = lines(a) >= lines(b) ? extra_line(a, b) : NULL;
    less = lines(a) <= lines(b) ? extra_line(b, a) : NULL;
    if (!more && !less)
        snprintf(ret_text, size, "the order of the mounts");
    else
        snprintf(ret_text, size, "%s%.*s%s%s%.*s", more ? "+ " : "",
                 more ? (int)strcspn(more, "\n") : 0, more ? more : "", more && less ? "; " : "",
                 less ? "- " : "", less ? (int)strcspn(less, "\n") : 0, less ? less : "");
    return true;
}

int nst_canon_compare(const struct nst_snapshot *a, const struct nst_snapshot *b, bool parent_only,
                      char *ret_text, size_t size)
{
    struct nst_canon names[2] = {0};
    char *one = nst_canon_text(&names[0], a, parent_only);
    char *other = nst_canon_text(&names[1], b, parent_only);
    int r = one && other ? nst_canon_difference(one, other, ret_text, size) : -ENOMEM;

    nst_canon_free(&names[0]);
    nst_canon_free(&names[1]);
    free(one);
    free(other);
    return r;
}
