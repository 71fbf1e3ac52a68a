/* What the parent shows, read whenever the watch saw something; and what a program finds where it
 * begins. */
#include "check/check.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t id_of(const struct nst_mount *mount)
{
    return mount->unique_id ? mount->unique_id : mount->id;
}

static const struct nst_mount *find(const struct nst_table *table, uint64_t id)
{
    for (size_t i = 0; i < table->len; i++)
        if (id_of(&table->mount[i]) == id)
            return &table->mount[i];
    return NULL;
}

int nst_look_read(struct nst_table *ret_table)
{
    int r = nst_table_read_statmount(0, ret_table);

    return r == -ENOSYS || r == -EPERM ? nst_table_read_mountinfo(0, ret_table) : r;
}

uint64_t nst_look_ns(const struct nst_stage *stage, pid_t pid)
{
    struct stat status;
    char name[32];

    snprintf(name, sizeof name, "%d/ns/mnt", (int)pid);
    return fstatat(stage->proc, name, &status, 0) < 0 ? 0 : status.st_ino;
}

const struct nst_mount *nst_look_find(const struct nst_table *table, const struct nst_mount *like)
{
    return find(table, id_of(like));
}

bool nst_look_allows(const struct nst_check_options *options, const char *path)
{
    for (size_t i = 0; i < options->allows; i++)
        if (!fnmatch(options->allow[i], path, 0))
            return true;
    return false;
}

/* MOUNT, which may be gone already (NULL), was attached. */
static int add(struct nst_stage *stage, uint64_t id, const struct nst_mount *mount)
{
    struct nst_shown *shown;
    char *propagation;

    if (nst_check_grow(&stage->shown, stage->showns, &stage->shown_cap, sizeof *stage->shown) < 0)
        return -ENOMEM;
    shown = &stage->shown[stage->showns++];
    *shown = (struct nst_shown){.id = id, .since = nst_check_now(), .call = stage->latest};
    stage->check->attached++;
    if (!mount) {
        snprintf(shown->what, sizeof shown->what, "a mount");
        return 0;
    }
    propagation = nst_propagation_text(mount);
    snprintf(shown->point, sizeof shown->point, "%s", mount->point);
    snprintf(shown->what, sizeof shown->what, "%s (%s) %s", mount->type, mount->options,
             propagation ? propagation : "");
    free(propagation);
    shown->allowed = nst_look_allows(stage->options, mount->point);
    shown->is_ns = !strcmp(mount->type, "nsfs");
    return 0;
}

static void note_gone(struct nst_stage *stage, uint64_t id)
{
    for (size_t i = stage->showns; i--;) {
        struct nst_shown *shown = &stage->shown[i];

        if (shown->id != id || shown->gone)
            continue;
        shown->gone = true;
        shown->since = nst_check_now() - shown->since; /* how long it was there */
        return;
    }
}

static bool was_shown(const struct nst_stage *stage, uint64_t id)
{
    for (size_t i = 0; i < stage->showns; i++)
        if (stage->shown[i].id == id)
            return true;
    return false;
}

/* What is in NOW and not in the table before, or elsewhere. */
static int compare(struct nst_stage *stage, const struct nst_table *now)
{
    int r = 0;

    for (size_t i = 0; i < stage->last.len; i++) {
        const struct nst_mount *before = &stage->last.mount[i];
        const struct nst_mount *after = find(now, id_of(before));

        if (!after || strcmp(before->point, after->point) != 0)
            note_gone(stage, id_of(before));
    }
    for (size_t i = 0; i < now->len && !r; i++) {
        const struct nst_mount *after = &now->mount[i];
        const struct nst_mount *before = find(&stage->last, id_of(after));

        if (!before || strcmp(before->point, after->point) != 0)
            r = add(stage, id_of(after), after);
    }
    return r;
}

/* Mounts that came and were gone before the table could be read. */
static int add_missed(struct nst_stage *stage, const struct nst_events *events)
{
    int r = 0;

    for (size_t i = 0; i < events->len && !r; i++) {
        const struct nst_event *event = &events->event[i];

        if (event->kind != NST_EVENT_ATTACH || find(&stage->last, event->mount_id) ||
            was_shown(stage, event->mount_id))
            continue;
        r = add(stage, event->mount_id, NULL);
        note_gone(stage, event->mount_id);
    }
    return r;
}

int nst_look(struct nst_stage *stage)
{
    struct nst_events events = {0};
    struct nst_table now;
    int r;

    if (nst_watch_idle(stage->watch))
        return 0;
    r = nst_watch_drain(stage->watch, &events);
    if (r >= 0)
        r = nst_look_read(&now);
    if (r >= 0) {
        r = compare(stage, &now);
        if (!r)
            r = add_missed(stage, &events);
        nst_table_free(&stage->last);
        stage->last = now;
    }
    nst_events_free(&events);
    return r;
}

static int read_inside(const struct nst_stage *stage, pid_t pid, struct nst_table *ret_table)
{
    char name[32];
    int fd, r;

    snprintf(name, sizeof name, "%d/mountinfo", (int)pid);
    fd = openat(stage->proc, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    r = nst_table_read_mountinfo_fd(fd, ret_table);
    close(fd);
    return r;
}

static struct nst_inhabited *find_inhabited(struct nst_stage *stage, uint64_t ns)
{
    for (size_t i = 0; i < stage->inhabiteds; i++)
        if (stage->inhabited[i].ns == ns)
            return &stage->inhabited[i];
    return NULL;
}

/* What was connected when the last program began and isn't any more counts no longer. */
static void note_later(struct nst_inhabited *inhabited, const struct nst_table *now)
{
    for (size_t i = 0; i < inhabited->table.len; i++) {
        struct nst_mount *mount = &inhabited->table.mount[i];
        const struct nst_mount *later = nst_table_find(now, mount->id);

        if (later) {
            mount->peer_group = later->peer_group;
            mount->master = later->master;
        }
    }
}

void nst_look_inside(struct nst_stage *stage, pid_t pid, const char *process, size_t call,
                     bool begins)
{
    uint64_t ns = nst_look_ns(stage, pid);
    struct nst_inhabited *inhabited = find_inhabited(stage, ns);
    struct nst_table table;

    if (!ns || ns == stage->parent || (!begins && !inhabited) ||
        read_inside(stage, pid, &table) < 0)
        return;
    if (!begins) {
        note_later(inhabited, &table);
        nst_table_free(&table);
        return;
    }
    if (!inhabited) {
        if (nst_check_grow(&stage->inhabited, stage->inhabiteds, &stage->inhabited_cap,
                           sizeof *stage->inhabited) < 0) {
            nst_table_free(&table);
            return;
        }
        inhabited = &stage->inhabited[stage->inhabiteds++];
        *inhabited = (struct nst_inhabited){.ns = ns};
        stage->check->namespaces++;
    }
    nst_table_free(&inhabited->table);
    nst_table_free(&inhabited->parent);
    inhabited->table = table;
    if (nst_look_read(&inhabited->parent) < 0)
        inhabited->parent = (struct nst_table){0};
    inhabited->pid = pid;
    inhabited->call = call;
    snprintf(inhabited->process, sizeof inhabited->process, "%s", process);
}
