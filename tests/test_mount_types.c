/* `ns-tool mount --type`: with power over the host's superblocks, only types whose mount can't
 * reconfigure one of them; in a user namespace of its own, what the kernel allows. The program runs
 * in a shared mount namespace of its own. */
#include "nst_test.h"

static char *own_mountinfo(void)
{
    FILE *file = fopen("/proc/self/mountinfo", "re");
    char *text = NULL;
    size_t size = 0;

    ck_assert_ptr_nonnull(file);
    ck_assert_int_gt(getdelim(&text, &size, '\0', file), 0);
    fclose(file);
    return text;
}

static const char *const refused[] = {"devpts", "sysfs", "cgroup",   "cgroup2",    "mqueue",
                                      "ext4",   "xfs",   "devtmpfs", "securityfs", "debugfs",
                                      "fuse",   "nfs",   "tmpfs ",   "Tmpfs",      "nst_no_such"};

/* What a superblock's change would show is in /proc/self/mountinfo. */
START_TEST(root_may_not_mount_what_could_change_a_superblock_of_the_host)
{
    const char *const args[] = {"mount", "--type", refused[_i], "--options", "ro,mode=0700", NULL};
    char *before = own_mountinfo(), *after, says[200];
    struct nst_test_run run = nst_test_run_tool(args, false);

    snprintf(says, sizeof says, "--type '%s': root may mount tmpfs, ramfs, proc and overlay here, ",
             refused[_i]);
    ck_assert_msg(run.status == 2, "status %d: %s%s", run.status, run.out, run.err);
    ck_assert_msg(strstr(run.err, says) != NULL, "%s", run.err);
    ck_assert(strstr(run.err, "could change a superblock that the host uses") != NULL);
    ck_assert_str_eq(run.out, "");
    after = own_mountinfo();
    ck_assert_str_eq(before, after);
    free(before);
    free(after);
    nst_test_run_free(&run);
}
END_TEST

static const struct {
    const char *type, *options, *shows;
} allowed[] = {
    {"tmpfs", "nosuid", "\ntmpfs /mnt/test_mount tmpfs rw,nosuid"},
    {"ramfs", "nodev", "\nramfs /mnt/test_mount ramfs rw,nodev"},
    {"proc", "hidepid=2", "\nproc /mnt/test_mount proc rw,relatime,hidepid="},
    {"overlay", "lowerdir=/usr:/etc", "\noverlay /mnt/test_mount overlay ro,relatime"},
};

START_TEST(root_may_mount_what_has_a_superblock_of_its_own)
{
    const char *const args[] = {
        "mount", "--type", allowed[_i].type, "--options", allowed[_i].options, NULL};
    char *before = own_mountinfo(), *after;
    struct nst_test_run run = nst_test_run_tool(args, false);

    if (strstr(run.err, ": ENODEV") || (run.status == 77 && !nst_test_real_root())) {
        fprintf(stderr, "not here: %s",
                run.err); /* no such type, or a container that covers /proc */
    } else {
        ck_assert_msg(run.status == 0, "status %d: %s", run.status, run.err);
        ck_assert_msg(strstr(run.out, allowed[_i].shows) != NULL, "%s", run.out);
    }
    after = own_mountinfo();
    ck_assert_str_eq(before, after);
    free(before);
    free(after);
    nst_test_run_free(&run);
}
END_TEST

/* devpts and sysfs: user namespaces may mount the first; for the second they would have to own the
 * network namespace, too. */
static const struct {
    const char *type;
    int status;
    const char *says; /* on standard output where status is 0 */
} ordinary[] = {
    {"devpts", 0, "\ndevpts /mnt/test_mount devpts rw"},
    {"sysfs", 77,
     "mount sysfs on /mnt/test_mount, options 'nosuid,nodev' (tmpfs and ramfs are types "
     "that every user namespace may mount): EPERM"},
    {"nst_no_such", 2, ": ENODEV"},
};

START_TEST(in_a_user_namespace_the_kernel_decides)
{
    const char *const args[] = {"mount", "--type", ordinary[_i].type, NULL};
    struct nst_test_run run;

    if (!nst_test_real_root())
        return; /* no ordinary user to become */
    run = nst_test_run_tool(args, true);
    ck_assert_msg(run.status == ordinary[_i].status, "status %d: %s", run.status, run.err);
    ck_assert_msg(strstr(run.status ? run.err : run.out, ordinary[_i].says) != NULL, "%s%s",
                  run.out, run.err);
    nst_test_run_free(&run);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mount_types");
    TCase *tests = tcase_create("types");
    SRunner *runner = srunner_create(suite);
    int failed;

    nst_test_tool();
    if (nst_test_enter_shared() < 0)
        return nst_test_cannot("no mount namespace of our own");
    tcase_add_loop_test(tests, root_may_not_mount_what_could_change_a_superblock_of_the_host, 0,
                        sizeof refused / sizeof *refused);
    tcase_add_loop_test(tests, root_may_mount_what_has_a_superblock_of_its_own, 0,
                        sizeof allowed / sizeof *allowed);
    tcase_add_loop_test(tests, in_a_user_namespace_the_kernel_decides, 0,
                        sizeof ordinary / sizeof *ordinary);
    tcase_set_timeout(tests, 60);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
