#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"

#define UNFINISHED "<unfinished ...>"

void nst_lines_free(struct nst_lines *lines)
{
    for (size_t i = 0; i < lines->len; i++)
        free(lines->line[i].text);
    free(lines->line);
    *lines = (struct nst_lines){0};
}

/* Appends what stands from AT to END to LINE's text. */
static int extend(struct nst_line *line, const char *at, const char *end)
{
    size_t more = (size_t)(end - at);
    char *grown = realloc(line->text, line->len + more + 1);

    if (!grown)
        return -ENOMEM;
    memcpy(grown + line->len, at, more);
    line->text = grown;
    line->len += more;
    grown[line->len] = '\0';
    return 0;
}

static int append(struct nst_lines *lines, struct nst_line line, const char *at, const char *end)
{
    if (lines->len == lines->cap) {
        size_t cap = lines->cap ? 2 * lines->cap : 64;
        struct nst_line *grown = realloc(lines->line, cap * sizeof *grown);

        if (!grown)
            return -ENOMEM;
        lines->line = grown;
        lines->cap = cap;
    }
    if (extend(&line, at, end) < 0)
        return -ENOMEM;
    lines->line[lines->len++] = line;
    return 0;
}

/* Passes `N `, `[pid N] ` and a time stamp. Returns false where the number isn't an actor. */
static bool pass_actor(const char **at, const char *end, uint32_t *ret_actor)
{
    const char *p = *at;
    bool bracket = end - p > 5 && !memcmp(p, "[pid ", 5);
    unsigned long long actor = 0;

    *ret_actor = 1;
    if (bracket)
        for (p += 5; p < end && *p == ' ';)
            p++;
    if (p < end && isdigit((unsigned char)*p)) {
        for (; p < end && isdigit((unsigned char)*p) && actor <= UINT32_MAX; p++)
            actor = actor * 10 + (unsigned)(*p - '0');
        if (!actor || actor > INT32_MAX)
            return false;
        if (p < end && (*p == ':' || *p == '.') && !bracket) { /* strace -t without -f */
            actor = 1;
            p = *at;
        } else {
            *ret_actor = (uint32_t)actor;
        }
    }
    if (bracket && (p == end || *p++ != ']'))
        return false;
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    const char *stamp = p;

    while (p < end && (isdigit((unsigned char)*p) || *p == ':' || *p == '.'))
        p++;
    if (p == stamp || p == end || *p != ' ')
        p = stamp;
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    *at = p;
    return true;
}

static const char *trim(const char *at, const char *end)
{
    while (end > at && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
        end--;
    return end;
}

static bool starts(const char *at, const char *end, const char *with)
{
    size_t len = strlen(with);

    return (size_t)(end - at) >= len && !memcmp(at, with, len);
}

/* `<... mount resumed>) = 0`: joins it with its beginning. Returns 0, -EINVAL, -ENOMEM. */
static int resume(struct nst_lines *lines, uint32_t actor, const char *at, const char *end,
                  struct nst_read_counts *counts)
{
    const char *close = memchr(at, '>', (size_t)(end - at));

    if (!close)
        return -EINVAL;
    for (size_t i = lines->len; i-- > 0;) {
        struct nst_line *line = &lines->line[i];

        if (!line->open || line->actor != actor)
            continue;
        line->open = false;
        counts->joined++;
        return extend(line, close + 1, end);
    }
    counts->other++; /* its beginning was before the log's */
    return 0;
}

static int fail(struct nst_read_error *ret_error, size_t number, size_t column,
                const char *expected)
{
    if (ret_error) {
        *ret_error = (struct nst_read_error){.line = number, .column = column};
        snprintf(ret_error->message, sizeof ret_error->message, "expected %s", expected);
    }
    return -EINVAL;
}

static int split_line(const char *start, const char *end, size_t number, struct nst_lines *lines,
                      struct nst_read_counts *counts, struct nst_read_error *ret_error)
{
    struct nst_line line = {.number = number};
    const char *at = start;

    end = trim(at, end);
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    if (at == end)
        return 0;
    if (*at == '#') {
        counts->comments++;
        return 0;
    }
    if (starts(at, end, "strace: ")) {
        counts->other++;
        return 0;
    }
    if (memchr(at, '\0', (size_t)(end - at)))
        return fail(ret_error, number,
                    (size_t)((const char *)memchr(at, 0, (size_t)(end - at)) - start) + 1,
                    "text without a NUL byte");
    if (!pass_actor(&at, end, &line.actor))
        return fail(ret_error, number, 1, "an actor: a number from 1 to 2147483647, or [pid N]");
    line.column = (size_t)(at - start) + 1;
    if (starts(at, end, "--- ")) {
        counts->signals++;
        return 0;
    }
    if (starts(at, end, "+++ ")) {
        counts->exits++;
        return 0;
    }
    if (starts(at, end, "<... ")) {
        int r = resume(lines, line.actor, at, end, counts);

        return r == -EINVAL ? fail(ret_error, number, line.column, "<... NAME resumed>") : r;
    }
    size_t tail = strlen(UNFINISHED);

    if ((size_t)(end - at) > tail && !memcmp(end - tail, UNFINISHED, tail)) {
        end = trim(at, end - tail);
        line.open = true;
    }
    return append(lines, line, at, end);
}

int nst_lines_split(const char *text, size_t len, bool strict, struct nst_lines *ret_lines,
                    struct nst_read_counts *counts, struct nst_read_error *ret_error)
{
    static const char unknown[] = ") = ?";
    const char *end = text + len;
    size_t number = 0;

    for (const char *at = text; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline ? newline : end;
        int r = split_line(at, stop, ++number, ret_lines, counts, ret_error);

        if (r == -ENOMEM || (r < 0 && strict))
            return r;
        counts->dropped += r < 0;
        at = stop + 1;
    }
    for (size_t i = 0; i < ret_lines->len; i++) {
        struct nst_line *line = &ret_lines->line[i];

        if (!line->open)
            continue;
        line->unfinished = true;
        if (extend(line, unknown, unknown + sizeof unknown - 1) < 0)
            return -ENOMEM;
    }
    return 0;
}
