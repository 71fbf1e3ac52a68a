/* ns-tool fuzz: random sequences against every property, on all cores. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <ns-tool/generate.h>

#include "tool/fuzz.h"
#include "tool/fuzz_report.h"
#include "tool/number.h"
#include "tool/sandbox.h"
#include "tool/tool.h"

struct fuzz {
    struct nst_fuzz_options options;
    uint64_t time; /* seconds; 0: without end */
    unsigned jobs;
    const char *save; /* directory for failures */
    bool seeded;
    struct nst_reports reports;
};

enum {
    KEY_CASES = 256,
    KEY_FIRST,
    KEY_SETUP,
    KEY_KEEP_GOING,
    KEY_SAVE,
    KEY_CALLS,
    KEY_SWARM,
    KEY_PRIVILEGED,
    KEY_SHARE,
    KEY_AT_ONCE,
    KEY_FINDINGS,
    KEY_AHEAD
};

static const struct argp_option arguments[] = {
    {"time", 't', "TIME", 0, "Stop after TIME: 60s, 5m, 8h (without it: at Ctrl-C)", 0},
    {"cases", KEY_CASES, "N", 0, "Stop after N cases", 0},
    {"seed", 's', "S", 0, "The same S gives the same cases (random)", 0},
    {"first", KEY_FIRST, "I", 0, "Begin at case I (0)", 0},
    {"jobs", 'j', "J", 0, "Run in J processes (four a core)", 0},
    {"calls", KEY_CALLS, "N", 0, "At most N calls a case (24)", 0},
    {"swarm", KEY_SWARM, "GROUP[,GROUP...]", 0,
     "Of the groups of calls that `ns-tool list' has, these in every case (else each draws its "
     "own)",
     0},
    {"share", KEY_SHARE, "N", 0,
     "Hold one case in N against the properties that take a second run (8; 1: each, 0: none)", 0},
    {"setup", KEY_SETUP, "NAME", 0,
     "Begin each case in a namespace of its own that must be isolated: private, slave; or with a "
     "mistake that must be found: no-private, no-rec, shared-for-slave",
     0},
    {"at-once", KEY_AT_ONCE, NULL, 0,
     "Hand each case's calls out among actors who perform theirs beside each other, on all cores",
     0},
    {"keep-going", KEY_KEEP_GOING, NULL, 0, "Go on after a failure", 0},
    {"save", KEY_SAVE, "DIRECTORY", 0,
     "Keep failures there (corpus/regressions if it exists, else here)", 0},
    {"ahead", KEY_AHEAD, "DIRECTORY", 0,
     "Write what each process is about to run to DIRECTORY/running.N, for who finds the kernel "
     "dead",
     0},
    {"findings", KEY_FINDINGS, "DIRECTORY", 0,
     "What is known of this kernel, and expected (corpus/findings, or what was built in)", 0},
    {"privileged", KEY_PRIVILEGED, NULL, 0, "Without a user namespace (root)", 0},
    {0}};

static const struct nst_fuzz_setup *find_setup(const char *name)
{
    for (const struct nst_fuzz_setup *setup = nst_fuzz_setups; setup->name; setup++)
        if (!strcmp(setup->name, name))
            return setup;
    return NULL;
}

/* Names separated by commas. Returns their bits; 0 where one isn't a group, which RET_BAD then is.
 */
