/* ns-tool list: properties, calls, groups of them, and what this kernel supports. */
#include <stdio.h>
#include <string.h>

#include <ns-tool/generate.h>
#include <ns-tool/property.h>

#include "tool/kernel.h"
#include "tool/tool.h"

static const char *said(int r)
{
    return r < 0 ? nst_errno_name(-r) : "yes";
}

static void list_calls(void)
{
    puts("\nCalls");
    for (size_t i = 0; i < NST_CALLS; i++) {
        if (nst_calls[i].since)
            printf("  %-16s from Linux %u.%u", nst_calls[i].name, nst_calls[i].since >> 8,
                   nst_calls[i].since & 0xff);
        else
            printf("  %s", nst_calls[i].name);
        putchar('\n');
    }
}

/* For fuzz --swarm. */
static void list_groups(void)
{
    puts("\nGroups of calls (fuzz --swarm)");
    for (size_t i = 0; i < nst_swarm_len(); i++) {
        const struct nst_swarm_group *group = &nst_swarm_groups[i];

        printf("  %-16s %s\n  %-16s (", group->name, group->about, "");
        for (size_t n = 0, named = 0; n < NST_CALLS; n++)
            if (group->weight[n])
                printf("%s%s", named++ ? ", " : "", nst_calls[n].name);
        puts(")");
    }
}

static void list_kernel(void)
{
    struct nst_tool_kernel kernel;

    nst_tool_probe(&kernel);
    printf("\nKernel %s %s\n", kernel.name.release, kernel.name.machine);
    for (size_t i = 0; i < sizeof kernel.feature / sizeof *kernel.feature; i++) {
        const struct nst_tool_feature *feature = &kernel.feature[i];
        char name[64];

        snprintf(name, sizeof name, *feature->since ? "%s (%s)" : "%s", feature->name,
                 feature->since);
        printf("  %-34s %s", name, said(feature->result));
        if (feature->about)
            printf("  %s", feature->about);
        if (!*feature->since && *kernel.why)
            printf(": %s", kernel.why);
        putchar('\n');
    }
}

int nst_cmd_list(int argc, char **argv)
{
    static const struct argp argp = {
        .doc = "Lists the properties, the calls, their groups, and what this kernel supports."};

    nst_tool_parse(&argp, argc, argv, NULL);
    puts("Properties");
    for (size_t i = 0; nst_properties[i]; i++)
        printf("  %-15s %s\n  %-15s (%s)\n", nst_properties[i]->name, nst_properties[i]->promise,
               "", nst_properties[i]->source);
    list_calls();
    list_groups();
    list_kernel();
    return NST_EXIT_HELD;
}
