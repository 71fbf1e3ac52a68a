/* Mount tables as the running kernel tells them. Each test runs in a mount namespace of its own,
 * which libcheck's fork throws away. */
#include "nst_test.h"

#include <ns-tool/mount_abi.h>
#include <ns-tool/table.h>

/* A tmpfs at /tmp of our own, with a directory for each mount. */
static void enter(void)
{
    ck_assert_int_eq(nst_test_enter_shared(), 0);
    ck_assert_int_eq(mount("nst", "/tmp", "tmpfs", MS_NOSUID, NULL), 0);
}

struct views {
    struct nst_table mountinfo, mounts, statmount;
    bool have_statmount;
};

static struct views read_views(void)
{
    struct views v = {0};
    int error;

    ck_assert_int_eq(nst_table_read_mountinfo(0, &v.mountinfo), 0);
    ck_assert_int_eq(nst_table_read_mounts(0, &v.mounts), 0);
    ck_assert_int_eq(nst_table_validate(&v.mountinfo, NULL), 0);
    error = nst_table_read_statmount(0, &v.statmount);
    ck_assert_msg(!error || error == -ENOSYS || error == -EPERM, "%d", error);
    v.have_statmount = !error;
    return v;
}

static void free_views(struct views *v)
{
    nst_table_free(&v->mountinfo);
    nst_table_free(&v->mounts);
    nst_table_free(&v->statmount);
}

static void assert_views_agree(void)
{
    struct views v = read_views();
    char *difference = NULL;

    ck_assert_msg(!nst_views_compare_mounts(&v.mountinfo, &v.mounts, &difference), "%s",
                  difference);
    if (v.have_statmount) {
        ck_assert_int_eq(nst_table_validate(&v.statmount, NULL), 0);
        ck_assert_msg(!nst_views_compare(&v.mountinfo, &v.statmount, &difference), "%s",
                      difference);
    }
    free_views(&v);
}

static const struct nst_mount *find_point(const struct nst_table *table, const char *point)
{
    for (size_t i = table->len; i-- > 0;)
        if (strcmp(table->mount[i].point, point) == 0)
            return &table->mount[i];
    return NULL;
}

/* Bytes in the mount point, in its source, and in the root of a bind mount. */
START_TEST(every_byte_of_a_path_comes_back_in_every_view)
{
    enter();
    for (int byte = 1; byte < 256; byte++) {
        char point[32], source[32], bound[32], below[48];
        struct views v;
        const struct nst_mount *m;

        if (byte == '/')
            continue;
        snprintf(point, sizeof point, "/tmp/a%cb", byte);
        snprintf(bound, sizeof bound, "/tmp/%cc", byte);
        snprintf(source, sizeof source, "x%cy", byte);
        snprintf(below, sizeof below, "%s/d%c", point, byte);
        ck_assert_int_eq(mkdir(point, 0755), 0);
        ck_assert_int_eq(mkdir(bound, 0755), 0);
        ck_assert_int_eq(mount(source, point, "tmpfs", 0, NULL), 0);
        ck_assert_int_eq(mkdir(below, 0755), 0);
        ck_assert_int_eq(mount(below, bound, NULL, MS_BIND, NULL), 0);
        assert_views_agree();
        v = read_views();
        m = find_point(&v.mountinfo, point);
        ck_assert_msg(m && strcmp(m->source, source) == 0, "byte %d", byte);
        m = find_point(&v.mountinfo, bound);
        ck_assert_msg(m && strcmp(m->root, strrchr(below, '/')) == 0, "byte %d", byte);
        ck_assert_ptr_nonnull(find_point(&v.mounts, point));
        ck_assert(!v.have_statmount || find_point(&v.statmount, point));
        free_views(&v);
        ck_assert_int_eq(umount2(bound, 0), 0);
        ck_assert_int_eq(umount2(point, 0), 0);
    }
}
END_TEST

static const struct {
    unsigned long flags;
    const char *options;
} flag_rows[] = {
    {0, "rw,relatime"},
    {MS_RDONLY, "ro,relatime"},
    {MS_NOSUID | MS_NODEV | MS_NOEXEC, "rw,nosuid,nodev,noexec,relatime"},
    {MS_NOATIME | MS_NODIRATIME, "rw,noatime,nodiratime"},
    {MS_STRICTATIME, "rw"},
    {MS_NOSYMFOLLOW, "rw,relatime,nosymfollow"},
    {MS_SYNCHRONOUS | MS_LAZYTIME | MS_DIRSYNC, "rw,relatime"},
};

START_TEST(the_views_tell_the_same_flags)
{
    struct views v;

    enter();
    ck_assert_int_eq(mkdir("/tmp/m", 0755), 0);
    ck_assert_int_eq(mount("", "/tmp/m", "tmpfs", flag_rows[_i].flags, "size=16k,mode=700"), 0);
    assert_views_agree();
    v = read_views();
    ck_assert_str_eq(find_point(&v.mountinfo, "/tmp/m")->options, flag_rows[_i].options);
    free_views(&v);
}
END_TEST

