/* README.md says what is so: its examples compile, and what it quotes is what the tool prints. */
#include <ctype.h>

#include "nst_corpus.h"
#include "nst_test.h"

/* A page below the source tree. The caller frees it. */
static char *page(const char *name)
{
    char *path = nst_corpus_join(getenv("NST_SOURCE_DIR"), name);
    size_t len;
    char *text = nst_corpus_text(path, &len);

    free(path);
    return text;
}

static char *readme(void)
{
    return page("README.md");
}

/* The NUMBER-th indented block behind HEAD, its indentation taken away. Owned. */
static char *block(const char *text, const char *head, int number)
{
    const char *at = strstr(text, head);
    char *copy = calloc(1, strlen(text) + 1), *to = copy;

    ck_assert_ptr_nonnull(at);
    ck_assert_ptr_nonnull(copy);
    for (int i = 0; i < number; i++) {
        at = strstr(at, "\n\n    ");
        ck_assert_ptr_nonnull(at);
        at += 2;
    }
    for (; strncmp(at, "    ", 4) == 0; at += strcspn(at, "\n") + 1) {
        size_t len = strcspn(at, "\n") + 1 - 4;

        memcpy(to, at + 4, len);
        to += len;
    }
    return copy;
}

/* Peer groups are numbered by the kernel: each number becomes an N. In place. */
static char *without_numbers(char *text)
{
    char *to = text;

    for (const char *from = text; *from;) {
        bool numbered = to - text >= 7 && strncmp(to - 7, "shared:", 7) == 0;

        if (numbered && isdigit(*from)) {
            from += strspn(from, "0123456789");
            *to++ = 'N';
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
    return text;
}

START_TEST(the_leak_that_it_shows_is_what_the_tool_says)
{
    char *text = readme(), *leak = block(text, "## A leak found", 1),
         *says = block(text, "## A leak found", 2);
    char *directory = nst_test_directory(), *path = nst_corpus_join(directory, "leak");

    ck_assert_int_eq(nst_test_write_file(path, leak), 0);

    struct nst_test_run run = nst_test_run_tool((const char *const[]){"run", path, NULL}, false);
    const char *first = strchr(run.out, '\n'), *quoted = strchr(says, '\n');

    unlink(path);
    rmdir(directory);
    if (run.status != 77) {
        ck_assert_int_eq(run.status, 1);
        ck_assert_ptr_nonnull(first);
        ck_assert_ptr_nonnull(quoted); /* the first line names the file */
        ck_assert_str_eq(without_numbers((char *)(uintptr_t)quoted),
                         without_numbers((char *)(uintptr_t)first));
    }
    nst_test_run_free(&run);
    free(path);
    free(directory);
    free(says);
    free(leak);
    free(text);
}
END_TEST

START_TEST(its_examples_compile)
{
    const char *source = getenv("NST_SOURCE_DIR");
    static const char *const pages[] = {"README.md", "docs/extending.md"};
    char *text = page(pages[_i]), *at = text;
    char command[8192];
    int examples = 0;

    if (system("command -v cc >/dev/null") != 0)
        return;
    snprintf(command, sizeof command,
             "cc -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror "
             "-fsyntax-only -I'%s/include' -I'%s/src' -I'%s/src/property' -I'%s/tests' "
             "-I'%s/props' -I'%s/fuzz' -x c -",
             source, source, source, source, source, source);
    while ((at = strstr(at, "\n```c\n"))) {
        char *end = strstr(at += 6, "\n```");
        FILE *compiler = popen(command, "w");

        ck_assert_ptr_nonnull(end);
        ck_assert_ptr_nonnull(compiler);
        fwrite(at, 1, (size_t)(end + 1 - at), compiler);
        ck_assert_msg(pclose(compiler) == 0, "example %d, see above", examples + 1);
        examples++;
        at = end;
    }
    ck_assert_int_ge(examples, _i ? 2 : 1);
    free(text);
}
END_TEST

START_TEST(it_names_every_command_and_property)
{
    static const char *const lists[][2] = {{"--help", "Commands:\n"}, {"list", "Properties\n"}};
    char *text = readme();

    for (size_t i = 0; i < 2; i++) {
        struct nst_test_run run =
            nst_test_run_tool((const char *const[]){lists[i][0], NULL}, false);
        const char *line = strstr(run.out, lists[i][1]);
        char name[32];

        ck_assert_ptr_nonnull(line);
        while ((line = strchr(line, '\n')) && line[1] != '\n')
            if (sscanf(++line, "  %31[a-z]", name) == 1 && line[2] != ' ')
                ck_assert_msg(strstr(strstr(text, "## What works today"), name), "%s", name);
        nst_test_run_free(&run);
    }
    free(text);
}
END_TEST

START_TEST(it_is_short)
{
    char *text = readme();
    int lines = 0;

    for (const char *at = text; (at = strchr(at, '\n')); at++)
        lines++;
    ck_assert_int_lt(lines, 260);
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("readme");
    TCase *tests = tcase_create("readme");
    SRunner *runner = srunner_create(suite);

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, the_leak_that_it_shows_is_what_the_tool_says);
    tcase_add_loop_test(tests, its_examples_compile, 0, 2);
    tcase_add_test(tests, it_names_every_command_and_property);
    tcase_add_test(tests, it_is_short);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);

    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed ? 1 : 0;
}
