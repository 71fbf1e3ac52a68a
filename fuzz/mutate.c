/* The mutator: texts that are read leniently, changed as sequences and printed. Bytes are changed
 * too, a share of the time, as only that gets at the readers. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* libFuzzer's; elsewhere there is none. */
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

struct mutator {
    struct nst_random random;
    const struct nst_fuzz_target *target;
    struct nst_sequence sequence;
};

static uint64_t below(struct mutator *m, uint64_t n)
{
    return nst_random_below(&m->random, n);
}

static struct nst_call *draw_call(struct mutator *m)
{
    return m->sequence.len ? &m->sequence.call[below(m, m->sequence.len)] : NULL;
}

/* Of CALL a random one of the arguments that are of KIND; NULL where there is none. */
static struct nst_arg *draw_arg(struct mutator *m, struct nst_call *call, enum nst_arg_kind kind,
                                const struct nst_arg_type **ret_type)
{
    const struct nst_call_type *type = &nst_calls[call->id];
    size_t found = 0, want;

    for (size_t i = 0; i < type->args; i++)
        found += type->arg[i].kind == kind;
    if (!found)
        return NULL;
    want = below(m, found);
    for (size_t i = 0; i < type->args; i++)
        if (type->arg[i].kind == kind && !want--) {
            *ret_type = &type->arg[i];
            return &call->arg[i];
        }
    return NULL;
}

/* As draw_arg(), of any call. */
static struct nst_arg *find_arg(struct mutator *m, enum nst_arg_kind kind,
                                const struct nst_arg_type **ret_type)
{
    struct nst_arg *arg = NULL;

    for (int tries = 0; m->sequence.len && !arg && tries < 16; tries++)
        arg = draw_arg(m, draw_call(m), kind, ret_type);
    return arg;
}

/* A copy that lives as long as the sequence; without memory, NULL is a string too. */
static const char *keep(struct mutator *m, const char *text)
{
    return nst_sequence_string(&m->sequence, text, strlen(text));
}

static void change_calls(struct mutator *m)
{
    if (nst_mutate(&m->random, &m->sequence) < 0)
        abort();
}

static void splice(struct mutator *m)
{
    struct nst_sequence made = {0}, both = {0};
    bool first = below(m, 2);

    if (nst_generate(&m->random, &m->target->generator, &made) < 0 ||
        nst_crossover(&m->random, first ? &made : &m->sequence, first ? &m->sequence : &made,
                      &both) < 0)
        abort();
    nst_sequence_free(&made);
    nst_sequence_free(&m->sequence);
    m->sequence = both;
}

static void change_flags(struct mutator *m)
{
    const struct nst_arg_type *type;
    struct nst_arg *arg = find_arg(m, NST_ARG_FLAGS, &type);

    if (!arg)
        return;
    switch (below(m, 8)) {
    case 0:
        arg->num = 0;
        break;
    case 1:
        arg->num ^= UINT64_C(1) << below(m, 64);
        break;
    case 2:
        arg->num ^= UINT64_C(1) << below(m, 32);
        break;
    case 3:
        arg->num = type->set->flag[below(m, type->set->len)].value;
        break;
    case 4:
        arg->num |= type->set->flag[below(m, type->set->len)].value |
                    type->set->flag[below(m, type->set->len)].value;
        break;
    default:
        arg->num ^= type->set->flag[below(m, type->set->len)].value;
        break;
    }
}

static void change_path(struct mutator *m)
{
    char text[NST_FUZZ_STRING];
    struct nst_call *call = draw_call(m);
    const struct nst_arg_type *type;
    struct nst_arg *arg;

    if (!call)
        return;
    if (call->id == NST_CALL_MOUNT && below(m, 2))
        arg = &call->arg[0]; /* a bind's source is a path that the table calls a string */
    else
        arg = draw_arg(m, call, NST_ARG_PATH, &type);
    if (!arg)
        return;
    nst_fuzz_draw_path(&m->random, arg->str, text);
    arg->str = keep(m, text);
}

/* PATH with each component OLD of LEN bytes replaced by NEW; false where none is. */
static bool replace(const char *path, const char *old, size_t len, const char *new, char *ret_text)
{
    bool replaced = false;
    char *to = ret_text;

    for (const char *at = path; *at;) {
        size_t component = strcspn(at, "/"), gap;
        bool is = component == len && !memcmp(at, old, len);
        const char *from = is ? new : at;
        size_t size = is ? strlen(new) : component;

        gap = strspn(at + component, "/");
        if ((size_t)(to - ret_text) + size + gap >= NST_FUZZ_STRING)
            return false;
        to = mempcpy(mempcpy(to, from, size), at + component, gap);
        replaced |= is;
        at += component + gap;
    }
    *to = '\0';
    return replaced;
}

