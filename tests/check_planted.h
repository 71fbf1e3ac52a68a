/* Programs planted for the tests of `ns-tool check`: the test's own binary, started with a plant's
 * name. Each returns its exit status. */
#ifndef CHECK_PLANTED_H
#define CHECK_PLANTED_H

#include <signal.h>
#include <sys/prctl.h>

#include <ns-tool/mount_abi.h>
#include <ns-tool/table.h>

#include "nst_test.h"

#define PLANT_FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC)

static void must(bool done)
{
    if (!done) {
        fprintf(stderr, "planted program: %s\n", strerrorname_np(errno));
        _exit(99);
    }
}

static void tmpfs(const char *path, unsigned long flags)
{
    must(mount("planted", path, "tmpfs", flags, NULL) == 0);
}

static void enter(unsigned long propagation)
{
    must(unshare(CLONE_NEWNS) == 0);
    if (propagation)
        must(mount(NULL, "/", NULL, propagation, NULL) == 0);
}

static _Noreturn void begin_payload(void)
{
    execl("/bin/true", "true", NULL);
    _exit(98);
}

/* Runs INSIDE in a child and waits for it. */
static int in_child(void (*inside)(const char *), const char *argument)
{
    int status;
    pid_t pid = fork();

    must(pid >= 0);
    if (!pid) {
        inside(argument);
        begin_payload();
    }
    must(waitpid(pid, &status, 0) == pid);
    return nst_test_status(status);
}

static int plant_clean(const char *argument)
{
    (void)argument;
    enter(MS_REC | MS_PRIVATE);
    tmpfs("/mnt", PLANT_FLAGS);
    must(umount2("/mnt", 0) == 0);
    return 0;
}

static int plant_leak_for_an_instant(const char *argument)
{
    (void)argument;
    enter(0);
    tmpfs("/mnt", PLANT_FLAGS);
    usleep(1000);
    must(umount2("/mnt", 0) == 0);
    return 0;
}

static int plant_leak_left(const char *argument)
{
    (void)argument;
    enter(0);
    tmpfs("/mnt", PLANT_FLAGS);
    return 0;
}

