/* The same work, asked of the other mount API: mount(2) as fsopen(2), fsconfig(2), fsmount(2),
 * open_tree(2), move_mount(2) and mount_setattr(2), and these as mount(2). */
#ifndef NS_TOOL_REWRITE_H
#define NS_TOOL_REWRITE_H

#include <ns-tool/sequence.h>

/* Most calls that one becomes, its strings' options not counted. */
#define NST_REWRITE_CALLS 6

/* Appends to SEQUENCE what does the work of CALL, which must have succeeded, in the other API:
 *
 * - mount(2) of a file system: fsopen, fsconfig for its source and each option, fsmount with the
 *   flags of the mount as attributes, move_mount (mount(2), "Creating a new mount"; fsopen(2));
 * - MS_BIND, with MS_REC: open_tree with OPEN_TREE_CLONE, with AT_RECURSIVE, and move_mount
 *   (mount(2), "Creating a bind mount"; open_tree(2));
 * - MS_MOVE: move_mount between two paths, and back (move_mount(2));
 * - a change of propagation, with MS_REC: mount_setattr, with AT_RECURSIVE, and back
 *   (mount_setattr(2), "propagation");
 * - MS_REMOUNT with MS_BIND: mount_setattr which sets what was asked for and clears the rest, the
 *   access times only where one was asked for (mount(2), "Remounting an existing mount").
 *
 * New descriptors are named FD and FD + 1, and closed by the last calls. What has no equal, or none
 * that the documents promise, isn't rewritten: a remount of a superblock, overlay (which reads its
 * options itself), paths below /proc and empty ones, strings beyond 250 bytes (fsconfig(2) takes
 * 255), other flags; and umount2(2), which has no other form.
 *
 * Returns the number of calls up to and including the one that does the work; 0: CALL isn't
 * rewritten, and nothing was appended; -E2BIG, -ENOMEM as nst_sequence_append(). */
int nst_rewrite(const struct nst_call *call, uint32_t fd, struct nst_sequence *sequence)
    __attribute__((warn_unused_result));

#endif
