/* --report and --json of run, fuzz, explore and check: each form is whole, agrees with the others,
 * and holds any bytes. */
#include "nst_corpus.h"
#include "nst_test.h"

#include <ctype.h>
#include <jansson.h>

#define LEAK                                                                                       \
    "# the parent sees this tmpfs\n1 unshare(CLONE_NEWNS) = 0\n"                                   \
    "1 mkdir(\"/mnt/<b>\\\"&\\1\\377\", 0755) = 0\n"                                               \
    "1 mount(\"tmpfs\", \"/mnt/<b>\\\"&\\1\\377\", \"tmpfs\", 0, NULL) = 0\n"

/* A command, what it exits with, and a fragment of its finding; NULL: there is none. */
static const struct row {
    const char *args[8];
    int status;
    const char *property;
} rows[] = {
    {{"run", "LEAK"}, 1, "isolation"},
    {{"run", "--jobs=2", "--repeat=4", "LEAK"}, 1, "isolation"},
    {{"run", "--model", "LEAK"}, 1, "isolation"},
    {{"fuzz", "--cases=400", "--setup=no-private", "--seed=7", "--jobs=1", "--swarm=mount,busy"},
     1,
     "isolation"},
    {{"fuzz", "--cases=20", "--seed=7", "--jobs=1"}, 0, NULL},
    {{"explore", "--depth=1", "--jobs=1"}, 0, NULL},
    {{"explore", "--depth=1", "--model"}, 0, NULL},
    {{"check", "--", "sh", "-c", "exit 0"}, 0, NULL},
    {{"check", "--", "sh", "-c", "mount -t tmpfs leak /mnt; exit 0"}, 1, "isolation"},
    {{"check", "--sweep", "--", "mount", "-t", "tmpfs", "leak", "/mnt"}, 1, "cleanup"},
};

static char *directory;

static char *path_of(const char *name)
{
    char *path;

    ck_assert_int_gt(asprintf(&path, "%s/%s", directory, name), 0);
    return path;
}

static void setup(void)
{
    char *leak;

    directory = nst_test_directory();
    leak = path_of("leak<&");
    ck_assert_int_eq(nst_test_write_file(leak, LEAK), 0);
    free(leak);
}

static void teardown(void)
{
    static const char *const names[] = {"leak<&", "html", "sarif", "junit", "json"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = path_of(names[i]);

        unlink(path);
        free(path);
    }
    rmdir(directory);
    free(directory);
}

/* Runs ROW with EXTRA, which may be NULL, behind the command's name. */
static struct nst_test_run run_row(const struct row *row, const char *extra)
{
    const char *args[16];
    char *leak = path_of("leak<&");
    size_t len = 0;

    args[len++] = row->args[0];
    if (extra)
        args[len++] = extra;
    if (strcmp(row->args[0], "check") && strcmp(row->args[0], "run"))
        args[len++] = nst_test_findings();
    for (size_t i = 1; i < 8 && row->args[i]; i++)
        args[len++] = strcmp(row->args[i], "LEAK") ? row->args[i] : leak;
    args[len] = NULL;

    struct nst_test_run run = nst_test_run_tool(args, false);

    free(leak);
    return run;
}

static struct nst_test_run run_with_reports(const struct row *row)
{
    char *option;

    ck_assert_int_gt(asprintf(&option,
                              "--report=html=%s/html,sarif=%s/sarif,junit=%s/junit,json=%s/json",
                              directory, directory, directory, directory),
                     0);

    struct nst_test_run run = run_row(row, option);

    ck_assert_msg(run.status == row->status, "%s: status %d\n%s%s", row->args[0], run.status,
                  run.out, run.err);
    free(option);
    return run;
}

static char *take(const char *name)
{
    char *path = path_of(name), *text;
    size_t len;

    text = nst_corpus_text(path, &len);
    ck_assert_uint_eq(strlen(text), len);
    free(path);
    return text;
}

static json_t *take_json(const char *name)
{
    char *text = take(name);
    json_error_t error;
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, &error);

    ck_assert_msg(object, "%s:%d: %s", name, error.line, error.text);
    free(text);
    return object;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    ck_assert_msg(text, "no text '%s'", key);
    return text;
}

