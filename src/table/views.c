/* Holding the kernel's three views of one namespace against each other, and a table against its own
 * invariants. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

const struct nst_mount *nst_table_find(const struct nst_table *table, uint64_t id)
{
    for (size_t i = 0; i < table->len; i++)
        if (table->mount[i].id == id)
            return &table->mount[i];
    return NULL;
}

static const char *broken(const struct nst_table *table, const struct nst_names *ids)
{
    for (size_t i = 0; i < table->len; i++) {
        const struct nst_mount *m = &table->mount[i];

        if (!m->root || !m->point || !m->options || !m->type || !m->source || !m->super_options)
            return "a string isn't set";
        if (m->point[0] != '/' && (m->point[0] || table->view == NST_VIEW_MOUNTINFO))
            return "a mount point isn't absolute";
        if (table->view == NST_VIEW_MOUNTS)
            continue;
        if (!m->id)
            return "a mount has no id";
        if (nst_names_get(ids, m->id) != i + 1)
            return "two mounts have one id";
    }
    return NULL;
}

/* Follows parents from each mount; state 1: on the way that is followed now, 2: known to lead out.
 * Linear. */
static int find_cycle(const struct nst_table *table, const struct nst_names *ids, bool *ret_cycle)
{
    unsigned char *state = calloc(table->len + 1, 1);

    if (!state)
        return -ENOMEM;
    *ret_cycle = false;
    for (size_t i = 0; i < table->len && !*ret_cycle; i++) {
        uint64_t at = i + 1, up;

        for (; at && !state[at]; at = up == at ? 0 : up) {
            state[at] = 1;
            up = nst_names_get(ids, table->mount[at - 1].parent_id);
        }
        *ret_cycle = at && state[at] == 1;
        for (at = i + 1; at && state[at] == 1 && !*ret_cycle;
             at = nst_names_get(ids, table->mount[at - 1].parent_id))
            state[at] = 2;
    }
    free(state);
    return 0;
}

int nst_table_validate(const struct nst_table *table, const char **ret_message)
{
    struct nst_names ids = {0};
    const char *message;
    bool cycle = false;
    int error = 0;

    if (ret_message)
        *ret_message = NULL;
    if (!nst_names_of_table(&ids, table))
        return -ENOMEM;
    message = broken(table, &ids);
    if (!message && table->view != NST_VIEW_MOUNTS) {
        error = find_cycle(table, &ids, &cycle);
        if (cycle)
            message = "a mount is its own ancestor";
    }
    nst_names_free(&ids);
    if (error)
        return error;
    if (message && ret_message)
        *ret_message = message;
    return message ? -EINVAL : 0;
}

/* Writes "POINT: FIELD: A says X, B says Y". */
static int differ(char **ret_difference, const struct nst_mount *m, const char *field,
                  const char *a_view, const char *a, const char *b_view, const char *b)
{
    struct nst_growing g = {0};

    if (!ret_difference)
        return 1;
    nst_growing_escaped(&g, m->point);
    nst_growing_string(&g, ": ");
    nst_growing_string(&g, field);
    nst_growing_string(&g, ": ");
    nst_growing_string(&g, a_view);
    nst_growing_string(&g, " says ");
    nst_growing_escaped(&g, a);
    nst_growing_string(&g, ", ");
    nst_growing_string(&g, b_view);
    nst_growing_string(&g, " says ");
    nst_growing_escaped(&g, b);
    *ret_difference = nst_growing_steal(&g);
    return *ret_difference ? 1 : -ENOMEM;
}

static char *number_text(uint64_t number, char buffer[24])
{
    char *at = buffer + 23;

    *at = '\0';
    do
        *--at = (char)('0' + number % 10);
    while (number /= 10);
    return at;
}

static const char statmount_name[] = "statmount", mountinfo_name[] = "mountinfo",
                  mounts_name[] = "mounts";

/* statmount(2) reports of a superblock's flags SB_RDONLY, SB_SYNCHRONOUS, SB_DIRSYNC and
 * SB_LAZYTIME only, mountinfo SB_MANDLOCK too. */
static bool same_super_options(const char *info, const char *stat)
{
    static const char mand[] = ",mand";
    const size_t len = sizeof mand - 1;
    const char *at = strstr(info, mand);

    while (at && at[len] && at[len] != ',')
        at = strstr(at + 1, mand);
    if (!at || !strcmp(info, stat))
        return !strcmp(info, stat);
    return !strncmp(info, stat, (size_t)(at - info)) && !strcmp(at + len, stat + (at - info));
}

static int compare_mount(const struct nst_mount *i, const struct nst_mount *s,
                         char **ret_difference)
{
    const struct {
        const char *field, *a, *b;
    } strings[] = {
        {"mount point", i->point, s->point},
        {"root", i->root, s->root},
        {"options", i->options, s->options},
        {"type", i->type, s->type},
    };
    const struct {
        const char *field;
        uint64_t a, b;
    } numbers[] = {
        {"parent", i->parent_id, s->parent_id},
        {"device major", i->major, s->major},
        {"device minor", i->minor, s->minor},
        {"peer group", i->peer_group, s->peer_group},
        {"master", i->master, s->master},
        {"propagate_from", i->propagate_from, s->propagate_from},
        {"unbindable", i->unbindable, s->unbindable},
    };
    char a[24], b[24];

    for (size_t n = 0; n < sizeof strings / sizeof *strings; n++)
        if (strcmp(strings[n].a, strings[n].b) != 0)
            return differ(ret_difference, i, strings[n].field, mountinfo_name, strings[n].a,
                          statmount_name, strings[n].b);
    if (!same_super_options(i->super_options, s->super_options))
        return differ(ret_difference, i, "superblock options", mountinfo_name, i->super_options,
                      statmount_name, s->super_options);
    for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++)
        if (numbers[n].a != numbers[n].b)
            return differ(ret_difference, i, numbers[n].field, mountinfo_name,
                          number_text(numbers[n].a, a), statmount_name,
                          number_text(numbers[n].b, b));
    /* statmount says nothing where the source is empty, where there is none (mountinfo: "none"),
     * and before 6.13 */
    if (*s->source && strcmp(i->source, s->source) != 0)
        return differ(ret_difference, i, "source", mountinfo_name, i->source, statmount_name,
                      s->source);
    return 0;
}

