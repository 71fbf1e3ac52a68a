#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flags.h"
#include "lexer.h"

int nst_lex_fail(struct nst_lexer *lexer, const char *expected)
{
    lexer->expected = expected;
    lexer->failed_at = lexer->at;
    return -EINVAL;
}

void nst_lex_space(struct nst_lexer *lexer)
{
    for (;;) {
        while (lexer->at < lexer->end && (*lexer->at == ' ' || *lexer->at == '\t'))
            lexer->at++;
        if (lexer->end - lexer->at < 4 || memcmp(lexer->at, "/*", 2))
            return;
        const char *close = memmem(lexer->at + 2, (size_t)(lexer->end - lexer->at - 2), "*/", 2);

        if (!close)
            return;
        lexer->at = close + 2;
    }
}

bool nst_lex_accept(struct nst_lexer *lexer, const char *token)
{
    size_t len = strlen(token);

    nst_lex_space(lexer);
    if ((size_t)(lexer->end - lexer->at) < len || memcmp(lexer->at, token, len))
        return false;
    lexer->at += len;
    return true;
}

int nst_lex_token(struct nst_lexer *lexer, char token, const char *expected)
{
    nst_lex_space(lexer);
    if (lexer->at == lexer->end || *lexer->at != token)
        return nst_lex_fail(lexer, expected);
    lexer->at++;
    return 0;
}

size_t nst_lex_name(struct nst_lexer *lexer)
{
    nst_lex_space(lexer);
    const char *at = lexer->at;

    if (at < lexer->end && !isalpha((unsigned char)*at) && *at != '_')
        return 0;
    while (at < lexer->end && (isalnum((unsigned char)*at) || *at == '_'))
        at++;
    return (size_t)(at - lexer->at);
}

int nst_lex_number(struct nst_lexer *lexer, int64_t *ret_value)
{
    char digits[32];
    size_t len = 0;

    nst_lex_space(lexer);
    while (lexer->at + len < lexer->end && len < sizeof digits - 1 &&
           (isalnum((unsigned char)lexer->at[len]) || (!len && lexer->at[len] == '-'))) {
        digits[len] = lexer->at[len];
        len++;
    }
    digits[len] = '\0';

    char *rest;

    errno = 0;
    if (digits[0] == '-')
        *ret_value = strtoll(digits, &rest, 0);
    else
        *ret_value = (int64_t)strtoull(digits, &rest, 0);
    if (!len || *rest || errno)
        return nst_lex_fail(lexer, "a number");
    lexer->at += len;
    return 0;
}

const char *nst_decoration_end(const char *at, const char *end)
{
    static const char deleted[] = "(deleted)";
    size_t depth = 0;
    bool name = end - at < 2 || at[1] == '/', arrows = false;

    for (const char *p = at; p < end; p++) {
        if (*p == '<')
            depth++;
        else if (*p == '[' && !name && p[-1] == ':')
            arrows = true;
        else if (*p == '>' && !(arrows && p[-1] == '-') && !--depth) {
            p++;
            if ((size_t)(end - p) >= sizeof deleted - 1 && !memcmp(p, deleted, sizeof deleted - 1))
                p += sizeof deleted - 1;
            return p;
        }
    }
    return NULL;
}

static int pass_decoration(struct nst_lexer *lexer)
{
    const char *behind;

    if (lexer->at == lexer->end || *lexer->at != '<')
        return 0;
    behind = nst_decoration_end(lexer->at, lexer->end);
    if (!behind)
        return nst_lex_fail(lexer, "a `>` that ends what strace says of a descriptor or pid");
    lexer->at = behind;
    return 0;
}

int nst_lex_fd(struct nst_lexer *lexer, uint64_t *ret_fd)
{
    int64_t number;

    if (nst_lex_accept(lexer, "AT_FDCWD"))
        *ret_fd = NST_AT_FDCWD;
    else if (nst_lex_accept(lexer, "-EBADF"))
        *ret_fd = (uint64_t)-1;
    else if (nst_lex_number(lexer, &number) < 0)
        return nst_lex_fail(lexer, "a descriptor: a number or AT_FDCWD");
    else
        *ret_fd = (uint64_t)number;
    nst_lex_space(lexer); /* strace -X verbose says AT_FDCWD in a comment here */
    return pass_decoration(lexer);
}

int nst_lex_pid(struct nst_lexer *lexer, int64_t *ret_pid)
{
    static const char opening[] = " /* ", closing[] = " in strace's PID NS */";
    int r = nst_lex_number(lexer, ret_pid);
    struct nst_lexer comment;
    int64_t outside;

    if (r < 0)
        return r;
    if (pass_decoration(lexer) < 0)
        return -EINVAL;
    if ((size_t)(lexer->end - lexer->at) < sizeof opening - 1 ||
        memcmp(lexer->at, opening, sizeof opening - 1) != 0)
        return 0;
    comment = *lexer;
    comment.at += sizeof opening - 1;
    if (nst_lex_number(&comment, &outside) == 0 &&
        (size_t)(comment.end - comment.at) >= sizeof closing - 1 &&
        !memcmp(comment.at, closing, sizeof closing - 1)) {
        lexer->at = comment.at + sizeof closing - 1;
        *ret_pid = outside;
    }
    return 0;
}

