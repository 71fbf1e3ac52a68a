/* From an instant on, a namespace is a child's when all that is done in it is isolated from every
 * namespace in which others act later, and whoever acts in it never acts elsewhere again. What does
 * not fit moves that instant behind it, until all fits: to keep a step is always right, since both
 * runs make it.
 *
 * Isolation is of mounts. What else is shared is kept: files of a file system that others see too,
 * superblocks, signals, descriptors and processes of the other side. */
#include "child_part.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "list.h"

struct divide {
    const struct nst_trace *trace;
    enum nst_intent intent;
    enum nst_part *part;
    uint64_t parent;
    bool changed;
};

static bool is_done(const struct nst_step *step)
{
    return step->kind == NST_ANSWER_VALUE || step->kind == NST_ANSWER_ENDED;
}

/* Step AT and all before it in its namespace are kept. */
static void keep(struct divide *divide, size_t at)
{
    for (size_t i = 0; i <= at; i++)
        if (divide->trace->step[i].ns == divide->trace->step[at].ns)
            divide->part[i] = NST_PART_KEPT;
    divide->changed = true;
}

static bool is_kept(const struct divide *divide, size_t at)
{
    return divide->part[at] == NST_PART_KEPT && divide->trace->step[at].kind != NST_ANSWER_NONE;
}

/* The step that made ACTOR, before step AT; trace->len: it is the first one. */
static size_t maker(const struct nst_trace *trace, size_t at, uint32_t actor)
{
    for (size_t i = at; i-- > 0;)
        if (trace->step[i].kind == NST_ANSWER_VALUE &&
            nst_calls[trace->step[i].call->id].returns == NST_RETURNS_ACTOR &&
            trace->step[i].value == (int64_t)actor)
            return i;
    return trace->len;
}

/* Whether the child opened the descriptor that step AT's actor calls FD. */
static bool is_own_fd(const struct divide *divide, size_t at, uint64_t fd)
{
    const struct nst_trace *trace = divide->trace;
    uint32_t actor = trace->step[at].call->actor;

    for (size_t i = at; i-- > 0;) {
        const struct nst_step *step = &trace->step[i];
        enum nst_returns returns = nst_calls[step->call->id].returns;

        if (step->kind != NST_ANSWER_VALUE)
            continue;
        if (returns == NST_RETURNS_ACTOR && step->value == (int64_t)actor)
            actor = step->call->actor;
        else if (returns == NST_RETURNS_FD && step->call->actor == actor &&
                 step->value == (int64_t)fd)
            return divide->part[i] == NST_PART_CHILD;
    }
    return false;
}

/* The actor whose directory in /proc TEXT names, and what is behind it; NULL: none. */
static const char *names_actor(const char *text, uint32_t *ret_actor)
{
    const char *at = text ? strstr(text, "/proc/") : NULL;
    char *end;

    if (!at || !isdigit((unsigned char)at[6]))
        return NULL;
    *ret_actor = (uint32_t)strtoul(at + 6, &end, 10);
    return end;
}

/* Whether a link or a working directory that may lead to the other side was made before AT. */
static bool has_hidden_ways(const struct nst_trace *trace, size_t at, bool relative)
{
    for (size_t i = 0; i < at; i++) {
        const struct nst_call *call = trace->step[i].call;

        if (trace->step[i].kind != NST_ANSWER_VALUE)
            continue;
        if (call->id == NST_CALL_SYMLINK &&
            (strstr(call->arg[0].str, "proc") || *call->arg[0].str != '/'))
            return true;
        if (relative && (call->id == NST_CALL_FCHDIR ||
                         (call->id == NST_CALL_CHDIR && strstr(call->arg[0].str, "proc"))))
            return true;
    }
    return false;
}

/* Whether step AT reaches for what is the other side's: by a descriptor, a process, a link. */
static bool reaches_over(const struct divide *divide, size_t at)
{
    const struct nst_call *call = divide->trace->step[at].call;
    const struct nst_call_type *type = &nst_calls[call->id];
    bool relative = false;

    for (size_t i = 0; i < type->args; i++) {
        const char *text = call->arg[i].str;
        uint32_t actor;

        if (type->arg[i].kind == NST_ARG_FD && call->arg[i].num != NST_AT_FDCWD &&
            !(type->arg[i].name && !call->arg[i].num) && !is_own_fd(divide, at, call->arg[i].num))
            return true;
        if (names_actor(text, &actor))
            return true;
        if (text && strstr(text, "/proc/") &&
            (!strstr(text, "/fd/") ||
             !is_own_fd(divide, at, strtoull(strstr(text, "/fd/") + 4, NULL, 10))))
            return true;
        relative |= text && type->arg[i].kind == NST_ARG_PATH && *text != '/';
    }
    return has_hidden_ways(divide->trace, at, relative);
}

