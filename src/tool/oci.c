#include "tool/oci.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "tool/tool.h"

int nst_expects_add(struct nst_expects *expects, const char *outside, const char *inside,
                    enum nst_expect_kind kind, bool recursive)
{
    struct nst_check_expect *grown = reallocarray(expects->expect, expects->len + 1, sizeof *grown);
    struct nst_check_expect one = {strdup(outside), strdup(inside), kind, recursive};

    if (grown)
        expects->expect = grown;
    if (!grown || !one.outside || !one.inside) {
        free((char *)(uintptr_t)one.outside);
        free((char *)(uintptr_t)one.inside);
        return -ENOMEM;
    }
    grown[expects->len++] = one;
    return 0;
}

void nst_expects_free(struct nst_expects *expects)
{
    for (size_t i = 0; i < expects->len; i++) {
        free((char *)(uintptr_t)expects->expect[i].outside);
        free((char *)(uintptr_t)expects->expect[i].inside);
    }
    free(expects->expect);
    *expects = (struct nst_expects){0};
}

/* Whether the options of MOUNT say bind, and how it is to propagate, if they do. */
static bool read_options(const json_t *mount, enum nst_expect_kind *kind, bool *recursive,
                         bool *told)
{
    const json_t *option;
    const char *type = json_string_value(json_object_get(mount, "type"));
    bool binds = type && !strcmp(type, "bind");
    size_t i;

    json_array_foreach(json_object_get(mount, "options"), i, option)
    {
        const char *name = json_string_value(option);

        if (!name)
            continue;
        binds |= !strcmp(name, "bind") || !strcmp(name, "rbind");
        *told |= !nst_expect_kind_parse(name, kind, recursive);
    }
    return binds;
}

static int add_mount(const char *bundle, const json_t *mount, const char *rootfs,
                     struct nst_expects *expects)
{
    const char *source = json_string_value(json_object_get(mount, "source"));
    const char *inside = json_string_value(json_object_get(mount, "destination"));
    enum nst_expect_kind kind = NST_EXPECT_PRIVATE;
    bool recursive = true, told = rootfs && !nst_expect_kind_parse(rootfs, &kind, &recursive);
    char *outside = NULL;
    int r = 0;

    if (!source || !inside || *inside != '/' || !read_options(mount, &kind, &recursive, &told) ||
        !told)
        return 0;
    if (*source == '/')
        outside = strdup(source);
    else if (asprintf(&outside, "%s/%s", bundle, source) < 0)
        outside = NULL;
    if (!outside || nst_expects_add(expects, outside, inside, kind, recursive) < 0)
        r = -ENOMEM;
    free(outside);
    return r;
}

int nst_oci_read(const char *bundle, struct nst_expects *expects)
{
    char *whole = realpath(bundle, NULL), *path = NULL;
    const char *rootfs = NULL;
    json_error_t error;
    json_t *config;
    const json_t *mount;
    int r = 0;
    size_t i;

    if (!whole || asprintf(&path, "%s/config.json", whole) < 0) {
        free(whole);
        return nst_tool_error(NST_EXIT_USAGE, errno, "finding the bundle %s", bundle);
    }
    config = json_load_file(path, 0, &error);
    if (!config) {
        fprintf(stderr, "%s:%d:%d: %s\n", path, error.line, error.column, error.text);
        free(path);
        free(whole);
        return NST_EXIT_USAGE;
    }
    rootfs =
        json_string_value(json_object_get(json_object_get(config, "linux"), "rootfsPropagation"));
    json_array_foreach(json_object_get(config, "mounts"), i, mount) if (!r) r =
        add_mount(whole, mount, rootfs && *rootfs ? rootfs : NULL, expects);
    json_decref(config);
    free(path);
    free(whole);
    return r < 0 ? nst_tool_error(NST_EXIT_BROKE, r, "reading %s", bundle) : NST_EXIT_HELD;
}
