/* What is mounted where, as far as the generator keeps it in mind. Rules: mount_namespaces(7) and
 * the kernel's sharedsubtree document; propagation goes to peers and slaves, not on from there. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "generate.h"

/* The last ones are mkdir's, and files. */
const char *const nst_names[] = {
    "/mnt",   "/tmp", "/a",   "/b",   "/c",   "/d",   "/proc",  "/a/a",   "/a/b",
    "/a/c",   "/a/d", "/b/a", "/b/b", "/b/c", "/b/d", "/c/a",   "/c/b",   "/c/c",
    "/c/d",   "/d/a", "/d/b", "/d/c", "/d/d", "/x",   "/y",     "/a/x",   "/mnt/x",
    "/tmp/x", "/b/x", "/x/x", "/f",   "/a/f", "/b/f", "/mnt/f", "/tmp/f", NULL};

enum { FIXED = 23 };

int nst_name_find(const char *path)
{
    for (int i = 0; nst_names[i]; i++)
        if (!strcmp(path, nst_names[i]))
            return i;
    return -1;
}

uint8_t nst_world_add_fs(struct nst_world *world, enum nst_fs_kind kind, uint8_t user)
{
    if (world->systems == NST_WORLD_SYSTEMS)
        return NST_WORLD_SYSTEMS - 1;
    world->fs[world->systems] = (struct nst_world_fs){.kind = (uint8_t)kind, .user = user};
    return (uint8_t)world->systems++;
}

static uint8_t new_group(struct nst_world *world)
{
    if (!++world->next_group)
        world->next_group = 1;
    return world->next_group;
}

void nst_world_init_mounts(struct nst_world *world)
{
    struct nst_world_ns *ns = &world->ns[0];
    struct nst_world_mount proc = {0};

    ns->user = ns->root = 0;
    ns->len = 1;
    world->namespaces = world->users = 1;
    ns->mount[0] = (struct nst_world_mount){.live = true, .group = new_group(world)};
    ns->mount[0].fs = nst_world_add_fs(world, NST_FS_DIRS, 0);
    world->fs[0].has = (UINT64_C(1) << FIXED) - 1;
    proc.fs = nst_world_add_fs(world, NST_FS_PROC, 0);
    nst_world_attach(world, ns, "/proc", proc);
}

/* What of PATH lies below POINT of LEN bytes: NULL when it isn't below; "" when it is the same. */
static const char *below(const char *path, const char *point, size_t len)
{
    return strncmp(path, point, len) == 0 && (!path[len] || path[len] == '/') ? path + len : NULL;
}

bool nst_world_is_below(const struct nst_world_mount *mount, const char *path)
{
    return below(mount->point, path, strlen(path)) != NULL;
}

/* The child of mount AT that the walk along PATH crosses first, or NST_WORLD_NOBODY. */
static uint8_t cross(const struct nst_world_ns *ns, uint8_t at, const char *path)
{
    uint8_t found = NST_WORLD_NOBODY;

    for (uint8_t i = 0; i < ns->len; i++)
        if (ns->mount[i].live && ns->mount[i].parent == at && i != at &&
            below(path, ns->mount[i].point, ns->mount[i].len) &&
            (found == NST_WORLD_NOBODY || ns->mount[i].len < ns->mount[found].len))
            found = i;
    return found;
}

uint8_t nst_world_resolve(const struct nst_world_ns *ns, const char *path, const char **ret_rest)
{
    uint8_t at = ns->root;

    for (int depth = 0; depth < ns->len; depth++) {
        uint8_t next = cross(ns, at, path);

        if (next == NST_WORLD_NOBODY)
            break;
        at = next;
    }
    *ret_rest = path + ns->mount[at].len;
    return at;
}

/* What PATH is: 0 nothing, 'd' a directory, 'f' a file. */
static char kind_of(const struct nst_world *world, const struct nst_world_ns *ns, const char *path)
{
    const char *rest;
    const struct nst_world_mount *mount = &ns->mount[nst_world_resolve(ns, path, &rest)];
    const struct nst_world_fs *fs = &world->fs[mount->fs];
    char whole[2 * NST_WORLD_POINT];

    if (fs->kind != NST_FS_DIRS)
        return *rest ? '\0' : fs->kind == NST_FS_PROC ? 'd' : 'f';
    snprintf(whole, sizeof whole, "%s%s", mount->root, rest);

    int name = nst_name_find(whole);

    if (!*whole)
        return 'd';
    if (name < 0 || !(fs->has >> name & 1))
        return '\0';
    return whole[strlen(whole) - 1] == 'f' ? 'f' : 'd';
}

bool nst_world_has(const struct nst_world *world, const struct nst_world_ns *ns, const char *path)
{
    return kind_of(world, ns, path) == 'd';
}

bool nst_world_has_file(const struct nst_world *world, const struct nst_world_ns *ns,
                        const char *path)
{
    return kind_of(world, ns, path) == 'f';
}

bool nst_world_has_child(const struct nst_world_ns *ns, uint8_t at)
{
    for (uint8_t i = 0; i < ns->len; i++)
        if (ns->mount[i].live && ns->mount[i].parent == at && i != at)
            return true;
    return false;
}

/* A copy of a namespace; a less privileged one gets slaves that it may not take apart
 * (mount_namespaces(7), Restrictions). */
