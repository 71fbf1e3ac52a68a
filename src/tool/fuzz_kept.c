/* Failures that an earlier search kept are tried before anything new. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool/fuzz.h"
#include "tool/input.h"
#include "tool/sandbox.h"
#include "tool/tool.h"

/* A kept failure is called PROPERTY-SEED-CASE. */
static int is_kept(const struct dirent *entry)
{
    for (size_t i = 0; nst_properties[i]; i++) {
        size_t len = strlen(nst_properties[i]->name);

        if (!strncmp(entry->d_name, nst_properties[i]->name, len) &&
            strspn(entry->d_name + len, "-0123456789") == strlen(entry->d_name + len) &&
            entry->d_name[len] == '-')
            return 1;
    }
    return 0;
}

/* Its second line is the command that found it. */
static bool had_setup(const char *path)
{
    FILE *in = fopen(path, "re");
    char line[1024] = "";

    if (in) {
        if (fgets(line, sizeof line, in))
            line[0] = '\0';
        if (!fgets(line, sizeof line, in))
            line[0] = '\0';
        fclose(in);
    }
    return strstr(line, " --setup ");
}

static int try_one(const struct nst_fuzz_options *options, struct nst_sandbox *sandbox,
                   const char *path)
{
    const struct nst_judge_options judge = {
        .random = true, .intent = had_setup(path) ? NST_INTENT_ALWAYS : NST_INTENT_NONE};
    struct nst_sequence sequence = {0};
    struct nst_judgement judgement;
    struct nst_trace trace = {0};
    char why[200] = "";
    int status = nst_input_read(path, &sequence, NULL);

    if (status)
        return status;

    int r = nst_run(sandbox, &sequence, &options->run, &trace, why);

    if (r < 0)
        status = nst_tool_error(NST_EXIT_BROKE, r, "running %s: %s", path, why);
    else if (nst_judge(&trace, &judge, &judgement) != NST_PASS)
        status = NST_EXIT_BROKE;
    for (size_t i = 0; !r && i < judgement.len; i++)
        if (judgement.verdict[i] == NST_FAIL)
            printf("%s still breaks %s: %s\n", path, nst_properties[i]->name,
                   judgement.finding[i].text);
    nst_trace_free(&trace);
    nst_sequence_free(&sequence);
    return status;
}

int nst_fuzz_try_kept(const struct nst_fuzz_options *options, const char *directory)
{
    struct nst_sandbox *sandbox = NULL;
    struct dirent **entry = NULL;
    char path[4096];
    int len = scandir(directory, &entry, is_kept, alphasort), status = NST_EXIT_HELD;

    if (len < 0)
        return nst_tool_error(NST_EXIT_USAGE, errno, "reading %s, where failures are kept",
                              directory);

    /* Also where nothing was kept: what this machine doesn't allow is said here, once. */
    int cannot = nst_tool_sandbox(&options->run, &sandbox);

    status = cannot;
    for (int i = 0; i < len; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, entry[i]->d_name);
        if (!cannot) {
            int one = try_one(options, sandbox, path);

            status = one ? one : status;
        }
        free(entry[i]);
    }
    if (len && !cannot)
        printf("%d kept failures tried first\n", len);
    free(entry);
    nst_sandbox_close(sandbox);
    return status;
}
