/* What must never be shown again isn't, what kernels are known to break is expected of them, and
 * both are told apart from anything new. */
#include <sys/utsname.h>

#include "nst_corpus.h"
#include "sandbox_test.h"

#define LEAK "1 unshare(CLONE_NEWNS) = 0\n1 mount(\"none\", \"/a\", \"tmpfs\", 0, NULL) = 0\n"
#define SOUND "1 mkdir(\"/a/x\", 0755) = 0\n"
#define WRONG "1 mkdir(\"/a/x\", 0755) = -1 EPERM (Operation not permitted)\n"

static struct nst_corpus regressions, findings;

static struct nst_test_run run_file(const char *path)
{
    return nst_test_run_tool((const char *const[]){"run", "-q", path, NULL}, false);
}

static void must_say(const struct nst_test_run *run, int status, const char *says)
{
    ck_assert_msg(run->status == status && strstr(status == 2 ? run->err : run->out, says),
                  "status %d, expected %d and '%s':\n%s%s", run->status, status, says, run->out,
                  run->err);
}

START_TEST(no_regression_is_back)
{
    struct nst_test_run run = run_file(regressions.file[_i]);

    must_say(&run, 0, "a failure that was kept: ");
    nst_test_run_free(&run);
}
END_TEST

/* Where this fails with "mended", the kernel at hand is to be taken out of the file; where with a
 * property that fails, to be added. */
START_TEST(a_finding_breaks_the_kernels_that_it_names_and_no_other)
{
    struct nst_test_run run = run_file(findings.file[_i]);

    must_say(&run, 0, "a known finding: ");
    nst_test_run_free(&run);
}
END_TEST

/* HERE stands for the release of the kernel at hand. */
static const struct {
    const char *comments, *calls;
    int status;
    const char *says; /* on standard error where status is 2 */
} rows[] = {
    {"# finding: isolation, noninterference\n# kernel: HERE (x86_64)\n", LEAK, 0,
     "isolation       expected-finding: "},
    {"# finding: views, isolation\n# kernel: 1.2.3 (x86_64), HERE\n", SOUND LEAK, 1, "mended: "},
    {"# finding: isolation, noninterference\n# seen: yes\n\n# kernel: 1.2.3, HERE\n", LEAK, 0,
     "expected-finding"},
    /* mutants of the first */
    {"# finding: isolation\n# kernel: 1.2.3 (x86_64)\n", LEAK, 1, "isolation       fail: "},
    {"# finding: isolation\n# kernel: HERE1 (x86_64)\n", LEAK, 1, "isolation       fail: "},
    {"# finding: isolation\n", LEAK, 1, "isolation       fail: "},
    {"# finding: views\n# kernel: HERE\n", LEAK, 1, "isolation       fail: "},
    {"# property: isolation\n# kernel: HERE\n", LEAK, 1, "isolation       fail: "},
    {"# isolation\n# kernel: HERE\n", LEAK, 1, "isolation       fail: "},
    {"# finding: isolation\n# kernel: HERE\n", SOUND, 1, "mended: isolation holds"},
    /* options */
    {"# property: views\n# options: --random\n", WRONG, 0, "expectation     pass"},
    {"# property: views\n", WRONG, 1, "expectation     fail"},
    {"# property: isolation\n# options: --random\n", LEAK, 0, "isolation       pass"},
    {"# property: isolation\n# options: --random --isolated\n", LEAK, 1, "isolation       fail"},
    {"# options: --no-fanotify\n", SOUND, 0, "watched by polling"},
    {"# options: --jobs\n", SOUND, 2, "'# options:' has '--jobs'"},
    {"# property: isolations\n", SOUND, 2, "there is no property 'isolations'"},
    {"# finding: views, \n", SOUND, 2, "there is no property ''"},
};

/* The version of the kernel at hand with another patch level: still the same. */
static void this_version(char version[64])
{
    struct utsname here;
    unsigned major = 0, minor = 0;

    ck_assert_int_eq(uname(&here), 0);
    ck_assert_int_eq(sscanf(here.release, "%u.%u", &major, &minor), 2);
    snprintf(version, 64, "%u.%u", major, minor);
}

static void write_row(const char *path, const char *comments, const char *calls)
{
    const char *mark = strstr(comments, "HERE");
    char version[64], *text;

    this_version(version);
    ck_assert_int_gt(asprintf(&text, "%.*s%s%s%s", (int)(mark ? mark - comments : 0), comments,
                              mark ? version : "", mark ? mark + 4 : comments, calls),
                     0);
    ck_assert_int_eq(nst_test_write_file(path, text), 0);
    free(text);
}

