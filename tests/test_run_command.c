/* ns-tool run: from a strace line to a verdict. */
#include "nst_test.h"

static const char seed[] =
    "1 unshare(CLONE_NEWNS) = 0\n"
    "1 mount(\"none\", \"/\", NULL, MS_REC|MS_PRIVATE, NULL) = 0\n"
    "1 mkdir(\"/mnt/test_mount\", 0755) = 0\n"
    "1 mount(\"tmpfs\", \"/mnt/test_mount\", \"tmpfs\", MS_NOSUID|MS_NODEV, NULL) = 0\n"
    "1 umount2(\"/mnt/test_mount\", 0) = 0\n";

static struct nst_test_run run_text(const char *text, const char *option)
{
    char *directory = nst_test_directory();
    char path[256];
    struct nst_test_run run;

    snprintf(path, sizeof path, "%s/sequence", directory);
    ck_assert_int_eq(nst_test_write_file(path, text), 0);
    run = nst_test_run_tool((const char *const[]){"run", path, option, NULL}, false);
    unlink(path);
    rmdir(directory);
    free(directory);
    return run;
}

static const struct {
    const char *text, *option;
    int status;
    const char *says; /* a part of standard output, or of standard error where status is 2 */
} rows[] = {
    {seed, NULL, 0, "isolation       pass"},
    {seed, "--no-fanotify", 0, "isolation       pass"},
    {seed, "--repeat=3", 0, "determinism     pass"},
    {seed, "--repeat=50", 0, "50 runs, all held"},
    /* without a kernel */
    {seed, "--model", 0, "isolation       pass\ncleanup         skip: not judged: no kernel was "},
    {seed, "--model", 0,
     "    in namespace 1: + /mnt/test_mount tmpfs (rw,nosuid,nodev,relatime) pr"},
    {"1 unshare(CLONE_NEWNS) = 0\n1 mount(\"t\", \"/a\", \"tmpfs\", 0, NULL) = 0\n", "--model", 1,
     "isolation       fail: mount by actor 1, in a namespace of its own, shows in the parent: + /a "
     "tmpfs"},
    {"1 umount2(\"/a\", 0) = 0\n", "--model", 1, "= -1 EINVAL (Invalid argument)  # expected 0"},
    {"1 chdir(\"/a\")\n1 mount(\"t\", \"/a\", \"overlay\", 0, NULL)\n", "--model", 0,
     "isolation       skip"},
    {"1 chdir(\"/a\")\n1 mount(\"t\", \"/a\", \"overlay\", 0, NULL)\n", "--model", 0,
     "the model can't tell from call 2 on: such a file system\n"},
    /* the mutants: MS_PRIVATE left out, MS_REC left out, MS_SHARED for MS_PRIVATE */
    {"1 unshare(CLONE_NEWNS) = 0\n1 mount(\"t\", \"/a\", \"tmpfs\", 0, NULL) = 0\n", NULL, 1,
     "isolation       fail: mount by actor 1, in a namespace of its own, shows in the parent: + /a "
     "tmpfs"},
    {"1 unshare(CLONE_NEWNS) = 0\n1 mount(\"t\", \"/a\", \"tmpfs\", 0, NULL) = 0\n",
     "--no-fanotify", 1, "isolation       fail"},
    {"1 mount(\"t\", \"/a\", \"tmpfs\", 0, NULL) = 0\n1 unshare(CLONE_NEWNS) = 0\n"
     "1 mount(\"none\", \"/\", NULL, MS_PRIVATE, NULL) = 0\n1 mkdir(\"/a/x\", 0755) = 0\n"
     "1 mount(\"t\", \"/a/x\", \"tmpfs\", 0, NULL) = 0\n",
     NULL, 1, "shows in the parent: + /a/x tmpfs"},
    {"1 unshare(CLONE_NEWNS) = 0\n1 mount(\"none\", \"/\", NULL, MS_REC|MS_SLAVE, NULL) = 0\n"
     "1 mount(\"t\", \"/a\", \"tmpfs\", 0, NULL) = 0\n",
     NULL, 0, "isolation       pass"},
    /* sharing that was asked for is no leak */
    {"1 unshare(CLONE_NEWNS) = 0\n1 mount(\"none\", \"/\", NULL, MS_REC|MS_SHARED, NULL) = 0\n"
     "1 mount(\"t\", \"/a\", \"tmpfs\", 0, NULL) = 0\n",
     NULL, 0, "isolation       pass"},
    {"1 umount2(\"/a\", 0) = 0\n", NULL, 1, "# expected 0"},
    {"1 umount2(\"/a\", 0) = -1 EBUSY\n", NULL, 1,
     "= -1 EINVAL (Invalid argument)  # expected EBUSY"},
    {"1 umount2(\"/a\", 0) = -1 EINVAL\n", NULL, 0, "expectation     pass"},
    /* what a context says of a call that failed on it; another file isn't asked */
    {"1 fsopen(\"tmpfs\", 0) = 3\n1 fsconfig(3, FSCONFIG_SET_STRING, \"nope\", \"1\", 0) = 0\n",
     NULL, 1, "= -1 EINVAL (Invalid argument)  # tmpfs: Unknown parameter 'nope'; expected 0\n"},
    {"1 open(\"/proc/self/mounts\", O_RDONLY) = 3\n"
     "1 fsconfig(3, FSCONFIG_SET_STRING, \"nope\", \"1\", 0) = -1 EINVAL\n",
     NULL, 0, "= -1 EINVAL (Invalid argument)\n"},
    {"1 exit_group(0)\n1 chdir(\"/\")\n", NULL, 0, "not performed"},
    /* another root shows other paths of the same mounts: nothing has vanished */
    {"1 unshare(CLONE_NEWNS) = 0\n1 mount(\"none\", \"/\", NULL, MS_REC|MS_PRIVATE, NULL) = 0\n"
     "1 mount(\"t\", \"/a\", \"tmpfs\", 0, NULL) = 0\n1 fork() = 2\n2 chroot(\"/a\") = 0\n"
     "1 exit_group(0)\n2 chdir(\"/\")\n",
     NULL, 0, "= ?\n    in namespace 1: through another actor's root, 1 mounts\n2 chdir"},
    {"1 umount2(\"/a\", 0\n", NULL, 2, ":1:18: expected"},
    {"1 umount2(\"/a\", NOPE)\n", NULL, 2, ":1:17: expected"},
    {"1 kill(1, SIGSTOP)\n1 chdir(\"/\")\n", "--deadline=200", 1,
     "expectation     fail: kill did not return before its deadline"},
    {"1 kill(1, SIGSTOP)\n1 chdir(\"/\")\n", "--deadline=200", 1,
     "determinism     skip: a call did not return before its deadline"},
    {"1 umount2(\"/a\", 0) = 0\n", "--random", 0, "isolation       pass"},
    {"1 unshare(CLONE_NEWNS) = 0\n1 mount(\"t\", \"/a\", \"tmpfs\", 0, NULL) = 0\n", "--random", 0,
     "isolation       pass"},
    {"1 unshare(CLONE_NEWNS) = 0\n1 mount(\"none\", \"/\", NULL, MS_REC|MS_SHARED, NULL) = 0\n"
     "1 mount(\"t\", \"/a\", \"tmpfs\", 0, NULL) = 0\n",
     "--isolated", 1, "isolation       fail: mount by actor 1"},
    /* no leak: a detached peer of the parent's root is mounted on */
    {"1 unshare(CLONE_NEWNS) = 0\n1 open_tree(AT_FDCWD, \"/\", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC) "
     "= 3\n"
     "1 mount(\"none\", \"/\", NULL, MS_REC|MS_PRIVATE, NULL) = 0\n"
     "1 fsopen(\"tmpfs\", FSOPEN_CLOEXEC) = 4\n"
     "1 fsconfig(4, FSCONFIG_CMD_CREATE, NULL, NULL, 0) = 0\n"
     "1 fsmount(4, FSMOUNT_CLOEXEC, 0) = 5\n"
     "1 move_mount(5, \"\", 3, \"a\", MOVE_MOUNT_F_EMPTY_PATH) = 0\n",
     "--random", 0, "isolation       pass"},
    /* a process takes what is mounted in its /proc directory with it */
    {"1 clone(child_stack=NULL, flags=CLONE_NEWNS|SIGCHLD) = 2\n"
     "2 mount(\"none\", \"/\", NULL, MS_REC|MS_PRIVATE, NULL) = 0\n"
     "1 mount(\"tmpfs\", \"/proc/2\", \"tmpfs\", 0, NULL) = 0\n2 exit_group(0) = ?\n",
     NULL, 0, "isolation       pass"},
    /* its init's death takes a pid namespace's members, and their /proc, before the next call */
    {"1 clone(child_stack=NULL, flags=CLONE_NEWNS|CLONE_NEWPID|SIGCHLD) = 2\n"
     "2 mount(\"none\", \"/\", NULL, MS_REC|MS_PRIVATE, NULL) = 0\n"
     "2 clone(child_stack=NULL, flags=SIGCHLD) = 3\n3 clone(child_stack=NULL, flags=SIGCHLD) = 4\n"
     "1 mount(\"tmpfs\", \"/proc/4\", \"tmpfs\", 0, NULL) = 0\n3 exit_group(0) = ?\n"
     "2 exit_group(0) = ?\n1 mkdir(\"/tmp/x\", 0755) = 0\n",
     "--repeat=50", 0, "50 runs, all held"},
    /* what is left in the directory below /proc is gone when the next case begins */
    {"1 unshare(CLONE_NEWNS) = 0\n1 mount(\"none\", \"/\", NULL, MS_REC|MS_PRIVATE, NULL) = 0\n"
     "1 mount(\"/\", \"/a\", NULL, MS_BIND, NULL) = 0\n1 mkdir(\"/a/proc/x\", 0755) = 0\n",
     "--repeat=3", 0, "3 runs, all held"},
    /* a dead namespace's MS_SHARED excuses nobody */
    {"1 clone(child_stack=NULL, flags=CLONE_NEWNS|SIGCHLD) = 2\n"
     "2 mount(\"none\", \"/\", NULL, MS_REC|MS_SHARED, NULL) = 0\n2 exit_group(0) = ?\n"
     "1 unshare(CLONE_NEWNS) = 0\n1 mount(\"tmpfs\", \"/a\", \"tmpfs\", 0, NULL) = 0\n",
     NULL, 1, "isolation       fail"},
    /* what the deadline cut off was not judged */
    {"1 fork() = 2\n1 kill(2, SIGSTOP) = 0\n2 mkdir(\"/tmp/x\", 0755) = 0\n"
     "1 unshare(CLONE_NEWNS) = 0\n1 mount(\"tmpfs\", \"/a\", \"tmpfs\", 0, NULL) = 0\n",
     "--random", 0, "isolation       skip"},
    /* mount's magic number opens no door: cgroup2 would leave directories on the host */
    {"1 mount(\"c\", \"/a\", \"cgroup2\", 0xc0ed0000, NULL) = -1 EPERM\n", NULL, 0,
     "expectation     pass"},
    /* from an actor's descriptors no way leads to the sandbox's root */
    {"1 rmdir(\"/proc/thread-self/fd/1/../case\") = -1 ENOENT\n", "--repeat=2", 0,
     "2 runs, all held"},
    /* the parent rightly holds a namespace whose file it has bound */
    {"1 clone(child_stack=NULL, flags=CLONE_NEWNS|SIGCHLD) = 2\n"
     "1 openat(AT_FDCWD, \"/tmp/f\", O_RDONLY|O_CREAT, 0644) = 3\n"
     "1 mount(\"/proc/2/ns/mnt\", \"/tmp/f\", NULL, MS_BIND, NULL) = 0\n",
     "--random", 0, "cleanup         pass"},
    {"1 mount(\"t\", \"/a\", \"tmpfs\", 0, NULL) = 0\n"
     "1 mount(\"none\", \"/b\", \"tmpfs\", 0, NULL) = 0\n1 mkdir(\"/b/x\", 0755) = 0\n"
     "1 mount(\"/proc/1/ns/mnt\", \"/b/x\", NULL, MS_BIND, NULL) = -1 EINVAL\n",
     NULL, 0,
     "cleanup         pass: mounts left in the parent: 2 undone by path, 0 only by detaching"},
    {"1 mkdir(\"/a/x\", 0755) = 0\n1 mount(\"t\", \"/a\", \"tmpfs\", 0, NULL) = 0\n"
     "1 mkdir(\"/a/y\", 0755) = 0\n1 mount(\"t\", \"/a/y\", \"tmpfs\", 0, NULL) = 0\n"
     "1 mount(\"t\", \"/a\", \"tmpfs\", 0, NULL) = 0\n",
     NULL, 0, "3 undone by path"},
    /* a mount that comes may get the number of one that went, which makes it no older */
    {"1 mount(\"none\", \"/\", \"tmpfs\", 0, NULL) = 0\n1 umount2(\"/proc\", 0) = 0\n"
     "1 mount(\"none\", \"/\", \"tmpfs\", 0, NULL) = 0\n",
     NULL, 0, "2 undone by path"},
    /* four times over itself, and a copy */
    {"1 mount(\"/\", \"/mnt\", NULL, MS_BIND|MS_REC, NULL) = 0\n"
     "1 mount(\"/\", \"/tmp\", NULL, MS_BIND|MS_REC, NULL) = 0\n"
     "1 mount(\"/\", \"/b\", NULL, MS_BIND|MS_REC, NULL) = 0\n"
     "1 mount(\"/\", \"/c\", NULL, MS_BIND|MS_REC, NULL) = 0\n1 unshare(CLONE_NEWNS) = 0\n",
     NULL, 0, "cover           skip: not judged: a namespace has more than 1000 mounts\n"},
    {seed, "--repeat=0", 2, "--repeat takes a whole number"},
};

