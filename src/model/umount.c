/* Unmounting, and which mounts go with one: umount(2); sharedsubtree.rst, 5f; from 6.17 on
 * Documentation/filesystems/propagate_umount.txt; fs/namespace.c, umount_tree(). */
#include "model.h"

#include <stdlib.h>
#include <sys/mount.h>

/* Of each mount: whether it goes anyway, or was found to be taken along. */
enum mark { STAYS, GOES, TAKEN };

/* All that stands strictly inside MOUNT, however high, goes. What covers it as a whole may stay: it
 * comes to stand where MOUNT did. */
static bool is_emptied(const struct nst_model *model, uint32_t mount, const unsigned char *mark)
{
    for (uint32_t i = model->mount.at[mount].child; i; i = model->mount.at[i].next) {
        if (model->mount.at[i].at == model->mount.at[mount].root)
            continue;
        for (uint32_t in = i; in; in = nst_mount_next(model, in, i))
            if (mark[in] == STAYS)
                return false;
    }
    return true;
}

/* What stands on TO at MOUNT's place, if that of MOUNT propagates there; 0: nothing. */
static uint32_t cognate(const struct nst_model *model, uint32_t mount, uint32_t to)
{
    uint32_t parent = model->mount.at[mount].parent;

    if (!parent || to == parent || !model->mount.at[to].ns ||
        !nst_group_receives(model, to, model->mount.at[parent].group))
        return 0;
    return nst_mount_on(model, (struct place){to, model->mount.at[mount].at});
}

/* The mounts at the places of those that go, on what their parents propagate to, as far as taking
 * them neither shifts a mount nor reveals what a locked one hides; UNLOCKED: none is. */
static void find_taken(const struct nst_model *model, unsigned char *mark, bool unlocked)
{
    const uint32_t len = model->mount.len;
    bool changed = true;

    for (uint32_t i = 1; i < len; i++) {
        uint32_t parent = model->mount.at[i].parent;

        if (mark[i] != GOES || !parent || !model->mount.at[parent].group)
            continue;
        for (uint32_t to = 1; to < len; to++) {
            uint32_t at = cognate(model, i, to);

            if (at && mark[at] == STAYS)
                mark[at] = TAKEN;
        }
    }
    while (changed) {
        changed = false;
        for (uint32_t i = 1; i < len; i++) {
            bool reveals =
                !unlocked && model->mount.at[i].locked && mark[model->mount.at[i].parent] == STAYS;

            if (mark[i] != TAKEN || (is_emptied(model, i, mark) && !reveals))
                continue;
            mark[i] = STAYS;
            changed = true;
        }
    }
}

static unsigned char *mark_tree(const struct nst_model *model, uint32_t top)
{
    unsigned char *mark = calloc(model->mount.len, 1);

    for (uint32_t i = mark ? top : 0; i; i = nst_mount_next(model, i, top))
        mark[i] = GOES;
    return mark;
}

/* Unlocks what the unmount is to take along: who unmounts it in a more privileged namespace may
 * reveal it (fs/pnode.c, propagate_mount_unlock()). */
static void unlock_receivers(struct nst_model *model, uint32_t mount)
{
    for (uint32_t i = 1; i < model->mount.len; i++) {
        uint32_t at = cognate(model, mount, i);

        if (at)
            model->mount.at[at].locked = false;
    }
}

/* What stays though it stood on one that goes, comes to stand where the lowest of those did. */
static void reparent(struct nst_model *model, uint32_t mount, const unsigned char *mark)
{
    struct place on = {model->mount.at[mount].parent, model->mount.at[mount].at};

    while (mark[on.mount] != STAYS)
        on = (struct place){model->mount.at[on.mount].parent, model->mount.at[on.mount].at};
    nst_mount_detach(model, mount);
    nst_mount_attach(model, mount, on);
}

/* STAYS_TOGETHER: the tree does, for who is in it; else only what is locked stays on what it hides.
 */
static void take_down(struct nst_model *model, const unsigned char *mark, uint32_t len,
                      bool stays_together)
{
    for (uint32_t i = 1; i < len; i++) {
        uint32_t parent = model->mount.at[i].parent;

        if (mark[i] == STAYS && parent && mark[parent] != STAYS)
            reparent(model, i, mark);
    }
    for (uint32_t i = 1; i < len; i++) {
        uint32_t parent = model->mount.at[i].parent;

        if (mark[i] == STAYS)
            continue;
        model->mount.at[i].ns = 0;
        if (parent && (mark[parent] == STAYS || (!stays_together && !model->mount.at[i].locked)))
            nst_mount_detach(model, i);
        nst_group_change(model, i, MS_PRIVATE);
    }
}

void nst_umount_tree(struct nst_model *model, uint32_t mount, bool propagates, bool stays)
{
    unsigned char *mark;

    if (propagates)
        unlock_receivers(model, mount);
    mark = mark_tree(model, mount);
    if (!mark) {
        model->failed = true;
        return;
    }
    if (propagates)
        find_taken(model, mark, false);
    take_down(model, mark, model->mount.len, stays);
    free(mark);
}

/* What loses its mount point goes, wherever it is mounted (fs/namespace.c, __detach_mounts()). */
void nst_umount_at_node(struct nst_model *model, uint32_t node)
{
    for (uint32_t i = 1; i < model->mount.len; i++)
        if (model->mount.at[i].parent && model->mount.at[i].at == node) {
            if (model->mount.at[i].ns)
                nst_umount_tree(model, i, false, true);
            else
                nst_mount_detach(model, i);
        }
}

/* Whether something is mounted inside of what MOUNT shows, not over all of it. */
static bool has_inside(const struct nst_model *model, uint32_t mount)
{
    for (uint32_t i = model->mount.at[mount].child; i; i = model->mount.at[i].next)
        if (model->mount.at[i].at != model->mount.at[mount].root)
            return true;
    return false;
}

/* An unmount that isn't lazy takes nothing that is in use (umount(2), EBUSY), its own or what it
 * would take along. */
const char *nst_umount_busy(const struct nst_model *model, uint32_t mount)
{
    const char *why = NULL;
    unsigned char *mark;

    if (model->mount.at[mount].child || nst_mount_used(model, mount))
        return "it is in use";
    mark = mark_tree(model, mount);
    if (!mark)
        return "no memory";
    find_taken(model, mark, true); /* as it will be: unlock_receivers() */
    for (uint32_t i = 1; i < model->mount.len; i++)
        if (mark[i] == TAKEN && nst_mount_used(model, i) && (!why || !has_inside(model, i)))
            why = has_inside(model, i) ? "what would go along is in use, below its own mount"
                                       : "what would go along is in use";
    free(mark);
    return why;
}
