/* What mount(2) is asked for. */
#include <sys/mount.h>

#include "generate.h"

#define LEN(array) (sizeof(array) / sizeof(array)[0])

enum { LIST_RECIPES = 42 }; /* of nst_world_drops() */

static uint64_t below(struct nst_random *random, size_t n)
{
    return nst_random_below(random, n);
}

static const char *path(struct nst_random *random, struct nst_world *world, size_t index,
                        enum nst_want want, size_t arg)
{
    return nst_world_draw_path(random, world, index, want, world->text[arg],
                               sizeof world->text[arg]);
}

/* What mount(2) can be asked for. A type of "?" is drawn. */
static const struct recipe {
    enum nst_swarm group; /* four times as often where the case favours it */
    const char *source, *type;
    uint64_t flags;
    enum nst_want from; /* NST_WANT_ANY: SOURCE is what it says */
    enum nst_want to;
    bool recursive; /* MS_REC, half of the time */
    bool flagged;   /* with MS_RDONLY and its like, sometimes */
} recipes[] = {
    {NST_SWARM_PROPAGATION, "none", NULL, MS_SHARED, NST_WANT_ANY, NST_WANT_MOUNT, true, false},
    {NST_SWARM_PROPAGATION, "none", NULL, MS_PRIVATE, NST_WANT_ANY, NST_WANT_MOUNT, true, false},
    {NST_SWARM_PROPAGATION, "none", NULL, MS_SLAVE, NST_WANT_ANY, NST_WANT_MOUNT, true, false},
    {NST_SWARM_PROPAGATION, "none", NULL, MS_SHARED, NST_WANT_ANY, NST_WANT_SLAVE, false, false},
    {NST_SWARM_PROPAGATION, "none", NULL, MS_SLAVE, NST_WANT_ANY, NST_WANT_SHARED, false, false},
    {NST_SWARM_MOUNT, "tmpfs", "tmpfs", 0, NST_WANT_ANY, NST_WANT_DIR, false, true},
    {NST_SWARM_MOUNT, "tmpfs", "tmpfs", 0, NST_WANT_ANY, NST_WANT_DIR, false, true},
    {NST_SWARM_BIND, "/", NULL, MS_BIND, NST_WANT_SOURCE, NST_WANT_DIR, true, false},
    {NST_SWARM_BIND, "/", NULL, MS_BIND, NST_WANT_SOURCE, NST_WANT_DIR, true, false},
    {NST_SWARM_PROPAGATION, "none", NULL, MS_PRIVATE, NST_WANT_ANY, NST_WANT_OTHER, false, false},
    {NST_SWARM_PROPAGATION, "none", NULL, MS_UNBINDABLE, NST_WANT_ANY, NST_WANT_OTHER, false,
     false},
    {NST_SWARM_PROPAGATION, "/", NULL, MS_MOVE, NST_WANT_MOVED, NST_WANT_DIR, false, false},
    {NST_SWARM_PROPAGATION, "/", NULL, MS_BIND, NST_WANT_BOTH, NST_WANT_DIR, true, false},
    {NST_SWARM_PROPAGATION, "/", NULL, MS_BIND, NST_WANT_MOUNT, NST_WANT_DIR, true, false},
    {NST_SWARM_PROPAGATION, "none", NULL, MS_UNBINDABLE, NST_WANT_ANY, NST_WANT_MOUNT, true, false},
    {NST_SWARM_MOVE, "/", NULL, MS_MOVE, NST_WANT_MOVED, NST_WANT_DIR, false, false},
    {NST_SWARM_ATTRIBUTES, "none", NULL, MS_REMOUNT | MS_BIND, NST_WANT_ANY, NST_WANT_MOUNT, false,
     true},
    {NST_SWARM_ATTRIBUTES, "none", NULL, MS_REMOUNT, NST_WANT_ANY, NST_WANT_OWN, false, true},
    {NST_SWARM_FILESYSTEMS, "none", "?", 0, NST_WANT_ANY, NST_WANT_DIR, false, true},
    {NST_SWARM_NAMESPACE_FILES, "/", NULL, MS_BIND, NST_WANT_NS_FILE, NST_WANT_FILE, false, false},
};

