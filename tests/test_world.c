/* The small world holds every call of the table, and of sequences that are alike only one. */
#include "nst_test.h"

#include <ns-tool/world.h>

static void make(const char *calls, unsigned actors, struct nst_world *ret_world)
{
    const struct nst_world_options options = {.calls = calls, .actors = actors};

    ck_assert_int_eq(nst_world_make(&options, ret_world, NULL), 0);
    ck_assert_uint_gt(ret_world->len, 0);
    ck_assert_uint_eq(ret_world->len, ret_world->sequence.len);
}

START_TEST(every_call_of_the_table_is_in_it_by_each_actor)
{
    bool met[NST_CALLS][3] = {{false}};
    struct nst_world world;

    make(NULL, 2, &world);
    for (size_t i = 0; i < world.len; i++) {
        ck_assert_uint_le(world.call[i].call.actor, 2);
        ck_assert_int_eq(world.call[i].call.expect.kind, NST_ANY);
        met[world.call[i].call.id][world.call[i].call.actor] = true;
    }
    for (size_t i = 0; i < NST_CALLS; i++)
        ck_assert_msg(met[i][1] && met[i][2], "%s", nst_calls[i].name);
    nst_world_free(&world);
    nst_world_free(&world);
}
END_TEST

START_TEST(no_call_is_in_it_twice)
{
    struct nst_world world;

    make(NULL, 2, &world);
    for (size_t i = 0; i < world.len; i++) {
        char *one = nst_call_text(&world.call[i].call);

        for (size_t k = 0; k < i; k++) {
            char *other = nst_call_text(&world.call[k].call);

            ck_assert_str_ne(one, other);
            free(other);
        }
        free(one);
    }
    nst_world_free(&world);
}
END_TEST

START_TEST(only_the_calls_that_are_named_are_in_it)
{
    struct nst_world world;
    const char *bad = NULL, *names = "umount2,unshar,fork";
    const struct nst_world_options wrong[] = {
        {names, 1, false}, {"", 1, false}, {"fork,", 1, false}};

    make("umount2,fork", 1, &world);
    for (size_t i = 0; i < world.len; i++)
        ck_assert(world.call[i].call.id == NST_CALL_UMOUNT2 ||
                  world.call[i].call.id == NST_CALL_FORK);
    nst_world_free(&world);
    ck_assert_int_eq(nst_world_make(&wrong[0], &world, &bad), -EINVAL);
    ck_assert_ptr_eq(bad, names + 8);
    ck_assert_int_eq(nst_world_make(&wrong[1], &world, &bad), -EINVAL);
    ck_assert_int_eq(nst_world_make(&wrong[2], &world, NULL), -EINVAL);
}
END_TEST

/* What stands for one of those that are alike stands for the other. */
START_TEST(with_each_call_there_is_the_one_that_is_like_it)
{
    struct nst_world world;

    make(NULL, 2, &world);
    for (size_t i = 0; i < world.len; i++) {
        char *text = nst_call_text(&world.call[i].call);
        bool found = false;

        for (char *at = text; *at; at++) /* /a for /b */
            if (at[0] == '/' && (at[1] == 'a' || at[1] == 'b') && (at[2] == '"' || at[2] == '/'))
                at[1] = (char)('a' + 'b' - at[1]);
        for (size_t k = 0; k < world.len && !found; k++) {
            char *other = nst_call_text(&world.call[k].call);

            found = !strcmp(text, other);
            free(other);
        }
        ck_assert_msg(found, "%s", text);
        free(text);
    }
    nst_world_free(&world);
}
END_TEST

/* Names that are alike are used in their order. */
START_TEST(of_sequences_that_are_alike_one_is_looked_at)
{
    static const struct {
        unsigned char name[4];
        int used, then;
    } rows[] = {{{0}, 0, 0},    {{1}, 0, 1},     {{2}, 0, -1},   {{2}, 1, 2},   {{1}, 2, 2},
                {{1, 2}, 0, 2}, {{2, 1}, 0, -1}, {{2, 1}, 1, 2}, {{1, 1}, 0, 1}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct nst_world_call call = {.call = {0}};

        memcpy(call.name, rows[i].name, sizeof call.name);
        ck_assert_int_eq(nst_world_use(&call, rows[i].used), rows[i].then);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("world");
    TCase *cases = tcase_create("world");

    tcase_add_test(cases, every_call_of_the_table_is_in_it_by_each_actor);
    tcase_add_test(cases, no_call_is_in_it_twice);
    tcase_add_test(cases, only_the_calls_that_are_named_are_in_it);
    tcase_add_test(cases, with_each_call_there_is_the_one_that_is_like_it);
    tcase_add_test(cases, of_sequences_that_are_alike_one_is_looked_at);
    suite_add_tcase(suite, cases);
    return nst_test_run_suite(suite);
}
