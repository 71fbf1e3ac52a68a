/* ns-tool list: properties, calls, and what this kernel supports. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <ns-tool/property.h>

#include "tool/tool.h"

static const char *said(int r)
{
    return r < 0 ? strerrorname_np(-r) : "yes";
}

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

static void list_kernel(void)
{
    const struct nst_run_options none = {0};
    struct nst_sandbox *sandbox = NULL;
    struct nst_table table = {0};
    struct utsname name;
    char why[200] = "";

    uname(&name);
    printf("Kernel %s %s\n", name.release, name.machine);
    printf("  %-34s %s\n", "listmount/statmount (6.8)", said(nst_table_read_statmount(0, &table)));
    printf("  %-34s %s\n", "a namespace's mount count (6.12)", said(probe_mount_count()));

    int r = nst_sandbox_open(&none, &sandbox, why);

    /* As the sandbox has it: an ordinary user has no power to watch outside. */
    printf("  %-34s %s\n", "fanotify mount events (6.15)", said(r ? r : probe_events(sandbox)));
    printf("  %-34s %s%s%s\n", "sandbox in a user namespace", said(r), *why ? ": " : "", why);
    nst_sandbox_close(sandbox);
    nst_table_free(&table);
}

int nst_cmd_list(int argc, char **argv)
{
    static const struct argp argp = {
        .doc = "Lists the properties, the calls, and what this kernel supports."};

    nst_tool_parse(&argp, argc, argv, NULL);
    puts("Properties");
    for (size_t i = 0; nst_properties[i]; i++)
        printf("  %-12s %s\n  %-12s (%s)\n", nst_properties[i]->name, nst_properties[i]->promise,
               "", nst_properties[i]->source);
    puts("\nCalls");
    for (size_t i = 0; i < NST_CALLS; i++) {
        if (nst_calls[i].since)
            printf("  %-16s from Linux %u.%u", nst_calls[i].name, nst_calls[i].since >> 8,
                   nst_calls[i].since & 0xff);
        else
            printf("  %s", nst_calls[i].name);
        putchar('\n');
    }
    putchar('\n');
    list_kernel();
    return NST_EXIT_HELD;
}
