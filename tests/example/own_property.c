/* A property of one's own: who is in the container finds the runtime's tmpfs on /mnt. */
#include <string.h>

#include <ns-tool/claim.h>

#include "runtime.h"

static enum nst_verdict check(const struct nst_trace *trace,
                              const struct nst_judge_options *options,
                              struct nst_finding *ret_finding)
{
    const struct nst_snapshot *entered = trace->setup->after;

    (void)options;
    for (size_t n = 0; n < entered->len; n++)
        for (size_t i = 0; !entered->view[n].parent && i < entered->view[n].table.len; i++)
            if (!strcmp(entered->view[n].table.mount[i].point, "/mnt"))
                return NST_PASS;
    return nst_finding_at(ret_finding, trace->len, "the container has no /mnt");
}

static const struct nst_property has_mnt = {.name = "has_mnt",
                                            .promise = "the container has a tmpfs on /mnt",
                                            .source = "the runtime's manual",
                                            .check = check};

int main(int argc, char **argv)
{
    bool broken = argc > 1 && !strcmp(argv[1], "not-recursive");
    const struct nst_claim claim = {
        .run.setup = broken ? runtime_enter_not_recursive : runtime_enter, .property = &has_mnt};

    return nst_claim_main(&claim);
}
