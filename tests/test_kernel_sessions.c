/* The shell sessions of mount_namespaces(7), and the examples and the quiz of sharedsubtree.rst, go
 * on the kernel and on the model as is written there. Each is a sequence, tests/sessions/; between
 * its calls stands what is shown then:
 *
 *     #= parent /a shared:S            by the parent, or an actor's name: the topmost mount there,
 *     #= 2 /a/a shared:T,master:S      its peer group and master by letters, the same one by the
 *     #= 2 / master:T,from:S           same letter; private, unbindable;
 *     #= parent /b nothing             that none is there;
 *     #= parent mounts 12              how many there are in all */
#include "nst_corpus.h"
#include "sandbox_test.h"

#include <ns-tool/model.h>

static struct nst_corpus sessions;

struct letters {
    uint64_t group['Z' + 1];
};

/* The view of WHO after step AT. */
static const struct nst_table *table_of(const struct nst_trace *trace, size_t at, const char *who)
{
    const struct nst_snapshot *snapshot = trace->step[at].after;

    for (size_t i = 0; snapshot && i < snapshot->len; i++) {
        char reader[16];

        snprintf(reader, sizeof reader, "%u", snapshot->view[i].reader);
        if (!strcmp(who, snapshot->view[i].parent ? "parent" : reader))
            return &snapshot->view[i].table;
    }
    return NULL;
}

/* What covers POINT: of several mounts there the one that no other stands on. */
static const struct nst_mount *topmost(const struct nst_table *table, const char *point)
{
    const struct nst_mount *found = NULL;

    for (size_t i = 0; i < table->len; i++)
        if (!strcmp(table->mount[i].point, point) &&
            (!found || table->mount[i].parent_id == found->id))
            found = &table->mount[i];
    return found;
}

/* Whether GROUP is what LETTER stands for, which it does from now on if it did for nothing. */
static bool is_letter(struct letters *letters, char letter, uint64_t group)
{
    uint64_t *known = &letters->group[(unsigned char)letter];

    if (!group)
        return false;
    for (char other = 'A'; other <= 'Z'; other++)
        if (other != letter && letters->group[(unsigned char)other] == group)
            return false;
    if (!*known)
        *known = group;
    return *known == group;
}

static bool has_group(struct letters *letters, const char *type, const char *tag, uint64_t group)
{
    const char *at = strstr(type, tag);

    return at ? is_letter(letters, at[strlen(tag)], group) : !group;
}

static bool is_shown(const struct nst_mount *mount, const char *type, struct letters *letters)
{
    if (!strcmp(type, "nothing"))
        return !mount;
    return mount && mount->unbindable == !strcmp(type, "unbindable") &&
           has_group(letters, type, "shared:", mount->peer_group) &&
           has_group(letters, type, "master:", mount->master) &&
           has_group(letters, type, "from:", mount->propagate_from);
}

/* Holds TRACE against what FILE's text says. */
static void check(const char *file, const char *text, const struct nst_trace *trace,
                  const char *whose)
{
    struct letters letters = {{0}};
    size_t calls = 0, said = 0;

    for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
        char who[16], point[64], type[32], *shown = NULL;
        const struct nst_table *table;

        calls += *line != '#';
        if (sscanf(line, "#= %15s %63s %31s", who, point, type) != 3)
            continue;
        ck_assert_uint_gt(calls, 0);
        ck_assert_uint_le(calls, trace->len);
        table = table_of(trace, calls - 1, who);
        ck_assert_msg(table, "%s: nobody saw what %s sees", file, who);
        said++;
        if (!strcmp(point, "mounts")) {
            ck_assert_msg(table->len == strtoull(type, NULL, 10), "%s: %s: %.40s: %zu", file, whose,
                          line, table->len);
            continue;
        }
        const struct nst_mount *mount = topmost(table, point);

        if (mount)
            shown = nst_propagation_text(mount);
        ck_assert_msg(is_shown(mount, type, &letters), "%s: %s: %.50s: %s", file, whose, line,
                      shown ? shown : "nothing");
        free(shown);
    }
    ck_assert(said || strstr(text, " = -1 ")); /* else nothing is held against anything */
}

static void must_answer_as_expected(const char *file, const struct nst_trace *trace,
                                    const char *whose)
{
    for (size_t i = 0; i < trace->len; i++) {
        const struct nst_step *step = &trace->step[i];
        const struct nst_result *expect = &step->call->expect;
        char *line = nst_call_text(step->call);

        ck_assert_int_ne(expect->kind, NST_ANY);
        ck_assert_msg(expect->kind == NST_FAILS
                          ? step->kind == NST_ANSWER_ERROR && step->error == expect->error
                          : step->kind == NST_ANSWER_VALUE && step->value == expect->value,
                      "%s: %s: %s: %s", file, whose, line,
                      step->kind == NST_ANSWER_ERROR ? nst_errno_name(step->error) : "");
        free(line);
    }
}

START_TEST(a_session_goes_as_is_written)
{
    struct nst_sandbox *sandbox = nst_test_open_sandbox(NULL);
    const char *file = sessions.file[_i], *unknown;
    char *text = nst_corpus_read(file);
    struct nst_sequence sequence = {0};
    struct nst_trace trace;

    nst_test_read(text, &sequence);
    ck_assert_int_eq(nst_model_run(NULL, &sequence, &trace, &unknown), 0);
    ck_assert_msg(!unknown, "%s: the model can't tell: %s", file, unknown);
    must_answer_as_expected(file, &trace, "model");
    check(file, text, &trace, "model");
    nst_trace_free(&trace);
    nst_test_run_sequence(sandbox, &sequence, NULL, &trace);
    must_answer_as_expected(file, &trace, "kernel");
    check(file, text, &trace, "kernel");
    nst_trace_free(&trace);
    nst_sequence_free(&sequence);
    free(text);
    nst_sandbox_close(sandbox);
}
END_TEST

int main(void)
{
    int status = nst_test_no_sandbox();

    if (status)
        return status;
    nst_corpus_find(&sessions, "tests/sessions");
    Suite *suite = suite_create("sessions");
    TCase *cases = tcase_create("sessions");

    tcase_add_loop_test(cases, a_session_goes_as_is_written, 0, sessions.len);
    suite_add_tcase(suite, cases);
    status = nst_test_run_suite(suite);
    nst_corpus_free(&sessions);
    return status;
}
