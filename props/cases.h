/* The cases of a claim: random sequences, or planted ones. A part of props.h. */
#ifndef NST_CASES_H
#define NST_CASES_H

/* How many cases of PROP to try; a mutant's may only become more. */
static inline uint64_t nst_prop_cases(const struct nst_prop *prop)
{
    const char *given = getenv("NST_CASES"), *profile = getenv("NST_PROFILE");
    uint64_t own = prop->cases    ? prop->cases
                   : prop->broken ? (prop->calls ? 100 : 3000)
                                  : 300,
             cases = own;

    if (given)
        cases = strtoull(given, NULL, 0);
    else if (profile && !strcmp(profile, "nightly"))
        cases *= NST_PROP_NIGHTLY;
    else if (profile && !strcmp(profile, "ci"))
        cases = (cases + 2) / 3;
    else
        ck_assert_msg(!profile, "NST_PROFILE is ci or nightly");
    return prop->broken && cases < own ? own : cases;
}

/* Calls that change no table and take away nothing. */
static const uint32_t nst_prop_quiet[NST_CALLS] = {
    [NST_CALL_MKDIR] = 3, [NST_CALL_OPEN] = 3,   [NST_CALL_OPENAT] = 1, [NST_CALL_CLOSE] = 3,
    [NST_CALL_CHDIR] = 3, [NST_CALL_FCHDIR] = 1, [NST_CALL_FORK] = 1,   [NST_CALL_SYMLINK] = 1};

/* Spreads what the claim plants over quiet calls. */
static inline void nst_prop_plant(const struct nst_prop *prop, struct nst_random *random,
                                  struct nst_sequence *ret_sequence)
{
    struct nst_generator generator = {.max_calls = 40};
    struct nst_sequence plant = {0};
    size_t next = 0;

    memcpy(generator.weight, nst_prop_quiet, sizeof generator.weight);
    ck_assert_int_eq(nst_strace_read(prop->plant, strlen(prop->plant), &plant, NULL, NULL), 0);
    while (ret_sequence->len < prop->calls) {
        struct nst_sequence part = {0};

        ck_assert_int_eq(nst_generate(random, &generator, &part), 0);
        for (size_t i = 0; i < part.len && ret_sequence->len < prop->calls; i++) {
            size_t place = (next + 1) * prop->calls / (plant.len + 2);

            if (next < plant.len && ret_sequence->len >= place)
                ck_assert_int_eq(nst_sequence_append(ret_sequence, &plant.call[next++]), 0);
            ck_assert_int_eq(nst_sequence_append(ret_sequence, &part.call[i]), 0);
        }
        nst_sequence_free(&part);
    }
    ck_assert_uint_eq(next, plant.len);
    nst_sequence_free(&plant);
}

/* One random sequence, or as many as give the claim's calls. */
static inline void nst_prop_generate(const struct nst_prop *prop, struct nst_random *random,
                                     const struct nst_generator *generator,
                                     struct nst_sequence *ret_sequence)
{
    if (prop->plant) {
        nst_prop_plant(prop, random, ret_sequence);
        return;
    }
    do {
        struct nst_sequence part = {0};
        size_t wanted = prop->calls ? prop->calls - ret_sequence->len : SIZE_MAX;

        ck_assert_int_eq(nst_generate(random, generator, &part), 0);
        for (size_t i = 0; i < part.len && i < wanted; i++)
            ck_assert_int_eq(nst_sequence_append(ret_sequence, &part.call[i]), 0);
        nst_sequence_free(&part);
    } while (ret_sequence->len < prop->calls);
    if (prop->split)
        prop->split(ret_sequence);
}

#endif
