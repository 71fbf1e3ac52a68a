/* The classics of corpus/fuzz_sequence hold on this kernel, and cover the shared subtree document:
 * each operation meets each kind of propagation. */
#include <ns-tool/report.h>

#include "nst_corpus.h"
#include "nst_test.h"

static struct nst_corpus corpus;

/* A sequence, and what became of it. */
struct outcome {
    struct nst_sequence sequence;
    struct nst_trace trace;
    struct nst_judgement judgement;
    enum nst_verdict verdict;
};

static void read_sequence(const char *path, struct nst_sequence *ret_sequence)
{
    struct nst_read_error error = {0};
    size_t len;
    char *text = nst_corpus_text(path, &len);
    int r = nst_strace_read(text, len, ret_sequence, NULL, &error);

    ck_assert_msg(!r, "%s:%zu:%zu: %s", path, error.line, error.column, error.message);
    free(text);
}

static struct nst_sandbox *open_sandbox(const struct nst_run_options *options)
{
    struct nst_sandbox *sandbox;
    char why[200] = "";
    int r = nst_sandbox_open(options, &sandbox, why);

    ck_assert_msg(!r, "making a sandbox: %s: %s", why, strerrorname_np(-r));
    return sandbox;
}

/* Runs what stands in OUTCOME. */
static void run(struct nst_sandbox *sandbox, const char *name,
                const struct nst_run_options *options, struct outcome *outcome)
{
    const struct nst_judge_options judge = {.intent = NST_INTENT_ASKED};
    char why[200] = "";
    int r = nst_run(sandbox, &outcome->sequence, options, &outcome->trace, why);

    ck_assert_msg(!r, "%s: running: %s: %s", name, why, strerrorname_np(-r));
    nst_judge(&outcome->trace, &judge, &outcome->judgement);
    r = nst_judge_twins(sandbox, &outcome->trace, options, &judge, NULL, &outcome->judgement, why);
    ck_assert_msg(!r, "%s: running a second time: %s: %s", name, why, strerrorname_np(-r));
    outcome->verdict = nst_judgement_worst(&outcome->judgement);
}

static void outcome_free(struct outcome *outcome)
{
    nst_trace_free(&outcome->trace);
    nst_sequence_free(&outcome->sequence);
}

/* Looped over twice the files: the second half is watched by polling. */
START_TEST(every_classic_holds)
{
    const struct nst_run_options options = {.no_fanotify = _i >= corpus.len};
    const char *path = corpus.file[_i % corpus.len];
    struct nst_sandbox *sandbox = open_sandbox(&options);
    struct outcome outcome = {0};

    read_sequence(path, &outcome.sequence);
    run(sandbox, path, &options, &outcome);
    if (outcome.verdict != NST_PASS)
        nst_report_trace(stderr, &outcome.trace, &outcome.judgement);
    for (size_t i = 0; i < outcome.judgement.len; i++)
        ck_assert_msg(
            outcome.judgement.verdict[i] == NST_PASS || outcome.judgement.verdict[i] == NST_SKIP,
            "%s: %s: %s", path, nst_properties[i]->name, outcome.judgement.finding[i].text);
    ck_assert_int_eq(outcome.verdict, NST_PASS);
    outcome_free(&outcome);
    nst_sandbox_close(sandbox);
}
END_TEST

START_TEST(every_call_of_a_classic_says_what_it_answers)
{
    struct nst_sequence sequence = {0};

    read_sequence(corpus.file[_i], &sequence);
    for (size_t i = 0; i < sequence.len; i++)
        ck_assert_msg(sequence.call[i].expect.kind != NST_ANY ||
                          nst_calls[sequence.call[i].id].returns == NST_RETURNS_NEVER,
                      "%s:%u: no result", corpus.file[_i], sequence.call[i].line);
    nst_sequence_free(&sequence);
}
END_TEST

START_TEST(the_seed_without_its_private_leaks_its_mount)
{
    const struct nst_run_options options = {0};
    struct nst_sandbox *sandbox = open_sandbox(&options);
    struct outcome outcome = {0};
    char *path = nst_corpus_join(getenv("NST_SOURCE_DIR"), "corpus/fuzz_sequence/seed");
    size_t private = 0;

    read_sequence(path, &outcome.sequence);
    while (private < outcome.sequence.len &&
           !(outcome.sequence.call[private].id == NST_CALL_MOUNT &&
             outcome.sequence.call[private].arg[3].num & MS_PRIVATE))
    private++;
    ck_assert_uint_lt(private, outcome.sequence.len);
    nst_sequence_remove(&outcome.sequence, private, 1);
    run(sandbox, path, &options, &outcome);
    for (size_t i = 0; i < outcome.judgement.len; i++) {
        bool isolation = strcmp(nst_properties[i]->name, "isolation") == 0;
        bool breaks = isolation || strcmp(nst_properties[i]->name, "noninterference") == 0;

        ck_assert_msg((outcome.judgement.verdict[i] == NST_FAIL) == breaks, "%s: %s",
                      nst_properties[i]->name, outcome.judgement.finding[i].text);
        if (isolation)
            ck_assert_ptr_nonnull(strstr(outcome.judgement.finding[i].text,
                                         "shows in the parent: + /mnt/test_mount"));
    }
    free(path);
    outcome_free(&outcome);
    nst_sandbox_close(sandbox);
}
END_TEST

/* What mount_namespaces(7) has tables for: an operation, and the propagation of the mount that
 * decides what it does: the one that is mounted or unmounted on, or the source. */
