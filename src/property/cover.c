/* What came into a namespace as one unit from one of another owner is locked together
 * (mount_namespaces(7), "Restrictions on mount namespaces"): all that a new namespace of another
 * user namespace began with, and a tree that was mounted elsewhere and propagated. So a mount of
 * such a unit hides what it stands on for good: it isn't unmounted or moved away, a bind without
 * what stands below shows no more, and neither does another proc (fs/namespace.c, has_locked_
 * children(), mount_too_revealing()).
 *
 * What may reveal it: an unmount in a namespace of a more privileged owner, which propagates; the
 * removal of the mount point elsewhere; and the whole unit goes at once. And to whom another
 * namespace shows the same place under nothing that is locked, it is no secret: what is locked
 * there came back from a less privileged one. */
#include <stdlib.h>
#include <string.h>

#include "cover.h"
#include "list.h"
#include "places.h"

enum { MOUNTS_MAX = 1000 };

static void drop(struct covers *covers, size_t i)
{
    free(covers->cover[i].path);
    covers->cover[i] = covers->cover[--covers->len];
}

bool nst_cover_is_shown(const struct nst_snapshot *snapshot, const struct cover *cover,
                        bool beneath, const struct nst_ns_view **ret_view)
{
    for (size_t n = 0; snapshot && n < snapshot->len; n++) {
        const struct nst_ns_view *view = &snapshot->view[n];

        for (size_t i = 0; view->owner == cover->owner && i < view->table.len; i++)
            if (nst_place_same_fs(&view->table.mount[i], &cover->fs) &&
                nst_place_shows(&view->table, &view->table.mount[i], cover->path, beneath)) {
                if (ret_view)
                    *ret_view = view;
                return true;
            }
    }
    return false;
}

const struct cover *nst_cover_same(const struct covers *covers, size_t i)
{
    const struct cover *cover = &covers->cover[i];

    for (size_t k = 0; k < i; k++) {
        const struct cover *other = &covers->cover[k];

        if (other->owner == cover->owner && strcmp(other->path, cover->path) == 0 &&
            nst_place_same_fs(&other->fs, &cover->fs))
            return other;
    }
    return NULL;
}

enum nst_verdict nst_cover_reveal(const struct covers *covers, const struct nst_ns_view *view,
                                  const char *path, const char *how,
                                  struct nst_finding *ret_finding)
{
    const struct nst_mount mount = {.root = (char *)path,
                                    .point = (char *)path,
                                    .options = (char *)"",
                                    .type = (char *)"",
                                    .source = (char *)"",
                                    .super_options = (char *)""};
    char *text =
        nst_change_text(&(struct nst_change){.kind = NST_VANISHED, .before = &mount}, NULL);
    const struct nst_call *call = covers->step->call;

    if (!text)
        return NST_ERROR;
    text[strcspn(text + 2, " ") + 2] = '\0'; /* its path, escaped, behind "- " */
    nst_finding_at(ret_finding, covers->at, "%s by actor %u %s of actor %u: %s",
                   nst_calls[call->id].name, call->actor, how, view->reader, text + 2);
    free(text);
    return NST_FAIL;
}

/* Whether the step may rightly reveal something in a namespace of OWNER. */
static bool may_reveal(const struct covers *covers, uint64_t owner)
{
    return nst_takes_names(covers->step->call->id) || !covers->own || covers->own->owner != owner ||
           covers->step->kind == NST_ANSWER_ENDED;
}

/* Whether MOUNT of TABLE covers COVER's place: it stands there, or on what stands there, as a whole
 * (a tree may have come beneath it). */
static bool covers_place(const struct nst_table *table, const struct nst_mount *mount,
                         const struct cover *cover)
{
    bool covers = false, whole = true;

    while (whole && !covers) {
        const struct nst_mount *on = nst_table_find(table, mount->parent_id);
        const char *place = on && on != mount ? nst_place_in(on, mount) : NULL;

        whole = place && !strcmp(on->point, mount->point);
        if (place && nst_place_same_fs(on, &cover->fs)) {
            char *path = nst_place_path(on, place);

            covers = !path || strcmp(path, cover->path) == 0;
            free(path);
        }
        mount = on;
    }
    return covers;
}

/* Whether the step unmounted in its own namespace what stands at COVER's place, which unlocks it
 * everywhere that this reaches (fs/pnode.c, propagate_mount_unlock()), even where it stays. */
static bool unlocks(const struct covers *covers, const struct cover *cover)
{
    const struct nst_ns_view *own = covers->own;
    const struct nst_ns_view *then = nst_view_of(covers->step->after, covers->step->ns);
    bool unlocked = false;

    if (covers->step->call->id != NST_CALL_UMOUNT2 || !own || !then || own->ns == cover->ns)
        return false;
    for (size_t i = 0; i < own->table.len && !unlocked; i++)
        unlocked = !nst_table_find(&then->table, own->table.mount[i].id) &&
                   covers_place(&own->table, &own->table.mount[i], cover);
    return unlocked;
}

