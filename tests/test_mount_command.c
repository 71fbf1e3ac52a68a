/* `ns-tool mount`, from the outside: what it says, and that nobody else ever sees its mount or its
 * directory. The whole program runs in a shared mount namespace of its own, so that a leak shows.
 *
 * The checker doesn't depend on looking at the right instant: the kernel marks an open
 * /proc/self/mounts as changed (POLLPRI, proc_pid_mounts(5)) with every mount and unmount in this
 * namespace, however short, and inotify tells of every directory. Mutants prove it. */

#include "nst_test.h"

#include <limits.h>
#include <poll.h>
#include <regex.h>
#include <signal.h>
#include <sys/inotify.h>

#define SEED_LINE(options)                                                                         \
    "^Mounted tmpfs at /mnt/test_mount\n"                                                          \
    "tmpfs /mnt/test_mount tmpfs rw,nosuid,nodev(,seclabel)?,relatime" options                     \
    "(,inode64)? 0 0\n$"
#define KILLS 50
#define AT_ONCE 100

static bool real_root; /* not merely in a user namespace */

struct checker {
    int mounts;
    int directory;
};

static struct checker checker_start(void)
{
    struct checker checker = {
        .mounts = open("/proc/self/mounts", O_RDONLY | O_CLOEXEC),
        .directory = inotify_init1(IN_CLOEXEC | IN_NONBLOCK),
    };

    ck_assert_int_ge(checker.mounts, 0);
    ck_assert_int_ge(checker.directory, 0);
    ck_assert_int_ge(inotify_add_watch(checker.directory, "/mnt", IN_CREATE | IN_DELETE), 0);
    return checker;
}

/* Whether a look at this very instant shows anything. */
static bool visible_now(void)
{
    FILE *mounts = fopen("/proc/self/mounts", "re");
    bool seen = false;
    char *line = NULL;
    size_t size = 0;

    ck_assert_ptr_nonnull(mounts);
    while (getline(&line, &size, mounts) >= 0)
        seen = seen || strstr(line, "test_mount");
    free(line);
    fclose(mounts);
    return seen || access("/mnt/test_mount", F_OK) == 0;
}

static bool directory_was_touched(int fd)
{
    char buffer[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)]
        __attribute__((aligned(__alignof__(struct inotify_event))));
    bool touched = false;
    ssize_t len;

    while ((len = read(fd, buffer, sizeof(buffer))) > 0) {
        for (char *at = buffer; at < buffer + len;) {
            const struct inotify_event *event = (const void *)at;

            touched = touched || (event->len && strcmp(event->name, "test_mount") == 0);
            at += sizeof(*event) + event->len;
        }
    }
    return touched;
}

/* Whether anything was to be seen since checker_start(), however shortly. */
static bool checker_saw(struct checker *checker)
{
    struct pollfd changed = {.fd = checker->mounts, .events = POLLPRI};
    bool seen;

    ck_assert_int_ge(poll(&changed, 1, 0), 0);
    seen = (changed.revents & POLLPRI) || visible_now();
    seen = directory_was_touched(checker->directory) || seen;
    close(checker->mounts);
    close(checker->directory);
    return seen;
}

static void assert_matches(const char *text, const char *pattern)
{
    regex_t regex;

    ck_assert_int_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    ck_assert_msg(regexec(&regex, text, 0, NULL, 0) == 0, "%s\ndoesn't match\n%s", text, pattern);
    regfree(&regex);
}

static const char *const seed[] = {"mount", NULL};

START_TEST(output_is_the_seeds_to_the_letter)
{
    struct nst_test_run run = nst_test_run_tool(seed, false);

    ck_assert_int_eq(run.status, 0);
    ck_assert_str_eq(run.err, "");
    assert_matches(run.out, real_root ? SEED_LINE("") : SEED_LINE("(,uid=[0-9]+,gid=[0-9]+)?"));
    nst_test_run_free(&run);
}
END_TEST

