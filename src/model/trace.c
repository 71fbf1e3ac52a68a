/* A sequence as a trace that nobody performed: what every call would answer, and what every
 * namespace would show. */
#include "model.h"

#include <stdlib.h>

static uint32_t mounts_of(const struct nst_model *model, uint32_t ns)
{
    uint32_t mounts = 0;

    for (uint32_t i = 1; i < model->mount.len; i++)
        mounts += model->mount.at[i].ns == ns;
    return mounts;
}

/* ACTOR's view of its namespace; of 0 the observer's. Numbers are the model's, from 1 on. */
static int look(const struct nst_model *model, uint32_t index, struct nst_ns_view *ret_view)
{
    const struct actor *actor = &model->actor.at[index];
    int r;

    *ret_view = (struct nst_ns_view){.ns = actor->ns,
                                     .owner = model->ns.at[actor->ns].user,
                                     .inode = actor->ns,
                                     .reader = index ? actor->name : 0,
                                     .parent = !index};
    r = nst_model_table(model, ret_view->reader, &ret_view->table);
    /* the initial root file system's mount is in no table */
    ret_view->whole = ret_view->table.len + 1 == mounts_of(model, actor->ns);
    return r;
}

static void free_snapshot(struct nst_snapshot *snapshot)
{
    for (size_t i = 0; snapshot && i < snapshot->len; i++)
        nst_table_free(&snapshot->view[i].table);
    if (snapshot)
        free(snapshot->view);
    free(snapshot);
}

static bool is_seen(const struct nst_snapshot *snapshot, uint32_t ns)
{
    for (size_t i = 0; i < snapshot->len; i++)
        if (snapshot->view[i].ns == ns)
            return true;
    return false;
}

static bool is_same(const struct nst_snapshot *a, const struct nst_snapshot *b)
{
    bool same = a && a->len == b->len;

    for (size_t i = 0; same && i < a->len; i++)
        same = a->view[i].ns == b->view[i].ns && a->view[i].reader == b->view[i].reader &&
               nst_tables_equal(&a->view[i].table, &b->view[i].table);
    return same;
}

/* What all show now, as a sandbox takes it: the parent, and each other namespace by the first actor
 * in it. LAST, if that shows the same. NULL: no memory. */
static struct nst_snapshot *take_snapshot(const struct nst_model *model, struct nst_trace *trace,
                                          struct nst_snapshot *last)
{
    struct nst_snapshot *snapshot = calloc(1, sizeof *snapshot);
    int r = snapshot ? 0 : -ENOMEM;

    if (snapshot)
        snapshot->view = calloc(model->actor.len, sizeof *snapshot->view);
    if (!r && !snapshot->view)
        r = -ENOMEM;
    for (uint32_t i = 0; i < model->actor.len && !r; i++)
        if (model->actor.at[i].alive && !is_seen(snapshot, model->actor.at[i].ns))
            r = look(model, i, &snapshot->view[snapshot->len++]);
    if (!r && is_same(last, snapshot)) {
        free_snapshot(snapshot);
        return last;
    }
    if (!r) {
        struct nst_snapshot **room =
            reallocarray(trace->snapshot, trace->snapshots + 1, sizeof *room);

        r = room ? 0 : -ENOMEM;
        if (room) {
            trace->snapshot = room;
            trace->snapshot[trace->snapshots++] = snapshot;
        }
    }
    if (r) {
        free_snapshot(snapshot);
        return NULL;
    }
    return snapshot;
}

static int trace_call(struct nst_model *model, const struct nst_call *call, struct nst_trace *trace)
{
    struct nst_step *step = &trace->step[trace->len];
    uint32_t index = nst_actor_index(model, call->actor);
    struct nst_model_answer answer;
    int r;

    if (!index && model->actor.len > 1)
        index = UINT32_MAX; /* it was never made */
    step->call = call;
    step->before = trace->len ? trace->step[trace->len - 1].after : trace->start;
    if (index != UINT32_MAX) {
        step->ns = model->actor.at[index].ns;
        step->user = model->actor.at[index].user;
    }
    r = nst_model_call(model, call, &answer);
    if (r)
        return r;
    step->kind = answer.kind;
    step->value = answer.value;
    step->error = answer.error;
    step->after = take_snapshot(model, trace, step->before);
    trace->len++;
    return step->after ? 0 : -ENOMEM;
}

int nst_model_run(const struct nst_model_features *features, const struct nst_sequence *sequence,
                  struct nst_trace *ret_trace, const char **ret_unknown)
{
    struct nst_model *model;
    int r = nst_model_new(features, &model);

    *ret_trace = (struct nst_trace){.predicted = true};
    *ret_unknown = NULL;
    if (features) {
        ret_trace->lacks = features->lacks;
        ret_trace->privileged = features->privileged;
    }
    if (!r) {
        ret_trace->step = calloc(sequence->len + 1, sizeof *ret_trace->step);
        ret_trace->start = ret_trace->step ? take_snapshot(model, ret_trace, NULL) : NULL;
        r = ret_trace->start ? 0 : -ENOMEM;
    }
    for (size_t i = 0; i < sequence->len && !r; i++)
        r = trace_call(model, &sequence->call[i], ret_trace);
    if (r == -EOPNOTSUPP) {
        *ret_unknown = nst_model_unknown(model);
        ret_trace->deadline = true; /* what comes behind isn't judged */
        r = 0;
    } else if (!r) {
        nst_model_end(model);
        ret_trace->end = take_snapshot(model, ret_trace, NULL);
        r = ret_trace->end ? 0 : -ENOMEM;
    }
    nst_model_free(model);
    if (r)
        nst_trace_free(ret_trace);
    return r;
}
