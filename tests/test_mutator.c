/* The fuzz targets' mutator, without a fuzzer. */
#include <ns-tool/sequence.h>

#include "fuzz.h"
#include "nst_test.h"

enum { SEEDS = 3000, MAX = 4096 };

static const char input[] = "1 unshare(CLONE_NEWNS)\n"
                            "1 mkdir(\"/mnt/x\", 0755)\n"
                            "1 mount(\"tmpfs\", \"/mnt/x\", \"tmpfs\", MS_NOSUID, \"size=1M\")\n"
                            "1 clone(child_stack=NULL, flags=CLONE_NEWNS|SIGCHLD) = 2\n"
                            "2 umount2(\"/mnt/x\", 0)\n";

static bool only_mounts(struct nst_call *call)
{
    call->actor = 1;
    return call->id == NST_CALL_MOUNT;
}

static size_t mutate(const struct nst_fuzz_target *target, unsigned seed, char *ret_text)
{
    memcpy(ret_text, input, sizeof input);

    size_t len = nst_fuzz_mutate(target, (uint8_t *)ret_text, sizeof input - 1, MAX, seed);

    ck_assert_uint_le(len, MAX);
    ret_text[len] = '\0';
    return len;
}

static void read_canonical(const char *text, size_t len, struct nst_sequence *ret_sequence)
{
    struct nst_read_error error = {0};
    int r = nst_strace_read(text, len, ret_sequence, NULL, &error);
    size_t again_len;
    char *again;

    ck_assert_msg(!r, "%zu:%zu: %s\n%s", error.line, error.column, error.message, text);
    ck_assert_int_eq(nst_strace_print(ret_sequence, &again, &again_len), 0);
    ck_assert_str_eq(text, again);
    free(again);
}

/* Looped over the ways. */
START_TEST(each_way_changes_most_inputs_and_leaves_canonical_text_that_fits)
{
    struct nst_fuzz_target target = {.name = "test"};
    char text[MAX + 1];
    int changed = 0;

    target.weight[_i] = 1;
    target.weight[NST_FUZZ_CALLS] += _i == NST_FUZZ_BYTES; /* what follows bytes */
    for (unsigned seed = 0; seed < SEEDS; seed++) {
        size_t len = mutate(&target, seed, text);
        struct nst_sequence sequence = {0};

        changed += strcmp(text, input) != 0;
        if (_i != NST_FUZZ_BYTES)
            read_canonical(text, len, &sequence);
        nst_sequence_free(&sequence);
    }
    ck_assert_int_gt(changed, SEEDS / 2);
}
END_TEST

START_TEST(the_same_seed_makes_the_same)
{
    const struct nst_fuzz_target target = {.weight = {1, 1, 1, 1, 1, 1, 1, 1}};
    char once[MAX + 1], twice[MAX + 1];

    for (unsigned seed = 0; seed < SEEDS; seed++) {
        ck_assert_uint_eq(mutate(&target, seed, once), mutate(&target, seed, twice));
        ck_assert_str_eq(once, twice);
    }
}
END_TEST

START_TEST(what_a_target_pins_stays_so)
{
    const struct nst_fuzz_target target = {.weight = {[NST_FUZZ_SPLICE] = 1}, .pin = only_mounts};
    char text[MAX + 1];

    for (unsigned seed = 0; seed < SEEDS; seed++) {
        size_t len = mutate(&target, seed, text);
        struct nst_sequence sequence = {0};

        read_canonical(text, len, &sequence);
        for (size_t i = 0; i < sequence.len; i++) {
            ck_assert_int_eq(sequence.call[i].id, NST_CALL_MOUNT);
            ck_assert_uint_eq(sequence.call[i].actor, 1);
        }
        nst_sequence_free(&sequence);
    }
}
END_TEST

