/* ns-tool(1) tells of every command, option, call, property and bound that there is. */
#include <ctype.h>

#include <ns-tool/property.h>

#include "nst_corpus.h"
#include "nst_test.h"

#define MAN "man/ns-tool.1"

/* The manual's source, its escaped hyphens as they look. The caller frees it. */
static char *manual(void)
{
    char *path = nst_corpus_join(getenv("NST_SOURCE_DIR"), MAN);
    size_t len;
    char *text = nst_corpus_text(path, &len), *to = text;

    for (const char *from = text; (*to = *from); to++, from++)
        if (from[0] == '\\' && from[1] == '-')
            *to = *++from;
    free(path);
    return text;
}

/* Section HEAD (".SS run") up to the next heading; NULL where there is none. Owned. */
static char *section(const char *text, const char *head)
{
    size_t len = strlen(head);
    const char *from = text, *to;

    while ((from = strstr(from, head)) && from[len] != '\n')
        from += len;
    if (!from)
        return NULL;
    to = strstr(from + len, "\n.S");
    return to ? strndup(from, (size_t)(to - from)) : strdup(from);
}

/* Whether TEXT has WORD with nothing of a longer word beside it. */
static bool has_word(const char *text, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = text; (at = strstr(at, word)); at += len)
        if (!isalnum(at[len]) && at[len] != '-' && at[len] != '_' &&
            (at == text || (!isalnum(at[-1]) && at[-1] != '-' && at[-1] != '_')))
            return true;
    return false;
}

/* Every long option that COMMAND's --help lists has its place in COMMAND's section. */
static void check_options(const char *text, const char *command)
{
    struct nst_test_run run =
        nst_test_run_tool((const char *const[]){command, "--help", NULL}, false);
    char head[64];
    size_t options = 0;

    snprintf(head, sizeof head, ".SS %s", command);
    char *own = section(text, head), *all = section(text, ".SH COMMANDS");

    ck_assert_msg(own, MAN " has no section '%s'", head);
    ck_assert_ptr_nonnull(all);
    ck_assert_int_eq(run.status, 0);
    for (const char *at = run.out; (at = strstr(at, " --")); at++) {
        char option[64] = "";

        snprintf(option, 3 + strspn(at + 3, "abcdefghijklmnopqrstuvwxyz-"), "%s", at + 1);
        ck_assert_msg(has_word(own, option) || has_word(all, option),
                      MAN ": section '%s' doesn't name %s", head, option);
        options++;
    }
    ck_assert_uint_ge(options, 3); /* --help, --usage, --version */
    free(own);
    free(all);
    nst_test_run_free(&run);
}

START_TEST(every_command_and_each_of_its_options_is_told)
{
    struct nst_test_run run = nst_test_run_tool((const char *const[]){"--help", NULL}, false);
    char *text = manual();
    const char *line = strstr(run.out, "Commands:\n");
    size_t commands = 0;
    char command[32];

    ck_assert_ptr_nonnull(line);
    while ((line = strchr(line, '\n')) && sscanf(++line, "  %31[a-z]", command) == 1) {
        check_options(text, command);
        commands++;
    }
    ck_assert_uint_ge(commands, 5);
    free(text);
    nst_test_run_free(&run);
}
END_TEST

START_TEST(every_call_and_property_is_told)
{
    char *text = manual(), *calls = section(text, ".SH SEQUENCES"),
         *properties = section(text, ".SH PROPERTIES");

    ck_assert_ptr_nonnull(calls);
    ck_assert_ptr_nonnull(properties);
    for (size_t i = 0; i < NST_CALLS; i++)
        ck_assert_msg(has_word(calls, nst_calls[i].name), "call %s", nst_calls[i].name);
    for (size_t i = 0; nst_properties[i]; i++) {
        char head[64];

        snprintf(head, sizeof head, ".TP\n.B %s\n", nst_properties[i]->name);
        ck_assert_msg(strstr(properties, head), "property %s", nst_properties[i]->name);
    }
    free(properties);
    free(calls);
    free(text);
}
END_TEST

START_TEST(every_bound_is_told)
{
    char *text = manual(), bounds[128];

    snprintf(bounds, sizeof bounds, "at most %d actors and %d calls, and a string %d KiB",
             NST_ACTORS_MAX, NST_CALLS_MAX, NST_STRING_MAX / 1024);
    ck_assert_msg(strstr(text, bounds), "no '%s'", bounds);
    free(text);
}
END_TEST

/* Where groff is installed. */
START_TEST(groff_has_no_complaint)
{
    char command[4096], line[512] = "";
    FILE *groff;

    if (system("command -v groff >/dev/null") != 0)
        return;
    snprintf(command, sizeof command, "groff -ww -man -Tutf8 -z '%s/" MAN "' 2>&1",
             getenv("NST_SOURCE_DIR"));
    groff = popen(command, "r");
    ck_assert_ptr_nonnull(groff);
    ck_assert_msg(!fgets(line, sizeof line, groff), "%s", line);
    ck_assert_int_eq(pclose(groff), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("man");
    TCase *tests = tcase_create("man");
    SRunner *runner = srunner_create(suite);

    tcase_add_test(tests, every_command_and_each_of_its_options_is_told);
    tcase_add_test(tests, every_call_and_property_is_told);
    tcase_add_test(tests, every_bound_is_told);
    tcase_add_test(tests, groff_has_no_complaint);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);

    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed ? 1 : 0;
}