static int plant_namespace_kept(const char *argument)
{
    char path[64];
    pid_t pid = fork();
    int status;

    must(pid >= 0);
    if (!pid) {
        enter(MS_REC | MS_PRIVATE);
        raise(SIGSTOP);
        _exit(0);
    }
    must(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
    snprintf(path, sizeof path, "/proc/%d/ns/mnt", (int)pid);
    must(mount(NULL, "/", NULL, MS_PRIVATE, NULL) == 0); /* else the kernel refuses it */
    must(mount(path, argument, NULL, MS_BIND, NULL) == 0);
    must(mount(NULL, "/", NULL, MS_SHARED, NULL) == 0);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return 0;
}

static int plant_child_left(const char *argument)
{
    pid_t pid = fork();

    (void)argument;
    must(pid >= 0);
    if (!pid) {
        pause();
        _exit(0);
    }
    return 0;
}

static void drop_flag(const char *argument)
{
    (void)argument;
    enter(MS_REC | MS_PRIVATE);
    must(mount("/mnt", "/mnt", NULL, MS_BIND, NULL) == 0);
    must(mount(NULL, "/mnt", NULL, MS_REMOUNT | MS_BIND | MS_NODEV | MS_NOEXEC, NULL) == 0);
}

static int plant_flag_dropped(const char *argument)
{
    int status;

    tmpfs("/mnt", PLANT_FLAGS);
    status = in_child(drop_flag, argument);
    must(umount2("/mnt", 0) == 0);
    return status;
}

/* A namespace in which PROPAGATION holds for all but what is at KEPT and below, which is as in the
 * parent: taken out and put back. */
static void enter_but(const char *kept, unsigned long propagation)
{
    int fd;

    must(unshare(CLONE_NEWNS) == 0);
    fd = (int)syscall(SYS_open_tree, AT_FDCWD, kept, OPEN_TREE_CLONE | AT_RECURSIVE);
    must(fd >= 0 && mount(NULL, "/", NULL, MS_REC | propagation, NULL) == 0);
    must(umount2(kept, MNT_DETACH) == 0);
    must(syscall(SYS_move_mount, fd, "", AT_FDCWD, kept, MOVE_MOUNT_F_EMPTY_PATH) == 0);
    close(fd);
}

static void forget_one(const char *forgotten)
{
    enter_but(forgotten, MS_SLAVE);
}

static int plant_slave_forgotten(const char *argument)
{
    int status;

    (void)argument;
    tmpfs("/mnt", PLANT_FLAGS);
    status = in_child(forget_one, "/mnt");
    must(umount2("/mnt", 0) == 0);
    return status;
}

static int plant_directory_left(const char *argument)
{
    enter(MS_REC | MS_PRIVATE);
    must(mkdir(argument, 0755) == 0);
    tmpfs(argument, PLANT_FLAGS);
    must(umount2(argument, 0) == 0);
    return 0;
}

static int plant_parent_made_private(const char *argument)
{
    (void)argument;
    must(mount(NULL, "/", NULL, MS_PRIVATE, NULL) == 0);
    return 0;
}

static int plant_parent_made_suid(const char *argument)
{
    (void)argument;
    must(mount(NULL, "/proc", NULL, MS_REMOUNT | MS_BIND | MS_NODEV | MS_NOEXEC, NULL) == 0);
    return 0;
}

/* Leaves the first mount in the parent where the second fails. */
static int plant_careless(const char *argument)
{
    (void)argument;
    tmpfs("/mnt", PLANT_FLAGS);
    if (mount("planted", "/mnt", "tmpfs", 0, NULL) < 0)
        return 1;
    must(umount2("/mnt", 0) == 0 && umount2("/mnt", 0) == 0);
    return 0;
}

/* The volume /mnt as KIND, all else private; "shared+": nothing is. */
static void enter_volume(const char *kind)
{
    if (!strcmp(kind, "shared+"))
        enter(0);
    else
        enter_but("/mnt", MS_PRIVATE);
    if (!strcmp(kind, "slave"))
        must(mount(NULL, "/mnt", NULL, MS_REC | MS_SLAVE, NULL) == 0);
    if (!strcmp(kind, "private"))
        must(mount(NULL, "/mnt", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
}

static int plant_volume(const char *kind)
{
    int status;

    tmpfs("/mnt", 0);
    must(mkdir("/mnt/below", 0755) == 0);
    tmpfs("/mnt/below", 0);
    status = in_child(enter_volume, kind);
    must(umount2("/mnt/below", 0) == 0 && umount2("/mnt", 0) == 0);
    return status;
}

static void end_with_7(int signal)
{
    (void)signal;
    _exit(7);
}

static _Noreturn int plant_waits_for_a_signal(const char *argument)
{
    (void)argument;
    signal(SIGTERM, end_with_7);
    must(write(STDOUT_FILENO, "ready\n", 6) == 6);
    for (;;)
        pause();
}

static int plant_copies(const char *argument)
{
    char byte;

    while (read(STDIN_FILENO, &byte, 1) == 1)
        must(write(STDOUT_FILENO, &byte, 1) == 1);
    return atoi(argument);
}

static const struct plant {
    const char *name;
    int (*run)(const char *argument);
} plants[] = {
    {"clean", plant_clean},
    {"leak-for-an-instant", plant_leak_for_an_instant},
    {"leak-left", plant_leak_left},
    {"namespace-kept", plant_namespace_kept},
    {"child-left", plant_child_left},
    {"flag-dropped", plant_flag_dropped},
    {"slave-forgotten", plant_slave_forgotten},
    {"directory-left", plant_directory_left},
    {"parent-made-private", plant_parent_made_private},
    {"parent-made-suid", plant_parent_made_suid},
    {"careless", plant_careless},
    {"volume", plant_volume},
    {"waits-for-a-signal", plant_waits_for_a_signal},
    {"copies", plant_copies},
};

/* The main of a test begins with this: of a plant it doesn't return. */
static void run_if_planted(int argc, char **argv)
{
    if (argc < 3 || strcmp(argv[1], "--plant") != 0)
        return;
    for (size_t i = 0; i < sizeof plants / sizeof *plants; i++)
        if (!strcmp(plants[i].name, argv[2]))
            exit(plants[i].run(argc > 3 ? argv[3] : ""));
    exit(97);
}

/* This binary's path. */
static const char *own_path(void)
{
    static char path[4096];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);

    ck_assert_int_gt(len, 0);
    path[len] = '\0';
    return path;
}

#endif
