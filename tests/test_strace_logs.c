/* Logs that strace wrote of real programs (tests/data/, strace 6.1): read without a complaint, and
 * what the reader passed over is counted. No kernel needed. */
#include "nst_readers.h"
#include "nst_test.h"

static const struct log {
    const char *name;
    size_t calls, other, signals, exits, joined, unfinished, truncated;
    const char *holds[6]; /* lines of the canonical text, in this order */
} logs[] = {
    /* strace -f -o LOG unshare -m true, as root */
    {"unshare-root", .calls = 11, .other = 56, .exits = 1,
     .holds = {"16456 unshare(CLONE_NEWNS) = 0\n"
               "16456 mount(\"none\", \"/\", NULL, MS_REC|MS_PRIVATE, NULL) = 0\n"}},
    /* unshare -Umr sh -c 'mount -t tmpfs tmpfs /mnt && umount /mnt', as nobody */
    {"unshare-userns", .calls = 59, .other = 270, .signals = 2, .exits = 3, .joined = 6,
     .holds = {"16435 unshare(CLONE_NEWNS|CLONE_NEWUSER) = 0\n",
               "16435 mount(\"none\", \"/\", NULL, MS_REC|MS_PRIVATE, NULL) = 0\n",
               "16436 mount(\"tmpfs\", \"/mnt\", \"tmpfs\", 0, NULL) = 0\n",
               "16437 umount2(\"/mnt\", 0) = 0\n"}},
    /* strace -f -o LOG bwrap --ro-bind / / --tmpfs /tmp --dev /dev --proc /proc true, as nobody */
    {"bwrap", .calls = 148, .other = 285, .exits = 2, .joined = 22, .truncated = 1,
     .holds = {"16441 clone(child_stack=NULL, flags=CLONE_NEWNS|CLONE_NEWUSER|SIGCHLD) = 16442\n",
               "16442 mount(NULL, \"/\", NULL, MS_REC|MS_SILENT|MS_SLAVE, NULL) = 0\n",
               "16442 mount(\"newroot\", \"newroot\", NULL, MS_MGC_VAL|MS_BIND|MS_REC|MS_SILENT, "
               "NULL) = 0\n",
               "16442 pivot_root(\"/tmp\", \"oldroot\") = 0\n",
               "16442 mount(\"devpts\", \"/newroot/dev/pts\", \"devpts\", MS_NOSUID|MS_NOEXEC, "
               "\"newinstance,ptmxmode=0666,mode=6\") = 0\n",
               "16442 umount2(\".\", MNT_DETACH) = 0\n"}},
    /* the same with --unshare-pid, by strace -f -yy -tt -T --pidns-translation */
    {"bwrap-pidns", .calls = 150, .other = 289, .exits = 3, .joined = 34, .truncated = 1,
     .holds = {"31288 clone(child_stack=NULL, "
               "flags=CLONE_NEWNS|CLONE_NEWUSER|CLONE_NEWPID|SIGCHLD) = 31289\n",
               "31289 pivot_root(\"/tmp\", \"oldroot\") = 0\n",
               "31289 clone(child_stack=NULL, "
               "flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD) = 31290\n"}},
    /* unshare -Um true, by strace -f -Y -C -r -tt -T -yy -v -i -n -X verbose */
    {"unshare-every-option", .calls = 11, .other = 56, .exits = 1,
     .holds = {"16452 unshare(CLONE_NEWNS|CLONE_NEWUSER) = 0\n"
               "16452 mount(\"none\", \"/\", NULL, MS_REC|MS_PRIVATE, NULL) = 0\n"}},
};

#define LOGS ((int)(sizeof(logs) / sizeof(logs[0])))

static char *log_text(const struct log *log, size_t *ret_len)
{
    const char *source = getenv("NST_SOURCE_DIR");
    char path[4096], *text = NULL;
    size_t size = 0;
    FILE *file;

    snprintf(path, sizeof path, "%s/tests/data/%s.strace", source ? source : ".", log->name);
    file = fopen(path, "re");
    ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
    ssize_t len = getdelim(&text, &size, '\0', file);

    ck_assert_int_gt(len, 0);
    fclose(file);
    *ret_len = (size_t)len;
    return text;
}

