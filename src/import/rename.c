#include "import/import.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum {
    FDS = 1024,
    MADE_FLAGS = CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
                 CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_FS | 0xff
};

/* A process of the log, and what its descriptors are called; 0: unknown. */
struct process {
    uint32_t pid, actor;
    uint16_t fd[FDS];
};

struct renaming {
    const struct nst_sequence *log;
    struct nst_draft *draft;
    struct process *process;
    size_t processes, cap;
    uint32_t actors;
    uint16_t fds; /* names that were given, from 3 on */
};

static struct process *find(struct renaming *renaming, uint32_t pid)
{
    for (size_t i = 0; i < renaming->processes; i++)
        if (renaming->process[i].pid == pid)
            return &renaming->process[i];
    return NULL;
}

/* PID, which began as a copy of process FROM (an index; SIZE_MAX: nobody's). A thread is its
 * process. */
static struct process *add(struct renaming *renaming, uint32_t pid, size_t from, bool thread)
{
    struct process *process = find(renaming, pid);

    if (process)
        return process;
    if (renaming->processes == renaming->cap) {
        size_t cap = renaming->cap ? 2 * renaming->cap : 8;
        struct process *grown = reallocarray(renaming->process, cap, sizeof *grown);

        if (!grown)
            return NULL;
        renaming->process = grown;
        renaming->cap = cap;
    }
    process = &renaming->process[renaming->processes++];
    memset(process, 0, sizeof *process);
    if (from != SIZE_MAX)
        *process = renaming->process[from];
    process->pid = pid;
    if (!thread || !process->actor)
        process->actor = ++renaming->actors;
    return process;
}

/* Of the descriptor that PROCESS calls FD. */
static uint64_t name_of(const struct process *process, uint64_t fd)
{
    if (fd == NST_AT_FDCWD)
        return fd;
    return fd < FDS && process->fd[fd] ? process->fd[fd] : 0;
}

/* TEXT with /proc/PID and /proc/self/fd/N, /proc/PID/fd/N as they are called now. */
static const char *rename_path(struct renaming *renaming, const struct process *process,
                               const char *text)
{
    static const char proc[] = "/proc/";
    const struct process *whose = process;
    char *end, renamed[4400];
    const char *rest;
    unsigned long pid;
    int len;

    if (!text || strncmp(text, proc, 6) != 0 || strlen(text) > 4096)
        return text;
    pid = strtoul(text + 6, &end, 10);
    rest = end;
    if (end == text + 6) {
        rest += !strncmp(text + 6, "self", 4) ? 4 : !strncmp(text + 6, "thread-self", 11) ? 11 : 0;
        if (rest == text + 6 || (*rest && *rest != '/'))
            return text;
        len = snprintf(renamed, sizeof renamed, "/proc/self");
    } else {
        whose = find(renaming, (uint32_t)pid);
        if (!whose)
            return text;
        len = snprintf(renamed, sizeof renamed, "/proc/%u", whose->actor);
    }
    if (!strncmp(rest, "/fd/", 4)) {
        unsigned long fd = strtoul(rest + 4, &end, 10);

        if (end != rest + 4 && name_of(whose, fd)) {
            len += snprintf(renamed + len, sizeof renamed - (size_t)len, "/fd/%u",
                            (unsigned)name_of(whose, fd));
            rest = end;
        }
    }
    len += snprintf(renamed + len, sizeof renamed - (size_t)len, "%s", rest);
    return nst_sequence_string(&renaming->draft->strings, renamed, (size_t)len);
}

static bool opens(enum nst_call_id id)
{
    return id == NST_CALL_OPEN || id == NST_CALL_OPENAT;
}

/* Whether CALL has PATH among its own. */
static bool names(const struct nst_call *call, const char *path)
{
    for (size_t i = 0; i < nst_calls[call->id].args; i++)
        if (call->arg[i].str && !strcmp(call->arg[i].str, path))
            return true;
    return false;
}

