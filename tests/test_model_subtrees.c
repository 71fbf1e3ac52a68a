/* The tables of shared subtrees (mount_namespaces(7), "Propagation type transitions", "Bind
 * (MS_BIND) semantics", "Move (MS_MOVE) semantics", "Mount semantics"), made from the model, are
 * those of src/model/README.md. */
#include "nst_corpus.h"
#include "nst_test.h"

#include <ns-tool/model.h>

#define PRIVATE "1 mount(\"none\", \"/\", NULL, MS_REC|MS_PRIVATE, NULL)\n"
#define TMPFS(path) "1 mount(\"none\", \"" path "\", \"tmpfs\", 0, NULL)\n"
#define TYPE(path, type) "1 mount(\"none\", \"" path "\", NULL, " type ", NULL)\n"
#define PEER "1 mount(\"/a\", \"/c\", NULL, MS_BIND, NULL)\n"

/* A mount at /a of each type, by itself or with a peer at /c. */
static const struct {
    const char *name, *calls;
} sources[] = {
    {"shared", TMPFS("/a") TYPE("/a", "MS_SHARED") PEER},
    {"private", TMPFS("/a")},
    {"slave", TMPFS("/a") TYPE("/a", "MS_SHARED") PEER TYPE("/a", "MS_SLAVE")},
    {"slave+shared",
     TMPFS("/a") TYPE("/a", "MS_SHARED") PEER TYPE("/a", "MS_SLAVE") TYPE("/a", "MS_SHARED")},
    {"unbindable", TMPFS("/a") TYPE("/a", "MS_UNBINDABLE")},
    {"shared, alone", TMPFS("/a") TYPE("/a", "MS_SHARED")},
};
enum { SHARED, PRIVATE_, SLAVE, BOTH, UNBINDABLE, ALONE, SOURCES };

/* A destination at /b with a directory x in it. */
static const char *const dests[][2] = {
    {"shared", TMPFS("/b") TYPE("/b", "MS_SHARED") "1 mkdir(\"/b/x\", 0755)\n"},
    {"nonshared", TMPFS("/b") "1 mkdir(\"/b/x\", 0755)\n"}};

/* What is at POINT for actor 1 behind CALLS, the last of which may fail: "invalid". */
static const char *result(const char *const *calls, const char *point)
{
    struct nst_sequence sequence = {0};
    struct nst_model_answer answer = {.kind = NST_ANSWER_VALUE};
    struct nst_table table = {0};
    const char *type = "nothing";
    struct nst_model *model;
    char text[2000] = "";

    for (; *calls; calls++)
        strcat(text, *calls);
    ck_assert_int_eq(nst_strace_read(text, strlen(text), &sequence, NULL, NULL), 0);
    ck_assert_int_eq(nst_model_new(NULL, &model), 0);
    for (size_t i = 0; i < sequence.len; i++) {
        ck_assert_int_eq(answer.kind, NST_ANSWER_VALUE);
        ck_assert_int_eq(nst_model_call(model, &sequence.call[i], &answer), 0);
    }
    ck_assert_int_eq(nst_model_table(model, 1, &table), 0);
    for (size_t i = 0; i < table.len; i++) {
        const struct nst_mount *mount = &table.mount[i];

        if (!strcmp(mount->point, point))
            type = mount->unbindable                    ? "unbindable"
                   : mount->peer_group && mount->master ? "slave+shared"
                   : mount->peer_group                  ? "shared"
                   : mount->master                      ? "slave"
                                                        : "private";
    }
    if (answer.kind == NST_ANSWER_ERROR) {
        ck_assert_int_eq(answer.error, EINVAL);
        type = "invalid";
    }
    nst_table_free(&table);
    nst_model_free(model);
    nst_sequence_free(&sequence);
    return type;
}

