/* ns-tool show: from a sequence to the trees that each namespace shows. */
#include "nst_corpus.h"
#include "nst_test.h"

#include <pty.h>
#include <sys/utsname.h>

#include <ns-tool/kept.h>

static const char seed[] =
    "1 unshare(CLONE_NEWNS) = 0\n"
    "1 mount(\"none\", \"/\", NULL, MS_REC|MS_PRIVATE, NULL) = 0\n"
    "1 mkdir(\"/mnt/test_mount\", 0755) = 0\n"
    "1 mount(\"tmpfs\", \"/mnt/test_mount\", \"tmpfs\", MS_NOSUID|MS_NODEV, NULL) = 0\n"
    "1 umount2(\"/mnt/test_mount\", 0) = 0\n";

static const char seed_shown[] =
    "at first\n"
    "  parent\n"
    "      / tmpfs (rw,nosuid,nodev,relatime) shared:1\n"
    "      `-/proc proc (rw,nosuid,nodev,noexec,relatime) shared:2\n"
    "1 unshare(CLONE_NEWNS) = 0\n"
    "+ namespace of actor 1: new\n"
    "      / tmpfs (rw,nosuid,nodev,relatime) shared:1\n"
    "      `-/proc proc (rw,nosuid,nodev,noexec,relatime) shared:2\n"
    "1 mount(\"none\", \"/\", NULL, MS_REC|MS_PRIVATE, NULL) = 0\n"
    "~ namespace of actor 1\n"
    "    ~ / tmpfs (rw,nosuid,nodev,relatime) private  # shared:1 -> private\n"
    "    ~ `-/proc proc (rw,nosuid,nodev,noexec,relatime) private  # shared:2 -> private\n"
    "1 mkdir(\"/mnt/test_mount\", 0755) = 0\n"
    "1 mount(\"tmpfs\", \"/mnt/test_mount\", \"tmpfs\", MS_NOSUID|MS_NODEV, NULL) = 0\n"
    "~ namespace of actor 1\n"
    "      / tmpfs (rw,nosuid,nodev,relatime) private\n"
    "    + |-/mnt/test_mount tmpfs (rw,nosuid,nodev,relatime) private\n"
    "      `-/proc proc (rw,nosuid,nodev,noexec,relatime) private\n"
    "1 umount2(\"/mnt/test_mount\", 0) = 0\n"
    "~ namespace of actor 1\n"
    "      / tmpfs (rw,nosuid,nodev,relatime) private\n"
    "      `-/proc proc (rw,nosuid,nodev,noexec,relatime) private\n"
    "    - /mnt/test_mount tmpfs (rw,nosuid,nodev,relatime) private\n";

static char *directory, *path;

static void setup(void)
{
    directory = nst_test_directory();
    ck_assert_int_gt(asprintf(&path, "%s/sequence", directory), 0);
    unsetenv("NO_COLOR");
}

static void teardown(void)
{
    unlink(path);
    rmdir(directory);
    free(path);
    free(directory);
}

static struct nst_test_run show(const char *text, const char *option)
{
    ck_assert_int_eq(nst_test_write_file(path, text), 0);
    return nst_test_run_tool((const char *const[]){"show", path, option, NULL}, false);
}

/* What is shown on a terminal. */
static char *show_on_terminal(const char *text)
{
    int err = nst_test_memory(), master, slave, status;
    size_t len = 0, cap = 65536;
    char *out = calloc(1, cap);

    ck_assert_ptr_nonnull(out);
    ck_assert_int_eq(nst_test_write_file(path, text), 0);
    ck_assert_int_eq(openpty(&master, &slave, NULL, NULL, NULL), 0);

    pid_t pid = nst_test_spawn((const char *const[]){"show", path, NULL}, false, slave, err);

    close(slave);
    for (ssize_t got; (got = read(master, out + len, cap - len - 1)) > 0;)
        len += (size_t)got; /* ends with EIO when nobody holds the other end */
    close(master);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(nst_test_status(status), 0);
    close(err);
    return out;
}

START_TEST(the_seed_is_shown_call_by_call)
{
    struct nst_test_run run = show(seed, "--ascii");

    ck_assert_int_eq(run.status, 0);
    ck_assert_str_eq(run.err, "");
    ck_assert_str_eq(run.out, seed_shown);
    nst_test_run_free(&run);
}
END_TEST

