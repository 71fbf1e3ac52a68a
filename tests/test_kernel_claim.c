/* Claims of the public library: tried, shrunk, told. */
#include "sandbox_test.h"

#include <ns-tool/claim.h>

static int unshare_only(void *ctx)
{
    (void)ctx;
    return unshare(CLONE_NEWNS) < 0 ? -errno : 0;
}

static int refuse(void *ctx)
{
    (void)ctx;
    return -EPERM;
}

static enum nst_verdict mounts_never(const struct nst_trace *trace,
                                     const struct nst_judge_options *options,
                                     struct nst_finding *ret_finding)
{
    (void)options;
    for (size_t i = 0; i < trace->len; i++)
        if (trace->step[i].call->id == NST_CALL_MOUNT && trace->step[i].kind == NST_ANSWER_VALUE)
            return nst_finding_at(ret_finding, i, "a mount");
    return NST_PASS;
}

static int fails_left;

static enum nst_verdict fails_sometimes(const struct nst_trace *trace,
                                        const struct nst_judge_options *options,
                                        struct nst_finding *ret_finding)
{
    (void)options;
    return fails_left-- > 0 ? nst_finding_at(ret_finding, trace->len, "once") : NST_PASS;
}

static enum nst_verdict judges_nothing(const struct nst_trace *trace,
                                       const struct nst_judge_options *options,
                                       struct nst_finding *ret_finding)
{
    (void)trace;
    (void)options;
    (void)ret_finding;
    return NST_SKIP;
}

static enum nst_verdict has_trouble(const struct nst_trace *trace,
                                    const struct nst_judge_options *options,
                                    struct nst_finding *ret_finding)
{
    (void)trace;
    (void)options;
    (void)ret_finding;
    return NST_ERROR;
}

#define OWN(f)                                                                                     \
    {                                                                                              \
        .name = #f, .promise = "a promise", .source = "a test", .check = f                         \
    }

static const struct nst_property own[] = {OWN(mounts_never), OWN(fails_sometimes),
                                          OWN(judges_nothing), OWN(has_trouble)};

static const struct row {
    struct nst_claim claim;
    enum nst_verdict verdict;
    const char *property, *text; /* the shrunk sequence; NULL: whatever it is */
    int calls;                   /* of it; -1: as before shrinking */
    bool comes_and_goes;
} rows[] = {
    {.claim = {.cases = 50}, .verdict = NST_PASS},
    {.claim = {.run.setup = unshare_only},
     .verdict = NST_FAIL,
     .property = "isolation",
     .calls = 1},
    {.claim = {.run.setup = unshare_only, .shares = true, .cases = 50}, .verdict = NST_PASS},
    {.claim = {.run.setup = refuse}, .verdict = NST_FAIL, .property = "expectation", .text = ""},
    {.claim = {.property = &own[0]}, .verdict = NST_FAIL, .property = "mounts_never", .calls = 1},
    {.claim = {.property = &own[1]},
     .verdict = NST_FAIL,
     .property = "fails_sometimes",
     .calls = -1,
     .comes_and_goes = true},
    {.claim = {.property = &own[2], .cases = 5}, .verdict = NST_SKIP},
    {.claim = {.property = &own[3]}, .verdict = NST_ERROR, .property = "has_trouble", .calls = -1},
};

static int lines(const char *text)
{
    int lines = 0;

    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

static void try_claim(const struct nst_claim *claim, struct nst_claim_result *ret_result)
{
    char why[200] = "";

    fails_left = 1;
    ck_assert_msg(!nst_claim_try(claim, ret_result, why), "%s", why);
}

START_TEST(a_claim_becomes_what_its_row_says_each_time)
{
    const struct row *row = &rows[_i];
    struct nst_claim claim = row->claim;
    struct nst_claim_result result, again;
    const char *source = getenv("NST_SOURCE_DIR");
    char findings[4096];

    snprintf(findings, sizeof findings, "%s/corpus/findings", source ? source : ".");
    claim.findings = findings;
    claim.seed = 9; /* of whose first failures one call is the minimum */
    try_claim(&claim, &result);
    ck_assert_msg(result.verdict == row->verdict, "%s: %s\n%s", nst_verdict_name(result.verdict),
                  result.finding.text, result.text);
    try_claim(&claim, &again);
    ck_assert_int_eq(again.verdict, result.verdict);
    ck_assert_uint_eq(again.cases, result.cases);
    ck_assert_int_eq(result.comes_and_goes, row->comes_and_goes);
    if (row->property) {
        ck_assert_str_eq(result.property->name, row->property);
        ck_assert_int_eq(lines(result.text), row->calls < 0 ? (int)result.calls : row->calls);
        ck_assert_str_eq(again.text, result.text);
        if (row->text)
            ck_assert_str_eq(result.text, row->text);
    } else {
        ck_assert_uint_eq(result.cases, claim.cases);
        ck_assert_uint_eq(result.judged, row->verdict == NST_SKIP ? 0 : claim.cases);
        ck_assert_ptr_null(result.text);
    }
    nst_claim_result_free(&result);
    nst_claim_result_free(&again);
}
END_TEST

int main(void)
{
    int status = nst_test_no_sandbox();

    if (status)
        return status;

    Suite *suite = suite_create("claim");
    TCase *tests = tcase_create("claim");

    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, a_claim_becomes_what_its_row_says_each_time, 0,
                        sizeof rows / sizeof *rows);
    suite_add_tcase(suite, tests);
    return nst_test_run_suite(suite);
}
