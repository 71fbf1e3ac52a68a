/* From what the runner left in the arena to a trace that owns itself. */
#include "kernel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void free_snapshot(struct nst_snapshot *snapshot)
{
    if (!snapshot)
        return;
    for (size_t i = 0; i < snapshot->len; i++) {
        nst_table_free(&snapshot->view[i].table);
        nst_table_free(&snapshot->view[i].statmount);
        free(snapshot->view[i].mounts);
    }
    free(snapshot->view);
    free(snapshot);
}

static void free_step(struct nst_step *step)
{
    nst_events_free(&step->events);
    free(step->hold);
    free(step->held);
    free(step->alive);
}

void nst_trace_free(struct nst_trace *trace)
{
    for (size_t i = 0; i < trace->len; i++)
        free_step(&trace->step[i]);
    if (trace->setup)
        free_step(trace->setup);
    for (size_t i = 0; i < trace->snapshots; i++)
        free_snapshot(trace->snapshot[i]);
    nst_events_free(&trace->end_events);
    nst_events_free(&trace->at_once_events);
    free(trace->end_alive);
    free(trace->kernel_edge);
    free(trace->step);
    free(trace->setup);
    free(trace->snapshot);
    *trace = (struct nst_trace){0};
}

static size_t text_size(const struct nst_mount *mount)
{
    return strlen(mount->root) + strlen(mount->point) + strlen(mount->options) +
           strlen(mount->type) + strlen(mount->source) + strlen(mount->super_options) + 6;
}

static int copy_statmount(const struct nst_raw_view *raw, struct nst_table *ret_table)
{
    size_t size = 1;
    char *at;

    for (size_t i = 0; i < raw->statmount_len; i++)
        size += text_size(&raw->statmount[i]);
    ret_table->mount = calloc(raw->statmount_len + 1, sizeof(*ret_table->mount));
    at = ret_table->text = malloc(size);
    if (!ret_table->mount || !ret_table->text)
        return -ENOMEM;
    for (size_t i = 0; i < raw->statmount_len; i++) {
        struct nst_mount *mount = &ret_table->mount[i];
        char **string[] = {&mount->root, &mount->point,  &mount->options,
                           &mount->type, &mount->source, &mount->super_options};

        *mount = raw->statmount[i];
        for (size_t j = 0; j < sizeof(string) / sizeof(*string); j++) {
            char *copy = at;

            at = stpcpy(at, *string[j]) + 1;
            *string[j] = copy;
        }
    }
    ret_table->len = ret_table->cap = raw->statmount_len;
    ret_table->text_len = (size_t)(at - ret_table->text);
    ret_table->view = NST_VIEW_STATMOUNT;
    return 0;
}

static int copy_view(const struct nst_raw_view *raw, struct nst_ns_view *view)
{
    int error;

    view->ns = raw->ns;
    view->owner = raw->owner;
    view->reader = raw->reader;
    view->whole = raw->whole;
    view->parent = raw->parent;
    view->have_statmount = raw->have_statmount;
    error = nst_mountinfo_parse(raw->mountinfo, raw->mountinfo_len, &view->table, NULL);
    if (!error && raw->have_statmount)
        error = copy_statmount(raw, &view->statmount);
    if (!error && raw->mounts) {
        view->mounts = strdup(raw->mounts);
        error = view->mounts ? 0 : -ENOMEM;
    }
    return error;
}

/* The copy of RAW, made when first asked for. NULL stays NULL. */
static struct nst_snapshot *snapshot_of(struct nst_trace *trace, const struct nst_raw_snapshot *raw,
                                        int *error)
{
    struct nst_snapshot *snapshot;

    if (!raw || *error)
        return NULL;
    if (trace->snapshot[raw->index])
        return trace->snapshot[raw->index];
    snapshot = calloc(1, sizeof(*snapshot));
    if (snapshot)
        snapshot->view = calloc(raw->len, sizeof(*snapshot->view));
    if (!snapshot || !snapshot->view) {
        free(snapshot);
        *error = -ENOMEM;
        return NULL;
    }
    snapshot->len = raw->len;
    trace->snapshot[raw->index] = snapshot;
    for (size_t i = 0; !*error && i < raw->len; i++)
        *error = copy_view(raw->view[i], &snapshot->view[i]);
    return snapshot;
}

static int copy_events(const struct nst_raw_events *raw, struct nst_events *ret_events)
{
    if (!raw->len)
        return 0;
    ret_events->event = malloc(raw->len * sizeof(*raw->event));
    if (!ret_events->event)
        return -ENOMEM;
    memcpy(ret_events->event, raw->event, raw->len * sizeof(*raw->event));
    ret_events->len = ret_events->cap = raw->len;
    return 0;
}

/* A copy of LEN things of SIZE; NULL of NULL, and where there is no memory, noted in ERROR. */
static void *copy_array(const void *from, size_t len, size_t size, int *error)
{
    void *copy = from ? malloc(len * size + 1) : NULL;

    if (from && !copy)
        *error = -ENOMEM;
    return copy && len ? memcpy(copy, from, len * size) : copy;
}

