/* Mutants: what kills one is shrunk, and noted for the table of all. A part of props.h. */
#ifndef NST_MUTANTS_H
#define NST_MUTANTS_H

/* A line of the table of mutants, into the file that NST_MUTANTS names: property, mutant, what
 * became of it, and of its rejected case the index, the calls before and after shrinking, the tries
 * that it took and the milliseconds; between tabs. */
static inline void nst_prop_note(const struct nst_prop *prop, const char *fate, uint64_t index,
                                 const size_t numbers[4])
{
    const char *path = getenv("NST_MUTANTS"), *name = prop->property ? prop->property : "-";
    FILE *out = path ? fopen(path, "ae") : NULL;

    ck_assert_msg(!path || out, "%s: %s", path, strerror(errno));
    fprintf(stderr, "mutant %s: %s, %zu calls -> %zu, %zu tries, %zu ms\n", prop->claim, fate,
            numbers[0], numbers[1], numbers[2], numbers[3]);
    if (!out)
        return;
    fprintf(out, "%s\t%s\t%s\t%llu\t%zu\t%zu\t%zu\t%zu\n", name, prop->claim, fate,
            (unsigned long long)index, numbers[0], numbers[1], numbers[2], numbers[3]);
    ck_assert_int_eq(fclose(out), 0);
}

/* Shrinks what a mutant's case was rejected for, and notes it. */
static inline void nst_prop_killed(struct nst_prop_run *run, uint64_t index,
                                   struct nst_sequence *sequence)
{
    const struct nst_shrink_options options = {.max_tries = NST_PROP_TRIES};
    size_t numbers[4] = {sequence->len};
    struct timespec begun, ended;
    char *text;

    clock_gettime(CLOCK_MONOTONIC, &begun);
    ck_assert_int_eq(nst_shrink(sequence, nst_prop_still_fails, run, &options, &numbers[2]), 0);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    numbers[1] = sequence->len;
    numbers[3] =
        (size_t)((ended.tv_sec - begun.tv_sec) * 1000 + (ended.tv_nsec - begun.tv_nsec) / 1000000);
    nst_prop_note(run->prop, "killed", index, numbers);
    if (!run->prop->minimum)
        return;
    ck_assert_int_eq(nst_strace_print(sequence, &text, &numbers[0]), 0);
    ck_assert_msg(sequence->len == run->prop->minimum, "%zu calls, the minimum is %zu:\n%s",
                  sequence->len, run->prop->minimum, text);
    free(text);
}

#endif
