#include "places.h"

#include <stdlib.h>
#include <string.h>

/* PATH without the path BELOW, which leads to it: "" or "/…"; NULL: it doesn't. */
static const char *rest(const char *below, const char *path)
{
    size_t len = strcmp(below, "/") == 0 ? 0 : strlen(below);

    if (strncmp(path, below, len) != 0 || (path[len] && path[len] != '/'))
        return NULL;
    return strcmp(path + len, "/") == 0 ? path + len + 1 : path + len;
}

const char *nst_place_in(const struct nst_mount *on, const struct nst_mount *child)
{
    return child->deleted || on->deleted ? NULL : rest(on->point, child->point);
}

static bool is_on(const struct nst_mount *mount, const struct nst_mount *on)
{
    return mount->parent_id == on->id && mount != on;
}

const struct nst_mount *nst_place_cover(const struct nst_table *table, const struct nst_mount *on,
                                        const char *place)
{
    for (size_t i = 0; i < table->len; i++) {
        const struct nst_mount *mount = &table->mount[i];
        const char *in = is_on(mount, on) ? nst_place_in(on, mount) : NULL;

        if (in && strcmp(in, place) == 0)
            return mount;
    }
    return NULL;
}

char *nst_place_path(const struct nst_mount *on, const char *place)
{
    size_t len = strcmp(on->root, "/") == 0 && *place ? 0 : strlen(on->root);
    char *path = malloc(len + strlen(place) + 1);

    if (path) {
        memcpy(path, on->root, len);
        strcpy(path + len, place);
    }
    return path;
}

bool nst_place_same_fs(const struct nst_mount *a, const struct nst_mount *b)
{
    return (a->major == b->major && a->minor == b->minor) ||
           (strcmp(a->type, "proc") == 0 && strcmp(b->type, "proc") == 0);
}

bool nst_place_shows(const struct nst_table *table, const struct nst_mount *mount, const char *path)
{
    const char *place = mount->deleted ? NULL : rest(mount->root, path);

    if (!place)
        return false;
    for (size_t i = 0; i < table->len; i++) {
        const struct nst_mount *child = &table->mount[i];
        const char *in;

        if (!is_on(child, mount))
            continue;
        in = nst_place_in(mount, child);
        if (!in || !*in || rest(in, place))
            return false;
    }
    return true;
}

const struct nst_mount *nst_place_copy(const struct nst_table *table, const struct nst_mount *mount,
                                       const struct nst_table *copy)
{
    const struct nst_mount *on = nst_table_find(table, mount->parent_id);

    if (on && on != mount) {
        on = nst_place_copy(table, on, copy);
        for (size_t i = 0; on && i < copy->len; i++)
            if (is_on(&copy->mount[i], on) && strcmp(copy->mount[i].point, mount->point) == 0)
                return &copy->mount[i];
        return NULL;
    }
    for (size_t i = 0; i < copy->len; i++) {
        on = nst_table_find(copy, copy->mount[i].parent_id);
        if ((!on || on == &copy->mount[i]) && strcmp(copy->mount[i].point, mount->point) == 0)
            return &copy->mount[i];
    }
    return NULL;
}
