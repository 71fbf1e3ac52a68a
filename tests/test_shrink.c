/* The shrinker, on failures that are planted and so known. No kernel needed. */
#include "nst_test.h"

#include <ns-tool/generate.h>
#include <ns-tool/shrink.h>

static uint64_t seed;

static void read_text(const char *text, struct nst_sequence *ret_sequence)
{
    struct nst_read_error error = {0};

    *ret_sequence = (struct nst_sequence){0};
    int r = nst_strace_read(text, strlen(text), ret_sequence, NULL, &error);

    ck_assert_msg(!r, "%zu:%zu: %s\n%s", error.line, error.column, error.message, text);
}

static char *text_of(const struct nst_sequence *sequence)
{
    char *text;
    size_t len;

    ck_assert_int_eq(nst_strace_print(sequence, &text, &len), 0);
    return text;
}

static void must_be(const struct nst_sequence *sequence, const char *expected)
{
    char *text = text_of(sequence);

    ck_assert_str_eq(text, expected);
    free(text);
}

/* A planted failure, and the least that has it. Each call has a path that no generated one has. */
static const struct row {
    const char *planted; /* put into 200 generated calls, spread in order */
    const char *minimum;
    bool by_text; /* each line must be there as it is; else only its call, paths and who is who */
} rows[] = {
    {"9 rmdir(\"/planted\")\n", "1 rmdir(\"/planted\")\n", false},
    {"9 mount(\"planted\", \"/planted/1\", \"tmpfs\", MS_NOSUID|MS_NODEV|MS_RDONLY, \"size=1M\")\n"
     "9 umount2(\"/planted/2\", MNT_DETACH)\n",
     "1 mount(\"none\", \"/planted/1\", NULL, 0, NULL)\n1 umount2(\"/planted/2\", 0)\n", false},
    {"9 umount2(\"/planted/3\", MNT_DETACH) = 0\n8 mkdir(\"/planted/1\", 0700) = 0\n"
     "9 chdir(\"/planted/2\")\n",
     "1 umount2(\"/planted/3\", 0)\n2 mkdir(\"/planted/1\", 0755)\n1 chdir(\"/planted/2\")\n",
     false},
    {"9 rmdir(\"/planted/1\") = -1 ENOENT (No such file or directory)\n9 rmdir(\"/planted/2\")\n"
     "9 rmdir(\"/planted/3\")\n9 rmdir(\"/planted/4\")\n9 rmdir(\"/planted/5\")\n",
     "1 rmdir(\"/planted/1\")\n1 rmdir(\"/planted/2\")\n1 rmdir(\"/planted/3\")\n"
     "1 rmdir(\"/planted/4\")\n1 rmdir(\"/planted/5\")\n",
     false},
    {"9 rmdir(\"/planted/1\") = 0\n8 umount2(\"/planted/2\", MNT_FORCE|MNT_DETACH) = 0\n",
     "9 rmdir(\"/planted/1\") = 0\n8 umount2(\"/planted/2\", MNT_FORCE|MNT_DETACH) = 0\n", true},
};

struct plant {
    struct nst_sequence calls;
    bool by_text;
    size_t tries, trouble_at;
};

static bool same_path(const struct nst_call *a, const struct nst_call *b)
{
    for (size_t i = 0; i < nst_calls[a->id].args; i++)
        if (nst_calls[a->id].arg[i].kind == NST_ARG_PATH &&
            (!b->arg[i].str || strcmp(a->arg[i].str, b->arg[i].str) != 0))
            return false;
    return true;
}

static bool matches(const struct plant *plant, const struct nst_call *wanted,
                    const struct nst_call *call)
{
    if (wanted->id != call->id)
        return false;
    if (!plant->by_text)
        return same_path(wanted, call);
    char *a = nst_call_text(wanted), *b = nst_call_text(call);
    bool same = !strcmp(a, b);

    free(a);
    free(b);
    return same;
}

