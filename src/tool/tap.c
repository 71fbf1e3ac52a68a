#include "tool/tap.h"

#include <stdio.h>
#include <string.h>

#include "tool/tool.h"

void nst_tap_plan(size_t files)
{
    printf("TAP version 13\n1..%zu\n", files);
}

void nst_tap_line(struct nst_tap *tap, const char *path, int status, const char *said)
{
    static const char *const directives[NST_TAP_RESULTS] = {[NST_TAP_PASS] = "",
                                                            [NST_TAP_FAIL] = "",
                                                            [NST_TAP_XFAIL] =
                                                                " # XFAIL known of this kernel",
                                                            [NST_TAP_SKIP] = " # SKIP"};
    const char *slash = strrchr(path, '/');
    enum nst_tap_result result = status == NST_EXIT_CANNOT          ? NST_TAP_SKIP
                                 : status                           ? NST_TAP_FAIL
                                 : strstr(said, "expected-finding") ? NST_TAP_XFAIL
                                                                    : NST_TAP_PASS;
    size_t number = 0;

    tap->result[result]++;
    for (size_t i = 0; i < NST_TAP_RESULTS; i++)
        number += tap->result[i];
    printf("%sok %zu %s%s\n", result == NST_TAP_FAIL ? "not " : "", number,
           slash ? slash + 1 : path, directives[result]);
    for (size_t len; status && *said; said += len + (said[len] == '\n')) {
        len = strcspn(said, "\n");
        printf("# %.*s\n", (int)len, said);
    }
    fflush(stdout);
}

void nst_tap_totals(const struct nst_tap *tap)
{
    printf("# Totals: pass:%zu fail:%zu xfail:%zu xpass:0 skip:%zu error:0\n",
           tap->result[NST_TAP_PASS], tap->result[NST_TAP_FAIL], tap->result[NST_TAP_XFAIL],
           tap->result[NST_TAP_SKIP]);
}
