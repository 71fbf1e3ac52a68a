/* What guides a search: what is the same to it, and what isn't. */
#include "trace_test.h"

#include <ns-tool/novelty.h>

#define BIND(from) "1 mount(\"" from "\", \"/c\", NULL, MS_BIND, NULL)\n"
#define P_B_PRIVATE "21 20 0:31 / /b rw" FS
#define P_D "21 20 0:33 / /d ro shared:4" FS

/* Two traces of one step each, the second of which is taken for the same or isn't. */
static const struct novelty_row {
    bool same_step, same_shape;
    struct trace_row a, b;
    uint64_t user, other_user; /* the parent's owner is 1 */
} rows[] = {
    {true, true, {.calls = UMOUNT, FROM(P_ROOT P_B)}, {.calls = UMOUNT, FROM(P_ROOT P_B)}, 1, 1},
    /* paths, options and numbers are names */
    {true,
     true,
     {.calls = UMOUNT, FROM(P_ROOT P_B)},
     {.calls = "1 umount2(\"/d\", MNT_DETACH)\n", FROM(P_ROOT P_D)},
     1,
     1},
    {false,
     true,
     {.calls = UMOUNT, FROM(P_ROOT P_B)},
     {.calls = UMOUNT, FROM(P_ROOT P_B), .error = EBUSY},
     1,
     1},
    {false,
     true,
     {.calls = UMOUNT, FROM(P_ROOT P_B), .error = EINVAL},
     {.calls = UMOUNT, FROM(P_ROOT P_B), .error = EBUSY},
     1,
     1},
    {false,
     true,
     {.calls = UMOUNT, FROM(P_ROOT P_B)},
     {.calls = "1 chdir(\"/b\")\n", FROM(P_ROOT P_B)},
     1,
     1},
    {false,
     false,
     {.calls = UMOUNT, FROM(P_ROOT P_B)},
     {.calls = UMOUNT, FROM(P_ROOT P_B_PRIVATE)},
     1,
     1},
    /* another's power */
    {false, true, {.calls = UMOUNT, FROM(P_ROOT P_B)}, {.calls = UMOUNT, FROM(P_ROOT P_B)}, 1, 2},
    /* a bind's source is looked at, too; in a mount isn't at its root */
    {false,
     true,
     {.calls = BIND("/b"), FROM(P_ROOT P_B_PRIVATE)},
     {.calls = BIND("/c"), FROM(P_ROOT P_B_PRIVATE)},
     1,
     1},
    {false,
     true,
     {.calls = BIND("/b"), FROM(P_ROOT P_B)},
     {.calls = BIND("/b/x"), FROM(P_ROOT P_B)},
     1,
     1},
    /* another namespace shows more */
    {true,
     false,
     {.calls = UMOUNT, FROM(P_ROOT P_B)},
     {.calls = UMOUNT, FROM(P_ROOT P_B, C_ROOT)},
     1,
     1},
    /* the same mounts, on each other otherwise; in one peer group or in two */
    {true,
     false,
     {.calls = UMOUNT, FROM(P_ROOT P_B, C_SHARED C_B)},
     {.calls = UMOUNT, FROM(P_ROOT P_B, C_ROOT_5 C_B)},
     1,
     1},
};

static void look(const struct trace_row *row, uint64_t user, uint64_t *ret_step,
                 uint64_t *ret_shape)
{
    struct trace_row here = *row;
    struct nst_sequence sequence = {0};
    struct nst_trace trace;

    here.ns = PARENT;
    here.owner[0] = 1;
    trace = make_trace(&here, &sequence);
    trace.step[0].user = user;
    *ret_step = nst_novelty_of_step(&trace, 0);
    *ret_shape = nst_novelty_of_shape(trace.start);
    nst_trace_free(&trace);
    nst_sequence_free(&sequence);
}

START_TEST(steps_and_shapes_are_the_same_or_new_as_the_row_says)
{
    const struct novelty_row *row = &rows[_i];
    uint64_t step[2], shape[2];

    look(&row->a, row->user, &step[0], &shape[0]);
    look(&row->b, row->other_user, &step[1], &shape[1]);
    ck_assert_msg((step[0] == step[1]) == row->same_step, "row %d: the step", _i);
    ck_assert_msg((shape[0] == shape[1]) == row->same_shape, "row %d: the shape", _i);
    ck_assert_uint_ne(step[0], 0);
}
END_TEST

START_TEST(what_was_not_performed_is_not_new)
{
    const struct trace_row row = {.calls = UMOUNT, FROM(P_ROOT), .gone = true};
    uint64_t step, shape;

    look(&row, 1, &step, &shape);
    ck_assert_uint_eq(step, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("novelty");
    TCase *tests = tcase_create("novelty");

    tcase_add_loop_test(tests, steps_and_shapes_are_the_same_or_new_as_the_row_says, 0,
                        sizeof rows / sizeof *rows);
    tcase_add_test(tests, what_was_not_performed_is_not_new);
    suite_add_tcase(suite, tests);
    return nst_test_run_suite(suite);
}