static void replace_all(struct mutator *m, const char *old, size_t len, const char *new)
{
    char text[NST_FUZZ_STRING];

    for (size_t i = 0; i < m->sequence.len; i++) {
        struct nst_call *call = &m->sequence.call[i];

        for (size_t j = 0; j < nst_calls[call->id].args; j++)
            if (call->arg[j].str && replace(call->arg[j].str, old, len, new, text))
                call->arg[j].str = keep(m, text);
    }
}

static bool makes_name(const struct nst_call *call, const char **ret_path)
{
    bool second =
        call->id == NST_CALL_MKDIRAT || call->id == NST_CALL_SYMLINK || call->id == NST_CALL_RENAME;

    *ret_path = call->id == NST_CALL_MKDIR       ? call->arg[0].str
                : second                         ? call->arg[1].str
                : call->id == NST_CALL_RENAMEAT2 ? call->arg[3].str
                                                 : NULL;
    return *ret_path && **ret_path;
}

/* A name that some call makes becomes another, everywhere. */
static void rename_all(struct mutator *m)
{
    char name[NST_FUZZ_STRING], old[NST_FUZZ_STRING];
    const char *path;

    for (int tries = 0; m->sequence.len && tries < 16; tries++) {
        if (!makes_name(draw_call(m), &path) || strlen(path) >= sizeof old)
            continue;
        strcpy(old, path);
        for (size_t len = strlen(old); len > 1 && old[len - 1] == '/'; len--)
            old[len - 1] = '\0';

        const char *last = strrchr(old, '/') ? strrchr(old, '/') + 1 : old;

        nst_fuzz_draw_name(&m->random, name);
        if (*last)
            replace_all(m, last, strlen(last), name);
        return;
    }
}

static void append(struct mutator *m, const struct nst_call *call)
{
    if (nst_sequence_append(&m->sequence, call) == -ENOMEM)
        abort();
}

static void place(struct mutator *m)
{
    static const char *const parents[] = {"/mnt", "/a", "/tmp", "/b"};
    const struct nst_call *call = draw_call(m);
    uint32_t actor = call ? call->actor : 1;
    char path[2 * NST_FUZZ_STRING];
    size_t len = (size_t)sprintf(path, "%s/", parents[below(m, 4)]);

    nst_fuzz_draw_name(&m->random, path + len);
    append(m, &(struct nst_call){
                  .id = NST_CALL_MKDIR, .actor = actor, .arg = {{.str = path}, {.num = 0755}}});
    append(m, &(struct nst_call){
                  .id = NST_CALL_MOUNT,
                  .actor = actor,
                  .arg = {{.str = "tmpfs"}, {.str = path}, {.str = "tmpfs"}, {0}, {0}}});
    if (below(m, 2))
        append(m, &(struct nst_call){
                      .id = NST_CALL_UMOUNT2, .actor = actor, .arg = {{.str = path}, {0}}});
}

static const char *draw_word(struct mutator *m, const char *const *words)
{
    size_t len = 0;

    while (words[len])
        len++;
    return words[below(m, len)];
}

/* A mount of one of the file systems, with some options, on one of a few places. */
static void place_options(struct mutator *m)
{
    static const char *const places[] = {"/mnt", "/a", "/b", "/d"};
    const char *type = draw_word(m, nst_fuzz_types);
    char text[NST_FUZZ_STRING];

    nst_fuzz_draw_options(&m->random, NULL, text);
    append(
        m,
        &(struct nst_call){
            .id = NST_CALL_MOUNT,
            .actor = m->sequence.len ? m->sequence.call[0].actor : 1,
            .arg = {
                {.str = type}, {.str = places[below(m, 4)]}, {.str = type}, {0}, {.str = text}}});
}

static bool takes_options(const struct nst_call *call)
{
    return call->id == NST_CALL_MOUNT || call->id == NST_CALL_FSCONFIG ||
           call->id == NST_CALL_FSOPEN;
}

