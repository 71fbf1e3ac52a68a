/* The command line: one row of nst_commands[] (main.c) and one file cmd_<name>.c per command. */
#ifndef NST_TOOL_TOOL_H
#define NST_TOOL_TOOL_H

#include <argp.h>
#include <time.h>

/* Exit status of every command. */
enum nst_exit {
    NST_EXIT_HELD = 0,    /* all held */
    NST_EXIT_BROKE = 1,   /* something broke */
    NST_EXIT_USAGE = 2,   /* bad usage or input */
    NST_EXIT_CANNOT = 77, /* cannot run here; the reason and what would help have been said */
};

struct nst_command {
    const char *name;
    const char *summary;               /* a phrase for --help */
    int (*run)(int argc, char **argv); /* argv[0] is "ns-tool NAME"; returns an nst_exit */
};

int nst_cmd_mount(int argc, char **argv);
int nst_cmd_run(int argc, char **argv);
int nst_cmd_fuzz(int argc, char **argv);
int nst_cmd_explore(int argc, char **argv);
int nst_cmd_check(int argc, char **argv);
int nst_cmd_import(int argc, char **argv);
int nst_cmd_record(int argc, char **argv);
int nst_cmd_export(int argc, char **argv);
int nst_cmd_shrink(int argc, char **argv);
int nst_cmd_show(int argc, char **argv);
int nst_cmd_pack(int argc, char **argv);
int nst_cmd_list(int argc, char **argv);

/* argp_parse() as all commands use it: bad usage ends the process with NST_EXIT_USAGE. */
void nst_tool_parse(const struct argp *argp, int argc, char **argv, void *input);

/* The same; options end at the first argument that is none, as of env(1). */
void nst_tool_parse_in_order(const struct argp *argp, int argc, char **argv, void *input);

/* Prints "ns-tool NAME: what was done, to what: ERRNO (its text)" on standard error. `error` is an
 * errno, positive or negative; 0 leaves it out. Returns `status`, so that a caller can return it.
 */
__attribute__((format(printf, 3, 4))) int nst_tool_error(int status, int error, const char *format,
                                                         ...);

/* Seconds since BEGUN (CLOCK_MONOTONIC). */
double nst_tool_seconds(const struct timespec *begun);

#endif
