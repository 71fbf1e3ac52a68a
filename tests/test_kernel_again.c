/* What one case of a sandbox leaves is nothing that the next one meets, and what befalls the
 * sandbox between two cases is blamed on neither. */
#include "sandbox_test.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include <ns-tool/property.h>

#include "kernel/kernel.h"
#include "kernel/sys.h"

/* Runs TEXT. Returns the property that it breaks, or NULL. */
static const char *broken(struct nst_sandbox *sandbox, const struct nst_run_options *options,
                          const char *text)
{
    struct nst_sequence sequence = {0};
    struct nst_trace trace = {0};
    struct nst_judgement judgement;
    const char *name = NULL;

    nst_test_read(text, &sequence);
    nst_test_run_sequence(sandbox, &sequence, options, &trace);
    nst_judge(&trace, &(struct nst_judge_options){.intent = NST_INTENT_ASKED}, &judgement);
    for (size_t i = 0; i < judgement.len && !name; i++)
        if (judgement.verdict[i] == NST_FAIL || judgement.verdict[i] == NST_ERROR) {
            name = nst_properties[i]->name;
            fprintf(stderr, "%s: %s\n", name, judgement.finding[i].text);
        }
    nst_trace_free(&trace);
    nst_sequence_free(&sequence);
    return name;
}

static const char plain[] = "1 unshare(CLONE_NEWNS) = 0\n"
                            "1 mount(\"none\", \"/\", NULL, MS_REC|MS_PRIVATE, NULL) = 0\n"
                            "1 mount(\"tmpfs\", \"/a\", \"tmpfs\", 0, NULL) = 0\n"
                            "1 umount2(\"/a\", 0) = 0\n";

static const char changes_parent[] = "1 mount(\"tmpfs\", \"/a\", \"tmpfs\", 0, NULL) = 0\n";

/* An overlay notes on its directories what they belong to; another one then meets that. */
START_TEST(an_overlay_leaves_nothing_on_its_directories)
{
    static const char *const text[] = {
        "1 mkdir(\"/c/w\", 0755) = 0\n1 mkdir(\"/c/u\", 0755) = 0\n"
        "1 mount(\"o\", \"/d\", \"overlay\", 0, \"%slowerdir=/a:/b,upperdir=/c/u,workdir=/c/w\") = "
        "0\n"
        "1 mkdir(\"/d/x\", 0755) = 0\n",
        "1 mount(\"o\", \"/d\", \"overlay\", 0, \"%slowerdir=/a,upperdir=/b/a,workdir=/b/b\") = 0\n"
        "1 rmdir(\"/d/a\") = 0\n",
        "1 mount(\"o\", \"/d\", \"overlay\", 0, \"%slowerdir=/b,upperdir=/b/a,workdir=/b/b\")\n",
        "1 mount(\"o\", \"/d\", \"overlay\", 0, \"%slowerdir=/c,upperdir=/b/a,workdir=/b/b\") = 0\n"
        "1 rmdir(\"/d/a\") = 0\n",
        "1 mount(\"o\", \"/c\", \"overlay\", 0, \"%slowerdir=/a,upperdir=/b/a,workdir=/b/d\") = 0\n"
        "1 rmdir(\"/c/c\") = 0\n",
    };
    bool privileged = _i % 2;
    const struct nst_run_options options = {.privileged = privileged};
    struct nst_sandbox *sandbox;

    if (privileged && geteuid() != 0)
        return;
    sandbox = nst_test_open_sandbox(&options);
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < sizeof(text) / sizeof(*text); i++) {
            const char *found;
            char whole[1024];

            snprintf(whole, sizeof(whole), text[i], _i / 2 ? "index=on," : "");
            found = broken(sandbox, &options, whole);
            ck_assert_msg(!found, "round %d: %s\n%s", round, found, whole);
        }
    nst_sandbox_close(sandbox);
}
END_TEST

/* Each kind of watch sees what the other sees, in a sandbox that changes it. */
START_TEST(a_watch_of_another_kind_sees_as_much_and_no_more)
{
    static const char leak[] = "1 unshare(CLONE_NEWNS) = 0\n"
                               "1 mount(\"tmpfs\", \"/a\", \"tmpfs\", 0, NULL) = 0\n"
                               "1 umount2(\"/a\", 0) = 0\n";
    struct nst_sandbox *sandbox = nst_test_open_sandbox(NULL);

    for (unsigned i = 0; i < 64; i++) {
        const struct nst_run_options options = {.no_fanotify = i * 2654435761U >> 30 & 1};
        const char *found;

        if (i % 5 == 4) {
            found = broken(sandbox, &options, leak);
            ck_assert_msg(found && strcmp(found, "isolation") == 0, "case %u: no leak seen", i);
        }
        found = broken(sandbox, &options, i % 3 ? plain : changes_parent);
        ck_assert_msg(!found, "case %u: %s", i, found);
    }
    nst_sandbox_close(sandbox);
}
END_TEST

