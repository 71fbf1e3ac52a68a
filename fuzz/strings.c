/* Paths and options at the edges of what they may be. */
#include <stdio.h>
#include <string.h>

#include "fuzz.h"

#define LEN(array) (sizeof(array) / sizeof(array)[0])

/* What a path resolves through, what mangle() in fs/proc_namespace.c escapes, what d_path() adds.
 */
const char *const nst_fuzz_path_pieces[] = {
    "a",  "b",     "x",   "..", ".",     "/",     "//",         " ",     "\n",   "\t",
    "\\", "#",     "\"",  ",",  "\\040", "\\012", "//deleted",  "\001",  "\177", "\377",
    "é",  "/proc", "/..", "/.", "/mnt",  "/a/b",  "/tmp",       "...",   "*",    "-",
    "'",  "=",     ":",   "%s", "/x/x",  "/a",    " (deleted)", "\\134", NULL};

/* tmpfs(5), Documentation/filesystems/{ramfs-rootfs-initramfs,overlayfs,proc}.rst; 'source' is
 * every file system's. */
const char *const nst_fuzz_option_keys[] = {"size",       "mode",
                                            "uid",        "gid",
                                            "nr_inodes",  "nr_blocks",
                                            "huge",       "mpol",
                                            "inode32",    "inode64",
                                            "noswap",     "lowerdir",
                                            "upperdir",   "workdir",
                                            "index",      "redirect_dir",
                                            "metacopy",   "xino",
                                            "volatile",   "userxattr",
                                            "nfs_export", "uuid",
                                            "lowerdir+",  "datadir+",
                                            "hidepid",    "subset",
                                            "source",     "ro",
                                            "rw",         "nosuid",
                                            "noatime",    "sync",
                                            "lazytime",   "dirsync",
                                            "nope",       "quota",
                                            "casefold",   "default_permissions",
                                            NULL};

const char *const nst_fuzz_option_values[] = {"1M",
                                              "4k",
                                              "0",
                                              "1",
                                              "-1",
                                              "50%",
                                              "100%",
                                              "0755",
                                              "01777",
                                              "7777777",
                                              "never",
                                              "always",
                                              "within_size",
                                              "local",
                                              "interleave:0",
                                              "bind:0",
                                              "/a",
                                              "/b",
                                              "/a:/b",
                                              "/a::/b",
                                              "/c",
                                              "/c/u",
                                              "/c/w",
                                              "on",
                                              "off",
                                              "auto",
                                              "invisible",
                                              "pid",
                                              "65535",
                                              "4294967295",
                                              "18446744073709551616",
                                              "",
                                              "\\,",
                                              "a\\,b",
                                              "\\054",
                                              "x=y",
                                              " ",
                                              "é",
                                              NULL};

const char *const nst_fuzz_types[] = {"tmpfs",   "ramfs", "overlay", "proc", "tmpfs",
                                      "overlay", "",      "tmpfs.x", "nope", NULL};

/* What is taken for certain, each by one of the file systems. */
static const char *const good_options[] = {
    "size=1M",        "mode=0700",   "nr_inodes=4k",
    "uid=0",          "gid=0",       "huge=never",
    "nr_blocks=16",   "inode64",     "mpol=local",
    "hidepid=2",      "subset=pid",  "size=50%",
    "lowerdir=/a:/b", "lowerdir=/a", "upperdir=/c/u,workdir=/c/w",
    "userxattr",      "xino=off",    NULL};

static size_t length(const char *const *words)
{
    size_t len = 0;

    while (words[len])
        len++;
    return len;
}

static const char *draw_word(struct nst_random *random, const char *const *words)
{
    return words[nst_random_below(random, length(words))];
}

/* Appends WORD where it fits into NST_FUZZ_STRING bytes. */
static void add(char *text, const char *word)
{
    size_t len = strlen(text);

    if (len + strlen(word) < NST_FUZZ_STRING)
        strcpy(text + len, word);
}

