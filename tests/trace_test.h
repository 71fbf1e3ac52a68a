/* Traces made by hand: what a few namespaces show before and after a call. Enough for properties,
 * which look at nothing but a trace. */
#ifndef TRACE_TEST_H
#define TRACE_TEST_H

#include "nst_test.h"

#include <ns-tool/property.h>

/* Mountinfo, shortened. */
#define FS " - tmpfs none rw\n"
#define P_ROOT "20 1 0:30 / / rw shared:1" FS
#define P_B "21 20 0:31 / /b rw shared:9" FS
#define C_ROOT "40 1 0:30 / / rw" FS
#define C_SHARED "40 1 0:30 / / rw shared:1" FS
#define C_SLAVE "40 1 0:30 / / rw master:1" FS
#define C_B "41 40 0:31 / /b rw" FS
#define C_B_SHARED "41 40 0:31 / /b rw shared:9" FS
#define C_B_SLAVE "41 40 0:31 / /b rw master:9" FS
#define S_ROOT "60 1 0:30 / / rw" FS
#define C_ROOT_5 "40 1 0:30 / / rw shared:5" FS
#define S_ROOT_5 "60 1 0:30 / / rw shared:5" FS
#define S_B "61 60 0:31 / /b rw" FS
#define START_ROOT "20 1 0:30 / / rw,nosuid,nodev,relatime shared:1 - tmpfs tmpfs rw,mode=755\n"
#define START_PROC "21 20 0:31 / /proc rw,nosuid,nodev,noexec,relatime shared:2 - proc proc rw\n"
#define MOUNT "1 mount(\"none\", \"/b\", \"tmpfs\", 0, NULL)\n"
#define SHARE "1 mount(\"none\", \"/\", NULL, MS_REC|MS_SHARED, NULL)\n"
#define UMOUNT "1 umount2(\"/b\", 0)\n"
#define RMDIR "1 rmdir(\"/b\")\n"

#define PASSES(p, c) .property = p, .verdict = NST_PASS, .calls = c
#define FAILS(p, c, s) .property = p, .verdict = NST_FAIL, .calls = c, .says = s
#define FROM(...) .before = {{__VA_ARGS__}}
#define TO(...) .after = {{__VA_ARGS__}}

enum { PARENT = 1, CHILD, SIBLING, NAMESPACES = SIBLING };

/* What the parent, a child and its sibling show; NULL: the namespace isn't seen. */
struct shot {
    const char *table[NAMESPACES];
};

#define INODE(ns) (4000 + (ns)) /* of namespace NS's file */

/* A trace, and what a property says of it: all calls but the last changed nothing; the
 * last one goes from `before` to `after`. */
struct trace_row {
    const char *property;
    enum nst_verdict verdict;
    const char *says; /* a part of the finding */
    const char *calls;
    struct shot before, after; /* an empty `after`: the same snapshot */
    struct shot middle; /* if not empty: the first call goes there, and the last one from there */
    const char *events; /* of the last call: A attach, D detach, U unknown, ! overflow */
    const char *end_events;         /* of the actors' end */
    const char *mounts, *statmount; /* of the parent, after; statmount in mountinfo's form */
    struct nst_hold hold; /* when the last call began, and when it was over; of actor 0: none */
    uint64_t alive[NAMESPACES + 1], end_alive[NAMESPACES + 1]; /* after it, and when all was over */
    const char *end; /* what the parent shows then; NULL: what all show after the last call */
    struct nst_leftover leftover;
    uint64_t owner[NAMESPACES]; /* the user namespaces that own them; 0: unknown */
    unsigned first_ns, ns;      /* whose actor makes the calls, and the last one; 0: the child's */
    int value;                  /* of the last call, if it succeeded */
    int error;                  /* of the last call: it failed; negative: it never returned */
    bool faulted;               /* an allocation failed in the last call, and in those refused */
    bool gone;                  /* the last call's actor was */
    bool refused;               /* the calls before the last one failed */
    bool part;                  /* the child's root hides some of its mounts */
    bool uncounted;             /* the kernel doesn't say how many mounts a namespace has */
    enum nst_intent intent;
    bool random;
    uint64_t unlisted; /* of the last call: a namespace */
    bool setup;        /* code under test ran before */
    bool at_once; /* the last call was performed at once with others; `events` are of all of them */
    /* Of a property of two runs: what the second one showed, `calls` being the sequence that the
     * property asked for (NULL: the same). NULL: there is nothing to compare. */
    const struct trace_row *twin;
};

#define TWIN(...)                                                                                  \
    .twin = &(const struct trace_row)                                                              \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static inline void read_table(const char *text, struct nst_table *ret_table)
{
    struct nst_table_error error = {0};

    ck_assert_msg(nst_mountinfo_parse(text, strlen(text), ret_table, &error) == 0,
                  "%zu:%zu: %s\n%s", error.line, error.column, error.message, text);
    ck_assert_int_eq(nst_table_validate(ret_table, NULL), 0);
}

