/* What the files of the property `flags` share: the options of a mount as bits, and the locks on
 * them.
 *
 * Bits are those of mount(2): MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_NOSYMFOLLOW, and of the
 * access time MS_NOATIME, MS_NODIRATIME, MS_RELATIME; none of these is strict. */
#ifndef PROPERTY_FLAGS_H
#define PROPERTY_FLAGS_H

#include "list.h"
#include "walk.h"

#include <sys/mount.h>

#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256 /* 5.10 */
#endif

enum { NST_ATIME_BITS = MS_NOATIME | MS_NODIRATIME | MS_RELATIME };
enum { NST_LOCKABLE_BITS = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC };

/* One step, and the mounts before and after it. */
struct flagged {
    const struct nst_trace *trace;
    size_t at;
    const struct nst_step *step;
    const struct nst_walker *walker;
    const struct nst_ns_view *own; /* the actor's, before */
    struct nst_forest before, after;
    struct nst_finding *finding;
};

/* Locks of mounts that came from a namespace of another owner. Zeroed is valid and empty. */
struct nst_locks {
    struct nst_lock {
        uint64_t id, ns;
        uint64_t bits, atime; /* set for good; the access time, fixed */
    } * lock;
    size_t len, cap;
};

uint64_t nst_flags_of(const struct nst_mount *mount);

/* Notes that NODE's options are wrong. Returns 1, or -ENOMEM. */
int nst_flags_broken(struct flagged *flagged, const struct nst_forest *forest, uint32_t node,
                     const char *what);

/* NODE, of one of both forests, in the other one, or NST_NONE. */
uint32_t nst_flags_same(const struct nst_forest *other, const struct nst_node *node);

/* Whether NODE, of `after`, is a copy of MODEL, of `before`, as far as the tables tell: of the same
 * part of the same superblock. SOURCE and REST, of a bind mount, say which part the copy of SOURCE
 * itself shows. */
bool nst_flags_copies(const struct flagged *flagged, uint32_t node, uint32_t model, uint32_t source,
                      const char *rest);

/* Whether the call makes a namespace of what it finds in its own: then the one that wasn't seen
 * before. */
bool nst_flags_makes(const struct flagged *flagged);

/* The source of a bind mount in `before` and RET_REST below it; NST_NONE where it isn't one, or not
 * known what it names. */
uint32_t nst_flags_source(const struct flagged *flagged, const char **ret_rest);

const struct nst_lock *nst_locks_find(const struct nst_locks *locks, const struct nst_node *node);

/* Whether what is locked is still set: 0, 1 with the finding set, or -ENOMEM. Then takes note of
 * what came. */
int nst_locks_step(struct nst_locks *locks, struct flagged *flagged);

#endif
