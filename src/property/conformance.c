/* What the kernel did, held against what the model says: each call's answer, and after it the
 * tables of every namespace. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ns-tool/model.h>

#include "canonical.h"
#include "list.h"

#define KEPT 48 /* bytes, more than all that are kept take */

/* Of a superblock's options the model tells ro or rw and the generic flags (fs/proc_namespace.c,
 * show_sb_opts()). */
static void keep_options(const char *options, char ret_kept[KEPT])
{
    static const char *const kept[] = {"ro", "rw", "sync", "dirsync", "mand", "lazytime"};
    unsigned met = 0;
    char *to = ret_kept;

    for (size_t len; *options; options += len + (options[len] == ',')) {
        len = strcspn(options, ",");
        for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
            if (strlen(kept[i]) == len && !memcmp(kept[i], options, len) && !(met & 1U << i)) {
                met |= 1U << i;
                if (to != ret_kept)
                    *to++ = ',';
                to = mempcpy(to, options, len);
            }
    }
    *to = '\0';
}

/* SEEN without what the model doesn't tell: most options, and a namespace's number. Other strings
 * stay SEEN's. */
struct reduced {
    struct nst_table table;
    char (*options)[KEPT];
};

static int reduce(const struct nst_table *seen, struct reduced *ret_reduced)
{
    static char namespaces[][8] = {"mnt:[]", "user:[]", "ns:[]"};
    struct nst_mount *mount = malloc((seen->len + 1) * sizeof *mount);
    char(*options)[KEPT] = malloc((seen->len + 1) * sizeof *options);

    *ret_reduced = (struct reduced){.table = {.mount = mount}, .options = options};
    if (!mount || !options)
        return -ENOMEM;
    if (seen->len) /* of none there may be no array */
        memcpy(mount, seen->mount, seen->len * sizeof *mount);
    ret_reduced->table.len = seen->len;
    ret_reduced->table.view = seen->view;
    for (size_t i = 0; i < seen->len; i++) {
        keep_options(mount[i].super_options, options[i]);
        mount[i].super_options = options[i];
        if (strcmp(mount[i].type, "nsfs") != 0 || !strchr(mount[i].root, '['))
            continue;
        mount[i].root = namespaces[!strncmp(mount[i].root, "mnt:", 4)    ? 0
                                   : !strncmp(mount[i].root, "user:", 5) ? 1
                                                                         : 2];
    }
    return 0;
}

static void reduced_free(struct reduced *reduced)
{
    free(reduced->table.mount);
    free(reduced->options);
}

/* What is compared under the same names: of one instant. */
struct names {
    struct nst_renamer seen, said;
};

static void names_free(struct names *names)
{
    nst_renamer_free(&names->seen);
    nst_renamer_free(&names->said);
}

/* The first line in which the tables differ, each mount named as it was before. */
static int tell(const struct nst_table *seen, const struct nst_table *said, struct names *names,
                char *ret_text, size_t size)
{
    char *a = nst_table_text(seen, &names->seen), *b = nst_table_text(said, &names->said);
    int r = a && b ? 1 : -ENOMEM;

    if (r > 0 && !nst_canon_difference(a, b, ret_text, size))
        snprintf(ret_text, size, "what connects them differs");
    free(a);
    free(b);
    return r;
}

/* Returns 0 where VIEW is as MODEL says; 1 with RET_TEXT; -errno. */
static int compare_view(const struct nst_model *model, const struct nst_ns_view *view,
                        struct names *names, char *ret_text, size_t size)
{
    struct reduced seen = {0};
    struct nst_table said = {0};
    int r = nst_model_table(model, view->reader, &said);

    if (r == -ESRCH) {
        snprintf(ret_text, size, "in the model it has ended");
        return 1;
    }
    if (!r)
        r = reduce(&view->table, &seen);
    if (!r && !nst_tables_equivalent_named(&seen.table, &names->seen, &said, &names->said))
        r = tell(&seen.table, &said, names, ret_text, size);
    reduced_free(&seen);
    nst_table_free(&said);
    return r;
}

/* CALL is the last one, by an actor; NULL: they have all ended. */
static enum nst_verdict compare_tables(const struct nst_model *model,
                                       const struct nst_snapshot *snapshot,
                                       const struct nst_call *call, size_t at,
                                       struct nst_finding *ret_finding)
{
    struct names names = {0};
    char difference[360] = "", who[40] = "the parent";
    int r = 0;

    for (size_t n = 0; n < snapshot->len && !r; n++) {
        const struct nst_ns_view *view = &snapshot->view[n];

        if (view->reader)
            snprintf(who, sizeof who, "actor %u", view->reader);
        r = compare_view(model, view, &names, difference, sizeof difference);
    }
    names_free(&names);
    if (r < 0)
        return NST_ERROR;
    if (!r)
        return NST_PASS;
    return nst_finding_at(ret_finding, at, "after %s %s sees another table than in the model: %s",
                          call ? nst_calls[call->id].name : "all", who, difference);
}

