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

#endif
