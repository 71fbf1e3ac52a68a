/* ns-tool pack: sequences that have each rule of the model once, for any kernel. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <ns-tool/generate.h>

#include "tool/explore.h"
#include "tool/input.h"
#include "tool/number.h"
#include "tool/pack.h"
#include "tool/tool.h"

struct packing {
    struct nst_pack pack;
    char **path;
    size_t paths;
    unsigned long depth, cases, seed;
};

enum { KEY_DEPTH = 256, KEY_CASES, KEY_SEED };

static const struct argp_option options[] = {
    {"depth", KEY_DEPTH, "N", 0, "Take what all sequences of up to N calls reach (2)", 0},
    {"cases", KEY_CASES, "N", 0, "Then what N random sequences of up to ten reach (100000)", 0},
    {"seed", KEY_SEED, "N", 0, "Of these random sequences (1)", 0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct packing *packing = state->input;

    switch (key) {
    case KEY_DEPTH:
        packing->depth = nst_parse_number(arg, state, "depth", 1, NST_EXPLORE_DEPTH_MAX);
        break;
    case KEY_CASES:
        packing->cases = nst_parse_number(arg, state, "cases", 0, 1000000000);
        break;
    case KEY_SEED:
        packing->seed = nst_parse_number(arg, state, "seed", 0, UINT32_MAX);
        break;
    case ARGP_KEY_ARGS:
        packing->pack.directory = state->argv[state->next];
        packing->path = state->argv + state->next + 1;
        packing->paths = (size_t)(state->argc - state->next - 1);
        break;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "no DIRECTORY given");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* Every sequence of the small world, the shortest first. */
static int add_explored(struct packing *packing)
{
    static const volatile bool never;
    const struct nst_world_options world = {.actors = 2};
    struct nst_explore explore = {.depth = 0};
    struct nst_explore_leak leak;
    struct nst_explore_step *step;
    int r = nst_world_make(&world, &explore.world, NULL);

    step = r ? NULL : calloc(explore.world.len, sizeof *step);
    if (!r && !step)
        r = -ENOMEM;
    if (!r)
        r = nst_explore_begin(&explore);
    for (uint32_t state = 0; !r && state < explore.level[explore.depth + 1];) {
        int steps = nst_explore_steps(&explore, state, step);

        for (int i = 0; i < steps && !r; i++) {
            struct nst_sequence sequence = {0};

            r = nst_explore_path(&explore, state, &sequence);
            if (!r)
                r = nst_sequence_append(&sequence, &explore.world.call[step[i].call].call);
            if (!r)
                r = nst_pack_add(&packing->pack, &sequence);
            nst_sequence_free(&sequence);
        }
        if (steps < 0)
            r = steps;
        state++;
        if (!r && state == explore.level[explore.depth + 1] && explore.depth + 1 < packing->depth)
            r = nst_explore_deepen(&explore, &never, &leak);
    }
    free(step);
    nst_explore_free(&explore);
    return r > 0 ? -EPROTO : r; /* a leak in the model: `explore` tells */
}

static int add_random(struct packing *packing)
{
    const struct nst_generator short_ones = {.max_calls = 10};
    int r = 0;

    for (unsigned long i = 0; i < packing->cases && !r; i++) {
        struct nst_sequence sequence = {0};

        r = nst_generate_case(packing->seed, i, &short_ones, &sequence);
        if (!r)
            r = nst_pack_add(&packing->pack, &sequence);
        nst_sequence_free(&sequence);
    }
    return r;
}

static int add_files(struct packing *packing)
{
    int status = NST_EXIT_HELD, r = 0;

    for (size_t i = 0; i < packing->paths && !status && !r; i++) {
        struct nst_read_counts counts;
        struct nst_sequence sequence = {0};

        status = nst_input_read(packing->path[i], &sequence, &counts);
        if (!status)
            r = nst_pack_add(&packing->pack, &sequence);
        nst_sequence_free(&sequence);
    }
    return status ? status
           : r    ? nst_tool_error(NST_EXIT_BROKE, r, "packing into %s", packing->pack.directory)
                  : NST_EXIT_HELD;
}

int nst_cmd_pack(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "DIRECTORY [FILE...]",
        .doc = "Writes into DIRECTORY, which is made, a short sequence for each rule of the "
               "reference model: each answer of each call, by what lies where it is made, and "
               "each row of the coverage tables, with what kernels are expected to answer. FILEs "
               "are gone through, too. No kernel is asked."};
    struct packing packing = {.depth = 2, .cases = 100000, .seed = 1};
    size_t rows = 0, reached = 0;
    int status, r;

    nst_tool_parse(&argp, argc, argv, &packing);
    if (mkdir(packing.pack.directory, 0755) < 0)
        return nst_tool_error(NST_EXIT_USAGE, errno, "making %s", packing.pack.directory);
    r = add_explored(&packing);
    if (!r)
        r = add_random(&packing);
    status = r ? nst_tool_error(NST_EXIT_BROKE, r, "packing into %s", packing.pack.directory)
               : add_files(&packing);
    for (size_t i = 0; nst_feature_groups[i]; i++)
        rows += nst_feature_groups[i]->len;
    for (size_t i = 0; i < rows; i++)
        reached += packing.pack.row[i];
    if (!status)
        printf("%zu sequences, and %zu of older kernels, for %zu rules; %zu of %zu rows of the "
               "coverage tables\n",
               packing.pack.files, packing.pack.variants, packing.pack.rules, reached, rows);
    nst_pack_free(&packing.pack);
    return status;
}