/* Fails the test with LOG's name where it doesn't read. */
static void read_log(const struct log *log, struct nst_sequence *ret_sequence,
                     struct nst_read_counts *ret_counts)
{
    struct nst_read_error error = {0};
    size_t len;
    char *text = log_text(log, &len);
    int r = nst_strace_read(text, len, ret_sequence, ret_counts, &error);

    ck_assert_msg(!r, "%s:%zu:%zu: %s", log->name, error.line, error.column, error.message);
    ck_assert(nst_sequence_valid(ret_sequence));
    free(text);
}

START_TEST(a_log_reads_without_a_complaint_and_what_is_passed_over_is_counted)
{
    const struct log *log = &logs[_i];
    struct nst_sequence sequence = {0};
    struct nst_read_counts counts;
    size_t len;
    char *text;

    read_log(log, &sequence, &counts);
    ck_assert_uint_eq(sequence.len, log->calls);
    ck_assert_uint_eq(counts.other, log->other);
    ck_assert_uint_eq(counts.signals, log->signals);
    ck_assert_uint_eq(counts.exits, log->exits);
    ck_assert_uint_eq(counts.joined, log->joined);
    ck_assert_uint_eq(counts.unfinished, log->unfinished);
    ck_assert_uint_eq(counts.truncated, log->truncated);
    ck_assert_uint_eq(counts.dropped, 0);
    ck_assert_int_eq(nst_strace_print(&sequence, &text, &len), 0);
    const char *at = text;

    for (size_t i = 0; i < 6 && log->holds[i]; i++) {
        at = strstr(at, log->holds[i]);
        ck_assert_msg(at != NULL, "%s: no %s in\n%s", log->name, log->holds[i], text);
    }
    free(text);
    nst_sequence_free(&sequence);
}
END_TEST

START_TEST(what_a_log_says_prints_and_reads_as_itself_strictly_and_leniently)
{
    struct nst_sequence first = {0}, strict = {0}, lenient = {0}, raw = {0};
    size_t raw_len, len[4];
    char *raw_text, *text[4];

    read_log(&logs[_i], &first, NULL);
    ck_assert_int_eq(nst_strace_print(&first, &text[0], &len[0]), 0);
    ck_assert_int_eq(nst_strace_read(text[0], len[0], &strict, NULL, NULL), 0);
    ck_assert_int_eq(nst_strace_read_lenient(text[0], len[0], &lenient, NULL), 0);
    raw_text = log_text(&logs[_i], &raw_len);
    ck_assert_int_eq(nst_strace_read_lenient(raw_text, raw_len, &raw, NULL), 0);
    ck_assert_int_eq(nst_strace_print(&strict, &text[1], &len[1]), 0);
    ck_assert_int_eq(nst_strace_print(&lenient, &text[2], &len[2]), 0);
    ck_assert_int_eq(nst_strace_print(&raw, &text[3], &len[3]), 0);
    for (size_t i = 1; i < 4; i++)
        ck_assert_str_eq(text[0], text[i]);
    for (size_t i = 0; i < 4; i++)
        free(text[i]);
    free(raw_text);
    nst_sequence_free(&first);
    nst_sequence_free(&strict);
    nst_sequence_free(&lenient);
    nst_sequence_free(&raw);
}
END_TEST

/* The first actor is there; each other one was made by a call of the log, by the name under which
 * it acts, in a pid namespace of its own, too. */
START_TEST(who_acts_was_made)
{
    struct nst_sequence sequence = {0};

    read_log(&logs[_i], &sequence, NULL);
    for (size_t i = 0; i < sequence.len; i++) {
        uint32_t actor = sequence.call[i].actor;
        bool made = actor == sequence.call[0].actor;

        for (size_t by = 0; by < i && !made; by++) {
            const struct nst_call *call = &sequence.call[by];

            made = nst_calls[call->id].returns == NST_RETURNS_ACTOR &&
                   call->expect.kind == NST_SUCCEEDS && call->expect.value == (int64_t)actor;
        }
        ck_assert_msg(made, "%s:%u: %u was never made", logs[_i].name, sequence.call[i].line,
                      actor);
    }
    nst_sequence_free(&sequence);
}
END_TEST