/* README has LINE, made of cells between bars. */
static void must_have(const char *line)
{
    char *path = nst_corpus_join(getenv("NST_SOURCE_DIR"), "src/model/README.md");
    size_t len;
    char *text = nst_corpus_text(path, &len);

    ck_assert_msg(strstr(text, line), "src/model/README.md lacks: %s", line);
    free(text);
    free(path);
}

static const int columns[] = {SHARED, PRIVATE_, SLAVE, BOTH, UNBINDABLE};
enum { COLUMNS = sizeof columns / sizeof *columns };

static const struct {
    const char *name, *call;
} operations[] = {{"bind", "1 mount(\"/a\", \"/b/x\", NULL, MS_BIND, NULL)\n"},
                  {"recursive bind", "1 mount(\"/a\", \"/b/x\", NULL, MS_BIND|MS_REC, NULL)\n"},
                  {"move", "1 mount(\"/a\", \"/b/x\", NULL, MS_MOVE, NULL)\n"}};

START_TEST(what_binds_and_moves_make_is_in_the_table)
{
    for (size_t d = 0; d < 2; d++) {
        char line[300] = "";

        snprintf(line, sizeof line, "| %s to %s |", operations[_i].name, dests[d][0]);
        for (size_t c = 0; c < COLUMNS; c++) {
            const char *const calls[] = {PRIVATE, sources[columns[c]].calls, dests[d][1],
                                         operations[_i].call, NULL};

            snprintf(line + strlen(line), sizeof line - strlen(line), " %s |",
                     result(calls, "/b/x"));
        }
        must_have(line);
    }
}
END_TEST

START_TEST(what_a_new_mount_is_is_in_the_table)
{
    for (size_t d = 0; d < 2; d++) {
        const char *const calls[] = {PRIVATE, dests[d][1], TMPFS("/b/x"), NULL};
        char line[300];

        snprintf(line, sizeof line, "| a new mount on %s | %s |", dests[d][0],
                 result(calls, "/b/x"));
        must_have(line);
    }
}
END_TEST

START_TEST(what_a_change_of_type_makes_is_in_the_table)
{
    static const char *const changes[] = {TYPE("/a", "MS_SHARED"), TYPE("/a", "MS_SLAVE"),
                                          TYPE("/a", "MS_PRIVATE"), TYPE("/a", "MS_UNBINDABLE")};
    char line[300];

    snprintf(line, sizeof line, "| %s |", sources[_i].name);
    for (size_t c = 0; c < sizeof changes / sizeof *changes; c++) {
        const char *const calls[] = {PRIVATE, sources[_i].calls, changes[c], NULL};

        snprintf(line + strlen(line), sizeof line - strlen(line), " %s |", result(calls, "/a"));
    }
    must_have(line);
}
END_TEST

START_TEST(what_a_namespace_is_copied_as_is_in_the_table)
{
    static const char *const copies[][2] = {
        {"of the same owner", "1 unshare(CLONE_NEWNS)\n"},
        {"of another owner", "1 unshare(CLONE_NEWNS|CLONE_NEWUSER)\n"}};
    char line[300];

    snprintf(line, sizeof line, "| a new namespace %s |", copies[_i][0]);
    for (size_t c = 0; c < COLUMNS; c++) {
        const char *const calls[] = {PRIVATE, sources[columns[c]].calls, copies[_i][1], NULL};

        snprintf(line + strlen(line), sizeof line - strlen(line), " %s |", result(calls, "/a"));
    }
    must_have(line);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model subtrees");
    TCase *cases = tcase_create("model subtrees");

    tcase_add_loop_test(cases, what_binds_and_moves_make_is_in_the_table, 0,
                        sizeof operations / sizeof *operations);
    tcase_add_test(cases, what_a_new_mount_is_is_in_the_table);
    tcase_add_loop_test(cases, what_a_change_of_type_makes_is_in_the_table, 0, SOURCES);
    tcase_add_loop_test(cases, what_a_namespace_is_copied_as_is_in_the_table, 0, 2);
    suite_add_tcase(suite, cases);
    return nst_test_run_suite(suite);
}
