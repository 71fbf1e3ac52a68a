/* ns-tool export: every file of the corpus, and every finding, as a program of its own that goes as
 * it did, and says so where it doesn't. */
#include "nst_corpus.h"
#include "nst_test.h"

static struct nst_corpus corpus;
static char *directory;

static char *path_of(const char *name)
{
    char *path;

    ck_assert_int_gt(asprintf(&path, "%s/%s", directory, name), 0);
    return path;
}

static void setup(void)
{
    directory = nst_test_directory();
}

static void teardown(void)
{
    static const char *const names[] = {"it.c", "it", "it.sh", "it.seq", "it.out"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = path_of(names[i]);

        unlink(path);
        free(path);
    }
    rmdir(directory);
    free(directory);
}

/* The exit status of a command line, whose output goes to it.out. */
static int shell(const char *format, const char *a, const char *b)
{
    char *inner, *whole, *out = path_of("it.out");
    int status;

    ck_assert_int_gt(asprintf(&inner, format, a, b), 0);
    ck_assert_int_gt(asprintf(&whole, "{ %s ; } >'%s' 2>&1 </dev/null", inner, out), 0);
    status = system(whole);
    free(inner);
    free(whole);
    free(out);
    return nst_test_status(status);
}

static void fail_with_output(const char *what, const char *of, int status)
{
    char *path = path_of("it.out");
    size_t len;

    ck_abort_msg("%s: %s %d\n%.2500s", of, what, status, nst_corpus_text(path, &len));
}

static void write_text(const char *name, const char *text)
{
    char *path = path_of(name);

    unlink(path);
    ck_assert_int_eq(nst_test_write_file(path, text), 0);
    free(path);
}

/* What the program in TEXT exits with. */
static int run_c(const char *text, const char *of)
{
    char *source = path_of("it.c"), *program = path_of("it");
    int status;

    write_text("it.c", text);
    status = shell("cc -Wall -Wextra -Werror -o '%s' '%s'", program, source);
    if (status)
        fail_with_output("compiling", of, status);
    status = shell("'%s'%s", program, "");
    free(source);
    free(program);
    return status;
}

static int run_sh(const char *text)
{
    char *script = path_of("it.sh");
    int status;

    write_text("it.sh", text);
    status = shell("sh '%s'%s", script, "");
    free(script);
    return status;
}

static struct nst_test_run export(const char *form, const char *path)
{
    return nst_test_run_tool((const char *const[]){"export", form, path, NULL}, false);
}

START_TEST(each_file_of_the_corpus_goes_as_it_did_in_c_and_where_it_can_in_sh)
{
    const char *path = corpus.file[_i];
    struct nst_test_run run = export("--c", path);
    int status;

    ck_assert_msg(run.status == 0, "%s: %s", path, run.err);
    status = run_c(run.out, path);
    if (status != 1)
        fail_with_output("in C", path, status);
    nst_test_run_free(&run);
    run = export("--sh", path);
    if (run.status == 2)
        ck_assert_msg(strstr(run.err, "can't be said in sh"), "%s", run.err);
    else
        ck_assert_msg(run.status == 0, "%s", run.err);
    status = run.status ? 1 : run_sh(run.out);
    if (status != 1)
        fail_with_output("in sh", path, status);
    nst_test_run_free(&run);
}
END_TEST

/* TEXT with the first FROM as TO, of the same length; it must be there. */
static char *spoil(const char *text, const char *from, const char *to)
{
    char *copy = strdup(text), *at = strstr(copy, from);

    ck_assert_msg(at, "no '%s' in\n%s", from, text);
    memcpy(at, to, strlen(from));
    return copy;
}

#define LEAK                                                                                       \
    "1 unshare(CLONE_NEWNS) = 0\n1 mkdir(\"/mnt/x\", 0755) = 0\n"                                  \
    "1 mount(\"none\", \"/mnt/x\", \"tmpfs\", MS_NOSUID, NULL) = 0\n"                              \
    "1 umount2(\"/mnt/y\", 0) = -1 ENOENT (No such file or directory)\n"

/* What was seen, changed: a reproducer that passes it over proves nothing. */
static const struct {
    const char *form, *from, *to;
} spoilt[] = {
    {"--c", "rw,nosuid,relatime shared:3 - ", "ro,nosuid,relatime shared:3 - "},
    {"--c", "shared:3 - tmpfs", "shared:4 - tmpfs"},
    {"--c", "call_1, 0, ", "call_1, 2, "},
    {"--c", "/mnt/x rw,nosuid,relatime shared:3", "/mnt/z rw,nosuid,relatime shared:3"},
    {"--c", "return do_unshare(0x20000L)", "return do_unshare(0x00000L)"},
    {"--sh", "/mnt/x tmpfs rw,nosuid", "/mnt/x tmpfs ro,nosuid"},
    {"--sh", "relatime shared\nEND", "relatime slave \nEND"},
    {"--sh", "0755)' 0 'mkdir", "0755)' 1 'mkdir"},
    {"--sh", "--propagation unchanged", "--propagation private  "},
};