static enum nst_verdict not_judged(struct nst_finding *ret_finding, const char *why)
{
    nst_finding_at(ret_finding, SIZE_MAX, "not judged: %s", why);
    return NST_SKIP;
}

/* A lookup that a mount anywhere on the machine gets in the way of takes an expiry mark away
 * (fs/namespace.c, legitimize_mnt(), mntput()), so that who comes back to unmount only marks. */
static bool is_mark_lost(const struct nst_step *step, const struct nst_model_answer *answer)
{
    enum { EXPIRE = 4 }; /* MNT_EXPIRE, umount(2) */

    return step->call->id == NST_CALL_UMOUNT2 && step->call->arg[1].num & EXPIRE &&
           step->kind == NST_ANSWER_ERROR && step->error == EAGAIN &&
           answer->kind == NST_ANSWER_VALUE;
}

/* Step AT; MODEL is where the step before it led. With TABLES what all see is compared, too. */
static enum nst_verdict compare_step(struct nst_model *model, const struct nst_trace *trace,
                                     size_t at, bool tables, struct nst_finding *ret_finding)
{
    const struct nst_step *step = &trace->step[at];
    struct nst_step said = *step;
    struct nst_model_answer answer;
    int r;

    if (step->kind == NST_ANSWER_DEADLINE)
        return not_judged(ret_finding, "a call did not return before its deadline");
    if (step->faulted && step->kind == NST_ANSWER_ERROR) { /* so it did nothing, but was made */
        const struct nst_call nothing = {
            .id = NST_CALL_CLOSE, .actor = step->call->actor, .arg = {{.num = UINT32_MAX}}};

        if (nst_model_call(model, &nothing, &answer) < 0)
            return NST_ERROR;
        if (step->call->id == NST_CALL_FSCONFIG || step->call->id == NST_CALL_FSMOUNT)
            return not_judged(ret_finding, "what a context is good for that failed isn't promised");
        return tables ? compare_tables(model, step->after, step->call, at, ret_finding) : NST_PASS;
    }
    r = nst_model_call(model, step->call, &answer);
    if (r == -EOPNOTSUPP) {
        nst_finding_at(ret_finding, SIZE_MAX,
                       "not judged from call %zu on, which the model can't tell: %s", at + 1,
                       nst_model_unknown(model));
        return NST_SKIP;
    }
    if (r < 0)
        return NST_ERROR;
    if (is_mark_lost(step, &answer)) {
        nst_finding_at(ret_finding, SIZE_MAX,
                       "not judged from call %zu on: an expiry mark was lost to another lookup",
                       at + 1);
        return NST_SKIP;
    }
    said.kind = answer.kind;
    said.value = answer.value;
    said.error = answer.error;
    if (nst_answers_differ(step, &said, "the model", at, ret_finding)) {
        if (answer.why) {
            char text[sizeof ret_finding->text];

            strcpy(text, ret_finding->text);
            nst_finding_at(ret_finding, at, "%s: %s", text, answer.why);
        }
        return NST_FAIL;
    }
    return tables ? compare_tables(model, step->after, step->call, at, ret_finding) : NST_PASS;
}

/* What all see is the same as long as the snapshot is; with EACH it is compared nevertheless. */
static enum nst_verdict compare(const struct nst_trace *trace, bool each,
                                struct nst_finding *ret_finding)
{
    const struct nst_model_features features = {.lacks = trace->lacks,
                                                .privileged = trace->privileged};
    enum nst_verdict verdict = NST_PASS;
    struct nst_model *model;

    if (nst_model_new(&features, &model) < 0)
        return NST_ERROR;
    for (size_t i = 0; i < trace->len && verdict == NST_PASS; i++) {
        const struct nst_snapshot *after = trace->step[i].after;
        bool stays = i + 1 < trace->len && trace->step[i + 1].after == after;

        verdict = compare_step(model, trace, i, after && (each || !stays), ret_finding);
    }
    if (verdict == NST_PASS && trace->end) {
        nst_model_end(model);
        verdict = compare_tables(model, trace->end, NULL, trace->len, ret_finding);
    }
    nst_model_free(model);
    return verdict;
}

static enum nst_verdict check(const struct nst_trace *trace,
                              const struct nst_judge_options *options,
                              struct nst_finding *ret_finding)
{
    enum nst_verdict verdict;

    (void)options;
    if (trace->setup)
        return not_judged(ret_finding, "what the code under test did isn't known");
    verdict = compare(trace, false, ret_finding);
    return verdict == NST_FAIL ? compare(trace, true, ret_finding) : verdict;
}

const struct nst_property nst_property_conformance = {
    .name = "conformance",
    .promise = "results and tables are those that the model predicts",
    .source = "src/model/README.md: each rule with its source",
    .check = check,
};
