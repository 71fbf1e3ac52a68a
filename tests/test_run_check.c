/* ns-tool check: what planted programs do is caught and named, and clean ones pass. */
#include <poll.h>
#include <sys/syscall.h>

#include "check_planted.h"

/* How a plant is run, and what is to be said of it. */
static const struct row {
    const char *plant, *argument;
    const char *option[2];
    int status;
    const char *said[3]; /* fragments of standard error */
} rows[] = {
    {"clean", "", {NULL}, 0, {"isolation       pass", "cleanup         pass"}},
    {"leak-for-an-instant",
     "",
     {NULL},
     1,
     {"/mnt: tmpfs (rw,nosuid,nodev,noexec,relatime)", "showed in the parent for",
      "mount(\"planted\", \"/mnt\", \"tmpfs\", MS_NOSUID|MS_NODEV|MS_NOEXEC, NULL)"}},
    {"leak-for-an-instant", "", {"--allow=/mn?"}, 0, {"isolation       pass"}},
    {"leak-left", "", {NULL}, 1, {"shows in the parent", "cleanup         fail", "is left in"}},
    {"namespace-kept", "*", {NULL}, 1, {"a namespace is kept by a bind of its file"}},
    {"child-left", "", {NULL}, 1, {"isolation       pass", "process test_run_check", "still runs"}},
    {"flag-dropped",
     "",
     {"--allow=/mnt"},
     1,
     {"/mnt where true begins lacks nosuid, which the parent's /mnt has", "isolation       pass"}},
    {"slave-forgotten",
     "",
     {"--allow=/mn"},
     1,
     {"/mnt where true begins is a peer of the parent's /mnt: what", "flags           pass"}},
    {"directory-left",
     "/tmp/nst_plant",
     {NULL},
     1,
     {"/tmp/nst_plant: a directory made to mount on"}},
    {"parent-made-private", "", {NULL}, 1, {"the parent's own mount: ~ /:", "-> private"}},
    {"parent-made-suid",
     "",
     {NULL},
     1,
     {"flags           fail: 1", "the parent's own mount: ~ /proc: options"}},
    {"volume", "private", {"--expect=/mnt=rprivate", "--allow=/mnt*"}, 0, {"propagation     pass"}},
    {"volume",
     "private",
     {"--expect=/mnt=rslave", "--allow=/mnt*"},
     1,
     {"/mnt: what is mounted in the parent doesn't show inside, and it is to be rslave",
      "/mnt/below: what is mounted in the parent doesn't show inside, and it is to be rslave"}},
    {"volume",
     "slave",
     {"--expect=/mnt=rprivate", "--allow=/mnt*"},
     1,
     {"/mnt: what is mounted in the parent shows inside, and it is to be rprivate"}},
    {"volume", "slave", {"--expect=/mnt=rslave", "--allow=/mnt*"}, 0, {"propagation     pass"}},
    {"volume",
     "slave",
     {"--expect=/mnt=rshared", "--allow=/mnt*"},
     1,
     {"/mnt: what is mounted inside doesn't show in the parent, and it is to be rshared"}},
    {"volume",
     "shared",
     {"--expect=/mnt=rslave", "--allow=/mnt*"},
     1,
     {"/mnt: what is mounted inside shows in the parent, and it is to be rslave"}},
    {"volume", "shared", {"--expect=/mnt=rshared", "--allow=/mnt*"}, 0, {"propagation     pass"}},
    {"volume",
     "shared",
     {"--expect=/mnt=shared", "--allow=/mnt*"},
     1,
     {"/mnt/below: what is mounted in the parent shows inside, and it is to be private"}},
    {"volume",
     "shared+",
     {"--expect=/mnt=rshared", "--allow=/*"},
     1,
     {"/: what is mounted inside shows in the parent, and it is to be private"}},
    {"volume",
     "slave",
     {"--expect=/nowhere=rslave", "--allow=/mnt*"},
     1,
     {"/nowhere isn't a directory in the parent, and is to be rslave"}},
};

