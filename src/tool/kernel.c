#include "tool/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <ns-tool/trace.h>

/* Without it, random sequences aren't held against isolation: some mounts may be out of sight. */
static int probe_mount_count(void)
{
    int fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC), r;
    uint32_t count;

    if (fd < 0)
        return -errno;
    r = nst_ns_mount_count(fd, &count);
    close(fd);
    return r;
}

/* Runs a case of nothing, of which only the sandbox and what it found out are of interest. */
static int probe_sandbox(struct nst_sandbox *sandbox, nst_lacks *ret_lacks)
{
    const struct nst_sequence nothing = {0};
    struct nst_trace trace = {0};
    char why[200];
    int r = nst_run(sandbox, &nothing, NULL, &trace, why);

    if (!r && trace.watch != NST_WATCH_FANOTIFY)
        r = -ENOSYS;
    *ret_lacks = trace.lacks;
    nst_trace_free(&trace);
    return r;
}

static void add(struct nst_tool_kernel *kernel, size_t *len, const char *name, unsigned major,
                unsigned minor, int result)
{
    struct nst_tool_feature *feature = &kernel->feature[(*len)++];

    feature->name = name;
    feature->result = result;
    if (major)
        snprintf(feature->since, sizeof feature->since, "%u.%u", major, minor);
}

void nst_tool_probe(struct nst_tool_kernel *ret_kernel)
{
    const struct nst_run_options none = {0};
    struct nst_sandbox *sandbox = NULL;
    struct nst_table table = {0};
    int r, events = 0;
    nst_lacks lacks = 0;
    size_t len = 0;

    *ret_kernel = (struct nst_tool_kernel){0};
    uname(&ret_kernel->name);
    add(ret_kernel, &len, "listmount/statmount", 6, 8, nst_table_read_statmount(0, &table));
    add(ret_kernel, &len, "a namespace's mount count", 6, 12, probe_mount_count());
    r = nst_sandbox_open(&none, &sandbox, ret_kernel->why);
    if (!r)
        events = probe_sandbox(sandbox, &lacks);
    /* As the sandbox has it: an ordinary user has no power to watch outside. */
    add(ret_kernel, &len, "fanotify mount events", 6, 15, r ? r : events);
    add(ret_kernel, &len, "sandbox in a user namespace", 0, 0, r);
    for (size_t i = 0; i < NST_KERNEL_FEATURES; i++) {
        const struct nst_kernel_feature_type *type = &nst_kernel_features[i];
        bool has = nst_has(lacks, (enum nst_kernel_feature)i);

        ret_kernel->feature[len].about = type->about;
        add(ret_kernel, &len, type->name, type->since >> 8, type->since & 0xff,
            r      ? r
            : !has ? -ENOSYS
                   : 0);
    }
    nst_sandbox_close(sandbox);
    nst_table_free(&table);
}
