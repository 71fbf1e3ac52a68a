/* Reading mount tables, without a kernel's help. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ns-tool/table.h>

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

#define TREE                                                                                       \
    ROOT "21 20 0:31 / /a rw shared:2 - tmpfs none rw\n"                                           \
         "22 20 0:32 / /b rw master:2 - tmpfs none rw\n"

START_TEST(a_line_of_mountinfo_is_read_field_by_field)
{
    struct nst_table t = read_text("36 35 98:5 /mnt1 /mnt2 rw,noatime shared:7 master:1 "
                                   "propagate_from:2 future:9 unbindable - ext3.sub /dev/root "
                                   "rw,errors=continue\n");
    const struct nst_mount *m = &t.mount[0];

    ck_assert_uint_eq(t.len, 1);
    ck_assert_uint_eq(m->id, 36);
    ck_assert_uint_eq(m->parent_id, 35);
    ck_assert_uint_eq(m->major, 98);
    ck_assert_uint_eq(m->minor, 5);
    ck_assert_str_eq(m->root, "/mnt1");
    ck_assert_str_eq(m->point, "/mnt2");
    ck_assert_str_eq(m->options, "rw,noatime");
    ck_assert_uint_eq(m->peer_group, 7);
    ck_assert_uint_eq(m->master, 1);
    ck_assert_uint_eq(m->propagate_from, 2);
    ck_assert(m->unbindable);
    ck_assert(!m->deleted);
    ck_assert_str_eq(m->type, "ext3.sub");
    ck_assert_str_eq(m->source, "/dev/root");
    ck_assert_str_eq(m->super_options, "rw,errors=continue");
    nst_table_free(&t);
}
END_TEST

START_TEST(escapes_are_undone_but_in_options)
{
    struct nst_table t = read_text(
        "1 1 0:1 /a\\040b\\134//deleted /c\\011\\012\\043\\377 rw - t\\043 s\\040\\134040 "
        "rw,lowerdir=a\\054b\n"
        "2 1 0:1 / /x rw - tmpfs  rw\n"
        "3 1 0:1 / /y rw - tmpfs a\\b rw\n");

    ck_assert_str_eq(t.mount[0].root, "/a b\\//deleted");
    ck_assert_str_eq(t.mount[0].point, "/c\t\n#\377");
    ck_assert(t.mount[0].deleted);
    ck_assert_str_eq(t.mount[0].type, "t#");
    ck_assert_str_eq(t.mount[0].source, "s \\040");
    ck_assert_str_eq(t.mount[0].super_options, "rw,lowerdir=a\\054b");
    ck_assert_str_eq(t.mount[1].source, "");
    ck_assert_str_eq(t.mount[2].source, "a\\b");
    nst_table_free(&t);
}
END_TEST

START_TEST(a_line_of_mounts_is_read_field_by_field)
{
    static const char text[] = "s\\040\\043 /a\\012b tmpfs rw,nosuid,size=4k 0 0\n / / rw 0 0\n";
    struct nst_table t;

    ck_assert_int_eq(nst_mounts_parse(text, strlen(text), &t, NULL), 0);
    ck_assert_uint_eq(t.len, 2);
    ck_assert_str_eq(t.mount[0].source, "s #");
    ck_assert_str_eq(t.mount[0].point, "/a\nb");
    ck_assert_str_eq(t.mount[0].type, "tmpfs");
    ck_assert_str_eq(t.mount[0].options, "rw,nosuid,size=4k");
    ck_assert_str_eq(t.mount[0].root, "");
    ck_assert_str_eq(t.mount[1].source, "");
    ck_assert_int_eq(nst_table_validate(&t, NULL), 0);
    nst_table_free(&t);
    nst_table_free(&t);
}
END_TEST

#define OK "1 1 0:1 / / rw - t s rw\n"

static const struct {
    const char *text;
    size_t line, column;
    bool mounts;
} malformed[] = {
    {"x", 1, 2, false},                            /* no newline */
    {"\n", 1, 1, false},                           /* no id */
    {OK "1 x 0:1 / / rw - t s rw\n", 2, 3, false}, /* parent */
    {"1x 1 0:1 / / rw - t s rw\n", 1, 2, false},   /* end of a number */
    {"-1 1 0:1 / / rw - t s rw\n", 1, 1, false},   /* sign */
    {"2147483648 1 0:1 / / rw - t s rw\n", 1, 1, false},
    {"1 1 4096:1 / / rw - t s rw\n", 1, 5, false}, /* a device number has 12 and 20 bits */
    {"1 1 0:1048576 / / rw - t s rw\n", 1, 7, false},
    {"1 1 0-1 / / rw - t s rw\n", 1, 6, false},
    {"1 1 0:1  / rw - t s rw\n", 1, 9, false},      /* root is empty */
    {"1 1 0:1 /\\8 / rw - t s rw\n", 1, 10, false}, /* escapes */
    {"1 1 0:1 /\\000 / rw - t s rw\n", 1, 10, false},
    {"1 1 0:1 /\\400 / rw - t s rw\n", 1, 10, false},
    {"1 1 0:1 / /a\\04 rw - t s rw\n", 1, 13, false},
    {"1 1 0:1 / / rw\n", 1, 15, false},          /* line ends early */
    {"1 1 0:1 / / rw shared:1\n", 1, 16, false}, /* no separator */
    {"1 1 0:1 / / rw shared: - t s rw\n", 1, 23, false},
    {"1 1 0:1 / / rw shared:1x - t s rw\n", 1, 24, false},
    {"1 1 0:1 / / rw  - t s rw\n", 1, 16, false},
    {"1 1 0:1 / / rw - t s\n", 1, 21, false},
    {"1 1 0:1 / / rw - t s \n", 1, 22, false},
    {OK OK "1 1 0:1 / / rw - t s rw", 3, 24, false},
    {"a\n", 1, 2, true},
    {"s /p t rw 0 1\n", 1, 8, true},
    {"s /p t  0 0\n", 1, 8, true},
    {"s /p\\9 t rw 0 0\n", 1, 5, true},
    {"s /p t 0 0\n", 1, 8, true},
};

