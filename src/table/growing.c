/* Growing text, and a map of 64-bit ids with open addressing: what the other files of the room
 * stand on. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

void nst_growing_bytes(struct nst_growing *g, const char *bytes, size_t len)
{
    if (g->failed)
        return;
    if (g->cap - g->len < len + 1) {
        size_t cap = g->cap ? g->cap : 256;
        char *text;

        while (cap - g->len < len + 1)
            cap *= 2;
        text = realloc(g->text, cap);
        if (!text) {
            g->failed = true;
            return;
        }
        g->text = text;
        g->cap = cap;
    }
    memcpy(g->text + g->len, bytes, len);
    g->len += len;
}

void nst_growing_string(struct nst_growing *g, const char *string)
{
    nst_growing_bytes(g, string, strlen(string));
}

void nst_growing_number(struct nst_growing *g, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;

    do
        digits[--at] = (char)('0' + number % 10);
    while (number /= 10);
    nst_growing_bytes(g, digits + at, sizeof digits - at);
}

/* Bytes of the UTF-8 character at s that may be printed, or 0. Rejects overlong forms, surrogates
 * and C1 controls. */
static size_t printable(const unsigned char *s)
{
    if (s[0] < 0x80)
        return s[0] > ' ' && s[0] != 0x7f;
    if (s[0] >= 0xc2 && s[0] <= 0xdf)
        return (s[1] & 0xc0) == 0x80 && !(s[0] == 0xc2 && s[1] < 0xa0) ? 2 : 0;
    if ((s[0] & 0xf0) == 0xe0) {
        if ((s[1] & 0xc0) != 0x80 || (s[2] & 0xc0) != 0x80 || (s[0] == 0xe0 && s[1] < 0xa0) ||
            (s[0] == 0xed && s[1] >= 0xa0))
            return 0;
        /* U+2028 and U+2029 end lines, U+202A to U+202E and U+2066 to U+2069 turn them around */
        if (s[0] == 0xe2 && ((s[1] == 0x80 && s[2] >= 0xa8 && s[2] <= 0xae) ||
                             (s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9)))
            return 0;
        return 3;
    }
    if (s[0] >= 0xf0 && s[0] <= 0xf4 && (s[1] & 0xc0) == 0x80 && (s[2] & 0xc0) == 0x80 &&
        (s[3] & 0xc0) == 0x80 && !(s[0] == 0xf0 && s[1] < 0x90) && !(s[0] == 0xf4 && s[1] >= 0x90))
        return 4;
    return 0;
}

static void add_escaped(struct nst_growing *g, const char *string, bool keep_backslash)
{
    const unsigned char *s = (const unsigned char *)string;

    while (*s) {
        const unsigned char *start = s;
        size_t n;

        while (*s && (*s != '\\' || keep_backslash) && (n = printable(s)))
            s += n;
        nst_growing_bytes(g, (const char *)start, (size_t)(s - start));
        if (*s) {
            char octal[4] = {'\\', (char)('0' + (*s >> 6)), (char)('0' + (*s >> 3 & 7)),
                             (char)('0' + (*s & 7))};

            nst_growing_bytes(g, octal, sizeof octal);
            s++;
        }
    }
}

void nst_growing_escaped(struct nst_growing *g, const char *string)
{
    add_escaped(g, string, false);
}

void nst_growing_options(struct nst_growing *g, const char *string)
{
    add_escaped(g, string, true);
}

char *nst_growing_steal(struct nst_growing *g)
{
    char *text;

    nst_growing_bytes(g, "", 0);
    if (g->failed) {
        free(g->text);
        *g = (struct nst_growing){0};
        return NULL;
    }
    text = g->text;
    text[g->len] = '\0';
    *g = (struct nst_growing){0};
    return text;
}

static uint64_t mix(uint64_t x) /* the finalizer of splitmix64 */
{
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9u;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static size_t slot(const struct nst_names *names, uint64_t key)
{
    size_t at = (size_t)mix(key) & (names->cap - 1);

    while (names->key[at] && names->key[at] != key)
        at = (at + 1) & (names->cap - 1);
    return at;
}

uint64_t nst_names_get(const struct nst_names *names, uint64_t key)
{
    size_t at;

    if (!names->cap || !key)
        return 0;
    at = slot(names, key);
    return names->key[at] ? names->name[at] : 0;
}

/* Moves all keys to twice the room. false: memory ran out, and nothing changed. */
static bool grow(struct nst_names *names)
{
    const struct nst_names old = *names;
    size_t cap = old.cap ? old.cap * 2 : 64;
    uint64_t *key = calloc(cap, sizeof *key), *value = calloc(cap, sizeof *value);

    if (!key || !value) {
        free(key);
        free(value);
        return false;
    }
    names->key = key;
    names->name = value;
    names->cap = cap;
    for (size_t i = 0; i < old.cap; i++) {
        size_t at;

        if (!old.key[i])
            continue;
        at = slot(names, old.key[i]);
        key[at] = old.key[i];
        value[at] = old.name[i];
    }
    free(old.key);
    free(old.name);
    return true;
}

bool nst_names_put(struct nst_names *names, uint64_t key, uint64_t value)
{
    size_t at;

    if (names->len * 2 >= names->cap && !grow(names))
        return false;
    at = slot(names, key);
    names->key[at] = key;
    names->name[at] = value;
    names->len++;
    return true;
}

void nst_names_free(struct nst_names *names)
{
    free(names->key);
    free(names->name);
    *names = (struct nst_names){0};
}

bool nst_names_of_table(struct nst_names *names, const struct nst_table *table)
{
    for (size_t i = 0; i < table->len; i++) {
        uint64_t id = table->mount[i].id;

        if (id && !nst_names_get(names, id) && !nst_names_put(names, id, i + 1)) {
            nst_names_free(names);
            return false;
        }
    }
    return true;
}
