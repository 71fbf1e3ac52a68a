/* What strace wrote of a real program becomes a sequence that runs by itself, in a sandbox's small
 * world: it is performed on the reference model, and what a call lacks there is made before it. */
#ifndef NS_TOOL_IMPORT_H
#define NS_TOOL_IMPORT_H

#include <ns-tool/sequence.h>

/* What became of a log. */
struct nst_import {
    struct nst_sequence sequence; /* each call with what the model says that it answers */
    size_t calls; /* of the log, of those in the table, without what is of no account: files that
                     are only read, threads */
    size_t kept;  /* of them in the sequence */
    size_t made; /* calls that aren't of the log: directories and files that it takes for granted */
    char *notes; /* a line each, what was replaced and what was left out, with the reason; owned */
};

/* Before TEXT of *LEN bytes, a log, is read: its calls of openat2(2), which the table of calls doesn't
 * have, become openat(2) with the same path and flags, in place. *LEN gets less. */
void nst_import_prepare(char *text, size_t *len);

/* Makes of LOG, which is read already, RET_IMPORT, freed by the caller: actors and descriptors are
 * numbered anew in order of appearance. Returns 0 or -ENOMEM. */
int nst_import(const struct nst_sequence *log, struct nst_import *ret_import)
    __attribute__((warn_unused_result));

void nst_import_free(struct nst_import *import); /* and empties it */

#endif
