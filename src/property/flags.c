/* What was asked for is what is reported; what wasn't asked for stays. Sources: mount(2),
 * Additional mount flags, Remounting an existing mount, Creating a bind mount; mount_setattr(2);
 * mount_namespaces(7), Restrictions on mount namespaces. */
#include "flags.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "propagation.h"

enum { TREE_CLONE = 1, RECURSIVE = 0x8000, EMPTY_PATH = 4, IDMAP = 0x100000 };
enum {
    ATTR_ATIME = 0x70,
    ATTR_NOATIME = 0x10,
    ATTR_NODIRATIME = 0x80,
    ATTR_NOSYMFOLLOW = 0x200000
};
enum { ALL_BITS = NST_LOCKABLE_BITS | NST_ATIME_BITS | MS_NOSYMFOLLOW };
enum { SETTABLE = NST_LOCKABLE_BITS | MS_NOSYMFOLLOW };

uint64_t nst_flags_of(const struct nst_mount *mount)
{
    static const struct {
        const char *name;
        uint64_t bit;
    } names[] = {{"ro", MS_RDONLY},         {"nosuid", MS_NOSUID},
                 {"nodev", MS_NODEV},       {"noexec", MS_NOEXEC},
                 {"noatime", MS_NOATIME},   {"nodiratime", MS_NODIRATIME},
                 {"relatime", MS_RELATIME}, {"nosymfollow", MS_NOSYMFOLLOW}};
    uint64_t bits = 0;

    for (const char *at = mount->options; *at; at += strcspn(at, ","), at += *at == ',')
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (!strncmp(at, names[i].name, strlen(names[i].name)) &&
                strcspn(at, ",") == strlen(names[i].name))
                bits |= names[i].bit;
    return bits;
}

int nst_flags_broken(struct flagged *flagged, const struct nst_forest *forest, uint32_t node,
                     const char *what)
{
    const struct nst_node *at = &forest->node[node];
    struct nst_renamer renamer;
    char *text;

    nst_trace_renamer(flagged->trace, &renamer);
    text =
        nst_change_text(&(struct nst_change){.kind = NST_APPEARED, .after = at->mount}, &renamer);
    nst_renamer_free(&renamer);
    if (!text)
        return -ENOMEM;
    nst_finding_at(flagged->finding, flagged->at, "%s by actor %u: in %s, %s %s",
                   nst_calls[flagged->step->call->id].name, flagged->step->call->actor,
                   at->view->parent                    ? "the parent"
                   : at->view->ns == flagged->step->ns ? "its own namespace"
                                                       : "another namespace",
                   text + 2, what);
    free(text);
    return 1;
}

uint32_t nst_flags_same(const struct nst_forest *other, const struct nst_node *node)
{
    uint32_t at = nst_forest_find(other, node->mount->id);

    return at == NST_NONE || other->node[at].view->ns != node->view->ns ? NST_NONE : at;
}

bool nst_flags_copies(const struct flagged *flagged, uint32_t node, uint32_t model, uint32_t source,
                      const char *rest)
{
    struct nst_dentry is = nst_dentry_below(flagged->after.node[node].mount, "");
    struct nst_dentry of =
        nst_dentry_below(flagged->before.node[model].mount, model == source ? rest : "");

    return nst_dentries_equal(&is, &of);
}

uint32_t nst_flags_source(const struct flagged *flagged, const char **ret_rest)
{
    const struct nst_call *call = flagged->step->call;

    return call->id == NST_CALL_MOUNT && nst_mount_kind(call) == MOUNT_BIND
               ? nst_walk(flagged->walker, &flagged->before, flagged->step, call->arg[0].str,
                          ret_rest)
               : NST_NONE;
}

bool nst_flags_makes(const struct flagged *flagged)
{
    enum nst_call_id id = flagged->step->call->id;

    return id == NST_CALL_CLONE || id == NST_CALL_CLONE3 || id == NST_CALL_UNSHARE;
}

static uint64_t flags_of_mount(const struct nst_call *call)
{
    uint64_t flags = call->arg[3].num;

    return (flags & 0xffff0000) == 0xc0ed0000 ? flags & 0xffff : flags; /* MS_MGC_VAL */
}