/* The arguments of a check of PLANT; OPTION ends with NULL or is two. */
static struct nst_test_run run_check(const char *plant, const char *argument,
                                     const char *const option[2])
{
    const char *args[12] = {"check"};
    size_t len = 1;

    for (size_t i = 0; i < 2 && option[i]; i++)
        args[len++] = option[i];
    args[len++] = "--";
    args[len++] = own_path();
    args[len++] = "--plant";
    args[len++] = plant;
    args[len++] = argument;
    return nst_test_run_tool(args, false);
}

/* The kernel binds the file of a younger namespace only, and reads its age off a number of which
 * each core has a store of its own (Linux 6.18, kernel/nstree.c). */
static void stay_on_one_core(void)
{
    cpu_set_t one;

    CPU_ZERO(&one);
    CPU_SET((size_t)sched_getcpu(), &one);
    sched_setaffinity(0, sizeof one, &one);
}

START_TEST(a_planted_program_is_caught_and_named_and_a_clean_one_passes)
{
    const struct row *row = &rows[_i];
    struct nst_test_run run;

    stay_on_one_core();
    run = run_check(row->plant, *row->argument == '*' ? own_path() : row->argument, row->option);
    rmdir("/tmp/nst_plant");
    ck_assert_msg(run.status == row->status, "%s: %d\n%s", row->plant, run.status, run.err);
    for (size_t i = 0; i < 3 && row->said[i]; i++)
        ck_assert_msg(strstr(run.err, row->said[i]), "%s: no '%s' in\n%s", row->plant, row->said[i],
                      run.err);
    ck_assert_str_eq(run.out, "");
    nst_test_run_free(&run);
}
END_TEST

START_TEST(nothing_of_it_is_seen_outside)
{
    static const char *const none[2] = {NULL};
    struct nst_table before, after;
    struct nst_test_run run;

    ck_assert_int_eq(nst_table_read_mountinfo(0, &before), 0);
    run = run_check("leak-left", "", none);
    ck_assert_int_eq(nst_table_read_mountinfo(0, &after), 0);
    ck_assert(nst_tables_equal(&before, &after));
    nst_table_free(&before);
    nst_table_free(&after);
    nst_test_run_free(&run);
}
END_TEST

/* Standard input, output and exit status are the command's. */
START_TEST(what_goes_in_and_out_is_the_commands)
{
    char command[9000], text[16] = "";
    FILE *out;

    snprintf(command, sizeof command,
             "printf 'hello\\n' | '%s' check -- '%s' --plant copies 5 2>/dev/null", nst_test_tool(),
             own_path());
    out = popen(command, "r");
    ck_assert_ptr_nonnull(out);
    ck_assert_ptr_nonnull(fgets(text, sizeof text, out));
    ck_assert_int_eq(nst_test_status(pclose(out)), 5);
    ck_assert_str_eq(text, "hello\n");
}
END_TEST

/* Starts a check of a plant that writes "ready", and waits for that. RET_OUT is to be closed. */
static pid_t start_ready(int *ret_out)
{
    const char *const args[] = {"check", "--", own_path(), "--plant", "waits-for-a-signal", NULL};
    int out[2], null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    char byte = 0;
    pid_t pid;

    ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
    pid = nst_test_spawn(args, false, out[1], null);
    close(out[1]);
    close(null);
    while (byte != '\n')
        ck_assert_int_eq(read(out[0], &byte, 1), 1);
    *ret_out = out[0];
    return pid;
}

START_TEST(a_signal_goes_to_the_command)
{
    int out, status;
    pid_t pid = start_ready(&out);

    kill(pid, SIGTERM);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(nst_test_status(status), 7);
    close(out);
}
END_TEST

