/* Files of src/ that go with the library as bytes. */
#ifndef NST_EMBED_H
#define NST_EMBED_H

/* Declares NAME and NAME_end, around the bytes of FILE, a path below NST_SOURCE, and a NUL behind
 * them. */
#define NST_EMBED(name, file) NST_EMBED_AT(name, NST_SOURCE "/" file)
#define NST_EMBED_AT(name, path)                                                                   \
    __asm__(".pushsection .rodata\n" #name ":\n"                                                   \
            ".incbin \"" path "\"\n" #name "_end:\n"                                               \
            ".byte 0\n"                                                                            \
            ".popsection\n");                                                                      \
    extern const char name[] __attribute__((visibility("hidden")));                                \
    extern const char name##_end[] __attribute__((visibility("hidden")));

/* How many bytes those are, without the NUL. */
#define NST_EMBED_SIZE(name) ((size_t)(name##_end - (name)))

#endif
