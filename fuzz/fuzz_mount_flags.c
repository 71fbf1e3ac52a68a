/* Every flag word of the calls that take one, known bits and unknown, in one fixed topology: the
 * input says which calls with which flags on which of a few places, all else is pinned. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* Inside: /a with /a/a below it, shared with nobody; /b private; /c and its peer /d; a detached
 * copy of /a is 3, a tmpfs that is ready to be mounted is 4. */
static const char topology[] = "1 unshare(CLONE_NEWNS)\n"
                               "1 mount(\"none\", \"/\", NULL, MS_REC|MS_PRIVATE, NULL)\n"
                               "1 mount(\"tmpfs\", \"/a\", \"tmpfs\", 0, NULL)\n"
                               "1 mkdir(\"/a/a\", 0755)\n"
                               "1 mount(\"tmpfs\", \"/a/a\", \"tmpfs\", MS_NOSUID, NULL)\n"
                               "1 mount(\"tmpfs\", \"/b\", \"tmpfs\", 0, NULL)\n"
                               "1 mount(\"tmpfs\", \"/c\", \"tmpfs\", 0, NULL)\n"
                               "1 mount(\"none\", \"/c\", NULL, MS_SHARED, NULL)\n"
                               "1 mount(\"/c\", \"/d\", NULL, MS_BIND, NULL)\n"
                               "1 open_tree(AT_FDCWD, \"/a\", OPEN_TREE_CLONE|AT_RECURSIVE) = 3\n"
                               "1 fsopen(\"tmpfs\", 0) = 4\n"
                               "1 fsconfig(4, FSCONFIG_CMD_CREATE, NULL, NULL, 0)\n";

/* What stands in a call where it isn't varied. */
static const char pinned[] =
    "1 mount(\"/a\", \"/mnt\", \"tmpfs\", 0, NULL)\n"
    "1 umount2(\"/a\", 0)\n"
    "1 unshare(0)\n"
    "1 open_tree(AT_FDCWD, \"/a\", 0) = 5\n"
    "1 move_mount(3, \"\", AT_FDCWD, \"/mnt\", 0)\n"
    "1 fsmount(4, 0, 0) = 6\n"
    "1 mount_setattr(AT_FDCWD, \"/a\", 0, {attr_set=0, attr_clr=0, propagation=0, "
    "userns_fd=0}, 32)\n";

static const char *const places[] = {"/", "/a", "/a/a", "/b", "/c", "/d", "/mnt", ""};

static const struct nst_call *pinned_call(enum nst_call_id id)
{
    static struct nst_sequence rows;

    if (!rows.len && nst_strace_read(pinned, sizeof pinned - 1, &rows, NULL, NULL) < 0)
        abort();
    for (size_t i = 0; i < rows.len; i++)
        if (rows.call[i].id == id)
            return &rows.call[i];
    return NULL;
}

static bool is_place(const char *path)
{
    for (size_t i = 0; path && i < sizeof places / sizeof *places; i++)
        if (!strcmp(path, places[i]))
            return true;
    return false;
}

static bool pin(struct nst_call *call)
{
    const struct nst_call *row = pinned_call(call->id);
    const struct nst_call_type *type = &nst_calls[call->id];

    if (!row)
        return false;
    call->actor = 1;
    call->expect = row->expect;
    for (size_t i = 0; i < type->args; i++) {
        enum nst_arg_kind kind = type->arg[i].kind;
        bool descriptor = kind == NST_ARG_FD && call->arg[i].num >= 3 && call->arg[i].num <= 6;

        if (kind != NST_ARG_FLAGS && !descriptor && !is_place(call->arg[i].str))
            call->arg[i] = row->arg[i];
    }
    return true;
}

static const struct nst_fuzz_target target = {
    .name = "fuzz_mount_flags",
    .setup = topology,
    .intent = NST_INTENT_ALWAYS,
    .generator = {.max_calls = 6,
                  .weight = {[NST_CALL_MOUNT] = 4,
                             [NST_CALL_UMOUNT2] = 2,
                             [NST_CALL_UNSHARE] = 1,
                             [NST_CALL_OPEN_TREE] = 2,
                             [NST_CALL_MOVE_MOUNT] = 2,
                             [NST_CALL_FSMOUNT] = 2,
                             [NST_CALL_MOUNT_SETATTR] = 4}},
    .weight =
        {[NST_FUZZ_BYTES] = 1, [NST_FUZZ_CALLS] = 3, [NST_FUZZ_SPLICE] = 2, [NST_FUZZ_FLAGS] = 10},
    .pin = pin,
};

NST_FUZZ_SEQUENCES(target)
