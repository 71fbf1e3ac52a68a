/* Comparing, telling and drawing mount tables, without a kernel's help. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table_test.h"

static struct nst_table read_text(const char *text)
{
    struct nst_table table;
    struct nst_table_error error = {0};
    int result = nst_mountinfo_parse(text, strlen(text), &table, &error);

    ck_assert_msg(!result, "%zu:%zu: %s", error.line, error.column, error.message);
    ck_assert_int_eq(nst_table_validate(&table, NULL), 0);
    return table;
}

#define ROOT "20 1 0:30 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"

/* The tree that the rows of equivalence are held against. */
#define TREE                                                                                       \
    ROOT "21 20 0:31 / /a rw shared:2 - tmpfs none rw\n"                                           \
         "22 20 0:32 / /b rw master:2 - tmpfs none rw\n"

static const struct {
    const char *text;
    bool equivalent;
} others[] = {
    {TREE, true},
    /* other numbers */
    {"70 9 0:5 / / rw,relatime shared:11 - ext4 /dev/vda rw\n"
     "71 70 0:6 / /a rw shared:12 - tmpfs none rw\n"
     "72 70 0:7 / /b rw master:12 - tmpfs none rw\n",
     true},
    /* siblings in another order */
    {ROOT "22 20 0:32 / /b rw master:2 - tmpfs none rw\n"
          "21 20 0:31 / /a rw shared:2 - tmpfs none rw\n",
     true},
    /* a peer group is another one */
    {ROOT "21 20 0:31 / /a rw shared:2 - tmpfs none rw\n"
          "22 20 0:32 / /b rw master:1 - tmpfs none rw\n",
     false},
    /* one file system where two were */
    {ROOT "21 20 0:31 / /a rw shared:2 - tmpfs none rw\n"
          "22 20 0:31 / /b rw master:2 - tmpfs none rw\n",
     false},
    /* another parent */
    {ROOT "21 20 0:31 / /a rw shared:2 - tmpfs none rw\n"
          "22 21 0:32 / /b rw master:2 - tmpfs none rw\n",
     false},
    {ROOT "21 20 0:31 / /a ro shared:2 - tmpfs none rw\n"
          "22 20 0:32 / /b rw master:2 - tmpfs none rw\n",
     false},
    {ROOT "21 20 0:31 / /a rw shared:2 - tmpfs none rw\n"
          "22 20 0:32 / /b rw master:2 unbindable - tmpfs none rw\n",
     false},
    {ROOT "21 20 0:31 / /a rw shared:2 - tmpfs none rw\n"
          "22 20 0:32 / /b rw master:2 - tmpfs none ro\n",
     false},
    {ROOT "21 20 0:31 / /a rw shared:2 - tmpfs none rw\n"
          "22 20 0:32 /c /b rw master:2 - tmpfs none rw\n",
     false},
    {ROOT, false},
};

START_TEST(tables_are_equivalent_whatever_their_numbers)
{
    struct nst_table a = read_text(TREE), b = read_text(others[_i].text);
    char *a_text = nst_table_text(&a, NULL), *b_text = nst_table_text(&b, NULL);

    ck_assert(nst_tables_equivalent(&a, &b) == others[_i].equivalent);
    ck_assert(nst_tables_equivalent(&b, &a) == others[_i].equivalent);
    ck_assert((strcmp(a_text, b_text) == 0) == others[_i].equivalent);
    ck_assert(nst_tables_equal(&a, &b) == (_i == 0));
    ck_assert((nst_table_hash(&a) == nst_table_hash(&b)) == (_i == 0));
    free(a_text);
    free(b_text);
    nst_table_free(&a);
    nst_table_free(&b);
}
END_TEST

START_TEST(the_order_of_stacked_siblings_is_meaning)
{
    struct nst_table a =
        read_text(ROOT "21 20 0:3 / /a rw - tmpfs x rw\n22 20 0:4 / /a rw - tmpfs y rw\n");
    struct nst_table b =
        read_text(ROOT "21 20 0:3 / /a rw - tmpfs y rw\n22 20 0:4 / /a rw - tmpfs x rw\n");

    ck_assert(!nst_tables_equivalent(&a, &b));
    nst_table_free(&a);
    nst_table_free(&b);
}
END_TEST

