#include "tool/pack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ns-tool/features.h>
#include <ns-tool/model.h>
#include <ns-tool/novelty.h>

/* What a step is kept for. */
struct target {
    uint64_t key; /* 0: not for that */
    size_t row[NST_FEATURES_MAX], rows;
};

/* Where KEY stands in the table, or the free place for it. */
static uint64_t *find(uint64_t *seen, size_t room, uint64_t key)
{
    size_t at = key & (room - 1);

    while (seen[at] && seen[at] != key)
        at = (at + 1) & (room - 1);
    return &seen[at];
}

static int grow(struct nst_pack *pack)
{
    size_t room = pack->room ? 2 * pack->room : 4096;
    uint64_t *seen;

    if (2 * pack->keys < pack->room)
        return 0;
    seen = calloc(room, sizeof *seen);
    if (!seen)
        return -ENOMEM;
    for (size_t i = 0; i < pack->room; i++)
        if (pack->seen[i])
            *find(seen, room, pack->seen[i]) = pack->seen[i];
    free(pack->seen);
    pack->seen = seen;
    pack->room = room;
    return 0;
}

void nst_pack_free(struct nst_pack *pack)
{
    free(pack->seen);
    pack->seen = NULL;
}

/* The first LEN steps of TRACE. */
static struct nst_trace head_of(const struct nst_trace *trace, size_t len)
{
    struct nst_trace head = *trace;

    head.len = len;
    return head;
}

static size_t all_rows(void)
{
    size_t groups = 0;

    while (nst_feature_groups[groups])
        groups++;
    return nst_coverage_start(groups - 1) + nst_feature_groups[groups - 1]->len;
}

/* What TRACE's last step reaches that nothing did. */
static void find_target(const struct nst_pack *pack, const struct nst_trace *trace,
                        struct target *ret_target)
{
    struct nst_coverage coverage = {0};
    uint64_t key = nst_novelty_of_step(trace, trace->len - 1);

    *ret_target = (struct target){0};
    if (key && *find(pack->seen, pack->room, key) != key)
        ret_target->key = key;
    nst_coverage_add(&coverage, trace);
    for (size_t i = 0; i < all_rows(); i++)
        if (coverage.hits[i] && !pack->row[i])
            ret_target->row[ret_target->rows++] = i;
}

/* Whether SEQUENCE, which the model tells to its end, reaches TARGET with its last call. RET_TRACE
 * is the caller's to free then. */
static bool reaches(const struct nst_sequence *sequence, const struct target *target,
                    struct nst_trace *ret_trace)
{
    struct nst_coverage coverage = {0};
    const char *unknown = NULL;
    bool all;

    if (nst_model_run(NULL, sequence, ret_trace, &unknown) < 0)
        return false;
    all = !unknown && ret_trace->len == sequence->len &&
          (!target->key || nst_novelty_of_step(ret_trace, ret_trace->len - 1) == target->key);
    if (all)
        nst_coverage_add(&coverage, ret_trace);
    for (size_t i = 0; i < target->rows && all; i++)
        all = coverage.hits[target->row[i]];
    if (!all)
        nst_trace_free(ret_trace);
    return all;
}

/* Leaves out each call that TARGET does without. */
static int reduce(struct nst_sequence *sequence, const struct target *target)
{
    struct nst_trace trace;

    for (size_t at = sequence->len - 1; at-- > 0;) {
        struct nst_sequence less = {0};
        int r = nst_sequence_copy(sequence, &less);

        if (r < 0)
            return r;
        nst_sequence_remove(&less, at, 1);
        if (reaches(&less, target, &trace)) {
            nst_trace_free(&trace);
            nst_sequence_free(sequence);
            *sequence = less;
        } else {
            nst_sequence_free(&less);
        }
    }
    return 0;
}

/* Has the calls of SEQUENCE expect what TRACE's answered. */
static void expect(struct nst_sequence *sequence, const struct nst_trace *trace)
{
    for (size_t i = 0; i < trace->len; i++) {
        const struct nst_step *step = &trace->step[i];
        struct nst_result *result = &sequence->call[i].expect;
        enum nst_returns returns = nst_calls[step->call->id].returns;

        if (step->kind == NST_ANSWER_ERROR)
            *result = (struct nst_result){.kind = NST_FAILS, .error = step->error};
        else if (step->kind == NST_ANSWER_VALUE && returns == NST_RETURNS_ZERO)
            *result = (struct nst_result){.kind = NST_SUCCEEDS};
        else if (step->kind == NST_ANSWER_NONE)
            *result = (struct nst_result){.kind = NST_ANY};
    }
}

/* Whether a kernel that lacks LACKS answers otherwise than TRACE says, or can't be told. */
static bool differs(const struct nst_sequence *sequence, const struct nst_trace *trace,
                    nst_lacks lacks)
{
    const struct nst_model_features features = {.lacks = lacks};
    struct nst_trace other;
    const char *unknown = NULL;
    bool differs;

    if (nst_model_run(&features, sequence, &other, &unknown) < 0)
        return true;
    differs = unknown || other.len != trace->len;
    for (size_t i = 0; i < trace->len && !differs; i++)
        differs = other.step[i].kind != trace->step[i].kind ||
                  other.step[i].error != trace->step[i].error;
    nst_trace_free(&other);
    return differs;
}

