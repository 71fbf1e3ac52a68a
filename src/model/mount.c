/* Trees of mounts: fs/namespace.c, attach_mnt(), copy_tree(), next_mnt(). */
#include "model.h"

#include <sys/mount.h>

/* Where two stand at the same place, the later one. */
uint32_t nst_mount_on(const struct nst_model *model, struct place place)
{
    uint32_t found = 0;

    for (uint32_t i = model->mount.at[place.mount].child; i; i = model->mount.at[i].next)
        if (model->mount.at[i].at == place.node)
            found = i;
    return found;
}

/* The next one of TOP's tree: what stands on it first. 0: that was the last one. */
uint32_t nst_mount_next(const struct nst_model *model, uint32_t mount, uint32_t top)
{
    if (model->mount.at[mount].child)
        return model->mount.at[mount].child;
    while (mount != top) {
        if (model->mount.at[mount].next)
            return model->mount.at[mount].next;
        mount = model->mount.at[mount].parent;
    }
    return 0;
}

bool nst_mount_is_root(const struct nst_model *model, struct place place)
{
    return model->mount.at[place.mount].root == place.node;
}

/* Up to what nothing stands on. */
struct place nst_mount_top(const struct nst_model *model, struct place place)
{
    for (uint32_t on; (on = nst_mount_on(model, place));)
        place = (struct place){on, model->mount.at[on].root};
    return place;
}

void nst_mount_attach(struct nst_model *model, uint32_t mount, struct place on)
{
    uint32_t *last = &model->mount.at[on.mount].child;

    while (*last)
        last = &model->mount.at[*last].next;
    *last = mount;
    model->mount.at[mount].next = 0;
    model->mount.at[mount].parent = on.mount;
    model->mount.at[mount].at = on.node;
}

void nst_mount_detach(struct nst_model *model, uint32_t mount)
{
    uint32_t parent = model->mount.at[mount].parent, *at = &model->mount.at[parent].child;

    if (!parent)
        return;
    while (*at != mount)
        at = &model->mount.at[*at].next;
    *at = model->mount.at[mount].next;
    model->mount.at[mount].next = model->mount.at[mount].parent = model->mount.at[mount].at = 0;
}

void nst_mount_enter(struct nst_model *model, uint32_t top, uint32_t ns)
{
    for (uint32_t i = top; i; i = nst_mount_next(model, i, top))
        model->mount.at[i].ns = ns;
}

/* By a process that is there or whose root that is, or by an open file (umount(2), EBUSY). */
bool nst_mount_used(const struct nst_model *model, uint32_t mount)
{
    for (uint32_t i = 1; i < model->where.len; i++) {
        const struct whereabouts *where = &model->where.at[i];

        if (where->users && (where->root.mount == mount || where->cwd.mount == mount))
            return true;
    }
    for (uint32_t i = 1; i < model->file.len; i++)
        if (model->file.at[i].users && model->file.at[i].kind == FILE_PLACE &&
            model->file.at[i].at.mount == mount)
            return true;
    return false;
}

bool nst_mount_has_locked_child(const struct nst_model *model, uint32_t mount, uint32_t node)
{
    for (uint32_t i = model->mount.at[mount].child; i; i = model->mount.at[i].next)
        if (model->mount.at[i].locked && nst_node_below(model, model->mount.at[i].at, node))
            return true;
    return false;
}

/* A copy is what its original is: a peer if that is shared, a slave of the same master
 * (sharedsubtree.rst, 5b). */
uint32_t nst_mount_copy(struct nst_model *model, uint32_t mount, uint32_t node)
{
    uint32_t copy = nst_model_new_mount(model), group = model->mount.at[mount].group;

    model->mount.at[copy] = model->mount.at[mount];
    model->mount.at[copy].root = node;
    model->mount.at[copy].parent = model->mount.at[copy].at = 0;
    model->mount.at[copy].child = model->mount.at[copy].next = 0;
    model->mount.at[copy].ns = 0;
    model->mount.at[copy].group = 0;
    model->mount.at[copy].expiring = false;
    model->mount.at[copy].inherits = model->mount.at[mount].unbindable;
    if (group)
        nst_group_join(model, copy, group);
    return copy;
}

/* Copies what stands on FROM, below NODE, onto COPY. */
static int copy_children(struct nst_model *model, uint32_t from, uint32_t node, uint32_t copy,
                         unsigned flags)
{
    for (uint32_t i = model->mount.at[from].child; i; i = model->mount.at[i].next) {
        uint32_t root = model->mount.at[i].root, child;
        int r;

        if (!nst_node_below(model, model->mount.at[i].at, node))
            continue;
        if (!(flags & COPY_UNBINDABLE) && model->mount.at[i].unbindable) {
            if (model->mount.at[i].locked)
                return -EPERM;
            continue;
        }
        if (!(flags & COPY_NS_FILES) && nst_node_is_mount_ns(model, root))
            continue;
        child = nst_mount_copy(model, i, root);
        if (flags & COPY_TO_SLAVES)
            nst_group_change(model, child, MS_SLAVE);
        nst_mount_attach(model, child, (struct place){copy, model->mount.at[i].at});
        r = copy_children(model, i, root, child, flags);
        if (r < 0)
            return r;
    }
    return 0;
}

uint32_t nst_mount_copy_tree(struct nst_model *model, uint32_t mount, uint32_t node, unsigned flags,
                             int *ret_error)
{
    uint32_t copy;

    *ret_error = -EINVAL;
    if (!(flags & COPY_UNBINDABLE) && model->mount.at[mount].unbindable)
        return 0;
    if (!(flags & COPY_NS_FILES) && nst_node_is_mount_ns(model, node))
        return 0;
    copy = nst_mount_copy(model, mount, node);
    if (flags & COPY_TO_SLAVES)
        nst_group_change(model, copy, MS_SLAVE);
    *ret_error = copy_children(model, mount, node, copy, flags);
    if (*ret_error < 0) {
        nst_umount_tree(model, copy, false, false);
        return 0;
    }
    return copy;
}
