/* Reading the pieces of one line: names, numbers, strings, flags. */
#ifndef SEQUENCE_LEXER_H
#define SEQUENCE_LEXER_H

#include <ns-tool/sequence.h>

struct nst_lexer {
    const char *at, *start, *end;
    struct nst_sequence *sequence; /* owns the strings that are read */
    const char *expected;          /* set by what failed: "a flag of MS_" */
    const char *failed_at;
    size_t truncated;
};

/* All of these return 0, -EINVAL with `expected` and `failed_at` set, -E2BIG or -ENOMEM. */
int nst_lex_fail(struct nst_lexer *lexer, const char *expected);
int nst_lex_token(struct nst_lexer *lexer, char token, const char *expected);
int nst_lex_number(struct nst_lexer *lexer, int64_t *ret_value);
/* A descriptor, as strace -y decorates it too; AT_FDCWD. */
int nst_lex_fd(struct nst_lexer *lexer, uint64_t *ret_fd);
/* A pid, as strace -Y and --pidns-translation decorate it too: the one that strace sees counts. */
int nst_lex_pid(struct nst_lexer *lexer, int64_t *ret_pid);
int nst_lex_string(struct nst_lexer *lexer, const char **ret_string);
int nst_lex_flags(struct nst_lexer *lexer, const struct nst_flag_set *set, uint64_t *ret_value);

/* Whether TOKEN comes next; if so it is passed. */
bool nst_lex_accept(struct nst_lexer *lexer, const char *token);

/* Passes what strace writes behind a result: `(text of the errno)`, `<seconds>`. */
int nst_lex_trail(struct nst_lexer *lexer);

/* The end of strace's decoration that begins with the `<` AT: `</a>`, `<pipe:[7]>`, `<sh>`,
 * `</dev/null<char 1:3>>`, `<TCP:[1.1.1.1:1->2.2.2.2:2]>`, `</a>(deleted)`. strace escapes < and >
 * of names. NULL where it doesn't end. */
const char *nst_decoration_end(const char *at, const char *end);

/* Passes spaces and C comments. */
void nst_lex_space(struct nst_lexer *lexer);

/* The length of the name that comes next; 0 for none. */
size_t nst_lex_name(struct nst_lexer *lexer);

/* Passes one value of any form, up to a `,`, `}` or `)` of its own level. */
void nst_lex_skip_value(struct nst_lexer *lexer);

#endif
