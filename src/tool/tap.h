/* The Test Anything Protocol in the form of the kernel's selftests (tools/testing/selftests/
 * kselftest.h), on standard output. */
#ifndef NST_TOOL_TAP_H
#define NST_TOOL_TAP_H

#include <stddef.h>

enum nst_tap_result { NST_TAP_PASS, NST_TAP_FAIL, NST_TAP_XFAIL, NST_TAP_SKIP, NST_TAP_RESULTS };

struct nst_tap {
    size_t result[NST_TAP_RESULTS]; /* how many lines so far */
};

void nst_tap_plan(size_t files);

/* The next line: of the file at PATH, whose exit status and text these are. The text is printed as
 * comments where it isn't ok. */
void nst_tap_line(struct nst_tap *tap, const char *path, int status, const char *said);

void nst_tap_totals(const struct nst_tap *tap);

#endif
