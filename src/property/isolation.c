/* A namespace is isolated from another when no peer group leads from a mount in the one to a mount
 * in the other: mount_namespaces(7), "Shared subtrees": events go to the members of a peer group,
 * to its slaves, and on to the slaves' peers. What is mounted in an isolated namespace must never
 * appear in the other, not for an instant.
 *
 * What vanishes may do so by rmdir or unlink of its mount point elsewhere: mount_namespaces(7),
 * "Restrictions on mount namespaces", from Linux 3.18 on. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"

#define GROUPS_MAX 256

struct groups {
    uint64_t id[GROUPS_MAX];
    size_t len;
    bool overflow; /* then everything counts as connected */
};

static bool has(const struct groups *groups, uint64_t id)
{
    for (size_t i = 0; i < groups->len; i++)
        if (groups->id[i] == id)
            return true;
    return groups->overflow;
}

static bool add(struct groups *groups, uint64_t id)
{
    if (!id || has(groups, id))
        return false;
    if (groups->len == GROUPS_MAX)
        groups->overflow = true;
    else
        groups->id[groups->len++] = id;
    return true;
}

static void add_slaves(const struct nst_snapshot *snapshot, struct groups *groups, bool *grew)
{
    for (size_t n = 0; snapshot && n < snapshot->len; n++) {
        const struct nst_table *table = &snapshot->view[n].table;

        for (size_t i = 0; i < table->len; i++)
            if (table->mount[i].master && has(groups, table->mount[i].master))
                *grew |= add(groups, table->mount[i].peer_group);
    }
}

/* The peer groups that an event in FROM reaches through every mount that was ever seen: one that
 * isn't any more may live on where nobody looks, in a namespace that a descriptor holds or in a
 * detached tree. */
static void reach(const struct nst_trace *trace, const struct nst_ns_view *from,
                  struct groups *ret_groups)
{
    bool grew = true;

    *ret_groups = (struct groups){0};
    for (size_t i = 0; i < from->table.len; i++)
        add(ret_groups, from->table.mount[i].peer_group);
    while (grew && !ret_groups->overflow) {
        grew = false;
        for (size_t n = 0; n < trace->snapshots; n++)
            add_slaves(trace->snapshot[n], ret_groups, &grew);
    }
}

/* Whether a member of peer group ID is in sight. A master's that isn't may hang on anything. */
static bool is_seen(const struct nst_snapshot *snapshot, uint64_t id)
{
    for (size_t n = 0; n < snapshot->len; n++) {
        const struct nst_table *table = &snapshot->view[n].table;

        for (size_t i = 0; i < table->len; i++)
            if (table->mount[i].peer_group == id)
                return true;
    }
    return false;
}

static bool reaches(const struct nst_snapshot *now, const struct groups *groups,
                    const struct nst_table *table)
{
    for (size_t i = 0; i < table->len; i++) {
        const struct nst_mount *mount = &table->mount[i];

        if (mount->peer_group && has(groups, mount->peer_group))
            return true;
        if (mount->master && (has(groups, mount->master) || !is_seen(now, mount->master)))
            return true;
    }
    return groups->overflow;
}

/* Whether a call before step AT made a mount that is in no table. */
static bool has_detached(const struct nst_trace *trace, size_t at)
{
    enum { OPEN_TREE_CLONE_BIT = 1 };

    for (size_t i = 0; i < at; i++) {
        const struct nst_call *call = trace->step[i].call;
        bool made = call->id == NST_CALL_FSMOUNT || call->id == NST_CALL_OPEN_TREE_ATTR ||
                    (call->id == NST_CALL_OPEN_TREE && call->arg[2].num & OPEN_TREE_CLONE_BIT);

        if (made && trace->step[i].kind == NST_ANSWER_VALUE)
            return true;
    }
    return false;
}

/* Whether step AT may act on a mount that is in no table: a detached tree that a descriptor, a
 * working directory or a link leads to may be a peer of anything. */
static bool acts_out_of_sight(const struct nst_trace *trace, size_t at)
{
    const struct nst_call *call = trace->step[at].call;
    const struct nst_call_type *type = &nst_calls[call->id];

    if (!has_detached(trace, at))
        return false;
    for (size_t i = 0; i < at; i++)
        if (trace->step[i].call->id == NST_CALL_SYMLINK)
            return true;
    if (call->id == NST_CALL_MOVE_MOUNT)
        return call->arg[2].num != NST_AT_FDCWD || !call->arg[3].str || *call->arg[3].str != '/' ||
               strstr(call->arg[3].str, "/proc");
    for (size_t i = 0; i < NST_ARGS_MAX && type->arg[i].kind != NST_ARG_NONE; i++) {
        const char *text = call->arg[i].str;

        if (text && (strstr(text, "/proc") || (type->arg[i].kind == NST_ARG_PATH && *text != '/')))
            return true;
        if (type->arg[i].kind == NST_ARG_FD && call->arg[i].num != NST_AT_FDCWD)
            return true;
    }
    return false;
}

