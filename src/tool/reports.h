/* --json and --report, which run, fuzz, explore and check have in common. */
#ifndef NST_TOOL_REPORTS_H
#define NST_TOOL_REPORTS_H

#include <argp.h>
#include <stdbool.h>
#include <stdio.h>

#include "report/summary.h"

enum nst_report_format {
    NST_REPORT_HTML,
    NST_REPORT_SARIF,
    NST_REPORT_JUNIT,
    NST_REPORT_JSON,
    NST_REPORT_FORMATS
};

struct nst_reports {
    bool json; /* on standard output, in place of what people read, which goes to standard error */
    char *path[NST_REPORT_FORMATS];
    FILE *file[NST_REPORT_FORMATS];
    bool no_kernel;  /* it isn't asked what it has: a prediction */
    char *arguments; /* the command line behind the command's name; owned */
};

/* A child of a command's parser, whose ARGP_KEY_INIT sets a state->child_inputs[] to its struct
 * nst_reports. */
extern const struct argp nst_reports_argp;

/* Whether somebody asked for one. */
bool nst_reports_wanted(const struct nst_reports *reports);

/* Where what people read goes. */
static inline FILE *nst_reports_out(const struct nst_reports *reports)
{
    return reports->json ? stderr : stdout;
}

/* Opens the files, before anything is done, so that nothing is lost. Trouble is printed. ARGV is
 * the command's. Returns an nst_exit. */
int nst_reports_open(struct nst_reports *reports, int argc, char **argv);

/* Adds what this kernel is, SECONDS and STATUS to SUMMARY, which it takes, writes all that was asked
 * for, and closes. With a SUMMARY of NULL nothing is written: where STATUS is NST_EXIT_HELD, there was
 * no memory. Returns STATUS, or NST_EXIT_BROKE where
 * something couldn't be written, which is printed. */
int nst_reports_write(struct nst_reports *reports, json_t *summary, double seconds, int status);

/* Frees what REPORTS owns and closes; harmless twice. */
void nst_reports_free(struct nst_reports *reports);

#endif
