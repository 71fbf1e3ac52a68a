/* ns-tool fuzz, from the outside: what it finds, what it says, and that nothing is left of it. */
#include "left_test.h"

#include <dirent.h>
#include <poll.h>
#include <regex.h>
#include <signal.h>

#include <ns-tool/trace.h>

#define KILLS 12

static struct nst_test_run fuzz(const char *a, const char *b, const char *c)
{
    return nst_test_run_tool(
        (const char *const[]){"fuzz", "--seed=7", nst_test_findings(), a, b, c, NULL}, false);
}

static void assert_says(const struct nst_test_run *run, const char *text)
{
    ck_assert_msg(strstr(run->out, text), "expected '%s' in:\n%s\n%s", text, run->out,
                  run->err ? run->err : "");
}

static const struct {
    const char *option, *more;
    int status;
    const char *says; /* on standard error where status is 2 */
} rows[] = {
    {"--cases=300", "--jobs=3", 0, "300 cases in "},
    {"--cases=200", "--setup=private", 0, "isolation       held\n"},
    {"--cases=200", "--setup=slave", 0, "views           held\n"},
    {"--cases=1", "--first=18446744073709551615", 0, "1 cases in "},
    {"--cases=50", "--calls=1", 0, "50 cases in "},
    /* what takes a second run is judged of a share, and said to be skipped in the rest */
    {"--cases=64", "--jobs=2", 0, "determinism     held, skipped in 56\n"},
    {"--cases=20", "--share=1", 0, "determinism     held\n"},
    {"--cases=20", "--share=0", 0, "determinism     not judged, skipped in 20\n"},
    {"--cases=1", "--first=16", 0, "determinism     held\n"},
    {"--cases=1", "--first=17", 0, "determinism     not judged, skipped in 1\n"},
    {"--share=-1", NULL, 2, "--share takes a whole number"},
    {"--share=3", "--setup=no-private", 1, " --share 3 --setup no-private\n"},
    /* at once, behind a sound setup, a mistake is found as well */
    {"--cases=100", "--at-once", 0, "isolation       held\n"},
    {"--cases=100", "--at-once", 0, "flags           not judged, skipped in 100\n"},
    {"--at-once", "--setup=no-private", 1, " --setup no-private --at-once\n"},
    /* the mutants */
    {"--cases=500", "--setup=no-private", 1, "breaks isolation: "},
    {"--cases=500", "--setup=no-rec", 1, "breaks isolation: "},
    {"--cases=500", "--setup=shared-for-slave", 1, "breaks isolation: "},
    {"--time=", NULL, 2, "--time takes a time such as 60s"},
    {"--time=5x", NULL, 2, "--time takes a time such as 60s"},
    {"--cases=0", NULL, 2, "--cases takes a whole number from 1"},
    {"--cases=-1", NULL, 2, "--cases takes a whole number from 1"},
    {"--seed=18446744073709551616", NULL, 2, "--seed takes a whole number"},
    {"--cases=50", "--swarm=busy,userns", 0, "topology        "},
    {"--swarm=busy,no", NULL, 2, "--swarm takes groups as `ns-tool list' has them, not 'no'"},
    {"--swarm=", NULL, 2, "--swarm takes groups"},
    {"--jobs=65", NULL, 2, "--jobs takes a whole number from 1 to 64"},
    {"--setup=none", NULL, 2, "--setup takes private, slave"},
    {"file", NULL, 2, "takes no argument, got 'file'"},
};

START_TEST(every_command_line_does_what_its_row_says)
{
    struct nst_test_run run = fuzz(rows[_i].option, rows[_i].more, NULL);

    ck_assert_msg(run.status == rows[_i].status, "status %d:\n%s\n%s", run.status, run.out,
                  run.err);
    if (rows[_i].status == 2)
        ck_assert_msg(strstr(run.err, rows[_i].says), "%s", run.err);
    else
        assert_says(&run, rows[_i].says);
    nst_test_run_free(&run);
}
END_TEST

/* Of REPEAT's line, the words behind "ns-tool". */
static struct nst_test_run run_line(const char *line)
{
    const char *args[31] = {NULL};
    char *copy = strndup(line, strcspn(line, "\n)")), *rest = copy, *word;
    size_t len = 0;

    ck_assert_str_eq(strsep(&rest, " "), "ns-tool");
    while ((word = strsep(&rest, " ")) && len < 30)
        args[len++] = word;

    struct nst_test_run run = nst_test_run_tool(args, false);

    free(copy);
    return run;
}

static const char *behind(const char *text, const char *mark)
{
    const char *at = strstr(text, mark);

    ck_assert_msg(at, "expected '%s' in:\n%s", mark, text);
    return at + strlen(mark);
}

