/* File systems step by step: fsopen(2), fsconfig(2), fsmount(2), fspick(2); fs/fsopen.c. */
#include "model.h"

#include <string.h>
#include <sys/mount.h>

static int open_context(struct nst_model *model, struct actor *actor, struct context context,
                        const struct nst_result *expect)
{
    uint32_t file = nst_model_new_file(model), index = nst_model_new_context(model);

    model->context.at[index] = context;
    model->file.at[file].kind = FILE_CONTEXT;
    model->file.at[file].context = index;
    return nst_fd_add(model, actor, file, expect);
}

int nst_model_fsopen(struct nst_model *model, struct actor *actor, const struct nst_call *call)
{
    const char *name = call->arg[0].str;
    int type;

    if (!nst_may_mount(model, actor))
        return -EPERM;
    if ((unsigned)call->arg[1].num & ~1U)
        return -EINVAL;
    if (!name)
        return -EFAULT;
    if (strlen(name) >= 4096)
        return -EINVAL;
    type = nst_fs_type_of(model, actor, name);
    if (type < 0)
        return type;
    return open_context(
        model, actor,
        (struct context){.type = (uint8_t)type, .user = nst_fs_user(model, actor, type)},
        &call->expect);
}

int nst_model_fspick(struct nst_model *model, struct actor *actor, const struct nst_call *call)
{
    unsigned flags = (unsigned)call->arg[2].num;
    struct walk walk;
    uint32_t fs;
    int r;

    if (!nst_may_mount(model, actor))
        return -EPERM;
    if (flags & ~0xfU)
        return -EINVAL;
    r = nst_path_walk(model, actor, call->arg[0].num, call->arg[1].str,
                      (flags & 2 ? 0 : WALK_FOLLOW) | (flags & 8 ? WALK_EMPTY : 0), &walk);
    if (r)
        return r;
    if (!nst_mount_is_root(model, walk.at))
        return -EINVAL;
    fs = model->node.at[walk.at.node].fs;
    if (model->fs.at[fs].type == FS_NSFS)
        return nst_model_dont_know(model, "a namespace's file to be reconfigured");
    return open_context(
        model, actor,
        (struct context){.type = model->fs.at[fs].type, .fs = fs, .phase = PHASE_RECONFIGURE},
        &call->expect);
}

static bool set_flag(struct context *context, const char *key)
{
    const struct fs_flag *flag = nst_fs_flag(key, strlen(key));

    if (!flag)
        return false;
    context->flags = flag->set ? context->flags | flag->flag : context->flags & ~flag->flag;
    context->mask |= flag->flag;
    return true;
}

enum {
    SET_FLAG,
    SET_STRING,
    SET_BINARY,
    SET_PATH,
    SET_PATH_EMPTY,
    SET_FD,
    CREATE,
    RECONFIGURE,
    CREATE_EXCL
};

/* The arguments that each command takes: fsconfig(2), EINVAL */
static bool has_arguments(struct nst_model *model, const struct actor *actor, unsigned command,
                          const struct nst_call *call)
{
    bool fd = nst_fd_find(model, actor, call->arg[4].num) != NULL;
    const char *key = call->arg[2].str, *value = call->arg[3].str;
    int aux = (int)call->arg[4].num;

    switch (command) {
    case SET_FLAG:
        return key && !value && !aux;
    case SET_STRING:
        return key && value && !aux;
    case SET_BINARY:
        return key && value && aux > 0 && aux <= 1024 * 1024 && (size_t)aux <= strlen(value);
    case SET_PATH:
    case SET_PATH_EMPTY:
        return key && value && (fd || call->arg[4].num == NST_AT_FDCWD);
    case SET_FD:
        return key && !value && fd;
    default:
        return !key && !value && !aux;
    }
}

/* The value as the kernel takes it over, before what it is for is looked at. */
static int take_value(struct nst_model *model, const struct actor *actor, unsigned command,
                      const struct nst_call *call)
{
    size_t len = call->arg[3].str ? strlen(call->arg[3].str) : 0;

    switch (command) {
    case SET_STRING:
        return len < 256 ? 0 : -EINVAL;
    case SET_PATH:
    case SET_PATH_EMPTY:
        return len >= 4096 ? -ENAMETOOLONG : len || command == SET_PATH_EMPTY ? 0 : -ENOENT;
    case SET_FD:
        return !nst_fd_find(model, actor, call->arg[4].num)->path_only ||
                       nst_model_has(model, NST_HAS_CONFIG_OF_PATHS)
                   ? 0
                   : -EBADF;
    default:
        return 0;
    }
}

