/* Paths: mostly such as serve their purpose, sometimes any, rarely odd ones. */
#include <stdio.h>
#include <string.h>

#include "generate.h"

#define LEN(array) (sizeof(array) / sizeof(array)[0])

/* The tree in which every case starts; what stands twice is drawn more often. */
static const char *const paths[] = {"/mnt", "/a",   "/b",   "/",    "/a/a", "/a/b",
                                    "/b/a", "/c",   "/d",   "/tmp", "/mnt", "/a",
                                    "/a/c", "/a/d", "/b/b", "/c/c", "/d/d", "/proc"};
#define LONG_16 "long-long-name--"
#define LONG_64 LONG_16 LONG_16 LONG_16 LONG_16
static const char *const odd_paths[] = {
    ".",
    "..",
    "",
    "a",
    "/a/",
    "/a/..",
    "../a",
    "/a/f",
    "/nope",
    "/a/../b",
    "/proc/self/ns/mnt",
    "/proc/self/ns/mnt/x",
    "/" LONG_64 LONG_64 LONG_64 LONG_64}; /* one byte beyond NAME_MAX */

enum { LIST_PATHS = 40 }; /* of nst_world_drops() */

bool nst_world_path(const struct nst_world_actor *actor, const char *path, char *text)
{
    size_t root = strlen(actor->root), len = strlen(path);

    if (*path != '/' || strstr(path, "/.") || root + len >= NST_WORLD_POINT)
        return false;
    memcpy(text, actor->root, root);
    memcpy(text + root, path, len + 1);
    for (len += root; len && text[len - 1] == '/'; len--)
        text[len - 1] = '\0';
    return true;
}

const char *nst_world_draw_ns_file(struct nst_random *random, const struct nst_world *world,
                                   char *text, size_t size)
{
    /* Of two the later one: who was made last is the most likely to have namespaces of its own. */
    size_t a = nst_random_below(random, world->actors), b = nst_random_below(random, world->actors);
    uint32_t name = world->actor[a > b ? a : b].name;
    size_t users = nst_world_favours(world, NST_SWARM_USERNS) ||
                           nst_world_favours(world, NST_SWARM_DETACHED_TREES)
                       ? 3
                       : 8;

    snprintf(text, size, "/proc/%u/ns/%s", name,
             nst_random_below(random, users) == users - 1 ? "user" : "mnt");
    return text;
}

const char *nst_world_draw_ns_bind(struct nst_random *random, const struct nst_world *world,
                                   const struct nst_world_actor *actor, char *text, size_t size)
{
    uint32_t name[NST_ACTORS_MAX];
    size_t len = 0;

    for (size_t i = 0; i < world->actors; i++)
        if (world->actor[i].ns > actor->ns && !world->actor[i].dead)
            name[len++] = world->actor[i].name;
    snprintf(text, size, "/proc/%u/ns/%s", len ? name[nst_random_below(random, len)] : actor->name,
             len ? "mnt" : "user");
    return text;
}

/* Whether mount AT, the topmost at its point, will do. */
static bool serves(const struct nst_world *world, const struct nst_world_actor *actor,
                   enum nst_want want, uint8_t at)
{
    const struct nst_world_ns *ns = &world->ns[actor->ns];
    const struct nst_world_mount *mount = &ns->mount[at];

    if (want == NST_WANT_LEAF)
        return at != ns->root && !mount->locked && !nst_world_has_child(ns, at);
    if (want == NST_WANT_PIVOT)
        return at != ns->root && !mount->locked && !mount->group && !ns->mount[mount->parent].group;
    if (want == NST_WANT_SHARED)
        return mount->group;
    if (want == NST_WANT_SLAVE)
        return mount->master && !mount->group;
    if (want == NST_WANT_BOTH)
        return mount->group && mount->master;
    if (want == NST_WANT_OTHER)
        return at != ns->root;
    if (want == NST_WANT_OWN)
        return world->fs[mount->fs].user == actor->user;
    if (want == NST_WANT_MOVED)
        return at != ns->root && !mount->locked && !ns->mount[mount->parent].group;
    return true;
}

/* The mounts that ACTOR reaches and that serve WANT, into RET_FOUND (of NST_WORLD_MOUNTS). Returns
 * how many. */
