#include "tool/run_summary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct nst_run_summary *nst_run_summary_begin(void)
{
    struct nst_run_summary *summary =
        mmap(NULL, sizeof *summary, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (summary == MAP_FAILED)
        return NULL;
    summary->findings = memfd_create("findings", MFD_CLOEXEC);
    if (summary->findings >= 0)
        return summary;
    munmap(summary, sizeof *summary);
    return NULL;
}

void nst_run_summary_count(struct nst_run_summary *summary, const struct nst_trace *trace,
                           const struct nst_judgement *judgement)
{
    atomic_fetch_add(&summary->cases, 1);
    atomic_fetch_add(&summary->calls, trace->len);
    for (size_t i = 0; i < judgement->len; i++)
        atomic_fetch_add(&summary->verdict[i][judgement->verdict[i]], 1);
}

/* What of a judgement is about what leaked: mounts that came to the parent. */
static void mark_leaks(json_t *finding)
{
    json_t *ns, *mount;
    size_t i, n;

    if (strcmp(nst_json_text(finding, "property"), "isolation") != 0 &&
        strcmp(nst_json_text(finding, "property"), "noninterference") != 0)
        return;
    json_array_foreach(json_object_get(finding, "after"), i, ns)
    {
        if (strcmp(nst_json_text(ns, "name"), "the parent") != 0)
            continue;
        json_array_foreach(json_object_get(ns, "mounts"), n,
                           mount) if (!strcmp(nst_json_text(mount, "change"), "+"))
            json_object_set_new(mount, "leaked", json_true());
    }
}

json_t *nst_run_finding(size_t property, const struct nst_sequence *sequence,
                        const struct nst_trace *trace, const struct nst_judgement *judgement)
{
    const struct nst_finding *found = &judgement->finding[property];
    json_t *finding = NULL;
    char *text;
    size_t len;

    if (nst_strace_print(sequence, &text, &len) < 0)
        return NULL;
    finding = nst_summary_finding(nst_properties[property]->name, found->text, text);
    free(text);
    if (!finding || nst_summary_add_trace(finding, trace, found->step) < 0) {
        json_decref(finding);
        return NULL;
    }
    mark_leaks(finding);
    json_object_set_new(finding, "expected",
                        json_boolean(judgement->verdict[property] == NST_EXPECTED));
    return finding;
}

/* Workers write beside each other: a lock keeps their lines whole. */
static void write_line(int fd, const json_t *finding)
{
    char *text = json_dumps(finding, JSON_COMPACT);
    size_t len = text ? strlen(text) : 0;

    flock(fd, LOCK_EX);
    lseek(fd, 0, SEEK_END);
    for (size_t at = 0; at < len;) {
        ssize_t wrote = write(fd, text + at, len - at);

        if (wrote <= 0)
            break;
        at += (size_t)wrote;
    }
    flock(fd, LOCK_UN);
    free(text);
}

void nst_run_summary_note(struct nst_run_summary *summary, const char *path,
                          const struct nst_sequence *sequence, const struct nst_trace *trace,
                          const struct nst_judgement *judgement)
{
    for (size_t i = 0; i < judgement->len; i++) {
        json_t *finding;

        if (judgement->verdict[i] != NST_FAIL && judgement->verdict[i] != NST_EXPECTED &&
            judgement->verdict[i] != NST_ERROR)
            continue;
        finding = nst_run_finding(i, sequence, trace, judgement);
        if (!finding)
            continue;
        json_object_set_new(finding, "file", nst_summary_text(path));
        json_object_set_new(finding, "repeat", json_sprintf("ns-tool run '%s'", path));
        write_line(summary->findings, finding);
        json_decref(finding);
    }
}

/* Several workers may have met the same. */
static bool is_there(const json_t *findings, const json_t *finding)
{
    const json_t *other;
    size_t i;

    json_array_foreach(findings, i, other) if (!strcmp(nst_json_text(other, "fingerprint"),
                                                       nst_json_text(finding, "fingerprint")) &&
                                               !strcmp(nst_json_text(other, "file"),
                                                       nst_json_text(finding, "file"))) return true;
    return false;
}

static void read_findings(int fd, json_t *findings)
{
    json_t *finding;

    lseek(fd, 0, SEEK_SET);
    FILE *in = fdopen(fd, "r");

    while (in && (finding = json_loadf(in, JSON_DISABLE_EOF_CHECK, NULL)))
        if (is_there(findings, finding))
            json_decref(finding);
        else
            json_array_append_new(findings, finding);
    if (in)
        fclose(in);
}

json_t *nst_run_summary_finish(struct nst_run_summary *summary)
{
    json_t *whole = nst_summary_new("run");
    json_t *rows = json_object_get(whole, "properties");

    for (size_t i = 0; whole && nst_properties[i]; i++) {
        _Atomic uint64_t *verdict = summary->verdict[i];

        json_array_append_new(
            rows, nst_summary_property(nst_properties[i]->name, nst_properties[i]->promise,
                                       nst_properties[i]->source, verdict[NST_PASS],
                                       verdict[NST_FAIL] + verdict[NST_ERROR],
                                       verdict[NST_EXPECTED], verdict[NST_SKIP]));
    }
    if (whole) {
        json_object_set_new(whole, "cases", json_integer((json_int_t)summary->cases));
        json_object_set_new(whole, "calls", json_integer((json_int_t)summary->calls));
        read_findings(summary->findings, json_object_get(whole, "findings"));
    } else {
        close(summary->findings);
    }
    munmap(summary, sizeof *summary);
    return whole;
}
