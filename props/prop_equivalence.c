/* mount(2) and the calls that took its place leave the same; a rewriting with a mistake is found.
 */
#include "props.h"

#include <sys/mount.h>

enum { RECURSIVE = 0x8000, NOSUID = 2 };

/* Who moves over to open_tree(2) and forgets that MS_REC has another name there. */
static void forget_recursive_clone(struct nst_call *call)
{
    if (call->id == NST_CALL_OPEN_TREE)
        call->arg[2].num &= ~(uint64_t)RECURSIVE;
}

static void forget_recursive_change(struct nst_call *call)
{
    if (call->id == NST_CALL_MOUNT_SETATTR && call->arg[5].num)
        call->arg[2].num &= ~(uint64_t)RECURSIVE;
}

static void forget_rec(struct nst_call *call)
{
    if (call->id == NST_CALL_MOUNT)
        call->arg[3].num &= ~(uint64_t)MS_REC;
}

/* What isn't asked for in a remount is taken off; mount_setattr(2) leaves it. */
static void forget_to_clear(struct nst_call *call)
{
    if (call->id == NST_CALL_MOUNT_SETATTR)
        call->arg[4].num = 0;
}

static void private_for_slave(struct nst_call *call)
{
    if (call->id == NST_CALL_MOUNT_SETATTR && call->arg[5].num == MS_SLAVE)
        call->arg[5].num = MS_PRIVATE;
}

static void forget_attributes(struct nst_call *call)
{
    if (call->id == NST_CALL_FSMOUNT)
        call->arg[2].num &= ~(uint64_t)NOSUID;
}

static void forget_options(struct nst_call *call)
{
    if (call->id == NST_CALL_FSCONFIG && call->arg[2].str && !strcmp(call->arg[2].str, "size"))
        call->arg[2].str = "source", call->arg[3].str = "none";
}

static void forget_to_close(struct nst_call *call)
{
    if (call->id == NST_CALL_CLOSE)
        call->arg[0].num = 999; /* the tree stays, and with it what it keeps in use */
}

static void mount_beneath(struct nst_call *call)
{
    if (call->id == NST_CALL_MOVE_MOUNT && call->arg[4].num & 4)
        call->arg[4].num |= 0x200; /* MOVE_MOUNT_BENEATH */
}

static const struct nst_prop claims[] = {
    {.claim = "the_other_mount_api_leaves_the_same", .property = "equivalence", .cases = 200},
    {.claim = "the_other_mount_api_leaves_the_same_behind_many_calls",
     .property = "equivalence",
     .cases = 20,
     .max_calls = 150},
    {.claim = "the_other_mount_api_leaves_the_same_in_a_private_tree",
     .property = "equivalence",
     .setup = NST_PROP_UNSHARE NST_PROP_CHANGE("MS_REC|MS_PRIVATE"),
     .cases = 100},
    {.claim = "the_other_mount_api_leaves_the_same_in_a_less_privileged_namespace",
     .property = "equivalence",
     .setup = "1 unshare(CLONE_NEWUSER|CLONE_NEWNS)\n",
     .cases = 100},

    {.claim = "AT_RECURSIVE_that_is_forgotten_in_a_clone_is_found",
     .property = "equivalence",
     .mistake_twin = forget_recursive_clone,
     .broken = true},
    {.claim = "AT_RECURSIVE_that_is_forgotten_in_a_change_is_found",
     .property = "equivalence",
     .mistake_twin = forget_recursive_change,
     .broken = true},
    {.claim = "MS_REC_that_is_forgotten_is_found",
     .property = "equivalence",
     .mistake_twin = forget_rec,
     .broken = true},
    {.claim = "attributes_that_are_not_cleared_are_found",
     .property = "equivalence",
     .mistake_twin = forget_to_clear,
     .broken = true},
    {.claim = "MS_PRIVATE_for_MS_SLAVE_is_found",
     .property = "equivalence",
     .mistake_twin = private_for_slave,
     .broken = true},
    {.claim = "attributes_that_are_dropped_are_found",
     .property = "equivalence",
     .mistake_twin = forget_attributes,
     .broken = true},
    {.claim = "options_that_are_dropped_are_found",
     .property = "equivalence",
     .mistake_twin = forget_options,
     .broken = true},
    {.claim = "a_tree_that_is_not_closed_is_found",
     .property = "equivalence",
     .mistake_twin = forget_to_close,
     .broken = true},
    {.claim = "a_mount_that_goes_beneath_is_found",
     .property = "equivalence",
     .mistake_twin = mount_beneath,
     .broken = true},
    {.claim = "attributes_that_are_dropped_are_found_among_200_calls",
     .property = "equivalence",
     .mistake_twin = forget_attributes,
     .broken = true,
     .calls = 200,
     .plant = "1 mount(\"none\", \"/b\", \"tmpfs\", MS_NOSUID, \"size=1M\")\n",
     .minimum = 1},
};

NST_PROPS_MAIN("prop_equivalence", claims)
