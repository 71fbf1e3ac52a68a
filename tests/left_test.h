/* A place in which whatever is left shows: a process that is pid 1 of a pid, a user and a mount
 * namespace of its own. All that exists there is what the test made; so it looks at everything, as
 * a burglar would. Nothing in here asserts, as it runs in that process: its status tells. */
#ifndef NST_LEFT_TEST_H
#define NST_LEFT_TEST_H

#include "nst_test.h"

#include <signal.h>
#include <sys/syscall.h>

/* What there was when nothing was left. */
struct nst_left {
    char *mountinfo;
    off_t names[2];
};

static const char *const nst_left_directories[] = {"/mnt", "/"}; /* others may use /tmp */

static inline char *nst_left_mountinfo(void)
{
    FILE *in = fopen("/proc/self/mountinfo", "re");
    char *text = calloc(1, 65536);

    if (!in || !text || fread(text, 1, 65535, in) == 0)
        abort();
    fclose(in);
    return text;
}

/* namespaces(7), "The /proc/sys/user directory": each limit counts every namespace below this user
 * namespace, among which this process' own mount and pid namespaces are. */
static inline bool nst_left_namespaces(void)
{
    static const struct {
        const char *limit, *own;
    } kind[] = {{"/proc/sys/user/max_mnt_namespaces", "2"},
                {"/proc/sys/user/max_pid_namespaces", "2"},
                {"/proc/sys/user/max_user_namespaces", "1"}};
    int flags[] = {CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER}, status = 1;

    for (size_t i = 0; i < 3; i++) {
        if (nst_test_write_file(kind[i].limit, kind[i].own) < 0)
            return true;

        pid_t pid = fork();

        if (!pid)
            _exit(unshare(flags[i]) < 0);
        waitpid(pid, &status, 0);
        if (nst_test_write_file(kind[i].limit, "1000") < 0 || status)
            return true;
    }
    return false;
}

static inline off_t nst_left_size(const char *path)
{
    struct stat status;

    return stat(path, &status) < 0 ? -1 : status.st_size;
}

/* Makes the place and notes what there is. Returns 0 or -1 with errno. */
static inline int nst_left_begin(struct nst_left *ret_left)
{
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("none", "/", NULL, MS_REC | MS_SHARED, NULL) < 0 ||
        mount("proc", "/proc", "proc", 0, NULL) < 0 ||
        mount("tmpfs", "/mnt", "tmpfs", 0, "mode=0755") < 0)
        return -1;
    ret_left->mountinfo = nst_left_mountinfo();
    for (size_t i = 0; i < 2; i++)
        ret_left->names[i] = nst_left_size(nst_left_directories[i]);
    errno = EBUSY;
    return nst_left_namespaces() ? -1 : 0;
}

static inline void nst_left_pause(void)
{
    struct timespec moment = {.tv_nsec = 200000};

    nanosleep(&moment, NULL);
}

/* Namespaces, which take long to look for. What the kernel puts off gets its time. */
static inline const char *nst_left_look_for_namespaces(void)
{
    for (int i = 0; nst_left_namespaces(); i++) {
        if (i > 200)
            return "a namespace";
        nst_left_pause();
    }
    return NULL;
}

/* What else is left, or NULL. What the kernel puts off gets five seconds. */
static inline const char *nst_left_look(const struct nst_left *left)
{
    pid_t pid = 0;

    for (int i = 0; i < 25000 && (pid = waitpid(-1, NULL, WNOHANG)) >= 0; i++)
        if (!pid)
            nst_left_pause();
    if (pid >= 0)
        return "a process";

    char *now = nst_left_mountinfo();
    bool same = strcmp(now, left->mountinfo) == 0;

    free(now);
    for (size_t i = 0; i < 2; i++)
        if (nst_left_size(nst_left_directories[i]) != left->names[i])
            return "a directory";
    return same ? NULL : "a mount";
}

/* Runs BODY there, CTX being a copy or a shared mapping. Returns its status. */
static inline int nst_left_run(int (*body)(void *ctx), void *ctx)
{
    char map[64], path[64];
    uid_t uid = geteuid();
    gid_t gid = getegid();
    int ready[2], status;

    ck_assert_int_eq(pipe(ready), 0);

    pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | SIGCHLD,
                               NULL, NULL, NULL, NULL);

    ck_assert_int_ge(pid, 0);
    if (!pid) {
        char byte;

        close(ready[1]);
        if (read(ready[0], &byte, 1) != 1 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
            _exit(3);
        _exit(body(ctx));
    }
    snprintf(path, sizeof path, "/proc/%d/setgroups", (int)pid);
    nst_test_write_file(path, "deny");
    snprintf(path, sizeof path, "/proc/%d/uid_map", (int)pid);
    snprintf(map, sizeof map, "0 %u 1\n", uid);
    ck_assert_int_eq(nst_test_write_file(path, map), 0);
    snprintf(path, sizeof path, "/proc/%d/gid_map", (int)pid);
    snprintf(map, sizeof map, "0 %u 1\n", gid);
    ck_assert_int_eq(nst_test_write_file(path, map), 0);
    ck_assert_int_eq(write(ready[1], "", 1), 1);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    close(ready[0]);
    close(ready[1]);
    return nst_test_status(status);
}

#endif