START_TEST(a_renamed_directory_is_renamed_in_every_call)
{
    const struct nst_fuzz_target target = {.weight = {[NST_FUZZ_RENAME] = 1}};
    char text[MAX + 1];

    for (unsigned seed = 0; seed < SEEDS; seed++) {
        size_t len = mutate(&target, seed, text);
        struct nst_sequence sequence = {0};

        read_canonical(text, len, &sequence);
        if (sequence.len == 5) { /* else a name was too long for the text */
            ck_assert_str_eq(sequence.call[1].arg[0].str, sequence.call[2].arg[1].str);
            ck_assert_str_eq(sequence.call[1].arg[0].str, sequence.call[4].arg[0].str);
        }
        nst_sequence_free(&sequence);
    }
}
END_TEST

START_TEST(unknown_flag_bits_are_tried_and_so_are_both_lengths_of_a_path)
{
    const struct nst_fuzz_target flags = {.weight = {[NST_FUZZ_FLAGS] = 1}};
    const struct nst_fuzz_target paths = {.weight = {[NST_FUZZ_PATHS] = 1}};
    static char text[4 * MAX + 1];
    bool unknown = false, fits = false, too_long = false;

    for (unsigned seed = 0; seed < SEEDS; seed++) {
        struct nst_sequence sequence = {0};
        size_t len = mutate(&flags, seed, text);

        read_canonical(text, len, &sequence);
        for (size_t i = 0; i < sequence.len; i++)
            unknown |=
                sequence.call[i].id == NST_CALL_UMOUNT2 && sequence.call[i].arg[1].num & 0x10;
        nst_sequence_free(&sequence);
        memcpy(text, input, sizeof input);
        len = nst_fuzz_mutate(&paths, (uint8_t *)text, sizeof input - 1, 4 * MAX, seed);
        ck_assert_int_eq(nst_strace_read(text, len, &sequence, NULL, NULL), 0);
        for (size_t i = 0; i < sequence.len; i++)
            for (size_t j = 0; j < 2; j++) {
                const char *path = sequence.call[i].arg[j].str;

                fits |= path && strlen(path) == 4095;
                too_long |= path && strlen(path) == 4096;
            }
        nst_sequence_free(&sequence);
    }
    ck_assert(unknown);
    ck_assert(fits);
    ck_assert(too_long);
}
END_TEST

START_TEST(a_crossover_is_canonical_text_of_calls_of_both)
{
    static const char other[] = "1 chdir(\"/tmp\")\n1 rmdir(\"/a/x\")\n";
    const struct nst_fuzz_target target = {.weight = {1}};
    bool both = false;

    for (unsigned seed = 0; seed < SEEDS; seed++) {
        struct nst_sequence sequence = {0};
        char text[MAX + 1];
        size_t len =
            nst_fuzz_cross(&target, (const uint8_t *)input, sizeof input - 1,
                           (const uint8_t *)other, sizeof other - 1, (uint8_t *)text, MAX, seed);

        text[len] = '\0';
        read_canonical(text, len, &sequence);
        both |= strstr(text, "unshare") && strstr(text, "rmdir");
        nst_sequence_free(&sequence);
    }
    ck_assert(both);
}
END_TEST

START_TEST(what_does_not_fit_loses_calls)
{
    const struct nst_fuzz_target target = {.weight = {[NST_FUZZ_PLACE] = 1}};
    char text[sizeof input];

    for (unsigned seed = 0; seed < SEEDS; seed++) {
        memcpy(text, input, sizeof input);
        ck_assert_uint_le(
            nst_fuzz_mutate(&target, (uint8_t *)text, sizeof input - 1, sizeof input, seed),
            sizeof input);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mutator");
    TCase *tests = tcase_create("mutator");
    SRunner *runner = srunner_create(suite);

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, each_way_changes_most_inputs_and_leaves_canonical_text_that_fits, 0,
                        NST_FUZZ_WAYS);
    tcase_add_test(tests, the_same_seed_makes_the_same);
    tcase_add_test(tests, what_a_target_pins_stays_so);
    tcase_add_test(tests, a_renamed_directory_is_renamed_in_every_call);
    tcase_add_test(tests, unknown_flag_bits_are_tried_and_so_are_both_lengths_of_a_path);
    tcase_add_test(tests, a_crossover_is_canonical_text_of_calls_of_both);
    tcase_add_test(tests, what_does_not_fit_loses_calls);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);

    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed ? 1 : 0;
}
