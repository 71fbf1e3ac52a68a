/* The processes of a sandbox run a program of their own: nothing of the tool, of its memory or of
 * the host's files is in them. Where it can't be run they are forks of the tool, and a case goes as
 * it would. */
#include "sandbox_test.h"

#include <sys/resource.h>

#include "kernel/kernel.h"

static const char text[] = "1 unshare(CLONE_NEWNS) = 0\n"
                           "1 mount(\"none\", \"/\", NULL, MS_REC|MS_PRIVATE, NULL) = 0\n"
                           "1 mount(\"tmpfs\", \"/a\", \"tmpfs\", 0, NULL) = 0\n"
                           "1 umount2(\"/a\", 0) = 0\n";

/* Runs the case, in which every call must succeed. */
static void run(struct nst_sandbox *sandbox, const struct nst_run_options *options)
{
    struct nst_sequence sequence = {0};
    struct nst_trace trace = {0};

    nst_test_read(text, &sequence);
    nst_test_run_sequence(sandbox, &sequence, options, &trace);
    for (size_t i = 0; i < trace.len; i++)
        ck_assert_int_eq(trace.step[i].value, 0);
    nst_trace_free(&trace);
    nst_sequence_free(&sequence);
}

static FILE *open_of(pid_t pid, const char *name)
{
    char path[64];
    FILE *in;

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    in = fopen(path, "re");
    ck_assert_msg(in != NULL, "%s: %s", path, strerror(errno));
    return in;
}

/* Whether a line of PID's mappings is of a file. The arena and the program are of none. */
static bool maps_a_file(pid_t pid)
{
    FILE *in = open_of(pid, "maps");
    char line[4200];
    bool found = false;
    size_t lines = 0;

    for (; fgets(line, sizeof line, in); lines++)
        found |=
            strchr(line, '/') && !strstr(line, "/memfd:ns-tool-") && !strstr(line, "/dev/zero");
    fclose(in);
    ck_assert_uint_gt(lines, 5);
    return found;
}

static size_t count_environment(pid_t pid)
{
    FILE *in = open_of(pid, "environ");
    size_t count = 0;

    while (fgetc(in) != EOF)
        count++;
    fclose(in);
    return count;
}

START_TEST(nothing_of_the_tool_and_no_file_of_the_host_is_in_a_sandbox)
{
    struct nst_sandbox *sandbox = nst_test_open_sandbox(NULL);
    pid_t init = nst_test_child(getpid()), runner;
    const pid_t *pid[] = {&init, &runner};

    run(sandbox, NULL);
    runner = nst_test_child(init);
    ck_assert(maps_a_file(getpid()));
    ck_assert_uint_gt(count_environment(getpid()), 0);
    for (size_t i = 0; i < 2; i++) {
        ck_assert(!maps_a_file(*pid[i]));
        ck_assert_uint_eq(count_environment(*pid[i]), 0);
    }
    nst_sandbox_close(sandbox);
}
END_TEST

static int open_ns(pid_t pid)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/ns/user", (int)pid);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* Root of the sandbox, with every capability in it, as its actors are. */
static int look_from_within(int user, pid_t pid)
{
    static const char *const names[] = {"maps", "exe", "root", "cwd", "fd/0", "ns/mnt"};
    char path[64];

    if (setns(user, CLONE_NEWUSER) < 0)
        return 100;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, names[i]);
        if (open(path, O_RDONLY | O_CLOEXEC) >= 0 || errno != EACCES)
            return (int)i + 1;
    }
    return 0;
}

START_TEST(who_has_all_capabilities_in_a_sandbox_gets_at_none_of_its_own_processes)
{
    struct nst_sandbox *sandbox = nst_test_open_sandbox(NULL);
    pid_t init = nst_test_child(getpid()), looker;
    int user, status;

    run(sandbox, NULL);
    user = open_ns(init);
    if (user < 0) { /* an ordinary user doesn't even get there */
        ck_assert_int_eq(errno, EACCES);
        ck_assert(!nst_test_real_root());
    } else {
        for (pid_t pid = init; pid; pid = pid == init ? nst_test_child(init) : 0) {
            looker = fork();
            if (!looker)
                _exit(look_from_within(user, pid));
            ck_assert_int_eq(waitpid(looker, &status, 0), looker);
            ck_assert_int_eq(nst_test_status(status), 0);
        }
        close(user);
    }
    nst_sandbox_close(sandbox);
}
END_TEST

