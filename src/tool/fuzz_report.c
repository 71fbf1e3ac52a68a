#include "tool/fuzz_report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <ns-tool/generate.h>
#include <ns-tool/kept.h>
#include <ns-tool/report.h>

#include "tool/tool.h"

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

void nst_fuzz_begin(struct nst_fuzz_progress *progress, uint64_t time, uint64_t cases)
{
    *progress = (struct nst_fuzz_progress){
        .terminal = isatty(STDERR_FILENO), .time = time, .cases = cases, .begun = now()};
}

double nst_fuzz_seconds(const struct nst_fuzz_progress *progress)
{
    return now() - progress->begun;
}

/* How much of what was asked for is done, from 0 to 1; negative where no end was asked for. */
static double share_done(const struct nst_fuzz_shared *shared,
                         const struct nst_fuzz_progress *progress, double seconds)
{
    double by_time = progress->time ? seconds / (double)progress->time : -1;
    double by_cases = progress->cases ? (double)shared->cases / (double)progress->cases : -1;
    double share = by_time > by_cases ? by_time : by_cases;

    return share > 1 ? 1 : share;
}

void nst_fuzz_show_progress(const struct nst_fuzz_shared *shared,
                            struct nst_fuzz_progress *progress)
{
    double seconds = nst_fuzz_seconds(progress), share = share_done(shared, progress, seconds);
    char bar[23] = "";

    if (seconds - progress->last < (progress->terminal ? 0.2 : 5))
        return;
    progress->last = seconds;
    if (progress->terminal && share >= 0) {
        memset(bar, ' ', sizeof bar - 1);
        bar[0] = '[', bar[21] = ']', bar[22] = '\0';
        memset(bar + 1, '#', (size_t)(share * 20));
    }
    fprintf(stderr, "%s%s%s%.0f s  %" PRIu64 " cases  %.0f/s  %u failures%s",
            progress->terminal ? "\r\033[K" : "", bar, *bar ? " " : "", seconds,
            (uint64_t)shared->cases, (double)shared->cases / seconds, (unsigned)shared->slots,
            progress->terminal ? "" : "\n");
    progress->line = progress->terminal;
    fflush(stderr);
}

void nst_fuzz_clear_line(struct nst_fuzz_progress *progress)
{
    if (progress->line)
        fputs("\r\033[K", stderr);
    progress->line = false;
}

void nst_fuzz_write_repeat(FILE *out, const struct nst_fuzz_options *options, uint64_t index)
{
    const char *joint = " --swarm ";

    fprintf(out, "ns-tool fuzz --seed %" PRIu64 " --first %" PRIu64 " --cases 1", options->seed,
            index);
    if (options->max_calls)
        fprintf(out, " --calls %zu", options->max_calls);
    for (size_t i = 0; i < nst_swarm_len(); i++)
        if (options->groups >> i & 1) {
            fprintf(out, "%s%s", joint, nst_swarm_groups[i].name);
            joint = ",";
        }
    if (options->findings)
        fprintf(out, " --findings %s", options->findings);
    if (options->share != NST_FUZZ_SHARE)
        fprintf(out, " --share %" PRIu64, options->share);
    if (options->setup)
        fprintf(out, " --setup %s", options->setup->name);
    if (options->run.at_once)
        fputs(" --at-once", out);
    if (options->run.privileged)
        fputs(" --privileged", out);
}

/* As <ns-tool/kept.h> says. */
static void write_comments(FILE *out, const struct nst_fuzz_options *options,
                           const struct nst_fuzz_failure *failure)
{
    const struct nst_property *property = nst_properties[failure->property];
    struct utsname here = {.release = "?"};

    uname(&here);
    fprintf(out, "# property: %s\n# promise: %s (%s)\n# seen: %s\n", property->name,
            property->promise, property->source, failure->finding.text);
    fprintf(out, "# kernel: %s (%s)\n# seed: %" PRIu64 "\n# command: ", here.release, here.machine,
            options->seed);
    nst_fuzz_write_repeat(out, options, failure->index);
    putc('\n', out);
    nst_kept_write_options(out, &(struct nst_kept){.random = true,
                                                   .isolated = options->setup != NULL,
                                                   .at_once = options->run.at_once,
                                                   .privileged = options->run.privileged});
}

/* Writes FAILURE to a file of its own in DIRECTORY. The name tells the property and the case. */
static void keep(const struct nst_fuzz_options *options, const struct nst_fuzz_failure *failure,
                 const char *directory)
{
    const char *property = nst_properties[failure->property]->name;
    char path[4096];
    FILE *out;

    snprintf(path, sizeof path, "%s/%s-%" PRIu64 "-%" PRIu64, directory, property, options->seed,
             failure->index);
    out = fopen(path, "we");
    if (!out) {
        nst_tool_error(0, errno, "keeping the sequence in %s", path);
        return;
    }
    write_comments(out, options, failure);
    fputs(failure->text, out);
    if (fclose(out) != 0)
        nst_tool_error(0, errno, "keeping the sequence in %s", path);
    else
        fprintf(nst_fuzz_out(options), "kept:   %s (ns-tool run %s)\n", path, path);
}