/* The command holds the other end of its output: that closes when its last process is gone. */
START_TEST(killed_at_any_instant_nothing_of_it_lives)
{
    int out, status;
    pid_t pid = start_ready(&out);
    char byte;

    kill(pid, SIGKILL);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(read(out, &byte, 1), 0);
    close(out);
}
END_TEST

START_TEST(a_command_that_takes_too_long_is_killed)
{
    static const char *const args[] = {"check", "--timeout", "1", "--", "sleep", "100", NULL};
    struct nst_test_run run = nst_test_run_tool(args, false);

    ck_assert_int_eq(run.status, 1);
    ck_assert_ptr_nonnull(strstr(run.err, "timed out"));
    nst_test_run_free(&run);
}
END_TEST

static const struct {
    const char *args[6];
    const char *said;
} refused[] = {
    {{"check"}, "no COMMAND given"},
    {{"check", "--expect", "/mnt", "true"}, "has no '=KIND'"},
    {{"check", "--expect", "/mnt=mine", "true"}, "'mine' is none of private, slave"},
    {{"check", "--expect", "mnt=slave", "true"}, "'mnt' is no absolute path"},
    {{"check", "--errno", "EWHAT", "true"}, "'EWHAT' is no errno's name"},
    {{"check", "--oci", "/nonexistent", "true"}, "finding the bundle /nonexistent: ENOENT"},
    {{"check", "--host", "--sweep", "true"}, "--host changes nothing"},
    {{"check", "/nonexistent/program"}, "running /nonexistent/program: ENOENT"},
    {{"check", "--sweep", "true"}, "makes no call that can fail"},
};

START_TEST(bad_usage_is_told)
{
    struct nst_test_run run = nst_test_run_tool(refused[_i].args, false);

    ck_assert_msg(run.status == 2, "%d: %s", run.status, run.err);
    ck_assert_msg(strstr(run.err, refused[_i].said), "no '%s' in %s", refused[_i].said, run.err);
    nst_test_run_free(&run);
}
END_TEST

START_TEST(a_bundle_says_what_is_expected)
{
    static const char config[] =
        "{\"linux\": {}, \"mounts\": ["
        "{\"destination\": \"/proc\", \"type\": \"proc\", \"source\": \"proc\"},"
        "{\"destination\": \"/mnt\", \"type\": \"bind\", \"source\": \"/mnt\","
        " \"options\": [\"rbind\", \"rslave\"]}]}";
    char path[64], option[64], *directory = nst_test_directory();
    struct nst_test_run run;

    snprintf(path, sizeof path, "%s/config.json", directory);
    snprintf(option, sizeof option, "--oci=%s", directory);
    ck_assert_int_eq(nst_test_write_file(path, config), 0);
    run = run_check("volume", "slave", (const char *const[]){option, "--allow=/mnt*"});
    ck_assert_msg(run.status == 0, "%s", run.err);
    ck_assert_ptr_nonnull(strstr(run.err, "propagation     pass"));
    nst_test_run_free(&run);
    run = run_check("volume", "private", (const char *const[]){option, "--allow=/mnt*"});
    ck_assert_int_eq(run.status, 1);
    ck_assert_ptr_nonnull(strstr(run.err, "doesn't show inside, and it is to be rslave"));
    nst_test_run_free(&run);
    unlink(path);
    rmdir(directory);
    free(directory);
}
END_TEST

/* In a namespace of this test's own, which stands for the host's. */
START_TEST(the_hosts_own_namespace_is_watched_and_left_alone)
{
    struct nst_test_run run;
    struct nst_table table;
    bool there = false;

    ck_assert_int_eq(nst_test_enter_shared(), 0);
    run = run_check("leak-left", "", (const char *const[]){"--host", NULL});
    ck_assert_int_eq(run.status, 1);
    ck_assert_ptr_nonnull(strstr(run.err, "shows in the parent"));
    ck_assert_ptr_nonnull(strstr(run.err, "calls not held"));
    ck_assert_int_eq(nst_table_read_mountinfo(0, &table), 0);
    for (size_t i = 0; i < table.len; i++)
        there |= !strcmp(table.mount[i].point, "/mnt");
    ck_assert(there);
    nst_table_free(&table);
    nst_test_run_free(&run);
}
END_TEST

