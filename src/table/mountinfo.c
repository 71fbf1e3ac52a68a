/* Reading /proc/PID/mountinfo and /proc/PID/mounts.
 *
 * The text is copied once; fields are unescaped in place (an escape only ever shrinks) and ended
 * with NUL, so the table's strings point into the copy. What is written there comes from
 * show_mountinfo() and show_vfsmnt() in fs/proc_namespace.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

struct reader {
    char *at;  /* next byte */
    char *end; /* behind the last one */
    char *line_start;
    size_t line;
    bool escapes,
        nuls; /* there is one somewhere: no line without need is looked through for them */
    const char *bad_at; /* where it went wrong, with message; set once */
    const char *message;
};

static int fail(struct reader *r, const char *at, const char *message)
{
    r->bad_at = at;
    r->message = message;
    return -EINVAL;
}

/* A decimal number that ends before `end_a` or `end_b`; the end isn't eaten. */
static int read_number(struct reader *r, char end_a, char end_b, uint64_t max, uint64_t *ret_number)
{
    const char *start = r->at;
    uint64_t n = 0;

    for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++) {
        unsigned digit = (unsigned)(*r->at - '0');

        if (n > (max - digit) / 10)
            return fail(r, start, "number too large");
        n = n * 10 + digit;
    }
    if (r->at == start)
        return fail(r, start, "expected a number");
    if (r->at == r->end || (*r->at != end_a && *r->at != end_b))
        return fail(r, r->at, "expected the end of a number");
    *ret_number = n;
    return 0;
}

static int expect(struct reader *r, char c, const char *message)
{
    if (r->at == r->end || *r->at != c)
        return fail(r, r->at, message);
    r->at++;
    return 0;
}

/* How a field treats backslashes. PATH: the kernel escaped every one, so another is malformed.
 * NAME: as PATH, but a file system may write it itself (show_devname), so another one stays.
 * OPTIONS: escapes stay, because an escaped comma isn't a separator (seq_show_option() in fs.h
 * escapes ",= \t\n\\"). */
enum escapes { PATH, NAME, OPTIONS };