/* What FLAGS of mount(2) ask for. Both MS_NOATIME and MS_RELATIME: the documents don't say. */
static uint64_t asked_of_mount(uint64_t flags, uint64_t *ret_silent)
{
    uint64_t bits = flags & (SETTABLE | MS_NODIRATIME);

    *ret_silent = 0;
    if (flags & MS_STRICTATIME)
        return bits;
    if ((flags & MS_NOATIME) && (flags & MS_RELATIME))
        *ret_silent = MS_NOATIME | MS_RELATIME;
    return bits | (flags & MS_NOATIME ? MS_NOATIME : MS_RELATIME);
}

static uint64_t bits_of_attr(uint64_t attr)
{
    return (attr & NST_LOCKABLE_BITS) | (attr & ATTR_NODIRATIME ? MS_NODIRATIME : 0) |
           (attr & ATTR_NOSYMFOLLOW ? MS_NOSYMFOLLOW : 0);
}

static uint64_t atime_of_attr(uint64_t attr)
{
    return !(attr & ATTR_ATIME)                  ? MS_RELATIME
           : (attr & ATTR_ATIME) == ATTR_NOATIME ? MS_NOATIME
                                                 : 0;
}

/* What the call makes of the options BITS of a mount that it changes. */
static uint64_t changed(const struct nst_call *call, uint64_t bits, uint64_t *ret_silent)
{
    uint64_t flags = flags_of_mount(call), set = call->arg[3].num, clr = call->arg[4].num;

    *ret_silent = 0;
    if (call->id == NST_CALL_MOUNT) {
        if (flags & (NST_ATIME_BITS | MS_STRICTATIME))
            return asked_of_mount(flags, ret_silent);
        return (flags & SETTABLE) | (bits & NST_ATIME_BITS); /* since 3.17 */
    }
    bits &= ~bits_of_attr(clr);
    if (clr & ATTR_ATIME)
        bits = (bits & ~(uint64_t)(MS_NOATIME | MS_RELATIME)) | atime_of_attr(set);
    return bits | bits_of_attr(set);
}

/* Whether the call changes the options of mounts that are there; its path and whether it is meant
 * for the whole tree. */
static bool is_change(const struct nst_call *call, const char **ret_path, bool *ret_recursive)
{
    *ret_path = call->arg[1].str;
    *ret_recursive = call->id != NST_CALL_MOUNT && call->arg[2].num & RECURSIVE;
    switch (call->id) {
    case NST_CALL_MOUNT:
        return nst_mount_kind(call) == MOUNT_REMOUNT;
    case NST_CALL_OPEN_TREE_ATTR:
        return !(call->arg[2].num & TREE_CLONE);
    case NST_CALL_MOUNT_SETATTR:
        return true;
    default:
        return false;
    }
}

/* The mounts that a change is meant for; empty where that isn't known. */
static int find_targets(const struct flagged *flagged, const char *path, bool recursive,
                        struct nst_nodes *ret_targets)
{
    uint32_t target = path && *path == '/'
                          ? nst_walk_mount(flagged->walker, &flagged->before, flagged->step, path)
                          : NST_NONE;

    if (target == NST_NONE)
        return 0;
    return recursive ? nst_forest_subtree(&flagged->before, target, NULL, NULL, ret_targets)
                     : nst_nodes_add(ret_targets, target);
}

static bool is_target(const struct nst_nodes *targets, uint32_t node)
{
    for (size_t i = 0; i < targets->len; i++)
        if (targets->node[i] == node)
            return true;
    return !targets->len; /* then any may be */
}

