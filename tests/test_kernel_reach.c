/* What is the harness's, and what is the host's, is out of a sequence's reach: by whatever path it
 * asks, with whatever power it has. */
#include "sandbox_test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <ns-tool/property.h>

#include "kernel/kernel.h"

enum { FEW = 16 }; /* more than the harness or a case here has open */

static void run(struct nst_sandbox *sandbox, const char *text, struct nst_sequence *sequence,
                struct nst_trace *trace)
{
    nst_test_read(text, sequence);
    nst_test_run_sequence(sandbox, sequence, NULL, trace);
}

static void assert_clean(const struct nst_trace *trace, const char *text)
{
    struct nst_judgement judgement;

    nst_judge(trace, &(struct nst_judge_options){.random = true}, &judgement);
    for (size_t i = 0; i < judgement.len; i++)
        ck_assert_msg(judgement.verdict[i] == NST_PASS || judgement.verdict[i] == NST_SKIP,
                      "%s: %s\n%s", nst_properties[i]->name, judgement.finding[i].text, text);
}

static void assert_expected(const struct nst_trace *trace, const char *text)
{
    struct nst_judgement judgement;
    size_t i = 0;

    nst_judge(trace, &(struct nst_judge_options){0}, &judgement);
    while (nst_properties[i] != nst_property_by_name("expectation"))
        i++;
    ck_assert_msg(judgement.verdict[i] == NST_PASS, "%s\n%s", judgement.finding[i].text, text);
}

/* A later case that needs everything that the harness has: a user namespace's id maps, descriptors
 * through /proc, a count of namespaces. */
static void assert_well(struct nst_sandbox *sandbox, const char *after)
{
    static const char text[] = "1 unshare(CLONE_NEWUSER|CLONE_NEWNS) = 0\n"
                               "1 mount(\"none\", \"/\", NULL, MS_REC|MS_PRIVATE, NULL) = 0\n"
                               "1 mount(\"tmpfs\", \"/a\", \"tmpfs\", 0, NULL) = 0\n"
                               "1 open(\"/a\", O_RDONLY|O_DIRECTORY) = 3\n"
                               "1 mount(\"/proc/self/fd/3\", \"/b\", NULL, MS_BIND, NULL) = 0\n"
                               "1 fork() = 2\n"
                               "2 umount2(\"/b\", 0) = 0\n"
                               "2 chdir(\"/proc/1\") = 0\n";
    struct nst_sequence sequence = {0};
    struct nst_trace trace = {0};

    run(sandbox, text, &sequence, &trace);
    assert_clean(&trace, after);
    assert_expected(&trace, after);
    nst_trace_free(&trace);
    nst_sequence_free(&sequence);
}

/* Ways to a descriptor of the calling process' own, by the kernel's number. */
static const char *const way[] = {
    "1 chdir(\"/proc/self\")\n%sfd/%d%s",        "1 chdir(\"/proc/self/fd\")\n%s%d%s",
    "1 chdir(\"/proc\")\n%sthread-self/fd/%d%s", "1 chdir(\"/\")\n%s/proc/../proc/self/fd/%d%s",
    "1 chdir(\"/\")\n%sproc/self/fd/%d%s",
};

