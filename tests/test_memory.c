/* Whichever allocation fails: what runs out of memory says so, changes nothing that it was given,
 * leaks nothing (the sanitizers look), and does all of its work the next time. */
#include "memory_test.h"
#include "trace_test.h"

#include <ns-tool/generate.h>
#include <ns-tool/rewrite.h>
#include <ns-tool/shrink.h>

#define OTHER                                                                                      \
    "20 1 0:30 / / rw shared:1" FS "21 20 0:31 / /b ro master:9" FS "22 20 0:40 / /c rw" FS
#define MOUNTS "none / tmpfs rw 0 0\nnone /b tmpfs ro 0 0\n"
#define CALLS                                                                                      \
    "1 clone(child_stack=NULL, flags=CLONE_NEWNS|SIGCHLD) = 2\n2 mount(\"none\", \"/b\", "         \
    "\"tmpfs\", 0, NULL)\n2 umount2(\"/b\", 0)\n1 open(\"/a\", O_RDONLY) = 3\n"

/* Traces that break one promise or another. */
static const struct trace_row broken_rows[] = {
    {.calls = CALLS, FROM(P_ROOT P_B, C_SLAVE C_B), TO(P_ROOT, C_ROOT)},
    {.calls = MOUNT, FROM(P_ROOT, C_SLAVE), TO(P_ROOT P_B, C_SLAVE C_B)},
    {.calls = UMOUNT,
     FROM(P_ROOT P_B, C_SHARED C_B_SHARED),
     TO(P_ROOT, C_SHARED),
     .ns = PARENT,
     .mounts = "none / tmpfs ro 0 0\n",
     .statmount = P_ROOT P_B,
     .hold = {.actor = 2, .kind = NST_HOLD_CWD, .mount = 41}},
    {.calls = SHARE UMOUNT,
     FROM(P_ROOT P_B, C_SHARED C_B_SHARED),
     TO(P_ROOT, C_ROOT C_B),
     .events = "AD",
     .end = P_ROOT P_B},
};
enum { JUDGED = sizeof broken_rows / sizeof *broken_rows };

/* What is there before anything fails. */
static struct nst_table first, second, mounts;
static struct nst_sequence sequence, judged[JUDGED];
static struct nst_trace trace[JUDGED];

/* libcheck's own assertions take memory. */
static bool broken;

static void hold(bool condition)
{
    broken |= !condition;
}

/* Each returns 0 with RET_TEXT, which the caller frees and which tells the result; or -errno. */
static int text_of(char *text, char **ret_text)
{
    *ret_text = text;
    return text ? 0 : -ENOMEM;
}

static int parse(const char *text,
                 int (*parser)(const char *, size_t, struct nst_table *, struct nst_table_error *),
                 char **ret_text)
{
    struct nst_table table = {.len = 0};
    int r = parser(text, strlen(text), &table, NULL);

    hold(!r || (!table.mount && !table.len));
    if (!r)
        r = text_of(nst_table_text(&table, NULL), ret_text);
    nst_table_free(&table);
    return r;
}

static int parse_mountinfo(char **ret_text)
{
    return parse(P_ROOT P_B, nst_mountinfo_parse, ret_text);
}

static int parse_mounts(char **ret_text)
{
    return parse(MOUNTS, nst_mounts_parse, ret_text);
}

static int read_own(char **ret_text)
{
    struct nst_table table;
    int r = nst_table_read_mountinfo(0, &table);

    if (!r)
        r = text_of(nst_table_text(&table, NULL), ret_text);
    nst_table_free(&table);
    return r;
}

static int read_own_statmount(char **ret_text)
{
    struct nst_table table = {.len = 0};
    int r = nst_table_read_statmount(0, &table);

    if (r == -ENOSYS || r == -EPERM) /* an older kernel */
        return text_of(__real_strdup("none"), ret_text);
    if (!r)
        r = text_of(nst_table_text(&table, NULL), ret_text);
    nst_table_free(&table);
    return r;
}

