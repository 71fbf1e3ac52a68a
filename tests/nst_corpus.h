/* The files of corpus/, for tests that loop over them. A test's main finds them before libcheck
 * forks. What can't be found or read ends the process: then there is nothing to test. */
#ifndef NST_CORPUS_H
#define NST_CORPUS_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define NST_CORPUS_FILES 1024 /* more than corpus/ holds */

struct nst_corpus {
    char *file[NST_CORPUS_FILES]; /* owned */
    int len;
};

static inline char *nst_corpus_join(const char *folder, const char *name)
{
    char *path;

    if (asprintf(&path, "%s/%s", folder, name) < 0)
        abort();
    return path;
}

/* Adds every regular file below FOLDER, in no order. */
static inline void nst_corpus_add(struct nst_corpus *corpus, const char *folder)
{
    DIR *directory = opendir(folder);
    struct dirent *entry;

    if (!directory) {
        fprintf(stderr, "%s: %s\n", folder, strerror(errno));
        exit(1);
    }
    while ((entry = readdir(directory))) {
        struct stat status;
        char *path;

        if (entry->d_name[0] == '.' || strncmp(entry->d_name, "README", 6) == 0)
            continue;
        path = nst_corpus_join(folder, entry->d_name);
        if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
            nst_corpus_add(corpus, path);
            free(path);
        } else if (corpus->len < NST_CORPUS_FILES) {
            corpus->file[corpus->len++] = path;
        } else {
            fprintf(stderr, "%s: raise NST_CORPUS_FILES\n", path);
            exit(1);
        }
    }
    closedir(directory);
}

/* The text of the file at PATH, without a NUL in it. The caller frees it. */
static inline char *nst_corpus_read(const char *path)
{
    FILE *in = fopen(path, "re");
    char *text = NULL;
    size_t cap = 0;

    if (!in || getdelim(&text, &cap, '\0', in) < 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(1);
    }
    fclose(in);
    return text;
}

/* All below FOLDER of the source tree; ctest sets NST_SOURCE_DIR. */
static inline void nst_corpus_find(struct nst_corpus *ret_corpus, const char *folder)
{
    const char *source = getenv("NST_SOURCE_DIR");
    char *path;

    if (!source) {
        fprintf(stderr, "NST_SOURCE_DIR must name the source tree; ctest sets it\n");
        exit(1);
    }
    ret_corpus->len = 0;
    path = nst_corpus_join(source, folder);
    nst_corpus_add(ret_corpus, path);
    free(path);
    if (!ret_corpus->len) {
        fprintf(stderr, "%s/%s: no file\n", source, folder);
        exit(1);
    }
}

static inline void nst_corpus_free(struct nst_corpus *corpus)
{
    while (corpus->len)
        free(corpus->file[--corpus->len]);
}

/* The caller frees it; RET_LEN doesn't count the NUL that stands behind. */
static inline char *nst_corpus_text(const char *path, size_t *ret_len)
{
    FILE *file = fopen(path, "re");
    struct stat status;
    char *text = NULL;

    if (file && fstat(fileno(file), &status) == 0)
        text = malloc((size_t)status.st_size + 1);
    if (!text || fread(text, 1, (size_t)status.st_size, file) != (size_t)status.st_size) {
        fprintf(stderr, "%s: cannot read: %s\n", path, strerror(errno));
        exit(1);
    }
    fclose(file);
    *ret_len = (size_t)status.st_size;
    text[*ret_len] = '\0';
    return text;
}

#endif
