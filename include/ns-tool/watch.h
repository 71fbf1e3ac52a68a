/* A watch sees every mount that is attached to or detached from one mount namespace while it is
 * open, so that a mount which was visible only for an instant is seen too: a table read afterwards
 * can't show it.
 *
 * Two backends: fanotify's mount events (Linux 6.15) name each mount; polling mountinfo elsewhere
 * knows only that the table changed, however often, since it was last asked. */
#ifndef NST_WATCH_H
#define NST_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum nst_watch_kind { NST_WATCH_FANOTIFY, NST_WATCH_POLL };

enum nst_event_kind {
    NST_EVENT_ATTACH,
    NST_EVENT_DETACH,
    NST_EVENT_UNKNOWN,  /* polling: the table changed, at least once */
    NST_EVENT_OVERFLOW, /* events were lost from here on: what follows is incomplete */
};

struct nst_event {
    enum nst_event_kind kind;
    uint64_t mount_id; /* unique id (statmount's, never used again before a reboot); 0: unknown */
};

/* Zero-initialised is empty and ready. Freed by nst_events_free. */
struct nst_events {
    struct nst_event *event;
    size_t len, cap;
};

#define NST_WATCH_NO_FANOTIFY 1U /* poll mountinfo even where fanotify would do */

struct nst_watch;

/* Starts watching the namespace that nsfd (an open /proc/PID/ns/mnt) names. Changes made before are
 * not seen.
 *
 * Both descriptors stay the caller's, and may be closed at once. mountinfo_fd, open on a mountinfo
 * of that namespace, is what polling falls back to when fanotify can't be had; -1: no fallback. It
 * may be read after. The watch polls descriptions of its own, opened through /proc/self/fd, because
 * poll(2) itself consumes the change (fs/proc_namespace.c, mounts_poll); so the process that
 * mountinfo_fd belongs to must live at this call. A polling watch keeps its namespace alive; a
 * fanotify watch doesn't.
 *
 * On success hands over *ret_watch, for nst_watch_close. Errors, negative, *ret_watch being NULL
 * then:
 * - EINVAL: an unknown flag; nsfd is no mount namespace; without fallback, a kernel before 6.15
 * - EPERM: without fallback, no CAP_SYS_ADMIN in the user namespace that owns the mount namespace
 *   (fs/notify/fanotify/fanotify_user.c, do_fanotify_mark); none in the initial one is needed
 * - ENOSYS: without fallback, a kernel without fanotify, or a seccomp filter that says so
 * - EMFILE: descriptors, or fanotify groups of this user (fs.fanotify.max_user_groups, 128 unless
 *   set; a user namespace's count towards those above it)
 * - ENOSPC: without fallback, marks of this user (fs.fanotify.max_user_marks)
 * - EOPNOTSUPP: NST_WATCH_NO_FANOTIFY without a mountinfo_fd
 * - EBADF, ENOMEM, and with fallback what open(2) says of /proc/self/fd/mountinfo_fd
 *
 * Any failure of fanotify but -EBADF and -ENOMEM falls back. */
__attribute__((warn_unused_result)) int nst_watch_open(int nsfd, int mountinfo_fd, unsigned flags,
                                                       struct nst_watch **ret_watch);

/* Has WATCH watch the namespace that NSFD names instead. What it saw of the former one and wasn't
 * drained is forgotten. A process that shares the watch's descriptor by fork(2) watches that one
 * too. The end of a fanotify group waits for a reaper of marks (fs/notify/mark.c,
 * FSNOTIFY_REAPER_DELAY; fsnotify_destroy_group()), some 10 ms; this doesn't.
 *
 * Returns 0; -EOPNOTSUPP of a polling watch, which goes on as before; else what nst_watch_open
 * returns of fanotify, and then it watches nothing. */
__attribute__((warn_unused_result)) int nst_watch_move(struct nst_watch *watch, int nsfd);

enum nst_watch_kind nst_watch_kind(const struct nst_watch *watch);

/* For poll(2): POLLIN of a fanotify watch, POLLPRI of a polling one (whose POLLIN is always there,
 * mounts_poll). A polling watch's is ready once per change, not until drained: whoever polls it
 * should drain then. Stays the watch's: not to be read or closed. */
int nst_watch_fd(const struct nst_watch *watch);

/* Appends to events everything that happened so far, without blocking.
 *
 * Fanotify: a system call queues its events before it returns (fs/namespace.c, namespace_unlock:
 * notify_mnt_list), so a drain after the call is certain to see them, all that it propagated
 * included. They come in the order in which the calls took effect, of several actors too
 * (namespace_sem is only downgraded meanwhile), and are never merged
 * (fs/notify/fanotify/fanotify.c, fanotify_should_merge). A mount moved within the namespace comes
 * as DETACH, then ATTACH, of the same id; so do both mounts of a pivot_root. Propagation, flags and
 * a remount are no events, nor is what a mount beneath (MOVE_MOUNT_BENEATH) does to the mount
 * above. A detached tree (open_tree, fsmount) gives none until move_mount attaches it. A namespace
 * that dies while watched detaches every mount that it holds.
 *
 * Polling: one NST_EVENT_UNKNOWN for all changes since the last drain. A changed flag is one too,
 * changed propagation isn't.
 *
 * Returns 0, -ENOMEM (what was appended stays; what the last read held is lost, and reported as
 * NST_EVENT_OVERFLOW by the next drain), -EPROTO for events that this ABI doesn't describe, or
 * read(2)'s. */
__attribute__((warn_unused_result)) int nst_watch_drain(struct nst_watch *watch,
                                                        struct nst_events *events);

/* Nothing waits for a drain. One system call; takes nothing away from nst_watch_drain. */
bool nst_watch_idle(struct nst_watch *watch);

/* Frees what events holds, and makes it empty and ready again. */
void nst_events_free(struct nst_events *events);

/* Stops watching and frees. NULL is fine. */
void nst_watch_close(struct nst_watch *watch);

/* Returns 0 when fanotify's mount events work for the caller in its own mount namespace, as opened
 * through /proc/self/ns/mnt; else what nst_watch_open would return without a fallback, or
 * open(2)'s. */
int nst_watch_probe(void);

#endif
