/* Making, copying and freeing states. */
#include "model.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

/* Makes room for one more of SIZE bytes. */
static bool grow(struct nst_model *model, void **at, uint32_t len, uint32_t *cap, size_t more,
                 size_t size)
{
    size_t wanted = *cap ? *cap : 32;
    void *room;

    if (len + more <= *cap)
        return true;
    while (wanted < len + more)
        wanted *= 2;
    room = realloc(*at, wanted * size);
    if (!room) {
        model->failed = true;
        return false;
    }
    *at = room;
    *cap = (uint32_t)wanted;
    return true;
}

#define TAKE(model, pool)                                                                          \
    (grow(model, (void **)&(model)->pool.at, (model)->pool.len, &(model)->pool.cap, 1,             \
          sizeof(*(model)->pool.at))                                                               \
         ? (memset(&(model)->pool.at[(model)->pool.len], 0, sizeof(*(model)->pool.at)),            \
            (model)->pool.len++)                                                                   \
         : 0)

uint32_t nst_model_text(struct nst_model *model, const char *text, size_t len)
{
    uint32_t at = model->text.len;

    if (!grow(model, (void **)&model->text.at, at, &model->text.cap, len + 1, 1))
        return 0;
    memcpy(model->text.at + at, text, len);
    model->text.at[at + len] = '\0';
    model->text.len += (uint32_t)len + 1;
    return at;
}

uint32_t nst_model_new_node(struct nst_model *model)
{
    return TAKE(model, node);
}

uint32_t nst_model_new_fs(struct nst_model *model, enum fs_type type, uint32_t user)
{
    uint32_t fs = TAKE(model, fs), root = nst_model_new_node(model);

    model->fs.at[fs].type = (uint8_t)type;
    model->fs.at[fs].user = user;
    model->fs.at[fs].root = root;
    model->node.at[root].fs = fs;
    model->node.at[root].parent = root;
    return fs;
}

uint32_t nst_model_new_mount(struct nst_model *model)
{
    return TAKE(model, mount);
}

uint32_t nst_model_new_group(struct nst_model *model, uint32_t master)
{
    uint32_t group = TAKE(model, group);

    model->group.at[group].master = master;
    return group;
}

uint32_t nst_model_new_ns(struct nst_model *model, uint32_t user, bool anonymous)
{
    uint32_t ns = TAKE(model, ns);

    model->ns.at[ns].user = user;
    model->ns.at[ns].anonymous = anonymous;
    return ns;
}

uint32_t nst_model_new_user(struct nst_model *model, uint32_t parent)
{
    uint32_t user = TAKE(model, user);

    model->user.at[user].parent = parent;
    return user;
}

uint32_t nst_model_new_where(struct nst_model *model)
{
    uint32_t where = TAKE(model, where);

    model->where.at[where].users = 1;
    return where;
}

uint32_t nst_model_new_file(struct nst_model *model)
{
    uint32_t file = TAKE(model, file);

    model->file.at[file].users = 1;
    return file;
}

uint32_t nst_model_new_context(struct nst_model *model)
{
    return TAKE(model, context);
}

uint32_t nst_model_new_actor(struct nst_model *model)
{
    return TAKE(model, actor);
}

int nst_model_dont_know(struct nst_model *model, const char *why)
{
    model->unknown = why;
    return UNKNOWN;
}

const char *nst_model_unknown(const struct nst_model *model)
{
    return model->unknown;
}

static uint32_t mount_fs(struct nst_model *model, uint32_t fs, const char *source, uint32_t attr)
{
    uint32_t mount = nst_model_new_mount(model);

    model->mount.at[mount].root = model->fs.at[fs].root;
    model->mount.at[mount].source = nst_model_text(model, source, strlen(source));
    model->mount.at[mount].attr = attr;
    return mount;
}

/* The small fixed tree: see ns-tool(1). */
static uint32_t make_tree(struct nst_model *model, uint32_t root)
{
    uint32_t proc;

    nst_node_add(model, root, "mnt", 3, NODE_DIRECTORY);
    nst_node_add(model, root, "tmp", 3, NODE_DIRECTORY);
    for (char name = 'a'; name <= 'd'; name++) {
        uint32_t node = nst_node_add(model, root, &name, 1, NODE_DIRECTORY);

        for (char below = 'a'; below <= 'd'; below++)
            nst_node_add(model, node, &below, 1, NODE_DIRECTORY);
    }
    proc = nst_node_add(model, root, "proc", 4, NODE_DIRECTORY);
    return proc;
}

