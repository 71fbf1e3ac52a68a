/* The sandbox against sequences that mean it harm: each ends in time, and the next case finds
 * everything as it was. */
#include "sandbox_test.h"

#include <dirent.h>
#include <signal.h>
#include <sys/syscall.h>

#include <ns-tool/property.h>

#include "kernel/kernel.h"

static struct nst_sandbox *sandbox;

static void open_sandbox(void)
{
    char why[200];

    ck_assert_msg(nst_sandbox_open(NULL, &sandbox, why) == 0, "%s", why);
}

static void close_sandbox(void)
{
    nst_sandbox_close(sandbox);
}

static void run(const char *text, struct nst_sequence *sequence, struct nst_trace *trace)
{
    struct nst_run_options options = {.deadline_ms = 300};
    struct nst_read_error error;
    char why[200] = "";
    int r = nst_strace_read(text, strlen(text), sequence, NULL, &error);

    ck_assert_msg(r == 0, "%zu:%zu: %s", error.line, error.column, error.message);
    r = nst_run(sandbox, sequence, &options, trace, why);
    ck_assert_msg(r == 0, "%s: %s", strerrorname_np(-r), why);
}

/* The known start, as a trace of nothing shows it. */
static void assert_fresh(void)
{
    static const char probe[] = "1 rmdir(\"/a/a\") = 0\n1 mkdir(\"/a/a\", 0755) = 0\n"
                                "1 mkdir(\"/x\", 0755) = 0\n1 rmdir(\"/x\") = 0\n"
                                "1 umount2(\"/a\", 0) = -1 EINVAL\n1 chdir(\"/proc/1\") = 0\n"
                                "1 mkdir(\"/mnt/test_mount\", 0755) = 0\n";
    struct nst_sequence sequence = {0};
    struct nst_trace trace = {0};
    struct nst_judgement judgement;

    run(probe, &sequence, &trace);
    nst_judge(&trace, &(struct nst_judge_options){0}, &judgement);
    for (size_t i = 0; i < judgement.len; i++) /* one of two runs has judged nothing yet */
        ck_assert_msg(judgement.verdict[i] == (nst_properties[i]->check ? NST_PASS : NST_SKIP) ||
                          strstr(judgement.finding[i].text, "a path in /proc"),
                      "%s: %s", nst_properties[i]->name, judgement.finding[i].text);
    ck_assert_uint_eq(trace.start->len, 1);
    ck_assert_uint_eq(trace.start->view[0].table.len, 2);
    nst_trace_free(&trace);
    nst_sequence_free(&sequence);
}

static const struct {
    const char *text;
    enum nst_answer_kind last; /* of the last call */
    bool deadline;
} hostile[] = {
    {"1 fork() = 2\n2 kill(1, SIGKILL)\n1 chdir(\"/\")\n", NST_ANSWER_NONE, false},
    {"1 kill(1, SIGKILL)\n", NST_ANSWER_ENDED, false},
    {"1 kill(1, SIGSTOP)\n", NST_ANSWER_DEADLINE, true},
    {"1 exit_group(3)\n", NST_ANSWER_ENDED, false},
    {"1 fork() = 2\n1 kill(2, SIGSTOP)\n2 chdir(\"/\")\n", NST_ANSWER_DEADLINE, true},
    {"1 fork() = 2\n1 kill(2, SIGSTOP)\n1 kill(2, SIGCONT)\n2 chdir(\"/\")\n", NST_ANSWER_VALUE,
     false},
    /* the parent taken apart */
    {"1 umount2(\"/proc\", MNT_DETACH)\n1 umount2(\"/\", MNT_DETACH)\n", NST_ANSWER_ERROR, false},
    {"1 rmdir(\"/a/a\")\n1 rmdir(\"/mnt\")\n1 rmdir(\"/tmp\")\n", NST_ANSWER_VALUE, false},
    {"1 mount(\"none\", \"/\", \"tmpfs\", 0, NULL)\n1 chroot(\"/..\")\n", NST_ANSWER_VALUE, false},
    {"1 mount(\"none\", \"/\", NULL, MS_REMOUNT|MS_RDONLY, NULL)\n", NST_ANSWER_VALUE, false},
    {"1 mount(\"none\", \"/\", NULL, MS_REMOUNT|MS_BIND|MS_RDONLY, NULL)\n", NST_ANSWER_VALUE,
     false},
    {"1 mount(\"none\", \"/a\", \"tmpfs\", 0, NULL)\n1 chdir(\"/a\")\n1 umount2(\"/a\", 0)\n",
     NST_ANSWER_ERROR, false},
    {"1 unshare(CLONE_NEWUSER|CLONE_NEWNS|CLONE_NEWPID)\n1 fork() = 2\n2 fork() = 3\n"
     "3 fork() = 4\n2 kill(2, SIGKILL)\n1 chdir(\"/\")\n",
     NST_ANSWER_VALUE, false},
    {"1 mkdir(\"/a/e\", 0)\n1 mkdir(\"/a/e/f\", 0)\n1 symlink(\"/\", \"/a/e/f/g\")\n",
     NST_ANSWER_VALUE, false},
    /* descriptors that hold namespaces whose actors are gone */
    {"1 fork() = 2\n2 unshare(CLONE_NEWNS)\n1 open(\"/proc/2/ns/mnt\", O_RDONLY) = 3\n"
     "2 exit_group(0)\n1 setns(3, CLONE_NEWNS)\n",
     NST_ANSWER_VALUE, false},
};