static bool asks_for_sharing(const struct nst_call *call)
{
    enum { MS_SHARED_BIT = 1 << 20 };

    return (call->id == NST_CALL_MOUNT && (call->arg[3].num & MS_SHARED_BIT)) ||
           ((call->id == NST_CALL_MOUNT_SETATTR || call->id == NST_CALL_OPEN_TREE_ATTR) &&
            (call->arg[5].num & MS_SHARED_BIT));
}

/* Whether a call in namespace NS, before step END, asked that something be shared. */
static bool asked(const struct nst_trace *trace, uint64_t ns, size_t end)
{
    for (size_t i = 0; i < end; i++)
        if (trace->step[i].ns == ns && trace->step[i].kind == NST_ANSWER_VALUE &&
            asks_for_sharing(trace->step[i].call))
            return true;
    return false;
}

/* Whether namespace NS was meant to be isolated from the parent at step AT. */
static bool is_meant(const struct nst_trace *trace, enum nst_intent intent, uint64_t ns, size_t at)
{
    return intent == NST_INTENT_ALWAYS || (intent == NST_INTENT_ASKED && !asked(trace, ns, at));
}

bool nst_isolation_connects(const struct nst_trace *trace, size_t at, const struct nst_ns_view *own,
                            const struct nst_ns_view *other)
{
    struct groups groups;

    if (!own->whole || !other->whole || acts_out_of_sight(trace, at))
        return true;
    reach(trace, own, &groups);
    return reaches(trace->step[at].before, &groups, &other->table);
}

bool nst_isolation_is_meant(const struct nst_trace *trace, enum nst_intent intent, size_t at)
{
    return is_meant(trace, intent, trace->step[at].ns, at);
}

struct leak {
    const struct nst_trace *trace;
    bool unlinks; /* the call may take mounts away from other namespaces */
    bool failed;  /* memory ran out */
    char *text;   /* the first change that mustn't be; owned */
};

/* A superblock's options and the name of a deleted mount point are the file system's. Propagation
 * may be changed in another namespace, through a descriptor, by whoever has CAP_SYS_ADMIN there
 * (fs/namespace.c, may_change_propagation(), from 6.17 on). */
static bool is_own(const struct nst_change *change)
{
    return strcmp(change->before->options, change->after->options) != 0 ||
           change->before->parent_id != change->after->parent_id;
}

static void note_change(void *ctx, const struct nst_change *change)
{
    struct leak *leak = ctx;

    if (leak->text || (change->kind == NST_VANISHED && leak->unlinks))
        return;
    if (change->kind == NST_CHANGED && !is_own(change))
        return;
    struct nst_renamer renamer;

    nst_trace_renamer(leak->trace, &renamer); /* only here: most traces have no leak to tell of */
    leak->text = nst_change_text(change, &renamer);
    leak->failed |= !leak->text;
    nst_renamer_free(&renamer);
}

/* The first change from BEFORE to AFTER that mustn't be, in RET_TEXT; NULL: none. Returns 0 or
 * -ENOMEM. */
static int find_leak(const struct nst_trace *trace, bool may_unlink,
                     const struct nst_ns_view *before, const struct nst_ns_view *after,
                     char **ret_text)
{
    struct leak leak = {.trace = trace, .unlinks = may_unlink};
    int r = nst_table_diff(&before->table, &after->table, note_change, &leak);

    *ret_text = leak.failed ? NULL : leak.text;
    if (!leak.failed)
        return r;
    free(leak.text);
    return -ENOMEM;
}

/* Polling says only that something happened. Where nothing is left of it, it was undone. */
static bool shows_an_instant(const struct nst_events *events, const struct nst_ns_view *before,
                             const struct nst_ns_view *after)
{
    bool undone = after && nst_tables_equal(&before->table, &after->table);

    for (size_t i = 0; i < events->len; i++)
        if (events->event[i].kind == NST_EVENT_ATTACH ||
            events->event[i].kind == NST_EVENT_OVERFLOW ||
            (events->event[i].kind == NST_EVENT_UNKNOWN && undone))
            return true;
    return false;
}

/* Holds one step against one namespace other than the actor's. */
static enum nst_verdict check_other(const struct nst_trace *trace, size_t at, bool connected,
                                    const struct nst_ns_view *before,
                                    struct nst_finding *ret_finding)
{
    const struct nst_step *step = &trace->step[at];
    const struct nst_ns_view *after = nst_view_later(step->after, before);
    const char *name = nst_calls[step->call->id].name;
    const char *where = before->parent ? "the parent" : "a sibling namespace";

    if (after && after != before) {
        char *leak;

        if (find_leak(trace, nst_takes_names(step->call->id), before, after, &leak) < 0)
            return NST_ERROR;
        if (leak) {
            nst_finding_at(ret_finding, at,
                           "%s by actor %u, in a namespace of its own%s, shows in %s: %s", name,
                           step->call->actor, connected ? "" : " that is isolated", where, leak);
            free(leak);
            return NST_FAIL;
        }
    }
    if (before->parent && shows_an_instant(&step->events, before, after))
        return nst_finding_at(ret_finding, at,
                              "%s by actor %u was visible in the parent for an instant", name,
                              step->call->actor);
    return NST_PASS;
}

