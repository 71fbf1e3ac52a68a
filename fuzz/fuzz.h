/* What the targets share. One that performs sequences is a struct nst_fuzz_target and the line
 * NST_FUZZ_SEQUENCES(); one that reads text is a check and the line NST_FUZZ_TEXT(). What breaks is
 * shrunk, told with the command that repeats it, and ends the process. */
#ifndef NST_FUZZ_H
#define NST_FUZZ_H

#include <ns-tool/generate.h>
#include <ns-tool/property.h>

#define NST_FUZZ_WHY 600

/* The ways in which the mutator changes a sequence. */
enum nst_fuzz_way {
    NST_FUZZ_BYTES,   /* of its text, as libFuzzer does; the lenient reader takes what it can */
    NST_FUZZ_CALLS,   /* nst_mutate() */
    NST_FUZZ_SPLICE,  /* with calls made anew */
    NST_FUZZ_FLAGS,   /* bits of flag words, known and unknown */
    NST_FUZZ_PATHS,   /* pieces of paths */
    NST_FUZZ_RENAME,  /* a directory that is made gets another name, in every call */
    NST_FUZZ_PLACE,   /* a directory of an odd name, and a mount on it */
    NST_FUZZ_OPTIONS, /* option strings; keys, values and types of file systems */
    NST_FUZZ_WAYS
};

/* A target that performs sequences. */
struct nst_fuzz_target {
    const char *name;
    const char *setup; /* calls that stand before the input's; NULL: none */
    enum nst_intent intent;
    struct nst_generator generator;     /* of what is spliced in */
    unsigned weight[NST_FUZZ_WAYS];     /* how often each way */
    bool (*pin)(struct nst_call *call); /* puts back what this target doesn't vary; false: the
                                           call isn't this target's, and goes. NULL: all varies */
};

/* Opens the sandbox that the first inputs run in, before the engine has filled its memory: each of
 * a sandbox's processes is a fork of this one, and copying its page tables takes time. */
void nst_fuzz_begin(const struct nst_fuzz_target *target);

/* Reads DATA leniently, performs it in a sandbox and holds it against every property; where no
 * sandbox is to be had, says so once and holds it against nst_fuzz_check_text(). Returns 0. */
int nst_fuzz_perform(const struct nst_fuzz_target *target, const uint8_t *data, size_t size);

/* Performs SEQUENCE behind the target's setup, pinned; if TWINS, holds it against the properties
 * that take a second run, too. Returns 1 with RET_TRACE, which refers to
 * RET_WHOLE, and what was judged of it; 0 where this machine has no sandbox for it; -errno.
 * The caller frees both, whatever is returned. */
int nst_fuzz_run(const struct nst_fuzz_target *target, const struct nst_sequence *sequence,
                 bool twins, struct nst_sequence *ret_whole, struct nst_trace *ret_trace,
                 struct nst_judgement *ret_judgement, char *why);

/* Which property JUDGEMENT says is broken, by something not known by what is seen: its index, or
 * -1. */
int nst_fuzz_broken(const struct nst_judgement *judgement);

/* SEQUENCE broke a property: shrinks it, tells all of it and aborts; returns where corpus/findings
 * (or the directory that NST_FINDINGS names) has it as known of this kernel. */
void nst_fuzz_finding(const struct nst_fuzz_target *target, struct nst_sequence *sequence,
                      const struct nst_judgement *judgement);

/* Shows the engine what TRACE did that the code which ran doesn't tell: each call with its result,
 * the propagation of what it touched and whose power it had, and the shapes of what the namespaces
 * showed (<ns-tool/novelty.h>); and the edges of the kernel's code that the calls went over, where
 * it tells. Not with NST_GUIDE=0, not the latter with NST_GUIDE=steps. NST_REACHED names a file
 * that gets, at the end, how many of them there were, and how many features of
 * <ns-tool/coverage.h>. */
