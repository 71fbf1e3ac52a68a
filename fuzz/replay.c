/* A main for fuzz targets where there is no libFuzzer: runs LLVMFuzzerTestOneInput over each file
 * that the arguments name, directories with all that lies below them. Exit status: 0, or 2 for a
 * file that can't be read; a target that finds something aborts, after its input's name is shown.
 */

#include <errno.h>
#include <fts.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <ns-tool/sequence.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);

/* The input lies in a block of exactly its size, so that ASan sees a read past its end. */
static int replay_file(const char *path, size_t size)
{
    uint8_t *data = malloc(size ? size : 1);
    FILE *file = fopen(path, "re");

    if (!data || !file || fread(data, 1, size, file) != size) {
        fprintf(stderr, "%s: cannot read: %s\n", path, nst_errno_name(errno ? errno : EIO));
        if (file)
            fclose(file);
        free(data);
        return -1;
    }
    fclose(file);
    fprintf(stderr, "%s\n", path);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 0;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

int main(int argc, char **argv)
{
    size_t files = 0;
    int status = 0;
    FTSENT *entry;
    FTS *tree;

    if (LLVMFuzzerInitialize)
        LLVMFuzzerInitialize(&argc, &argv);
    if (argc < 2) {
        fprintf(stderr, "Usage: %s FILE|DIRECTORY...\n", argv[0]);
        return 2;
    }
    tree = fts_open(argv + 1, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    if (!tree) {
        fprintf(stderr, "%s: cannot walk: %s\n", argv[1], nst_errno_name(errno));
        return 2;
    }
    while ((entry = fts_read(tree))) {
        if (entry->fts_info == FTS_F) {
            files++;
            if (replay_file(entry->fts_accpath, (size_t)entry->fts_statp->st_size) < 0)
                status = 2;
        } else if (entry->fts_info == FTS_NS || entry->fts_info == FTS_DNR ||
                   entry->fts_info == FTS_ERR) {
            fprintf(stderr, "%s: cannot read: %s\n", entry->fts_path,
                    nst_errno_name(entry->fts_errno));
            status = 2;
        }
    }
    fts_close(tree);
    printf("%zu inputs replayed\n", files);
    return status;
}
