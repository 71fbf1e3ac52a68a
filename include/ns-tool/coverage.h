/* What of the input space a search reached: results, flags, the cells of the shared-subtree tables,
 * topologies, privilege, holds. Each is a feature: a row with a name, which a step of a trace has
 * or hasn't. What no step had is as telling as what some had. */
#ifndef NS_TOOL_COVERAGE_H
#define NS_TOOL_COVERAGE_H

#include <ns-tool/trace.h>

#define NST_FEATURES_MAX 768 /* over all groups */
#define NST_ERRNO_MAX 134

struct nst_feature {
    const char *name;
    uint64_t key;         /* what its group's look() calls it */
    uint64_t mask, value; /* of "flags": which bits of the argument are what */
};

struct nst_coverage;

struct nst_feature_group {
    const char *name;
    const char *about;
    const char *source; /* the documents that its rows come from */
    const struct nst_feature *feature;
    size_t len;
    /* Notes the keys that step AT of TRACE has; those that no row has are passed over. */
    void (*look)(const struct nst_trace *trace, size_t at, const struct nst_feature_group *group,
                 struct nst_coverage *coverage);
};

/* All of them; ends with NULL. */
extern const struct nst_feature_group *const nst_feature_groups[];

/* Zeroed is valid and empty. */
struct nst_coverage {
    uint64_t hits[NST_FEATURES_MAX]; /* of the features of all groups, one after the other */
    uint64_t results[NST_CALLS][NST_ERRNO_MAX]; /* of each call: [0] successes, else by errno */
};

/* Adds what TRACE reached. Each step counts a feature once. */
void nst_coverage_add(struct nst_coverage *coverage, const struct nst_trace *trace);

/* Where group INDEX's features begin in nst_coverage.hits. */
size_t nst_coverage_start(size_t index);

/* How many of group INDEX's features were reached. */
size_t nst_coverage_reached(const struct nst_coverage *coverage, size_t index);

/* What a manual page names and a sandbox can't reach, and why. Ends with a NULL name. */
struct nst_unreachable {
    const char *name;
    const char *why;
};
extern const struct nst_unreachable nst_unreachable[];

#endif
