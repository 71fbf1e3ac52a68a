/* The properties as a whole, and how their verdicts add up. What each says of a trace is in
 * test_property_NAME.c. */
#include "trace_test.h"

/* A property that no mutant can fail is not a property. */
START_TEST(every_property_is_whole_and_has_a_test_of_its_rows)
{
    const char *source = getenv("NST_SOURCE_DIR");
    size_t len = 0;

    for (; nst_properties[len]; len++) {
        const struct nst_property *property = nst_properties[len];
        char path[4096];

        ck_assert(property->name && *property->name && property->promise && *property->promise);
        ck_assert(property->source && *property->source);
        ck_assert(property->check ? !property->twin && !property->compare
                                  : property->twin && property->compare);
        ck_assert_ptr_eq(nst_property_by_name(property->name), property); /* so no name is twice */
        snprintf(path, sizeof path, "%s/tests/test_property_%s.c", source ? source : ".",
                 property->name);
        ck_assert_msg(access(path, R_OK) == 0, "no %s", path);
    }
    ck_assert_uint_gt(len, 0);
    ck_assert_uint_le(len, NST_PROPERTIES_MAX);
    ck_assert_ptr_null(nst_property_by_name("no such property"));
}
END_TEST

START_TEST(trouble_outweighs_a_failure_and_that_outweighs_the_rest)
{
    static const struct {
        const char *mounts;
        size_t left;
        enum nst_verdict worst;
    } mixes[] = {
        {NULL, 0, NST_PASS}, {NULL, 1, NST_FAIL}, {"bad\n", 0, NST_ERROR}, {"bad\n", 1, NST_ERROR}};

    for (size_t i = 0; i < sizeof mixes / sizeof *mixes; i++) {
        struct trace_row row = {.calls = UMOUNT,
                                .error = EINVAL,
                                .before = {{START_ROOT START_PROC}},
                                .mounts = mixes[i].mounts,
                                .leftover = {.mounts = mixes[i].left}};
        struct nst_sequence sequence = {0};
        struct nst_trace trace = make_trace(&row, &sequence);
        struct nst_judgement judgement;

        ck_assert_int_eq(nst_judge(&trace, &(struct nst_judge_options){0}, &judgement),
                         mixes[i].worst);
        nst_trace_free(&trace);
        nst_sequence_free(&sequence);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("property");
    TCase *tests = tcase_create("property");
    SRunner *runner = srunner_create(suite);

    tcase_add_test(tests, every_property_is_whole_and_has_a_test_of_its_rows);
    tcase_add_test(tests, trouble_outweighs_a_failure_and_that_outweighs_the_rest);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);

    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed ? 1 : 0;
}
