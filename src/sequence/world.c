#include <ns-tool/world.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where things are put: /a and /b are alike, whatever is mounted where, as long as what stands for
 * one stands for the other and no name in them is a or b. */
static const struct {
    const char *path;
    unsigned char name;
} places[] = {{"/", 0}, {"/a", 1}, {"/b", 2}, {"/a/c", 1}, {"/b/c", 2}};
enum { PLACES = sizeof places / sizeof *places, SMALL_PLACES = 3 };

/* `%p` and `%q` stand for each of the places, `%d` for descriptors 3 and 4, `%n` for actors. */
static const struct {
    enum nst_call_id id;
    const char *text;
} templates[] = {
    {NST_CALL_MOUNT, "mount(\"none\", \"%p\", \"tmpfs\", 0, NULL)"},
    {NST_CALL_MOUNT, "mount(\"%p\", \"%q\", NULL, MS_BIND, NULL)"},
    {NST_CALL_MOUNT, "mount(\"%p\", \"%q\", NULL, MS_BIND|MS_REC, NULL)"},
    {NST_CALL_MOUNT, "mount(\"%p\", \"%q\", NULL, MS_MOVE, NULL)"},
    {NST_CALL_MOUNT, "mount(\"none\", \"%p\", NULL, MS_SHARED, NULL)"},
    {NST_CALL_MOUNT, "mount(\"none\", \"%p\", NULL, MS_PRIVATE, NULL)"},
    {NST_CALL_MOUNT, "mount(\"none\", \"%p\", NULL, MS_SLAVE, NULL)"},
    {NST_CALL_MOUNT, "mount(\"none\", \"%p\", NULL, MS_UNBINDABLE, NULL)"},
    {NST_CALL_MOUNT, "mount(\"none\", \"/\", NULL, MS_REC|MS_SHARED, NULL)"},
    {NST_CALL_MOUNT, "mount(\"none\", \"/\", NULL, MS_REC|MS_PRIVATE, NULL)"},
    {NST_CALL_MOUNT, "mount(\"none\", \"/\", NULL, MS_REC|MS_SLAVE, NULL)"},
    {NST_CALL_MOUNT, "mount(\"none\", \"%p\", NULL, MS_RDONLY|MS_REMOUNT|MS_BIND, NULL)"},
    {NST_CALL_UMOUNT2, "umount2(\"%p\", 0)"},
    {NST_CALL_UMOUNT2, "umount2(\"%p\", MNT_DETACH)"},
    {NST_CALL_UMOUNT2, "umount2(\"%p\", MNT_EXPIRE)"},
    {NST_CALL_UNSHARE, "unshare(CLONE_NEWNS)"},
    {NST_CALL_UNSHARE, "unshare(CLONE_NEWNS|CLONE_NEWUSER)"},
    {NST_CALL_UNSHARE, "unshare(CLONE_NEWUSER)"},
    {NST_CALL_CLONE, "clone(child_stack=NULL, flags=CLONE_NEWNS|SIGCHLD)"},
    {NST_CALL_CLONE, "clone(child_stack=NULL, flags=CLONE_NEWNS|CLONE_NEWUSER|SIGCHLD)"},
    {NST_CALL_CLONE, "clone(child_stack=NULL, flags=CLONE_FS|SIGCHLD)"},
    {NST_CALL_CLONE3, "clone3({flags=CLONE_NEWNS, exit_signal=SIGCHLD}, 88)"},
    {NST_CALL_FORK, "fork()"},
    {NST_CALL_VFORK, "vfork()"},
    {NST_CALL_SETNS, "setns(%d, 0)"},
    {NST_CALL_EXIT_GROUP, "exit_group(0)"},
    {NST_CALL_KILL, "kill(%n, SIGKILL)"},
    {NST_CALL_MKDIR, "mkdir(\"%p/x\", 0755)"},
    {NST_CALL_MKDIRAT, "mkdirat(AT_FDCWD, \"%p/x\", 0755)"},
    {NST_CALL_RMDIR, "rmdir(\"%p\")"},
    {NST_CALL_RMDIR, "rmdir(\"%p/x\")"},
    {NST_CALL_UNLINK, "unlink(\"%p/x\")"},
    {NST_CALL_UNLINKAT, "unlinkat(AT_FDCWD, \"%p\", AT_REMOVEDIR)"},
    {NST_CALL_SYMLINK, "symlink(\"%p\", \"/x\")"},
    {NST_CALL_RENAME, "rename(\"%p\", \"%q/x\")"},
    {NST_CALL_RENAMEAT2, "renameat2(AT_FDCWD, \"%p\", AT_FDCWD, \"%q\", RENAME_EXCHANGE)"},
    {NST_CALL_OPEN, "open(\"/proc/%n/ns/mnt\", O_RDONLY)"},
    {NST_CALL_OPEN, "open(\"%p\", O_RDONLY|O_DIRECTORY)"},
    {NST_CALL_OPENAT, "openat(AT_FDCWD, \"%p/x\", O_RDWR|O_CREAT, 0644)"},
    {NST_CALL_CLOSE, "close(%d)"},
    {NST_CALL_CHDIR, "chdir(\"%p\")"},
    {NST_CALL_FCHDIR, "fchdir(%d)"},
    {NST_CALL_CHROOT, "chroot(\"%p\")"},
    {NST_CALL_PIVOT_ROOT, "pivot_root(\"%p\", \"%q\")"},
    {NST_CALL_OPEN_TREE, "open_tree(AT_FDCWD, \"%p\", 0)"},
    {NST_CALL_OPEN_TREE, "open_tree(AT_FDCWD, \"%p\", OPEN_TREE_CLONE)"},
    {NST_CALL_OPEN_TREE, "open_tree(AT_FDCWD, \"%p\", OPEN_TREE_CLONE|AT_RECURSIVE)"},
    {NST_CALL_OPEN_TREE, "open_tree(%d, \"\", OPEN_TREE_CLONE|AT_EMPTY_PATH)"},
    {NST_CALL_OPEN_TREE_ATTR,
     "open_tree_attr(AT_FDCWD, \"%p\", OPEN_TREE_CLONE, {attr_set=MOUNT_ATTR_RDONLY, attr_clr=0, "
     "propagation=MS_PRIVATE, userns_fd=0}, 32)"},
    {NST_CALL_MOVE_MOUNT, "move_mount(%d, \"\", AT_FDCWD, \"%p\", MOVE_MOUNT_F_EMPTY_PATH)"},
    {NST_CALL_MOVE_MOUNT, "move_mount(%d, \"\", AT_FDCWD, \"%p\", "
                          "MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_BENEATH)"},
    {NST_CALL_MOVE_MOUNT, "move_mount(AT_FDCWD, \"%p\", AT_FDCWD, \"%q\", MOVE_MOUNT_BENEATH)"},
    {NST_CALL_MOVE_MOUNT, "move_mount(AT_FDCWD, \"%p\", AT_FDCWD, \"%q\", MOVE_MOUNT_SET_GROUP)"},
    {NST_CALL_FSOPEN, "fsopen(\"tmpfs\", 0)"},
    {NST_CALL_FSCONFIG, "fsconfig(%d, FSCONFIG_SET_FLAG, \"ro\", NULL, 0)"},
    {NST_CALL_FSCONFIG, "fsconfig(%d, FSCONFIG_CMD_CREATE, NULL, NULL, 0)"},
    {NST_CALL_FSCONFIG, "fsconfig(%d, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0)"},
    {NST_CALL_FSMOUNT, "fsmount(%d, 0, 0)"},
    {NST_CALL_FSPICK, "fspick(AT_FDCWD, \"%p\", 0)"},
    {NST_CALL_MOUNT_SETATTR, "mount_setattr(AT_FDCWD, \"%p\", 0, {attr_set=MOUNT_ATTR_RDONLY, "
                             "attr_clr=0, propagation=0, userns_fd=0}, 32)"},
    {NST_CALL_MOUNT_SETATTR, "mount_setattr(AT_FDCWD, \"%p\", AT_RECURSIVE, {attr_set=0, "
                             "attr_clr=MOUNT_ATTR_RDONLY, propagation=MS_SLAVE, userns_fd=0}, 32)"},
};
enum { TEMPLATES = sizeof templates / sizeof *templates };