static enum nst_verdict check_step(const struct nst_trace *trace, size_t at,
                                   const struct nst_judge_options *options,
                                   struct nst_finding *ret_finding)
{
    const struct nst_step *step = &trace->step[at];
    const struct nst_ns_view *own = nst_view_of(step->before, step->ns);
    struct groups groups;

    if (!own || (step->before == step->after && !step->events.len))
        return NST_PASS;
    reach(trace, own, &groups);

    bool out_of_sight = acts_out_of_sight(trace, at);

    for (size_t n = 0; n < step->before->len; n++) {
        const struct nst_ns_view *other = &step->before->view[n];
        bool connected = !own->whole || !other->whole || out_of_sight ||
                         reaches(step->before, &groups, &other->table);
        bool leaks = other->parent && is_meant(trace, options->intent, own->ns, at);

        if (other == own || (connected && !leaks))
            continue;
        enum nst_verdict verdict = check_other(trace, at, connected, other, ret_finding);

        if (verdict != NST_PASS)
            return verdict;
    }
    return NST_PASS;
}

static bool has_attach(const struct nst_events *events)
{
    for (size_t i = 0; i < events->len; i++)
        if (events->event[i].kind == NST_EVENT_ATTACH)
            return true;
    return false;
}

/* A setup that is to isolate does nothing that shows outside, from its start on. */
static enum nst_verdict check_setup(const struct nst_trace *trace, struct nst_finding *ret_finding)
{
    const struct nst_step *step = trace->setup;
    const struct nst_ns_view *before = &step->before->view[0];
    char *leak;

    if (find_leak(trace, false, before, &step->after->view[0], &leak) < 0)
        return NST_ERROR;
    if (leak) {
        nst_finding_at(ret_finding, trace->len, "the setup shows in the parent: %s", leak);
        free(leak);
        return NST_FAIL;
    }
    if (has_attach(&step->events))
        return nst_finding_at(ret_finding, trace->len,
                              "the setup was visible in the parent for an instant");
    return NST_PASS;
}

/* Judged as a whole: all actors come from the first one; where it was isolated, all of them are. */
static enum nst_verdict check_at_once(const struct nst_trace *trace,
                                      const struct nst_judge_options *options,
                                      struct nst_finding *ret_finding)
{
    size_t from = trace->at_once_from;
    const struct nst_snapshot *begin = from           ? trace->step[from - 1].after
                                       : trace->setup ? trace->setup->after
                                                      : trace->start;
    char *leak;

    if (options->intent != NST_INTENT_ALWAYS || !begin || !trace->end ||
        trace->step[from].ns == begin->view[0].ns) {
        nst_finding_at(
            ret_finding, SIZE_MAX,
            "not judged: calls were performed at once, and nothing isolated them before");
        return NST_SKIP;
    }
    if (find_leak(trace, true, &begin->view[0], &trace->end->view[0], &leak) < 0)
        return NST_ERROR;
    if (leak) {
        nst_finding_at(ret_finding, trace->len,
                       "performed at once, in isolated namespaces, shows in the parent: %s", leak);
        free(leak);
        return NST_FAIL;
    }
    if (shows_an_instant(&trace->at_once_events, &begin->view[0], &trace->end->view[0]))
        return nst_finding_at(ret_finding, trace->len,
                              "performed at once, in isolated namespaces, something was visible in "
                              "the parent for an instant");
    return NST_PASS;
}

static enum nst_verdict check(const struct nst_trace *trace,
                              const struct nst_judge_options *options,
                              struct nst_finding *ret_finding)
{
    if (trace->setup && options->intent != NST_INTENT_NONE) {
        enum nst_verdict verdict = check_setup(trace, ret_finding);

        if (verdict != NST_PASS)
            return verdict;
    }
    size_t len = trace->at_once ? trace->at_once_from : trace->len;

    for (size_t i = 0; i < len; i++) {
        enum nst_verdict verdict = check_step(trace, i, options, ret_finding);

        if (verdict != NST_PASS)
            return verdict;
    }
    /* The actors' deaths take mounts away, and bring none. */
    if (has_attach(&trace->end_events))
        return nst_finding_at(ret_finding, trace->len,
                              "a mount appeared in the parent when every actor had ended");
    /* Where the kernel doesn't count a namespace's mounts, nothing was claimed to be isolated. */
    if (options->intent == NST_INTENT_NONE && trace->start && !trace->start->view[0].whole)
        return NST_SKIP;
    return trace->at_once ? check_at_once(trace, options, ret_finding) : NST_PASS;
}

const struct nst_property nst_property_isolation = {
    .name = "isolation",
    .promise = "what is mounted in a private or slave tree is never visible in the parent or a "
               "sibling, not for an instant",
    .source = "mount_namespaces(7), Shared subtrees",
    .at_once = true,
    .predicted = true,
    .check = check,
};
