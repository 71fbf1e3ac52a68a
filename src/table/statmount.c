/* Reading a mount table by listmount(2) and statmount(2), without /proc.
 *
 * The answer is brought into mountinfo's terms, so that the views can be held against each other:
 * options are written in the order of show_vfsmnt_opts() and show_sb_opts() in fs/proc_namespace.c,
 * and ids are the old ones.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ns-tool/mount_abi.h>

#include "internal.h"

#define WANTED                                                                                     \
    (STATMOUNT_SB_BASIC | STATMOUNT_MNT_BASIC | STATMOUNT_PROPAGATE_FROM | STATMOUNT_MNT_ROOT |    \
     STATMOUNT_MNT_POINT | STATMOUNT_FS_TYPE | STATMOUNT_MNT_OPTS | STATMOUNT_FS_SUBTYPE |         \
     STATMOUNT_SB_SOURCE)

struct option {
    uint64_t flag;
    const char *text;
};

static const struct option mount_options[] = {
    {MOUNT_ATTR_NOSUID, ",nosuid"},           {MOUNT_ATTR_NODEV, ",nodev"},
    {MOUNT_ATTR_NOEXEC, ",noexec"},           {MOUNT_ATTR_NOATIME, ",noatime"},
    {MOUNT_ATTR_NODIRATIME, ",nodiratime"},   {MOUNT_ATTR_RELATIME, ",relatime"},
    {MOUNT_ATTR_NOSYMFOLLOW, ",nosymfollow"}, {MOUNT_ATTR_IDMAP, ",idmapped"},
};

static const struct option super_options[] = {
    /* include/linux/fs.h; SB_MANDLOCK isn't told by statmount(2) */
    {1 << 4, ",sync"},
    {1 << 7, ",dirsync"},
    {1 << 25, ",lazytime"},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static int request(long number, uint64_t ns, uint64_t id, uint64_t param, void *answer, size_t size)
{
    struct nst_mnt_id_req req = {.size = ns ? MNT_ID_REQ_SIZE_VER1 : MNT_ID_REQ_SIZE_VER0,
                                 .mnt_id = id,
                                 .param = param,
                                 .mnt_ns_id = ns};
    long n = syscall(number, &req, answer, size, 0);

    if (n >= 0)
        return (int)n;
    if (ns && errno == E2BIG) /* before 6.11 */
        return -EOPNOTSUPP;
    return -errno;
}

/* All ids, oldest first. The kernel refuses to list more than a million a call, and takes memory
 * for all asked for. */
static int list(uint64_t ns, uint64_t **ret_ids, size_t *ret_len)
{
    size_t len = 0, cap = 256;
    uint64_t *ids = malloc(cap * sizeof *ids);

    if (!ids)
        return -ENOMEM;
    for (;;) {
        size_t room = cap - len < 65536 ? cap - len : 65536;
        int n = request(__NR_listmount, ns, LSMT_ROOT, len ? ids[len - 1] : 0, ids + len, room);
        uint64_t *more;

        if (n < 0) {
            free(ids);
            return n;
        }
        len += (size_t)n;
        if ((size_t)n < room)
            break;
        if (len < cap)
            continue;
        more = reallocarray(ids, cap * 2, sizeof *ids);
        if (!more) {
            free(ids);
            return -ENOMEM;
        }
        ids = more;
        cap *= 2;
    }
    *ret_ids = ids;
    *ret_len = len;
    return 0;
}

/* Until all strings are written, text may move: a mount's char * hold offsets meanwhile. */
static char *start_string(const struct nst_growing *g)
{
    return (char *)(uintptr_t)g->len;
}

static void end_string(struct nst_growing *g)
{
    nst_growing_bytes(g, "", 1);
}

static char *add_string(struct nst_growing *g, const struct nst_statmount *sm, uint64_t flag,
                        uint32_t offset)
{
    char *start = start_string(g);

    nst_growing_string(g, sm->mask & flag ? sm->str + offset : "");
    end_string(g);
    return start;
}

static char *add_options(struct nst_growing *g, bool readonly, uint64_t flags,
                         const struct option *options, size_t count)
{
    char *start = start_string(g);

    nst_growing_string(g, readonly ? "ro" : "rw");
    for (size_t i = 0; i < count; i++) {
        bool set = options[i].flag ? flags & options[i].flag
                                   : !(flags & MOUNT_ATTR__ATIME); /* relatime is 0 */

        if (set)
            nst_growing_string(g, options[i].text);
    }
    return start;
}

