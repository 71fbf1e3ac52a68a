/* Each seed goes as the model says; a sequence with one condition changed doesn't: the model tells
 * both apart. Random ones are props/prop_conformance.c's. */
#include "nst_corpus.h"
#include "sandbox_test.h"

#include <signal.h>

#include <ns-tool/model.h>
#include <ns-tool/property.h>

static struct nst_corpus seeds;

static enum nst_verdict conforms(const struct nst_trace *trace, struct nst_finding *ret_finding)
{
    const struct nst_judge_options options = {.random = true};

    return nst_property_by_name("conformance")->check(trace, &options, ret_finding);
}

START_TEST(seeds_go_as_the_model_says)
{
    struct nst_sandbox *sandbox = nst_test_open_sandbox(NULL);
    struct nst_sequence sequence = {0};
    struct nst_finding finding = {0};
    struct nst_trace trace;
    char *text = nst_corpus_read(seeds.file[_i]);
    enum nst_verdict verdict;

    nst_test_read(text, &sequence);
    nst_test_run_sequence(sandbox, &sequence, NULL, &trace);
    verdict = conforms(&trace, &finding);
    /* what it may not tell, tests/test_model.c says */
    ck_assert_msg(verdict == NST_PASS ||
                      (verdict == NST_SKIP && strstr(finding.text, "which the model can't tell")),
                  "%s: %s", seeds.file[_i], finding.text);
    nst_trace_free(&trace);
    nst_sequence_free(&sequence);
    free(text);
    nst_sandbox_close(sandbox);
}
END_TEST

#define SHARED "1 clone(child_stack=NULL, flags=CLONE_NEWNS|SIGCHLD) = 2\n"
#define TMPFS "1 mount(\"none\", \"/a\", \"tmpfs\", 0, NULL)\n"

/* What is performed, and the mutant that the model is asked about. */
static const struct {
    const char *performed, *asked;
} mutants[] = {
    {SHARED "2 mount(\"none\", \"/\", NULL, MS_SLAVE, NULL)\n" TMPFS,
     SHARED "2 mount(\"none\", \"/\", NULL, MS_PRIVATE, NULL)\n" TMPFS},
    {SHARED "1 mount(\"none\", \"/\", NULL, MS_REC|MS_PRIVATE, NULL)\n" TMPFS,
     SHARED "1 mount(\"none\", \"/\", NULL, MS_PRIVATE, NULL)\n" TMPFS},
    {TMPFS "1 mount(\"/\", \"/b\", NULL, MS_BIND, NULL)\n",
     TMPFS "1 mount(\"/\", \"/b\", NULL, MS_BIND|MS_REC, NULL)\n"},
    {TMPFS "1 chdir(\"/a\")\n1 umount2(\"/a\", 0)\n",
     TMPFS "1 chdir(\"/b\")\n1 umount2(\"/a\", 0)\n"},
    {TMPFS "1 umount2(\"/a\", 0)\n", TMPFS "1 umount2(\"/a\", MNT_EXPIRE)\n"},
    {TMPFS, "1 mount(\"none\", \"/a\", \"tmpfs\", MS_NODEV, NULL)\n"},
    {TMPFS "1 unshare(CLONE_NEWNS|CLONE_NEWUSER)\n1 umount2(\"/a\", 0)\n",
     TMPFS "1 unshare(CLONE_NEWNS)\n1 umount2(\"/a\", 0)\n"},
};

START_TEST(a_mutant_does_not_go_as_the_model_says)
{
    struct nst_sandbox *sandbox = nst_test_open_sandbox(NULL);
    struct nst_sequence performed = {0}, asked = {0};
    struct nst_finding finding;
    struct nst_trace trace;

    nst_test_read(mutants[_i].performed, &performed);
    nst_test_read(mutants[_i].asked, &asked);
    ck_assert_uint_eq(performed.len, asked.len);
    nst_test_run_sequence(sandbox, &performed, NULL, &trace);
    ck_assert_msg(conforms(&trace, &finding) == NST_PASS, "%s", finding.text);
    for (size_t i = 0; i < trace.len; i++)
        trace.step[i].call = &asked.call[i];
    ck_assert_int_eq(conforms(&trace, &finding), NST_FAIL);
    nst_trace_free(&trace);
    nst_sequence_free(&performed);
    nst_sequence_free(&asked);
    nst_sandbox_close(sandbox);
}
END_TEST