START_TEST(a_sequence_is_run_and_judged)
{
    struct nst_test_run run = run_text(rows[_i].text, rows[_i].option);

    ck_assert_msg(run.status == rows[_i].status, "status %d\n%s%s", run.status, run.out, run.err);
    ck_assert_msg(strstr(run.status == 2 ? run.err : run.out, rows[_i].says), "%s%s", run.out,
                  run.err);
    nst_test_run_free(&run);
}
END_TEST

START_TEST(allocations_fail_where_the_kernel_lets_them)
{
    bool can = access("/proc/self/fail-nth", W_OK) == 0;
    struct nst_test_run run = run_text(seed, "--fail-nth");

    ck_assert_msg(run.status == (can ? 0 : 77), "status %d\n%s%s", run.status, run.out, run.err);
    if (can)
        ck_assert_msg(strstr(run.out, " allocations failed, in 5 calls; 0 of these runs broke\n"),
                      "%s", run.out);
    else
        ck_assert_msg(strstr(run.err, "CONFIG_FAILSLAB"), "%s", run.err);
    nst_test_run_free(&run);
}
END_TEST

START_TEST(every_file_is_read_before_any_is_run)
{
    struct nst_test_run run =
        nst_test_run_tool((const char *const[]){"run", "/nonexistent/sequence", NULL}, false);

    ck_assert_int_eq(run.status, 2);
    ck_assert(strstr(run.err, "opening /nonexistent/sequence: ENOENT"));
    ck_assert_str_eq(run.out, "");
    nst_test_run_free(&run);
}
END_TEST

