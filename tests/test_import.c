/* Logs of real programs become sequences that go by themselves. */
#include <ns-tool/import.h>
#include <ns-tool/model.h>

#include "nst_corpus.h"
#include "nst_test.h"

/* What is imported of a log, exactly, and what is noted. */
static const struct {
    const char *log, *text, *note;
} rows[] = {
    {"100 unshare(CLONE_NEWNS) = 0\n", "1 unshare(CLONE_NEWNS) = 0\n", ""},
    /* Actors and descriptors are numbered anew; who clones whom is kept. */
    {"700 open_tree(AT_FDCWD, \"/mnt\", OPEN_TREE_CLONE) = 17\n"
     "700 clone(child_stack=NULL, flags=CLONE_NEWNS|CLONE_VM|CLONE_VFORK|SIGCHLD) = 712\n"
     "712 move_mount(17, \"\", AT_FDCWD, \"/tmp\", MOVE_MOUNT_F_EMPTY_PATH) = 0\n"
     "712 close(17) = 0\n",
     "1 open_tree(AT_FDCWD, \"/mnt\", OPEN_TREE_CLONE) = 3\n"
     "1 clone(child_stack=NULL, flags=CLONE_NEWNS|SIGCHLD) = 2\n"
     "2 move_mount(3, \"\", AT_FDCWD, \"/tmp\", MOVE_MOUNT_F_EMPTY_PATH) = 0\n"
     "2 close(3) = 0\n",
     ""},
    {"700 clone(child_stack=NULL, flags=CLONE_NEWNS|SIGCHLD) = 712\n"
     "700 openat(AT_FDCWD, \"/proc/712/ns/mnt\", O_RDONLY|O_CLOEXEC) = 9\n"
     "700 setns(9, CLONE_NEWNS) = 0\n",
     "1 clone(child_stack=NULL, flags=CLONE_NEWNS|SIGCHLD) = 2\n"
     "1 openat(AT_FDCWD, \"/proc/2/ns/mnt\", O_RDONLY|O_CLOEXEC) = 3\n"
     "1 setns(3, CLONE_NEWNS) = 0\n",
     ""},
    /* A thread is its process. */
    {"700 clone3({flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD, exit_signal=0}, "
     "88) = 701\n"
     "701 unshare(CLONE_NEWNS) = 0\n",
     "1 unshare(CLONE_NEWNS) = 0\n", ""},
    /* Files that are only read are of no account. */
    {"7 openat(AT_FDCWD, \"/etc/ld.so.cache\", O_RDONLY|O_CLOEXEC) = 3\n7 close(3) = 0\n"
     "7 unshare(CLONE_NEWNS) = 0\n",
     "1 unshare(CLONE_NEWNS) = 0\n", ""},
    /* What a call takes for granted is made: directories, a file, a mount; where its own place is
     * read-only, at the start. */
    {"7 mount(\"tmpfs\", \"/run/x\", \"tmpfs\", MS_NOSUID, \"mode=755\") = 0\n",
     "1 mkdir(\"/run\", 0755) = 0\n1 mkdir(\"/run/x\", 0755) = 0\n"
     "1 mount(\"tmpfs\", \"/run/x\", \"tmpfs\", MS_NOSUID, \"mode=755\") = 0\n",
     ""},
    {"7 openat(AT_FDCWD, \"/a/n\", O_WRONLY|O_CREAT, 0644) = 5\n7 close(5) = 0\n"
     "7 mount(\"/dev/null\", \"/a/n\", NULL, MS_BIND, NULL) = 0\n",
     "1 openat(AT_FDCWD, \"/a/n\", O_WRONLY|O_CREAT, 0644) = 3\n1 close(3) = 0\n"
     "1 mkdir(\"/dev\", 0755) = 0\n"
     "1 openat(AT_FDCWD, \"/dev/null\", O_WRONLY|O_CREAT|O_EXCL, 0644) = 1000\n1 close(1000) = 0\n"
     "1 mount(\"/dev/null\", \"/a/n\", NULL, MS_BIND, NULL) = 0\n",
     ""},
    {"7 mount(NULL, \"/sys\", NULL, MS_RDONLY|MS_REMOUNT|MS_BIND, NULL) = 0\n",
     "1 mkdir(\"/sys\", 0755) = 0\n1 mount(\"none\", \"/sys\", \"tmpfs\", 0, NULL) = 0\n"
     "1 mount(NULL, \"/sys\", NULL, MS_RDONLY|MS_REMOUNT|MS_BIND, NULL) = 0\n",
     ""},
    {"7 mount(NULL, \"/\", NULL, MS_RDONLY|MS_REMOUNT|MS_BIND, NULL) = 0\n7 chdir(\"/srv\") = 0\n",
     "1 mkdir(\"/srv\", 0755) = 0\n"
     "1 mount(NULL, \"/\", NULL, MS_RDONLY|MS_REMOUNT|MS_BIND, NULL) = 0\n1 chdir(\"/srv\") = 0\n",
     ""},
    /* Unknown file systems, options and other namespaces. */
    {"7 mount(\"devpts\", \"/mnt\", \"devpts\", MS_NOSUID, \"newinstance\") = 0\n",
     "1 mount(\"devpts\", \"/mnt\", \"tmpfs\", MS_NOSUID, NULL) = 0\n",
     "a tmpfs in place of devpts: line 1, "},
    {"7 unshare(CLONE_NEWNS|CLONE_NEWUTS) = 0\n", "1 unshare(CLONE_NEWNS|CLONE_NEWUTS) = 0\n", ""},
    /* openat2 isn't in the table; what it names is. */
    {"7 openat2(AT_FDCWD, \"/mnt\", {flags=O_RDONLY|O_CLOEXEC|O_PATH, resolve=RESOLVE_IN_ROOT}, 24)"
     " = 5\n7 mount(\"t\", \"/proc/self/fd/5\", \"tmpfs\", 0, NULL) = 0\n",
     "1 openat(AT_FDCWD, \"/mnt\", O_RDONLY|O_CLOEXEC|O_PATH) = 3\n"
     "1 mount(\"t\", \"/proc/self/fd/3\", \"tmpfs\", 0, NULL) = 0\n",
     ""},
    /* What can't be is left out, with the reason; what failed is kept where it fails so here, too.
     */
    {"7 setns(9, CLONE_NEWNS) = 0\n7 umount2(\"/mnt\", 0) = -1 EINVAL (Invalid argument)\n"
     "7 umount2(\"/tmp\", 0) = -1 EBUSY (Device or resource busy)\n",
     "1 umount2(\"/mnt\", 0) = -1 EINVAL (Invalid argument)\n",
     "left out (here it says EINVAL): line 3, 1 umount2(\"/tmp\", 0)\n"},
    {"7 mkdir(\"/run\", 0755) = -1 EEXIST (File exists)\n", "1 mkdir(\"/run\", 0755) = 0\n", ""},
};

