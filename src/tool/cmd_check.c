/* ns-tool check: runs any program below a shared parent and says whether it leaked. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <ns-tool/sequence.h>

#include "tool/check.h"
#include "tool/number.h"
#include "tool/oci.h"
#include "tool/reports.h"
#include "tool/tool.h"

struct check {
    struct nst_check_options options;
    struct nst_expects expects;
    const char **allow;
    size_t allows;
    bool sweep, calls;
    unsigned jobs;
    struct nst_reports reports;
    json_t *summary;
};

enum {
    KEY_ALLOW = 256,
    KEY_EXPECT,
    KEY_OCI,
    KEY_HOST,
    KEY_NO_PID_NAMESPACE,
    KEY_TIMEOUT,
    KEY_SWEEP,
    KEY_ERRNO,
    KEY_CALLS,
    KEY_NO_FANOTIFY
};

static const struct argp_option options[] = {
    {"allow", KEY_ALLOW, "PATTERN", 0,
     "Mount points that may show in the parent, stay there and stay connected (fnmatch(3)); may be "
     "given again",
     0},
    {"expect", KEY_EXPECT, "[OUTSIDE:]INSIDE=KIND", 0,
     "Mount from both sides to see that INSIDE propagates as asked and nothing else does. KIND: "
     "private, slave, shared, or rprivate, rslave, rshared",
     0},
    {"oci", KEY_OCI, "BUNDLE", 0, "Expect what the mounts of BUNDLE/config.json ask for", 0},
    {"host", KEY_HOST, NULL, 0,
     "Watch the namespace that this command is in, and change nothing: no namespaces, no held "
     "calls, no processes ended",
     0},
    {"no-pid-namespace", KEY_NO_PID_NAMESPACE, NULL, 0, "Let the command see the host's processes",
     0},
    {"timeout", KEY_TIMEOUT, "TIME", 0, "Kill the command after 60s, 5m, …", 0},
    {"sweep", KEY_SWEEP, NULL, 0,
     "Run the command again for each call of the mount family that it makes: the call fails once, "
     "and its process is killed there once; the parent must be clean each time",
     0},
    {"errno", KEY_ERRNO, "NAME", 0, "What calls fail with (what is plausible for each)", 0},
    {"jobs", 'j', "J", 0, "Sweep with J runs beside each other (1)", 0},
    {"calls", KEY_CALLS, NULL, 0, "Tell every call that was held", 0},
    {"no-fanotify", KEY_NO_FANOTIFY, NULL, 0, "Watch by polling, as before Linux 6.15", 0},
    {0}};

static void add_allow(struct check *check, const char *pattern, struct argp_state *state)
{
    const char **grown = reallocarray(check->allow, check->allows + 1, sizeof *grown);

    if (!grown)
        argp_failure(state, NST_EXIT_BROKE, ENOMEM, "--allow");
    check->allow = grown;
    grown[check->allows++] = pattern;
}

static void add_expect(struct check *check, char *text, struct argp_state *state)
{
    char *kind_text = strrchr(text, '='), *colon;
    enum nst_expect_kind kind;
    bool recursive;

    if (!kind_text)
        argp_error(state, "--expect '%s' has no '=KIND'", text);
    *kind_text++ = '\0';
    if (nst_expect_kind_parse(kind_text, &kind, &recursive) < 0)
        argp_error(state,
                   "--expect: '%s' is none of private, slave, shared, rprivate, rslave, rshared",
                   kind_text);
    colon = strchr(text, ':');
    if (colon)
        *colon++ = '\0';
    if (*text != '/' || (colon && *colon != '/'))
        argp_error(state, "--expect: '%s' is no absolute path", *text != '/' ? text : colon);
    if (nst_expects_add(&check->expects, text, colon ? colon : text, kind, recursive) < 0)
        argp_failure(state, NST_EXIT_BROKE, ENOMEM, "--expect");
}

static int parse_errno(const char *name, struct argp_state *state)
{
    for (int error = 1; error < 4096; error++) {
        const char *known = nst_errno_name(error);

        if (known && !strcmp(known, name))
            return error;
    }
    argp_error(state, "--errno: '%s' is no errno's name, such as EPERM", name);
    return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct check *check = state->input;
    int status;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &check->reports;
        break;
    case KEY_ALLOW:
        add_allow(check, arg, state);
        break;
    case KEY_EXPECT:
        add_expect(check, arg, state);
        break;
    case KEY_OCI:
        status = nst_oci_read(arg, &check->expects);
        if (status)
            exit(status);
        break;
    case KEY_HOST:
        check->options.host = true;
        break;
    case KEY_NO_PID_NAMESPACE:
        check->options.no_pid_namespace = true;
        break;
    case KEY_TIMEOUT:
        check->options.timeout_ms = (unsigned)(1000 * nst_parse_seconds(arg, state, "timeout"));
        break;
    case KEY_SWEEP:
        check->sweep = true;
        break;
    case KEY_ERRNO:
        check->options.fault_error = parse_errno(arg, state);
        break;
    case 'j':
        check->jobs = (unsigned)nst_parse_number(arg, state, "jobs", 1, 64);
        break;
    case KEY_CALLS:
        check->calls = true;
        break;
    case KEY_NO_FANOTIFY:
        check->options.no_fanotify = true;
        break;
    case ARGP_KEY_ARGS:
        check->options.argv = state->argv + state->next;
        break;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "no COMMAND given");
        break;
    case ARGP_KEY_END:
        if (check->options.host && (check->sweep || check->expects.len))
            argp_error(state, "--host changes nothing: neither --sweep nor --expect goes with it");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

int nst_check_status(int wait_status)
{
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

static void write_finding(FILE *out, const struct nst_check_finding *finding)
{
    fprintf(out, "    %s\n", finding->text);
    if (*finding->call)
        fprintf(out, "        by %s (pid %d): %s\n", finding->process, finding->pid, finding->call);
}

/* What was said of PROPERTY. */
static void write_property(FILE *out, const struct nst_check *check, size_t property,
                           const struct nst_check_options *given)
{
    size_t broken = 0;

    for (size_t i = 0; i < check->findings; i++)
        broken += check->finding[i].property == property;
    fprintf(out, "%-15s ", nst_check_promises[property].name);
    if (property == NST_CHECK_PROPAGATION && !given->expects)
        fputs("skip: nothing was asked for (--expect, --oci)\n", out);
    else if (property == NST_CHECK_PROPAGATION && !check->probes)
        fputs("skip: no program began in a mount namespace of its own\n", out);
    else if (property == NST_CHECK_FLAGS && !check->namespaces && !broken)
        fputs("skip: no program began in a mount namespace of its own\n", out);
    else if (broken)
        fprintf(out, "fail: %zu\n", broken);
    else
        fputs("pass\n", out);
    for (size_t i = 0; i < check->findings; i++)
        if (check->finding[i].property == property)
            write_finding(out, &check->finding[i]);
}

