/* What the files of the property `propagation` share: one step, and what each kind of call makes of
 * the mounts. */
#ifndef PROPERTY_PROPAGATION_H
#define PROPERTY_PROPAGATION_H

#include "list.h"
#include "walk.h"

/* What is said of a step. Negative: -errno. */
enum spread_verdict { SPREAD_HELD, SPREAD_BROKEN, SPREAD_UNKNOWN };

struct spread {
    const struct nst_trace *trace;
    size_t at;
    const struct nst_step *step;
    const struct nst_walker *walker;
    struct nst_forest before, after;
    const struct nst_ns_view *own; /* the actor's, before; whole */
    bool random;                   /* a search: what is known to be broken is passed over */
    bool misses;                   /* mounts may exist that nobody sees */
    /* Of each mount of `after`: a rule of its own says what it is. */
    bool *told;
    struct nst_finding *finding;
};

/* Notes what is wrong with NODE of FOREST, which may be NST_NONE. Returns SPREAD_BROKEN. */
int nst_spread_broken(struct spread *spread, const struct nst_forest *forest, uint32_t node,
                      const char *what);

/* NODE of `after` as it was before, or NST_NONE; and the other way round. */
uint32_t nst_spread_was(const struct spread *spread, uint32_t node);
uint32_t nst_spread_is(const struct spread *spread, uint32_t node);

/* Whether VIEW, before or after the step, was there and whole, through one root, at both times. */
bool nst_spread_judges(const struct spread *spread, const struct nst_ns_view *view);

/* Whether ACTUAL is a master that a slave of WAS can have after the step: a peer group without
 * members hands its slaves to its own master (fs/pnode.c, transfer_propagation()). */
bool nst_spread_master_holds(const struct spread *spread, uint64_t was, uint64_t actual);

/* Whether GROUP is a peer group that wasn't there before, and not in USED of LEN. */
bool nst_spread_is_fresh(const struct spread *spread, const uint64_t *used, size_t len,
                         uint64_t group);

/* One function a kind of call. */
int nst_spread_attach(struct spread *spread);
int nst_spread_umount(struct spread *spread);
int nst_spread_change(struct spread *spread, const char *path, uint64_t type, bool recursive);
int nst_spread_clone(struct spread *spread);

/* What a mount(2) does when all bits are looked at. mount(2), DESCRIPTION, in that order. */
enum mount_kind { MOUNT_REMOUNT, MOUNT_BIND, MOUNT_CHANGE, MOUNT_MOVE, MOUNT_NEW };
enum mount_kind nst_mount_kind(const struct nst_call *call);

#endif
