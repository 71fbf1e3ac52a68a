/* Ways to have a call go as its log says. Each is tried on the model, from the start; the first by
 * which the call goes is taken. */
#include "import/import.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <ns-tool/mount_abi.h>

/* Which arguments of a call are paths that must be there, and of which only the way must be. */
static const struct {
    enum nst_call_id id;
    int8_t path[2]; /* -1: no more */
    bool way_only;
} needs[] = {
    {NST_CALL_MKDIR, {0, -1}, true},          {NST_CALL_MKDIRAT, {1, -1}, true},
    {NST_CALL_RMDIR, {0, -1}, false},         {NST_CALL_UNLINK, {0, -1}, false},
    {NST_CALL_UNLINKAT, {1, -1}, false},      {NST_CALL_SYMLINK, {1, -1}, true},
    {NST_CALL_RENAME, {0, -1}, false},        {NST_CALL_OPEN, {0, -1}, false},
    {NST_CALL_OPENAT, {1, -1}, false},        {NST_CALL_CHDIR, {0, -1}, false},
    {NST_CALL_CHROOT, {0, -1}, false},        {NST_CALL_MOUNT, {0, 1}, false},
    {NST_CALL_UMOUNT2, {0, -1}, false},       {NST_CALL_PIVOT_ROOT, {0, 1}, false},
    {NST_CALL_OPEN_TREE, {1, -1}, false},     {NST_CALL_OPEN_TREE_ATTR, {1, -1}, false},
    {NST_CALL_MOVE_MOUNT, {1, 3}, false},     {NST_CALL_FSPICK, {1, -1}, false},
    {NST_CALL_MOUNT_SETATTR, {1, -1}, false},
};

/* Who makes something, where in the draft, and from which directory. */
struct maker {
    struct nst_draft *draft;
    struct nst_sequence *strings; /* owns the paths */
    size_t at;                    /* in the draft; moved behind what is made */
    uint32_t actor;
    uint64_t from; /* a descriptor, or NST_AT_FDCWD */
};

/* Makes TEXT, of LEN bytes. */
static int make(struct maker *maker, const char *text, size_t len, bool file)
{
    struct nst_item item = {.made = true};
    const char *path = nst_sequence_string(maker->strings, text, len);

    if (!path)
        return -ENOMEM;
    item.call =
        (struct nst_call){.id = file ? NST_CALL_OPENAT : NST_CALL_MKDIRAT, .actor = maker->actor};
    item.call.expect.kind = NST_SUCCEEDS;
    item.call.arg[0].num = maker->from;
    item.call.arg[1].str = path;
    if (file) {
        item.call.arg[2].num = O_WRONLY | O_CREAT | O_EXCL;
        item.call.arg[3].num = 0644;
        item.call.expect.value = 1000; /* a name that nothing else has; closed at once */
    } else if (maker->from == NST_AT_FDCWD) {
        item.call.id = NST_CALL_MKDIR;
        item.call.arg[0].str = path;
        item.call.arg[1].num = 0755;
    } else {
        item.call.arg[2].num = 0755;
    }
    if (nst_draft_add(maker->draft, maker->at++, &item) < 0)
        return -ENOMEM;
    if (!file)
        return 0;
    item.call = (struct nst_call){.id = NST_CALL_CLOSE, .actor = maker->actor};
    item.call.arg[0].num = 1000;
    item.call.expect.kind = NST_SUCCEEDS;
    return nst_draft_add(maker->draft, maker->at++, &item);
}

/* The same with the way to it. */
static int make_path(struct maker *maker, const char *path, bool file, bool way_only)
{
    size_t end = strlen(path);

    while (end > 1 && path[end - 1] == '/')
        end--;
    for (size_t i = 1; i < end; i++)
        if (path[i] == '/' && path[i - 1] != '/' && make(maker, path, i, false))
            return -ENOMEM;
    return way_only || (end <= 1 && *path == '/') ? 0 : make(maker, path, end, file);
}

/* PATH without its first N names. */
static const char *skip(const char *path, unsigned n)
{
    for (; n && *path; n--) {
        path += strspn(path, "/");
        path += strcspn(path, "/");
    }
    return path;
}

