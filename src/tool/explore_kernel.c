#include "tool/explore_kernel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ns-tool/shrink.h>

#include "tool/sandbox.h"
#include "tool/tool.h"

enum { BATCH = 200, TRIES = 300 };

struct worker {
    const struct nst_explore *explore;
    const struct nst_known *known;
    struct nst_explore_shared *shared;
    struct nst_sandbox *sandbox;
    struct nst_finding finding; /* of the last that didn't go as the model says */
    char why[200];
};

/* Whether SEQUENCE doesn't go as the model says: 1 with the finding, 0, -errno. */
static int differs(void *ctx, const struct nst_sequence *sequence)
{
    const struct nst_property *property = nst_property_by_name("conformance");
    const struct nst_judge_options judge = {.random = true};
    struct worker *worker = ctx;
    struct nst_trace trace = {0};
    enum nst_verdict verdict = NST_PASS;
    int r = nst_run(worker->sandbox, sequence, NULL, &trace, worker->why);

    if (!r)
        verdict = property->check(&trace, &judge, &worker->finding);
    nst_trace_free(&trace);
    if (r == -E2BIG) {
        worker->shared->too_big++;
        return 0;
    }
    return r < 0 ? r : verdict == NST_ERROR ? -ENOMEM : verdict == NST_FAIL;
}

/* SEQUENCE failed: shrinks it and shows it, once. */
static int note(struct worker *worker, struct nst_sequence *sequence)
{
    const struct nst_shrink_options options = {.max_tries = TRIES};
    struct nst_explore_shared *shared = worker->shared;
    bool known = nst_known_find(worker->known, "conformance", &worker->finding, NULL);
    uint32_t at;
    char *text;
    size_t len;
    int r = 0;

    shared->broken++;
    if (!known) {
        r = nst_shrink(sequence, differs, worker, &options, NULL);
        if (r >= 0)
            r = differs(worker, sequence);
        if (r < 0)
            return r;
        known = nst_known_find(worker->known, "conformance", &worker->finding, sequence);
    }
    shared->expected += known;
    at = known ? NST_EXPLORE_SHOWN : shared->shown++;
    if (at >= NST_EXPLORE_SHOWN)
        return 0;
    r = nst_strace_print(sequence, &text, &len);
    if (r < 0)
        return r;
    shared->failure[at].finding = worker->finding;
    snprintf(shared->failure[at].text, sizeof shared->failure[at].text, "%s", text);
    free(text);
    return 0;
}

/* Runs SEQUENCE, of which JUDGED calls are of interest, and empties it behind its first KEPT. */
static int perform(struct worker *worker, struct nst_sequence *sequence, size_t kept)
{
    size_t judged = sequence->len - kept;
    struct nst_sequence copy = {0};
    int r;

    if (!judged)
        return 0;
    r = differs(worker, sequence);
    worker->shared->runs++;
    worker->shared->judged += judged;
    if (r > 0) {
        r = nst_sequence_copy(sequence, &copy);
        if (!r)
            r = note(worker, &copy);
        nst_sequence_free(&copy);
    }
    nst_sequence_remove(sequence, kept, judged);
    return r;
}

/* The states that were first come to from STATE: whose own calls are gone through later, behind
 * the way to them. */
static bool leads_to_new(const struct nst_explore *explore, uint32_t state, uint16_t call)
{
    /* They stand in the order in which their parents do. */
    uint32_t low = explore->level[explore->depth], high = explore->len;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct nst_explore_state *at = &explore->state[middle];

        if (at->parent < state || (at->parent == state && at->call < call))
            low = middle + 1;
        else
            high = middle;
    }
    return low < explore->len && explore->state[low].parent == state &&
           explore->state[low].call == call;
}

/* Calls that change nothing are made one behind the other, each that does by itself. */
static int perform_state(struct worker *worker, uint32_t state, bool last,
                         struct nst_explore_step *step)
{
    const struct nst_explore *explore = worker->explore;
    int steps = nst_explore_steps(explore, state, step), r = steps < 0 ? steps : 0;
    struct nst_sequence sequence = {0};
    size_t way;

    if (!r)
        r = nst_explore_path(explore, state, &sequence);
    way = sequence.len;
    for (int i = 0; i < steps && !r; i++)
        if (step[i].outcome == NST_EXPLORE_QUIET) {
            r = nst_sequence_append(&sequence, &explore->world.call[step[i].call].call);
            if (!r && sequence.len >= BATCH)
                r = perform(worker, &sequence, way);
        }
    if (!r)
        r = perform(worker, &sequence, way);
    for (int i = 0; i < steps && !r && !worker->shared->stop; i++)
        if (step[i].outcome == NST_EXPLORE_MOVED &&
            (last || !leads_to_new(explore, state, step[i].call))) {
            r = nst_sequence_append(&sequence, &explore->world.call[step[i].call].call);
            if (!r)
                r = perform(worker, &sequence, way);
        }
    nst_sequence_free(&sequence);
    return r;
}

int nst_explore_perform(const struct nst_explore *explore, const struct nst_known *known,
                        uint32_t to, bool last, struct nst_explore_shared *shared)
{
    const struct nst_run_options options = {0};
    struct worker worker = {.explore = explore, .known = known, .shared = shared};
    struct nst_explore_step *step = calloc(explore->world.len + 1, sizeof *step);
    int r = step ? 0 : -ENOMEM, status = nst_tool_sandbox(&options, &worker.sandbox);

    while (!r && !status && !shared->stop) {
        uint32_t state = shared->next++;

        if (state >= to)
            break;
        r = perform_state(&worker, state, last, step);
    }
    nst_sandbox_close(worker.sandbox);
    free(step);
    return r < 0 ? nst_tool_error(NST_EXIT_BROKE, r, "exploring: %s", worker.why) : status;
}