/* What is done there. */
static const struct {
    const char *before, *after;
} deed[] = {
    {"1 mount_setattr(AT_FDCWD, \"",
     "\", 0, {attr_set=MOUNT_ATTR_RDONLY, attr_clr=0, propagation=0, userns_fd=0}, 32)\n"},
    {"1 mount_setattr(AT_FDCWD, \"",
     "\", 0, {attr_set=MOUNT_ATTR_NOSYMFOLLOW, attr_clr=0, propagation=0, userns_fd=0}, 32)\n"},
    {"1 mount_setattr(AT_FDCWD, \"",
     "\", 0, {attr_set=0, attr_clr=0, propagation=MS_SHARED, userns_fd=0}, 32)\n"},
    {"1 mount(\"none\", \"", "\", NULL, MS_REMOUNT|MS_BIND|MS_RDONLY, NULL)\n"},
    {"1 mount(\"none\", \"", "\", NULL, MS_REMOUNT|MS_RDONLY, \"hidepid=2\")\n"},
    {"1 mount(\"none\", \"", "\", NULL, MS_SHARED, NULL)\n"},
    {"1 mount(\"", "\", \"/a\", NULL, MS_MOVE, NULL)\n"},
    {"1 mount(\"", "\", \"/a\", NULL, MS_BIND|MS_REC, NULL)\n"},
    {"1 mount(\"tmpfs\", \"", "\", \"tmpfs\", 0, NULL)\n"},
    {"1 umount2(\"", "\", MNT_DETACH)\n"},
    {"1 move_mount(AT_FDCWD, \"", "\", AT_FDCWD, \"/a\", 0)\n"},
    {"1 open_tree(AT_FDCWD, \"",
     "\", OPEN_TREE_CLONE|AT_RECURSIVE) = 9\n"
     "1 move_mount(9, \"\", AT_FDCWD, \"/a\", MOVE_MOUNT_F_EMPTY_PATH)\n"},
    {"1 fspick(AT_FDCWD, \"", "\", 0) = 9\n"
                              "1 fsconfig(9, FSCONFIG_SET_STRING, \"hidepid\", \"2\", 0)\n"
                              "1 fsconfig(9, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0)\n"},
    /* of the flags the kernel looks at half of the bits */
    {"1 fspick(AT_FDCWD, \"", "\", 0x80000000000000) = 9\n"
                              "1 fsconfig(9, FSCONFIG_SET_STRING, \"hidepid\", \"2\", 0)\n"
                              "1 fsconfig(9, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0)\n"},
    {"1 fspick(AT_FDCWD, \"", "\", 0) = 9\n"
                              "1 fsconfig(9, FSCONFIG_SET_FLAG, \"ro\", NULL, 0)\n"
                              "1 fsconfig(9, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0)\n"},
    {"1 open_tree(AT_FDCWD, \"", "\", 0) = 9\n"
                                 "1 fspick(9, \"\", FSPICK_EMPTY_PATH) = 10\n"
                                 "1 fsconfig(10, FSCONFIG_SET_STRING, \"hidepid\", \"2\", 0)\n"
                                 "1 fsconfig(10, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0)\n"},
    {"1 mkdir(\"", "/../x\", 0755)\n"},
    {"1 chroot(\"", "\")\n1 rmdir(\"/case\")\n1 mkdir(\"/../case/x\", 0755)\n"},
};

/* Nothing but looking succeeds there, as the case has nothing of its own open. */
static void assert_refused(const struct nst_trace *trace, const char *text)
{
    for (size_t i = 0; i < trace->len; i++) {
        enum nst_call_id id = trace->step[i].call->id;

        if (id != NST_CALL_CHDIR && id != NST_CALL_CHROOT && id != NST_CALL_OPEN_TREE)
            ck_assert_msg(trace->step[i].kind == NST_ANSWER_ERROR, "call %zu succeeded in\n%s",
                          i + 1, text);
    }
}

/* All ways to do deed I to all descriptors, one case each; a descriptor that isn't there is
 * answered ENOENT. */
static void do_everywhere(struct nst_sandbox *sandbox, size_t i)
{
    for (size_t w = 0; w < sizeof(way) / sizeof(*way); w++)
        for (int fd = 0; fd < NST_FDS_LOW + FEW; fd++) {
            struct nst_sequence sequence = {0};
            struct nst_trace trace = {0};
            char text[2048], start[512];

            if (fd == FEW)
                fd = NST_FDS_LOW - 1;
            snprintf(start, sizeof(start), way[w], deed[i].before, fd, deed[i].after);
            snprintf(text, sizeof(text), "%s1 chdir(\"/\")\n", start);
            run(sandbox, text, &sequence, &trace);
            assert_clean(&trace, text);
            assert_refused(&trace, text);
            nst_trace_free(&trace);
            nst_sequence_free(&sequence);
            if (fd % 4 == 1)
                assert_well(sandbox, text);
        }
}

START_TEST(no_path_leads_to_what_the_harness_holds)
{
    struct nst_sandbox *sandbox = nst_test_open_sandbox(NULL);

    do_everywhere(sandbox, (size_t)_i);
    nst_sandbox_close(sandbox);
}
END_TEST

/* All spellings of a descriptor's path mean the sequence's. */
START_TEST(a_path_of_a_descriptor_means_the_sequence_s_however_it_is_spelt)
{
    static const char *const spelling[] = {
        "/proc/self/fd/77",  "/proc//self/fd/77",       "//proc/self/./fd//77",
        "/proc/1/fd/77",     "/proc/thread-self/fd/77", "/./proc/././1//fd/./77",
        "/proc/self//fd/77",
    };
    struct nst_sandbox *sandbox = nst_test_open_sandbox(NULL);

    for (size_t i = 0; i < sizeof(spelling) / sizeof(*spelling); i++) {
        struct nst_sequence sequence = {0};
        struct nst_trace trace = {0};
        char text[512];

        snprintf(text, sizeof(text),
                 "1 open(\"/a\", O_RDONLY|O_DIRECTORY) = 77\n"
                 "1 mount(\"none\", \"%s\", \"tmpfs\", 0, NULL) = 0\n"
                 "1 umount2(\"/a\", 0) = 0\n",
                 spelling[i]);
        run(sandbox, text, &sequence, &trace);
        assert_expected(&trace, text);
        nst_trace_free(&trace);
        nst_sequence_free(&sequence);
    }
    nst_sandbox_close(sandbox);
}
END_TEST