START_TEST(the_kernels_test_protocol_is_spoken)
{
    char *directory = nst_test_directory(), *good, *bad;
    struct nst_test_run run;

    ck_assert_int_gt(asprintf(&good, "%s/good", directory), 0);
    ck_assert_int_gt(asprintf(&bad, "%s/bad", directory), 0);
    ck_assert_int_eq(nst_test_write_file(good, "1 chdir(\"/a\") = 0\n"), 0);
    ck_assert_int_eq(nst_test_write_file(bad, "1 chdir(\"/x\") = 0\n"), 0);
    run = nst_test_run_tool((const char *const[]){"run", "--tap", "-q", good, bad, NULL}, false);
    ck_assert_int_eq(run.status, 1);
    ck_assert_msg(strncmp(run.out, "TAP version 13\n1..2\nok 1 good\nnot ok 2 bad\n# ", 45) == 0,
                  "%s", run.out);
    ck_assert_ptr_nonnull(strstr(run.out, "# expectation     fail: chdir failed with ENOENT"));
    nst_test_run_free(&run);
    run = nst_test_run_tool((const char *const[]){"run", "--tap", "-j2", good, NULL}, false);
    ck_assert_int_eq(run.status, 2);
    nst_test_run_free(&run);
    unlink(good);
    unlink(bad);
    rmdir(directory);
    free(good);
    free(bad);
    free(directory);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("run");
    TCase *tests = tcase_create("run");
    char command[512];

    snprintf(command, sizeof command, "'%s' run /dev/null >/dev/null 2>&1", nst_test_tool());
    int status = system(command);

    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        return nst_test_cannot("ns-tool run cannot make a sandbox");

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, a_sequence_is_run_and_judged, 0, sizeof rows / sizeof *rows);
    tcase_add_test(tests, allocations_fail_where_the_kernel_lets_them);
    tcase_add_test(tests, every_file_is_read_before_any_is_run);
    tcase_add_test(tests, the_kernels_test_protocol_is_spoken);
    suite_add_tcase(suite, tests);
    return nst_test_run_suite(suite);
}
