/* Several actors truly at once: all of their calls are performed, their order is the kernel's to
 * choose, none of them can hang the case, and nothing is left. */
#include <ns-tool/generate.h>
#include <ns-tool/property.h>

#include "sandbox_test.h"

static struct nst_sandbox *sandbox;

static void open_sandbox(void)
{
    char why[200];

    ck_assert_msg(nst_sandbox_open(NULL, &sandbox, why) == 0, "%s", why);
}

static void close_sandbox(void)
{
    nst_sandbox_close(sandbox);
}

static void run_sequence(const struct nst_sequence *sequence, struct nst_trace *ret_trace)
{
    const struct nst_run_options options = {.deadline_ms = 500, .at_once = true};
    char why[200] = "";
    int r = nst_run(sandbox, sequence, &options, ret_trace, why);

    ck_assert_msg(r == 0, "%s: %s", strerrorname_np(-r), why);
    ck_assert_msg(!*ret_trace->leftover.text, "%s", ret_trace->leftover.text);
}

static void run(const char *text, struct nst_sequence *sequence, struct nst_trace *ret_trace)
{
    *sequence = (struct nst_sequence){0};
    ck_assert_int_eq(nst_strace_read(text, strlen(text), sequence, NULL, NULL), 0);
    run_sequence(sequence, ret_trace);
}

/* An answer a call: v a value, e an error, E its actor ended, D no answer, - not performed. */
static const struct {
    const char *text, *answers;
    size_t from; /* the first call at once */
} rows[] = {
    {"1 mkdir(\"/x\", 0755)\n1 fork() = 2\n2 rmdir(\"/x\")\n1 chdir(\"/\")\n", "vvvv", 1},
    {"1 fork() = 2\n2 fork() = 3\n3 mkdir(\"/x\", 0755)\n", "vvv", 0},
    {"1 fork() = 2\n2 exit_group(0)\n2 chdir(\"/\")\n1 chdir(\"/\")\n", "vE-v", 0},
    {"1 exit_group(0)\n1 fork() = 2\n2 chdir(\"/\")\n", "E--", 3},
    /* of a name that is used twice the first has it */
    {"1 fork() = 2\n1 fork() = 2\n2 mkdir(\"/x\", 0755)\n", "vvv", 0},
    /* who is stopped hangs: the case ends, and says so */
    {"1 fork() = 2\n2 kill(2, SIGSTOP)\n2 chdir(\"/\")\n1 chdir(\"/\")\n", "vD-v", 0},
    /* a pid namespace ends with its init */
    {"1 clone(child_stack=NULL, flags=CLONE_NEWPID|SIGCHLD) = 2\n2 fork() = 3\n2 exit_group(0)\n",
     "vvE", 0},
    {"9 fork() = 2\n8 chdir(\"/\")\n2 chdir(\"/\")\n", "v-v", 0},
    {"1 chdir(\"/\")\n1 chdir(\"/\")\n", "vv", 2},
};

START_TEST(every_call_is_answered_by_the_actor_that_makes_it)
{
    static const char kinds[] = {[NST_ANSWER_NONE] = '-',
                                 [NST_ANSWER_VALUE] = 'v',
                                 [NST_ANSWER_ERROR] = 'e',
                                 [NST_ANSWER_ENDED] = 'E',
                                 [NST_ANSWER_DEADLINE] = 'D'};
    struct nst_sequence sequence;
    struct nst_trace trace;
    char answers[16] = "";

    for (int n = 0; n < 5; n++) { /* the sandbox serves on */
        run(rows[_i].text, &sequence, &trace);
        for (size_t i = 0; i < trace.len; i++)
            answers[i] = kinds[trace.step[i].kind];
        /* whether SIGSTOP was answered before it stopped its sender is the kernel's to choose */
        if (strchr(rows[_i].answers, 'D') && !strchr(answers, 'D'))
            ck_assert_str_eq(answers, "vv-v");
        else
            ck_assert_str_eq(answers, rows[_i].answers);
        ck_assert_uint_eq(trace.at_once, rows[_i].from < trace.len);
        ck_assert_uint_eq(trace.at_once_from, rows[_i].from);
        for (size_t i = 0; i < trace.len; i++)
            ck_assert(!trace.step[i].before == (i >= rows[_i].from));
        nst_trace_free(&trace);
        nst_sequence_free(&sequence);
    }
}
END_TEST

