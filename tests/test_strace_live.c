/* What the strace of this machine writes is read, with each of its usual options. Everything is
 * done in user namespaces, whose death takes it. */
#include <ns-tool/sequence.h>

#include "nst_test.h"

#define WORDS_MAX 24

/* Runs WORDS with no input and no output. Returns the exit status. */
static int run_quietly(const char *const *words)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);

        for (int fd = 0; fd < 3; fd++)
            dup2(null, fd);
        execvp(words[0], (char *const *)(uintptr_t)words);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return 127;
    return nst_test_status(status);
}

static const struct {
    const char *words[12];
} options[] = {
    {{NULL}},
    {{"-t"}},
    {{"-ttt", "-T"}},
    {{"-r"}},
    {{"-y"}},
    {{"-yy", "-tt", "-T"}},
    {{"-v", "-s", "4096"}},
    {{"-x"}},
    {{"-xx"}},
    {{"-q"}},
    {{"-i"}},
    {{"-X", "raw"}},
    {{"-X", "verbose", "-yy"}},
    {{"-C"}},
    {{"-e", "trace=%process,mount,umount2,unshare,mkdir,rmdir"}},
};

static const struct {
    const char *words[14], *holds;
} programs[] = {
    {{"unshare", "-Um", "true"}, " unshare(CLONE_NEWNS|CLONE_NEWUSER)"},
    {{"unshare", "-Umrpf", "sh", "-c", "mount -t tmpfs tmpfs /mnt && umount /mnt"},
     " unshare(CLONE_NEWNS|CLONE_NEWUSER|CLONE_NEWPID)"},
    {{"bwrap", "--ro-bind", "/", "/", "--tmpfs", "/tmp", "--dev", "/dev", "--proc", "/proc",
      "true"},
     " clone(child_stack=NULL, flags=CLONE_NEWNS"},
};

#define OPTIONS ((int)(sizeof(options) / sizeof(options[0])))
#define PROGRAMS ((int)(sizeof(programs) / sizeof(programs[0])))

static size_t add(const char **words, size_t len, const char *const *more)
{
    for (; *more; more++)
        words[len++] = *more;
    ck_assert_uint_lt(len, WORDS_MAX);
    return len;
}

/* Traces program P with options O into PATH. What the program itself achieves is its own affair. */
static void record(int o, int p, const char *path)
{
    const char *words[WORDS_MAX + 14] = {0};
    size_t len = add(words, 0, (const char *const[]){"strace", "-f", "-o", path, NULL});

    len = add(words, len, options[o].words);
    add(words, len, programs[p].words);
    ck_assert_int_ne(run_quietly(words), 127);
}

static void check_log(const char *path, int p)
{
    struct nst_sequence sequence = {0};
    struct nst_read_error error = {0};
    struct nst_read_counts counts;
    char *text = NULL, *printed;
    size_t size = 0, len;
    FILE *file = fopen(path, "re");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_gt(getdelim(&text, &size, '\0', file), 0);
    fclose(file);
    int r = nst_strace_read(text, strlen(text), &sequence, &counts, &error);

    if (r)
        fputs(text, stderr);
    ck_assert_msg(!r, "%zu:%zu: %s", error.line, error.column, error.message);
    ck_assert_int_eq(nst_strace_print(&sequence, &printed, &len), 0);
    ck_assert_msg(strstr(printed, programs[p].holds) != NULL, "no%s in\n%s", programs[p].holds,
                  printed);
    ck_assert_uint_gt(counts.exits, 0);
    free(printed);
    free(text);
    nst_sequence_free(&sequence);
}

START_TEST(a_log_of_this_strace_is_read_by_library_and_command)
{
    int o = _i / PROGRAMS, p = _i % PROGRAMS;
    const char *const there[] = {"sh", "-c", "command -v \"$0\"", programs[p].words[0], NULL};
    char *directory, path[64];
    struct nst_test_run run;

    if (run_quietly(there) != 0) {
        fprintf(stderr, "%s is not installed\n", programs[p].words[0]);
        return;
    }
    directory = nst_test_directory();
    snprintf(path, sizeof path, "%s/log", directory);
    record(o, p, path);
    check_log(path, p);
    run = nst_test_run_tool((const char *const[]){"run", "--quiet", path, NULL}, false);
    unlink(path);
    rmdir(directory);
    ck_assert_msg(run.status != 2 && run.status < 128, "status %d: %s", run.status, run.err);
    nst_test_run_free(&run);
    free(directory);
}
END_TEST

int main(void)
{
    const char *const traces[] = {"strace",  "-f",  "-o",   "/dev/null",
                                  "unshare", "-Um", "true", NULL};
    Suite *suite = suite_create("strace_live");
    TCase *tests = tcase_create("live");
    SRunner *runner;
    int failed;

    nst_test_tool();
    errno = 0;
    if (run_quietly(traces) != 0)
        return nst_test_cannot("strace can't trace `unshare -Um true' here");
    runner = srunner_create(suite);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, a_log_of_this_strace_is_read_by_library_and_command, 0,
                        OPTIONS * PROGRAMS);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