START_TEST(a_renamer_keeps_its_names_over_several_tables)
{
    struct nst_renamer names = {0};

    ck_assert_uint_eq(nst_renamer_mount(&names, 500), 1);
    ck_assert_uint_eq(nst_renamer_mount(&names, 20), 2);
    ck_assert_uint_eq(nst_renamer_group(&names, 20), 1);
    ck_assert_uint_eq(nst_renamer_device(&names, 0, 0), 1);
    ck_assert_uint_eq(nst_renamer_mount(&names, 500), 1);
    ck_assert_uint_eq(nst_renamer_mount(&names, 0), 0);
    for (uint64_t id = 1; id <= 1000; id++)
        nst_renamer_group(&names, id << 32);
    for (uint64_t id = 1; id <= 1000; id++)
        ck_assert_uint_eq(nst_renamer_group(&names, id << 32), id + 1);
    nst_renamer_free(&names);
    nst_renamer_free(&names);
    ck_assert_uint_eq(nst_renamer_mount(&names, 20), 1);
    nst_renamer_free(&names);
}
END_TEST

START_TEST(canonical_text_names_what_it_renames)
{
    struct nst_table t =
        read_text("9 9 8:1 / / rw - ext4 /dev/a rw\n"
                  "7 9 0:9 /\\012 /m\\040n rw,ro shared:5 - tmpfs a\\040b rw,x=\\054\n");
    char *text = nst_table_text(&t, NULL);

    ck_assert_str_eq(
        text, "mount 1 on 1 dev 1 / / rw - ext4 /dev/a rw\n"
              "mount 2 on 1 dev 2 /\\012 /m\\040n rw,ro shared:1 - tmpfs a\\040b rw,x=\\054\n");
    free(text);
    nst_table_free(&t);
}
END_TEST

START_TEST(a_difference_tells_what_appeared_vanished_and_changed)
{
    struct nst_table a = read_text(TREE);
    struct nst_table b =
        read_text(ROOT "21 20 0:31 / /a ro,nosuid - tmpfs none rw\n"
                       "23 21 0:33 / /a/x\\012y rw,nosuid shared:4 master:2 - tmpfs none rw\n");
    char all[CHANGES] = "";

    ck_assert_int_eq(nst_table_diff(&a, &b, collect, all), 0);
    ck_assert_str_eq(all, "~ /a: options rw -> ro,nosuid; shared:2 -> private\n"
                          "- /b tmpfs (rw) master:2\n"
                          "+ /a/x\\012y tmpfs (rw,nosuid) shared:4 master:2\n");
    all[0] = '\0';
    ck_assert_int_eq(nst_table_diff(&a, &a, collect, all), 0);
    ck_assert_str_eq(all, "");
    nst_table_free(&a);
    nst_table_free(&b);
}
END_TEST