static void import_text(const char *text, struct nst_import *ret_import)
{
    struct nst_sequence log = {0};
    struct nst_read_error error;
    size_t len = strlen(text);
    char *copy = strdup(text);

    nst_import_prepare(copy, &len);
    ck_assert_msg(nst_strace_read(copy, len, &log, NULL, &error) == 0, "%s: %zu:%zu: %s", text,
                  error.line, error.column, error.message);
    ck_assert_int_eq(nst_import(&log, ret_import), 0);
    nst_sequence_free(&log);
    free(copy);
}

START_TEST(a_log_becomes_a_sequence)
{
    struct nst_import import;
    char *text;
    size_t len;

    import_text(rows[_i].log, &import);
    ck_assert_int_eq(nst_strace_print(&import.sequence, &text, &len), 0);
    ck_assert_str_eq(text, rows[_i].text);
    ck_assert_msg(*rows[_i].note ? strstr(import.notes, rows[_i].note) != NULL : !*import.notes,
                  "%s: noted '%s'", rows[_i].log, import.notes);
    ck_assert_uint_eq(import.kept + import.made, import.sequence.len);
    ck_assert_uint_le(import.kept, import.calls);
    free(text);
    nst_import_free(&import);
}
END_TEST

static const char *const logs[] = {"bwrap.strace", "bwrap-pidns.strace",
                                   "unshare-every-option.strace", "unshare-root.strace",
                                   "unshare-userns.strace"};

/* Every call of it goes as it says, on the model. */
START_TEST(what_was_imported_goes_as_it_says)
{
    char *path, *text;
    struct nst_import import;
    struct nst_trace trace;
    const char *unknown;
    size_t len;

    ck_assert_int_gt(asprintf(&path, "%s/tests/data/%s", getenv("NST_SOURCE_DIR"), logs[_i]), 0);
    text = nst_corpus_text(path, &len);
    import_text(text, &import);
    ck_assert_uint_ge(import.sequence.len, 2);
    ck_assert_int_eq(nst_model_run(NULL, &import.sequence, &trace, &unknown), 0);
    ck_assert_ptr_null(unknown);
    for (size_t i = 0; i < trace.len; i++) {
        const struct nst_step *step = &trace.step[i];
        const struct nst_result *expect = &step->call->expect;

        ck_assert_msg(step->kind == NST_ANSWER_VALUE
                          ? expect->kind == NST_SUCCEEDS
                          : expect->kind == NST_FAILS && expect->error == step->error,
                      "%s: call %zu", logs[_i], i + 1);
    }
    nst_trace_free(&trace);
    nst_import_free(&import);
    free(text);
    free(path);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("import");
    TCase *tests = tcase_create("import");

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, a_log_becomes_a_sequence, 0, sizeof rows / sizeof *rows);
    tcase_add_loop_test(tests, what_was_imported_goes_as_it_says, 0, sizeof logs / sizeof *logs);
    suite_add_tcase(suite, tests);
    return nst_test_run_suite(suite);
}
