#include "coverage.h"

const struct nst_feature_group *const nst_feature_groups[] = {&nst_group_results,
                                                              &nst_group_flags,
                                                              &nst_group_subtrees,
                                                              &nst_group_topology,
                                                              &nst_group_privilege,
                                                              &nst_group_holds,
                                                              NULL};

size_t nst_coverage_start(size_t index)
{
    size_t start = 0;

    for (size_t i = 0; i < index; i++)
        start += nst_feature_groups[i]->len;
    return start;
}

size_t nst_coverage_reached(const struct nst_coverage *coverage, size_t index)
{
    const uint64_t *hits = coverage->hits + nst_coverage_start(index);
    size_t reached = 0;

    for (size_t i = 0; i < nst_feature_groups[index]->len; i++)
        reached += hits[i] > 0;
    return reached;
}

void nst_coverage_hit_row(struct nst_coverage *coverage, const struct nst_feature_group *group,
                          size_t row)
{
    size_t index = 0;

    while (nst_feature_groups[index] != group)
        index++;
    coverage->hits[nst_coverage_start(index) + row]++;
}

void nst_coverage_hit(struct nst_coverage *coverage, const struct nst_feature_group *group,
                      uint64_t key)
{
    for (size_t i = 0; i < group->len; i++)
        if (group->feature[i].key == key) {
            nst_coverage_hit_row(coverage, group, i);
            return;
        }
}

void nst_coverage_add(struct nst_coverage *coverage, const struct nst_trace *trace)
{
    for (size_t at = 0; at < trace->len; at++) {
        const struct nst_step *step = &trace->step[at];

        if (step->kind != NST_ANSWER_VALUE && step->kind != NST_ANSWER_ERROR &&
            step->kind != NST_ANSWER_ENDED)
            continue;
        if (nst_step_succeeded(step))
            coverage->results[step->call->id][0]++;
        else if (step->error > 0 && step->error < NST_ERRNO_MAX)
            coverage->results[step->call->id][step->error]++;
        for (size_t i = 0; nst_feature_groups[i]; i++)
            nst_feature_groups[i]->look(trace, at, nst_feature_groups[i], coverage);
    }
}

/* What of PATH lies below POINT: NULL when it isn't below; "" when it is the same. */
static const char *below(const char *path, const char *point)
{
    size_t len = point[1] ? strlen(point) : 0; /* "/" */

    return strncmp(path, point, len) == 0 && (!path[len] || path[len] == '/') ? path + len : NULL;
}

static bool is_root(const struct nst_table *table, const struct nst_mount *mount)
{
    return mount->parent_id == mount->id || !nst_table_find(table, mount->parent_id);
}

/* A walk crosses the mount points that it meets, the nearest first, and what is stacked there:
 * path_resolution(7). */
const struct nst_mount *nst_mount_at(const struct nst_table *table, const char *path,
                                     const char **ret_rest)
{
    const struct nst_mount *at = NULL, *next;

    if (!path || *path != '/' || strstr(path, "/.") || strstr(path, "//") ||
        !strncmp(path, "/proc/", 6))
        return NULL;
    path = path[1] ? path : "";
    for (size_t i = 0; i < table->len && !at; i++)
        if (is_root(table, &table->mount[i]))
            at = &table->mount[i];
    for (size_t depth = 0; at && depth <= table->len; depth++, at = next) {
        next = NULL;
        for (size_t i = 0; i < table->len; i++) {
            const struct nst_mount *mount = &table->mount[i];

            if (mount->parent_id == at->id && mount != at && below(path, mount->point) &&
                (!next || strlen(mount->point) < strlen(next->point)))
                next = mount;
        }
        if (!next) {
            *ret_rest = below(path, at->point);
            return *ret_rest ? at : NULL;
        }
    }
    return NULL;
}

/* Whether ACTOR's root was changed before step AT, by itself or by who made it. */
static bool is_chrooted(const struct nst_trace *trace, uint32_t actor, size_t at)
{
    while (at-- > 0) {
        const struct nst_step *step = &trace->step[at];
        const struct nst_call *call = step->call;

        if (step->kind != NST_ANSWER_VALUE)
            continue;
        if (call->id == NST_CALL_CHROOT && call->actor == actor)
            return true;
        if (nst_calls[call->id].returns == NST_RETURNS_ACTOR && step->value == actor)
            actor = call->actor;
    }
    return false;
}

const struct nst_ns_view *nst_actor_view(const struct nst_trace *trace, size_t at)
{
    const struct nst_step *step = &trace->step[at];
    const struct nst_ns_view *view = nst_view_of(step->before, step->ns);

    return view && !is_chrooted(trace, step->call->actor, at) &&
                   !(view->reader && is_chrooted(trace, view->reader, at))
               ? view
               : NULL;
}
