#include <ns-tool/version.h>

const char *nst_version(void)
{
    return NST_VERSION;
}
