#include "tool/sandbox.h"

#include <errno.h>

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