/* Every prefix of a log, as a full disk or a killed strace leaves it. */
START_TEST(a_log_cut_or_mutated_is_read_or_refused_at_a_place)
{
    size_t len;
    char *text = log_text(&logs[_i], &len);
    char *copy = malloc(len);
    unsigned seed = nst_test_seed();

    ck_assert_ptr_nonnull(copy);
    /* Reading is linear, so every prefix would be quadratic. */
    for (size_t cut = 0; cut <= len; cut += len / 500 + 1) {
        nst_readers_check(text, cut);
        memcpy(copy, text, len);
        nst_readers_mutate(copy, len, &seed);
        nst_readers_check(copy, len);
    }
    free(copy);
    free(text);
}
END_TEST

/* One call each way that strace's options write it. */
static const struct {
    const char *option, *text, *canonical;
} forms[] = {
    {"-f -o", "7  close(3)                          = 0\n", "7 close(3) = 0\n"},
    {"-f on a terminal", "[pid     7] close(3)                = 0\n", "7 close(3) = 0\n"},
    {"no -f", "close(3)                          = 0\n", "1 close(3) = 0\n"},
    {"-t", "7  06:22:16 close(3)                = 0\n", "7 close(3) = 0\n"},
    {"-ttt", "7  1780000000.123456 close(3)       = 0\n", "7 close(3) = 0\n"},
    {"-r", "7       0.000018 close(3)           = 0\n", "7 close(3) = 0\n"},
    {"-r -t", "7  06:22:16 (+     0.000018) close(3) = 0\n", "7 close(3) = 0\n"},
    {"-T", "7  close(3)                         = 0 <0.000004>\n", "7 close(3) = 0\n"},
    {"-i", "7  [00007f37b0544a07] close(3)      = 0\n", "7 close(3) = 0\n"},
    {"-n -i", "7  [   3] [????????????????] close(3) = 0\n", "7 close(3) = 0\n"},
    {"-k", "7  close(3) = 0\n > /lib/libc.so.6(close+0x1) [0x1]\n", "7 close(3) = 0\n"},
    {"-C", "7  close(3) = 0\n% time  seconds\n-- ---\n 0.00 close\n", "7 close(3) = 0\n"},
    {"-Y", "7<a b> close(3)                     = 0\n", "7 close(3) = 0\n"},
    {"-Y, terminal", "[pid     7<sh>] close(3)          = 0\n", "7 close(3) = 0\n"},
    {"-Y", "7<sh> kill(8<sh>, SIGRT_8)       = 0\n", "7 kill(8, 40) = 0\n"},
    {"-Y", "7<sh> fork() = 8<sh>\n", "7 fork() = 8\n"},
    {"-y", "7  close(3</a>)                     = 0\n", "7 close(3) = 0\n"},
    {"-y, escaped", "7  close(3</a\\74b\\76, \"(>)         = 0\n", "7 close(3) = 0\n"},
    {"-y, ends in -", "7  close(3</a[:[->)              = 0\n", "7 close(3) = 0\n"},
    {"-y, deleted", "7  close(3</a>(deleted))            = 0\n", "7 close(3) = 0\n"},
    {"-y", "7  openat(AT_FDCWD</a (deleted)>, \"b\", O_RDONLY) = 3</a/b>\n",
     "7 openat(AT_FDCWD, \"b\", O_RDONLY) = 3\n"},
    {"-yy", "7  close(3<UNIX-STREAM:[12->34]>)  = 0\n", "7 close(3) = 0\n"},
    {"-yy", "7  close(3<TCP:[1.2.3.4:5->6.7.8.9:10]>) = 0\n", "7 close(3) = 0\n"},
    {"-yy", "7  close(3</dev/null<char 1:3>>) = 0\n", "7 close(3) = 0\n"},
    {"-X raw", "7  unlinkat(-100, \"a\", 0x200) = 0\n",
     "7 unlinkat(AT_FDCWD, \"a\", AT_REMOVEDIR) = 0\n"},
    {"-X verbose", "7  unlinkat(-100 /* AT_FDCWD */</>, \"a\", 0x200 /* AT_REMOVEDIR */) = 0\n",
     "7 unlinkat(AT_FDCWD, \"a\", AT_REMOVEDIR) = 0\n"},
    {"-xx", "7  rmdir(\"\\x2f\\x61\") = 0\n", "7 rmdir(\"/a\") = 0\n"},
    {"--pidns-translation", "7  fork() = 3 /* 9 in strace's PID NS */\n", "7 fork() = 9\n"},
    {"--pidns-translation", "7  kill(3 /* 9 in strace's PID NS */, SIGTERM) = 0\n",
     "7 kill(9, SIGTERM) = 0\n"},
    {"inject", "7  close(3) = -1 EBADF (Bad file descriptor) (INJECTED) <0.0001>\n",
     "7 close(3) = -1 EBADF (Bad file descriptor)\n"},
    {"a signal", "7  close(3) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)\n",
     "7 close(3)\n"},
    {"killed", "7  rmdir(\"/a\" <unfinished ...>) = ?\n+++ killed by SIGKILL +++\n",
     "7 rmdir(\"/a\")\n"},
    {"killed", "7  rmdir(\"/a\" <unfinished ...>\n7  <... rmdir resumed> <unfinished ...>) = ?\n",
     "7 rmdir(\"/a\")\n"},
    {"killed", "7  close(3)                         = ? <unavailable>\n", "7 close(3)\n"},
    {"probes", "7  mount_setattr(-1, NULL, 0, NULL, 0) = -1 EINVAL (Invalid argument)\n", ""},
    {"probes", "7  clone3(0x7ffc, 88) = -1 EFAULT (Bad address)\n", ""},
    {"threads",
     "7  clone3({flags=CLONE_VM|CLONE_THREAD, child_tid=0x7f, exit_signal=0, stack=0x7f, "
     "stack_size=0x7ff, tls=0x7f} => {parent_tid=[8]}, 88) = 8\n",
     "7 clone3({flags=CLONE_VM|CLONE_THREAD, exit_signal=0}, 88) = 8\n"},
    {"a cgroup", "7  clone3({flags=CLONE_NEWNS, exit_signal=SIGCHLD, cgroup=5</a,b}>}, 88) = 8\n",
     "7 clone3({flags=CLONE_NEWNS, exit_signal=SIGCHLD}, 88) = 8\n"},
    {"32 bit", "[ Process PID=7 runs in 32 bit mode. ]\nProcess 8 attached\n", ""},
};

