/* What the comments above a sequence say of it, a line `# key: value` each:
 *
 *     # property: isolation              it broke this once, and must not again: a kept failure
 *     # finding: busy                    or the kernel breaks this: a known finding
 *     # promise: …                       the sentence that is broken
 *     # seen: …                          what was seen
 *     # kernel: 6.18.44 (x86_64)         where; of a finding: on these it is expected
 *     # known by: in *: no point         what fails by something that fnmatch(3) finds like this is it
 *     # known by: its calls              so is what has its calls
 *     # seed: 7
 *     # command: ns-tool fuzz …          that found it
 *     # options: --random --isolated     how `run` is to judge it
 *     # needs: beneath, set-group        what a kernel must have for its results to be expected,
 *     # without: open-tree-attr          and what it must lack (names: `ns-tool list`)
 *
 * Keys that aren't known, and lines without one, are comments and nothing more. */
#ifndef NS_TOOL_KEPT_H
#define NS_TOOL_KEPT_H

#include <stdio.h>

#include <ns-tool/features.h>
#include <ns-tool/property.h>

#define NST_KEPT_TEXT 400

struct nst_kept {
    char property[NST_KEPT_TEXT]; /* names, between commas; empty: the file is none of both */
    char kernel[NST_KEPT_TEXT];   /* releases, between commas */
    char known_by[NST_KEPT_TEXT]; /* patterns of what is seen, a line each */
    bool by_calls; /* it is known by its calls: there is no pattern, or beside them */
    bool finding;
    bool random, expected, isolated, privileged, no_fanotify, at_once; /* the options */
    nst_lacks needs, without;                                          /* sets of features */
};

/* Reads what stands above the first call in the file at PATH. Returns 0; -EINVAL for an option, a
 * property or a feature that there isn't, and what opening and reading it gave, with WHY (of 200
 * bytes) set. */
int nst_kept_read(const char *path, struct nst_kept *ret_kept, char *why)
    __attribute__((warn_unused_result));

/* Writes the line that nst_kept_read() takes KEPT's options from; none where it has none. */
void nst_kept_write_options(FILE *out, const struct nst_kept *kept);

/* Whether KEPT is a finding that is expected of a kernel of RELEASE (uname(2)): one of the same
 * version, the third number not counted. */
bool nst_kept_expects(const struct nst_kept *kept, const char *release);

/* The first feature that keeps KEPT's results from being expected of a kernel that lacks LACKS, as
 * RET_LACKED says because it lacks it, or else because it has it. NST_KERNEL_FEATURES: none. */
enum nst_kernel_feature nst_kept_unfit(const struct nst_kept *kept, nst_lacks lacks,
                                       bool *ret_lacked);

/* Whether KEPT names PROPERTY. */
bool nst_kept_names(const struct nst_kept *kept, const char *property);

/* Adds the options of KEPT to those given. */
void nst_kept_apply(const struct nst_kept *kept, struct nst_run_options *run,
                    struct nst_judge_options *judge);

/* Where KEPT is a finding that is expected of this kernel, its properties that failed become
 * NST_EXPECTED. Returns what is the worst now: NST_ERROR, NST_FAIL or NST_PASS. Of a finding whose
 * property held all the same, RET_MENDED says so: the file is to be looked at. */
enum nst_verdict nst_kept_judge(const struct nst_kept *kept, struct nst_judgement *judgement,
                                bool *ret_mended);

/* The findings of a directory that are expected of this kernel. */
struct nst_known {
    struct nst_known_finding {
        struct nst_kept kept;
        struct nst_sequence sequence;
        char *path;
    } * finding;
    size_t len;
};

/* Reads those of DIRECTORY, none where it doesn't exist; with NULL those of corpus/findings, or
 * where the working directory has none, those that the library was built with. RET_KNOWN is freed
 * by the caller. Returns 0; what nst_kept_read() and nst_strace_read() do, with WHY (of 200 bytes)
 * set. */
int nst_known_read(const char *directory, struct nst_known *ret_known, char *why)
    __attribute__((warn_unused_result));

/* Frees what KNOWN owns and empties it. */
void nst_known_free(struct nst_known *known);

/* The one that PROPERTY was broken by, as FINDING tells. One that is known by what is seen matches
 * the finding's text (fnmatch(3)), and SEQUENCE may be as long as it likes; any other has its calls
 * among those of SEQUENCE, which is shrunk, in order, each with at least its flags. With a SEQUENCE
 * of NULL these are left out. NULL: none, so it is something new. */
const struct nst_known_finding *nst_known_find(const struct nst_known *known, const char *property,
                                               const struct nst_finding *finding,
                                               const struct nst_sequence *sequence);

/* The properties of JUDGEMENT, of a run of SEQUENCE, that failed as is known become NST_EXPECTED,
 * and where conformance does, what stands behind `=`, which a pack has from the model, too. Returns
 * what is the worst then: NST_ERROR, NST_FAIL or NST_PASS. */
enum nst_verdict nst_known_judge(const struct nst_known *known, const struct nst_sequence *sequence,
                                 struct nst_judgement *judgement);

#endif