/* What a template's letters stand for at the moment. */
struct choice {
    size_t p, q;
    unsigned d, n;
};

/* Writes TEXT as ACTOR's call; RET_NAME gets the alike names that are in it. */
static void write_call(FILE *out, const char *text, unsigned actor, const struct choice *choice,
                       unsigned char ret_name[4])
{
    size_t names = 0;

    memset(ret_name, 0, 4);
    fprintf(out, "%u ", actor);
    for (; *text; text++) {
        size_t place = text[1] == 'p' ? choice->p : choice->q;

        if (*text != '%') {
            putc(*text, out);
            continue;
        }
        text++;
        if (*text == 'd')
            fprintf(out, "%u", choice->d);
        else if (*text == 'n')
            fprintf(out, "%u", choice->n);
        else { /* `%p/x` of the root is /x */
            fputs(place || text[1] != '/' ? places[place].path : "", out);
            if (places[place].name)
                ret_name[names++] = places[place].name;
        }
    }
    putc('\n', out);
}

/* The next choice that makes another call of TEXT; false: there is none. */
static bool next_choice(const char *text, const struct nst_world_options *options,
                        struct choice *choice)
{
    size_t most = options->small ? SMALL_PLACES : PLACES;

    if (strstr(text, "%p") && ++choice->p < most)
        return true;
    choice->p = 0;
    if (strstr(text, "%q") && ++choice->q < most)
        return true;
    choice->q = 0;
    if (strstr(text, "%d") && ++choice->d < 5)
        return true;
    choice->d = 3;
    if (strstr(text, "%n") && ++choice->n <= options->actors)
        return true;
    return false;
}