/* A part that must be shown, in a run that must succeed. */
static const struct {
    const char *text, *shows;
} rows[] = {
    /* what propagates shows in both, and its peer group has one name */
    {"1 unshare(CLONE_NEWNS) = 0\n1 mount(\"t\", \"/a\", \"tmpfs\", 0, NULL) = 0\n",
     "~ parent\n      / tmpfs (rw,nosuid,nodev,relatime) shared:1\n"
     "    + |-/a tmpfs (rw,relatime) shared:3\n"
     "      `-/proc proc (rw,nosuid,nodev,noexec,relatime) shared:2\n"
     "~ namespace of actor 1\n      / tmpfs (rw,nosuid,nodev,relatime) shared:1\n"
     "    + |-/a tmpfs (rw,relatime) shared:3\n"},
    {"1 clone(child_stack=NULL, flags=CLONE_NEWNS|SIGCHLD) = 2\n"
     "2 mount(\"none\", \"/\", NULL, MS_REC|MS_SLAVE, NULL) = 0\n",
     "~ namespace of actor 2\n"
     "    ~ / tmpfs (rw,nosuid,nodev,relatime) master:1  # shared:1 -> master:1\n"},
    /* names go by order of appearance, not by the kernel's numbers */
    {"1 unshare(CLONE_NEWNS) = 0\n1 mount(\"none\", \"/\", NULL, MS_REC|MS_PRIVATE, NULL) = 0\n"
     "1 mount(\"none\", \"/proc\", NULL, MS_SLAVE, NULL) = 0\n"
     "1 mount(\"none\", \"/proc\", NULL, MS_SHARED, NULL) = 0\n",
     "~ `-/proc proc (rw,nosuid,nodev,noexec,relatime) shared:3  # private -> shared:3\n"},
    {"1 unshare(CLONE_NEWNS) = 0\n1 unshare(CLONE_NEWNS) = 0\n",
     "+ namespace 2 of actor 1: new\n      / tmpfs (rw,nosuid,nodev,relatime) shared:1\n"
     "      `-/proc proc (rw,nosuid,nodev,noexec,relatime) shared:2\n"
     "- namespace of actor 1: no actor is in it now\n"},
    {"1 clone(child_stack=NULL, flags=CLONE_NEWNS|SIGCHLD) = 2\n"
     "1 openat(AT_FDCWD, \"/proc/2/ns/mnt\", O_RDONLY|O_CLOEXEC) = 3\n"
     "1 setns(3, CLONE_NEWNS) = 0\n1 chdir(\"/\")\n",
     "= 0\n  actor 1 enters: namespace of actor 2\n"},
    {"1 mount(\"t\", \"/a\", \"tmpfs\", 0, NULL) = 0\n"
     "1 mount(\"none\", \"/a\", NULL, MS_REMOUNT|MS_BIND|MS_RDONLY, NULL) = 0\n",
     "    ~ |-/a tmpfs (ro,relatime) shared:3  # options rw,relatime -> ro,relatime\n"},
    {"1 umount2(\"/a\", 0) = 0\n", "1 umount2(\"/a\", 0) = -1 EINVAL (Invalid argument)"},
    /* another root shows other paths of the same mounts: nothing has changed */
    {"1 unshare(CLONE_NEWNS) = 0\n1 mount(\"none\", \"/\", NULL, MS_REC|MS_PRIVATE, NULL) = 0\n"
     "1 mount(\"t\", \"/a\", \"tmpfs\", 0, NULL) = 0\n1 fork() = 2\n2 chroot(\"/a\") = 0\n"
     "1 exit_group(0)\n2 chdir(\"/\")\n",
     "  namespace of actor 1: seen through another actor's root\n"
     "      / tmpfs (rw,relatime) private\n"},
    /* bytes of a path are no bytes for a terminal */
    {"1 mkdir(\"/a/\\33[31m\", 0755) = 0\n"
     "1 mount(\"t\", \"/a/\\33[31m\", \"tmpfs\", 0, NULL) = 0\n",
     "/a/\\033[31m tmpfs"},
};

START_TEST(what_changed_is_shown_where_it_changed)
{
    struct nst_test_run run = show(rows[_i].text, "--ascii");

    ck_assert_msg(run.status == 0, "status %d\n%s%s", run.status, run.out, run.err);
    ck_assert_msg(strstr(run.out, rows[_i].shows), "%s\nis not in\n%s", rows[_i].shows, run.out);
    ck_assert_ptr_null(strchr(run.out, '\033'));
    nst_test_run_free(&run);
}
END_TEST

/* The mutant of the leak above: what stays where it was mounted is drawn nowhere else. */
START_TEST(a_namespace_without_change_is_not_drawn_again)
{
    struct nst_test_run run = show(seed, NULL);
    const char *parent = strstr(run.out, "parent");

    ck_assert_int_eq(run.status, 0);
    ck_assert_ptr_nonnull(parent);
    ck_assert_ptr_null(strstr(parent + 1, "parent"));
    ck_assert_ptr_nonnull(strstr(run.out, "+ ├─/mnt/test_mount"));
    nst_test_run_free(&run);
}
END_TEST

/* https://no-color.org */
static const struct {
    const char *no_color;
    bool coloured;
} colours[] = {{NULL, true}, {"", true}, {"1", false}, {"0", false}};

START_TEST(colour_is_for_a_terminal_without_no_color)
{
    if (colours[_i].no_color)
        setenv("NO_COLOR", colours[_i].no_color, 1);

    struct nst_test_run run = show(seed, NULL);
    char *out = show_on_terminal(seed);

    ck_assert_ptr_null(strchr(run.out, '\033'));
    ck_assert_ptr_nonnull(strstr(out, "/mnt/test_mount"));
    ck_assert_int_eq(strchr(out, '\033') != NULL, colours[_i].coloured);
    free(out);
    nst_test_run_free(&run);
}
END_TEST

