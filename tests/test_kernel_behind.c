/* No case meets what another left: behind any case, a sequence goes as it does in a sandbox that
 * ran nothing before. What holds it against a fresh run is the property `determinism`. */
#include "sandbox_test.h"

#include <sys/mman.h>

#include <ns-tool/generate.h>
#include <ns-tool/property.h>

#include "kernel/sys.h"

static const struct nst_run_options options = {.deadline_ms = 3000};

static char *text_of(const struct nst_sequence *sequence)
{
    char *text;
    size_t len;

    ck_assert_int_eq(nst_strace_print(sequence, &text, &len), 0);
    return text;
}

/* Runs case INDEX in SANDBOX, where others were run before, and in one of its own. Returns whether
 * they went alike; if not, TEXT (of 4,096 bytes) says what differs. */
static bool goes_alike(struct nst_sandbox *sandbox, uint64_t seed, uint64_t index, char *text)
{
    const struct nst_generator generator = {.max_calls = 24};
    const struct nst_property *property = nst_property_by_name("determinism");
    struct nst_sandbox *fresh = nst_test_open_sandbox(&options);
    struct nst_trace first = {0}, again = {0};
    struct nst_sequence sequence = {0};
    struct nst_finding finding = {0};
    struct nst_twin twin = {0};
    enum nst_verdict verdict = NST_PASS;

    ck_assert_int_eq(nst_generate_case(seed, index, &generator, &sequence), 0);
    nst_test_run_sequence(fresh, &sequence, &options, &first);
    nst_test_run_sequence(sandbox, &sequence, &options, &again);
    if (!first.deadline && !again.deadline &&
        property->twin(&first, &(struct nst_judge_options){.random = true}, &twin) == 0)
        verdict = property->compare(&first, &twin, &again,
                                    &(struct nst_judge_options){.random = true}, &finding);
    if (verdict == NST_FAIL) {
        char *calls = text_of(&sequence);

        snprintf(text, 4096, "case %llu of seed %llu: step %zu: %s\n%s", (unsigned long long)index,
                 (unsigned long long)seed, finding.step + 1, finding.text, calls);
        free(calls);
    }
    nst_twin_free(&twin);
    nst_trace_free(&first);
    nst_trace_free(&again);
    nst_sequence_free(&sequence);
    nst_sandbox_close(fresh);
    return verdict != NST_FAIL;
}

static uint64_t cases(void)
{
    const char *given = getenv("NST_CASES");

    return given ? strtoull(given, NULL, 10) : 120;
}

START_TEST(a_case_goes_behind_any_other_as_it_does_in_a_fresh_sandbox)
{
    struct nst_sandbox *sandbox = nst_test_open_sandbox(&options);
    unsigned seed = nst_test_seed();
    char text[4096];

    for (uint64_t i = 0; i < cases(); i++)
        ck_assert_msg(goes_alike(sandbox, seed, i, text), "%s", text);
    nst_sandbox_close(sandbox);
}
END_TEST

/* A runner that forgets something of its tidying, which nothing else makes up for: each must show.
 * What it forgets in the tree or in the template has it replaced. */
static const struct {
    const char *function;
    enum nst_sys_row row;
} mutants[] = {
    {"nst_first_let_go", NST_SYS_SETNS},         /* the first actor stays in its namespace */
    {"nst_first_let_go", NST_SYS_CLOSE},         /* and keeps its descriptors */
    {"nst_observer_watch_again", NST_SYS_WATCH}, /* a parent that is gone is watched */
};

START_TEST(a_runner_that_does_not_tidy_up_is_found)
{
    unsigned seed = nst_test_seed();
    char text[4096];
    bool alike = true;

    nst_faults =
        mmap(NULL, sizeof(*nst_faults), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(nst_faults, MAP_FAILED);
    struct nst_sandbox *sandbox = nst_test_open_sandbox(&options);

    for (uint64_t i = 0; i < 50; i++) /* so that every place in the source is known */
        ck_assert_msg(goes_alike(sandbox, seed, i, text), "%s", text);
    for (size_t i = 0; i < nst_faults->sites; i++)
        if (strcmp(nst_faults->site[i].function, mutants[_i].function) == 0)
            nst_faults->function = nst_faults->site[i].function;
    ck_assert_ptr_nonnull(nst_faults->function);
    nst_faults->row = mutants[_i].row;
    nst_faults->kind = NST_FAULT_FORGETS;
    for (uint64_t i = 0; alike && i < 2000; i++)
        alike = goes_alike(sandbox, seed, i, text);
    nst_faults->kind = NST_FAULT_NONE;
    ck_assert_msg(!alike, "%s of %s forgotten, and nothing differed", mutants[_i].function,
                  nst_sys_types[mutants[_i].row].name);
    fprintf(stderr, "%s\n", text);
    nst_sandbox_close(sandbox);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kernel_behind");
    TCase *tests = tcase_create("kernel_behind");
    int status = nst_test_no_sandbox();

    if (status)
        return status;
    tcase_set_timeout(tests, 7200);
    tcase_add_test(tests, a_case_goes_behind_any_other_as_it_does_in_a_fresh_sandbox);
    tcase_add_loop_test(tests, a_runner_that_does_not_tidy_up_is_found, 0,
                        (int)(sizeof(mutants) / sizeof(*mutants)));
    suite_add_tcase(suite, tests);
    return nst_test_run_suite(suite);
}
