#include "tool/tool.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ns-tool/sequence.h>
#include <ns-tool/version.h>

/* In the order in which --help shows them. */
static const struct nst_command nst_commands[] = {
    {"mount", "mount in a private namespace, show it, leave nothing behind", nst_cmd_mount},
    {"run", "run sequences or strace logs, and judge them", nst_cmd_run},
    {"fuzz", "random sequences against every property, on all cores", nst_cmd_fuzz},
    {"explore", "every sequence of up to N calls, on the model and the kernel", nst_cmd_explore},
    {"check", "run any program and say whether it leaked", nst_cmd_check},
    {"shrink", "the shortest sequence that still breaks what FILE breaks", nst_cmd_shrink},
    {"import", "a strace log made self-contained", nst_cmd_import},
    {"record", "run a command under strace, and import its log", nst_cmd_record},
    {"export", "a stand-alone reproducer, in C or for sh", nst_cmd_export},
    {"show", "what each namespace sees, step by step, as trees", nst_cmd_show},
    {"pack", "a sequence for each rule of the model, for any kernel", nst_cmd_pack},
    {"list", "properties, calls, and what this kernel supports", nst_cmd_list},
};

#define NST_COMMANDS (sizeof(nst_commands) / sizeof(nst_commands[0]))

static char program_name[64] = "ns-tool";

static void print_usage(FILE *to)
{
    fprintf(to, "Usage: ns-tool COMMAND [OPTION...]\n"
                "Finds out whether Linux mount namespaces isolate.\n\n"
                "Commands:\n");
    for (size_t i = 0; i < NST_COMMANDS; i++)
        fprintf(to, "  %-10s %s\n", nst_commands[i].name, nst_commands[i].summary);
    fprintf(to, "\n  --help     this list; `ns-tool COMMAND --help' has a command's options\n"
                "  --version  the version\n\n"
                "Exit status: 0 all held, 1 something broke, 2 bad usage or input,\n"
                "77 cannot run here (with the reason and what would help).\n");
}

static void print_version(FILE *to, struct argp_state *state)
{
    (void)state;
    fprintf(to, "ns-tool %s\n", nst_version());
}

static void parse(const struct argp *argp, int argc, char **argv, unsigned flags, void *input)
{
    error_t error;

    argp_err_exit_status = NST_EXIT_USAGE;
    argp_program_version_hook = print_version;
    error = argp_parse(argp, argc, argv, flags, NULL, input);
    if (error)
        exit(nst_tool_error(NST_EXIT_USAGE, error, "reading the arguments"));
}

void nst_tool_parse(const struct argp *argp, int argc, char **argv, void *input)
{
    parse(argp, argc, argv, 0, input);
}

void nst_tool_parse_in_order(const struct argp *argp, int argc, char **argv, void *input)
{
    parse(argp, argc, argv, ARGP_IN_ORDER, input);
}

int nst_tool_error(int status, int error, const char *format, ...)
{
    const char *name;
    va_list args;

    fflush(stdout);
    fprintf(stderr, "%s: ", program_name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    if (error) {
        name = nst_errno_name(abs(error));
        fprintf(stderr, ": %s (%s)", name ? name : "unknown errno", strerror(abs(error)));
    }
    fputc('\n', stderr);
    return status;
}

double nst_tool_seconds(const struct timespec *begun)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - begun->tv_sec) + (double)(now.tv_nsec - begun->tv_nsec) / 1e9;
}

static int run_command(int argc, char **argv)
{
    for (size_t i = 0; i < NST_COMMANDS; i++) {
        if (strcmp(argv[0], nst_commands[i].name) != 0)
            continue;
        snprintf(program_name, sizeof(program_name), "ns-tool %s", nst_commands[i].name);
        argv[0] = program_name;
        return nst_commands[i].run(argc, argv);
    }
    nst_tool_error(NST_EXIT_USAGE, 0, "unknown %s '%s'; `ns-tool --help' lists the commands",
                   argv[0][0] == '-' ? "option" : "command", argv[0]);
    return NST_EXIT_USAGE;
}

int main(int argc, char **argv)
{
    int status = NST_EXIT_HELD;

    if (argc < 2) {
        print_usage(stderr);
        return NST_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-?") == 0)
        print_usage(stdout);
    else if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
        print_version(stdout, NULL);
    else
        status = run_command(argc - 1, argv + 1);

    /* A result that nobody could read is not a result. */
    errno = 0;
    if ((fflush(stdout) != 0 || ferror(stdout)) && status == NST_EXIT_HELD)
        status = nst_tool_error(NST_EXIT_BROKE, errno, "writing standard output");
    return status;
}
