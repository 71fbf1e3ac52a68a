/* Flag sets in the order in which strace prints them. Values are the kernel's ABI: they are written
 * out because Debian 12's headers lack the newer ones. Sources: include/uapi/linux/{mount,sched,
 * fcntl,fs}.h, and asm-generic/fcntl.h, whose O_ values x86-64 and arm64 do not all share. */
#include <ctype.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "flags.h"

#define FLAG(name)                                                                                 \
    {                                                                                              \
#name, (uint64_t)(name)                                                                    \
    }
#define SET(prefix, array)                                                                         \
    {                                                                                              \
        prefix, array, sizeof(array) / sizeof((array)[0])                                          \
    }

static const struct nst_flag clone_flags[] = {
    {"CLONE_VM", 0x100},
    {"CLONE_FS", 0x200},
    {"CLONE_FILES", 0x400},
    {"CLONE_SIGHAND", 0x800},
    {"CLONE_PIDFD", 0x1000},
    {"CLONE_PTRACE", 0x2000},
    {"CLONE_VFORK", 0x4000},
    {"CLONE_PARENT", 0x8000},
    {"CLONE_THREAD", 0x10000},
    {"CLONE_NEWNS", 0x20000},
    {"CLONE_SYSVSEM", 0x40000},
    {"CLONE_SETTLS", 0x80000},
    {"CLONE_PARENT_SETTID", 0x100000},
    {"CLONE_CHILD_CLEARTID", 0x200000},
    {"CLONE_DETACHED", 0x400000},
    {"CLONE_UNTRACED", 0x800000},
    {"CLONE_CHILD_SETTID", 0x1000000},
    {"CLONE_NEWCGROUP", 0x2000000},
    {"CLONE_NEWUTS", 0x4000000},
    {"CLONE_NEWIPC", 0x8000000},
    {"CLONE_NEWUSER", 0x10000000},
    {"CLONE_NEWPID", 0x20000000},
    {"CLONE_NEWNET", 0x40000000},
    {"CLONE_IO", 0x80000000},
    {"CLONE_CLEAR_SIGHAND", 0x100000000},
    {"CLONE_INTO_CGROUP", 0x200000000},
    {"CLONE_NEWTIME", 0x80},
    {"SIGCHLD", SIGCHLD},
};
const struct nst_flag_set nst_flags_clone = SET("CLONE_", clone_flags);

static const struct nst_flag mount_flags[] = {
    {"MS_MGC_VAL", 0xc0ed0000}, /* before its bits: 0xffff0000 is a magic, not flags */
    {"MS_RDONLY", 1},
    {"MS_NOSUID", 2},
    {"MS_NODEV", 4},
    {"MS_NOEXEC", 8},
    {"MS_SYNCHRONOUS", 16},
    {"MS_REMOUNT", 32},
    {"MS_MANDLOCK", 64},
    {"MS_DIRSYNC", 128},
    {"MS_NOSYMFOLLOW", 256},
    {"MS_NOATIME", 1024},
    {"MS_NODIRATIME", 2048},
    {"MS_BIND", 4096},
    {"MS_MOVE", 8192},
    {"MS_REC", 16384},
    {"MS_SILENT", 32768},
    {"MS_POSIXACL", 1 << 16},
    {"MS_UNBINDABLE", 1 << 17},
    {"MS_PRIVATE", 1 << 18},
    {"MS_SLAVE", 1 << 19},
    {"MS_SHARED", 1 << 20},
    {"MS_RELATIME", 1 << 21},
    {"MS_KERNMOUNT", 1 << 22},
    {"MS_I_VERSION", 1 << 23},
    {"MS_STRICTATIME", 1 << 24},
    {"MS_LAZYTIME", 1 << 25},
    {"MS_SUBMOUNT", 1 << 26},
    {"MS_NOREMOTELOCK", 1 << 27},
    {"MS_NOSEC", 1 << 28},
    {"MS_BORN", 1 << 29},
    {"MS_ACTIVE", 1 << 30},
    {"MS_NOUSER", UINT64_C(1) << 31},
};
const struct nst_flag_set nst_flags_mount = SET("MS_", mount_flags);