void nst_fuzz_show_failure(const struct nst_fuzz_options *options,
                           const struct nst_fuzz_failure *failure, const char *directory)
{
    const struct nst_property *property = nst_properties[failure->property];
    FILE *out = nst_fuzz_out(options);

    fprintf(out, "case %" PRIu64 " breaks %s: %s\n  (%s; %s)\n", failure->index, property->name,
            failure->finding.text, property->promise, property->source);
    fprintf(out, "shrunk from %zu calls%s:\n\n%s\n", failure->calls_before,
            failure->comes_and_goes ? ", which comes and goes: it did not fail each time" : "",
            failure->text);
    fputs("repeat: ", out);
    nst_fuzz_write_repeat(out, options, failure->index);
    putc('\n', out);
    if (options->setup && options->setup->broken && !options->keep_broken)
        fprintf(out, "not kept: --setup %s is a mistake that must be found\n",
                options->setup->name);
    else
        keep(options, failure, directory);
    putc('\n', out);
    fflush(out);
}

static void print_properties(const struct nst_fuzz_shared *shared)
{
    for (size_t i = 0; nst_properties[i]; i++) {
        uint64_t skipped = shared->skipped[i], expected = shared->expected[i],
                 broken = shared->failed[i] - expected;

        if (!strcmp(nst_properties[i]->name, "expectation"))
            continue; /* of random calls nothing is expected */
        printf("%-15s ", nst_properties[i]->name);
        if (broken)
            printf("broken in %" PRIu64 " cases", broken);
        else
            printf(shared->cases > skipped ? "held" : "not judged");
        if (expected)
            printf(", expected-finding in %" PRIu64, expected);
        printf(skipped ? ", skipped in %" PRIu64 "\n" : "\n", skipped);
    }
}

static void print_summary(const struct nst_fuzz_options *options,
                          const struct nst_fuzz_shared *shared,
                          const struct nst_fuzz_progress *progress,
                          const struct nst_coverage *coverage)
{
    uint64_t cases = shared->cases, calls = shared->calls;
    double seconds = nst_fuzz_seconds(progress);

    printf("%" PRIu64 " cases in %.1f s (%.0f a second), seed %" PRIu64 "\n", cases, seconds,
           (double)cases / seconds, options->seed);
    printf("%" PRIu64 " calls, %.0f%% succeeded; in %.1f%% of the cases none did\n", calls,
           calls ? 100.0 * (double)shared->succeeded / (double)calls : 0,
           cases ? 100.0 * (double)shared->idle / (double)cases : 0);
    print_properties(shared);
    nst_report_coverage(stdout, coverage);
    if (shared->too_big)
        printf("%" PRIu64 " cases showed more than a sandbox holds and were not judged\n",
               (uint64_t)shared->too_big);
    if (shared->sandboxes)
        printf("%" PRIu64 " sandboxes died, their cases were not judged\n",
               (uint64_t)shared->sandboxes);
    if (progress->killed)
        printf("%u workers were killed, their cases were not judged\n", progress->killed);
}

static void add_up(const struct nst_fuzz_shared *shared, struct nst_coverage *ret_coverage)
{
    memset(ret_coverage, 0, sizeof *ret_coverage);
    for (size_t i = 0; i < NST_FUZZ_JOBS_MAX; i++) {
        for (size_t n = 0; n < NST_FEATURES_MAX; n++)
            ret_coverage->hits[n] += shared->coverage[i].hits[n];
        for (size_t n = 0; n < NST_CALLS * NST_ERRNO_MAX; n++)
            ret_coverage->results[n / NST_ERRNO_MAX][n % NST_ERRNO_MAX] +=
                shared->coverage[i].results[n / NST_ERRNO_MAX][n % NST_ERRNO_MAX];
    }
}

int nst_fuzz_summary(const struct nst_fuzz_options *options, const struct nst_fuzz_shared *shared,
                     const struct nst_fuzz_progress *progress)
{
    struct nst_coverage coverage;
    int status = progress->status;

    add_up(shared, &coverage);
    for (size_t i = 0; nst_properties[i]; i++)
        if (shared->failed[i] > shared->expected[i])
            status = NST_EXIT_BROKE;
    if (shared->sandboxes || progress->killed || shared->kept_broken)
        status = NST_EXIT_BROKE;
    if (!status && !shared->cases)
        status = nst_tool_error(NST_EXIT_CANNOT, 0, "no case was judged: it ended too early");
    if (!options->reports->json)
        print_summary(options, shared, progress, &coverage);
    return nst_reports_write(options->reports,
                             nst_reports_wanted(options->reports)
                                 ? nst_fuzz_to_json(options, shared, progress, &coverage)
                                 : NULL,
                             nst_fuzz_seconds(progress), status);
}
