#include "report/kept.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#define WHY 200

static const struct {
    const char *name;
    size_t offset;
} options[] = {{"--random", offsetof(struct nst_kept, random)},
               {"--expected", offsetof(struct nst_kept, expected)},
               {"--isolated", offsetof(struct nst_kept, isolated)},
               {"--at-once", offsetof(struct nst_kept, at_once)},
               {"--privileged", offsetof(struct nst_kept, privileged)},
               {"--no-fanotify", offsetof(struct nst_kept, no_fanotify)}};
enum { OPTIONS = sizeof options / sizeof *options };

static int read_options(char *words, struct nst_kept *kept, char *why)
{
    char *word;

    while ((word = strsep(&words, " "))) {
        size_t i = 0;

        while (i < OPTIONS && strcmp(options[i].name, word) != 0)
            i++;
        if (i == OPTIONS && *word) {
            snprintf(
                why, WHY,
                "'# options:' has '%s', which is none of run's --random, --expected, --isolated, "
                "--privileged, --no-fanotify, --at-once",
                word);
            return -EINVAL;
        }
        if (i < OPTIONS)
            *(bool *)((char *)kept + options[i].offset) = true;
    }
    return 0;
}

void nst_kept_write_options(FILE *out, const struct nst_kept *kept)
{
    const char *joint = "# options: ";

    for (size_t i = 0; i < OPTIONS; i++)
        if (*(const bool *)((const char *)kept + options[i].offset)) {
            fprintf(out, "%s%s", joint, options[i].name);
            joint = " ";
        }
    if (*joint == ' ')
        putc('\n', out);
}

static int check_properties(const struct nst_kept *kept, char *why)
{
    char names[NST_KEPT_TEXT], *rest = names, *name;

    strcpy(names, kept->property);
    while ((name = strsep(&rest, ","))) {
        name += strspn(name, " ");
        if (!nst_property_by_name(name)) {
            snprintf(why, WHY, "there is no property '%s'", name);
            return -EINVAL;
        }
    }
    return 0;
}

/* One of several lines. */
static int read_known_by(const char *value, struct nst_kept *kept, char *why)
{
    size_t len = strlen(kept->known_by);

    if (!strcmp(value, "its calls")) {
        kept->by_calls = true;
        return 0;
    }
    if (len + strlen(value) + 2 > sizeof kept->known_by) {
        snprintf(why, WHY, "'# known by:' has more than %zu bytes in all", sizeof kept->known_by);
        return -EINVAL;
    }
    sprintf(kept->known_by + len, "%s\n", value);
    return 0;
}

static int read_features(char *names, nst_lacks *set, char *why)
{
    char *name;

    while ((name = strsep(&names, ","))) {
        size_t i = 0;

        name += strspn(name, " ");
        while (i < NST_KERNEL_FEATURES && strcmp(nst_kernel_features[i].name, name) != 0)
            i++;
        if (i == NST_KERNEL_FEATURES) {
            snprintf(why, WHY, "there is no feature '%s' of kernels", name);
            return -EINVAL;
        }
        *set |= (nst_lacks)1 << i;
    }
    return 0;
}

enum nst_kernel_feature nst_kept_unfit(const struct nst_kept *kept, nst_lacks lacks,
                                       bool *ret_lacked)
{
    nst_lacks unfit = (kept->needs & lacks) | (kept->without & ~lacks);
    unsigned i = 0;

    while (i < NST_KERNEL_FEATURES && !(unfit >> i & 1))
        i++;
    *ret_lacked = !nst_has(lacks, i);
    return i;
}

/* LINE is what follows `#`. */
static int read_line(char *line, struct nst_kept *kept, char *why)
{
    char *key = line + strspn(line, " "), *value = strchr(key, ':');

    if (!value)
        return 0;
    *value++ = '\0';
    value += strspn(value, " ");
    for (size_t len = strlen(value); len && isspace((unsigned char)value[len - 1]);)
        value[--len] = '\0';
    if (!strcmp(key, "options"))
        return read_options(value, kept, why);
    if (!strcmp(key, "needs"))
        return read_features(value, &kept->needs, why);
    if (!strcmp(key, "without"))
        return read_features(value, &kept->without, why);
    if (!strcmp(key, "kernel"))
        snprintf(kept->kernel, sizeof kept->kernel, "%s", value);
    if (!strcmp(key, "known by"))
        return read_known_by(value, kept, why);
    if (strcmp(key, "property") != 0 && strcmp(key, "finding") != 0)
        return 0;
    kept->finding = key[0] == 'f';
    snprintf(kept->property, sizeof kept->property, "%s", value);
    return check_properties(kept, why);
}

