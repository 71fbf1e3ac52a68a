/* Which steps of a run are an isolated child's: those that nobody outside can tell from not having
 * been made. */
#ifndef PROPERTY_CHILD_PART_H
#define PROPERTY_CHILD_PART_H

#include <ns-tool/property.h>

enum nst_part {
    NST_PART_KEPT,  /* the parent's, or what the parent may notice: the twin makes it too */
    NST_PART_ALONE, /* the child's, but seen outside by other ways than mounts; made too */
    NST_PART_CHILD  /* left out */
};

/* Tells for each of TRACE's steps whose it is, in RET_PART of trace->len. Returns whether anything
 * that succeeded is the child's; -ENOMEM. */
int nst_child_part(const struct nst_trace *trace, enum nst_intent intent, enum nst_part *ret_part);

/* The mount of VIEW that PATH, absolute and without links or "..", leads to; NULL: not told, as
 * where something is mounted on the root, which no path crosses (path_resolution(7)). */
const struct nst_mount *nst_path_lead(const struct nst_ns_view *view, const char *path);

/* The path at which CALL changes a file or a superblock; NULL: it changes none; "": it does, but
 * where isn't told. */
const char *nst_changed_path(const struct nst_call *call);

#endif
