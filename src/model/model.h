/* The state of the model: what exists, and which is in which. Everything is an index into an array,
 * so that a state is copied by copying arrays; 0 is nothing, nobody and nowhere. What is gone stays
 * in its place, marked so.
 *
 * Sources are the manual pages, Documentation/filesystems/sharedsubtree.rst, propagate_umount.txt
 * (6.17), and of the kernel's source, where these are silent, fs/namespace.c, fs/pnode.c and
 * fs/namei.c. */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ns-tool/model.h>

#define FDS_MAX 128 /* as many as an actor of a sandbox holds */

/* What a function returns where the model can't tell; model->unknown says why. */
#define UNKNOWN (-4096)

enum node_kind { NODE_DIRECTORY, NODE_FILE, NODE_LINK, NODE_NAMESPACE };

/* A name in a file system, with what it names: no call makes a second name of the same. */
struct node {
    uint32_t fs, parent; /* the root's parent is itself */
    uint32_t child, next;
    uint32_t name;   /* in text */
    uint32_t target; /* of a link: in text; of a namespace's file: which */
    uint8_t kind;
    uint8_t type; /* of a namespace's file: an ns_type */
    bool gone;    /* removed, but held */
};

enum ns_type { NS_MOUNT, NS_USER, NS_OTHER };

enum fs_type { FS_ROOTFS, FS_TMPFS, FS_RAMFS, FS_PROC, FS_NSFS, FS_TYPES };

struct fs {
    uint8_t type;
    bool readonly;
    uint32_t flags; /* MS_SYNCHRONOUS and its like, as mount(2) has them */
    uint32_t root;
    uint32_t user; /* the user namespace that owns it */
};

/* Of a mount; the bits are those of mount_setattr(2). */
enum {
    ATIME_NOATIME = 0x10,
    ATIME_STRICT = 0x20,
    ATIME_MASK = 0x70,
    IDMAP = 0x100000, /* never in attr: idmap says it */
    NOSYMFOLLOW = 0x200000
};

struct mount {
    uint32_t root;          /* a node */
    uint32_t parent, at;    /* on which mount, where in it; parent 0: on none */
    uint32_t child, next;   /* what stands on it, the oldest first */
    uint32_t ns;            /* 0: it isn't mounted */
    uint32_t group, master; /* peer groups; the peers of one have the same master */
    uint32_t attr;          /* MOUNT_ATTR_* */
    uint32_t lock;          /* those bits of attr that a less privileged owner may not weaken */
    uint32_t source;        /* in text */
    uint32_t idmap;         /* the user namespace whose id map it has; 0: none */
    bool unbindable, locked, expiring;
    bool inherits; /* that it is unbindable, from a mount that it is a copy of */
};

struct peer_group {
    uint32_t master;
    uint32_t members;
};

struct ns {
    uint32_t root, user;
    bool anonymous; /* of a detached tree */
    bool dead;
    uint32_t origin; /* of an anonymous one: the namespace that its tree was copied from; 0: none */
};

struct user {
    uint32_t parent;
};

/* Where a process is: shared by those that were made with CLONE_FS. */
struct place {
    uint32_t mount, node;
};

struct whereabouts {
    struct place root, cwd;
    uint32_t users;
};

enum file_kind { FILE_PLACE, FILE_CONTEXT };

struct file {
    uint8_t kind;
    bool path_only; /* O_PATH */
    bool writes;
    bool dissolves;  /* its tree goes with it, unless it was mounted */
    struct place at; /* of FILE_PLACE */
    uint32_t context;
    uint32_t users; /* descriptors */
};

enum phase { PHASE_CREATE, PHASE_CREATED, PHASE_RECONFIGURE, PHASE_FAILED };

/* fsopen(2), fspick(2) */
struct context {
    uint8_t type, phase;
    bool has_source;
    uint32_t source, flags, mask, user, fs; /* fs 0: none yet */
};

struct fd {
    int text;
    uint32_t file;
};