START_TEST(every_form_that_strace_s_options_give_a_call_reads_as_the_same_call)
{
    struct nst_sequence sequence = {0};
    struct nst_read_error error = {0};
    char *text;
    size_t len;
    int r = nst_strace_read(forms[_i].text, strlen(forms[_i].text), &sequence, NULL, &error);

    ck_assert_msg(!r, "%s: %zu:%zu: %s\n%s", forms[_i].option, error.line, error.column,
                  error.message, forms[_i].text);
    ck_assert_int_eq(nst_strace_print(&sequence, &text, &len), 0);
    ck_assert_str_eq(text, forms[_i].canonical);
    free(text);
    nst_sequence_free(&sequence);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("strace_logs");
    TCase *tests = tcase_create("logs");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, a_log_reads_without_a_complaint_and_what_is_passed_over_is_counted,
                        0, LOGS);
    tcase_add_loop_test(tests, what_a_log_says_prints_and_reads_as_itself_strictly_and_leniently, 0,
                        LOGS);
    tcase_add_loop_test(tests, who_acts_was_made, 0, LOGS);
    tcase_add_loop_test(tests, a_log_cut_or_mutated_is_read_or_refused_at_a_place, 0, LOGS);
    tcase_add_loop_test(tests, every_form_that_strace_s_options_give_a_call_reads_as_the_same_call,
                        0, sizeof forms / sizeof *forms);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