static int add(char **ret_text)
{
    struct nst_table table = {.len = 0};
    int r = 0;

    for (size_t i = 0; !r && i < second.len; i++) {
        r = nst_table_add(&table, &second.mount[i]);
        hold(table.len == (r ? i : i + 1));
    }
    if (!r)
        r = text_of(nst_table_text(&table, NULL), ret_text);
    nst_table_free(&table);
    return r;
}

static int draw(char **ret_text)
{
    struct nst_renamer renamer = {0};
    int r = text_of(nst_table_draw(&second, NST_DRAW_ASCII, &first, &renamer), ret_text);

    nst_renamer_free(&renamer);
    return r;
}

static void note(void *ctx, const struct nst_change *change)
{
    char **text = ctx, *all = NULL, *line = nst_change_text(change, NULL);

    if (line && *text && asprintf(&all, "%s%s\n", *text, line) < 0)
        all = NULL;
    free(line);
    free(*text);
    *text = all;
}

static int diff(char **ret_text)
{
    char *text = calloc(1, 1);
    int r = text ? nst_table_diff(&first, &second, note, &text) : -ENOMEM;

    if (!r)
        return text_of(text, ret_text);
    free(text);
    return r;
}

static int compare_with(int r, char *difference, char **ret_text)
{
    if (r == 1)
        return text_of(difference, ret_text);
    free(difference);
    return r ? r : text_of(__real_strdup("the same"), ret_text);
}

static int compare(char **ret_text)
{
    char *difference = NULL;
    int r = nst_views_compare(&first, &second, &difference);

    return compare_with(r, difference, ret_text);
}

static int compare_mounts(char **ret_text)
{
    char *difference = NULL;
    int r = nst_views_compare_mounts(&first, &mounts, &difference);

    return compare_with(r, difference, ret_text);
}

static int validate(char **ret_text)
{
    int r = nst_table_validate(&second, NULL);

    return r ? r : text_of(__real_strdup("valid"), ret_text);
}

static int print_of(const struct nst_sequence *of, char **ret_text)
{
    size_t len;

    return nst_strace_print(of, ret_text, &len);
}

/* Whatever came of MADE. */
static int finish(int r, struct nst_sequence *made, char **ret_text)
{
    if (!r)
        r = print_of(made, ret_text);
    nst_sequence_free(made);
    return r;
}

static int read_strict(char **ret_text)
{
    struct nst_sequence made = {0};
    int r = nst_strace_read(CALLS, strlen(CALLS), &made, NULL, NULL);

    hold(!r || !made.len);
    return finish(r, &made, ret_text);
}

static int read_lenient(char **ret_text)
{
    struct nst_sequence made = {0};
    int r = nst_strace_read_lenient(CALLS "x(1", strlen(CALLS) + 3, &made, NULL);

    return finish(r, &made, ret_text);
}

static int copy(char **ret_text)
{
    struct nst_sequence made = {0};
    int r = nst_sequence_copy(&sequence, &made);

    return finish(r, &made, ret_text);
}

static int generate(char **ret_text)
{
    struct nst_sequence made = {0};
    struct nst_random random;
    int r;

    nst_random_seed(&random, 7);
    r = nst_generate(&random, NULL, &made);
    return finish(r, &made, ret_text);
}

static int mutate(char **ret_text)
{
    struct nst_sequence made = {0};
    struct nst_random random;
    int r = nst_sequence_copy(&sequence, &made);

    nst_random_seed(&random, 7);
    for (int i = 0; !r && i < 20; i++)
        r = nst_mutate(&random, &made);
    hold(nst_sequence_valid(&made));
    return finish(r, &made, ret_text);
}

static int cross(char **ret_text)
{
    struct nst_sequence made = {0};
    struct nst_random random;
    int r;

    nst_random_seed(&random, 8);
    r = nst_crossover(&random, &sequence, &sequence, &made);
    return finish(r, &made, ret_text);
}

static int rewrite(char **ret_text)
{
    struct nst_sequence made = {0};
    int r = 0;

    for (size_t i = 0; r >= 0 && i < sequence.len; i++)
        r = nst_rewrite(&sequence.call[i], 1000, &made);
    return finish(r < 0 ? r : 0, &made, ret_text);
}

