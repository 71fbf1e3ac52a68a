/* The twin of isolation: what was asked to be shared or slave does propagate, exactly to its peers
 * and slaves.
 *
 * Each rule goes from the tables before a successful call to those after it. What mounts, unmounts
 * and changes has rules of its own, in propagation_*.c; for all calls: mounts appear nowhere but
 * where a rule leads, and nobody's propagation changes but the one's that was asked for. Namespaces
 * that a reader doesn't see whole, and paths of which it isn't certain what they name, are left
 * out. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "propagation.h"

enum { TREE_CLONE = 1, RECURSIVE = 0x8000, SET_GROUP = 0x100, NEWNS = 0x20000 };
enum { CHANGES = MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE };

int nst_spread_broken(struct spread *spread, const struct nst_forest *forest, uint32_t node,
                      const char *what)
{
    const struct nst_node *at = node == NST_NONE ? NULL : &forest->node[node];
    const char *name = nst_calls[spread->step->call->id].name;
    struct nst_renamer renamer;
    char *text;

    if (!at) {
        nst_finding_at(spread->finding, spread->at, "%s by actor %u: %s", name,
                       spread->step->call->actor, what);
        return SPREAD_BROKEN;
    }
    nst_trace_renamer(spread->trace, &renamer);
    text =
        nst_change_text(&(struct nst_change){.kind = NST_APPEARED, .after = at->mount}, &renamer);
    nst_renamer_free(&renamer);
    if (!text)
        return -ENOMEM;
    nst_finding_at(spread->finding, spread->at, "%s by actor %u: in %s, %s %s", name,
                   spread->step->call->actor,
                   at->view->parent                   ? "the parent"
                   : at->view->ns == spread->step->ns ? "its own namespace"
                                                      : "another namespace",
                   text + 2, what);
    free(text);
    return SPREAD_BROKEN;
}

static uint32_t same(const struct nst_forest *to, const struct nst_node *node)
{
    uint32_t at = nst_forest_find(to, node->mount->id);

    return at == NST_NONE || to->node[at].view->ns != node->view->ns ? NST_NONE : at;
}

uint32_t nst_spread_was(const struct spread *spread, uint32_t node)
{
    return same(&spread->before, &spread->after.node[node]);
}

uint32_t nst_spread_is(const struct spread *spread, uint32_t node)
{
    return same(&spread->after, &spread->before.node[node]);
}

bool nst_spread_judges(const struct spread *spread, const struct nst_ns_view *view)
{
    const struct nst_ns_view *before = nst_view_of(spread->step->before, view->ns);
    const struct nst_ns_view *after = nst_view_of(spread->step->after, view->ns);

    return before && after && before->whole && after->whole && before->reader == after->reader;
}

bool nst_spread_master_holds(const struct spread *spread, uint64_t was, uint64_t actual)
{
    while (was) {
        uint32_t member = nst_forest_peers(&spread->before, was);

        if (nst_forest_peers(&spread->after, was) != NST_NONE)
            return actual == was;
        if (member == NST_NONE || (actual == was && spread->misses))
            return true;
        was = spread->before.node[member].mount->master;
    }
    return !actual;
}

bool nst_spread_is_fresh(const struct spread *spread, const uint64_t *used, size_t len,
                         uint64_t group)
{
    for (size_t i = 0; i < len; i++)
        if (used[i] == group)
            return false;
    return group && nst_forest_peers(&spread->before, group) == NST_NONE;
}

enum mount_kind nst_mount_kind(const struct nst_call *call)
{
    uint64_t flags = call->arg[3].num;

    if ((flags & 0xffff0000) == 0xc0ed0000) /* MS_MGC_VAL */
        flags &= ~UINT64_C(0xffff0000);
    return flags & MS_REMOUNT ? MOUNT_REMOUNT
           : flags & MS_BIND  ? MOUNT_BIND
           : flags & CHANGES  ? MOUNT_CHANGE
           : flags & MS_MOVE  ? MOUNT_MOVE
                              : MOUNT_NEW;
}

