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

/* A kept failure is called PROPERTY-…, and says so in its first lines. */
static int may_be_kept(const struct dirent *entry)
{
    for (size_t i = 0; nst_properties[i]; i++) {
        size_t len = strlen(nst_properties[i]->name);

        if (!strncmp(entry->d_name, nst_properties[i]->name, len) && entry->d_name[len] == '-')
            return 1;
    }
    return 0;
}

/* Runs SEQUENCE of PATH as KEPT says and judges it. */
static int judge(const struct nst_fuzz_options *options, const char *path,
                 const struct nst_kept *kept, const struct nst_sequence *sequence,
                 struct nst_judgement *ret_judgement, bool *ret_mended)
{
    /* A finding is judged as it says: a search may pass over what is known of this kernel. */
    struct nst_judge_options judge = {.random = !kept->finding};
    struct nst_run_options run = options->run;
    struct nst_sandbox *sandbox = NULL;
    struct nst_trace trace = {0};
    char why[200] = "";
    int status, r;

    nst_kept_apply(kept, &run, &judge);
    status = nst_tool_sandbox(&run, &sandbox);
    if (status)
        return status;
    r = nst_run(sandbox, sequence, &run, &trace, why);
    if (r < 0) {
        status = nst_tool_error(NST_EXIT_BROKE, r, "running %s: %s", path, why);
    } else {
        nst_judge(&trace, &judge, ret_judgement);
        r = nst_judge_twins(sandbox, &trace, &run, &judge, NULL, ret_judgement, why);
        if (r < 0)
            status = nst_tool_error(NST_EXIT_BROKE, r, "running %s a second time: %s", path, why);
        if (nst_kept_judge(kept, ret_judgement, ret_mended) != NST_PASS)
            status = NST_EXIT_BROKE;
    }
    nst_trace_free(&trace);
    nst_sandbox_close(sandbox);
    return status;
}

static int try_one(const struct nst_fuzz_options *options, const char *path, unsigned *tried)
{
    struct nst_judgement judgement = {.len = 0};
    struct nst_sequence sequence = {0};
    struct nst_kept kept;
    char why[200] = "";
    bool mended;

    if (nst_kept_read(path, &kept, why) < 0)
        return nst_tool_error(NST_EXIT_USAGE, 0, "%s", why);
    if (!*kept.property)
        return NST_EXIT_HELD;
    int status = nst_input_read(path, &sequence, NULL);
    if (!status) {
        status = judge(options, path, &kept, &sequence, &judgement, &mended);
        ++*tried;
    }
    for (size_t i = 0; i < judgement.len; i++)
        if (judgement.verdict[i] == NST_FAIL)
            fprintf(nst_fuzz_out(options), "%s still breaks %s: %s\n", path,
                    nst_properties[i]->name, judgement.finding[i].text);
    nst_sequence_free(&sequence);
    return status;
}

int nst_fuzz_try_kept(const struct nst_fuzz_options *options, struct nst_fuzz_shared *shared,
                      const char *directory)
{
    struct nst_sandbox *sandbox = NULL;
    struct dirent **entry = NULL;
    unsigned tried = 0;
    char path[4096];
    int len = scandir(directory, &entry, may_be_kept, alphasort), status = NST_EXIT_HELD;

    if (len < 0)
        return nst_tool_error(NST_EXIT_USAGE, errno, "reading %s, where failures are kept",
                              directory);

    /* Also where nothing was kept: what this machine doesn't allow is said here, once. */
    int cannot = nst_tool_sandbox(&options->run, &sandbox);

    nst_sandbox_close(sandbox);
    status = cannot;
    for (int i = 0; i < len; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, entry[i]->d_name);
        if (!cannot) {
            int one = try_one(options, path, &tried);

            shared->kept_broken += one == NST_EXIT_BROKE;
            status = one ? one : status;
        }
        free(entry[i]);
    }
    shared->kept = tried;
    if (tried)
        fprintf(nst_fuzz_out(options), "%u kept failures tried first\n", tried);
    free(entry);
    return status;
}

int nst_fuzz_try_known(const struct nst_fuzz_options *options)
{
    int status = NST_EXIT_HELD;

    for (size_t i = 0; i < options->known.len; i++) {
        const struct nst_known_finding *known = &options->known.finding[i];
        struct nst_judgement judgement = {.len = 0};
        bool mended = false;
        int one = judge(options, known->path, &known->kept, &known->sequence, &judgement, &mended);

        status = one ? one : status;
        fprintf(nst_fuzz_out(options), "%s: %s: %s\n", known->path, known->kept.property,
                mended ? "mended, it holds now"
                : one  ? "it could not be judged, or breaks something else"
                       : "expected-finding");
    }
    return status;
}
