#include <ns-tool/features.h>

#define SINCE(major, minor) .since = (major) << 8 | (minor)
#define COPY "1 open_tree(AT_FDCWD, \"/\", OPEN_TREE_CLONE) = 3\n"

const struct nst_kernel_feature_type nst_kernel_features[NST_KERNEL_FEATURES] = {
    [NST_HAS_TIME_NS] = {.name = "time-namespaces",
                         .about = "time_namespaces(7): CLONE_NEWTIME, where it was configured",
                         SINCE(5, 6),
                         .probe = "1 unshare(CLONE_NEWTIME) = 0\n"},
    [NST_HAS_SET_GROUP] = {.name = "set-group",
                           .about = "move_mount(2), MOVE_MOUNT_SET_GROUP",
                           SINCE(5, 15),
                           .probe = "1 move_mount(AT_FDCWD, \"/x\", AT_FDCWD, \"/x\", "
                                    "MOVE_MOUNT_SET_GROUP) = -1 ENOENT\n"},
    [NST_HAS_DIRECTORY_OR_CREATE] = {.name = "directory-or-create",
                                     .about = "open(2): O_CREAT with O_DIRECTORY is refused",
                                     SINCE(6, 4),
                                     .probe =
                                         "1 open(\"/a\", O_RDONLY|O_CREAT|O_DIRECTORY, 0700) = -1 "
                                         "EINVAL\n"},
    [NST_HAS_TMPFS_IDMAP] =
        {.name = "tmpfs-idmap",
         .about = "mount_setattr(2), MOUNT_ATTR_IDMAP: tmpfs allows it",
         SINCE(6, 3),
         .probe = "1 unshare(CLONE_NEWNS) = 0\n"
                  "1 fsopen(\"tmpfs\", 0) = 3\n"
                  "1 fsconfig(3, FSCONFIG_CMD_CREATE, NULL, NULL, 0) = 0\n"
                  "1 fsmount(3, 0, 0) = 4\n"
                  "1 clone(child_stack=NULL, flags=CLONE_NEWUSER|SIGCHLD) = 2\n"
                  "1 open(\"/proc/2/ns/user\", O_RDONLY) = 5\n"
                  "1 mount_setattr(4, \"\", AT_EMPTY_PATH, {attr_set=MOUNT_ATTR_IDMAP, attr_clr=0, "
                  "propagation=0, userns_fd=5}, 32) = 0\n"},
    [NST_HAS_BENEATH] = {.name = "beneath",
                         .about = "move_mount(2), MOVE_MOUNT_BENEATH",
                         SINCE(6, 5),
                         .probe = "1 move_mount(AT_FDCWD, \"/x\", AT_FDCWD, \"/x\", "
                                  "MOVE_MOUNT_BENEATH) = -1 ENOENT\n"},
    [NST_HAS_CREATE_EXCL] = {.name = "create-excl",
                             .about = "fsconfig(2), FSCONFIG_CMD_CREATE_EXCL",
                             SINCE(6, 6),
                             .probe =
                                 "1 fsopen(\"tmpfs\", 0) = 3\n"
                                 "1 fsconfig(3, FSCONFIG_CMD_CREATE_EXCL, NULL, NULL, 0) = 0\n"},
    [NST_HAS_CONFIG_OF_PATHS] =
        {.name = "config-of-paths",
         .about = "fsconfig(2), FSCONFIG_SET_FD: of a descriptor that open(2) made with O_PATH",
         SINCE(6, 14),
         .probe = "1 open(\"/a\", O_RDONLY|O_DIRECTORY|O_PATH) = 3\n"
                  "1 fsopen(\"ramfs\", 0) = 4\n"
                  "1 fsconfig(4, FSCONFIG_SET_FD, \"ro\", NULL, 3) = 0\n"},
    [NST_HAS_DETACHED_COPIES] = {.name = "detached-copies",
                                 .about = "open_tree(2), move_mount(2): copies of detached trees, "
                                          "and mounts in them",
                                 SINCE(6, 15),
                                 .probe = COPY
                                 "1 open_tree(3, \"\", OPEN_TREE_CLONE|AT_EMPTY_PATH) = 4\n"},
    [NST_HAS_OPEN_TREE_ATTR] = {.name = "open-tree-attr",
                                .about = "open_tree_attr(2)",
                                SINCE(6, 15),
                                .probe = "1 open_tree_attr(AT_FDCWD, \"/\", 0, {attr_set=0, "
                                         "attr_clr=0, propagation=0, userns_fd=0}, 32) = 3\n"},
    [NST_HAS_TARGET_FIRST] = {.name = "target-first",
                              .about =
                                  "move_mount(2): what is wrong with the target is said before "
                                  "what is wrong with the source",
                              SINCE(6, 15),
                              .probe = "1 move_mount(9, \"\", AT_FDCWD, \"/x\", "
                                       "MOVE_MOUNT_F_EMPTY_PATH) = -1 ENOENT\n"},
    [NST_HAS_MOUNTED_TARGET] = {.name = "mounted-target",
                                .about = "mount(2): where nothing is mounted ENOENT, not EINVAL",
                                SINCE(6, 17),
                                .probe =
                                    "1 open(\"/proc/1/ns/mnt\", O_RDONLY) = 3\n"
                                    "1 mount(\"/\", \"/proc/self/fd/3\", NULL, MS_BIND, NULL) = "
                                    "-1 ENOENT\n"},
    [NST_HAS_MOVE_CHECKED_FIRST] =
        {.name = "move-checked-first",
         .about = "mount(2), MS_MOVE: what can't be moved is EINVAL before a target that is gone "
                  "is ENOENT",
         SINCE(6, 17),
         .probe = "1 mkdir(\"/x\", 0755) = 0\n1 open(\"/x\", O_RDONLY) = 3\n1 rmdir(\"/x\") = 0\n"
                  "1 mount(\"/a\", \"/proc/self/fd/3\", NULL, MS_MOVE, NULL) = -1 EINVAL\n"},
};
