/* xoshiro256** 1.0 and splitmix64: David Blackman and Sebastiano Vigna, public domain. */
#include <ns-tool/generate.h>

static uint64_t rotate(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

void nst_random_seed(struct nst_random *random, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        random->state[i] = z ^ z >> 31;
    }
}

static uint64_t next(struct nst_random *random)
{
    uint64_t *s = random->state, result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

uint64_t nst_random_below(struct nst_random *random, uint64_t n)
{
    if (n < 2)
        return 0;

    uint64_t uneven = -n % n, draw; /* 2^64 modulo n: so many draws would favour small results */

    do
        draw = next(random);
    while (draw < uneven);
    return draw % n;
}
