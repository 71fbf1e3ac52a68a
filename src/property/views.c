#include <stdlib.h>
#include <string.h>

#include "list.h"

static enum nst_verdict check_view(const struct nst_ns_view *view, size_t step,
                                   struct nst_finding *ret_finding)
{
    const char *whose = view->parent ? "the parent" : "a child's namespace";
    char *difference = NULL;
    struct nst_table mounts = {0};
    int r = 0;

    if (view->have_statmount)
        r = nst_views_compare(&view->table, &view->statmount, &difference);
    if (!r && view->mounts) {
        r = nst_mounts_parse(view->mounts, strlen(view->mounts), &mounts, NULL);
        if (!r)
            r = nst_views_compare_mounts(&view->table, &mounts, &difference);
    }
    if (r > 0)
        nst_finding_at(ret_finding, step, "in %s: %s", whose, difference ? difference : "?");
    else if (r < 0)
        nst_finding_at(ret_finding, step, "in %s: cannot compare: %s", whose, nst_errno_name(-r));
    free(difference);
    nst_table_free(&mounts);
    return r > 0 ? NST_FAIL : r < 0 ? NST_ERROR : NST_PASS;
}

/* Whoever may look at a namespace sees from outside what is seen in it, as long as it lives. */
static enum nst_verdict check_outside(const struct nst_trace *trace,
                                      struct nst_finding *ret_finding)
{
    for (size_t i = 0; i < trace->len; i++)
        if (trace->step[i].unlisted)
            return nst_finding_at(ret_finding, i,
                                  "to listmount, from outside, a namespace that lives is none");
    return NST_PASS;
}

static enum nst_verdict check(const struct nst_trace *trace,
                              const struct nst_judge_options *options,
                              struct nst_finding *ret_finding)
{
    bool compared = false;

    /* Random sequences come to that in ever new ways: it is a known finding. */
    if (!options->random && check_outside(trace, ret_finding) == NST_FAIL)
        return NST_FAIL;
    for (size_t i = 0; i < trace->snapshots; i++) {
        const struct nst_snapshot *snapshot = trace->snapshot[i];

        for (size_t n = 0; n < snapshot->len; n++) {
            enum nst_verdict verdict = check_view(&snapshot->view[n], trace->len, ret_finding);

            if (verdict != NST_PASS)
                return verdict;
            compared |= snapshot->view[n].have_statmount || snapshot->view[n].mounts;
        }
    }
    return compared ? NST_PASS : NST_SKIP;
}

const struct nst_property nst_property_views = {
    .name = "views",
    .promise = "mounts, mountinfo and statmount say the same, for every byte a path can hold",
    .source = "proc_pid_mounts(5), proc_pid_mountinfo(5), statmount(2), listmount(2)",
    .at_once = true,
    .check = check,
};
