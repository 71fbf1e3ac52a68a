/* Making and unmaking tables by hand: what the model predicts is a table too. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

void nst_table_free(struct nst_table *table)
{
    int saved = errno;

    if (!table)
        return;
    free(table->mount);
    free(table->text);
    *table = (struct nst_table){0};
    errno = saved;
}

#define STRINGS 6

/* The addresses of a mount's strings. */
static void strings_of(struct nst_mount *m, char **ret_strings[STRINGS])
{
    ret_strings[0] = &m->root;
    ret_strings[1] = &m->point;
    ret_strings[2] = &m->options;
    ret_strings[3] = &m->type;
    ret_strings[4] = &m->source;
    ret_strings[5] = &m->super_options;
}

/* Room for `more` bytes behind the text; when it moves, all strings move with it. */
static int make_room(struct nst_table *table, size_t more)
{
    size_t cap = table->text_cap ? table->text_cap : 1024;
    char *text;

    if (table->text_cap - table->text_len >= more)
        return 0;
    while (cap - table->text_len < more)
        cap *= 2;
    text = malloc(cap);
    if (!text)
        return -ENOMEM;
    if (table->text_len)
        memcpy(text, table->text, table->text_len);
    for (size_t i = 0; i < table->len; i++) {
        char **strings[STRINGS];

        strings_of(&table->mount[i], strings);
        for (size_t j = 0; j < STRINGS; j++)
            *strings[j] = text + (*strings[j] - table->text);
    }
    free(table->text);
    table->text = text;
    table->text_cap = cap;
    return 0;
}

int nst_table_add(struct nst_table *table, const struct nst_mount *mount)
{
    struct nst_mount copy = *mount;
    char **strings[STRINGS];
    size_t more = 0;

    strings_of(&copy, strings);
    for (size_t j = 0; j < STRINGS; j++)
        more += (*strings[j] ? strlen(*strings[j]) : 0) + 1;
    if (table->len == table->cap) {
        size_t cap = table->cap ? table->cap * 2 : 32;
        struct nst_mount *mounts = reallocarray(table->mount, cap, sizeof *mounts);

        if (!mounts)
            return -ENOMEM;
        table->mount = mounts;
        table->cap = cap;
    }
    if (make_room(table, more))
        return -ENOMEM;
    for (size_t j = 0; j < STRINGS; j++) {
        const char *from = *strings[j] ? *strings[j] : "";
        size_t size = strlen(from) + 1;

        *strings[j] = memcpy(table->text + table->text_len, from, size);
        table->text_len += size;
    }
    table->mount[table->len++] = copy;
    return 0;
}

bool nst_ends_deleted(const char *path)
{
    static const char mark[] = "//deleted";
    size_t len = strlen(path);

    return len >= sizeof mark - 1 && !memcmp(path + len - (sizeof mark - 1), mark, sizeof mark - 1);
}
