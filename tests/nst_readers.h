/* What must hold of both readers for any bytes. */
#ifndef NST_READERS_H
#define NST_READERS_H

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ns-tool/sequence.h>

static inline char *nst_readers_print(const struct nst_sequence *sequence, size_t *ret_len)
{
    char *text;

    ck_assert(nst_sequence_valid(sequence));
    ck_assert_int_eq(nst_strace_print(sequence, &text, ret_len), 0);
    return text;
}

static inline size_t nst_readers_lines(const char *text, size_t len)
{
    size_t lines = 1;

    for (size_t i = 0; i < len; i++)
        lines += text[i] == '\n';
    return lines;
}

/* The lenient reader makes a sequence of TEXT whose text reads as itself. The strict one either
 * reads the same, and then nothing was dropped, or says where it failed and leaves nothing. */
static inline void nst_readers_check(const char *text, size_t len)
{
    struct nst_sequence lenient = {0}, strict = {0}, again = {0};
    struct nst_read_counts counts = {0};
    struct nst_read_error error = {0};
    size_t once_len, twice_len;
    char *once, *twice;

    ck_assert_int_eq(nst_strace_read_lenient(text, len, &lenient, &counts), 0);
    once = nst_readers_print(&lenient, &once_len);

    int r = nst_strace_read(once, once_len, &again, NULL, &error);

    ck_assert_msg(!r, "%zu:%zu: %s\n%s", error.line, error.column, error.message, once);
    twice = nst_readers_print(&again, &twice_len);
    ck_assert_str_eq(once, twice);
    free(twice);
    nst_sequence_free(&again);

    error = (struct nst_read_error){0};
    r = nst_strace_read(text, len, &strict, NULL, &error);
    if (r == 0) {
        twice = nst_readers_print(&strict, &twice_len);
        ck_assert_str_eq(once, twice);
        ck_assert_uint_eq(counts.dropped, 0);
        free(twice);
    } else {
        ck_assert_msg(r == -EINVAL || r == -E2BIG, "%d", r);
        ck_assert_uint_ge(error.line, 1);
        ck_assert_uint_le(error.line, nst_readers_lines(text, len));
        ck_assert_uint_ge(error.column, 1);
        ck_assert_uint_gt(strlen(error.message), strlen("expected "));
        ck_assert_uint_eq(strict.len, 0);
        ck_assert(r == -E2BIG || counts.dropped > 0);
    }
    nst_sequence_free(&strict);
    nst_sequence_free(&lenient);
    free(once);
}

/* Overwrites up to eight bytes of TEXT, which holds LEN, with bytes of its own or any others. */
static inline void nst_readers_mutate(char *text, size_t len, unsigned *seed)
{
    for (int edits = rand_r(seed) % 8 + 1; edits && len; edits--)
        text[(size_t)rand_r(seed) % len] =
            (char)(rand_r(seed) % 3 ? text[(size_t)rand_r(seed) % len] : rand_r(seed));
}

#endif
