#include "report/call.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void write_answer(FILE *out, const struct nst_step *step)
{
    const struct nst_result *expect = &step->call->expect;

    switch (step->kind) {
    case NST_ANSWER_NONE:
        fputs("not performed: its actor is gone", out);
        break;
    case NST_ANSWER_VALUE: /* descriptors and actors keep the name that the text gives them */
        fprintf(out, "%" PRId64, expect->kind == NST_SUCCEEDS ? expect->value : step->value);
        break;
    case NST_ANSWER_ERROR:
        fprintf(out, "-1 %s (%s)", nst_errno_name(step->error), nst_errno_text(step->error));
        break;
    case NST_ANSWER_ENDED:
        fputs("?", out);
        break;
    case NST_ANSWER_DEADLINE:
        fputs("no answer before the deadline", out);
        break;
    }
    bool failed = step->kind == NST_ANSWER_ERROR;
    const char *mark = "  # ";

    if (*step->says) {
        fprintf(out, "%s%s", mark, step->says);
        mark = "; ";
    }
    if (expect->kind == NST_FAILS && (!failed || step->error != expect->error))
        fprintf(out, "%sexpected %s", mark, nst_errno_name(expect->error));
    else if (expect->kind == NST_SUCCEEDS && failed)
        fprintf(out, "%sexpected %" PRId64, mark, expect->value);
}

void nst_report_call(FILE *out, const struct nst_step *step)
{
    struct nst_call bare = *step->call;

    bare.expect = (struct nst_result){0};
    char *text = nst_call_text(&bare);

    fprintf(out, "%s = ", text ? text : "(no memory)");
    free(text);
    write_answer(out, step);
}
