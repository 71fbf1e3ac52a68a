/* What tests of tables in words share. */
#ifndef TABLE_TEST_H
#define TABLE_TEST_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ns-tool/table.h>

#define CHANGES 1000 /* bytes of all changes of a test */

/* For nst_table_diff(): appends to CTX, of CHANGES bytes, a line for each change. */
static inline void collect(void *ctx, const struct nst_change *change)
{
    char *all = ctx, *text = nst_change_text(change, NULL);
    size_t len = strlen(all);

    ck_assert_ptr_nonnull(text);
    snprintf(all + len, CHANGES - len, "%s\n", text);
    free(text);
}

#endif
