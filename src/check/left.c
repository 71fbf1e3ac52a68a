/* What is left when the command has ended. */
#include "check/check.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of process PID: its state, its parent, and its name, which may hold anything but NUL. */
static bool read_stat(const struct nst_stage *stage, pid_t pid, char *ret_state, pid_t *ret_parent,
                      char *name, size_t size)
{
    char path[32], text[512], *open_at, *close_at;
    int fd;
    ssize_t len = -1;

    snprintf(path, sizeof path, "%d/stat", (int)pid);
    fd = openat(stage->proc, path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        len = read(fd, text, sizeof text - 1);
        close(fd);
    }
    text[len > 0 ? len : 0] = '\0';
    open_at = strchr(text, '(');
    close_at = strrchr(text, ')');
    if (!open_at || !close_at || sscanf(close_at + 1, " %c %d", ret_state, ret_parent) != 2)
        return false;
    snprintf(name, size, "%.*s", (int)(close_at - open_at - 1), open_at + 1);
    return true;
}

/* Whether PID came from this process, through parents that live: whose parent died has this one. */
static bool is_ours(const struct nst_stage *stage, pid_t pid)
{
    pid_t own = getpid();
    char state, name[32];

    while (pid > 1 && pid != own)
        if (!read_stat(stage, pid, &state, &pid, name, sizeof name))
            return false;
    return pid == own;
}

/* Calls EACH with every process of the command that lives. */
static size_t for_each(struct nst_stage *stage,
                       void (*each)(struct nst_stage *, pid_t, const char *))
{
    int fd = openat(stage->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    size_t found = 0;

    if (!directory) {
        if (fd >= 0)
            close(fd);
        return 0;
    }
    while ((entry = readdir(directory))) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10), parent;
        char name[32], state;

        if (!isdigit((unsigned char)entry->d_name[0]) || pid == getpid() ||
            !read_stat(stage, pid, &state, &parent, name, sizeof name) || state == 'Z' ||
            !is_ours(stage, pid))
            continue;
        found++;
        if (each)
            each(stage, pid, name);
    }
    closedir(directory);
    return found;
}

bool nst_left_any(const struct nst_stage *stage)
{
    return for_each((struct nst_stage *)(uintptr_t)stage, NULL) > 0;
}

static void kill_one(struct nst_stage *stage, pid_t pid, const char *name)
{
    (void)stage;
    (void)name;
    kill(pid, SIGKILL);
}

void nst_left_kill(const struct nst_stage *stage)
{
    for_each((struct nst_stage *)(uintptr_t)stage, kill_one);
}

static void add_process(struct nst_stage *stage, pid_t pid, const char *name)
{
    uint64_t ns = nst_look_ns(stage, pid);
    struct nst_check_finding *finding = nst_check_add(
        stage, NST_CHECK_CLEANUP, SIZE_MAX, name, "process %s (pid %d) still runs%s", name,
        (int)pid, ns && ns != stage->parent ? ", and keeps a mount namespace of its own" : "");

    if (finding) {
        finding->pid = (int)pid;
        snprintf(finding->process, sizeof finding->process, "%s", name);
    }
}

/* What a killed process leaves running isn't its fault. */
void nst_left_processes(struct nst_stage *stage)
{
    if (stage->options->host || stage->options->fault == NST_CHECK_KILLS || stage->check->timed_out)
        return;
    for_each(stage, add_process);
}

static void add_shown(struct nst_stage *stage, struct nst_shown *shown)
{
    const char *point = *shown->point ? shown->point : "somewhere";
    struct nst_check_finding *finding;

    if (shown->gone)
        finding = nst_check_add(stage, NST_CHECK_ISOLATION, shown->call, shown->point,
                                "%s: %s showed in the parent for %.1f ms", point, shown->what,
                                shown->since);
    else
        finding = nst_check_add(stage, NST_CHECK_ISOLATION, shown->call, shown->point,
                                "%s: %s shows in the parent", point, shown->what);
    if (finding && shown->gone)
        finding->milliseconds = shown->since;
    if (shown->gone)
        return;
    if (shown->is_ns)
        nst_check_add(stage, NST_CHECK_CLEANUP, shown->call, shown->point,
                      "%s: a namespace is kept by a bind of its file", point);
    else
        nst_check_add(stage, NST_CHECK_CLEANUP, shown->call, shown->point,
                      "%s: %s is left in the parent", point, shown->what);
}

/* What was there before, and isn't, or isn't so any more. */
static void compare(struct nst_stage *stage)
{
    struct nst_table now;

    if (nst_look_read(&now) < 0)
        return;
    for (size_t i = 0; i < stage->before.len; i++) {
        const struct nst_mount *before = &stage->before.mount[i],
                               *after = nst_look_find(&now, before);
        struct nst_change change = {after ? NST_CHANGED : NST_VANISHED, before, after};
        bool same = after && !strcmp(before->options, after->options) &&
                    before->peer_group == after->peer_group && before->master == after->master &&
                    before->unbindable == after->unbindable;
        char *text = same ? NULL : nst_change_text(&change, NULL);

        if (!same)
            nst_check_add(stage,
                          after && strcmp(before->options, after->options) != 0
                              ? NST_CHECK_FLAGS
                              : NST_CHECK_ISOLATION,
                          stage->changing, before->point, "the parent's own mount: %s",
                          text ? text : before->point);
        free(text);
    }
    nst_table_free(&now);
}

void nst_left_mounts(struct nst_stage *stage)
{
    for (size_t i = 0; i < stage->showns; i++)
        if (!stage->shown[i].allowed)
            add_shown(stage, &stage->shown[i]);
    compare(stage);
}

void nst_left_spots(struct nst_stage *stage)
{
    for (size_t i = 0; i < stage->spots; i++) {
        const struct nst_spot *spot = &stage->spot[i];
        struct stat status;

        if (nst_look_allows(stage->options, spot->path) || !spot->mounted ||
            stat(spot->path, &status) < 0 || status.st_dev != spot->dev ||
            status.st_ino != spot->ino)
            continue;
        nst_check_add(stage, NST_CHECK_CLEANUP, spot->call, spot->path,
                      "%s: a directory made to mount on is left", spot->path);
    }
}
