/* Processes and their namespaces: unshare(2), setns(2), clone(2), exit_group(2), kill(2). */
#include "model.h"

#include <sched.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

/* Whether the root isn't the namespace's own. */
static bool is_chrooted(const struct nst_model *model, const struct actor *actor)
{
    uint32_t top = model->ns.at[actor->ns].root;
    struct place root = {top, model->mount.at[top].root}, own = model->where.at[actor->where].root;

    root = nst_mount_top(model, root);
    return root.mount != own.mount || root.node != own.node;
}

/* Whether ACTOR may make a user namespace: 32 may be nested in each other, below the initial one
 * and what is its own (user_namespaces(7), ENOSPC; create_user_ns()), and who is in a chroot makes
 * none (EPERM). A sandbox that is itself in nested ones has fewer: nobody in it can tell. */
static int may_make_user(const struct nst_model *model, const struct actor *actor)
{
    uint32_t level = 0;

    for (uint32_t user = model->user.at[actor->user].parent; user; level++)
        user = model->user.at[user].parent;
    return level > 32 ? -ENOSPC : is_chrooted(model, actor) ? -EPERM : 0;
}

int nst_model_unshare(struct nst_model *model, struct actor *actor, const struct nst_call *call)
{
    const uint64_t known = CLONE_THREAD | CLONE_FS | CLONE_NEWNS | CLONE_SIGHAND | CLONE_VM |
                           CLONE_FILES | CLONE_SYSVSEM | CLONE_NEWUTS | CLONE_NEWIPC |
                           CLONE_NEWNET | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWCGROUP |
                           CLONE_NEWTIME;
    uint64_t flags = call->arg[0].num;
    uint32_t user = actor->user;
    int r;

    if (flags & ~known)
        return -EINVAL;
    if (flags & CLONE_NEWPID)
        return nst_model_dont_know(model, "pid namespaces");
    r = flags & CLONE_NEWUSER ? may_make_user(model, actor) : 0;
    if (r)
        return r;
    if (flags & CLONE_NEWTIME && !nst_model_has(model, NST_HAS_TIME_NS))
        return -EINVAL;
    if (flags & CLONE_NEWNS && nst_ns_is_full(model))
        return -ENOSPC;
    if (flags & CLONE_NEWUSER)
        user = nst_model_new_user(model, actor->user);
    if (flags & (CLONE_FS | CLONE_NEWNS | CLONE_NEWUSER) &&
        model->where.at[actor->where].users > 1) {
        uint32_t where = nst_where_copy(model, actor->where);

        nst_where_put(model, actor->where);
        actor->where = where;
    }
    actor->user = user;
    if (flags & CLONE_NEWNS)
        actor->ns = nst_ns_copy(model, actor->ns, user, &model->where.at[actor->where]);
    nst_ns_reap(model);
    return 0;
}

static int enter_user(struct nst_model *model, struct actor *actor, uint32_t user)
{
    if (user == actor->user || model->where.at[actor->where].users > 1)
        return -EINVAL;
    if (!nst_capable(model, actor, user))
        return -EPERM;
    actor->user = user;
    return 0;
}

static int enter_mount(struct nst_model *model, struct actor *actor, uint32_t ns)
{
    uint32_t top = model->ns.at[ns].root;
    struct whereabouts *where = &model->where.at[actor->where];

    if (!nst_capable(model, actor, model->ns.at[ns].user))
        return -EPERM;
    if (where->users > 1)
        return -EINVAL;
    actor->ns = ns;
    where->root = where->cwd = nst_mount_top(model, (struct place){top, model->mount.at[top].root});
    nst_ns_reap(model);
    return 0;
}

int nst_model_setns(struct nst_model *model, struct actor *actor, const struct nst_call *call)
{
    const struct file *file = nst_fd_find(model, actor, call->arg[0].num);
    const struct node *node = file ? &model->node.at[file->at.node] : NULL;
    int type = (int)call->arg[1].num, own;

    if (!file || file->path_only)
        return -EBADF;
    if (file->kind != FILE_PLACE || node->kind != NODE_NAMESPACE)
        return -EINVAL;
    own = node->type == NS_MOUNT ? CLONE_NEWNS : CLONE_NEWUSER;
    if (type && type != own)
        return -EINVAL;
    return node->type == NS_MOUNT ? enter_mount(model, actor, node->target)
                                  : enter_user(model, actor, node->target);
}