/* What is probed of this kernel is what its calls depend on. */
START_TEST(a_kernel_with_a_feature_more_or_less_is_another)
{
    struct nst_sandbox *sandbox = nst_test_open_sandbox(NULL);
    struct nst_sequence sequence = {0};
    struct nst_finding finding;
    struct nst_trace trace;

    nst_test_read(nst_kernel_features[_i].probe, &sequence);
    nst_test_run_sequence(sandbox, &sequence, NULL, &trace);
    ck_assert_msg(conforms(&trace, &finding) == NST_PASS, "%s", finding.text);
    trace.lacks ^= UINT32_C(1) << _i;
    ck_assert_int_eq(conforms(&trace, &finding), NST_FAIL);
    nst_trace_free(&trace);
    nst_sequence_free(&sequence);
    nst_sandbox_close(sandbox);
}
END_TEST

/* What else happens on the machine may take an expiry mark away; nothing else is passed over. */
START_TEST(a_mark_that_was_lost_is_not_judged)
{
    static const char calls[] =
        TMPFS "1 umount2(\"/a\", MNT_EXPIRE)\n1 umount2(\"/a\", MNT_EXPIRE)\n";
    struct nst_sandbox *sandbox = nst_test_open_sandbox(NULL);
    struct nst_sequence sequence = {0};
    struct nst_finding finding;
    struct nst_trace trace;

    nst_test_read(calls, &sequence);
    nst_test_run_sequence(sandbox, &sequence, NULL, &trace);
    ck_assert_int_ne(conforms(&trace, &finding), NST_FAIL);
    trace.step[2].kind = NST_ANSWER_ERROR;
    trace.step[2].error = EAGAIN;
    ck_assert_int_eq(conforms(&trace, &finding), NST_SKIP);
    ck_assert_ptr_nonnull(strstr(finding.text, "an expiry mark was lost"));
    trace.step[2].error = EBUSY;
    ck_assert_int_eq(conforms(&trace, &finding), NST_FAIL);
    nst_trace_free(&trace);
    nst_sequence_free(&sequence);
    nst_sandbox_close(sandbox);
}
END_TEST

/* As a container's administrator sets it for its own user namespace. */
static int limit_namespaces(void *most)
{
    char text[16];
    int fd = open("/proc/sys/user/max_mnt_namespaces", O_WRONLY | O_CLOEXEC);
    ssize_t len = snprintf(text, sizeof text, "%d\n", *(const int *)most);

    if (fd < 0)
        return -errno;
    len = write(fd, text, (size_t)len);
    close(fd);
    return len < 0 ? -errno : 0;
}

/* How many calls of TEXT succeed under a limit of MOST. RET_TRACE is freed by the caller. */
static size_t run_limited(int *most, const struct nst_sequence *sequence,
                          struct nst_trace *ret_trace)
{
    const struct nst_run_options options = {.setup = limit_namespaces, .setup_ctx = most};
    struct nst_sandbox *sandbox = nst_test_open_sandbox(&options);
    size_t done = 0;

    nst_test_run_sequence(sandbox, sequence, &options, ret_trace);
    for (size_t i = 0; i < ret_trace->len; i++)
        done += ret_trace->step[i].kind == NST_ANSWER_VALUE;
    nst_sandbox_close(sandbox);
    return done;
}

