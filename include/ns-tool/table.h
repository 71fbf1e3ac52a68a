/* Mount tables: what a mount namespace shows of itself.
 *
 * A table is one reading of one view: /proc/PID/mountinfo, /proc/PID/mounts, or listmount(2) with
 * statmount(2). Reading gives raw bytes: the kernel's octal escapes (\040 \011 \012 \134 \043) are
 * undone. Only option lists keep theirs, since an escaped comma separates nothing there. Mount ids
 * and peer group ids mean something only while the kernel holds them, so meaning is compared after
 * renaming them in order of appearance; struct nst_renamer keeps such names over several tables of
 * one run.
 *
 * Every function that returns int gives 0, or -errno for trouble of our own. A function that
 * returns char * gives malloc'd text that the caller frees, or NULL when memory ran out.
 *
 * Sources: proc_pid_mountinfo(5), proc_pid_mounts(5), mount_namespaces(7), fs/proc_namespace.c,
 * fs/namespace.c.
 */
#ifndef NST_TABLE_H
#define NST_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One mount. Every string belongs to its table, is never NULL and holds raw bytes; "" where the
 * view doesn't say. */
struct nst_mount {
    uint64_t id;        /* mountinfo's, statmount's mnt_id_old; reused by the kernel; 0: not said */
    uint64_t parent_id; /* in the same terms; a root names itself, or one that isn't listed */
    uint64_t unique_id; /* statmount's mnt_id, never reused; 0 where the view doesn't say */
    unsigned major, minor; /* the superblock's device */
    char *root;    /* what of the file system is mounted; "mnt:[4026531841]" for a namespace file */
    char *point;   /* where, seen from the reader's root */
    char *options; /* of the mount: "rw,nosuid"; /proc/mounts: all options, which it merges */
    uint64_t peer_group;     /* shared:N, or 0 */
    uint64_t master;         /* master:N, or 0 */
    uint64_t propagate_from; /* propagate_from:N, or 0 */
    bool unbindable;
    bool deleted;        /* root ends in "//deleted" (the bytes stay in place) or point does */
    char *type;          /* "tmpfs", with subtype "fuse.sshfs" */
    char *source;        /* "none" where there is none */
    char *super_options; /* of the superblock: "rw,size=4k" */
};

/* Which view a table was read from: it settles which fields are said. */
enum nst_view { NST_VIEW_MOUNTINFO, NST_VIEW_MOUNTS, NST_VIEW_STATMOUNT };

/* A reading. Zeroed is a valid, empty table. Owns its mounts and all their strings. */
struct nst_table {
    struct nst_mount *mount; /* in the order of the view, oldest first */
    size_t len, cap;         /* mounts, and room for mounts */
    char *text;              /* one copy of the text read; the strings point into it */
    size_t text_len;         /* bytes of it in use */
    size_t text_cap;         /* bytes of room */
    enum nst_view view;
};

/* Where a text is malformed. line and column count from 1, column in bytes. */
struct nst_table_error {
    size_t line, column;
    const char *message; /* static: what was expected there */
};

/* Frees what the table owns and zeroes it. NULL and a freed or zeroed table are harmless. Keeps
 * errno. */
void nst_table_free(struct nst_table *table);

/* Appends a copy of `mount`, strings included (NULL counts as ""), to a table of whatever origin.
 * It must not be a mount of that same table. Earlier strings may move. -ENOMEM leaves the table as
 * it was. */
int nst_table_add(struct nst_table *table, const struct nst_mount *mount)
    __attribute__((warn_unused_result));

/* Reads `len` bytes of mountinfo text. Strict: every line ends in \n and holds what
 * show_mountinfo() writes, optional fields of unknown name are skipped as proc_pid_mountinfo(5)
 * asks. ret_table is overwritten, so must not own anything; left zeroed on error. ret_error may be
 * NULL; it is written on -EINVAL only.
 * -EINVAL malformed, -ENOMEM. */
int nst_mountinfo_parse(const char *text, size_t len, struct nst_table *ret_table,
                        struct nst_table_error *ret_error) __attribute__((warn_unused_result));

/* The same for /proc/PID/mounts (show_vfsmnt()): source, point, type, options, "0 0". */
int nst_mounts_parse(const char *text, size_t len, struct nst_table *ret_table,
                     struct nst_table_error *ret_error) __attribute__((warn_unused_result));