/* Whether ACTOR's namespace holds so many mounts that binds of shared trees, each of which may
 * double them, would make a case slow. */
static bool is_crowded(const struct nst_world *world, size_t index)
{
    enum { CROWD = 14 };
    const struct nst_world_ns *ns = &world->ns[world->actor[index].ns];
    size_t live = 0;

    for (size_t i = 0; i < ns->len; i++)
        live += ns->mount[i].live;
    return live > CROWD;
}

static const struct recipe *draw_recipe(struct nst_random *random, const struct nst_world *world,
                                        size_t index)
{
    uint64_t total = 0, weight[LEN(recipes)], draw;
    bool crowded = is_crowded(world, index);
    size_t i = 0;

    for (; i < LEN(recipes); i++) {
        weight[i] = nst_world_favours(world, recipes[i].group) ? 4 : 1;
        if (nst_world_drops(world, LIST_RECIPES, i) && weight[i] == 1)
            weight[i] = 0;
        if (crowded && recipes[i].to == NST_WANT_DIR)
            weight[i] = 0;
        total += weight[i];
    }
    draw = below(random, total);
    for (i = 0; i + 1 < LEN(recipes) && draw >= weight[i]; i++)
        draw -= weight[i];
    return &recipes[i];
}

/* RECIPE's paths into CALL; whether there were such. */
static bool draw_recipe_paths(struct nst_random *random, struct nst_world *world, size_t index,
                              const struct recipe *recipe, struct nst_call *call)
{
    const struct nst_world_actor *actor = &world->actor[index];
    const size_t size = sizeof world->text[0];

    call->arg[1].str = nst_world_draw_good(random, world, actor, recipe->to, world->text[1], size);
    call->arg[0].str = recipe->source;
    if (recipe->from == NST_WANT_NS_FILE)
        call->arg[0].str = nst_world_draw_ns_bind(random, world, actor, world->text[0], size);
    else if (recipe->from != NST_WANT_ANY)
        call->arg[0].str =
            nst_world_draw_good(random, world, actor, recipe->from, world->text[0], size);
    return call->arg[0].str && call->arg[1].str;
}

void nst_world_draw_mount(struct nst_random *random, struct nst_world *world, size_t index,
                          struct nst_call *call)
{
    static const uint64_t attributes[] = {0,        0,         MS_RDONLY,  MS_NOSUID,
                                          MS_NODEV, MS_NOEXEC, MS_NOATIME, MS_NOSUID | MS_NODEV};
    const struct recipe *recipe = draw_recipe(random, world, index);

    for (size_t i = 0; i < nst_calls[call->id].args; i++)
        nst_world_draw_arg(random, world, index, call, i);
    if (nst_world_rarely(random, world, 32))
        return;
    for (int i = 0; i < 4 && !draw_recipe_paths(random, world, index, recipe, call); i++)
        recipe = draw_recipe(random, world, index);
    if (recipe->from == NST_WANT_ANY)
        call->arg[0].str = recipe->source;
    if (!call->arg[0].str || (recipe->from != NST_WANT_ANY && nst_world_rarely(random, world, 12)))
        call->arg[0].str = path(random, world, index, NST_WANT_ANY, 0);
    if (!call->arg[1].str || nst_world_rarely(random, world, 12))
        call->arg[1].str = path(random, world, index, NST_WANT_ANY, 1);
    call->arg[2].str = recipe->type && *recipe->type == '?' ? call->arg[2].str : recipe->type;
    call->arg[3].num = recipe->flags;
    if (recipe->recursive && below(random, 2))
        call->arg[3].num |= MS_REC;
    if (recipe->flagged)
        call->arg[3].num |= attributes[below(random, LEN(attributes))];
    if (!recipe->type)
        call->arg[4].str = NULL;
}

void nst_world_draw_isolation(struct nst_random *random, const struct nst_world *world,
                              struct nst_call *call)
{
    call->arg[0].str = "none";
    call->arg[1].str = "/";
    call->arg[3].num = MS_REC | (below(random, 2) ? MS_SLAVE : MS_PRIVATE);
    if (world->reshares)
        call->arg[3].num = MS_SHARED | (below(random, 2) ? MS_REC : 0);
}
