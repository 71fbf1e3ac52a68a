#include "report/export.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "embed.h"

NST_EMBED(frame, "report/frames/reproducer.c")

static const char marker[] = "/*CALLS*/";

/* TEXT as a C string; NULL as NULL. A digit behind an escape would be part of it. */
static void write_string(FILE *out, const char *text)
{
    if (!text) {
        fputs("NULL", out);
        return;
    }
    fputc('"', out);
    for (; *text; text++)
        if (*text == '"' || *text == '\\' || *text == '?')
            fprintf(out, "\\%c", *text);
        else if ((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f)
            fprintf(out, "\\%03o", (unsigned)(unsigned char)*text);
        else
            fputc(*text, out);
    fputc('"', out);
}

static void write_arg(FILE *out, const struct nst_call *call, size_t i)
{
    const struct nst_arg *arg = &call->arg[i];

    switch (nst_calls[call->id].arg[i].kind) {
    case NST_ARG_PATH:
        fputs("path(", out);
        write_string(out, arg->str);
        fputc(')', out);
        break;
    case NST_ARG_STRING: /* a source may be a path of /proc */
        fputs(call->id == NST_CALL_MOUNT && i == 0 ? "path(" : "", out);
        write_string(out, arg->str);
        fputs(call->id == NST_CALL_MOUNT && i == 0 ? ")" : "", out);
        break;
    case NST_ARG_FD:
        if (arg->num == NST_AT_FDCWD)
            fputs("AT_FDCWD", out);
        else
            fprintf(out, "d(%" PRId64 ")", (int64_t)arg->num);
        break;
    case NST_ARG_MODE:
        fprintf(out, "0%" PRIo64, arg->num);
        break;
    default:
        fprintf(out, "0x%" PRIx64 "L", arg->num);
    }
}

/* The name that the descriptor gets; -1: its number. */
static int64_t name_of(const struct nst_call *call)
{
    return call->expect.kind == NST_SUCCEEDS ? call->expect.value : -1;
}

static void write_plain(FILE *out, const char *number, const struct nst_call *call, size_t from)
{
    fprintf(out, "syscall(SYS_%s", number);
    for (size_t i = from; i < nst_calls[call->id].args; i++) {
        fputs(", ", out);
        write_arg(out, call, i);
    }
    fputc(')', out);
}

/* Calls that arm64 doesn't have are made by their successors. */
static void write_at(FILE *out, const char *number, const struct nst_call *call)
{
    bool renames = call->id == NST_CALL_RENAME, links = call->id == NST_CALL_SYMLINK;

    fprintf(out, "syscall(SYS_%s, ", number);
    if (links) {
        write_string(out, call->arg[0].str);
        fputs(", AT_FDCWD, ", out);
        write_arg(out, call, 1);
    } else {
        fputs("AT_FDCWD, ", out);
        write_arg(out, call, 0);
        if (renames)
            fputs(", AT_FDCWD, ", out);
        for (size_t i = 1; i < nst_calls[call->id].args; i++) {
            fputs(renames ? "" : ", ", out);
            write_arg(out, call, i);
        }
        fputs(renames ? ", 0" : call->id == NST_CALL_RMDIR ? ", AT_REMOVEDIR" : "", out);
        fputs(call->id == NST_CALL_UNLINK ? ", 0" : "", out);
    }
    fputc(')', out);
}

/* The numbers of a call with a struct mount_attr, whose fields begin at argument 3. */
static void write_attr(FILE *out, const char *name, const struct nst_call *call)
{
    fprintf(out, "%s(", name);
    if (call->id == NST_CALL_OPEN_TREE_ATTR)
        fprintf(out, "%" PRId64 ", ", name_of(call));
    fprintf(out, "%" PRId64 ", ", (int64_t)call->arg[0].num);
    write_string(out, call->arg[1].str);
    fprintf(out, ", 0x%" PRIx64 "L, 0x%" PRIx64 ", 0x%" PRIx64 ", 0x%" PRIx64 ", %" PRId64 ")",
            call->arg[2].num | (call->id == NST_CALL_OPEN_TREE_ATTR ? 02000000 : 0),
            call->arg[3].num, call->arg[4].num, call->arg[5].num, (int64_t)call->arg[6].num);
}

/* A new descriptor isn't to be inherited by a program: FLAG is that call's way to say so. */
static void write_named(FILE *out, const struct nst_call *call, const char *number, size_t flags,
                        uint64_t flag)
{
    struct nst_call copy = *call;

    copy.arg[flags].num |= flag;
    fprintf(out, "named(%" PRId64 ", ", name_of(call));
    if (call->id == NST_CALL_OPEN)
        write_at(out, number, &copy);
    else
        write_plain(out, number, &copy, 0);
    fputc(')', out);
}

static void write_call(FILE *out, const struct nst_call *call)
{
    switch (call->id) {
    case NST_CALL_UNSHARE:
        fprintf(out, "do_unshare(0x%" PRIx64 "L)", call->arg[0].num);
        break;
    case NST_CALL_SETNS:
        fprintf(out, "do_setns(%" PRId64 ", 0x%" PRIx64 "L)", (int64_t)call->arg[0].num,
                call->arg[1].num);
        break;
    case NST_CALL_CLONE:
    case NST_CALL_CLONE3:
    case NST_CALL_FORK:
    case NST_CALL_VFORK:
        fprintf(out, "do_clone(0x%" PRIx64 "L, %" PRId64 ")",
                nst_calls[call->id].args ? call->arg[0].num : 0, name_of(call));
        break;
    case NST_CALL_EXIT_GROUP:
        fprintf(out, "do_exit(%d)", (int)call->arg[0].num);
        break;
    case NST_CALL_KILL:
        fprintf(out, "do_kill(%d, %d)", (int)call->arg[0].num, (int)call->arg[1].num);
        break;
    case NST_CALL_MKDIR:
        write_at(out, "mkdirat", call);
        break;
    case NST_CALL_RMDIR:
    case NST_CALL_UNLINK:
        write_at(out, "unlinkat", call);
        break;
    case NST_CALL_SYMLINK:
        write_at(out, "symlinkat", call);
        break;
    case NST_CALL_RENAME:
        write_at(out, "renameat2", call);
        break;
    case NST_CALL_OPEN:
    case NST_CALL_OPENAT:
        write_named(out, call, "openat", call->id == NST_CALL_OPENAT ? 2 : 1, 02000000);
        break;
    case NST_CALL_CLOSE:
        fprintf(out, "do_close(%" PRId64 ")", (int64_t)call->arg[0].num);
        break;
    case NST_CALL_OPEN_TREE:
        write_named(out, call, "open_tree", 2, 02000000);
        break;
    case NST_CALL_FSOPEN:
        write_named(out, call, "fsopen", 1, 1);
        break;
    case NST_CALL_FSMOUNT:
        write_named(out, call, "fsmount", 1, 1);
        break;
    case NST_CALL_FSPICK:
        write_named(out, call, "fspick", 2, 1);
        break;
    case NST_CALL_FSCONFIG:
        fprintf(out, "do_fsconfig(%" PRId64 ", 0x%" PRIx32 ", ", (int64_t)call->arg[0].num,
                (uint32_t)call->arg[1].num);
        write_string(out, call->arg[2].str);
        fputs(", ", out);
        write_string(out, call->arg[3].str);
        fprintf(out, ", %" PRId64 ")", (int64_t)call->arg[4].num);
        break;
    case NST_CALL_MOUNT_SETATTR:
        write_attr(out, "do_mount_setattr", call);
        break;
    case NST_CALL_OPEN_TREE_ATTR:
        write_attr(out, "do_open_tree_attr", call);
        break;
    default:
        write_plain(out, nst_calls[call->id].name, call, 0);
    }
}

/* What the frame's show() gives of TABLE, as lines of C strings. */
static void write_table(FILE *out, const struct nst_table *table, struct nst_renamer *renamer)
{
    for (size_t i = 0; i < table->len; i++) {
        const struct nst_mount *mount = &table->mount[i];
        char *text = NULL;
        size_t len;
        FILE *line = open_memstream(&text, &len);

        if (!line)
            return;
        fprintf(line, "%" PRIu64, nst_renamer_mount(renamer, mount->id));
        fprintf(line, " %" PRIu64, nst_renamer_mount(renamer, mount->parent_id));
        fprintf(line, " %" PRIu64 " ", nst_renamer_device(renamer, mount->major, mount->minor));
        if (strncmp(mount->root, "mnt:[", 5))
            nst_export_mangled(line, mount->root);
        else
            fputs("mnt:", line);
        fputc(' ', line);
        nst_export_mangled(line, mount->point);
        fprintf(line, " %s", mount->options);
        if (mount->peer_group)
            fprintf(line, " shared:%" PRIu64, nst_renamer_group(renamer, mount->peer_group));
        if (mount->master)
            fprintf(line, " master:%" PRIu64, nst_renamer_group(renamer, mount->master));
        if (mount->unbindable)
            fputs(" unbindable", line);
        fprintf(line, " - %s\n", mount->type);
        fclose(line);
        fputs("        ", out);
        write_string(out, text);
        fputc('\n', out);
        free(text);
    }
}

static void write_views(FILE *out, const struct nst_snapshot *snapshot)
{
    struct nst_renamer renamer = {0};
    size_t views = 0;

    fputs("static const struct view views[] = {\n", out);
    for (size_t i = 0; snapshot && i < snapshot->len; i++) {
        const struct nst_ns_view *view = &snapshot->view[i];

        fprintf(out, "    {%u,\n", view->parent ? 0 : view->reader);
        write_table(out, &view->table, &renamer);
        fputs("        \"\"},\n", out);
        views++;
    }
    fprintf(out, "    {0, \"\"}};\nenum { VIEWS = %zu };\n", views);
    nst_renamer_free(&renamer);
}

/* What the call answered, in a struct call: 0, an errno, or -1 where nothing is to be said. */
static int error_of(const struct nst_step *step)
{
    return step->kind == NST_ANSWER_VALUE ? 0 : step->kind == NST_ANSWER_ERROR ? step->error : -1;
}

static void write_calls(FILE *out, const struct nst_trace *trace, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        fprintf(out, "static long call_%zu(void)\n{\n    return ", i);
        write_call(out, trace->step[i].call);
        fputs(";\n}\n\n", out);
    }
    fputs("static const struct call calls[] = {\n", out);
    for (size_t i = 0; i < len; i++) {
        struct nst_call bare = *trace->step[i].call;
        char *text;

        bare.expect = (struct nst_result){0};
        text = nst_call_text(&bare);
        fprintf(out, "    {%u, call_%zu, %d, ", bare.actor, i, error_of(&trace->step[i]));
        write_string(out, text ? text : "");
        fputs("},\n", out);
        free(text);
    }
    fprintf(out, "};\nenum { CALLS = %zu };\n\n", len);
}

int nst_export_c(FILE *out, const struct nst_trace *trace, const struct nst_judgement *judgement,
                 const char *name)
{
    const char *at = strstr(frame, marker);
    size_t len = nst_export_len(trace, judgement);

    if (!at || !len)
        return -EINVAL;
    fputs("/*\n", out);
    nst_export_head(out, " * ", trace, judgement, name);
    fputs(" */\n\n", out);
    fwrite(frame, 1, (size_t)(at - frame), out);
    fprintf(out, "enum { NAMESPACES = %s };\n\n", trace->privileged ? "0" : "CLONE_NEWUSER");
    write_calls(out, trace, len);
    write_views(out, trace->step[len - 1].after);
    fputs(at + sizeof marker - 1, out);
    return ferror(out) ? -EIO : 0;
}
