/* ns-tool run: performs sequences in a sandbox and judges them. */
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <ns-tool/kept.h>
#include <ns-tool/model.h>
#include <ns-tool/report.h>

#include "tool/fail_nth.h"
#include "tool/input.h"
#include "tool/judging.h"
#include "tool/number.h"
#include "tool/reports.h"
#include "tool/run_summary.h"
#include "tool/sandbox.h"
#include "tool/tap.h"
#include "tool/tool.h"

struct run {
    char **path;
    size_t paths;
    unsigned long repeat, jobs;
    struct nst_judging how;
    struct nst_reports reports;
    struct nst_run_summary *summary; /* NULL: no report is asked for */
    const char *name;                /* of this file */
    FILE *out;                       /* where what people read goes */
    const struct nst_kept *kept;     /* what this file says of itself */
    struct nst_known known;          /* of --tap: what is expected of this kernel */
    bool quiet, model, tap, fail_nth;
    struct nst_tap results;
    _Atomic unsigned long *broken; /* runs of this file, in memory that the workers share */
};

enum { KEY_MODEL = 1024, KEY_TAP, KEY_FAIL_NTH };

static const struct argp_option options[] = {
    {"model", KEY_MODEL, NULL, 0,
     "Predict: what the reference model says that each call does; no kernel is asked", 0},
    {"repeat", 'r', "N", 0, "Run each sequence N times (1); all runs are judged", 0},
    {"jobs", 'j', "J", 0, "Run in J processes beside each other (1)", 0},
    {"fail-nth", KEY_FAIL_NTH, NULL, 0,
     "Run each sequence once for each allocation that the kernel makes in it, which fails", 0},
    {"tap", KEY_TAP, NULL, 0, "Print the Test Anything Protocol, as the kernel's selftests do", 0},
    {"quiet", 'q', NULL, 0, "Print the verdicts only", 0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct run *run = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &run->how;
        state->child_inputs[1] = &run->reports;
        break;
    case 'r':
        run->repeat = nst_parse_number(arg, state, "repeat", 1, INT_MAX);
        break;
    case 'j':
        run->jobs =
            nst_parse_number(arg, state, "jobs", 1, 64); /* each has a watch of its user's */
        break;
    case 'q':
        run->quiet = true;
        break;
    case KEY_MODEL:
        run->model = true;
        break;
    case KEY_FAIL_NTH:
        run->fail_nth = true;
        break;
    case KEY_TAP:
        run->tap = true;
        break;
    case ARGP_KEY_END:
        if (run->tap && (run->jobs > 1 || run->reports.json))
            argp_error(state, "--tap goes with neither --jobs nor --json");
        if (run->fail_nth && (run->jobs > 1 || run->repeat > 1 || run->model))
            argp_error(state, "--fail-nth goes with neither --jobs, --repeat nor --model");
        break;
    case ARGP_KEY_ARGS:
        run->path = state->argv + state->next;
        run->paths = (size_t)(state->argc - state->next);
        break;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "no FILE given");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* Tells TRACE and what was said of it. */
static void report(const struct run *run, const struct nst_sequence *sequence,
                   const struct nst_trace *trace, const struct nst_judgement *judgement,
                   bool mended)
{
    if (!run->quiet)
        nst_report_trace(run->out, trace, judgement);
    nst_report_judgement(run->out, judgement);
    if (mended)
        fprintf(run->out, "mended: %s holds, which was known not to on %s\n", run->kept->property,
                run->kept->kernel);
    if (run->summary)
        nst_run_summary_note(run->summary, run->name, sequence, trace, judgement);
}

/* Whether what is expected behind the calls is expected of a kernel that lacks LACKS. */
static bool is_fit(const struct run *run, nst_lacks lacks)
{
    bool lacked;
    enum nst_kernel_feature feature = nst_kept_unfit(run->kept, lacks, &lacked);

    if (feature == NST_KERNEL_FEATURES)
        return true;
    fprintf(run->out, "skipped: %s kernel that has %s %s\n", lacked ? "it needs a" : "it is of a",
            lacked ? "the feature" : "not the feature", nst_kernel_features[feature].name);
    return false;
}

/* What the model says that SEQUENCE does, judged as far as that tells. */
static int predict(const struct run *run, const struct nst_sequence *sequence)
{
    const struct nst_model_features features = {.privileged = run->how.run.privileged};
    struct nst_judgement judgement;
    struct nst_trace trace;
    const char *unknown;
    int r;

    if (!is_fit(run, features.lacks))
        return NST_EXIT_CANNOT;
    r = nst_model_run(&features, sequence, &trace, &unknown);
    if (r < 0)
        return nst_tool_error(NST_EXIT_BROKE, r, "predicting");
    if (nst_judge(&trace, &run->how.judge, &judgement) != NST_PASS)
        atomic_fetch_add(run->broken, 1);
    if (run->summary)
        nst_run_summary_count(run->summary, &trace, &judgement);
    report(run, sequence, &trace, &judgement, false);
    if (unknown)
        fprintf(run->out, "the model can't tell from call %zu on: %s\n", trace.len + 1, unknown);
    nst_trace_free(&trace);
    return NST_EXIT_HELD;
}

/* Runs SEQUENCE once and judges it; if it is the FIRST time, by second runs too. Prints the trace
 * then, or if it is the first that broke. */
static int run_once(const struct run *run, struct nst_sandbox *sandbox,
                    const struct nst_sequence *sequence, bool first)
{
    bool first_broken, mended;
    struct nst_judgement judgement;
    struct nst_trace trace = {0};
    char why[200] = "";
    int r = nst_run(sandbox, sequence, &run->how.run, &trace, why);

    if (r < 0)
        return nst_tool_error(NST_EXIT_BROKE, r, "running: %s", why);
    if (!is_fit(run, trace.lacks)) {
        nst_trace_free(&trace);
        return NST_EXIT_CANNOT;
    }
    nst_judge(&trace, &run->how.judge, &judgement);

    if (first)
        r = nst_judge_twins(sandbox, &trace, &run->how.run, &run->how.judge, NULL, &judgement, why);
    if (r < 0) {
        nst_trace_free(&trace);
        return nst_tool_error(NST_EXIT_BROKE, r, "running a second time: %s", why);
    }

    enum nst_verdict verdict = nst_kept_judge(run->kept, &judgement, &mended);

    if (verdict == NST_FAIL && run->known.len)
        verdict = nst_known_judge(&run->known, sequence, &judgement);
    if (run->summary)
        nst_run_summary_count(run->summary, &trace, &judgement);
    first_broken = (verdict != NST_PASS || mended) && atomic_fetch_add(run->broken, 1) == 0;
    if (first || first_broken) {
        report(run, sequence, &trace, &judgement, mended);
        if (trace.watch == NST_WATCH_POLL)
            fputs("watched by polling: a mount seen only for an instant may be missed\n", run->out);
    }
    nst_trace_free(&trace);
    return NST_EXIT_HELD;
}

/* Returns only what kept it from running; what broke is counted.
 *
 * One worker's share: cases FIRST, FIRST + jobs, …; the first one shows its trace. */
static int run_share(const struct run *run, const struct nst_sequence *sequence,
                     unsigned long first)
{
    struct nst_sandbox *sandbox;
    int status = nst_tool_sandbox(&run->how.run, &sandbox);

    if (status)
        return status;
    if (run->fail_nth) {
        unsigned long broken;

        status = nst_fail_each(sandbox, sequence, &run->how, run->out, run->quiet, &broken);
        atomic_fetch_add(run->broken, broken);
        nst_sandbox_close(sandbox);
        return status;
    }
    for (unsigned long i = first; i < run->repeat && !status; i += run->jobs)
        status = run_once(run, sandbox, sequence, i == 0);
    nst_sandbox_close(sandbox);
    return status;
}

static int run_shares(const struct run *run, const struct nst_sequence *sequence)
{
    int worst = NST_EXIT_HELD;
    unsigned long started = 0;

    if (run->model)
        return predict(run, sequence);
    if (run->jobs == 1)
        return run_share(run, sequence, 0);
    fflush(NULL);
    for (unsigned long i = 0; i < run->jobs && i < run->repeat; i++, started++) {
        pid_t pid = fork();

        if (pid < 0) {
            worst = nst_tool_error(NST_EXIT_BROKE, errno, "starting a worker");
            break;
        }
        if (!pid) {
            nst_tool_spread(i);
            int status = run_share(run, sequence, i);

            exit(fflush(stdout) ? NST_EXIT_BROKE : status);
        }
    }
    while (started--) {
        int status;

        if (wait(&status) < 0 || !WIFEXITED(status))
            worst = NST_EXIT_BROKE;
        else if (WEXITSTATUS(status) && worst != NST_EXIT_BROKE)
            worst = WEXITSTATUS(status);
    }
    return worst;
}

static int run_file(const struct run *given, const char *path, const struct nst_sequence *sequence,
                    const struct nst_read_counts *counts)
{
    size_t passed = counts->other + counts->signals + counts->exits;
    struct nst_kept kept = {.finding = false};
    struct run run = *given;
    char why[200] = "";
    int status;

    if (strcmp(path, "-") != 0 && nst_kept_read(path, &kept, why) < 0) /* input is read only once */
        return nst_tool_error(NST_EXIT_USAGE, 0, "%s", why);
    nst_kept_apply(&kept, &run.how.run, &run.how.judge);
    run.kept = &kept;
    run.name = path;

    fprintf(run.out, "== %s: %zu calls", path, sequence->len);
    if (passed)
        fprintf(run.out, " (passed over: %zu other calls, %zu signals, %zu exits)", counts->other,
                counts->signals, counts->exits);
    if (counts->truncated)
        fprintf(run.out, " (strings cut by strace: %zu; its -s keeps them)", counts->truncated);
    putc('\n', run.out);
    if (*kept.property)
        fprintf(run.out, "   %s: %s\n",
                kept.finding ? "a known finding" : "a failure that was kept", kept.property);
    atomic_store(run.broken, 0);
    status = run_shares(&run, sequence);

    unsigned long broken = atomic_load(run.broken);

    if (broken && run.repeat > 1)
        fprintf(run.out, "%lu of %lu runs broke\n", broken, run.repeat);
    if (broken && !status)
        return NST_EXIT_BROKE;

    if (!status && run.repeat > 1)
        fprintf(run.out, "%lu runs, all held\n", run.repeat);
    return status;
}

/* The same as a line of the Test Anything Protocol. */
static int run_file_tap(struct run *given, size_t number, const struct nst_sequence *sequence,
                        const struct nst_read_counts *counts)
{
    const char *path = given->path[number];
    struct run run = *given;
    char *said = NULL;
    size_t len;
    int status;

    run.out = open_memstream(&said, &len);
    if (!run.out)
        return nst_tool_error(NST_EXIT_BROKE, ENOMEM, "running %s", path);
    status = run_file(&run, path, sequence, counts);
    fclose(run.out);
    nst_tap_line(&given->results, path, status, said ? said : "");
    free(said);
    return status == NST_EXIT_CANNOT ? NST_EXIT_HELD : status;
}

/* Reads all files, then runs them. */
static int run_all(struct run *run, int argc, char **argv)
{
    struct timespec begun;
    char why[200];
    int worst;

    clock_gettime(CLOCK_MONOTONIC, &begun);
    worst = nst_reports_open(&run->reports, argc, argv);
    if (worst)
        return worst;
    run->out = nst_reports_out(&run->reports);
    run->reports.no_kernel = run->model;
    if (nst_reports_wanted(&run->reports) && !(run->summary = nst_run_summary_begin()))
        return nst_tool_error(NST_EXIT_BROKE, errno, "mapping memory for the reports");

    run->broken =
        mmap(NULL, sizeof *run->broken, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (run->broken == MAP_FAILED)
        return nst_tool_error(NST_EXIT_BROKE, errno, "mapping memory for the workers");

    struct nst_sequence *sequence = calloc(run->paths, sizeof *sequence);
    struct nst_read_counts *counts = calloc(run->paths, sizeof *counts);

    if (!sequence || !counts)
        return nst_tool_error(NST_EXIT_BROKE, ENOMEM, "reading");
    for (size_t i = 0; i < run->paths && worst != NST_EXIT_BROKE; i++)
        if (nst_input_read(run->path[i], &sequence[i], &counts[i]))
            worst = NST_EXIT_USAGE;
        else if (!sequence[i].len) /* nothing to judge is not a pass */
            worst = nst_tool_error(NST_EXIT_USAGE, 0, "%s holds no call that can be performed",
                                   run->path[i]);
    if (run->tap && worst != NST_EXIT_USAGE && nst_known_read(NULL, &run->known, why) < 0)
        worst = nst_tool_error(NST_EXIT_USAGE, 0, "%s", why);
    if (run->tap && worst != NST_EXIT_USAGE)
        nst_tap_plan(run->paths);
    for (size_t i = 0; i < run->paths && worst != NST_EXIT_USAGE; i++) {
        int status = run->tap ? run_file_tap(run, i, &sequence[i], &counts[i])
                              : run_file(run, run->path[i], &sequence[i], &counts[i]);

        if (status && worst != NST_EXIT_BROKE)
            worst = status;
    }
    if (run->tap && worst != NST_EXIT_USAGE)
        nst_tap_totals(&run->results);
    for (size_t i = 0; sequence && i < run->paths; i++)
        nst_sequence_free(&sequence[i]);
    free(sequence);
    free(counts);
    nst_known_free(&run->known);
    return nst_reports_write(&run->reports,
                             run->summary ? nst_run_summary_finish(run->summary) : NULL,
                             nst_tool_seconds(&begun), worst);
}

int nst_cmd_run(int argc, char **argv)
{
    static const struct argp_child children[] = {
        {.argp = &nst_judging_argp}, {.argp = &nst_reports_argp}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "FILE...",
        .children = children,
        .doc = "Performs sequences or strace logs in a sandbox, holds what every namespace showed "
               "against every property, and says what broke."};
    struct run run = {.repeat = 1,
                      .jobs = 1,
                      .how = {.run = {.undo = true}, .judge = {.intent = NST_INTENT_ASKED}}};
    int status;

    nst_tool_parse(&argp, argc, argv, &run);
    status = run_all(&run, argc, argv);
    nst_reports_free(&run.reports);
    return status;
}
