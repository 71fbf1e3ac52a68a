#include "tool/private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool/tool.h"

#define COVER_FLAGS (MS_NOSUID | MS_NODEV)

/* What would help where the kernel refuses a namespace. */
static int cannot_enter(int error, const char *what)
{
    nst_tool_error(NST_EXIT_CANNOT, error, "%s", what);
    fprintf(stderr,
            "What would help: running as root with CAP_SYS_ADMIN, or user namespaces for ordinary "
            "users:\nsysctl user.max_user_namespaces > 0, kernel.unprivileged_userns_clone=1 "
            "(Debian's kernels) and\nkernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu's); in "
            "a container, a seccomp profile that\nallows unshare and mount.\n");
    return NST_EXIT_CANNOT;
}

static int write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    int error = 0;

    if (fd < 0)
        return -errno;
    if (write(fd, text, strlen(text)) < 0)
        error = -errno;
    close(fd);
    return error;
}

/* user_namespaces(7): an unprivileged gid_map needs setgroups denied first. */
static int map_self_to_root(uid_t uid, gid_t gid)
{
    char map[64];
    int error;

    error = write_file("/proc/self/setgroups", "deny");
    if (error && error != -ENOENT)
        return cannot_enter(error, "writing /proc/self/setgroups");
    snprintf(map, sizeof(map), "0 %u 1\n", gid);
    error = write_file("/proc/self/gid_map", map);
    if (error)
        return cannot_enter(error, "writing /proc/self/gid_map");
    snprintf(map, sizeof(map), "0 %u 1\n", uid);
    error = write_file("/proc/self/uid_map", map);
    if (error)
        return cannot_enter(error, "writing /proc/self/uid_map");
    return NST_EXIT_HELD;
}

int nst_private_enter(bool *ret_user_namespace)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();

    *ret_user_namespace = false;
    if (unshare(CLONE_NEWNS) < 0) {
        if (errno != EPERM)
            return cannot_enter(errno, "unshare(CLONE_NEWNS)");
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
            return cannot_enter(errno, "unshare(CLONE_NEWUSER|CLONE_NEWNS)");
        if (map_self_to_root(uid, gid) != NST_EXIT_HELD)
            return NST_EXIT_CANNOT;
        *ret_user_namespace = true;
    }
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
        if (errno == EINVAL)
            return nst_tool_error(NST_EXIT_CANNOT, errno,
                                  "making / private (in a chroot, / must be a mount point: "
                                  "bind it onto itself first)");
        return cannot_enter(errno, "making / private");
    }
    return NST_EXIT_HELD;
}

/* Makes in the directory `new_root` what stands for /`name`: the same symbolic link, or a bind of
 * the tree below it. An entry that vanishes meanwhile is left out. */