START_TEST(an_ordinary_user_can_do_it_too)
{
    struct checker checker = checker_start();
    struct nst_test_run run;

    if (!real_root) {
        fprintf(stderr, "an_ordinary_user: we are one; the other tests show it\n");
        return;
    }
    run = nst_test_run_tool(seed, true);
    ck_assert_msg(run.status == 0, "exit status %d: %s", run.status, run.err);
    assert_matches(run.out, SEED_LINE("(,uid=[0-9]+,gid=[0-9]+)?"));
    ck_assert(!checker_saw(&checker));
    nst_test_run_free(&run);
}
END_TEST

static const struct {
    const char *args[8];
    int status;
    const char *out; /* patterns */
    const char *err;
} command_lines[] = {
    {{"mount", "--path", "/mnt/a/b/c"},
     0,
     "^Mounted tmpfs at /mnt/a/b/c\ntmpfs /mnt/a/b/c [^\n]*\n$",
     "^$"},
    {{"mount", "--path", "/nst_a/b"},
     0,
     "^Mounted tmpfs at /nst_a/b\ntmpfs /nst_a/b [^\n]*\n$",
     "^$"},
    {{"mount", "--path", "/proc/nst/a"}, 0, "\ntmpfs /proc/nst/a tmpfs [^\n]*\n$", "^$"},
    {{"mount", "--path", "/mnt/a b\t\\\n"},
     0,
     "\ntmpfs /mnt/a.040b.011.134.012 tmpfs [^\n]*\n$",
     "^$"},
    {{"mount", "--path", "//mnt/./x//"}, 0, "\ntmpfs /mnt/x tmpfs [^\n]*\n$", "^$"},
    {{"mount", "--path", "/tmp"}, 0, "tmpfs /tmp tmpfs [^\n]*\n$", "^$"},
    {{"mount", "--type", "ramfs"},
     0,
     "^Mounted ramfs at /mnt/test_mount\nramfs /mnt/test_mount ramfs [^\n]*\n$",
     "^$"},
    {{"mount", "--options", "ro,noexec,size=1M,mode=700"},
     0,
     "tmpfs ro,noexec,[^\n]*relatime,size=1024k,mode=700",
     "^$"},
    {{"mount", "--options", "defaults"}, 0, "tmpfs rw,[^\n]*relatime", "^$"},
    {{"mount", "--options", ""}, 0, "tmpfs rw,[^\n]*relatime", "^$"},
    {{"mount", "--options", "size=many"},
     2,
     "^$",
     "mount tmpfs on /mnt/test_mount, options 'size=many': EINVAL"},
    {{"mount", "--options", "remount,ro"}, 2, "^$", "'remount,ro' is not an option of a new mount"},
    {{"mount", "--options", "rshared"}, 2, "^$", "'rshared' is not an option of a new mount"},
    {{"mount", "--options", "bind"}, 2, "^$", "'bind' is not an option of a new mount"},
    {{"mount", "--type", "nst_no_such"}, 2, "^$", "nst_no_such.*(: ENODEV|root may mount tmpfs)"},
    {{"mount", "--type", ""}, 2, "^$", "--type is empty"},
    {{"mount", "--path", ""}, 2, "^$", "--path '' cannot be mounted on: it is empty"},
    {{"mount", "--path", "mnt/a"}, 2, "^$", "--path 'mnt/a' cannot be mounted on: it is relative"},
    {{"mount", "--path", "/mnt/../a"}, 2, "^$", "it has a '..'"},
    {{"mount", "--path", "/.//"}, 2, "^$", "it is the root directory"},
    {{"mount", "--path", "/proc/version"}, 1, "^$", "mount tmpfs on /proc/version, .*: ENOTDIR"},
    {{"mount", "--path", "/proc/version/a"}, 1, "^$", "resolving /proc/version/a: ENOTDIR"},
    {{"mount", "more"}, 2, "^$", "Too many arguments"},
    {{"mount", "--bad"}, 2, "^$", "ns-tool mount: unrecognized option '--bad'"},
    {{"mount", "--help"}, 0, "^Usage: ns-tool mount .*--path=PATH", "^$"},
    {{"--help"}, 0, "^Usage: ns-tool COMMAND.*\n  mount ", "^$"},
    {{"--version"}, 0, "^ns-tool [0-9]+\\.[0-9]+\\.[0-9]+\n$", "^$"},
    {{"mount", "--version"}, 0, "^ns-tool [0-9]+\\.[0-9]+\\.[0-9]+\n$", "^$"},
    {{"nothing"}, 2, "^$", "^ns-tool: unknown command 'nothing'; `ns-tool --help' lists"},
    {{"--nothing"}, 2, "^$", "^ns-tool: unknown option '--nothing'"},
    {{NULL}, 2, "^$", "^Usage: ns-tool COMMAND"},
};

