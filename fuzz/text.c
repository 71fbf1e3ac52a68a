/* What holds of text without a kernel, and telling where it doesn't. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static bool broken(char *why, const char *what, const char *text)
{
    snprintf(why, NST_FUZZ_WHY, "%s: %.400s", what, text ? text : "");
    return false;
}

/* SEQUENCE is whole, and its text reads as itself. */
static bool check_sequence(const struct nst_sequence *sequence, const char *who, char *why)
{
    struct nst_sequence again = {0};
    struct nst_read_error error = {0};
    char *once = NULL, *twice = NULL;
    size_t once_len, twice_len;
    bool holds = true;

    if (!nst_sequence_valid(sequence))
        return broken(why, "a sequence that isn't whole comes from", who);
    if (nst_strace_print(sequence, &once, &once_len) < 0)
        abort();
    if (nst_strace_read(once, once_len, &again, NULL, &error) < 0)
        holds = broken(why, "what is printed isn't read", error.message);
    else if (nst_strace_print(&again, &twice, &twice_len) < 0)
        abort();
    else if (once_len != twice_len || memcmp(once, twice, once_len) != 0)
        holds = broken(why, "what is printed reads as something else", once);
    free(twice);
    free(once);
    nst_sequence_free(&again);
    return holds;
}

/* The strict reader reads the same as the lenient one, or says where it can't. */
static bool check_strict(const char *text, size_t len, const struct nst_sequence *lenient,
                         const struct nst_read_counts *counts, char *why)
{
    struct nst_sequence strict = {0};
    struct nst_read_error error = {0};
    bool holds = true;
    int r = nst_strace_read(text, len, &strict, NULL, &error);

    if (r == 0 && (counts->dropped || strict.len != lenient->len))
        holds = broken(why, "the lenient reader drops what the strict one reads", "");
    else if (r < 0 && (!error.line || !error.column || !*error.message || strict.len))
        holds = broken(why, "the strict reader fails at no place", error.message);
    nst_sequence_free(&strict);
    return holds;
}

static uint64_t hash(const char *text, size_t len)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    return h;
}

/* Generator, mutator and crossover, drawn from the text's hash. */
static bool check_made(struct nst_random *random, struct nst_sequence *sequence, char *why)
{
    struct nst_sequence made = {0}, cross = {0};
    bool holds = true;

    for (int i = 0; holds && i < 4; i++) {
        if (nst_mutate(random, sequence) < 0)
            abort();
        holds = check_sequence(sequence, "nst_mutate", why);
    }
    if (nst_generate(random, NULL, &made) < 0 || nst_crossover(random, sequence, &made, &cross) < 0)
        abort();
    holds = holds && check_sequence(&made, "nst_generate", why) &&
            check_sequence(&cross, "nst_crossover", why);
    nst_sequence_free(&cross);
    nst_sequence_free(&made);
    return holds;
}

bool nst_fuzz_check_text(const char *text, size_t len, char *why)
{
    struct nst_sequence sequence = {0};
    struct nst_read_counts counts = {0};
    struct nst_random random;
    bool holds;

    if (nst_strace_read_lenient(text, len, &sequence, &counts) < 0)
        abort();
    nst_random_seed(&random, hash(text, len));
    holds = check_sequence(&sequence, "nst_strace_read_lenient", why) &&
            check_strict(text, len, &sequence, &counts, why) && check_made(&random, &sequence, why);
    nst_sequence_free(&sequence);
    return holds;
}

/* Takes away chunks, the large ones first, as long as CHECK stays broken; in place. Returns what
 * is left of SIZE. */
static size_t shrink(nst_fuzz_check check, char *text, size_t size, char *why)
{
    char *less = malloc(size + 1), said[NST_FUZZ_WHY];

    if (!less)
        return size;
    for (size_t chunk = size; chunk; chunk = chunk / 2)
        for (size_t at = 0; at + chunk <= size;) {
            memcpy(less, text, at);
            memcpy(less + at, text + at + chunk, size - at - chunk);
            *said = '\0';
            if (check(less, size - chunk, said)) {
                at += chunk;
                continue;
            }
            size -= chunk;
            memcpy(text, less, size);
            strcpy(why, said);
        }
    free(less);
    return size;
}

void nst_fuzz_hold(const char *name, nst_fuzz_check check, const uint8_t *data, size_t size)
{
    char why[NST_FUZZ_WHY] = "", *text;

    if (check((const char *)data, size, why))
        return;
    text = malloc(size + 1);
    if (!text)
        abort();
    memcpy(text, data, size);
    size = shrink(check, text, size, why);
    fprintf(stderr, "\n== %s: %s\nto repeat it:\nprintf '", name, why);
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c >= ' ' && c < 0x7f && !strchr("'\\%", c))
            fputc(c, stderr);
        else
            fprintf(stderr, "\\%03o", c);
    }
    fprintf(stderr, "' >input && %s_replay input\n", name);
    abort();
}
