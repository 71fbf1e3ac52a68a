/* What a process sees of its namespace: proc_pid_mountinfo(5); fs/proc_namespace.c,
 * show_mountinfo(). */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#define PATH_ROOM 8192

/* Puts `/name` in front of what stands at *AT in BUFFER. */
static bool prepend(const struct nst_model *model, uint32_t node, char *buffer, size_t *at)
{
    const char *name = model->text.at + model->node.at[node].name;
    size_t len = strlen(name);

    if (len + 1 > *at)
        return false;
    *at -= len + 1;
    buffer[*at] = '/';
    memcpy(buffer + *at + 1, name, len);
    return true;
}

/* The mount point of MOUNT from ROOT, as seq_path_root() gives it. NULL: it can't be reached. */
static const char *point_of(const struct nst_model *model, uint32_t mount, struct place root,
                            char buffer[PATH_ROOM])
{
    struct place at = {mount, model->mount.at[mount].root};
    size_t start = PATH_ROOM - 1;

    buffer[start] = '\0';
    while (at.mount != root.mount || at.node != root.node) {
        if (nst_mount_is_root(model, at)) {
            if (!model->mount.at[at.mount].parent)
                return NULL;
            at = (struct place){model->mount.at[at.mount].parent, model->mount.at[at.mount].at};
            continue;
        }
        if (at.node == model->node.at[at.node].parent || !prepend(model, at.node, buffer, &start))
            return NULL;
        at.node = model->node.at[at.node].parent;
    }
    if (!buffer[start])
        buffer[--start] = '/';
    return buffer + start;
}

static const char *root_of(const struct nst_model *model, uint32_t node, char buffer[PATH_ROOM],
                           bool *ret_deleted)
{
    static const char deleted[] = "//deleted";
    size_t start = PATH_ROOM - 1;
    bool gone = model->node.at[node].gone;

    *ret_deleted = gone;
    buffer[start] = '\0';
    if (model->node.at[node].kind == NODE_NAMESPACE)
        return model->node.at[node].type == NS_MOUNT  ? "mnt:[]"
               : model->node.at[node].type == NS_USER ? "user:[]"
                                                      : "ns:[]";
    if (gone) {
        start -= sizeof deleted - 1;
        memcpy(buffer + start, deleted, sizeof deleted);
    }
    for (; node != model->node.at[node].parent; node = model->node.at[node].parent)
        if (!prepend(model, node, buffer, &start))
            break;
    if (!buffer[start] || !strcmp(buffer + start, deleted))
        buffer[--start] = '/';
    return buffer + start;
}

/* show_mnt_opts(), and ro or rw before it */
static void options_of(const struct mount *mount, char text[160])
{
    static const struct {
        uint32_t bit;
        const char *name;
    } names[] = {{0x2, ",nosuid"}, {0x4, ",nodev"}, {0x8, ",noexec"}};

    strcpy(text, mount->attr & 0x1 ? "ro" : "rw");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (mount->attr & names[i].bit)
            strcat(text, names[i].name);
    if ((mount->attr & ATIME_MASK) == ATIME_NOATIME)
        strcat(text, ",noatime");
    if (mount->attr & 0x80)
        strcat(text, ",nodiratime");
    if ((mount->attr & ATIME_MASK) == 0)
        strcat(text, ",relatime");
    if (mount->attr & 0x00200000)
        strcat(text, ",nosymfollow");
    if (mount->idmap)
        strcat(text, ",idmapped");
}

static void super_options_of(const struct fs *fs, char text[80])
{
    strcpy(text, fs->readonly ? "ro" : "rw");
    if (fs->flags & MS_SYNCHRONOUS)
        strcat(text, ",sync");
    if (fs->flags & MS_DIRSYNC)
        strcat(text, ",dirsync");
    if (fs->flags & MS_MANDLOCK)
        strcat(text, ",mand");
    if (fs->flags & MS_LAZYTIME)
        strcat(text, ",lazytime");
}

/* The nearest group above MASTER that the process sees a mount of (get_dominating_id()). */
static uint32_t dominating(const struct nst_model *model, uint32_t ns, struct place root,
                           uint32_t master)
{
    char buffer[PATH_ROOM];

    for (; master; master = model->group.at[master].master)
        for (uint32_t i = 1; i < model->mount.len; i++)
            if (model->mount.at[i].ns == ns && model->mount.at[i].group == master &&
                point_of(model, i, root, buffer))
                return master;
    return 0;
}

static const char *const type_names[FS_TYPES] = {[FS_ROOTFS] = "rootfs",
                                                 [FS_TMPFS] = "tmpfs",
                                                 [FS_RAMFS] = "ramfs",
                                                 [FS_PROC] = "proc",
                                                 [FS_NSFS] = "nsfs"};

static int show(const struct nst_model *model, uint32_t index, uint32_t ns, struct place root,
                struct nst_table *table)
{
    const struct mount *mount = &model->mount.at[index];
    const struct fs *fs = &model->fs.at[model->node.at[mount->root].fs];
    char point[PATH_ROOM], whole[PATH_ROOM], options[160], super[80];
    struct nst_mount shown = {.id = index,
                              .parent_id = mount->parent ? mount->parent : index,
                              .minor = model->node.at[mount->root].fs,
                              .peer_group = mount->group,
                              .master = mount->master,
                              .unbindable = mount->unbindable,
                              .options = options,
                              .super_options = super,
                              .source = model->text.at + mount->source};

    shown.point = (char *)point_of(model, index, root, point);
    if (!shown.point)
        return 0;
    shown.type = (char *)type_names[fs->type];
    shown.root = (char *)root_of(model, mount->root, whole, &shown.deleted);
    options_of(mount, options);
    super_options_of(fs, super);
    if (mount->master) {
        uint32_t above = dominating(model, ns, root, mount->master);

        shown.propagate_from = above == mount->master ? 0 : above;
    }
    return nst_table_add(table, &shown);
}

int nst_model_table(const struct nst_model *model, uint32_t actor, struct nst_table *ret_table)
{
    uint32_t index = actor ? nst_actor_index(model, actor) : 0, ns = model->actor.at[index].ns;
    struct place root = model->where.at[model->actor.at[index].where].root;
    int r = 0;

    if ((actor && !index) || !model->actor.at[index].alive)
        return -ESRCH;
    ret_table->view = NST_VIEW_MOUNTINFO;
    for (uint32_t i = 1; i < model->mount.len && !r; i++)
        if (model->mount.at[i].ns == ns)
            r = show(model, i, ns, root, ret_table);
    if (r < 0)
        nst_table_free(ret_table);
    return r;
}

uint32_t nst_model_ns(const struct nst_model *model, uint32_t actor)
{
    uint32_t index = actor ? nst_actor_index(model, actor) : 0;

    return (actor && !index) || !model->actor.at[index].alive ? 0 : model->actor.at[index].ns;
}
