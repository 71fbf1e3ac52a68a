/* The readers: lines of strace, joined where strace split them, become calls. */
#include <ctype.h>
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lexer.h"
#include "lines.h"

static const struct nst_call_type *call_by_name(const char *name, size_t len)
{
    for (size_t i = 0; i < NST_CALLS; i++)
        if (!strncmp(nst_calls[i].name, name, len) && !nst_calls[i].name[len])
            return &nst_calls[i];
    return NULL;
}

static int read_value(struct nst_lexer *lexer, const struct nst_arg_type *type,
                      struct nst_arg *ret_arg)
{
    switch (type->kind) {
    case NST_ARG_PATH:
    case NST_ARG_STRING:
        return nst_lex_string(lexer, &ret_arg->str);
    case NST_ARG_FLAGS:
    case NST_ARG_ENUM:
        return nst_lex_flags(lexer, type->set, &ret_arg->num);
    case NST_ARG_FD:
    case NST_ARG_INT: /* fsconfig's last is a number or a descriptor */
        return nst_lex_fd(lexer, &ret_arg->num);
    default: {
        int64_t number;
        int r = type->kind == NST_ARG_PID ? nst_lex_pid(lexer, &number)
                                          : nst_lex_number(lexer, &number);

        ret_arg->num = (uint64_t)number;
        return r;
    }
    }
}

/* `name=value` fields from the FIRST argument on, in any order; those that the row lacks are
 * passed. */
static int read_fields(struct nst_lexer *lexer, struct nst_call *call, size_t first)
{
    const struct nst_call_type *type = &nst_calls[call->id];

    do {
        size_t len = nst_lex_name(lexer), at = first;
        const char *name = lexer->at;

        if (!len)
            return nst_lex_fail(lexer, "a field such as flags=");
        lexer->at += len;
        if (nst_lex_token(lexer, '=', "a `=` behind the field's name") < 0)
            return -EINVAL;
        while (at < type->args && type->arg[at].name &&
               (strncmp(type->arg[at].name, name, len) || type->arg[at].name[len]))
            at++;
        if (at < type->args && type->arg[at].name) {
            int r = read_value(lexer, &type->arg[at], &call->arg[at]);

            if (r < 0)
                return r;
        } else {
            nst_lex_skip_value(lexer);
        }
    } while (nst_lex_accept(lexer, ","));
    return 0;
}

/* Returns 1 for a struct of which strace saw only the address: such a call fails. */
static int read_args(struct nst_lexer *lexer, struct nst_call *call)
{
    const struct nst_call_type *type = &nst_calls[call->id];

    for (size_t i = 0; i < type->args; i++) {
        const struct nst_arg_type *arg = &type->arg[i];
        int r = 0;

        nst_lex_space(lexer);
        if (arg->optional && lexer->at < lexer->end && *lexer->at == ')')
            break;
        if (i && nst_lex_token(lexer, ',', "a comma and the next argument") < 0)
            return -EINVAL;
        if (arg->opens && (nst_lex_accept(lexer, "NULL") || nst_lex_accept(lexer, "0x")))
            return 1;
        if (arg->opens && nst_lex_token(lexer, '{', "a struct in braces") < 0)
            return -EINVAL;
        if (arg->name) {
            r = read_fields(lexer, call, i);
            while (i + 1 < type->args && type->arg[i + 1].name)
                i++;
            if (!r && type->arg[i].closes)
                r = nst_lex_token(lexer, '}', "a closing brace");
            if (!r && nst_lex_accept(lexer, "=>"))
                nst_lex_skip_value(lexer);
        } else {
            r = read_value(lexer, arg, &call->arg[i]);
        }
        if (r < 0)
            return r;
        if (arg->kind == NST_ARG_SIZE)
            call->arg[i].num = 0;
    }
    return nst_lex_token(lexer, ')', "a closing parenthesis");
}

static int errno_by_name(const char *name, size_t len)
{
    for (int error = 1; error < 134; error++) {
        const char *known = nst_errno_name(error);

        if (known && !strncmp(known, name, len) && !known[len])
            return error;
    }
    return 0;
}

static int read_result(struct nst_lexer *lexer, struct nst_call *call)
{
    enum nst_returns returns = nst_calls[call->id].returns;
    int64_t value;

    nst_lex_space(lexer);
    if (lexer->at == lexer->end || *lexer->at == '#')
        return 0;
    if (nst_lex_token(lexer, '=', "a result behind `=`, or the end of the line") < 0)
        return -EINVAL;
    if (nst_lex_accept(lexer, "?")) { /* `? ERESTARTSYS (…)`, `? <unavailable>` */
        lexer->at += nst_lex_name(lexer);
        return nst_lex_trail(lexer);
    }
    nst_lex_space(lexer);
    const char *start = lexer->at;
    int r = returns == NST_RETURNS_ACTOR ? nst_lex_pid(lexer, &value)
                                         : nst_lex_fd(lexer, (uint64_t *)&value);

    if (r < 0)
        return nst_lex_fail(lexer, "a result: a number, -1 with an errno's name, or ?");
    if (value >= 0) {
        bool names = returns != NST_RETURNS_ZERO;

        if (value > INT32_MAX || (returns == NST_RETURNS_ACTOR && !value)) {
            lexer->at = start;
            return nst_lex_fail(lexer, "a result from 0 to 2147483647, and an actor above 0");
        }
        call->expect = (struct nst_result){.kind = NST_SUCCEEDS, .value = names ? value : 0};
        return nst_lex_trail(lexer);
    }

    size_t len = nst_lex_name(lexer);
    int error = len ? errno_by_name(lexer->at, len) : 0;

    if (!error)
        return nst_lex_fail(lexer, "an errno's name, such as EINVAL");
    call->expect = (struct nst_result){.kind = NST_FAILS, .error = error};
    lexer->at += len;
    return nst_lex_trail(lexer);
}