START_TEST(a_hostile_sequence_ends_and_the_next_case_starts_fresh)
{
    struct nst_sequence sequence = {0};
    struct nst_trace trace = {0};

    run(hostile[_i].text, &sequence, &trace);
    ck_assert_int_eq(trace.step[trace.len - 1].kind, hostile[_i].last);
    ck_assert_int_eq(trace.deadline, hostile[_i].deadline);
    ck_assert_msg(!*trace.leftover.text, "%s", trace.leftover.text);
    nst_trace_free(&trace);
    nst_sequence_free(&sequence);
    assert_fresh();
}
END_TEST

/* Actors beyond the bound are refused as the kernel refuses a process too many. */
START_TEST(a_fork_storm_ends_at_the_bound)
{
    struct nst_sequence sequence = {0};
    struct nst_trace trace = {0};
    char *text;
    size_t len, made = 0;
    FILE *out = open_memstream(&text, &len);

    for (int round = 0; round < 7; round++)
        for (int actor = 1; actor <= 1 << round && actor < NST_ACTORS_MAX; actor++)
            fprintf(out, "%d fork()\n", actor);
    fclose(out);
    run(text, &sequence, &trace);
    for (size_t i = 0; i < trace.len; i++) {
        made += trace.step[i].kind == NST_ANSWER_VALUE;
        if (trace.step[i].kind == NST_ANSWER_ERROR)
            ck_assert_int_eq(trace.step[i].error, EAGAIN);
    }
    ck_assert_uint_eq(made, NST_ACTORS_MAX - 1);
    ck_assert_msg(!*trace.leftover.text, "%s", trace.leftover.text);
    nst_trace_free(&trace);
    nst_sequence_free(&sequence);
    free(text);
    assert_fresh();
}
END_TEST

START_TEST(an_empty_sequence_is_a_case_too)
{
    struct nst_sequence sequence = {0};
    struct nst_trace trace = {0};

    run("", &sequence, &trace);
    ck_assert_uint_eq(trace.len, 0);
    ck_assert_uint_eq(trace.start->view[0].table.len, 2); /* / and /proc */
    nst_trace_free(&trace);
    nst_sequence_free(&sequence);
}
END_TEST

/* Whoever kills a sandbox ends its case, not the caller. */
START_TEST(a_sandbox_that_is_killed_is_said_to_be_dead)
{
    struct nst_sequence sequence = {0};
    struct nst_trace trace = {0};
    char why[200] = "";
    pid_t init = nst_test_child(getpid());

    ck_assert_int_gt(init, 0);
    ck_assert_int_eq(kill(init, SIGKILL), 0);
    ck_assert_int_eq(nst_run(sandbox, &sequence, NULL, &trace, why), -EPIPE);
    ck_assert_str_ne(why, "");
    nst_trace_free(&trace);
}
END_TEST

static size_t count_descriptors(const char *process)
{
    char path[64];
    size_t count = 0;

    /* An ordinary user may not look at the runner, which isn't dumpable. */
    if (strcmp(process, "self") != 0 && !nst_test_real_root())
        return 0;
    snprintf(path, sizeof path, "/proc/%s/fd", process);

    DIR *directory = opendir(path);

    ck_assert_ptr_nonnull(directory);
    while (readdir(directory))
        count++;
    closedir(directory);
    return count;
}

/* Neither in the caller nor in the sandbox, whose runner is init's only child. */
START_TEST(no_case_leaves_a_descriptor)
{
    static const char text[] = "1 open(\"/a\", O_RDONLY) = 3\n1 unshare(CLONE_NEWNS) = 0\n"
                               "1 open_tree(3, \"\", OPEN_TREE_CLONE|AT_EMPTY_PATH)\n"
                               "1 fork() = 2\n2 kill(2, SIGKILL)\n";
    size_t here = 0, there = 0;

    for (int i = 0; i < 50; i++) {
        struct nst_sequence sequence = {0};
        struct nst_trace trace = {0};
        char runner[16];

        run(text, &sequence, &trace);
        nst_trace_free(&trace);
        nst_sequence_free(&sequence);
        snprintf(runner, sizeof runner, "%d", (int)nst_test_child(nst_test_child(getpid())));
        if (i == 1) { /* once all that is kept open is open */
            here = count_descriptors("self");
            there = count_descriptors(runner);
        } else if (i > 1) {
            ck_assert_uint_eq(count_descriptors("self"), here);
            ck_assert_uint_eq(count_descriptors(runner), there);
        }
    }
}
END_TEST

