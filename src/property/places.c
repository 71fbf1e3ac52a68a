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

bool nst_place_has(const struct nst_mount *mount, const char *path)
{
    return !mount->deleted && rest(mount->root, path);
}

bool nst_place_shows(const struct nst_table *table, const struct nst_mount *mount, const char *path,
                     bool beneath)
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
        if (in && !*in && beneath)
            continue;
        if (!in || !*in || rest(in, place))
            return false;
    }
    return true;
}

/* The mount of COPY that stands on ON, or on nothing listed if that is NULL, at POINT. */
static const struct nst_mount *find(const struct nst_table *copy, const struct nst_mount *on,
                                    const char *point)
{
    for (size_t i = 0; i < copy->len; i++) {
        const struct nst_mount *mount = &copy->mount[i];

        if (on ? is_on(mount, on)
               : mount->parent_id == mount->id || !nst_table_find(copy, mount->parent_id))
            if (strcmp(mount->point, point) == 0)
                return mount;
    }
    return NULL;
}

/* A mount comes after what it stands on; nearly always that was listed before it. */
const struct nst_mount **nst_place_copies(const struct nst_table *table,
                                          const struct nst_table *copy)
{
    const struct nst_mount **made = calloc(table->len + 1, sizeof(*made));
    bool *known = calloc(table->len + 1, sizeof(*known)), again = made && known;

    while (again) {
        again = false;
        for (size_t i = 0; i < table->len; i++) {
            const struct nst_mount *mount = &table->mount[i], *on;

            if (known[i])
                continue;
            on = nst_table_find(table, mount->parent_id);
            on = on == mount ? NULL : on;
            if (on && !known[on - table->mount])
                continue;
            if (!on || made[on - table->mount])
                made[i] = find(copy, on ? made[on - table->mount] : NULL, mount->point);
            known[i] = again = true;
        }
    }
    if (!known) {
        free(made);
        return NULL;
    }
    free(known);
    return made;
}
