/* A sequence owns its calls and, in a list of chunks, the strings that they point to. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ns-tool/sequence.h>

struct nst_string {
    struct nst_string *next;
    char text[];
};

void nst_sequence_free(struct nst_sequence *sequence)
{
    while (sequence->strings) {
        struct nst_string *next = sequence->strings->next;

        free(sequence->strings);
        sequence->strings = next;
    }
    free(sequence->call);
    *sequence = (struct nst_sequence){0};
}

const char *nst_sequence_string(struct nst_sequence *sequence, const char *text, size_t len)
{
    struct nst_string *string = malloc(sizeof *string + len + 1);

    if (!string)
        return NULL;
    memcpy(string->text, text, len);
    string->text[len] = '\0';
    string->next = sequence->strings;
    sequence->strings = string;
    return string->text;
}

static bool actor_is_new(const struct nst_sequence *sequence, size_t before, uint32_t actor)
{
    for (size_t i = 0; i < before; i++) {
        const struct nst_call *call = &sequence->call[i];

        if (call->actor == actor)
            return false;
        if (nst_calls[call->id].returns == NST_RETURNS_ACTOR && call->expect.kind == NST_SUCCEEDS &&
            call->expect.value == (int64_t)actor)
            return false;
    }
    return true;
}

size_t nst_sequence_actors(const struct nst_sequence *sequence)
{
    uint32_t seen[NST_ACTORS_MAX + 1];
    size_t len = 0;

    for (size_t i = 0; i < sequence->len && len <= NST_ACTORS_MAX; i++) {
        const struct nst_call *call = &sequence->call[i];
        uint32_t name[2] = {call->actor, call->actor};

        if (nst_calls[call->id].returns == NST_RETURNS_ACTOR && call->expect.kind == NST_SUCCEEDS)
            name[1] = (uint32_t)call->expect.value;
        for (size_t n = 0; n < 2 && len <= NST_ACTORS_MAX; n++) {
            size_t at = 0;

            while (at < len && seen[at] != name[n])
                at++;
            if (at == len)
                seen[len++] = name[n];
        }
    }
    return len;
}

int nst_sequence_append(struct nst_sequence *sequence, const struct nst_call *call)
{
    struct nst_call copy = *call;

    if (sequence->len >= NST_CALLS_MAX)
        return -E2BIG;
    if (sequence->len == sequence->cap) {
        size_t cap = sequence->cap ? 2 * sequence->cap : 16;
        struct nst_call *grown = realloc(sequence->call, cap * sizeof *grown);

        if (!grown)
            return -ENOMEM;
        sequence->call = grown;
        sequence->cap = cap;
    }
    for (size_t i = 0; i < nst_calls[call->id].args; i++) {
        if (!call->arg[i].str)
            continue;
        size_t len = strlen(call->arg[i].str);

        if (len > NST_STRING_MAX)
            return -E2BIG;
        copy.arg[i].str = nst_sequence_string(sequence, call->arg[i].str, len);
        if (!copy.arg[i].str)
            return -ENOMEM;
    }
    bool grows = actor_is_new(sequence, sequence->len, call->actor) ||
                 nst_calls[call->id].returns == NST_RETURNS_ACTOR;

    sequence->call[sequence->len++] = copy;
    if (grows && nst_sequence_actors(sequence) > NST_ACTORS_MAX) {
        sequence->len--;
        return -E2BIG;
    }
    return 0;
}

void nst_sequence_remove(struct nst_sequence *sequence, size_t at, size_t len)
{
    memmove(&sequence->call[at], &sequence->call[at + len],
            (sequence->len - at - len) * sizeof *sequence->call);
    sequence->len -= len;
}

int nst_sequence_copy(const struct nst_sequence *sequence, struct nst_sequence *ret_copy)
{
    for (size_t i = 0; i < sequence->len; i++) {
        int r = nst_sequence_append(ret_copy, &sequence->call[i]);

        if (r < 0) {
            nst_sequence_free(ret_copy);
            return r;
        }
    }
    return 0;
}

bool nst_sequence_valid(const struct nst_sequence *sequence)
{
    if (sequence->len > NST_CALLS_MAX || nst_sequence_actors(sequence) > NST_ACTORS_MAX)
        return false;
    for (size_t i = 0; i < sequence->len; i++) {
        const struct nst_call *call = &sequence->call[i];

        if ((unsigned)call->id >= NST_CALLS)
            return false;
        for (size_t n = 0; n < nst_calls[call->id].args; n++)
            if (call->arg[n].str && strlen(call->arg[n].str) > NST_STRING_MAX)
                return false;
    }
    return true;
}
