/* What is mounted, bound, moved, unmounted or changed propagates to peers and slaves, in one
 * namespace and in others, and nowhere else; whoever isolates more than was asked is found, and so
 * is a kernel that forgets somebody. */
#include <sys/mount.h>

#include "props.h"

#define CHILD(flags) "1 clone(child_stack=NULL, flags=" flags "|SIGCHLD) = 2\n"
#define IN_CHILD(flags) "2 mount(\"none\", \"/\", NULL, " flags ", NULL)\n"
#define BIND(from, to) "1 mount(\"" from "\", \"" to "\", NULL, MS_BIND, NULL)\n"
#define TYPE(path, flags) "1 mount(\"none\", \"" path "\", NULL, " flags ", NULL)\n"
#define MIXED                                                                                      \
    BIND("/a", "/b")                                                                               \
    BIND("/a", "/c")                                                                               \
    BIND("/a/a", "/d")                                                                             \
    TYPE("/b", "MS_SLAVE")                                                                         \
    TYPE("/b", "MS_SHARED")                                                                        \
    TYPE("/c", "MS_PRIVATE")                                                                       \
    TYPE("/d", "MS_SLAVE")

static const uint32_t weight[NST_CALLS] = {
    [NST_CALL_UNSHARE] = 4,   [NST_CALL_CLONE] = 6,          [NST_CALL_SETNS] = 2,
    [NST_CALL_OPEN] = 2,      [NST_CALL_MOUNT] = 60,         [NST_CALL_UMOUNT2] = 25,
    [NST_CALL_MKDIR] = 4,     [NST_CALL_OPEN_TREE] = 6,      [NST_CALL_MOVE_MOUNT] = 8,
    [NST_CALL_FSOPEN] = 3,    [NST_CALL_FSCONFIG] = 3,       [NST_CALL_FSMOUNT] = 3,
    [NST_CALL_RMDIR] = 1,     [NST_CALL_MOUNT_SETATTR] = 16, [NST_CALL_PIVOT_ROOT] = 1,
    [NST_CALL_EXIT_GROUP] = 1};

static bool is_mount(const struct nst_call *call, uint64_t flags)
{
    return call->id == NST_CALL_MOUNT && call->arg[3].num & flags;
}

static void private_for_slave(struct nst_call *call)
{
    if (is_mount(call, MS_SLAVE))
        call->arg[3].num ^= MS_SLAVE | MS_PRIVATE;
}

static void private_for_shared(struct nst_call *call)
{
    if (is_mount(call, MS_SHARED))
        call->arg[3].num ^= MS_SHARED | MS_PRIVATE;
}

static void shared_for_private(struct nst_call *call)
{
    if (is_mount(call, MS_PRIVATE))
        call->arg[3].num ^= MS_PRIVATE | MS_SHARED;
}

static void types_without_rec(struct nst_call *call)
{
    if (is_mount(call, MS_SHARED | MS_SLAVE | MS_PRIVATE | MS_UNBINDABLE))
        call->arg[3].num &= ~(uint64_t)MS_REC;
}

static void binds_without_rec(struct nst_call *call)
{
    if (is_mount(call, MS_BIND))
        call->arg[3].num &= ~(uint64_t)MS_REC;
}

static void binds_with_rec(struct nst_call *call)
{
    if (is_mount(call, MS_BIND))
        call->arg[3].num |= MS_REC;
}

static void file_system_for_bind(struct nst_call *call)
{
    if (is_mount(call, MS_BIND) && !(call->arg[3].num & MS_REMOUNT)) {
        call->arg[2].str = "tmpfs";
        call->arg[3].num &= ~(uint64_t)(MS_BIND | MS_REC);
    }
}

static void skip_propagation_of_setattr(struct nst_call *call)
{
    if (call->id == NST_CALL_MOUNT_SETATTR)
        call->arg[5].num = 0;
}

/* All views but the parent's, each with what was first seen of its namespace. */
static void spoil_children(struct nst_trace *trace,
                           void (*spoil)(const struct nst_table *first,
                                         const struct nst_table *last, struct nst_table *table))
{
    for (size_t i = 0; i < trace->snapshots; i++)
        for (size_t n = 1; n < trace->snapshot[i]->len; n++) {
            struct nst_ns_view *view = &trace->snapshot[i]->view[n];
            const struct nst_table *first = NULL, *last = NULL;

            for (size_t j = 0; j < i; j++)
                for (size_t m = 1; m < trace->snapshot[j]->len; m++)
                    if (trace->snapshot[j]->view[m].ns == view->ns) {
                        last = &trace->snapshot[j]->view[m].table;
                        first = first ? first : last;
                    }
            if (first)
                spoil(first, last, &view->table);
        }
}

static void lose_what_came(const struct nst_table *first, const struct nst_table *last,
                           struct nst_table *table)
{
    size_t len = 0;

