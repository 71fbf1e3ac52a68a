/* The reference model: calls a second on one core, of random sequences, of the seed's, and states
 * that are gone through when it is explored. */
#include "bench.h"

#include <stdio.h>

#include <ns-tool/generate.h>
#include <ns-tool/model.h>

enum { SEQUENCES = 2000, ROUNDS = 5 };

/* Performs SEQUENCE, a state's hash after each call if HASHED. Returns how many calls. */
static size_t perform(const struct nst_sequence *sequence, bool hashed)
{
    struct nst_model_answer answer;
    struct nst_model *model;
    uint64_t hash[2];
    size_t i = 0;

    if (nst_model_new(NULL, &model) < 0)
        return 0;
    while (i < sequence->len && nst_model_call(model, &sequence->call[i], &answer) == 0 &&
           (!hashed || nst_model_hash(model, hash) == 0))
        i++;
    nst_model_free(model);
    return i;
}

/* Calls a second; negative: no memory. */
static double rate(struct nst_sequence *sequence, bool hashed)
{
    double begin = bench_now();
    size_t calls = 0;

    for (size_t i = 0; i < SEQUENCES; i++)
        calls += perform(&sequence[i], hashed);
    return calls ? (double)calls / (bench_now() - begin) : -1;
}

static bool print_rate(const char *what, struct nst_sequence *sequence, bool hashed,
                       const char *goal)
{
    double rates[ROUNDS];

    for (int i = 0; i < ROUNDS; i++)
        rates[i] = rate(sequence, hashed);
    printf("  %-44s %8.2f million calls a second   %s\n", what, bench_median(rates, ROUNDS) / 1e6,
           goal);
    return rates[0] > 0;
}

bool bench_model(void)
{
    static struct nst_sequence sequence[SEQUENCES];
    bool whole = true;

    puts("\nthe reference model, one core");
    for (size_t i = 0; i < SEQUENCES && whole; i++)
        whole = nst_generate_case(1, i, NULL, &sequence[i]) == 0;
    whole = whole && print_rate("random sequences", sequence, false, "goal 1");
    whole = whole && print_rate("the same, each state's form hashed", sequence, true, "");
    for (size_t i = 0; i < SEQUENCES; i++)
        nst_sequence_free(&sequence[i]);
    return whole;
}
