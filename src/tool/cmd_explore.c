/* ns-tool explore: every sequence of a small world up to so many calls. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tool/explore_kernel.h"
#include "tool/number.h"
#include "tool/reports.h"
#include "tool/run_summary.h"
#include "tool/sandbox.h"
#include "tool/tool.h"

struct exploring {
    struct nst_explore explore;
    struct nst_known known;
    struct nst_explore_shared *shared;
    struct nst_world_options world;
    const char *findings;
    unsigned depth, jobs;
    bool model_only;
    struct timespec begun;
    struct nst_reports reports;
    json_t *summary; /* NULL: no report is asked for */
};

enum { KEY_CALLS = 256, KEY_MODEL, KEY_ACTORS, KEY_FINDINGS, KEY_SMALL };

static const struct argp_option options[] = {
    {"depth", 'd', "N", 0, "Sequences of up to N calls (3)", 0},
    {"calls", KEY_CALLS, "CALL[,CALL...]", 0, "Of these calls only (the whole table)", 0},
    {"actors", KEY_ACTORS, "N", 0, "By up to N actors (2)", 0},
    {"small", KEY_SMALL, NULL, 0, "Put nothing below /a and /b", 0},
    {"model", KEY_MODEL, NULL, 0, "On the model alone; no kernel is asked", 0},
    {"jobs", 'j', "J", 0, "Run in J processes (four a core)", 0},
    {"findings", KEY_FINDINGS, "DIRECTORY", 0,
     "What is known of this kernel, and expected (corpus/findings, or what was built in)", 0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct exploring *exploring = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &exploring->reports;
        break;
    case 'd':
        exploring->depth =
            (unsigned)nst_parse_number(arg, state, "depth", 1, NST_EXPLORE_DEPTH_MAX);
        break;
    case 'j':
        exploring->jobs = (unsigned)nst_parse_number(arg, state, "jobs", 1, NST_EXPLORE_JOBS_MAX);
        break;
    case KEY_ACTORS:
        exploring->world.actors = (unsigned)nst_parse_number(arg, state, "actors", 1, 3);
        break;
    case KEY_CALLS:
        exploring->world.calls = arg;
        break;
    case KEY_SMALL:
        exploring->world.small = true;
        break;
    case KEY_MODEL:
        exploring->model_only = true;
        break;
    case KEY_FINDINGS:
        exploring->findings = arg;
        break;
    case ARGP_KEY_ARG:
        argp_error(state, "takes no argument, got '%s'", arg);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static volatile bool interrupted;

static void interrupt(int signal)
{
    (void)signal;
    interrupted = true;
}

/* What the model is to be of: this kernel, where one is asked. */
static int probe(struct exploring *exploring)
{
    const struct nst_run_options none = {0};
    const struct nst_sequence nothing = {0};
    struct nst_sandbox *sandbox;
    struct nst_trace trace = {0};
    char why[200] = "";
    int status = nst_tool_sandbox(&none, &sandbox), r = 0;

    if (!status)
        r = nst_run(sandbox, &nothing, NULL, &trace, why);
    exploring->explore.features.lacks = trace.lacks;
    nst_trace_free(&trace);
    if (!status)
        nst_sandbox_close(sandbox);
    return r < 0 ? nst_tool_error(NST_EXIT_BROKE, r, "asking what this kernel has: %s", why)
                 : status;
}

/* A line now and then, of people who wait. */
static void tell(const struct exploring *exploring, uint32_t to)
{
    const struct nst_explore *explore = &exploring->explore;
    uint32_t next = exploring->shared->next;

    fprintf(stderr, "%.0f s  depth %u: %u of %u states, %" PRIu64 " runs, %" PRIu64 " broken\n",
            nst_tool_seconds(&exploring->begun), explore->depth,
            next < to ? next - explore->level[explore->depth - 1]
                      : to - explore->level[explore->depth - 1],
            to - explore->level[explore->depth - 1], exploring->shared->runs,
            exploring->shared->broken - exploring->shared->expected);
}

/* Waits for the workers. Returns the worst of their statuses. */
static int wait_for(struct exploring *exploring, unsigned workers, uint32_t to)
{
    int worst = NST_EXIT_HELD;
    double told = nst_tool_seconds(&exploring->begun);

    while (workers) {
        struct timespec moment = {.tv_nsec = 50000000};
        int status;
        pid_t pid = waitpid(-1, &status, WNOHANG);

        if (pid > 0) {
            workers--;
            status = WIFEXITED(status) ? WEXITSTATUS(status) : NST_EXIT_BROKE;
            worst = status ? status : worst;
            exploring->shared->stop |= status != NST_EXIT_HELD;
            continue;
        }
        exploring->shared->stop |= interrupted;
        nanosleep(&moment, NULL);
        if (nst_tool_seconds(&exploring->begun) - told > 5) {
            told = nst_tool_seconds(&exploring->begun);
            tell(exploring, to);
        }
    }
    return worst;
}

/* On the kernel, what leads from the states of the depth before to those of this one. */
static int perform(struct exploring *exploring)
{
    struct nst_explore *explore = &exploring->explore;
    uint32_t to = explore->level[explore->depth];
    unsigned workers = 0;

    exploring->shared->next = explore->level[explore->depth - 1];
    fflush(NULL);
    for (; workers < exploring->jobs; workers++) {
        pid_t pid = fork();

        if (pid < 0) {
            exploring->shared->stop = true;
            nst_tool_error(NST_EXIT_BROKE, errno, "forking");
            break;
        }
        if (!pid) {
            nst_tool_spread(workers);
            _exit(nst_explore_perform(explore, &exploring->known, to,
                                      explore->depth == exploring->depth, exploring->shared));
        }
    }
    return wait_for(exploring, workers, to);
}

static int show_leak(const struct exploring *exploring, const struct nst_explore_leak *leak)
{
    struct nst_sequence sequence = {0};
    size_t len;
    char *text;
    int r = nst_explore_path(&exploring->explore, leak->state, &sequence);

    if (!r)
        r = nst_sequence_append(&sequence, &exploring->explore.world.call[leak->call].call);
    if (!r)
        r = nst_strace_print(&sequence, &text, &len);
    nst_sequence_free(&sequence);
    if (r < 0)
        return nst_tool_error(NST_EXIT_BROKE, r, "printing a sequence");
    fprintf(nst_reports_out(&exploring->reports),
            "in the model, an isolated child changes the parent:\n\n%s\n", text);
    if (exploring->summary)
        json_array_append_new(
            json_object_get(exploring->summary, "findings"),
            nst_summary_finding("isolation", "in the model, an isolated child changes the parent",
                                text));
    free(text);
    return NST_EXIT_BROKE;
}

/* A finding of conformance with what the kernel shows, by one more run. */
static json_t *finding_of(const struct nst_explore_failure *failure)
{
    const struct nst_judge_options judge = {.random = true};
    const struct nst_run_options none = {0};
    json_t *finding = nst_summary_finding("conformance", failure->finding.text, failure->text);
    struct nst_sequence sequence = {0};
    struct nst_sandbox *sandbox = NULL;
    struct nst_trace trace = {0};
    struct nst_finding again = {0};
    char why[200];

    if (nst_strace_read(failure->text, strlen(failure->text), &sequence, NULL, NULL) == 0 &&
        nst_sandbox_open(&none, &sandbox, why) == 0 &&
        nst_run(sandbox, &sequence, &none, &trace, why) == 0 &&
        nst_property_by_name("conformance")->check(&trace, &judge, &again) == NST_FAIL && finding &&
        nst_summary_add_trace(finding, &trace, again.step) < 0) {
        json_decref(finding);
        finding = NULL;
    }
    nst_trace_free(&trace);
    nst_sandbox_close(sandbox);
    nst_sequence_free(&sequence);
    return finding;
}

static void show_failures(const struct exploring *exploring)
{
    const struct nst_explore_shared *shared = exploring->shared;

    for (uint32_t i = 0; i < shared->shown && i < NST_EXPLORE_SHOWN; i++) {
        bool again = false;

        for (uint32_t k = 0; k < i; k++)
            again |= !strcmp(shared->failure[k].text, shared->failure[i].text);
        if (again)
            continue;
        fprintf(nst_reports_out(&exploring->reports), "breaks conformance: %s\n\n%s\n",
                shared->failure[i].finding.text, shared->failure[i].text);
        if (exploring->summary)
            json_array_append_new(json_object_get(exploring->summary, "findings"),
                                  finding_of(&shared->failure[i]));
    }
}

/* The two promises that it is about, and its numbers. */
static void sum_up_json(const struct exploring *exploring)
{
    const struct nst_explore *explore = &exploring->explore;
    const struct nst_explore_shared *shared = exploring->shared;
    const struct nst_property *isolation = nst_property_by_name("isolation");
    const struct nst_property *conformance = nst_property_by_name("conformance");
    size_t leaks = nst_summary_news(exploring->summary, "isolation");
    json_t *rows = json_object_get(exploring->summary, "properties");
    json_t *numbers =
        json_pack("{s:I, s:I, s:i, s:I, s:I, s:I, s:b, s:b}", "cases", (json_int_t)shared->runs,
                  "calls", (json_int_t)explore->sequences, "depth", (int)explore->depth, "states",
                  (json_int_t)explore->len, "sequences", (json_int_t)explore->sequences, "unknown",
                  (json_int_t)explore->unknown, "interrupted", (int)interrupted, "model_only",
                  (int)exploring->model_only);

    json_array_append_new(rows,
                          nst_summary_property(isolation->name, isolation->promise,
                                               isolation->source, explore->isolated, leaks, 0, 0));
    json_array_append_new(rows,
                          nst_summary_property(conformance->name, conformance->promise,
                                               conformance->source, shared->judged - shared->broken,
                                               shared->broken - shared->expected, shared->expected,
                                               shared->too_big));
    json_object_update(exploring->summary, numbers);
    json_decref(numbers);
}

static int go_deeper(struct exploring *exploring)
{
    struct nst_explore *explore = &exploring->explore;
    FILE *out = nst_reports_out(&exploring->reports);
    struct nst_explore_leak leak;
    int r = nst_explore_deepen(explore, &interrupted, &leak);

    if (r > 0)
        return show_leak(exploring, &leak);
    if (r == -ECANCELED)
        return NST_EXIT_HELD;
    if (r < 0)
        return nst_tool_error(NST_EXIT_BROKE, r, "exploring");
    int status = exploring->model_only ? NST_EXIT_HELD : perform(exploring);

    fprintf(out, "depth %u: %u states, %u of them new; %" PRIu64 " sequences", explore->depth,
            explore->len, explore->len - explore->level[explore->depth], explore->sequences);
    if (!exploring->model_only)
        fprintf(out, ", %" PRIu64 " held against the kernel in %" PRIu64 " runs",
                exploring->shared->judged, exploring->shared->runs);
    fprintf(out, "; %.1f s\n", nst_tool_seconds(&exploring->begun));
    fflush(out);
    return status;
}

static int sum_up(const struct exploring *exploring, int status)
{
    const struct nst_explore *explore = &exploring->explore;
    const struct nst_explore_shared *shared = exploring->shared;
    FILE *out = nst_reports_out(&exploring->reports);
    uint64_t broken = shared->broken - shared->expected;

    show_failures(exploring);
    if (exploring->summary)
        sum_up_json(exploring);
    if (status)
        return status;
    fprintf(out,
            "%s to depth %u: %u states, %" PRIu64 " sequences of %zu calls; %" PRIu64
            " the model can't tell",
            interrupted ? "interrupted; explored" : "explored", explore->depth, explore->len,
            explore->sequences, explore->world.len, explore->unknown);
    fprintf(out, "; isolation holds in the model for all %" PRIu64 " by an isolated child",
            explore->isolated);
    if (!exploring->model_only)
        fprintf(out,
                "; of %" PRIu64 " on the kernel %" PRIu64
                " runs don't go as the model says, %" PRIu64 " are expected-finding",
                shared->judged, broken, shared->expected);
    if (shared->too_big)
        fprintf(out, "; %" PRIu64 " runs showed more than a sandbox holds", shared->too_big);
    putc('\n', out);
    return broken ? NST_EXIT_BROKE : NST_EXIT_HELD;
}

static int explore(struct exploring *exploring)
{
    const char *bad = NULL;
    char why[200] = "";
    int status = exploring->model_only ? NST_EXIT_HELD : probe(exploring), r;

    if (status)
        return status;
    r = nst_known_read(exploring->findings, &exploring->known, why);
    if (r < 0)
        return nst_tool_error(NST_EXIT_USAGE, 0, "%s", why);
    r = nst_world_make(&exploring->world, &exploring->explore.world, &bad);
    if (r == -EINVAL)
        return nst_tool_error(NST_EXIT_USAGE, 0,
                              "--calls takes calls as `ns-tool list' has them, not '%.*s'",
                              (int)strcspn(bad, ","), bad);
    if (!r)
        r = nst_explore_begin(&exploring->explore);
    if (r < 0)
        return nst_tool_error(NST_EXIT_BROKE, r, "making a world to explore");
    while (!status && !interrupted && exploring->explore.depth < exploring->depth &&
           exploring->explore.len > exploring->explore.level[exploring->explore.depth])
        status = go_deeper(exploring);
    return sum_up(exploring, status);
}

int nst_cmd_explore(int argc, char **argv)
{
    static const struct argp_child children[] = {{.argp = &nst_reports_argp}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .children = children,
        .doc = "Goes through every sequence of up to N calls over a small world, up to renaming of "
               "what is alike, on the model and on the kernel. A state that was seen is not gone "
               "through again."};
    struct exploring exploring = {.depth = 3, .world = {.actors = 2}};
    const struct sigaction action = {.sa_handler = interrupt, .sa_flags = SA_RESTART};
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int status;

    exploring.jobs = cores > 0 && cores <= NST_EXPLORE_JOBS_MAX / 4 ? (unsigned)cores * 4 : 8;
    nst_tool_parse(&argp, argc, argv, &exploring);
    clock_gettime(CLOCK_MONOTONIC, &exploring.begun);
    exploring.reports.no_kernel = exploring.model_only;
    status = nst_reports_open(&exploring.reports, argc, argv);
    if (status) {
        nst_reports_free(&exploring.reports);
        return status;
    }
    if (nst_reports_wanted(&exploring.reports))
        exploring.summary = nst_summary_new("explore");
    exploring.shared = mmap(NULL, sizeof *exploring.shared, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (exploring.shared == MAP_FAILED)
        return nst_tool_error(NST_EXIT_BROKE, errno, "mapping %zu bytes", sizeof *exploring.shared);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    status = explore(&exploring);
    nst_explore_free(&exploring.explore);
    nst_known_free(&exploring.known);
    munmap(exploring.shared, sizeof *exploring.shared);
    return nst_reports_write(&exploring.reports, exploring.summary,
                             nst_tool_seconds(&exploring.begun), status);
}