enum line_kind { LINE_CALL, LINE_OTHER };

/* Reads one joined line, `name(args) = result`. */
static int read_line(struct nst_lexer *lexer, const struct nst_line *line,
                     struct nst_call *ret_call, enum line_kind *ret_kind)
{
    size_t len = nst_lex_name(lexer);
    const struct nst_call_type *type;

    *ret_kind = LINE_CALL;
    if (!len)
        return nst_lex_fail(lexer, "a system call, such as mount(…), with its actor before it");
    type = call_by_name(lexer->at, len);
    if (!type) {
        char *name = strndup(lexer->at, len);
        bool known;

        if (!name)
            return -ENOMEM;
        known = !strncmp(name, "syscall_", 8) ||
                seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR ||
                !strcmp(name, "newfstatat");
        free(name);
        *ret_kind = LINE_OTHER;
        return known ? 0 : nst_lex_fail(lexer, "the name of a system call");
    }
    lexer->at += len;
    *ret_call = (struct nst_call){.id = (enum nst_call_id)(type - nst_calls),
                                  .actor = line->actor,
                                  .line = (uint32_t)line->number};
    if (nst_lex_token(lexer, '(', "an opening parenthesis") < 0)
        return -EINVAL;

    int r = read_args(lexer, ret_call);

    if (r > 0) {
        *ret_kind = LINE_OTHER;
        return 0;
    }
    return r < 0 ? r : read_result(lexer, ret_call);
}

/* What is beyond the bounds: a string where the lexer met it, else this call or its actor. */
static void set_bound_error(struct nst_read_error *ret_error, const struct nst_lexer *lexer)
{
    size_t size = sizeof ret_error->message;

    if (lexer->failed_at)
        snprintf(ret_error->message, size, "expected a string of at most %d bytes", NST_STRING_MAX);
    else if (lexer->sequence->len >= NST_CALLS_MAX)
        snprintf(ret_error->message, size, "expected at most %d calls", NST_CALLS_MAX);
    else
        snprintf(ret_error->message, size, "expected at most %d actors", NST_ACTORS_MAX);
}

static void set_error(struct nst_read_error *ret_error, const struct nst_line *line,
                      const struct nst_lexer *lexer, int r)
{
    const char *at = lexer->failed_at ? lexer->failed_at : r == -E2BIG ? lexer->start : lexer->at;

    if (!ret_error)
        return;
    ret_error->line = line->number;
    ret_error->column = line->column + (size_t)(at - lexer->start);
    if (r == -E2BIG)
        set_bound_error(ret_error, lexer);
    else
        snprintf(ret_error->message, sizeof ret_error->message, "expected %s%s", lexer->expected,
                 lexer->expected && lexer->expected[strlen(lexer->expected) - 1] == '_'
                     ? "… flags joined by |, or a number"
                     : "");
}

static int read_text(const char *text, size_t len, bool strict, struct nst_sequence *ret_sequence,
                     struct nst_read_counts *counts, struct nst_read_error *ret_error)
{
    struct nst_lines lines = {0};
    int r = nst_lines_split(text, len, strict, &lines, counts, ret_error);

    for (size_t i = 0; !r && i < lines.len; i++) {
        const struct nst_line *line = &lines.line[i];
        struct nst_lexer lexer = {.at = line->text,
                                  .start = line->text,
                                  .end = line->text + line->len,
                                  .sequence = ret_sequence};
        struct nst_call call;
        enum line_kind kind;

        r = read_line(&lexer, line, &call, &kind);
        if (r == -EINVAL && line->unfinished) { /* cut off by the end of its actor */
            counts->unfinished++;
            r = 0;
            continue;
        }
        if (!r && kind == LINE_OTHER) {
            counts->other++;
            continue;
        }
        counts->unfinished += !r && line->unfinished;
        counts->truncated += lexer.truncated;
        if (!r)
            r = nst_sequence_append(ret_sequence, &call);
        if (!r)
            continue;
        if (r == -ENOMEM || strict) {
            set_error(ret_error, line, &lexer, r);
            break;
        }
        counts->dropped++;
        bool full = r == -E2BIG && ret_sequence->len >= NST_CALLS_MAX;

        r = 0;
        if (full)
            break;
    }
    nst_lines_free(&lines);
    if (r < 0)
        nst_sequence_free(ret_sequence);
    return r;
}

int nst_strace_read(const char *text, size_t len, struct nst_sequence *ret_sequence,
                    struct nst_read_counts *ret_counts, struct nst_read_error *ret_error)
{
    struct nst_read_counts counts = {0};
    int r = read_text(text, len, true, ret_sequence, &counts, ret_error);

    if (ret_counts)
        *ret_counts = counts;
    return r;
}

int nst_strace_read_lenient(const char *text, size_t len, struct nst_sequence *ret_sequence,
                            struct nst_read_counts *ret_counts)
{
    struct nst_read_counts counts = {0};
    int r = read_text(text, len, false, ret_sequence, &counts, NULL);

    if (ret_counts)
        *ret_counts = counts;
    return r;
}