/* The next of names between commas; NULL: that was the last one. */
static const char *next_name(const char *calls)
{
    calls += strcspn(calls, ",");
    return *calls ? calls + 1 : NULL;
}

static bool is_name(const char *calls, const char *name)
{
    size_t len = strlen(name);

    return strcspn(calls, ",") == len && !strncmp(calls, name, len);
}

static bool has_name(const char *calls, const char *name)
{
    while (calls && !is_name(calls, name))
        calls = next_name(calls);
    return calls;
}

/* The first that is no call's, or NULL. */
static const char *bad_name(const char *calls)
{
    for (; calls; calls = next_name(calls)) {
        size_t i = 0;

        while (i < NST_CALLS && !is_name(calls, nst_calls[i].name))
            i++;
        if (i == NST_CALLS)
            return calls;
    }
    return NULL;
}

/* Writes all calls, of which RET_NAME gets the names. Returns how many, or -ENOMEM. */
static int write_world(FILE *out, const struct nst_world_options *options,
                       unsigned char (*ret_name)[4])
{
    int len = 0;

    for (size_t i = 0; i < TEMPLATES; i++) {
        const char *text = templates[i].text;

        if (options->calls && !has_name(options->calls, nst_calls[templates[i].id].name))
            continue;
        for (unsigned actor = 1; actor <= options->actors; actor++) {
            struct choice choice = {.d = 3, .n = 1};

            do
                if (len < NST_CALLS_MAX)
                    write_call(out, text, actor, &choice, ret_name[len++]);
            while (next_choice(text, options, &choice));
        }
    }
    return len;
}

int nst_world_make(const struct nst_world_options *options, struct nst_world *ret_world,
                   const char **ret_bad)
{
    const char *bad = options->calls ? bad_name(options->calls) : NULL;
    unsigned char(*name)[4] = NULL;
    char *text = NULL;
    size_t size = 0;
    FILE *out;
    int len, r;

    *ret_world = (struct nst_world){0};
    if (bad && ret_bad)
        *ret_bad = bad;
    if (bad)
        return -EINVAL;
    name = calloc(NST_CALLS_MAX, sizeof *name);
    out = name ? open_memstream(&text, &size) : NULL;
    len = out ? write_world(out, options, name) : -ENOMEM;
    r = out && !fclose(out) ? 0 : -ENOMEM;
    if (!r)
        r = nst_strace_read(text, size, &ret_world->sequence, NULL, NULL);
    if (!r) {
        ret_world->call = calloc((size_t)len + 1, sizeof *ret_world->call);
        r = ret_world->call ? 0 : -ENOMEM;
    }
    for (size_t i = 0; !r && i < ret_world->sequence.len; i++) {
        struct nst_world_call *one = &ret_world->call[ret_world->len++];

        one->call = ret_world->sequence.call[i];
        memcpy(one->name, name[i], sizeof one->name);
    }
    free(name);
    free(text);
    if (r < 0)
        nst_world_free(ret_world);
    return r;
}

void nst_world_free(struct nst_world *world)
{
    nst_sequence_free(&world->sequence);
    free(world->call);
    *world = (struct nst_world){0};
}

int nst_world_use(const struct nst_world_call *call, int used)
{
    for (size_t i = 0; i < sizeof call->name && call->name[i]; i++) {
        if (call->name[i] > used + 1)
            return -1;
        if (call->name[i] > used)
            used = call->name[i];
    }
    return used;
}