struct actor {
    uint32_t name, user, ns, where;
    uint32_t pid_ns;    /* 0: the first one */
    bool alive, begins; /* it is the init of its pid namespace */
    uint32_t fds;
    struct fd fd[FDS_MAX];
};

#define POOL(type)                                                                                 \
    struct {                                                                                       \
        type *at;                                                                                  \
        uint32_t len, cap;                                                                         \
    }

struct nst_model {
    struct nst_model_features features;
    POOL(char) text;
    POOL(struct node) node;
    POOL(struct fs) fs;
    POOL(struct mount) mount;
    POOL(struct peer_group) group;
    POOL(struct ns) ns;
    POOL(struct user) user;
    POOL(struct whereabouts) where;
    POOL(struct file) file;
    POOL(struct context) context;
    POOL(struct actor) actor; /* [0] is the observer */
    uint32_t pid_spaces;
    uint32_t ns_files;   /* the file system of namespaces' files */
    uint32_t proc_point; /* the directory that the start's proc is mounted on */
    uint32_t proc_link;  /* a node that stands for any link in /proc */
    bool failed;         /* memory ran out */
    const char *unknown;
    const char *why; /* of the last call's error */
};

/* state.c. Each takes a new one, zeroed; 0: no memory, and the model has failed. */
uint32_t nst_model_text(struct nst_model *model, const char *text, size_t len);
uint32_t nst_model_new_node(struct nst_model *model);
uint32_t nst_model_new_fs(struct nst_model *model, enum fs_type type, uint32_t user);
uint32_t nst_model_new_mount(struct nst_model *model);
uint32_t nst_model_new_group(struct nst_model *model, uint32_t master);
uint32_t nst_model_new_ns(struct nst_model *model, uint32_t user, bool anonymous);
uint32_t nst_model_new_user(struct nst_model *model, uint32_t parent);
uint32_t nst_model_new_where(struct nst_model *model);
uint32_t nst_model_new_file(struct nst_model *model);
uint32_t nst_model_new_context(struct nst_model *model);
uint32_t nst_model_new_actor(struct nst_model *model);
int nst_model_dont_know(struct nst_model *model, const char *why); /* UNKNOWN */

static inline bool nst_model_has(const struct nst_model *model, enum nst_kernel_feature feature)
{
    return nst_has(model->features.lacks, feature);
}

/* node.c */
uint32_t nst_node_find(const struct nst_model *model, uint32_t parent, const char *name,
                       size_t len);
uint32_t nst_node_add(struct nst_model *model, uint32_t parent, const char *name, size_t len,
                      enum node_kind kind);
void nst_node_remove(struct nst_model *model, uint32_t node);
void nst_node_move(struct nst_model *model, uint32_t node, uint32_t parent, uint32_t name);
bool nst_node_below(const struct nst_model *model, uint32_t node, uint32_t top); /* or the same */
bool nst_node_is_mount_ns(const struct nst_model *model, uint32_t node);         /* a file of one */
uint32_t nst_node_of_ns(struct nst_model *model, enum ns_type type, uint32_t which);

/* mount.c: trees of mounts. */
uint32_t nst_mount_on(const struct nst_model *model, struct place place); /* 0: nothing is there */
uint32_t nst_mount_next(const struct nst_model *model, uint32_t mount, uint32_t top);
bool nst_mount_is_root(const struct nst_model *model, struct place place); /* of its mount */
struct place nst_mount_top(const struct nst_model *model, struct place place);
void nst_mount_attach(struct nst_model *model, uint32_t mount, struct place on);
void nst_mount_detach(struct nst_model *model, uint32_t mount);
void nst_mount_enter(struct nst_model *model, uint32_t top, uint32_t ns); /* all of its tree */
bool nst_mount_used(const struct nst_model *model, uint32_t mount); /* but by what stands on it */
bool nst_mount_has_locked_child(const struct nst_model *model, uint32_t mount, uint32_t node);