START_TEST(a_failure_is_shrunk_kept_and_repeated_by_its_command)
{
    char *directory = nst_test_directory(), save[300];

    snprintf(save, sizeof save, "--save=%s", directory);

    struct nst_test_run run = fuzz("--cases=500", "--setup=no-private", save);
    const char *kept = strndup(behind(run.out, "kept:   "), 200);
    struct nst_test_run again = run_line(behind(run.out, "repeat: "));
    struct nst_test_run saved = run_line(behind(kept, " ("));

    /* kept failures are tried first */
    struct nst_test_run tried = fuzz("--cases=1", save, NULL);

    ck_assert_int_eq(tried.status, 1);
    assert_says(&tried, " still breaks isolation: ");
    assert_says(&tried, "1 kept failures tried first\n");
    ck_assert(!strstr(tried.out, " cases in "));
    nst_test_run_free(&tried);

    /* unshare, and one call that shows: the known minimum */
    const char *shrunk = behind(run.out, ":\n\n");

    ck_assert_int_eq(strncmp(shrunk, "1 unshare(CLONE_NEWNS)\n1 ", 25), 0);
    shrunk = strchr(strchr(shrunk, '\n') + 1, '\n');
    ck_assert_int_eq(strncmp(shrunk, "\n\n", 2), 0);
    ck_assert_int_eq(again.status, 1);
    assert_says(&again, "breaks isolation: ");
    ck_assert_int_eq(saved.status, 1);
    assert_says(&saved, "isolation       fail: ");

    char *path = strndup(kept, strcspn(kept, " "));

    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(rmdir(directory), 0);
    free(path);
    free((char *)(uintptr_t)kept);
    free(directory);
    nst_test_run_free(&run);
    nst_test_run_free(&again);
    nst_test_run_free(&saved);
}
END_TEST

START_TEST(the_same_seed_gives_the_same_failure)
{
    struct nst_test_run a = fuzz("--cases=500", "--setup=no-rec", "--jobs=1");
    struct nst_test_run b = fuzz("--cases=500", "--setup=no-rec", "--jobs=1");
    const char *a_end = behind(a.out, "not kept"), *b_end = behind(b.out, "not kept");

    ck_assert_int_eq(a_end - a.out, b_end - b.out);
    ck_assert_int_eq(strncmp(a.out, b.out, (size_t)(a_end - a.out)), 0);
    nst_test_run_free(&a);
    nst_test_run_free(&b);
}
END_TEST

/* Starts a search without end and returns once it has said so. */
static pid_t start_endless(int out, int *ret_err)
{
    int pipes[2];
    char line[200];

    ck_assert_int_eq(pipe2(pipes, O_CLOEXEC), 0);

    pid_t pid = nst_test_spawn(
        (const char *const[]){"fuzz", "--seed=3", "--jobs=4", nst_test_findings(), NULL}, false,
        out, pipes[1]);

    close(pipes[1]);
    ck_assert_int_gt(read(pipes[0], line, sizeof line), 0);
    *ret_err = pipes[0];
    return pid;
}

START_TEST(ctrl_c_ends_it_with_the_summary)
{
    int out = nst_test_memory(), err, status;
    pid_t pid = start_endless(out, &err);
    struct timespec moment = {.tv_nsec = 300000000};

    nanosleep(&moment, NULL);
    kill(pid, SIGINT);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    close(err);

    struct nst_test_run run = {.out = nst_test_take(out), .err = NULL};

    ck_assert_int_eq(nst_test_status(status), 0);
    assert_says(&run, " cases in ");
    assert_says(&run, "isolation       held\n");
    nst_test_run_free(&run);
}
END_TEST

static pid_t random_child(pid_t parent)
{
    pid_t child = 0, found = 0;
    char path[64];
    FILE *in;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
    in = fopen(path, "re");
    for (int i = 0; in && fscanf(in, "%d", &child) == 1; i++)
        if (rand() % (i + 1) == 0)
            found = child;
    if (in)
        fclose(in);
    return found;
}

/* Kills the search, or one of its workers first. */
static void kill_once(int null)
{
    pid_t pid = nst_test_spawn((const char *const[]){"fuzz", "--jobs=4", "--save=/tmp", NULL},
                               false, null, null);

    for (int i = rand() % 3; i >= 0; i--) {
        struct timespec moment = {.tv_nsec = rand() % 150000000};
        pid_t worker = random_child(pid);

        nanosleep(&moment, NULL);
        if (i && worker)
            kill(worker, SIGKILL);
    }
    kill(pid, SIGKILL);
}

static int be_killed_and_looked_after(void *ctx)
{
    int *null = ctx;
    struct nst_left left;

    if (nst_left_begin(&left) < 0) {
        perror("a namespace to be killed in");
        return 2;
    }
    alarm(300);
    for (int i = 0; i < KILLS; i++) {
        kill_once(*null);

        const char *what = nst_left_look(&left);

        if (!what)
            what = nst_left_look_for_namespaces();

        if (what) {
            fprintf(stderr, "%s was left after kill %d\n", what, i);
            return 1;
        }
    }
    return 0;
}

START_TEST(nothing_is_left_when_it_or_its_workers_are_killed)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    srand(nst_test_seed());
    ck_assert_int_eq(nst_left_run(be_killed_and_looked_after, &null), 0);
    close(null);
}
END_TEST

int main(void)
{
    struct nst_sandbox *sandbox;
    char why[200];
    int r = nst_sandbox_open(NULL, &sandbox, why);
    TCase *cases = tcase_create("fuzz");
    Suite *suite = suite_create("fuzz");

    if (r < 0) {
        errno = -r;
        return nst_test_cannot(why);
    }
    nst_sandbox_close(sandbox);
    tcase_set_timeout(cases, 400);
    tcase_add_loop_test(cases, every_command_line_does_what_its_row_says, 0,
                        sizeof rows / sizeof *rows);
    tcase_add_test(cases, a_failure_is_shrunk_kept_and_repeated_by_its_command);
    tcase_add_test(cases, the_same_seed_gives_the_same_failure);
    tcase_add_test(cases, ctrl_c_ends_it_with_the_summary);
    tcase_add_test(cases, nothing_is_left_when_it_or_its_workers_are_killed);
    suite_add_tcase(suite, cases);

    SRunner *runner = srunner_create(suite);

    srunner_run_all(runner, CK_ENV);

    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed ? 1 : 0;
}
