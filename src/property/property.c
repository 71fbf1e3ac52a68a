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

_Static_assert(sizeof nst_properties / sizeof *nst_properties - 1 <= NST_PROPERTIES_MAX,
               "a judgement holds every property");

const char *nst_verdict_name(enum nst_verdict verdict)
{
    static const char *const names[] = {"pass", "fail", "skip", "error"};

    return names[verdict];
}

enum nst_verdict nst_judge(const struct nst_trace *trace, const struct nst_judge_options *options,
                           struct nst_judgement *ret_judgement)
{
    enum nst_verdict worst = NST_PASS;

    ret_judgement->len = 0;
    for (size_t i = 0; nst_properties[i]; i++) {
        struct nst_finding *finding = &ret_judgement->finding[i];

        finding->text[0] = '\0';
        enum nst_verdict verdict = nst_properties[i]->check(trace, options, finding);

        /* What wasn't performed wasn't judged. Cleanup was, and expectation says the deadline. */
        if (verdict == NST_PASS && trace->deadline && nst_properties[i] != &nst_property_cleanup &&
            nst_properties[i] != &nst_property_expectation)
            verdict = NST_SKIP;
        ret_judgement->verdict[i] = verdict;
        ret_judgement->len++;
        if (verdict == NST_ERROR || (verdict == NST_FAIL && worst == NST_PASS))
            worst = verdict;
    }
    return worst;
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
