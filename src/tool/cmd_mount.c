/* The seed: unshare, make / private, mount a tmpfs on /mnt/test_mount, show it, unmount, leave
 * nothing behind. */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <libmount.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "tool/private.h"
#include "tool/tool.h"

/* What --options may ask of a new mount. Not among them: bind, remount, move and the propagation
 * types, which are operations of their own; a remount could even change a host's superblock. */
#define MOUNT_FLAGS                                                                                \
    (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_SYNCHRONOUS | MS_DIRSYNC | MS_MANDLOCK |    \
     MS_NOSYMFOLLOW | MS_NOATIME | MS_NODIRATIME | MS_RELATIME | MS_STRICTATIME | MS_LAZYTIME |    \
     MS_I_VERSION | MS_SILENT)

/* What may be mounted with power over the host's superblocks. Each mount of these makes a
 * superblock of its own (get_tree_nodev() in mm/shmem.c, fs/ramfs, fs/proc, fs/overlayfs). Others
 * may give one that the host uses and change it, as cgroup2 does (cgroup_get_tree():
 * apply_cgroup_root_flags()), or write to a device. */
static const char *const types_of_root[] = {"tmpfs", "ramfs", "proc", "overlay"};

struct request {
    const char *path;
    const char *type;
    const char *options;
    unsigned long flags;
    char *data; /* the options that the file system itself reads, or NULL */
};

/* libmount, loaded where it is needed: it and the four libraries that it stands on would be half of
 * the time in which every other command starts. */
static struct {
    __typeof__(mnt_split_optstr) *split_optstr;
    __typeof__(mnt_optstr_get_flags) *optstr_get_flags;
    __typeof__(mnt_get_builtin_optmap) *get_builtin_optmap;
} libmount;

static int load_libmount(void)
{
    void *library = dlopen("libmount.so.1", RTLD_NOW | RTLD_LOCAL);

    if (library) {
        *(void **)&libmount.split_optstr = dlsym(library, "mnt_split_optstr");
        *(void **)&libmount.optstr_get_flags = dlsym(library, "mnt_optstr_get_flags");
        *(void **)&libmount.get_builtin_optmap = dlsym(library, "mnt_get_builtin_optmap");
        if (libmount.split_optstr && libmount.optstr_get_flags && libmount.get_builtin_optmap)
            return NST_EXIT_HELD;
    }
    return nst_tool_error(NST_EXIT_CANNOT, 0, "loading libmount, which reads the options: %s",
                          dlerror());
}

/* Splits `options` as mount(8) does: flags of mount(2), the file system's own, and those that only
 * mount(8) means (defaults, noauto, x-…), which are ignored. */
static int read_options(struct request *request)
{
    char *user = NULL, *vfs = NULL;
    int error = libmount.split_optstr(request->options, &user, &vfs, &request->data, 0, 0);

    if (!error && vfs)
        error = libmount.optstr_get_flags(vfs, &request->flags,
                                          libmount.get_builtin_optmap(MNT_LINUX_MAP));
    if (error)
        nst_tool_error(NST_EXIT_USAGE, error, "reading the options '%s'", request->options);
    else if (request->flags & ~(unsigned long)MOUNT_FLAGS)
        error = nst_tool_error(-EINVAL, 0, "'%s' is not an option of a new mount", vfs);
    free(user);
    free(vfs);
    return error ? NST_EXIT_USAGE : NST_EXIT_HELD;
}

/* Returns what is wrong with `path` as a mount point, or NULL. */
static const char *path_fault(const char *path)
{
    bool root = true;

    if (!*path)
        return "it is empty";
    if (*path != '/')
        return "it is relative";
    for (const char *name = path; *name; name += strcspn(name, "/")) {
        size_t len = 0;

        name += strspn(name, "/");
        len = strcspn(name, "/");
        if (len == 2 && memcmp(name, "..", 2) == 0)
            return "it has a '..'";
        if (len && !(len == 1 && *name == '.'))
            root = false;
    }
    return root ? "it is the root directory" : NULL;
}

/* Whether the mount point of `line` of /proc/self/mounts, its second field, is `path`. The kernel
 * writes blanks, backslashes and some more as three octal digits (fs/proc_namespace.c: mangle). */
static bool line_is_at(const char *line, const char *path)
{
    const char *at = strchr(line, ' ');

    if (!at)
        return false;
    for (at++; *at && *at != ' '; path++) {
        unsigned int byte = (unsigned char)*at;

        if (byte == '\\' && sscanf(at, "\\%3o", &byte) == 1)
            at += 4;
        else
            at++;
        if (byte != (unsigned char)*path)
            return false;
    }
    return !*path;
}

