/* What this kernel has of what the tool makes use of. */
#ifndef NST_TOOL_KERNEL_H
#define NST_TOOL_KERNEL_H

#include <sys/utsname.h>

struct nst_tool_kernel {
    struct utsname name;
    struct nst_tool_feature {
        const char *name;
        const char *since; /* the first kernel that has it; NULL: all do, where it is allowed */
        int result;        /* 0, or -errno: why not */
    } feature[4];
    char why[200]; /* no sandbox could be had */
};

/* Asks the kernel. Opens a sandbox for it. */
void nst_tool_probe(struct nst_tool_kernel *ret_kernel);

#endif
