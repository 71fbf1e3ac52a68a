/* The generator and the mutator. No kernel needed. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ns-tool/generate.h>

#include "nst_test.h"

static uint64_t seed;

static char *text_of(const struct nst_sequence *sequence)
{
    char *text;
    size_t len;

    ck_assert_int_eq(nst_strace_print(sequence, &text, &len), 0);
    return text;
}

/* Valid, and read back from its text as itself. */
static void check_whole(const struct nst_sequence *sequence)
{
    struct nst_sequence again = {0};
    struct nst_read_error error = {0};
    char *text = text_of(sequence), *reprinted;
    int r = nst_strace_read(text, strlen(text), &again, NULL, &error);

    ck_assert(nst_sequence_valid(sequence));
    ck_assert_msg(!r, "%zu:%zu: %s\n%s", error.line, error.column, error.message, text);
    ck_assert_uint_eq(again.len, sequence->len);
    reprinted = text_of(&again);
    ck_assert_str_eq(text, reprinted);
    free(text);
    free(reprinted);
    nst_sequence_free(&again);
}

static void generate(struct nst_random *random, const struct nst_generator *options,
                     struct nst_sequence *ret_sequence)
{
    *ret_sequence = (struct nst_sequence){0};
    ck_assert_int_eq(nst_generate(random, options, ret_sequence), 0);
    ck_assert_uint_gt(ret_sequence->len, 0);
}

START_TEST(draws_stay_below_their_bound_and_reach_all_of_it)
{
    struct nst_random random;
    unsigned seen[7] = {0};

    nst_random_seed(&random, seed);
    for (int i = 0; i < 7000; i++) {
        uint64_t draw = nst_random_below(&random, 7);

        ck_assert_uint_lt(draw, 7);
        seen[draw]++;
    }
    for (int i = 0; i < 7; i++)
        ck_assert_uint_gt(seen[i], 700);
    ck_assert_uint_eq(nst_random_below(&random, 0), 0);
    ck_assert_uint_eq(nst_random_below(&random, 1), 0);
}
END_TEST

START_TEST(generated_sequences_are_valid_within_bounds_and_read_back_as_themselves)
{
    static const struct nst_generator options[] = {{0},
                                                   {.max_calls = 200, .max_actors = 1},
                                                   {.max_calls = 200, .max_actors = 64},
                                                   {.max_calls = 1}};
    const struct nst_generator *option = &options[_i];
    struct nst_random random;

    nst_random_seed(&random, seed);
    for (int i = 0; i < 1000; i++) {
        struct nst_sequence sequence;

        generate(&random, option, &sequence);
        check_whole(&sequence);
        ck_assert_uint_le(sequence.len, option->max_calls ? option->max_calls : 24);
        ck_assert_uint_le(nst_sequence_actors(&sequence),
                          option->max_actors ? option->max_actors : 4);
        nst_sequence_free(&sequence);
    }
}
END_TEST

START_TEST(the_same_seed_gives_the_same_text_and_another_seed_another)
{
    for (uint64_t i = seed; i < seed + 100; i++) {
        char *text[3];

        for (uint64_t n = 0; n < 3; n++) {
            struct nst_random random;
            struct nst_sequence sequence;
            struct nst_generator options = {.max_calls = 200};

            nst_random_seed(&random, i + (n == 2 ? 1000 : 0));
            generate(&random, n ? &options : &(struct nst_generator){.max_calls = 200}, &sequence);
            text[n] = text_of(&sequence);
            nst_sequence_free(&sequence);
        }
        ck_assert_str_eq(text[0], text[1]);
        ck_assert_str_ne(text[0], text[2]);
        for (int n = 0; n < 3; n++)
            free(text[n]);
    }
}
END_TEST

START_TEST(every_call_of_the_table_appears_and_only_names_are_expected)
{
    struct nst_random random;
    size_t seen[NST_CALLS] = {0};

    nst_random_seed(&random, seed);
    for (int i = 0; i < 2000; i++) {
        struct nst_sequence sequence;

        generate(&random, NULL, &sequence);
        for (size_t n = 0; n < sequence.len; n++) {
            const struct nst_call *call = &sequence.call[n];
            enum nst_returns returns = nst_calls[call->id].returns;
            bool names = returns == NST_RETURNS_FD || returns == NST_RETURNS_ACTOR;

            seen[call->id]++;
            ck_assert_int_eq(call->expect.kind, names ? NST_SUCCEEDS : NST_ANY);
            if (names)
                ck_assert_int_ge(call->expect.value, returns == NST_RETURNS_FD ? 3 : 2);
        }
        nst_sequence_free(&sequence);
    }
    for (size_t i = 0; i < NST_CALLS; i++)
        ck_assert_msg(seen[i] > 0, "%s", nst_calls[i].name);
}
END_TEST

