/* An unmount that isn't lazy takes no mount that is in use, where it was asked for or where it
 * propagates; whoever unmounts lazily instead is found. */
#include "props.h"

#define PEER "1 clone(child_stack=NULL, flags=CLONE_NEWNS|SIGCHLD) = 2\n"
#define TMPFS(point) "1 mount(\"none\", \"" point "\", \"tmpfs\", 0, NULL)\n"
#define BIND(from, to) "1 mount(\"" from "\", \"" to "\", NULL, MS_BIND, NULL)\n"
#define HELD                                                                                       \
    TMPFS("/a")                                                                                    \
    TMPFS("/b")                                                                                    \
    "1 mkdir(\"/a/a\", 0755)\n1 mkdir(\"/b/a\", 0755)\n" TMPFS("/a/a") TMPFS("/b/a")
#define HOLD                                                                                       \
    "2 chdir(\"/a/a\")\n2 open(\"/b/a\", O_RDONLY) = 3\n2 openat(AT_FDCWD, \"/b\", O_PATH) = 4\n"
#define LOOPED BIND("/", "/c") BIND("/a", "/d") BIND("/", "/mnt") TMPFS("/a")
#define ALONE                                                                                      \
    "2 mount(\"none\", \"/\", NULL, MS_REC|MS_PRIVATE, NULL)\n"                                    \
    "2 mount(\"none\", \"/c\", \"tmpfs\", 0, NULL)\n"
#define SLAVE "2 mount(\"none\", \"/\", NULL, MS_REC|MS_SLAVE, NULL)\n"

static const uint32_t weight[NST_CALLS] = {
    [NST_CALL_UNSHARE] = 4,      [NST_CALL_SETNS] = 4,     [NST_CALL_CLONE] = 4,
    [NST_CALL_FORK] = 4,         [NST_CALL_KILL] = 1,      [NST_CALL_MKDIR] = 2,
    [NST_CALL_RMDIR] = 1,        [NST_CALL_OPEN] = 6,      [NST_CALL_OPENAT] = 8,
    [NST_CALL_CLOSE] = 3,        [NST_CALL_CHDIR] = 12,    [NST_CALL_FCHDIR] = 4,
    [NST_CALL_CHROOT] = 3,       [NST_CALL_MOUNT] = 40,    [NST_CALL_UMOUNT2] = 50,
    [NST_CALL_PIVOT_ROOT] = 1,   [NST_CALL_OPEN_TREE] = 4, [NST_CALL_MOVE_MOUNT] = 4,
    [NST_CALL_MOUNT_SETATTR] = 4};

enum { DETACH = 2 };

static void detach_for_umount(struct nst_call *call)
{
    if (call->id == NST_CALL_UMOUNT2)
        call->arg[1].num = DETACH;
}

/* What an unmount that isn't lazy took from a view of BEFORE, or NULL. */
static const struct nst_mount *taken(const struct nst_step *step, const struct nst_ns_view *view)
{
    for (size_t n = 0; n < step->after->len; n++)
        for (size_t i = 0; step->after->view[n].ns == view->ns && i < view->table.len; i++)
            if (step->after->view[n].reader == view->reader &&
                !nst_table_find(&step->after->view[n].table, view->table.mount[i].id))
                return &view->table.mount[i];
    return NULL;
}

static bool unmounts(const struct nst_step *step)
{
    return step->call->id == NST_CALL_UMOUNT2 && step->kind == NST_ANSWER_VALUE &&
           !(step->call->arg[1].num & DETACH) && step->before != step->after;
}

/* As if HOLD had held what was taken, in the unmounting namespace or, if ELSEWHERE, in another. */
static void hold_what_was_taken(struct nst_trace *trace, enum nst_hold_kind kind, bool elsewhere)
{
    for (size_t i = 0; i < trace->len; i++)
        for (size_t n = 0; unmounts(&trace->step[i]) && n < trace->step[i].before->len; n++) {
            const struct nst_ns_view *view = &trace->step[i].before->view[n];
            const struct nst_mount *mount = taken(&trace->step[i], view);

            if (!mount || !trace->step[i].holds || (view->ns != trace->step[i].ns) != elsewhere)
                continue;
            trace->step[i].hold[0].kind = kind;
            trace->step[i].hold[0].mount = mount->id;
        }
}

static void take_a_cwd(struct nst_trace *trace)
{
    hold_what_was_taken(trace, NST_HOLD_CWD, false);
}

static void take_an_open_file_elsewhere(struct nst_trace *trace)
{
    hold_what_was_taken(trace, NST_HOLD_FD, true);
}