/* user.max_mnt_namespaces: a new namespace and a detached tree need one. */
START_TEST(no_more_namespaces_are_made_than_are_allowed)
{
    static const char calls[] =
        "1 clone(child_stack=NULL, flags=CLONE_NEWNS|SIGCHLD) = 2\n"
        "1 open_tree(AT_FDCWD, \"/a\", OPEN_TREE_CLONE) = 3\n"
        "1 fsopen(\"tmpfs\", FSOPEN_CLOEXEC) = 4\n"
        "1 fsconfig(4, FSCONFIG_CMD_CREATE, NULL, NULL, 0) = 0\n"
        "1 clone(child_stack=NULL, flags=CLONE_NEWNS|CLONE_NEWUSER|SIGCHLD) = 5\n"
        "1 clone(child_stack=NULL, flags=CLONE_NEWNS|SIGCHLD) = 6\n"
        "1 unshare(CLONE_NEWNS)\n1 unshare(CLONE_NEWNS|CLONE_NEWUSER)\n"
        "1 open_tree(AT_FDCWD, \"/b\", OPEN_TREE_CLONE) = 7\n"
        "1 fsmount(4, FSMOUNT_CLOEXEC, 0) = 8\n1 fsmount(4, FSMOUNT_CLOEXEC, 0) = 9\n"
        "2 unshare(CLONE_NEWNS)\n5 clone(child_stack=NULL, flags=CLONE_NEWNS|SIGCHLD) = 10\n"
        "1 clone(child_stack=NULL, flags=SIGCHLD) = 11\n";
    struct nst_sequence many = {0}, sequence = {0};
    struct nst_model_features features = {0};
    struct nst_trace trace;
    struct nst_model *model;
    int most = 16;
    size_t made;

    if (!nst_test_real_root())
        return; /* a user without privilege has what the machine's owner left it */
    for (int i = 0; i < 20; i++) {
        struct nst_call call = {.id = NST_CALL_CLONE, .actor = 1};

        call.arg[0].num = CLONE_NEWNS | SIGCHLD;
        ck_assert_int_eq(nst_sequence_append(&many, &call), 0);
    }
    made = run_limited(&most, &many, &trace);
    nst_trace_free(&trace);
    ck_assert_uint_gt(made, 3);
    ck_assert_uint_lt(made, 16);
    most -= (int)made - 3; /* three may be made in all: the parent and they are four */
    features.mnt_namespaces = 1 + 3;
    nst_test_read(calls, &sequence);
    run_limited(&most, &sequence, &trace);
    ck_assert_int_eq(nst_model_new(&features, &model), 0);
    for (size_t i = 0; i < trace.len; i++) {
        struct nst_model_answer answer;

        ck_assert_int_eq(nst_model_call(model, &sequence.call[i], &answer), 0);
        ck_assert_msg(answer.kind == trace.step[i].kind &&
                          (answer.kind != NST_ANSWER_ERROR || answer.error == trace.step[i].error),
                      "call %zu: the kernel says %s, the model %s", i + 1,
                      nst_errno_name(trace.step[i].error), nst_errno_name(answer.error));
    }
    ck_assert_int_eq(trace.step[6].error, ENOSPC);
    nst_model_free(model);
    nst_trace_free(&trace);
    nst_sequence_free(&sequence);
    nst_sequence_free(&many);
}
END_TEST

int main(void)
{
    int status = nst_test_no_sandbox();

    if (status)
        return status;
    nst_corpus_find(&seeds, "corpus/fuzz_sequence");

    Suite *suite = suite_create("model and kernel");
    TCase *cases = tcase_create("model and kernel");

    tcase_set_timeout(cases, 120);
    tcase_add_loop_test(cases, seeds_go_as_the_model_says, 0, seeds.len);
    tcase_add_loop_test(cases, a_mutant_does_not_go_as_the_model_says, 0,
                        sizeof mutants / sizeof *mutants);
    tcase_add_loop_test(cases, a_kernel_with_a_feature_more_or_less_is_another, 0,
                        NST_KERNEL_FEATURES);
    tcase_add_test(cases, a_mark_that_was_lost_is_not_judged);
    tcase_add_test(cases, no_more_namespaces_are_made_than_are_allowed);
    suite_add_tcase(suite, cases);
    status = nst_test_run_suite(suite);
    nst_corpus_free(&seeds);
    return status;
}
