/* Mount tables: reading mountinfo beside libmount, and 10,000 mounts. The text stands in a memfd,
 * so that what is measured is reading, not the kernel's writing of it. */
#include "bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#ifdef NST_HAVE_MOUNT
#include <libmount.h>
#endif

#include <ns-tool/table.h>

#define MOUNTS 10000
#define PIECES 51

/* A table of some thousand containers: MOUNTS mounts, three levels deep, in peer groups, its ids
 * from FIRST on. Returns a memfd or -1. */
static int make_table(unsigned first, unsigned mounts)
{
    int fd = memfd_create("mountinfo", MFD_CLOEXEC);
    FILE *out = fd < 0 ? NULL : fdopen(dup(fd), "w");

    if (!out)
        return -1;
    fprintf(out, "%u 1 254:1 / / rw,relatime shared:%u - ext4 /dev/root rw\n", first, first);
    for (unsigned i = 1; i < mounts; i++) {
        unsigned parent = i < 100 ? 0 : i < 1000 ? i % 99 + 1 : i % 900 + 100;

        fprintf(out,
                "%u %u 0:%u / /run/containers/%u/rootfs/volume%u rw,nosuid,nodev,relatime "
                "shared:%u master:%u - tmpfs tmpfs rw,size=1024k,mode=755,inode64\n",
                first + i, first + parent, 30 + i, parent, i, first + i, first + i % 50);
    }
    if (fclose(out)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Seconds of one reading, of TIMES in a row; negative: failed. */
static double read_ours(int fd, unsigned times)
{
    double start = bench_now();

    for (unsigned i = 0; i < times; i++) {
        struct nst_table table = {0};

        if (nst_table_read_mountinfo_fd(fd, &table) < 0)
            return -1;
        nst_table_free(&table);
    }
    return (bench_now() - start) / times;
}

static double read_libmount(int fd, unsigned times)
{
#ifdef NST_HAVE_MOUNT
    char path[40];
    double start = bench_now();

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    for (unsigned i = 0; i < times; i++) {
        struct libmnt_table *table = mnt_new_table_from_file(path);

        if (!table)
            return -1;
        mnt_unref_table(table);
    }
    return (bench_now() - start) / times;
#else
    (void)fd;
    (void)times;
    return -1;
#endif
}

/* Turns about in short pieces, whose middle ones count: what interrupts takes few of them. */
static bool print_reading(const char *what, int fd, unsigned times)
{
    double ours[PIECES], theirs[PIECES];

    for (unsigned i = 0; i < PIECES; i++) {
        ours[i] = fd < 0 ? -1 : read_ours(fd, times);
        theirs[i] = fd < 0 ? -1 : read_libmount(fd, times);
        if (ours[i] < 0 || theirs[i] < 0) {
            printf("  %-44s not there\n", what);
            return false;
        }
    }

    double our = bench_median(ours, PIECES), their = bench_median(theirs, PIECES);

    printf("  %-44s %8.2fx   goal 10  (%.0f us, libmount %.0f us)\n", what, their / our, our * 1e6,
           their * 1e6);
    return true;
}

static void ignore_change(void *ctx, const struct nst_change *change)
{
    (void)change;
    ++*(size_t *)ctx;
}

/* Reads the table in FD and holds it against BEFORE. Milliseconds; negative: failed. */
static double read_and_compare(int fd, const struct nst_table *before, bool meaning)
{
    struct nst_table after = {0};
    double start = bench_now(), took;
    size_t changes = 0;
    bool right;

    if (nst_table_read_mountinfo_fd(fd, &after) < 0)
        return -1;
    if (meaning)
        right = nst_tables_equivalent(before, &after);
    else
        right = nst_table_diff(before, &after, ignore_change, &changes) == 0 && changes == 0;
    took = (bench_now() - start) * 1e3;
    nst_table_free(&after);
    return right ? took : -1;
}

static bool print_comparing(const char *what, int before_fd, int fd, bool meaning)
{
    struct nst_table before = {0};
    bool whole = before_fd >= 0 && fd >= 0 && nst_table_read_mountinfo_fd(before_fd, &before) == 0;
    double took[PIECES];

    for (unsigned i = 0; i < PIECES && whole; i++) {
        took[i] = read_and_compare(fd, &before, meaning);
        whole = took[i] >= 0;
    }
    if (whole)
        printf("  %-44s %6.2f ms   goal 20\n", what, bench_median(took, PIECES));
    else
        printf("  %-44s not there\n", what);
    nst_table_free(&before);
    return whole;
}

/* What /proc/self/mountinfo says, in a memfd. */
static int copy_mountinfo(void)
{
    int from = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    int fd = memfd_create("mountinfo", MFD_CLOEXEC);
    char buffer[65536];
    ssize_t len = 0;

    while (from >= 0 && fd >= 0 && (len = read(from, buffer, sizeof buffer)) > 0)
        if (write(fd, buffer, (size_t)len) != len)
            len = -1;
    if (from >= 0)
        close(from);
    return len < 0 ? -1 : fd;
}

bool bench_tables(void)
{
    int host = copy_mountinfo(), many = make_table(100, MOUNTS), moved = make_table(70000, MOUNTS);
    bool whole;

    printf("\nmount tables\n");
    whole = print_reading("mountinfo of this host, beside libmount", host, 20);
    whole = print_reading("mountinfo of 10,000 mounts, beside libmount", many, 1) && whole;
    whole = print_comparing("10,000 mounts read, told apart by id", many, many, false) && whole;
    whole = print_comparing("10,000 mounts read, compared in meaning", many, moved, true) && whole;
    if (host >= 0)
        close(host);
    if (many >= 0)
        close(many);
    if (moved >= 0)
        close(moved);
    return whole;
}
