/* What kernels differ in, from Linux 5.12 on, as far as results of calls depend on it. Each is
 * probed, not guessed from the version: by a sequence that is run, whose last call answers what
 * stands behind it where the kernel has the feature, and something else where it hasn't. */
#ifndef NS_TOOL_FEATURES_H
#define NS_TOOL_FEATURES_H

#include <stdbool.h>
#include <stdint.h>

enum nst_kernel_feature {
    NST_HAS_TIME_NS,
    NST_HAS_SET_GROUP,
    NST_HAS_DIRECTORY_OR_CREATE,
    NST_HAS_TMPFS_IDMAP,
    NST_HAS_BENEATH,
    NST_HAS_CREATE_EXCL,
    NST_HAS_CONFIG_OF_PATHS,
    NST_HAS_DETACHED_COPIES,
    NST_HAS_OPEN_TREE_ATTR,
    NST_HAS_TARGET_FIRST,
    NST_HAS_MOUNTED_TARGET,
    NST_HAS_MOVE_CHECKED_FIRST,
    NST_KERNEL_FEATURES
};

struct nst_kernel_feature_type {
    const char *name, *about;
    uint16_t since;    /* Linux, major << 8 | minor */
    const char *probe; /* a sequence */
};

extern const struct nst_kernel_feature_type nst_kernel_features[NST_KERNEL_FEATURES];

/* A set of features that a kernel lacks, a bit each: 0 is the newest one. */
typedef uint32_t nst_lacks;

static inline bool nst_has(nst_lacks lacks, enum nst_kernel_feature feature)
{
    return !(lacks >> feature & 1);
}

#endif
