/* The model by itself: it says of the seeds what people wrote down, whatever it is asked its state
 * stays sound, and a copy goes on as its original does. */
#include "nst_corpus.h"
#include "nst_test.h"

#include <ns-tool/generate.h>
#include <ns-tool/model.h>

enum { CASES = 2000 };

static struct nst_corpus seeds;

static void read_sequence(const char *text, struct nst_sequence *ret_sequence)
{
    struct nst_read_error error;

    ck_assert_msg(nst_strace_read(text, strlen(text), ret_sequence, NULL, &error) == 0,
                  "%zu:%zu: %s\n%s", error.line, error.column, error.message, text);
}

/* Whether the model says of CALL what stands behind it. */
static bool is_as_expected(const struct nst_call *call, const struct nst_model_answer *answer)
{
    switch (call->expect.kind) {
    case NST_SUCCEEDS:
        return answer->kind == NST_ANSWER_VALUE && answer->value == call->expect.value;
    case NST_FAILS:
        return answer->kind == NST_ANSWER_ERROR && answer->error == call->expect.error;
    default:
        return true;
    }
}

/* Why a seed may not be followed to its end. */
static bool is_admitted(const char *why)
{
    return strstr(why, "/proc") || !strcmp(why, "a parameter of a file system");
}

START_TEST(the_model_says_what_stands_behind_the_calls_of_a_seed)
{
    char *text = nst_corpus_read(seeds.file[_i]);
    struct nst_sequence sequence = {0};
    struct nst_model *model;

    read_sequence(text, &sequence);
    ck_assert_int_eq(nst_model_new(NULL, &model), 0);
    for (size_t i = 0; i < sequence.len; i++) {
        struct nst_model_answer answer;
        int r = nst_model_call(model, &sequence.call[i], &answer);

        if (r == -EOPNOTSUPP) {
            ck_assert_msg(is_admitted(nst_model_unknown(model)), "%s", nst_model_unknown(model));
            break;
        }
        ck_assert_int_eq(r, 0);
        ck_assert_msg(is_as_expected(&sequence.call[i], &answer),
                      "%s:%u: the model says %d %lld %s", seeds.file[_i], sequence.call[i].line,
                      answer.kind, (long long)answer.value,
                      answer.kind == NST_ANSWER_ERROR ? nst_errno_name(answer.error) : "");
    }
    nst_model_free(model);
    nst_sequence_free(&sequence);
    free(text);
}
END_TEST

/* Results, and the start, that no kernel is needed for. */
static const struct {
    const char *calls;
    const char *root; /* how / is shown to the first actor at the end */
} rows[] = {
    {"1 mkdir(\"/x\", 0755) = 0\n1 mkdir(\"/x\", 0755) = -1 EEXIST (File exists)\n", "shared:1"},
    {"1 mount(\"none\", \"/\", NULL, MS_SLAVE, NULL) = 0\n", "private"},
    {"1 unshare(CLONE_NEWNS) = 0\n1 mount(\"none\", \"/\", NULL, MS_SLAVE, NULL) = 0\n",
     "master:1"},
    {"1 unshare(CLONE_NEWNS|CLONE_NEWUSER) = 0\n"
     "1 umount2(\"/proc\", 0) = -1 EINVAL (Invalid argument)\n",
     "master:1"},
    {"1 mount(\"none\", \"/\", NULL, MS_UNBINDABLE, NULL) = 0\n"
     "1 mount(\"/\", \"/a\", NULL, MS_BIND, NULL) = -1 EINVAL (Invalid argument)\n",
     "unbindable"},
    /* MS_NOUSER is a negative number, and so are all bits above it (path_mount()) */
    {"1 mount(\"none\", \"/\", \"tmpfs\", 0x100000000000000, NULL) = -1 EINVAL (Invalid "
     "argument)\n",
     "shared:1"},
    /* what the kernel at hand breaks (corpus/findings), the model keeps */
    {"1 mount(\"none\", \"/\", NULL, MS_UNBINDABLE, NULL) = 0\n1 unshare(CLONE_NEWNS) = 0\n",
     "unbindable"},
};

