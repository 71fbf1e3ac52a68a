/* Peer groups and masters: mount_namespaces(7), "Shared subtrees"; fs/pnode.c,
 * change_mnt_propagation(). */
#include "model.h"

#include <sys/mount.h>

void nst_group_join(struct nst_model *model, uint32_t mount, uint32_t group)
{
    model->mount.at[mount].group = group;
    model->mount.at[mount].master = model->group.at[group].master;
    model->mount.at[mount].unbindable = false;
    model->group.at[group].members++;
}

/* The slaves of a group that nobody is in any more are its master's (fs/pnode.c,
 * transfer_propagation(); before 6.17 do_make_slave()). */
static void dissolve(struct nst_model *model, uint32_t group)
{
    uint32_t master = model->group.at[group].master;

    for (uint32_t i = 1; i < model->mount.len; i++)
        if (model->mount.at[i].master == group)
            model->mount.at[i].master = master;
    for (uint32_t i = 1; i < model->group.len; i++)
        if (model->group.at[i].master == group)
            model->group.at[i].master = master;
}

/* It keeps the group's master. */
void nst_group_leave(struct nst_model *model, uint32_t mount)
{
    uint32_t group = model->mount.at[mount].group;

    model->mount.at[mount].group = 0;
    if (group && --model->group.at[group].members == 0)
        dissolve(model, group);
}

/* "a slave mount ... of its former peers": where there are none, of the master that it had, if any
 * (sharedsubtree.rst, 3 and 5e). */
static void make_slave(struct nst_model *model, uint32_t mount)
{
    uint32_t group = model->mount.at[mount].group;
    bool peers = group && model->group.at[group].members > 1;

    if (!group)
        return;
    nst_group_leave(model, mount);
    if (peers)
        model->mount.at[mount].master = group;
}

void nst_group_change(struct nst_model *model, uint32_t mount, uint64_t type)
{
    struct mount *m = &model->mount.at[mount];

    if (type == MS_SHARED) {
        if (!m->group)
            nst_group_join(model, mount, nst_model_new_group(model, m->master));
        m->unbindable = false;
        return;
    }
    make_slave(model, mount);
    if (type == MS_SLAVE)
        return;
    m->master = 0;
    m->unbindable = type == MS_UNBINDABLE;
    m->inherits = false;
}

int nst_group_distance(const struct nst_model *model, uint32_t mount, uint32_t group)
{
    uint32_t at = model->mount.at[mount].group;
    int hops = 0;

    if (!group)
        return -1;
    if (!at) {
        at = model->mount.at[mount].master;
        hops++;
    }
    for (; at && at != group; hops++)
        at = model->group.at[at].master;
    return at == group ? hops : -1;
}

bool nst_group_receives(const struct nst_model *model, uint32_t mount, uint32_t group)
{
    return nst_group_distance(model, mount, group) >= 0;
}