void nst_check_write(FILE *out, const struct nst_check *check, const char *named,
                     const struct nst_check_options *given)
{
    fprintf(out, "== %s: %s %d, %.1f ms, ", named,
            WIFSIGNALED(check->status) ? "killed by signal" : "exit status",
            WIFSIGNALED(check->status) ? WTERMSIG(check->status) : WEXITSTATUS(check->status),
            check->seconds * 1e3);
    if (check->unheld)
        fputs("calls not held, ", out);
    else
        fprintf(out, "%zu calls held, ", check->calls);
    fprintf(out, "%zu mounts came to the parent, %zu namespaces", check->attached,
            check->namespaces);
    if (check->probes)
        fprintf(out, ", %zu probes", check->probes);
    fputs(check->timed_out ? ", timed out\n" : "\n", out);
    for (size_t i = 0; i < NST_CHECK_PROPERTIES; i++)
        write_property(out, check, i, given);
    if (check->more)
        fprintf(out, "and %zu findings more\n", check->more);
    if (check->watch == NST_WATCH_POLL)
        fputs("watched by polling: a mount seen only for an instant may be missed\n", out);
}

/* The command line, as a person may read it. */
static char *name_command(char **argv)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    for (size_t i = 0; out && argv[i]; i++)
        fprintf(out, "%s%s", i ? " " : "", argv[i]);
    return out && !fclose(out) ? text : NULL;
}

static int cannot(int r, const char *why)
{
    bool refused = r == -EPERM || r == -ENOSPC || r == -ENOSYS || r == -EACCES;

    if (!strncmp(why, "running ", 8))
        return nst_tool_error(NST_EXIT_USAGE, r, "%s", why);
    return nst_tool_error(refused ? NST_EXIT_CANNOT : NST_EXIT_BROKE, r,
                          refused ? "%s; root, or user namespaces for ordinary users "
                                    "(user.max_user_namespaces) would help"
                                  : "%s",
                          why);
}

static int check_once(struct check *check)
{
    struct nst_check *result;
    char why[200] = "", *named = name_command(check->options.argv);
    int r = nst_check_run(&check->options, &result, why), status;

    if (r < 0) {
        free(named);
        return cannot(r, why);
    }
    for (size_t i = 0; check->calls && i < result->calls && i < NST_CHECK_CALLS_MAX; i++)
        fprintf(stderr, "%s (pid %d): %s\n", result->call[i].process, result->call[i].pid,
                result->call[i].text);
    nst_check_write(stderr, result, named ? named : "command", &check->options);
    status = result->findings    ? NST_EXIT_BROKE
             : result->timed_out ? NST_EXIT_BROKE
                                 : nst_check_status(result->status);
    if (nst_reports_wanted(&check->reports))
        check->summary = nst_check_to_json(result, &check->options);
    nst_check_free(result);
    free(named);
    return status;
}

int nst_cmd_check(int argc, char **argv)
{
    static const struct argp_child children[] = {{.argp = &nst_reports_argp}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .children = children,
        .args_doc = "COMMAND [ARGUMENT...]",
        .doc = "Runs COMMAND below a shared parent of its own, sees every mount that comes there, "
               "if only for an instant, and every call that makes one, and says what showed, what "
               "was left, which flags weakened and what stayed connected. COMMAND has this "
               "command's standard input and output and gets its signals; the verdict goes to "
               "standard error. Exit status: COMMAND's own where all held, else 1."};
    struct check check = {.jobs = 1};
    struct timespec begun;
    int status;

    nst_tool_parse_in_order(&argp, argc, argv, &check);
    check.options.allow = check.allow;
    check.options.allows = check.allows;
    check.options.expect = check.expects.expect;
    check.options.expects = check.expects.len;
    check.options.out_to_err = check.reports.json;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    status = nst_reports_open(&check.reports, argc, argv);
    if (!status) {
        status = check.sweep
                     ? nst_sweep(&check.options, check.jobs, nst_reports_out(&check.reports),
                                 nst_reports_wanted(&check.reports) ? &check.summary : NULL)
                     : check_once(&check);
        status = nst_reports_write(&check.reports, check.summary, nst_tool_seconds(&begun), status);
    }
    nst_reports_free(&check.reports);
    nst_expects_free(&check.expects);
    free(check.allow);
    return status;
}
