/* What is asked to propagate does, and nothing else: seen by mounting a tmpfs, from the parent and
 * from inside, and looking for its device on the other side. The program waits before its first
 * instruction meanwhile, and each tmpfs is gone before the next one comes.
 *
 * Each is attached by its descriptor to the top of what stands at a path, and taken away by it, so
 * that no directory is made and nothing but it can be unmounted. */
#include "check/check.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ns-tool/mount_abi.h>

enum outcome { UNSEEN, SEEN, NOT_THERE, FAILED };

/* A detached tmpfs, as a descriptor, and its device. */
static int make_probe(dev_t *ret_device)
{
    int fs = fsopen("tmpfs", FSOPEN_CLOEXEC), fd = -1;
    struct stat status;

    if (fs >= 0 && fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
        fd = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    if (fs >= 0)
        close(fs);
    if (fd >= 0 && fstat(fd, &status) < 0) {
        close(fd);
        fd = -1;
    }
    *ret_device = fd < 0 ? 0 : status.st_dev;
    return fd;
}

/* Whether the mountinfo behind FD lists DEVICE. */
static enum outcome find_device(int fd, dev_t device)
{
    struct nst_table table;
    enum outcome outcome = UNSEEN;

    if (nst_table_read_mountinfo_fd(fd, &table) < 0)
        return FAILED;
    for (size_t i = 0; i < table.len; i++)
        if (table.mount[i].major == major(device) && table.mount[i].minor == minor(device))
            outcome = SEEN;
    nst_table_free(&table);
    return outcome;
}

/* Mounts at POINT of the own namespace, looks for it in the mountinfo behind OTHER. */
static enum outcome mount_and_look(const char *point, int probe, dev_t device, int other)
{
    enum outcome outcome;
    struct stat status;

    if (stat(point, &status) < 0 || !S_ISDIR(status.st_mode))
        return NOT_THERE;
    if (move_mount(probe, "", AT_FDCWD, point, MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return FAILED;
    outcome = find_device(other, device);
    if (fchdir(probe) < 0 || umount2(".", MNT_DETACH) < 0)
        outcome = FAILED;
    return outcome;
}

/* The same from inside PID's namespace and root, in a process of its own. */
static enum outcome mount_inside(const struct nst_stage *stage, pid_t pid, const char *point,
                                 int probe, dev_t device, int other)
{
    char name[32];
    int ns, root, status;
    pid_t helper = fork();

    if (helper < 0)
        return FAILED;
    if (!helper) {
        snprintf(name, sizeof name, "%d/ns/mnt", (int)pid);
        ns = openat(stage->proc, name, O_RDONLY | O_CLOEXEC);
        snprintf(name, sizeof name, "%d/root", (int)pid);
        root = openat(stage->proc, name, O_PATH | O_CLOEXEC);
        if (ns < 0 || root < 0 || setns(ns, CLONE_NEWNS) < 0 || fchdir(root) < 0 || chroot(".") < 0)
            _exit(FAILED);
        _exit(mount_and_look(point, probe, device, other));
    }
    while (waitpid(helper, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? (enum outcome)WEXITSTATUS(status) : FAILED;
}

static enum outcome mount_outside(const char *point, int probe, dev_t device, int other)
{
    int status;
    pid_t helper = fork();

    if (helper < 0)
        return FAILED;
    if (!helper)
        _exit(mount_and_look(point, probe, device, other));
    while (waitpid(helper, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? (enum outcome)WEXITSTATUS(status) : FAILED;
}

struct probing {
    struct nst_stage *stage;
    pid_t pid;
    int outside, inside; /* mountinfo of both */
};

/* One probe at POINT, from OUTSIDE or from inside, and what it should be. */
static void try(const struct probing *probing, const char *point, bool from_outside, bool expected,
                const char *why)
{
    struct nst_stage *stage = probing->stage;
    dev_t device;
    int probe = make_probe(&device);
    enum outcome outcome =
        probe < 0      ? FAILED
        : from_outside ? mount_outside(point, probe, device, probing->inside)
                       : mount_inside(stage, probing->pid, point, probe, device, probing->outside);

    if (probe >= 0)
        close(probe);
    stage->check->probes++;
    if (outcome == NOT_THERE) {
        if (expected)
            nst_check_add(stage, NST_CHECK_PROPAGATION, SIZE_MAX, point,
                          "%s isn't a directory %s, and is to be %s", point,
                          from_outside ? "in the parent" : "inside", why);
        return;
    }
    if (outcome == FAILED) {
        if (expected)
            nst_check_add(stage, NST_CHECK_PROPAGATION, SIZE_MAX, point,
                          "%s can't be mounted on %s, and is to be %s", point,
                          from_outside ? "in the parent" : "inside", why);
        return;
    }
    if ((outcome == SEEN) == expected)
        return;
    nst_check_add(stage, NST_CHECK_PROPAGATION, SIZE_MAX, point, "%s: what is mounted %s %s %s, %s",
                  point, from_outside ? "in the parent" : "inside",
                  expected ? "doesn't show" : "shows", from_outside ? "inside" : "in the parent",
                  why);
}

static bool is_at_or_below(const char *point, const char *path)
{
    size_t len = strlen(path);

    if (!strcmp(path, "/"))
        return true;
    return !strncmp(point, path, len) && (!point[len] || point[len] == '/');
}

/* The expectation that holds for POINT: the one of the longest path; NULL: none. */
static const struct nst_check_expect *expectation(const struct nst_stage *stage, const char *point,
                                                  bool outside)
{
    const struct nst_check_expect *best = NULL;
    size_t longest = 0;

    for (size_t i = 0; i < stage->options->expects; i++) {
        const struct nst_check_expect *expect = &stage->options->expect[i];
        const char *path = outside ? expect->outside : expect->inside;
        bool holds = expect->recursive ? is_at_or_below(point, path) : !strcmp(point, path);

        if (holds && strlen(path) >= longest) {
            longest = strlen(path);
            best = expect;
        }
    }
    return best;
}

static const char *why(const struct nst_check_expect *expect)
{
    static const char *const whys[][2] = {{"expected private", "expected rprivate"},
                                          {"expected slave", "expected rslave"},
                                          {"expected shared", "expected rshared"}};

    return expect ? whys[expect->kind][expect->recursive] : "which nothing asked for";
}

/* What the kernel's own file systems hold isn't covered in the parent, where others may need it. */
static bool is_needed(const char *point)
{
    return is_at_or_below(point, "/proc") || is_at_or_below(point, "/sys") ||
           is_at_or_below(point, "/dev");
}

/* Whether a mount of TABLE that stands later covers the path of mount AT. */
static bool is_covered(const struct nst_table *table, size_t at)
{
    for (size_t i = at + 1; i < table->len; i++)
        if (!strcmp(table->mount[i].point, table->mount[at].point))
            return true;
    return false;
}

static void try_all(const struct probing *probing, const struct nst_table *outside,
                    const struct nst_table *inside)
{
    const struct nst_check_options *options = probing->stage->options;

    for (size_t i = 0; i < options->expects; i++) {
        const struct nst_check_expect *expect = &options->expect[i];

        try(probing, expect->outside, true, expect->kind >= NST_EXPECT_SLAVE, why(expect));
        try(probing, expect->inside, false, expect->kind == NST_EXPECT_SHARED, why(expect));
    }
    for (size_t i = 0; i < outside->len; i++) {
        const char *point = outside->mount[i].point;
        const struct nst_check_expect *expect = expectation(probing->stage, point, true);

        if (is_covered(outside, i) || (expect && !strcmp(expect->outside, point)) ||
            (!expect && is_needed(point)))
            continue;
        try(probing, point, true, expect && expect->kind >= NST_EXPECT_SLAVE, why(expect));
    }
    for (size_t i = 0; i < inside->len; i++) {
        const char *point = inside->mount[i].point;
        const struct nst_check_expect *expect = expectation(probing->stage, point, false);

        if (is_covered(inside, i) || (expect && !strcmp(expect->inside, point)))
            continue;
        try(probing, point, false, expect && expect->kind == NST_EXPECT_SHARED, why(expect));
    }
}

/* What was said of an earlier program goes: the last one to begin is the one that counts. */
static void forget(struct nst_check *check)
{
    size_t kept = 0;

    for (size_t i = 0; i < check->findings; i++)
        if (check->finding[i].property != NST_CHECK_PROPAGATION)
            check->finding[kept++] = check->finding[i];
    check->findings = kept;
    check->probes = 0;
}

/* What the probes did in the parent is no doing of the command. */
static void pass_over_events(struct nst_stage *stage)
{
    struct nst_events events = {0};
    struct nst_table now;

    if (nst_watch_drain(stage->watch, &events) >= 0 && nst_look_read(&now) >= 0) {
        nst_table_free(&stage->last);
        stage->last = now;
    }
    nst_events_free(&events);
}

void nst_probe(struct nst_stage *stage, pid_t pid)
{
    struct probing probing = {.stage = stage, .pid = pid};
    struct nst_table outside = {0}, inside = {0};
    char name[32];

    snprintf(name, sizeof name, "%d/mountinfo", (int)pid);
    probing.inside = openat(stage->proc, name, O_RDONLY | O_CLOEXEC);
    snprintf(name, sizeof name, "%d/mountinfo", (int)getpid());
    probing.outside = openat(stage->proc, name, O_RDONLY | O_CLOEXEC);
    forget(stage->check);
    if (nst_table_read_mountinfo_fd(probing.outside, &outside) >= 0 &&
        nst_table_read_mountinfo_fd(probing.inside, &inside) >= 0)
        try_all(&probing, &outside, &inside);
    pass_over_events(stage);
    nst_table_free(&outside);
    nst_table_free(&inside);
    if (probing.inside >= 0)
        close(probing.inside);
    if (probing.outside >= 0)
        close(probing.outside);
}