/* Whether every element that opens closes, in order; those of VOID close by themselves. */
static void check_markup(const char *text, const char *void_elements)
{
    char open[64][24];
    size_t depth = 0;

    for (const char *at = text; (at = strchr(at, '<')); at++) {
        bool closes = at[1] == '/';
        char name[24], word[26];
        size_t len = 0;
        const char *end = strchr(at, '>');

        if (at[1] == '?' || at[1] == '!')
            continue;
        ck_assert_ptr_nonnull(end);
        for (const char *c = at + 1 + closes; isalnum((unsigned char)*c) && len < 23; c++)
            name[len++] = *c;
        name[len] = '\0';
        ck_assert_msg(len > 0, "a bare '<': %.40s", at);
        snprintf(word, sizeof word, " %s ", name);
        if (end[-1] == '/' || strstr(void_elements, word))
            continue;
        if (!closes) {
            ck_assert_uint_lt(depth, 64);
            strcpy(open[depth++], name);
            continue;
        }
        ck_assert_msg(depth && !strcmp(open[depth - 1], name), "</%s> closes <%s>", name,
                      depth ? open[depth - 1] : "");
        depth--;
    }
    ck_assert_uint_eq(depth, 0);
    for (const char *at = text; *at; at++)
        ck_assert_msg((unsigned char)*at >= 0x20 || *at == '\n' || *at == '\t',
                      "a control character %d", *at);
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;

    for (; (text = strstr(text, part)); text++)
        count++;
    return count;
}

START_TEST(each_form_is_whole_and_tells_the_same)
{
    const struct row *row = &rows[_i];
    struct nst_test_run run = run_with_reports(row);
    json_t *json = take_json("json"), *sarif = take_json("sarif"), *result, *rule;
    char *html = take("html"), *junit = take("junit");
    json_t *one = json_array_get(json_object_get(sarif, "runs"), 0);
    json_t *rules =
        json_object_get(json_object_get(json_object_get(one, "tool"), "driver"), "rules");
    json_t *findings = json_object_get(json, "findings"),
           *results = json_object_get(one, "results");
    size_t i;

    ck_assert_int_eq(json_integer_value(json_object_get(json, "schema")), 2);
    ck_assert_int_eq(json_integer_value(json_object_get(json, "status")), row->status);
    ck_assert_int_gt(json_integer_value(json_object_get(json, "calls")) +
                         json_integer_value(json_object_get(json, "cases")),
                     0);
    ck_assert_str_eq(text_of(sarif, "version"), "2.1.0");
    ck_assert_uint_eq(json_array_size(rules), json_array_size(json_object_get(json, "properties")));
    ck_assert_uint_eq(json_array_size(results), json_array_size(findings));
    json_array_foreach(results, i, result)
    {
        const json_t *finding = json_array_get(findings, i);

        rule =
            json_array_get(rules, (size_t)json_integer_value(json_object_get(result, "ruleIndex")));
        ck_assert_str_eq(text_of(rule, "id"), text_of(result, "ruleId"));
        ck_assert_str_eq(text_of(rule, "id"), text_of(finding, "property"));
        ck_assert_str_eq(text_of(json_object_get(result, "message"), "text"),
                         text_of(finding, "text"));
        ck_assert_str_eq(text_of(json_object_get(result, "partialFingerprints"), "nsTool/v1"),
                         text_of(finding, "fingerprint"));
    }
    ck_assert_int_eq(json_array_size(findings) > 0, row->property != NULL);
    if (row->property)
        ck_assert_str_eq(text_of(json_array_get(findings, 0), "property"), row->property);
    check_markup(junit, "");
    check_markup(html, " meta ");
    ck_assert_uint_eq(count_of(junit, "<testcase "), json_array_size(rules));
    ck_assert_int_eq(count_of(junit, "<failure ") > 0, row->property != NULL);
    ck_assert_uint_eq(count_of(html, "<section "), json_array_size(findings));
    ck_assert_ptr_null(strstr(html, "<b>"));
    ck_assert_ptr_null(strstr(html, "http"));
    json_decref(json);
    json_decref(sarif);
    free(html);
    free(junit);
    nst_test_run_free(&run);
}
END_TEST

