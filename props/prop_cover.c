/* What a mount hides stays hidden from whoever may not unmount it. */
#include "props.h"

#define TMPFS(point) "1 mount(\"none\", \"" point "\", \"tmpfs\", 0, NULL)\n"
#define COVERED                                                                                    \
    TMPFS("/a")                                                                                    \
    "1 mkdir(\"/a/a\", 0755)\n" TMPFS("/a/a") TMPFS("/b") TMPFS("/b")                              \
        TMPFS("/c/c") "1 mount(\"/a\", \"/d\", NULL, MS_BIND, NULL)\n"
#define LEAVE "1 unshare(CLONE_NEWNS|CLONE_NEWUSER)\n"
#define BOTH "1 clone(child_stack=NULL, flags=CLONE_NEWNS|CLONE_NEWUSER|SIGCHLD) = 2\n"
#define UNIT "1 mount(\"/a\", \"/tmp\", NULL, MS_BIND|MS_REC, NULL)\n"
#define AGAIN "1 unshare(CLONE_NEWNS)\n"
#define PROC TMPFS("/proc/sys") "1 mount(\"proc\", \"/tmp\", \"proc\", 0, NULL)\n"
#define UNBINDABLE "1 mount(\"none\", \"/c/c\", NULL, MS_UNBINDABLE, NULL)\n"

static const uint32_t weight[NST_CALLS] = {
    [NST_CALL_UNSHARE] = 6,     [NST_CALL_SETNS] = 3,         [NST_CALL_CLONE] = 4,
    [NST_CALL_MKDIR] = 3,       [NST_CALL_RMDIR] = 2,         [NST_CALL_OPENAT] = 3,
    [NST_CALL_CHDIR] = 2,       [NST_CALL_CHROOT] = 2,        [NST_CALL_MOUNT] = 44,
    [NST_CALL_UMOUNT2] = 30,    [NST_CALL_PIVOT_ROOT] = 8,    [NST_CALL_OPEN_TREE] = 14,
    [NST_CALL_MOVE_MOUNT] = 14, [NST_CALL_MOUNT_SETATTR] = 4, [NST_CALL_FSOPEN] = 5,
    [NST_CALL_FSCONFIG] = 4,    [NST_CALL_FSMOUNT] = 4,       [NST_CALL_OPEN_TREE_ATTR] = 2,
    [NST_CALL_FORK] = 2};

/* The view that the actor of STEP has of its namespace in SNAPSHOT, if that has another owner than
 * the parent; else NULL. */
static struct nst_ns_view *locked_in(const struct nst_step *step,
                                     const struct nst_snapshot *snapshot)
{
    for (size_t n = 1; snapshot && n < snapshot->len; n++)
        if (snapshot->view[n].ns == step->ns && snapshot->view[n].owner != snapshot->view[0].owner)
            return &snapshot->view[n];
    return NULL;
}

enum which { OLD, NEW, NEW_ON_NEW };

/* The last mount of TABLE that stands on another, has nothing on it, and was in BEFORE or not. */
static struct nst_mount *leaf(struct nst_table *table, const struct nst_table *before,
                              enum which which)
{
    for (size_t i = table->len; i-- > 0;) {
        struct nst_mount *mount = &table->mount[i];
        const struct nst_mount *on = nst_table_find(table, mount->parent_id);
        bool is_leaf = on && !nst_table_find(before, mount->id) == (which != OLD);

        for (size_t k = 0; k < table->len; k++)
            is_leaf &= table->mount[k].parent_id != mount->id;
        if (is_leaf && (which != NEW_ON_NEW || !nst_table_find(before, on->id)))
            return mount;
    }
    return NULL;
}

/* As if there were no MOUNT in TABLE. */
static void take(struct nst_table *table, struct nst_mount *mount)
{
    if (mount)
        *mount = table->mount[--table->len];
}

/* Changes what each step that changed anything shows of a namespace that is less privileged. */
static void change(struct nst_trace *trace,
                   void (*how)(struct nst_ns_view *after, const struct nst_ns_view *before))
{
    for (size_t i = 0; i < trace->len; i++) {
        struct nst_ns_view *before = locked_in(&trace->step[i], trace->step[i].before);
        struct nst_ns_view *after = locked_in(&trace->step[i], trace->step[i].after);

        if (before && after && before != after)
            how(after, before);
    }
}

static void take_a_mount(struct nst_ns_view *after, const struct nst_ns_view *before)
{
    take(&after->table, leaf(&after->table, &before->table, OLD));
}

static void unmount_what_is_locked(struct nst_trace *trace)
{
    change(trace, take_a_mount);
}

static void move_a_mount(struct nst_ns_view *after, const struct nst_ns_view *before)
{
    static char elsewhere[] = "/mnt";
    struct nst_mount *mount = leaf(&after->table, &before->table, OLD);

    if (mount)
        mount->point = elsewhere;
}

static void move_what_is_locked(struct nst_trace *trace)
{
    change(trace, move_a_mount);
}

