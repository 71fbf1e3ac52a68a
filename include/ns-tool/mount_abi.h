/* The kernel's mount interface, as far as Debian 12's headers (Linux 6.1) lack it. Each piece names
 * where it comes from and since when; names are the kernel's, except that structs carry nst_, since
 * newer headers declare them too. Nothing here says that the running kernel has it: who calls must
 * expect -ENOSYS or -EINVAL.
 */
#ifndef NST_MOUNT_ABI_H
#define NST_MOUNT_ABI_H

#include <stdint.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/mount.h> /* glibc's; don't include <linux/mount.h> beside it, they clash in glibc 2.36 */
#include <sys/stat.h>
#include <sys/syscall.h>

/* ---- system calls: arch/x86/entry/syscalls/syscall_64.tbl; the same numbers on every architecture
 * but alpha ---- */

#ifndef __NR_statmount
#define __NR_statmount                                                                             \
    457 /* 6.8: (const struct mnt_id_req *, struct statmount *, size_t bufsize, unsigned flags) */
#endif
#ifndef __NR_listmount
#define __NR_listmount                                                                             \
    458 /* 6.8: (const struct mnt_id_req *, uint64_t *ids, size_t nr, unsigned flags) */
#endif
#ifndef __NR_open_tree_attr
#define __NR_open_tree_attr                                                                        \
    467 /* 6.15: (int dfd, const char *path, unsigned flags, struct mount_attr *, size_t) */
#endif

#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442 /* 5.12 */
#endif
#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr __NR_open_tree_attr
#endif
#ifndef SYS_close_range
#define SYS_close_range 436 /* 5.9: (unsigned first, unsigned last, unsigned flags) */
#endif

/* ---- include/uapi/linux/mount.h ---- */

/* 5.2, and in glibc's headers from 2.36 on */
#ifndef MOUNT_ATTR_RDONLY
#define MOUNT_ATTR_RDONLY 0x1
#define MOUNT_ATTR_NOSUID 0x2
#define MOUNT_ATTR_NODEV 0x4
#define MOUNT_ATTR_NOEXEC 0x8
#endif
#ifndef FSPICK_CLOEXEC
#define FSPICK_CLOEXEC 0x1
#define FSPICK_SYMLINK_NOFOLLOW 0x2
#define FSPICK_NO_AUTOMOUNT 0x4
#define FSPICK_EMPTY_PATH 0x8
#endif

#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#ifndef OPEN_TREE_NAMESPACE
#define OPEN_TREE_NAMESPACE (1 << 1) /* 7.0: clone the tree into a new mount namespace */
#endif
#ifndef FSMOUNT_NAMESPACE
#define FSMOUNT_NAMESPACE 0x00000002 /* 7.1: the same for fsmount(2) */
#endif
#ifndef MOVE_MOUNT_SET_GROUP
#define MOVE_MOUNT_SET_GROUP 0x00000100 /* 5.15 */
#endif
#ifndef MOVE_MOUNT_BENEATH
#define MOVE_MOUNT_BENEATH 0x00000200 /* 6.5 */
#endif
#ifndef MOUNT_ATTR_RELATIME
#define MOUNT_ATTR_RELATIME 0x00000000 /* 5.2 */
#endif
#ifndef MOUNT_ATTR__ATIME
#define MOUNT_ATTR__ATIME 0x00000070 /* 5.2: the mask of the atime modes */
#endif
#ifndef MOUNT_ATTR_NOATIME
#define MOUNT_ATTR_NOATIME 0x00000010 /* 5.2 */
#endif
#ifndef MOUNT_ATTR_STRICTATIME
#define MOUNT_ATTR_STRICTATIME 0x00000020 /* 5.2 */
#endif
#ifndef MOUNT_ATTR_NODIRATIME
#define MOUNT_ATTR_NODIRATIME 0x00000080 /* 5.2 */
#endif
#ifndef MOUNT_ATTR_IDMAP
#define MOUNT_ATTR_IDMAP 0x00100000 /* 5.12 */
#endif
#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000 /* 5.14 */
#endif
#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256 /* 5.10 */
#endif
#define NST_FSCONFIG_CMD_CREATE_EXCL                                                               \
    8 /* 6.6: FSCONFIG_CMD_CREATE_EXCL, which is an enumerator there */