START_TEST(the_views_tell_the_same_propagation_and_deletion)
{
    struct views v;
    const struct nst_mount *m;

    enter();
    for (const char *const *dir =
             (const char *const[]){"/tmp/a", "/tmp/b", "/tmp/c", "/tmp/d", "/tmp/e", NULL};
         *dir; dir++)
        ck_assert_int_eq(mkdir(*dir, 0755), 0);
    ck_assert_int_eq(mount("/tmp/a", "/tmp/b", NULL, MS_BIND, NULL), 0);
    ck_assert_int_eq(mount("/tmp/b", "/tmp/c", NULL, MS_BIND, NULL), 0);
    ck_assert_int_eq(mount(NULL, "/tmp/c", NULL, MS_SLAVE, NULL), 0);
    ck_assert_int_eq(mount("/tmp/c", "/tmp/d", NULL, MS_BIND, NULL), 0);
    ck_assert_int_eq(mount(NULL, "/tmp/d", NULL, MS_SHARED, NULL), 0);
    ck_assert_int_eq(mount("/tmp/a", "/tmp/e", NULL, MS_BIND, NULL), 0);
    ck_assert_int_eq(mount(NULL, "/tmp/e", NULL, MS_UNBINDABLE, NULL), 0);
    ck_assert_int_eq(rmdir("/tmp/a"), 0);
    assert_views_agree();
    v = read_views();
    m = find_point(&v.mountinfo, "/tmp/b");
    ck_assert(m->peer_group && !m->master && m->deleted);
    ck_assert_str_eq(m->root, "/a//deleted");
    ck_assert_uint_eq(find_point(&v.mountinfo, "/tmp/c")->master, m->peer_group);
    ck_assert(find_point(&v.mountinfo, "/tmp/d")->master &&
              find_point(&v.mountinfo, "/tmp/d")->peer_group);
    ck_assert(find_point(&v.mountinfo, "/tmp/e")->unbindable);
    free_views(&v);
}
END_TEST

START_TEST(the_views_agree_below_a_changed_root)
{
    struct views v;

    enter();
    ck_assert_int_eq(mkdir("/tmp/r", 0755), 0);
    ck_assert_int_eq(mkdir("/tmp/r/proc", 0755), 0);
    ck_assert_int_eq(mkdir("/tmp/r/m", 0755), 0);
    ck_assert_int_eq(mount("/proc", "/tmp/r/proc", NULL, MS_BIND | MS_REC, NULL), 0);
    ck_assert_int_eq(mount("t", "/tmp/r/m", "tmpfs", 0, NULL), 0);
    ck_assert_int_eq(chroot("/tmp/r"), 0);
    ck_assert_int_eq(chdir("/"), 0);
    assert_views_agree();
    v = read_views();
    ck_assert_ptr_nonnull(find_point(&v.mountinfo, "/m"));
    ck_assert_ptr_null(find_point(&v.mountinfo, "/"));
    free_views(&v);
}
END_TEST

START_TEST(a_foreign_namespace_is_read_by_its_id)
{
    struct nst_table own, foreign;
    uint64_t id, own_id;
    int before, after, error;

    enter();
    before = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    error = nst_ns_mnt_id(before, &id);
    if (error == -ENOSYS)
        return;
    ck_assert_int_eq(error, 0);
    ck_assert_int_eq(nst_table_read_mountinfo(0, &own), 0);
    ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
    after = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    ck_assert_int_eq(nst_ns_mnt_id(after, &own_id), 0);
    ck_assert_uint_ne(id, own_id);
    error = nst_table_read_statmount(id, &foreign);
    if (error == -ENOSYS || error == -EOPNOTSUPP || error == -EPERM)
        return;
    ck_assert_int_eq(error, 0);
    ck_assert_int_eq(nst_views_compare(&own, &foreign, NULL), 0);
    ck_assert_int_eq(nst_ns_mnt_id(open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC), &id), -EINVAL);
    ck_assert_int_eq(nst_ns_mnt_id(-1, &id), -EBADF);
    nst_table_free(&own);
    nst_table_free(&foreign);
}
END_TEST

START_TEST(a_namespace_lives_until_nothing_holds_it)
{
    struct nst_table own;
    uint64_t id;
    uint32_t mounts;
    int fd, error;

    enter();
    fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    error = nst_ns_mount_count(fd, &mounts);
    if (error == -ENOSYS || nst_ns_mnt_id(fd, &id) < 0 || nst_ns_lives(id) == -ENOSYS)
        return;
    ck_assert_int_eq(error, 0);
    ck_assert_int_eq(nst_table_read_mountinfo(0, &own), 0);
    ck_assert_uint_eq(mounts, own.len);
    nst_table_free(&own);
    ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
    ck_assert_int_eq(nst_ns_lives(id), 1);
    close(fd);
    for (int i = 0; i < 1000 && nst_ns_lives(id); i++) /* its end is the kernel's to do */
        usleep(1000);
    ck_assert_int_eq(nst_ns_lives(id), 0);
    ck_assert_int_eq(nst_ns_mount_count(-1, &mounts), -EBADF);
}
END_TEST