/* Adds what mounts a tmpfs at PATH, a directory. */
static int make_mount(struct maker *maker, const char *path)
{
    struct nst_item item = {.made = true};

    item.call = (struct nst_call){.id = NST_CALL_MOUNT, .actor = 1};
    item.call.arg[0].str = "none";
    item.call.arg[1].str = path;
    item.call.arg[2].str = "tmpfs";
    item.call.expect.kind = NST_SUCCEEDS;
    return nst_draft_add(maker->draft, maker->at++, &item);
}

/* Whether CALL is about a mount that stands at its path. */
static bool is_of_a_mount(const struct nst_call *call)
{
    const uint64_t types = MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE;

    return call->id == NST_CALL_UMOUNT2 || call->id == NST_CALL_MOUNT_SETATTR ||
           (call->id == NST_CALL_MOUNT && call->arg[3].num & (MS_REMOUNT | types));
}

/* Behind what was made at the start already. */
static size_t start_of(const struct nst_draft *draft)
{
    size_t at = 0;

    while (at < draft->len && draft->item[at].made && draft->item[at].call.actor == 1)
        at++;
    return at;
}

/* What is made at the end of a path. */
enum kind { DIRECTORY, A_FILE, A_MOUNT };

/* One way: what the call's paths need is made, the last ones as KIND; before it, or at the
 * start without the first SKIPPED names. Returns 1 where there is such a way. */
static int make_needs(struct nst_draft *draft, struct nst_sequence *strings, size_t at,
                      enum kind kind, bool at_start, unsigned skipped)
{
    const struct nst_call call = draft->item[at].call;
    struct maker maker = {.draft = draft,
                          .strings = strings,
                          .at = at_start ? start_of(draft) : at,
                          .actor = at_start ? 1 : call.actor};
    bool any = false;
    int r = 0;

    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++)
        for (size_t n = 0; needs[i].id == call.id && n < 2 && needs[i].path[n] >= 0 && !r; n++) {
            size_t index = (size_t)needs[i].path[n];
            const char *path = call.arg[index].str;
            bool way_only =
                needs[i].way_only || ((call.id == NST_CALL_OPEN || call.id == NST_CALL_OPENAT) &&
                                      call.arg[index + 1].num & O_CREAT);

            if (!path || !*path || !strncmp(path, "/proc/", 6) ||
                (call.id == NST_CALL_MOUNT && !n && !(call.arg[3].num & (MS_BIND | MS_MOVE))))
                continue;
            path = skip(path, skipped);
            if (!*path || (at_start && *path != '/'))
                continue;
            any = true;
            maker.from =
                *path != '/' && index && nst_calls[call.id].arg[index - 1].kind == NST_ARG_FD
                    ? call.arg[index - 1].num
                    : NST_AT_FDCWD;
            r = make_path(&maker, path, kind == A_FILE, way_only);
            if (!r && kind == A_MOUNT)
                r = make_mount(&maker, path);
        }
    return r < 0 ? r : any;
}

/* Whether call AT, which SHIFT others were put before, goes in DRAFT; -ENOMEM. */
static int goes(struct nst_draft *draft, size_t at)
{
    const char *unknown;
    int error;
    int64_t first = nst_import_perform(draft, false, &error, &unknown);

    return first < 0 ? (int)first : (size_t)first > at;
}

/* Takes TRIAL in place of DRAFT, whose strings stay. */
static void take(struct nst_draft *draft, struct nst_draft *trial)
{
    free(draft->item);
    draft->item = trial->item;
    draft->len = trial->len;
    draft->cap = trial->cap;
}

static int try_to_make(struct nst_draft *draft, size_t at, enum kind kind, bool at_start,
                       unsigned skipped)
{
    struct nst_draft trial;
    int r = nst_draft_copy(draft, &trial);

    if (r < 0)
        return r;
    r = make_needs(&trial, &draft->strings, at, kind, at_start, skipped);
    if (r > 0)
        r = goes(&trial, at + trial.len - draft->len);
    if (r > 0)
        take(draft, &trial);
    else
        free(trial.item);
    return r;
}

/* The call at AT changed by CHANGE, which says what it did in NOTE, or that there is nothing. */
static int try_to_change(struct nst_draft *draft, size_t at,
                         bool (*change)(struct nst_call *call, char *note), char *note)
{
    struct nst_item before = draft->item[at];
    int r = 0;

    if (change(&draft->item[at].call, note))
        r = goes(draft, at);
    if (r <= 0)
        draft->item[at] = before;
    return r;
}