int nst_kept_read_stream(FILE *in, const char *path, struct nst_kept *ret_kept, char *why)
{
    char *line = NULL, what[WHY] = "";
    size_t cap = 0;
    int r = 0;

    *ret_kept = (struct nst_kept){0};
    while (!r && getline(&line, &cap, in) > 0 && (*line == '#' || *line == '\n'))
        if (*line == '#')
            r = read_line(line + 1, ret_kept, what);
    ret_kept->by_calls |= !*ret_kept->known_by;
    if (r < 0)
        snprintf(why, WHY, "%.80s: %.110s", path, what);
    free(line);
    return r;
}

int nst_kept_read(const char *path, struct nst_kept *ret_kept, char *why)
{
    FILE *in = fopen(path, "re");
    int r;

    *ret_kept = (struct nst_kept){0};
    if (!in) {
        r = -errno;
        snprintf(why, WHY, "opening %s: %s", path, nst_errno_name(-r));
        return r;
    }
    r = nst_kept_read_stream(in, path, ret_kept, why);
    fclose(in);
    return r;
}

bool nst_kept_names(const struct nst_kept *kept, const char *property)
{
    size_t len = strlen(property);

    for (const char *at = kept->property; *at; at += strcspn(at, ","), at += *at == ',') {
        at += strspn(at, " ");
        if (!strncmp(at, property, len) && (!at[len] || at[len] == ',' || at[len] == ' '))
            return true;
    }
    return false;
}

/* The version and the patch level: "6.18" of "6.18.44". */
static size_t version_len(const char *release)
{
    size_t len = strspn(release, "0123456789");

    return release[len] == '.' ? len + 1 + strspn(release + len + 1, "0123456789") : len;
}

bool nst_kept_expects(const struct nst_kept *kept, const char *release)
{
    size_t len = version_len(release);

    if (!kept->finding)
        return false;
    for (const char *at = kept->kernel; *at; at += strcspn(at, ","), at += *at == ',') {
        at += strspn(at, " ");
        if (len && version_len(at) == len && !strncmp(at, release, len))
            return true;
    }
    return false;
}

void nst_kept_apply(const struct nst_kept *kept, struct nst_run_options *run,
                    struct nst_judge_options *judge)
{
    run->privileged |= kept->privileged;
    run->no_fanotify |= kept->no_fanotify;
    run->at_once |= kept->at_once;
    judge->random |= kept->random;
    judge->expected |= kept->expected;
    if (kept->isolated)
        judge->intent = NST_INTENT_ALWAYS;
    else if (kept->random && judge->intent == NST_INTENT_ASKED)
        judge->intent = NST_INTENT_NONE;
}

static enum nst_verdict worst(const struct nst_judgement *judgement)
{
    enum nst_verdict worst = NST_PASS;

    for (size_t i = 0; i < judgement->len; i++)
        if (judgement->verdict[i] == NST_ERROR ||
            (judgement->verdict[i] == NST_FAIL && worst == NST_PASS))
            worst = judgement->verdict[i];
    return worst;
}

enum nst_verdict nst_kept_judge(const struct nst_kept *kept, struct nst_judgement *judgement,
                                bool *ret_mended)
{
    struct utsname here;

    *ret_mended = false;
    if (uname(&here) == 0 && nst_kept_expects(kept, here.release))
        for (size_t i = 0; i < judgement->len; i++) {
            if (!nst_kept_names(kept, nst_properties[i]->name))
                continue;
            *ret_mended |= judgement->verdict[i] == NST_PASS;
            if (judgement->verdict[i] == NST_FAIL)
                judgement->verdict[i] = NST_EXPECTED;
        }
    return worst(judgement);
}
