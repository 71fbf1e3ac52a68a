/* Prints a target's dictionary in libFuzzer's and AFL's form, made of the table of calls and of the
 * lists that the mutator draws from: dictionary TARGET. */
#include <stdio.h>
#include <string.h>

#include "fuzz.h"

/* Fields of show_mountinfo() in fs/proc_namespace.c, and what mangle() makes of bytes. */
static const char *const mountinfo[] = {" shared:1",
                                        " master:1",
                                        " propagate_from:1",
                                        " unbindable",
                                        " - ",
                                        " rw",
                                        " ro,nosuid,relatime",
                                        "\\040",
                                        "\\011",
                                        "\\012",
                                        "\\134",
                                        "\\043",
                                        "//deleted",
                                        " tmpfs none rw\n",
                                        "2 1 0:3 / /a rw shared:1 - tmpfs none rw\n",
                                        " mnt:[4026531841] ",
                                        "fuse.sshfs",
                                        NULL};

static void print_word(const char *word)
{
    if (!*word)
        return;
    putchar('"');
    for (; *word; word++)
        if (*word < ' ' || *word > '~' || *word == '"' || *word == '\\')
            printf("\\x%02x", (unsigned)(unsigned char)*word);
        else
            putchar(*word);
    puts("\"");
}

static void print_words(const char *const *word)
{
    for (; *word; word++)
        print_word(*word);
}

/* Flag sets that several calls share stand once. */
static void print_set(const struct nst_flag_set *set)
{
    static const struct nst_flag_set *seen[64];
    size_t i = 0;

    while (seen[i] && seen[i] != set)
        i++;
    if (seen[i])
        return;
    seen[i] = set;
    for (i = 0; i < set->len; i++)
        print_word(set->flag[i].name);
}

static void print_calls(void)
{
    char word[64];

    for (size_t i = 0; i < NST_CALLS; i++) {
        snprintf(word, sizeof word, "1 %s(", nst_calls[i].name);
        print_word(word);
        for (size_t j = 0; j < nst_calls[i].args; j++)
            if (nst_calls[i].arg[j].set)
                print_set(nst_calls[i].arg[j].set);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "Usage: %s TARGET\n", argv[0]);
        return 2;
    }
    if (!strcmp(argv[1], "fuzz_mountinfo")) {
        print_words(mountinfo);
        return 0;
    }
    print_calls();
    print_words((const char *const[]){"AT_FDCWD", "NULL", ") = 0\n", ") = 3\n", ", ", "|", "= ?",
                                      "\n", "1 ", "2 ", "/proc/2/ns/mnt", "/proc/self/fd/3",
                                      "<unfinished ...>", "<... ", " resumed>", "[pid ", NULL});
    print_words(nst_fuzz_path_pieces);
    print_words(nst_fuzz_option_keys);
    print_words(nst_fuzz_option_values);
    return 0;
}
