/* Flags, and words of flags that have a meaning of their own, in a call that succeeded. */
#include <fcntl.h>
#include <sys/mount.h>

#include "coverage.h"

enum { NEWNS = 0x20000, NEWUSER = 0x10000000, NEWPID = 0x20000000, SHARE_FS = 0x200 };
enum { CREATES = NEWNS | NEWUSER | NEWPID | SHARE_FS };
enum { TYPES = MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE };
enum { ACTS = TYPES | MS_BIND | MS_MOVE | MS_REMOUNT };
enum { CLONE = 1, EMPTY = 0x1000, NOFOLLOW = 0x100, REC = 0x8000 };

#define ARG(call, arg) ((uint64_t)(call) << 8 | (arg))

/* A row: argument ARG, in its bits of MASK, is VALUE. */
static const struct nst_feature features[] = {
    {"unshare CLONE_NEWNS", ARG(NST_CALL_UNSHARE, 0), CREATES, NEWNS},
    {"unshare CLONE_NEWUSER", ARG(NST_CALL_UNSHARE, 0), CREATES, NEWUSER},
    {"unshare CLONE_NEWUSER|CLONE_NEWNS", ARG(NST_CALL_UNSHARE, 0), CREATES, NEWUSER | NEWNS},
    {"unshare CLONE_FS", ARG(NST_CALL_UNSHARE, 0), CREATES, SHARE_FS},
    {"clone without namespaces", ARG(NST_CALL_CLONE, 0), CREATES, 0},
    {"clone CLONE_NEWNS", ARG(NST_CALL_CLONE, 0), CREATES, NEWNS},
    {"clone CLONE_NEWUSER", ARG(NST_CALL_CLONE, 0), CREATES, NEWUSER},
    {"clone CLONE_NEWUSER|CLONE_NEWNS", ARG(NST_CALL_CLONE, 0), CREATES, NEWUSER | NEWNS},
    {"clone CLONE_NEWPID", ARG(NST_CALL_CLONE, 0), CREATES, NEWPID},
    {"clone CLONE_FS", ARG(NST_CALL_CLONE, 0), CREATES, SHARE_FS},
    {"clone3 without namespaces", ARG(NST_CALL_CLONE3, 0), CREATES, 0},
    {"clone3 CLONE_NEWNS", ARG(NST_CALL_CLONE3, 0), CREATES, NEWNS},
    {"clone3 CLONE_NEWUSER|CLONE_NEWNS", ARG(NST_CALL_CLONE3, 0), CREATES, NEWUSER | NEWNS},
    {"setns 0", ARG(NST_CALL_SETNS, 1), ~0ULL, 0},
    {"setns CLONE_NEWNS", ARG(NST_CALL_SETNS, 1), ~0ULL, NEWNS},
    {"setns CLONE_NEWUSER", ARG(NST_CALL_SETNS, 1), ~0ULL, NEWUSER},
    {"mount of a new file system", ARG(NST_CALL_MOUNT, 3), ACTS, 0},
    {"mount MS_RDONLY", ARG(NST_CALL_MOUNT, 3), ACTS | MS_RDONLY, MS_RDONLY},
    {"mount MS_NOSUID", ARG(NST_CALL_MOUNT, 3), ACTS | MS_NOSUID, MS_NOSUID},
    {"mount MS_NODEV", ARG(NST_CALL_MOUNT, 3), ACTS | MS_NODEV, MS_NODEV},
    {"mount MS_NOEXEC", ARG(NST_CALL_MOUNT, 3), ACTS | MS_NOEXEC, MS_NOEXEC},
    {"mount MS_NOATIME", ARG(NST_CALL_MOUNT, 3), ACTS | MS_NOATIME, MS_NOATIME},
    {"mount MS_BIND", ARG(NST_CALL_MOUNT, 3), ACTS | MS_REC, MS_BIND},
    {"mount MS_BIND|MS_REC", ARG(NST_CALL_MOUNT, 3), ACTS | MS_REC, MS_BIND | MS_REC},
    {"mount MS_MOVE", ARG(NST_CALL_MOUNT, 3), ACTS, MS_MOVE},
    {"mount MS_REMOUNT", ARG(NST_CALL_MOUNT, 3), ACTS, MS_REMOUNT},
    {"mount MS_REMOUNT|MS_RDONLY", ARG(NST_CALL_MOUNT, 3), ACTS | MS_RDONLY,
     MS_REMOUNT | MS_RDONLY},
    {"mount MS_REMOUNT|MS_BIND", ARG(NST_CALL_MOUNT, 3), ACTS, MS_REMOUNT | MS_BIND},
    {"mount MS_REMOUNT|MS_BIND|MS_RDONLY", ARG(NST_CALL_MOUNT, 3), ACTS | MS_RDONLY,
     MS_REMOUNT | MS_BIND | MS_RDONLY},
    {"mount MS_REMOUNT|MS_BIND|MS_NOSUID", ARG(NST_CALL_MOUNT, 3), ACTS | MS_NOSUID,
     MS_REMOUNT | MS_BIND | MS_NOSUID},
    {"mount MS_REMOUNT|MS_BIND|MS_NOEXEC", ARG(NST_CALL_MOUNT, 3), ACTS | MS_NOEXEC,
     MS_REMOUNT | MS_BIND | MS_NOEXEC},
    {"mount MS_SHARED", ARG(NST_CALL_MOUNT, 3), ACTS | MS_REC, MS_SHARED},
    {"mount MS_SHARED|MS_REC", ARG(NST_CALL_MOUNT, 3), ACTS | MS_REC, MS_SHARED | MS_REC},
    {"mount MS_PRIVATE", ARG(NST_CALL_MOUNT, 3), ACTS | MS_REC, MS_PRIVATE},
    {"mount MS_PRIVATE|MS_REC", ARG(NST_CALL_MOUNT, 3), ACTS | MS_REC, MS_PRIVATE | MS_REC},
    {"mount MS_SLAVE", ARG(NST_CALL_MOUNT, 3), ACTS | MS_REC, MS_SLAVE},
    {"mount MS_SLAVE|MS_REC", ARG(NST_CALL_MOUNT, 3), ACTS | MS_REC, MS_SLAVE | MS_REC},
    {"mount MS_UNBINDABLE", ARG(NST_CALL_MOUNT, 3), ACTS | MS_REC, MS_UNBINDABLE},
    {"mount MS_UNBINDABLE|MS_REC", ARG(NST_CALL_MOUNT, 3), ACTS | MS_REC, MS_UNBINDABLE | MS_REC},
    {"umount2 0", ARG(NST_CALL_UMOUNT2, 1), ~0ULL, 0},
    {"umount2 MNT_DETACH", ARG(NST_CALL_UMOUNT2, 1), ~0ULL, MNT_DETACH},
    {"umount2 MNT_EXPIRE", ARG(NST_CALL_UMOUNT2, 1), ~0ULL, MNT_EXPIRE},
    {"umount2 UMOUNT_NOFOLLOW", ARG(NST_CALL_UMOUNT2, 1), ~0ULL, UMOUNT_NOFOLLOW},
    {"umount2 MNT_DETACH|UMOUNT_NOFOLLOW", ARG(NST_CALL_UMOUNT2, 1), ~0ULL,
     MNT_DETACH | UMOUNT_NOFOLLOW},
    {"open_tree 0", ARG(NST_CALL_OPEN_TREE, 2), CLONE | REC, 0},
    {"open_tree OPEN_TREE_CLONE", ARG(NST_CALL_OPEN_TREE, 2), CLONE | REC, CLONE},
    {"open_tree OPEN_TREE_CLONE|AT_RECURSIVE", ARG(NST_CALL_OPEN_TREE, 2), CLONE | REC,
     CLONE | REC},
    {"open_tree AT_EMPTY_PATH", ARG(NST_CALL_OPEN_TREE, 2), EMPTY, EMPTY},
    {"open_tree AT_SYMLINK_NOFOLLOW", ARG(NST_CALL_OPEN_TREE, 2), NOFOLLOW, NOFOLLOW},
    {"open_tree_attr OPEN_TREE_CLONE", ARG(NST_CALL_OPEN_TREE_ATTR, 2), CLONE | REC, CLONE},
    {"open_tree_attr OPEN_TREE_CLONE|AT_RECURSIVE", ARG(NST_CALL_OPEN_TREE_ATTR, 2), CLONE | REC,
     CLONE | REC},
    {"open_tree_attr MOUNT_ATTR_RDONLY", ARG(NST_CALL_OPEN_TREE_ATTR, 3), 1, 1},
    {"open_tree_attr MOUNT_ATTR_IDMAP", ARG(NST_CALL_OPEN_TREE_ATTR, 3), 0x100000, 0x100000},
    {"open_tree_attr MS_SHARED", ARG(NST_CALL_OPEN_TREE_ATTR, 5), TYPES, MS_SHARED},
    {"open_tree_attr MS_PRIVATE", ARG(NST_CALL_OPEN_TREE_ATTR, 5), TYPES, MS_PRIVATE},
    {"open_tree_attr MS_SLAVE", ARG(NST_CALL_OPEN_TREE_ATTR, 5), TYPES, MS_SLAVE},
    {"open_tree_attr MS_UNBINDABLE", ARG(NST_CALL_OPEN_TREE_ATTR, 5), TYPES, MS_UNBINDABLE},
    {"move_mount by paths", ARG(NST_CALL_MOVE_MOUNT, 4), 0x344, 0},
    {"move_mount MOVE_MOUNT_F_EMPTY_PATH", ARG(NST_CALL_MOVE_MOUNT, 4), 0x344, 4},
    {"move_mount MOVE_MOUNT_T_EMPTY_PATH", ARG(NST_CALL_MOVE_MOUNT, 4), 0x40, 0x40},
    {"move_mount MOVE_MOUNT_F_SYMLINKS", ARG(NST_CALL_MOVE_MOUNT, 4), 1, 1},
    {"move_mount MOVE_MOUNT_T_SYMLINKS", ARG(NST_CALL_MOVE_MOUNT, 4), 0x10, 0x10},
    {"move_mount MOVE_MOUNT_SET_GROUP", ARG(NST_CALL_MOVE_MOUNT, 4), 0x300, 0x100},
    {"move_mount MOVE_MOUNT_BENEATH", ARG(NST_CALL_MOVE_MOUNT, 4), 0x300, 0x200},
    {"fsopen 0", ARG(NST_CALL_FSOPEN, 1), ~0ULL, 0},
    {"fsopen FSOPEN_CLOEXEC", ARG(NST_CALL_FSOPEN, 1), ~0ULL, 1},
    {"fsconfig FSCONFIG_SET_FLAG", ARG(NST_CALL_FSCONFIG, 1), ~0ULL, 0},
    {"fsconfig FSCONFIG_SET_STRING", ARG(NST_CALL_FSCONFIG, 1), ~0ULL, 1},
    {"fsconfig FSCONFIG_CMD_CREATE", ARG(NST_CALL_FSCONFIG, 1), ~0ULL, 6},
    {"fsconfig FSCONFIG_CMD_RECONFIGURE", ARG(NST_CALL_FSCONFIG, 1), ~0ULL, 7},
    {"fsconfig FSCONFIG_CMD_CREATE_EXCL", ARG(NST_CALL_FSCONFIG, 1), ~0ULL, 8},
    {"fsmount 0", ARG(NST_CALL_FSMOUNT, 2), ~0ULL, 0},
    {"fsmount MOUNT_ATTR_RDONLY", ARG(NST_CALL_FSMOUNT, 2), 1, 1},
    {"fsmount MOUNT_ATTR_NOSUID", ARG(NST_CALL_FSMOUNT, 2), 2, 2},
    {"fsmount MOUNT_ATTR_NOATIME", ARG(NST_CALL_FSMOUNT, 2), 0x70, 0x10},
    {"fspick 0", ARG(NST_CALL_FSPICK, 2), ~0ULL, 0},
    {"fspick FSPICK_NO_AUTOMOUNT", ARG(NST_CALL_FSPICK, 2), 4, 4},
    {"fspick FSPICK_EMPTY_PATH", ARG(NST_CALL_FSPICK, 2), 8, 8},
    {"mount_setattr AT_RECURSIVE", ARG(NST_CALL_MOUNT_SETATTR, 2), REC, REC},
    {"mount_setattr AT_EMPTY_PATH", ARG(NST_CALL_MOUNT_SETATTR, 2), EMPTY, EMPTY},
    {"mount_setattr +MOUNT_ATTR_RDONLY", ARG(NST_CALL_MOUNT_SETATTR, 3), 1, 1},
    {"mount_setattr +MOUNT_ATTR_NOSUID", ARG(NST_CALL_MOUNT_SETATTR, 3), 2, 2},
    {"mount_setattr +MOUNT_ATTR_NODEV", ARG(NST_CALL_MOUNT_SETATTR, 3), 4, 4},
    {"mount_setattr +MOUNT_ATTR_NOEXEC", ARG(NST_CALL_MOUNT_SETATTR, 3), 8, 8},
    {"mount_setattr +MOUNT_ATTR_NOATIME", ARG(NST_CALL_MOUNT_SETATTR, 3), 0x70, 0x10},
    {"mount_setattr +MOUNT_ATTR_STRICTATIME", ARG(NST_CALL_MOUNT_SETATTR, 3), 0x70, 0x20},
    {"mount_setattr +MOUNT_ATTR_NODIRATIME", ARG(NST_CALL_MOUNT_SETATTR, 3), 0x80, 0x80},
    {"mount_setattr +MOUNT_ATTR_IDMAP", ARG(NST_CALL_MOUNT_SETATTR, 3), 0x100000, 0x100000},
    {"mount_setattr +MOUNT_ATTR_NOSYMFOLLOW", ARG(NST_CALL_MOUNT_SETATTR, 3), 0x200000, 0x200000},
    {"mount_setattr -MOUNT_ATTR_RDONLY", ARG(NST_CALL_MOUNT_SETATTR, 4), 1, 1},
    {"mount_setattr -MOUNT_ATTR_NOEXEC", ARG(NST_CALL_MOUNT_SETATTR, 4), 8, 8},
    {"mount_setattr -MOUNT_ATTR__ATIME", ARG(NST_CALL_MOUNT_SETATTR, 4), 0x70, 0x70},
    {"mount_setattr MS_SHARED", ARG(NST_CALL_MOUNT_SETATTR, 5), TYPES, MS_SHARED},
    {"mount_setattr MS_PRIVATE", ARG(NST_CALL_MOUNT_SETATTR, 5), TYPES, MS_PRIVATE},
    {"mount_setattr MS_SLAVE", ARG(NST_CALL_MOUNT_SETATTR, 5), TYPES, MS_SLAVE},
    {"mount_setattr MS_UNBINDABLE", ARG(NST_CALL_MOUNT_SETATTR, 5), TYPES, MS_UNBINDABLE},
    {"open O_PATH", ARG(NST_CALL_OPEN, 1), O_PATH, O_PATH},
    {"open O_DIRECTORY", ARG(NST_CALL_OPEN, 1), O_DIRECTORY, O_DIRECTORY},
    {"open O_CREAT", ARG(NST_CALL_OPEN, 1), O_CREAT, O_CREAT},
    {"openat O_PATH", ARG(NST_CALL_OPENAT, 2), O_PATH, O_PATH},
    {"openat O_CREAT", ARG(NST_CALL_OPENAT, 2), O_CREAT, O_CREAT},
    {"unlinkat 0", ARG(NST_CALL_UNLINKAT, 2), ~0ULL, 0},
    {"unlinkat AT_REMOVEDIR", ARG(NST_CALL_UNLINKAT, 2), ~0ULL, 0x200},
};

static void look(const struct nst_trace *trace, size_t at, const struct nst_feature_group *group,
                 struct nst_coverage *coverage)
{
    const struct nst_call *call = trace->step[at].call;

    if (!nst_step_succeeded(&trace->step[at]))
        return;
    for (size_t i = 0; i < group->len; i++) {
        const struct nst_feature *feature = &group->feature[i];

        if (feature->key >> 8 == call->id &&
            (call->arg[feature->key & 0xff].num & feature->mask) == feature->value)
            nst_coverage_hit_row(coverage, group, i);
    }
}

const struct nst_feature_group nst_group_flags = {
    .name = "flags",
    .about = "flags, and words of flags that mean something of their own, in a call that succeeded",
    .source = "the calls' manual pages",
    NST_FEATURES(features),
    .look = look,
};
