/* The small fixed tree that every case starts from, and its restoring.
 *
 * A tmpfs directory's size counts its entries, so one stat of each known directory tells whether
 * anything was added. */
#include "kernel.h"
#include "sys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIRS 23

static struct known {
    const char *path;
    ino_t inode;
    off_t size;
} known[DIRS + 1] = {
    {.path = "/"},    {.path = "/mnt"}, {.path = "/tmp"}, {.path = "/a"},    {.path = "/a/a"},
    {.path = "/a/b"}, {.path = "/a/c"}, {.path = "/a/d"}, {.path = "/b"},    {.path = "/b/a"},
    {.path = "/b/b"}, {.path = "/b/c"}, {.path = "/b/d"}, {.path = "/c"},    {.path = "/c/a"},
    {.path = "/c/b"}, {.path = "/c/c"}, {.path = "/c/d"}, {.path = "/d"},    {.path = "/d/a"},
    {.path = "/d/b"}, {.path = "/d/c"}, {.path = "/d/d"}, {.path = "/proc"},
};

/* The directory below the case's proc: a bind of the root shows it, and files may be left there. */
static int below_proc = -1;

/* /proc comes last: what stands there is not the tmpfs's. */
int nst_tree_make(void)
{
    for (size_t i = 1; i <= DIRS; i++)
        if (NST_SYS(MKDIR, mkdir(known[i].path + 1, 0755)) < 0)
            return -errno;
    for (size_t i = 0; i < DIRS; i++) {
        struct stat status;

        if (NST_SYS(STAT, stat(known[i].path[1] ? known[i].path + 1 : ".", &status)) < 0)
            return -errno;
        known[i].inode = status.st_ino;
        known[i].size = status.st_size;
    }
    below_proc = NST_SYS(OPEN, open("proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
    return below_proc < 0 ? -errno : 0;
}

static bool is_known(const char *path)
{
    for (size_t i = 0; i <= DIRS; i++)
        if (strcmp(known[i].path, path) == 0)
            return true;
    return false;
}

/* Empties and removes NAME below FD. Depth is bounded by the path lengths that a sequence can hold.
 */
static int remove_below(int fd, const char *name, int depth)
{
    struct dirent *entry;
    int below, error = 0;
    DIR *directory;

    if (NST_SYS(UNLINK, unlinkat(fd, name, 0)) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return -errno;
    if (NST_SYS(UNLINK, unlinkat(fd, name, AT_REMOVEDIR)) == 0)
        return 0;
    if (errno != ENOTEMPTY || depth > 100)
        return -errno;
    below = NST_SYS(OPEN, openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    directory = below < 0 ? NULL : fdopendir(below);
    if (!directory) {
        if (below >= 0)
            NST_SYS(CLOSE, close(below));
        return -ENOTEMPTY;
    }
    while (!error && (entry = readdir(directory)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            error = remove_below(below, entry->d_name, depth + 1);
    closedir(directory);
    if (!error && NST_SYS(UNLINK, unlinkat(fd, name, AT_REMOVEDIR)) < 0)
        error = -errno;
    return error;
}

static int clean_one(const char *path)
{
    int fd = NST_SYS(OPEN, open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)), error = 0;
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;

    if (!directory) {
        if (fd >= 0)
            NST_SYS(CLOSE, close(fd));
        return -ENOENT;
    }
    while (!error && (entry = readdir(directory))) {
        char whole[300];

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(whole, sizeof(whole), "%s/%s", path[1] ? path : "", entry->d_name);
        if (!is_known(whole))
            error = remove_below(fd, entry->d_name, 0);
    }
    closedir(directory);
    return error;
}

int nst_tree_clean(void)
{
    struct stat below;

    if (NST_SYS(STAT, fstat(below_proc, &below)) < 0)
        return -errno;
    if (below.st_size != 2 * 20) /* tmpfs: 20 for each name, . and .. too */
        return -ESTALE;
    for (size_t i = 0; i < DIRS; i++) {
        struct stat status;
        int error;

        if (NST_SYS(STAT, lstat(known[i].path, &status)) < 0)
            return -errno;
        if (status.st_ino != known[i].inode)
            return -ESTALE;
        if (status.st_size == known[i].size)
            continue;
        error = clean_one(known[i].path);
        if (error)
            return error;
        if (NST_SYS(STAT, lstat(known[i].path, &status)) < 0 || status.st_size != known[i].size)
            return -ESTALE;
    }
    return 0;
}