static int bind_entry(int new_root, const char *name)
{
    char from[NAME_MAX + 2], to[NAME_MAX + 32], link[PATH_MAX];
    struct stat status;
    int fd = -1;

    snprintf(from, sizeof(from), "/%s", name);
    snprintf(to, sizeof(to), "/proc/self/fd/%d/%s", new_root, name);
    if (lstat(from, &status) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (S_ISLNK(status.st_mode)) {
        ssize_t len = readlink(from, link, sizeof(link) - 1);

        if (len < 0)
            return -errno;
        link[len] = '\0';
        return symlinkat(link, new_root, name) < 0 ? -errno : 0;
    }
    if (S_ISDIR(status.st_mode)) {
        if (mkdirat(new_root, name, 0755) < 0)
            return -errno;
    } else {
        fd = openat(new_root, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
        if (fd < 0)
            return -errno;
        close(fd);
    }
    if (mount(from, to, NULL, MS_BIND | MS_REC, NULL) < 0)
        return errno == ENOENT ? 0 : -errno;
    return 0;
}

static int bind_entries(int new_root)
{
    DIR *root = opendir("/");
    struct dirent *entry;
    int error = 0;

    if (!root)
        return nst_tool_error(NST_EXIT_BROKE, errno, "listing /");
    while ((entry = readdir(root))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        error = bind_entry(new_root, entry->d_name);
        if (error) {
            nst_tool_error(NST_EXIT_BROKE, error, "binding /%s into a root of our own",
                           entry->d_name);
            break;
        }
    }
    closedir(root);
    return error ? NST_EXIT_BROKE : NST_EXIT_HELD;
}

/* / can't simply be covered, since everything else would go with it. So a tmpfs that holds a bind
 * of each of its entries becomes our root. It is attached on top of /, where its descriptor alone
 * reaches it: "/" still means the old root until chroot(2). */
static int cover_root(void)
{
    int fs = fsopen("tmpfs", FSOPEN_CLOEXEC), new_root = -1, status = NST_EXIT_BROKE;

    if (fs < 0 || fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0755", 0) < 0 ||
        fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0 ||
        (new_root = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)) < 0 ||
        move_mount(new_root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0) {
        nst_tool_error(NST_EXIT_BROKE, errno, "mounting a tmpfs as a root of our own");
        goto out;
    }
    status = bind_entries(new_root);
    if (status == NST_EXIT_HELD && (fchdir(new_root) < 0 || chroot(".") < 0 || chdir("/") < 0))
        status = nst_tool_error(NST_EXIT_BROKE, errno, "chroot to a root of our own");
out:
    if (new_root >= 0)
        close(new_root);
    if (fs >= 0)
        close(fs);
    return status;
}

static int cover_directory(const char *path)
{
    if (strcmp(path, "/") == 0)
        return cover_root();
    if (mount("tmpfs", path, "tmpfs", COVER_FLAGS, "mode=0755") < 0)
        return nst_tool_error(NST_EXIT_BROKE, errno, "covering %s with a tmpfs", path);
    return NST_EXIT_HELD;
}

/* Cuts `path` (writable, absolute) after its deepest existing ancestor, which is returned with all
 * symbolic links followed; *ret_rest is what is missing, "" if nothing. A dangling symbolic link
 * counts as missing. Returns NULL with errno. */
static char *existing_ancestor(char *path, const char **ret_rest)
{
    char *resolved = realpath(path, NULL), *slash;

    *ret_rest = "";
    for (char *end = path + strlen(path); !resolved && errno == ENOENT; end = slash) {
        slash = memrchr(path, '/', (size_t)(end - path));
        *ret_rest = slash + 1;
        if (slash == path)
            return strdup("/");
        *slash = '\0';
        resolved = realpath(path, NULL);
        *slash = '/';
    }
    return resolved;
}

/* Appends the components of `rest` to `*path`, and makes a directory of each. */
static int make_components(const char *rest, char **path)
{
    char *copy = strdup(rest), *save = NULL, *next;
    int status = NST_EXIT_HELD;

    if (!copy)
        return nst_tool_error(NST_EXIT_BROKE, ENOMEM, "making %s", rest);
    for (char *name = strtok_r(copy, "/", &save); name; name = strtok_r(NULL, "/", &save)) {
        if (strcmp(name, ".") == 0)
            continue;
        if (asprintf(&next, "%s/%s", strcmp(*path, "/") == 0 ? "" : *path, name) < 0) {
            status = nst_tool_error(NST_EXIT_BROKE, ENOMEM, "making %s", rest);
            break;
        }
        free(*path);
        *path = next;
        if (mkdir(next, 0755) < 0) {
            status = nst_tool_error(NST_EXIT_BROKE, errno, "mkdir %s", next);
            break;
        }
    }
    free(copy);
    return status;
}

int nst_place_make(const char *path, struct nst_place *ret_place)
{
    struct nst_place place = {NULL, NULL};
    char *copy = strdup(path);
    const char *rest = "";
    int status = NST_EXIT_HELD;

    if (copy)
        place.path = existing_ancestor(copy, &rest);
    if (!place.path) {
        status = nst_tool_error(NST_EXIT_BROKE, errno, "resolving %s", path);
    } else if (*rest) {
        status = cover_directory(place.path);
        if (status == NST_EXIT_HELD && !(place.cover = strdup(place.path)))
            status = nst_tool_error(NST_EXIT_BROKE, ENOMEM, "making %s", path);
        if (status == NST_EXIT_HELD)
            status = make_components(rest, &place.path);
    }
    free(copy);
    if (status == NST_EXIT_HELD)
        *ret_place = place;
    else
        nst_place_free(&place);
    return status;
}

int nst_place_remove(const struct nst_place *place)
{
    char *path, *slash;
    int status = NST_EXIT_HELD;

    if (!place->cover)
        return NST_EXIT_HELD;
    path = strdup(place->path);
    if (!path)
        return nst_tool_error(NST_EXIT_BROKE, ENOMEM, "removing %s", place->path);
    while (*path && strcmp(path, place->cover) != 0) {
        if (rmdir(path) < 0) {
            status = nst_tool_error(NST_EXIT_BROKE, errno, "rmdir %s", path);
            break;
        }
        slash = strrchr(path, '/');
        *slash = '\0';
    }
    free(path);
    /* A root of our own goes with the namespace. */
    if (status == NST_EXIT_HELD && strcmp(place->cover, "/") != 0 && umount2(place->cover, 0) < 0)
        status = nst_tool_error(NST_EXIT_BROKE, errno, "umount %s", place->cover);
    return status;
}

void nst_place_free(struct nst_place *place)
{
    free(place->path);
    free(place->cover);
    *place = (struct nst_place){NULL, NULL};
}
