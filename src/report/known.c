/* Findings that are known of this kernel, so that a search goes on when it meets them again. */
#include "report/kept.h"

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

/* The rest of IN, behind its comments or from its beginning, is a sequence. */
static int read_sequence(FILE *in, const char *path, struct nst_sequence *ret_sequence, char *why)
{
    struct nst_read_error error = {.message = "can't be read"};
    char *text = NULL;
    size_t cap = 0;
    ssize_t len;
    int r;

    rewind(in);
    len = getdelim(&text, &cap, '\0', in); /* there is no NUL in it */
    r = len < 0 ? -EINVAL : nst_strace_read(text, (size_t)len, ret_sequence, NULL, &error);
    if (r < 0)
        snprintf(why, WHY, "%.80s:%zu:%zu: %.80s", path, error.line, error.column, error.message);
    free(text);
    return r;
}

/* Adds what IN holds, called PATH, which it owns, if this kernel has what it tells. */
static int read_one(FILE *in, char *path, const struct utsname *here, struct nst_known *known,
                    char *why)
{
    struct nst_known_finding finding = {.path = path};
    int r = nst_kept_read_stream(in, path, &finding.kept, why);
    bool expected = !r && nst_kept_expects(&finding.kept, here->release);

    if (expected)
        r = read_sequence(in, path, &finding.sequence, why);
    if (expected && !r)
        known->finding[known->len++] = finding;
    else
        free(path);
    return r;
}

static int read_file(char *path, const struct utsname *here, struct nst_known *known, char *why)
{
    FILE *in = fopen(path, "re");
    int r;

    if (!in) {
        r = -errno;
        snprintf(why, WHY, "opening %.150s: %s", path, nst_errno_name(-r));
        free(path);
        return r;
    }
    r = read_one(in, path, here, known, why);
    fclose(in);
    return r;
}

static int read_builtin(struct nst_known *known, char *why)
{
    const struct nst_builtin_finding *one = nst_builtin_findings;
    struct utsname here;
    int r = uname(&here) < 0 ? -errno : 0;

    for (size_t len = 1; !r && !known->finding; len++)
        if (!one[len - 1].name && !(known->finding = calloc(len, sizeof *known->finding)))
            r = -ENOMEM;
    for (; !r && one->name; one++) {
        FILE *in = fmemopen((char *)(uintptr_t)one->text, (size_t)(one->end - one->text), "r");
        char *path = strdup(one->name);

        if (in && path)
            r = read_one(in, path, &here, known, why);
        else
            r = -ENOMEM;
        if (in)
            fclose(in);
    }
    if (r < 0)
        nst_known_free(known);
    return r;
}

int nst_known_read(const char *directory, struct nst_known *ret_known, char *why)
{
    const char *where = directory ? directory : "corpus/findings";
    struct dirent **entry = NULL;
    struct utsname here;
    int len = scandir(where, &entry, is_file, alphasort), r = len < 0 ? -errno : 0;

    *ret_known = (struct nst_known){0};
    if (r == -ENOENT)
        return directory ? 0 : read_builtin(ret_known, why);
    if (!r && uname(&here) < 0)
        r = -errno;
    if (!r && !(ret_known->finding = calloc((size_t)len + 1, sizeof *ret_known->finding)))
        r = -ENOMEM;
    if (r < 0)
        snprintf(why, WHY, "reading %.100s: %s", where, nst_errno_name(-r));
    for (int i = 0; i < len; i++) {
        char *path;

        if (!r && asprintf(&path, "%s/%s", where, entry[i]->d_name) < 0)
            r = -ENOMEM;
        else if (!r)
            r = read_file(path, &here, ret_known, why);
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

static bool is_expected(const struct nst_judgement *judgement, const char *property)
{
    for (size_t i = 0; i < judgement->len; i++)
        if (judgement->verdict[i] == NST_EXPECTED && !strcmp(nst_properties[i]->name, property))
            return true;
    return false;
}

enum nst_verdict nst_known_judge(const struct nst_known *known, const struct nst_sequence *sequence,
                                 struct nst_judgement *judgement)
{
    for (size_t i = 0; i < judgement->len; i++)
        if (judgement->verdict[i] == NST_FAIL &&
            nst_known_find(known, nst_properties[i]->name, &judgement->finding[i], sequence))
            judgement->verdict[i] = NST_EXPECTED;
    for (size_t i = 0; i < judgement->len; i++)
        if (judgement->verdict[i] == NST_FAIL && !strcmp(nst_properties[i]->name, "expectation") &&
            is_expected(judgement, "conformance"))
            judgement->verdict[i] = NST_EXPECTED;
    return nst_judgement_worst(judgement);
}
