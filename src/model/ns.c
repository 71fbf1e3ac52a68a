/* Namespaces, and what processes hold: namespaces(7), mount_namespaces(7), user_namespaces(7). */
#include "model.h"

/* A process has every capability in its own user namespace and in those below it
 * (user_namespaces(7), "Capabilities"): all actors are user 0 of theirs. */
bool nst_capable(const struct nst_model *model, const struct actor *actor, uint32_t user)
{
    while (user && user != actor->user)
        user = model->user.at[user].parent;
    return user == actor->user;
}

bool nst_may_mount(const struct nst_model *model, const struct actor *actor)
{
    return nst_capable(model, actor, model->ns.at[actor->ns].user);
}

/* The next of TOP's tree that doesn't stand on MOUNT. */
static uint32_t skip_tree(const struct nst_model *model, uint32_t mount, uint32_t top)
{
    for (; mount != top; mount = model->mount.at[mount].parent)
        if (model->mount.at[mount].next)
            return model->mount.at[mount].next;
    return 0;
}

/* "a copy of the mount list of the caller's namespace" (mount_namespaces(7)); a less privileged
 * owner's is locked and its shared mounts are slaves ("Restrictions on mount namespaces"). WHERE
 * goes over to the copies. */
uint32_t nst_ns_copy(struct nst_model *model, uint32_t ns, uint32_t user, struct whereabouts *where)
{
    uint32_t old = model->ns.at[ns].root, made = nst_model_new_ns(model, user, false), copy, p, q;
    bool other = model->ns.at[ns].user != user;
    int error;

    copy = nst_mount_copy_tree(model, old, model->mount.at[old].root,
                               COPY_UNBINDABLE | (other ? COPY_TO_SLAVES : 0), &error);
    if (other)
        nst_lock_tree(model, copy);
    model->ns.at[made].root = copy;
    nst_mount_enter(model, copy, made);
    for (p = old, q = copy; p && q;
         p = nst_mount_next(model, p, old), q = nst_mount_next(model, q, copy)) {
        while (p && model->mount.at[p].root != model->mount.at[q].root)
            p = skip_tree(model, p, old);
        if (where->root.mount == p)
            where->root.mount = q;
        if (where->cwd.mount == p)
            where->cwd.mount = q;
    }
    return made;
}

static bool has_mounts(const struct nst_model *model, uint32_t ns)
{
    for (uint32_t i = 1; i < model->mount.len; i++)
        if (model->mount.at[i].ns == ns)
            return true;
    return false;
}

/* "The value in this file defines a per-user limit" (namespaces(7), /proc/sys/user): of the
 * sandbox's own user namespace, and so of all below it. A detached tree is in a namespace, too
 * (fs/namespace.c, alloc_mnt_ns(), inc_mnt_namespaces()). */
bool nst_ns_is_full(const struct nst_model *model)
{
    uint32_t live = 0;

    if (!model->features.mnt_namespaces)
        return false;
    for (uint32_t i = 1; i < model->ns.len; i++)
        live += model->ns.at[i].anonymous ? has_mounts(model, i) : !model->ns.at[i].dead;
    return live >= model->features.mnt_namespaces;
}

static bool is_file_of(const struct nst_model *model, uint32_t node, uint32_t ns)
{
    return nst_node_is_mount_ns(model, node) && model->node.at[node].target == ns;
}

static bool is_held(const struct nst_model *model, uint32_t ns)
{
    for (uint32_t i = 0; i < model->actor.len; i++)
        if (model->actor.at[i].alive && model->actor.at[i].ns == ns)
            return true;
    for (uint32_t i = 1; i < model->file.len; i++)
        if (model->file.at[i].users && model->file.at[i].kind == FILE_PLACE &&
            is_file_of(model, model->file.at[i].at.node, ns))
            return true;
    for (uint32_t i = 1; i < model->mount.len; i++)
        if (is_file_of(model, model->mount.at[i].root, ns) &&
            (model->mount.at[i].ns || nst_mount_used(model, i)))
            return true;
    return false;
}

/* A namespace ends with its last process, open file and bind (namespaces(7), "Namespace
 * lifetime"), and so do its mounts. */
void nst_ns_reap(struct nst_model *model)
{
    bool again = true;

    while (again) {
        again = false;
        for (uint32_t i = 1; i < model->ns.len; i++) {
            if (model->ns.at[i].dead || model->ns.at[i].anonymous || is_held(model, i))
                continue;
            model->ns.at[i].dead = again = true;
            nst_umount_tree(model, model->ns.at[i].root, false, false);
        }
    }
}

uint32_t nst_where_copy(struct nst_model *model, uint32_t where)
{
    uint32_t copy = nst_model_new_where(model);

    model->where.at[copy].root = model->where.at[where].root;
    model->where.at[copy].cwd = model->where.at[where].cwd;
    return copy;
}

void nst_where_put(struct nst_model *model, uint32_t where)
{
    model->where.at[where].users--;
}

uint32_t nst_actor_index(const struct nst_model *model, uint64_t name)
{
    for (uint32_t i = 1; i < model->actor.len; i++)
        if (model->actor.at[i].name == name)
            return i;
    return 0;
}

static int find_fd(const struct actor *actor, uint64_t text)
{
    for (uint32_t i = 0; i < actor->fds; i++)
        if (actor->fd[i].text == (int)text)
            return (int)i;
    return -1;
}

struct file *nst_fd_find(struct nst_model *model, const struct actor *actor, uint64_t text)
{
    int i = find_fd(actor, text);

    return i < 0 ? NULL : &model->file.at[actor->fd[i].file];
}

/* The name that the sequence expects, or the lowest that is free from 3 on. */
int nst_fd_add(struct nst_model *model, struct actor *actor, uint32_t file,
               const struct nst_result *expect)
{
    int text = 3;

    if (actor->fds == FDS_MAX) {
        nst_file_put(model, file);
        return -EMFILE;
    }
    if (expect->kind == NST_SUCCEEDS && expect->value >= 0 && expect->value <= INT32_MAX &&
        find_fd(actor, (uint64_t)expect->value) < 0)
        text = (int)expect->value;
    else
        while (find_fd(actor, (uint64_t)text) >= 0)
            text++;
    actor->fd[actor->fds++] = (struct fd){text, file};
    return text;
}

/* With the last descriptor of a detached tree that was mounted nowhere, the tree goes
 * (open_tree(2), OPEN_TREE_CLONE; fsmount(2)). */
void nst_file_put(struct nst_model *model, uint32_t index)
{
    struct file *file = &model->file.at[index];
    uint32_t mount = file->at.mount, ns = model->mount.at[mount].ns;

    if (--file->users || !file->dissolves)
        return;
    if (ns && model->ns.at[ns].anonymous && model->ns.at[ns].root == mount)
        nst_umount_tree(model, mount, false, true);
}
