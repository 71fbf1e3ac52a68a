/* What guides a search besides the code that ran: each byte of this section that isn't zero after
 * an input is a feature to libFuzzer (compiler-rt, FuzzerExtraCounters.cpp), which zeroes them
 * before the next one. Only with NST_GUIDE=1: ci/guidance shows that it doesn't help yet, since
 * the code that judges is covered too and tells as much. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ns-tool/coverage.h>
#include <ns-tool/novelty.h>

#include "fuzz.h"

enum { SHAPES = 1 << 8 }; /* few, as each that is new keeps an input */

static struct {
    uint8_t feature[NST_FEATURES_MAX], result[NST_CALLS][NST_ERRNO_MAX], shape[SHAPES];
} extra __attribute__((section("__libfuzzer_extra_counters"), used));

static struct {
    bool asked, guides;
    const char *file; /* NST_REACHED: where to say at the end what of the input space was reached */
    struct nst_coverage coverage;
} here;

/* Of each group, and of pairs of a call and a result. */
static void tell_reached(void)
{
    FILE *out = fopen(here.file, "we");
    size_t pairs = 0, all = 0;

    if (!out) {
        perror(here.file);
        return;
    }
    for (size_t i = 0; nst_feature_groups[i]; i++) {
        all += nst_coverage_reached(&here.coverage, i);
        fprintf(out, "%s %zu\n", nst_feature_groups[i]->name,
                nst_coverage_reached(&here.coverage, i));
    }
    for (size_t i = 0; i < NST_CALLS; i++)
        for (size_t j = 0; j < NST_ERRNO_MAX; j++)
            pairs += here.coverage.results[i][j] > 0;
    fprintf(out, "pairs %zu\nfeatures %zu\n", pairs, all);
    fclose(out);
}

static void ask(void)
{
    const char *guide = getenv("NST_GUIDE");

    here.asked = true;
    here.guides = guide && strcmp(guide, "1") == 0;
    here.file = getenv("NST_REACHED");
    if (here.file)
        atexit(tell_reached);
}

void nst_fuzz_guide(const struct nst_trace *trace)
{
    static struct nst_coverage now;

    if (!here.asked)
        ask();
    if (here.file)
        nst_coverage_add(&here.coverage, trace);
    if (!here.guides)
        return;
    memset(&now, 0, sizeof(now));
    nst_coverage_add(&now, trace);
    for (size_t i = 0; i < NST_FEATURES_MAX; i++)
        extra.feature[i] = now.hits[i] > 0;
    for (size_t i = 0; i < NST_CALLS; i++)
        for (size_t j = 0; j < NST_ERRNO_MAX; j++)
            extra.result[i][j] = now.results[i][j] > 0;
    for (size_t i = 0; i < trace->snapshots; i++)
        extra.shape[nst_novelty_of_shape(trace->snapshot[i]) % SHAPES] = 1;
}
