#include "report/export.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <ns-tool/mount_abi.h>

#include "embed.h"

NST_EMBED(frame, "report/frames/reproducer.sh")

#define WHY 200

/* TEXT in single quotes. */
static void write_quoted(FILE *out, const char *text)
{
    fputc('\'', out);
    for (; *text; text++)
        if (*text == '\'')
            fputs("'\\''", out);
        else
            fputc(*text, out);
    fputc('\'', out);
}

/* A path of the small world; false: it can't be said. */
static bool write_path(FILE *out, const char *path)
{
    if (!path || !*path || strchr(path, '\n') || strstr(path, "..") || !strncmp(path, "/proc/", 6))
        return false;
    if (*path == '/')
        fputs("\"$W\"", out);
    if (strcmp(path, "/") != 0)
        write_quoted(out, path);
    return true;
}

static const struct {
    unsigned long flag;
    const char *name;
} options[] = {
    {MS_RDONLY, "ro"},         {MS_NOSUID, "nosuid"},
    {MS_NODEV, "nodev"},       {MS_NOEXEC, "noexec"},
    {MS_SYNCHRONOUS, "sync"},  {MS_DIRSYNC, "dirsync"},
    {MS_NOATIME, "noatime"},   {MS_NODIRATIME, "nodiratime"},
    {MS_RELATIME, "relatime"}, {MS_STRICTATIME, "strictatime"},
    {MS_LAZYTIME, "lazytime"}, {MS_NOSYMFOLLOW, "nosymfollow"},
    {MS_SILENT, "silent"},
};

/* FLAGS and DATA behind -o FIRST; false: there are flags without a name. */
static bool write_options(FILE *out, const char *first, uint64_t flags, const char *data)
{
    const char *joint = *first ? "," : "";

    if (!flags && !data && !*first)
        return true;
    if (data && strpbrk(data, " '\"\n"))
        return false;
    fprintf(out, " -o %s", first);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (flags & options[i].flag) {
            fprintf(out, "%s%s", joint, options[i].name);
            flags &= ~(uint64_t)options[i].flag;
            joint = ",";
        }
    if (data && *data)
        fprintf(out, "%s%s", joint, data);
    return !flags;
}

static bool write_type_change(FILE *out, uint64_t flags)
{
    static const struct {
        unsigned long flag;
        const char *name;
    } types[] = {{MS_SHARED, "shared"},
                 {MS_SLAVE, "slave"},
                 {MS_PRIVATE, "private"},
                 {MS_UNBINDABLE, "unbindable"}};

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if ((flags & ~(uint64_t)(MS_REC | MS_SILENT)) == types[i].flag) {
            fprintf(out, "mount -n --make-%s%s ", flags & MS_REC ? "r" : "", types[i].name);
            return true;
        }
    return false;
}

static bool write_mount(FILE *out, const struct nst_call *call)
{
    const char *source = call->arg[0].str, *target = call->arg[1].str, *type = call->arg[2].str;
    uint64_t flags = call->arg[3].num;

    if (flags & (MS_SHARED | MS_SLAVE | MS_PRIVATE | MS_UNBINDABLE))
        return write_type_change(out, flags) && write_path(out, target);
    if (flags & MS_REMOUNT) {
        fputs("mount -n -i -c", out);
        if (!write_options(out, flags & MS_BIND ? "remount,bind" : "remount",
                           flags & ~(uint64_t)(MS_REMOUNT | MS_BIND), call->arg[4].str))
            return false;
        fputs(" none ", out);
        return write_path(out, target);
    }
    if (!target || !strcmp(target, "/"))
        return false; /* what is below it would be below the new mount here, and isn't there */
    if (flags & (MS_BIND | MS_MOVE)) {
        fprintf(out, "mount -n -i -c --%s ",
                !(flags & MS_BIND) ? "move"
                : flags & MS_REC   ? "rbind"
                                   : "bind");
        return write_path(out, source) && (fputc(' ', out), write_path(out, target));
    }
    if (!type || strpbrk(type, " '\"\n"))
        return false;
    fprintf(out, "mount -n -i -c -t %s", type);
    if (!write_options(out, "", flags, call->arg[4].str))
        return false;
    fputc(' ', out);
    write_quoted(out, source && *source ? source : "none");
    fputc(' ', out);
    return write_path(out, target);
}

/* unshare(1) for FLAGS; false: some it doesn't have, or they change what a path is. */
static bool write_unshare(FILE *out, uint64_t flags)
{
    if (flags & ~(uint64_t)(CLONE_NEWNS | CLONE_NEWUSER | 0xff) || !(flags & CLONE_NEWNS))
        return false;
    fprintf(out, "exec unshare --mount --propagation unchanged%s sh \"$R/actor\"",
            flags & CLONE_NEWUSER ? " --map-root-user" : "");
    return true;
}

static bool write_one(FILE *out, const char *command, const char *path)
{
    fprintf(out, "%s ", command);
    return write_path(out, path);
}