static int set(struct nst_model *model, uint32_t index, unsigned command,
               const struct nst_call *call)
{
    struct context *context = &model->context.at[index];
    const char *key = call->arg[2].str;

    if (context->phase != PHASE_CREATE && context->phase != PHASE_RECONFIGURE)
        return -EBUSY;
    if (set_flag(context, key)) /* whatever its value is */
        return 0;
    if (command > SET_STRING)
        return nst_fs_other_parameter(model, (enum fs_type)context->type, key);
    if (strcmp(key, "source") != 0)
        return nst_fs_parameter(model, (enum fs_type)context->type, key, call->arg[3].str);
    if (command != SET_STRING || context->has_source)
        return -EINVAL;
    context->has_source = true;
    context->source = nst_model_text(model, call->arg[3].str, strlen(call->arg[3].str));
    return 0;
}

static int create(struct nst_model *model, const struct actor *actor, uint32_t index)
{
    struct context *context = &model->context.at[index];
    uint32_t fs;

    if (context->phase != PHASE_CREATE)
        return -EBUSY;
    if (!nst_capable(model, actor, context->user))
        return -EPERM;
    fs = nst_model_new_fs(model, (enum fs_type)context->type, context->user);
    nst_fs_remount(model, fs, context->flags, context->mask);
    context->fs = fs;
    context->phase = PHASE_CREATED;
    return 0;
}

static int reconfigure(struct nst_model *model, const struct actor *actor, uint32_t index)
{
    struct context *context = &model->context.at[index];
    int r;

    if (context->phase != PHASE_RECONFIGURE)
        return -EBUSY;
    if (!nst_capable(model, actor, model->fs.at[context->fs].user)) {
        context->phase = PHASE_FAILED;
        return -EPERM;
    }
    r = nst_fs_remount(model, context->fs, context->flags, context->mask);
    if (r)
        context->phase = PHASE_FAILED;
    context->flags = context->mask = 0;
    context->has_source = false;
    return r;
}

int nst_model_fsconfig(struct nst_model *model, struct actor *actor, const struct nst_call *call)
{
    unsigned command = (unsigned)call->arg[1].num;
    const struct file *file;
    int r;

    if (command == SET_BINARY && !has_arguments(model, actor, command, call))
        return -EINVAL;
    file = nst_fd_find(model, actor, call->arg[0].num);
    if (!file) /* which no kernel's number is: it gets -1 */
        return -EINVAL;
    if (command > CREATE_EXCL ||
        (command == CREATE_EXCL && !nst_model_has(model, NST_HAS_CREATE_EXCL)))
        return -EOPNOTSUPP;
    if (!has_arguments(model, actor, command, call))
        return -EINVAL;
    if (file->path_only)
        return -EBADF;
    if (file->kind != FILE_CONTEXT)
        return -EINVAL;
    if (call->arg[2].str && strlen(call->arg[2].str) >= 256)
        return -EINVAL;
    switch (command) {
    case CREATE:
    case CREATE_EXCL: /* each of these types makes a new superblock every time (get_tree_nodev()) */
        return create(model, actor, file->context);
    case RECONFIGURE:
        return reconfigure(model, actor, file->context);
    default:
        r = take_value(model, actor, command, call);
        return r ? r : set(model, file->context, command, call);
    }
}

int nst_model_fsmount(struct nst_model *model, struct actor *actor, const struct nst_call *call)
{
    uint32_t attr = (uint32_t)call->arg[2].num, times = attr & ATIME_MASK, lock, mount, ns, index;
    const struct file *file;
    struct context *context;
    int r;

    if (!nst_may_mount(model, actor))
        return -EPERM;
    if ((unsigned)call->arg[1].num & ~1U || attr & ~(uint32_t)(0xff | 0x00200000) ||
        (times && times != ATIME_NOATIME && times != ATIME_STRICT))
        return -EINVAL;
    file = nst_fd_find(model, actor, call->arg[0].num);
    if (!file || file->path_only)
        return -EBADF;
    if (file->kind != FILE_CONTEXT)
        return -EINVAL;
    context = &model->context.at[file->context];
    if (!context->fs)
        return -EINVAL;
    r = nst_check_revealing(model, actor, context->fs, attr, &lock);
    if (r)
        return r;
    if (context->phase != PHASE_CREATED)
        return -EBUSY;
    if (nst_ns_is_full(model)) { /* the context was made ready for its next use already */
        context->phase = PHASE_RECONFIGURE;
        context->flags = context->mask = 0;
        context->has_source = false;
        return -ENOSPC;
    }
    mount = nst_model_new_mount(model);
    model->mount.at[mount].root = model->fs.at[context->fs].root;
    model->mount.at[mount].attr = attr;
    model->mount.at[mount].lock = lock;
    model->mount.at[mount].source =
        context->has_source ? context->source : nst_model_text(model, "none", 4);
    context->phase = PHASE_RECONFIGURE;
    context->flags = context->mask = 0;
    context->has_source = false;
    ns = nst_model_new_ns(model, model->ns.at[actor->ns].user, true);
    model->ns.at[ns].root = mount;
    nst_mount_enter(model, mount, ns);
    index = nst_model_new_file(model);
    model->file.at[index].at = (struct place){mount, model->mount.at[mount].root};
    model->file.at[index].path_only = model->file.at[index].dissolves = true;
    return nst_fd_add(model, actor, index, &call->expect);
}
