/* The propagation state of a mount is told by what mountinfo says of it: sharedsubtree.rst, 2). */
#include <ns-tool/novelty.h>

#include <stdarg.h>
#include <stdio.h>

#include "coverage.h"

enum { MOUNTS = 64, GROUPS = 256 };

static uint64_t hash(uint64_t sum, uint64_t number)
{
    for (int i = 0; i < 64; i += 8)
        sum = (sum ^ (number >> i & 0xff)) * UINT64_C(1099511628211); /* FNV-1a */
    return sum;
}

/* The names of peer groups, in order of appearance. */
struct groups {
    uint64_t group[GROUPS];
    size_t len;
};

static size_t name_of(struct groups *groups, uint64_t group)
{
    size_t i = 0;

    if (!group)
        return 0;
    while (i < groups->len && groups->group[i] != group)
        i++;
    if (i == groups->len && i < GROUPS)
        groups->group[groups->len++] = group;
    return i + 1;
}

static size_t index_of(const struct nst_table *table, size_t len, uint64_t id)
{
    size_t i = 0;

    while (i < len && table->mount[i].id != id)
        i++;
    return i;
}

uint64_t nst_novelty_of_shape(const struct nst_snapshot *snapshot)
{
    struct groups groups = {.len = 0};
    uint64_t sum = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < snapshot->len; i++) {
        const struct nst_table *table = &snapshot->view[i].table;
        size_t len = table->len < MOUNTS ? table->len : MOUNTS;

        sum = hash(sum, len);
        for (size_t j = 0; j < len; j++) {
            const struct nst_mount *mount = &table->mount[j];

            sum = hash(sum, index_of(table, len, mount->parent_id));
            sum = hash(sum, name_of(&groups, mount->peer_group));
            sum = hash(sum, name_of(&groups, mount->master));
            sum = hash(sum, mount->unbindable);
        }
    }
    return sum;
}

/* Which of ARG lead to a mount: a bind's source is a string to the table of calls. */
static bool is_path(const struct nst_call *call, size_t arg)
{
    return call->arg[arg].str && (nst_calls[call->id].arg[arg].kind == NST_ARG_PATH ||
                                  (call->id == NST_CALL_MOUNT && arg == 0));
}

uint64_t nst_novelty_of_step(const struct nst_trace *trace, size_t at)
{
    const struct nst_step *step = &trace->step[at];
    const struct nst_ns_view *view = nst_actor_view(trace, at);
    enum nst_standing standing;
    uint64_t sum = UINT64_C(14695981039346656037);
    const struct nst_mount *mount;
    const char *rest;

    if (step->kind == NST_ANSWER_NONE || step->kind == NST_ANSWER_DEADLINE)
        return 0;
    sum = hash(sum, step->call->id);
    sum = hash(sum, nst_step_succeeded(step) ? 0 : (uint64_t)step->error);
    sum = hash(sum, nst_standing_of(trace, at, &standing) ? standing : NONE + 1);
    for (size_t i = 0; view && i < nst_calls[step->call->id].args; i++)
        if (is_path(step->call, i)) {
            mount = nst_mount_at(&view->table, step->call->arg[i].str, &rest);
            sum = hash(sum, mount ? 2 * (unsigned)nst_type_of(mount) + !*rest : 2 * NST_TYPES);
        }
    return sum;
}

/* Appends to the text at *LEN of SIZE bytes, as far as there is room. */
__attribute__((format(printf, 4, 5))) static void say(char *text, size_t size, size_t *len,
                                                      const char *format, ...)
{
    va_list args;
    int more;

    va_start(args, format);
    more = vsnprintf(text + *len, size - *len, format, args);
    va_end(args);
    if (more > 0)
        *len += (size_t)more < size - *len ? (size_t)more : size - *len - 1;
}

void nst_novelty_tell(const struct nst_trace *trace, size_t at, char *ret_text, size_t size)
{
    static const char *const types[NST_TYPES] = {"shared", "slave", "shared and slave", "private",
                                                 "unbindable"};
    static const char *const whose[] = {"", "; power of a nested owner",
                                        "; power from above a nested owner", "; no power there"};
    const struct nst_step *step = &trace->step[at];
    const struct nst_ns_view *view = nst_actor_view(trace, at);
    enum nst_standing standing;
    const char *rest, *joint = ": ";
    size_t len = 0;

    say(ret_text, size, &len, "%s %s", nst_calls[step->call->id].name,
        nst_step_succeeded(step) ? "succeeds" : nst_errno_name(step->error));
    for (size_t i = 0; view && i < nst_calls[step->call->id].args; i++)
        if (is_path(step->call, i)) {
            const struct nst_mount *mount =
                nst_mount_at(&view->table, step->call->arg[i].str, &rest);

            if (mount)
                say(ret_text, size, &len, "%s%s %s mount", joint,
                    *rest ? "in a" : "at the root of a", types[nst_type_of(mount)]);
            else
                say(ret_text, size, &len, "%s%s", joint, "by a name of another kind");
            joint = ", ";
        }
    if (nst_standing_of(trace, at, &standing))
        say(ret_text, size, &len, "%s", whose[standing]);
}
