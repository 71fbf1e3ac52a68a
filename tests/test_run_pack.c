/* ns-tool pack: a sequence for each rule, which this kernel answers as is expected, and others that
 * it isn't asked. */
#include "nst_corpus.h"
#include "nst_test.h"
#include "sandbox_test.h"

#include <ns-tool/kept.h>

static char *directory, *pack;
static struct nst_corpus files;

/* Returns its directory, owned. */
static char *make_pack(const char *name, struct nst_corpus *ret_files)
{
    struct nst_test_run run;
    char *made;

    ck_assert_int_gt(asprintf(&made, "%s/%s", directory, name), 0);
    run = nst_test_run_tool((const char *const[]){"pack", "--depth=1", "--cases=800", made, NULL},
                            false);
    ck_assert_msg(run.status == 0, "%s", run.err);
    ck_assert_msg(strstr(run.out, " rows of the coverage tables\n"), "%s", run.out);
    nst_test_run_free(&run);
    nst_corpus_add(ret_files, made);
    return made;
}

static void remove_pack(char *made, struct nst_corpus *of)
{
    for (int i = 0; i < of->len; i++)
        unlink(of->file[i]);
    nst_corpus_free(of);
    rmdir(made);
    free(made);
}

static void setup(void)
{
    directory = nst_test_directory();
    pack = make_pack("pack", &files);
}

static void teardown(void)
{
    remove_pack(pack, &files);
    rmdir(directory);
    free(directory);
}

START_TEST(the_same_options_give_the_same_files)
{
    struct nst_corpus twins = {.len = 0};
    char *twin = make_pack("twin", &twins);

    ck_assert_int_eq(twins.len, files.len);
    for (int i = 0; i < files.len; i++) {
        const char *name = strrchr(files.file[i], '/');
        char *path, *a, *b;
        size_t len;

        ck_assert_int_gt(asprintf(&path, "%s%s", twin, name), 0);
        a = nst_corpus_text(files.file[i], &len);
        b = nst_corpus_text(path, &len);
        ck_assert_str_eq(a, b);
        free(path);
        free(a);
        free(b);
    }
    remove_pack(twin, &twins);
}
END_TEST

/* `run --tap` of the files of the pack, and of PATH where it isn't NULL. */
static struct nst_test_run run_tap(const char *option, const char *path)
{
    const char **args = calloc((size_t)files.len + 5, sizeof *args);
    struct nst_test_run run;
    size_t n = 0;

    args[n++] = "run";
    args[n++] = "--tap";
    args[n++] = option;
    for (int i = 0; i < files.len && !path; i++)
        args[n++] = files.file[i];
    if (path)
        args[n++] = path;
    run = nst_test_run_tool(args, false);
    free(args);
    return run;
}

static size_t lines_with(const char *text, const char *begin)
{
    size_t n = 0, len = strlen(begin);

    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
        n += !strncmp(line, begin, len);
    return n;
}

START_TEST(each_file_says_its_rule_its_source_and_what_is_expected)
{
    size_t older = 0;

    ck_assert_int_gt(files.len, 500);
    for (int i = 0; i < files.len; i++) {
        size_t len;
        char *text = nst_corpus_text(files.file[i], &len);

        ck_assert_msg(!strncmp(text, "# rule: ", 8), "%s:\n%s", files.file[i], text);
        ck_assert_msg(strstr(text, "\n# source: "), "%s:\n%s", files.file[i], text);
        ck_assert_msg(strstr(text, "\n# options: --random --expected\n"), "%s:\n%s", files.file[i],
                      text);
        ck_assert_msg(!strstr(text, " = ?"), "%s:\n%s", files.file[i], text);
        older += strstr(text, "\n# without: ") != NULL;
        free(text);
    }
    ck_assert_uint_gt(older, 3);
}
END_TEST

/* No file has a rule that another has, but for what older kernels answer. */
START_TEST(no_rule_is_there_twice)
{
    char **rule = calloc((size_t)files.len, sizeof *rule);

    for (int i = 0; i < files.len; i++) {
        size_t len;

        rule[i] = nst_corpus_text(files.file[i], &len);
        if (strstr(rule[i], "\n# without: ") || strstr(rule[i], "\n# reaches: "))
            *rule[i] = '\0';
        rule[i][strcspn(rule[i], "\n")] = '\0';
    }
    for (int i = 0; i < files.len; i++)
        for (int n = 0; n < i; n++)
            ck_assert_msg(!*rule[i] || strcmp(rule[i], rule[n]) != 0, "%s and %s: %s",
                          files.file[i], files.file[n], rule[i]);
    for (int i = 0; i < files.len; i++)
        free(rule[i]);
    free(rule);
}
END_TEST

