/* What becomes locked: all that a new namespace of another owner began with, and what propagates
 * from one to another. */
#include "cover.h"
#include "list.h"
#include "places.h"

#include <stdlib.h>
#include <string.h>

/* What stands in a directory of /proc goes with its process, whoever ends it and when. */
static bool is_of_process(const struct nst_mount *on, const char *place)
{
    return strcmp(on->type, "proc") == 0 && place[0] == '/' && place[1] >= '0' && place[1] <= '9';
}

static int add(struct covers *covers, const struct nst_ns_view *view, const struct nst_mount *on,
               const char *place)
{
    const struct cover *same;
    struct cover *cover;

    if (!place || is_of_process(on, place))
        return 0;
    if (covers->len == covers->cap) {
        size_t cap = covers->cap ? covers->cap * 2 : 32;
        struct cover *more = realloc(covers->cover, cap * sizeof *more);

        if (!more)
            return -1;
        covers->cover = more;
        covers->cap = cap;
    }
    cover = &covers->cover[covers->len];
    *cover = (struct cover){.ns = view->ns, .owner = view->owner, .on = on->id, .place = place};
    cover->fs = *on;
    cover->path = nst_place_path(on, place);
    if (!cover->path)
        return -1;
    same = nst_cover_same(covers, covers->len);
    covers->len++;
    if (same) { /* as it was told of that up to now */
        cover->shown = same->shown;
        return 0;
    }
    for (size_t i = 0; i <= covers->at && !cover->shown; i++)
        cover->shown = nst_cover_is_shown(covers->trace->step[i].before, cover, false, NULL) ||
                       nst_cover_is_shown(covers->trace->step[i].after, cover, false, NULL);
    return 0;
}

/* Binds of mount namespaces' files stay behind when a namespace is copied, since one that refers to
 * itself would never end (fs/namespace.c, copy_tree(), CL_COPY_MNT_NS_FILE). */
static bool stays_behind(const struct nst_table *table, const struct nst_mount *mount)
{
    for (size_t hops = 0; mount && hops <= table->len; hops++) {
        const struct nst_mount *on = nst_table_find(table, mount->parent_id);

        if (strcmp(mount->type, "nsfs") == 0)
            return true;
        mount = on == mount ? NULL : on;
    }
    return false;
}

/* COPY was made of OWN: every mount came with it, and what was hidden is; where the owners differ
 * all is locked, and nothing is shared with the more privileged one. */
static enum nst_verdict compare_copy(struct covers *covers, const struct nst_ns_view *copy,
                                     const struct nst_mount **made, struct nst_finding *ret_finding)
{
    const struct nst_ns_view *own = covers->own;
    bool other = copy->owner != own->owner;

    for (size_t i = 0; i < own->table.len; i++) {
        const struct nst_mount *mount = &own->table.mount[i];
        const struct nst_mount *on = nst_table_find(&own->table, mount->parent_id);
        const struct nst_mount *now = made[i];
        const char *place = on && on != mount ? nst_place_in(on, mount) : NULL;

        if (!now && place && !stays_behind(&own->table, mount))
            return nst_cover_reveal(covers, copy, mount->point,
                                    "left a mount behind in the new namespace", ret_finding);
        for (size_t k = 0; now && other && now->peer_group && k < own->table.len; k++)
            if (own->table.mount[k].peer_group == now->peer_group)
                return nst_cover_reveal(covers, copy, mount->point,
                                        "shares a mount with the less privileged namespace",
                                        ret_finding);
        on = now ? nst_table_find(&copy->table, now->parent_id) : NULL;
        if (other && on && on != now && add(covers, copy, on, nst_place_in(on, now)) < 0)
            return NST_ERROR;
    }
    for (size_t i = 0, len = covers->len; !other && i < len; i++) {
        const struct nst_mount *on = nst_table_find(&own->table, covers->cover[i].on);
        const struct nst_mount *now =
            on && covers->cover[i].ns == own->ns ? made[on - own->table.mount] : NULL;

        if (now && nst_place_cover(&copy->table, now, covers->cover[i].place) &&
            add(covers, copy, now, covers->cover[i].place) < 0)
            return NST_ERROR;
    }
    return NST_PASS;
}

static enum nst_verdict meet_copy(struct covers *covers, const struct nst_ns_view *copy,
                                  struct nst_finding *ret_finding)
{
    const struct nst_mount **made = nst_place_copies(&covers->own->table, &copy->table);
    enum nst_verdict verdict = made ? compare_copy(covers, copy, made, ret_finding) : NST_ERROR;

    free(made);
    return verdict;
}

/* What came to AFTER by propagation from a namespace of another owner is locked to what it came
 * with; what it stands on as a whole was there before. */
static enum nst_verdict meet_units(struct covers *covers, const struct nst_ns_view *before,
                                   const struct nst_ns_view *after)
{
    for (size_t i = 0; i < after->table.len; i++) {
        const struct nst_mount *mount = &after->table.mount[i];
        const struct nst_mount *on = nst_table_find(&after->table, mount->parent_id);

        if (on && on != mount && !nst_table_find(&before->table, mount->id) &&
            !nst_table_find(&before->table, on->id) &&
            add(covers, after, on, nst_place_in(on, mount)) < 0)
            return NST_ERROR;
    }
    return NST_PASS;
}

enum nst_verdict nst_cover_meet(struct covers *covers, struct nst_finding *ret_finding)
{
    const struct nst_step *step = covers->step;
    const struct nst_ns_view *own = covers->own;
    bool makes = step->call->id == NST_CALL_UNSHARE || step->call->id == NST_CALL_CLONE ||
                 step->call->id == NST_CALL_CLONE3;
    enum nst_verdict verdict = NST_PASS;

    if (!own || !own->whole || !own->owner)
        return NST_PASS;
    for (size_t n = 0; n < step->after->len && verdict == NST_PASS; n++) {
        const struct nst_ns_view *view = &step->after->view[n];
        const struct nst_ns_view *before = nst_view_of(step->before, view->ns);

        if (!view->whole || !view->owner)
            continue;
        if (!before && makes)
            verdict = meet_copy(covers, view, ret_finding);
        else if (before && before->whole && view->owner != own->owner)
            verdict = meet_units(covers, before, view);
    }
    return verdict;
}