/* Whether the planted calls are there in order, those of different actors by different actors. */
static int has_plant(void *ctx, const struct nst_sequence *candidate)
{
    struct plant *plant = ctx;
    const struct nst_call *met[8];
    size_t at = 0;

    ck_assert(nst_sequence_valid(candidate));
    if (++plant->tries == plant->trouble_at)
        return -EIO;
    for (size_t i = 0; i < candidate->len && at < plant->calls.len; i++)
        if (matches(plant, &plant->calls.call[at], &candidate->call[i]))
            met[at++] = &candidate->call[i];
    if (at < plant->calls.len)
        return 0;
    for (size_t i = 0; i < at; i++)
        for (size_t n = 0; n < i; n++)
            if ((plant->calls.call[i].actor == plant->calls.call[n].actor) !=
                (met[i]->actor == met[n]->actor))
                return 0;
    return 1;
}

/* 200 generated calls with PLANTED spread over them. */
static void plant_in(struct nst_random *random, const struct nst_sequence *planted,
                     struct nst_sequence *ret_sequence)
{
    struct nst_generator options = {.max_calls = 200};
    size_t next = 0;

    *ret_sequence = (struct nst_sequence){0};
    while (ret_sequence->len < 200 + planted->len) {
        struct nst_sequence part = {0};

        ck_assert_int_eq(nst_generate(random, &options, &part), 0);
        for (size_t i = 0; i < part.len && ret_sequence->len < 200 + planted->len; i++) {
            if (next < planted->len && ret_sequence->len >= (next + 1) * 200 / (planted->len + 1))
                ck_assert_int_eq(nst_sequence_append(ret_sequence, &planted->call[next++]), 0);
            ck_assert_int_eq(nst_sequence_append(ret_sequence, &part.call[i]), 0);
        }
        nst_sequence_free(&part);
    }
    ck_assert_uint_eq(next, planted->len);
}

START_TEST(a_planted_failure_shrinks_to_exactly_its_minimum)
{
    const struct row *row = &rows[_i];
    struct nst_random random;

    nst_random_seed(&random, seed + (uint64_t)_i);
    for (int i = 0; i < 20; i++) {
        struct plant plant = {.by_text = row->by_text};
        struct nst_sequence sequence;
        size_t tries;

        read_text(row->planted, &plant.calls);
        plant_in(&random, &plant.calls, &sequence);
        ck_assert_int_eq(has_plant(&plant, &sequence), 1);
        plant.tries = 0;
        ck_assert_int_eq(nst_shrink(&sequence, has_plant, &plant, NULL, &tries), 0);
        ck_assert_uint_eq(tries, plant.tries);
        ck_assert_uint_le(tries, 2000);

        must_be(&sequence, row->minimum);
        nst_sequence_free(&sequence);
        nst_sequence_free(&plant.calls);
    }
}
END_TEST

/* A failure that is not monotonic: one call may go only if another one goes with it. */
static int odd_failure(void *ctx, const struct nst_sequence *candidate)
{
    size_t mounts = 0, tables[3] = {0};

    (void)ctx;
    for (size_t i = 0; i < candidate->len; i++) {
        mounts += candidate->call[i].id == NST_CALL_MOUNT;
        tables[candidate->call[i].id % 3]++;
    }
    return mounts >= 3 && tables[0] >= 2 && tables[1] >= 2 && (tables[0] + tables[1]) % 2 == 0;
}

START_TEST(no_single_call_of_the_result_can_be_removed_and_shrinking_again_changes_nothing)
{
    const struct nst_shrink_options many = {.max_tries = 100000};
    struct nst_random random;
    struct nst_sequence none = {0};

    nst_random_seed(&random, seed);
    for (int i = 0; i < 50; i++) {
        struct nst_sequence sequence, copy = {0};

        plant_in(&random, &none, &sequence);
        if (!odd_failure(NULL, &sequence)) {
            nst_sequence_free(&sequence);
            continue;
        }
        ck_assert_int_eq(nst_sequence_copy(&sequence, &copy), 0);
        ck_assert_int_eq(nst_shrink(&sequence, odd_failure, NULL, &many, NULL), 0);
        ck_assert_int_eq(nst_shrink(&copy, odd_failure, NULL, &many, NULL), 0);

        char *text = text_of(&sequence);

        must_be(&copy, text); /* deterministic */
        for (size_t n = 0; n < sequence.len; n++) {
            struct nst_sequence less = {0};

            ck_assert_int_eq(nst_sequence_copy(&sequence, &less), 0);
            nst_sequence_remove(&less, n, 1);
            ck_assert_int_eq(odd_failure(NULL, &less), 0);
            nst_sequence_free(&less);
        }
        ck_assert_int_eq(nst_shrink(&sequence, odd_failure, NULL, NULL, NULL), 0);
        must_be(&sequence, text);
        free(text);
        nst_sequence_free(&sequence);
        nst_sequence_free(&copy);
    }
}
END_TEST

