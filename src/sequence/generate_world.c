/* Actors and descriptors that live, and which call comes next. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "generate.h"

#define NEWNS UINT64_C(0x20000)

/* Those that change mounts most; those that end or confuse an actor least. */
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
    [NST_CALL_MOUNT_SETATTR] = 8,
};

void nst_world_init(struct nst_world *world, const struct nst_generator *options)
{
    bool weighted = false;

    *world = (struct nst_world){.max_actors = 4, .next_actor = 2, .follow = NST_CALLS};
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

static enum nst_fd_kind kind_opened(const struct nst_call *call)
{
    const char *path = call->arg[call->id == NST_CALL_OPENAT].str;
    uint64_t flags = call->arg[call->id == NST_CALL_OPENAT ? 2 : 1].num;

    if (call->id == NST_CALL_FSOPEN || call->id == NST_CALL_FSPICK)
        return NST_FD_FS;
    if (call->id != NST_CALL_OPEN && call->id != NST_CALL_OPENAT)
        return NST_FD_MOUNT;
    if (path && !strncmp(path, "/proc/", 6) && strstr(path, "/ns/"))
        return NST_FD_NS;
    return flags & O_CREAT ? NST_FD_FILE : NST_FD_DIR;
}

static size_t count_living(const struct nst_world *world)
{
    size_t living = 0;

    for (size_t i = 0; i < world->actors; i++)
        living += !world->actor[i].dead;
    return living;
}

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
    if (nst_calls[call->id].args && call->arg[0].num & NEWNS)
        follow(world, made, NST_CALL_MOUNT);
}

static void step_opened(struct nst_world *world, struct nst_world_actor *actor,
                        const struct nst_call *call)
{
    int64_t fd = call->expect.value;

    if (call->expect.kind != NST_SUCCEEDS || fd < 3 || fd >= NST_WORLD_FDS)
        return;
    actor->fd[fd] = (uint8_t)kind_opened(call);
    if (call->id == NST_CALL_FSOPEN)
        follow(world, actor, NST_CALL_FSCONFIG);
    else if (actor->fd[fd] == NST_FD_NS)
        follow(world, actor, NST_CALL_SETNS);
    else if (actor->fd[fd] == NST_FD_MOUNT)
        follow(world, actor, NST_CALL_MOVE_MOUNT);
}

void nst_world_step(struct nst_world *world, const struct nst_call *call)
{
    int index = nst_world_find(world, call->actor);
    struct nst_world_actor *actor =
        index >= 0 ? &world->actor[index] : add_actor(world, call->actor);
    uint64_t fd = call->arg[0].num;

    world->follow = NST_CALLS;
    if (!actor)
        return;
    if (nst_calls[call->id].returns == NST_RETURNS_ACTOR)
        step_made(world, actor, call);
    else if (nst_calls[call->id].returns == NST_RETURNS_FD)
        step_opened(world, actor, call);
    else if (call->id == NST_CALL_EXIT_GROUP)
        actor->dead = true;
    else if (call->id == NST_CALL_CLOSE && fd < NST_WORLD_FDS)
        actor->fd[fd] = NST_FD_FREE;
    else if (call->id == NST_CALL_UNSHARE && fd & NEWNS)
        follow(world, actor, NST_CALL_MOUNT);
    else if (call->id == NST_CALL_FSCONFIG && call->arg[1].num == 6 && fd < NST_WORLD_FDS) {
        actor->fd[fd] = NST_FD_MADE;
        follow(world, actor, NST_CALL_FSMOUNT);
    } else if (call->id == NST_CALL_KILL && call->arg[1].num != SIGCHLD &&
               call->arg[1].num != SIGCONT) {
        int target = nst_world_find(world, (uint32_t)call->arg[0].num);

        if (target >= 0)
            world->actor[target].dead = true;
    } else if (call->id == NST_CALL_MKDIR && call->arg[0].str) {
        int fresh = nst_world_fresh(call->arg[0].str);

        if (fresh >= 0)
            world->fresh |= UINT32_C(1) << fresh;
    }
}

static bool has_fd(const struct nst_world_actor *actor, enum nst_fd_kind kind)
{
    return memchr(actor->fd, (int)kind, sizeof actor->fd) != NULL;
}

/* Whether ID can do something, done by ACTOR. */
static bool makes_sense(const struct nst_world *world, const struct nst_world_actor *actor,
                        enum nst_call_id id)
{
    switch (id) {
    case NST_CALL_SETNS:
        return has_fd(actor, NST_FD_NS);
    case NST_CALL_EXIT_GROUP:
    case NST_CALL_KILL:
        return count_living(world) > 1;
    case NST_CALL_FCHDIR:
        return has_fd(actor, NST_FD_DIR) || has_fd(actor, NST_FD_MOUNT);
    case NST_CALL_CLOSE:
        return has_fd(actor, NST_FD_DIR) || has_fd(actor, NST_FD_FILE) ||
               has_fd(actor, NST_FD_NS) || has_fd(actor, NST_FD_MOUNT);
    case NST_CALL_FSCONFIG:
        return has_fd(actor, NST_FD_FS);
    case NST_CALL_FSMOUNT:
        return has_fd(actor, NST_FD_MADE);
    case NST_CALL_MOVE_MOUNT:
        return has_fd(actor, NST_FD_MOUNT);
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

    return world->weight[id] && possible(world, id) && nst_random_below(random, 4) < 3
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
        while (fd < NST_WORLD_FDS && actor->fd[fd])
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
        int tries = 0;

        world->follow = NST_CALLS;
        do
            *ret_call = (struct nst_call){.id = first && !tries ? draw_first(random, world)
                                                                : draw_id(random, world)};
        while (++tries < 64 &&
               (!possible(world, ret_call->id) ||
                (tries < 16 && !makes_sense(world, &world->actor[index], ret_call->id))));
        if (!possible(world, ret_call->id))
            return false;
    }
    ret_call->actor = world->actor[index].name;
    nst_world_draw_args(random, world, index, ret_call);
    name_result(world, &world->actor[index], ret_call);
    return true;
}