START_TEST(a_call_returns_and_leaves_what_its_row_says)
{
    struct nst_sequence sequence = {0};
    struct nst_table table = {0};
    struct nst_model *model;
    char *shown = NULL;

    read_sequence(rows[_i].calls, &sequence);
    ck_assert_int_eq(nst_model_new(NULL, &model), 0);
    for (size_t i = 0; i < sequence.len; i++) {
        struct nst_model_answer answer;

        ck_assert_int_eq(nst_model_call(model, &sequence.call[i], &answer), 0);
        ck_assert(is_as_expected(&sequence.call[i], &answer));
    }
    ck_assert_int_eq(nst_model_table(model, 1, &table), 0);
    for (size_t i = 0; i < table.len && !shown; i++)
        if (!strcmp(table.mount[i].point, "/"))
            shown = nst_propagation_text(&table.mount[i]);
    ck_assert_ptr_nonnull(shown);
    ck_assert_str_eq(shown, rows[_i].root);
    ck_assert_int_eq(nst_model_table(model, 7, &table), -ESRCH);
    free(shown);
    nst_table_free(&table);
    nst_model_free(model);
    nst_sequence_free(&sequence);
}
END_TEST

/* What the two say of a call, and of what the observer sees, is the same. */
static void must_agree(struct nst_model *a, struct nst_model *b, const struct nst_call *call)
{
    struct nst_model_answer of_a, of_b;
    struct nst_table seen_a = {0}, seen_b = {0};
    int r = nst_model_call(a, call, &of_a);

    ck_assert_int_eq(nst_model_call(b, call, &of_b), r);
    if (r < 0)
        return;
    ck_assert_msg(!nst_model_broken(a), "%s", nst_model_broken(a));
    ck_assert(of_a.kind == of_b.kind && of_a.value == of_b.value && of_a.error == of_b.error);
    ck_assert_int_eq(nst_model_table(a, 0, &seen_a), 0);
    ck_assert_int_eq(nst_model_table(b, 0, &seen_b), 0);
    ck_assert(nst_tables_equal(&seen_a, &seen_b));
    ck_assert_int_eq(nst_table_validate(&seen_a, NULL), 0);
    nst_table_free(&seen_a);
    nst_table_free(&seen_b);
}

START_TEST(a_copy_goes_on_as_its_original_does)
{
    for (uint64_t k = 0; k < CASES; k++) {
        struct nst_sequence sequence = {0};
        struct nst_model *model, *copy;
        bool knows = true;

        ck_assert_int_eq(nst_generate_case(20261125, k, NULL, &sequence), 0);
        ck_assert_int_eq(nst_model_new(NULL, &model), 0);
        for (size_t i = 0; i < sequence.len && knows; i++) {
            ck_assert_int_eq(nst_model_copy(model, &copy), 0);
            must_agree(model, copy, &sequence.call[i]);
            knows = !nst_model_unknown(model);
            nst_model_free(copy);
        }
        nst_model_free(model);
        nst_sequence_free(&sequence);
    }
}
END_TEST

/* What a model of a kernel that lacks LACKS answers to the last call of feature I's probe. */
static bool is_as_probed(size_t i, nst_lacks lacks)
{
    const struct nst_model_features features = {.lacks = lacks};
    struct nst_sequence sequence = {0};
    struct nst_model_answer answer;
    struct nst_model *model;
    bool as_expected;

    read_sequence(nst_kernel_features[i].probe, &sequence);
    ck_assert_int_eq(nst_model_new(&features, &model), 0);
    for (size_t k = 0; k < sequence.len; k++)
        ck_assert_int_eq(nst_model_call(model, &sequence.call[k], &answer), 0);
    as_expected = is_as_expected(&sequence.call[sequence.len - 1], &answer);
    nst_model_free(model);
    nst_sequence_free(&sequence);
    return as_expected;
}

START_TEST(a_kernel_answers_a_probe_as_it_has_or_lacks_what_is_probed)
{
    ck_assert(is_as_probed((size_t)_i, 0));
    ck_assert(!is_as_probed((size_t)_i, UINT32_C(1) << _i));
    if (_i) /* it is of that feature alone */
        ck_assert(is_as_probed((size_t)_i, UINT32_C(1) << (_i - 1)));
    ck_assert_str_ne(nst_kernel_features[_i].name, "");
    ck_assert_uint_gt(nst_kernel_features[_i].since, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model");
    TCase *cases = tcase_create("model");

    nst_corpus_find(&seeds, "corpus/fuzz_sequence");
    tcase_set_timeout(cases, 120);
    tcase_add_loop_test(cases, the_model_says_what_stands_behind_the_calls_of_a_seed, 0, seeds.len);
    tcase_add_loop_test(cases, a_call_returns_and_leaves_what_its_row_says, 0,
                        sizeof rows / sizeof *rows);
    tcase_add_test(cases, a_copy_goes_on_as_its_original_does);
    tcase_add_loop_test(cases, a_kernel_answers_a_probe_as_it_has_or_lacks_what_is_probed, 0,
                        NST_KERNEL_FEATURES);
    suite_add_tcase(suite, cases);

    int status = nst_test_run_suite(suite);

    nst_corpus_free(&seeds);
    return status;
}
