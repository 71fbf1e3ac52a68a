/* Any bytes, as /proc/PID/mountinfo: what the reader takes, libmount reads the same; what is made
 * of it (text, tree, difference) is made without complaint. No kernel. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include <ns-tool/table.h>

#include "fuzz.h"

#if NST_HAVE_MOUNT
#include <libmount/libmount.h>

static bool broken(char *why, size_t index, const char *what, const char *ours, const char *theirs)
{
    snprintf(why, NST_FUZZ_WHY, "mount %zu: its %s is \"%.200s\", in libmount's eyes \"%.200s\"",
             index + 1, what, ours, theirs);
    return false;
}

/* The bytes that libmount's unmangle() (lib/mangle.c) reads otherwise: \000, which ends its string,
 * and what is more than a byte. The kernel writes neither. */
static bool has_odd_escape(const char *text, size_t len)
{
    for (size_t i = 0; i + 3 < len; i++)
        if (text[i] == '\\' && (text[i + 1] > '3' || !memcmp(text + i + 1, "000", 3)))
            return true;
    return false;
}

/* Blanks that libmount skips: raw ones but the space, and spaces in the last field. */
static bool has_odd_blank(const char *text, size_t len, const struct nst_table *table)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] && strchr("\t\r\v\f", text[i]))
            return true;
    for (size_t i = 0; i < table->len; i++)
        if (strchr(table->mount[i].super_options, ' '))
            return true;
    return false;
}

static bool same(const char *ours, const char *theirs)
{
    return !strcmp(ours, theirs ? theirs : "");
}

/* Our reader leaves the escapes of option lists in place. */
static bool same_options(const char *ours, const char *theirs)
{
    char *unescaped = mnt_unmangle(ours);
    bool is = same(unescaped ? unescaped : "", theirs);

    free(unescaped);
    return is;
}

static bool check_mount(const struct nst_mount *m, struct libmnt_fs *fs, size_t index, char *why)
{
    const struct {
        const char *what, *ours, *theirs;
    } field[] = {{"root", m->root, mnt_fs_get_root(fs)},
                 {"point", m->point, mnt_fs_get_target(fs)},
                 {"type", m->type, mnt_fs_get_fstype(fs)},
                 {"source", m->source, mnt_fs_get_source(fs)}};
    char ours[64], theirs[64];

    for (size_t i = 0; i < sizeof field / sizeof *field; i++)
        if (!same(field[i].ours, field[i].theirs))
            return broken(why, index, field[i].what, field[i].ours,
                          field[i].theirs ? field[i].theirs : "");
    if (!same_options(m->options, mnt_fs_get_vfs_options(fs)))
        return broken(why, index, "list of options", m->options, mnt_fs_get_vfs_options(fs));
    if (!same_options(m->super_options, mnt_fs_get_fs_options(fs)))
        return broken(why, index, "list of super options", m->super_options,
                      mnt_fs_get_fs_options(fs));
    snprintf(ours, sizeof ours, "%d on %d dev %u:%u", (int)m->id, (int)m->parent_id, m->major,
             m->minor);
    snprintf(theirs, sizeof theirs, "%d on %d dev %u:%u", mnt_fs_get_id(fs),
             mnt_fs_get_parent_id(fs), major(mnt_fs_get_devno(fs)), minor(mnt_fs_get_devno(fs)));
    return same(ours, theirs) || broken(why, index, "number", ours, theirs);
}

static bool check_libmount(const char *text, size_t len, const struct nst_table *table, char *why)
{
    struct libmnt_table *second = mnt_new_table();
    struct libmnt_iter *iter = mnt_new_iter(MNT_ITER_FORWARD);
    FILE *file = fmemopen((void *)(uintptr_t)text, len, "re");
    struct libmnt_fs *fs;
    bool holds = true;
    size_t i = 0;

    if (!second || !iter || !file)
        abort();
    mnt_table_parse_stream(second, file, "mountinfo");
    while (holds && mnt_table_next_fs(second, iter, &fs) == 0 && i < table->len)
        holds = check_mount(&table->mount[i], fs, i, why), i++;
    if (holds && (i != table->len || mnt_table_get_nents(second) != (int)table->len)) {
        snprintf(why, NST_FUZZ_WHY, "%zu mounts, in libmount's eyes %d", table->len,
                 mnt_table_get_nents(second));
        holds = false;
    }
    fclose(file);
    mnt_free_iter(iter);
    mnt_unref_table(second);
    return holds;
}
#else
static bool has_odd_blank(const char *text, size_t len, const struct nst_table *table)
{
    (void)text, (void)table;
    return len == 0;
}

static bool has_odd_escape(const char *text, size_t len)
{
    (void)text;
    return len == 0;
}

static bool check_libmount(const char *text, size_t len, const struct nst_table *table, char *why)
{
    (void)text, (void)len, (void)table, (void)why;
    return true;
}
#endif

static void count_change(void *ctx, const struct nst_change *change)
{
    (void)change;
    ++*(size_t *)ctx;
}

/* What is made of a whole table, and that it is equal to itself. */
static bool check_uses(const struct nst_table *table, char *why)
{
    struct nst_table copy = {.view = table->view};
    char *text = nst_table_text(table, NULL), *tree = nst_table_draw(table, 0, NULL, NULL);
    size_t changes = 0;

    for (size_t i = 0; i < table->len; i++)
        if (nst_table_add(&copy, &table->mount[i]) < 0)
            abort();
    if (!text || !tree || nst_table_diff(table, &copy, count_change, &changes) < 0)
        abort();
    if (changes || !nst_tables_equal(table, &copy) || !nst_tables_equivalent(table, &copy) ||
        nst_table_hash(table) != nst_table_hash(&copy))
        snprintf(why, NST_FUZZ_WHY, "a copy differs from its table:\n%.400s", text);
    free(tree);
    free(text);
    nst_table_free(&copy);
    return !*why;
}

static bool check(const char *text, size_t len, char *why)
{
    struct nst_table table;
    bool holds = true;

    if (nst_mountinfo_parse(text, len, &table, NULL) < 0)
        return true;
    if (table.len && !has_odd_escape(text, len) && !has_odd_blank(text, len, &table))
        holds = check_libmount(text, len, &table, why);
    if (holds && nst_table_validate(&table, NULL) == 0)
        holds = check_uses(&table, why);
    nst_table_free(&table);
    return holds;
}

NST_FUZZ_TEXT("fuzz_mountinfo", check)
