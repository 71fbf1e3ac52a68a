/* Kernel ABI of fanotify's mount events, which Debian 12's headers (6.1) lack.
 * Source: include/uapi/linux/fanotify.h, Linux 6.15. */
#ifndef NST_WATCH_FANOTIFY_ABI_H
#define NST_WATCH_FANOTIFY_ABI_H

#include <linux/types.h>
#include <sys/fanotify.h>

#ifndef FAN_REPORT_MNT
#define FAN_REPORT_MNT                                                                             \
    0x00004000 /* fanotify_init: events carry mount ids, and no others can be had */
#endif
#ifndef FAN_MARK_MNTNS
#define FAN_MARK_MNTNS 0x00000110 /* fanotify_mark: the marked object is a mount namespace */
#endif
#ifndef FAN_MNT_ATTACH
#define FAN_MNT_ATTACH 0x01000000
#endif
#ifndef FAN_MNT_DETACH
#define FAN_MNT_DETACH 0x02000000
#endif

#ifndef FAN_EVENT_INFO_TYPE_MNT
#define FAN_EVENT_INFO_TYPE_MNT 7
#endif

/* struct fanotify_event_info_mnt, under a name of our own: a struct can't be asked for by #ifndef.
 */
struct nst_fanotify_info_mnt {
    struct fanotify_event_info_header hdr;
    __u64 mnt_id; /* the unique id: statmount's mnt_id, statx's STATX_MNT_ID_UNIQUE */
};

#endif