/* A file of the host that is mapped into every process of the sandbox, as libraries are. */
static void try_to_truncate(bool privileged, const char *path, const char *flags)
{
    const struct nst_run_options options = {.privileged = privileged};
    char name[] = "/tmp/nst-reach-XXXXXX", text[512], where[64];
    int file = mkostemp(name, O_CLOEXEC);
    struct nst_sequence sequence = {0};
    struct nst_trace trace = {0};
    struct nst_sandbox *sandbox;
    struct stat status;
    void *map;

    ck_assert_int_ge(file, 0);
    unlink(name);
    ck_assert_int_eq(ftruncate(file, 8192), 0);
    map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ck_assert_ptr_ne(map, MAP_FAILED);
    snprintf(where, sizeof(where), "%lx-%lx", (unsigned long)map, (unsigned long)map + 8192);
    sandbox = nst_test_open_sandbox(&options);
    snprintf(text, sizeof(text), "1 open(\"/proc/self/%s%s\", %s, 0644)\n", path,
             strcmp(path, "map_files/") == 0 ? where : "", flags);
    run(sandbox, text, &sequence, &trace);
    assert_clean(&trace, text);
    ck_assert_int_eq(trace.step[0].kind, NST_ANSWER_ERROR);
    ck_assert_int_eq(fstat(file, &status), 0);
    ck_assert_int_eq(status.st_size, 8192);
    nst_trace_free(&trace);
    nst_sequence_free(&sequence);
    nst_sandbox_close(sandbox);
    munmap(map, 8192);
    close(file);
}

START_TEST(a_host_s_file_that_a_process_has_mapped_is_not_opened_for_writing)
{
    static const char *const flags[] = {"O_WRONLY|O_TRUNC", "O_RDONLY|O_TRUNC", "O_RDWR",
                                        "O_WRONLY|O_CREAT|O_TRUNC"};

    for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
        try_to_truncate(geteuid() == 0, "map_files/", flags[i]);
        try_to_truncate(geteuid() == 0, "exe", flags[i]);
        try_to_truncate(false, "exe", flags[i]);
    }
}
END_TEST

START_TEST(an_own_file_is_opened_and_truncated_as_the_kernel_answers)
{
    static const char text[] =
        "1 open(\"/a/f\", O_WRONLY|O_CREAT|O_EXCL|O_TRUNC, 0644) = 3\n"
        "1 open(\"/a/f\", O_WRONLY|O_CREAT|O_EXCL|O_TRUNC, 0644) = -1 EEXIST\n"
        "1 open(\"/a/f\", O_RDONLY|O_TRUNC) = 4\n"
        "1 open(\"/a\", O_RDWR) = -1 EISDIR\n"
        "1 openat(AT_FDCWD, \"/a/none/f\", O_WRONLY|O_CREAT, 0644) = -1 ENOENT\n"
        "1 open(\"/proc/self/fd/3\", O_RDWR|O_TRUNC) = 5\n"
        "1 open(\"/proc/self/fd/3\", O_RDWR|O_TRUNC|O_NOFOLLOW) = -1 ELOOP\n"
        "1 mount(\"/a\", \"/a\", NULL, MS_BIND, NULL) = 0\n"
        "1 mount(\"none\", \"/a\", NULL, MS_REMOUNT|MS_BIND|MS_RDONLY, NULL) = 0\n"
        "1 open(\"/a/f\", O_RDONLY|O_TRUNC) = -1 EROFS\n"
        "1 open(\"/a/f\", O_RDONLY) = 6\n"
        "1 open(\"/a/f\", O_RDWR) = -1 EROFS\n"
        "1 open(\"/a/f/\", O_RDWR) = -1 ENOTDIR\n";
    struct nst_sandbox *sandbox = nst_test_open_sandbox(NULL);
    struct nst_sequence sequence = {0};
    struct nst_trace trace = {0};

    run(sandbox, text, &sequence, &trace);
    assert_expected(&trace, text);
    nst_trace_free(&trace);
    nst_sequence_free(&sequence);
    nst_sandbox_close(sandbox);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kernel_reach");
    TCase *tests = tcase_create("kernel_reach");
    int status = nst_test_no_sandbox();

    if (status)
        return status;
    tcase_set_timeout(tests, 240);
    tcase_add_loop_test(tests, no_path_leads_to_what_the_harness_holds, 0,
                        (int)(sizeof(deed) / sizeof(*deed)));
    tcase_add_test(tests, a_path_of_a_descriptor_means_the_sequence_s_however_it_is_spelt);
    tcase_add_test(tests, a_host_s_file_that_a_process_has_mapped_is_not_opened_for_writing);
    tcase_add_test(tests, an_own_file_is_opened_and_truncated_as_the_kernel_answers);
    suite_add_tcase(suite, tests);
    return nst_test_run_suite(suite);
}
