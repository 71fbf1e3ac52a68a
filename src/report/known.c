/* Findings that are known of this kernel, so that a search goes on when it meets them again. */
#include <ns-tool/kept.h>

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#define WHY 200

static int is_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && strncmp(entry->d_name, "README", 6) != 0;
}

static int read_sequence(const char *path, struct nst_sequence *ret_sequence, char *why)
{
    FILE *in = fopen(path, "re");
    struct nst_read_error error = {.message = "can't be read"};
    char *text = NULL;
    size_t cap = 0;
    ssize_t len = in ? getdelim(&text, &cap, '\0', in) : -1; /* there is no NUL in it */
    int r = len < 0 ? -EINVAL : nst_strace_read(text, (size_t)len, ret_sequence, NULL, &error);

    if (r < 0)
        snprintf(why, WHY, "%.80s:%zu:%zu: %.80s", path, error.line, error.column, error.message);
    if (in)
        fclose(in);
    free(text);
    return r;
}

/* Adds the file at PATH, which it owns, if this kernel has what it tells. */
static int read_one(char *path, const struct utsname *here, struct nst_known *known, char *why)
{
    struct nst_known_finding finding = {.path = path};
    int r = nst_kept_read(path, &finding.kept, why);
    bool expected = !r && nst_kept_expects(&finding.kept, here->release);

    if (expected)
        r = read_sequence(path, &finding.sequence, why);
    if (expected && !r)
        known->finding[known->len++] = finding;
    else
        free(path);
    return r;
}

int nst_known_read(const char *directory, struct nst_known *ret_known, char *why)
{
    struct dirent **entry = NULL;
    struct utsname here;
    int len = scandir(directory, &entry, is_file, alphasort), r = len < 0 ? -errno : 0;

    *ret_known = (struct nst_known){0};
    if (r == -ENOENT)
        return 0;
    if (!r && uname(&here) < 0)
        r = -errno;
    if (!r && !(ret_known->finding = calloc((size_t)len + 1, sizeof *ret_known->finding)))
        r = -ENOMEM;
    if (r < 0)
        snprintf(why, WHY, "reading %.100s: %s", directory, nst_errno_name(-r));
    for (int i = 0; i < len; i++) {
        char *path;

        if (!r && asprintf(&path, "%s/%s", directory, entry[i]->d_name) < 0)
            r = -ENOMEM;
        else if (!r)
            r = read_one(path, &here, ret_known, why);
        free(entry[i]);
    }
    free(entry);
    if (r < 0)
        nst_known_free(ret_known);
    return r;
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

static bool has_calls(const struct nst_sequence *wanted, const struct nst_sequence *sequence)
{
    size_t met = 0;

    for (size_t n = 0; n < sequence->len && met < wanted->len; n++)
        met += has_call(&wanted->call[met], &sequence->call[n]);
    return met == wanted->len;
}

/* Whether TEXT is like one of KEPT's patterns. */
static bool is_seen(const struct nst_kept *kept, const char *text)
{
    char patterns[NST_KEPT_TEXT], *rest = patterns, *pattern;

    strcpy(patterns, kept->known_by);
    while ((pattern = strsep(&rest, "\n")))
        if (*pattern && !fnmatch(pattern, text, 0))
            return true;
    return false;
}

const struct nst_known_finding *nst_known_find(const struct nst_known *known, const char *property,
                                               const struct nst_finding *finding,
                                               const struct nst_sequence *sequence)
{
    for (size_t i = 0; i < known->len; i++) {
        const struct nst_known_finding *one = &known->finding[i];

        if (!nst_kept_names(&one->kept, property))
            continue;
        if (is_seen(&one->kept, finding->text) ||
            (one->kept.by_calls && sequence && has_calls(&one->sequence, sequence)))
            return one;
    }
    return NULL;
}
