/* Options of file systems, in the text that mount(2) takes and as fsconfig(2) sets them: tmpfs(5),
 * proc(5); mm/shmem.c, shmem_fs_parameters; fs/ramfs/inode.c. */
#include "model.h"

#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

/* include/linux/fs_context.h, fs/fs_context.c: common_set_sb_flag and common_clear_sb_flag */
static const struct fs_flag flags[] = {{"dirsync", MS_DIRSYNC, true},
                                       {"lazytime", MS_LAZYTIME, true},
                                       {"mand", MS_MANDLOCK, true},
                                       {"ro", MS_RDONLY, true},
                                       {"sync", MS_SYNCHRONOUS, true},
                                       {"async", MS_SYNCHRONOUS, false},
                                       {"nolazytime", MS_LAZYTIME, false},
                                       {"nomand", MS_MANDLOCK, false},
                                       {"rw", MS_RDONLY, false}};

static bool is_key(const char *name, const char *key, size_t len)
{
    return strlen(name) == len && !strncmp(name, key, len);
}

const struct fs_flag *nst_fs_flag(const char *key, size_t len)
{
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (is_key(flags[i].name, key, len))
            return &flags[i];
    return NULL;
}

/* What any file system's text may hold besides: it changes the superblock's flags or names a
 * source. */
static bool is_generic(const char *key, size_t len)
{
    return nst_fs_flag(key, len) || is_key("source", key, len);
}

/* The keys of tmpfs whose value is a number: DIGITS, and then one of SUFFIXES or none. */
static const struct {
    const char *key, *digits, *suffixes;
} numbers[] = {{"size", "0123456789", "kKmMgG"},
               {"nr_blocks", "0123456789", "kKmMgG"},
               {"nr_inodes", "0123456789", "kKmMgG"},
               {"mode", "01234567", ""}};

static bool is_other_of_tmpfs(const char *key, size_t len)
{
    static const char *const keys[] = {"huge",     "mpol",     "gid",      "uid",
                                       "inode32",  "inode64",  "noswap",   "quota",
                                       "usrquota", "grpquota", "casefold", "strict_encoding"};

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (len >= strlen(keys[i]) && !strncmp(keys[i], key, strlen(keys[i])))
            return true;
    return false;
}

/* One option of tmpfs: `KEY` or `KEY=VALUE`. */
static int check_tmpfs(struct nst_model *model, const char *text, size_t len)
{
    size_t key = strcspn(text, "=,");

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const char *value = text + key + 1;
        size_t room, used;

        if (strlen(numbers[i].key) != key || strncmp(numbers[i].key, text, key) != 0)
            continue;
        if (key >= len)
            return -EINVAL; /* no value */
        room = len - key - 1;
        used = strspn(value, numbers[i].digits);
        /* more than nothing and less than what a machine has: what is accepted for certain */
        if (i < 3 && (!used || used > 5 || *value == '0'))
            return nst_model_dont_know(model, "a parameter of a file system");
        if (i == 3 && !room) /* fs_param_is_u32(): only what may be empty is */
            return -EINVAL;
        if (used == room || (used + 1 == room && strchr(numbers[i].suffixes, value[used])))
            return 0;
        return nst_model_dont_know(model, "a parameter of a file system");
    }
    if (is_other_of_tmpfs(text, key))
        return nst_model_dont_know(model, "a parameter of a file system");
    return -EINVAL;
}

/* One option, `KEY` or `KEY=VALUE`, of a file system that has no table of numbers. */
static int check_other(struct nst_model *model, enum fs_type type, const char *text, size_t len)
{
    static const char *const of_proc[] = {"gid", "hidepid", "subset", "pidns"};
    size_t key = strcspn(text, "=,");

    if (type == FS_RAMFS) { /* which passes over what it doesn't know */
        if (key != 4 || strncmp(text, "mode", key) != 0)
            return 0;
        if (len <= 5) /* no value, an empty one */
            return -EINVAL;
        return strspn(text + 5, "01234567") == len - 5
                   ? 0
                   : nst_model_dont_know(model, "a parameter of a file system");
    }
    for (size_t i = 0; i < sizeof of_proc / sizeof *of_proc; i++)
        if (strlen(of_proc[i]) == key && !strncmp(of_proc[i], text, key))
            return nst_model_dont_know(model, "a parameter of a file system");
    return -EINVAL;
}

int nst_fs_options(struct nst_model *model, enum fs_type type, const char *text)
{
    int r = 0;

    while (text && *text && !r) {
        size_t len = strcspn(text, ",");

        if (len && is_generic(text, strcspn(text, "=,")))
            r = nst_model_dont_know(model, "a parameter of a file system");
        else if (len)
            r = type == FS_TMPFS ? check_tmpfs(model, text, len)
                                 : check_other(model, type, text, len);
        text += len + (text[len] == ',');
    }
    return r;
}

/* No parameter of these takes another than text (fs/fs_parser.c, fs_param_bad_value()) but proc's
 * pidns, which takes a descriptor; ramfs passes over what it doesn't know. */
int nst_fs_other_parameter(struct nst_model *model, enum fs_type type, const char *key)
{
    if (type == FS_PROC && !strcmp(key, "pidns"))
        return nst_model_dont_know(model, "a parameter of a file system");
    return type == FS_RAMFS && strcmp(key, "mode") != 0 && strcmp(key, "source") != 0 ? 0 : -EINVAL;
}

int nst_fs_parameter(struct nst_model *model, enum fs_type type, const char *key, const char *value)
{
    char text[64];
    int len = snprintf(text, sizeof text, "%s%s%s", key, value ? "=" : "", value ? value : "");

    if ((size_t)len >= sizeof text || strpbrk(text, ",\n") || strchr(key, '=') || !*key)
        return nst_model_dont_know(model, "a parameter of a file system");
    return nst_fs_options(model, type, text);
}