static void *open_in_thread(void *ret_sandbox)
{
    *(struct nst_sandbox **)ret_sandbox = nst_test_open_sandbox(NULL);
    return NULL;
}

START_TEST(a_sandbox_outlives_the_thread_that_opened_it)
{
    struct nst_sandbox *sandbox = NULL;
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, open_in_thread, &sandbox), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    for (int i = 0; i < 3; i++)
        ck_assert_ptr_null(broken(sandbox, NULL, plain));
    nst_sandbox_close(sandbox);
}
END_TEST

/* Calls whose strings fill all but SPARE bytes of what a sandbox holds. */
static int run_big(struct nst_sandbox *sandbox, size_t spare, char *why)
{
    static char text[NST_STRING_MAX + 1];
    struct nst_sequence sequence = {.len = (NST_ARENA_SIZE - spare) / (3 * sizeof(text))};
    struct nst_trace trace = {0};
    int r;

    memset(text, 'x', NST_STRING_MAX);
    sequence.call = calloc(sequence.len, sizeof(*sequence.call));
    ck_assert_ptr_nonnull(sequence.call);
    for (size_t i = 0; i < sequence.len; i++) {
        sequence.call[i] = (struct nst_call){.id = NST_CALL_MOUNT, .actor = 1};
        sequence.call[i].arg[0].str = sequence.call[i].arg[2].str = text;
        sequence.call[i].arg[4].str = text;
        sequence.call[i].arg[1].str = "/a";
    }
    r = nst_run(sandbox, &sequence, NULL, &trace, why);
    nst_trace_free(&trace);
    free(sequence.call);
    return r;
}

START_TEST(a_case_that_a_sandbox_cannot_hold_is_an_error_of_its_own)
{
    struct nst_sandbox *sandbox = nst_test_open_sandbox(NULL);
    char why[200] = "";

    for (size_t i = 0; i < 3; i++) {
        int r = run_big(sandbox, i << 20, why);

        ck_assert_msg(r == -E2BIG || (r == 0 && i > 0), "%s: %s", strerrorname_np(-r), why);
        ck_assert_ptr_null(broken(sandbox, NULL, plain));
    }
    ck_assert_str_ne(why, "");
    nst_sandbox_close(sandbox);
}
END_TEST

/* Each doubles, and more, what the one before made: tens of thousands of mounts, and the kernel
 * needs minutes for one table. */
START_TEST(mounts_that_multiply_end_their_case_and_not_the_sandbox)
{
    static const char text[] = "1 mount(\"/a\", \"/b\", NULL, MS_BIND, NULL)\n"
                               "1 mount(\"tmpfs\", \"/a/x\", \"tmpfs\", 0, NULL)\n"
                               "1 mount(\"/\", \"/b\", NULL, MS_BIND, NULL)\n"
                               "1 mount(\"/\", \"/b\", NULL, MS_BIND|MS_REC, NULL)\n"
                               "1 mount(\"/\", \"/b\", NULL, MS_BIND|MS_REC, NULL)\n"
                               "1 mount(\"/\", \"/b\", NULL, MS_BIND|MS_REC, NULL)\n";
    struct nst_sandbox *sandbox = nst_test_open_sandbox(NULL);

    for (int i = 0; i < 2; i++) {
        struct nst_sequence sequence = {0};
        struct nst_trace trace = {0};
        char why[200] = "";

        nst_test_read(text, &sequence);
        ck_assert_int_eq(nst_run(sandbox, &sequence, NULL, &trace, why), -E2BIG);
        ck_assert_str_eq(why, "a namespace shows more than a sandbox reads (1024 kB)");
        nst_trace_free(&trace);
        nst_sequence_free(&sequence);
        ck_assert_ptr_null(broken(sandbox, NULL, plain));
    }
    nst_sandbox_close(sandbox);
}
END_TEST

static int set_limit_and_mark(void *ctx)
{
    (void)ctx;
    if (nst_test_write_file("/proc/sys/user/max_mnt_namespaces", "3") < 0 ||
        nst_test_write_file("/proc/sys/user/max_user_namespaces", "0") < 0)
        return -errno;
    return umount2("/proc", MNT_EXPIRE) == 0 || errno != EAGAIN ? -EINVAL : 0; /* marked */
}

