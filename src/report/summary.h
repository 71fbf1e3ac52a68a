/* What a command found, as one JSON document: the one form that every report is written from.
 * ns-tool(1), "JSON", describes it. */
#ifndef REPORT_SUMMARY_H
#define REPORT_SUMMARY_H

#include <jansson.h>

#include <ns-tool/report.h>

enum { NST_SUMMARY_SCHEMA = 2 };

/* {schema, version, command, properties: [], findings: []}; the caller owns it. NULL: no memory, as
 * of all that return a json_t. */
json_t *nst_summary_new(const char *command);

/* TEXT, whose bytes may be no UTF-8: those that aren't stand as octal escapes, as strace writes
 * them. NULL gives null. */
json_t *nst_summary_text(const char *text);

/* {property, text, sequence, fingerprint, expected: false}. The fingerprint is the same wherever
 * the same SEQUENCE breaks the same property. */
json_t *nst_summary_finding(const char *property, const char *text, const char *sequence);

/* A row {name, promise, source, held, broken, expected, skipped} of "properties". */
json_t *nst_summary_property(const char *name, const char *promise, const char *source,
                             uint64_t held, uint64_t broken, uint64_t expected, uint64_t skipped);

/* Adds to FINDING, which step AT of TRACE is about (its len: none is), "steps", and what every
 * namespace showed "before" and "after" it. Returns 0 or -ENOMEM. */
int nst_summary_add_trace(json_t *finding, const struct nst_trace *trace, size_t at);

/* Write SUMMARY, which is whole. Standard errors of OUT are its owner's to look at. */
void nst_summary_write_html(FILE *out, const json_t *summary);
void nst_summary_write_sarif(FILE *out, const json_t *summary); /* 2.1.0, OASIS */
void nst_summary_write_junit(FILE *out, const json_t *summary); /* Jenkins' and Ant's */

/* One drawing of what namespaces showed (an array of "before" or "after"), as SVG, with arrows
 * between peers and from masters to slaves. */
void nst_summary_draw(FILE *out, const json_t *namespaces);

/* TEXT with what XML and HTML don't allow in it escaped, or left out (control characters). */
void nst_markup(FILE *out, const char *text);

/* What stands at KEY of OBJECT; "" and 0 where nothing does. */
const char *nst_json_text(const json_t *object, const char *key);
long long nst_json_number(const json_t *object, const char *key);

/* How many findings of SUMMARY aren't expected, and of PROPERTY alone where that isn't NULL. */
size_t nst_summary_news(const json_t *summary, const char *property);

#endif
