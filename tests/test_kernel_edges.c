/* The kernel's own coverage, where it has one (CONFIG_KCOV); elsewhere there is none, and nothing
 * else changes. */
#include "sandbox_test.h"

static const struct nst_run_options asked = {.kernel_edges = true};

/* How many edges the calls of TEXT go over; SIZE_MAX: this kernel doesn't tell. */
static size_t run(struct nst_sandbox *sandbox, const struct nst_run_options *options,
                  const char *text)
{
    struct nst_sequence sequence = {0};
    struct nst_trace trace = {0};
    size_t len = SIZE_MAX;

    nst_test_read(text, &sequence);
    nst_test_run_sequence(sandbox, &sequence, options, &trace);
    for (size_t i = 0; i < trace.len; i++)
        ck_assert_int_eq(trace.step[i].kind, NST_ANSWER_VALUE);
    if (trace.kernel_edge) {
        len = 0;
        for (size_t i = 0; i < NST_KERNEL_EDGES; i++)
            len += trace.kernel_edge[i];
    }
    nst_trace_free(&trace);
    nst_sequence_free(&sequence);
    return len;
}

START_TEST(where_nobody_asks_there_are_none)
{
    struct nst_sandbox *sandbox = nst_test_open_sandbox(NULL);

    ck_assert_uint_eq(run(sandbox, NULL, "1 mkdir(\"/a/x\", 0755)\n"), SIZE_MAX);
    ck_assert_uint_eq(run(sandbox, &asked, "1 mkdir(\"/a/y\", 0755)\n"), SIZE_MAX);
    nst_sandbox_close(sandbox);
}
END_TEST

/* Of several actors, in namespaces of their own, too; and of one case nothing is in the next. */
START_TEST(each_actors_calls_add_theirs)
{
    const bool has = access("/sys/kernel/debug/kcov", R_OK | W_OK) == 0;
    struct nst_sandbox *sandbox = nst_test_open_sandbox(&asked);
    size_t none, one, two;

    none = run(sandbox, &asked, "");
    one = run(sandbox, &asked, "1 mount(\"none\", \"/a\", \"tmpfs\", 0, NULL)\n");
    two = run(sandbox, &asked,
              "1 mount(\"none\", \"/a\", \"tmpfs\", 0, NULL)\n"
              "1 clone(child_stack=NULL, flags=CLONE_NEWUSER|CLONE_NEWNS|SIGCHLD) = 2\n"
              "2 mount(\"none\", \"/\", NULL, MS_REC|MS_SLAVE, NULL)\n"
              "2 mkdir(\"/a/x\", 0755)\n"
              "2 mount(\"/a/x\", \"/b\", NULL, MS_BIND, NULL)\n");
    fprintf(stderr, "edges of the kernel: %zd, %zd, %zd\n", (ssize_t)none, (ssize_t)one,
            (ssize_t)two);
    if (has) {
        ck_assert_uint_eq(none, 0);
        ck_assert_uint_gt(one, 20);
        ck_assert_uint_gt(two, one + 20);
        ck_assert_uint_eq(run(sandbox, &asked, ""), 0);
    } else {
        ck_assert(none == SIZE_MAX && one == SIZE_MAX && two == SIZE_MAX);
    }
    nst_sandbox_close(sandbox);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("edges");
    TCase *cases = tcase_create("edges");
    int status = nst_test_no_sandbox();

    if (status)
        return status;
    tcase_add_test(cases, where_nobody_asks_there_are_none);
    tcase_add_test(cases, each_actors_calls_add_theirs);
    suite_add_tcase(suite, cases);
    return nst_test_run_suite(suite);
}
