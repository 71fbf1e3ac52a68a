/* Physical lines of a log become logical ones: the actor split off, comments, signals and exits
 * counted, and `<unfinished ...>` joined with its `resumed`, at the place where the call began. */
#ifndef SEQUENCE_LINES_H
#define SEQUENCE_LINES_H

#include <ns-tool/sequence.h>

struct nst_line {
    size_t number, column; /* where text began in the file */
    uint32_t actor;
    char *text; /* behind the actor; owned */
    size_t len;
    bool open;       /* ended in `<unfinished ...>`, and not resumed so far */
    bool unfinished; /* … and never was */
};

struct nst_lines {
    struct nst_line *line;
    size_t len, cap;
};

/* Splits TEXT. Returns 0; -EINVAL with RET_ERROR set where a strict reader meets what is no line;
 * -ENOMEM. The caller frees RET_LINES either way. */
int nst_lines_split(const char *text, size_t len, bool strict, struct nst_lines *ret_lines,
                    struct nst_read_counts *counts, struct nst_read_error *ret_error);

void nst_lines_free(struct nst_lines *lines);

#endif