static void copy_step(struct nst_trace *trace, const struct nst_raw_step *raw,
                      struct nst_step *step, int *error)
{
    step->kind = raw->answer.kind;
    step->value = raw->answer.value;
    step->error = raw->answer.error;
    step->ns = raw->ns;
    step->user = raw->user;
    step->hold = copy_array(raw->hold, raw->holds, sizeof(*raw->hold), error);
    step->holds = step->hold ? raw->holds : 0;
    step->held = copy_array(raw->held, raw->helds, sizeof(*raw->held), error);
    step->helds = step->held ? raw->helds : 0;
    step->alive = copy_array(raw->alive, raw->alives, sizeof(*raw->alive), error);
    step->alives = step->alive ? raw->alives : 0;
    step->unlisted = raw->unlisted;
    step->faulted = raw->faulted;
    memcpy(step->says, raw->says, sizeof step->says);
    step->before = snapshot_of(trace, raw->before, error);
    step->after = snapshot_of(trace, raw->after, error);
    if (!*error)
        *error = copy_events(&raw->events, &step->events);
}

static void copy_inodes(struct nst_trace *trace, const struct nst_arena *arena)
{
    for (size_t i = 0; i < trace->snapshots; i++)
        for (size_t n = 0; trace->snapshot[i] && n < trace->snapshot[i]->len; n++)
            for (size_t k = 0; k < arena->seen_len; k++)
                if (arena->seen[k].ns == trace->snapshot[i]->view[n].ns)
                    trace->snapshot[i]->view[n].inode = arena->seen[k].inode;
}

int nst_trace_build(const struct nst_arena *arena, const struct nst_sequence *sequence,
                    struct nst_trace *ret_trace)
{
    struct nst_trace trace = {0};
    int error = 0;

    trace.step = calloc(sequence->len + 1, sizeof(*trace.step));
    trace.snapshot = calloc(arena->snapshots + 1, sizeof(struct nst_snapshot *));
    if (!trace.step || !trace.snapshot) {
        free(trace.step);
        free(trace.snapshot);
        return -ENOMEM;
    }
    trace.len = sequence->len;
    trace.snapshots = arena->snapshots;
    trace.start = snapshot_of(&trace, arena->start, &error);
    if (arena->options.setup) {
        trace.setup = calloc(1, sizeof(*trace.setup));
        if (trace.setup)
            copy_step(&trace, &arena->setup, trace.setup, &error);
        else
            error = -ENOMEM;
    }
    for (size_t i = 0; i < sequence->len; i++) {
        trace.step[i].call = &sequence->call[i];
        copy_step(&trace, &arena->step[i], &trace.step[i], &error);
    }
    trace.end = snapshot_of(&trace, arena->end, &error);
    trace.end_alive =
        copy_array(arena->over.alive, arena->over.alives, sizeof(*arena->over.alive), &error);
    trace.end_alives = trace.end_alive ? arena->over.alives : 0;
    if (!error)
        error = copy_events(&arena->end_events, &trace.end_events);
    copy_inodes(&trace, arena);
    if (arena->kcov >= 0 && arena->options.kernel_edges)
        trace.kernel_edge =
            copy_array((const void *)arena->kernel_edge, NST_KERNEL_EDGES, 1, &error);
    trace.leftover = arena->leftover;
    trace.watch = arena->watch;
    trace.privileged = arena->options.privileged;
    trace.deadline = arena->deadline;
    trace.at_once = arena->options.at_once && arena->at_once_from < arena->len;
    trace.at_once_from = arena->at_once_from;
    if (!error)
        error = copy_events(&arena->at_once_events, &trace.at_once_events);
    if (error)
        nst_trace_free(&trace);
    *ret_trace = trace;
    return error;
}

void nst_trace_effects(const struct nst_trace *trace, enum nst_effect *ret_effect)
{
    for (size_t i = 0; i < trace->len; i++) {
        const struct nst_step *step = &trace->step[i];
        bool nothing =
            step->kind == NST_ANSWER_ERROR && step->before == step->after && !step->events.len;

        ret_effect[i] = step->kind == NST_ANSWER_NONE ? NST_UNPERFORMED
                        : nothing                     ? NST_NO_EFFECT
                                                      : NST_EFFECT;
    }
}

void nst_trace_renamer(const struct nst_trace *trace, struct nst_renamer *ret_renamer)
{
    *ret_renamer = (struct nst_renamer){0};
    for (size_t i = 0; i < trace->snapshots; i++)
        for (size_t n = 0; n < trace->snapshot[i]->len; n++) {
            const struct nst_table *table = &trace->snapshot[i]->view[n].table;

            for (size_t m = 0; m < table->len; m++) {
                nst_renamer_mount(ret_renamer, table->mount[m].id);
                nst_renamer_group(ret_renamer, table->mount[m].peer_group);
                nst_renamer_group(ret_renamer, table->mount[m].master);
            }
        }
}