/* Reads a whole open /proc/PID/mountinfo or /proc/PID/mounts from offset 0; the file's position
 * isn't used.
 * -EINVAL malformed, -ENOMEM, and what pread(2) says (-EBADF, -EIO). A file opened before its
 * process died is still read. */
int nst_table_read_mountinfo_fd(int fd, struct nst_table *ret_table)
    __attribute__((warn_unused_result));
int nst_table_read_mounts_fd(int fd, struct nst_table *ret_table)
    __attribute__((warn_unused_result));

/* Opens the file of process `pid` (0: of the calling thread), reads it, closes it.
 * As above, and what open(2) says: -ENOENT no such process or no /proc, -EACCES no ptrace access
 * (PTRACE_MODE_READ), -EINVAL a process that is dead but not waited for. */
int nst_table_read_mountinfo(pid_t pid, struct nst_table *ret_table)
    __attribute__((warn_unused_result));
int nst_table_read_mounts(pid_t pid, struct nst_table *ret_table)
    __attribute__((warn_unused_result));

/* Reads the table by listmount(2) and statmount(2), both of Linux 6.8. mnt_ns_id: the namespace
 * (Linux 6.11, see nst_ns_mnt_id()), or 0 for the caller's own. Mounts that vanish between the
 * calls are left out. In the own namespace only what the caller's root reaches is listed, as in
 * mountinfo; points are relative to that root. A foreign namespace is seen from the first mount on
 * its root mount (fs/namespace.c, grab_requested_root()), which is left out, and asking needs
 * CAP_SYS_ADMIN in its owner. What an older kernel doesn't say is "": source before 6.13, what a
 * file system adds to super_options before 6.11.
 * -ENOSYS the kernel lacks the calls, -EOPNOTSUPP it can't read foreign namespaces, -ENOENT no such
 * namespace, or no power over it, or nothing mounted on its root mount, -EPERM (a seccomp filter),
 * -ENOMEM. */
int nst_table_read_statmount(uint64_t mnt_ns_id, struct nst_table *ret_table)
    __attribute__((warn_unused_result));

/* The unique 64-bit id of the mount namespace that nsfd (an open /proc/PID/ns/mnt) refers to, by
 * ioctl NS_MNT_GET_INFO (6.12) or NS_GET_MNTNS_ID (6.10).
 * -ENOSYS the kernel has neither (or it isn't a namespace), -EINVAL another kind of namespace,
 * -EBADF. */
int nst_ns_mnt_id(int nsfd, uint64_t *ret_id) __attribute__((warn_unused_result));

/* How many mounts the mount namespace of nsfd holds, those that no process can see included, by
 * ioctl NS_MNT_GET_INFO (6.12). -ENOSYS the kernel lacks it, -EINVAL, -EBADF. */
int nst_ns_mount_count(int nsfd, uint32_t *ret_count) __attribute__((warn_unused_result));

/* Whether the mount namespace of that id (nst_ns_mnt_id()) lives: 1 or 0. Dead is one whose last
 * reference went, though its mounts may be torn down still (fs/namespace.c, put_mnt_ns()).
 * One with nothing mounted on its root mount is taken for dead, too. listmount(2) with a namespace,
 * 6.11: -ENOSYS before. -ENOMEM, -EINTR. */
int nst_ns_lives(uint64_t mnt_ns_id) __attribute__((warn_unused_result));

/* 0, or -EINVAL when the table breaks an invariant: ids are there and unique, nobody is its own
 * ancestor but the root itself, strings are set, points absolute. A mounts table has no ids: only
 * strings are checked. -ENOMEM. ret_message (may be NULL) gets static text that says which one. */
int nst_table_validate(const struct nst_table *table, const char **ret_message);

/* The mount with that id, or NULL. Linear. */
const struct nst_mount *nst_table_find(const struct nst_table *table, uint64_t id);

/* ---- comparing ---- */

/* Names for ids, given out in order of appearance from 1 on: the same id always gets the same name.
 * Zeroed is valid and empty. Ids of mounts that live at the same time never collide across
 * namespaces, so one renamer may serve all tables of a run as long as no id is used again in
 * between. Not for several threads at once. */
struct nst_renamer {
    struct nst_names {
        uint64_t *key;
        uint64_t *name;
        size_t cap, len;
        bool failed; /* memory ran out */
    } mounts, groups, devices;
};

/* The name of an id; 0 stays 0, and 0 is also given when memory ran out (len doesn't grow then). Then
 * what was named isn't to be trusted: nst_renamer_failed() says so, and no text is made with it. */
