/* The readers and the printer of sequences. No kernel needed. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nst_readers.h"

static char *read_and_print(const char *text, struct nst_read_counts *ret_counts)
{
    struct nst_sequence sequence = {0};
    struct nst_read_error error = {0};
    char *printed = NULL;
    size_t len;
    int r = nst_strace_read(text, strlen(text), &sequence, ret_counts, &error);

    ck_assert_msg(!r, "%zu:%zu: %s", error.line, error.column, error.message);
    ck_assert(nst_sequence_valid(&sequence));
    ck_assert_int_eq(nst_strace_print(&sequence, &printed, &len), 0);
    nst_sequence_free(&sequence);
    return printed;
}

static const char *const canonical[] = {
    "1 unshare(CLONE_NEWNS|CLONE_NEWUSER) = 0\n",
    "1 clone(child_stack=NULL, flags=CLONE_NEWNS|SIGCHLD) = 2\n",
    "1 clone3({flags=CLONE_NEWNS, exit_signal=SIGCHLD}, 88) = 2\n",
    "1 fork() = 2\n1 vfork() = 3\n",
    "2 exit_group(0)\n",
    "1 kill(2, SIGKILL) = 0\n",
    "1 mkdir(\"/a/x\", 0755) = 0\n1 mkdirat(AT_FDCWD, \"/a/x\", 000) = -1 EEXIST (File exists)\n",
    "1 rmdir(\"/a/x\") = 0\n1 unlink(\"/a/x\")\n1 unlinkat(3, \"x\", AT_REMOVEDIR) = 0\n",
    "1 symlink(\"/a\", \"/a/x\") = 0\n1 rename(\"/a/x\", \"/a/y\") = 0\n"
    "1 renameat2(AT_FDCWD, \"/a/y\", 3, \"x\", RENAME_NOREPLACE|RENAME_EXCHANGE) = -1 EINVAL "
    "(Invalid "
    "argument)\n",
    "1 open(\"/proc/2/ns/mnt\", O_RDONLY|O_CLOEXEC) = 3\n1 setns(3, CLONE_NEWNS) = 0\n",
    "1 openat(AT_FDCWD, \"/a/f\", O_WRONLY|O_CREAT, 0644) = 3\n1 close(3) = 0\n",
    "1 chdir(\"/a\") = 0\n1 fchdir(3) = 0\n1 chroot(\".\") = 0\n",
    "1 mount(\"none\", \"/\", NULL, MS_REC|MS_PRIVATE, NULL) = 0\n",
    "1 mount(NULL, \"/a\", NULL, MS_MGC_VAL|MS_BIND, NULL) = -1 EINVAL (Invalid argument)\n",
    "1 mount(\"a b\\n\\t\\\"\\\\\\1\\0011\\377\", \"/a\", \"tmpfs\", 0, \"size=1M\")\n",
    "1 umount2(\"/a\", MNT_DETACH|UMOUNT_NOFOLLOW|0x10) = 0\n",
    "1 pivot_root(\".\", \".\") = 0\n",
    "1 open_tree(AT_FDCWD, \"/a\", OPEN_TREE_CLONE|AT_RECURSIVE) = 3\n",
    "1 open_tree_attr(AT_FDCWD, \"/a\", OPEN_TREE_CLONE, {attr_set=MOUNT_ATTR_RDONLY, attr_clr=0, "
    "propagation=MS_PRIVATE, userns_fd=0}, 32) = 3\n",
    "1 move_mount(3, \"\", AT_FDCWD, \"/b\", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_BENEATH) = 0\n",
    "1 fsopen(\"tmpfs\", FSOPEN_CLOEXEC) = 3\n1 fsconfig(3, FSCONFIG_SET_STRING, \"size\", \"1M\", "
    "0) = 0\n"
    "1 fsconfig(3, FSCONFIG_CMD_CREATE, NULL, NULL, 0) = 0\n1 fsmount(3, FSMOUNT_CLOEXEC, "
    "MOUNT_ATTR_NOSUID) = 4\n",
    "1 fspick(AT_FDCWD, \"/a\", FSPICK_NO_AUTOMOUNT) = 3\n",
    "1 mount_setattr(-1, \"/a\", AT_RECURSIVE, {attr_set=0, attr_clr=MOUNT_ATTR__ATIME, "
    "propagation=0, userns_fd=0}, 32) = 0\n",
};

START_TEST(errors_and_signals_have_the_names_that_the_c_library_gives_them)
{
    for (int error = -1; error < 300; error++) {
        const char *name = strerrorname_np(error), *own = nst_errno_name(error);

        if (error <= 0)
            ck_assert_ptr_null(own);
        else
            ck_assert_msg((!name && !own) || (name && own && !strcmp(name, own)), "%d: %s", error,
                          own ? own : "none");
        if (name)
            ck_assert_str_eq(nst_errno_text(error), strerrordesc_np(error));
    }
    for (int signal = 1; signal < 32; signal++)
        ck_assert_str_eq(nst_signal_name(signal), sigabbrev_np(signal));
    ck_assert_ptr_null(nst_signal_name(0));
    ck_assert_ptr_null(nst_signal_name(32));
}
END_TEST

START_TEST(canonical_text_reads_and_prints_as_itself)
{
    char *printed = read_and_print(canonical[_i], NULL);

    ck_assert_str_eq(printed, canonical[_i]);
    free(printed);
}
END_TEST

START_TEST(the_table_of_calls_is_whole)
{
    const struct nst_call_type *type = &nst_calls[_i];

    ck_assert_ptr_nonnull(type->name);
    ck_assert_uint_le(type->args, NST_ARGS_MAX);
    for (size_t i = 0; i < NST_ARGS_MAX; i++) {
        const struct nst_arg_type *arg = &type->arg[i];

        ck_assert_int_eq(arg->kind != NST_ARG_NONE, i < type->args);
        ck_assert_int_eq(arg->kind == NST_ARG_FLAGS || arg->kind == NST_ARG_ENUM, arg->set != NULL);
    }
    bool shown = false;

    for (size_t i = 0; i < sizeof canonical / sizeof *canonical; i++) {
        char needle[64];

        snprintf(needle, sizeof needle, " %s(", type->name);
        shown |= strstr(canonical[i], needle) != NULL;
    }
    ck_assert_msg(shown, "no test reads %s", type->name);
}
END_TEST

static const struct {
    const char *text;
    size_t line, column;
    const char *expected;
} malformed[] = {
    {"1 mout(\"a\")\n", 1, 3, "the name of a system call"},
    {"# x\n1 umount2(\"/a\", MNT_DETACHED) = 0\n", 2, 17, "MNT_"},
    {"1 umount2(/a, 0)\n", 1, 11, "double quotes"},
    {"1 umount2(\"/a, 0)\n", 1, 12, "closing double quote"},
    {"1 umount2(\"/a\\0\", 0)\n", 1, 16, "NUL"},
    {"1 umount2(\"/a\")\n", 1, 15, "comma"},
    {"1 umount2(\"/a\", 0, 1)\n", 1, 18, "closing parenthesis"},
    {"1 umount2(\"/a\", 0) = -1 ENOTHING\n", 1, 25, "errno"},
    {"1 umount2(\"/a\", 0) 0\n", 1, 20, "result"},
    {"0 umount2(\"/a\", 0)\n", 1, 1, "actor"},
    {"99999999999 fork()\n", 1, 1, "actor"},
    {"1 fork() = 0\n", 1, 12, "actor above 0"},
    {"1 close(x)\n", 1, 9, "descriptor"},
};

START_TEST(malformed_text_is_refused_at_its_line_and_column)
{
    struct nst_sequence sequence = {0};
    struct nst_read_error error = {0};
    int r =
        nst_strace_read(malformed[_i].text, strlen(malformed[_i].text), &sequence, NULL, &error);

    ck_assert_int_eq(r, -EINVAL);
    ck_assert_uint_eq(sequence.len, 0);
    ck_assert_uint_eq(error.line, malformed[_i].line);
    ck_assert_msg(strstr(error.message, malformed[_i].expected), "%s", error.message);
    ck_assert_uint_eq(error.column, malformed[_i].column);
}
END_TEST

START_TEST(a_strace_log_is_read_and_what_it_holds_besides_is_counted)
{
    static const char log[] =
        "[pid 12] 10:11:12.123 read(3,  <unfinished ...>\n"
        "14  clone(child_stack=NULL, flags=CLONE_NEWNS|SIGCHLD, child_tidptr=0x7f) = 15\n"
        "15  mount(NULL, \"/\", NULL, MS_REC|MS_SILENT|MS_SLAVE, NULL <unfinished ...>\n"
        "14  close(4</tmp/a, b> <unfinished ...>\n"
        "15  <... mount resumed>)              = 0\n"
        "14  <... close resumed>)              = 0\n"
        "15  mount(\"devpts\", \"/d\", \"devpts\", 0, \"newinstance,mode=6\"...) = 0\n"
        "15  exit_group(0 <unfinished ...>\n"
        "15  +++ exited with 0 +++\n"
        "14  --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED} ---\n"
        "14  syscall_0x1d3(0xffffff9c, 0x7f) = 4\n";
    struct nst_read_counts counts = {0};
    char *printed = read_and_print(log, &counts);

    ck_assert_str_eq(printed,
                     "14 clone(child_stack=NULL, flags=CLONE_NEWNS|SIGCHLD) = 15\n"
                     "15 mount(NULL, \"/\", NULL, MS_REC|MS_SILENT|MS_SLAVE, NULL) = 0\n"
                     "14 close(4) = 0\n"
                     "15 mount(\"devpts\", \"/d\", \"devpts\", 0, \"newinstance,mode=6\") = 0\n"
                     "15 exit_group(0)\n");
    ck_assert_uint_eq(counts.joined, 2);
    ck_assert_uint_eq(counts.other, 2);
    ck_assert_uint_eq(counts.signals, 1);
    ck_assert_uint_eq(counts.exits, 1);
    ck_assert_uint_eq(counts.truncated, 1);
    ck_assert_uint_eq(counts.unfinished, 1);
    free(printed);
}
END_TEST

START_TEST(the_lenient_reader_drops_what_it_cannot_read)
{
    static const char text[] = "1 fork() = 2\n1 mo\0unt(\n\xff\xfe\n2 chdir(\"/a\")\n";
    struct nst_sequence sequence = {0};
    struct nst_read_counts counts;

    ck_assert_int_eq(nst_strace_read_lenient(text, sizeof text - 1, &sequence, &counts), 0);
    ck_assert_uint_eq(sequence.len, 2);
    ck_assert_uint_eq(counts.dropped, 2);
    nst_sequence_free(&sequence);
}
END_TEST

START_TEST(what_is_beyond_the_bounds_is_refused)
{
    struct nst_sequence sequence = {0};
    struct nst_read_error error = {0};
    size_t line = strlen("12345 fork()\n"), len = 0;
    char *text = malloc((NST_CALLS_MAX + 1) * line + 1);

    for (int i = 0; i <= NST_CALLS_MAX; i++)
        len += (size_t)sprintf(text + len, "%d fork()\n", _i ? i + 1 : 1);
    ck_assert_int_eq(nst_strace_read(text, len, &sequence, NULL, &error), -E2BIG);
    ck_assert_uint_eq(error.line, _i ? NST_ACTORS_MAX + 1 : NST_CALLS_MAX + 1);
    ck_assert_uint_eq(sequence.len, 0);
    free(text);
}
END_TEST

START_TEST(every_prefix_and_ten_thousand_mutations_read_and_print_as_themselves)
{
    char all[16384];
    size_t len = 0;
    const char *seed_text = getenv("NST_SEED");
    unsigned seed = seed_text ? (unsigned)strtoul(seed_text, NULL, 0) : 1;

    printf("NST_SEED=%u\n", seed);
    for (size_t i = 0; i < sizeof canonical / sizeof *canonical; i++)
        len += (size_t)sprintf(all + len, "%s", canonical[i]);
    for (size_t i = 0; i <= len; i++)
        nst_readers_check(all, i);
    for (int i = 0; i < 10000; i++) {
        char copy[16384];

        memcpy(copy, all, len);
        nst_readers_mutate(copy, len, &seed);
        nst_readers_check(copy, len);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("strace");
    TCase *tests = tcase_create("strace");
    SRunner *runner = srunner_create(suite);

    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, the_table_of_calls_is_whole, 0, NST_CALLS);
    tcase_add_test(tests, errors_and_signals_have_the_names_that_the_c_library_gives_them);
    tcase_add_loop_test(tests, canonical_text_reads_and_prints_as_itself, 0,
                        sizeof canonical / sizeof *canonical);
    tcase_add_loop_test(tests, malformed_text_is_refused_at_its_line_and_column, 0,
                        sizeof malformed / sizeof *malformed);
    tcase_add_test(tests, a_strace_log_is_read_and_what_it_holds_besides_is_counted);
    tcase_add_test(tests, the_lenient_reader_drops_what_it_cannot_read);
    tcase_add_loop_test(tests, what_is_beyond_the_bounds_is_refused, 0, 2);
    tcase_add_test(tests, every_prefix_and_ten_thousand_mutations_read_and_print_as_themselves);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);

    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed ? 1 : 0;
}