static inline struct nst_snapshot *add_shot(struct nst_trace *trace, const struct trace_row *row,
                                            const struct shot *shot)
{
    struct nst_snapshot *snapshot = calloc(1, sizeof *snapshot);

    ck_assert_ptr_nonnull(snapshot);
    snapshot->view = calloc(NAMESPACES, sizeof *snapshot->view);
    ck_assert_ptr_nonnull(snapshot->view);
    for (unsigned ns = PARENT; ns <= NAMESPACES && shot->table[ns - 1]; ns++) {
        struct nst_ns_view *view = &snapshot->view[snapshot->len++];

        view->ns = ns;
        view->inode = INODE(ns);
        view->owner = row->owner[ns - 1];
        view->parent = ns == PARENT;
        view->reader = ns == PARENT ? 0 : ns;
        view->whole = !row->uncounted && (ns != CHILD || !row->part);
        read_table(shot->table[ns - 1], &view->table);
    }
    trace->snapshot[trace->snapshots++] = snapshot;
    return snapshot;
}

static inline void add_views(const struct trace_row *row, struct nst_ns_view *parent)
{
    if (row->mounts)
        ck_assert_ptr_nonnull(parent->mounts = strdup(row->mounts));
    if (row->statmount)
        read_table(row->statmount, &parent->statmount);
    parent->have_statmount = row->statmount;
}

static inline void add_events(const char *text, struct nst_events *events)
{
    static const char kinds[] = {[NST_EVENT_ATTACH] = 'A',
                                 [NST_EVENT_DETACH] = 'D',
                                 [NST_EVENT_UNKNOWN] = 'U',
                                 [NST_EVENT_OVERFLOW] = '!'};

    events->event = calloc(strlen(text), sizeof *events->event);
    ck_assert_ptr_nonnull(events->event);
    for (; *text; text++) {
        const char *at = memchr(kinds, *text, sizeof kinds);

        ck_assert_ptr_nonnull(at);
        events->event[events->len++].kind = (enum nst_event_kind)(at - kinds);
    }
    events->cap = events->len;
}

static inline void answer(const struct trace_row *row, struct nst_step *step, bool last)
{
    int error = last ? row->error : row->refused ? EINVAL : 0;

    step->faulted = row->faulted && (last || row->refused);
    step->kind = last && row->gone ? NST_ANSWER_NONE
                 : error < 0       ? NST_ANSWER_DEADLINE
                 : error           ? NST_ANSWER_ERROR
                                   : NST_ANSWER_VALUE;
    step->value = last && !error ? row->value : 0;
    step->error = error > 0 ? error : 0;
    step->ns = last ? row->ns : row->first_ns;
    if (!step->ns)
        step->ns = CHILD;
}

/* Both take a copy. */
static inline uint64_t *copy_alive(const uint64_t *alive, size_t *ret_len)
{
    uint64_t *copy = *alive ? calloc(NAMESPACES + 1, sizeof *copy) : NULL;

    ck_assert(copy || !*alive);
    for (*ret_len = 0; copy && alive[*ret_len]; ++*ret_len)
        copy[*ret_len] = alive[*ret_len];
    return copy;
}

static inline struct nst_hold *copy_hold(const struct nst_hold *hold, size_t *ret_len)
{
    struct nst_hold *copy = hold->actor ? malloc(sizeof *copy) : NULL;

    ck_assert(copy || !hold->actor);
    *ret_len = copy != NULL;
    return copy ? memcpy(copy, hold, sizeof *copy) : NULL;
}

/* SEQUENCE must be empty, and outlive the trace. */
static inline struct nst_trace make_trace(const struct trace_row *row,
                                          struct nst_sequence *sequence)
{
    struct nst_trace trace = {.leftover = row->leftover};
    struct nst_snapshot *middle = NULL;
    struct nst_read_error error = {0};

    ck_assert_msg(!nst_strace_read(row->calls, strlen(row->calls), sequence, NULL, &error),
                  "%zu:%zu: %s", error.line, error.column, error.message);
    trace.step = calloc(sequence->len, sizeof *trace.step);
    trace.snapshot = calloc(4, sizeof(struct nst_snapshot *));
    ck_assert(trace.step && trace.snapshot);
    trace.start = trace.end = add_shot(&trace, row, &row->before);
    if (row->middle.table[0])
        middle = add_shot(&trace, row, &row->middle);
    if (row->after.table[0])
        trace.end = add_shot(&trace, row, &row->after);
    add_views(row, &trace.end->view[0]);
    for (; trace.len < sequence->len; trace.len++) {
        struct nst_step *step = &trace.step[trace.len];
        bool last = trace.len == sequence->len - 1;

        step->call = &sequence->call[trace.len];
        step->before = middle && trace.len ? middle : trace.start;
        step->after = last ? trace.end : middle ? middle : trace.start;
        answer(row, step, last);
        if (last && row->events)
            add_events(row->events, &step->events);
        if (last) {
            step->hold = copy_hold(&row->hold, &step->holds);
            step->held = copy_hold(&row->hold, &step->helds);
            step->alive = copy_alive(row->alive, &step->alives);
            step->unlisted = row->unlisted;
        }
    }
    trace.end_alive = copy_alive(row->end_alive, &trace.end_alives);
    if (row->setup)
        ck_assert_ptr_nonnull(trace.setup = calloc(1, sizeof *trace.setup));
    if (row->at_once) {
        struct nst_step *last = &trace.step[trace.len - 1];

        trace.at_once = true;
        trace.at_once_from = trace.len - 1;
        trace.at_once_events = last->events;
        last->events = (struct nst_events){0};
        last->before = last->after = NULL;
    }
    if (row->end)
        trace.end = add_shot(&trace, row, &(struct shot){{row->end}});
    if (row->end_events)
        add_events(row->end_events, &trace.end_events);
    return trace;
}