/* Whether what the call at AT opens is used by a later one: by its number until it is closed, or,
 * where it is a file that it makes, by its name. */
static bool is_used(const struct nst_sequence *log, size_t at)
{
    const struct nst_call *open = &log->call[at];
    size_t i = open->id == NST_CALL_OPENAT;
    bool makes = open->arg[i + 1].num & O_CREAT;
    char link[40], own[40];

    if (open->expect.kind != NST_SUCCEEDS)
        return false;
    snprintf(link, sizeof link, "/proc/self/fd/%lld", (long long)open->expect.value);
    snprintf(own, sizeof own, "/proc/%u/fd/%lld", open->actor, (long long)open->expect.value);
    for (size_t n = at + 1; n < log->len; n++) {
        const struct nst_call *call = &log->call[n];
        const struct nst_call_type *type = &nst_calls[call->id];

        if (makes && open->arg[i].str && !opens(call->id) && names(call, open->arg[i].str))
            return true;
        if (call->expect.kind == NST_FAILS)
            continue;
        for (size_t k = 0; k < type->args && call->id != NST_CALL_CLOSE; k++)
            if ((type->arg[k].kind == NST_ARG_FD &&
                 call->arg[k].num == (uint64_t)open->expect.value) ||
                (call->arg[k].str && (!strncmp(call->arg[k].str, link, strlen(link)) ||
                                      !strncmp(call->arg[k].str, own, strlen(own)))))
                return true;
        if (call->actor == open->actor && !makes &&
            ((call->id == NST_CALL_CLOSE && call->arg[0].num == (uint64_t)open->expect.value) ||
             (opens(call->id) && call->expect.kind == NST_SUCCEEDS &&
              call->expect.value == open->expect.value)))
            return false;
    }
    return false;
}

/* Whether the call at AT is to be performed at all. */
static bool is_of_account(const struct renaming *renaming, size_t at, const struct process *process)
{
    const struct nst_call *call = &renaming->log->call[at];

    switch (call->id) {
    case NST_CALL_OPEN:
    case NST_CALL_OPENAT:
        return is_used(renaming->log, at);
    case NST_CALL_CLOSE:
        return call->expect.kind != NST_FAILS && name_of(process, call->arg[0].num);
    case NST_CALL_EXIT_GROUP:
    case NST_CALL_KILL:
        return false;
    case NST_CALL_UNLINK:
    case NST_CALL_UNLINKAT:
    case NST_CALL_RENAME:
    case NST_CALL_RENAMEAT2:
    case NST_CALL_SYMLINK:
        return call->expect.kind == NST_SUCCEEDS;
    default:
        return true;
    }
}

static int take(struct renaming *renaming, size_t at)
{
    const struct nst_call *call = &renaming->log->call[at];
    const struct nst_call_type *type = &nst_calls[call->id];
    struct process *process = add(renaming, call->actor, SIZE_MAX, false);
    struct nst_item item = {.call = *call};
    size_t index;

    if (!process)
        return -ENOMEM;
    index = (size_t)(process - renaming->process);
    if (type->returns == NST_RETURNS_ACTOR) {
        bool thread = call->arg[0].num & CLONE_THREAD && call->id != NST_CALL_FORK;
        struct process *child;

        if (call->expect.kind != NST_SUCCEEDS)
            return 0;
        child = add(renaming, (uint32_t)call->expect.value, index, thread);
        process = &renaming->process[index];
        if (!child)
            return -ENOMEM;
        if (thread)
            return 0;
        item.call.actor = process->actor;
        item.call.expect.value = child->actor;
        if (type->args)
            item.call.arg[0].num &= MADE_FLAGS;
        return nst_draft_add(renaming->draft, renaming->draft->len, &item);
    }
    if (!is_of_account(renaming, at, process))
        return 0;
    item.call.actor = process->actor;
    for (size_t i = 0; i < type->args; i++) {
        if (type->arg[i].kind == NST_ARG_FD) {
            item.call.arg[i].num = name_of(process, call->arg[i].num);
            if (!item.call.arg[i].num && call->arg[i].str)
                item.call.arg[i].num = call->arg[i].num;
        } else if (call->arg[i].str) {
            item.call.arg[i].str = rename_path(renaming, process, call->arg[i].str);
            if (!item.call.arg[i].str)
                return -ENOMEM;
        }
    }
    if (call->id == NST_CALL_CLOSE && call->arg[0].num < FDS)
        process->fd[call->arg[0].num] = 0;
    if (type->returns == NST_RETURNS_FD && call->expect.kind == NST_SUCCEEDS &&
        call->expect.value < FDS && call->expect.value >= 0) {
        process->fd[call->expect.value] = ++renaming->fds;
        item.call.expect.value = renaming->fds;
    }
    return nst_draft_add(renaming->draft, renaming->draft->len, &item);
}

