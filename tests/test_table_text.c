/* Tables and what differs between them, in words: every field, every byte, every view. */
#include "nst_test.h"

#include "table_test.h"

static struct nst_table read_text(const char *text)
{
    struct nst_table table;

    ck_assert_int_eq(nst_mountinfo_parse(text, strlen(text), &table, NULL), 0);
    return table;
}

static const struct change_row {
    const char *after, *text;
} change_rows[] = {
    {"22 1 0:31 / /b rw - tmpfs none rw\n", "~ /b: parent 20 -> 1\n"},
    {"22 20 9:31 /x /b rw - ramfs other rw,mode=700\n",
     "~ /b: root / -> /x; type tmpfs -> ramfs; source none -> other; superblock rw -> rw,mode=700; "
     "device major 0 -> 9\n"},
    {"22 20 0:7 / /c rw unbindable - tmpfs none rw\n",
     "~ /c: moved /b -> /c; private -> unbindable; device minor 31 -> 7\n"},
    {"22 20 0:31 / /b rw master:4 propagate_from:3 - tmpfs none rw\n",
     "~ /b: private -> master:4 propagate_from:3\n"},
};

START_TEST(a_change_tells_each_field_that_changed)
{
    const struct change_row *row = &change_rows[_i];
    struct nst_table a = read_text("22 20 0:31 / /b rw - tmpfs none rw\n"),
                     b = read_text(row->after);
    char all[CHANGES] = "", *text;

    ck_assert_int_eq(nst_table_diff(&a, &b, collect, all), 0);
    ck_assert_str_eq(all, row->text);
    text = nst_propagation_text(&a.mount[0]);
    ck_assert_str_eq(text, "private");
    free(text);
    text = nst_propagation_text(&b.mount[0]);
    ck_assert_ptr_nonnull(text);
    ck_assert(strstr("private unbindable master:4 propagate_from:3", text) != NULL);
    free(text);
    nst_table_free(&a);
    nst_table_free(&b);
}
END_TEST

/* What a terminal may be shown stays as it is; all else of a path is escaped: UTF-8 that is
 * overlong, a surrogate or cut off, control characters of C1, what ends or turns lines. */
static const struct text_row {
    const char *path, *text;
} text_rows[] = {
    {"/\xc3\xa4", "/\xc3\xa4"},
    {"/\xe2\x82\xac", "/\xe2\x82\xac"},
    {"/\xf0\x9f\x90\xa7", "/\xf0\x9f\x90\xa7"},
    {"/\xc0\xaf", "/\\300\\257"},
    {"/\xc2\x85", "/\\302\\205"},
    {"/\xc3", "/\\303"},
    {"/\xe0\x80\xaf", "/\\340\\200\\257"},
    {"/\xed\xa0\x80", "/\\355\\240\\200"},
    {"/\xe2\x80\xa8", "/\\342\\200\\250"},
    {"/\xe2\x81\xa6", "/\\342\\201\\246"},
    {"/\xe2\x80", "/\\342\\200"},
    {"/\xf0\x80\x80\xaf", "/\\360\\200\\200\\257"},
    {"/\xf4\x90\x80\x80", "/\\364\\220\\200\\200"},
    {"/\xf5\x80\x80\x80", "/\\365\\200\\200\\200"},
    {"/\xff\x1b", "/\\377\\033"},
};

START_TEST(what_is_not_text_is_escaped)
{
    struct nst_table table = {.len = 0};
    const struct nst_mount mount = {.id = 1, .parent_id = 1, .point = (char *)text_rows[_i].path};
    char *text, want[100];

    ck_assert_int_eq(nst_table_add(&table, &mount), 0);
    text = nst_table_text(&table, NULL);
    ck_assert_ptr_nonnull(text);
    snprintf(want, sizeof want, "dev 1  %s ", text_rows[_i].text);
    ck_assert_msg(strstr(text, want) != NULL, "'%s' isn't in '%s'", want, text);
    free(text);
    nst_table_free(&table);
}
END_TEST

static const struct view_row {
    const char *other; /* by statmount, or by mounts */
    bool mounts;
    const char *says;
} view_rows[] = {
    {"1 1 0:1 / /a rw - t s ro\n", false,
     "/a: superblock options: mountinfo says rw, statmount says ro"},
    {"1 1 0:1 / /a rw - t z rw\n", false, "/a: source: mountinfo says s, statmount says z"},
    {"1 1 0:1 / /a rw - u s rw\n", false, "/a: type: mountinfo says t, statmount says u"},
    {"s /b t rw 0 0\n", true, "/a: mount point: mountinfo says /a, mounts says /b"},
    {"z /a t rw 0 0\n", true, "/a: source: mountinfo says s, mounts says z"},
    {"s /a u rw 0 0\n", true, "/a: type: mountinfo says t, mounts says u"},
};

START_TEST(a_field_in_which_the_views_differ_is_told)
{
    const struct view_row *row = &view_rows[_i];
    struct nst_table a = read_text("1 1 0:1 / /a rw - t s rw\n"), b;
    char *difference = NULL;
    int r;

    if (row->mounts) {
        ck_assert_int_eq(nst_mounts_parse(row->other, strlen(row->other), &b, NULL), 0);
        r = nst_views_compare_mounts(&a, &b, &difference);
    } else {
        b = read_text(row->other);
        r = nst_views_compare(&a, &b, &difference);
    }
    ck_assert_int_eq(r, 1);
    ck_assert_str_eq(difference, row->says);
    free(difference);
    nst_table_free(&a);
    nst_table_free(&b);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

int main(void)
{
    Suite *suite = suite_create("table_text");
    TCase *tests = tcase_create("table_text");

    tcase_add_loop_test(tests, a_change_tells_each_field_that_changed, 0, COUNT(change_rows));
    tcase_add_loop_test(tests, what_is_not_text_is_escaped, 0, COUNT(text_rows));
    tcase_add_loop_test(tests, a_field_in_which_the_views_differ_is_told, 0, COUNT(view_rows));
    suite_add_tcase(suite, tests);
    return nst_test_run_suite(suite);
}