START_TEST(an_ordinary_user_may_check_too)
{
    static const char *const clean[] = {"check", "--", "unshare", "-m", "true", NULL};
    static const char *const leaks[] = {"check", "--", "unshare", "-m",   "--propagation", "shared",
                                        "mount", "-t", "tmpfs",   "leak", "/mnt",          NULL};
    struct nst_test_run run;

    if (!nst_test_real_root())
        return; /* all others ran as one */
    run = nst_test_run_tool(clean, true);
    ck_assert_msg(run.status == 0, "%s", run.err);
    nst_test_run_free(&run);
    run = nst_test_run_tool(leaks, true);
    ck_assert_msg(run.status == 1 && strstr(run.err, "is left in the parent"), "%s", run.err);
    nst_test_run_free(&run);
}
END_TEST

START_TEST(a_sweep_tells_which_call_leaves_something_when_it_fails)
{
    struct nst_test_run run = run_check("careless", "", (const char *const[]){"--sweep", NULL});

    ck_assert_msg(run.status == 1, "%s%s", run.out, run.err);
    ck_assert_msg(strstr(run.out, "ENOMEM: exit 1, LEFT"), "%s", run.out);
    ck_assert_msg(strstr(run.out, "is left in the parent"), "%s", run.out);
    ck_assert_msg(strstr(run.out, "4 calls, 8 runs:"), "%s", run.out);
    nst_test_run_free(&run);
}
END_TEST

START_TEST(a_sweep_of_a_clean_program_is_clean)
{
    static const char *const options[][2] = {{"--sweep", "--jobs=2"}, {"--sweep", "--errno=EIO"}};
    struct nst_test_run run = run_check("clean", "", options[_i]);

    ck_assert_msg(run.status == 0, "%s%s", run.out, run.err);
    ck_assert_msg(strstr(run.out, "4 calls, 8 runs: 8 clean, 0 left something"), "%s", run.out);
    if (_i)
        ck_assert_ptr_nonnull(strstr(run.out, "EIO: exit 99, clean"));
    nst_test_run_free(&run);
}
END_TEST

int main(int argc, char **argv)
{
    run_if_planted(argc, argv);

    Suite *suite = suite_create("check");
    TCase *tests = tcase_create("check");
    char command[512];
    int status;

    snprintf(command, sizeof command, "'%s' check -- true >/dev/null 2>&1", nst_test_tool());
    status = system(command);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        return nst_test_cannot("ns-tool check cannot make a parent of its own");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, a_planted_program_is_caught_and_named_and_a_clean_one_passes, 0,
                        sizeof rows / sizeof *rows);
    tcase_add_test(tests, nothing_of_it_is_seen_outside);
    tcase_add_test(tests, what_goes_in_and_out_is_the_commands);
    tcase_add_test(tests, a_signal_goes_to_the_command);
    tcase_add_test(tests, killed_at_any_instant_nothing_of_it_lives);
    tcase_add_test(tests, a_command_that_takes_too_long_is_killed);
    tcase_add_loop_test(tests, bad_usage_is_told, 0, sizeof refused / sizeof *refused);
    tcase_add_test(tests, a_bundle_says_what_is_expected);
    tcase_add_test(tests, the_hosts_own_namespace_is_watched_and_left_alone);
    tcase_add_test(tests, an_ordinary_user_may_check_too);
    tcase_add_test(tests, a_sweep_tells_which_call_leaves_something_when_it_fails);
    tcase_add_loop_test(tests, a_sweep_of_a_clean_program_is_clean, 0, 2);
    suite_add_tcase(suite, tests);
    return nst_test_run_suite(suite);
}