/* struct mnt_id_req. 6.8 knows the first 24 bytes (VER0), 6.11 all 32 (VER1); a kernel that knows
 * fewer bytes than it is given returns -E2BIG unless the rest is zero. */
struct nst_mnt_id_req {
    uint32_t size;      /* of this struct, in bytes */
    uint32_t mnt_ns_fd; /* 6.18: an open namespace file, or 0; must be 0 before and when mnt_ns_id
                           is set */
    uint64_t mnt_id;    /* unique id of the mount, or LSMT_ROOT */
    uint64_t param;     /* statmount: STATMOUNT_…; listmount: the last id seen, or 0 */
    uint64_t mnt_ns_id; /* 6.11: the namespace, or 0 for the caller's */
};

#ifndef MNT_ID_REQ_SIZE_VER0
#define MNT_ID_REQ_SIZE_VER0 24
#endif
#ifndef MNT_ID_REQ_SIZE_VER1
#define MNT_ID_REQ_SIZE_VER1 32
#endif
#ifndef LSMT_ROOT
#define LSMT_ROOT                                                                                  \
    0xffffffffffffffff /* listmount: from the root on, which is listed too since 6.8 */
#endif
#ifndef LISTMOUNT_REVERSE
#define LISTMOUNT_REVERSE (1 << 0) /* 6.12 */
#endif

/* struct statmount. [str] fields are offsets into str[]. Only what `mask` names was written. 512
 * bytes since 6.8. */
struct nst_statmount {
    uint32_t size;     /* in bytes, with the strings */
    uint32_t mnt_opts; /* [str] of the superblock; escaped, comma-separated */
    uint64_t mask;     /* STATMOUNT_… */
    uint32_t sb_dev_major, sb_dev_minor;
    uint64_t sb_magic;
    uint32_t sb_flags; /* SB_RDONLY 1, SB_SYNCHRONOUS 16, SB_DIRSYNC 128, SB_LAZYTIME 1 << 25 */
    uint32_t fs_type;  /* [str] not escaped, without subtype */
    uint64_t mnt_id, mnt_parent_id;         /* unique */
    uint32_t mnt_id_old, mnt_parent_id_old; /* as in mountinfo */
    uint64_t mnt_attr;                      /* MOUNT_ATTR_… */
    uint64_t mnt_propagation;               /* MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE */
    uint64_t mnt_peer_group;
    uint64_t mnt_master;
    uint64_t propagate_from;
    uint32_t mnt_root;                   /* [str] not escaped */
    uint32_t mnt_point;                  /* [str] not escaped, "" when the root doesn't reach it */
    uint64_t mnt_ns_id;                  /* 6.11 */
    uint32_t fs_subtype;                 /* [str] 6.13 */
    uint32_t sb_source;                  /* [str] 6.13: not escaped */
    uint32_t opt_num, opt_array;         /* [str] 6.13: each option ends with NUL, not escaped */
    uint32_t opt_sec_num, opt_sec_array; /* [str] 6.13: the security module's */
    uint64_t supported_mask;             /* 6.15 */
    uint32_t mnt_uidmap_num, mnt_uidmap; /* [str] 6.15 */
    uint32_t mnt_gidmap_num, mnt_gidmap; /* [str] 6.15 */
    uint64_t spare[43];
    char str[];
};

#ifndef STATMOUNT_SB_BASIC
#define STATMOUNT_SB_BASIC 0x00000001U       /* 6.8 */
#define STATMOUNT_MNT_BASIC 0x00000002U      /* 6.8 */
#define STATMOUNT_PROPAGATE_FROM 0x00000004U /* 6.8 */
#define STATMOUNT_MNT_ROOT 0x00000008U       /* 6.8 */
#define STATMOUNT_MNT_POINT 0x00000010U      /* 6.8 */
#define STATMOUNT_FS_TYPE 0x00000020U        /* 6.8 */
#endif
#ifndef STATMOUNT_MNT_NS_ID
#define STATMOUNT_MNT_NS_ID 0x00000040U /* 6.11 */
#endif
#ifndef STATMOUNT_MNT_OPTS
#define STATMOUNT_MNT_OPTS 0x00000080U /* 6.11 */
#endif
#ifndef STATMOUNT_FS_SUBTYPE
#define STATMOUNT_FS_SUBTYPE 0x00000100U /* 6.13 */
#endif
#ifndef STATMOUNT_SB_SOURCE
#define STATMOUNT_SB_SOURCE 0x00000200U /* 6.13 */
#endif
#ifndef STATMOUNT_OPT_ARRAY
#define STATMOUNT_OPT_ARRAY 0x00000400U /* 6.13 */
#endif
#ifndef STATMOUNT_OPT_SEC_ARRAY
#define STATMOUNT_OPT_SEC_ARRAY 0x00000800U /* 6.13 */
#endif
#ifndef STATMOUNT_SUPPORTED_MASK
#define STATMOUNT_SUPPORTED_MASK 0x00001000U /* 6.15 */
#endif
#ifndef STATMOUNT_MNT_UIDMAP
#define STATMOUNT_MNT_UIDMAP 0x00002000U /* 6.15 */
#endif
#ifndef STATMOUNT_MNT_GIDMAP
#define STATMOUNT_MNT_GIDMAP 0x00004000U /* 6.15 */
#endif