int nst_import_rename(const struct nst_sequence *log, struct nst_draft *draft)
{
    struct renaming renaming = {.log = log, .draft = draft, .fds = 2};
    int r = 0;

    for (size_t i = 0; i < log->len && !r; i++)
        r = take(&renaming, i);
    free(renaming.process);
    return r;
}

/* Of `7, "proc", {flags=O_RDONLY|O_PATH, resolve=RESOLVE_IN_ROOT}, 24) = 8`, which begins at FROM
 * and ends before END, writes the arguments of openat(2) to TO. Returns where the rest begins;
 * NULL: it is something else. */
static const char *as_openat(const char *from, const char *end, char *to, size_t *len)
{
    const char *open = memmem(from, (size_t)(end - from), ", {flags=", 9), *flags, *stop, *close;

    if (!open)
        return NULL;
    flags = open + 9;
    close = memchr(flags, '}', (size_t)(end - flags));
    if (!close)
        return NULL;
    stop = memchr(flags, ',', (size_t)(close - flags));
    if (!stop)
        stop = close;
    memmove(to, from, (size_t)(open - from));
    *len = (size_t)(open - from);
    to[(*len)++] = ',';
    to[(*len)++] = ' ';
    memmove(to + *len, flags, (size_t)(stop - flags));
    *len += (size_t)(stop - flags);
    if (!strncmp(stop, ", mode=", 7)) {
        size_t digits = strspn(stop + 7, "01234567");

        to[(*len)++] = ',';
        to[(*len)++] = ' ';
        memmove(to + *len, stop + 7, digits);
        *len += digits;
    }
    return memchr(close, ')', (size_t)(end - close));
}

void nst_import_prepare(char *text, size_t *len)
{
    static const char name[] = "openat2(";
    char *from = text, *to = text, *end = text + *len;

    while (from < end) {
        char *line_end = memchr(from, '\n', (size_t)(end - from));
        char *call, *stop = line_end ? line_end : end;
        const char *rest = NULL;
        size_t before, wrote = 0;

        call = memmem(from, (size_t)(stop - from), name, sizeof name - 1);
        before = call ? (size_t)(call - from) : (size_t)(stop - from);
        memmove(to, from, before);
        to += before;
        if (call) {
            memcpy(to, "openat(", 7);
            rest = as_openat(call + sizeof name - 1, stop, to + 7, &wrote);
        }
        if (call && rest) {
            to += 7 + wrote;
            memmove(to, rest, (size_t)(stop - rest));
            to += stop - rest;
        } else if (call) {
            memmove(to, call, (size_t)(stop - call)); /* the reader says what is wrong with it */
            memcpy(to, name, sizeof name - 1);
            to += stop - call;
        }
        if (line_end)
            *to++ = '\n';
        from = stop + (line_end != NULL);
    }
    *len = (size_t)(to - text);
}
