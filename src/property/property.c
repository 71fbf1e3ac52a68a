#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "list.h"

const struct nst_property *const nst_properties[] = {
    &nst_property_expectation, &nst_property_isolation, &nst_property_cleanup,
    &nst_property_atomicity,   &nst_property_views,     NULL,
};

const struct nst_property *nst_property_by_name(const char *name)
{
    for (size_t i = 0; nst_properties[i]; i++)
        if (!strcmp(nst_properties[i]->name, name))
            return nst_properties[i];
    return NULL;
}

enum nst_verdict nst_finding_at(struct nst_finding *ret_finding, size_t step, const char *format,
                                ...)
{
    va_list args;

    ret_finding->step = step;
    va_start(args, format);
    vsnprintf(ret_finding->text, sizeof ret_finding->text, format, args);
    va_end(args);
    return NST_FAIL;
}
