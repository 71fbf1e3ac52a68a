/* What tests of the sandbox share. */
#ifndef SANDBOX_TEST_H
#define SANDBOX_TEST_H

#include "nst_test.h"

#include <ns-tool/trace.h>

/* What a main returns where no sandbox is to be had, as nst_test_cannot(); 0: one is. */
static inline int nst_test_no_sandbox(void)
{
    struct nst_sandbox *sandbox;
    char why[200] = "";
    int r = nst_sandbox_open(NULL, &sandbox, why);

    if (r < 0) {
        errno = -r;
        return nst_test_cannot(why);
    }
    nst_sandbox_close(sandbox);
    return 0;
}

/* OPTIONS may be NULL. The caller closes it. */
static inline struct nst_sandbox *nst_test_open_sandbox(const struct nst_run_options *options)
{
    struct nst_sandbox *sandbox;
    char why[200] = "";
    int r = nst_sandbox_open(options, &sandbox, why);

    ck_assert_msg(r == 0, "%s: %s", strerrorname_np(-r), why);
    return sandbox;
}

/* RET_SEQUENCE must be empty, and is freed by the caller. */
static inline void nst_test_read(const char *text, struct nst_sequence *ret_sequence)
{
    struct nst_read_error error;
    int r = nst_strace_read(text, strlen(text), ret_sequence, NULL, &error);

    ck_assert_msg(r == 0, "%zu:%zu: %s\n%s", error.line, error.column, error.message, text);
}

/* Runs SEQUENCE, which must outlive RET_TRACE. */
static inline void nst_test_run_sequence(struct nst_sandbox *sandbox,
                                         const struct nst_sequence *sequence,
                                         const struct nst_run_options *options,
                                         struct nst_trace *ret_trace)
{
    char why[200] = "";
    int r = nst_run(sandbox, sequence, options, ret_trace, why);

    if (r < 0) {
        char *text = NULL;
        size_t len;

        ck_assert_int_eq(nst_strace_print(sequence, &text, &len), 0);
        ck_abort_msg("running: %s: %s\n%s", why, strerrorname_np(-r), text);
    }
}

#endif