/* Whether a tree that hung on a descriptor may have come from a namespace of another owner. */
static bool was_handed(const struct covers *covers, uint64_t owner)
{
    for (size_t i = 0; i < covers->at; i++) {
        const struct nst_step *step = &covers->trace->step[i];
        const struct nst_ns_view *view = nst_view_of(step->before, step->ns);
        bool made = step->call->id == NST_CALL_OPEN_TREE || step->call->id == NST_CALL_FSMOUNT ||
                    step->call->id == NST_CALL_OPEN_TREE_ATTR;

        if (made && step->kind == NST_ANSWER_VALUE && (!view || view->owner != owner))
            return true;
    }
    return false;
}

/* Holds what is known to be hidden against the step, and forgets what isn't any more. */
static enum nst_verdict check_places(struct covers *covers, struct nst_finding *ret_finding)
{
    const struct nst_snapshot *after = covers->step->after;

    for (size_t i = covers->len; i-- > 0;) {
        const struct cover *cover = &covers->cover[i];
        const struct nst_ns_view *view = nst_view_of(after, cover->ns);
        const struct nst_mount *on =
            view && view->whole ? nst_table_find(&view->table, cover->on) : NULL;

        if (!on || unlocks(covers, cover)) {
            drop(covers, i);
            continue;
        }
        if (nst_place_cover(&view->table, on, cover->place))
            continue;
        if (!may_reveal(covers, cover->owner) && !was_handed(covers, cover->owner))
            return nst_cover_reveal(covers, view, cover->path,
                                    "took away what hid a place in the namespace", ret_finding);
        drop(covers, i);
    }
    return NST_PASS;
}

static bool is_locked(const struct covers *covers, uint64_t ns, const struct cover *place)
{
    for (size_t i = 0; i < covers->len; i++) {
        const struct cover *cover = &covers->cover[i];

        if (cover->ns == ns && strcmp(cover->path, place->path) == 0 &&
            nst_place_same_fs(&cover->fs, &place->fs))
            return true;
    }
    return false;
}

/* Whether the place was in another namespace of COVER's owner, who may unmount what hid it there.
 */
static bool may_unmount(const struct covers *covers, const struct cover *cover)
{
    const struct nst_snapshot *before = covers->step->before;

    for (size_t n = 0; n < before->len; n++) {
        const struct nst_ns_view *view = &before->view[n];

        if (view->owner != cover->owner || is_locked(covers, view->ns, cover))
            continue;
        for (size_t i = 0; i < view->table.len; i++)
            if (nst_place_same_fs(&view->table.mount[i], &cover->fs) &&
                nst_place_has(&view->table.mount[i], cover->path))
                return true;
    }
    return false;
}

/* Nothing that the step mounted, or left uncovered, shows what is hidden. What a more privileged
 * owner mounts is handed to the others, even where it comes beneath a mount of theirs. */
static enum nst_verdict check_shown(struct covers *covers, struct nst_finding *ret_finding)
{
    for (size_t i = 0; i < covers->len; i++) {
        struct cover *cover = &covers->cover[i];
        const struct cover *same = cover->shown ? NULL : nst_cover_same(covers, i);
        bool may = may_reveal(covers, cover->owner);
        const struct nst_ns_view *view;

        if (same) {
            cover->shown = same->shown;
            continue;
        }
        if (cover->shown || !nst_cover_is_shown(covers->step->after, cover, may, &view))
            continue;
        if (!may && !was_handed(covers, cover->owner) && !may_unmount(covers, cover))
            return nst_cover_reveal(covers, view, cover->path,
                                    "shows what is hidden to the owner of the namespace",
                                    ret_finding);
        cover->shown = true;
    }
    return NST_PASS;
}

/* What is hidden is held against each mount of each snapshot. */
static bool is_too_much(const struct nst_trace *trace)
{
    for (size_t i = 0; i < trace->snapshots; i++)
        for (size_t n = 0; n < trace->snapshot[i]->len; n++)
            if (trace->snapshot[i]->view[n].table.len > MOUNTS_MAX)
                return true;
    return false;
}

static enum nst_verdict check(const struct nst_trace *trace,
                              const struct nst_judge_options *options,
                              struct nst_finding *ret_finding)
{
    struct covers covers = {.trace = trace};
    enum nst_verdict verdict = NST_PASS;

    (void)options;
    if (is_too_much(trace)) {
        nst_finding_at(ret_finding, SIZE_MAX, "not judged: a namespace has more than %d mounts",
                       MOUNTS_MAX);
        return NST_SKIP;
    }
    for (; covers.at < trace->len && verdict == NST_PASS; covers.at++) {
        const struct nst_step *step = covers.step = &trace->step[covers.at];

        if (!step->before || step->before == step->after)
            continue;
        covers.own = nst_view_of(step->before, step->ns);
        verdict = check_places(&covers, ret_finding);
        if (verdict == NST_PASS)
            verdict = check_shown(&covers, ret_finding);
        if (verdict == NST_PASS)
            verdict = nst_cover_meet(&covers, ret_finding);
    }
    while (covers.len)
        drop(&covers, covers.len - 1);
    free(covers.cover);
    /* Where the kernel doesn't count a namespace's mounts, nothing was known to be whole. */
    return verdict == NST_PASS && trace->start && !trace->start->view[0].whole ? NST_SKIP : verdict;
}

const struct nst_property nst_property_cover = {
    .name = "cover",
    .promise = "what a mount hides is never revealed to whoever may not unmount it",
    .source = "mount_namespaces(7), Restrictions on mount namespaces",
    .predicted = true,
    .check = check,
};
