/* What guides a search besides the code that ran: each byte of this section that isn't zero after
 * an input is a feature to libFuzzer (compiler-rt, FuzzerExtraCounters.cpp), which zeroes them
 * before the next one. In our builds for libFuzzer they stand for the edges of the code that
 * judges, which aren't counted there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ns-tool/coverage.h>
#include <ns-tool/novelty.h>

#include "fuzz.h"

enum {
    STEPS = 1 << 13,
    SHAPES = 1 << 8, /* few, as each that is new keeps an input */
    SEEN = 1 << 20
};

static struct {
    uint8_t step[STEPS], shape[SHAPES], kernel_edge[NST_KERNEL_EDGES];
} extra __attribute__((section("__libfuzzer_extra_counters"), used));

/* Of SEEN the first half. */
struct seen {
    uint64_t hash[SEEN];
    size_t len;
};

static struct {
    bool asked, guides, guides_by_kernel;
    const char *file; /* NST_REACHED: where to say at the end what of the input space was reached */
    struct nst_coverage coverage;
    struct seen step, shape;
    bool kernel_edge[NST_KERNEL_EDGES];
    size_t kernel_edges;
} here;

static void see(struct seen *seen, uint64_t hash)
{
    size_t at = hash % SEEN;

    while (seen->hash[at] && seen->hash[at] != hash)
        at = (at + 1) % SEEN;
    if (!hash || seen->hash[at] || seen->len == SEEN / 2)
        return;
    seen->hash[at] = hash;
    seen->len++;
}

/* Of each group of features; and how many different steps and shapes there were. */
static void tell_reached(void)
{
    FILE *out = fopen(here.file, "we");
    size_t all = 0;

    if (!out) {
        perror(here.file);
        return;
    }
    for (size_t i = 0; nst_feature_groups[i]; i++) {
        all += nst_coverage_reached(&here.coverage, i);
        fprintf(out, "%s %zu\n", nst_feature_groups[i]->name,
                nst_coverage_reached(&here.coverage, i));
    }
    fprintf(out, "features %zu\nsteps %zu\nshapes %zu\n", all, here.step.len, here.shape.len);
    if (here.kernel_edges)
        fprintf(out, "kernel edges %zu\n", here.kernel_edges);
    fclose(out);
}

static void ask(void)
{
    const char *guide = getenv("NST_GUIDE");

    here.asked = true;
    here.guides = !guide || strcmp(guide, "0") != 0;
    here.guides_by_kernel = here.guides && !(guide && !strcmp(guide, "steps"));
    here.file = getenv("NST_REACHED");
    if (here.file)
        atexit(tell_reached);
}

/* Where the kernel tells its own coverage. */
static void guide_by_kernel(const uint8_t *edge)
{
    for (size_t i = 0; i < NST_KERNEL_EDGES; i++) {
        if (!edge[i])
            continue;
        if (here.guides_by_kernel)
            extra.kernel_edge[i] = 1;
        here.kernel_edges += !here.kernel_edge[i];
        here.kernel_edge[i] = true;
    }
}

void nst_fuzz_guide(const struct nst_trace *trace)
{
    if (!here.asked)
        ask();
    if (!here.guides && !here.file)
        return;
    if (here.file)
        nst_coverage_add(&here.coverage, trace);
    for (size_t i = 0; i < trace->len; i++) {
        uint64_t hash = nst_novelty_of_step(trace, i);

        if (here.guides && hash)
            extra.step[hash % STEPS] = 1;
        if (here.file)
            see(&here.step, hash);
    }
    for (size_t i = 0; i < trace->snapshots; i++) {
        uint64_t hash = nst_novelty_of_shape(trace->snapshot[i]);

        if (here.guides)
            extra.shape[hash % SHAPES] = 1;
        if (here.file)
            see(&here.shape, hash);
    }
    if (trace->kernel_edge)
        guide_by_kernel(trace->kernel_edge);
}
