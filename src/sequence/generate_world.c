/* Actors and descriptors that live, and which call comes next. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "generate.h"

#include <stddef.h>

#define NEWNS UINT64_C(0x20000)
#define NEWUSER UINT64_C(0x10000000)

/* Of a world that belongs to no case, as the mutator's: those that change mounts most; those that
 * end or confuse an actor least. */
static const uint32_t usual_weight[NST_CALLS] = {
    [NST_CALL_UNSHARE] = 10,       [NST_CALL_SETNS] = 8,      [NST_CALL_CLONE] = 6,
    [NST_CALL_CLONE3] = 3,         [NST_CALL_FORK] = 4,       [NST_CALL_VFORK] = 1,
    [NST_CALL_EXIT_GROUP] = 1,     [NST_CALL_KILL] = 1,       [NST_CALL_MKDIR] = 6,
    [NST_CALL_MKDIRAT] = 2,        [NST_CALL_RMDIR] = 3,      [NST_CALL_UNLINK] = 1,
    [NST_CALL_UNLINKAT] = 1,       [NST_CALL_SYMLINK] = 2,    [NST_CALL_OPEN] = 5,
    [NST_CALL_OPENAT] = 5,         [NST_CALL_CLOSE] = 3,      [NST_CALL_CHDIR] = 4,
    [NST_CALL_FCHDIR] = 2,         [NST_CALL_CHROOT] = 2,     [NST_CALL_MOUNT] = 50,
    [NST_CALL_UMOUNT2] = 16,       [NST_CALL_PIVOT_ROOT] = 3, [NST_CALL_OPEN_TREE] = 8,
    [NST_CALL_OPEN_TREE_ATTR] = 2, [NST_CALL_MOVE_MOUNT] = 8, [NST_CALL_FSOPEN] = 5,
    [NST_CALL_FSCONFIG] = 3,       [NST_CALL_FSMOUNT] = 4,    [NST_CALL_FSPICK] = 2,
    [NST_CALL_MOUNT_SETATTR] = 8,  [NST_CALL_RENAME] = 2,     [NST_CALL_RENAMEAT2] = 1,
};

void nst_world_init(struct nst_world *world, const struct nst_generator *options)
{
    bool weighted = false;

    memset(world, 0, offsetof(struct nst_world, ns)); /* what lies behind is set when it is added */
    world->max_actors = 4;
    world->next_actor = 2;
    world->follow = NST_CALLS;
    nst_world_init_mounts(world);
    if (options && options->max_actors)
        world->max_actors =
            options->max_actors < NST_ACTORS_MAX ? options->max_actors : NST_ACTORS_MAX;
    for (size_t i = 0; options && i < NST_CALLS; i++)
        weighted |= options->weight[i] > 0;
    memcpy(world->weight, weighted ? options->weight : usual_weight, sizeof world->weight);
}

int nst_world_find(const struct nst_world *world, uint32_t name)
{
    for (size_t i = 0; i < world->actors; i++)
        if (world->actor[i].name == name)
            return (int)i;
    return -1;
}

static struct nst_world_actor *add_actor(struct nst_world *world, uint32_t name)
{
    struct nst_world_actor *actor = &world->actor[world->actors];

    if (world->actors == NST_ACTORS_MAX)
        return NULL;
    *actor = (struct nst_world_actor){.name = name};
    world->actors++;
    if (name >= world->next_actor && name < UINT32_MAX)
        world->next_actor = name + 1;
    return actor;
}

/* What CALL's descriptor is. */
static struct nst_world_fd opened(const struct nst_world *world,
                                  const struct nst_world_actor *actor, const struct nst_call *call)
{
    size_t at = call->id == NST_CALL_OPENAT;
    const char *path = call->arg[at].str, *file = path ? strstr(path, "/ns/") : NULL;
    unsigned name;

    if (call->id == NST_CALL_FSOPEN)
        return (struct nst_world_fd){NST_FD_FS, 0};
    if (call->id == NST_CALL_FSPICK)
        return (struct nst_world_fd){NST_FD_PICKED, 0};
    if (call->id == NST_CALL_OPEN_TREE && !(call->arg[2].num & 1)) /* OPEN_TREE_CLONE */
        return (struct nst_world_fd){NST_FD_MOUNT, 0};
    if (call->id == NST_CALL_FSMOUNT || call->id == NST_CALL_OPEN_TREE ||
        call->id == NST_CALL_OPEN_TREE_ATTR)
        return (struct nst_world_fd){NST_FD_TREE, 0};
    if (file && sscanf(path, "/proc/%u/", &name) == 1) {
        int index = nst_world_find(world, name);

        actor = index >= 0 ? &world->actor[index] : actor;
        return strcmp(file, "/ns/user") == 0 ? (struct nst_world_fd){NST_FD_USER, actor->user}
                                             : (struct nst_world_fd){NST_FD_NS, actor->ns};
    }
    return (struct nst_world_fd){call->arg[at + 1].num & O_CREAT ? NST_FD_FILE : NST_FD_DIR, 0};
}

