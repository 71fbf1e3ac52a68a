/* A reference model of mount namespaces: what the kernel must do, said without a kernel. It
 * performs a sequence's calls one by one on a state of its own, which starts as a sandbox does: a
 * parent whose tree is shared, with the small fixed tree in it, and tells what each returns and
 * what each namespace shows then. See src/model/README.md for the state and the rules, each with
 * its source.
 *
 * Where the model can't tell (a file system that it doesn't know, a path of /proc that it doesn't
 * follow) it says so, and nothing more of that sequence. */
#ifndef NS_TOOL_MODEL_H
#define NS_TOOL_MODEL_H

#include <ns-tool/trace.h>

/* What the model is asked about: which kernel, and which start. Zeroed: the newest, as usual. */
struct nst_model_features {
    nst_lacks lacks; /* of nst_kernel_features */
    bool privileged; /* the sandbox has no user namespace of its own */
    uint32_t mnt_namespaces; /* how many mount namespaces there may be at once, the parent and each
                                detached tree included (namespaces(7), user.max_mnt_namespaces);
                                0: as many as are wanted */
};

struct nst_model;

/* Makes the known start. FEATURES may be NULL. Returns 0 or -ENOMEM. The caller frees it. */
int nst_model_new(const struct nst_model_features *features, struct nst_model **ret_model)
    __attribute__((warn_unused_result));
void nst_model_free(struct nst_model *model); /* NULL is allowed */

/* Another with the same state. Returns 0 or -ENOMEM. */
int nst_model_copy(const struct nst_model *model, struct nst_model **ret_copy)
    __attribute__((warn_unused_result));

struct nst_model_answer {
    enum nst_answer_kind kind;
    int64_t value;
    int error;
    const char *why; /* static text: of an error, what its errno doesn't tell; may be NULL */
};

/* Performs CALL. Returns 0; -EOPNOTSUPP where the model can't tell, see nst_model_unknown(), after
 * which the model may only be freed; -ENOMEM, the same. */
int nst_model_call(struct nst_model *model, const struct nst_call *call,
                   struct nst_model_answer *ret_answer) __attribute__((warn_unused_result));

/* Ends every actor that lives, as a case's end does. */
void nst_model_end(struct nst_model *model);

/* Why it can't, static text; NULL: it can. */
const char *nst_model_unknown(const struct nst_model *model);

/* Fills RET_TABLE, which is empty, with what an actor sees of the namespace that it is in, through
 * its root, as mountinfo shows it; of actor 0 the silent observer in the parent. Of the
 * superblock's options only ro or rw and the generic flags are told. The caller frees it. Returns
 * 0; -ESRCH: that actor doesn't live; -ENOMEM. */
int nst_model_table(const struct nst_model *model, uint32_t actor, struct nst_table *ret_table)
    __attribute__((warn_unused_result));

/* A hash of all that the state is, in its canonical form: states that differ in how things are
 * numbered, or in which order what stands beside each other was made, have the same. Returns 0 or
 * -ENOMEM. */
int nst_model_hash(const struct nst_model *model, uint64_t ret_hash[2])
    __attribute__((warn_unused_result));

/* What holds of every state and doesn't of this one, static text; NULL: all of it does. */
const char *nst_model_broken(const struct nst_model *model);

/* Whether ACTOR is in another namespace than the parent, and nothing that is mounted there, or in a
 * detached tree, may come to the parent: no peer group and no master connects them. */
bool nst_model_is_isolated(const struct nst_model *model, uint32_t actor);

/* Whether CALL, which led from BEFORE to AFTER, was an isolated actor's and changed the parent's
 * mounts. Names that are removed and file systems' own parameters, which all namespaces have in
 * common, don't count. */
bool nst_model_leaks(const struct nst_model *before, const struct nst_model *after,
                     const struct nst_call *call);

/* The model's number of the namespace that ACTOR is in; 0: it doesn't live. */
uint32_t nst_model_ns(const struct nst_model *model, uint32_t actor);

/* What SEQUENCE would do: a trace that nobody performed (nst_trace.predicted), which refers to
 * SEQUENCE's calls and is freed by the caller. It ends before a call that the model can't tell, and
 * RET_UNKNOWN says why (static text; NULL: it tells all). FEATURES may be NULL. Returns 0 or
 * -ENOMEM. */
int nst_model_run(const struct nst_model_features *features, const struct nst_sequence *sequence,
                  struct nst_trace *ret_trace, const char **ret_unknown)
    __attribute__((warn_unused_result));

#endif
