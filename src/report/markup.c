/* Text in XML and HTML, and the drawing that stands in both. */
#include "report/summary.h"

#include <stdlib.h>
#include <string.h>

enum { ROW = 22, INDENT = 14, CHARACTER = 8, GAP = 48, HEAD = 30, DOT = 4 };

void nst_markup(FILE *out, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default: /* XML 1.0, "Characters": no other control characters */
            if ((unsigned char)*text >= 0x20 ? *text != 0x7f : *text == '\n' || *text == '\t')
                putc(*text, out);
            else
                fprintf(out, "\\%03o", (unsigned)(unsigned char)*text);
        }
}

/* A row of the drawing. */
struct row {
    const json_t *mount;
    int x, y;
    int end; /* of its label */
    size_t column;
};

struct drawing {
    struct row *row;
    size_t len;
    int height;
};

static size_t count(const json_t *namespaces)
{
    const json_t *ns;
    size_t rows = 0, i;

    json_array_foreach(namespaces, i, ns) rows += json_array_size(json_object_get(ns, "mounts"));
    return rows;
}

/* How deep MOUNT lies among MOUNTS. */
static int depth_of(const json_t *mounts, const json_t *mount)
{
    const json_t *other;
    int depth = 0;
    size_t i;

    for (bool found = true; found && depth < 16;) {
        found = false;
        json_array_foreach(mounts, i,
                           other) if (other != mount && nst_json_number(other, "id") ==
                                                            nst_json_number(mount, "parent"))
        {
            mount = other;
            depth++;
            found = true;
            break;
        }
    }
    return depth;
}

static void write_label(char *to, size_t size, const json_t *mount)
{
    long long shared = nst_json_number(mount, "shared"), master = nst_json_number(mount, "master");
    char how[64] = " private";

    if (shared && master)
        snprintf(how, sizeof how, " shared:%lld master:%lld", shared, master);
    else if (shared || master)
        snprintf(how, sizeof how, shared ? " shared:%lld" : " master:%lld",
                 shared ? shared : master);
    else if (json_is_true(json_object_get(mount, "unbindable")))
        snprintf(how, sizeof how, " unbindable");
    snprintf(to, size, "%.3s%s%.60s %.20s (%.48s)%s", nst_json_text(mount, "change"),
             *nst_json_text(mount, "change") ? " " : "", nst_json_text(mount, "point"),
             nst_json_text(mount, "type"), nst_json_text(mount, "options"), how);
}

/* Places each mount, a column a namespace; the text is written on the way. */
static void place(FILE *out, struct drawing *drawing, const json_t *ns, size_t column, int *left)
{
    const json_t *mounts = json_object_get(ns, "mounts"), *mount;
    int widest = 160;
    size_t i;

    fprintf(out, "<text x=\"%d\" y=\"18\" class=\"ns\">", *left);
    nst_markup(out, nst_json_text(ns, "name"));
    fputs("</text>\n", out);
    json_array_foreach(mounts, i, mount)
    {
        struct row *row = &drawing->row[drawing->len++];
        const char *change = nst_json_text(mount, "change");
        char label[256];

        write_label(label, sizeof label, mount);
        *row = (struct row){.mount = mount,
                            .x = *left + 8 + INDENT * depth_of(mounts, mount),
                            .y = HEAD + 12 + ROW * (int)i,
                            .column = column};
        row->end = row->x + 10 + CHARACTER * (int)strlen(label);
        fprintf(out, "<circle cx=\"%d\" cy=\"%d\" r=\"%d\"/><text x=\"%d\" y=\"%d\"", row->x,
                row->y, DOT, row->x + 10, row->y + 4);
        if (*change)
            fprintf(out, " class=\"%s\"",
                    *change == '+'
                        ? json_is_true(json_object_get(mount, "leaked")) ? "leaked" : "new"
                    : *change == '-' ? "gone"
                                     : "changed");
        fputc('>', out);
        nst_markup(out, label);
        fputs("</text>\n", out);
        if (row->end - *left > widest)
            widest = row->end - *left;
        if (row->y + ROW > drawing->height)
            drawing->height = row->y + ROW;
    }
    *left += widest + GAP;
}

/* The head of an arrow that comes to X, Y from the left, or with AWAY from the right. */
static void head(FILE *out, int x, int y, bool away)
{
    int back = away ? 7 : -7;

    fprintf(out, " M%d %d l%d -3 M%d %d l%d 3", x, y, back, x, y, back);
}

/* An arrow from FROM to TO, with a head at both ends where BOTH: within a column beside the dots,
 * else from the end of the left one's label to the right one's dot. */
static void arrow(FILE *out, const struct row *from, const struct row *to, bool both)
{
    const struct row *left = from->column < to->column ? from : to;
    const struct row *right = left == from ? to : from;
    int x = left->end + 4, end = right->x - DOT - 3;

    fprintf(out, "<path class=\"%s\" d=\"", both ? "peer" : "slave");
    if (from->column == to->column) {
        int bow = (from->x < to->x ? from->x : to->x) - 22;

        fprintf(out, "M%d %d C%d %d %d %d %d %d", from->x - DOT - 2, from->y, bow, from->y, bow,
                to->y, to->x - DOT - 2, to->y);
        head(out, to->x - DOT - 2, to->y, false);
        if (both)
            head(out, from->x - DOT - 2, from->y, false);
    } else {
        fprintf(out, "M%d %d C%d %d %d %d %d %d", x, left->y, (x + end) / 2, left->y, (x + end) / 2,
                right->y, end, right->y);
        if (both || to == right)
            head(out, end, right->y, false);
        if (both || to == left)
            head(out, x, left->y, true);
    }
    fputs("\"/>\n", out);
}

static void connect(FILE *out, const struct drawing *drawing)
{
    for (size_t i = 0; i < drawing->len; i++) {
        long long shared = nst_json_number(drawing->row[i].mount, "shared");
        long long master = nst_json_number(drawing->row[i].mount, "master");
        bool met = false;

        for (size_t n = i + 1; shared && n < drawing->len && !met; n++)
            if (nst_json_number(drawing->row[n].mount, "shared") == shared) {
                arrow(out, &drawing->row[i], &drawing->row[n], true);
                met = true;
            }
        met = false;
        for (size_t n = 0; master && n < drawing->len && !met; n++)
            if (nst_json_number(drawing->row[n].mount, "shared") == master) {
                arrow(out, &drawing->row[n], &drawing->row[i], false);
                met = true;
            }
    }
}

void nst_summary_draw(FILE *out, const json_t *namespaces)
{
    struct drawing drawing = {.height = HEAD};
    char *body = NULL;
    size_t len, i;
    FILE *inner = open_memstream(&body, &len);
    const json_t *ns;
    int left = 28;

    drawing.row = calloc(count(namespaces) + 1, sizeof *drawing.row);
    if (inner && drawing.row) {
        json_array_foreach(namespaces, i, ns) place(inner, &drawing, ns, i, &left);
        connect(inner, &drawing);
    }
    if (inner)
        fclose(inner);
    fprintf(out,
            "<svg viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\" "
            "aria-label=\"mounts of %zu namespaces\">\n%s</svg>\n",
            left, drawing.height, left, drawing.height, json_array_size(namespaces),
            body ? body : "");
    free(body);
    free(drawing.row);
}