static size_t find_mounts(const struct nst_world *world, const struct nst_world_actor *actor,
                          enum nst_want want, uint8_t *ret_found)
{
    const struct nst_world_ns *ns = &world->ns[actor->ns];
    size_t len = 0, root = strlen(actor->root);
    const char *rest;

    for (uint8_t i = 0; i < ns->len; i++) {
        const struct nst_world_mount *mount = &ns->mount[i];

        if (mount->live && nst_world_is_below(mount, actor->root) &&
            (!root || mount->point[root]) && nst_world_resolve(ns, mount->point, &rest) == i &&
            strcmp(mount->point, "/proc") != 0 && serves(world, actor, want, i))
            ret_found[len++] = i;
    }
    return len;
}

bool nst_world_has_mount(const struct nst_world *world, const struct nst_world_actor *actor,
                         enum nst_want want)
{
    uint8_t found[NST_WORLD_MOUNTS];

    return find_mounts(world, actor, want, found) > 0;
}

/* One of them, the newest twice as often; NST_WORLD_NOBODY where there is none. */
static uint8_t draw_mount(struct nst_random *random, const struct nst_world *world,
                          const struct nst_world_actor *actor, enum nst_want want)
{
    uint8_t found[NST_WORLD_MOUNTS + 1];
    size_t len = find_mounts(world, actor, want, found);

    if (!len)
        return NST_WORLD_NOBODY;
    found[len] = found[len - 1];
    return found[nst_random_below(random, len + 1)];
}

/* A place of ACTOR's world, from its namespace's root on, in TEXT: one of the fixed tree, or what a
 * mount shows. */
static void draw_place(struct nst_random *random, const struct nst_world *world,
                       const struct nst_world_actor *actor, bool on_mount, char *text)
{
    const char *name = paths[nst_random_below(random, LEN(paths))];
    uint8_t at = on_mount ? draw_mount(random, world, actor, NST_WANT_MOUNT) : NST_WORLD_NOBODY;

    for (int i = 0; i < 3 && nst_world_drops(world, LIST_PATHS, (size_t)name[1]); i++)
        name = paths[nst_random_below(random, LEN(paths))];
    if (at != NST_WORLD_NOBODY) {
        static const char *const below[] = {"", "/a", "/b", "/x", "/a/a", "/c", "/d"};

        snprintf(text, NST_WORLD_POINT, "%s%s", world->ns[actor->ns].mount[at].point,
                 below[nst_random_below(random, LEN(below))]);
    } else {
        snprintf(text, NST_WORLD_POINT, "%s%s", actor->root, name[1] ? name : "");
    }
}

/* Whether PLACE is a name that nothing has, in a directory that is there. */
static bool is_new(const struct nst_world *world, const struct nst_world_ns *ns, const char *place)
{
    char above[NST_WORLD_POINT];
    char *slash;

    snprintf(above, sizeof above, "%s", place);
    slash = strrchr(above, '/');
    if (!slash || nst_world_has(world, ns, place))
        return false;
    *slash = '\0';
    return nst_world_has(world, ns, above);
}

static bool suits(const struct nst_world *world, const struct nst_world_actor *actor,
                  enum nst_want want, const char *place)
{
    const struct nst_world_ns *ns = &world->ns[actor->ns];
    const char *rest;
    uint8_t at = nst_world_resolve(ns, place, &rest);

    if (want == NST_WANT_NEW || want == NST_WANT_NEW_FILE)
        return is_new(world, ns, place);
    if (want == NST_WANT_FILE)
        return nst_world_has_file(world, ns, place);
    if (!nst_world_has(world, ns, place))
        return false;
    if (want == NST_WANT_SOURCE)
        return !ns->mount[at].unbindable && world->fs[ns->mount[at].fs].kind == NST_FS_DIRS;
    if (want == NST_WANT_MADE)
        return *rest && strlen(place) && place[strlen(place) - 1] == 'x';
    return true;
}

/* As ACTOR names PLACE. */
static const char *shown(const struct nst_world_actor *actor, const char *place, char *text,
                         size_t size)
{
    place += strlen(actor->root);
    snprintf(text, size, "%s", *place ? place : "/");
    return text;
}

