/* What is known of this kernel is no finding, so that a search goes on. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tool/kept.h"
#include "tool/tool.h"

#include "fuzz.h"

/* The tool's own has its command's name before it. */
int nst_tool_error(int status, int error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, ": %d\n", error);
    return status;
}

bool nst_fuzz_known(const char *property, const struct nst_sequence *whole)
{
    static struct nst_known known; /* read once */
    static bool read;
    const char *directory = getenv("NST_FINDINGS");

    if (!read && nst_known_read(directory ? directory : "corpus/findings", &known))
        abort();
    read = true;
    return nst_known_find(&known, property, whole) != NULL;
}
