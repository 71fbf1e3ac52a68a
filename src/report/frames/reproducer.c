/* Stand-alone: cc -Wall -Wextra -Werror -o reproducer THIS_FILE && ./reproducer
 *
 * Exit status: 1 everything goes as it is said below, so the finding is there; 0 it doesn't; 77 it
 * can't run here (user namespaces aren't allowed). It runs as root and as an ordinary user, in a
 * user, pid and mount namespace of its own, whose end takes everything with it. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr 467
#endif
#define MAYBE __attribute__((unused))

enum { ACTORS = 65, NAMES = 4096, NEW = 0x7e020080 | 0x200 };

/* What all processes share. */
struct shared {
    pid_t pid[ACTORS]; /* of each actor, as this program's /proc numbers it */
    int alive[ACTORS], made;
    long answer;
    int error, ended;
};
static struct shared *shared;
static int wake[ACTORS][2], done[2], proc = -1;

/* What an actor says: that it began, which may come before its maker's answer or after it, and that
 * a call answered. */
static const char started = 0, answered = 1;
static int self;      /* this process's actor; 0: the observer */
static int fd[NAMES]; /* descriptors by the names that the calls below give them */

static void live(int actor);

/* TEXT with /proc/ACTOR and /proc/self/fd/NAME as they are numbered here. */
MAYBE static const char *path(const char *text)
{
    static char name[2][4400];
    static int which;
    char *end;
    long number;

    if (!text || strncmp(text, "/proc/", 6) != 0)
        return text;
    which = !which;
    if (strncmp(text + 6, "self/fd/", 8) == 0) {
        number = strtol(text + 14, &end, 10);
        if (end == text + 14 || number < 0 || number >= NAMES || fd[number] < 0)
            return text;
        snprintf(name[which], sizeof name[which], "/proc/self/fd/%d%s", fd[number], end);
        return name[which];
    }
    number = strtol(text + 6, &end, 10);
    if (end == text + 6 || number <= 0 || number >= ACTORS || !shared->pid[number])
        return text;
    snprintf(name[which], sizeof name[which], "/proc/%d%s", (int)shared->pid[number], end);
    return name[which];
}

/* The descriptor called NAME. */
MAYBE static long d(long name)
{
    return name < 0 ? name : name < NAMES ? fd[name] : -1;
}

/* A call that gives a descriptor, which is called NAME from now on (-1: by its number). */
MAYBE static long named(long name, long result)
{
    if (name < 0)
        name = result;
    if (result >= 0 && name < NAMES)
        fd[name] = (int)result;
    return result;
}

MAYBE static long do_close(long name)
{
    long result = close((int)d(name));

    if (result == 0 && name >= 0 && name < NAMES)
        fd[name] = -1;
    return result;
}

static void write_at(const char *name, const char *format, unsigned id)
{
    char text[64];
    int file = openat(proc, name, O_WRONLY | O_CLOEXEC);

    snprintf(text, sizeof text, format, id);
    if (file >= 0 && write(file, text, strlen(text)) < 0)
        fprintf(stderr, "writing %s: %s\n", name, strerror(errno));
    if (file >= 0)
        close(file);
}

/* Root there is who made it. */
static void map_ids(unsigned uid, unsigned gid)
{
    write_at("self/setgroups", "deny", 0);
    write_at("self/gid_map", "0 %u 1\n", gid);
    write_at("self/uid_map", "0 %u 1\n", uid);
}

MAYBE static long do_unshare(unsigned long flags)
{
    unsigned uid = geteuid(), gid = getegid();
    long result = syscall(SYS_unshare, flags);

    if (result == 0 && flags & CLONE_NEWUSER)
        map_ids(uid, gid);
    return result;
}

MAYBE static long do_setns(long name, long flags)
{
    long result = syscall(SYS_setns, d(name), flags);
    int error = errno;

    prctl(PR_SET_DUMPABLE, 1); /* new credentials may have cleared it; /proc is to be read */
    errno = error;
    return result;
}

MAYBE static long do_clone(unsigned long flags, int actor)
{
    unsigned uid = geteuid(), gid = getegid();
    long pid;

    flags &= NEW;
    if (getpid() != 1)
        flags |= CLONE_PARENT; /* a child of the observer */
    pid = syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid == 0) {
        if (flags & CLONE_NEWUSER)
            map_ids(uid, gid);
        live(actor);
    }
    if (pid > 0)
        shared->made = actor;
    return pid;
}

MAYBE static long do_exit(int status)
{
    shared->ended = 1;
    if (write(done[1], &answered, 1) < 0)
        _exit(1);
    _exit(status);
}

MAYBE static long do_kill(int actor, int signal)
{
    if (actor == self)
        return kill(getpid(), signal);
    if (actor <= 0 || actor >= ACTORS || !shared->alive[actor]) {
        errno = ESRCH;
        return -1;
    }
    return kill(shared->pid[actor], signal);
}