static void take_a_root_elsewhere(struct nst_trace *trace)
{
    hold_what_was_taken(trace, NST_HOLD_ROOT, true);
}

/* As if each unmount had taken one more: what a mount that stays is mounted on, if UNDER, else a
 * mount on what nobody propagates to. */
static void take_one_more(struct nst_trace *trace, bool under)
{
    for (size_t i = 0; i < trace->len; i++)
        for (size_t n = 0; unmounts(&trace->step[i]) && n < trace->step[i].after->len; n++) {
            struct nst_table *table = &trace->step[i].after->view[n].table;

            for (size_t m = 0; m < table->len; m++) {
                const struct nst_mount *on = nst_table_find(table, table->mount[m].parent_id);
                bool is_parent = false;

                for (size_t c = 0; c < table->len; c++)
                    is_parent |= table->mount[c].parent_id == table->mount[m].id &&
                                 strcmp(table->mount[c].point, table->mount[m].point) != 0;
                if (!on || is_parent != under || (!under && (on->peer_group || on->master)))
                    continue;
                table->mount[m].id = UINT64_MAX;
                break;
            }
        }
}

static void take_from_under_another(struct nst_trace *trace)
{
    take_one_more(trace, true);
}

static void take_what_is_not_reached(struct nst_trace *trace)
{
    take_one_more(trace, false);
}

static void move_what_stays(struct nst_trace *trace)
{
    static char elsewhere[] = "/elsewhere";

    for (size_t i = 0; i < trace->len; i++)
        for (size_t n = 0; unmounts(&trace->step[i]) && n < trace->step[i].after->len; n++) {
            struct nst_table *table = &trace->step[i].after->view[n].table;

            if (table->len)
                table->mount[table->len - 1].point = elsewhere;
        }
}

#define BUSY .property = "busy", .weight = weight, .cases = 150

static const struct nst_prop claims[] = {
    {.claim = "no_unmount_takes_what_is_in_use", BUSY},
    {.claim = "no_unmount_takes_what_a_peer_holds", BUSY, .setup = HELD PEER HOLD},
    {.claim = "no_unmount_takes_what_a_slave_holds", BUSY, .setup = HELD PEER SLAVE HOLD},
    {.claim = "no_unmount_takes_what_is_held_where_a_tree_holds_itself",
     BUSY,
     .setup = LOOPED PEER HOLD},
    {.claim = "no_unmount_takes_what_is_held_by_a_long_case",
     BUSY,
     .setup = HELD PEER HOLD,
     .max_calls = 60},

    {.claim = "a_lazy_unmount_for_a_plain_one_is_found",
     BUSY,
     .setup = HELD PEER HOLD,
     .mistake = detach_for_umount,
     .broken = true},
    {.claim = "a_lazy_unmount_for_a_plain_one_is_found_in_a_slave",
     BUSY,
     .setup = HELD PEER SLAVE HOLD,
     .mistake = detach_for_umount,
     .broken = true},
    {.claim = "a_taken_working_directory_is_found", BUSY, .spoil = take_a_cwd, .broken = true},
    {.claim = "a_taken_working_directory_is_found_among_200_calls",
     BUSY,
     .spoil = take_a_cwd,
     .broken = true,
     .calls = 200,
     .plant = "1 mount(\"none\", \"/d/d\", \"tmpfs\", MS_NOSUID, \"size=1M\")\n"
              "1 umount2(\"/d/d\", UMOUNT_NOFOLLOW)\n",
     .minimum = 2},
    {.claim = "a_taken_open_file_of_another_namespace_is_found",
     BUSY,
     .setup = PEER,
     .spoil = take_an_open_file_elsewhere,
     .broken = true},
    {.claim = "a_taken_root_of_another_namespace_is_found",
     BUSY,
     .setup = PEER,
     .spoil = take_a_root_elsewhere,
     .broken = true},
    {.claim = "a_mount_taken_from_under_another_is_found",
     BUSY,
     .setup = HELD PEER,
     .spoil = take_from_under_another,
     .broken = true},
    {.claim = "a_mount_taken_where_nothing_propagates_is_found",
     BUSY,
     .setup = PEER ALONE HELD,
     .spoil = take_what_is_not_reached,
     .broken = true},
    {.claim = "a_mount_that_stays_elsewhere_is_found",
     BUSY,
     .setup = HELD,
     .spoil = move_what_stays,
     .broken = true},
};

NST_PROPS_MAIN("prop_busy", claims)
