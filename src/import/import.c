#include "import/import.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <ns-tool/model.h>

int nst_draft_add(struct nst_draft *draft, size_t at, const struct nst_item *item)
{
    if (draft->len == draft->cap) {
        size_t cap = draft->cap ? 2 * draft->cap : 64;
        struct nst_item *grown = reallocarray(draft->item, cap, sizeof *grown);

        if (!grown)
            return -ENOMEM;
        draft->item = grown;
        draft->cap = cap;
    }
    memmove(&draft->item[at + 1], &draft->item[at], (draft->len - at) * sizeof *draft->item);
    draft->item[at] = *item;
    draft->len++;
    return 0;
}

int nst_draft_copy(const struct nst_draft *draft, struct nst_draft *ret_copy)
{
    *ret_copy = (struct nst_draft){0};
    for (size_t i = 0; i < draft->len; i++)
        if (nst_draft_add(ret_copy, i, &draft->item[i]) < 0) {
            free(ret_copy->item);
            return -ENOMEM;
        }
    return 0;
}

void nst_draft_free(struct nst_draft *draft)
{
    free(draft->item);
    nst_sequence_free(&draft->strings);
    *draft = (struct nst_draft){0};
}

/* What ITEM answers here, in place of what the log says. */
static void predict_one(struct nst_item *item, const struct nst_model_answer *answer)
{
    struct nst_result *expect = &item->call.expect;

    item->moot = item->made && answer->kind == NST_ANSWER_ERROR;
    if (answer->kind == NST_ANSWER_ERROR)
        *expect = (struct nst_result){.kind = NST_FAILS, .error = answer->error};
    else if (answer->kind != NST_ANSWER_VALUE)
        *expect = (struct nst_result){0};
    else if (nst_calls[item->call.id].returns == NST_RETURNS_ZERO)
        *expect = (struct nst_result){.kind = NST_SUCCEEDS};
}

/* Whether ITEM goes as its log says. A directory that is there already is as good as one made. */
static bool goes(const struct nst_item *item, const struct nst_model_answer *answer)
{
    const struct nst_result *expect = &item->call.expect;
    bool makes = item->call.id == NST_CALL_MKDIR || item->call.id == NST_CALL_MKDIRAT;

    if (makes && (answer->kind == NST_ANSWER_VALUE || answer->error == EEXIST) &&
        (expect->kind != NST_FAILS || expect->error == EEXIST))
        return true;
    if (item->made && answer->kind == NST_ANSWER_ERROR && /* a file that was there, and its close */
        ((item->call.id == NST_CALL_OPENAT && answer->error == EEXIST) ||
         (item->call.id == NST_CALL_CLOSE && answer->error == EBADF)))
        return true;
    if (expect->kind == NST_FAILS)
        return answer->kind == NST_ANSWER_ERROR && answer->error == expect->error;
    return answer->kind == NST_ANSWER_VALUE;
}

int64_t nst_import_perform(struct nst_draft *draft, bool predict, int *ret_error,
                           const char **ret_unknown)
{
    struct nst_model_answer answer;
    struct nst_model *model;
    int64_t i = 0;
    int r = nst_model_new(NULL, &model);

    *ret_error = 0;
    *ret_unknown = NULL;
    if (r < 0)
        return r;
    for (; i < (int64_t)draft->len; i++) {
        r = nst_model_call(model, &draft->item[i].call, &answer);
        if (r == -EOPNOTSUPP)
            *ret_unknown = nst_model_unknown(model);
        else if (!r && !goes(&draft->item[i], &answer))
            *ret_error = answer.kind == NST_ANSWER_ERROR ? answer.error : 0;
        else if (!r) {
            if (predict)
                predict_one(&draft->item[i], &answer);
            continue;
        }
        break;
    }
    nst_model_free(model);
    return r == -ENOMEM ? r : i;
}

/* A line for people about ITEM. */
static void note(FILE *notes, const struct nst_item *item, const char *what)
{
    struct nst_call bare = item->call;
    char *text;

    bare.expect = (struct nst_result){0};
    text = nst_call_text(&bare);
    fprintf(notes, "%s: ", what);
    if (item->call.line)
        fprintf(notes, "line %" PRIu32 ", ", item->call.line);
    fprintf(notes, "%s\n", text ? text : nst_calls[item->call.id].name);
    free(text);
}

/* Why ITEM is left out. */
static void note_left_out(FILE *notes, const struct nst_item *item, int error, const char *unknown)
{
    char what[200];

    if (unknown)
        snprintf(what, sizeof what, "left out (%s)", unknown);
    else if (error)
        snprintf(what, sizeof what, "left out (here it says %s)", nst_errno_name(error));
    else
        snprintf(what, sizeof what, "left out (here it succeeds)");
    note(notes, item, what);
}

static void remove_item(struct nst_draft *draft, size_t at)
{
    draft->len--;
    memmove(&draft->item[at], &draft->item[at + 1], (draft->len - at) * sizeof *draft->item);
}

/* From the first call on: repairs, or leaves out, whatever doesn't go. */
static int work(struct nst_draft *draft, FILE *notes)
{
    const char *unknown;
    char what[200];
    int64_t at;
    int error, r = 0;

    while ((at = nst_import_perform(draft, false, &error, &unknown)) >= 0 &&
           (size_t)at < draft->len && r >= 0) {
        struct nst_item item = draft->item[at];

        r = nst_import_repair(draft, (size_t)at, error, unknown != NULL, what);
        if (r > 0 && *what)
            note(notes, &item, what);
        if (r == 0) {
            if (item.call.id != NST_CALL_CLOSE) /* of what wasn't opened */
                note_left_out(notes, &item, error, unknown);
            remove_item(draft, (size_t)at);
        }
    }
    return r < 0 ? r : at < 0 ? (int)at : 0;
}

static int finish(struct nst_draft *draft, struct nst_import *import)
{
    const char *unknown;
    int error, r = 0;
    int64_t at = nst_import_perform(draft, true, &error, &unknown);

    if (at < 0)
        return (int)at;
    for (size_t i = 0; i < draft->len && !r; i++) {
        const struct nst_item *item = &draft->item[i];

        if (item->moot)
            continue;
        r = nst_sequence_append(&import->sequence, &item->call);
        import->made += item->made;
        import->kept += !item->made;
    }
    return r;
}

int nst_import(const struct nst_sequence *log, struct nst_import *ret_import)
{
    struct nst_draft draft = {0};
    FILE *notes;
    size_t len;
    int r;

    *ret_import = (struct nst_import){0};
    notes = open_memstream(&ret_import->notes, &len);
    if (!notes)
        return -ENOMEM;
    r = nst_import_rename(log, &draft);
    ret_import->calls = draft.len;
    if (!r)
        r = work(&draft, notes);
    if (!r)
        r = finish(&draft, ret_import);
    if (fclose(notes))
        r = -ENOMEM;
    nst_draft_free(&draft);
    if (r < 0)
        nst_import_free(ret_import);
    return r;
}

void nst_import_free(struct nst_import *import)
{
    nst_sequence_free(&import->sequence);
    free(import->notes);
    *import = (struct nst_import){0};
}
