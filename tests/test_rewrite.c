/* What becomes of a call in the other mount API, to the letter. */
#include "nst_test.h"

#include <ns-tool/generate.h>
#include <ns-tool/rewrite.h>

#define SETATTR(path, flags, set, clear, propagation)                                              \
    "1 mount_setattr(AT_FDCWD, \"" path "\", " flags ", {attr_set=" set ", attr_clr=" clear        \
    ", propagation=" propagation ", userns_fd=0}, 32)\n"
#define INTO(path)                                                                                 \
    ", AT_FDCWD, \"" path                                                                          \
    "\", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_SYMLINKS|MOVE_MOUNT_T_AUTOMOUNTS)\n"
#define PATHS                                                                                      \
    "MOVE_MOUNT_F_SYMLINKS|MOVE_MOUNT_F_AUTOMOUNTS|MOVE_MOUNT_T_SYMLINKS|"                         \
    "MOVE_MOUNT_T_AUTOMOUNTS)\n"

static const struct {
    const char *call, *other; /* NULL: stays */
    int work;
} rows[] = {
    {"1 mount(\"x\", \"/a\", \"tmpfs\", MS_RDONLY|MS_NOSUID|MS_NOATIME, \"size=1M,huge\")\n",
     "1 fsopen(\"tmpfs\", FSOPEN_CLOEXEC) = 7\n"
     "1 fsconfig(7, FSCONFIG_SET_STRING, \"source\", \"x\", 0)\n"
     "1 fsconfig(7, FSCONFIG_SET_FLAG, \"ro\", NULL, 0)\n"
     "1 fsconfig(7, FSCONFIG_SET_STRING, \"size\", \"1M\", 0)\n"
     "1 fsconfig(7, FSCONFIG_SET_FLAG, \"huge\", NULL, 0)\n"
     "1 fsconfig(7, FSCONFIG_CMD_CREATE, NULL, NULL, 0)\n"
     "1 fsmount(7, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY|MOUNT_ATTR_NOSUID|MOUNT_ATTR_NOATIME) = 8\n"
     "1 move_mount(8, \"\"" INTO("/a") "1 close(8)\n1 close(7)\n",
     8},
    {"1 mount(NULL, \"/a\", \"proc\", MS_NODIRATIME|MS_STRICTATIME|MS_NOATIME, NULL)\n",
     "1 fsopen(\"proc\", FSOPEN_CLOEXEC) = 7\n1 fsconfig(7, FSCONFIG_CMD_CREATE, NULL, NULL, 0)\n"
     "1 fsmount(7, FSMOUNT_CLOEXEC, MOUNT_ATTR_STRICTATIME|MOUNT_ATTR_NODIRATIME) = 8\n"
     "1 move_mount(8, \"\"" INTO("/a") "1 close(8)\n1 close(7)\n",
     4},
    {"1 mount(\"/a\", \"/b\", NULL, MS_BIND, NULL)\n",
     "1 open_tree(AT_FDCWD, \"/a\", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC) = 7\n"
     "1 move_mount(7, \"\"" INTO("/b") "1 close(7)\n",
     2},
    {"1 mount(\"/a\", \"/b\", NULL, MS_BIND|MS_REC|MS_SILENT, NULL)\n",
     "1 open_tree(AT_FDCWD, \"/a\", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC|AT_RECURSIVE) = 7\n"
     "1 move_mount(7, \"\"" INTO("/b") "1 close(7)\n",
     2},
    {"1 mount(\"/a\", \"/b\", NULL, MS_MOVE, NULL)\n",
     "1 move_mount(AT_FDCWD, \"/a\", AT_FDCWD, \"/b\", " PATHS, 1},
    {"1 move_mount(AT_FDCWD, \"/a\", AT_FDCWD, \"/b\", " PATHS,
     "1 mount(\"/a\", \"/b\", NULL, MS_MOVE, NULL)\n", 1},
    {"1 mount(\"none\", \"/\", NULL, MS_REC|MS_SLAVE, NULL)\n",
     SETATTR("/", "AT_RECURSIVE", "0", "0", "MS_SLAVE"), 1},
    {SETATTR("/", "AT_RECURSIVE", "0", "0", "MS_SLAVE"),
     "1 mount(\"none\", \"/\", NULL, MS_REC|MS_SLAVE, NULL)\n", 1},
    {SETATTR("/a", "0", "0", "0", "MS_UNBINDABLE"),
     "1 mount(\"none\", \"/a\", NULL, MS_UNBINDABLE, NULL)\n", 1},
    {"1 mount(\"none\", \"/a\", NULL, MS_NOSUID|MS_REMOUNT|MS_BIND, NULL)\n",
     SETATTR("/a", "0", "MOUNT_ATTR_NOSUID",
             "MOUNT_ATTR_RDONLY|MOUNT_ATTR_NODEV|MOUNT_ATTR_NOEXEC|MOUNT_ATTR_NOSYMFOLLOW", "0"),
     1},
    {"1 mount(\"none\", \"/a\", NULL, MS_REMOUNT|MS_BIND|MS_RELATIME, NULL)\n",
     SETATTR("/a", "0", "0",
             "MOUNT_ATTR_RDONLY|MOUNT_ATTR_NOSUID|MOUNT_ATTR_NODEV|MOUNT_ATTR_NOEXEC|"
             "MOUNT_ATTR__ATIME|MOUNT_ATTR_NODIRATIME|MOUNT_ATTR_NOSYMFOLLOW",
             "0"),
     1},

    {"1 umount2(\"/a\", 0)\n", NULL, 0},
    {"1 mount(\"none\", \"/a\", NULL, MS_REMOUNT|MS_RDONLY, NULL)\n", NULL, 0},
    {"1 mount(\"none\", \"/a\", \"overlay\", 0, \"lowerdir=/b:/c\")\n", NULL, 0},
    {"1 mount(\"none\", \"/a\", \"tmpfs\", 0, \"mpol=bind:0,2\")\n", NULL, 0},
    {"1 mount(\"\", \"/a\", \"tmpfs\", 0, NULL)\n", NULL, 0},
    {"1 mount(\"none\", \"/a\", \"tmpfs\", MS_LAZYTIME, NULL)\n", NULL, 0},
    {"1 mount(\"/proc/1/ns/mnt\", \"/a\", NULL, MS_BIND, NULL)\n", NULL, 0},
    {"1 mount(\"/a\", \"/proc/self/fd/3\", NULL, MS_BIND, NULL)\n", NULL, 0},
    {"1 mount(\"none\", \"/\", NULL, MS_SHARED|MS_SLAVE, NULL)\n", NULL, 0},
    {"1 mount(\"none\", NULL, NULL, MS_SHARED, NULL)\n", NULL, 0},
    {SETATTR("/a", "AT_SYMLINK_NOFOLLOW", "0", "0", "MS_SHARED"), NULL, 0},
    {SETATTR("/a", "0", "MOUNT_ATTR_RDONLY", "0", "0"), NULL, 0},
    {"1 move_mount(AT_FDCWD, \"/a\", AT_FDCWD, \"/b\", 0)\n", NULL, 0},
    {"1 mkdir(\"/a\", 0755)\n", NULL, 0},
};