START_TEST(only_weighted_calls_are_generated)
{
    struct nst_random random;

    nst_random_seed(&random, seed);
    for (int i = 0; i < 50 * NST_CALLS; i++) {
        enum nst_call_id only = (enum nst_call_id)(i % NST_CALLS);
        struct nst_generator options = {.weight = {[NST_CALL_MKDIR] = 1}};
        struct nst_sequence sequence;

        options.weight[only] = 3;
        generate(&random, &options, &sequence);
        for (size_t n = 0; n < sequence.len; n++)
            ck_assert(sequence.call[n].id == only || sequence.call[n].id == NST_CALL_MKDIR);
        check_whole(&sequence);
        nst_sequence_free(&sequence);
    }
}
END_TEST

/* Names, a phrase, calls of its own. */
START_TEST(every_group_is_whole)
{
    ck_assert_uint_ge(nst_swarm_len(), 9);
    ck_assert_uint_le(nst_swarm_len(), 32);
    ck_assert_ptr_null(nst_swarm_groups[nst_swarm_len()].name);
    for (size_t i = 0; i < nst_swarm_len(); i++) {
        const struct nst_swarm_group *group = &nst_swarm_groups[i];
        size_t calls = 0;

        ck_assert_ptr_nonnull(group->name);
        ck_assert_uint_eq(strspn(group->name, "abcdefghijklmnopqrstuvwxyz-"), strlen(group->name));
        ck_assert_msg(group->about && strlen(group->about) > 10, "%s", group->name);
        ck_assert_int_eq(nst_swarm_find(group->name, strlen(group->name)), (int)i);
        ck_assert_int_eq(nst_swarm_find(group->name, strlen(group->name) - 1), -1);
        for (size_t n = 0; n < NST_CALLS; n++)
            calls += group->weight[n] > 0;
        ck_assert_msg(calls > 2, "%s", group->name);
    }
}
END_TEST

static int generate_case(uint64_t index, const struct nst_generator *options,
                         struct nst_sequence *ret_sequence)
{
    *ret_sequence = (struct nst_sequence){0};
    return nst_generate_case(seed, index, options, ret_sequence);
}

START_TEST(a_case_of_a_group_has_its_calls_and_those_that_make_namespaces)
{
    static const bool common[NST_CALLS] = {
        [NST_CALL_UNSHARE] = true, [NST_CALL_CLONE] = true, [NST_CALL_CLONE3] = true,
        [NST_CALL_FORK] = true,    [NST_CALL_MOUNT] = true, [NST_CALL_UMOUNT2] = true};

    for (size_t i = 0; i < nst_swarm_len(); i++) {
        const struct nst_swarm_group *group = &nst_swarm_groups[i];
        const struct nst_generator options = {.groups = UINT32_C(1) << i};
        size_t seen[NST_CALLS] = {0};

        for (uint64_t at = 0; at < 1500; at++) {
            struct nst_sequence sequence;

            ck_assert_int_eq(generate_case(at, &options, &sequence), 0);
            for (size_t n = 0; n < sequence.len; n++)
                seen[sequence.call[n].id]++;
            nst_sequence_free(&sequence);
        }
        for (size_t n = 0; n < NST_CALLS; n++)
            ck_assert_msg(group->weight[n] ? seen[n] > 0 : common[n] || !seen[n], "%s: %zu of %s",
                          group->name, seen[n], nst_calls[n].name);
    }
}
END_TEST

/* Swarm testing: no case has everything, and which calls one has differs. */
START_TEST(cases_leave_calls_out)
{
    size_t distinct[2][NST_CALLS] = {{0}};
    uint64_t words[600], len = 0;

    for (uint64_t at = 1000; at < 1600; at++) {
        struct nst_sequence sequence;
        uint64_t has = 0;

        ck_assert_int_eq(generate_case(at, &(struct nst_generator){.max_calls = 100}, &sequence),
                         0);
        for (size_t n = 0; n < sequence.len; n++)
            has |= UINT64_C(1) << sequence.call[n].id;
        for (size_t n = 0; n < NST_CALLS; n++)
            distinct[has >> n & 1][n]++;
        words[len++] = has;
        nst_sequence_free(&sequence);
    }
    for (size_t n = 0; n < NST_CALLS; n++) /* some have it, some don't */
        ck_assert_msg(distinct[0][n] && distinct[1][n], "%s: %zu of 600", nst_calls[n].name,
                      distinct[1][n]);
    for (size_t i = 0, same = 0; i + 1 < len; i++) {
        same += words[i] == words[i + 1];
        ck_assert_uint_lt(same, 60);
    }
}
END_TEST

