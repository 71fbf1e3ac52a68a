/* ns-tool import: a strace log made self-contained; ns-tool record: strace and import in one. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ns-tool/import.h>

#include "tool/input.h"
#include "tool/tool.h"

struct import {
    const char *log, *output;
    char **command;
};

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0, "Write the sequence to FILE (standard output)", 0}, {0}};

static error_t parse_import(int key, char *arg, struct argp_state *state)
{
    struct import *import = state->input;

    switch (key) {
    case 'o':
        import->output = arg;
        break;
    case ARGP_KEY_ARG:
        if (import->log)
            argp_error(state, "takes one LOG");
        import->log = arg;
        break;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "no LOG given");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static error_t parse_record(int key, char *arg, struct argp_state *state)
{
    struct import *import = state->input;

    switch (key) {
    case 'o':
        import->output = arg;
        break;
    case ARGP_KEY_ARGS:
        import->command = state->argv + state->next;
        break;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "no COMMAND given");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* The sequence below what is to be known of it. */
static int write_import(FILE *out, const char *of, const struct nst_import *import)
{
    char *text;
    size_t len;
    int r = nst_strace_print(&import->sequence, &text, &len);

    if (r < 0)
        return r;
    fprintf(out, "# imported from %s: %zu of %zu calls, %zu made for them\n", of, import->kept,
            import->calls, import->made);
    for (const char *line = import->notes; *line; line = strchr(line, '\n') + 1)
        fprintf(out, "# %.*s\n", (int)strcspn(line, "\n"), line);
    fputs(text, out);
    free(text);
    return 0;
}

static int import_log(const struct import *given, const char *log, const char *of)
{
    struct nst_read_counts counts;
    struct nst_sequence sequence = {0};
    struct nst_import import;
    FILE *out = stdout;
    int status = nst_input_read_prepared(log, nst_import_prepare, &sequence, &counts), r;

    if (status)
        return status;
    if (counts.truncated)
        fprintf(stderr, "%zu strings were cut by strace: -s 4096 keeps them\n", counts.truncated);
    r = nst_import(&sequence, &import);
    nst_sequence_free(&sequence);
    if (r < 0)
        return nst_tool_error(NST_EXIT_BROKE, r, "importing %s", of);
    if (!import.sequence.len)
        status = nst_tool_error(NST_EXIT_USAGE, 0, "%s holds no call that can be performed", of);
    if (!status && given->output && !(out = fopen(given->output, "we")))
        status = nst_tool_error(NST_EXIT_USAGE, errno, "opening %s", given->output);
    if (!status && (r = write_import(out, of, &import)) < 0)
        status = nst_tool_error(NST_EXIT_BROKE, r, "printing a sequence");
    if (out && out != stdout && fclose(out))
        status = nst_tool_error(NST_EXIT_BROKE, errno, "writing %s", given->output);
    nst_import_free(&import);
    return status;
}

int nst_cmd_import(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse_import,
        .args_doc = "LOG",
        .doc = "Makes of LOG, which `strace -f -s 4096 -o LOG COMMAND' wrote, a sequence that runs "
               "in a sandbox: its directories and files are made, unknown file systems become "
               "tmpfs, actors and descriptors are numbered anew. What can't be is left out, and "
               "said above it."};
    struct import import = {0};

    nst_tool_parse(&argp, argc, argv, &import);
    return import_log(&import, import.log, import.log);
}

/* Calls of the table, for strace's -e; those that it doesn't know are left out by it. */
static char *trace_option(void)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    if (!out)
        return NULL;
    fputs("trace=openat2,", out);
    for (size_t i = 0; i < NST_CALLS; i++)
        fprintf(out, "%s?%s", i ? "," : "", nst_calls[i].name);
    return fclose(out) ? NULL : text;
}

/* Runs strace on the command. Returns an nst_exit; RET_STATUS is the command's. */
static int run_strace(const struct import *import, const char *log, int *ret_status)
{
    size_t words = 0;
    char *trace = trace_option();
    int wait_status;

    while (import->command[words])
        words++;

    const char **args = calloc(words + 16, sizeof *args);

    if (!args || !trace)
        return nst_tool_error(NST_EXIT_BROKE, ENOMEM, "recording");

    const char *own[] = {"strace", "-f", "-q", "-s", "4096", "-o", log, "-e", trace, "--"};
    const size_t len = sizeof own / sizeof *own;

    memcpy(args, own, sizeof own);
    memcpy(args + len, import->command, words * sizeof *args);

    pid_t pid = fork();

    if (!pid) {
        execvp("strace", (char *const *)(uintptr_t)args);
        _exit(errno == ENOENT ? 127 : 126);
    }
    free(args);
    free(trace);
    if (pid < 0 || waitpid(pid, &wait_status, 0) < 0)
        return nst_tool_error(NST_EXIT_BROKE, errno, "running strace");
    *ret_status = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
    return NST_EXIT_HELD;
}

int nst_cmd_record(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse_record,
        .args_doc = "COMMAND [ARGUMENT...]",
        .doc = "Runs COMMAND under strace(1) and imports its log, see `ns-tool import'. COMMAND "
               "runs on this machine as it is: no sandbox holds it."};
    struct import import = {0};
    char log[] = "/tmp/ns-tool-record.XXXXXX";
    int status, exit_status = 0, fd;

    nst_tool_parse_in_order(&argp, argc, argv, &import);
    fd = mkstemp(log);
    if (fd < 0)
        return nst_tool_error(NST_EXIT_BROKE, errno, "making %s", log);
    close(fd);
    status = run_strace(&import, log, &exit_status);
    if (!status && access("/usr/bin/strace", X_OK) < 0 && exit_status == 127)
        status = nst_tool_error(NST_EXIT_CANNOT, ENOENT, "running strace, which must be installed");
    if (!status)
        status = import_log(&import, log, import.command[0]);
    if (!status && exit_status)
        fprintf(stderr, "%s: exit status %d\n", import.command[0], exit_status);
    unlink(log);
    return status;
}