static bool has_links(const struct nst_trace *trace, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (trace->step[i].call->id == NST_CALL_SYMLINK && trace->step[i].kind == NST_ANSWER_VALUE)
            return true;
    return false;
}

/* Whether another namespace ever showed the file system of MOUNT. */
static bool is_seen_elsewhere(const struct nst_trace *trace, const struct nst_mount *mount,
                              uint64_t ns)
{
    for (size_t s = 0; s < trace->snapshots; s++)
        for (size_t n = 0; n < trace->snapshot[s]->len; n++) {
            const struct nst_ns_view *view = &trace->snapshot[s]->view[n];

            for (size_t i = 0; view->ns != ns && i < view->table.len; i++)
                if (view->table.mount[i].major == mount->major &&
                    view->table.mount[i].minor == mount->minor)
                    return true;
        }
    return false;
}

/* Whether in the twin, where nothing of the child's part happens, PATH leads step AT to MOUNT too:
 * it did since that part began, and the actor sees paths and has power as then. */
static bool leads_there_still(const struct divide *divide, size_t at, const char *path,
                              const struct nst_mount *mount)
{
    const struct nst_trace *trace = divide->trace;
    const struct nst_step *step = &trace->step[at];

    for (size_t i = 0; i < at; i++) {
        const struct nst_step *other = &trace->step[i];
        const struct nst_mount *was;

        if (divide->part[i] != NST_PART_CHILD || !is_done(other))
            continue;
        if (other->call->id == NST_CALL_UNSHARE || other->call->id == NST_CALL_SETNS ||
            other->call->id == NST_CALL_CHROOT || other->call->id == NST_CALL_PIVOT_ROOT ||
            nst_calls[other->call->id].returns == NST_RETURNS_ACTOR)
            return false;
        if (other->ns != step->ns)
            continue;
        was = nst_path_lead(nst_view_of(other->before, step->ns), path);
        if (!was || was->id != mount->id || strcmp(was->point, mount->point) != 0 ||
            strcmp(was->options, mount->options) != 0)
            return false;
    }
    return true;
}

/* What changes files that others see is made in both runs, alone if it can be, else with all that
 * came before it. */
static void check_files(struct divide *divide, size_t at)
{
    const struct nst_step *step = &divide->trace->step[at];
    const char *path = nst_changed_path(step->call);
    const struct nst_mount *mount;

    if (!path)
        return;
    mount = *path && !has_links(divide->trace, at)
                ? nst_path_lead(nst_view_of(step->before, step->ns), path)
                : NULL;
    if (mount && !is_seen_elsewhere(divide->trace, mount, step->ns))
        return;
    if (mount && leads_there_still(divide, at, path, mount)) {
        divide->part[at] = NST_PART_ALONE;
        divide->changed = true;
    } else {
        keep(divide, at);
    }
}

/* Whether step AT may show in a namespace in which a kept step is made later, or in the parent. */
static bool connects(const struct divide *divide, size_t at)
{
    const struct nst_trace *trace = divide->trace;
    const struct nst_step *step = &trace->step[at];
    const struct nst_ns_view *own = nst_view_of(step->before, step->ns);

    if (!own)
        return true;
    if (nst_isolation_is_meant(trace, divide->intent, at))
        return false;
    if (nst_isolation_connects(trace, at, own, &step->before->view[0]))
        return true;
    for (size_t i = at + 1; i < trace->len; i++) {
        const struct nst_ns_view *other;

        if (!is_kept(divide, i) || trace->step[i].ns == divide->parent)
            continue;
        other = nst_view_of(step->before, trace->step[i].ns);
        if (!other || nst_isolation_connects(trace, at, own, other))
            return true;
    }
    return false;
}

/* Whether step AT's actor, or one that it made, acts in a kept step later. */
static bool comes_back(const struct divide *divide, size_t at)
{
    const struct nst_step *step = &divide->trace->step[at];
    bool makes =
        nst_calls[step->call->id].returns == NST_RETURNS_ACTOR && step->kind == NST_ANSWER_VALUE;

    for (size_t i = at + 1; i < divide->trace->len; i++) {
        uint32_t actor = divide->trace->step[i].call->actor;

        if (is_kept(divide, i) &&
            (actor == step->call->actor || (makes && (int64_t)actor == step->value)))
            return true;
    }
    return false;
}

