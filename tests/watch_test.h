/* What tests of the watch share: a sandbox to run a body in, the kinds of watch, and what a drain
 * must give. The body runs in a child with namespaces of its own, whose root is a private tree
 * below which only one tmpfs is touched, so nothing is left on the host whatever happens. */
#ifndef WATCH_TEST_H
#define WATCH_TEST_H

#include "ns-tool/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_SKIP = 77 };

/* In the child libcheck has no say: a failed MUST names its line and ends the process. */
#define MUST(expr)                                                                                 \
    do {                                                                                           \
        if (!(expr)) {                                                                             \
            (void)fprintf(stderr, "%s:%d: %s (errno %d)\n", __FILE__, __LINE__, #expr, errno);     \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

static inline void skip(const char *why)
{
    (void)fprintf(stderr, "cannot run here: %s: %s\n", why, strerror(errno));
    _exit(EXIT_SKIP);
}

/* The kinds of sandbox and of watch that every body runs with. */
static const struct variant {
    const char *name;
    bool own_user_namespace;
    unsigned flags;
} variants[] = {
    {"user namespace, fanotify", true, 0},
    {"user namespace, poll", true, NST_WATCH_NO_FANOTIFY},
    {"root, fanotify", false, 0},
    {"root, poll", false, NST_WATCH_NO_FANOTIFY},
};
enum { VARIANTS = sizeof variants / sizeof *variants };

static inline bool put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0)
        close(fd);
    return ok;
}

static inline void enter_sandbox(bool own_user_namespace)
{
    char map[32];
    uid_t uid = geteuid();
    gid_t gid = getegid();

    if (!own_user_namespace && uid != 0) {
        errno = EPERM;
        skip("this variant needs root");
    }
    if (unshare(CLONE_NEWNS | (own_user_namespace ? CLONE_NEWUSER : 0)) < 0)
        skip("unshare");
    if (own_user_namespace) {
        (void)snprintf(map, sizeof map, "0 %u 1", uid);
        MUST(put("/proc/self/uid_map", map) && put("/proc/self/setgroups", "deny"));
        (void)snprintf(map, sizeof map, "0 %u 1", gid);
        MUST(put("/proc/self/gid_map", map));
    }
    MUST(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
    MUST(mount("tmpfs", "/tmp", "tmpfs", 0, NULL) == 0);
    MUST(mkdir("/tmp/a", 0755) == 0 && mkdir("/tmp/b", 0755) == 0);
}

static inline struct nst_watch *watch_here(const struct variant *variant)
{
    struct nst_watch *watch;
    int nsfd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    int mountinfo = variant->flags ? open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC) : -1;
    int r = nst_watch_open(nsfd, mountinfo, variant->flags, &watch);

    close(nsfd);
    if (mountinfo >= 0)
        close(mountinfo);
    if (r < 0) {
        errno = -r;
        skip("nst_watch_open");
    }
    MUST(nst_watch_kind(watch) == (variant->flags ? NST_WATCH_POLL : NST_WATCH_FANOTIFY));
    return watch;
}

static inline bool polls(const struct nst_watch *watch)
{
    return nst_watch_kind(watch) == NST_WATCH_POLL;
}

/* What a drain gives now must be these kinds, "AD" for attach then detach; a polling watch must see
 * one change if any. The first two mount ids go to ret_id, which may be NULL. */
static inline void must_drain_at(int line, struct nst_watch *watch, const char *kinds,
                                 uint64_t *ret_id)
{
    struct nst_events events = {0};
    char seen[64] = "";

    MUST(nst_watch_idle(watch) == (*kinds == '\0'));
    MUST(nst_watch_drain(watch, &events) == 0);
    MUST(nst_watch_idle(watch));
    for (size_t i = 0; i < events.len && i < sizeof seen - 1; i++) {
        MUST((events.event[i].mount_id == 0) == polls(watch));
        seen[i] = "ADU!"[events.event[i].kind];
        if (ret_id && i < 2)
            ret_id[i] = events.event[i].mount_id;
    }
    if (polls(watch) && *kinds)
        kinds = "U";
    if (strcmp(seen, kinds) != 0) {
        (void)fprintf(stderr, "line %d: expected \"%s\", got \"%s\"\n", line, kinds, seen);
        _exit(1);
    }
    nst_events_free(&events);
    MUST(!events.event && events.len == 0 && events.cap == 0);
}

#define must_drain(...) must_drain_at(__LINE__, __VA_ARGS__)

#endif