/* What a case mustn't leave, left on purpose, in namespaces of this test's own. */
static int leave_process(void)
{
    pid_t pid = fork();

    if (!pid)
        for (;;)
            pause();
    return pid < 0 ? -1 : 0;
}

static int leave_directory(void)
{
    return mkdir("/mnt_left", 0755);
}

static int leave_directory_in_case(void)
{
    return mkdir("/case/left", 0755);
}

static int leave_mount(void)
{
    return mount("none", "/case", "tmpfs", 0, NULL);
}

/* Held by a descriptor only. */
static int leave_namespace(void)
{
    int own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);

    if (own < 0 || unshare(CLONE_NEWNS) < 0 || open("/proc/self/ns/mnt", O_RDONLY) < 0)
        return -1;
    return setns(own, CLONE_NEWNS);
}

static int leave_nothing(void)
{
    return 0;
}

static const struct {
    const char *name;
    int (*leave)(void);
    struct nst_leftover expect; /* what is not zero must be seen */
} mutants[] = {
    {"nothing", leave_nothing, {0}},
    {"a process", leave_process, {.processes = 1}},
    {"a directory in its root", leave_directory, {.directories = 1}},
    {"a directory in case/", leave_directory_in_case, {.directories = 1}},
    {"a mount", leave_mount, {.mounts = 1}},
    {"a namespace", leave_namespace, {.namespaces = 1}},
};

/* As init.c leaves it: proc/ and case/ in a tmpfs, and what it opened. */
static int stand_in_for_init(struct nst_arena *arena)
{
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("tmpfs", "/tmp", "tmpfs", 0, "mode=0755") < 0 || chdir("/tmp") < 0 ||
        mkdir("proc", 0755) < 0 || mkdir("case", 0755) < 0 ||
        mount("proc", "proc", "proc", 0, NULL) < 0 || mount("proc", "proc", "proc", 0, NULL) < 0 ||
        syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        return -1;
    arena->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (umount2("/proc", MNT_DETACH) < 0)
        return -1;
    arena->init_mountinfo = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    arena->init_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return nst_leftover_begin(arena);
}

static int look_at_mutant(int i)
{
    static struct nst_arena arena;
    struct nst_observer observer = {0};
    const struct nst_leftover *expect = &mutants[i].expect, *left = &arena.leftover;

    /* Who looks stands in a namespace beside init's and the template's, as the runner does. */
    if (stand_in_for_init(&arena) < 0 || mutants[i].leave() < 0 ||
        open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC) < 0 || unshare(CLONE_NEWNS) < 0 ||
        open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC) < 0 || unshare(CLONE_NEWNS) < 0) {
        perror(mutants[i].name);
        return 2;
    }
    if (nst_leftover_look(&arena, &observer) < 0)
        return 3;
    fprintf(stderr, "%s: %zu processes, %zu directories, %zu namespaces, %zu mounts (%s)\n",
            mutants[i].name, left->processes, left->directories, left->namespaces, left->mounts,
            left->text);
    return !left->processes != !expect->processes || !left->directories != !expect->directories ||
           !left->namespaces != !expect->namespaces || !left->mounts != !expect->mounts ||
           (i != 0) != (*left->text != '\0');
}

START_TEST(whatever_is_left_is_seen)
{
    pid_t pid = fork();
    int status;

    ck_assert_int_ge(pid, 0);
    if (!pid) {
        uid_t uid = geteuid();
        gid_t gid = getegid();
        char map[64];

        if (unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS) < 0)
            _exit(3);
        nst_test_write_file("/proc/self/setgroups", "deny");
        snprintf(map, sizeof map, "0 %u 1\n", uid);
        nst_test_write_file("/proc/self/uid_map", map);
        snprintf(map, sizeof map, "0 %u 1\n", gid);
        nst_test_write_file("/proc/self/gid_map", map);
        pid = fork();
        if (!pid)
            _exit(look_at_mutant(_i));
        _exit(waitpid(pid, &status, 0) == pid ? nst_test_status(status) : 4);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(nst_test_status(status), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kernel_run");
    TCase *tests = tcase_create("kernel_run"), *left = tcase_create("leftover");
    int status = nst_test_no_sandbox();

    if (status)
        return status;
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, open_sandbox, close_sandbox);
    tcase_add_loop_test(tests, a_hostile_sequence_ends_and_the_next_case_starts_fresh, 0,
                        sizeof hostile / sizeof *hostile);
    tcase_add_test(tests, a_fork_storm_ends_at_the_bound);
    tcase_add_test(tests, an_empty_sequence_is_a_case_too);
    tcase_add_test(tests, a_sandbox_that_is_killed_is_said_to_be_dead);
    tcase_add_test(tests, no_case_leaves_a_descriptor);
    tcase_add_loop_test(left, whatever_is_left_is_seen, 0, sizeof mutants / sizeof *mutants);
    suite_add_tcase(suite, tests);
    suite_add_tcase(suite, left);
    return nst_test_run_suite(suite);
}
