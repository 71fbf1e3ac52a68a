/* Inputs as sequences, performed and judged. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

#ifdef __has_feature
#if __has_feature(memory_sanitizer)
#define NST_MSAN 1
#endif
#endif

/* Some 600 mounts: what shows with more shows with them, and each costs what they do. */
static const struct nst_run_options options = {.table_most = 64 << 10, .kernel_edges = true};

static struct {
    struct nst_sandbox *sandbox; /* NULL where this machine allows none */
    pid_t owner;                 /* who opened it: an engine may fork behind its first input */
} here;

/* MemorySanitizer doesn't know what a system call by number wrote. */
static int open_sandbox(struct nst_sandbox **ret_sandbox, char *why)
{
#ifdef NST_MSAN
    *ret_sandbox = NULL;
    snprintf(why, 200, "MemorySanitizer can't follow what the kernel writes");
    return -EOPNOTSUPP;
#else
    return nst_sandbox_open(&options, ret_sandbox, why);
#endif
}

static struct nst_sandbox *sandbox_of(const char *name)
{
    char why[200] = "";

    if (here.owner == getpid())
        return here.sandbox;
    here.owner = getpid();
    if (open_sandbox(&here.sandbox, why) < 0) {
        here.sandbox = NULL;
        fprintf(stderr,
                "%s: no sandbox here (%s): sequences are judged without a kernel: readers, "
                "printer, generator, mutator, and the reference model\n",
                name, why);
    }
    return here.sandbox;
}

void nst_fuzz_begin(const struct nst_fuzz_target *target)
{
    (void)sandbox_of(target->name);
}

/* Setup and pinned calls. What stands behind `=` only names descriptors and actors here: mutations
 * change the rest. */
static int make_whole(const struct nst_fuzz_target *target, const struct nst_sequence *sequence,
                      struct nst_sequence *ret_whole)
{
    const char *setup = target->setup ? target->setup : "";
    int r = nst_strace_read(setup, strlen(setup), ret_whole, NULL, NULL);

    for (size_t i = 0; !r && i < sequence->len; i++) {
        struct nst_call call = sequence->call[i];

        if (target->pin && !target->pin(&call))
            continue;
        if (nst_calls[call.id].returns == NST_RETURNS_ZERO)
            call.expect = (struct nst_result){0};
        r = nst_sequence_append(ret_whole, &call);
    }
    return r == -E2BIG ? 0 : r;
}

int nst_fuzz_run(const struct nst_fuzz_target *target, const struct nst_sequence *sequence,
                 bool twins, struct nst_sequence *ret_whole, struct nst_trace *ret_trace,
                 struct nst_judgement *ret_judgement, char *why)
{
    const struct nst_judge_options judge = {.random = true, .intent = target->intent};
    struct nst_sandbox *sandbox = sandbox_of(target->name);
    int r = make_whole(target, sequence, ret_whole);

    if (r < 0 || !sandbox)
        return r;
    r = nst_run(sandbox, ret_whole, &options, ret_trace, why);
    if (!r) {
        nst_judge(ret_trace, &judge, ret_judgement);
        if (twins)
            r = nst_judge_twins(sandbox, ret_trace, &options, &judge, NULL, ret_judgement, why);
    }
    if (r < 0 && r != -E2BIG) { /* the next one gets a new sandbox */
        nst_sandbox_close(here.sandbox);
        here.sandbox = NULL;
        here.owner = 0;
    }
    return r < 0 ? r : 1;
}

int nst_fuzz_broken(const struct nst_judgement *judgement)
{
    for (size_t i = 0; i < judgement->len; i++)
        if ((judgement->verdict[i] == NST_FAIL && !nst_fuzz_known(judgement, i, NULL)) ||
            judgement->verdict[i] == NST_ERROR)
            return (int)i;
    return -1;
}

/* Without a kernel. */
static void check_text(const struct nst_fuzz_target *target, const struct nst_sequence *whole)
{
    char *text;
    size_t len;

    if (nst_strace_print(whole, &text, &len) < 0)
        abort();
    nst_fuzz_hold(target->name, nst_fuzz_check_text, (const uint8_t *)text, len);
    nst_fuzz_hold(target->name, nst_fuzz_check_model, (const uint8_t *)text, len);
    free(text);
}

/* One input in NST_SHARE (8; 0: none), the same each time, is held against the properties that take
 * a second run. */
static uint64_t share(void)
{
    static uint64_t inputs = 8;
    static bool asked;
    const char *text = asked ? NULL : getenv("NST_SHARE");

    asked = true;
    if (text)
        inputs = strtoull(text, NULL, 10);
    return inputs;
}

static bool takes_twins(const uint8_t *data, size_t size)
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ data[i]) * UINT64_C(1099511628211);
    return share() && (hash >> 32) % share() == 0;
}

/* Once: engines come back to such inputs. */
static void tell_too_big(const struct nst_fuzz_target *target, const char *why)
{
    static bool said;

    if (!said)
        fprintf(stderr, "%s: not judged, like all that are as big: %s\n", target->name, why);
    said = true;
}

int nst_fuzz_perform(const struct nst_fuzz_target *target, const uint8_t *data, size_t size)
{
    struct nst_sequence sequence = {0}, whole = {0};
    struct nst_judgement judgement = {0};
    struct nst_trace trace = {0};
    char why[200] = "";
    int r = nst_strace_read_lenient((const char *)data, size, &sequence, NULL);

    if (!r)
        r = nst_fuzz_run(target, &sequence, takes_twins(data, size), &whole, &trace, &judgement,
                         why);
    if (r > 0)
        nst_fuzz_guide(&trace);
    if (r == 0)
        check_text(target, &whole);
    else if (r == -EPIPE || (r > 0 && nst_fuzz_broken(&judgement) >= 0))
        nst_fuzz_finding(target, &sequence, &judgement);
    else if (r == -E2BIG)
        tell_too_big(target, why);
    else if (r < 0) {
        fprintf(stderr, "%s: %s: %s\n", target->name, why, nst_errno_name(-r));
        abort();
    }
    nst_trace_free(&trace);
    nst_sequence_free(&whole);
    nst_sequence_free(&sequence);
    return 0;
}
