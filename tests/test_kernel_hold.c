/* What a trace tells of what keeps mounts and namespaces: what actors held, and what lived. */
#include "sandbox_test.h"

#include <ns-tool/trace.h>

static struct nst_sandbox *sandbox;
static struct nst_sequence sequence;
static struct nst_trace trace;

static void start(void)
{
    char why[200] = "";
    int r = nst_sandbox_open(&(struct nst_run_options){0}, &sandbox, why);

    ck_assert_msg(!r, "making a sandbox: %s: %s", why, strerrorname_np(-r));
}

static void stop(void)
{
    nst_trace_free(&trace);
    nst_sequence_free(&sequence);
    nst_sandbox_close(sandbox);
}

static void run(const char *text)
{
    struct nst_read_error error = {0};
    char why[200] = "";

    ck_assert_msg(!nst_strace_read(text, strlen(text), &sequence, NULL, &error), "%zu:%zu: %s",
                  error.line, error.column, error.message);
    ck_assert_msg(!nst_run(sandbox, &sequence, &(struct nst_run_options){0}, &trace, why), "%s",
                  why);
    ck_assert_ptr_nonnull(trace.end_alive);
    for (size_t i = 0; i < trace.len; i++)
        ck_assert_msg(trace.step[i].kind != NST_ANSWER_ERROR, "step %zu: %s", i,
                      strerrorname_np(trace.step[i].error));
}

static const struct nst_step *last(void)
{
    return &trace.step[trace.len - 1];
}

static const struct nst_hold *held_fd(const struct nst_step *step, int fd)
{
    for (size_t i = 0; i < step->helds; i++)
        if (step->held[i].kind == NST_HOLD_FD && step->held[i].fd == fd)
            return &step->held[i];
    return NULL;
}

static bool lives(const uint64_t *alive, size_t alives, uint64_t ns)
{
    for (size_t i = 0; i < alives; i++)
        if (alive[i] == ns)
            return true;
    return false;
}

#define CHILD                                                                                      \
    "1 mount(\"none\", \"/\", NULL, MS_REC|MS_PRIVATE, NULL)\n"                                    \
    "1 clone(child_stack=NULL, flags=CLONE_NEWNS|SIGCHLD) = 2\n"
#define BIND                                                                                       \
    "1 openat(AT_FDCWD, \"/a/f\", O_RDWR|O_CREAT, 0644) = 9\n"                                     \
    "1 mount(\"/proc/2/ns/mnt\", \"/a/f\", NULL, MS_BIND, NULL)\n"

/* The calls that open a namespace's file as descriptor 3. */
static const char *const ways[] = {
    CHILD "1 openat(AT_FDCWD, \"/proc/2/ns/mnt\", O_RDONLY) = 3\n",
    CHILD "1 openat(AT_FDCWD, \"/proc/2/ns/mnt\", O_PATH) = 3\n",
    CHILD BIND "1 openat(AT_FDCWD, \"/a/f\", O_RDONLY) = 3\n1 umount2(\"/a/f\", MNT_DETACH)\n",
    CHILD "1 open_tree(AT_FDCWD, \"/proc/2/ns/mnt\", OPEN_TREE_CLONE) = 3\n",
};

START_TEST(a_descriptor_of_a_namespace_is_told_however_it_was_opened)
{
    char text[1024];
    uint64_t ns;

    snprintf(text, sizeof text, "%s2 exit_group(0)\n1 close(3)\n", ways[_i]);
    run(text);
    ns = trace.step[trace.len - 2].ns;
    ck_assert_uint_ne(ns, last()->ns);
    ck_assert_ptr_nonnull(held_fd(last() - 1, 3));
    ck_assert_uint_eq(held_fd(last() - 1, 3)->ns, ns);
    ck_assert_uint_ge(held_fd(last() - 1, 3)->mounts, 2);
    ck_assert(lives((last() - 1)->alive, (last() - 1)->alives, ns));
    ck_assert_ptr_null(held_fd(last(), 3));
    ck_assert(!lives(last()->alive, last()->alives, ns));
    ck_assert(!lives(trace.end_alive, trace.end_alives, ns));
    ck_assert_uint_eq(trace.end_alives, 1);
}
END_TEST

START_TEST(a_namespace_that_is_left_dies_at_once_whoever_looked_at_it)
{
    run("1 openat(AT_FDCWD, \"/proc/1/ns/mnt\", O_RDONLY) = 3\n"
        "1 unshare(CLONE_NEWNS)\n1 mkdir(\"/a/x\", 0755)\n1 unshare(CLONE_NEWNS)\n"
        "1 mkdir(\"/a/y\", 0755)\n1 setns(3, CLONE_NEWNS)\n");
    ck_assert_uint_eq(trace.step[1].alives, 2);
    ck_assert_uint_eq(trace.step[3].alives, 2);
    ck_assert(!lives(trace.step[3].alive, trace.step[3].alives, trace.step[2].ns));
    ck_assert_uint_eq(last()->alives, 1);
}
END_TEST

START_TEST(a_list_of_a_namespaces_mounts_is_told_and_holds_it)
{
    run(CHILD "1 openat(AT_FDCWD, \"/proc/2/mountinfo\", O_RDONLY) = 3\n"
              "1 openat(AT_FDCWD, \"/a\", O_RDONLY) = 4\n2 exit_group(0)\n1 close(3)\n");
    ck_assert(held_fd(last() - 1, 3)->lists);
    ck_assert(!held_fd(last() - 1, 4)->lists);
    ck_assert_uint_eq((last() - 1)->alives, 2);
    ck_assert_uint_eq(last()->alives, 1);
}
END_TEST

START_TEST(a_view_tells_the_inode_that_a_bind_shows)
{
    const struct nst_table *table;
    char root[64];

    run(CHILD BIND);
    table = &trace.end->view[0].table;
    ck_assert_uint_gt(table->len, 0);
    snprintf(root, sizeof root, "mnt:[%llu]", (unsigned long long)last()->after->view[1].inode);
    ck_assert_str_eq(table->mount[table->len - 1].root, root);
    ck_assert_uint_eq(trace.end_alives, 2);
}
END_TEST

int main(void)
{
    int status = nst_test_no_sandbox();

    if (status)
        return status;

    Suite *suite = suite_create("kernel_hold");
    TCase *tests = tcase_create("hold");

    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_loop_test(tests, a_descriptor_of_a_namespace_is_told_however_it_was_opened, 0,
                        sizeof ways / sizeof *ways);
    tcase_add_test(tests, a_namespace_that_is_left_dies_at_once_whoever_looked_at_it);
    tcase_add_test(tests, a_list_of_a_namespaces_mounts_is_told_and_holds_it);
    tcase_add_test(tests, a_view_tells_the_inode_that_a_bind_shows);
    suite_add_tcase(suite, tests);
    return nst_test_run_suite(suite);
}
