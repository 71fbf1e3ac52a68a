/* Findings that are known of this kernel, so that a search goes on when it meets them again. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "tool/input.h"
#include "tool/kept.h"
#include "tool/tool.h"

static int is_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && strncmp(entry->d_name, "README", 6) != 0;
}

/* Adds the file NAME of DIRECTORY if this kernel has what it tells. */
static int read_one(const char *directory, const char *name, struct nst_known *known)
{
    struct nst_known_finding *finding = &known->finding[known->len];
    struct utsname here;
    int status;

    if (uname(&here) < 0 || asprintf(&finding->path, "%s/%s", directory, name) < 0)
        return nst_tool_error(NST_EXIT_USAGE, errno, "reading %s", directory);
    status = nst_kept_read(finding->path, &finding->kept);
    if (!status && nst_kept_expects(&finding->kept, here.release)) {
        status = nst_input_read(finding->path, &finding->sequence, NULL);
        if (!status) {
            known->len++;
            return NST_EXIT_HELD;
        }
    }
    free(finding->path);
    return status;
}

int nst_known_read(const char *directory, struct nst_known *ret_known)
{
    struct dirent **entry = NULL;
    int len = scandir(directory, &entry, is_file, alphasort), status = NST_EXIT_HELD;

    *ret_known = (struct nst_known){0};
    if (len < 0)
        return errno == ENOENT ? NST_EXIT_HELD
                               : nst_tool_error(NST_EXIT_USAGE, errno, "reading %s", directory);
    ret_known->finding = calloc((size_t)len + 1, sizeof *ret_known->finding);
    if (!ret_known->finding)
        status = nst_tool_error(NST_EXIT_USAGE, ENOMEM, "reading %s", directory);
    for (int i = 0; i < len; i++) {
        if (!status)
            status = read_one(directory, entry[i]->d_name, ret_known);
        free(entry[i]);
    }
    free(entry);
    if (status)
        nst_known_free(ret_known);
    return status;
}

void nst_known_free(struct nst_known *known)
{
    for (size_t i = 0; i < known->len; i++) {
        nst_sequence_free(&known->finding[i].sequence);
        free(known->finding[i].path);
    }
    free(known->finding);
    *known = (struct nst_known){0};
}

static bool has_call(const struct nst_call *wanted, const struct nst_call *call)
{
    const struct nst_call_type *type = &nst_calls[wanted->id];

    if (wanted->id != call->id)
        return false;
    for (size_t i = 0; i < type->args; i++)
        if (type->arg[i].kind == NST_ARG_FLAGS && wanted->arg[i].num & ~call->arg[i].num)
            return false;
    return true;
}

const struct nst_known_finding *nst_known_find(const struct nst_known *known, const char *property,
                                               const struct nst_sequence *sequence)
{
    for (size_t i = 0; i < known->len; i++) {
        const struct nst_sequence *wanted = &known->finding[i].sequence;
        size_t met = 0;

        if (!nst_kept_names(&known->finding[i].kept, property))
            continue;
        for (size_t n = 0; n < sequence->len && met < wanted->len; n++)
            met += has_call(&wanted->call[met], &sequence->call[n]);
        if (met == wanted->len)
            return &known->finding[i];
    }
    return NULL;
}