int nst_lex_trail(struct nst_lexer *lexer)
{
    for (;;) {
        const char *behind = lexer->at;

        nst_lex_space(lexer);
        behind = lexer->at;
        if (behind == lexer->end || *behind == '#')
            return 0;
        if (*behind == '<') {
            behind = nst_decoration_end(behind, lexer->end);
        } else if (*behind == '(') {
            size_t depth = 0;

            do
                depth += (size_t)(*behind == '(') - (size_t)(*behind == ')');
            while (++behind < lexer->end && depth);
            if (depth)
                behind = NULL;
        } else {
            behind = NULL;
        }
        if (!behind)
            return nst_lex_fail(lexer, "the end of the line, or a comment behind #");
        lexer->at = behind;
    }
}

static unsigned digit_value(char c)
{
    return (unsigned)(isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10);
}

/* Passes one escape, behind its backslash. Returns the byte, or -1. */
static int unescape(struct nst_lexer *lexer)
{
    static const char named[256] = {
        ['a'] = '\a', ['b'] = '\b', ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r',  ['t'] = '\t',
        ['v'] = '\v', ['e'] = 27,   ['"'] = '"',  ['\''] = '\'', ['\\'] = '\\', ['?'] = '?'};
    unsigned value = 0;

    if (lexer->at == lexer->end)
        return -1;
    if (named[(unsigned char)*lexer->at])
        return named[(unsigned char)*lexer->at++];

    bool hex = *lexer->at == 'x';
    size_t most = hex ? 2 : 3, digits = 0;

    lexer->at += hex;
    while (digits < most && lexer->at < lexer->end &&
           (hex ? isxdigit((unsigned char)*lexer->at) : *lexer->at >= '0' && *lexer->at <= '7')) {
        value = value * (hex ? 16 : 8) + digit_value(*lexer->at++);
        digits++;
    }
    return digits && value && value < 256 ? (int)value : -1;
}

int nst_lex_string(struct nst_lexer *lexer, const char **ret_string)
{
    int64_t address;

    *ret_string = NULL;
    if (nst_lex_accept(lexer, "NULL"))
        return 0;
    if (!nst_lex_accept(lexer, "\"")) { /* an address where strace saw no string to read */
        if (lexer->at < lexer->end && *lexer->at == '0' && !nst_lex_number(lexer, &address))
            return 0;
        return nst_lex_fail(lexer, "a string in double quotes, or NULL");
    }

    const char *start = lexer->at - 1, *close = lexer->at;

    while (close < lexer->end && *close != '"')
        close += 1 + (*close == '\\');
    if (close >= lexer->end)
        return nst_lex_fail(lexer, "a closing double quote");

    char *buffer = malloc((size_t)(close - lexer->at) + 1);
    size_t len = 0;

    if (!buffer)
        return -ENOMEM;
    while (lexer->at < close) {
        int byte = (unsigned char)*lexer->at++;

        if (byte == '\\')
            byte = unescape(lexer);
        if (byte <= 0) {
            free(buffer);
            return nst_lex_fail(lexer, "an escape of a byte other than NUL, as C has them");
        }
        buffer[len++] = (char)byte;
    }
    lexer->at = close + 1;
    if (len <= NST_STRING_MAX)
        *ret_string = nst_sequence_string(lexer->sequence, buffer, len);
    free(buffer);
    if (len > NST_STRING_MAX) {
        lexer->failed_at = start;
        return -E2BIG;
    }
    if (!*ret_string)
        return -ENOMEM;
    if (nst_lex_accept(lexer, "..."))
        lexer->truncated++;
    return 0;
}

int nst_lex_flags(struct nst_lexer *lexer, const struct nst_flag_set *set, uint64_t *ret_value)
{
    *ret_value = 0;
    do {
        size_t len = nst_lex_name(lexer);
        int64_t number;

        if (len) {
            const struct nst_flag *flag = nst_flag_by_name(set, lexer->at, len);
            int signal = flag ? -1 : nst_signal_by_name(set, lexer->at, len);

            if (!flag && signal < 0)
                return nst_lex_fail(lexer, set->name);
            *ret_value |= flag ? flag->value : (uint64_t)signal;
            lexer->at += len;
        } else if (nst_lex_number(lexer, &number) < 0) {
            return nst_lex_fail(lexer, set->name);
        } else {
            *ret_value |= (uint64_t)number;
        }
    } while (nst_lex_accept(lexer, "|"));
    return 0;
}

void nst_lex_skip_value(struct nst_lexer *lexer)
{
    int depth = 0;

    for (; lexer->at < lexer->end; lexer->at++) {
        char c = *lexer->at;

        if (!depth && (c == ',' || c == '}' || c == ')'))
            return;
        if (c == '<') {
            const char *behind = nst_decoration_end(lexer->at, lexer->end);

            if (behind)
                lexer->at = behind - 1;
        }
        if (c == '{' || c == '[' || c == '(')
            depth++;
        else if (c == '}' || c == ']' || c == ')')
            depth--;
    }
}
