/* A pack of sequences that has each rule once: what the model does, reached by as few calls as it
 * takes, with what each kernel is expected to answer. */
#ifndef NST_TOOL_PACK_H
#define NST_TOOL_PACK_H

#include <ns-tool/coverage.h>
#include <ns-tool/sequence.h>

struct nst_pack {
    const char *directory;
    size_t files,
        variants;   /* written: sequences, and what they answer on kernels that lack something */
    size_t rules;   /* that they reach */
    uint64_t *seen; /* a table of nst_novelty_of_step(); 0: free */
    size_t room, keys;
    bool row[NST_FEATURES_MAX]; /* which rows of nst_feature_groups were reached */
};

/* Writes a file for each rule that SEQUENCE reaches first, of those that the model tells. Returns
 * 0, -ENOMEM, or what writing a file gave. */
int nst_pack_add(struct nst_pack *pack, const struct nst_sequence *sequence);

void nst_pack_free(struct nst_pack *pack);

#endif
