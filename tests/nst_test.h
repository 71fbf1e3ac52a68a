/* What the tests share: running the tool, capturing what it says, seeds, namespaces to test in.
 * Everything here fails the running libcheck test by itself when the test's own machinery fails. */
#ifndef NST_TEST_H
#define NST_TEST_H

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NST_TEST_NOBODY 65534

struct nst_test_run {
    int status; /* exit status, or 128 + the signal that killed it */
    char *out;  /* both NUL-terminated, owned */
    char *err;
};

/* The ns-tool of this build; ctest sets NST_TOOL. */
static inline const char *nst_test_tool(void)
{
    const char *tool = getenv("NST_TOOL");

    if (!tool) {
        fprintf(stderr, "NST_TOOL must name the ns-tool to test; ctest sets it\n");
        abort();
    }
    return tool;
}

/* Whether this is root in the initial user namespace, which owns every user id. */
static inline bool nst_test_real_root(void)
{
    unsigned long inside = 1, outside = 1, count = 0;
    FILE *map = fopen("/proc/self/uid_map", "re");

    if (map && fscanf(map, "%lu %lu %lu", &inside, &outside, &count) != 3)
        count = 0;
    if (map)
        fclose(map);
    return geteuid() == 0 && inside == 0 && outside == 0 && count == UINT32_MAX;
}

/* What a main returns where the kernel doesn't let the tests run: 77 (skipped), or 1 where
 * NST_REQUIRE_KERNEL=1 says that it must. */
static inline int nst_test_cannot(const char *why)
{
    const char *require = getenv("NST_REQUIRE_KERNEL");
    bool required = require && strcmp(require, "1") == 0;

    fprintf(stderr, "%s: %s (%s)\n", required ? "failed" : "skipped", why, strerrorname_np(errno));
    return required ? 1 : 77;
}

/* Runs SUITE, which it frees, as verbosely as CK_VERBOSITY says. Returns what a main does. */
static inline int nst_test_run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);

    srunner_run_all(runner, CK_ENV);

    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed ? 1 : 0;
}

/* NST_SEED, or a new seed; printed, so that a failure can be repeated. */
static inline unsigned int nst_test_seed(void)
{
    const char *given = getenv("NST_SEED");
    struct timespec now;
    unsigned int seed;

    clock_gettime(CLOCK_MONOTONIC, &now);
    seed = given ? (unsigned int)strtoul(given, NULL, 0) : (unsigned int)now.tv_nsec;
    fprintf(stderr, "NST_SEED=%u\n", seed);
    return seed;
}

/* A temporary directory; to be freed, and removed with rmdir() when empty. */
static inline char *nst_test_directory(void)
{
    char *path = strdup("/tmp/nst_test.XXXXXX");

    ck_assert_ptr_nonnull(path);
    ck_assert_ptr_nonnull(mkdtemp(path));
    return path;
}

static inline int nst_test_write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    ssize_t len = fd < 0 ? -1 : write(fd, text, strlen(text));

    if (fd >= 0)
        close(fd);
    return len < 0 ? -errno : 0;
}

/* Moves the process to a mount namespace whose tree is shared, as a systemd host's is, with no peer
 * outside: what leaks from a child shows here, and never on the host. Root isn't needed where user
 * namespaces are allowed. Returns 0 or -1 with errno. */
static inline int nst_test_enter_shared(void)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();
    char map[64];

    if (unshare(CLONE_NEWNS) < 0) {
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
            return -1;
        nst_test_write_file("/proc/self/setgroups", "deny");
        snprintf(map, sizeof(map), "0 %u 1\n", gid);
        if (nst_test_write_file("/proc/self/gid_map", map) < 0)
            return -1;
        snprintf(map, sizeof(map), "0 %u 1\n", uid);
        if (nst_test_write_file("/proc/self/uid_map", map) < 0)
            return -1;
    }
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return -1;
    return mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL);
}

/* Starts the tool with `args` (NULL-terminated, without its name), standard output and error going
 * to the two descriptors; as nobody if `ordinary`, which needs a real root. */
static inline pid_t nst_test_spawn(const char *const *args, bool ordinary, int out, int err)
{
    int tool = open(nst_test_tool(), O_RDONLY | O_CLOEXEC);
    char *argv[2048] = {"ns-tool"};
    pid_t pid;

    ck_assert_int_ge(tool, 0);
    for (size_t i = 0; args[i]; i++) {
        ck_assert_uint_lt(i, 2046);
        argv[i + 1] = (char *)(uintptr_t)args[i];
    }
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        if (ordinary && (setgroups(0, NULL) < 0 ||
                         setresgid(NST_TEST_NOBODY, NST_TEST_NOBODY, NST_TEST_NOBODY) < 0 ||
                         setresuid(NST_TEST_NOBODY, NST_TEST_NOBODY, NST_TEST_NOBODY) < 0))
            _exit(126);
        if (dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
            _exit(126);
        fexecve(tool, argv, environ);
        _exit(127);
    }
    close(tool);
    return pid;
}

/* --findings: those of the source tree, wherever the test runs. */
static inline const char *nst_test_findings(void)
{
    static char option[4200];
    const char *source = getenv("NST_SOURCE_DIR");

    snprintf(option, sizeof option, "--findings=%s/corpus/findings", source ? source : ".");
    return option;
}

static inline int nst_test_memory(void)
{
    int fd = memfd_create("nst_test", MFD_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    return fd;
}

/* All that was written to `fd`, NUL-terminated, owned; closes it. */
static inline char *nst_test_take(int fd)
{
    struct stat status;
    size_t size;
    char *text;

    ck_assert_int_eq(fstat(fd, &status), 0);
    size = (size_t)status.st_size;
    text = calloc(1, size + 1);
    ck_assert_ptr_nonnull(text);
    ck_assert_int_eq(pread(fd, text, size, 0), status.st_size);
    close(fd);
    return text;
}

static inline int nst_test_status(int wait_status)
{
    return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

/* The first child process of PID; 0: it has none. */
static inline pid_t nst_test_child(pid_t pid)
{
    pid_t child = 0;
    char path[64];
    FILE *in;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
    in = fopen(path, "re");
    if (in && fscanf(in, "%d", &child) != 1)
        child = 0;
    if (in)
        fclose(in);
    return child;
}

/* Runs the tool to its end. */
static inline struct nst_test_run nst_test_run_tool(const char *const *args, bool ordinary)
{
    struct nst_test_run run = {0};
    int out = nst_test_memory(), err = nst_test_memory(), wait_status;
    pid_t pid = nst_test_spawn(args, ordinary, out, err);

    ck_assert_int_eq(waitpid(pid, &wait_status, 0), pid);
    run.status = nst_test_status(wait_status);
    run.out = nst_test_take(out);
    run.err = nst_test_take(err);
    return run;
}

static inline void nst_test_run_free(struct nst_test_run *run)
{
    free(run->out);
    free(run->err);
}

#endif
