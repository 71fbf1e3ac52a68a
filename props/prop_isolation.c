/* A namespace that was made private or slave before anything was done in it is isolated, whatever
 * is done then; each mistake in making it so is found. */
#include "props.h"

#define IN_A_MOUNT "1 mount(\"none\", \"/a\", \"tmpfs\", 0, NULL)\n1 mkdir(\"/a/a\", 0755)\n"
#define SETATTR(flags)                                                                             \
    "1 mount_setattr(AT_FDCWD, \"/\", " flags                                                      \
    ", {attr_set=0, attr_clr=0, propagation=MS_PRIVATE, userns_fd=0}, 32)\n"

/* Runtimes with a mistake. In all of them one call behind the setup is enough to show it. */
#define MISTAKE(sentence, calls)                                                                   \
    .claim = sentence, .property = "isolation", .setup = calls, .intent = NST_INTENT_ALWAYS,       \
    .broken = true

/* As if the parent had been shown what a child mounts, until it was taken away again. */
static void show_for_an_instant(struct nst_trace *trace)
{
    for (size_t i = 0; i < trace->len; i++) {
        struct nst_step *step = &trace->step[i];

        if (step->kind != NST_ANSWER_VALUE || step->call->id != NST_CALL_MOUNT ||
            !step->call->arg[2].str || step->events.len)
            continue;
        step->events.event = calloc(2, sizeof *step->events.event);
        ck_assert_ptr_nonnull(step->events.event);
        step->events.event[0].kind = NST_EVENT_ATTACH;
        step->events.event[1].kind = NST_EVENT_DETACH;
        step->events.len = step->events.cap = 2;
    }
}

static const struct nst_prop claims[] = {
    {.claim = "a_private_tree_is_isolated",
     .property = "isolation",
     .setup = NST_PROP_UNSHARE NST_PROP_CHANGE("MS_REC|MS_PRIVATE"),
     .intent = NST_INTENT_ALWAYS},
    {.claim = "a_tree_that_mount_setattr_made_private_is_isolated",
     .property = "isolation",
     .setup = NST_PROP_UNSHARE SETATTR("AT_RECURSIVE"),
     .intent = NST_INTENT_ALWAYS},
    {.claim = "a_slave_tree_is_isolated",
     .property = "isolation",
     .setup = NST_PROP_UNSHARE NST_PROP_CHANGE("MS_REC|MS_SLAVE"),
     .intent = NST_INTENT_ALWAYS},
    {.claim = "an_unbindable_tree_is_isolated",
     .property = "isolation",
     .setup = NST_PROP_UNSHARE NST_PROP_CHANGE("MS_REC|MS_UNBINDABLE"),
     .intent = NST_INTENT_ALWAYS},
    {.claim = "a_private_tree_is_isolated_where_only_polling_sees_it",
     .property = "isolation",
     .setup = NST_PROP_UNSHARE NST_PROP_CHANGE("MS_REC|MS_PRIVATE"),
     .intent = NST_INTENT_ALWAYS,
     .run.no_fanotify = true},
    {.claim = "what_no_peer_group_connects_is_isolated", .property = "isolation"},

    {MISTAKE("MS_PRIVATE_left_out_is_found", NST_PROP_UNSHARE)},
    {MISTAKE("MS_PRIVATE_left_out_is_found_by_polling", NST_PROP_UNSHARE), .run.no_fanotify = true},
    {MISTAKE("MS_PRIVATE_left_out_is_found_among_200_calls", NST_PROP_UNSHARE), .calls = 200,
     .plant = "1 mount(\"none\", \"/b\", \"tmpfs\", MS_NOSUID, \"size=1M\")\n", .minimum = 1},
    {MISTAKE("MS_PRIVATE_left_out_is_found_by_a_chain_of_descriptors_among_200_calls",
             NST_PROP_UNSHARE),
     .calls = 200,
     .plant = "1 fsopen(\"tmpfs\", FSOPEN_CLOEXEC) = 90\n"
              "1 fsconfig(90, FSCONFIG_CMD_CREATE, NULL, NULL, 0)\n"
              "1 fsmount(90, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID) = 91\n"
              "1 move_mount(91, \"\", AT_FDCWD, \"/b\", MOVE_MOUNT_F_EMPTY_PATH)\n",
     .minimum = 4},
    {MISTAKE("MS_PRIVATE_left_out_is_found_on_a_directory_among_200_calls", NST_PROP_UNSHARE),
     .calls = 200,
     .plant = "1 mkdir(\"/mnt/deep\", 0700)\n1 mkdir(\"/mnt/deep/er\", 0700)\n"
              "1 mount(\"none\", \"/mnt/deep/er\", \"tmpfs\", MS_NOSUID, \"size=1M,mode=0700\")\n",
     .minimum = 1},
    {MISTAKE("MS_PRIVATE_left_out_is_found_in_a_child_among_200_calls", NULL), .calls = 200,
     .plant = "1 clone(child_stack=NULL, flags=CLONE_NEWNS|CLONE_NEWPID|SIGCHLD) = 60\n"
              "60 fork() = 61\n61 mount(\"none\", \"/b\", \"tmpfs\", MS_NOSUID, \"size=1M\")\n",
     .minimum = 2},
    {MISTAKE("MS_REC_left_out_is_found",
             IN_A_MOUNT NST_PROP_UNSHARE NST_PROP_CHANGE("MS_PRIVATE"))},
    {MISTAKE("AT_RECURSIVE_left_out_is_found", IN_A_MOUNT NST_PROP_UNSHARE SETATTR("0"))},
    {MISTAKE("MS_SHARED_for_MS_SLAVE_is_found",
             NST_PROP_UNSHARE NST_PROP_CHANGE("MS_REC|MS_SHARED"))},
    {MISTAKE("another_mount_made_private_is_found",
             NST_PROP_UNSHARE "1 mount(\"none\", \"/proc\", NULL, MS_REC|MS_PRIVATE, NULL)\n")},
    {MISTAKE(
        "a_mount_before_it_is_private_is_found", NST_PROP_UNSHARE
        "1 mount(\"none\", \"/mnt\", \"tmpfs\", 0, NULL)\n" NST_PROP_CHANGE("MS_REC|MS_PRIVATE"))},
    {MISTAKE("a_failed_MS_PRIVATE_that_is_not_looked_at_is_found",
             NST_PROP_UNSHARE NST_PROP_CHANGE("MS_PRIVATE|MS_SLAVE"))},
    {MISTAKE("a_mount_that_shows_for_an_instant_is_found",
             NST_PROP_UNSHARE NST_PROP_CHANGE("MS_REC|MS_PRIVATE")),
     .spoil = show_for_an_instant},
};

NST_PROPS_MAIN("prop_isolation", claims)
