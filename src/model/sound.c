/* What holds of every state, whatever led to it: mounts are trees, peers share a master, nobody
 * receives from a group that is none; and what is isolated leaves the parent alone. */
#include "model.h"

#include <string.h>

static bool stands_in_its_tree(const struct nst_model *model, uint32_t index)
{
    const struct mount *mount = &model->mount.at[index];
    uint32_t top = index, steps = 0, i = model->mount.at[mount->parent].child;

    while (i && i != index)
        i = model->mount.at[i].next;
    if (mount->parent && !i)
        return false;
    while (model->mount.at[top].parent && steps++ < model->mount.len)
        top = model->mount.at[top].parent;
    return steps <= model->mount.len && (!mount->ns || model->ns.at[mount->ns].root == top);
}

static const char *check_mount(const struct nst_model *model, uint32_t index)
{
    const struct mount *mount = &model->mount.at[index];

    if (!stands_in_its_tree(model, index))
        return "a mount stands in no tree, or in another than its namespace's";
    if (mount->ns && mount->parent && model->mount.at[mount->parent].ns != mount->ns)
        return "a mount stands on one of another namespace";
    if (mount->ns && model->ns.at[mount->ns].dead)
        return "a namespace that ended has mounts";
    if (mount->unbindable && (mount->group || mount->master))
        return "an unbindable mount propagates";
    if (mount->group && model->group.at[mount->group].master != mount->master)
        return "a mount has another master than its peers";
    if (mount->master && !model->group.at[mount->master].members)
        return "a master is a group that nobody is in";
    if (mount->group && !mount->ns)
        return "a mount that is nowhere has peers";
    return NULL;
}

static const char *check_group(const struct nst_model *model, uint32_t index)
{
    uint32_t members = 0, steps = 0, above = model->group.at[index].master;

    for (uint32_t i = 1; i < model->mount.len; i++)
        members += model->mount.at[i].group == index;
    if (members != model->group.at[index].members)
        return "a peer group has more or fewer members than it counts";
    if (!members)
        return NULL;
    if (above && !model->group.at[above].members)
        return "a group's master is a group that nobody is in";
    while (above && steps++ < model->group.len)
        above = model->group.at[above].master;
    return above ? "a group is its own master" : NULL;
}

static const char *check_ns(const struct nst_model *model, uint32_t index)
{
    const struct ns *ns = &model->ns.at[index];
    uint32_t on = 0, mounts = 0;

    if (ns->dead || model->mount.at[ns->root].ns != index)
        return ns->dead || ns->anonymous ? NULL : "a namespace's root is elsewhere";
    for (uint32_t i = 1; i < model->mount.len; i++)
        mounts += model->mount.at[i].ns == index;
    for (uint32_t i = ns->root; i; i = nst_mount_next(model, i, ns->root))
        on++;
    return on == mounts ? NULL : "a namespace has a mount that isn't in its tree";
}

const char *nst_model_broken(const struct nst_model *model)
{
    const char *what = NULL;

    for (uint32_t i = 1; i < model->mount.len && !what; i++)
        what = check_mount(model, i);
    for (uint32_t i = 1; i < model->group.len && !what; i++)
        what = check_group(model, i);
    for (uint32_t i = 1; i < model->ns.len && !what; i++)
        what = check_ns(model, i);
    return what;
}

bool nst_model_is_isolated(const struct nst_model *model, uint32_t actor)
{
    uint32_t parent = model->actor.at[0].ns, ns = nst_model_ns(model, actor);

    if (!ns || ns == parent)
        return false;
    for (uint32_t i = 1; i < model->mount.len; i++) {
        const struct mount *mount = &model->mount.at[i];

        if (!mount->group || (mount->ns != ns && !model->ns.at[mount->ns].anonymous))
            continue;
        for (uint32_t k = 1; k < model->mount.len; k++)
            if (model->mount.at[k].ns == parent && nst_group_receives(model, k, mount->group))
                return false;
    }
    return true;
}

/* Calls that change what namespaces have in common by other ways than mounts: names that are
 * removed, superblocks; and who may end processes may take their mounts in /proc. */
static bool is_outside(const struct nst_call *call)
{
    switch (call->id) {
    case NST_CALL_RMDIR:
    case NST_CALL_UNLINK:
    case NST_CALL_UNLINKAT:
    case NST_CALL_RENAME:
    case NST_CALL_RENAMEAT2:
    case NST_CALL_FSCONFIG:
        return true;
    default:
        return false;
    }
}

static bool same_text(const struct nst_model *a, uint32_t x, const struct nst_model *b, uint32_t y)
{
    return !strcmp(a->text.at + x, b->text.at + y);
}

/* Mounts keep their numbers. What a mount shows of its superblock isn't the mount's. */
static bool is_mount_same(const struct nst_model *before, const struct nst_model *after,
                          uint32_t index)
{
    const struct mount *a = &before->mount.at[index], *b = &after->mount.at[index];

    return a->ns == b->ns && a->parent == b->parent && a->at == b->at && a->root == b->root &&
           a->group == b->group && a->master == b->master && a->attr == b->attr &&
           a->idmap == b->idmap &&
           a->unbindable == b->unbindable && same_text(before, a->source, after, b->source);
}

bool nst_model_leaks(const struct nst_model *before, const struct nst_model *after,
                     const struct nst_call *call)
{
    uint32_t parent = before->actor.at[0].ns;

    if (is_outside(call) || !nst_model_is_isolated(before, call->actor))
        return false;
    for (uint32_t i = 1; i < after->mount.len; i++) {
        bool was = i < before->mount.len && before->mount.at[i].ns == parent;

        if (was != (after->mount.at[i].ns == parent) || (was && !is_mount_same(before, after, i)))
            return true;
    }
    return false;
}