START_TEST(nobody_can_change_the_program)
{
    const int seals = F_SEAL_SEAL | F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK;
    struct nst_sandbox *sandbox = nst_test_open_sandbox(NULL);
    char path[64];
    int fd;

    snprintf(path, sizeof path, "/proc/%d/exe", (int)nst_test_child(getpid()));
    ck_assert_int_eq(open(path, O_RDWR | O_CLOEXEC), -1);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fcntl(fd, F_GET_SEALS) & seals, seals);
    close(fd);
    nst_sandbox_close(sandbox);
}
END_TEST

/* Code under test is the tool's. */
static int note(void *ctx)
{
    return *(int *)ctx == 7 ? 0 : -EINVAL;
}

START_TEST(code_under_test_is_performed_by_a_fork_of_the_tool_in_the_same_sandbox)
{
    int seven = 7;
    const struct nst_run_options options = {.setup = note, .setup_ctx = &seven};
    struct nst_sandbox *sandbox = nst_test_open_sandbox(NULL);

    run(sandbox, NULL);
    run(sandbox, &options);
    ck_assert(maps_a_file(nst_test_child(getpid())));
    run(sandbox, NULL);
    nst_sandbox_close(sandbox);
}
END_TEST

/* It fails when it needs a descriptor, and says so from then on, at once. */
START_TEST(a_sandbox_that_cannot_be_made_anew_for_code_under_test_is_gone)
{
    int seven = 7;
    const struct nst_run_options options = {.setup = note, .setup_ctx = &seven};
    struct nst_sandbox *sandbox = nst_test_open_sandbox(NULL);
    struct nst_sequence sequence = {0};
    struct nst_trace trace;
    struct rlimit limit;
    char why[NST_WHY];

    run(sandbox, NULL);
    nst_test_read(text, &sequence);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = 3;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_int_eq(nst_run(sandbox, &sequence, &options, &trace, why), -EMFILE);
    ck_assert_msg(strstr(why, "socketpair: "), "%s", why);
    limit.rlim_cur = limit.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    for (int i = 0; i < 2; i++) {
        int64_t begun = nst_now();

        *why = '\0';
        ck_assert_int_eq(nst_run(sandbox, &sequence, i ? NULL : &options, &trace, why), -EPIPE);
        ck_assert_int_lt(nst_now() - begun, INT64_C(1000000000));
        ck_assert_msg(strstr(why, "the sandbox is gone"), "%s", why);
        ck_assert_uint_eq(trace.len, 0);
    }
    nst_sandbox_close(sandbox);
    nst_sequence_free(&sequence);
}
END_TEST

/* ulimit -f: more than it couldn't be written to a file. */
START_TEST(where_files_may_not_be_as_big_as_the_arena_a_sandbox_is_forks)
{
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = NST_ARENA_SIZE - 1;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);

    struct nst_sandbox *sandbox = nst_test_open_sandbox(NULL);

    run(sandbox, NULL);
    ck_assert(maps_a_file(nst_test_child(getpid())));
    nst_sandbox_close(sandbox);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("program");
    TCase *cases = tcase_create("program");
    int status = nst_test_no_sandbox();

    if (status)
        return status;
    tcase_add_test(cases, who_has_all_capabilities_in_a_sandbox_gets_at_none_of_its_own_processes);
    if (nst_test_real_root()) { /* an ordinary user may not look at processes that aren't dumpable
                                 */
        tcase_add_test(cases, nothing_of_the_tool_and_no_file_of_the_host_is_in_a_sandbox);
        tcase_add_test(cases, nobody_can_change_the_program);
        tcase_add_test(cases,
                       code_under_test_is_performed_by_a_fork_of_the_tool_in_the_same_sandbox);
        tcase_add_test(cases, a_sandbox_that_cannot_be_made_anew_for_code_under_test_is_gone);
        tcase_add_test(cases, where_files_may_not_be_as_big_as_the_arena_a_sandbox_is_forks);
    }
    suite_add_tcase(suite, cases);
    return nst_test_run_suite(suite);
}