/* Each of two actors makes what the other takes away. */
START_TEST(actors_race)
{
    static const char text[] = "1 fork() = 2\n1 fork() = 3\n"
                               "2 mkdir(\"/x\", 0755)\n2 mkdir(\"/x\", 0755)\n2 rmdir(\"/y\")\n"
                               "3 rmdir(\"/x\")\n3 mkdir(\"/y\", 0755)\n3 rmdir(\"/x\")\n";
    unsigned seen = 0, kinds = 0;

    for (int n = 0; n < 3000 && kinds < 2; n++) {
        struct nst_sequence sequence;
        struct nst_trace trace;
        unsigned order = 0;

        run(text, &sequence, &trace);
        for (size_t i = 2; i < trace.len; i++)
            order = order << 1 | (trace.step[i].kind == NST_ANSWER_VALUE);
        kinds += !n || order != seen;
        seen = order;
        nst_trace_free(&trace);
        nst_sequence_free(&sequence);
    }
    ck_assert_uint_ge(kinds, 2);
}
END_TEST

START_TEST(of_what_needs_a_table_for_each_call_nothing_is_said)
{
    static const char text[] = "1 unshare(CLONE_NEWNS)\n1 mount(\"none\", \"/\", NULL, "
                               "MS_REC|MS_PRIVATE, NULL)\n1 fork() = 2\n"
                               "2 mount(\"none\", \"/a\", \"tmpfs\", 0, NULL)\n";
    const struct nst_judge_options options = {.intent = NST_INTENT_ALWAYS};
    struct nst_judgement judgement;
    struct nst_sequence sequence;
    struct nst_trace trace;

    run(text, &sequence, &trace);
    nst_judge(&trace, &options, &judgement);
    for (size_t i = 0; i < judgement.len; i++) {
        const struct nst_property *property = nst_properties[i];

        ck_assert_msg(judgement.verdict[i] == (property->at_once ? NST_PASS : NST_SKIP), "%s: %s",
                      property->name, judgement.finding[i].text);
        if (!property->at_once)
            ck_assert_ptr_nonnull(strstr(judgement.finding[i].text, "not judged: "));
    }
    nst_trace_free(&trace);
    nst_sequence_free(&sequence);
}
END_TEST

START_TEST(a_random_sequence_that_is_spread_keeps_its_calls_and_leaves_nothing)
{
    uint64_t seed = nst_test_seed();

    for (uint64_t n = 0; n < 300; n++) {
        struct nst_sequence sequence = {0};
        struct nst_trace trace;
        struct nst_random random;
        size_t before;

        ck_assert_int_eq(nst_generate_case(seed, n, NULL, &sequence), 0);
        before = sequence.len;
        nst_random_seed(&random, seed + n);
        ck_assert_int_eq(nst_spread(&random, &sequence), 0);
        ck_assert(nst_sequence_valid(&sequence));
        ck_assert_uint_ge(sequence.len, before + 2);
        ck_assert_uint_le(sequence.len, before + 3);
        run_sequence(&sequence, &trace);
        ck_assert(trace.at_once);
        nst_trace_free(&trace);
        nst_sequence_free(&sequence);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("at once");
    TCase *cases = tcase_create("at once");
    int status = nst_test_no_sandbox();

    if (status)
        return status;
    tcase_set_timeout(cases, 120);
    tcase_add_checked_fixture(cases, open_sandbox, close_sandbox);
    tcase_add_loop_test(cases, every_call_is_answered_by_the_actor_that_makes_it, 0,
                        sizeof rows / sizeof *rows);
    tcase_add_test(cases, actors_race);
    tcase_add_test(cases, of_what_needs_a_table_for_each_call_nothing_is_said);
    tcase_add_test(cases, a_random_sequence_that_is_spread_keeps_its_calls_and_leaves_nothing);
    suite_add_tcase(suite, cases);
    return nst_test_run_suite(suite);
}
