/* What kernels are known to break goes with the library, and is the same as what lies in
 * corpus/findings. */
#include <ns-tool/kept.h>

#include "nst_corpus.h"
#include "nst_test.h"

START_TEST(what_was_built_in_is_what_lies_there)
{
    char *directory = nst_corpus_join(getenv("NST_SOURCE_DIR"), "corpus/findings"), why[200] = "";
    struct nst_known files, built;

    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_msg(nst_known_read(directory, &files, why) == 0, "%s", why);
    ck_assert_msg(nst_known_read(NULL, &built, why) == 0, "%s", why);
    ck_assert_uint_eq(files.len, built.len);
    for (size_t i = 0; i < files.len; i++) {
        const struct nst_known_finding *a = &files.finding[i], *b = &built.finding[i];

        ck_assert_str_eq(strrchr(a->path, '/') + 1, b->path);
        ck_assert_str_eq(a->kept.property, b->kept.property);
        ck_assert_str_eq(a->kept.known_by, b->kept.known_by);
        ck_assert_uint_eq(a->sequence.len, b->sequence.len);
    }
    nst_known_free(&files);
    nst_known_free(&built);
    free(directory);
}
END_TEST

START_TEST(a_directory_that_is_not_there_has_none)
{
    struct nst_known known;
    char why[200] = "";

    ck_assert_int_eq(nst_known_read("/nonexistent", &known, why), 0);
    ck_assert_uint_eq(known.len, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("known");
    TCase *tests = tcase_create("known");

    tcase_add_test(tests, what_was_built_in_is_what_lies_there);
    tcase_add_test(tests, a_directory_that_is_not_there_has_none);
    suite_add_tcase(suite, tests);
    return nst_test_run_suite(suite);
}