START_TEST(a_case_is_a_function_of_its_seed_and_index)
{
    const struct nst_generator options = {.max_calls = 60};

    for (uint64_t at = 100; at < 160; at++) {
        struct nst_sequence sequence[3];
        char *text[3];

        for (uint64_t n = 0; n < 3; n++) { /* at, at + 1, at again */
            ck_assert_int_eq(generate_case(at + (n == 1), &options, &sequence[n]), 0);
            check_whole(&sequence[n]);
            text[n] = text_of(&sequence[n]);
            nst_sequence_free(&sequence[n]);
        }
        ck_assert_str_eq(text[0], text[2]);
        ck_assert_str_ne(text[0], text[1]);
        for (int n = 0; n < 3; n++)
            free(text[n]);
    }
}
END_TEST

START_TEST(cases_begin_small_and_grow)
{
    size_t last = 0, longest[2] = {0};

    for (uint64_t at = 0; at < 1000; at++) {
        struct nst_sequence sequence;
        size_t size = nst_generate_size(at, 24);

        ck_assert_uint_ge(size, last);
        ck_assert_uint_le(size, 24);
        last = size;
        ck_assert_int_eq(generate_case(at, NULL, &sequence), 0);
        ck_assert_uint_le(sequence.len, size);
        if (sequence.len > longest[at >= 500])
            longest[at >= 500] = sequence.len;
        nst_sequence_free(&sequence);
    }
    ck_assert_uint_eq(nst_generate_size(0, 24), 4);
    ck_assert_uint_eq(nst_generate_size(0, 2), 2);
    ck_assert_uint_eq(last, 24);
    ck_assert_uint_eq(nst_generate_size(UINT64_MAX, 24), 24);
    ck_assert_uint_eq(longest[1], 24);
}
END_TEST

START_TEST(no_actor_acts_before_it_is_made)
{
    struct nst_random random;

    nst_random_seed(&random, seed);
    for (int i = 0; i < 2000; i++) {
        struct nst_sequence sequence;
        int64_t made = 1;

        generate(&random, &(struct nst_generator){.max_calls = 100, .max_actors = 9}, &sequence);
        for (size_t n = 0; n < sequence.len; n++) {
            const struct nst_call *call = &sequence.call[n];

            ck_assert_int_le(call->actor, made);
            if (nst_calls[call->id].returns == NST_RETURNS_ACTOR)
                ck_assert_int_eq(call->expect.value, ++made);
        }
        nst_sequence_free(&sequence);
    }
}
END_TEST

START_TEST(mutations_and_crossovers_stay_valid_and_read_back_as_themselves)
{
    struct nst_random random;
    size_t differ = 0;

    nst_random_seed(&random, seed);
    for (int i = 0; i < 300; i++) {
        struct nst_sequence a, b, both = {0};

        generate(&random, NULL, &a);
        generate(&random, NULL, &b);
        for (int n = 0; n < 20; n++) {
            char *before = text_of(&a), *after;

            ck_assert_int_eq(nst_mutate(&random, &a), 0);
            check_whole(&a);
            after = text_of(&a);
            differ += strcmp(before, after) != 0;
            free(before);
            free(after);
        }
        ck_assert_int_eq(nst_crossover(&random, &a, &b, &both), 0);
        check_whole(&both);
        nst_sequence_free(&a);
        nst_sequence_free(&b);
        nst_sequence_free(&both);
    }
    ck_assert_uint_gt(differ, 300 * 20 / 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("generate");
    TCase *tests = tcase_create("generate");
    SRunner *runner = srunner_create(suite);

    seed = nst_test_seed();
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, draws_stay_below_their_bound_and_reach_all_of_it);
    tcase_add_loop_test(
        tests, generated_sequences_are_valid_within_bounds_and_read_back_as_themselves, 0, 4);
    tcase_add_test(tests, the_same_seed_gives_the_same_text_and_another_seed_another);
    tcase_add_test(tests, every_call_of_the_table_appears_and_only_names_are_expected);
    tcase_add_test(tests, only_weighted_calls_are_generated);
    tcase_add_test(tests, every_group_is_whole);
    tcase_add_test(tests, a_case_of_a_group_has_its_calls_and_those_that_make_namespaces);
    tcase_add_test(tests, cases_leave_calls_out);
    tcase_add_test(tests, a_case_is_a_function_of_its_seed_and_index);
    tcase_add_test(tests, cases_begin_small_and_grow);
    tcase_add_test(tests, no_actor_acts_before_it_is_made);
    tcase_add_test(tests, mutations_and_crossovers_stay_valid_and_read_back_as_themselves);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);

    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed ? 1 : 0;
}