START_TEST(standard_output_is_one_object_with_json)
{
    struct nst_test_run run = run_row(&rows[_i], "--json");
    json_error_t error;
    json_t *object = json_loads(run.out, JSON_REJECT_DUPLICATES, &error);

    ck_assert_int_eq(run.status, rows[_i].status);
    ck_assert_msg(object, "%s: line %d: %s\n%s", rows[_i].args[0], error.line, error.text, run.out);
    ck_assert_int_eq(json_integer_value(json_object_get(object, "status")), run.status);
    json_decref(object);
    nst_test_run_free(&run);
}
END_TEST

/* The leak with its drawing: the mount that came to the parent is marked in it. */
START_TEST(a_leak_is_drawn_with_its_peer)
{
    struct nst_test_run run = run_with_reports(&rows[0]);
    char *html = take("html");

    ck_assert_uint_ge(count_of(html, "<svg "), 2);
    ck_assert_uint_ge(count_of(html, "class=\"leaked\""), 1);
    ck_assert_uint_ge(count_of(html, "class=\"peer\""), 2);
    ck_assert_uint_ge(count_of(html, "<strong>1 mount("), 1);
    free(html);
    nst_test_run_free(&run);
}
END_TEST

START_TEST(a_finding_has_the_same_fingerprint_each_time)
{
    char first[24] = "";

    for (int i = 0; i < 2; i++) {
        struct nst_test_run run = run_with_reports(&rows[_i]);
        json_t *json = take_json("json");
        const char *print =
            text_of(json_array_get(json_object_get(json, "findings"), 0), "fingerprint");

        ck_assert_uint_eq(strlen(print), 16);
        if (*first)
            ck_assert_str_eq(first, print);
        snprintf(first, sizeof first, "%s", print);
        json_decref(json);
        nst_test_run_free(&run);
    }
}
END_TEST

static const struct {
    const char *option;
    int status;
    const char *said;
} refused[] = {
    {"--report=html=/nonexistent/x", 2, "opening /nonexistent/x: ENOENT"},
    {"--report=pdf=x", 2, "--report takes html=FILE, sarif=FILE, junit=FILE or json=FILE, not"},
    {"--report=html", 2, "not 'html'"},
    {"--report=json=/dev/full", 1, "writing /dev/full: ENOSPC"},
};

START_TEST(what_cannot_be_written_is_told)
{
    static const struct row row = {{"check", "--", "true"}, 0, NULL};
    struct nst_test_run run = run_row(&row, refused[_i].option);

    ck_assert_msg(run.status == refused[_i].status, "%d: %s", run.status, run.err);
    ck_assert_msg(strstr(run.err, refused[_i].said), "no '%s' in %s", refused[_i].said, run.err);
    nst_test_run_free(&run);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reports");
    TCase *tests = tcase_create("reports");
    char command[512];
    int status;

    snprintf(command, sizeof command, "'%s' run /dev/null >/dev/null 2>&1", nst_test_tool());
    status = system(command);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        return nst_test_cannot("ns-tool run cannot make a sandbox");
    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, each_form_is_whole_and_tells_the_same, 0,
                        sizeof rows / sizeof *rows);
    tcase_add_loop_test(tests, standard_output_is_one_object_with_json, 0,
                        sizeof rows / sizeof *rows);
    tcase_add_test(tests, a_leak_is_drawn_with_its_peer);
    tcase_add_loop_test(tests, a_finding_has_the_same_fingerprint_each_time, 0, 1);
    tcase_add_loop_test(tests, a_finding_has_the_same_fingerprint_each_time, 8, 9);
    tcase_add_loop_test(tests, what_cannot_be_written_is_told, 0, sizeof refused / sizeof *refused);
    suite_add_tcase(suite, tests);
    return nst_test_run_suite(suite);
}