static void change_options(struct mutator *m)
{
    struct nst_call *call = draw_call(m);
    char text[NST_FUZZ_STRING];

    for (int tries = 0; call && tries < 16 && !takes_options(call); tries++)
        call = draw_call(m);
    if (!call || !takes_options(call) || !below(m, 4)) {
        place_options(m);
    } else if (call->id == NST_CALL_MOUNT && below(m, 4)) {
        nst_fuzz_draw_options(&m->random, call->arg[4].str, text);
        call->arg[4].str = keep(m, text);
    } else if (call->id == NST_CALL_MOUNT) {
        call->arg[2].str = keep(m, draw_word(m, nst_fuzz_types));
    } else if (call->id == NST_CALL_FSOPEN) {
        call->arg[0].str = keep(m, draw_word(m, nst_fuzz_types));
    } else if (below(m, 2)) {
        call->arg[2].str = keep(m, draw_word(m, nst_fuzz_option_keys));
    } else {
        call->arg[3].str = keep(m, draw_word(m, nst_fuzz_option_values));
    }
}

static void (*const ways[NST_FUZZ_WAYS])(struct mutator *) = {
    [NST_FUZZ_CALLS] = change_calls,    [NST_FUZZ_SPLICE] = splice,
    [NST_FUZZ_FLAGS] = change_flags,    [NST_FUZZ_PATHS] = change_path,
    [NST_FUZZ_RENAME] = rename_all,     [NST_FUZZ_PLACE] = place,
    [NST_FUZZ_OPTIONS] = change_options};

static enum nst_fuzz_way draw_way(struct mutator *m)
{
    uint64_t total = 0, draw;
    size_t way = 0;

    for (size_t i = 0; i < NST_FUZZ_WAYS; i++)
        total += m->target->weight[i];
    draw = below(m, total);
    while (draw >= m->target->weight[way])
        draw -= m->target->weight[way++];
    return (enum nst_fuzz_way)way;
}

/* What the target wouldn't perform isn't kept. */
static void pin(struct mutator *m)
{
    for (size_t i = m->sequence.len; m->target->pin && i--;)
        if (!m->target->pin(&m->sequence.call[i]))
            nst_sequence_remove(&m->sequence, i, 1);
}

/* Prints into OUT; calls go, wherever they stand, until the rest fits. */
static size_t print(struct mutator *m, uint8_t *out, size_t max_size)
{
    char *text;
    size_t len;

    pin(m);
    for (;;) {
        if (nst_strace_print(&m->sequence, &text, &len) < 0)
            abort();
        if (len <= max_size)
            break;
        free(text);
        nst_sequence_remove(&m->sequence, below(m, m->sequence.len), 1);
    }
    memcpy(out, text, len);
    free(text);
    nst_sequence_free(&m->sequence);
    return len;
}

/* One byte overwritten, put in or taken away: for engines that have no mutator of their own. */
static size_t change_byte(struct mutator *m, uint8_t *data, size_t size, size_t max_size)
{
    size_t at = below(m, size);

    if (size < max_size && (!size || below(m, 2))) {
        memmove(data + at + 1, data + at, size - at);
        data[at] = (uint8_t)below(m, 256);
        return size + 1;
    }
    if (size > 1 && below(m, 2)) {
        memmove(data + at, data + at + 1, size - at - 1);
        return size - 1;
    }
    if (size)
        data[at] = (uint8_t)below(m, 256);
    return size;
}

size_t nst_fuzz_mutate(const struct nst_fuzz_target *target, uint8_t *data, size_t size,
                       size_t max_size, unsigned seed)
{
    struct mutator m = {.target = target};
    enum nst_fuzz_way way;

    nst_random_seed(&m.random, seed);
    way = draw_way(&m);
    if (way == NST_FUZZ_BYTES && LLVMFuzzerMutate)
        return LLVMFuzzerMutate(data, size, max_size);
    if (way == NST_FUZZ_BYTES)
        return change_byte(&m, data, size, max_size);
    if (nst_strace_read_lenient((const char *)data, size, &m.sequence, NULL) < 0)
        abort();
    if (!m.sequence.len)
        splice(&m);
    for (uint64_t changes = 1 + below(&m, 3); changes; changes--) {
        ways[way](&m);
        do
            way = draw_way(&m);
        while (way == NST_FUZZ_BYTES);
    }
    return print(&m, data, max_size);
}

size_t nst_fuzz_cross(const struct nst_fuzz_target *target, const uint8_t *a, size_t a_size,
                      const uint8_t *b, size_t b_size, uint8_t *out, size_t max_size, unsigned seed)
{
    struct mutator m = {.target = target};
    struct nst_sequence first = {0}, second = {0};

    nst_random_seed(&m.random, seed);
    if (nst_strace_read_lenient((const char *)a, a_size, &first, NULL) < 0 ||
        nst_strace_read_lenient((const char *)b, b_size, &second, NULL) < 0 ||
        nst_crossover(&m.random, &first, &second, &m.sequence) < 0)
        abort();
    nst_sequence_free(&second);
    nst_sequence_free(&first);
    return print(&m, out, max_size);
}
