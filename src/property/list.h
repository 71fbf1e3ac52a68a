/* Each property is a file of its own and one line here and in property.c. */
#ifndef PROPERTY_LIST_H
#define PROPERTY_LIST_H

#include <ns-tool/property.h>

extern const struct nst_property nst_property_expectation, nst_property_isolation,
    nst_property_cleanup, nst_property_atomicity, nst_property_views, nst_property_busy,
    nst_property_lifetime, nst_property_cover, nst_property_propagation, nst_property_flags;
extern const struct nst_property nst_property_determinism, nst_property_noninterference,
    nst_property_equivalence, nst_property_conformance;

/* The view of namespace NS in SNAPSHOT, or NULL. */
static inline const struct nst_ns_view *nst_view_of(const struct nst_snapshot *snapshot,
                                                    uint64_t ns)
{
    for (size_t i = 0; snapshot && i < snapshot->len; i++)
        if (snapshot->view[i].ns == ns)
            return &snapshot->view[i];
    return NULL;
}

/* Whether a call may take mount points from under mounts, wherever these are: mount_namespaces(7),
 * "Restrictions on mount namespaces". A process takes what is mounted in its /proc directory with
 * it. */
static inline bool nst_takes_names(enum nst_call_id id)
{
    switch (id) {
    case NST_CALL_RMDIR:
    case NST_CALL_UNLINK:
    case NST_CALL_UNLINKAT:
    case NST_CALL_RENAME:
    case NST_CALL_RENAMEAT2:
    case NST_CALL_EXIT_GROUP:
    case NST_CALL_KILL:
        return true;
    default:
        return false;
    }
}

/* What was later seen of the same namespace through the same root, or NULL: through another one it
 * isn't comparable. */
static inline const struct nst_ns_view *nst_view_later(const struct nst_snapshot *snapshot,
                                                       const struct nst_ns_view *before)
{
    const struct nst_ns_view *view = nst_view_of(snapshot, before->ns);

    return view && view->reader == before->reader ? view : NULL;
}

/* For properties of two runs. The twin that is the first sequence again. Returns 0 or -ENOMEM. */
int nst_twin_same(const struct nst_trace *trace, struct nst_twin *ret_twin);

/* Whether the answers differ; then RET_FINDING tells so of step AT, WHO being whose SECOND is. */
bool nst_answers_differ(const struct nst_step *first, const struct nst_step *second,
                        const char *who, size_t at, struct nst_finding *ret_finding);
bool nst_events_differ(const struct nst_events *first, const struct nst_events *second, size_t at,
                       struct nst_finding *ret_finding);

/* Whether step AT, done in namespace OWN, may show in OTHER: a peer group leads there, or may. */
bool nst_isolation_connects(const struct nst_trace *trace, size_t at, const struct nst_ns_view *own,
                            const struct nst_ns_view *other);

/* Whether step AT's namespace was meant to be isolated from the parent, whatever connects them. */
bool nst_isolation_is_meant(const struct nst_trace *trace, enum nst_intent intent, size_t at);

#endif