static const struct nst_flag umount_flags[] = {
    {"MNT_FORCE", 1}, {"MNT_DETACH", 2}, {"MNT_EXPIRE", 4}, {"UMOUNT_NOFOLLOW", 8}};
const struct nst_flag_set nst_flags_umount = SET("MNT_", umount_flags);

/* O_RDONLY is 0 and printed where neither O_WRONLY nor O_RDWR is. */
static const struct nst_flag open_flags[] = {
    FLAG(O_RDONLY),   FLAG(O_WRONLY),  FLAG(O_RDWR),      FLAG(O_CREAT),    FLAG(O_EXCL),
    FLAG(O_NOCTTY),   FLAG(O_TRUNC),   FLAG(O_APPEND),    FLAG(O_NONBLOCK), FLAG(O_SYNC),
    FLAG(O_DSYNC),    FLAG(O_DIRECT),  FLAG(O_LARGEFILE), FLAG(O_TMPFILE),  FLAG(O_DIRECTORY),
    FLAG(O_NOFOLLOW), FLAG(O_NOATIME), FLAG(O_CLOEXEC),   FLAG(O_PATH),
};
const struct nst_flag_set nst_flags_open = SET("O_", open_flags);

static const struct nst_flag unlink_flags[] = {{"AT_REMOVEDIR", 0x200}};
const struct nst_flag_set nst_flags_unlink = SET("AT_", unlink_flags);

static const struct nst_flag rename_flags[] = {
    {"RENAME_NOREPLACE", 1}, {"RENAME_EXCHANGE", 2}, {"RENAME_WHITEOUT", 4}};
const struct nst_flag_set nst_flags_rename = SET("RENAME_", rename_flags);

static const struct nst_flag open_tree_flags[] = {
    {"OPEN_TREE_CLONE", 1},     {"OPEN_TREE_CLOEXEC", O_CLOEXEC}, {"AT_SYMLINK_NOFOLLOW", 0x100},
    {"AT_NO_AUTOMOUNT", 0x800}, {"AT_EMPTY_PATH", 0x1000},        {"AT_RECURSIVE", 0x8000},
};
const struct nst_flag_set nst_flags_open_tree = SET("OPEN_TREE_", open_tree_flags);

static const struct nst_flag move_mount_flags[] = {
    {"MOVE_MOUNT_F_SYMLINKS", 1},      {"MOVE_MOUNT_F_AUTOMOUNTS", 2},
    {"MOVE_MOUNT_F_EMPTY_PATH", 4},    {"MOVE_MOUNT_T_SYMLINKS", 0x10},
    {"MOVE_MOUNT_T_AUTOMOUNTS", 0x20}, {"MOVE_MOUNT_T_EMPTY_PATH", 0x40},
    {"MOVE_MOUNT_SET_GROUP", 0x100},   {"MOVE_MOUNT_BENEATH", 0x200},
};
const struct nst_flag_set nst_flags_move_mount = SET("MOVE_MOUNT_", move_mount_flags);

static const struct nst_flag fsopen_flags[] = {{"FSOPEN_CLOEXEC", 1}};
const struct nst_flag_set nst_flags_fsopen = SET("FSOPEN_", fsopen_flags);

static const struct nst_flag fsmount_flags[] = {{"FSMOUNT_CLOEXEC", 1}};
const struct nst_flag_set nst_flags_fsmount = SET("FSMOUNT_", fsmount_flags);

static const struct nst_flag fspick_flags[] = {{"FSPICK_CLOEXEC", 1},
                                               {"FSPICK_SYMLINK_NOFOLLOW", 2},
                                               {"FSPICK_NO_AUTOMOUNT", 4},
                                               {"FSPICK_EMPTY_PATH", 8}};
const struct nst_flag_set nst_flags_fspick = SET("FSPICK_", fspick_flags);