/* Names that calls make: /x and /f; /a, so that a new file system comes to look like the fixed
 * tree.
 */
static void add_name(struct nst_random *random, enum nst_want want, char *place)
{
    size_t len = strlen(place);
    bool file = want == NST_WANT_FILE || want == NST_WANT_NEW_FILE;

    if ((!file && want != NST_WANT_NEW && want != NST_WANT_MADE) || len + 3 > NST_WORLD_POINT ||
        (len && place[len - 1] == 'x'))
        return;
    strcpy(place + len, file ? "/f" : nst_random_below(random, 4) ? "/x" : "/a");
}

const char *nst_world_draw_good(struct nst_random *random, struct nst_world *world,
                                const struct nst_world_actor *actor, enum nst_want want, char *text,
                                size_t size)
{
    char place[NST_WORLD_POINT];

    if (want == NST_WANT_MOUNT || want == NST_WANT_LEAF || want == NST_WANT_MOVED ||
        want == NST_WANT_OWN || want == NST_WANT_SHARED || want == NST_WANT_SLAVE ||
        want == NST_WANT_BOTH || want == NST_WANT_OTHER || want == NST_WANT_PIVOT) {
        uint8_t at = draw_mount(random, world, actor, want);

        return at == NST_WORLD_NOBODY
                   ? NULL
                   : shown(actor, world->ns[actor->ns].mount[at].point, text, size);
    }
    if (want == NST_WANT_FILE && !strncmp(world->file, actor->root, strlen(actor->root)) &&
        suits(world, actor, want, world->file))
        return shown(actor, world->file, text, size);
    for (int tries = 0; tries < 6; tries++) {
        draw_place(random, world, actor, nst_random_below(random, 2), place);
        add_name(random, want, place);
        if (suits(world, actor, want, place))
            return shown(actor, place, text, size);
    }
    return NULL;
}

const char *nst_world_draw_path(struct nst_random *random, struct nst_world *world, size_t index,
                                enum nst_want want, char *text, size_t size)
{
    enum { ANY_FD = 0x3fe }; /* all kinds but NST_FD_FREE */
    const struct nst_world_actor *actor = &world->actor[index];
    const char *good = NULL;
    uint64_t how;

    if (want != NST_WANT_ANY && !nst_world_rarely(random, world, 8))
        good = nst_world_draw_good(random, world, actor, want, text, size);
    if (good)
        return good;
    how = nst_random_below(random, 24);
    if (how < 8 && *world->loop)
        return world->loop;
    if (how < 18 || !world->steps)
        return paths[nst_random_below(random, LEN(paths))];
    if (how < 22)
        return odd_paths[nst_random_below(random, LEN(odd_paths))];
    if (how == 22)
        return nst_world_draw_ns_file(random, world, text, size);
    snprintf(text, size, "/proc/self/fd/%u", (unsigned)nst_world_draw_fd(random, actor, ANY_FD));
    return text;
}

/* Whether TO may join FROM's peer group: the same file system, seen from the same directory or from
 * one below (fs/namespace.c, do_set_group()). */
static bool may_join(const struct nst_world_mount *from, const struct nst_world_mount *to)
{
    return from != to && from->fs == to->fs && (from->group || from->master) && !to->group &&
           !to->master && !strncmp(to->root, from->root, strlen(from->root));
}

bool nst_world_draw_pair(struct nst_random *random, const struct nst_world *world,
                         const struct nst_world_actor *actor, char *from, char *to, size_t size)
{
    const struct nst_world_ns *ns = &world->ns[actor->ns];
    uint8_t found[NST_WORLD_MOUNTS];
    size_t len = find_mounts(world, actor, NST_WANT_MOUNT, found);
    size_t start = nst_random_below(random, len * len);

    for (size_t i = 0; i < len * len; i++) {
        size_t pair = (start + i) % (len * len);
        const struct nst_world_mount *a = &ns->mount[found[pair / len]];
        const struct nst_world_mount *b = &ns->mount[found[pair % len]];

        if (!may_join(a, b))
            continue;
        shown(actor, a->point, from, size);
        shown(actor, b->point, to, size);
        return true;
    }
    return false;
}