/* Whom no rule of its own tells keeps its propagation, and its place. */
static int keep(struct spread *spread, bool places)
{
    for (uint32_t i = 0; i < spread->after.len; i++) {
        const struct nst_node *is = &spread->after.node[i];
        uint32_t before = nst_spread_was(spread, i);
        const struct nst_node *was;

        if (before == NST_NONE || spread->told[i])
            continue;
        was = &spread->before.node[before];
        if (is->mount->peer_group != was->mount->peer_group ||
            is->mount->unbindable != was->mount->unbindable)
            return nst_spread_broken(spread, &spread->after, i, "changed its propagation");
        if (!nst_spread_master_holds(spread, was->mount->master, is->mount->master))
            return nst_spread_broken(spread, &spread->after, i, "has not the master that it had");
        if (places && nst_spread_judges(spread, is->view) && is->parent != NST_NONE &&
            was->parent != NST_NONE && is->mount->parent_id != was->mount->parent_id &&
            !spread->told[is->parent] && nst_spread_is(spread, was->parent) != NST_NONE)
            return nst_spread_broken(spread, &spread->after, i, "was moved");
    }
    return SPREAD_HELD;
}

/* Nothing appears but what a rule tells of. */
static int appear(struct spread *spread)
{
    for (uint32_t i = 0; i < spread->after.len; i++)
        if (!spread->told[i] && nst_spread_was(spread, i) == NST_NONE &&
            nst_spread_judges(spread, spread->after.node[i].view))
            return nst_spread_broken(spread, &spread->after, i,
                                     "appeared, though nothing propagates there");
    return SPREAD_HELD;
}

/* A process takes what is mounted in its /proc directory with it, at a time of its own. */
static bool in_proc(const struct nst_forest *forest, uint32_t node)
{
    while ((node = forest->node[node].parent) != NST_NONE)
        if (!strcmp(forest->node[node].mount->type, "proc"))
            return true;
    return false;
}

/* A call that mounts takes nothing away. */
static int vanish(struct spread *spread)
{
    for (uint32_t i = 0; i < spread->before.len; i++)
        if (nst_spread_is(spread, i) == NST_NONE &&
            nst_spread_judges(spread, spread->before.node[i].view) && !in_proc(&spread->before, i))
            return nst_spread_broken(spread, &spread->before, i, "vanished");
    return SPREAD_HELD;
}

static int check_mount(struct spread *spread)
{
    const struct nst_call *call = spread->step->call;

    switch (nst_mount_kind(call)) {
    case MOUNT_CHANGE:
        return nst_spread_change(spread, call->arg[1].str, call->arg[3].num & CHANGES,
                                 call->arg[3].num & MS_REC);
    case MOUNT_REMOUNT:
        return SPREAD_HELD;
    default:
        return nst_spread_attach(spread);
    }
}

static int check_setattr(struct spread *spread)
{
    const struct nst_call *call = spread->step->call;
    uint64_t type = call->arg[5].num & CHANGES;
    bool clones = call->id == NST_CALL_OPEN_TREE_ATTR && call->arg[2].num & TREE_CLONE;

    if (!type || clones)
        return SPREAD_HELD;
    if (!call->arg[1].str || *call->arg[1].str != '/')
        return SPREAD_UNKNOWN; /* below a descriptor */
    return nst_spread_change(spread, call->arg[1].str, type, call->arg[2].num & RECURSIVE);
}