/* ---- include/uapi/linux/stat.h ---- */

#ifndef STATX_MNT_ID
#define STATX_MNT_ID 0x00001000U /* 5.8 */
#endif
#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x00004000U /* 6.8: stx_mnt_id is the unique id */
#endif

/* stx_mnt_id, which headers before 5.8 don't have: include/uapi/linux/stat.h, at 0x90. */
static inline uint64_t nst_statx_mnt_id(const struct statx *status)
{
    uint64_t id;

    memcpy(&id, (const char *)status + 0x90, sizeof id);
    return id;
}

/* ---- include/uapi/linux/nsfs.h ---- */

#ifndef NSIO
#define NSIO 0xb7
#endif
#ifndef NS_GET_USERNS
#define NS_GET_USERNS _IO(NSIO, 0x1) /* 4.9 */
#endif
#ifndef NS_GET_MNTNS_ID
#define NS_GET_MNTNS_ID _IOR(NSIO, 0x5, uint64_t) /* 6.10 */
#endif

struct nst_mnt_ns_info { /* struct mnt_ns_info, 6.12 */
    uint32_t size;
    uint32_t nr_mounts;
    uint64_t mnt_ns_id;
};

#ifndef NS_MNT_GET_INFO
#define NS_MNT_GET_INFO _IOR(NSIO, 10, struct nst_mnt_ns_info) /* 6.12 */
#endif
#ifndef NS_MNT_GET_NEXT
#define NS_MNT_GET_NEXT                                                                            \
    _IOR(NSIO, 11, struct nst_mnt_ns_info) /* 6.12: needs CAP_SYS_ADMIN in the initial namespaces  \
                                            */
#endif
#ifndef NS_MNT_GET_PREV
#define NS_MNT_GET_PREV _IOR(NSIO, 12, struct nst_mnt_ns_info) /* 6.12 */
#endif

/* ---- include/uapi/linux/fanotify.h ---- */

#ifndef FAN_MNT_ATTACH
#define FAN_MNT_ATTACH 0x01000000 /* 6.15 */
#endif
#ifndef FAN_MNT_DETACH
#define FAN_MNT_DETACH 0x02000000 /* 6.15 */
#endif
#ifndef FAN_REPORT_MNT
#define FAN_REPORT_MNT 0x00004000 /* 6.15: a flag of fanotify_init() */
#endif
#ifndef FAN_MARK_MNTNS
#define FAN_MARK_MNTNS 0x00000110 /* 6.15: marks a mount namespace by its file */
#endif
#ifndef FAN_EVENT_INFO_TYPE_MNT
#define FAN_EVENT_INFO_TYPE_MNT 7 /* 6.15 */
#endif

struct nst_fanotify_event_info_mnt { /* struct fanotify_event_info_mnt, 6.15 */
    struct fanotify_event_info_header hdr;
    uint64_t mnt_id; /* unique */
};

#ifdef __cplusplus
static_assert(sizeof(struct nst_statmount) == 512, "struct statmount");
static_assert(sizeof(struct nst_mnt_id_req) == MNT_ID_REQ_SIZE_VER1, "struct mnt_id_req");
#else
_Static_assert(sizeof(struct nst_statmount) == 512, "struct statmount");
_Static_assert(sizeof(struct nst_mnt_id_req) == MNT_ID_REQ_SIZE_VER1, "struct mnt_id_req");
#endif

#endif