START_TEST(what_the_comments_say_of_a_sequence_is_heeded)
{
    char *directory = nst_test_directory(), *path = nst_corpus_join(directory, "sequence");

    write_row(path, rows[_i].comments, rows[_i].calls);

    struct nst_test_run run = run_file(path);

    unlink(path);
    rmdir(directory);
    must_say(&run, rows[_i].status, rows[_i].says);
    nst_test_run_free(&run);
    free(path);
    free(directory);
}
END_TEST

/* A search for what a broken setup breaks, in a directory with a finding: COMMENTS and CALLS. */
static struct nst_test_run search(const char *comments, const char *calls)
{
    char *directory = nst_test_directory();

    ck_assert_int_eq(chdir(directory), 0);
    ck_assert_int_eq(mkdir("corpus", 0755), 0);
    ck_assert_int_eq(mkdir("corpus/findings", 0755), 0);
    write_row("corpus/findings/isolation-known", comments, calls);

    struct nst_test_run run =
        nst_test_run_tool((const char *const[]){"fuzz", "--seed=7", "--cases=40", "--jobs=2",
                                                "--share=0", "--setup=no-private", NULL},
                          false);

    unlink("corpus/findings/isolation-known");
    rmdir("corpus/findings");
    rmdir("corpus");
    ck_assert_int_eq(rmdir(directory), 0); /* nothing was kept */
    free(directory);
    return run;
}

START_TEST(a_search_goes_on_when_it_meets_a_known_finding)
{
    struct nst_test_run run =
        search("# finding: isolation\n# kernel: HERE\n", "1 unshare(CLONE_NEWNS)\n");

    must_say(&run, 0, "40 cases in ");
    must_say(&run, 0, "isolation       held, expected-finding in ");
    must_say(&run, 0, "corpus/findings/isolation-known: isolation: mended, it holds now\n");
    nst_test_run_free(&run);
}
END_TEST

/* Whatever the calls are. */
START_TEST(a_search_knows_a_finding_by_what_is_seen)
{
    struct nst_test_run run =
        search("# finding: isolation\n# kernel: HERE\n# known by: *shows in the parent: + *\n",
               "1 unshare(CLONE_NEWPID)\n");

    must_say(&run, 0, "40 cases in ");
    must_say(&run, 0, "isolation       held, expected-finding in ");
    nst_test_run_free(&run);
}
END_TEST

START_TEST(a_search_ends_when_it_meets_another_one)
{
    static const char *const others[][2] = {
        {"# finding: isolation\n# kernel: HERE\n# known by: *shows in the parent: - *\n",
         "1 unshare(CLONE_NEWNS)\n"},
        {"# finding: isolation\n# kernel: HERE9\n", "1 unshare(CLONE_NEWNS)\n"},
        {"# finding: views\n# kernel: HERE\n", "1 unshare(CLONE_NEWNS)\n"},
        {"# finding: isolation\n# kernel: HERE\n", "1 unshare(CLONE_NEWNS|CLONE_NEWUSER)\n"},
        {"# finding: isolation\n# kernel: HERE\n",
         "1 unshare(CLONE_NEWNS)\n1 unshare(CLONE_NEWNS)\n"}};

    struct nst_test_run run = search(others[_i][0], others[_i][1]);

    must_say(&run, 1, " breaks isolation: ");
    nst_test_run_free(&run);
}
END_TEST

int main(void)
{
    int status = nst_test_no_sandbox();

    if (status)
        return status;
    nst_corpus_find(&regressions, "corpus/regressions");
    nst_corpus_find(&findings, "corpus/findings");

    Suite *suite = suite_create("regressions");
    TCase *tests = tcase_create("regressions");

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, no_regression_is_back, 0, regressions.len);
    tcase_add_loop_test(tests, a_finding_breaks_the_kernels_that_it_names_and_no_other, 0,
                        findings.len);
    tcase_add_loop_test(tests, what_the_comments_say_of_a_sequence_is_heeded, 0,
                        sizeof rows / sizeof *rows);
    tcase_add_test(tests, a_search_goes_on_when_it_meets_a_known_finding);
    tcase_add_test(tests, a_search_knows_a_finding_by_what_is_seen);
    tcase_add_loop_test(tests, a_search_ends_when_it_meets_another_one, 0, 5);
    suite_add_tcase(suite, tests);
    status = nst_test_run_suite(suite);
    nst_corpus_free(&regressions);
    nst_corpus_free(&findings);
    return status;
}