/* The rules of the call's own kind. RET_MOUNTS: it may make mounts, and then takes none away. */
static int check_kind(struct spread *spread, bool *ret_mounts)
{
    const struct nst_call *call = spread->step->call;

    *ret_mounts = true;
    switch (call->id) {
    case NST_CALL_MOUNT:
        return check_mount(spread);
    case NST_CALL_MOVE_MOUNT:
        return call->arg[4].num & SET_GROUP ? SPREAD_UNKNOWN : nst_spread_attach(spread);
    case NST_CALL_MOUNT_SETATTR:
    case NST_CALL_OPEN_TREE_ATTR:
        return check_setattr(spread);
    case NST_CALL_CLONE:
    case NST_CALL_CLONE3:
        return call->arg[0].num & NEWNS ? nst_spread_clone(spread) : SPREAD_HELD;
    case NST_CALL_UNSHARE:
        *ret_mounts = false; /* it may drop the last reference to a namespace */
        return call->arg[0].num & NEWNS ? nst_spread_clone(spread) : SPREAD_HELD;
    case NST_CALL_UMOUNT2:
        *ret_mounts = false;
        return nst_spread_umount(spread);
    default:
        *ret_mounts = false;
        return SPREAD_HELD;
    }
}

static int check_spread(struct spread *spread)
{
    bool mounts;
    int r = check_kind(spread, &mounts);

    if (!r)
        r = appear(spread);
    if (!r && mounts)
        r = vanish(spread);
    return r ? r : keep(spread, spread->step->call->id != NST_CALL_PIVOT_ROOT);
}

/* Whether the tables of a step can say anything of it. */
static bool is_worth(const struct nst_step *step)
{
    bool succeeded = step->kind == NST_ANSWER_VALUE || step->kind == NST_ANSWER_ENDED;
    enum nst_call_id id = step->call->id;

    return succeeded && step->before && step->after &&
           (step->before != step->after || id == NST_CALL_MOUNT || id == NST_CALL_MOVE_MOUNT ||
            id == NST_CALL_UMOUNT2 || id == NST_CALL_MOUNT_SETATTR);
}

static int check_step(const struct nst_trace *trace, size_t at, const struct nst_walker *walker,
                      bool random, struct nst_finding *ret_finding)
{
    const struct nst_step *step = &trace->step[at];
    struct spread spread = {.trace = trace,
                            .at = at,
                            .step = step,
                            .walker = walker,
                            .random = random,
                            .own = nst_view_of(step->before, step->ns),
                            .misses = nst_walker_misses(walker, step),
                            .finding = ret_finding};
    int r;

    if (!spread.own || !spread.own->whole)
        return SPREAD_UNKNOWN;
    r = nst_forest_make(step->before, &spread.before);
    if (!r)
        r = nst_forest_make(step->after, &spread.after);
    spread.told = r ? NULL : calloc(spread.after.len + 1, sizeof *spread.told);
    r = spread.told ? check_spread(&spread) : -ENOMEM;
    free(spread.told);
    nst_forest_free(&spread.before);
    nst_forest_free(&spread.after);
    return r;
}

static enum nst_verdict check(const struct nst_trace *trace,
                              const struct nst_judge_options *options,
                              struct nst_finding *ret_finding)
{
    struct nst_walker walker = {0};
    struct nst_finding finding;

    for (size_t i = 0; i < trace->len; i++) {
        int r = is_worth(&trace->step[i]) ? check_step(trace, i, &walker, options->random, &finding)
                                          : SPREAD_HELD;

        if (r < 0)
            return NST_ERROR;
        if (r == SPREAD_BROKEN) {
            *ret_finding = finding;
            return NST_FAIL;
        }
        nst_walker_step(&walker, &trace->step[i]);
    }
    return trace->start && !trace->start->view[0].whole ? NST_SKIP : NST_PASS;
}

const struct nst_property nst_property_propagation = {
    .name = "propagation",
    .promise = "what was asked to be shared or slave does propagate, exactly to its peers and "
               "slaves, and keeps doing so",
    .source = "Documentation/filesystems/sharedsubtree.rst; mount_namespaces(7), Shared subtrees",
    .predicted = true,
    .check = check,
};
