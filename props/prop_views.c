/* mounts, mountinfo and statmount say the same of every namespace that a case makes. */
#include "props.h"

/* As if a reader of /proc/PID/mounts were shown one line too few. */
static void lose_a_line_of_mounts(struct nst_trace *trace)
{
    for (size_t i = 0; i < trace->snapshots; i++)
        for (size_t n = 0; n < trace->snapshot[i]->len; n++) {
            char *mounts = trace->snapshot[i]->view[n].mounts;
            char *line = mounts ? strchr(mounts, '\n') : NULL;

            if (line)
                memmove(mounts, line + 1, strlen(line));
        }
}

static const struct nst_prop claims[] = {
    {.claim = "all_views_say_the_same", .property = "views"},
    {.claim = "all_views_say_the_same_of_a_private_tree",
     .property = "views",
     .setup = NST_PROP_UNSHARE NST_PROP_CHANGE("MS_REC|MS_PRIVATE")},

    {.claim = "a_mount_that_one_view_lacks_is_found",
     .property = "views",
     .spoil = lose_a_line_of_mounts,
     .broken = true},
};

NST_PROPS_MAIN("prop_views", claims)