enum copy_flags {
    COPY_UNBINDABLE = 1, /* else they, and what stands on them, stay behind */
    COPY_NS_FILES = 2,   /* the same of mount namespaces' files */
    COPY_TO_SLAVES = 4   /* copies of what is shared are slaves */
};
/* Copies MOUNT from NODE on, with all that stands there. Returns the copy; 0 with RET_ERROR. */
uint32_t nst_mount_copy(struct nst_model *model, uint32_t mount, uint32_t node);
uint32_t nst_mount_copy_tree(struct nst_model *model, uint32_t mount, uint32_t node, unsigned flags,
                             int *ret_error);

/* umount.c */
void nst_umount_tree(struct nst_model *model, uint32_t mount, bool propagates, bool stays);
void nst_umount_at_node(struct nst_model *model,
                        uint32_t node); /* wherever something stands on it */
/* What keeps MOUNT from being unmounted, or what would go along; NULL: nothing. */
const char *nst_umount_busy(const struct nst_model *model, uint32_t mount);

/* group.c */
void nst_group_join(struct nst_model *model, uint32_t mount, uint32_t group);
void nst_group_leave(struct nst_model *model, uint32_t mount);
void nst_group_change(struct nst_model *model, uint32_t mount, uint64_t type); /* MS_SHARED, … */
/* How many masters are between MOUNT and GROUP, whose mounts come to it: 0 for a peer. -1: they
 * don't. */
int nst_group_distance(const struct nst_model *model, uint32_t mount, uint32_t group);
bool nst_group_receives(const struct nst_model *model, uint32_t mount, uint32_t group);

/* propagate.c: puts the tree of SOURCE at ON, and wherever that propagates to. */
int nst_propagate_attach(struct nst_model *model, uint32_t source, struct place on);
void nst_lock_tree(struct nst_model *model, uint32_t top);

/* ns.c */
bool nst_capable(const struct nst_model *model, const struct actor *actor, uint32_t user);
bool nst_may_mount(const struct nst_model *model, const struct actor *actor);
/* Whether there may be no further one; then a call that makes one fails with ENOSPC. */
bool nst_ns_is_full(const struct nst_model *model);
uint32_t nst_ns_copy(struct nst_model *model, uint32_t ns, uint32_t user,
                     struct whereabouts *where);
void nst_ns_reap(struct nst_model *model); /* what nothing holds any more */
uint32_t nst_where_copy(struct nst_model *model, uint32_t where);
void nst_where_put(struct nst_model *model, uint32_t where);
struct file *nst_fd_find(struct nst_model *model, const struct actor *actor, uint64_t text);
int nst_fd_add(struct nst_model *model, struct actor *actor, uint32_t file,
               const struct nst_result *expect);
void nst_file_put(struct nst_model *model, uint32_t file);
uint32_t nst_actor_index(const struct nst_model *model, uint64_t name); /* 0: none */

/* walk.c */
enum walk_flags {
    WALK_FOLLOW = 1,    /* a link at the end */
    WALK_DIRECTORY = 2, /* it must be one */
    WALK_EMPTY = 4,     /* no path at all: the descriptor itself */
    WALK_PARENT = 8,    /* all but the last name */
    WALK_MARKS = 16     /* an expiry mark stays */
};
struct walk {
    struct place at;
    const char *last; /* of WALK_PARENT: the last name, which isn't walked */
    size_t last_len;
    bool slashes;                                      /* something like `/` stood behind it */
    bool special;                                      /* it is `.`, `..` or nothing */
    enum { LINK_NONE, LINK_THERE, LINK_LACKING } link; /* it is one in /proc */
};
/* Returns 0, -errno or UNKNOWN. */
int nst_path_walk(struct nst_model *model, const struct actor *actor, uint64_t dirfd,
                  const char *path, unsigned flags, struct walk *ret_walk);

