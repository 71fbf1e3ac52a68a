/* ns-tool fuzz --json: one object, whole, that adds up; ns-tool(1) describes it. */
#include "nst_test.h"

#include <jansson.h>

#include <ns-tool/coverage.h>
#include <ns-tool/features.h>
#include <ns-tool/property.h>

static json_t *fuzz(int status, const char *a, const char *b, const char *c)
{
    struct nst_test_run run =
        nst_test_run_tool((const char *const[]){"fuzz", "--json", "--seed=7", "--jobs=2",
                                                nst_test_findings(), a, b, c, NULL},
                          false);
    json_error_t error;
    json_t *object = json_loads(run.out, JSON_REJECT_DUPLICATES, &error);

    ck_assert_msg(run.status == status, "status %d: %s\n%s", run.status, run.out, run.err);
    ck_assert_msg(object, "line %d: %s\n%s", error.line, error.text, run.out);
    nst_test_run_free(&run);
    return object;
}

static json_int_t number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    ck_assert_msg(json_is_integer(value), "no number '%s'", key);
    return json_integer_value(value);
}

static const char *text(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    ck_assert_msg(json_is_string(value), "no text '%s'", key);
    return json_string_value(value);
}

static const json_t *list(const json_t *object, const char *key, size_t len)
{
    const json_t *value = json_object_get(object, key);

    ck_assert_msg(json_is_array(value), "no list '%s'", key);
    ck_assert_uint_ge(json_array_size(value), len);
    return value;
}

START_TEST(it_says_what_was_done_where)
{
    json_t *object = fuzz(0, "--cases=60", NULL, NULL);
    const json_t *kernel = json_object_get(object, "kernel"), *row;
    size_t i;

    ck_assert_int_eq(number(object, "schema"), 2);
    ck_assert_str_eq(text(object, "command"), "fuzz");
    ck_assert_str_eq(text(object, "seed"), "7");
    ck_assert_int_eq(number(object, "cases"), 60);
    ck_assert_int_eq(number(object, "status"), 0);
    ck_assert_int_gt(number(object, "calls"), 60);
    ck_assert_int_gt(number(object, "succeeded"), 0);
    ck_assert_int_le(number(object, "succeeded"), number(object, "calls"));
    ck_assert_int_lt(number(object, "idle_cases"), 30);
    ck_assert(json_real_value(json_object_get(object, "seconds")) > 0);
    ck_assert(json_is_null(json_object_get(object, "setup")));
    ck_assert_uint_eq(json_array_size(list(object, "findings", 0)), 0);
    ck_assert(*text(kernel, "release") && *text(kernel, "machine"));
    json_array_foreach(list(kernel, "features", 4 + NST_KERNEL_FEATURES), i, row)
    {
        bool supported = json_is_true(json_object_get(row, "supported"));

        ck_assert(*text(row, "name"));
        ck_assert(supported == json_is_null(json_object_get(row, "error")));
    }
    json_decref(object);
}
END_TEST

START_TEST(every_property_has_a_row_that_adds_up_to_the_cases)
{
    json_t *object = fuzz(0, "--cases=60", NULL, NULL);
    const json_t *rows = list(object, "properties", 1), *row;
    size_t i;

    json_array_foreach(rows, i, row)
    {
        ck_assert_ptr_nonnull(nst_properties[i]);
        ck_assert_str_eq(text(row, "name"), nst_properties[i]->name);
        ck_assert_int_eq(number(row, "held") + number(row, "broken") + number(row, "expected") +
                             number(row, "skipped"),
                         60);
        ck_assert_int_eq(number(row, "broken"), 0);
    }
    ck_assert_ptr_null(nst_properties[json_array_size(rows)]);
    json_decref(object);
}
END_TEST

START_TEST(coverage_is_whole_and_agrees_with_itself)
{
    json_t *object = fuzz(0, "--cases=60", NULL, NULL);
    json_t *coverage = json_object_get(object, "coverage"), *group, *hits, *call;
    json_int_t all = 0;
    const char *name;
    size_t i;

    json_array_foreach(list(coverage, "groups", 6), i, group)
    {
        json_int_t reached = 0;

        ck_assert_str_eq(text(group, "name"), nst_feature_groups[i]->name);
        ck_assert_int_eq(number(group, "of"), (json_int_t)nst_feature_groups[i]->len);
        json_object_foreach(json_object_get(group, "features"), name, hits) reached +=
            json_integer_value(hits) > 0;
        ck_assert_uint_eq(json_object_size(json_object_get(group, "features")),
                          nst_feature_groups[i]->len);
        ck_assert_int_eq(number(group, "reached"), reached);
        ck_assert_int_eq((json_int_t)json_array_size(list(group, "never", 0)),
                         number(group, "of") - reached);
    }
    json_object_foreach(json_object_get(coverage, "results"), name, call)
    {
        const char *result;

        json_object_foreach(call, result, hits) all += json_integer_value(hits);
    }
    ck_assert_int_eq(all, number(object, "calls")); /* every call that was performed, once */
    list(coverage, "unreachable", 3);
    json_decref(object);
}
END_TEST

START_TEST(a_finding_carries_its_sequence_and_what_repeats_it)
{
    json_t *object = fuzz(1, "--cases=500", "--setup=no-private", "--swarm=mount,busy");
    const json_t *finding = json_array_get(list(object, "findings", 1), 0), *row;
    json_int_t broken = 0;
    size_t i;

    ck_assert_int_eq(number(object, "status"), 1);
    ck_assert_str_eq(text(object, "setup"), "no-private");
    ck_assert_uint_eq(json_array_size(list(object, "swarm", 2)), 2);
    ck_assert_str_eq(text(finding, "property"), "isolation");
    ck_assert_ptr_nonnull(strstr(text(finding, "sequence"), "1 unshare(CLONE_NEWNS)\n"));
    ck_assert_ptr_nonnull(strstr(text(finding, "text"), "shows in the parent"));
    ck_assert_ptr_nonnull(strstr(text(finding, "repeat"), "--swarm mount,busy"));
    ck_assert_ptr_nonnull(strstr(text(finding, "repeat"), text(finding, "case")));
    json_array_foreach(list(object, "properties", 1), i, row) broken += number(row, "broken");
    ck_assert_int_gt(broken, 0);
    json_decref(object);
}
END_TEST

int main(void)
{
    struct nst_sandbox *sandbox;
    char why[200];
    int r = nst_sandbox_open(NULL, &sandbox, why);
    Suite *suite = suite_create("fuzz_json");
    TCase *tests = tcase_create("fuzz_json");

    if (r < 0) {
        errno = -r;
        return nst_test_cannot(why);
    }
    nst_sandbox_close(sandbox);
    tcase_set_timeout(tests, 100);
    tcase_add_test(tests, it_says_what_was_done_where);
    tcase_add_test(tests, every_property_has_a_row_that_adds_up_to_the_cases);
    tcase_add_test(tests, coverage_is_whole_and_agrees_with_itself);
    tcase_add_test(tests, a_finding_carries_its_sequence_and_what_repeats_it);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);

    srunner_run_all(runner, CK_NORMAL);

    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed ? 1 : 0;
}