static const struct nst_flag attr_flags[] = {
    {"MOUNT_ATTR_RDONLY", 1},         {"MOUNT_ATTR_NOSUID", 2},
    {"MOUNT_ATTR_NODEV", 4},          {"MOUNT_ATTR_NOEXEC", 8},
    {"MOUNT_ATTR__ATIME", 0x70},      {"MOUNT_ATTR_NOATIME", 0x10},
    {"MOUNT_ATTR_STRICTATIME", 0x20}, {"MOUNT_ATTR_NODIRATIME", 0x80},
    {"MOUNT_ATTR_IDMAP", 0x100000},   {"MOUNT_ATTR_NOSYMFOLLOW", 0x200000},
    {"MOUNT_ATTR_RELATIME", 0},
};
const struct nst_flag_set nst_flags_attr = SET("MOUNT_ATTR_", attr_flags);

static const struct nst_flag propagation_flags[] = {{"MS_UNBINDABLE", 1 << 17},
                                                    {"MS_PRIVATE", 1 << 18},
                                                    {"MS_SLAVE", 1 << 19},
                                                    {"MS_SHARED", 1 << 20}};
const struct nst_flag_set nst_flags_propagation = SET("MS_", propagation_flags);

static const struct nst_flag setattr_flags[] = {{"AT_SYMLINK_NOFOLLOW", 0x100},
                                                {"AT_NO_AUTOMOUNT", 0x800},
                                                {"AT_EMPTY_PATH", 0x1000},
                                                {"AT_RECURSIVE", 0x8000}};
const struct nst_flag_set nst_flags_setattr = SET("AT_", setattr_flags);

static const struct nst_flag fsconfig_commands[] = {
    {"FSCONFIG_SET_FLAG", 0},   {"FSCONFIG_SET_STRING", 1},      {"FSCONFIG_SET_BINARY", 2},
    {"FSCONFIG_SET_PATH", 3},   {"FSCONFIG_SET_PATH_EMPTY", 4},  {"FSCONFIG_SET_FD", 5},
    {"FSCONFIG_CMD_CREATE", 6}, {"FSCONFIG_CMD_RECONFIGURE", 7}, {"FSCONFIG_CMD_CREATE_EXCL", 8},
};
const struct nst_flag_set nst_enum_fsconfig = SET("FSCONFIG_", fsconfig_commands);

static const struct nst_flag signals[] = {
    FLAG(SIGHUP),  FLAG(SIGINT),  FLAG(SIGQUIT), FLAG(SIGKILL), FLAG(SIGUSR1),
    FLAG(SIGUSR2), FLAG(SIGTERM), FLAG(SIGCHLD), FLAG(SIGCONT), FLAG(SIGSTOP),
};
const struct nst_flag_set nst_enum_signal = SET("SIG", signals);

#define KERNEL_SIGRTMIN 32 /* the C library keeps the first two for itself */

const struct nst_flag *nst_flag_by_name(const struct nst_flag_set *set, const char *name,
                                        size_t len)
{
    for (size_t i = 0; i < set->len; i++)
        if (!strncmp(set->flag[i].name, name, len) && !set->flag[i].name[len])
            return &set->flag[i];
    return NULL;
}

int nst_signal_by_name(const struct nst_flag_set *set, const char *name, size_t len)
{
    char text[16], *end;

    if ((set != &nst_enum_signal && set != &nst_flags_clone) || len < 5 || len >= sizeof text ||
        memcmp(name, "SIG", 3) != 0)
        return -1;
    memcpy(text, name, len);
    text[len] = '\0';
    if (!strcmp(text, "SIG_0"))
        return 0;
    if (!strcmp(text, "SIGRTMIN"))
        return KERNEL_SIGRTMIN;
    if (!strncmp(text, "SIGRT_", 6)) {
        unsigned long above = strtoul(text + 6, &end, 10);

        return isdigit((unsigned char)text[6]) && !*end && above <= 32
                   ? KERNEL_SIGRTMIN + (int)above
                   : -1;
    }
    for (int number = 1; number < KERNEL_SIGRTMIN; number++) {
        const char *known = nst_signal_name(number);

        if (known && !strcmp(known, text + 3))
            return number;
    }
    return -1;
}