START_TEST(the_newest_kernel_that_the_model_knows_passes)
{
    struct nst_test_run run = run_tap("--model", NULL);

    ck_assert_msg(run.status == 0, "%.3000s\n%s", run.out, run.err);
    ck_assert_uint_eq(lines_with(run.out, "ok "), (size_t)files.len);
    nst_test_run_free(&run);
}
END_TEST

START_TEST(this_kernel_passes_but_for_what_is_known_of_it)
{
    struct nst_test_run run = run_tap("--quiet", NULL);
    const char *skip = strstr(run.out, " # SKIP");

    ck_assert_msg(run.status == 0, "%.3000s\n%s", run.out, run.err);
    ck_assert_uint_eq(lines_with(run.out, "ok "), (size_t)files.len);
    ck_assert_ptr_nonnull(skip); /* what only others answer, or only newer ones */
    ck_assert_ptr_nonnull(strstr(run.out, "\n# Totals: pass:"));
    nst_test_run_free(&run);
}
END_TEST

static const struct {
    const char *text;
    int status;
    const char *out, *err;
} rows[] = {
    {"# options: --random --expected\n1 mkdir(\"/a\", 0755) = 0\n", 1, "not ok 1 it\n", ""},
    {"# options: --random --expected\n1 mkdir(\"/a\", 0755) = -1 EEXIST (File exists)\n", 0,
     "ok 1 it\n", ""},
    {"# options: --random\n1 mkdir(\"/a\", 0755) = 0\n", 0, "ok 1 it\n", ""},
    {"# without: time-namespaces, set-group\n1 mkdir(\"/a\", 0755) = 0\n", 0, "ok 1 it # SKIP\n",
     ""},
    {"# needs: warp\n1 mkdir(\"/a\", 0755) = 0\n", 2, "", "there is no feature 'warp' of kernels"},
    {"# options: --expect\n1 mkdir(\"/a\", 0755) = 0\n", 2, "", "--expected"},
};

START_TEST(every_file_is_judged_as_its_row_says)
{
    struct nst_test_run run;
    char *path;

    ck_assert_int_gt(asprintf(&path, "%s/it", directory), 0);
    ck_assert_int_eq(nst_test_write_file(path, rows[_i].text), 0);
    run = run_tap("--quiet", path);
    unlink(path);
    free(path);
    ck_assert_msg(run.status == rows[_i].status, "%d: %s\n%s", run.status, run.out, run.err);
    ck_assert_msg(strstr(run.out, rows[_i].out), "%s", run.out);
    ck_assert_msg(strstr(rows[_i].status == 2 && !*run.err ? run.out : run.err, rows[_i].err),
                  "%s\n%s", run.out, run.err);
    nst_test_run_free(&run);
}
END_TEST

START_TEST(a_directory_that_is_there_is_left_alone)
{
    struct nst_test_run run =
        nst_test_run_tool((const char *const[]){"pack", directory, NULL}, false);

    ck_assert_int_eq(run.status, 2);
    ck_assert_msg(strstr(run.err, "EEXIST"), "%s", run.err);
    nst_test_run_free(&run);
}
END_TEST

int main(void)
{
    int status = nst_test_no_sandbox();

    if (status)
        return status;
    Suite *suite = suite_create("pack");
    TCase *tests = tcase_create("pack");

    tcase_set_timeout(tests, 300);
    tcase_add_unchecked_fixture(tests, setup, teardown);
    tcase_add_test(tests, the_same_options_give_the_same_files);
    tcase_add_test(tests, each_file_says_its_rule_its_source_and_what_is_expected);
    tcase_add_test(tests, no_rule_is_there_twice);
    tcase_add_test(tests, the_newest_kernel_that_the_model_knows_passes);
    tcase_add_test(tests, this_kernel_passes_but_for_what_is_known_of_it);
    tcase_add_loop_test(tests, every_file_is_judged_as_its_row_says, 0, sizeof rows / sizeof *rows);
    tcase_add_test(tests, a_directory_that_is_there_is_left_alone);
    suite_add_tcase(suite, tests);
    return nst_test_run_suite(suite);
}
