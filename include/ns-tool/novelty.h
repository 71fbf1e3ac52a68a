/* A number that tells whether a case showed what none did before, for whoever guides a search by
 * it, as a coverage-guided fuzzer does. */
#ifndef NS_TOOL_NOVELTY_H
#define NS_TOOL_NOVELTY_H

#include <ns-tool/trace.h>

/* The shape of what SNAPSHOT shows: of every namespace which mount lies on which, of which
 * propagation, in which peer group and under which master, these named in order of appearance.
 * Paths, options and file systems don't count. Of each namespace the first 64 mounts. Equal shapes
 * give equal numbers; others differ, save by the chance of a 64-bit hash. */
uint64_t nst_novelty_of_shape(const struct nst_snapshot *snapshot);

/* What step AT of TRACE was: its call and result, the propagation types of the mounts that its paths
 * led to before it, and whose power its actor had. Equal ones give equal numbers, others differ, as
 * above. 0: it wasn't performed. */
uint64_t nst_novelty_of_step(const struct nst_trace *trace, size_t at);

/* The same in words, such as "mount EINVAL: in a private mount, at the root of a shared mount". */
void nst_novelty_tell(const struct nst_trace *trace, size_t at, char *ret_text, size_t size);

#endif