START_TEST(malformed_text_is_refused_with_line_and_column)
{
    struct nst_table t;
    struct nst_table_error e = {0};
    size_t len = strlen(malformed[_i].text);
    int result = malformed[_i].mounts ? nst_mounts_parse(malformed[_i].text, len, &t, &e)
                                      : nst_mountinfo_parse(malformed[_i].text, len, &t, &e);

    ck_assert_int_eq(result, -EINVAL);
    ck_assert_ptr_nonnull(e.message);
    ck_assert_msg(e.line == malformed[_i].line && e.column == malformed[_i].column,
                  "%s: %zu:%zu: %s", malformed[_i].text, e.line, e.column, e.message);
    ck_assert_ptr_null(t.mount);
    nst_table_free(&t);
}
END_TEST

START_TEST(a_nul_byte_is_refused)
{
    struct nst_table t;
    struct nst_table_error e = {0};
    char text[] = OK;

    text[8] = '\0';
    ck_assert_int_eq(nst_mountinfo_parse(text, sizeof text - 1, &t, &e), -EINVAL);
    ck_assert_uint_eq(e.column, 9);
    ck_assert_int_eq(nst_mountinfo_parse(NULL, 0, &t, NULL), 0);
    ck_assert_uint_eq(t.len, 0);
    nst_table_free(&t);
}
END_TEST

START_TEST(no_prefix_of_a_text_is_read_beyond_its_end)
{
    static const char text[] = "1 1 0:1 /\\040 / rw shared:1 unbindable - t s rw\n";

    for (size_t len = 0; len < sizeof text; len++) {
        char *copy = malloc(len ? len : 1); /* exact, so that sanitizers see */
        struct nst_table t;

        memcpy(copy, text, len);
        ck_assert_int_eq(nst_mountinfo_parse(copy, len, &t, NULL),
                         len == 0 || len == sizeof text - 1 ? 0 : -EINVAL);
        nst_table_free(&t);
        free(copy);
    }
}
END_TEST

START_TEST(a_table_made_by_hand_is_like_a_read_one)
{
    struct nst_table read = read_text(TREE), made = {0};

    for (size_t n = 0; n < 200; n++) /* so that text and mounts move */
        for (size_t i = 0; i < read.len; i++)
            ck_assert_int_eq(nst_table_add(&made, &read.mount[i]), 0);
    made.len = read.len;
    ck_assert(nst_tables_equal(&read, &made));
    ck_assert_int_eq(nst_table_add(&read, &(struct nst_mount){.id = 5}), 0);
    ck_assert_str_eq(read.mount[3].point, "");
    ck_assert_str_eq(read.mount[2].point, "/b");
    ck_assert_ptr_eq(nst_table_find(&read, 5), &read.mount[3]);
    ck_assert_ptr_null(nst_table_find(&read, 6));
    nst_table_free(&made);
    nst_table_free(&read);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

int main(void)
{
    Suite *suite = suite_create("table");
    TCase *reading = tcase_create("reading");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(reading, a_line_of_mountinfo_is_read_field_by_field);
    tcase_add_test(reading, escapes_are_undone_but_in_options);
    tcase_add_test(reading, a_line_of_mounts_is_read_field_by_field);
    tcase_add_loop_test(reading, malformed_text_is_refused_with_line_and_column, 0,
                        COUNT(malformed));
    tcase_add_test(reading, a_nul_byte_is_refused);
    tcase_add_test(reading, no_prefix_of_a_text_is_read_beyond_its_end);
    tcase_add_test(reading, a_table_made_by_hand_is_like_a_read_one);
    suite_add_tcase(suite, reading);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