static int has_umount(void *ctx, const struct nst_sequence *candidate)
{
    (void)ctx;
    for (size_t i = 0; i < candidate->len; i++)
        if (candidate->call[i].id == NST_CALL_UMOUNT2)
            return 1;
    return 0;
}

static int shrink(char **ret_text)
{
    struct nst_sequence made = {0};
    int r = nst_sequence_copy(&sequence, &made);

    if (!r)
        r = nst_shrink(&made, has_umount, NULL, NULL, NULL);
    hold(!made.len || has_umount(NULL, &made));
    return finish(r, &made, ret_text);
}

/* A property that can't judge says so, and passes nothing that it would fail. */
static int judge(char **ret_text)
{
    struct nst_judgement judgement;
    char text[JUDGED * NST_PROPERTIES_MAX + 1] = "", *at = text;
    bool trouble = false;

    for (size_t k = 0; k < JUDGED; k++) {
        nst_judge(&trace[k], &(struct nst_judge_options){0}, &judgement);
        for (size_t i = 0; i < judgement.len; i++) {
            *at++ = (char)('0' + judgement.verdict[i]);
            trouble |= judgement.verdict[i] == NST_ERROR;
        }
    }
    return trouble ? -ENOMEM : text_of(__real_strdup(text), ret_text);
}

static const struct {
    const char *name;
    int (*perform)(char **ret_text);
} work[] = {
    {"parse_mountinfo", parse_mountinfo},
    {"parse_mounts", parse_mounts},
    {"read_own", read_own},
    {"read_own_statmount", read_own_statmount},
    {"add", add},
    {"draw", draw},
    {"diff", diff},
    {"compare", compare},
    {"compare_mounts", compare_mounts},
    {"validate", validate},
    {"read_strict", read_strict},
    {"read_lenient", read_lenient},
    {"copy", copy},
    {"generate", generate},
    {"mutate", mutate},
    {"cross", cross},
    {"rewrite", rewrite},
    {"shrink", shrink},
    {"judge", judge},
};

START_TEST(whichever_allocation_fails_it_is_said_and_the_next_time_all_is_well)
{
    char *good = NULL, *text;
    unsigned long n = 0;
    int r;

    read_table(P_ROOT P_B, &first);
    read_table(OTHER, &second);
    ck_assert_int_eq(nst_mounts_parse(MOUNTS, strlen(MOUNTS), &mounts, NULL), 0);
    ck_assert_int_eq(nst_strace_read(CALLS, strlen(CALLS), &sequence, NULL, NULL), 0);
    for (size_t k = 0; k < JUDGED; k++)
        trace[k] = make_trace(&broken_rows[k], &judged[k]);
    ck_assert_int_eq(work[_i].perform(&good), 0);
    do {
        text = NULL;
        fault.failed = false;
        fault.left = ++n;
        r = work[_i].perform(&text);
        fault.left = 0;
        ck_assert_msg(!broken, "%s, allocation %lu: more than nothing was done", work[_i].name, n);
        ck_assert_msg(r == 0 || (fault.failed && r == -ENOMEM), "%s, allocation %lu: %d",
                      work[_i].name, n, r);
        if (!r)
            ck_assert_str_eq(text, good);
        free(text);
    } while (fault.failed);
    ck_assert_uint_gt(n, 1);
    free(good);
    nst_table_free(&first);
    nst_table_free(&second);
    nst_table_free(&mounts);
    nst_sequence_free(&sequence);
    for (size_t k = 0; k < JUDGED; k++) {
        nst_trace_free(&trace[k]);
        nst_sequence_free(&judged[k]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("memory");
    TCase *tests = tcase_create("memory");

    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, whichever_allocation_fails_it_is_said_and_the_next_time_all_is_well,
                        0, sizeof work / sizeof *work);
    suite_add_tcase(suite, tests);
    return nst_test_run_suite(suite);
}