/* NAME_MAX is 255. */
size_t nst_fuzz_draw_name(struct nst_random *random, char *ret_text)
{
    static const size_t lengths[] = {254, 255, 256};

    *ret_text = '\0';
    if (!nst_random_below(random, 12)) {
        size_t len = lengths[nst_random_below(random, LEN(lengths))];

        memset(ret_text, 'n', len);
        ret_text[len] = '\0';
        return len;
    }
    for (uint64_t pieces = 1 + nst_random_below(random, 3); pieces; pieces--) {
        const char *piece = draw_word(random, nst_fuzz_path_pieces);

        if (!strchr(piece, '/'))
            add(ret_text, piece);
    }
    if (!*ret_text || !strcmp(ret_text, ".") || !strcmp(ret_text, ".."))
        add(ret_text, "x");
    return strlen(ret_text);
}

/* Slashes before TEXT, so that it goes where it went; PATH_MAX is 4096 with its NUL. */
static void lengthen(struct nst_random *random, char *text)
{
    static const size_t lengths[] = {4094, 4095, 4096};
    size_t len = strlen(text), want = lengths[nst_random_below(random, LEN(lengths))];

    if (len >= want)
        return;
    memmove(text + want - len, text, len + 1);
    memset(text, '/', want - len);
}

/* WORD goes in at any place. */
static void insert(struct nst_random *random, char *text, const char *word)
{
    size_t len = strlen(text), more = strlen(word), at = nst_random_below(random, len + 1);

    if (len + more >= NST_FUZZ_STRING)
        return;
    memmove(text + at + more, text + at, len + 1 - at);
    memcpy(text + at, word, more);
}

/* The last component goes. */
static void ascend(char *text)
{
    char *slash = strrchr(text, '/');

    if (slash)
        *slash = '\0';
}

size_t nst_fuzz_draw_path(struct nst_random *random, const char *old, char *ret_text)
{
    char byte[2] = {0};

    *ret_text = '\0';
    add(ret_text, old ? old : "");
    switch (nst_random_below(random, 8)) {
    case 0:
        lengthen(random, ret_text);
        break;
    case 1:
        ascend(ret_text);
        break;
    case 2:
        add(ret_text, "/");
        break;
    case 3:
        *ret_text = '\0';
        add(ret_text, draw_word(random, nst_fuzz_path_pieces));
        break;
    case 4:
        byte[0] = (char)(1 + nst_random_below(random, 255));
        insert(random, ret_text, byte);
        break;
    case 5:
        add(ret_text, "/");
        nst_fuzz_draw_name(random, ret_text + strlen(ret_text));
        break;
    default:
        insert(random, ret_text, draw_word(random, nst_fuzz_path_pieces));
        break;
    }
    return strlen(ret_text);
}

static void add_option(struct nst_random *random, char *text)
{
    if (*text)
        add(text, ",");
    if (nst_random_below(random, 2)) {
        add(text, draw_word(random, good_options));
        return;
    }
    add(text, draw_word(random, nst_fuzz_option_keys));
    if (nst_random_below(random, 4)) {
        add(text, "=");
        add(text, draw_word(random, nst_fuzz_option_values));
    }
}

size_t nst_fuzz_draw_options(struct nst_random *random, const char *old, char *ret_text)
{
    static const char overlay[] = "lowerdir=/a,upperdir=/c/u,workdir=/c/w";
    char *comma;

    *ret_text = '\0';
    add(ret_text, old ? old : "");
    switch (nst_random_below(random, 8)) {
    case 0:
        *ret_text = '\0';
        break;
    case 1:
        comma = strrchr(ret_text, ',');
        *(comma ? comma : ret_text) = '\0';
        break;
    case 2:
        insert(random, ret_text, draw_word(random, nst_fuzz_option_values));
        break;
    case 3:
        *ret_text = '\0';
        add(ret_text, overlay);
        break;
    default:
        add_option(random, ret_text);
        break;
    }
    return strlen(ret_text);
}