enum operation { MOUNT, BIND, RBIND, MOVE, UMOUNT, OPERATIONS };
enum kind { SHARED, SLAVE, PRIVATE, UNBINDABLE, KINDS };

static const char *const operations[] = {"mount", "bind", "rbind", "move", "umount"};
static const char *const kinds[] = {"shared", "slave", "private", "unbindable"};

struct coverage {
    bool met[OPERATIONS][KINDS]; /* by a call that answered as its file says */
    bool pivot, user_namespace;
};

static bool is_below(const char *path, const char *point)
{
    size_t len = strcmp(point, "/") == 0 ? 0 : strlen(point);

    return strncmp(path, point, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* The mount that PATH, absolute and without links, lies in; NULL: none. */
static const struct nst_mount *mount_of(const struct nst_table *table, const char *path)
{
    const struct nst_mount *found = NULL;

    for (size_t i = 0; i < table->len; i++)
        if (is_below(path, table->mount[i].point) &&
            (!found || strlen(table->mount[i].point) >= strlen(found->point)))
            found = &table->mount[i];
    return found;
}

static void meet(struct coverage *coverage, enum operation operation, const struct nst_mount *mount)
{
    bool *met = coverage->met[operation];

    if (!mount)
        return;
    met[SHARED] |= mount->peer_group != 0;
    met[SLAVE] |= mount->master != 0;
    met[UNBINDABLE] |= mount->unbindable;
    met[PRIVATE] |= !mount->peer_group && !mount->master && !mount->unbindable;
}

static void meet_mount(struct coverage *coverage, const struct nst_call *call,
                       const struct nst_table *table)
{
    const unsigned long changes = MS_REMOUNT | MS_SHARED | MS_SLAVE | MS_PRIVATE | MS_UNBINDABLE;
    const char *source = call->arg[0].str, *target = call->arg[1].str;
    uint64_t flags = call->arg[3].num;

    if (!source || !target || flags & changes)
        return;
    if (!(flags & (MS_BIND | MS_MOVE))) {
        meet(coverage, MOUNT, mount_of(table, target));
        return;
    }
    meet(coverage, flags & MS_MOVE ? MOVE : flags & MS_REC ? RBIND : BIND, mount_of(table, source));
    for (size_t i = 0; flags & MS_REC && i < table->len; i++)
        if (is_below(table->mount[i].point, source))
            meet(coverage, RBIND, &table->mount[i]);
}

static void meet_step(struct coverage *coverage, const struct nst_step *step)
{
    const struct nst_call *call = step->call;
    bool done = step->kind == NST_ANSWER_VALUE;

    if (call->id == NST_CALL_PIVOT_ROOT)
        coverage->pivot |= done;
    if (call->id == NST_CALL_CLONE || call->id == NST_CALL_CLONE3)
        coverage->user_namespace |= done && (call->arg[0].num & CLONE_NEWUSER);
    for (size_t i = 0; i < step->before->len; i++) {
        const struct nst_table *table = &step->before->view[i].table;

        if (step->before->view[i].ns != step->ns)
            continue;
        if (call->id == NST_CALL_MOUNT)
            meet_mount(coverage, call, table);
        if (call->id == NST_CALL_UMOUNT2 && done) {
            const struct nst_mount *mount = mount_of(table, call->arg[0].str);

            meet(coverage, UMOUNT, mount ? nst_table_find(table, mount->parent_id) : NULL);
        }
    }
}

START_TEST(each_operation_meets_each_propagation)
{
    const struct nst_run_options options = {0};
    struct nst_sandbox *sandbox = open_sandbox(&options);
    struct coverage coverage = {0};

    for (int i = 0; i < corpus.len; i++) {
        struct outcome outcome = {0};

        read_sequence(corpus.file[i], &outcome.sequence);
        run(sandbox, corpus.file[i], &options, &outcome);
        for (size_t k = 0; k < outcome.trace.len; k++)
            meet_step(&coverage, &outcome.trace.step[k]);
        outcome_free(&outcome);
    }
    nst_sandbox_close(sandbox);
    for (size_t o = 0; o < OPERATIONS; o++)
        for (size_t k = 0; k < KINDS; k++)
            ck_assert_msg(coverage.met[o][k], "no file has: %s, %s", operations[o], kinds[k]);
    ck_assert_msg(coverage.pivot, "no file has: pivot_root");
    ck_assert_msg(coverage.user_namespace, "no file has: a child in a user namespace");
}
END_TEST

int main(void)
{
    const struct nst_run_options options = {0};
    struct nst_sandbox *sandbox;
    char why[200] = "";
    int r = nst_sandbox_open(&options, &sandbox, why);

    if (r < 0) {
        errno = -r;
        return nst_test_cannot(why);
    }
    nst_sandbox_close(sandbox);
    nst_corpus_find(&corpus, "corpus/fuzz_sequence");

    Suite *suite = suite_create("run_corpus");
    TCase *tests = tcase_create("run_corpus");
    SRunner *runner = srunner_create(suite);

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, every_classic_holds, 0, 2 * corpus.len);
    tcase_add_loop_test(tests, every_call_of_a_classic_says_what_it_answers, 0, corpus.len);
    tcase_add_test(tests, the_seed_without_its_private_leaks_its_mount);
    tcase_add_test(tests, each_operation_meets_each_propagation);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);

    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    nst_corpus_free(&corpus);
    return failed ? 1 : 0;
}