static size_t count_living(const struct nst_world *world)
{
    size_t living = 0;

    for (size_t i = 0; i < world->actors; i++)
        living += !world->actor[i].dead;
    return living;
}

enum { LIST_RESHARES = 44 }; /* of nst_world_drops() */

static void follow(struct nst_world *world, const struct nst_world_actor *actor,
                   enum nst_call_id id)
{
    if (!world->weight[id])
        return;
    world->follow = id;
    world->follow_actor = (size_t)(actor - world->actor);
}

static void step_made(struct nst_world *world, const struct nst_world_actor *maker,
                      const struct nst_call *call)
{
    uint32_t name = (uint32_t)call->expect.value;
    struct nst_world_actor *made;

    if (call->expect.kind != NST_SUCCEEDS || nst_world_find(world, name) >= 0)
        return;
    made = add_actor(world, name);
    if (!made)
        return;
    memcpy(made->fd, maker->fd, sizeof made->fd);
    memcpy(made->root, maker->root, sizeof made->root);
    made->ns = maker->ns;
    made->user = maker->user;
    if (!nst_calls[call->id].args)
        return;
    nst_world_step_mounts(world, made,
                          &(struct nst_call){.id = NST_CALL_UNSHARE, .arg = {call->arg[0]}});
    if (call->arg[0].num & NEWNS)
        follow(world, made, NST_CALL_MOUNT);
}

static void step_opened(struct nst_world *world, struct nst_world_actor *actor,
                        const struct nst_call *call)
{
    int64_t fd = call->expect.value;

    if (call->expect.kind != NST_SUCCEEDS || fd < 3 || fd >= NST_WORLD_FDS)
        return;
    actor->fd[fd] = opened(world, actor, call);
    if (call->id == NST_CALL_FSMOUNT)
        actor->fd[fd].of = nst_world_add_fs(world, NST_FS_DIRS, actor->user);
    if (call->id == NST_CALL_FSOPEN || call->id == NST_CALL_FSPICK)
        follow(world, actor, NST_CALL_FSCONFIG);
    else if (actor->fd[fd].kind == NST_FD_NS)
        follow(world, actor, NST_CALL_SETNS);
    else if (actor->fd[fd].kind == NST_FD_TREE)
        follow(world, actor, NST_CALL_MOVE_MOUNT);
}

/* What a call does to actors and descriptors, where it returns none. */
static void step_actor(struct nst_world *world, struct nst_world_actor *actor,
                       const struct nst_call *call)
{
    uint64_t first = call->arg[0].num, second = call->arg[1].num;
    int target;

    if (call->id == NST_CALL_EXIT_GROUP) {
        actor->dead = true;
    } else if (call->id == NST_CALL_CLOSE && first < NST_WORLD_FDS) {
        actor->fd[first].kind = NST_FD_FREE;
    } else if (call->id == NST_CALL_UNSHARE && first & NEWNS) {
        follow(world, actor, NST_CALL_MOUNT);
    } else if (call->id == NST_CALL_MOUNT && call->arg[3].num == (MS_SLAVE | MS_REC) &&
               nst_world_drops(world, LIST_RESHARES, 0)) {
        world->reshares = true;
        follow(world, actor, NST_CALL_MOUNT);
    } else if (call->id == NST_CALL_FSCONFIG && second == 6 && first < NST_WORLD_FDS) {
        actor->fd[first].kind = NST_FD_MADE; /* FSCONFIG_CMD_CREATE */
        follow(world, actor, NST_CALL_FSMOUNT);
    } else if (call->id == NST_CALL_KILL && second != SIGCHLD && second != SIGCONT) {
        target = nst_world_find(world, (uint32_t)first);
        if (target >= 0)
            world->actor[target].dead = true;
    }
}

void nst_world_step(struct nst_world *world, const struct nst_call *call)
{
    int index = nst_world_find(world, call->actor);
    struct nst_world_actor *actor =
        index >= 0 ? &world->actor[index] : add_actor(world, call->actor);

    world->follow = NST_CALLS;
    world->reshares = false;
    world->steps++;
    if (!actor)
        return;
    if (nst_calls[call->id].returns == NST_RETURNS_ACTOR)
        step_made(world, actor, call);
    else if (nst_calls[call->id].returns == NST_RETURNS_FD)
        step_opened(world, actor, call);
    else
        step_actor(world, actor, call);
    nst_world_step_mounts(world, actor, call);
    /* A descriptor that fsmount took makes no second mount. */
    if (call->id == NST_CALL_FSMOUNT && call->arg[0].num < NST_WORLD_FDS)
        actor->fd[call->arg[0].num].kind = NST_FD_PICKED;
}

static bool has_fd(const struct nst_world_actor *actor, unsigned kinds)
{
    for (size_t i = 3; i < NST_WORLD_FDS; i++)
        if (kinds >> actor->fd[i].kind & 1)
            return true;
    return false;
}

/* Whether ID needs power over the actor's mount namespace: CAP_SYS_ADMIN in its owner. */
static bool needs_power(enum nst_call_id id)
{
    return id >= NST_CALL_MOUNT && id != NST_CALL_FSCONFIG && id != NST_CALL_FSMOUNT;
}