static void read_text(const char *text, struct nst_sequence *ret_sequence)
{
    struct nst_read_error error = {0};
    int r = nst_strace_read(text, strlen(text), ret_sequence, NULL, &error);

    ck_assert_msg(!r, "%zu:%zu: %s\n%s", error.line, error.column, error.message, text);
}

START_TEST(a_call_is_rewritten_to_the_letter_or_stays)
{
    struct nst_sequence from = {0}, to = {0};
    char *text;
    size_t len;

    read_text(rows[_i].call, &from);
    ck_assert_int_eq(nst_rewrite(&from.call[0], 7, &to), rows[_i].work);
    ck_assert_int_eq(nst_strace_print(&to, &text, &len), 0);
    ck_assert_str_eq(text, rows[_i].other ? rows[_i].other : "");
    ck_assert(nst_sequence_valid(&to));
    free(text);
    nst_sequence_free(&from);
    nst_sequence_free(&to);
}
END_TEST

/* Nothing is written for an actor, a path or a descriptor that the call doesn't name. */
START_TEST(what_is_written_for_any_call_is_a_valid_sequence_of_its_actor)
{
    uint64_t seed = nst_test_seed(), rewritten = 0;
    const struct nst_generator generator = {.max_calls = 60};

    for (uint64_t i = 0; i < 2000; i++) {
        struct nst_sequence sequence = {0};

        ck_assert_int_eq(nst_generate_case(seed, i, &generator, &sequence), 0);
        for (size_t k = 0; k < sequence.len; k++) {
            struct nst_sequence to = {0};
            int work = nst_rewrite(&sequence.call[k], 5000, &to);

            ck_assert_int_ge(work, 0);
            ck_assert((size_t)work <= to.len && !work == !to.len);
            ck_assert(nst_sequence_valid(&to));
            for (size_t n = 0; n < to.len; n++)
                ck_assert_uint_eq(to.call[n].actor, sequence.call[k].actor);
            rewritten += work > 0;
            nst_sequence_free(&to);
        }
        nst_sequence_free(&sequence);
    }
    ck_assert_uint_gt(rewritten, 2000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rewrite");
    TCase *tests = tcase_create("rewrite");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, a_call_is_rewritten_to_the_letter_or_stays, 0,
                        sizeof(rows) / sizeof(*rows));
    tcase_add_test(tests, what_is_written_for_any_call_is_a_valid_sequence_of_its_actor);
    suite_add_tcase(suite, tests);
    return nst_test_run_suite(suite);
}
