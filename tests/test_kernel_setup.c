/* A user's own setup function: performed in the first actor before its calls, and judged. */
#include "sandbox_test.h"

#include <signal.h>

#include <ns-tool/property.h>

#define MOUNT "1 mount(\"none\", \"/a\", \"tmpfs\", 0, NULL)\n"

static int unshare_private(void *ctx)
{
    (void)ctx;
    if (unshare(CLONE_NEWNS) < 0)
        return -errno;
    return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ? -errno : 0;
}

static int unshare_only(void *ctx)
{
    (void)ctx;
    return unshare(CLONE_NEWNS) < 0 ? -errno : 0;
}

static int mount_before_private(void *ctx)
{
    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/b", "tmpfs", 0, NULL) < 0)
        return -errno;
    return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ? -errno : unshare_private(ctx);
}

static int mount_and_unmount_first(void *ctx)
{
    if (mount("none", "/b", "tmpfs", 0, NULL) < 0 || umount2("/b", 0) < 0)
        return -errno;
    return unshare_private(ctx);
}

static int fails(void *ctx)
{
    (void)ctx;
    return -EPERM;
}

static int ends(void *ctx)
{
    (void)ctx;
    _exit(0);
}

static int hangs(void *ctx)
{
    (void)ctx;
    while (pause() < 0)
        ;
    return 0;
}

static int answers_its_context(void *ctx)
{
    return *(int *)ctx;
}

/* As a runtime does that works in a child; it leaves another one. */
static int forks_and_waits(void *ctx)
{
    pid_t pid = fork();
    int status;

    if (!pid)
        _exit(unshare_private(ctx) < 0);
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
        return -ECHILD;
    pid = fork();
    if (!pid)
        for (;;)
            pause();
    return pid < 0 ? -errno : 0;
}

static int answer = 7;

static const struct row {
    int (*setup)(void *ctx);
    const char *breaks, *says; /* the property; NULL: all hold */
    int value, error;          /* what the setup answered */
    enum nst_answer_kind kind;
} rows[] = {
    {unshare_private, NULL, NULL, 0, 0, NST_ANSWER_VALUE},
    {forks_and_waits, NULL, NULL, 0, 0, NST_ANSWER_VALUE},
    {answers_its_context, NULL, NULL, 7, 0, NST_ANSWER_VALUE},
    {unshare_only, "isolation", "mount by actor 1, in a namespace of its own, shows", 0, 0,
     NST_ANSWER_VALUE},
    {mount_before_private, "isolation", "the setup shows in the parent: + /b", 0, 0,
     NST_ANSWER_VALUE},
    {mount_and_unmount_first, "isolation", "the setup was visible in the parent for an instant", 0,
     0, NST_ANSWER_VALUE},
    {fails, "expectation", "the setup failed with EPERM", -1, EPERM, NST_ANSWER_ERROR},
    {ends, "expectation", "the setup ended its process", 0, 0, NST_ANSWER_ENDED},
    {hangs, "expectation", "the setup did not return before its deadline", 0, 0,
     NST_ANSWER_DEADLINE},
};

static void must_say(const struct row *row, const struct nst_judgement *judgement)
{
    for (size_t i = 0; i < judgement->len; i++) {
        bool breaks = row->breaks && !strcmp(nst_properties[i]->name, row->breaks);

        ck_assert_msg((judgement->verdict[i] == NST_FAIL) == breaks, "%s: %s: %s",
                      nst_properties[i]->name, nst_verdict_name(judgement->verdict[i]),
                      judgement->finding[i].text);
        if (breaks)
            ck_assert_msg(strstr(judgement->finding[i].text, row->says), "%s",
                          judgement->finding[i].text);
    }
}

/* Without fanotify (_i odd) what is there for an instant only may be missed. */
START_TEST(a_setup_is_performed_before_the_calls_and_judged)
{
    const struct row *row = &rows[_i / 2];
    const struct nst_run_options options = {
        .setup = row->setup, .setup_ctx = &answer, .deadline_ms = 500, .no_fanotify = _i % 2};
    const struct nst_judge_options judge = {.intent = NST_INTENT_ALWAYS, .random = true};
    struct nst_sequence sequence = {0};
    struct nst_judgement judgement;
    struct nst_sandbox *sandbox;
    struct nst_trace trace;
    char why[200] = "";

    if (_i % 2 && row->setup == mount_and_unmount_first)
        return;
    ck_assert_int_eq(nst_strace_read(MOUNT, strlen(MOUNT), &sequence, NULL, NULL), 0);
    ck_assert_msg(!nst_sandbox_open(&options, &sandbox, why), "%s", why);
    for (int i = 0; i < 2; i++) { /* the second case starts as the first one did */
        ck_assert_msg(!nst_run(sandbox, &sequence, &options, &trace, why), "%s", why);
        ck_assert_ptr_nonnull(trace.setup);
        ck_assert_int_eq(trace.setup->kind, row->kind);
        ck_assert_int_eq(trace.setup->value, row->value);
        ck_assert_int_eq(trace.setup->error, row->error);
        nst_judge(&trace, &judge, &judgement);
        must_say(row, &judgement);
        nst_trace_free(&trace);
    }
    ck_assert_msg(!nst_run(sandbox, &sequence, NULL, &trace, why), "%s", why);
    ck_assert_ptr_null(trace.setup);
    ck_assert_int_eq(trace.step[0].kind, NST_ANSWER_VALUE);
    nst_trace_free(&trace);
    nst_sandbox_close(sandbox);
    nst_sequence_free(&sequence);
}
END_TEST

int main(void)
{
    int status = nst_test_no_sandbox();

    if (status)
        return status;

    Suite *suite = suite_create("setup");
    TCase *tests = tcase_create("setup");

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, a_setup_is_performed_before_the_calls_and_judged, 0,
                        2 * sizeof rows / sizeof *rows);
    suite_add_tcase(suite, tests);
    return nst_test_run_suite(suite);
}