/* A mutant: it takes one call of the plant for the whole of it. */
static int takes_one_for_all(void *ctx, const struct nst_sequence *candidate)
{
    const struct plant *plant = ctx;

    for (size_t i = 0; i < candidate->len; i++)
        if (matches(plant, &plant->calls.call[0], &candidate->call[i]))
            return 1;
    return 0;
}

/* A mutant: whatever has calls fails. */
static int fails_always(void *ctx, const struct nst_sequence *candidate)
{
    (void)ctx;
    return candidate->len > 0;
}

/* A mutant: only the original fails, so nothing can go. */
static int never_fails(void *ctx, const struct nst_sequence *candidate)
{
    (void)ctx;
    (void)candidate;
    return 0;
}

START_TEST(a_predicate_that_is_wrong_gives_another_minimum)
{
    static const nst_still_fails mutants[] = {takes_one_for_all, fails_always, never_fails};

    for (size_t i = 0; i < sizeof mutants / sizeof *mutants; i++) {
        struct plant plant = {0};
        struct nst_sequence sequence;
        struct nst_random random;

        nst_random_seed(&random, seed);
        read_text(rows[2].planted, &plant.calls);
        plant_in(&random, &plant.calls, &sequence);
        ck_assert_int_eq(nst_shrink(&sequence, mutants[i], &plant, NULL, NULL), 0);

        char *text = text_of(&sequence);

        ck_assert_str_ne(text, rows[2].minimum);
        free(text);
        nst_sequence_free(&sequence);
        nst_sequence_free(&plant.calls);
    }
}
END_TEST

START_TEST(trouble_and_the_end_of_tries_leave_what_was_seen_to_fail)
{
    static const size_t bounds[] = {1, 2, 3, 10, 50, 200};

    for (size_t i = 0; i < 2 * sizeof bounds / sizeof *bounds; i++) {
        bool trouble = i % 2;
        size_t bound = bounds[i / 2], tries;
        struct plant plant = {.trouble_at = trouble ? bound : 0};
        const struct nst_shrink_options options = {.max_tries = trouble ? 0 : bound};
        struct nst_sequence sequence;
        struct nst_random random;

        nst_random_seed(&random, seed);
        read_text(rows[1].planted, &plant.calls);
        plant_in(&random, &plant.calls, &sequence);

        int r = nst_shrink(&sequence, has_plant, &plant, &options, &tries);

        if (trouble && plant.tries == bound)
            ck_assert_int_eq(r, -EIO);
        else
            ck_assert_int_eq(r, 0);
        ck_assert_uint_le(tries, bound);
        plant.trouble_at = 0;
        ck_assert_int_eq(has_plant(&plant, &sequence), 1);
        nst_sequence_free(&sequence);
        nst_sequence_free(&plant.calls);
    }
}
END_TEST

static int always(void *ctx, const struct nst_sequence *candidate)
{
    size_t *len = ctx;

    return candidate->len == *len;
}

