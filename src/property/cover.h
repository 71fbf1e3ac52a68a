/* What `cover` knows of what is hidden for good. */
#ifndef PROPERTY_COVER_H
#define PROPERTY_COVER_H

#include <ns-tool/property.h>

/* A place that a mount of a unit hides. */
struct cover {
    uint64_t ns, owner;
    uint64_t on;         /* the mount that it is in, by id */
    const char *place;   /* where in it */
    struct nst_mount fs; /* the same mount as it was at first: of which file system it is */
    char *path;          /* the place in that; owned */
    bool shown;          /* some mount showed it to that owner, so that it is no secret */
};

struct covers {
    const struct nst_trace *trace;
    struct cover *cover;
    size_t len, cap;
    size_t at;
    const struct nst_step *step;
    const struct nst_ns_view *own; /* in which the step's actor was */
};

/* Whether a mount in SNAPSHOT shows what COVER hides to its owner; if BENEATH, as soon as what lies
 * on that mount as a whole is gone. */
bool nst_cover_is_shown(const struct nst_snapshot *snapshot, const struct cover *cover,
                        bool beneath, const struct nst_ns_view **ret_view);

/* The first of those before I that hides the same from the same owner, or NULL. */
const struct cover *nst_cover_same(const struct covers *covers, size_t i);

/* Says that the step reveals PATH in VIEW. Returns NST_FAIL; NST_ERROR: no memory. */
enum nst_verdict nst_cover_reveal(const struct covers *covers, const struct nst_ns_view *view,
                                  const char *path, const char *how,
                                  struct nst_finding *ret_finding);

/* cover_meet.c: adds what the step locked. */
enum nst_verdict nst_cover_meet(struct covers *covers, struct nst_finding *ret_finding);

#endif