static void bare_a_mount(struct nst_ns_view *after, const struct nst_ns_view *before)
{
    take(&after->table, leaf(&after->table, &before->table, NEW_ON_NEW));
}

/* As if a bind had left out what is mounted in what it binds. */
static void bind_without_what_covers(struct nst_trace *trace)
{
    change(trace, bare_a_mount);
}

static void make_a_proc(struct nst_ns_view *after, const struct nst_ns_view *before)
{
    static char proc[] = "proc", all[] = "/";
    struct nst_mount *mount = leaf(&after->table, &before->table, NEW);

    if (mount) {
        mount->type = proc;
        mount->root = all;
    }
}

/* As if each new mount were a proc, whatever of the visible one is covered. */
static void mount_a_proc(struct nst_trace *trace)
{
    change(trace, make_a_proc);
}

/* What is done to the copy when a namespace of another owner is made. */
static void change_copy(struct nst_trace *trace,
                        void (*how)(struct nst_ns_view *copy, const struct nst_ns_view *own))
{
    for (size_t i = 0; i < trace->len; i++) {
        struct nst_snapshot *before = trace->step[i].before, *after = trace->step[i].after;

        if (after && before != after && after->len > before->len &&
            after->view[after->len - 1].owner != before->view[0].owner)
            how(&after->view[after->len - 1], &before->view[0]);
    }
}

static void forget_a_mount(struct nst_ns_view *copy, const struct nst_ns_view *own)
{
    take(&copy->table, leaf(&copy->table, &own->table, NEW));
}

static void copy_all_but_one(struct nst_trace *trace)
{
    change_copy(trace, forget_a_mount);
}

static void share_root(struct nst_ns_view *copy, const struct nst_ns_view *own)
{
    copy->table.mount[0].peer_group = own->table.mount[0].peer_group;
}

static void copy_shared(struct nst_trace *trace)
{
    change_copy(trace, share_root);
}

/* As if what the owner of all did in the parent had been done in the less privileged namespace. */
static void let_the_other_do_it(struct nst_trace *trace)
{
    for (size_t i = 0; i < trace->len; i++) {
        struct nst_step *step = &trace->step[i];

        if (step->call->id == NST_CALL_UMOUNT2 && step->before && step->before->len > 1 &&
            step->ns == step->before->view[0].ns)
            step->ns = step->before->view[1].ns;
    }
}

#define COVER .property = "cover", .weight = weight

static const struct nst_prop claims[] = {
    {.claim = "what_a_mount_hides_stays_hidden", COVER, .cases = 120},
    {.claim = "what_came_with_a_namespace_stays_hidden",
     COVER,
     .setup = COVERED LEAVE,
     .cases = 120},
    {.claim = "what_came_with_a_namespace_stays_hidden_in_its_copies",
     COVER,
     .setup = COVERED UNBINDABLE LEAVE AGAIN LEAVE,
     .cases = 120},
    {.claim = "what_came_as_a_unit_stays_hidden", COVER, .setup = COVERED BOTH UNIT, .cases = 120},
    {.claim = "a_proc_shows_no_more_than_the_visible_one",
     COVER,
     .setup = PROC LEAVE,
     .cases = 120},

    {.claim = "a_locked_mount_that_is_unmounted_is_found",
     COVER,
     .setup = COVERED LEAVE,
     .spoil = unmount_what_is_locked,
     .broken = true},
    {.claim = "a_locked_mount_that_is_moved_away_is_found",
     COVER,
     .setup = COVERED LEAVE,
     .spoil = move_what_is_locked,
     .broken = true},
    {.claim = "a_bind_of_what_lies_beneath_is_found",
     COVER,
     .setup = COVERED LEAVE,
     .spoil = bind_without_what_covers,
     .broken = true,
     .cases = 1000},
    {.claim = "a_proc_that_shows_more_is_found",
     COVER,
     .setup = TMPFS("/proc/sys") LEAVE,
     .spoil = mount_a_proc,
     .broken = true},
    {.claim = "a_copy_without_one_of_the_mounts_is_found",
     COVER,
     .setup = COVERED,
     .spoil = copy_all_but_one,
     .broken = true},
    {.claim = "a_less_privileged_peer_is_found", COVER, .spoil = copy_shared, .broken = true},
    {.claim = "a_less_privileged_peer_is_found_among_200_calls",
     COVER,
     .spoil = copy_shared,
     .broken = true,
     .calls = 200,
     .plant =
         "1 clone(child_stack=NULL, flags=CLONE_NEWNS|CLONE_NEWUSER|CLONE_NEWPID|SIGCHLD) = 60\n",
     .minimum = 1},
    {.claim = "an_unmount_by_the_less_privileged_owner_is_found",
     COVER,
     .setup = COVERED BOTH UNIT,
     .spoil = let_the_other_do_it,
     .broken = true},
};

NST_PROPS_MAIN("prop_cover", claims)