    (void)last;
    for (size_t i = 0; i < table->len; i++)
        if (nst_table_find(first, table->mount[i].id))
            table->mount[len++] = table->mount[i];
    table->len = len;
}

static void keep_what_went(const struct nst_table *first, const struct nst_table *last,
                           struct nst_table *table)
{
    (void)first;
    for (size_t i = 0; i < last->len; i++)
        if (!nst_table_find(table, last->mount[i].id))
            ck_assert_int_eq(nst_table_add(table, &last->mount[i]), 0);
}

static void cut_off_what_came(const struct nst_table *first, const struct nst_table *last,
                              struct nst_table *table)
{
    (void)last;
    for (size_t i = 0; i < table->len; i++)
        if (!nst_table_find(first, table->mount[i].id))
            table->mount[i].master = table->mount[i].peer_group = 0;
}

static void lose_copies(struct nst_trace *trace)
{
    spoil_children(trace, lose_what_came);
}

static void keep_copies(struct nst_trace *trace)
{
    spoil_children(trace, keep_what_went);
}

static void make_copies_private(struct nst_trace *trace)
{
    spoil_children(trace, cut_off_what_came);
}

static void clone_as_private(struct nst_trace *trace)
{
    for (size_t i = 0; i < trace->snapshots; i++)
        for (size_t n = 1; n < trace->snapshot[i]->len; n++)
            for (size_t m = 0; m < trace->snapshot[i]->view[n].table.len; m++)
                trace->snapshot[i]->view[n].table.mount[m].peer_group = 0;
}

#define OURS .property = "propagation", .weight = weight
#define HOLDS OURS, .cases = 100
#define IS_FOUND OURS, .cases = 1000, .broken = true

static const struct nst_prop claims[] = {
    {.claim = "what_is_shared_or_slave_propagates", .property = "propagation"},
    {.claim = "among_peers_slaves_and_private_mounts_of_one_namespace", HOLDS, .setup = MIXED},
    {.claim = "to_a_peer_namespace_and_back", HOLDS, .setup = CHILD("CLONE_NEWNS")},
    {.claim = "to_a_slave_namespace",
     HOLDS,
     .setup = CHILD("CLONE_NEWNS") IN_CHILD("MS_REC|MS_SLAVE")},
    {.claim = "down_a_chain_of_slaves",
     HOLDS,
     .setup = MIXED CHILD("CLONE_NEWNS") IN_CHILD("MS_REC|MS_SLAVE") IN_CHILD("MS_REC|MS_SHARED")},
    {.claim = "to_a_less_privileged_namespace",
     HOLDS,
     .setup = MIXED CHILD("CLONE_NEWNS|CLONE_NEWUSER")},

    {.claim = "private_made_for_slave_is_found", IS_FOUND, .mistake = private_for_slave},
    {.claim = "private_made_for_slave_is_found_among_200_calls",
     IS_FOUND,
     .mistake = private_for_slave,
     .setup = CHILD("CLONE_NEWNS"),
     .calls = 200,
     .plant = "1 mount(\"none\", \"/\", NULL, MS_REC|MS_SLAVE|MS_SILENT, NULL)\n",
     .minimum = 1},
    {.claim = "private_made_for_shared_is_found",
     IS_FOUND,
     .mistake = private_for_shared,
     .setup = TYPE("/", "MS_PRIVATE")},
    {.claim = "shared_made_for_private_is_found", IS_FOUND, .mistake = shared_for_private},
    {.claim = "MS_REC_forgotten_in_a_change_is_found", IS_FOUND, .mistake = types_without_rec},
    {.claim = "MS_REC_forgotten_in_a_bind_is_found", IS_FOUND, .mistake = binds_without_rec},
    {.claim = "MS_REC_added_to_a_bind_is_found", IS_FOUND, .mistake = binds_with_rec},
    {.claim = "a_new_file_system_for_a_bind_is_found", IS_FOUND, .mistake = file_system_for_bind},
    {.claim = "propagation_forgotten_by_mount_setattr_is_found",
     IS_FOUND,
     .mistake = skip_propagation_of_setattr},
    {.claim = "copies_that_do_not_come_are_found",
     IS_FOUND,
     .spoil = lose_copies,
     .setup = CHILD("CLONE_NEWNS")},
    {.claim = "copies_that_do_not_go_are_found",
     IS_FOUND,
     .spoil = keep_copies,
     .setup = CHILD("CLONE_NEWNS")},
    {.claim = "copies_that_are_private_are_found",
     IS_FOUND,
     .spoil = make_copies_private,
     .setup = CHILD("CLONE_NEWNS") IN_CHILD("MS_REC|MS_SLAVE")},
    {.claim = "a_new_namespace_that_shares_nothing_is_found", IS_FOUND, .spoil = clone_as_private},
};

NST_PROPS_MAIN("prop_propagation", claims)
