#include "list.h"

static enum nst_verdict check(const struct nst_trace *trace,
                              const struct nst_judge_options *options,
                              struct nst_finding *ret_finding)
{
    const struct nst_leftover *left = &trace->leftover;

    (void)options;
    if (!left->processes && !left->directories && !left->namespaces && !left->mounts) {
        if (left->by_path || left->by_detaching || left->by_death)
            nst_finding_at(ret_finding, trace->len,
                           "mounts left in the parent: %zu undone by path, %zu only by detaching, "
                           "%zu only by the namespace's death",
                           left->by_path, left->by_detaching, left->by_death);
        return NST_PASS;
    }
    return nst_finding_at(ret_finding, trace->len,
                          "%zu processes, %zu directories, %zu namespaces, %zu mounts are left: %s",
                          left->processes, left->directories, left->namespaces, left->mounts,
                          left->text);
}

const struct nst_property nst_property_cleanup = {
    .name = "cleanup",
    .promise = "no mount, directory, process or namespace is left when a case is over",
    .source = "mount_namespaces(7), pid_namespaces(7): what dies with a namespace",
    .at_once = true,
    .check = check,
};
