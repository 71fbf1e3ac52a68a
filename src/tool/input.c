#include "tool/input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool/tool.h"

static int read_whole(FILE *in, char **ret_text, size_t *ret_len)
{
    char *text = NULL;
    size_t len = 0, cap = 0;

    errno = 0;
    for (;;) {
        if (len == cap) {
            char *grown = realloc(text, cap = cap ? 2 * cap : 65536);

            if (!grown)
                break;
            text = grown;
        }
        size_t got = fread(text + len, 1, cap - len, in);

        len += got;
        if (!ferror(in) && (!got || feof(in))) {
            *ret_text = text;
            *ret_len = len;
            return 0;
        }
        if (!got)
            break;
    }
    int r = errno ? -errno : -EIO;

    free(text);
    return r;
}

int nst_input_read(const char *path, struct nst_sequence *ret_sequence,
                   struct nst_read_counts *ret_counts)
{
    return nst_input_read_prepared(path, NULL, ret_sequence, ret_counts);
}

int nst_input_read_prepared(const char *path, void (*prepare)(char *text, size_t *len),
                            struct nst_sequence *ret_sequence, struct nst_read_counts *ret_counts)
{
    bool standard = !strcmp(path, "-");
    FILE *in = standard ? stdin : fopen(path, "re");
    struct nst_read_error error = {0};
    char *text = NULL;
    size_t len = 0;

    if (!in)
        return nst_tool_error(NST_EXIT_USAGE, errno, "opening %s", path);
    int r = read_whole(in, &text, &len);

    if (!standard)
        fclose(in);
    if (r < 0)
        return nst_tool_error(NST_EXIT_USAGE, r, "reading %s", path);
    if (prepare)
        prepare(text, &len);
    r = nst_strace_read(text, len, ret_sequence, ret_counts, &error);
    free(text);
    if (r == -EINVAL || r == -E2BIG) {
        fprintf(stderr, "%s:%zu:%zu: %s\n", path, error.line, error.column, error.message);
        return NST_EXIT_USAGE;
    }
    return r < 0 ? nst_tool_error(NST_EXIT_USAGE, r, "reading %s", path) : NST_EXIT_HELD;
}