static bool is_mount_of_type(const struct nst_call *call)
{
    return call->id == NST_CALL_MOUNT && call->arg[2].str &&
           !(call->arg[3].num &
             (MS_BIND | MS_MOVE | MS_REMOUNT | MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE));
}

static bool without_options(struct nst_call *call, char *note)
{
    if (call->id != NST_CALL_MOUNT || !call->arg[4].str)
        return false;
    snprintf(note, 200, "without its options '%.120s'", call->arg[4].str);
    call->arg[4].str = NULL;
    return true;
}

static bool as_tmpfs(struct nst_call *call, char *note)
{
    struct nst_arg *type = call->id == NST_CALL_FSOPEN ? &call->arg[0] : &call->arg[2];

    if ((!is_mount_of_type(call) && call->id != NST_CALL_FSOPEN) || !type->str ||
        !strcmp(type->str, "tmpfs"))
        return false;
    snprintf(note, 200, "a tmpfs in place of %.120s", type->str);
    type->str = "tmpfs";
    if (call->id == NST_CALL_MOUNT)
        call->arg[4].str = NULL;
    return true;
}

/* Other kinds of namespaces have nothing to do with mounts. */
static bool with_fewer_namespaces(struct nst_call *call, char *note)
{
    const uint64_t others = CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | 0x80;
    bool makes =
        call->id == NST_CALL_CLONE || call->id == NST_CALL_CLONE3 || call->id == NST_CALL_UNSHARE;

    if (!makes || !(call->arg[0].num & others))
        return false;
    snprintf(note, 200, "without namespaces that have no mounts");
    call->arg[0].num &= ~others;
    return call->arg[0].num || call->id != NST_CALL_UNSHARE;
}

/* In a pid namespace of its own a process has other numbers, which the model doesn't follow into
 * /proc. */
static int try_without_pid_namespaces(struct nst_draft *draft, size_t at, char *note)
{
    struct nst_draft trial;
    bool any = false;
    int r = nst_draft_copy(draft, &trial);

    if (r < 0)
        return r;
    for (size_t i = 0; i <= at; i++) {
        struct nst_call *call = &trial.item[i].call;
        bool makes = call->id == NST_CALL_CLONE || call->id == NST_CALL_CLONE3 ||
                     call->id == NST_CALL_UNSHARE;

        if (!makes || !(call->arg[0].num & CLONE_NEWPID))
            continue;
        call->arg[0].num &= ~(uint64_t)CLONE_NEWPID;
        any = true;
    }
    r = any ? goes(&trial, at) : 0;
    if (r > 0) {
        snprintf(note, 200, "from here on without pid namespaces");
        take(draft, &trial);
    } else {
        free(trial.item);
    }
    return r;
}

int nst_import_repair(struct nst_draft *draft, size_t at, int error, bool unknown, char *note)
{
    static bool (*const changes[])(struct nst_call *, char *) = {without_options, as_tmpfs,
                                                                 with_fewer_namespaces};
    int r = 0;

    *note = '\0';
    for (size_t i = 0; i < sizeof changes / sizeof *changes && !r; i++)
        r = try_to_change(draft, at, changes[i], note);
    if (!r && unknown)
        r = try_without_pid_namespaces(draft, at, note);
    if (r)
        return r;
    *note = '\0';
    if (unknown || !error ||
        (draft->item[at].call.expect.kind == NST_FAILS &&
         draft->item[at].call.expect.error != EEXIST))
        return 0;
    for (unsigned way = 0; way < 10 && !r; way++)
        r = try_to_make(draft, at, way % 2 ? A_FILE : DIRECTORY, way >= 2,
                        way >= 2 ? way / 2 - 1 : 0);
    for (unsigned skipped = 0; skipped < 4 && !r && is_of_a_mount(&draft->item[at].call); skipped++)
        r = try_to_make(draft, at, A_MOUNT, true, skipped);
    if (r)
        return r;
    /* Both: made for it, and changed. */
    for (size_t i = 0; i < 2 && !r; i++) {
        struct nst_item before = draft->item[at];

        if (!changes[i](&draft->item[at].call, note))
            continue;
        r = try_to_make(draft, at, DIRECTORY, false, 0);
        if (!r)
            draft->item[at] = before;
    }
    if (!r)
        *note = '\0';
    return r;
}