static bool write_command(FILE *out, const struct nst_step *step)
{
    const struct nst_call *call = step->call;

    switch (call->id) {
    case NST_CALL_UNSHARE:
        return step->kind == NST_ANSWER_VALUE && write_unshare(out, call->arg[0].num);
    case NST_CALL_CLONE:
    case NST_CALL_FORK:
    case NST_CALL_VFORK:
        if (step->kind != NST_ANSWER_VALUE || call->expect.kind != NST_SUCCEEDS)
            return false;
        fprintf(out, "(exec 3<> \"$R/%d\"; ", (int)call->expect.value);
        if (call->id == NST_CALL_CLONE && call->arg[0].num & ~(uint64_t)0xff) {
            if (!write_unshare(out, call->arg[0].num))
                return false;
        } else {
            fputs("exec sh \"$R/actor\"", out);
        }
        fputs(") &", out);
        return true;
    case NST_CALL_MKDIR:
        fprintf(out, "mkdir -m 0%" PRIo64 " ", call->arg[1].num);
        return write_path(out, call->arg[0].str);
    case NST_CALL_RMDIR:
        return write_one(out, "rmdir", call->arg[0].str);
    case NST_CALL_UNLINK:
        return write_one(out, "unlink", call->arg[0].str);
    case NST_CALL_CHDIR:
        return write_one(out, "cd", call->arg[0].str);
    case NST_CALL_MOUNT:
        return write_mount(out, call);
    case NST_CALL_UMOUNT2:
        if (call->arg[1].num & ~(uint64_t)MNT_DETACH)
            return false;
        return write_one(out, call->arg[1].num ? "umount -n -i -c -l" : "umount -n -i -c",
                         call->arg[0].str);
    default:
        return false;
    }
}

static int write_call(FILE *out, const struct nst_step *step, char *why)
{
    struct nst_call bare = *step->call;
    char *text, *command = NULL;
    size_t len;
    FILE *inner = open_memstream(&command, &len);
    bool said = inner && write_command(inner, step) && step->kind != NST_ANSWER_ENDED &&
                step->kind != NST_ANSWER_NONE;

    if (inner)
        fclose(inner);
    bare.expect = (struct nst_result){0};
    text = nst_call_text(&bare);
    if (said && command && text) {
        fprintf(out, "call %u ", bare.actor);
        write_quoted(out, text);
        fprintf(out, " %d ", step->kind == NST_ANSWER_ERROR);
        write_quoted(out, command);
        fputc('\n', out);
    } else {
        snprintf(why, WHY, "%.150s can't be said in sh", text ? text : "a call");
    }
    free(text);
    free(command);
    return said ? 0 : -EOPNOTSUPP;
}

static void write_views(FILE *out, const struct nst_snapshot *snapshot)
{
    for (size_t i = 0; snapshot && i < snapshot->len; i++) {
        const struct nst_ns_view *view = &snapshot->view[i];

        if (view->parent) /* nobody's shell may be in it any more; the first begins there */
            fputs("view 0 <<'END'\n", out);
        else
            fprintf(out, "view %u <<'END'\n", view->reader);
        for (size_t n = 0; n < view->table.len; n++) {
            const struct nst_mount *mount = &view->table.mount[n];

            nst_export_mangled(out, mount->point);
            fprintf(out, " %s %s %s\n", mount->type, mount->options,
                    mount->peer_group && mount->master ? "slave+shared"
                    : mount->peer_group                ? "shared"
                    : mount->master                    ? "slave"
                    : mount->unbindable                ? "unbindable"
                                                       : "private");
        }
        fputs("END\n", out);
    }
}

int nst_export_sh(FILE *out, const struct nst_trace *trace, const struct nst_judgement *judgement,
                  const char *name, char *why)
{
    size_t len = nst_export_len(trace, judgement);
    bool made[65] = {true};
    int r = 0;

    if (!len)
        return -EINVAL;
    fputs("#!/bin/sh\n", out);
    nst_export_head(out, "# ", trace, judgement, name);
    fputs("#\n", out);
    fwrite(frame, 1, NST_EMBED_SIZE(frame), out);
    fputs("\nactor 0\nbegin 0\n", out);
    for (size_t i = 0; i < len; i++) {
        uint32_t actor = trace->step[i].call->actor;

        if (actor < 65 && !made[actor])
            fprintf(out, "actor %u\n", actor);
        if (actor < 65)
            made[actor] = true;
    }
    fprintf(out, "begin %u\n", trace->step[0].call->actor);
    for (size_t i = 0; i < len && !r; i++) {
        const struct nst_call *call = trace->step[i].call;

        if (nst_calls[call->id].returns == NST_RETURNS_ACTOR && call->expect.value > 0 &&
            call->expect.value < 65 && !made[call->expect.value]) {
            fprintf(out, "actor %d\n", (int)call->expect.value);
            made[call->expect.value] = true;
        }
        r = write_call(out, &trace->step[i], why);
    }
    if (r < 0)
        return r;
    write_views(out, trace->step[len - 1].after);
    fputs("finish\n", out);
    return ferror(out) ? -EIO : 0;
}
