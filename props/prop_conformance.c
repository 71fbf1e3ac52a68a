/* What the kernel does is what the model says; a kernel, or a call, with a mistake is found. */
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#include <ns-tool/mount_abi.h>

#include "props.h"

static void clear(struct nst_call *call, enum nst_call_id id, unsigned arg, uint64_t bits)
{
    if (call->id == id)
        call->arg[arg].num &= ~bits;
}

/* Wrappers that forget a flag. */
static void forget_recursion(struct nst_call *call)
{
    clear(call, NST_CALL_MOUNT, 3, MS_REC);
}

static void forget_nodev(struct nst_call *call)
{
    clear(call, NST_CALL_MOUNT, 3, MS_NODEV);
}

static void forget_the_user_namespace(struct nst_call *call)
{
    clear(call, NST_CALL_UNSHARE, 0, CLONE_NEWUSER);
    clear(call, NST_CALL_CLONE, 0, CLONE_NEWUSER);
}

static void forget_the_mount_namespace(struct nst_call *call)
{
    clear(call, NST_CALL_UNSHARE, 0, CLONE_NEWNS);
    clear(call, NST_CALL_CLONE, 0, CLONE_NEWNS);
}

static void forget_to_detach(struct nst_call *call)
{
    clear(call, NST_CALL_UMOUNT2, 1, MNT_DETACH);
}

static void forget_to_expire(struct nst_call *call)
{
    clear(call, NST_CALL_UMOUNT2, 1, MNT_EXPIRE);
}

static void forget_to_clone(struct nst_call *call)
{
    clear(call, NST_CALL_OPEN_TREE, 2, OPEN_TREE_CLONE);
}

static void forget_beneath(struct nst_call *call)
{
    clear(call, NST_CALL_MOVE_MOUNT, 4, MOVE_MOUNT_BENEATH);
}

static void change_type(struct nst_call *call, uint64_t from, uint64_t to)
{
    if (call->id == NST_CALL_MOUNT && call->arg[3].num & from)
        call->arg[3].num = (call->arg[3].num & ~from) | to;
}

static void share_for_slave(struct nst_call *call)
{
    change_type(call, MS_SLAVE, MS_SHARED);
}

static void slave_for_private(struct nst_call *call)
{
    change_type(call, MS_PRIVATE, MS_SLAVE);
}

static void private_for_unbindable(struct nst_call *call)
{
    change_type(call, MS_UNBINDABLE, MS_PRIVATE);
}

/* Broken kernels. */
static void for_each_mount(struct nst_trace *trace, void (*change)(struct nst_mount *mount))
{
    for (size_t i = 0; i < trace->snapshots; i++)
        for (size_t n = 0; n < trace->snapshot[i]->len; n++) {
            struct nst_table *table = &trace->snapshot[i]->view[n].table;

            for (size_t m = 0; m < table->len; m++)
                change(&table->mount[m]);
        }
}

static void lose_its_masters(struct nst_mount *mount)
{
    mount->master = mount->propagate_from = 0;
}

static void lose_masters(struct nst_trace *trace)
{
    for_each_mount(trace, lose_its_masters);
}

static void be_unbindable(struct nst_mount *mount)
{
    mount->unbindable = !mount->peer_group && !mount->master;
}

static void make_unbindable(struct nst_trace *trace)
{
    for_each_mount(trace, be_unbindable);
}

/* Peer groups that are none: each namespace has its own. */
static void tear_groups(struct nst_trace *trace)
{
    for (size_t i = 0; i < trace->snapshots; i++)
        for (size_t n = 1; n < trace->snapshot[i]->len; n++) {
            struct nst_table *table = &trace->snapshot[i]->view[n].table;

            for (size_t m = 0; m < table->len; m++)
                if (table->mount[m].peer_group)
                    table->mount[m].peer_group += 100000 * n;
        }
}

static void answer_another_error(struct nst_trace *trace)
{
    for (size_t i = 0; i < trace->len; i++)
        if (trace->step[i].error == EBUSY)
            trace->step[i].error = EINVAL;
}

static void answer_another_descriptor(struct nst_trace *trace)
{
    for (size_t i = 0; i < trace->len; i++)
        if (trace->step[i].kind == NST_ANSWER_VALUE && trace->step[i].value >= 3)
            trace->step[i].value++;
}

static void leave_nothing(struct nst_trace *trace)
{
    trace->end = trace->start;
}

#define FAILS(sentence) .claim = sentence, .property = "conformance", .broken = true

static const struct nst_prop claims[] = {
    {.claim = "a_sequence_goes_as_the_model_says", .property = "conformance", .cases = 1200},
    {.claim = "a_long_sequence_goes_as_the_model_says",
     .property = "conformance",
     .cases = 60,
     .max_calls = 150},
    {.claim = "a_sequence_goes_as_the_model_says_in_a_private_tree",
     .property = "conformance",
     .setup = NST_PROP_UNSHARE NST_PROP_CHANGE("MS_REC|MS_PRIVATE")},
    {.claim = "a_sequence_goes_as_the_model_says_in_a_slave_tree",
     .property = "conformance",
     .setup = NST_PROP_UNSHARE NST_PROP_CHANGE("MS_REC|MS_SLAVE")},

    {FAILS("MS_REC_that_is_forgotten_is_found"), .mistake = forget_recursion},
    {FAILS("MS_NODEV_that_is_forgotten_is_found"), .mistake = forget_nodev},
    {FAILS("a_user_namespace_that_is_forgotten_is_found"), .mistake = forget_the_user_namespace},
    {FAILS("a_mount_namespace_that_is_forgotten_is_found"), .mistake = forget_the_mount_namespace},
    {FAILS("MNT_DETACH_that_is_forgotten_is_found"), .mistake = forget_to_detach},
    {FAILS("MNT_EXPIRE_that_is_forgotten_is_found"), .mistake = forget_to_expire},
    {FAILS("OPEN_TREE_CLONE_that_is_forgotten_is_found"), .mistake = forget_to_clone},
    {FAILS("MOVE_MOUNT_BENEATH_that_is_forgotten_is_found"), .mistake = forget_beneath},
    {FAILS("MS_SHARED_for_MS_SLAVE_is_found"), .mistake = share_for_slave},
    {FAILS("MS_SLAVE_for_MS_PRIVATE_is_found"), .mistake = slave_for_private},
    {FAILS("MS_PRIVATE_for_MS_UNBINDABLE_is_found"), .mistake = private_for_unbindable},

    {FAILS("MS_REC_that_is_forgotten_among_200_calls_is_found"), .mistake = forget_recursion,
     .calls = 200,
     .plant = "1 mount(\"/proc\", \"/b\", NULL, MS_BIND, NULL)\n"
              "1 mount(\"/\", \"/mnt\", NULL, MS_BIND|MS_REC, NULL)\n",
     .minimum = 1},

    {FAILS("masters_that_are_lost_are_found"), .spoil = lose_masters},
    {FAILS("mounts_that_become_unbindable_are_found"), .spoil = make_unbindable},
    {FAILS("peers_in_two_namespaces_that_are_none_are_found"), .spoil = tear_groups},
    {FAILS("another_error_is_found"), .spoil = answer_another_error},
    {FAILS("another_descriptor_is_found"), .spoil = answer_another_descriptor},
    {FAILS("a_mount_that_goes_with_its_actor_is_found"), .spoil = leave_nothing},
};

NST_PROPS_MAIN("prop_conformance", claims)