/* Whether ID can do something, done by ACTOR. */
static bool makes_sense(const struct nst_world *world, const struct nst_world_actor *actor,
                        enum nst_call_id id)
{
    if (needs_power(id) && !nst_world_may_mount(world, actor))
        return false;
    switch (id) {
    case NST_CALL_UNSHARE:
    case NST_CALL_CLONE:
    case NST_CALL_CLONE3:
        return world->steps >= world->parent_steps;
    case NST_CALL_SETNS:
        return has_fd(actor, 1u << NST_FD_NS | 1u << NST_FD_USER);
    case NST_CALL_EXIT_GROUP:
    case NST_CALL_KILL:
        return count_living(world) > 1;
    case NST_CALL_UMOUNT2:
        return nst_world_has_mount(world, actor, NST_WANT_OTHER);
    case NST_CALL_PIVOT_ROOT:
        return !*actor->root && nst_world_has_mount(world, actor, NST_WANT_PIVOT);
    case NST_CALL_FCHDIR:
        return has_fd(actor, 1u << NST_FD_DIR | 1u << NST_FD_MOUNT | 1u << NST_FD_TREE);
    case NST_CALL_CLOSE:
        return has_fd(actor, ~(1u << NST_FD_FREE));
    case NST_CALL_FSCONFIG:
        return has_fd(actor, 1u << NST_FD_FS | 1u << NST_FD_PICKED);
    case NST_CALL_FSMOUNT:
        return has_fd(actor, 1u << NST_FD_MADE);
    case NST_CALL_MOVE_MOUNT:
        return has_fd(actor, 1u << NST_FD_TREE) ||
               nst_world_has_mount(world, actor, NST_WANT_MOVED);
    default:
        return true;
    }
}

/* What must hold even where sense is not asked for. */
static bool possible(const struct nst_world *world, enum nst_call_id id)
{
    if (nst_calls[id].returns == NST_RETURNS_ACTOR)
        return world->actors < world->max_actors;
    if (id == NST_CALL_EXIT_GROUP || id == NST_CALL_KILL)
        return count_living(world) > 1;
    return true;
}

static enum nst_call_id draw_id(struct nst_random *random, const struct nst_world *world)
{
    uint64_t total = 0, draw;
    size_t id = 0;

    for (size_t i = 0; i < NST_CALLS; i++)
        total += world->weight[i];
    draw = nst_random_below(random, total);
    while (draw >= world->weight[id])
        draw -= world->weight[id++];
    return (enum nst_call_id)id;
}

/* The first call often moves to a namespace of its own, since that is where isolation begins. */
static enum nst_call_id draw_first(struct nst_random *random, const struct nst_world *world)
{
    static const enum nst_call_id usual[] = {NST_CALL_UNSHARE, NST_CALL_CLONE, NST_CALL_CLONE3,
                                             NST_CALL_FORK};
    enum nst_call_id id = usual[nst_random_below(random, 4)];

    return world->weight[id] && possible(world, id) && !world->parent_steps &&
                   nst_random_below(random, 4) < 3
               ? id
               : draw_id(random, world);
}

static size_t draw_living(struct nst_random *random, const struct nst_world *world)
{
    uint64_t draw = nst_random_below(random, count_living(world));

    for (size_t i = 0; i < world->actors; i++)
        if (!world->actor[i].dead && !draw--)
            return i;
    return 0;
}

static void name_result(const struct nst_world *world, const struct nst_world_actor *actor,
                        struct nst_call *call)
{
    int64_t fd = 3;

    if (nst_calls[call->id].returns == NST_RETURNS_ACTOR) {
        call->expect = (struct nst_result){.kind = NST_SUCCEEDS, .value = world->next_actor};
    } else if (nst_calls[call->id].returns == NST_RETURNS_FD) {
        while (fd < NST_WORLD_FDS && actor->fd[fd].kind)
            fd++;
        call->expect = (struct nst_result){.kind = NST_SUCCEEDS, .value = fd};
    }
}

bool nst_world_draw(struct nst_random *random, struct nst_world *world, struct nst_call *ret_call)
{
    bool first = !world->actors;
    size_t index;

    if (first)
        add_actor(world, 1);
    if (!count_living(world))
        return false;
    index = draw_living(random, world);
    if (world->follow < NST_CALLS && nst_random_below(random, 4) < 3) {
        index = world->follow_actor;
        *ret_call = (struct nst_call){.id = world->follow};
    } else {
        bool senseless = nst_world_rarely(random, world, 16);
        int tries = 0;

        world->follow = NST_CALLS;
        do
            *ret_call = (struct nst_call){.id = first && !tries ? draw_first(random, world)
                                                                : draw_id(random, world)};
        while (++tries < 64 && (!possible(world, ret_call->id) ||
                                (tries < 16 && !senseless &&
                                 !makes_sense(world, &world->actor[index], ret_call->id))));
        if (!possible(world, ret_call->id))
            return false;
    }
    ret_call->actor = world->actor[index].name;
    nst_world_draw_args(random, world, index, ret_call);
    name_result(world, &world->actor[index], ret_call);
    return true;
}