uint64_t nst_renamer_mount(struct nst_renamer *renamer, uint64_t id);
uint64_t nst_renamer_group(struct nst_renamer *renamer, uint64_t group);
uint64_t nst_renamer_device(struct nst_renamer *renamer, unsigned major, unsigned minor);
bool nst_renamer_failed(const struct nst_renamer *renamer);
void nst_renamer_free(struct nst_renamer *renamer); /* zeroes; harmless twice */

/* Equal in every field and in order: the same namespace, read twice, with nothing changed in
 * between. unique_id counts only where both say it. */
bool nst_tables_equal(const struct nst_table *a, const struct nst_table *b);

/* Equal in meaning: the same trees of mounts with the same fields, whatever the ids, groups and
 * devices are numbers of. Siblings may stand in another order unless they are stacked on the same
 * point. False too when memory ran out. */
bool nst_tables_equivalent(const struct nst_table *a, const struct nst_table *b);

/* The same with names that were given before, to A's by AS and to B's by BS: so that the tables of
 * several namespaces are equal only where what connects them is. */
bool nst_tables_equivalent_named(const struct nst_table *a, struct nst_renamer *as,
                                 const struct nst_table *b, struct nst_renamer *bs);

/* One line a mount, ids renamed by `renamer` (NULL: a fresh one), escaped so that any bytes stay on
 * their line:
 *   mount 2 on 1 dev 1 / /mnt/x rw,nosuid shared:1 - tmpfs none rw
 */
char *nst_table_text(const struct nst_table *table, struct nst_renamer *renamer);

/* A 64-bit hash of the raw content: equal tables have equal hashes. Not stable over versions; not
 * against attackers. */
uint64_t nst_table_hash(const struct nst_table *table);

/* ---- telling a difference ---- */

enum nst_change_kind { NST_APPEARED, NST_VANISHED, NST_CHANGED };

struct nst_change {
    enum nst_change_kind kind;
    const struct nst_mount *before; /* NULL when it appeared */
    const struct nst_mount *after;  /* NULL when it vanished */
};

/* Calls emit for each mount (matched by id) that differs: first what vanished or changed, in order
 * of `before`, then what appeared, in order of `after`. Linear. The mounts stay the tables'.
 * -ENOMEM. */
int nst_table_diff(const struct nst_table *before, const struct nst_table *after,
                   void (*emit)(void *ctx, const struct nst_change *change), void *ctx);

/* One line without \n:
 *   + /mnt/x tmpfs (rw,nosuid) shared:3
 *   ~ /mnt/x: options rw -> ro; shared:3 -> private
 *   - /mnt/x tmpfs (rw) private
 * RENAMER names mounts and peer groups; NULL: the kernel's numbers. The caller frees it; NULL: no
 * memory. */
char *nst_change_text(const struct nst_change *change, struct nst_renamer *renamer);

/* In mountinfo's terms: "shared:3", "master:3", "shared:4 master:3", "private", "unbindable". */
char *nst_propagation_text(const struct nst_mount *mount);

/* ---- drawing ---- */

enum nst_draw_flags {
    NST_DRAW_COLOUR = 1 << 0, /* ANSI colours */
    NST_DRAW_ASCII = 1 << 1,  /* branches of |- and `- instead of box characters */
};

/* The tree by parents, one line a mount with \n: point, type, options, propagation. With `before`
 * (else NULL) each line opens with a mark: + appeared, ~ changed, and what vanished follows with -;
 * a changed mount's line ends with what changed, as nst_change_text() says it, behind a #.
 * Peer groups are named by `renamer`; NULL leaves the kernel's numbers. Control characters and what
 * isn't UTF-8 stand escaped. */
char *nst_table_draw(const struct nst_table *table, unsigned flags, const struct nst_table *before,
                     struct nst_renamer *renamer);

/* ---- holding the views against each other ---- */

/* 0 when both say the same, 1 when not; *ret_difference (may be NULL) then tells the first
 * difference, caller frees. -ENOMEM. Tables must be of the same namespace, root and instant. Fields
 * that one view doesn't say are left out. */
int nst_views_compare(const struct nst_table *mountinfo, const struct nst_table *statmount,
                      char **ret_difference) __attribute__((warn_unused_result));
int nst_views_compare_mounts(const struct nst_table *mountinfo, const struct nst_table *mounts,
                             char **ret_difference) __attribute__((warn_unused_result));

#ifdef __cplusplus
}
#endif
#endif
