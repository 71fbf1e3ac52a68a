#include "tool/kernel.h"

#include <errno.h>
#include <fcntl.h>
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

static int probe_events(struct nst_sandbox *sandbox)
{
    const struct nst_sequence nothing = {0};
    struct nst_trace trace = {0};
    char why[200];
    int r = nst_run(sandbox, &nothing, NULL, &trace, why);

    if (!r && trace.watch != NST_WATCH_FANOTIFY)
        r = -ENOSYS;
    nst_trace_free(&trace);
    return r;
}

void nst_tool_probe(struct nst_tool_kernel *ret_kernel)
{
    const struct nst_run_options none = {0};
    struct nst_sandbox *sandbox = NULL;
    struct nst_table table = {0};
    int r;

    *ret_kernel = (struct nst_tool_kernel){0};
    uname(&ret_kernel->name);
    ret_kernel->feature[0] = (struct nst_tool_feature){"listmount/statmount", "6.8",
                                                       nst_table_read_statmount(0, &table)};
    ret_kernel->feature[1] =
        (struct nst_tool_feature){"a namespace's mount count", "6.12", probe_mount_count()};
    r = nst_sandbox_open(&none, &sandbox, ret_kernel->why);
    /* As the sandbox has it: an ordinary user has no power to watch outside. */
    ret_kernel->feature[2] =
        (struct nst_tool_feature){"fanotify mount events", "6.15", r ? r : probe_events(sandbox)};
    ret_kernel->feature[3] = (struct nst_tool_feature){"sandbox in a user namespace", NULL, r};
    nst_sandbox_close(sandbox);
    nst_table_free(&table);
}