struct attr {
    uint64_t set, clr, propagation, userns_fd;
};

MAYBE static long do_mount_setattr(long at, const char *name, long flags, uint64_t set,
                                   uint64_t clr, uint64_t propagation, long userns)
{
    struct attr attr = {set, clr, propagation, set & 0x100000 ? (uint64_t)d(userns) : 0};

    return syscall(SYS_mount_setattr, d(at), path(name), flags, &attr, sizeof attr);
}

MAYBE static long do_open_tree_attr(long as, long at, const char *name, long flags, uint64_t set,
                                    uint64_t clr, uint64_t propagation, long userns)
{
    struct attr attr = {set, clr, propagation, set & 0x100000 ? (uint64_t)d(userns) : 0};

    return named(as, syscall(SYS_open_tree_attr, d(at), path(name), flags, &attr, sizeof attr));
}

MAYBE static long do_fsconfig(long name, unsigned command, const char *key, const char *value,
                              long aux)
{
    if (command == 3 || command == 4) /* FSCONFIG_SET_PATH, _EMPTY */
        return syscall(SYS_fsconfig, d(name), command, key, path(value), d(aux));
    return syscall(SYS_fsconfig, d(name), command, key, value, command == 5 ? d(aux) : aux);
}

struct call {
    int actor;
    long (*run)(void);
    int error; /* that it fails with; 0: it succeeds; -1: whatever */
    const char *text;
};

/* What a namespace shows when all is done, seen by an actor; 0 is the observer in the parent. */
struct view {
    int actor;
    const char *table;
};

/*CALLS*/

static void fail(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, ": %s\n", strerror(errno));
    _exit(77);
}

/* An actor: performs its calls as they come. */
static void live(int actor)
{
    char link[32] = "";
    unsigned i;

    self = actor;
    if (readlinkat(proc, "self", link, sizeof link - 1) > 0)
        shared->pid[actor] = atoi(link);
    shared->alive[actor] = 1;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (write(done[1], &started, 1) != 1)
        _exit(1);
    while (read(wake[actor][0], &i, sizeof i) == sizeof i) {
        errno = 0;
        shared->answer = calls[i].run();
        shared->error = shared->answer < 0 ? errno : 0;
        if (write(done[1], &answered, 1) != 1)
            break;
    }
    _exit(0);
}

/* Waits for WORD, a minute at most. Of ACTOR, unless it is 0, until it has ended. */
static int wait_for_word(char word, int actor)
{
    static unsigned heard[2];
    struct pollfd poll_fd = {done[0], POLLIN, 0};
    char byte;
    int i;

    for (i = 0; i < 600; i++) {
        while (!heard[(int)word] && poll(&poll_fd, 1, 100) == 1) {
            if (read(done[0], &byte, 1) != 1)
                return 0;
            heard[(int)byte]++;
        }
        if (heard[(int)word]) {
            heard[(int)word]--;
            return 1;
        }
        if (actor && waitpid(shared->pid[actor], NULL, WNOHANG) == shared->pid[actor])
            return 0;
    }
    return 0;
}

struct renamer {
    char key[512][24];
    unsigned len;
};

static unsigned rename_one(struct renamer *names, const char *key)
{
    unsigned i = 0;

    while (i < names->len && strcmp(names->key[i], key) != 0)
        i++;
    if (i == names->len && i < 512)
        snprintf(names->key[names->len++], sizeof names->key[0], "%s", key);
    return i + 1;
}

static void add(char *to, size_t size, const char *format, ...)
{
    size_t len = strlen(to);
    va_list args;

    va_start(args, format);
    vsnprintf(to + len, size - len, format, args);
    va_end(args);
}

/* What ACTOR's mountinfo says, a line a mount, with numbers in order of appearance. */
static void show(int actor, struct renamer names[3], char *to, size_t size)
{
    char name[32], *line = NULL;
    size_t cap = 0;
    int file;
    FILE *in;

    *to = '\0';
    snprintf(name, sizeof name, "%d/mountinfo", actor ? (int)shared->pid[actor] : (int)getpid());
    file = openat(proc, name, O_RDONLY | O_CLOEXEC);
    in = file < 0 ? NULL : fdopen(file, "r");
    while (in && getline(&line, &cap, in) > 0) {
        char *save = NULL, *field = strtok_r(line, " \n", &save);
        int n = 0;

        for (; field; field = strtok_r(NULL, " \n", &save), n++) {
            if (n < 2)
                add(to, size, "%s%u", n ? " " : "", rename_one(&names[0], field));
            else if (n == 2)
                add(to, size, " %u", rename_one(&names[1], field));
            else if (strncmp(field, "mnt:[", 5) == 0)
                add(to, size, " mnt:");
            else if (n > 5 && strncmp(field, "shared:", 7) == 0)
                add(to, size, " shared:%u", rename_one(&names[2], field + 7));
            else if (n > 5 && strncmp(field, "master:", 7) == 0)
                add(to, size, " master:%u", rename_one(&names[2], field + 7));
            else if (n > 5 && strncmp(field, "propagate_from:", 15) == 0)
                continue;
            else if (strcmp(field, "-") == 0 && n > 5)
                break;
            else
                add(to, size, " %s", field);
        }
        field = strtok_r(NULL, " \n", &save);
        add(to, size, " - %s\n", field ? field : "?");
    }
    free(line);
    if (in)
        fclose(in);
}

