/* ns-tool shrink: what it prints breaks the same, and nothing shorter does. */
#include "nst_test.h"

static struct nst_test_run shrink(const char *text, const char *option, char *path)
{
    int fd = mkostemp(path, O_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    return nst_test_run_tool((const char *const[]){"shrink", path, option, NULL}, false);
}

static const struct {
    const char *text, *option;
    int status;
    const char *out, *err; /* what each says, at least */
} rows[] = {
    {"1 mkdir(\"/a/x\", 0755)\n1 unshare(CLONE_NEWNS)\n1 chdir(\"/b\")\n"
     "1 mount(\"x\", \"/a/x\", \"tmpfs\", MS_NOSUID, \"size=1M\")\n1 umount2(\"/a/x\", 0)\n",
     NULL, 1, "1 unshare(CLONE_NEWNS)\n1 mount(\"none\", \"/\", \"tmpfs\", 0, NULL)\n",
     "5 calls, shrunk to 2 in "},
    {"1 unshare(CLONE_NEWNS)\n1 mount(\"x\", \"/a\", \"tmpfs\", 0, NULL)\n",
     "--property=noninterference", 1, "# property: noninterference\n", "2 calls, shrunk to 2 in "},
    {"# property: isolation\n# options: --random --isolated\n1 unshare(CLONE_NEWNS)\n"
     "1 mount(\"x\", \"/a\", \"tmpfs\", 0, NULL)\n",
     NULL, 1, "# options: --random --isolated\n1 unshare(CLONE_NEWNS)\n", ""},
    {"1 rmdir(\"/none\") = 0\n", NULL, 1, "# property: expectation\n", "1 calls, shrunk to 1 in "},
    {"1 mkdir(\"/a/x\", 0755)\n", NULL, 0, "", "breaks nothing\n"},
    {"1 unshare(CLONE_NEWNS)\n1 mount(\"x\", \"/a\", \"tmpfs\", 0, NULL)\n", "--property=views", 0,
     "", "breaks not views\n"},
    {"1 mkdir(\"/a/x\", 0755)\n", "--property=no", 2, "", "--property takes one that"},
    {"# nothing\n", NULL, 2, "", "holds no call that can be performed"},
    {"1 mkdir(\n", NULL, 2, "", ":1:9: "},
};

START_TEST(it_prints_the_shortest_that_breaks_the_same)
{
    char path[] = "/tmp/nst-shrink-XXXXXX", again[] = "/tmp/nst-shrunk-XXXXXX";
    struct nst_test_run run = shrink(rows[_i].text, rows[_i].option, path);

    ck_assert_msg(run.status == rows[_i].status && strstr(run.out, rows[_i].out) &&
                      strstr(run.err, rows[_i].err),
                  "status %d\n%s\n%s", run.status, run.out, run.err);
    if (run.status == 1) { /* as a file it breaks, and is as short as can be */
        struct nst_test_run second = shrink(run.out, NULL, again);

        ck_assert_int_eq(second.status, 1);
        ck_assert_str_eq(second.out, run.out);
        nst_test_run_free(&second);
        unlink(again);
    }
    nst_test_run_free(&run);
    unlink(path);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("shrink command");
    TCase *tests = tcase_create("shrink command");
    char command[512];

    snprintf(command, sizeof command, "'%s' run /dev/null >/dev/null 2>&1", nst_test_tool());
    int status = system(command);

    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        return nst_test_cannot("ns-tool shrink cannot make a sandbox");

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, it_prints_the_shortest_that_breaks_the_same, 0,
                        sizeof rows / sizeof *rows);
    suite_add_tcase(suite, tests);
    return nst_test_run_suite(suite);
}
