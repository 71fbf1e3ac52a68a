/* The flag sets that the table of calls refers to. */
#ifndef SEQUENCE_FLAGS_H
#define SEQUENCE_FLAGS_H

#include <ns-tool/sequence.h>

extern const struct nst_flag_set nst_flags_clone, nst_flags_mount, nst_flags_umount, nst_flags_open,
    nst_flags_unlink, nst_flags_rename, nst_flags_open_tree, nst_flags_move_mount, nst_flags_fsopen,
    nst_flags_fsmount, nst_flags_fspick, nst_flags_attr, nst_flags_propagation, nst_flags_setattr,
    nst_enum_fsconfig, nst_enum_signal;

/* The set's flag called NAME of LEN bytes, or NULL. Aliases that strace prints are known. */
const struct nst_flag *nst_flag_by_name(const struct nst_flag_set *set, const char *name,
                                        size_t len);

/* The number of a signal that SET, one that holds signals, doesn't list: SIGALRM, SIGRT_3. Or -1.
 */
int nst_signal_by_name(const struct nst_flag_set *set, const char *name, size_t len);

#endif