START_TEST(a_drawing_is_the_tree_of_parents_with_marks)
{
    struct nst_table a = read_text(
        ROOT "21 20 0:31 / /a rw - tmpfs none rw\n22 21 0:32 / /a/b rw unbindable - tmpfs none rw\n"
             "23 20 0:33 / /c rw master:3 - tmpfs none rw\n");
    struct nst_table b =
        read_text(ROOT "21 20 0:31 / /a ro - tmpfs none rw\n24 20 0:34 / /d rw - tmpfs none rw\n"
                       "22 21 0:32 / /a/b rw unbindable - tmpfs none rw\n");
    char *plain = nst_table_draw(&a, NST_DRAW_ASCII, NULL, NULL),
         *marked = nst_table_draw(&b, NST_DRAW_ASCII, &a, NULL);
    char *colour = nst_table_draw(&b, NST_DRAW_COLOUR, &a, NULL),
         *box = nst_table_draw(&a, 0, NULL, NULL);
    struct nst_renamer renamer = {0};
    char *renamed = nst_table_draw(&a, NST_DRAW_ASCII, &a, &renamer);

    ck_assert_str_eq(plain, "/ ext4 (rw,relatime) shared:1\n"
                            "|-/a tmpfs (rw) private\n"
                            "| `-/a/b tmpfs (rw) unbindable\n"
                            "`-/c tmpfs (rw) master:3\n");
    ck_assert_str_eq(marked, "  / ext4 (rw,relatime) shared:1\n"
                             "~ |-/a tmpfs (ro) private  # options rw -> ro\n"
                             "  | `-/a/b tmpfs (rw) unbindable\n"
                             "+ `-/d tmpfs (rw) private\n"
                             "- /c tmpfs (rw) master:3\n");
    ck_assert_str_eq(renamed, "  / ext4 (rw,relatime) shared:1\n"
                              "  |-/a tmpfs (rw) private\n"
                              "  | `-/a/b tmpfs (rw) unbindable\n"
                              "  `-/c tmpfs (rw) master:2\n");
    ck_assert_ptr_nonnull(strstr(colour, "\033[32m"));
    ck_assert_ptr_nonnull(strstr(box, "│ └─/a/b"));
    ck_assert_ptr_null(strchr(box, '\033'));
    free(plain);
    free(marked);
    free(colour);
    free(box);
    free(renamed);
    nst_renamer_free(&renamer);
    nst_table_free(&a);
    nst_table_free(&b);
}
END_TEST

static const struct {
    const char *a, *b;
    bool same;
} options[] = {
    /* mountinfo, mounts */
    {"rw,nosuid - t s rw,sync,seclabel,size=4k", "rw,sync,seclabel,nosuid,size=4k", true},
    {"ro,nosuid - t s rw", "ro,nosuid", true},
    {"rw - t s ro", "ro", true},
    {"rw - t s rw,lowerdir=a\\054b", "rw,lowerdir=a\\054b", true},
    {"rw - t s rw", "ro", false},
    {"rw,nosuid - t s rw", "rw", false},
    {"rw - t s rw", "rw,nosuid", false},
    {"rw - t s rw,size=4k", "rw,size=8k", false},
    {"rw,nosuid,nodev - t s rw", "rw,nodev,nosuid", false},
    {"rw - t s rw,sync", "rw", false},
};

START_TEST(mounts_merges_the_options_of_mount_and_superblock)
{
    char info[200], merged[200];
    struct nst_table a, b;
    char *difference;

    snprintf(info, sizeof info, "1 1 0:1 / / %s\n", options[_i].a);
    snprintf(merged, sizeof merged, "s / t %s 0 0\n", options[_i].b);
    ck_assert_int_eq(nst_mountinfo_parse(info, strlen(info), &a, NULL), 0);
    ck_assert_int_eq(nst_mounts_parse(merged, strlen(merged), &b, NULL), 0);
    ck_assert_int_eq(nst_views_compare_mounts(&a, &b, &difference), !options[_i].same);
    ck_assert(!difference == options[_i].same);
    free(difference);
    nst_table_free(&a);
    nst_table_free(&b);
}
END_TEST

START_TEST(a_view_that_lacks_or_adds_a_mount_is_told)
{
    struct nst_table a = read_text(TREE), b = read_text(ROOT), c = read_text(TREE);
    char *difference;

    ck_assert_int_eq(nst_views_compare(&a, &c, &difference), 0);
    ck_assert_ptr_null(difference);
    ck_assert_int_eq(nst_views_compare(&a, &b, &difference), 1);
    ck_assert_str_eq(difference, "/a: listed: mountinfo says yes, statmount says no");
    free(difference);
    ck_assert_int_eq(nst_views_compare(&b, &a, &difference), 1);
    ck_assert_str_eq(difference, "/a: listed: mountinfo says no, statmount says yes");
    free(difference);
    c.mount[2].master = 9;
    ck_assert_int_eq(nst_views_compare(&a, &c, &difference), 1);
    ck_assert_str_eq(difference, "/b: master: mountinfo says 2, statmount says 9");
    free(difference);
    ck_assert_int_eq(nst_views_compare(&a, &c, NULL), 1);
    nst_table_free(&a);
    nst_table_free(&b);
    nst_table_free(&c);
}
END_TEST

