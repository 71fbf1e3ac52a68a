/* ns-tool run at its bounds: what is within runs, what is one beyond is refused at its line and
 * column before anything runs. */
#include <ns-tool/sequence.h>

#include "nst_test.h"

/* Appends to what OUT holds so far. */
static void put_actors(FILE *out, int actors)
{
    for (int i = 2; i <= actors; i++)
        fprintf(out, "1 fork() = %d\n", i);
}

static void put_calls(FILE *out, int calls)
{
    for (int i = 0; i < calls; i++)
        fputs("1 chdir(\"/\") = 0\n", out);
}

static void put_filler(FILE *out, int bytes)
{
    for (int i = 0; i < bytes; i++)
        fputc('a', out);
}

static void put_path(FILE *out, int bytes)
{
    fputs("1 rmdir(\"", out);
    put_filler(out, bytes);
    fputs("\") = -1 ENAMETOOLONG\n", out);
}

static void put_data(FILE *out, int bytes)
{
    fputs("1 mount(\"none\", \"/\", NULL, MS_REC|MS_PRIVATE, \"", out);
    put_filler(out, bytes);
    fputs("\")\n", out);
}

/* Bytes as the escape of each has them: what counts is the string, not its text. */
static void put_escaped(FILE *out, int bytes)
{
    fputs("1 rmdir(\"", out);
    for (int i = 0; i < bytes; i++)
        fputs("\\001", out);
    fputs("\") = -1 ENAMETOOLONG\n", out);
}

static const struct {
    const char *name;
    void (*put)(FILE *out, int size);
    int bound;
    const char *refusal; /* behind the file's name, of one more than the bound */
} bounds[] = {
    {"actors", put_actors, NST_ACTORS_MAX, ":64:3: expected at most 64 actors\n"},
    {"calls", put_calls, NST_CALLS_MAX, ":4097:3: expected at most 4096 calls\n"},
    {"path", put_path, NST_STRING_MAX, ":1:9: expected a string of at most 65536 bytes\n"},
    {"escaped", put_escaped, NST_STRING_MAX, ":1:9: expected a string of at most 65536 bytes\n"},
    {"data", put_data, NST_STRING_MAX, ":1:47: expected a string of at most 65536 bytes\n"},
};

#define BOUNDS ((int)(sizeof(bounds) / sizeof(bounds[0])))

static char *directory; /* of the test that runs */

static char *make_file(const char *name, void (*put)(FILE *out, int size), int size)
{
    char *path;
    FILE *out;

    ck_assert_int_gt(asprintf(&path, "%s/%s", directory, name), 0);
    out = fopen(path, "we");
    ck_assert_ptr_nonnull(out);
    put(out, size);
    ck_assert_int_eq(fclose(out), 0);
    return path;
}

static void drop_file(char *path)
{
    unlink(path);
    free(path);
}

static void setup(void)
{
    directory = nst_test_directory();
}

static void teardown(void)
{
    rmdir(directory);
    free(directory);
}

START_TEST(what_is_within_a_bound_runs)
{
    char *path = make_file(bounds[_i].name, bounds[_i].put, bounds[_i].bound);
    struct nst_test_run run =
        nst_test_run_tool((const char *const[]){"run", "--quiet", path, NULL}, false);

    drop_file(path);
    ck_assert_msg(run.status == 0, "%s: status %d\n%s%s", bounds[_i].name, run.status, run.out,
                  run.err);
    nst_test_run_free(&run);
}
END_TEST

START_TEST(what_is_one_beyond_a_bound_is_refused_at_its_place_and_nothing_runs)
{
    char *within = make_file("within", put_calls, 1);
    char *path = make_file(bounds[_i].name, bounds[_i].put, bounds[_i].bound + 1);
    struct nst_test_run run =
        nst_test_run_tool((const char *const[]){"run", within, path, NULL}, false);

    ck_assert_msg(run.status == 2, "%s: status %d\n%s%s", bounds[_i].name, run.status, run.out,
                  run.err);
    ck_assert_int_eq(strncmp(run.err, path, strlen(path)), 0);
    ck_assert_str_eq(run.err + strlen(path), bounds[_i].refusal);
    ck_assert_str_eq(run.out, "");
    drop_file(path);
    drop_file(within);
    nst_test_run_free(&run);
}
END_TEST

static void put_zeros(FILE *out, int size)
{
    for (int i = 0; i < size; i++)
        fputc(0, out);
}

static void put_high(FILE *out, int size)
{
    for (int i = 0; i < size; i++)
        fputc(128 + i % 128, out);
}

static void put_parentheses(FILE *out, int size)
{
    fputs("1 clone(flags=0, x=", out);
    for (int i = 0; i < size; i++)
        fputc('(', out);
}

static void put_long_name(FILE *out, int size)
{
    fputs("1 ", out);
    put_filler(out, size);
    fputs("()\n", out);
}

static void put_elf(FILE *out, int size)
{
    fputs("\177ELF\2\1\1", out);
    put_zeros(out, size);
}

static const struct {
    const char *name;
    void (*put)(FILE *out, int size);
    const char *refusal;
} garbage[] = {
    {"zeros", put_zeros, ":1:1: expected text without a NUL byte\n"},
    {"high", put_high,
     ":1:1: expected a system call, such as mount(…), with its actor before it\n"},
    {"parentheses", put_parentheses, ":1:1000020: expected a closing parenthesis\n"},
    {"a long name", put_long_name, ":1:3: expected the name of a system call\n"},
    {"elf", put_elf, ":1:8: expected text without a NUL byte\n"},
};

#define GARBAGE ((int)(sizeof(garbage) / sizeof(garbage[0])))

START_TEST(a_million_bytes_of_garbage_are_refused_at_their_place)
{
    char *path = make_file(garbage[_i].name, garbage[_i].put, 1000000);
    struct nst_test_run run = nst_test_run_tool((const char *const[]){"run", path, NULL}, false);

    ck_assert_msg(run.status == 2, "%s: status %d\n%.200s", garbage[_i].name, run.status, run.err);
    ck_assert_msg(!strcmp(run.err + strlen(path), garbage[_i].refusal), "%s: %.200s",
                  garbage[_i].name, run.err);
    ck_assert_str_eq(run.out, "");
    drop_file(path);
    nst_test_run_free(&run);
}
END_TEST

START_TEST(what_is_no_file_of_text_is_refused)
{
    const char *const paths[] = {"/", "/nonexistent/sequence", "/proc/self/mem"};

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct nst_test_run run =
            nst_test_run_tool((const char *const[]){"run", paths[i], NULL}, false);

        ck_assert_msg(run.status == 2, "%s: status %d", paths[i], run.status);
        ck_assert_msg(strstr(run.err, paths[i]) != NULL, "%s", run.err);
        ck_assert_str_eq(run.out, "");
        nst_test_run_free(&run);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("run_bounds");
    TCase *tests = tcase_create("bounds");
    SRunner *runner;
    char command[512];
    int status, failed;

    snprintf(command, sizeof command, "'%s' run /dev/null >/dev/null 2>&1", nst_test_tool());
    status = system(command);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        return nst_test_cannot("ns-tool run cannot make a sandbox");
    runner = srunner_create(suite);
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, what_is_within_a_bound_runs, 0, BOUNDS);
    tcase_add_loop_test(tests, what_is_one_beyond_a_bound_is_refused_at_its_place_and_nothing_runs,
                        0, BOUNDS);
    tcase_add_loop_test(tests, a_million_bytes_of_garbage_are_refused_at_their_place, 0, GARBAGE);
    tcase_add_test(tests, what_is_no_file_of_text_is_refused);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