/* Those that stay have the options that they had, but for those that a change is meant for. */
static int check_kept(struct flagged *flagged)
{
    const struct nst_call *call = flagged->step->call;
    struct nst_nodes targets = {0};
    bool recursive, changes;
    const char *path;
    int r = 0, others = 0;

    changes = is_change(call, &path, &recursive);
    if (changes)
        r = find_targets(flagged, path, recursive, &targets);
    for (uint32_t i = 0; !r && i < flagged->before.len; i++) {
        const struct nst_node *node = &flagged->before.node[i];
        uint32_t is = nst_flags_same(&flagged->after, node);
        bool target = changes && node->view->ns == flagged->step->ns && is_target(&targets, i);
        uint64_t was = nst_flags_of(node->mount), now, silent = 0, asked;

        if (is == NST_NONE)
            continue;
        now = nst_flags_of(flagged->after.node[is].mount);
        asked = target ? changed(call, was, &silent) : was;
        others += now != was;
        if ((now != was || targets.len) && (now ^ asked) & ALL_BITS & ~silent)
            r = nst_flags_broken(flagged, &flagged->after, is,
                                 target ? "has not the options that were asked for"
                                        : "has other options, though nobody asked");
        else if (others > 1 && changes && !recursive)
            r = nst_flags_broken(flagged, &flagged->after, is, "was changed beside another mount");
    }
    nst_nodes_free(&targets);
    return r;
}

/* The attributes that the descriptor of a move_mount had from fsmount, if nothing can have changed
 * them. */
static bool find_fsmount(const struct flagged *flagged, uint64_t *ret_bits)
{
    const struct nst_call *call = flagged->step->call;

    if (call->id != NST_CALL_MOVE_MOUNT || !(call->arg[4].num & EMPTY_PATH) || !call->arg[1].str ||
        *call->arg[1].str)
        return false;
    for (size_t i = flagged->at; i--;) {
        const struct nst_step *step = &flagged->trace->step[i];
        bool opens = nst_calls[step->call->id].returns == NST_RETURNS_FD &&
                     step->kind == NST_ANSWER_VALUE && step->call->actor == call->actor &&
                     step->value == (int64_t)call->arg[0].num;

        if (opens && step->call->id == NST_CALL_FSMOUNT)
            *ret_bits =
                bits_of_attr(step->call->arg[2].num) | atime_of_attr(step->call->arg[2].num);
        if (opens || step->call->id == NST_CALL_MOUNT_SETATTR || step->call->id == NST_CALL_FORK ||
            step->call->id == NST_CALL_MOVE_MOUNT || step->call->id == NST_CALL_OPEN_TREE_ATTR)
            return opens && step->call->id == NST_CALL_FSMOUNT;
    }
    return false;
}

/* Whether NODE has the options of one that it may be a copy of. */
static bool has_model(const struct flagged *flagged, uint32_t node, bool made, uint32_t source,
                      const char *rest)
{
    const struct nst_node *is = &flagged->after.node[node];

    for (uint32_t i = 0; i < flagged->before.len; i++) {
        const struct nst_node *model = &flagged->before.node[i];

        if (model->view == flagged->own && nst_flags_copies(flagged, node, i, source, rest) &&
            nst_flags_of(model->mount) == nst_flags_of(is->mount) &&
            (!made || !strcmp(model->mount->point, is->mount->point)))
            return true;
    }
    return is->mount->deleted;
}

/* What is said of the new mount NODE. */
static int check_made(struct flagged *flagged, uint32_t node, bool has_asked, uint64_t asked,
                      uint64_t silent)
{
    const struct nst_node *is = &flagged->after.node[node];
    const struct nst_call *call = flagged->step->call;
    const char *rest = "";
    uint32_t source = nst_flags_source(flagged, &rest);
    bool made = !nst_view_of(flagged->step->before, is->view->ns);
    uint64_t now = nst_flags_of(is->mount);

    if (made && (!nst_flags_makes(flagged) || !is->view->whole || !flagged->own->whole))
        return 0;
    if (!made && has_asked && (now ^ asked) & ALL_BITS & ~silent)
        return nst_flags_broken(flagged, &flagged->after, node,
                                "has not the options that were asked for");
    if (!made && source != NST_NONE && !(call->arg[3].num & MS_REC) &&
        now != nst_flags_of(flagged->before.node[source].mount))
        return nst_flags_broken(flagged, &flagged->after, node,
                                "has not the options of what was bound");
    if ((made || source != NST_NONE) && !has_model(flagged, node, made, source, rest))
        return nst_flags_broken(flagged, &flagged->after, node,
                                "has not the options of what it is a copy of");
    return 0;
}