static void write_features(FILE *out, const char *key, nst_lacks set)
{
    const char *joint = "";

    if (!set)
        return;
    fprintf(out, "# %s: ", key);
    for (size_t i = 0; i < NST_KERNEL_FEATURES; i++)
        if (set >> i & 1) {
            fprintf(out, "%s%s", joint, nst_kernel_features[i].name);
            joint = ", ";
        }
    putc('\n', out);
}

/* What the rows that are reached are called, and where they come from. */
static void write_rows(FILE *out, const struct target *target, const char *page)
{
    const char *source = NULL;

    for (size_t i = 0, group = 0; i < target->rows; i++) {
        while (nst_feature_groups[group + 1] && target->row[i] >= nst_coverage_start(group + 1))
            group++;
        fprintf(
            out, "# reaches: %s\n",
            nst_feature_groups[group]->feature[target->row[i] - nst_coverage_start(group)].name);
        if (source != nst_feature_groups[group]->source)
            fprintf(out, "# source: %s\n", nst_feature_groups[group]->source);
        source = nst_feature_groups[group]->source;
    }
    fprintf(out, "# source: %s(2)\n", page);
}

static int write_file(const struct nst_pack *pack, const char *suffix,
                      const struct nst_sequence *sequence, const struct nst_trace *trace,
                      const struct target *target, nst_lacks needs, nst_lacks without)
{
    const struct nst_step *last = &trace->step[trace->len - 1];
    char rule[400], *path, *text = NULL;
    size_t len;
    FILE *out;
    int r = asprintf(&path, "%s/%04zu-%s-%s%s", pack->directory, pack->files,
                     nst_calls[last->call->id].name,
                     last->kind == NST_ANSWER_ERROR ? nst_errno_name(last->error) : "ok", suffix);

    if (r < 0)
        return -ENOMEM;
    out = fopen(path, "we");
    r = out ? nst_strace_print(sequence, &text, &len) : -errno;
    free(path);
    if (!r) {
        nst_novelty_tell(trace, trace->len - 1, rule, sizeof rule);
        fprintf(out, "# rule: %s\n# options: --random --expected\n", rule);
        write_rows(out, target, nst_calls[last->call->id].name);
        write_features(out, "needs", needs);
        write_features(out, "without", without);
        fputs(text, out);
        free(text);
        r = ferror(out) ? -EIO : 0;
    }
    if (out && fclose(out) && !r)
        r = -errno;
    return r;
}

/* One of those that kernels differ in: as the newest answers, and as each older one does. A kernel
 * that lacks one of SET lacks those that came later, too. */
static int write_variants(struct nst_pack *pack, struct nst_sequence *sequence,
                          const struct target *target, nst_lacks set)
{
    nst_lacks without = 0;
    char suffix[32];
    int r = 0;

    for (size_t n = 1; without != set && !r; n++) {
        unsigned newest = NST_KERNEL_FEATURES;
        struct nst_model_features features;
        const char *unknown = NULL;
        struct nst_trace trace;

        for (unsigned i = 0; i < NST_KERNEL_FEATURES; i++)
            if ((set & ~without) >> i & 1 &&
                (newest == NST_KERNEL_FEATURES ||
                 nst_kernel_features[i].since > nst_kernel_features[newest].since))
                newest = i;
        without |= (nst_lacks)1 << newest;
        features = (struct nst_model_features){.lacks = without};
        r = nst_model_run(&features, sequence, &trace, &unknown);
        if (r < 0)
            return r;
        if (!unknown && trace.len == sequence->len) {
            expect(sequence, &trace);
            snprintf(suffix, sizeof suffix, "-older-%zu", n);
            r = write_file(pack, suffix, sequence, &trace, target, set & ~without, without);
            pack->variants++;
        }
        nst_trace_free(&trace);
    }
    return r;
}

static int keep(struct nst_pack *pack, struct nst_sequence *sequence, const struct target *target)
{
    struct nst_trace trace;
    nst_lacks set = 0;
    int r = reduce(sequence, target);

    if (r < 0 || !reaches(sequence, target, &trace))
        return r;
    for (unsigned i = 0; i < NST_KERNEL_FEATURES; i++)
        if (differs(sequence, &trace, (nst_lacks)1 << i))
            set |= (nst_lacks)1 << i;
    pack->files++;
    pack->rules += !!target->key + target->rows;
    for (size_t i = 0; i < target->rows; i++)
        pack->row[target->row[i]] = true;
    if (target->key) {
        *find(pack->seen, pack->room, target->key) = target->key;
        pack->keys++;
    }
    expect(sequence, &trace);
    r = write_file(pack, "", sequence, &trace, target, set, 0);
    nst_trace_free(&trace);
    return r ? r : write_variants(pack, sequence, target, set);
}

int nst_pack_add(struct nst_pack *pack, const struct nst_sequence *sequence)
{
    const char *unknown;
    struct nst_trace trace;
    int r = nst_model_run(NULL, sequence, &trace, &unknown);

    for (size_t len = 1; !r && len <= trace.len; len++) {
        struct nst_trace head = head_of(&trace, len);
        struct nst_sequence own = {0};
        struct target target;

        r = grow(pack);
        if (r)
            break;
        find_target(pack, &head, &target);
        if (!target.key && !target.rows)
            continue;
        r = nst_sequence_copy(sequence, &own);
        if (!r) {
            nst_sequence_remove(&own, len, own.len - len);
            r = keep(pack, &own, &target);
        }
        nst_sequence_free(&own);
    }
    nst_trace_free(&trace);
    return r;
}