START_TEST(what_code_under_test_set_is_back_for_the_next_case)
{
    const struct nst_run_options options = {.setup = set_limit_and_mark};
    struct nst_sandbox *sandbox = nst_test_open_sandbox(&options);

    for (int i = 0; i < 4; i++) {
        static const char next[] = "1 umount2(\"/proc\", MNT_EXPIRE) = -1 EAGAIN\n"
                                   "1 unshare(CLONE_NEWUSER|CLONE_NEWNS) = 0\n"
                                   "1 unshare(CLONE_NEWNS) = 0\n"
                                   "1 fork() = 2\n"
                                   "2 unshare(CLONE_NEWNS) = 0\n";

        ck_assert_ptr_null(broken(sandbox, &options, "1 chdir(\"/a\") = 0\n"));
        ck_assert_ptr_null(broken(sandbox, NULL, next));
    }
    nst_sandbox_close(sandbox);
}
END_TEST

static bool is_dead(pid_t pid)
{
    char path[64], state = 'X';
    FILE *in;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    in = fopen(path, "re");
    if (in && fscanf(in, "%*d %*s %c", &state) != 1)
        state = 'X';
    if (in)
        fclose(in);
    return state == 'X' || state == 'Z';
}

START_TEST(an_actor_that_is_killed_between_two_cases_is_blamed_on_neither)
{
    struct nst_sandbox *sandbox = nst_test_open_sandbox(NULL);
    size_t killed = 0;

    for (int i = 0; i < 5; i++) {
        pid_t actor;

        ck_assert_ptr_null(broken(sandbox, NULL, plain));
        actor =
            nst_test_child(nst_test_child(nst_test_child(getpid()))); /* of the runner, of init */
        if (!actor)
            continue;
        killed++;
        ck_assert_int_eq(kill(actor, SIGKILL), 0);
        while (!is_dead(actor))
            usleep(1000);
    }
    ck_assert_uint_gt(killed, 0);
    ck_assert_ptr_null(broken(sandbox, NULL, plain));
    nst_sandbox_close(sandbox);
}
END_TEST

/* The next case uses the memory of the one before, so that is done only when the runner is. */
START_TEST(a_case_is_done_only_when_its_runner_is_ready_for_another)
{
    struct nst_sequence sequence = {0};
    struct nst_trace trace = {0};
    struct nst_sandbox *sandbox;
    char why[200] = "";

    nst_faults =
        mmap(NULL, sizeof(*nst_faults), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(nst_faults, MAP_FAILED);
    nst_test_read(changes_parent, &sequence);
    sandbox = nst_test_open_sandbox(NULL);
    ck_assert_int_eq(nst_run(sandbox, &sequence, NULL, &trace, why), 0);
    nst_trace_free(&trace);
    nst_sandbox_close(sandbox);
    nst_faults->at = SIZE_MAX;
    for (size_t i = 0; i < nst_faults->sites; i++) {
        if (nst_faults->site[i].row == NST_SYS_SETNS &&
            strcmp(nst_faults->site[i].function, "nst_parent_renew") == 0)
            nst_faults->at = i;
        nst_faults->site[i].count = 0;
    }
    ck_assert_uint_ne(nst_faults->at, SIZE_MAX);
    nst_faults->kind = NST_FAULT_KILLS_BEFORE;
    nst_faults->nth = 1;
    sandbox = nst_test_open_sandbox(NULL);
    ck_assert_int_eq(nst_run(sandbox, &sequence, NULL, &trace, why), -ECHILD);
    ck_assert_uint_eq(nst_faults->met, 1);
    nst_trace_free(&trace);
    nst_sandbox_close(sandbox);
    nst_sequence_free(&sequence);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kernel_again");
    TCase *tests = tcase_create("kernel_again");
    int status = nst_test_no_sandbox();

    if (status)
        return status;
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, an_overlay_leaves_nothing_on_its_directories, 0, 4);
    tcase_add_test(tests, a_watch_of_another_kind_sees_as_much_and_no_more);
    tcase_add_test(tests, a_sandbox_outlives_the_thread_that_opened_it);
    tcase_add_test(tests, a_case_that_a_sandbox_cannot_hold_is_an_error_of_its_own);
    tcase_add_test(tests, mounts_that_multiply_end_their_case_and_not_the_sandbox);
    tcase_add_test(tests, what_code_under_test_set_is_back_for_the_next_case);
    tcase_add_test(tests, an_actor_that_is_killed_between_two_cases_is_blamed_on_neither);
    tcase_add_test(tests, a_case_is_done_only_when_its_runner_is_ready_for_another);
    suite_add_tcase(suite, tests);
    return nst_test_run_suite(suite);
}
