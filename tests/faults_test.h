/* One run of a sequence with one fault in the library's own system calls, and what a burglar finds
 * afterwards. Runs in the place that left_test.h makes; nothing in here asserts. */
#ifndef NST_FAULTS_TEST_H
#define NST_FAULTS_TEST_H

#include "left_test.h"

#include <dirent.h>
#include <poll.h>
#include <stdarg.h>

#include <ns-tool/trace.h>

#include "kernel/sys.h"

#define NST_FAULT_LATE_MS 20000 /* then it hangs */

/* In a mapping that all share. */
struct nst_fault_run {
    struct nst_faults faults;
    uint64_t print;       /* of what a run without a fault shows */
    size_t descriptors;   /* of its runner, afterwards */
    bool judged, went_on; /* the faulty run gave a trace; the sandbox ran the next case */
    char complaint[400];  /* empty: nothing is wrong */
};

static inline void __attribute__((format(printf, 2, 3)))
nst_fault_complain(struct nst_fault_run *run, const char *format, ...)
{
    va_list list;

    if (*run->complaint)
        return;
    va_start(list, format);
    vsnprintf(run->complaint, sizeof run->complaint, format, list);
    va_end(list);
}

static inline void nst_fault_add(uint64_t *print, int64_t value)
{
    *print = (*print ^ (uint64_t)value) * UINT64_C(1099511628211);
}

static inline void nst_fault_add_text(uint64_t *print, const char *text)
{
    for (; text && *text; text++)
        nst_fault_add(print, (unsigned char)*text);
}

static inline void nst_fault_add_table(uint64_t *print, const struct nst_table *table)
{
    nst_fault_add(print, (int64_t)table->len);
    for (size_t i = 0; i < table->len; i++) {
        nst_fault_add_text(print, table->mount[i].point);
        nst_fault_add_text(print, table->mount[i].type);
        nst_fault_add_text(print, table->mount[i].options);
        nst_fault_add(print, !table->mount[i].peer_group + 2 * !table->mount[i].master);
    }
}

static inline void nst_fault_add_snapshot(uint64_t *print, const struct nst_snapshot *snapshot)
{
    for (size_t i = 0; snapshot && i < snapshot->len; i++) {
        const struct nst_ns_view *view = &snapshot->view[i];

        nst_fault_add(print, view->reader);
        nst_fault_add(print, !view->ns + 2 * !view->owner + 4 * view->have_statmount +
                                 8 * view->whole + 16 * !view->mounts);
        nst_fault_add_table(print, &view->table);
        nst_fault_add_table(print, &view->statmount);
    }
}

/* Of all that doesn't differ from run to run. */
static inline uint64_t nst_fault_print(const struct nst_trace *trace)
{
    uint64_t print = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < trace->len; i++) {
        const struct nst_step *step = &trace->step[i];

        nst_fault_add(&print, step->kind);
        nst_fault_add(&print, step->value);
        nst_fault_add(&print, step->error);
        nst_fault_add(&print, !step->ns + 2 * !step->user);
        nst_fault_add(&print, (int64_t)step->holds);
        for (size_t n = 0; n < step->holds; n++)
            nst_fault_add(&print, !step->hold[n].mount + 2 * !step->hold[n].ns);
        nst_fault_add(&print, step->alive ? (int64_t)step->alives : -1);
        nst_fault_add(&print, (int64_t)step->events.len);
        nst_fault_add_snapshot(&print, step->before);
        nst_fault_add_snapshot(&print, step->after);
    }
    nst_fault_add_snapshot(&print, trace->start);
    nst_fault_add_snapshot(&print, trace->end);
    nst_fault_add(&print, (int64_t)trace->end_events.len);
    nst_fault_add(&print, trace->watch);
    nst_fault_add_text(&print, trace->leftover.text);
    return print;
}

static inline size_t nst_fault_entries(const char *path)
{
    DIR *directory = opendir(path);
    size_t count = 0;

    while (directory && readdir(directory))
        count++;
    if (directory)
        closedir(directory);
    return count;
}

static inline size_t nst_fault_runner_descriptors(void)
{
    pid_t init = nst_test_child(getpid()), runner = init ? nst_test_child(init) : 0;
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/fd", (int)runner);
    return runner ? nst_fault_entries(path) : 0;
}

static inline size_t nst_fault_mappings(void)
{
    FILE *in = fopen("/proc/self/maps", "re");
    char line[512];
    size_t count = 0;

    while (in && fgets(line, sizeof line, in))
        count += strstr(line, "/dev/zero") != NULL || strstr(line, "/memfd:ns-tool") != NULL;
    if (in)
        fclose(in);
    return count;
}

