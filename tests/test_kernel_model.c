/* Each seed goes as the model says; a sequence with one condition changed doesn't: the model tells
 * both apart. Random ones are props/prop_conformance.c's. */
#include "nst_corpus.h"
#include "sandbox_test.h"

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
    suite_add_tcase(suite, cases);
    status = nst_test_run_suite(suite);
    nst_corpus_free(&seeds);
    return status;
}
