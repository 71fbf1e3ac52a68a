/* mounts, mountinfo and statmount say the same of every namespace that a case makes. */
#include "props.h"

typedef void (*view_fn)(struct nst_ns_view *view);

static void each_view(struct nst_trace *trace, view_fn fn)
{
    for (size_t i = 0; i < trace->snapshots; i++)
        for (size_t n = 0; n < trace->snapshot[i]->len; n++)
            fn(&trace->snapshot[i]->view[n]);
}

/* A reader whose buffer ends before the last line. */
static void lose_the_fifth_line(struct nst_ns_view *view)
{
    char *line = view->mounts;

    for (int i = 0; line && i < 4; i++) {
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    if (line)
        *line = '\0';
}

static void lose_a_line_of_mounts(struct nst_trace *trace)
{
    each_view(trace, lose_the_fifth_line);
}

/* A tool that reports what a superblock allows, not what the mount does. */
static void say_rw_for_ro(struct nst_ns_view *view)
{
    for (char *at = view->mounts; at && (at = strstr(at, " ro,")); at++)
        at[2] = 'w';
}

static void hide_read_only(struct nst_trace *trace)
{
    each_view(trace, say_rw_for_ro);
}

/* A loop over listmount(2) that forgets its last page of one. */
static void lose_the_last(struct nst_ns_view *view)
{
    if (view->have_statmount && view->statmount.len > 3)
        view->statmount.len--;
}

static void lose_a_page_of_statmount(struct nst_trace *trace)
{
    each_view(trace, lose_the_last);
}

/* A translation that knows peer groups and no masters. */
static void forget_the_master(struct nst_ns_view *view)
{
    for (size_t i = 0; i < view->statmount.len; i++)
        view->statmount.mount[i].master = 0;
}

static void forget_masters(struct nst_trace *trace)
{
    each_view(trace, forget_the_master);
}

/* One that takes every mount for a whole file system. */
static void root_is_slash(struct nst_ns_view *view)
{
    static char slash[] = "/";

    for (size_t i = 0; i < view->statmount.len; i++)
        view->statmount.mount[i].root = slash;
}

static void forget_roots(struct nst_trace *trace)
{
    each_view(trace, root_is_slash);
}

/* /proc/mounts out of a cache: what it said at the start. */
static void keep_old_mounts(struct nst_trace *trace)
{
    const char *first = trace->snapshots ? trace->start->view[0].mounts : NULL;

    for (size_t i = 0; first && i < trace->snapshots; i++) {
        struct nst_ns_view *parent = &trace->snapshot[i]->view[0];

        if (!parent->mounts || parent->mounts == first)
            continue;
        free(parent->mounts);
        ck_assert_ptr_nonnull(parent->mounts = strdup(first));
    }
}

#define DIFFERS(sentence, how) .claim = sentence, .property = "views", .spoil = how, .broken = true

static const struct nst_prop claims[] = {
    {.claim = "all_views_say_the_same", .property = "views"},
    {.claim = "all_views_say_the_same_of_a_private_tree",
     .property = "views",
     .setup = NST_PROP_UNSHARE NST_PROP_CHANGE("MS_REC|MS_PRIVATE")},

    {DIFFERS("a_buffer_that_ends_too_early_is_found", lose_a_line_of_mounts)},
    {DIFFERS("a_read_only_mount_shown_as_writable_is_found", hide_read_only)},
    {DIFFERS("a_page_of_listmount_that_is_forgotten_is_found", lose_a_page_of_statmount)},
    {DIFFERS("a_master_that_is_not_told_is_found", forget_masters)},
    {DIFFERS("a_root_that_is_not_told_is_found", forget_roots)},
    {DIFFERS("a_cached_table_is_found", keep_old_mounts)},
    {DIFFERS("a_cached_table_is_found_among_200_calls", keep_old_mounts), .calls = 200,
     .plant = "1 mount(\"none\", \"/b\", \"tmpfs\", MS_NOSUID, \"size=1M\")\n", .minimum = 1},
};

NST_PROPS_MAIN("prop_views", claims)