static int differs(unsigned i)
{
    const struct call *call = &calls[i];

    if (!shared->alive[call->actor]) {
        printf("%s\n    not performed: its actor is gone\n", call->text);
        return call->error != -1;
    }
    shared->made = 0;
    if (write(wake[call->actor][1], &i, sizeof i) != sizeof i ||
        !wait_for_word(answered, call->actor)) {
        shared->alive[call->actor] = 0;
        printf("%s\n    no answer\n", call->text);
        return call->error != -1;
    }
    if (shared->ended) {
        shared->ended = shared->alive[call->actor] = 0;
        printf("%s = ?\n", call->text);
        return call->error != -1;
    }
    if (shared->made && !wait_for_word(started, 0))
        fail("starting actor %d", shared->made);
    printf("%s = %s\n", call->text, shared->error ? strerror(shared->error) : "0");
    if (call->error != -1 && call->error != shared->error) {
        printf("    was: %s\n", call->error ? strerror(call->error) : "0");
        return 1;
    }
    return 0;
}

static int views_differ(void)
{
    static struct renamer names[3];
    static char table[1 << 18];
    int different = 0;
    unsigned i;

    for (i = 0; i < VIEWS; i++) {
        show(views[i].actor, names, table, sizeof table);
        if (strcmp(table, views[i].table) == 0)
            continue;
        printf("actor %d sees:\n%swas:\n%s", views[i].actor, table, views[i].table);
        different = 1;
    }
    return different;
}

/* A small tree on a tmpfs becomes the root, shared: the parent. */
static void make_world(void)
{
    static const char *const top[] = {"mnt", "tmp", "a", "b", "c", "d"};
    char name[8];
    unsigned i, n;

    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        fail("making / private");
    if (mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") < 0 || chdir("/tmp") < 0)
        fail("mounting a tmpfs");
    umask(0);
    for (i = 0; i < sizeof top / sizeof *top; i++) {
        if (mkdir(top[i], 0755) < 0)
            fail("mkdir %s", top[i]);
        for (n = 0; i >= 2 && n < 4; n++) {
            snprintf(name, sizeof name, "%s/%c", top[i], (char)('a' + (char)n));
            if (mkdir(name, 0755) < 0)
                fail("mkdir %s", name);
        }
    }
    if (mkdir("proc", 0755) < 0 ||
        mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        fail("mounting proc");
    if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
        fail("making the small world");
}

/* Descriptors of this program's own stand where the calls' don't. */
static int high(int number)
{
    int moved = fcntl(number, F_DUPFD_CLOEXEC, 700);

    if (moved < 0)
        fail("moving a descriptor");
    close(number);
    return moved;
}

static void make_pipe(int pipe_fd[2])
{
    if (pipe2(pipe_fd, O_CLOEXEC) < 0)
        fail("making a pipe");
    pipe_fd[0] = high(pipe_fd[0]);
    pipe_fd[1] = high(pipe_fd[1]);
}

static int observe(void)
{
    unsigned i;
    int different = 0;

    signal(SIGPIPE, SIG_IGN);
    make_world();
    proc = high(open("/proc", O_PATH | O_DIRECTORY));
    for (i = 0; i < NAMES; i++)
        fd[i] = -1;
    for (i = 0; i < CALLS; i++)
        if (!wake[calls[i].actor][1])
            make_pipe(wake[calls[i].actor]);
    make_pipe(done);
    if (fork() == 0)
        live(calls[0].actor);
    if (!wait_for_word(started, 0))
        fail("starting the first actor");
    for (i = 0; i < CALLS; i++)
        different |= differs(i);
    different |= views_differ();
    puts(different ? "not as it was: the finding is gone" : "as it was: the finding is there");
    fflush(stdout);
    return different ? 0 : 1;
}

/* A sandbox's processes stay on one core, where some of what a kernel does differs across cores. */
static void stay_on_one_core(void)
{
    cpu_set_t may, one;
    int cpu = 0;

    if (sched_getaffinity(0, sizeof may, &may) < 0)
        return;
    while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, &may))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof one, &one);
}

int main(void)
{
    unsigned uid = geteuid(), gid = getegid();
    int status;
    pid_t pid;

    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        fail("mapping memory");
    stay_on_one_core();
    proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (unshare(NAMESPACES | CLONE_NEWNS | CLONE_NEWPID) < 0)
        fail("making namespaces");
    if (NAMESPACES)
        map_ids(uid, gid);
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        _exit(observe());
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        fail("starting");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 77;
}
