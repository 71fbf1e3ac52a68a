/* ns-tool check --sweep: the same command again and again, with one call failing, or its process
 * killed at it, for each call that it makes. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ns-tool/sequence.h>

#include "tool/check.h"
#include "tool/tool.h"

struct outcome {
    bool reached; /* it came to that call at all: a command may go another way */
    int status;
    int error; /* that the call failed with */
    int trouble;
    size_t left;
    char call[NST_CHECK_TEXT - 64];
    char text[NST_CHECK_TEXT]; /* the first thing that is left */
};

struct sweep {
    const struct nst_check_options *options;
    size_t calls;
    _Atomic size_t next, done;
    struct outcome outcome[]; /* two a call: it fails; it is killed */
};

/* What is left: the parent must be clean, whatever showed there meanwhile. */
static void judge(const struct nst_check *check, struct outcome *outcome)
{
    outcome->reached = check->faulty < NST_CHECK_CALLS_MAX;
    outcome->status = nst_check_status(check->status);
    outcome->error = check->fault_error;
    if (outcome->reached)
        snprintf(outcome->call, sizeof outcome->call, "%s", check->call[check->faulty].text);
    for (size_t i = 0; i < check->findings; i++)
        if (check->finding[i].property == NST_CHECK_CLEANUP && !outcome->left++)
            snprintf(outcome->text, sizeof outcome->text, "%s", check->finding[i].text);
}

static void run_one(struct sweep *sweep, size_t index)
{
    struct nst_check_options options = *sweep->options;
    struct outcome *outcome = &sweep->outcome[index];
    struct nst_check *check;
    char why[200];
    int r;

    options.silent = true;
    options.expects = 0;
    options.fault = index % 2 ? NST_CHECK_KILLS : NST_CHECK_FAILS;
    options.fault_at = index / 2 + 1;
    if (!options.timeout_ms)
        options.timeout_ms = 30000;
    r = nst_check_run(&options, &check, why);
    if (r < 0) {
        outcome->trouble = r;
    } else {
        judge(check, outcome);
        nst_check_free(check);
    }
    atomic_fetch_add(&sweep->done, 1);
}

static void work(struct sweep *sweep)
{
    size_t index;

    while ((index = atomic_fetch_add(&sweep->next, 1)) < 2 * sweep->calls)
        run_one(sweep, index);
}

/* On a terminal all the time, elsewhere a line now and then; TURN counts tenths of a second. */
static void show_progress(const struct sweep *sweep, unsigned turn)
{
    bool terminal = isatty(STDERR_FILENO);

    if (terminal || turn % 50 == 49)
        fprintf(stderr, "%s%zu of %zu runs%s", terminal ? "\r" : "", atomic_load(&sweep->done),
                2 * sweep->calls, terminal ? "" : "\n");
}

/* Workers beside each other; each waits for the stages of its own runs. */
static int run_all(struct sweep *sweep, unsigned jobs)
{
    unsigned started = 0, turn = 0;
    pid_t worker[64];

    for (; started < jobs && started < 64; started++) {
        pid_t pid = worker[started] = fork();

        if (pid < 0)
            break;
        if (!pid) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            work(sweep);
            _exit(0);
        }
    }
    if (!started)
        return -errno;
    while (started) { /* of the workers only: stages are children, too */
        pid_t pid = waitpid(worker[started - 1], NULL, WNOHANG);

        if (pid)
            started--;
        else
            usleep(100000);
        show_progress(sweep, turn++);
    }
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
    return 0;
}

static void write_outcome(FILE *out, const struct outcome *outcome, bool killed)
{
    char what[48];

    if (outcome->trouble)
        snprintf(what, sizeof what, "not run: %s", nst_errno_name(-outcome->trouble));
    else if (!outcome->reached)
        snprintf(what, sizeof what, "not come to");
    else
        snprintf(what, sizeof what, "%s: exit %d, %s",
                 killed ? "killed" : nst_errno_name(outcome->error), outcome->status,
                 outcome->left ? "LEFT" : "clean");
    fprintf(out, "  %-30s", what);
}

