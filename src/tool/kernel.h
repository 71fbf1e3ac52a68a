/* What this kernel has of what the tool makes use of. */
#ifndef NST_TOOL_KERNEL_H
#define NST_TOOL_KERNEL_H

#include <sys/utsname.h>

#include <ns-tool/features.h>

enum { NST_TOOL_FEATURES = 4 + NST_KERNEL_FEATURES };

struct nst_tool_kernel {
    struct utsname name;
    struct nst_tool_feature {
        const char *name;
        const char *about; /* NULL: the name says it */
        char since[24];    /* the first kernel that has it; empty: all do, where it is allowed */
        int result;        /* 0, or -errno: why not */
    } feature[NST_TOOL_FEATURES]; /* at the end those that the model asks for */
    char why[200];                /* no sandbox could be had */
};

/* Asks the kernel. Opens a sandbox for it. */
void nst_tool_probe(struct nst_tool_kernel *ret_kernel);

#endif
