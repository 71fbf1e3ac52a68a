/* What holds of a sequence on the reference model, without a kernel. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ns-tool/model.h>

#include "fuzz.h"

static bool broken(char *why, const struct nst_call *call, const char *what)
{
    char *line = call ? nst_call_text(call) : NULL;

    snprintf(why, NST_FUZZ_WHY, "%s%s%s", what, line ? ", after " : "", line ? line : "");
    free(line);
    return false;
}

/* What each actor, and the observer, sees is a table. */
static bool check_tables(const struct nst_model *model, const struct nst_call *call, char *why)
{
    const uint32_t who[] = {0, call->actor};

    for (size_t i = 0; i < sizeof who / sizeof *who; i++) {
        struct nst_table table = {0};
        const char *what = NULL;
        int r = nst_model_table(model, who[i], &table);

        if (r == -ENOMEM)
            abort();
        if (!r && nst_table_validate(&table, &what) < 0)
            return broken(why, call, what);
        nst_table_free(&table);
    }
    return true;
}

/* The state is sound, and its form that of its copy; an isolated actor left the parent alone. */
static bool check_state(const struct nst_model *before, const struct nst_model *model,
                        const struct nst_call *call, char *why)
{
    uint64_t own[2], copys[2];
    struct nst_model *copy;

    if (nst_model_broken(model))
        return broken(why, call, nst_model_broken(model));
    if (nst_model_copy(model, &copy) < 0 || nst_model_hash(model, own) < 0 ||
        nst_model_hash(copy, copys) < 0)
        abort();
    nst_model_free(copy);
    if (memcmp(own, copys, sizeof own) != 0)
        return broken(why, call, "a copy has another canonical form");
    if (nst_model_leaks(before, model, call))
        return broken(why, call, "an isolated actor changed the parent");
    return check_tables(model, call, why);
}

static bool check_calls(const struct nst_sequence *sequence, char *why)
{
    struct nst_model *model, *before;
    bool holds = true;
    int r = 0;

    if (nst_model_new(NULL, &model) < 0)
        abort();
    for (size_t i = 0; i < sequence->len && holds && !r; i++) {
        struct nst_model_answer answer;

        if (nst_model_copy(model, &before) < 0)
            abort();
        r = nst_model_call(model, &sequence->call[i], &answer);
        if (r == -ENOMEM)
            abort();
        if (!r)
            holds = check_state(before, model, &sequence->call[i], why);
        nst_model_free(before);
    }
    nst_model_free(model);
    return holds;
}

/* What the model predicts keeps every promise that a trace by itself tells. */
static bool check_promises(const struct nst_sequence *sequence, char *why)
{
    const struct nst_judge_options judge = {.random = true};
    struct nst_judgement judgement;
    struct nst_trace trace;
    const char *unknown;
    bool holds = true;

    if (nst_model_run(NULL, sequence, &trace, &unknown) < 0)
        abort();
    nst_judge(&trace, &judge, &judgement);
    for (size_t i = 0; i < judgement.len && holds; i++)
        if (judgement.verdict[i] == NST_FAIL || judgement.verdict[i] == NST_ERROR) {
            snprintf(why, NST_FUZZ_WHY, "the model breaks %s: %s", nst_properties[i]->name,
                     judgement.finding[i].text);
            holds = false;
        }
    nst_fuzz_guide(&trace);
    nst_trace_free(&trace);
    return holds;
}

bool nst_fuzz_check_model(const char *text, size_t len, char *why)
{
    struct nst_sequence sequence = {0};
    bool holds;

    if (nst_strace_read_lenient(text, len, &sequence, NULL) < 0)
        abort();
    for (size_t i = 0; i < sequence.len; i++) /* what stands behind `=` only names things here */
        if (nst_calls[sequence.call[i].id].returns == NST_RETURNS_ZERO)
            sequence.call[i].expect = (struct nst_result){0};
    holds = check_calls(&sequence, why) && check_promises(&sequence, why);
    nst_sequence_free(&sequence);
    return holds;
}
