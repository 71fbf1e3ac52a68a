/* A mount namespace of our own, and a place in it to mount on, of which the host sees nothing: no
 * mount and no directory. Where the mount point doesn't exist it is made on a tmpfs that covers its
 * deepest existing ancestor, in our namespace only; so the host's directories are never written to,
 * and whatever kills us, the namespace's death takes all. */
#ifndef NST_TOOL_PRIVATE_H
#define NST_TOOL_PRIVATE_H

#include <stdbool.h>

struct nst_place {
    char *path;  /* the mount point, without symbolic links; owned */
    char *cover; /* what a tmpfs of ours covers, or NULL where the path existed; owned */
};

/* Unshares the mount namespace and makes / private, recursively. Where that isn't permitted, does
 * so in a user namespace of its own, as root in it: *ret_user_namespace. Returns an nst_exit; what
 * failed has been said. */
int nst_private_enter(bool *ret_user_namespace);

/* Finds or makes the directory of `path`: absolute, not "/", without "..". Only after
 * nst_private_enter(). May change the process's root directory. Returns an nst_exit. */
int nst_place_make(const char *path, struct nst_place *ret_place);

/* Takes back what nst_place_make() made; the place itself stays to be freed. Returns an nst_exit.
 */
int nst_place_remove(const struct nst_place *place);

void nst_place_free(struct nst_place *place);

#endif