static const char *const broken[] = {
    "1 1 0:1 / / rw - t s rw\n1 1 0:1 / /a rw - t s rw\n", /* one id twice */
    "0 1 0:1 / / rw - t s rw\n",                           /* no id */
    "1 1 0:1 / / rw - t s rw\n2 3 0:1 / /a rw - t s rw\n3 2 0:1 / /a rw - t s rw\n", /* a circle */
    "1 1 0:1 / a rw - t s rw\n",                                                     /* relative */
};

START_TEST(a_table_that_breaks_an_invariant_is_not_valid_but_harmless)
{
    struct nst_table t;
    const char *message;
    char *drawn, *text;

    ck_assert_int_eq(nst_mountinfo_parse(broken[_i], strlen(broken[_i]), &t, NULL), 0);
    ck_assert_int_eq(nst_table_validate(&t, &message), -EINVAL);
    ck_assert_ptr_nonnull(message);
    drawn = nst_table_draw(&t, 0, &t, NULL);
    text = nst_table_text(&t, NULL);
    ck_assert(drawn && text && nst_tables_equivalent(&t, &t));
    free(drawn);
    free(text);
    nst_table_free(&t);
}
END_TEST

/* A chain, a fan and 10,000 mounts; anything worse than n log n would outlast the test's time. */
START_TEST(ten_thousand_mounts_take_no_time)
{
    enum { MANY = 10000 };
    size_t size = (size_t)MANY * 100, len = 0;
    char *text = malloc(size);
    struct nst_table a, b;
    char *drawn;

    for (int i = 1; i <= MANY; i++)
        len += (size_t)snprintf(text + len, size - len,
                                "%d %d 0:%d / /a%d rw shared:%d - tmpfs none rw\n", i,
                                _i == 0   ? i - 1
                                : _i == 1 ? 1
                                          : i / 2,
                                i, MANY - i, i);
    ck_assert_int_eq(nst_mountinfo_parse(text, len, &a, NULL), 0);
    ck_assert_int_eq(nst_mountinfo_parse(text, len, &b, NULL), 0);
    for (int n = 0; n < 10; n++) {
        ck_assert_int_eq(nst_table_validate(&a, NULL), 0);
        ck_assert(nst_tables_equal(&a, &b));
        ck_assert(nst_tables_equivalent(&a, &b));
        ck_assert_uint_eq(nst_table_hash(&a), nst_table_hash(&b));
        ck_assert_int_eq(nst_views_compare(&a, &b, NULL), 0);
    }
    if (_i) { /* a chain's drawing is as wide as it is deep */
        drawn = nst_table_draw(&a, 0, &b, NULL);
        ck_assert_ptr_nonnull(drawn);
        free(drawn);
    }
    free(text);
    nst_table_free(&a);
    nst_table_free(&b);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

int main(void)
{
    Suite *suite = suite_create("table_compare");
    TCase *comparing = tcase_create("comparing"), *telling = tcase_create("telling");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_loop_test(comparing, tables_are_equivalent_whatever_their_numbers, 0, COUNT(others));
    tcase_add_test(comparing, the_order_of_stacked_siblings_is_meaning);
    tcase_add_test(comparing, a_renamer_keeps_its_names_over_several_tables);
    tcase_add_loop_test(comparing, mounts_merges_the_options_of_mount_and_superblock, 0,
                        COUNT(options));
    tcase_add_test(comparing, a_view_that_lacks_or_adds_a_mount_is_told);
    tcase_add_loop_test(comparing, a_table_that_breaks_an_invariant_is_not_valid_but_harmless, 0,
                        COUNT(broken));
    tcase_add_loop_test(comparing, ten_thousand_mounts_take_no_time, 0, 3);
    suite_add_tcase(suite, comparing);
    tcase_add_test(telling, canonical_text_names_what_it_renames);
    tcase_add_test(telling, a_difference_tells_what_appeared_vanished_and_changed);
    tcase_add_test(telling, a_drawing_is_the_tree_of_parents_with_marks);
    suite_add_tcase(suite, telling);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