START_TEST(one_that_was_spoilt_says_that_the_finding_is_gone)
{
    char *path = path_of("it.seq"), *text;
    struct nst_test_run run;
    bool c = !strcmp(spoilt[_i].form, "--c");
    int status;

    write_text("it.seq", LEAK);
    run = export(spoilt[_i].form, path);
    ck_assert_msg(run.status == 0, "%s", run.err);
    ck_assert_ptr_nonnull(strstr(run.out, "property: isolation"));
    ck_assert_ptr_nonnull(strstr(run.out, "expected: what is mounted in a private or slave tree"));
    ck_assert_ptr_nonnull(strstr(run.out, "seen: mount by actor 1"));
    ck_assert_ptr_null(strstr(run.out, "ENOENT")); /* it ends where the finding is */
    status = c ? run_c(run.out, "leak") : run_sh(run.out);
    if (status != 1)
        fail_with_output("whole", "leak", status);
    text = spoil(run.out, spoilt[_i].from, spoilt[_i].to);
    status = c ? run_c(text, "leak") : run_sh(text);
    if (status != 0)
        fail_with_output("spoilt", spoilt[_i].from, status);
    free(text);
    free(path);
    nst_test_run_free(&run);
}
END_TEST

START_TEST(what_the_model_predicts_goes_so_too)
{
    char *path = path_of("it.seq");
    struct nst_test_run run;

    write_text("it.seq", LEAK);
    run = nst_test_run_tool((const char *const[]){"export", "--c", "--model", path, NULL}, false);
    ck_assert_msg(run.status == 0, "%s", run.err);
    ck_assert_ptr_nonnull(strstr(run.out, "as the reference model predicts it"));
    ck_assert_int_eq(run_c(run.out, "leak"), 1);
    nst_test_run_free(&run);
    free(path);
}
END_TEST

static const struct {
    const char *args[5], *text, *said;
} refused[] = {
    {{"export", "--c"}, "", "no FILE given"},
    {{"export", "FILE"}, "", "takes one of --c and --sh"},
    {{"export", "--c", "--sh", "FILE"}, "", "takes one of --c and --sh"},
    {{"export", "--c", "FILE"}, "", "holds no call"},
    {{"export", "--c", "/nonexistent"}, "", "opening /nonexistent: ENOENT"},
    {{"export", "--sh", "FILE"},
     "1 open_tree(AT_FDCWD, \"/a\", OPEN_TREE_CLONE) = 3\n",
     "open_tree(AT_FDCWD, \"/a\", OPEN_TREE_CLONE) can't be said in sh; --c can"},
};

START_TEST(bad_input_is_told)
{
    const char *args[6] = {NULL};
    char *path = path_of("it.seq");
    struct nst_test_run run;

    write_text("it.seq", refused[_i].text);
    for (size_t i = 0; i < 5 && refused[_i].args[i]; i++)
        args[i] = strcmp(refused[_i].args[i], "FILE") ? refused[_i].args[i] : path;
    run = nst_test_run_tool(args, false);
    ck_assert_msg(run.status == 2, "%d: %s", run.status, run.err);
    ck_assert_msg(strstr(run.err, refused[_i].said), "no '%s' in %s", refused[_i].said, run.err);
    ck_assert_str_eq(run.out, "");
    nst_test_run_free(&run);
    free(path);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("export");
    TCase *tests = tcase_create("export");
    char command[512];
    int status;

    snprintf(command, sizeof command, "'%s' run /dev/null >/dev/null 2>&1", nst_test_tool());
    status = system(command);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        return nst_test_cannot("ns-tool run cannot make a sandbox");
    nst_corpus_find(&corpus, "corpus/fuzz_sequence");
    char *findings = nst_corpus_join(getenv("NST_SOURCE_DIR"), "corpus/findings");

    nst_corpus_add(&corpus, findings);
    free(findings);
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, each_file_of_the_corpus_goes_as_it_did_in_c_and_where_it_can_in_sh,
                        0, corpus.len);
    tcase_add_loop_test(tests, one_that_was_spoilt_says_that_the_finding_is_gone, 0,
                        sizeof spoilt / sizeof *spoilt);
    tcase_add_test(tests, what_the_model_predicts_goes_so_too);
    tcase_add_loop_test(tests, bad_input_is_told, 0, sizeof refused / sizeof *refused);
    suite_add_tcase(suite, tests);
    return nst_test_run_suite(suite);
}