/* What is simplified of a sequence that keeps its length, whatever its calls say. */
static const struct {
    const char *text, *simple;
} simplified[] = {
    {"7 mount(\"/a/x\", \"/c/d\", \"tmpfs\", MS_BIND|MS_REC|0x40000000, \"ro\") = 0\n",
     "1 mount(\"none\", \"/\", NULL, 0, NULL)\n"},
    {"7 openat(AT_FDCWD, \"/proc/9/ns/mnt\", O_RDONLY|O_CLOEXEC) = 12\n7 setns(12, CLONE_NEWNS) = "
     "0\n",
     "1 openat(AT_FDCWD, \"/\", O_RDONLY) = 3\n1 setns(3, 0)\n"},
    {"7 fork() = 9\n9 mkdir(\"/b\", 0700) = -1 EEXIST (File exists)\n7 kill(9, SIGKILL) = 0\n",
     "1 fork() = 2\n2 mkdir(\"/\", 0755)\n1 kill(2, SIGKILL)\n"},
    {"7 fsopen(\"tmpfs\", FSOPEN_CLOEXEC) = 9\n7 fsconfig(9, FSCONFIG_SET_FD, \"fd\", NULL, 9)\n",
     "1 fsopen(NULL, 0) = 3\n1 fsconfig(3, FSCONFIG_SET_FD, NULL, NULL, 0)\n"},
    {"3 mount(\"\", \"\", NULL, 0, NULL)\n", "1 mount(\"none\", \"\", NULL, 0, NULL)\n"},
};

START_TEST(calls_are_made_simpler_and_renumbered)
{
    struct nst_sequence sequence;

    read_text(simplified[_i].text, &sequence);

    size_t len = sequence.len;

    ck_assert_int_eq(nst_shrink(&sequence, always, &len, NULL, NULL), 0);

    must_be(&sequence, simplified[_i].simple);
    nst_sequence_free(&sequence);
}
END_TEST

static int has_string(void *ctx, const struct nst_sequence *candidate)
{
    size_t found = 0;

    (void)ctx;
    for (size_t i = 0; i < candidate->len; i++)
        for (size_t n = 0; n < nst_calls[candidate->call[i].id].args; n++) {
            const char *str = candidate->call[i].arg[n].str;
            unsigned number;

            found += str && ((sscanf(str, "/proc/%u", &number) == 1 && strstr(str, "/ns/mnt")) ||
                             sscanf(str, "/proc/self/fd/%u", &number) == 1);
        }
    return found == 2 && candidate->len == 4;
}

START_TEST(numbers_in_paths_follow)
{
    struct nst_sequence sequence;

    read_text("5 fork() = 8\n8 open(\"/proc/5/ns/mnt\", O_RDONLY) = 6\n"
              "8 mount(\"/proc/self/fd/6\", \"/a\", NULL, MS_BIND, NULL)\n8 close(6)\n",
              &sequence);
    ck_assert_int_eq(nst_shrink(&sequence, has_string, NULL, NULL, NULL), 0);

    must_be(&sequence, "1 fork() = 2\n2 open(\"/proc/1/ns/mnt\", O_RDONLY) = 3\n"
                       "2 mount(\"/proc/self/fd/3\", \"/\", NULL, 0, NULL)\n2 close(3)\n");
    nst_sequence_free(&sequence);
}
END_TEST

START_TEST(an_empty_sequence_stays_so)
{
    struct nst_sequence sequence = {0};
    size_t tries = 1;

    ck_assert_int_eq(nst_shrink(&sequence, never_fails, NULL, NULL, &tries), 0);
    ck_assert_uint_eq(tries, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("shrink");
    TCase *tests = tcase_create("shrink");
    SRunner *runner = srunner_create(suite);

    seed = nst_test_seed();
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, a_planted_failure_shrinks_to_exactly_its_minimum, 0,
                        sizeof rows / sizeof *rows);
    tcase_add_test(tests,
                   no_single_call_of_the_result_can_be_removed_and_shrinking_again_changes_nothing);
    tcase_add_test(tests, a_predicate_that_is_wrong_gives_another_minimum);
    tcase_add_test(tests, trouble_and_the_end_of_tries_leave_what_was_seen_to_fail);
    tcase_add_loop_test(tests, calls_are_made_simpler_and_renumbered, 0,
                        sizeof simplified / sizeof *simplified);
    tcase_add_test(tests, numbers_in_paths_follow);
    tcase_add_test(tests, an_empty_sequence_stays_so);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);

    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed ? 1 : 0;
}