/* Longer than what a first answer of statmount(2) has room for. */
START_TEST(a_mount_of_a_long_path_is_read_whole)
{
    struct nst_table mountinfo, statmount;
    char name[201];
    int error;

    enter();
    ck_assert_int_eq(chdir("/tmp"), 0); /* what enter() mounted */
    memset(name, 'x', 200);
    name[200] = '\0';
    for (int i = 0; i < 17; i++) {
        ck_assert_int_eq(mkdir(name, 0755), 0);
        ck_assert_int_eq(chdir(name), 0);
    }
    ck_assert_int_eq(mount("long", ".", "tmpfs", 0, NULL), 0);
    ck_assert_int_eq(nst_table_read_mountinfo(0, &mountinfo), 0);
    error = nst_table_read_statmount(0, &statmount);
    if (error != -ENOSYS && error != -EPERM) {
        ck_assert_int_eq(error, 0);
        ck_assert_int_eq(nst_views_compare(&mountinfo, &statmount, NULL), 0);
        ck_assert_uint_gt(strlen(mountinfo.mount[mountinfo.len - 1].point), 3400);
        nst_table_free(&statmount);
    }
    nst_table_free(&mountinfo);
}
END_TEST

/* A copy of a namespace has other ids, and means the same. */
START_TEST(a_copied_namespace_is_equivalent_to_its_original)
{
    struct nst_table before, after;

    enter();
    ck_assert_int_eq(nst_table_read_mountinfo(0, &before), 0);
    ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
    ck_assert_int_eq(nst_table_read_mountinfo(0, &after), 0);
    ck_assert(!nst_tables_equal(&before, &after));
    ck_assert(nst_tables_equivalent(&before, &after));
    nst_table_free(&before);
    nst_table_free(&after);
}
END_TEST

/* More than one page of seq_file and one batch of listmount. */
START_TEST(a_table_of_a_thousand_mounts_is_read_whole)
{
    struct views v;
    size_t before;
    int fd;

    enter();
    ck_assert_int_eq(mount(NULL, "/tmp", NULL, MS_PRIVATE, NULL), 0);
    v = read_views();
    before = v.mountinfo.len;
    free_views(&v);
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(mount("t", "/tmp", "tmpfs", 0, NULL), 0);
    assert_views_agree();
    fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(nst_table_read_mountinfo_fd(fd, &v.mountinfo), 0);
        ck_assert_uint_eq(v.mountinfo.len, before + 1000);
        nst_table_free(&v.mountinfo);
    }
    close(fd);
    fd = open("/proc/self/mounts", O_RDONLY | O_CLOEXEC);
    ck_assert_int_eq(nst_table_read_mounts_fd(fd, &v.mounts), 0);
    ck_assert_uint_eq(v.mounts.len, before + 1000);
    nst_table_free(&v.mounts);
    close(fd);
}
END_TEST

START_TEST(trouble_is_an_errno)
{
    struct nst_table t;

    ck_assert_int_eq(nst_table_read_mountinfo_fd(-1, &t), -EBADF);
    ck_assert_int_eq(nst_table_read_mountinfo(0x3fffffff, &t), -ENOENT);
    ck_assert_int_eq(nst_table_read_mounts(0x3fffffff, &t), -ENOENT);
    nst_table_free(&t);
}
END_TEST

/* Whether a child may make namespaces at all. */
static bool can(void)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        int error =
            nst_test_enter_shared() < 0 || mount("nst", "/tmp", "tmpfs", 0, NULL) < 0 ? errno : 0;

        _exit(error);
    }
    if (pid < 0 || waitpid(pid, &status, 0) < 0)
        return false;
    errno = WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD;
    return errno == 0;
}

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

int main(void)
{
    Suite *suite = suite_create("kernel_table");
    TCase *views = tcase_create("views");
    SRunner *runner;
    int failed;

    if (!can())
        return nst_test_cannot("no mount namespace to test in");
    runner = srunner_create(suite);
    tcase_set_timeout(views, 120);
    tcase_add_test(views, every_byte_of_a_path_comes_back_in_every_view);
    tcase_add_loop_test(views, the_views_tell_the_same_flags, 0, COUNT(flag_rows));
    tcase_add_test(views, the_views_tell_the_same_propagation_and_deletion);
    tcase_add_test(views, the_views_agree_below_a_changed_root);
    tcase_add_test(views, a_foreign_namespace_is_read_by_its_id);
    tcase_add_test(views, a_namespace_lives_until_nothing_holds_it);
    tcase_add_test(views, a_mount_of_a_long_path_is_read_whole);
    tcase_add_test(views, a_copied_namespace_is_equivalent_to_its_original);
    tcase_add_test(views, a_table_of_a_thousand_mounts_is_read_whole);
    tcase_add_test(views, trouble_is_an_errno);
    suite_add_tcase(suite, views);
    srunner_set_fork_status(runner, CK_FORK); /* each test in namespaces of its own */
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
