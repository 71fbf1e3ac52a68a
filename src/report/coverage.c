/* What a search reached, a line a group. */
#include <ns-tool/report.h>

void nst_report_coverage(FILE *out, const struct nst_coverage *coverage)
{
    enum { NAMED = 3 };

    for (size_t g = 0; nst_feature_groups[g]; g++) {
        const struct nst_feature_group *group = nst_feature_groups[g];
        const uint64_t *hits = coverage->hits + nst_coverage_start(g);
        size_t reached = nst_coverage_reached(coverage, g), never = group->len - reached;
        size_t named = 0;

        if (!reached) {
            fprintf(out, "%-15s none of %zu reached\n", group->name, group->len);
            continue;
        }
        fprintf(out, "%-15s %zu of %zu reached", group->name, reached, group->len);
        for (size_t i = 0; i < group->len && named < NAMED; i++)
            if (!hits[i])
                fprintf(out, "%s%s", named++ ? ", " : "; never: ", group->feature[i].name);
        if (never > named)
            fprintf(out, ", and %zu more", never - named);
        putc('\n', out);
    }
}