#define COMMAND_LINES ((int)(sizeof(command_lines) / sizeof(command_lines[0])))

START_TEST(every_command_line_does_what_its_row_says)
{
    struct checker checker = checker_start();
    struct nst_test_run run = nst_test_run_tool(command_lines[_i].args, false);

    ck_assert_msg(run.status == command_lines[_i].status, "row %d: exit status %d: %s", _i,
                  run.status, run.err);
    assert_matches(run.out, command_lines[_i].out);
    assert_matches(run.err, command_lines[_i].err);
    ck_assert(!checker_saw(&checker));
    ck_assert_int_ne(access("/nst_a", F_OK), 0);
    ck_assert_int_ne(access("/mnt/a", F_OK), 0);
    nst_test_run_free(&run);
}
END_TEST

START_TEST(an_output_that_nobody_can_read_is_an_error)
{
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC), err = nst_test_memory(), wait_status;
    pid_t pid;
    char *said;

    ck_assert_int_ge(full, 0);
    pid = nst_test_spawn(seed, false, full, err);
    ck_assert_int_eq(waitpid(pid, &wait_status, 0), pid);
    ck_assert_int_eq(nst_test_status(wait_status), 1);
    said = nst_test_take(err);
    assert_matches(said, "writing standard output: ENOSPC");
    free(said);
    close(full);
}
END_TEST

START_TEST(nobody_sees_it_while_it_runs)
{
    struct checker checker = checker_start();
    int out = nst_test_memory(), wait_status;
    pid_t pid = nst_test_spawn(seed, false, out, STDERR_FILENO), ended;

    do {
        ck_assert(!visible_now());
        ended = waitpid(pid, &wait_status, WNOHANG);
    } while (ended == 0);
    ck_assert_int_eq(ended, pid);
    ck_assert_int_eq(nst_test_status(wait_status), 0);
    ck_assert(!checker_saw(&checker));
    close(out);
}
END_TEST

static long nanoseconds_since(const struct timespec *start)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - start->tv_sec) * 1000000000L + now.tv_nsec - start->tv_nsec;
}

/* Runs the tool and kills it after so many nanoseconds. Returns whether it was killed. */
static bool run_and_kill(long after, int out)
{
    struct timespec start;
    int wait_status;
    pid_t pid;

    clock_gettime(CLOCK_MONOTONIC, &start);
    pid = nst_test_spawn(seed, false, out, STDERR_FILENO);
    while (nanoseconds_since(&start) < after)
        sched_yield();
    kill(pid, SIGKILL);
    ck_assert_int_eq(waitpid(pid, &wait_status, 0), pid);
    return WIFSIGNALED(wait_status);
}

START_TEST(nothing_is_left_after_a_sigkill_at_any_instant)
{
    struct checker checker = checker_start();
    unsigned int random = nst_test_seed();
    int out = nst_test_memory(), killed = 0;
    struct timespec start;
    struct nst_test_run whole;
    long duration;

    clock_gettime(CLOCK_MONOTONIC, &start);
    whole = nst_test_run_tool(seed, false);
    duration = nanoseconds_since(&start);
    nst_test_run_free(&whole);
    for (int i = 0; i < KILLS; i++) {
        killed += run_and_kill((long)((double)duration * rand_r(&random) / RAND_MAX), out);
        ck_assert(!visible_now());
    }
    fprintf(stderr, "%d of %d were killed before their end\n", killed, KILLS);
    ck_assert_int_gt(killed, 0);
    ck_assert(!checker_saw(&checker));
    close(out);
}
END_TEST