bool nst_is_read_only(const struct nst_model *model, struct place at);
/* The node of the last name of a WALK_PARENT; 0: there is none. Returns 0; -ENAMETOOLONG; -ENOENT
 * where none can be made, or its directory was removed; UNKNOWN. */
int nst_find_last(struct nst_model *model, const struct walk *walk, uint32_t *ret_node);

/* attach.c: what several calls share. */
/* The place that a mount at AT comes to: on top of what is mounted there. Returns 0 or -errno. */
int nst_place_to_mount(struct nst_model *model, struct place at, struct place *ret_on);
/* Whether MOUNT is ACTOR's to copy: of its namespace, or detached from it. */
bool nst_is_own(const struct nst_model *model, const struct actor *actor, uint32_t mount);
bool nst_is_detached(const struct nst_model *model, const struct actor *actor, uint32_t mount);
bool nst_holds_ns_loop(const struct nst_model *model, const struct actor *actor, uint32_t node);
/* Copies what is at FROM for a bind. Returns the copy; 0 with RET_ERROR. */
uint32_t nst_bind_copy(struct nst_model *model, const struct actor *actor, struct place from,
                       bool recursive, int *ret_error);
int nst_move(struct nst_model *model, const struct actor *actor, struct place from, struct place to,
             bool beneath);
/* Whether MOUNT is unbindable; then the model's why says it where it isn't by a call of its own. */
bool nst_is_unbindable(struct nst_model *model, uint32_t mount);
bool nst_may_change_attr(const struct mount *mount, uint32_t attr);
bool nst_is_written(const struct nst_model *model, uint32_t mount);
uint32_t nst_attr_of_mount_flags(uint64_t flags);
/* proc may only be mounted where another is in sight (mount_namespaces(7)), whose locks it gets:
 * 0 with RET_LOCK, -EPERM, UNKNOWN. */
int nst_check_revealing(struct nst_model *model, const struct actor *actor, uint32_t fs,
                        uint32_t attr, uint32_t *ret_lock);
/* The type of that name; -ENODEV; UNKNOWN. */
int nst_fs_type_of(struct nst_model *model, const struct actor *actor, const char *name);
/* Whose one of TYPE is that ACTOR makes: a proc is its pid namespace's. */
uint32_t nst_fs_user(const struct nst_model *model, const struct actor *actor, int type);
/* options.c: a superblock's flag by the name that sets or clears it, of LEN bytes; NULL. */
struct fs_flag {
    const char *name;
    uint32_t flag; /* MS_RDONLY, … */
    bool set;
};
const struct fs_flag *nst_fs_flag(const char *key, size_t len);
/* Whether mount(2) takes TEXT (may be NULL) of such a file system: 0, -EINVAL, UNKNOWN
 */
int nst_fs_options(struct nst_model *model, enum fs_type type, const char *text);
/* The same of KEY and VALUE (NULL: a flag), which name none of the superblock's flags. */
int nst_fs_parameter(struct nst_model *model, enum fs_type type, const char *key,
                     const char *value);
/* The same of KEY with what isn't text: bytes, a path, a descriptor. */
int nst_fs_other_parameter(struct nst_model *model, enum fs_type type, const char *key);
int nst_fs_remount(struct nst_model *model, uint32_t fs, uint32_t flags, uint32_t mask);

/* call_*.c: what a call returns: 0 or more, -errno, UNKNOWN. */
typedef int call_function(struct nst_model *model, struct actor *actor,
                          const struct nst_call *call);
call_function nst_model_mkdir, nst_model_rmdir, nst_model_symlink, nst_model_rename, nst_model_open,
    nst_model_close, nst_model_chdir, nst_model_fchdir;
call_function nst_model_unshare, nst_model_setns, nst_model_clone, nst_model_exit, nst_model_kill;
call_function nst_model_mount, nst_model_umount, nst_model_pivot_root, nst_model_open_tree,
    nst_model_move_mount, nst_model_setattr, nst_model_fsopen, nst_model_fsconfig,
    nst_model_fsmount, nst_model_fspick;

#endif