/* The parent stands on a mount that nobody sees, the initial root file system's: nothing is ever
 * mounted as the root of a namespace itself but that (init/do_mounts.c). */
static void make_start(struct nst_model *model)
{
    enum { NOSUID = 2, NODEV = 4, NOEXEC = 8 };
    /* the first of each is nothing */
    uint32_t first = nst_model_new_user(model, 0), user, ns, rootfs, root, proc, at, where, actor;

    user = model->features.privileged ? first : nst_model_new_user(model, first);
    model->ns_files = nst_model_new_fs(model, FS_NSFS, first);
    ns = nst_model_new_ns(model, user, false);
    rootfs = mount_fs(model, nst_model_new_fs(model, FS_ROOTFS, first), "rootfs", 0);
    root = mount_fs(model, nst_model_new_fs(model, FS_TMPFS, user), "tmpfs", NOSUID | NODEV);
    at = make_tree(model, model->mount.at[root].root);
    proc = mount_fs(model, nst_model_new_fs(model, FS_PROC, user), "proc", NOSUID | NODEV | NOEXEC);
    model->proc_point = at;
    model->proc_link = nst_model_new_node(model);
    model->node.at[model->proc_link].fs = model->node.at[model->mount.at[proc].root].fs;
    model->node.at[model->proc_link].kind = NODE_LINK;
    model->ns.at[ns].root = rootfs;
    nst_mount_attach(model, root, (struct place){rootfs, model->mount.at[rootfs].root});
    nst_mount_attach(model, proc, (struct place){root, at});
    nst_mount_enter(model, rootfs, ns);
    nst_group_change(model, root, MS_SHARED);
    nst_group_change(model, proc, MS_SHARED);
    /* below the host, which is more privileged */
    model->mount.at[root].locked = !model->features.privileged;
    model->mount.at[proc].lock = model->features.privileged ? 0 : ATIME_MASK;
    where = nst_model_new_where(model);
    model->where.at[where].root = model->where.at[where].cwd =
        (struct place){root, model->mount.at[root].root};
    actor = nst_model_new_actor(model);
    model->actor.at[actor] = (struct actor){.user = user, .ns = ns, .where = where, .alive = true};
}

#define FOR_EACH_POOL(do)                                                                          \
    do                                                                                             \
    (text) do(node) do(fs) do(mount) do(group) do(ns) do(user) do(where) do(file) do(context) do(  \
        actor)

/* The first of each is nothing, and is there before anything else: what couldn't be made for lack
 * of memory is that. */
static bool make_nothing(struct nst_model *model)
{
#define MAKE(pool) (void)TAKE(model, pool);
    FOR_EACH_POOL(MAKE)
    if (model->failed)
        return false;
    model->text.at[0] = '\0';
    model->actor.len = 0; /* the first of these is the observer */
    model->mount.at[0].attr =
        ATIME_STRICT; /* on which namespaces' files are before they are mounted */
    model->mount.at[0].source = nst_model_text(model, "nsfs", 4);
    return !model->failed;
}

int nst_model_new(const struct nst_model_features *features, struct nst_model **ret_model)
{
    struct nst_model *model = calloc(1, sizeof *model);

    *ret_model = NULL;
    if (!model)
        return -ENOMEM;
    if (features)
        model->features = *features;
    if (make_nothing(model))
        make_start(model);
    if (model->failed) {
        nst_model_free(model);
        return -ENOMEM;
    }
    *ret_model = model;
    return 0;
}

void nst_model_free(struct nst_model *model)
{
    if (!model)
        return;
#define FREE(pool) free(model->pool.at);
    FOR_EACH_POOL(FREE)
    free(model);
}

int nst_model_copy(const struct nst_model *model, struct nst_model **ret_copy)
{
    struct nst_model *copy = malloc(sizeof *copy);
    bool failed = false;

    *ret_copy = NULL;
    if (!copy)
        return -ENOMEM;
    *copy = *model;
#define COPY(pool)                                                                                 \
    copy->pool.cap = model->pool.len;                                                              \
    copy->pool.at = malloc(model->pool.len * sizeof(*model->pool.at));                             \
    if (copy->pool.at)                                                                             \
        memcpy(copy->pool.at, model->pool.at, model->pool.len * sizeof(*model->pool.at));          \
    failed |= !copy->pool.at;
    FOR_EACH_POOL(COPY)
    if (failed) {
        nst_model_free(copy);
        return -ENOMEM;
    }
    *ret_copy = copy;
    return 0;
}