/* The name that the sequence expects, or one more than the highest. */
static uint32_t name_actor(const struct nst_model *model, const struct nst_result *expect)
{
    uint64_t name = expect->kind == NST_SUCCEEDS ? (uint64_t)expect->value : 0;

    if (name && name <= INT32_MAX && !nst_actor_index(model, name))
        return (uint32_t)name;
    name = 1;
    for (uint32_t i = 1; i < model->actor.len; i++)
        if (model->actor.at[i].name >= name)
            name = (uint64_t)model->actor.at[i].name + 1;
    return (uint32_t)name;
}

/* What a sandbox leaves of a clone's flags: an actor is always a process. */
static uint64_t flags_of(const struct nst_call *call)
{
    const uint64_t kept = CLONE_NEWTIME | CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
                          CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_FS;

    if (call->id == NST_CALL_FORK || call->id == NST_CALL_VFORK)
        return 0;
    return call->arg[0].num & kept & (call->id == NST_CALL_CLONE ? ~UINT64_C(0xff) : ~UINT64_C(0));
}

int nst_model_clone(struct nst_model *model, struct actor *actor, const struct nst_call *call)
{
    uint64_t flags = flags_of(call);
    uint32_t index, made, name = name_actor(model, &call->expect), user = actor->user;
    int r;

    if (model->actor.len > NST_ACTORS_MAX)
        return -EAGAIN;
    if (flags & CLONE_FS && flags & (CLONE_NEWNS | CLONE_NEWUSER))
        return -EINVAL;
    r = flags & CLONE_NEWUSER ? may_make_user(model, actor) : 0;
    if (r)
        return r;
    if (flags & CLONE_NEWTIME && !nst_model_has(model, NST_HAS_TIME_NS))
        return -EINVAL;
    if (flags & CLONE_NEWNS && nst_ns_is_full(model))
        return -ENOSPC;
    if (flags & CLONE_NEWUSER)
        user = nst_model_new_user(model, user);
    index = (uint32_t)(actor - model->actor.at);
    made = nst_model_new_actor(model);
    actor = &model->actor.at[index]; /* it may have moved */
    if (!made)
        return 0;
    model->actor.at[made] = *actor;
    model->actor.at[made].name = name;
    model->actor.at[made].user = user;
    model->actor.at[made].begins = flags & CLONE_NEWPID;
    if (flags & CLONE_NEWPID)
        model->actor.at[made].pid_ns = ++model->pid_spaces;
    for (uint32_t i = 0; i < actor->fds; i++)
        model->file.at[actor->fd[i].file].users++;
    if (flags & CLONE_FS)
        model->where.at[actor->where].users++;
    else
        model->actor.at[made].where = nst_where_copy(model, actor->where);
    if (flags & CLONE_NEWNS)
        model->actor.at[made].ns =
            nst_ns_copy(model, actor->ns, user, &model->where.at[model->actor.at[made].where]);
    return (int)name;
}

static void end(struct nst_model *model, struct actor *actor)
{
    actor->alive = false;
    while (actor->fds)
        nst_file_put(model, actor->fd[--actor->fds].file);
    nst_where_put(model, actor->where);
    nst_ns_reap(model);
}

void nst_model_end(struct nst_model *model)
{
    for (uint32_t i = 1; i < model->actor.len; i++)
        if (model->actor.at[i].alive)
            end(model, &model->actor.at[i]);
}

int nst_model_exit(struct nst_model *model, struct actor *actor, const struct nst_call *call)
{
    (void)call;
    if (actor->begins)
        return nst_model_dont_know(model, "the end of a pid namespace's init");
    end(model, actor);
    return 0;
}

int nst_model_kill(struct nst_model *model, struct actor *actor, const struct nst_call *call)
{
    uint32_t index = nst_actor_index(model, call->arg[0].num);
    int number = (int)call->arg[1].num;

    if (!index || !model->actor.at[index].alive)
        return -ESRCH;
    if (model->pid_spaces)
        return nst_model_dont_know(model, "signals beside other pid namespaces");
    /* a sandbox lets nobody signal whom he has no power over */
    if (&model->actor.at[index] != actor && !nst_capable(model, actor, model->actor.at[index].user))
        return -ESRCH;
    if (number < 0 || number > 64)
        return -EINVAL;
    switch (nst_signal_effect(number)) {
    case NST_SIGNAL_STOPS:
        return nst_model_dont_know(model, "a stopped actor");
    case NST_SIGNAL_ENDS:
        end(model, &model->actor.at[index]);
        break;
    case NST_SIGNAL_IGNORED:
        break;
    }
    return 0;
}
