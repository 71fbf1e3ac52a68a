/* Rows of flags, and a function for each kind of mount(2): see rewrite.h. What the kernel makes of
 * both forms: fs/namespace.c, path_mount() and the functions that it calls; do_mount_setattr(). */
#include <ns-tool/rewrite.h>

#include <errno.h>
#include <string.h>
#include <sys/mount.h>

enum { SET_FLAG, SET_STRING, CREATE = 6 };                  /* of fsconfig */
enum { CLONE = 1, CLOEXEC = 02000000, RECURSIVE = 0x8000 }; /* of open_tree, AT_ */
enum { F_SYMLINKS = 1, F_AUTOMOUNTS = 2, F_EMPTY = 4, T_SYMLINKS = 0x10, T_AUTOMOUNTS = 0x20 };
enum { ATTR_NOATIME = 0x10, ATTR_STRICTATIME = 0x20, ATTR_ATIME = 0x70, ATTR_NODIRATIME = 0x80 };
enum { STRING = 250 };

#define PROPAGATION ((uint64_t)(MS_SHARED | MS_SLAVE | MS_PRIVATE | MS_UNBINDABLE))
#define TIMES ((uint64_t)(MS_NOATIME | MS_NODIRATIME | MS_RELATIME | MS_STRICTATIME))
#define NOSYMFOLLOW 0x100 /* MS_NOSYMFOLLOW, linux/mount.h */

/* Flags that a mount has by itself. */
static const struct {
    uint64_t flag, attr;
} attrs[] = {
    {MS_RDONLY, 1}, {MS_NOSUID, 2}, {MS_NODEV, 4}, {MS_NOEXEC, 8}, {NOSYMFOLLOW, 0x200000}};

/* Flags of its superblock. */
static const struct {
    uint64_t flag;
    const char *key;
} keys[] = {{MS_RDONLY, "ro"}, {MS_SYNCHRONOUS, "sync"}, {MS_DIRSYNC, "dirsync"}};

enum { ATTRS = sizeof(attrs) / sizeof(*attrs), KEYS = sizeof(keys) / sizeof(*keys) };

struct rewriting {
    struct nst_sequence *sequence;
    uint32_t actor, fd;
    size_t begun; /* calls that were there */
    int error;
};

static void add(struct rewriting *to, struct nst_call call)
{
    call.actor = to->actor;
    if (!to->error)
        to->error = nst_sequence_append(to->sequence, &call);
}

static struct nst_result named(uint32_t fd)
{
    return (struct nst_result){.kind = NST_SUCCEEDS, .value = fd};
}

static void add_close(struct rewriting *to, uint32_t fd)
{
    add(to, (struct nst_call){.id = NST_CALL_CLOSE, .arg = {{.num = fd}}});
}

/* What was added so far ends with the call that does the work. */
static int done(const struct rewriting *to)
{
    return to->error ? to->error : (int)(to->sequence->len - to->begun);
}

static bool is_plain(const char *path)
{
    return path && *path && strncmp(path, "/proc", 5) != 0 && strncmp(path, "proc", 4) != 0 &&
           !strstr(path, "/proc") && strlen(path) < 4096;
}

static bool is_short(const char *string)
{
    return strlen(string) <= STRING;
}

static void add_config(struct rewriting *to, uint64_t command, const char *key, const char *value)
{
    add(to, (struct nst_call){
                .id = NST_CALL_FSCONFIG,
                .arg = {{.num = to->fd}, {.num = command}, {.str = key}, {.str = value}}});
}

/* `key=value` or `key`, of LEN bytes at OPTION. */
static void add_option(struct rewriting *to, const char *option, size_t len)
{
    char text[STRING + 1];
    char *value;

    memcpy(text, option, len);
    text[len] = '\0';
    value = strchr(text, '=');
    if (value)
        *value++ = '\0';
    add_config(to, value ? SET_STRING : SET_FLAG, text, value);
}

static void add_options(struct rewriting *to, const char *data)
{
    for (; data && *data; data += *data == ',') {
        size_t len = strcspn(data, ",");

        if (len && *data != '=') /* fs/fs_context.c, vfs_parse_monolithic_sep() passes these over */
            add_option(to, data, len);
        data += len;
    }
}

