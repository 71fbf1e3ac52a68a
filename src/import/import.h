/* What the files of this room share. */
#ifndef IMPORT_IMPORT_H
#define IMPORT_IMPORT_H

#include <stdio.h>

#include <ns-tool/import.h>

/* A call to be performed. */
struct nst_item {
    struct nst_call call; /* its strings are the log's, or the draft's */
    bool made;            /* isn't of the log: it may be there already (EEXIST) */
    bool moot;            /* it was */
};

struct nst_draft {
    struct nst_item *item;
    size_t len, cap;
    struct nst_sequence strings; /* owns those that were made */
};

int nst_draft_add(struct nst_draft *draft, size_t at, const struct nst_item *item); /* or -ENOMEM */
int nst_draft_copy(const struct nst_draft *draft, struct nst_draft *ret_copy);
void nst_draft_free(struct nst_draft *draft);

/* Fills DRAFT, which is empty, with what of LOG is of account. Returns 0 or -ENOMEM. */
int nst_import_rename(const struct nst_sequence *log, struct nst_draft *draft);

/* The first call of DRAFT that doesn't go as its log says: its index, or the length where all do.
 * RET_ERROR gets its errno, 0 where it succeeds or the model can't tell, and RET_UNKNOWN why not.
 * What calls answer is written into their expectations where PREDICT. -ENOMEM. */
int64_t nst_import_perform(struct nst_draft *draft, bool predict, int *ret_error,
                           const char **ret_unknown);

/* Tries to have call AT, which fails with ERROR or isn't known, go as its log says. Returns 1 where
 * it does now, and what was done in NOTE (of 200 bytes); 0; -ENOMEM. */
int nst_import_repair(struct nst_draft *draft, size_t at, int error, bool unknown, char *note);

#endif
