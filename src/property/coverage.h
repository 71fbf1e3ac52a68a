/* What the groups of features share. */
#ifndef PROPERTY_COVERAGE_H
#define PROPERTY_COVERAGE_H

#include <string.h>

#include <ns-tool/coverage.h>

#include "list.h"

#define NST_FEATURES(array) .feature = (array), .len = sizeof(array) / sizeof((array)[0])

extern const struct nst_feature_group nst_group_results, nst_group_flags, nst_group_subtrees,
    nst_group_topology, nst_group_privilege, nst_group_holds;

/* Counts the feature of GROUP that KEY names, if one does. */
void nst_coverage_hit(struct nst_coverage *coverage, const struct nst_feature_group *group,
                      uint64_t key);

/* The same, by its row. */
void nst_coverage_hit_row(struct nst_coverage *coverage, const struct nst_feature_group *group,
                          size_t row);

/* Propagation types: sharedsubtree.rst, 2. */
enum nst_type {
    NST_TYPE_SHARED,
    NST_TYPE_SLAVE,
    NST_TYPE_SHARED_SLAVE,
    NST_TYPE_PRIVATE,
    NST_TYPE_UNBINDABLE,
    NST_TYPES
};

static inline enum nst_type nst_type_of(const struct nst_mount *mount)
{
    if (mount->unbindable)
        return NST_TYPE_UNBINDABLE;
    if (mount->peer_group)
        return mount->master ? NST_TYPE_SHARED_SLAVE : NST_TYPE_SHARED;
    return mount->master ? NST_TYPE_SLAVE : NST_TYPE_PRIVATE;
}

enum nst_standing {
    OWN,    /* the sandbox's user namespace, in a mount namespace that it owns */
    NESTED, /* a nested user namespace, in one that that owns */
    ABOVE,  /* the sandbox's, in one that a nested user namespace owns */
    NONE    /* a nested one, in one that it doesn't own */
};

/* Whose power who acts in step AT has. False: that isn't known. */
bool nst_standing_of(const struct nst_trace *trace, size_t at, enum nst_standing *ret_standing);

/* The mount of TABLE that PATH leads to, or NULL where it isn't a plain absolute path. *RET_REST is
 * what of PATH lies in it: "" at its root. */
const struct nst_mount *nst_mount_at(const struct nst_table *table, const char *path,
                                     const char **ret_rest);

/* What the actor of step AT saw before it, or NULL where its root may be another than the view's.
 */
const struct nst_ns_view *nst_actor_view(const struct nst_trace *trace, size_t at);

static inline bool nst_step_succeeded(const struct nst_step *step)
{
    return step->kind == NST_ANSWER_VALUE || step->kind == NST_ANSWER_ENDED;
}

#endif