/* The rows of the test that includes this. */
static const struct trace_row *trace_rows;

/* What a property of two runs says of ROW's first run, TRACE, and its second. */
static inline enum nst_verdict compare_twins(const struct nst_property *property,
                                             const struct trace_row *row,
                                             const struct nst_trace *trace,
                                             const struct nst_judge_options *options,
                                             struct nst_finding *ret_finding)
{
    struct nst_twin twin = {0};
    struct nst_sequence sequence = {0};
    enum nst_verdict verdict = NST_SKIP;
    int r = property->twin(trace, options, &twin);

    ck_assert_int_ge(r, 0);
    ck_assert_msg(!r == (row->twin != NULL), "a twin, or none where there is to be one");
    if (row->twin) {
        struct trace_row second = *row->twin;
        struct nst_trace twin_trace;
        char *asked, *made;
        size_t len;

        second.calls = second.calls ? second.calls : row->calls;
        twin_trace = make_trace(&second, &sequence);
        ck_assert_int_eq(nst_strace_print(&twin.sequence, &asked, &len), 0);
        ck_assert_int_eq(nst_strace_print(&sequence, &made, &len), 0);
        ck_assert_str_eq(asked, made);
        for (size_t i = 0; i < twin_trace.len; i++)
            ck_assert(twin.step[i] == SIZE_MAX || twin.step[i] < trace->len);
        verdict = property->compare(trace, &twin, &twin_trace, options, ret_finding);
        nst_trace_free(&twin_trace);
        free(asked);
        free(made);
    }
    nst_sequence_free(&sequence);
    nst_twin_free(&twin);
    return verdict;
}

START_TEST(a_property_says_of_a_trace_what_it_promises)
{
    const struct trace_row *row = &trace_rows[_i];
    const struct nst_property *property = nst_property_by_name(row->property);
    struct nst_judge_options options = {.intent = row->intent, .random = row->random};
    struct nst_sequence sequence = {0};
    struct nst_trace trace = make_trace(row, &sequence);
    struct nst_finding finding = {.step = 1000};
    struct nst_judgement judgement;

    ck_assert_msg(property, "no property %s", row->property);

    enum nst_verdict verdict = property->check
                                   ? property->check(&trace, &options, &finding)
                                   : compare_twins(property, row, &trace, &options, &finding);

    ck_assert_msg(verdict == row->verdict, "row %d: %s: %s: %s", _i, property->name,
                  nst_verdict_name(verdict), finding.text);
    if (row->says) {
        ck_assert_msg(strstr(finding.text, row->says), "row %d: %s", _i, finding.text);
        ck_assert(verdict != NST_FAIL || finding.step <= trace.len);
        ck_assert_ptr_null(strchr(finding.text, '\n'));
    }
    nst_judge(&trace, &options, &judgement);
    for (size_t i = 0; i < judgement.len; i++)
        if (nst_properties[i] == property)
            ck_assert_int_eq(judgement.verdict[i], property->check ? row->verdict : NST_SKIP);
    nst_trace_free(&trace);
    nst_sequence_free(&sequence);
}
END_TEST

/* A test of one property: its rows, some of which pass while others, their mutants, fail. */
static inline int trace_rows_main(const char *property, const struct trace_row *rows, int len)
{
    Suite *suite = suite_create(property);
    TCase *tests = tcase_create(property);
    SRunner *runner = srunner_create(suite);
    bool seen[NST_ERROR + 1] = {false};
    int failed;

    for (int i = 0; i < len; i++) {
        bool whole =
            !strcmp(rows[i].property, property) && (rows[i].verdict != NST_FAIL || rows[i].says);

        if (!whole) {
            fprintf(stderr, "row %d is of another property, or says not what it finds\n", i);
            return 1;
        }
        seen[rows[i].verdict] = true;
    }
    if (!seen[NST_PASS] || !seen[NST_FAIL]) {
        fprintf(stderr, "nothing passes %s, or no mutant fails it\n", property);
        return 1;
    }
    trace_rows = rows;
    tcase_add_loop_test(tests, a_property_says_of_a_trace_what_it_promises, 0, len);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}

#define TRACE_ROWS_MAIN(property, rows)                                                            \
    int main(void)                                                                                 \
    {                                                                                              \
        return trace_rows_main(property, rows, (int)(sizeof(rows) / sizeof *(rows)));              \
    }

#endif