static int check_new(struct flagged *flagged)
{
    const struct nst_call *call = flagged->step->call;
    uint64_t asked = 0, silent = 0;
    bool has_asked = find_fsmount(flagged, &asked);
    int r = 0;

    if (call->id == NST_CALL_MOUNT && nst_mount_kind(call) == MOUNT_NEW) {
        asked = asked_of_mount(flags_of_mount(call), &silent);
        has_asked = true;
    }
    for (uint32_t i = 0; !r && i < flagged->after.len; i++)
        if (nst_flags_same(&flagged->before, &flagged->after.node[i]) == NST_NONE)
            r = check_made(flagged, i, has_asked, asked, silent);
    return r;
}

/* An owner is never locked out: what fails with EPERM in the parent, whose user namespace the actor
 * is in, is locked by whoever came from elsewhere, or isn't a mount of this namespace. A new proc
 * takes the locks of those that were there (fs/namespace.c, mnt_already_visible()). */
static int check_refusal(struct flagged *flagged, const struct nst_locks *locks)
{
    const struct nst_call *call = flagged->step->call;
    bool bind = call->id != NST_CALL_MOUNT || call->arg[3].num & MS_BIND, recursive;
    struct nst_nodes targets = {0};
    const char *path;
    int r;

    if (!is_change(call, &path, &recursive) || !bind || call->id == NST_CALL_OPEN_TREE_ATTR ||
        !flagged->own->parent || !flagged->step->user ||
        flagged->step->user != flagged->own->owner || flagged->walker->foreign ||
        (call->id == NST_CALL_MOUNT_SETATTR && (call->arg[3].num | call->arg[4].num) & IDMAP))
        return 0;
    r = find_targets(flagged, path, recursive, &targets);
    for (size_t i = 0; !r && i < targets.len; i++) {
        const struct nst_node *node = &flagged->before.node[targets.node[i]];

        if (!strcmp(node->mount->type, "proc") || !strcmp(node->mount->type, "sysfs") ||
            nst_locks_find(locks, node))
            targets.len = 0;
    }
    if (!r && targets.len)
        r = nst_flags_broken(flagged, &flagged->before, targets.node[0],
                             "may not be changed by its owner");
    nst_nodes_free(&targets);
    return r;
}

/* 0, 1 with the finding set, -ENOMEM. */
static int check_step(struct flagged *flagged, struct nst_locks *locks)
{
    const struct nst_step *step = flagged->step;
    bool failed = step->kind == NST_ANSWER_ERROR;
    int r;

    if (!flagged->own || (failed && step->error != EPERM) || step->kind == NST_ANSWER_NONE ||
        step->kind == NST_ANSWER_DEADLINE)
        return 0;
    r = nst_forest_make(step->before, &flagged->before);
    if (!r)
        r = nst_forest_make(step->after, &flagged->after);
    if (!r && failed)
        r = check_refusal(flagged, locks);
    if (!r && !failed)
        r = check_kept(flagged);
    if (!r && !failed)
        r = check_new(flagged);
    if (!r && !failed)
        r = nst_locks_step(locks, flagged);
    nst_forest_free(&flagged->before);
    nst_forest_free(&flagged->after);
    return r;
}

static enum nst_verdict check(const struct nst_trace *trace,
                              const struct nst_judge_options *options,
                              struct nst_finding *ret_finding)
{
    struct nst_walker walker = {0};
    struct nst_locks locks = {0};
    int r = 0;

    (void)options;
    for (size_t i = 0; !r && i < trace->len; i++) {
        const struct nst_step *step = &trace->step[i];
        const char *path;
        bool recursive;
        struct flagged flagged = {.trace = trace,
                                  .at = i,
                                  .step = step,
                                  .walker = &walker,
                                  .own = nst_view_of(step->before, step->ns),
                                  .finding = ret_finding};

        if (step->before && step->after &&
            (step->before != step->after || is_change(step->call, &path, &recursive)))
            r = check_step(&flagged, &locks);
        nst_walker_step(&walker, step);
    }
    free(locks.lock);
    return r < 0 ? NST_ERROR : r ? NST_FAIL : NST_PASS;
}

const struct nst_property nst_property_flags = {
    .name = "flags",
    .promise = "the options that were asked for are those that are reported; what a more "
               "privileged owner locked never weakens, and an owner is never locked out",
    .source = "mount(2); mount_setattr(2); mount_namespaces(7), Restrictions on mount namespaces",
    .predicted = true,
    .check = check,
};
