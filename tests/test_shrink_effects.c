/* What the shrinker is told of the run that failed, and how it uses that; actors that go while what
 * they do stays. */
#include "trace_test.h"

#include <ns-tool/shrink.h>

/* The first candidate is the one that lacks what the caller knows to have done nothing. */
struct first {
    size_t tries, len[2];
    bool fails;
};

static int note_first(void *ctx, const struct nst_sequence *candidate)
{
    struct first *first = ctx;

    if (first->tries < 2)
        first->len[first->tries] = candidate->len;
    first->tries++;
    return first->fails && first->tries <= 2;
}

START_TEST(what_was_never_performed_goes_first_then_what_had_no_effect)
{
    struct nst_sequence sequence = {0};
    enum nst_effect effect[10] = {[2] = NST_UNPERFORMED,
                                  [3] = NST_NO_EFFECT,
                                  [5] = NST_UNPERFORMED,
                                  [6] = NST_UNPERFORMED,
                                  [9] = NST_NO_EFFECT};
    const struct nst_shrink_options options = {.effect = effect};
    struct first first = {.fails = _i};

    for (int i = 0; i < 10; i++) {
        struct nst_call call = {.id = NST_CALL_CHDIR, .actor = 1, .arg = {{.str = "/a"}}};

        ck_assert_int_eq(nst_sequence_append(&sequence, &call), 0);
    }
    ck_assert_int_eq(nst_shrink(&sequence, note_first, &first, &options, NULL), 0);
    ck_assert_uint_eq(first.len[0], 7);
    ck_assert_uint_eq(first.len[1], 5);
    ck_assert_uint_eq(sequence.len, _i ? 5 : 10);
    nst_sequence_free(&sequence);
}
END_TEST

static const struct {
    struct trace_row row;
    enum nst_effect effect; /* of the last call */
} effects[] = {
    {{.calls = MOUNT, FROM(P_ROOT, C_ROOT), TO(P_ROOT, C_ROOT C_B)}, NST_EFFECT},
    {{.calls = MOUNT, FROM(P_ROOT, C_ROOT)}, NST_EFFECT}, /* who knows */
    {{.calls = MOUNT, FROM(P_ROOT, C_ROOT), .error = EPERM}, NST_NO_EFFECT},
    {{.calls = MOUNT, FROM(P_ROOT, C_ROOT), .error = EPERM, .events = "A"}, NST_EFFECT},
    {{.calls = MOUNT, FROM(P_ROOT, C_ROOT), TO(P_ROOT, C_ROOT C_B), .error = EPERM}, NST_EFFECT},
    {{.calls = MOUNT, FROM(P_ROOT, C_ROOT), .error = -1}, NST_EFFECT}, /* it hung */
    {{.calls = MOUNT, FROM(P_ROOT, C_ROOT), .gone = true}, NST_UNPERFORMED},
};

START_TEST(a_call_that_failed_and_changed_nothing_had_no_effect)
{
    struct nst_sequence sequence = {0};
    struct nst_trace trace = make_trace(&effects[_i].row, &sequence);
    enum nst_effect effect[1];

    ck_assert_uint_eq(trace.len, 1);
    nst_trace_effects(&trace, effect);
    ck_assert_int_eq(effect[0], effects[_i].effect);
    nst_trace_free(&trace);
    nst_sequence_free(&sequence);
}
END_TEST

/* Whether "/planted" is removed by the first actor or by one that was made. */
static int is_removed(void *ctx, const struct nst_sequence *candidate)
{
    bool made[NST_ACTORS_MAX] = {[1] = true};

    (void)ctx;
    for (size_t i = 0; i < candidate->len; i++) {
        const struct nst_call *call = &candidate->call[i];

        if (call->id == NST_CALL_FORK && made[call->actor])
            made[call->expect.value] = true;
        if (call->id == NST_CALL_RMDIR && made[call->actor] &&
            !strcmp(call->arg[0].str, "/planted"))
            return 1;
    }
    return 0;
}

START_TEST(an_actor_that_is_not_needed_goes_and_its_call_stays)
{
    static const char text[] = "1 fork() = 2\n2 fork() = 3\n3 chdir(\"/a\")\n3 fork() = 5\n"
                               "5 rmdir(\"/planted\")\n";
    struct nst_sequence sequence = {0};
    char *shrunk;
    size_t len;

    ck_assert_int_eq(nst_strace_read(text, strlen(text), &sequence, NULL, NULL), 0);
    ck_assert_int_eq(nst_shrink(&sequence, is_removed, NULL, NULL, NULL), 0);
    ck_assert_int_eq(nst_strace_print(&sequence, &shrunk, &len), 0);
    ck_assert_str_eq(shrunk, "1 rmdir(\"/planted\")\n");
    free(shrunk);
    nst_sequence_free(&sequence);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("shrink_effects");
    TCase *tests = tcase_create("shrink_effects");
    SRunner *runner = srunner_create(suite);

    tcase_add_loop_test(tests, what_was_never_performed_goes_first_then_what_had_no_effect, 0, 2);
    tcase_add_loop_test(tests, a_call_that_failed_and_changed_nothing_had_no_effect, 0,
                        sizeof effects / sizeof *effects);
    tcase_add_test(tests, an_actor_that_is_not_needed_goes_and_its_call_stays);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);

    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed ? 1 : 0;
}
