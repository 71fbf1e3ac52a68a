/* A mount namespace lives as long as something refers to it, and no longer: a process in it, a
 * descriptor of its file, a bind of it (namespaces(7), "Namespace lifetime"). As long as it lives
 * so do its mounts.
 *
 * Where something may refer to it that nobody sees (a bind in a tree that hangs on a descriptor
 * alone, or in a namespace in which nobody is), neither its life nor its end is held against the
 * kernel. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"

/* A namespace that was seen. */
struct known {
    const struct nst_ns_view *view; /* as it was seen last */
    uint64_t inode;
    bool present;   /* in the last snapshot */
    bool disturbed; /* since it was seen last something may have unmounted in it */
    bool bound;     /* a bind of it was seen */
    bool must, may; /* it is known, or not known not to be, referred to */
};

struct lives {
    const struct nst_trace *trace;
    struct known *known;
    size_t len, cap;
    size_t at;
};

/* What lived when, and what referred to it: of a step, or when all was over. */
struct moment {
    const struct nst_snapshot *snapshot;
    const struct nst_hold *hold;
    size_t holds;
    const uint64_t *alive;
    size_t alives;
};

static struct known *find(const struct lives *lives, uint64_t ns)
{
    for (size_t i = 0; i < lives->len; i++)
        if (lives->known[i].view->ns == ns)
            return &lives->known[i];
    return NULL;
}

/* The inode that MOUNT is a bind of, or 0. */
static uint64_t bound_inode(const struct nst_mount *mount)
{
    unsigned long long inode;

    return strcmp(mount->type, "nsfs") == 0 && sscanf(mount->root, "mnt:[%llu]", &inode) == 1
               ? inode
               : 0;
}

static const char *name(const struct known *known, char *text, size_t size)
{
    if (known->view->parent)
        return "the parent";
    snprintf(text, size, "a namespace that actor %u was in", known->view->reader);
    return text;
}

/* Whether every mount of an undisturbed namespace is there still when somebody is in it again. */
static enum nst_verdict check_mounts(const struct lives *lives, const struct known *known,
                                     const struct nst_ns_view *now, struct nst_finding *ret_finding)
{
    const struct nst_table *table = &known->view->table;
    char text[64];

    if (known->present || known->disturbed || !known->view->whole || !now->whole)
        return NST_PASS;
    for (size_t i = 0; i < table->len; i++)
        if (!nst_table_find(&now->table, table->mount[i].id))
            return nst_finding_at(ret_finding, lives->at, "%s lost a mount while nobody was in it",
                                  name(known, text, sizeof text));
    return NST_PASS;
}

static enum nst_verdict meet(struct lives *lives, const struct nst_ns_view *view,
                             struct nst_finding *ret_finding)
{
    struct known *known = find(lives, view->ns);
    enum nst_verdict verdict = NST_PASS;

    if (!known && lives->len == lives->cap) {
        size_t cap = lives->cap ? lives->cap * 2 : 16;
        struct known *more = realloc(lives->known, cap * sizeof *more);

        if (!more)
            return NST_ERROR;
        lives->known = more;
        lives->cap = cap;
    }
    if (known) {
        verdict = check_mounts(lives, known, view, ret_finding);
    } else {
        known = &lives->known[lives->len++];
        *known = (struct known){.inode = view->inode};
    }
    known->view = view;
    known->present = true;
    known->disturbed = false;
    return verdict;
}

static void note_binds(struct lives *lives, const struct nst_table *table)
{
    for (size_t i = 0; i < table->len; i++) {
        uint64_t inode = bound_inode(&table->mount[i]);

        for (size_t k = 0; inode && k < lives->len; k++)
            lives->known[k].bound |= lives->known[k].inode == inode;
    }
}

static enum nst_verdict meet_all(struct lives *lives, const struct nst_snapshot *snapshot,
                                 struct nst_finding *ret_finding)
{
    enum nst_verdict verdict = NST_PASS;

    for (size_t k = 0; k < lives->len; k++)
        if (!nst_view_of(snapshot, lives->known[k].view->ns))
            lives->known[k].present = false;
    for (size_t n = 0; n < snapshot->len && verdict == NST_PASS; n++)
        verdict = meet(lives, &snapshot->view[n], ret_finding);
    for (size_t n = 0; n < snapshot->len; n++)
        note_binds(lives, &snapshot->view[n].table);
    return verdict;
}

/* Calls that may unmount somewhere, if only a mount point in the /proc of who ends. */
static bool disturbs(const struct nst_step *step)
{
    enum nst_call_id id = step->call->id;

    if (nst_takes_names(id) || id == NST_CALL_UMOUNT2 || id == NST_CALL_MOVE_MOUNT ||
        id == NST_CALL_PIVOT_ROOT)
        return step->kind != NST_ANSWER_NONE;
    return step->kind == NST_ANSWER_ENDED || step->kind == NST_ANSWER_DEADLINE;
}

/* Whether HOLD holds a mount that nobody lists, and with it maybe a tree that has a bind. */
static bool out_of_sight(const struct moment *moment, const struct nst_hold *hold)
{
    for (size_t n = 0; n < moment->snapshot->len; n++)
        if (nst_table_find(&moment->snapshot->view[n].table, hold->mount))
            return false;
    return !hold->ns;
}

