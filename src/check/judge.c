/* What programs found where they began, held against the parent: what is a peer of its mounts, and
 * which copy is less restricted than what it is of. */
#include "check/check.h"

#include <stdio.h>
#include <string.h>

static const struct nst_mount *find_peer(const struct nst_inhabited *inhabited, uint64_t group)
{
    for (size_t i = 0; i < inhabited->parent.len; i++)
        if (inhabited->parent.mount[i].peer_group == group)
            return &inhabited->parent.mount[i];
    return NULL;
}

/* Whether POINT is PATH or below it. */
static bool is_below(const char *point, const char *path)
{
    size_t len = strlen(path);

    while (len > 1 && path[len - 1] == '/')
        len--;
    return (len == 1 && *path == '/') ||
           (!strncmp(point, path, len) && (!point[len] || point[len] == '/'));
}

static bool may_be_shared(const struct nst_stage *stage, const char *point)
{
    const struct nst_check_options *options = stage->options;

    if (nst_look_allows(options, point))
        return true;
    for (size_t i = 0; i < options->expects; i++)
        if (options->expect[i].kind == NST_EXPECT_SHARED &&
            is_below(point, options->expect[i].inside))
            return true;
    return false;
}

static void judge_connected(struct nst_stage *stage, const struct nst_inhabited *inhabited)
{
    const struct nst_mount *first = NULL, *peer = NULL;
    struct nst_check_finding *finding;
    size_t connected = 0;
    char more[48] = "";

    for (size_t i = 0; i < inhabited->table.len; i++) {
        const struct nst_mount *mount = &inhabited->table.mount[i];
        const struct nst_mount *of =
            mount->peer_group ? find_peer(inhabited, mount->peer_group) : NULL;

        if (!of || may_be_shared(stage, mount->point))
            continue;
        if (!connected++) {
            first = mount;
            peer = of;
        }
    }
    if (!connected)
        return;
    if (connected > 1)
        snprintf(more, sizeof more, ", as %zu more are", connected - 1);
    finding = nst_check_add(stage, NST_CHECK_ISOLATION, inhabited->call, first->point,
                            "%s where %s begins is a peer of the parent's %s%s: what is mounted "
                            "below it shows there",
                            first->point, inhabited->process, peer->point, more);
    if (finding && !*finding->call) {
        finding->pid = inhabited->pid;
        snprintf(finding->process, sizeof finding->process, "%s", inhabited->process);
    }
}

static bool has_option(const char *options, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = options; *at; at += strcspn(at, ","), at += *at == ',')
        if (!strncmp(at, name, len) && (!at[len] || at[len] == ','))
            return true;
    return false;
}

/* File systems of which there is one for all: a mount of its root is no copy of another. */
static bool is_single(const struct nst_mount *mount)
{
    static const char *const types[] = {"sysfs",   "cgroup",     "cgroup2",  "mqueue",   "proc",
                                        "debugfs", "tracefs",    "pstore",   "bpf",      "configfs",
                                        "devpts",  "securityfs", "fusectl",  "efivarfs", "nsfs",
                                        "pidfs",   "selinuxfs",  "hugetlbfs"};

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!strcmp(mount->type, types[i]))
            return true;
    return !strcmp(mount->type, "devtmpfs") && !strcmp(mount->root, "/");
}

/* Whether each mount of the parent that COPY may be of has NAME; one has it at least, RET_OF. */
static bool all_have(const struct nst_table *parent, const struct nst_mount *copy, const char *name,
                     const struct nst_mount **ret_of)
{
    *ret_of = NULL;
    for (size_t i = 0; i < parent->len; i++) {
        const struct nst_mount *of = &parent->mount[i];

        if (of->major != copy->major || of->minor != copy->minor || !is_below(copy->root, of->root))
            continue;
        if (!has_option(of->options, name))
            return false;
        *ret_of = of;
    }
    return *ret_of;
}

static void judge_flags(struct nst_stage *stage, const struct nst_inhabited *inhabited)
{
    static const char *const names[] = {"ro", "nosuid", "nodev", "noexec"};

    for (size_t i = 0; i < inhabited->table.len; i++) {
        const struct nst_mount *copy = &inhabited->table.mount[i], *of;

        for (size_t n = 0; n < sizeof names / sizeof *names && !is_single(copy); n++)
            if (!has_option(copy->options, names[n]) &&
                all_have(&inhabited->parent, copy, names[n], &of))
                nst_check_add(stage, NST_CHECK_FLAGS, inhabited->call, copy->point,
                              "%s where %s begins lacks %s, which the parent's %s has", copy->point,
                              inhabited->process, names[n], of->point);
    }
}

void nst_judge_inside(struct nst_stage *stage)
{
    for (size_t i = 0; i < stage->inhabiteds; i++) {
        judge_connected(stage, &stage->inhabited[i]);
        judge_flags(stage, &stage->inhabited[i]);
    }
}
