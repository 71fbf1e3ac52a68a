/* The watch against the running kernel, in a sandbox and with every kind of watch. */
#include "watch_test.h"

#include <check.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static void mount_at(const char *path)
{
    MUST(mount("tmpfs", path, "tmpfs", 0, NULL) == 0);
}

static void act_instant(void)
{
    mount_at("/tmp/a");
    MUST(umount2("/tmp/a", 0) == 0);
}

static void act_move(void)
{
    mount_at("/tmp/a");
    MUST(mount("/tmp/a", "/tmp/b", NULL, MS_MOVE, NULL) == 0);
}

static void act_fail(void)
{
    MUST(mount("/tmp/none", "/tmp/a", NULL, MS_BIND, NULL) < 0 && errno == ENOENT);
    MUST(mount("tmpfs", "/tmp/a", "tmpfs", 0, "no-such-option") < 0 && errno == EINVAL);
    MUST(umount2("/tmp/a", 0) < 0 && errno == EINVAL);
}

static void act_propagation(void)
{
    MUST(mount(NULL, "/tmp", NULL, MS_SHARED, NULL) == 0);
    MUST(mount(NULL, "/tmp", NULL, MS_PRIVATE, NULL) == 0);
}

/* A row: what a child in a namespace of its own does before it mounts and unmounts, and what the
 * watch sees. The shared row is the mutant of the others: the same code without MS_PRIVATE. */
static const struct propagation_row {
    const char *name;
    unsigned long propagation; /* 0: stay shared */
    const char *kinds;
} propagation_rows[] = {
    {"private", MS_REC | MS_PRIVATE, ""},
    {"slave", MS_REC | MS_SLAVE, ""},
    {"shared", 0, "AD"},
};

static void body_propagation(const struct variant *variant)
{
    MUST(mount(NULL, "/tmp", NULL, MS_SHARED, NULL) == 0);
    for (size_t i = 0; i < sizeof propagation_rows / sizeof *propagation_rows; i++) {
        const struct propagation_row *row = &propagation_rows[i];
        struct nst_watch *watch = watch_here(variant);
        int status;
        pid_t pid = fork();

        MUST(pid >= 0);
        if (pid == 0) {
            MUST(unshare(CLONE_NEWNS) == 0);
            MUST(!row->propagation || mount(NULL, "/", NULL, row->propagation, NULL) == 0);
            act_instant();
            _exit(0);
        }
        MUST(waitpid(pid, &status, 0) == pid && status == 0);
        must_drain(watch, row->kinds, NULL);
        nst_watch_close(watch);
    }
}

static void body_lazy(const struct variant *variant)
{
    struct nst_watch *watch = watch_here(variant);
    uint64_t attached[2] = {0}, detached[2] = {0};

    mount_at("/tmp/a");
    MUST(mkdir("/tmp/a/d", 0755) == 0 && chdir("/tmp/a/d") == 0);
    mount_at("/tmp/a/d");
    must_drain(watch, "AA", attached);
    MUST(umount2("/tmp/a", MNT_DETACH) == 0);
    must_drain(watch, "DD", detached);
    MUST(memcmp(attached, detached, sizeof attached) == 0);
    MUST(chdir("/") == 0);
    must_drain(watch, "", NULL);
    nst_watch_close(watch);
}

static void body_many(const struct variant *variant)
{
    enum { MANY = 1000 };
    struct nst_watch *watch = watch_here(variant);
    struct nst_events events = {0};

    for (int i = 0; i < MANY; i++)
        mount_at("/tmp/a");
    for (int i = 0; i < MANY; i++)
        MUST(umount2("/tmp/a", MNT_DETACH) == 0);
    MUST(nst_watch_drain(watch, &events) == 0);
    MUST(events.len == (polls(watch) ? 1U : 2U * MANY));
    for (size_t i = 0; !polls(watch) && i < MANY; i++) {
        MUST(events.event[i].kind == NST_EVENT_ATTACH);
        MUST(events.event[2 * MANY - 1 - i].kind == NST_EVENT_DETACH);
        MUST(events.event[i].mount_id == events.event[2 * MANY - 1 - i].mount_id);
        MUST(i == 0 || events.event[i].mount_id > events.event[i - 1].mount_id);
    }
    nst_events_free(&events);
    nst_watch_close(watch);
}

/* The watched namespace ends while its watcher lives outside: its mounts are detached, nothing
 * hangs or crashes. */