static const struct {
    const char *text, *option, *says;
} bad[] = {
    {"1 umount2(\"/a\", 0\n", NULL, "sequence:1:18: expected"},
    {"# fine\n1 umount2(\"/a\", NOPE)\n", NULL, "sequence:2:17: expected"},
    {seed, "--deadline=0", "--deadline takes a whole number"},
    {seed, "another", "takes one FILE, got 'another' too"},
};

START_TEST(bad_input_is_named_and_shows_nothing)
{
    struct nst_test_run run = show(bad[_i].text, bad[_i].option);

    ck_assert_int_eq(run.status, 2);
    ck_assert_str_eq(run.out, "");
    ck_assert_msg(strstr(run.err, bad[_i].says), "%s", run.err);
    nst_test_run_free(&run);
}
END_TEST

START_TEST(a_file_must_be_there)
{
    struct nst_test_run none = nst_test_run_tool((const char *const[]){"show", NULL}, false);
    struct nst_test_run lost =
        nst_test_run_tool((const char *const[]){"show", "/nonexistent/sequence", NULL}, false);

    ck_assert_int_eq(none.status, 2);
    ck_assert(strstr(none.err, "no FILE given"));
    ck_assert_int_eq(lost.status, 2);
    ck_assert(strstr(lost.err, "opening /nonexistent/sequence: ENOENT"));
    nst_test_run_free(&none);
    nst_test_run_free(&lost);
}
END_TEST

START_TEST(the_model_is_drawn_without_a_kernel)
{
    struct nst_test_run run = show(seed, "--model"), kernels = show(seed, NULL);

    ck_assert_int_eq(run.status, 0);
    ck_assert_str_eq(run.out, kernels.out);
    nst_test_run_free(&kernels);
    nst_test_run_free(&run);
}
END_TEST

START_TEST(what_the_model_cannot_tell_is_said)
{
    struct nst_test_run run = show("1 mount(\"none\", \"/a\", \"overlay\", 0, NULL)\n", "--model");

    ck_assert_int_eq(run.status, 0);
    ck_assert(strstr(run.out, "the model can't tell from call 1 on: such a file system\n"));
    nst_test_run_free(&run);
}
END_TEST

/* Where the kernel at hand is known to go another way than the model, and only there. */
START_TEST(where_kernel_and_model_part_both_are_drawn)
{
    char *source = nst_corpus_join(getenv("NST_SOURCE_DIR"), "corpus/findings"), *file, why[200];
    struct nst_kept kept;
    struct utsname here;

    file = nst_corpus_join(source, "unbindable-lost-by-unshare");
    ck_assert_int_eq(uname(&here), 0);
    ck_assert_msg(!nst_kept_read(file, &kept, why), "%s", why);
    struct nst_test_run run = show(
        "1 mount(\"none\", \"/\", NULL, MS_UNBINDABLE, NULL)\n1 unshare(CLONE_NEWNS)\n", "--ascii");
    bool parts = nst_kept_expects(&kept, here.release);

    ck_assert_int_eq(run.status, 0);
    ck_assert(parts == !!strstr(run.out, "  the model: 1 unshare(CLONE_NEWNS) = 0\n"
                                         "= in the model: parent\n"
                                         "      / tmpfs (rw,nosuid,nodev,relatime) unbindable\n"));
    ck_assert(parts == !!strstr(run.out, "= in the model: where actor 1 is\n"
                                         "      / tmpfs (rw,nosuid,nodev,relatime) unbindable\n"));
    nst_test_run_free(&run);
    free(file);
    free(source);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("show");
    TCase *tests = tcase_create("show");
    char command[512];

    snprintf(command, sizeof command, "'%s' show /dev/null >/dev/null 2>&1", nst_test_tool());
    int status = system(command);

    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        return nst_test_cannot("ns-tool show cannot make a sandbox");

    SRunner *runner = srunner_create(suite);

    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, the_seed_is_shown_call_by_call);
    tcase_add_loop_test(tests, what_changed_is_shown_where_it_changed, 0,
                        sizeof rows / sizeof *rows);
    tcase_add_test(tests, a_namespace_without_change_is_not_drawn_again);
    tcase_add_loop_test(tests, colour_is_for_a_terminal_without_no_color, 0,
                        sizeof colours / sizeof *colours);
    tcase_add_loop_test(tests, bad_input_is_named_and_shows_nothing, 0, sizeof bad / sizeof *bad);
    tcase_add_test(tests, a_file_must_be_there);
    tcase_add_test(tests, the_model_is_drawn_without_a_kernel);
    tcase_add_test(tests, what_the_model_cannot_tell_is_said);
    tcase_add_test(tests, where_kernel_and_model_part_both_are_drawn);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);

    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed ? 1 : 0;
}
