#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lexer.h"
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

static const char *pass_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    return at;
}

/* Passes what strace -i and -n write before a call: `[00007f17e3e24c47] `, `[ 165] `. */
static const char *pass_brackets(const char *at, const char *end)
{
    while (at < end && *at == '[') {
        const char *p = at + 1;

        while (p < end && (isxdigit((unsigned char)*p) || *p == ' ' || *p == '?'))
            p++;
        if (p == end || *p != ']')
            break;
        at = pass_blanks(p + 1, end);
    }
    return at;
}

/* Passes a time stamp: `12:30:00.000001 `, `0.000010 `, `12:30:00 (+     0.000010) `. */
static const char *pass_stamp(const char *at, const char *end)
{
    const char *p = at;

    while (p < end && (isdigit((unsigned char)*p) || *p == ':' || *p == '.'))
        p++;
    if (p == at || p == end || *p != ' ')
        return at;
    p = pass_blanks(p, end);
    if (end - p > 2 && !memcmp(p, "(+", 2)) {
        const char *close = memchr(p, ')', (size_t)(end - p));

        if (close)
            p = pass_blanks(close + 1, end);
    }
    return p;
}

/* Passes `N `, `N<comm> `, `[pid N] ` and what strace's options put behind it. Returns false where
 * the number isn't an actor. */
static bool pass_actor(const char **at, const char *end, uint32_t *ret_actor)
{
    const char *p = *at;
    bool bracket = end - p > 5 && !memcmp(p, "[pid ", 5);
    unsigned long long actor = 0;

    *ret_actor = 1;
    if (bracket)
        p = pass_blanks(p + 5, end);
    if (p < end && isdigit((unsigned char)*p)) {
        for (; p < end && isdigit((unsigned char)*p) && actor <= UINT32_MAX; p++)
            actor = actor * 10 + (unsigned)(*p - '0');
        if (!actor || actor > INT32_MAX)
            return false;
        if (p < end && (*p == ':' || *p == '.') && !bracket) { /* strace -t without -f */
            actor = 1;
            p = *at;
        } else {
            const char *behind = p < end && *p == '<' ? nst_decoration_end(p, end) : p;

            *ret_actor = (uint32_t)actor;
            p = behind ? behind : p;
        }
    }
    if (bracket && (p == end || *p++ != ']'))
        return false;
    p = pass_stamp(pass_blanks(p, end), end);
    p = pass_brackets(p, end);
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

/* Cuts `<unfinished ...>` off, and what strace puts for a call that its actor's death ended:
 * `<unfinished ...>) = ?`. */
static bool cut_unfinished(const char *at, const char **end)
{
    size_t len = strlen(UNFINISHED);
    const char *stop = *end;

    if (stop - at > 1 && stop[-1] == '?') {
        stop = trim(at, stop - 1);
        stop = stop > at && stop[-1] == '=' ? trim(at, stop - 1) : at;
        stop = stop > at && stop[-1] == ')' ? trim(at, stop - 1) : at;
    }
    if ((size_t)(stop - at) < len || memcmp(stop - len, UNFINISHED, len) != 0)
        return false;
    *end = trim(at, stop - len);
    return true;
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
        if (cut_unfinished(close + 1, &end)) /* as it stands, and never more */
            return extend(line, close + 1, end);
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

/* What strace says besides. */
static const char *const chatter[] = {"strace: ", "Process ", "[ Process PID="};

static int split_line(const char *start, const char *end, size_t number, struct nst_lines *lines,
                      struct nst_read_counts *counts, struct nst_read_error *ret_error)
{
    struct nst_line line = {.number = number};
    const char *at = start;

    end = trim(at, end);
    at = pass_blanks(at, end);
    if (at == end || starts(at, end, "> ")) /* a frame of strace -k */
        return 0;
    if (*at == '#') {
        counts->comments++;
        return 0;
    }
    for (size_t i = 0; i < sizeof chatter / sizeof *chatter; i++)
        if (starts(at, end, chatter[i])) {
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
    line.open = cut_unfinished(at, &end);
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

        if (starts(at, stop, "% time ")) /* strace -C: the rest is a table of counts */
            break;
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