/* Notes that TABLE's binds refer to what they are of: certainly, if SEEN now. Returns whether that
 * was news. */
static bool follow(struct lives *lives, const struct nst_table *table, bool seen)
{
    bool news = false;

    for (size_t i = 0; i < table->len; i++) {
        uint64_t inode = bound_inode(&table->mount[i]);
        struct known *of = NULL;
        size_t same = 0;

        for (size_t k = 0; inode && k < lives->len; k++)
            if (lives->known[k].inode == inode) { /* several: the number was used again */
                of = &lives->known[k];
                same++;
                news |= !of->may;
                of->may = true;
            }
        if (same == 1 && seen) {
            news |= !of->must;
            of->must = true;
        }
    }
    return news;
}

static void mark(struct lives *lives, const struct moment *moment)
{
    bool uncertain = false, anything = false, news = true;

    for (size_t i = 0; i < moment->holds; i++) {
        uncertain |= out_of_sight(moment, &moment->hold[i]);
        anything |= moment->hold[i].lists;
    }
    for (size_t k = 0; k < lives->len; k++) {
        struct known *known = &lives->known[k];

        known->must = nst_view_of(moment->snapshot, known->view->ns) != NULL;
        for (size_t i = 0; i < moment->holds; i++)
            known->must |= moment->hold[i].ns == known->view->ns;
        known->may = known->must || anything || (uncertain && known->bound);
    }
    while (news) {
        news = false;
        for (size_t k = 0; k < lives->len; k++)
            if (lives->known[k].may)
                news |= follow(lives, &lives->known[k].view->table,
                               lives->known[k].must && lives->known[k].present);
    }
}

static bool is_alive(const struct moment *moment, uint64_t ns)
{
    for (size_t i = 0; i < moment->alives; i++)
        if (moment->alive[i] == ns)
            return true;
    return false;
}

static enum nst_verdict check_moment(struct lives *lives, const struct moment *moment,
                                     struct nst_finding *ret_finding)
{
    bool hidden = moment->holds && lives->trace->setup; /* what it left behind holds what it will */
    char text[64];

    mark(lives, moment);
    for (size_t k = 0; k < lives->len; k++) {
        const struct known *known = &lives->known[k];
        bool alive = is_alive(moment, known->view->ns);

        if (known->must && !alive)
            return nst_finding_at(ret_finding, lives->at,
                                  "%s is gone, though something refers to it",
                                  name(known, text, sizeof text));
        if (alive && !known->may && !hidden)
            return nst_finding_at(ret_finding, lives->at,
                                  "%s lives on, though nothing refers to it",
                                  name(known, text, sizeof text));
    }
    for (size_t i = 0; i < moment->holds; i++) {
        const struct known *known = find(lives, moment->hold[i].ns);

        if (known && moment->hold[i].mounts && !known->disturbed && known->view->whole &&
            moment->hold[i].mounts < known->view->table.len)
            return nst_finding_at(ret_finding, lives->at, "%s has %u mounts of %zu left",
                                  name(known, text, sizeof text), moment->hold[i].mounts,
                                  known->view->table.len);
    }
    return NST_PASS;
}

static enum nst_verdict check_step(struct lives *lives, const struct nst_step *step,
                                   struct nst_finding *ret_finding)
{
    const struct moment moment = {.snapshot = step->after,
                                  .hold = step->held,
                                  .holds = step->helds,
                                  .alive = step->alive,
                                  .alives = step->alives};
    enum nst_verdict verdict;

    if (!step->after)
        return NST_PASS;
    for (size_t k = 0; disturbs(step) && k < lives->len; k++)
        lives->known[k].disturbed = true;
    verdict = meet_all(lives, step->after, ret_finding);
    if (verdict == NST_PASS && step->alive && step->kind != NST_ANSWER_DEADLINE)
        verdict = check_moment(lives, &moment, ret_finding);
    return verdict;
}

static enum nst_verdict check(const struct nst_trace *trace,
                              const struct nst_judge_options *options,
                              struct nst_finding *ret_finding)
{
    const struct moment end = {
        .snapshot = trace->end, .alive = trace->end_alive, .alives = trace->end_alives};
    struct lives lives = {.trace = trace};
    enum nst_verdict verdict = NST_PASS;

    (void)options;
    if (!trace->start || !trace->end || !trace->end_alive)
        return NST_SKIP;
    verdict = meet_all(&lives, trace->start, ret_finding);
    if (verdict == NST_PASS && trace->setup && trace->setup->after)
        verdict = meet_all(&lives, trace->setup->after, ret_finding);
    for (; lives.at < trace->len && verdict == NST_PASS; lives.at++)
        verdict = check_step(&lives, &trace->step[lives.at], ret_finding);
    for (size_t k = 0; k < lives.len; k++)
        lives.known[k].disturbed = true; /* by the actors' end */
    if (verdict == NST_PASS && !trace->deadline)
        verdict = meet_all(&lives, trace->end, ret_finding);
    if (verdict == NST_PASS && !trace->deadline)
        verdict = check_moment(&lives, &end, ret_finding);
    free(lives.known);
    return verdict;
}

const struct nst_property nst_property_lifetime = {
    .name = "lifetime",
    .promise = "a namespace and its mounts live while something refers to them, and no longer",
    .source = "namespaces(7), Namespace lifetime",
    .check = check,
};