/* Undoes \ooo in [start, end), in place, and ends it with NUL. */
static int unescape(struct reader *r, char *start, char *end, enum escapes escapes)
{
    char *from = r->escapes ? memchr(start, '\\', (size_t)(end - start)) : NULL, *to = from;

    if (!from || escapes == OPTIONS) {
        *end = '\0';
        return 0;
    }
    while (from < end) {
        if (*from != '\\') {
            *to++ = *from++;
            continue;
        }
        if (end - from >= 4 && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' &&
            from[2] <= '7' && from[3] >= '0' && from[3] <= '7') {
            int byte = (from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0');

            if (byte) {
                *to++ = (char)byte;
                from += 4;
                continue;
            }
        }
        if (escapes == PATH)
            return fail(r, from, "expected an octal escape, \\001 to \\377");
        *to++ = *from++;
    }
    *to = '\0';
    return 0;
}

/* A string up to `stop` (' ' or '\n'), which is eaten. Empty only where may_be_empty. */
static int read_string(struct reader *r, char *line_end, char stop, enum escapes escapes,
                       bool may_be_empty, char **ret_string)
{
    char *start = r->at, *end = line_end;

    if (stop != '\n') {
        end = memchr(start, stop, (size_t)(line_end - start));
        if (!end)
            return fail(r, line_end, "expected another field");
    }
    if (end == start && !may_be_empty)
        return fail(r, start, "expected a field that isn't empty");
    r->at = end + 1;
    *ret_string = start;
    return unescape(r, start, end, escapes);
}

/* The tagged fields up to "- ". */
static int read_optional(struct reader *r, char *line_end, struct nst_mount *m)
{
    static const struct {
        const char *tag;
        size_t len, offset;
    } tags[] = {
        {"shared:", 7, offsetof(struct nst_mount, peer_group)},
        {"master:", 7, offsetof(struct nst_mount, master)},
        {"propagate_from:", 15, offsetof(struct nst_mount, propagate_from)},
    };

    while (!(line_end - r->at >= 2 && r->at[0] == '-' && r->at[1] == ' ')) {
        char *end = memchr(r->at, ' ', (size_t)(line_end - r->at));
        size_t len, i;

        if (!end)
            return fail(r, r->at, "expected the separator \"- \"");
        len = (size_t)(end - r->at);
        if (!len)
            return fail(r, r->at, "expected an optional field");
        for (i = 0; i < sizeof tags / sizeof *tags; i++) {
            uint64_t id;
            int error;

            if (len < tags[i].len || memcmp(r->at, tags[i].tag, tags[i].len) != 0)
                continue;
            r->at += tags[i].len;
            error = read_number(r, ' ', ' ', INT32_MAX, &id);
            if (error)
                return error;
            memcpy((char *)m + tags[i].offset, &id, sizeof id);
            break;
        }
        if (i == sizeof tags / sizeof *tags && len == 10 && !memcmp(r->at, "unbindable", 10))
            m->unbindable = true;
        r->at = end + 1;
    }
    r->at += 2;
    return 0;
}

static int read_mountinfo_line(struct reader *r, char *line_end, struct nst_mount *m)
{
    uint64_t major, minor;
    int error;

    if ((error = read_number(r, ' ', ' ', INT32_MAX, &m->id)) ||
        (error = expect(r, ' ', "expected a space")) ||
        (error = read_number(r, ' ', ' ', INT32_MAX, &m->parent_id)) ||
        (error = expect(r, ' ', "expected a space")) ||
        (error = read_number(r, ':', ':', 4095, &major)) ||
        (error = expect(r, ':', "expected a colon")) ||
        (error = read_number(r, ' ', ' ', 1048575, &minor)) ||
        (error = expect(r, ' ', "expected a space")) ||
        (error = read_string(r, line_end, ' ', PATH, false, &m->root)) ||
        (error = read_string(r, line_end, ' ', PATH, false, &m->point)) ||
        (error = read_string(r, line_end, ' ', OPTIONS, false, &m->options)) ||
        (error = read_optional(r, line_end, m)) ||
        (error = read_string(r, line_end, ' ', NAME, false, &m->type)) ||
        (error = read_string(r, line_end, ' ', NAME, true, &m->source)) ||
        (error = read_string(r, line_end, '\n', OPTIONS, false, &m->super_options)))
        return error;
    m->major = (unsigned)major;
    m->minor = (unsigned)minor;
    m->deleted = nst_ends_deleted(m->root) || nst_ends_deleted(m->point);
    return 0;
}

static int read_mounts_line(struct reader *r, char *line_end, struct nst_mount *m)
{
    static const char tail[] = " 0 0";
    char *options_end = line_end - (sizeof tail - 1);
    int error;

    m->root = m->super_options = line_end; /* "", once the line's end is NUL */
    if ((error = read_string(r, line_end, ' ', NAME, true, &m->source)) ||
        (error = read_string(r, line_end, ' ', PATH, false, &m->point)) ||
        (error = read_string(r, line_end, ' ', NAME, false, &m->type)))
        return error;
    if (options_end < r->at || memcmp(options_end, tail, sizeof tail - 1) != 0)
        return fail(r, r->at, "expected options and \" 0 0\"");
    m->options = r->at;
    if (options_end == r->at)
        return fail(r, r->at, "expected a field that isn't empty");
    if ((error = unescape(r, r->at, options_end, OPTIONS)))
        return error;
    *line_end = '\0';
    r->at = line_end + 1;
    m->deleted = nst_ends_deleted(m->point);
    return 0;
}

static size_t lines_of(const char *text, size_t len)
{
    const char *end = text + len;
    size_t lines = 1;

    while ((text = memchr(text, '\n', (size_t)(end - text))))
        lines++, text++;
    return lines;
}

/* Takes over `text`, which has len bytes and is malloc'd. */
static int parse(char *text, size_t len, enum nst_view view, struct nst_table *ret_table,
                 struct nst_table_error *ret_error)
{
    struct reader r = {.at = text,
                       .end = text + len,
                       .line_start = text,
                       .line = 1,
                       .escapes = memchr(text, '\\', len),
                       .nuls = memchr(text, '\0', len)};
    struct nst_table table = {.text = text, .text_len = len, .text_cap = len + 1, .view = view};
    int error = 0;

    *ret_table = (struct nst_table){0};
    while (r.at < r.end) {
        char *line_end = memchr(r.at, '\n', (size_t)(r.end - r.at)), *nul;

        r.line_start = r.at;
        if (!line_end) {
            error = fail(&r, r.end, "expected a newline");
            break;
        }
        nul = r.nuls ? memchr(r.at, '\0', (size_t)(line_end - r.at)) : NULL;
        if (nul) {
            error = fail(&r, nul, "NUL byte");
            break;
        }
        if (table.len == table.cap) {
            size_t cap = table.cap ? table.cap * 2 : lines_of(text, len);
            struct nst_mount *mount = reallocarray(table.mount, cap, sizeof *mount);

            if (!mount) {
                error = -ENOMEM;
                break;
            }
            table.mount = mount;
            table.cap = cap;
        }
        table.mount[table.len] = (struct nst_mount){0};
        error = (view == NST_VIEW_MOUNTS ? read_mounts_line : read_mountinfo_line)(
            &r, line_end, &table.mount[table.len]);
        if (error)
            break;
        table.len++;
        r.line++;
    }
    if (error) {
        if (ret_error && error == -EINVAL)
            *ret_error = (struct nst_table_error){.line = r.line,
                                                  .column = (size_t)(r.bad_at - r.line_start) + 1,
                                                  .message = r.message};
        nst_table_free(&table);
        return error;
    }
    *ret_table = table;
    return 0;
}

static int parse_copy(const char *text, size_t len, enum nst_view view, struct nst_table *ret_table,
                      struct nst_table_error *ret_error)
{
    char *copy = malloc(len + 1);

    *ret_table = (struct nst_table){0};
    if (!copy)
        return -ENOMEM;
    if (len)
        memcpy(copy, text, len);
    copy[len] = '\0';
    return parse(copy, len, view, ret_table, ret_error);
}

int nst_mountinfo_parse(const char *text, size_t len, struct nst_table *ret_table,
                        struct nst_table_error *ret_error)
{
    return parse_copy(text, len, NST_VIEW_MOUNTINFO, ret_table, ret_error);
}

int nst_mounts_parse(const char *text, size_t len, struct nst_table *ret_table,
                     struct nst_table_error *ret_error)
{
    return parse_copy(text, len, NST_VIEW_MOUNTS, ret_table, ret_error);
}

/* A seq_file gives at most a page or so at a time, whatever is asked for, and 0 only at the end. */
static int read_fd(int fd, enum nst_view view, struct nst_table *ret_table)
{
    size_t cap = 16384, len = 0;
    char *text = malloc(cap);

    *ret_table = (struct nst_table){0};
    if (!text)
        return -ENOMEM;
    for (;;) {
        ssize_t n = pread(fd, text + len, cap - len - 1, (off_t)len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            int error = -errno;

            free(text);
            return error;
        }
        if (!n)
            break;
        len += (size_t)n;
        if (cap - len < 4096 + 1) {
            char *more = realloc(text, cap * 2);

            if (!more) {
                free(text);
                return -ENOMEM;
            }
            text = more;
            cap *= 2;
        }
    }
    text[len] = '\0';
    return parse(text, len, view, ret_table, NULL);
}

int nst_table_read_mountinfo_fd(int fd, struct nst_table *ret_table)
{
    return read_fd(fd, NST_VIEW_MOUNTINFO, ret_table);
}

int nst_table_read_mounts_fd(int fd, struct nst_table *ret_table)
{
    return read_fd(fd, NST_VIEW_MOUNTS, ret_table);
}

static int read_pid(pid_t pid, const char *file, enum nst_view view, struct nst_table *ret_table)
{
    char path[64];
    int fd, error;

    *ret_table = (struct nst_table){0};
    if (pid)
        snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    else
        snprintf(path, sizeof path, "/proc/thread-self/%s", file);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    error = read_fd(fd, view, ret_table);
    close(fd);
    return error;
}

int nst_table_read_mountinfo(pid_t pid, struct nst_table *ret_table)
{
    return read_pid(pid, "mountinfo", NST_VIEW_MOUNTINFO, ret_table);
}

int nst_table_read_mounts(pid_t pid, struct nst_table *ret_table)
{
    return read_pid(pid, "mounts", NST_VIEW_MOUNTS, ret_table);
}
