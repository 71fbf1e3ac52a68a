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

enum outcome { UNSEEN, SEEN, NOT_THERE, COVERED, FAILED };

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

/* Where a probe is mounted. */
struct place {
    const char *point;
    uint64_t mount; /* it must be this one that stands there, by mountinfo's id; 0: any */
    pid_t inside;   /* in the namespace and below the root of this process; 0: in the parent */
};

/* Mounts at PLACE of the own namespace, looks for it in the mountinfo behind OTHER. */
static enum outcome mount_and_look(const struct place *place, int probe, dev_t device, int other)
{
    enum outcome outcome;
    struct statx status;

    if (statx(AT_FDCWD, place->point, AT_NO_AUTOMOUNT, STATX_TYPE | STATX_MNT_ID, &status) < 0)
        return place->mount ? COVERED : NOT_THERE;
    if (place->mount && place->mount != nst_statx_mnt_id(&status))
        return COVERED;
    if (!S_ISDIR(status.stx_mode))
        return NOT_THERE;
    if (move_mount(probe, "", AT_FDCWD, place->point, MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return FAILED;
    outcome = find_device(other, device);
    if (fchdir(probe) < 0 || umount2(".", MNT_DETACH) < 0)
        outcome = FAILED;
    return outcome;
}

/* Goes to where PLACE is. */
static bool enter(const struct nst_stage *stage, const struct place *place)
{
    char name[32];
    int ns, root;

    if (!place->inside)
        return true;
    snprintf(name, sizeof name, "%d/ns/mnt", (int)place->inside);
    ns = openat(stage->proc, name, O_RDONLY | O_CLOEXEC);
    snprintf(name, sizeof name, "%d/root", (int)place->inside);
    root = openat(stage->proc, name, O_PATH | O_CLOEXEC);
    return ns >= 0 && root >= 0 && setns(ns, CLONE_NEWNS) == 0 && fchdir(root) == 0 &&
           chroot(".") == 0;
}

/* The same in a process of its own. */
static enum outcome probe_at(const struct nst_stage *stage, const struct place *place, int probe,
                             dev_t device, int other)
{
    pid_t helper = fork();
    int status;

    if (helper < 0)
        return FAILED;
    if (!helper)
        _exit((int)(enter(stage, place) ? mount_and_look(place, probe, device, other) : FAILED));
    while (waitpid(helper, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? (enum outcome)WEXITSTATUS(status) : FAILED;
}

struct probing {
    struct nst_stage *stage;
    pid_t pid;
    int outside, inside; /* mountinfo of both */
};

/* One probe at POINT, of MOUNT if that isn't 0, from OUTSIDE or from inside, and what it should be.
 */
static void try(const struct probing *probing, const char *point, uint64_t mount, bool from_outside,
                bool expected, const char *why)
{
    const struct place place = {point, mount, from_outside ? 0 : probing->pid};
    struct nst_stage *stage = probing->stage;
    dev_t device;
    int probe = make_probe(&device);
    enum outcome outcome = probe < 0 ? FAILED
                                     : probe_at(stage, &place, probe, device,
                                                from_outside ? probing->inside : probing->outside);

    if (probe >= 0)
        close(probe);
    stage->check->probes++;
    if (outcome == COVERED || ((outcome == NOT_THERE || outcome == FAILED) && !expected))
        return; /* nobody mounts there; what connects it is judged by the tables */
    if (outcome == NOT_THERE || outcome == FAILED)
        nst_check_add(stage, NST_CHECK_PROPAGATION, SIZE_MAX, point, "%s %s %s, and is to be %s",
                      point, outcome == FAILED ? "can't be mounted on" : "isn't a directory",
                      from_outside ? "in the parent" : "inside", why);
    else if ((outcome == SEEN) != expected)
        nst_check_add(stage, NST_CHECK_PROPAGATION, SIZE_MAX, point,
                      "%s: what is mounted %s %s %s, and it is to be %s", point,
                      from_outside ? "in the parent" : "inside",
                      expected ? "doesn't show" : "shows",
                      from_outside ? "inside" : "in the parent", why);
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
    static const char *const whys[][2] = {
        {"private", "rprivate"}, {"slave", "rslave"}, {"shared", "rshared"}};

    return expect ? whys[expect->kind][expect->recursive] : "private, as nothing was asked of it";
}

/* What the kernel's own file systems hold isn't covered in the parent, where others may need it. */
static bool is_needed(const char *point)
{
    return is_at_or_below(point, "/proc") || is_at_or_below(point, "/sys") ||
           is_at_or_below(point, "/dev");
}

static void try_all(const struct probing *probing, const struct nst_table *outside,
                    const struct nst_table *inside)
{
    const struct nst_check_options *options = probing->stage->options;

    for (size_t i = 0; i < options->expects; i++) {
        const struct nst_check_expect *expect = &options->expect[i];

        try(probing, expect->outside, 0, true, expect->kind >= NST_EXPECT_SLAVE, why(expect));
        try(probing, expect->inside, 0, false, expect->kind == NST_EXPECT_SHARED, why(expect));
    }
    for (size_t i = 0; i < outside->len; i++) {
        const char *point = outside->mount[i].point;
        const struct nst_check_expect *expect = expectation(probing->stage, point, true);

        if ((expect && !strcmp(expect->outside, point)) || (!expect && is_needed(point)))
            continue;
        try(probing, point, outside->mount[i].id, true, expect && expect->kind >= NST_EXPECT_SLAVE,
            why(expect));
    }
    for (size_t i = 0; i < inside->len; i++) {
        const char *point = inside->mount[i].point;
        const struct nst_check_expect *expect = expectation(probing->stage, point, false);

        if ((expect && !strcmp(expect->inside, point)))
            continue;
        try(probing, point, inside->mount[i].id, false, expect && expect->kind == NST_EXPECT_SHARED,
            why(expect));
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
