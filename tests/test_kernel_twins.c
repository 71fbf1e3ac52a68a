/* Properties that compare two runs: when they are judged, and what is said when they aren't. */
#include "sandbox_test.h"

#include <ns-tool/property.h>

static const char text[] = "1 unshare(CLONE_NEWNS)\n"
                           "1 mount(\"none\", \"/\", NULL, MS_REC|MS_PRIVATE, NULL)\n"
                           "1 mount(\"tmpfs\", \"/a\", \"tmpfs\", 0, NULL)\n";

static const struct nst_run_options options = {.deadline_ms = 300};
static const struct nst_judge_options judge = {.random = true};

struct run {
    struct nst_sandbox *sandbox;
    struct nst_sequence sequence;
    struct nst_trace trace;
    struct nst_judgement judgement;
};

static struct run run_text(const char *calls)
{
    struct run run = {0};
    char why[200] = "";

    ck_assert_int_eq(nst_strace_read(calls, strlen(calls), &run.sequence, NULL, NULL), 0);
    ck_assert_msg(nst_sandbox_open(&options, &run.sandbox, why) == 0, "%s", why);
    ck_assert_msg(nst_run(run.sandbox, &run.sequence, &options, &run.trace, why) == 0, "%s", why);
    nst_judge(&run.trace, &judge, &run.judgement);
    return run;
}

static void judge_twins(struct run *run, const struct nst_property *only)
{
    char why[200] = "";
    int r =
        nst_judge_twins(run->sandbox, &run->trace, &options, &judge, only, &run->judgement, why);

    ck_assert_msg(!r, "%s: %s", why, strerrorname_np(-r));
}

static void run_free(struct run *run)
{
    nst_trace_free(&run->trace);
    nst_sequence_free(&run->sequence);
    nst_sandbox_close(run->sandbox);
}

static size_t index_of(const char *name)
{
    size_t i = 0;

    while (nst_properties[i] != nst_property_by_name(name))
        i++;
    return i;
}

START_TEST(what_takes_a_second_run_is_skipped_until_that_is_made)
{
    struct run run = run_text(text);
    size_t at = index_of("determinism");

    for (size_t i = 0; i < run.judgement.len; i++)
        if (nst_properties[i]->twin) {
            ck_assert_int_eq(run.judgement.verdict[i], NST_SKIP);
            ck_assert_str_eq(run.judgement.finding[i].text, "not judged: it takes a second run");
        }
    judge_twins(&run, NULL);
    ck_assert_int_eq(run.judgement.verdict[at], NST_PASS);
    ck_assert_str_eq(run.judgement.finding[at].text, "");
    run_free(&run);
}
END_TEST

START_TEST(only_the_property_that_is_asked_for_is_judged)
{
    struct run run = run_text(text);

    judge_twins(&run, nst_property_by_name("determinism"));
    for (size_t i = 0; i < run.judgement.len; i++)
        ck_assert_int_eq(run.judgement.verdict[i] == NST_SKIP,
                         nst_properties[i]->twin && i != index_of("determinism"));
    run_free(&run);
}
END_TEST

START_TEST(a_failure_of_two_runs_counts_among_all)
{
    struct run run = run_text(text);

    run.trace.step[2].kind = NST_ANSWER_ERROR;
    run.trace.step[2].error = ENOENT;
    ck_assert_int_eq(nst_judgement_worst(&run.judgement), NST_PASS);
    judge_twins(&run, NULL);
    ck_assert_int_eq(run.judgement.verdict[index_of("determinism")], NST_FAIL);
    ck_assert_uint_eq(run.judgement.finding[index_of("determinism")].step, 2);
    ck_assert_int_eq(nst_judgement_worst(&run.judgement), NST_FAIL);
    run_free(&run);
}
END_TEST

START_TEST(what_a_deadline_cut_off_is_not_compared)
{
    struct run run = run_text("1 fork() = 2\n1 kill(2, SIGSTOP)\n2 chdir(\"/\")\n");
    const struct nst_finding *finding = &run.judgement.finding[index_of("determinism")];

    judge_twins(&run, NULL);
    ck_assert_int_eq(run.judgement.verdict[index_of("determinism")], NST_SKIP);
    ck_assert_str_eq(finding->text, "a call did not return before its deadline");
    run_free(&run);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("twins");
    TCase *tests = tcase_create("twins");
    int status = nst_test_no_sandbox();

    if (status)
        return status;
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, what_takes_a_second_run_is_skipped_until_that_is_made);
    tcase_add_test(tests, only_the_property_that_is_asked_for_is_judged);
    tcase_add_test(tests, a_failure_of_two_runs_counts_among_all);
    tcase_add_test(tests, what_a_deadline_cut_off_is_not_compared);
    suite_add_tcase(suite, tests);
    return nst_test_run_suite(suite);
}