/* Whether a kept step later names step AT's actor, or one that it made. */
static bool is_named(const struct divide *divide, size_t at)
{
    const struct nst_step *step = &divide->trace->step[at];

    for (size_t i = at + 1; i < divide->trace->len; i++) {
        const struct nst_call *call = divide->trace->step[i].call;

        for (size_t n = 0; is_kept(divide, i) && n < nst_calls[call->id].args; n++) {
            uint32_t actor = (uint32_t)call->arg[n].num;
            bool named = nst_calls[call->id].arg[n].kind == NST_ARG_PID ||
                         names_actor(call->arg[n].str, &actor);

            if (named && (actor == step->call->actor ||
                          (nst_calls[step->call->id].returns == NST_RETURNS_ACTOR &&
                           (int64_t)actor == step->value)))
                return true;
        }
    }
    return false;
}

/* setns may lead anywhere: the actor's next step tells. */
static bool leaves(const struct divide *divide, size_t at)
{
    const struct nst_trace *trace = divide->trace;

    if (trace->step[at].call->id == NST_CALL_KILL)
        return true;
    if (trace->step[at].call->id != NST_CALL_SETNS)
        return false;
    for (size_t i = at + 1; i < trace->len; i++)
        if (trace->step[i].call->actor == trace->step[at].call->actor)
            return divide->part[i] == NST_PART_KEPT;
    return true;
}

static void check_step(struct divide *divide, size_t at)
{
    const struct nst_step *step = &divide->trace->step[at];

    if (comes_back(divide, at)) {
        keep(divide, at);
        return;
    }
    /* A file system's context that failed once stays so, for all who have its descriptor. */
    if (step->call->id == NST_CALL_FSCONFIG && reaches_over(divide, at)) {
        keep(divide, at);
        return;
    }
    if (!is_done(step) || divide->part[at] == NST_PART_ALONE)
        return;
    if (step->call->id == NST_CALL_EXIT_GROUP || step->call->id == NST_CALL_CLOSE) {
        size_t made = maker(divide->trace, at, step->call->actor);

        if (made == divide->trace->len || divide->part[made] != NST_PART_CHILD) {
            divide->part[at] = NST_PART_ALONE;
            divide->changed = true;
        }
        return;
    }
    if (leaves(divide, at) || is_named(divide, at) || reaches_over(divide, at) ||
        connects(divide, at))
        keep(divide, at);
    else
        check_files(divide, at);
}

/* Descriptors of a namespace go with whoever leaves it: what is done there is seen through them. */
static void check_carried(struct divide *divide, size_t at)
{
    const struct nst_trace *trace = divide->trace;
    uint32_t actor = trace->step[at].call->actor;

    for (size_t i = at; is_kept(divide, at) && i-- > 0;) {
        const struct nst_step *step = &trace->step[i];

        if (step->kind == NST_ANSWER_VALUE && step->value == (int64_t)actor &&
            nst_calls[step->call->id].returns == NST_RETURNS_ACTOR)
            actor = step->call->actor;
        if (step->call->actor != actor || step->ns == divide->parent || !step->ns ||
            step->ns == trace->step[at].ns)
            continue;
        for (size_t n = trace->len; n-- > 0;)
            if (trace->step[n].ns == step->ns && divide->part[n] != NST_PART_KEPT) {
                keep(divide, n);
                break;
            }
    }
}

int nst_child_part(const struct nst_trace *trace, enum nst_intent intent, enum nst_part *ret_part)
{
    struct divide divide = {.trace = trace, .intent = intent, .part = ret_part, .changed = true};

    if (!trace->start || trace->setup)
        return 0;
    divide.parent = trace->start->view[0].ns;
    for (size_t i = 0; i < trace->len; i++)
        ret_part[i] = trace->step[i].ns == divide.parent || !trace->step[i].before ||
                              trace->step[i].kind == NST_ANSWER_NONE
                          ? NST_PART_KEPT
                          : NST_PART_CHILD;
    while (divide.changed) {
        divide.changed = false;
        for (size_t i = 0; i < trace->len; i++) {
            if (ret_part[i] != NST_PART_KEPT)
                check_step(&divide, i);
            else
                check_carried(&divide, i);
        }
    }
    for (size_t i = 0; i < trace->len; i++)
        if (ret_part[i] == NST_PART_CHILD && is_done(&trace->step[i]))
            return 1;
    return 0;
}