/* tmpfs takes a comma before a digit for a part of a value (mm/shmem.c, shmem_next_opt()). */
static bool has_plain_options(const char *type, const char *data)
{
    if (strcmp(type, "tmpfs") != 0 && strcmp(type, "ramfs") != 0 && strcmp(type, "proc") != 0)
        return false;
    for (const char *at = data; at && *at; at++)
        if (*at == ',' && at[1] >= '0' && at[1] <= '9')
            return false;
    return !data || (is_short(data) && !strchr(data, '\\') && !strchr(data, '"'));
}

/* By default access times are relative; strict ones win over none: path_mount(). */
static uint64_t attr_of(uint64_t flags)
{
    uint64_t attr = flags & MS_STRICTATIME ? ATTR_STRICTATIME
                    : flags & MS_NOATIME   ? ATTR_NOATIME
                                           : 0;

    for (size_t i = 0; i < ATTRS; i++)
        attr |= flags & attrs[i].flag ? attrs[i].attr : 0;
    return attr | (flags & MS_NODIRATIME ? ATTR_NODIRATIME : 0);
}

static void add_move(struct rewriting *to, uint32_t fd, const char *point)
{
    add(to, (struct nst_call){.id = NST_CALL_MOVE_MOUNT,
                              .arg = {{.num = fd},
                                      {.str = ""},
                                      {.num = NST_AT_FDCWD},
                                      {.str = point},
                                      {.num = F_EMPTY | T_SYMLINKS | T_AUTOMOUNTS}}});
}

static int rewrite_new(const struct nst_call *call, uint64_t flags, struct rewriting *to)
{
    const uint64_t known = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | NOSYMFOLLOW |
                           MS_SYNCHRONOUS | MS_DIRSYNC | MS_SILENT | TIMES;
    const char *source = call->arg[0].str, *type = call->arg[2].str, *data = call->arg[4].str;
    int work;

    if (flags & ~known || !type || !has_plain_options(type, data) ||
        (source && (!*source || !is_short(source))))
        return 0;
    add(to, (struct nst_call){.id = NST_CALL_FSOPEN,
                              .arg = {{.str = type}, {.num = 1 /* FSOPEN_CLOEXEC */}},
                              .expect = named(to->fd)});
    if (source)
        add_config(to, SET_STRING, "source", source);
    for (size_t i = 0; i < KEYS; i++)
        if (flags & keys[i].flag)
            add_config(to, SET_FLAG, keys[i].key, NULL);
    add_options(to, data);
    add_config(to, CREATE, NULL, NULL);
    add(to, (struct nst_call){
                .id = NST_CALL_FSMOUNT,
                .arg = {{.num = to->fd}, {.num = 1 /* FSMOUNT_CLOEXEC */}, {.num = attr_of(flags)}},
                .expect = named(to->fd + 1)});
    add_move(to, to->fd + 1, call->arg[1].str);
    work = done(to);
    add_close(to, to->fd + 1);
    add_close(to, to->fd);
    return to->error ? to->error : work;
}

static int rewrite_bind(const struct nst_call *call, uint64_t flags, struct rewriting *to)
{
    int work;

    if (flags & ~(uint64_t)(MS_BIND | MS_REC | MS_SILENT) || !is_plain(call->arg[0].str))
        return 0;
    add(to, (struct nst_call){.id = NST_CALL_OPEN_TREE,
                              .arg = {{.num = NST_AT_FDCWD},
                                      {.str = call->arg[0].str},
                                      {.num = CLONE | CLOEXEC | (flags & MS_REC ? RECURSIVE : 0)}},
                              .expect = named(to->fd)});
    add_move(to, to->fd, call->arg[1].str);
    work = done(to);
    add_close(to, to->fd);
    return to->error ? to->error : work;
}

static int rewrite_move(const struct nst_call *call, uint64_t flags, struct rewriting *to)
{
    if (flags & ~(uint64_t)(MS_MOVE | MS_SILENT) || !is_plain(call->arg[0].str))
        return 0;
    add(to,
        (struct nst_call){.id = NST_CALL_MOVE_MOUNT,
                          .arg = {{.num = NST_AT_FDCWD},
                                  {.str = call->arg[0].str},
                                  {.num = NST_AT_FDCWD},
                                  {.str = call->arg[1].str},
                                  {.num = F_SYMLINKS | F_AUTOMOUNTS | T_SYMLINKS | T_AUTOMOUNTS}}});
    return done(to);
}