void nst_fuzz_guide(const struct nst_trace *trace);

/* Whether WHOLE, shrunk, breaks the property of that number as is known of this kernel; NULL:
 * whether what was seen tells that by itself. */
bool nst_fuzz_known(const struct nst_judgement *judgement, size_t property,
                    const struct nst_sequence *whole);

/* What libFuzzer's LLVMFuzzerCustomMutator and LLVMFuzzerCustomCrossOver are asked for. What comes
 * out is canonical text, save where bytes were changed. */
size_t nst_fuzz_mutate(const struct nst_fuzz_target *target, uint8_t *data, size_t size,
                       size_t max_size, unsigned seed);
size_t nst_fuzz_cross(const struct nst_fuzz_target *target, const uint8_t *a, size_t a_size,
                      const uint8_t *b, size_t b_size, uint8_t *out, size_t max_size,
                      unsigned seed);

/* Whether something holds of any text; if not, WHY (of NST_FUZZ_WHY bytes, empty at first) says
 * what. */
typedef bool (*nst_fuzz_check)(const char *text, size_t len, char *why);

/* Holds CHECK against DATA; what breaks it is shrunk and told, and the process ends. */
void nst_fuzz_hold(const char *name, nst_fuzz_check check, const uint8_t *data, size_t size);

/* What holds of any text without a kernel: both readers agree; what is printed reads as itself;
 * what the mutator makes of it is whole and reads as itself, too. */
bool nst_fuzz_check_text(const char *text, size_t len, char *why);

/* What holds of any sequence on the reference model, without a kernel: states stay sound, what is
 * isolated leaves the parent alone, and what is predicted keeps every promise. */
bool nst_fuzz_check_model(const char *text, size_t len, char *why);

/* Strings as they stand in a call, drawn anew or from OLD (may be NULL): a path, a directory's
 * name, a list of mount options. RET_TEXT holds NST_FUZZ_STRING bytes. Returns the length. */
#define NST_FUZZ_STRING 8192
size_t nst_fuzz_draw_path(struct nst_random *random, const char *old, char *ret_text);
size_t nst_fuzz_draw_name(struct nst_random *random, char *ret_text);
size_t nst_fuzz_draw_options(struct nst_random *random, const char *old, char *ret_text);

/* Words of the two kinds, for dictionaries; each ends with NULL. The second one's are types, keys
 * and values of file systems. */
extern const char *const nst_fuzz_path_pieces[];
extern const char *const nst_fuzz_option_keys[];
extern const char *const nst_fuzz_option_values[];
extern const char *const nst_fuzz_types[];

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size,
                                 uint8_t *out, size_t max_size, unsigned seed);

#define NST_FUZZ_MUTATOR(target)                                                                   \
    size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)     \
    {                                                                                              \
        return nst_fuzz_mutate(&(target), data, size, max_size, seed);                             \
    }                                                                                              \
    size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b,            \
                                     size_t b_size, uint8_t *out, size_t max_size, unsigned seed)  \
    {                                                                                              \
        return nst_fuzz_cross(&(target), a, a_size, b, b_size, out, max_size, seed);               \
    }

#define NST_FUZZ_SEQUENCES(target)                                                                 \
    NST_FUZZ_MUTATOR(target)                                                                       \
    int LLVMFuzzerInitialize(int *argc, char ***argv)                                              \
    {                                                                                              \
        (void)argc;                                                                                \
        (void)argv;                                                                                \
        nst_fuzz_begin(&(target));                                                                 \
        return 0;                                                                                  \
    }                                                                                              \
    int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)                                   \
    {                                                                                              \
        return nst_fuzz_perform(&(target), data, size);                                            \
    }

#define NST_FUZZ_TEXT(name, check)                                                                 \
    int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)                                   \
    {                                                                                              \
        nst_fuzz_hold(name, check, data, size);                                                    \
        return 0;                                                                                  \
    }

#endif
