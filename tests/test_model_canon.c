/* Two states are the same, or aren't, as their rows say. */
#include "nst_test.h"

#include <ns-tool/generate.h>
#include <ns-tool/model.h>

static void hash_of(const char *calls, uint64_t ret_hash[2])
{
    struct nst_sequence sequence = {0};
    struct nst_read_error error;
    struct nst_model_answer answer;
    struct nst_model *model;

    ck_assert_msg(nst_strace_read(calls, strlen(calls), &sequence, NULL, &error) == 0,
                  "%zu:%zu: %s\n%s", error.line, error.column, error.message, calls);
    ck_assert_int_eq(nst_model_new(NULL, &model), 0);
    for (size_t i = 0; i < sequence.len; i++)
        ck_assert_int_eq(nst_model_call(model, &sequence.call[i], &answer), 0);
    ck_assert_int_eq(nst_model_hash(model, ret_hash), 0);
    nst_model_free(model);
    nst_sequence_free(&sequence);
}

#define MKDIR(path) "1 mkdir(\"" path "\", 0755)\n"
#define TMPFS(path) "1 mount(\"none\", \"" path "\", \"tmpfs\", 0, NULL)\n"
#define BIND(from, to) "1 mount(\"" from "\", \"" to "\", NULL, MS_BIND, NULL)\n"
#define TYPE(path, type) "1 mount(\"none\", \"" path "\", NULL, " type ", NULL)\n"
#define UMOUNT(path) "1 umount2(\"" path "\", 0)\n"
#define START "1 chdir(\"/\")\n"
#define CLONE(flags) "1 clone(child_stack=NULL, flags=" flags "|SIGCHLD) = 2\n"
#define NS_FILE(actor) "1 open(\"/proc/" actor "/ns/mnt\", O_RDONLY)\n"

static const struct {
    const char *a, *b;
    bool same;
} rows[] = {
    {START, START START, true},
    {START, TMPFS("/a") UMOUNT("/a"), true},
    {START, UMOUNT("/a"), true},
    {START, TYPE("/", "MS_SHARED"), true},
    {MKDIR("/x") MKDIR("/y"), MKDIR("/y") MKDIR("/x"), true},
    {TMPFS("/a") TMPFS("/b"), TMPFS("/b") TMPFS("/a"), true},
    {TMPFS("/a") BIND("/a", "/b"), TMPFS("/a") BIND("/d", "/c") BIND("/a", "/b") UMOUNT("/c"),
     true},
    {TYPE("/", "MS_PRIVATE") TYPE("/", "MS_SHARED"),
     TYPE("/", "MS_PRIVATE") TMPFS("/a") UMOUNT("/a") TYPE("/", "MS_SHARED"), true},

    {START, MKDIR("/x"), false},
    {START, "1 symlink(\"/a\", \"/x\")\n", false},
    {MKDIR("/x"), "1 symlink(\"/a\", \"/x\")\n", false},
    {"1 symlink(\"/a\", \"/x\")\n", "1 symlink(\"/b\", \"/x\")\n", false},
    {START, TMPFS("/a"), false},
    {TMPFS("/a"), TMPFS("/b"), false},
    {TMPFS("/a"), TMPFS("/a") TMPFS("/a"), false},
    {TMPFS("/a"), BIND("/a", "/a"), false},
    {BIND("/a", "/c"), BIND("/d", "/c"), false},
    {START, TYPE("/", "MS_PRIVATE"), false},
    {TYPE("/", "MS_PRIVATE"), TYPE("/", "MS_UNBINDABLE"), false},
    {TYPE("/", "MS_PRIVATE"), TYPE("/", "MS_PRIVATE") TYPE("/", "MS_SHARED"), false},
    {BIND("/", "/a"), BIND("/", "/a") TYPE("/a", "MS_SLAVE"), false},
    {START, "1 chdir(\"/a\")\n", false},
    {"1 chdir(\"/a\")\n", "1 chroot(\"/a\")\n", false},
    {TMPFS("/a"), TMPFS("/a") "1 umount2(\"/a\", MNT_EXPIRE)\n", false},
    {START, "1 open(\"/a\", O_RDONLY)\n", false},
    {"1 open(\"/a\", O_RDONLY)\n", "1 open(\"/a\", O_PATH)\n", false},
    {"1 open_tree(AT_FDCWD, \"/a\", 0)\n", "1 open_tree(AT_FDCWD, \"/a\", OPEN_TREE_CLONE)\n",
     false},
    {"1 fsopen(\"tmpfs\", 0)\n",
     "1 fsopen(\"tmpfs\", 0) = 3\n1 fsconfig(3, FSCONFIG_SET_FLAG, \"ro\", NULL, 0)\n", false},
    {START, "1 unshare(CLONE_NEWUSER)\n", false},
    {CLONE("CLONE_NEWNS"), CLONE("CLONE_NEWNS|CLONE_NEWUSER"), false},
    {CLONE("CLONE_NEWNS"), CLONE("CLONE_FS"), false},
    {CLONE("CLONE_FS"), "1 fork() = 2\n", false},
    {CLONE("CLONE_NEWNS"), CLONE("CLONE_NEWNS") "2 exit_group(0)\n", false},
    {CLONE("CLONE_NEWNS") NS_FILE("1"), CLONE("CLONE_NEWNS") NS_FILE("2"), false},
    {TMPFS("/a"),
     TMPFS("/a") "1 fspick(AT_FDCWD, \"/a\", 0) = 3\n"
                 "1 fsconfig(3, FSCONFIG_SET_FLAG, \"ro\", NULL, 0)\n"
                 "1 fsconfig(3, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0)\n1 close(3)\n",
     false},
    {TMPFS("/a"),
     TMPFS("/a") "1 mount_setattr(AT_FDCWD, \"/a\", 0, {attr_set=MOUNT_ATTR_NODEV, "
                 "attr_clr=0, propagation=0, userns_fd=0}, 32)\n",
     false},
};

