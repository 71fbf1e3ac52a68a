/* ns-tool mount of a tool that was built without libmount, which reads mount(8)'s options. */
#include "tool/tool.h"

int nst_cmd_mount(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return nst_tool_error(NST_EXIT_CANNOT, 0,
                          "this tool was built without libmount; one with it would help");
}