static uint32_t find_groups(const char *names, const char **ret_bad)
{
    uint32_t groups = 0;

    for (const char *name = names;; name++) {
        size_t len = strcspn(name, ",");
        int index = nst_swarm_find(name, len);

        *ret_bad = name;
        if (index < 0)
            return 0;
        groups |= UINT32_C(1) << index;
        name += len;
        if (!*name)
            return groups;
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct fuzz *fuzz = state->input;
    const char *bad;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &fuzz->reports;
        break;
    case 't':
        fuzz->time = nst_parse_seconds(arg, state, "time");
        break;
    case KEY_FINDINGS:
        fuzz->options.findings = arg;
        break;
    case KEY_AHEAD:
        fuzz->options.ahead = arg;
        break;
    case KEY_CASES:
        fuzz->options.cases = nst_parse_number(arg, state, "cases", 1, UINT64_MAX);
        break;
    case 's':
        fuzz->options.seed = nst_parse_number(arg, state, "seed", 0, UINT64_MAX);
        fuzz->seeded = true;
        break;
    case KEY_FIRST:
        fuzz->options.first = nst_parse_number(arg, state, "first", 0, UINT64_MAX);
        break;
    case 'j':
        fuzz->jobs = (unsigned)nst_parse_number(arg, state, "jobs", 1, NST_FUZZ_JOBS_MAX);
        break;
    case KEY_CALLS:
        fuzz->options.max_calls =
            (size_t)nst_parse_number(arg, state, "calls", 1, NST_CALLS_MAX / 2);
        break;
    case KEY_SWARM:
        fuzz->options.groups = find_groups(arg, &bad);
        if (!fuzz->options.groups)
            argp_error(state, "--swarm takes groups as `ns-tool list' has them, not '%s'", bad);
        break;
    case KEY_AT_ONCE:
        fuzz->options.run.at_once = true;
        break;
    case KEY_SHARE:
        fuzz->options.share = nst_parse_number(arg, state, "share", 0, UINT64_MAX);
        break;
    case KEY_SETUP:
        fuzz->options.setup = find_setup(arg);
        if (!fuzz->options.setup)
            argp_error(state,
                       "--setup takes private, slave, no-private, no-rec or "
                       "shared-for-slave, not '%s'",
                       arg);
        break;
    case KEY_KEEP_GOING:
        fuzz->options.keep_going = true;
        break;
    case KEY_SAVE:
        fuzz->save = arg;
        fuzz->options.keep_broken = true;
        break;
    case KEY_PRIVILEGED:
        fuzz->options.run.privileged = true;
        break;
    case ARGP_KEY_ARG:
        argp_error(state, "takes no argument, got '%s'", arg);
        break;
    case ARGP_KEY_END: /* at once, isolation is judged of what was isolated before */
        if (fuzz->options.run.at_once && !fuzz->options.setup)
            fuzz->options.setup = find_setup("private");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static volatile sig_atomic_t interrupted; /* how often */

static void note_signal(int number)
{
    (void)number;
    interrupted++;
}

/* Ctrl-C reaches the workers too, who leave it to their parent; who asks more than once means it.
 */
static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = note_signal};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

static int start_worker(const struct fuzz *fuzz, struct nst_fuzz_shared *shared,
                        struct nst_fuzz_progress *progress)
{
    pid_t parent = getpid(), pid = fork();

    if (pid > 0) {
        progress->worker[progress->workers++] = pid;
        progress->started++;
    }
    if (pid)
        return pid < 0 ? -errno : 0;
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(NST_EXIT_BROKE);
    nst_tool_spread(progress->started);
    exit(nst_fuzz_work(&fuzz->options, shared, progress->started));
}

static void forget_worker(struct nst_fuzz_progress *progress, pid_t pid)
{
    for (unsigned i = 0; i < progress->workers; i++)
        if (progress->worker[i] == pid) {
            progress->worker[i] = progress->worker[--progress->workers];
            return;
        }
}

/* A worker that was killed is replaced, and counted: what it was judging wasn't judged. */
static void reap(const struct fuzz *fuzz, struct nst_fuzz_shared *shared,
                 struct nst_fuzz_progress *progress)
{
    int status;
    pid_t pid;

    while (progress->workers && (pid = waitpid(-1, &status, WNOHANG)) > 0) {
        forget_worker(progress, pid);
        if (WIFSIGNALED(status)) {
            progress->killed++;
            fprintf(stderr, "ns-tool fuzz: worker %d was ended by signal %d (%s)\n", (int)pid,
                    WTERMSIG(status), strsignal(WTERMSIG(status)));
            if (shared->stop == NST_FUZZ_RUN && progress->killed < 1000 &&
                start_worker(fuzz, shared, progress) < 0)
                nst_tool_error(0, errno, "replacing a worker");
        } else if (WEXITSTATUS(status)) {
            progress->status = WEXITSTATUS(status);
            shared->stop = NST_FUZZ_STOP;
        }
    }
}

/* What failed is printed and kept as soon as it is shrunk. */
static void show_failures(const struct fuzz *fuzz, struct nst_fuzz_shared *shared,
                          struct nst_fuzz_progress *progress)
{
    for (size_t i = 0; i < NST_FUZZ_FAILURES_MAX; i++) {
        if (progress->shown[i] || !atomic_load(&shared->failure[i].whole))
            continue;
        progress->shown[i] = true;
        nst_fuzz_clear_line(progress);
        nst_fuzz_show_failure(&fuzz->options, &shared->failure[i], fuzz->save);
    }
}

static void supervise(const struct fuzz *fuzz, struct nst_fuzz_shared *shared,
                      struct nst_fuzz_progress *progress)
{
    while (progress->workers) {
        struct timespec tick = {.tv_nsec = 50000000};

        nanosleep(&tick, NULL);
        if (interrupted || (fuzz->time && nst_fuzz_seconds(progress) >= (double)fuzz->time))
            if (shared->stop == NST_FUZZ_RUN)
                shared->stop = NST_FUZZ_STOP;
        if (interrupted)
            shared->stop = NST_FUZZ_ABANDON;
        for (unsigned i = 0; interrupted > 1 && i < progress->workers; i++)
            kill(progress->worker[i], SIGKILL);
        reap(fuzz, shared, progress);
        show_failures(fuzz, shared, progress);
        nst_fuzz_show_progress(shared, progress);
    }
    show_failures(fuzz, shared, progress);
    nst_fuzz_clear_line(progress);
}

static int search(const struct fuzz *fuzz, struct nst_fuzz_shared *shared)
{
    struct nst_fuzz_progress progress;
    unsigned long long seed = fuzz->options.seed;

    nst_fuzz_begin(&progress, fuzz->time, fuzz->options.cases);
    fprintf(stderr, "ns-tool fuzz: --seed %llu, %u processes\n", seed, fuzz->jobs);
    fflush(stdout);
    for (unsigned i = 0; i < fuzz->jobs; i++) {
        if (start_worker(fuzz, shared, &progress) < 0) {
            progress.status = nst_tool_error(NST_EXIT_BROKE, errno, "starting a worker");
            shared->stop = NST_FUZZ_ABANDON;
            break;
        }
    }
    supervise(fuzz, shared, &progress);
    return nst_fuzz_summary(&fuzz->options, shared, &progress);
}

/* What was kept broke again, and nothing new was tried. */
static void report_kept(const struct fuzz *fuzz, const struct nst_fuzz_shared *shared)
{
    struct nst_fuzz_progress progress;

    nst_fuzz_begin(&progress, fuzz->time, fuzz->options.cases);
    nst_fuzz_summary(&fuzz->options, shared, &progress);
}

/* What is kept comes first, then random cases. */
static int fuzz_all(struct fuzz *fuzz, int argc, char **argv)
{
    struct stat status;
    int opened = nst_reports_open(&fuzz->reports, argc, argv);

    if (opened)
        return opened;
    if (!fuzz->seeded) {
        uint32_t seed;

        if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
            return nst_tool_error(NST_EXIT_CANNOT, errno, "drawing a seed");
        fuzz->options.seed = seed;
    }
    if (!fuzz->save)
        fuzz->save = stat("corpus/regressions", &status) == 0 ? "corpus/regressions" : ".";
    if (fuzz->options.cases && fuzz->jobs > fuzz->options.cases)
        fuzz->jobs = (unsigned)fuzz->options.cases;

    char why[200] = "";

    if (nst_known_read(fuzz->options.findings, &fuzz->options.known, why) < 0)
        return nst_tool_error(NST_EXIT_USAGE, 0, "%s", why);

    struct nst_fuzz_shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (shared == MAP_FAILED)
        return nst_tool_error(NST_EXIT_BROKE, errno, "mapping %zu bytes", sizeof *shared);
    shared->next = fuzz->options.first;

    int kept = nst_fuzz_try_kept(&fuzz->options, shared, fuzz->save);

    if (!kept)
        kept = nst_fuzz_try_known(&fuzz->options);

    if (kept && !(kept == NST_EXIT_BROKE && fuzz->options.keep_going)) {
        if (kept == NST_EXIT_BROKE && nst_reports_wanted(&fuzz->reports))
            report_kept(fuzz, shared);
        return kept;
    }
    catch_signals();

    int result = search(fuzz, shared);

    munmap(shared, sizeof *shared);
    nst_known_free(&fuzz->options.known);
    return result ? result : kept;
}

int nst_cmd_fuzz(int argc, char **argv)
{
    static const struct argp_child children[] = {{.argp = &nst_reports_argp}, {0}};
    static const struct argp argp = {
        .options = arguments,
        .parser = parse,
        .children = children,
        .doc = "Performs random sequences and holds what every namespace showed against every "
               "property. A failure is shrunk to the shortest sequence that still fails, printed "
               "and kept. Ctrl-C ends it with the summary so far."};
    struct fuzz fuzz = {.options = {.share = NST_FUZZ_SHARE},
                        .jobs = 4 * (unsigned)sysconf(_SC_NPROCESSORS_ONLN)};
    int result;

    if (fuzz.jobs > NST_FUZZ_JOBS_MAX)
        fuzz.jobs = NST_FUZZ_JOBS_MAX;
    nst_tool_parse(&argp, argc, argv, &fuzz);
    fuzz.options.reports = &fuzz.reports;

    result = fuzz_all(&fuzz, argc, argv);
    nst_reports_free(&fuzz.reports);
    return result;
}