/* An error must say what was being done, and with which result. */
static inline void nst_fault_check_why(struct nst_fault_run *run, const char *doing, int r,
                                       const char *why)
{
    const struct nst_faults *faults = &run->faults;
    bool fails = faults->kind == NST_FAULT_FAILS;

    if (!*why || (fails && r != -EPIPE && (!strstr(why, ": ") || !strstr(why, strerror(-r)))))
        nst_fault_complain(run, "%s gave %s, and said '%s'", doing, strerrorname_np(-r), why);
    if (fails && r != -faults->error && r != -EPIPE)
        nst_fault_complain(run, "%s gave %s for %s, and said '%s'", doing, strerrorname_np(-r),
                           strerrorname_np(faults->error), why);
}

/* SEQUENCE twice in one sandbox; and, if the fault came as late as that, once more. What comes
 * behind the fault must hold, unless the sandbox says that it is dead. WHOLE: without a fault, all
 * must. */
static inline void nst_fault_use(struct nst_fault_run *run, struct nst_sandbox *sandbox,
                                 const struct nst_sequence *sequence, bool whole)
{
    const struct nst_run_options options = {.deadline_ms = 5000};

    bool behind = whole;

    for (int i = 0; i < 2 || (i < 3 && !behind); i++) {
        struct nst_trace trace = {0};
        char why[200] = "";
        int r = nst_run(sandbox, sequence, &options, &trace, why);
        uint64_t print = r ? 0 : nst_fault_print(&trace);

        if (whole && !i)
            run->print = print;
        if (r)
            nst_fault_check_why(run, behind ? "the next case" : "the case", r, why);
        if (behind && r && r != -EPIPE)
            nst_fault_complain(run, "the next case failed too: %s", why);
        if (!r && print != run->print)
            nst_fault_complain(run, "%s shows something else",
                               behind ? "the next case" : "the case");
        run->went_on |= !r && behind;
        run->judged |= !r && !behind && run->faults.met;
        behind = whole || run->faults.met;
        nst_trace_free(&trace);
        nst_trace_free(&trace);
    }
    if (whole)
        run->descriptors = nst_fault_runner_descriptors();
    for (int i = 0; run->went_on && nst_fault_runner_descriptors() != run->descriptors; i++) {
        if (i > 1000) {
            nst_fault_complain(run, "a descriptor is left in the runner");
            break;
        }
        nst_left_pause(); /* a new runner may be about to begin */
    }
}

/* What a user of the library does, as a process of its own. */
static inline void nst_fault_tool(struct nst_fault_run *run, const struct nst_sequence *sequence,
                                  bool whole)
{
    const struct nst_run_options options = {0};
    size_t descriptors = nst_fault_entries("/proc/self/fd"), mappings = nst_fault_mappings();
    struct nst_sandbox *sandbox;
    char why[200] = "";
    int r = nst_sandbox_open(&options, &sandbox, why);

    if (r) {
        nst_fault_check_why(run, "opening", r, why);
        if (sandbox)
            nst_fault_complain(run, "a sandbox that isn't was handed out");
    } else {
        nst_fault_use(run, sandbox, sequence, whole);
    }
    if (whole && !run->went_on)
        nst_fault_complain(run, "without a fault: %s", why);
    nst_sandbox_close(sandbox);
    if (nst_fault_entries("/proc/self/fd") != descriptors)
        nst_fault_complain(run, "a descriptor is left");
    if (nst_fault_mappings() != mappings)
        nst_fault_complain(run, "a mapping is left");
    if (waitpid(-1, NULL, WNOHANG) >= 0)
        nst_fault_complain(run, "a child process is left");
}

/* Runs the tool with the fault that RUN holds; what is wrong stands in its complaint. */
static inline void nst_fault_perform(struct nst_fault_run *run, const struct nst_left *left,
                                     const struct nst_sequence *sequence, bool whole)
{
    bool kills = run->faults.kind >= NST_FAULT_KILLS_BEFORE;
    const char *what;
    int status = 0;

    for (size_t i = 0; i < run->faults.sites; i++)
        run->faults.site[i].count = 0;
    run->faults.met = run->faults.lock = 0;
    run->judged = run->went_on = false;
    *run->complaint = '\0';

    pid_t pid = fork();

    if (!pid) {
        nst_faults = &run->faults;
        nst_fault_tool(run, sequence, whole);
        _exit(0);
    }

    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd wait = {.fd = pidfd, .events = POLLIN};

    if (poll(&wait, 1, NST_FAULT_LATE_MS) != 1)
        nst_fault_complain(run, "it hangs");
    close(pidfd);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    if (status && !(kills && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL))
        nst_fault_complain(run, "it ended with status %d", nst_test_status(status));
    what = nst_left_look(left);
    if (what)
        nst_fault_complain(run, "%s is left", what);
}

#endif