int nst_views_compare(const struct nst_table *mountinfo, const struct nst_table *statmount,
                      char **ret_difference)
{
    struct nst_names listed = {0};
    int result = 0;

    if (ret_difference)
        *ret_difference = NULL;
    if (!nst_names_of_table(&listed, statmount))
        return -ENOMEM;
    for (size_t i = 0; !result && i < mountinfo->len; i++) {
        const struct nst_mount *m = &mountinfo->mount[i];
        uint64_t at = nst_names_get(&listed, m->id);

        if (!at)
            result =
                differ(ret_difference, m, "listed", mountinfo_name, "yes", statmount_name, "no");
        else
            result = compare_mount(m, &statmount->mount[at - 1], ret_difference);
    }
    nst_names_free(&listed);
    if (!result && nst_names_of_table(&listed, mountinfo)) {
        for (size_t i = 0; !result && i < statmount->len; i++)
            if (!nst_names_get(&listed, statmount->mount[i].id))
                result = differ(ret_difference, &statmount->mount[i], "listed", mountinfo_name,
                                "no", statmount_name, "yes");
    } else if (!result)
        result = -ENOMEM;
    nst_names_free(&listed);
    return result;
}

/* The next option of a list that isn't rw or ro, or NULL; escaped commas don't end one. */
static const char *next_option(const char **list, size_t *ret_len)
{
    while (**list) {
        const char *start = *list;
        size_t len = strcspn(start, ",");

        *list = start + len + (start[len] == ',');
        if (!(len == 2 && (!memcmp(start, "rw", 2) || !memcmp(start, "ro", 2)))) {
            *ret_len = len;
            return start;
        }
    }
    return NULL;
}

static bool has_option(const char *list, const char *option)
{
    size_t len = strlen(option);

    for (; *list; list += strcspn(list, ","), list += *list == ',')
        if (!strncmp(list, option, len) && (list[len] == ',' || !list[len]))
            return true;
    return false;
}

/* show_vfsmnt() writes rw or ro of both, show_sb_opts(), the mount's, then the file system's own.
 */
static bool same_options(const struct nst_mount *info, const char *merged)
{
    static const char *const generic[] = {"sync", "dirsync", "mand", "lazytime"};
    bool readonly = !strncmp(info->options, "ro", 2) || !strncmp(info->super_options, "ro", 2);
    const char *super = info->super_options, *mount = info->options, *rest = merged, *a, *b;
    size_t a_len = 0, b_len = 0;
    bool security =
        true; /* still among what show_sb_opts() writes: its flags and the security module's */

    if (strncmp(merged, readonly ? "ro" : "rw", 2) != 0)
        return false;
    for (size_t i = 0; i < sizeof generic / sizeof *generic; i++)
        if (has_option(info->super_options, generic[i]) != has_option(merged, generic[i]))
            return false;
    /* merged is an interleaving of both lists, each in its own order */
    a = next_option(&super, &a_len);
    b = next_option(&mount, &b_len);
    for (const char *m;;) {
        size_t len;

        m = next_option(&rest, &len);
        if (!m)
            return !a && !b;
        if (b && len == b_len && !memcmp(m, b, len)) {
            b = next_option(&mount, &b_len);
            security = false;
        } else if (a && len == a_len && !memcmp(m, a, len) && (security || !b))
            a = next_option(&super, &a_len);
        else
            return false;
    }
}

int nst_views_compare_mounts(const struct nst_table *mountinfo, const struct nst_table *mounts,
                             char **ret_difference)
{
    char everywhere[] = "all";
    const struct nst_mount none = {.point = everywhere};

    if (ret_difference)
        *ret_difference = NULL;
    for (size_t n = 0; n < mountinfo->len && n < mounts->len; n++) {
        const struct nst_mount *i = &mountinfo->mount[n], *m = &mounts->mount[n];

        if (strcmp(i->point, m->point) != 0)
            return differ(ret_difference, i, "mount point", mountinfo_name, i->point, mounts_name,
                          m->point);
        if (strcmp(i->source, m->source) != 0)
            return differ(ret_difference, i, "source", mountinfo_name, i->source, mounts_name,
                          m->source);
        if (strcmp(i->type, m->type) != 0)
            return differ(ret_difference, i, "type", mountinfo_name, i->type, mounts_name, m->type);
        if (!same_options(i, m->options))
            return differ(ret_difference, i, "options", mountinfo_name, i->options, mounts_name,
                          m->options);
    }
    if (mountinfo->len != mounts->len) {
        char a[24], b[24];

        return differ(ret_difference, &none, "mounts listed", mountinfo_name,
                      number_text(mountinfo->len, a), mounts_name, number_text(mounts->len, b));
    }
    return 0;
}
