/* What a kernel did, held against what the model says: each call's result, and after it the table
 * of each namespace that was seen. */
#ifndef MODEL_TEST_H
#define MODEL_TEST_H

#include "nst_test.h"

#include <ns-tool/model.h>
#include <ns-tool/trace.h>

struct nst_conformance {
    size_t calls, tables; /* that were compared */
    bool unknown;         /* the model couldn't tell from some call on */
    char *difference;     /* NULL: none. The caller frees it */
};

/* Of the superblock's options the model tells ro or rw and the generic flags; of a namespace's
 * file not its number. */
static inline void nst_conformance_reduce(struct nst_table *table)
{
    static const char *const kept[] = {"sync", "dirsync", "mand", "lazytime"};

    for (size_t i = 0; i < table->len; i++) {
        char *options = table->mount[i].super_options, reduced[64];
        char *number = strchr(table->mount[i].root, '[');

        snprintf(reduced, sizeof reduced, "%.2s", options);
        for (size_t k = 0; k < sizeof kept / sizeof *kept; k++) {
            char word[16];
            const char *at;

            snprintf(word, sizeof word, ",%s", kept[k]);
            at = strstr(options, word);
            if (at && (!at[strlen(word)] || at[strlen(word)] == ','))
                strcat(reduced, word);
        }
        if (strlen(reduced) <= strlen(options))
            strcpy(options, reduced);
        if (!strcmp(table->mount[i].type, "nsfs") && number)
            strcpy(number, "[]");
    }
}

static inline char *nst_conformance_tables(const struct nst_call *call,
                                           const struct nst_table *seen,
                                           const struct nst_table *said, uint32_t reader)
{
    char *a = nst_table_text(seen, NULL), *b = nst_table_text(said, NULL),
         *line = nst_call_text(call), *text;

    ck_assert(a && b && line);
    ck_assert_int_gt(asprintf(&text, "%s\nactor %u sees\n%sthe model says\n%s", line, reader, a, b),
                     0);
    free(a);
    free(b);
    free(line);
    return text;
}

static inline char *nst_conformance_result(const struct nst_call *call, const struct nst_step *step,
                                           const struct nst_model_answer *answer)
{
    const char *seen = step->kind == NST_ANSWER_ERROR ? nst_errno_name(step->error) : "";
    const char *said = answer->kind == NST_ANSWER_ERROR ? nst_errno_name(answer->error) : "";
    char *line = nst_call_text(call), *text;

    ck_assert_ptr_nonnull(line);
    ck_assert_int_gt(asprintf(&text, "%s\nanswered %d %lld %s, the model says %d %lld %s", line,
                              step->kind, (long long)step->value, seen, answer->kind,
                              (long long)answer->value, said),
                     0);
    free(line);
    return text;
}

static inline void nst_conform_view(struct nst_conformance *conformance,
                                    const struct nst_model *model, const struct nst_call *call,
                                    struct nst_ns_view *view)
{
    struct nst_table table = {0};

    ck_assert_int_eq(nst_model_table(model, view->reader, &table), 0);
    ck_assert_int_eq(nst_table_validate(&table, NULL), 0);
    nst_conformance_reduce(&view->table);
    conformance->tables++;
    if (!nst_tables_equivalent(&view->table, &table))
        conformance->difference = nst_conformance_tables(call, &view->table, &table, view->reader);
    nst_table_free(&table);
}

/* TRACE is SEQUENCE's, or a mutant's. */
static inline struct nst_conformance nst_conform(const struct nst_trace *trace,
                                                 const struct nst_sequence *sequence)
{
    struct nst_conformance conformance = {0};
    struct nst_model *model;

    ck_assert_int_eq(nst_model_new(NULL, &model), 0);
    for (size_t i = 0; i < sequence->len && !conformance.difference; i++) {
        const struct nst_step *step = &trace->step[i];
        struct nst_model_answer answer;
        int r = nst_model_call(model, &sequence->call[i], &answer);

        if (r == -EOPNOTSUPP) {
            ck_assert_ptr_nonnull(nst_model_unknown(model));
            conformance.unknown = true;
            break;
        }
        ck_assert_int_eq(r, 0);
        conformance.calls++;
        if (answer.kind != step->kind ||
            (answer.kind == NST_ANSWER_VALUE && answer.value != step->value) ||
            (answer.kind == NST_ANSWER_ERROR && answer.error != step->error))
            conformance.difference = nst_conformance_result(&sequence->call[i], step, &answer);
        for (size_t n = 0; step->after && n < step->after->len && !conformance.difference; n++)
            nst_conform_view(&conformance, model, &sequence->call[i], &step->after->view[n]);
    }
    nst_model_free(model);
    return conformance;
}

#endif
