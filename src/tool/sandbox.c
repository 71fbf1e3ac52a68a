#include "tool/sandbox.h"

#include <errno.h>
#include <sched.h>

#include "tool/tool.h"

int nst_tool_sandbox(const struct nst_run_options *options, struct nst_sandbox **ret_sandbox)
{
    char why[200] = "";
    int r = nst_sandbox_open(options, ret_sandbox, why);

    if (r == -EPERM && options->privileged)
        return nst_tool_error(NST_EXIT_CANNOT, 0, "making a sandbox: %s; --privileged needs root",
                              why);
    if (r == -EPERM || r == -ENOSPC || r == -ENOSYS || r == -EACCES)
        return nst_tool_error(NST_EXIT_CANNOT, 0,
                              "making a sandbox: %s; user namespaces must be allowed "
                              "(user.max_user_namespaces), or run as root with --privileged",
                              why);
    return r < 0 ? nst_tool_error(NST_EXIT_CANNOT, r, "making a sandbox: %s", why) : NST_EXIT_HELD;
}

void nst_tool_spread(unsigned long worker)
{
    cpu_set_t may, one;

    if (sched_getaffinity(0, sizeof may, &may) < 0)
        return;
    worker %= (unsigned long)CPU_COUNT(&may);
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &may) && worker-- == 0) {
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
            sched_setaffinity(0, sizeof one, &one);
            return;
        }
}
