#include "report/export.h"

#include <string.h>
#include <sys/utsname.h>

static bool is_found(const struct nst_judgement *judgement, size_t i)
{
    return judgement->verdict[i] == NST_FAIL || judgement->verdict[i] == NST_EXPECTED;
}

size_t nst_export_len(const struct nst_trace *trace, const struct nst_judgement *judgement)
{
    size_t len = trace->len;

    for (size_t i = 0; judgement && i < judgement->len; i++)
        if (is_found(judgement, i) && judgement->finding[i].step < len)
            len = judgement->finding[i].step + 1;
    while (len && trace->step[len - 1].kind == NST_ANSWER_NONE)
        len--;
    return len;
}

void nst_export_head(FILE *out, const char *prefix, const struct nst_trace *trace,
                     const struct nst_judgement *judgement, const char *name)
{
    struct utsname here;
    bool found = false;

    fprintf(out, "%s", prefix);
    for (const char *c = name; *c; c++) /* whatever a file may be called */
        fputc((unsigned char)*c < 0x20 || *c == '*' || *c == '/' ? '_' : *c, out);
    fputc('\n', out);
    for (size_t i = 0; judgement && i < judgement->len; i++) {
        if (!is_found(judgement, i))
            continue;
        fprintf(out, "%sproperty: %s\n%sexpected: %s (%s)\n%sseen: ", prefix,
                nst_properties[i]->name, prefix, nst_properties[i]->promise,
                nst_properties[i]->source, prefix);
        for (const char *c = judgement->finding[i].text; *c; c++)
            fputc(*c == '*' && c[1] == '/' ? '+' : *c, out);
        fputc('\n', out);
        found = true;
    }
    if (!found)
        fprintf(out, "%sno property is broken: it exits with 1 as long as all goes the same\n",
                prefix);
    if (trace->predicted)
        fprintf(out, "%sas the reference model predicts it\n", prefix);
    else if (uname(&here) == 0)
        fprintf(out, "%son Linux %s (%s)\n", prefix, here.release, here.machine);
}

void nst_export_mangled(FILE *out, const char *text)
{
    for (; *text; text++)
        if (strchr(" \t\n\\", *text))
            fprintf(out, "\\%03o", (unsigned)(unsigned char)*text);
        else
            fputc(*text, out);
}