static void body_death(const struct variant *variant)
{
    struct nst_watch *watch;
    struct nst_events events = {0};
    char path[64];
    int ready[2], go[2], nsfd, r, status;
    char byte = 0;
    pid_t pid;

    MUST(pipe2(ready, O_CLOEXEC) == 0 && pipe2(go, O_CLOEXEC) == 0);
    pid = fork();
    MUST(pid >= 0);
    if (pid == 0) {
        close(go[1]);
        MUST(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
        MUST(write(ready[1], "", 1) == 1);
        _exit(read(go[0], &byte, 1) == 0 ? 0 : 1);
    }
    MUST(read(ready[0], &byte, 1) == 1);
    (void)snprintf(path, sizeof path, "/proc/%d/ns/mnt", pid);
    nsfd = open(path, O_RDONLY | O_CLOEXEC);
    (void)snprintf(path, sizeof path, "/proc/%d/mountinfo", pid);
    r = open(path, O_RDONLY | O_CLOEXEC);
    status = nst_watch_open(nsfd, r, variant->flags, &watch);
    MUST(status == 0);
    close(nsfd);
    close(r);
    close(go[1]);
    MUST(waitpid(pid, &status, 0) == pid && status == 0);

    /* Fanotify holds no reference: the namespace's death detaches everything. Polling holds one. */
    if (nst_watch_kind(watch) == NST_WATCH_FANOTIFY) {
        struct pollfd poll_fd = {.fd = nst_watch_fd(watch), .events = POLLIN};

        MUST(poll(&poll_fd, 1, 10000) == 1);
        MUST(nst_watch_drain(watch, &events) == 0 && events.len > 0);
        for (size_t i = 0; i < events.len; i++)
            MUST(events.event[i].kind == NST_EVENT_DETACH);
    } else {
        must_drain(watch, "", NULL);
    }
    nst_events_free(&events);
    nst_watch_close(watch);
}

/* Whoever shares its descriptor by fork goes over, too. */
static void body_moved(const struct variant *variant)
{
    struct nst_watch *watch = watch_here(variant);
    int nsfd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC), own, status;
    pid_t pid;

    mount_at("/tmp/a"); /* not drained: forgotten */
    MUST(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
    own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    MUST(own >= 0 && nsfd >= 0);
    pid = fork();
    MUST(pid >= 0);
    if (pid == 0) {
        MUST(nst_watch_move(watch, own) == (polls(watch) ? -EOPNOTSUPP : 0));
        _exit(0);
    }
    MUST(waitpid(pid, &status, 0) == pid && status == 0);
    if (!polls(watch)) {
        must_drain(watch, "", NULL);
        mount_at("/tmp/b");
        must_drain(watch, "A", NULL);
        MUST(setns(nsfd, CLONE_NEWNS) == 0);
        mount_at("/tmp/b");
        MUST(umount2("/tmp/b", 0) == 0);
        must_drain(watch, "", NULL); /* nothing of where it was */
        MUST(nst_watch_move(watch, -1) < 0);
        MUST(nst_watch_move(watch, nsfd) == 0);
        MUST(umount2("/tmp/a", 0) == 0);
        must_drain(watch, "D", NULL);
    }
    nst_watch_close(watch);
}

static void body_poll_fd(const struct variant *variant)
{
    struct nst_watch *watch = watch_here(variant);
    struct pollfd poll_fd = {.fd = nst_watch_fd(watch), .events = polls(watch) ? POLLPRI : POLLIN};

    mount_at("/tmp/a");
    MUST(poll(&poll_fd, 1, 10000) == 1);
    must_drain(watch, "A", NULL);
    MUST(umount2("/tmp/a", 0) == 0);
    MUST(!nst_watch_idle(watch) && !nst_watch_idle(watch)); /* asking takes nothing away */
    must_drain(watch, "D", NULL);
    MUST(poll(&poll_fd, 1, 0) == 0);
    nst_watch_close(watch);
}

/* More events than the queue of a user namespace holds; root's has no end. */
static void body_overflow(const struct variant *variant)
{
    struct nst_watch *watch;
    struct nst_events events = {0};
    char limit_text[32] = "";
    int fd = open("/proc/sys/fs/fanotify/max_queued_events", O_RDONLY | O_CLOEXEC);
    size_t limit, made = 0;

    if (fd < 0 || read(fd, limit_text, sizeof limit_text - 1) <= 0)
        skip("fs.fanotify.max_queued_events");
    close(fd);
    limit = strtoul(limit_text, NULL, 10);
    if (limit > 100000) {
        errno = ERANGE;
        skip("fs.fanotify.max_queued_events is too long to fill");
    }
    mount_at("/tmp/a"); /* a tree of 512 mounts */
    for (int i = 0; i < 511; i++) {
        char path[32];

        (void)snprintf(path, sizeof path, "/tmp/a/%d", i);
        MUST(mkdir(path, 0755) == 0);
        MUST(mount("/tmp/b", path, NULL, MS_BIND, NULL) == 0);
    }
    watch = watch_here(variant);
    while (made <= limit) {
        MUST(mount("/tmp/a", "/tmp/b", NULL, MS_BIND | MS_REC, NULL) == 0);
        MUST(umount2("/tmp/b", MNT_DETACH) == 0);
        made += 1024;
    }
    MUST(nst_watch_drain(watch, &events) == 0);
    if (polls(watch)) {
        MUST(events.len == 1);
    } else if (variant->own_user_namespace) {
        MUST(events.len == limit + 1);
        MUST(events.event[limit].kind == NST_EVENT_OVERFLOW && events.event[limit].mount_id == 0);
        for (size_t i = 0; i < limit; i++)
            MUST(events.event[i].kind != NST_EVENT_OVERFLOW);
    } else {
        MUST(events.len == made);
    }
    nst_events_free(&events);
    mount_at("/tmp/b"); /* and it goes on watching */
    must_drain(watch, "A", NULL);
    nst_watch_close(watch);
}

START_TEST(what_cannot_be_watched_is_refused)
{
    struct nst_watch *watch = (struct nst_watch *)&watch;
    int nsfd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    int root = open("/", O_RDONLY | O_CLOEXEC);

    ck_assert_int_eq(nst_watch_open(nsfd, -1, ~NST_WATCH_NO_FANOTIFY, &watch), -EINVAL);
    ck_assert_ptr_null(watch);
    ck_assert_int_eq(nst_watch_open(nsfd, -1, NST_WATCH_NO_FANOTIFY, &watch), -EOPNOTSUPP);
    ck_assert_int_eq(nst_watch_open(-1, -1, NST_WATCH_NO_FANOTIFY, &watch), -EOPNOTSUPP);
    ck_assert_int_lt(nst_watch_open(-1, -1, 0, &watch), 0);
    ck_assert_int_lt(nst_watch_open(root, -1, 0, &watch), 0);
    ck_assert_ptr_null(watch);
    nst_watch_close(NULL);
    close(root);
    close(nsfd);
}
END_TEST

/* A name is the sentence that its row proves, in a sandbox and with a watch of every variant:
 * either body does all, or act acts, and kinds is what is drained then. */
static const struct test_row {
    const char *name;
    void (*body)(const struct variant *variant);
    void (*act)(void);
    const char *kinds;
} rows[] = {
    {"a_mount_undone_at_once_is_seen", NULL, act_instant, "AD"},
    {"a_move_is_a_detach_and_an_attach", NULL, act_move, "ADA"},
    {"a_call_that_fails_gives_no_event", NULL, act_fail, ""},
    {"a_change_of_propagation_gives_no_event", NULL, act_propagation, ""},
    {"only_a_shared_childs_mounts_are_seen", body_propagation, NULL, NULL},
    {"a_lazy_unmount_of_a_busy_tree_is_seen_at_once", body_lazy, NULL, NULL},
    {"a_thousand_mounts_are_each_seen_in_order", body_many, NULL, NULL},
    {"a_dying_namespace_detaches_its_mounts_unless_held", body_death, NULL, NULL},
    {"a_watch_that_moved_sees_the_new_namespace_only", body_moved, NULL, NULL},
    {"polling_the_descriptor_takes_no_event_away", body_poll_fd, NULL, NULL},
    {"a_queue_that_overflows_says_so", body_overflow, NULL, NULL},
};
enum { ROWS = sizeof rows / sizeof *rows };

static void run_row(const struct test_row *row, const struct variant *variant)
{
    struct nst_watch *watch;
    uint64_t id[2] = {0};

    if (row->body) {
        row->body(variant);
        return;
    }
    watch = watch_here(variant);
    must_drain(watch, "", NULL);
    row->act();
    must_drain(watch, row->kinds, id);
    MUST(id[0] == id[1]); /* one mount throughout */
    must_drain(watch, "", NULL);
    nst_watch_close(watch);
}

/* Runs a row in a sandbox, and turns its exit status into libcheck's terms. */
static void in_sandbox(const struct test_row *row, const struct variant *variant)
{
    int status;
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        enter_sandbox(variant->own_user_namespace);
        run_row(row, variant);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIP && !getenv("NST_REQUIRE_KERNEL"))
        return;
    ck_assert_msg(status == 0, "%s: the sandboxed body ended with wait status %#x", variant->name,
                  (unsigned)status);
}

START_TEST(row)
{
    in_sandbox(&rows[_i / VARIANTS], &variants[_i % VARIANTS]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kernel_watch");
    TCase *refused = tcase_create("what_cannot_be_watched_is_refused");
    SRunner *runner;
    int failed;

    for (int i = 0; i < ROWS; i++) {
        TCase *tcase = tcase_create(rows[i].name);

        tcase_set_timeout(tcase, 60);
        tcase_add_loop_test(tcase, row, i * VARIANTS, (i + 1) * VARIANTS);
        suite_add_tcase(suite, tcase);
    }
    tcase_add_test(refused, what_cannot_be_watched_is_refused);
    suite_add_tcase(suite, refused);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