START_TEST(states_are_the_same_or_not)
{
    uint64_t a[2], b[2];

    hash_of(rows[_i].a, a);
    hash_of(rows[_i].b, b);
    ck_assert_msg(!memcmp(a, b, sizeof a) == rows[_i].same, "%s\nand\n%s", rows[_i].a, rows[_i].b);
}
END_TEST

/* Equal states show the same, and a state that shows something else isn't equal. */
START_TEST(what_a_call_does_not_change_has_the_same_form)
{
    size_t same = 0;

    for (uint64_t k = 0; k < 500; k++) {
        struct nst_sequence sequence = {0};
        struct nst_model *model;
        uint64_t was[2], is[2];

        ck_assert_int_eq(nst_generate_case(20261128, k, NULL, &sequence), 0);
        ck_assert_int_eq(nst_model_new(NULL, &model), 0);
        for (size_t i = 0; i < sequence.len; i++) {
            struct nst_table before = {0}, after = {0};
            struct nst_model_answer answer;

            ck_assert_int_eq(nst_model_table(model, 0, &before), 0);
            ck_assert_int_eq(nst_model_hash(model, was), 0);
            int r = nst_model_call(model, &sequence.call[i], &answer);

            if (!r) {
                ck_assert_int_eq(nst_model_table(model, 0, &after), 0);
                ck_assert_int_eq(nst_model_hash(model, is), 0);
                bool equal = !memcmp(was, is, sizeof was);

                same += equal;
                ck_assert(!equal || nst_tables_equivalent(&before, &after));
            }
            nst_table_free(&before);
            nst_table_free(&after);
            if (r)
                break;
        }
        nst_model_free(model);
        nst_sequence_free(&sequence);
    }
    ck_assert_uint_gt(same, 500);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model canon");
    TCase *cases = tcase_create("model canon");

    tcase_set_timeout(cases, 120);
    tcase_add_loop_test(cases, states_are_the_same_or_not, 0, sizeof rows / sizeof *rows);
    tcase_add_test(cases, what_a_call_does_not_change_has_the_same_form);
    suite_add_tcase(suite, cases);
    return nst_test_run_suite(suite);
}
