/* The scheduler: what it keeps, and that it reaches every order that it may. No kernel needed. */
#include <ns-tool/generate.h>

#include "nst_test.h"

static uint64_t seed;

static void read_text(const char *text, struct nst_sequence *ret_sequence)
{
    *ret_sequence = (struct nst_sequence){0};
    ck_assert_int_eq(nst_strace_read(text, strlen(text), ret_sequence, NULL, NULL), 0);
}

static char *print_text(const struct nst_sequence *sequence)
{
    char *text;
    size_t len;

    ck_assert_int_eq(nst_strace_print(sequence, &text, &len), 0);
    return text;
}

/* The arguments of mkdir name the calls. */
static const struct {
    const char *text;
    const char *orders; /* all that there may be, each call by its actor's number */
} rows[] = {
    {"1 mkdir(\"/a\", 0755)\n1 mkdir(\"/b\", 0755)\n", "11 "},
    {"1 fork() = 2\n2 mkdir(\"/a\", 0755)\n1 mkdir(\"/b\", 0755)\n", "121 112 "},
    {"1 fork() = 2\n1 fork() = 3\n2 mkdir(\"/a\", 0755)\n3 mkdir(\"/b\", 0755)\n",
     "1123 1132 1213 "},
    /* a grandchild's maker waits for its own */
    {"1 fork() = 2\n2 fork() = 3\n3 mkdir(\"/a\", 0755)\n1 mkdir(\"/b\", 0755)\n",
     "1231 1213 1123 "},
    /* who is never made may come at any time but the first */
    {"1 mkdir(\"/a\", 0755)\n9 mkdir(\"/b\", 0755)\n1 mkdir(\"/c\", 0755)\n", "191 119 "},
    /* makers keep their order, so a name that is used twice stands for the same */
    {"1 fork() = 2\n2 fork() = 3\n1 fork() = 3\n", "121 "},
};

START_TEST(exactly_the_orders_that_a_scheduler_may_choose_come_up)
{
    size_t orders = strlen(rows[_i].orders), found = 0;
    bool seen[100] = {false};

    for (uint64_t n = 0; n < 200; n++) {
        struct nst_sequence sequence;
        struct nst_random random;
        char order[16] = "";

        read_text(rows[_i].text, &sequence);
        nst_random_seed(&random, seed + n);
        ck_assert_int_eq(nst_interleave(&random, &sequence), 0);
        for (size_t i = 0; i < sequence.len; i++)
            order[i] = (char)('0' + sequence.call[i].actor);
        order[sequence.len] = ' ';

        const char *at = strstr(rows[_i].orders, order);

        ck_assert_msg(at, "%s", order);
        found += !seen[at - rows[_i].orders];
        seen[at - rows[_i].orders] = true;
        nst_sequence_free(&sequence);
    }
    ck_assert_uint_eq(found, orders / (strcspn(rows[_i].orders, " ") + 1));
}
END_TEST

/* Actor's calls in their order, as text. */
static char *of_actor(const struct nst_sequence *sequence, uint32_t actor)
{
    struct nst_sequence own = {0};
    char *text;

    for (size_t i = 0; i < sequence->len; i++)
        if (sequence->call[i].actor == actor)
            ck_assert_int_eq(nst_sequence_append(&own, &sequence->call[i]), 0);
    text = print_text(&own);
    nst_sequence_free(&own);
    return text;
}

START_TEST(each_actor_of_a_random_sequence_keeps_its_own_order_and_the_seed_decides)
{
    size_t changed = 0;

    for (uint64_t n = 0; n < 300; n++) {
        struct nst_sequence sequence = {0}, order = {0}, again = {0};
        struct nst_random random;

        ck_assert_int_eq(nst_generate_case(seed, n, NULL, &sequence), 0);
        ck_assert_int_eq(nst_sequence_copy(&sequence, &order), 0);
        ck_assert_int_eq(nst_sequence_copy(&sequence, &again), 0);
        nst_random_seed(&random, n);
        ck_assert_int_eq(nst_interleave(&random, &order), 0);
        nst_random_seed(&random, n);
        ck_assert_int_eq(nst_interleave(&random, &again), 0);

        char *before = print_text(&sequence), *one = print_text(&order), *two = print_text(&again);

        ck_assert_str_eq(one, two);
        changed += strcmp(one, before) != 0;
        ck_assert(nst_sequence_valid(&order));
        ck_assert_uint_eq(order.call[0].actor, sequence.call[0].actor);
        for (uint32_t actor = 1; actor < 6; actor++) {
            char *a = of_actor(&sequence, actor), *b = of_actor(&order, actor);

            ck_assert_str_eq(a, b);
            free(a);
            free(b);
        }
        free(before);
        free(one);
        free(two);
        nst_sequence_free(&sequence);
        nst_sequence_free(&order);
        nst_sequence_free(&again);
    }
    ck_assert_uint_gt(changed, 50);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("interleave");
    TCase *cases = tcase_create("interleave");

    seed = nst_test_seed();
    tcase_add_loop_test(cases, exactly_the_orders_that_a_scheduler_may_choose_come_up, 0,
                        sizeof rows / sizeof *rows);
    tcase_add_test(cases, each_actor_of_a_random_sequence_keeps_its_own_order_and_the_seed_decides);
    suite_add_tcase(suite, cases);

    return nst_test_run_suite(suite);
}
