/* pivot_root(2) */
#include "model.h"

static bool is_reachable(const struct nst_model *model, struct place at, struct place root)
{
    while (at.mount != root.mount && model->mount.at[at.mount].parent)
        at = (struct place){model->mount.at[at.mount].parent, model->mount.at[at.mount].at};
    return at.mount == root.mount && nst_node_below(model, at.node, root.node);
}

static int check(const struct nst_model *model, const struct actor *actor, struct place root,
                 struct place new, struct place old)
{
    uint32_t root_parent = model->mount.at[root.mount].parent;
    uint32_t new_parent = model->mount.at[new.mount].parent;

    if (model->mount.at[old.mount].group || model->mount.at[new_parent].group ||
        model->mount.at[root_parent].group || !nst_is_own(model, actor, root.mount) ||
        !nst_is_own(model, actor, new.mount) || model->mount.at[new.mount].locked)
        return -EINVAL;
    if (model->node.at[new.node].gone)
        return -ENOENT;
    if (new.mount == root.mount || old.mount == root.mount)
        return -EBUSY;
    if (!nst_mount_is_root(model, root) || !root_parent || !nst_mount_is_root(model, new) ||
        !new_parent || !is_reachable(model, old, new) || !is_reachable(model, new, root))
        return -EINVAL;
    return 0;
}

static void go_over(struct place *at, struct place from, struct place to)
{
    if (at->mount == from.mount && at->node == from.node)
        *at = to;
}

int nst_model_pivot_root(struct nst_model *model, struct actor *actor, const struct nst_call *call)
{
    struct place root = model->where.at[actor->where].root, old, at;
    struct walk new, put_old;
    int r;

    if (!nst_may_mount(model, actor))
        return -EPERM;
    r = nst_path_walk(model, actor, NST_AT_FDCWD, call->arg[0].str, WALK_FOLLOW | WALK_DIRECTORY,
                      &new);
    if (!r)
        r = nst_path_walk(model, actor, NST_AT_FDCWD, call->arg[1].str,
                          WALK_FOLLOW | WALK_DIRECTORY, &put_old);
    if (!r)
        r = nst_place_to_mount(model, put_old.at, &old);
    if (!r)
        r = check(model, actor, root, new.at, old);
    if (r)
        return r;
    at = (struct place){model->mount.at[root.mount].parent, model->mount.at[root.mount].at};
    nst_mount_detach(model, new.at.mount);
    nst_mount_detach(model, root.mount);
    model->mount.at[new.at.mount].locked |= model->mount.at[root.mount].locked;
    model->mount.at[root.mount].locked = false;
    nst_mount_attach(model, root.mount, old);
    nst_mount_attach(model, new.at.mount, at);
    for (uint32_t i = 1; i < model->where.len; i++) {
        go_over(&model->where.at[i].root, root, new.at);
        go_over(&model->where.at[i].cwd, root, new.at);
    }
    return 0;
}