START_TEST(a_hundred_at_once_don_t_see_each_other)
{
    struct checker checker = checker_start();
    int out[AT_ONCE], wait_status;
    pid_t pid[AT_ONCE];

    for (int i = 0; i < AT_ONCE; i++) {
        out[i] = nst_test_memory();
        pid[i] = nst_test_spawn(seed, real_root && i % 2, out[i], STDERR_FILENO);
    }
    for (int i = 0; i < AT_ONCE; i++) {
        char *said;

        ck_assert_int_eq(waitpid(pid[i], &wait_status, 0), pid[i]);
        ck_assert_int_eq(nst_test_status(wait_status), 0);
        said = nst_test_take(out[i]);
        assert_matches(said, SEED_LINE("(,uid=[0-9]+,gid=[0-9]+)?"));
        free(said);
    }
    ck_assert(!checker_saw(&checker));
}
END_TEST

/* The seed, broken. Each is done in a child namespace of a parent whose /mnt is a shared tmpfs of
 * its own, and each is undone at once. `seen`: whether the checker must reject it. */
static const struct mutant {
    const char *name;
    unsigned long propagation; /* given to / before the mount; 0 leaves it shared */
    bool make_directory;       /* in the parent's /mnt; otherwise it is /mnt itself */
    bool seen;
} mutants[] = {
    {"none: the setup as it should be", MS_REC | MS_PRIVATE, false, false},
    {"none: a slave doesn't propagate back", MS_REC | MS_SLAVE, false, false},
    {"MS_PRIVATE left out", 0, false, true},
    {"MS_REC left out", MS_PRIVATE, false, true},
    {"MS_SHARED for MS_PRIVATE", MS_REC | MS_SHARED, false, true},
    {"the directory made on the host", MS_REC | MS_PRIVATE, true, true},
};

static int perform_mutant(const struct mutant *mutant)
{
    const char *at = mutant->make_directory ? "/mnt/test_mount" : "/mnt";

    if (unshare(CLONE_NEWNS) < 0)
        return 1;
    if (mutant->propagation && mount(NULL, "/", NULL, mutant->propagation, NULL) < 0)
        return 2;
    if (mutant->make_directory && mkdir(at, 0755) < 0)
        return 3;
    if (mount("tmpfs", at, "tmpfs", MS_NOSUID | MS_NODEV, NULL) < 0 || umount2(at, 0) < 0)
        return 4;
    return mutant->make_directory && rmdir(at) < 0 ? 5 : 0;
}

START_TEST(the_checker_rejects_every_mutant)
{
    const struct mutant *mutant = &mutants[_i];
    struct checker checker;
    int wait_status;
    pid_t pid;

    /* libcheck runs each test in a process of its own, so this parent is ours alone. */
    ck_assert_int_eq(nst_test_enter_shared(), 0);
    ck_assert_int_eq(mount("tmpfs", "/mnt", "tmpfs", MS_NOSUID | MS_NODEV, NULL), 0);
    checker = checker_start();
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        _exit(perform_mutant(mutant));
    ck_assert_int_eq(waitpid(pid, &wait_status, 0), pid);
    ck_assert_int_eq(nst_test_status(wait_status), 0);
    ck_assert_msg(checker_saw(&checker) == mutant->seen, "%s: %sseen", mutant->name,
                  mutant->seen ? "not " : "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mount_command");
    TCase *says = tcase_create("says"), *hides = tcase_create("hides");
    SRunner *runner;
    int failed;

    nst_test_tool();
    if (nst_test_enter_shared() < 0)
        return nst_test_cannot("no mount namespace of our own");
    real_root = nst_test_real_root();
    tcase_add_test(says, output_is_the_seeds_to_the_letter);
    tcase_add_test(says, an_ordinary_user_can_do_it_too);
    tcase_add_loop_test(says, every_command_line_does_what_its_row_says, 0, COMMAND_LINES);
    tcase_add_test(says, an_output_that_nobody_can_read_is_an_error);
    tcase_add_test(hides, nobody_sees_it_while_it_runs);
    tcase_add_test(hides, nothing_is_left_after_a_sigkill_at_any_instant);
    tcase_add_test(hides, a_hundred_at_once_don_t_see_each_other);
    tcase_add_loop_test(hides, the_checker_rejects_every_mutant, 0,
                        (int)(sizeof(mutants) / sizeof(mutants[0])));
    tcase_set_timeout(says, 60);
    tcase_set_timeout(hides, 120);
    suite_add_tcase(suite, says);
    suite_add_tcase(suite, hides);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
