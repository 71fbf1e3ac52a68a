/* A namespace that was made private or slave before anything was done in it is isolated, whatever
 * is done then; each mistake in making it so is found. */
#include "props.h"

#define IN_A_MOUNT "1 mount(\"none\", \"/a\", \"tmpfs\", 0, NULL)\n1 mkdir(\"/a/a\", 0755)\n"

static const struct nst_prop claims[] = {
    {.claim = "a_private_tree_is_isolated",
     .property = "isolation",
     .setup = NST_PROP_UNSHARE NST_PROP_CHANGE("MS_REC|MS_PRIVATE"),
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

    {.claim = "MS_PRIVATE_left_out_is_found",
     .property = "isolation",
     .setup = NST_PROP_UNSHARE,
     .intent = NST_INTENT_ALWAYS,
     .broken = true},
    {.claim = "MS_PRIVATE_left_out_is_found_by_polling",
     .property = "isolation",
     .setup = NST_PROP_UNSHARE,
     .intent = NST_INTENT_ALWAYS,
     .broken = true,
     .run.no_fanotify = true},
    {.claim = "MS_REC_left_out_is_found",
     .property = "isolation",
     .setup = IN_A_MOUNT NST_PROP_UNSHARE NST_PROP_CHANGE("MS_PRIVATE"),
     .intent = NST_INTENT_ALWAYS,
     .broken = true},
    {.claim = "MS_SHARED_for_MS_SLAVE_is_found",
     .property = "isolation",
     .setup = NST_PROP_UNSHARE NST_PROP_CHANGE("MS_REC|MS_SHARED"),
     .intent = NST_INTENT_ALWAYS,
     .broken = true},
};

NST_PROPS_MAIN("prop_isolation", claims)