/* `proc` is an open /proc: the path may cover the one that has a name. */
static int show_mounts(int proc, const char *path)
{
    int fd = openat(proc, "self/mounts", O_RDONLY | O_CLOEXEC);
    FILE *mounts = fd < 0 ? NULL : fdopen(fd, "r");
    int status = NST_EXIT_HELD;
    char *line = NULL;
    size_t size = 0;

    if (!mounts) {
        if (fd >= 0)
            close(fd);
        return nst_tool_error(NST_EXIT_BROKE, errno, "open /proc/self/mounts");
    }
    while (getline(&line, &size, mounts) >= 0) {
        if (line_is_at(line, path))
            fputs(line, stdout);
    }
    if (ferror(mounts))
        status = nst_tool_error(NST_EXIT_BROKE, errno, "reading /proc/self/mounts");
    free(line);
    fclose(mounts);
    return status;
}

static int mount_failed(const struct request *request, int error)
{
    const char *hint = "";
    int status = NST_EXIT_BROKE;

    if (error == ENODEV) {
        status = NST_EXIT_USAGE;
        hint = " (/proc/filesystems lists the types that this kernel has)";
    } else if (error == EINVAL) {
        status = NST_EXIT_USAGE;
    } else if (error == EPERM || error == EACCES) {
        status = NST_EXIT_CANNOT;
        hint = " (tmpfs and ramfs are types that every user namespace may mount)";
    }
    return nst_tool_error(status, error, "mount %s on %s, options '%s'%s", request->type,
                          request->path, request->options, hint);
}

static int mount_and_show(const struct request *request, const struct nst_place *place, int proc)
{
    int status;

    if (mount(request->type, place->path, request->type, request->flags, request->data) < 0)
        return mount_failed(request, errno);
    printf("Mounted %s at %s\n", request->type, request->path);
    status = show_mounts(proc, place->path);
    if (umount2(place->path, UMOUNT_NOFOLLOW) < 0)
        return nst_tool_error(NST_EXIT_BROKE, errno, "umount %s", place->path);
    return status;
}

/* In a user namespace of our own the kernel decides. */
static int check_type_of_root(const char *type)
{
    for (size_t i = 0; i < sizeof(types_of_root) / sizeof(types_of_root[0]); i++)
        if (strcmp(type, types_of_root[i]) == 0)
            return NST_EXIT_HELD;
    return nst_tool_error(NST_EXIT_USAGE, 0,
                          "--type '%s': root may mount tmpfs, ramfs, proc and overlay here, as a "
                          "mount of another type could change a superblock that the host uses; run "
                          "as an ordinary user, the kernel decides",
                          type);
}

static int perform(const struct request *request)
{
    struct nst_place place = {NULL, NULL};
    bool user_namespace;
    int status = nst_private_enter(&user_namespace), removed, proc;

    if (status == NST_EXIT_HELD && !user_namespace)
        status = check_type_of_root(request->type);
    if (status != NST_EXIT_HELD)
        return status;
    proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (proc < 0)
        return nst_tool_error(NST_EXIT_CANNOT, errno, "open /proc");
    status = nst_place_make(request->path, &place);
    if (status == NST_EXIT_HELD) {
        status = mount_and_show(request, &place, proc);
        removed = nst_place_remove(&place);
        if (status == NST_EXIT_HELD)
            status = removed;
        nst_place_free(&place);
    }
    close(proc);
    return status;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct request *request = state->input;
    const char *fault;

    switch (key) {
    case 'p':
        fault = path_fault(arg);
        if (fault)
            argp_error(state, "--path '%s' cannot be mounted on: %s", arg, fault);
        request->path = arg;
        return 0;
    case 't':
        if (!*arg)
            argp_error(state, "--type is empty");
        request->type = arg;
        return 0;
    case 'o':
        request->options = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"path", 'p', "PATH", 0, "Mount point, absolute (default: /mnt/test_mount)", 0},
    {"type", 't', "TYPE", 0, "File system (default: tmpfs; root: tmpfs, ramfs, proc, overlay)", 0},
    {"options", 'o', "OPTIONS", 0, "As of mount(8) (default: nosuid,nodev)", 0},
    {0},
};

static const struct argp argp = {
    .options = options,
    .parser = parse_option,
    .doc = "Mounts in a mount namespace of its own, with / private, shows the mount, unmounts. "
           "Nobody else ever sees the mount or its directory, whatever happens.",
};

int nst_cmd_mount(int argc, char **argv)
{
    struct request request = {
        .path = "/mnt/test_mount",
        .type = "tmpfs",
        .options = "nosuid,nodev",
    };
    int status;

    nst_tool_parse(&argp, argc, argv, &request);
    status = load_libmount();
    if (status == NST_EXIT_HELD)
        status = read_options(&request);
    if (status == NST_EXIT_HELD)
        status = perform(&request);
    free(request.data);
    return status;
}