void nst_world_unshare(struct nst_world *world, struct nst_world_actor *actor)
{
    const struct nst_world_ns *from = &world->ns[actor->ns];
    struct nst_world_ns *to;

    if (world->namespaces == NST_WORLD_NAMESPACES)
        return;
    to = &world->ns[world->namespaces];
    memcpy(to, from, offsetof(struct nst_world_ns, mount) + from->len * sizeof *from->mount);
    to->user = actor->user;
    for (size_t i = 0; from->user != to->user && i < to->len; i++) {
        struct nst_world_mount *mount = &to->mount[i];

        mount->locked = i != to->root;
        mount->master = mount->group ? mount->group : mount->master;
        mount->group = 0;
    }
    actor->ns = (uint8_t)world->namespaces++;
}

/* Puts MOUNT on mount PARENT at POINT; what was there comes to lie on it. */
static uint8_t put(struct nst_world_ns *ns, uint8_t parent, const char *point,
                   const struct nst_world_mount *mount)
{
    uint8_t slot = 0;

    while (slot < ns->len && ns->mount[slot].live)
        slot++;
    if (slot == NST_WORLD_MOUNTS || strlen(point) >= NST_WORLD_POINT)
        return NST_WORLD_NOBODY;
    for (uint8_t i = 0; i < ns->len; i++)
        if (ns->mount[i].live && ns->mount[i].parent == parent && i != parent &&
            !strcmp(ns->mount[i].point, point))
            ns->mount[i].parent = slot;
    ns->mount[slot] = *mount;
    ns->mount[slot].live = true;
    ns->mount[slot].parent = parent;
    ns->mount[slot].len = (uint8_t)strlen(point);
    strcpy(ns->mount[slot].point, point);
    if (slot == ns->len)
        ns->len++;
    return slot;
}

struct replica {
    struct nst_world_ns *ns;
    uint8_t parent;
    char point[2 * NST_WORLD_POINT];
};

/* The place in mount AT of NS that corresponds to REST in FROM, if AT receives from there. */
static bool find_replica(const struct nst_world_mount *from, const char *rest,
                         struct nst_world_ns *ns, uint8_t at, struct replica *ret_replica)
{
    const struct nst_world_mount *to = &ns->mount[at];
    char whole[2 * NST_WORLD_POINT];
    const char *inside;

    if (!to->live || to == from || !from->group || to->fs != from->fs ||
        (to->group != from->group && to->master != from->group))
        return false;
    snprintf(whole, sizeof whole, "%s%s", from->root, rest);
    inside = below(whole, to->root, strlen(to->root));
    if (!inside)
        return false;
    *ret_replica = (struct replica){.ns = ns, .parent = at};
    snprintf(ret_replica->point, sizeof ret_replica->point, "%s%s", to->point, inside);
    return true;
}

uint8_t nst_world_attach(struct nst_world *world, struct nst_world_ns *ns, const char *path,
                         struct nst_world_mount mount)
{
    const char *rest;
    uint8_t parent = nst_world_resolve(ns, path, &rest), made;
    const struct nst_world_mount from = ns->mount[parent];
    struct replica replica;

    if (from.group && !mount.group)
        mount.group = new_group(world);
    made = put(ns, parent, path, &mount);
    for (size_t n = 0; n < world->namespaces; n++)
        for (uint8_t i = 0; i < world->ns[n].len; i++) {
            struct nst_world_mount copy = mount;

            if ((&world->ns[n] == ns && (i == parent || i == made)) ||
                !find_replica(&from, rest, &world->ns[n], i, &replica))
                continue;
            copy.locked = world->ns[n].user != ns->user;
            if (world->ns[n].mount[i].group != from.group) {
                copy.master = mount.group;
                copy.group = world->ns[n].mount[i].group ? new_group(world) : 0;
            }
            put(replica.ns, replica.parent, replica.point, &copy);
        }
    return made;
}

static void take(struct nst_world_ns *ns, uint8_t at)
{
    ns->mount[at].live = at == ns->root;
    for (int again = 1; again;) {
        again = 0;
        for (uint8_t i = 0; i < ns->len; i++)
            if (ns->mount[i].live && !ns->mount[ns->mount[i].parent].live) {
                ns->mount[i].live = false;
                again = 1;
            }
    }
}

void nst_world_detach(struct nst_world *world, struct nst_world_ns *ns, uint8_t at)
{
    const struct nst_world_mount from = ns->mount[ns->mount[at].parent];
    const char *rest = below(ns->mount[at].point, from.point, from.len);
    struct replica replica;

    if (at == ns->root || !rest)
        return;
    take(ns, at);
    for (size_t n = 0; n < world->namespaces; n++)
        for (uint8_t i = 0; i < world->ns[n].len; i++) {
            if (!find_replica(&from, rest, &world->ns[n], i, &replica))
                continue;
            for (uint8_t k = 0; k < replica.ns->len; k++)
                if (replica.ns->mount[k].live && replica.ns->mount[k].parent == i && k != i &&
                    !strcmp(replica.ns->mount[k].point, replica.point) &&
                    !nst_world_has_child(replica.ns, k))
                    replica.ns->mount[k].live = false;
        }
}

bool nst_world_is_above(const struct nst_world *world, uint8_t user, uint8_t other)
{
    for (;;) {
        if (user == other)
            return true;
        if (!other)
            return false;
        other = world->user_parent[other];
    }
}

bool nst_world_may_mount(const struct nst_world *world, const struct nst_world_actor *actor)
{
    return nst_world_is_above(world, actor->user, world->ns[actor->ns].user);
}
