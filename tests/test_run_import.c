/* ns-tool import and record. */
#include "nst_test.h"

static char *directory, *log_path, *out_path;

static void setup(void)
{
    directory = nst_test_directory();
    ck_assert_int_gt(asprintf(&log_path, "%s/log", directory), 0);
    ck_assert_int_gt(asprintf(&out_path, "%s/out", directory), 0);
}

static void teardown(void)
{
    unlink(log_path);
    unlink(out_path);
    rmdir(directory);
    free(log_path);
    free(out_path);
    free(directory);
}

START_TEST(an_imported_log_is_printed_and_runs)
{
    struct nst_test_run run;

    nst_test_write_file(log_path, "9 unshare(CLONE_NEWNS) = 0\n"
                                  "9 mount(NULL, \"/\", NULL, MS_REC|MS_PRIVATE, NULL) = 0\n"
                                  "9 mount(\"sysfs\", \"/srv\", \"sysfs\", 0, NULL) = 0\n");
    run = nst_test_run_tool((const char *const[]){"import", log_path, NULL}, false);
    ck_assert_int_eq(run.status, 0);
    ck_assert_ptr_nonnull(strstr(run.out, ": 3 of 3 calls, 1 made for them\n"));
    ck_assert_ptr_nonnull(strstr(run.out, "# a tmpfs in place of sysfs: line 3, "));
    ck_assert_ptr_nonnull(strstr(run.out, "1 mkdir(\"/srv\", 0755) = 0\n"));
    nst_test_run_free(&run);
    run = nst_test_run_tool((const char *const[]){"import", "-o", out_path, log_path, NULL}, false);
    ck_assert_int_eq(run.status, 0);
    ck_assert_str_eq(run.out, "");
    nst_test_run_free(&run);
    run = nst_test_run_tool((const char *const[]){"run", out_path, NULL}, false);
    ck_assert_msg(run.status == 0, "%s%s", run.out, run.err);
    nst_test_run_free(&run);
}
END_TEST

static const struct {
    const char *args[5], *log;
    const char *said;
} refused[] = {
    {{"import"}, "", "no LOG given"},
    {{"import", "LOG", "LOG"}, "", "takes one LOG"},
    {{"import", "/nonexistent"}, "", "opening /nonexistent: ENOENT"},
    {{"import", "/"}, "", "reading /: EISDIR"},
    {{"import", "LOG"}, "", "holds no call that can be performed"},
    {{"import", "LOG"}, "1 mount(\"x\", 7) = 0\n", "log:1:14: "},
    {{"import", "-o", "/nonexistent/x", "LOG"}, "1 unshare(0) = 0\n", "opening /nonexistent/x"},
    {{"record"}, "", "no COMMAND given"},
};

START_TEST(bad_input_is_told)
{
    const char *args[6] = {NULL};
    struct nst_test_run run;

    nst_test_write_file(log_path, refused[_i].log);
    for (size_t i = 0; i < 5 && refused[_i].args[i]; i++)
        args[i] = strcmp(refused[_i].args[i], "LOG") ? refused[_i].args[i] : log_path;
    run = nst_test_run_tool(args, false);
    ck_assert_msg(run.status == 2, "%d: %s", run.status, run.err);
    ck_assert_msg(strstr(run.err, refused[_i].said), "no '%s' in %s", refused[_i].said, run.err);
    nst_test_run_free(&run);
}
END_TEST

/* ci/setup installs strace. */
START_TEST(a_command_is_recorded)
{
    struct nst_test_run run;

    if (access("/usr/bin/strace", X_OK) < 0 || !nst_test_real_root())
        return;
    run = nst_test_run_tool((const char *const[]){"record", "--", "unshare", "-m", "true", NULL},
                            false);
    ck_assert_msg(run.status == 0, "%s", run.err);
    ck_assert_msg(strstr(run.out, "1 unshare(CLONE_NEWNS) = 0\n"
                                  "1 mount(\"none\", \"/\", NULL, MS_REC|MS_PRIVATE, NULL) = 0\n"),
                  "%s", run.out);
    nst_test_run_free(&run);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("import");
    TCase *tests = tcase_create("import");
    char command[512];
    int status;

    snprintf(command, sizeof command, "'%s' run /dev/null >/dev/null 2>&1", nst_test_tool());
    status = system(command);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        return nst_test_cannot("ns-tool run cannot make a sandbox");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, an_imported_log_is_printed_and_runs);
    tcase_add_loop_test(tests, bad_input_is_told, 0, sizeof refused / sizeof *refused);
    tcase_add_test(tests, a_command_is_recorded);
    suite_add_tcase(suite, tests);
    return nst_test_run_suite(suite);
}