static void add_setattr(struct rewriting *to, const char *path, uint64_t flags, uint64_t set,
                        uint64_t clear, uint64_t propagation)
{
    add(to, (struct nst_call){.id = NST_CALL_MOUNT_SETATTR,
                              .arg = {{.num = NST_AT_FDCWD},
                                      {.str = path},
                                      {.num = flags},
                                      {.num = set},
                                      {.num = clear},
                                      {.num = propagation}}});
}

static bool is_one(uint64_t bits)
{
    return bits && !(bits & (bits - 1));
}

static int rewrite_change(const struct nst_call *call, uint64_t flags, struct rewriting *to)
{
    if (flags & ~(PROPAGATION | MS_REC | MS_SILENT) || !is_one(flags & PROPAGATION))
        return 0;
    add_setattr(to, call->arg[1].str, flags & MS_REC ? RECURSIVE : 0, 0, 0, flags & PROPAGATION);
    return done(to);
}

static int rewrite_remount(const struct nst_call *call, uint64_t flags, struct rewriting *to)
{
    uint64_t clear = 0, known = MS_REMOUNT | MS_BIND | MS_SILENT | TIMES;

    for (size_t i = 0; i < ATTRS; i++) {
        known |= attrs[i].flag;
        clear |= flags & attrs[i].flag ? 0 : attrs[i].attr;
    }
    if (flags & ~known)
        return 0;
    if (flags & TIMES)
        clear |= ATTR_ATIME | (flags & MS_NODIRATIME ? 0 : ATTR_NODIRATIME);
    add_setattr(to, call->arg[1].str, 0, attr_of(flags), clear, 0);
    return done(to);
}

static int rewrite_mount(const struct nst_call *call, struct rewriting *to)
{
    uint64_t flags = call->arg[3].num;

    if ((flags & 0xffff0000) == 0xc0ed0000) /* MS_MGC_VAL */
        flags &= 0xffff;
    if (!is_plain(call->arg[1].str))
        return 0;
    if (flags & MS_REMOUNT)
        return flags & MS_BIND ? rewrite_remount(call, flags, to) : 0;
    if (flags & MS_BIND)
        return rewrite_bind(call, flags, to);
    if (flags & PROPAGATION)
        return rewrite_change(call, flags, to);
    if (flags & MS_MOVE)
        return rewrite_move(call, flags, to);
    return rewrite_new(call, flags, to);
}

static void add_mount(struct rewriting *to, const char *source, const char *point, uint64_t flags)
{
    add(to,
        (struct nst_call){.id = NST_CALL_MOUNT,
                          .arg = {{.str = source}, {.str = point}, {.str = NULL}, {.num = flags}}});
}

static int rewrite_setattr(const struct nst_call *call, struct rewriting *to)
{
    const struct nst_arg *arg = call->arg;

    if (arg[0].num != NST_AT_FDCWD || !is_plain(arg[1].str) || arg[2].num & ~(uint64_t)RECURSIVE ||
        arg[3].num || arg[4].num || !is_one(arg[5].num) || arg[5].num & ~PROPAGATION)
        return 0;
    add_mount(to, "none", arg[1].str, arg[5].num | (arg[2].num ? MS_REC : 0));
    return done(to);
}

static int rewrite_move_mount(const struct nst_call *call, struct rewriting *to)
{
    const struct nst_arg *arg = call->arg;

    if (arg[0].num != NST_AT_FDCWD || !is_plain(arg[1].str) || arg[2].num != NST_AT_FDCWD ||
        !is_plain(arg[3].str) ||
        (arg[4].num & ~(uint64_t)(F_AUTOMOUNTS | T_AUTOMOUNTS)) != (F_SYMLINKS | T_SYMLINKS))
        return 0;
    add_mount(to, arg[1].str, arg[3].str, MS_MOVE);
    return done(to);
}

int nst_rewrite(const struct nst_call *call, uint32_t fd, struct nst_sequence *sequence)
{
    struct rewriting to = {
        .sequence = sequence, .actor = call->actor, .fd = fd, .begun = sequence->len};

    switch (call->id) {
    case NST_CALL_MOUNT:
        return rewrite_mount(call, &to);
    case NST_CALL_MOUNT_SETATTR:
        return rewrite_setattr(call, &to);
    case NST_CALL_MOVE_MOUNT:
        return rewrite_move_mount(call, &to);
    default:
        return 0;
    }
}
