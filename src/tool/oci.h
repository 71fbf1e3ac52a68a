/* What the config.json of an OCI bundle asks of its mounts. */
#ifndef NST_TOOL_OCI_H
#define NST_TOOL_OCI_H

#include <ns-tool/check.h>

struct nst_expects {
    struct nst_check_expect *expect; /* its strings are owned, too */
    size_t len;
};

/* Adds one. Strings are copied. Returns 0 or -ENOMEM. */
int nst_expects_add(struct nst_expects *expects, const char *outside, const char *inside,
                    enum nst_expect_kind kind, bool recursive);
void nst_expects_free(struct nst_expects *expects);

/* Adds an expectation for each bind of BUNDLE/config.json that names a propagation of its own, or,
 * where it doesn't, the one of linux.rootfsPropagation (runtime-spec, config.md, "mounts";
 * config-linux.md, "Rootfs Mount Propagation"); without either nothing is expected. Trouble is
 * printed. Returns an nst_exit. */
int nst_oci_read(const char *bundle, struct nst_expects *expects);

#endif