static int write_table(FILE *out, const struct sweep *sweep, const struct nst_check *first)
{
    size_t clean = 0, left = 0, not = 0, at = 0;

    for (size_t n = 0; n < sweep->calls; n++) {
        const struct outcome *pair = &sweep->outcome[2 * n];

        while (at < first->calls && at < NST_CHECK_CALLS_MAX && !first->call[at].swept)
            at++;
        fprintf(out, "%4zu", n + 1);
        write_outcome(out, &pair[0], false);
        write_outcome(out, &pair[1], true);
        fprintf(out, "  %s\n",
                *pair[0].call                                   ? pair[0].call
                : at < first->calls && at < NST_CHECK_CALLS_MAX ? first->call[at].text
                                                                : "");
        at++;
        for (size_t i = 0; i < 2; i++) {
            if (pair[i].left)
                fprintf(out, "        %s\n", pair[i].text);
            not += pair[i].trouble || !pair[i].reached;
            left += pair[i].left > 0;
            clean += !pair[i].trouble && pair[i].reached && !pair[i].left;
        }
    }
    fprintf(out, "%zu calls, %zu runs: %zu clean, %zu left something", sweep->calls,
            2 * sweep->calls, clean, left);
    if (not )
        fprintf(out, ", %zu didn't come to their call", not );
    fputc('\n', out);
    return left ? NST_EXIT_BROKE : NST_EXIT_HELD;
}

/* A finding for each run that left something. */
static json_t *to_json(const struct sweep *sweep, const struct nst_check_options *options)
{
    const struct nst_check_promise *cleanup = &nst_check_promises[NST_CHECK_CLEANUP];
    json_t *summary = nst_summary_new("check --sweep");
    uint64_t clean = 0, left = 0, not_run = 0;

    if (!summary)
        return NULL;
    for (size_t i = 0; i < 2 * sweep->calls; i++) {
        const struct outcome *outcome = &sweep->outcome[i];
        char text[2 * NST_CHECK_TEXT];
        json_t *finding;

        not_run += outcome->trouble || !outcome->reached;
        clean += !outcome->trouble && outcome->reached && !outcome->left;
        if (!outcome->left)
            continue;
        left++;
        snprintf(text, sizeof text, "%s %s: %s", outcome->call,
                 i % 2 ? "where its process is killed" : "where it fails", outcome->text);
        finding = nst_summary_finding(cleanup->name, text, outcome->call);
        json_object_set_new(finding, "file", nst_summary_text(options->argv[0]));
        json_array_append_new(json_object_get(summary, "findings"), finding);
    }
    json_array_append_new(json_object_get(summary, "properties"),
                          nst_summary_property(cleanup->name, cleanup->promise, cleanup->source,
                                               clean, left, 0, not_run));
    json_object_set_new(summary, "cases", json_integer((json_int_t)(2 * sweep->calls)));
    json_object_set_new(summary, "calls", json_integer((json_int_t)sweep->calls));
    return summary;
}

int nst_sweep(const struct nst_check_options *options, unsigned jobs, FILE *out,
              json_t **ret_summary)
{
    struct nst_check_options once = *options;
    struct nst_check *first;
    struct sweep *sweep;
    char why[200] = "";
    size_t size;
    int r, status;

    once.silent = true;
    once.expects = 0;
    r = nst_check_run(&once, &first, why);
    if (r < 0)
        return nst_tool_error(strncmp(why, "running ", 8) ? NST_EXIT_CANNOT : NST_EXIT_USAGE, r,
                              "%s", why);
    if (first->unheld || !first->swept) {
        status = first->unheld
                     ? nst_tool_error(NST_EXIT_CANNOT, 0, "calls can't be held here")
                     : nst_tool_error(NST_EXIT_USAGE, 0, "the command makes no call that can fail");
        nst_check_free(first);
        return status;
    }
    size = sizeof *sweep + 2 * first->swept * sizeof sweep->outcome[0];
    sweep = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (sweep == MAP_FAILED) {
        nst_check_free(first);
        return nst_tool_error(NST_EXIT_BROKE, ENOMEM, "sweeping");
    }
    sweep->options = options;
    sweep->calls = first->swept;
    r = run_all(sweep, jobs);
    status = r < 0 ? nst_tool_error(NST_EXIT_BROKE, r, "starting a worker")
                   : write_table(out, sweep, first);
    if (ret_summary)
        *ret_summary = to_json(sweep, options);
    munmap(sweep, size);
    nst_check_free(first);
    return status;
}
