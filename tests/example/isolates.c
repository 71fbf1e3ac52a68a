/* Whatever is done in the container, nothing of it shows outside; nor does the setup itself. */
#include <string.h>

#include <ns-tool/claim.h>

#include "runtime.h"

int main(int argc, char **argv)
{
    const char *which = argc > 1 ? argv[1] : "";
    struct nst_claim claim = {.run.setup = runtime_enter};

    if (!strcmp(which, "too-late"))
        claim.run.setup = runtime_enter_too_late;
    if (!strcmp(which, "not-recursive"))
        claim.run.setup = runtime_enter_not_recursive;
    return nst_claim_main(&claim);
}