static void fill(struct nst_mount *m, const struct nst_statmount *sm, struct nst_growing *g)
{
    *m = (struct nst_mount){
        .id = sm->mnt_id_old,
        .parent_id = sm->mnt_parent_id_old,
        .unique_id = sm->mnt_id,
        .major = sm->sb_dev_major,
        .minor = sm->sb_dev_minor,
        .peer_group = sm->mnt_peer_group,
        .master = sm->mnt_master,
        /* mountinfo leaves it out where it is the master itself */
        .propagate_from = sm->propagate_from == sm->mnt_master ? 0 : sm->propagate_from,
        .unbindable = sm->mnt_propagation & MS_UNBINDABLE,
    };
    m->root = add_string(g, sm, STATMOUNT_MNT_ROOT, sm->mnt_root);
    m->point = add_string(g, sm, STATMOUNT_MNT_POINT, sm->mnt_point);
    m->source = add_string(g, sm, STATMOUNT_SB_SOURCE, sm->sb_source);
    m->type = start_string(g);
    nst_growing_string(g, sm->mask & STATMOUNT_FS_TYPE ? sm->str + sm->fs_type : "");
    if (sm->mask & STATMOUNT_FS_SUBTYPE && sm->str[sm->fs_subtype]) {
        nst_growing_string(g, ".");
        nst_growing_string(g, sm->str + sm->fs_subtype);
    }
    end_string(g);
    m->options = add_options(g, sm->mnt_attr & MOUNT_ATTR_RDONLY, sm->mnt_attr, mount_options,
                             COUNT(mount_options));
    end_string(g);
    m->super_options =
        add_options(g, sm->sb_flags & 1, sm->sb_flags, super_options, COUNT(super_options));
    if (sm->mask & STATMOUNT_MNT_OPTS && sm->str[sm->mnt_opts]) {
        nst_growing_string(g, ",");
        nst_growing_string(g, sm->str + sm->mnt_opts);
    }
    end_string(g);
}

/* statmount(2) with an answer as large as it must be. */
static int stat_one(uint64_t ns, uint64_t id, struct nst_statmount **answer, size_t *size)
{
    for (;;) {
        int error = request(__NR_statmount, ns, id, WANTED, *answer, *size);
        struct nst_statmount *more;

        if (error != -EOVERFLOW)
            return error;
        more = realloc(*answer, *size * 2);
        if (!more)
            return -ENOMEM;
        *answer = more;
        *size *= 2;
    }
}

static void settle(struct nst_table *table)
{
    for (size_t i = 0; i < table->len; i++) {
        struct nst_mount *m = &table->mount[i];
        char **strings[] = {&m->root, &m->point,   &m->source,
                            &m->type, &m->options, &m->super_options};

        for (size_t j = 0; j < COUNT(strings); j++)
            *strings[j] = table->text + (uintptr_t)*strings[j];
        m->deleted = nst_ends_deleted(m->root) || nst_ends_deleted(m->point);
    }
}

int nst_table_read_statmount(uint64_t mnt_ns_id, struct nst_table *ret_table)
{
    struct nst_table table = {.view = NST_VIEW_STATMOUNT};
    struct nst_growing g = {0};
    struct nst_statmount *answer = NULL;
    uint64_t *ids = NULL;
    size_t len = 0, size = 16384;
    int error;

    *ret_table = (struct nst_table){0};
    error = list(mnt_ns_id, &ids, &len);
    if (error)
        return error;
    table.mount = calloc(len ? len : 1, sizeof *table.mount);
    table.cap = len;
    answer = malloc(size);
    if (!table.mount || !answer)
        error = -ENOMEM;
    for (size_t i = 0; !error && i < len; i++) {
        error = stat_one(mnt_ns_id, ids[i], &answer, &size);
        if (!error)
            fill(&table.mount[table.len++], answer, &g);
        else if (error == -ENOENT) /* gone since it was listed */
            error = 0;
    }
    table.text_len = g.len;
    table.text_cap = g.len;
    if (!error) {
        table.text = nst_growing_steal(&g);
        if (!table.text)
            error = -ENOMEM;
    }
    free(ids);
    free(answer);
    free(g.text);
    if (error) {
        nst_table_free(&table);
        return error;
    }
    settle(&table);
    *ret_table = table;
    return 0;
}

int nst_ns_mnt_id(int nsfd, uint64_t *ret_id)
{
    struct nst_mnt_ns_info info = {.size = sizeof info};
    uint64_t id;

    *ret_id = 0;
    if (!ioctl(nsfd, NS_MNT_GET_INFO, &info)) {
        *ret_id = info.mnt_ns_id;
        return 0;
    }
    if (errno != ENOTTY)
        return -errno;
    if (!ioctl(nsfd, NS_GET_MNTNS_ID, &id)) {
        *ret_id = id;
        return 0;
    }
    return errno == ENOTTY ? -ENOSYS : -errno;
}

int nst_ns_mount_count(int nsfd, uint32_t *ret_count)
{
    struct nst_mnt_ns_info info = {.size = sizeof info};
    int r = ioctl(nsfd, NS_MNT_GET_INFO, &info);

    *ret_count = r < 0 ? 0 : info.nr_mounts;
    return !r ? 0 : errno == ENOTTY ? -ENOSYS : -errno;
}

int nst_ns_lives(uint64_t mnt_ns_id)
{
    struct nst_mnt_id_req request = {
        .size = MNT_ID_REQ_SIZE_VER1, .mnt_id = LSMT_ROOT, .mnt_ns_id = mnt_ns_id};
    uint64_t id;

    if (syscall(__NR_listmount, &request, &id, (size_t)1, 0U) >= 0 || errno == EPERM)
        return 1;
    return errno == ENOENT ? 0 : errno == ENOMEM || errno == EINTR ? -errno : -ENOSYS;
}
