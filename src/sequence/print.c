/* The canonical text: one line a call, in strace's form. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flags.h"

static void print_string(FILE *out, const char *str)
{
    static const char escapes[256] = {['\t'] = 't', ['\n'] = 'n', ['\v'] = 'v', ['\f'] = 'f',
                                      ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\'};

    if (!str) {
        fputs("NULL", out);
        return;
    }
    fputc('"', out);
    for (const unsigned char *byte = (const unsigned char *)str; *byte; byte++) {
        if (escapes[*byte])
            fprintf(out, "\\%c", escapes[*byte]);
        else if (*byte >= ' ' && *byte < 127)
            fputc(*byte, out);
        else /* all three digits where the next byte would be read as one more */
            fprintf(out, isdigit(byte[1]) ? "\\%03o" : "\\%o", *byte);
    }
    fputc('"', out);
}

static void print_flags(FILE *out, const struct nst_flag_set *set, uint64_t value)
{
    uint64_t rest = value;
    const char *bar = "";

    if (set == &nst_flags_open && !(value & O_ACCMODE)) {
        fputs("O_RDONLY", out);
        bar = "|";
    }
    for (size_t i = 0; i < set->len; i++) {
        uint64_t bits = set->flag[i].value;

        if (!bits || (rest & bits) != bits)
            continue;
        fprintf(out, "%s%s", bar, set->flag[i].name);
        rest &= ~bits;
        bar = "|";
    }
    if (rest)
        fprintf(out, "%s0x%" PRIx64, bar, rest);
    else if (!*bar)
        fputc('0', out);
}

static void print_enum(FILE *out, const struct nst_flag_set *set, uint64_t value)
{
    for (size_t i = 0; i < set->len; i++)
        if (set->flag[i].value == value) {
            fputs(set->flag[i].name, out);
            return;
        }

    const char *signal = set == &nst_enum_signal && value < 32 ? nst_signal_name((int)value) : NULL;

    if (signal)
        fprintf(out, "SIG%s", signal);
    else
        fprintf(out, "%" PRIu64, value);
}

static void print_arg(FILE *out, const struct nst_arg_type *type, const struct nst_arg *arg)
{
    switch (type->kind) {
    case NST_ARG_PATH:
    case NST_ARG_STRING:
        print_string(out, arg->str);
        break;
    case NST_ARG_FLAGS:
        print_flags(out, type->set, arg->num);
        break;
    case NST_ARG_ENUM:
        print_enum(out, type->set, arg->num);
        break;
    case NST_ARG_FD:
        if (arg->num == NST_AT_FDCWD)
            fputs("AT_FDCWD", out);
        else
            fprintf(out, "%" PRId64, (int64_t)arg->num);
        break;
    case NST_ARG_MODE:
        fprintf(out, "%#03" PRIo64, arg->num);
        break;
    case NST_ARG_INT:
    case NST_ARG_PID:
        fprintf(out, "%" PRId64, (int64_t)arg->num);
        break;
    case NST_ARG_SIZE:
    case NST_ARG_NONE:
        break;
    }
}

/* open's and openat's mode stands there where a file may be made. */
static bool left_out(const struct nst_call *call, size_t at)
{
    return nst_calls[call->id].arg[at].optional && !call->arg[at].num &&
           !(call->arg[at - 1].num & O_CREAT);
}

static void print_call(FILE *out, const struct nst_call *call)
{
    const struct nst_call_type *type = &nst_calls[call->id];

    fprintf(out, "%" PRIu32 " %s(", call->actor, type->name);
    for (size_t i = 0; i < type->args; i++) {
        const struct nst_arg_type *arg = &type->arg[i];

        if (left_out(call, i))
            continue;
        if (i)
            fputs(", ", out);
        if (arg->silent)
            fputs(arg->silent, out);
        if (arg->opens)
            fputc('{', out);
        if (arg->name)
            fprintf(out, "%s=", arg->name);
        if (arg->kind == NST_ARG_SIZE) /* CLONE_ARGS_SIZE_VER2, MOUNT_ATTR_SIZE_VER0 */
            fputs(call->id == NST_CALL_CLONE3 ? "88" : "32", out);
        else
            print_arg(out, arg, &call->arg[i]);
        if (arg->closes)
            fputc('}', out);
    }
    fputc(')', out);
    if (call->expect.kind == NST_SUCCEEDS)
        fprintf(out, " = %" PRId64, call->expect.value);
    else if (call->expect.kind == NST_FAILS)
        fprintf(out, " = -1 %s (%s)", nst_errno_name(call->expect.error),
                nst_errno_text(call->expect.error));
}

static int finish(FILE *out, char **text)
{
    bool failed = ferror(out);

    if (fclose(out) || failed) {
        free(*text);
        *text = NULL;
        return -ENOMEM;
    }
    return 0;
}

char *nst_call_text(const struct nst_call *call)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (!out)
        return NULL;
    print_call(out, call);
    finish(out, &text);
    return text;
}

int nst_strace_print(const struct nst_sequence *sequence, char **ret_text, size_t *ret_len)
{
    FILE *out = open_memstream(ret_text, ret_len);

    if (!out)
        return -ENOMEM;
    for (size_t i = 0; i < sequence->len; i++) {
        print_call(out, &sequence->call[i]);
        fputc('\n', out);
    }
    return finish(out, ret_text);
}
