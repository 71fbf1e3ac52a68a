/* A property is a promise and a pure function that holds one trace against it, or two: a second run
 * beside the first, its twin, which the property makes of the first one's trace. */
#ifndef NS_TOOL_PROPERTY_H
#define NS_TOOL_PROPERTY_H

#include <ns-tool/trace.h>

enum nst_verdict { /* never mixed */
                   NST_PASS,
                   NST_FAIL,
                   NST_SKIP,
                   NST_ERROR,
                   NST_EXPECTED /* it fails, as is known of this kernel: no property gives it, but
                                   who knows the kernel's findings puts it in place of NST_FAIL */
};

/* Why a verdict isn't NST_PASS. */
struct nst_finding {
    size_t step;    /* index of the step that broke it; the trace's len when no single one did */
    char text[512]; /* one line: what was seen, where */
};

/* What a namespace of an actor's own is taken to mean. */
enum nst_intent {
    NST_INTENT_NONE,  /* nothing: only a namespace that no peer group connects must be isolated */
    NST_INTENT_ASKED, /* isolation, unless MS_SHARED was asked for inside it: this is what tells a
                         person that a setup forgot MS_PRIVATE */
    NST_INTENT_ALWAYS /* isolation, whatever was asked: the setup came first and settled it */
};

struct nst_judge_options {
    enum nst_intent intent;
    /* Nothing is expected of the calls: what stands behind `=` only names descriptors and actors.
     */
    bool random;
    bool expected; /* it is expected all the same: whoever made them knew the answers */
};

/* The second run of a property that compares two. */
struct nst_twin {
    struct nst_sequence sequence;
    /* For each of its calls the step of the first run that it stands for, or SIZE_MAX; rising. */
    size_t *step;
};

/* One that judges one trace has CHECK; one that compares two runs has TWIN and COMPARE instead. */
struct nst_property {
    const char *name;
    const char *promise;
    const char *source; /* the document that promises it */
    bool at_once;       /* CHECK can judge what was performed at once, nst_trace.at_once */
    bool predicted;     /* CHECK can judge what the model predicts, nst_trace.predicted */
    enum nst_verdict (*check)(const struct nst_trace *trace,
                              const struct nst_judge_options *options,
                              struct nst_finding *ret_finding);
    /* Makes of the first run the sequence that is to be run beside it; RET_TWIN is empty before.
     * Returns 0; 1 where there is nothing to compare; -ENOMEM. Its caller frees RET_TWIN. */
    int (*twin)(const struct nst_trace *trace, const struct nst_judge_options *options,
                struct nst_twin *ret_twin);
    /* TWIN_TRACE is a whole run of TWIN's sequence. */
    enum nst_verdict (*compare)(const struct nst_trace *trace, const struct nst_twin *twin,
                                const struct nst_trace *twin_trace,
                                const struct nst_judge_options *options,
                                struct nst_finding *ret_finding);
};

/* All properties; ends with NULL. */
extern const struct nst_property *const nst_properties[];

/* How many that are, and the most there may be. */
#define NST_PROPERTIES_MAX 16

/* What every property said of one trace, in the order of nst_properties. */
struct nst_judgement {
    enum nst_verdict verdict[NST_PROPERTIES_MAX];
    struct nst_finding finding[NST_PROPERTIES_MAX];
    size_t len;
};

/* Holds TRACE against every property of one trace; those of two runs are skipped, see
 * nst_judge_twins(). Returns what nst_judgement_worst() does. */
enum nst_verdict nst_judge(const struct nst_trace *trace, const struct nst_judge_options *options,
                           struct nst_judgement *ret_judgement);

/* Holds TRACE against every property of two runs, or against ONLY where that isn't NULL: runs in
 * SANDBOX, under RUN_OPTIONS, what each asks for, and adds to JUDGEMENT, which nst_judge() made of
 * TRACE. What couldn't be compared stays skipped, and its finding's text says why. Returns 0, or
 * what nst_run() does, with WHY (of 200 bytes, may be NULL) set. */
int nst_judge_twins(struct nst_sandbox *sandbox, const struct nst_trace *trace,
                    const struct nst_run_options *run_options,
                    const struct nst_judge_options *options, const struct nst_property *only,
                    struct nst_judgement *judgement, char *why)
    __attribute__((warn_unused_result));

/* NST_ERROR if a property gave it, else NST_FAIL if one did, else NST_PASS; what was skipped stands
 * in JUDGEMENT. */
enum nst_verdict nst_judgement_worst(const struct nst_judgement *judgement);

/* Frees what TWIN owns and empties it. */
void nst_twin_free(struct nst_twin *twin);

/* "pass", "fail", "skip", "error", "expected-finding". */
const char *nst_verdict_name(enum nst_verdict verdict);

/* The property called NAME, or NULL. */
const struct nst_property *nst_property_by_name(const char *name);

/* Fills RET_FINDING and returns NST_FAIL. FORMAT as printf's; long text is cut. */
enum nst_verdict nst_finding_at(struct nst_finding *ret_finding, size_t step, const char *format,
                                ...) __attribute__((format(printf, 3, 4)));

#endif
