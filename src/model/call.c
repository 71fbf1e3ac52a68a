/* One call after the other. */
#include "model.h"

static call_function *const functions[NST_CALLS] = {
    [NST_CALL_UNSHARE] = nst_model_unshare,
    [NST_CALL_SETNS] = nst_model_setns,
    [NST_CALL_CLONE] = nst_model_clone,
    [NST_CALL_CLONE3] = nst_model_clone,
    [NST_CALL_FORK] = nst_model_clone,
    [NST_CALL_VFORK] = nst_model_clone,
    [NST_CALL_EXIT_GROUP] = nst_model_exit,
    [NST_CALL_KILL] = nst_model_kill,
    [NST_CALL_MKDIR] = nst_model_mkdir,
    [NST_CALL_MKDIRAT] = nst_model_mkdir,
    [NST_CALL_RMDIR] = nst_model_rmdir,
    [NST_CALL_UNLINK] = nst_model_rmdir,
    [NST_CALL_UNLINKAT] = nst_model_rmdir,
    [NST_CALL_SYMLINK] = nst_model_symlink,
    [NST_CALL_RENAME] = nst_model_rename,
    [NST_CALL_RENAMEAT2] = nst_model_rename,
    [NST_CALL_OPEN] = nst_model_open,
    [NST_CALL_OPENAT] = nst_model_open,
    [NST_CALL_CLOSE] = nst_model_close,
    [NST_CALL_CHDIR] = nst_model_chdir,
    [NST_CALL_FCHDIR] = nst_model_fchdir,
    [NST_CALL_CHROOT] = nst_model_chdir,
    [NST_CALL_MOUNT] = nst_model_mount,
    [NST_CALL_UMOUNT2] = nst_model_umount,
    [NST_CALL_PIVOT_ROOT] = nst_model_pivot_root,
    [NST_CALL_OPEN_TREE] = nst_model_open_tree,
    [NST_CALL_OPEN_TREE_ATTR] = nst_model_open_tree,
    [NST_CALL_MOVE_MOUNT] = nst_model_move_mount,
    [NST_CALL_FSOPEN] = nst_model_fsopen,
    [NST_CALL_FSCONFIG] = nst_model_fsconfig,
    [NST_CALL_FSMOUNT] = nst_model_fsmount,
    [NST_CALL_FSPICK] = nst_model_fspick,
    [NST_CALL_MOUNT_SETATTR] = nst_model_setattr,
};

/* The first one that acts starts in the parent, beside the observer. */
static uint32_t first_actor(struct nst_model *model, uint32_t name)
{
    uint32_t index = nst_model_new_actor(model);

    if (!index)
        return 0;
    model->actor.at[index] = model->actor.at[0];
    model->actor.at[index].name = name;
    model->actor.at[index].where = nst_where_copy(model, model->actor.at[0].where);
    return index;
}

int nst_model_call(struct nst_model *model, const struct nst_call *call,
                   struct nst_model_answer *ret_answer)
{
    uint32_t index = model->actor.len > 1 ? nst_actor_index(model, call->actor)
                                          : first_actor(model, call->actor);
    int r;

    *ret_answer = (struct nst_model_answer){.kind = NST_ANSWER_NONE};
    if (!index || !model->actor.at[index].alive)
        return model->failed ? -ENOMEM : 0;
    model->why = NULL;
    r = nst_call_is_refused(call, model->features.privileged)
            ? -EPERM
            : functions[call->id](model, &model->actor.at[index], call);
    if (model->failed)
        return -ENOMEM;
    if (r == UNKNOWN)
        return -EOPNOTSUPP;
    if (!model->actor.at[index].alive)
        ret_answer->kind = NST_ANSWER_ENDED;
    else if (r < 0)
        *ret_answer = (struct nst_model_answer){NST_ANSWER_ERROR, 0, -r, model->why};
    else
        *ret_answer = (struct nst_model_answer){NST_ANSWER_VALUE, r, 0, NULL};
    return 0;
}
