/* The world that the generator keeps in mind: who lives, what each descriptor is, and what is
 * mounted where. It is what would be so if every call that makes sense succeeded, and propagation
 * went one step far; that is a guess, and only makes most calls make sense. */
#ifndef SEQUENCE_GENERATE_H
#define SEQUENCE_GENERATE_H

#include <ns-tool/generate.h>

enum nst_fd_kind {
    NST_FD_FREE,
    NST_FD_DIR,
    NST_FD_FILE,
    NST_FD_NS,     /* of: the mount namespace */
    NST_FD_USER,   /* of: the user namespace */
    NST_FD_FS,     /* of: the file system */
    NST_FD_MADE,   /* a file system that fsmount can take */
    NST_FD_PICKED, /* one that is mounted already */
    NST_FD_TREE,   /* a detached tree; of: its file system */
    NST_FD_MOUNT   /* a directory by its mount */
};

#define NST_WORLD_FDS 64
#define NST_WORLD_USERS 16
#define NST_WORLD_NAMESPACES 8
#define NST_WORLD_MOUNTS 32
#define NST_WORLD_SYSTEMS 64 /* file systems */
#define NST_WORLD_POINT 24   /* bytes of a mount point */
#define NST_WORLD_NOBODY 255

struct nst_world_actor {
    uint32_t name;
    bool dead;
    uint8_t ns, user;           /* its namespaces, by their index */
    char root[NST_WORLD_POINT]; /* "" where it is its namespace's */
    struct nst_world_fd {
        uint8_t kind; /* enum nst_fd_kind; those below 3 stay free */
        uint8_t of;
    } fd[NST_WORLD_FDS];
};

struct nst_world_mount {
    bool live;
    uint8_t parent;              /* index in its namespace; its own: the root */
    uint8_t len;                 /* of `point` */
    char point[NST_WORLD_POINT]; /* from the namespace's root; "" is "/" */
    char root[NST_WORLD_POINT];  /* what of its file system it shows; "" is all */
    uint8_t fs;
    uint8_t group, master; /* 0: none */
    bool unbindable;
    bool locked; /* came from a more privileged namespace: neither unmounted nor moved alone */
};

struct nst_world_ns {
    uint8_t user; /* that owns it */
    uint8_t root; /* the mount at "/" */
    uint8_t len;  /* of `mount`, those that died included */
    struct nst_world_mount mount[NST_WORLD_MOUNTS];
};

struct nst_world {
    size_t actors, namespaces, users, systems;
    uint32_t next_actor; /* above every name */
    unsigned max_actors;
    uint8_t next_group;
    uint32_t weight[NST_CALLS];
    uint32_t groups;     /* bits of nst_swarm_groups that this case favours */
    uint64_t dropped;    /* choices that this case goes without; see nst_world_drops() */
    size_t steps;        /* calls so far */
    size_t parent_steps; /* calls before anybody gets a namespace of its own */
    /* What makes the last call worth something: its actor's next call. NST_CALLS: nothing. */
    enum nst_call_id follow;
    size_t follow_actor;
    bool reshares; /* it makes shared what it made a slave */
    uint8_t user_parent[NST_WORLD_USERS];
    struct nst_world_fs {
        uint8_t kind; /* enum nst_fs_kind */
        uint8_t user; /* that mounted it */
        uint64_t has; /* a bit for each directory; see nst_names */
    } fs[NST_WORLD_SYSTEMS];
    char loop[NST_WORLD_POINT];  /* a symbolic link that leads to itself; "": none */
    char file[NST_WORLD_POINT];  /* the last one that open made; "": none */
    char text[NST_ARGS_MAX][64]; /* of the call made last */
    /* Set when they are added. */
    struct nst_world_ns ns[NST_WORLD_NAMESPACES];
    struct nst_world_actor actor[NST_ACTORS_MAX];
};

enum nst_fs_kind { NST_FS_DIRS, NST_FS_PROC, NST_FS_FILE };

/* The rows of nst_swarm_groups. */
enum nst_swarm {
    NST_SWARM_PROPAGATION,
    NST_SWARM_MOUNT,
    NST_SWARM_BIND,
    NST_SWARM_MOVE,
    NST_SWARM_DETACHED_TREES,
    NST_SWARM_FILESYSTEMS,
    NST_SWARM_ATTRIBUTES,
    NST_SWARM_USERNS,
    NST_SWARM_BUSY,
    NST_SWARM_NAMESPACE_FILES,
    NST_SWARM_PIVOT,
    NST_SWARM_FILES,
    NST_SWARM_PROCESSES,
    NST_SWARMS
};

/* What a path is wanted for. */
enum nst_want {
    NST_WANT_ANY,
    NST_WANT_DIR,      /* that exists */
    NST_WANT_MOUNT,    /* a mount is there */
    NST_WANT_LEAF,     /* one that has no other on it and may be unmounted */
    NST_WANT_MOVED,    /* one that may move away */
    NST_WANT_SOURCE,   /* a directory that may be bound */
    NST_WANT_NEW,      /* a name that nothing has yet */
    NST_WANT_MADE,     /* a directory that mkdir made */
    NST_WANT_OWN,      /* a mount whose file system the actor's user namespace mounted */
    NST_WANT_SHARED,   /* a mount that has peers */
    NST_WANT_SLAVE,    /* one that is a slave, and no peer */
    NST_WANT_BOTH,     /* one that is both */
    NST_WANT_OTHER,    /* a mount other than the root */
    NST_WANT_PIVOT,    /* one that may become the root */
    NST_WANT_FILE,     /* a file */
    NST_WANT_NEW_FILE, /* a name for one */
    NST_WANT_NS_FILE   /* a namespace's file */
};

/* ---- generate_world.c: actors, descriptors, which call comes next ---- */

/* An empty world; OPTIONS may be NULL. */
void nst_world_init(struct nst_world *world, const struct nst_generator *options);

/* CALL happens, as if it succeeded. */
void nst_world_step(struct nst_world *world, const struct nst_call *call);

/* The index of the actor called NAME, or -1. */
int nst_world_find(const struct nst_world *world, uint32_t name);

/* Draws a call that makes sense in WORLD, whose strings live until the next draw. Returns whether
 * there was one: weights may leave none. */
bool nst_world_draw(struct nst_random *random, struct nst_world *world, struct nst_call *ret_call);

/* ---- generate_swarm.c ---- */

/* Draws what this case favours and goes without. */
void nst_world_draw_swarm(struct nst_random *random, struct nst_world *world,
                          const struct nst_generator *options);

/* Whether this case goes without CHOICE of LIST (any numbers that tell them apart). */
bool nst_world_drops(const struct nst_world *world, size_t list, size_t choice);

/* Whether this case favours GROUP. */
bool nst_world_favours(const struct nst_world *world, enum nst_swarm group);

/* ---- generate_step.c: what calls do to mounts ---- */

/* CALL by ACTOR happens to what is mounted, to namespaces and directories. */
void nst_world_step_mounts(struct nst_world *world, struct nst_world_actor *actor,
                           const struct nst_call *call);

/* ---- generate_mounts.c: what is mounted where ---- */

/* The first namespace, as every case finds it. */
void nst_world_init_mounts(struct nst_world *world);

/* The mount of NS that PATH (from its root, "" or "/…") leads to; *RET_REST is what of PATH lies in
 * it. */
uint8_t nst_world_resolve(const struct nst_world_ns *ns, const char *path, const char **ret_rest);

/* Whether PATH is a directory of NS. */
bool nst_world_has(const struct nst_world *world, const struct nst_world_ns *ns, const char *path);

/* Whether PATH is a file of NS. */
bool nst_world_has_file(const struct nst_world *world, const struct nst_world_ns *ns,
                        const char *path);

/* Whether something is mounted on mount AT of NS. */
bool nst_world_has_child(const struct nst_world_ns *ns, uint8_t at);

/* A copy of ACTOR's mount namespace, owned by its user namespace, becomes its own. */
void nst_world_unshare(struct nst_world *world, struct nst_world_actor *actor);

/* MOUNT, of whose fields `fs`, `root` and propagation are set, comes to PATH of NS and to what
 * receives from there. Returns its index, or NST_WORLD_NOBODY. */
uint8_t nst_world_attach(struct nst_world *world, struct nst_world_ns *ns, const char *path,
                         struct nst_world_mount mount);

/* Mount AT of NS goes, with all that is on it, and with it its replicas. */
void nst_world_detach(struct nst_world *world, struct nst_world_ns *ns, uint8_t at);

/* Whether MOUNT of NS lies at or below PATH. */
bool nst_world_is_below(const struct nst_world_mount *mount, const char *path);

/* Adds a file system and returns its index. */
uint8_t nst_world_add_fs(struct nst_world *world, enum nst_fs_kind kind, uint8_t user);

/* Directories that a file system may have, by their bit; ends with NULL. The first are those of the
 * fixed tree. */
extern const char *const nst_names[];
int nst_name_find(const char *path);

/* Whether ACTOR has power over its mount namespace: user_namespaces(7), Capabilities. */
bool nst_world_may_mount(const struct nst_world *world, const struct nst_world_actor *actor);

/* Whether USER is OTHER or an ancestor of it. */
bool nst_world_is_above(const struct nst_world *world, uint8_t user, uint8_t other);

/* ---- generate_paths.c ---- */

/* Such a path as ACTOR wants, in TEXT of SIZE; NULL: there is none, or none was hit. */
const char *nst_world_draw_good(struct nst_random *random, struct nst_world *world,
                                const struct nst_world_actor *actor, enum nst_want want, char *text,
                                size_t size);

/* Mostly such a path, else any; in TEXT of SIZE, or static. */
const char *nst_world_draw_path(struct nst_random *random, struct nst_world *world, size_t index,
                                enum nst_want want, char *text, size_t size);

/* Two mounts, the second of which may join the first's peer group (MOVE_MOUNT_SET_GROUP). Returns
 * whether there are. */
bool nst_world_draw_pair(struct nst_random *random, const struct nst_world *world,
                         const struct nst_world_actor *actor, char *from, char *to, size_t size);

/* Whether ACTOR reaches a mount for WANT, one of those that name a mount. */
bool nst_world_has_mount(const struct nst_world *world, const struct nst_world_actor *actor,
                         enum nst_want want);

/* The path of an actor's namespace file, in TEXT. */
const char *nst_world_draw_ns_file(struct nst_random *random, const struct nst_world *world,
                                   char *text, size_t size);

/* One that ACTOR may bind: of a mount namespace made after its own (fs/namespace.c,
 * mnt_ns_loop()), or a user namespace. */
const char *nst_world_draw_ns_bind(struct nst_random *random, const struct nst_world *world,
                                   const struct nst_world_actor *actor, char *text, size_t size);

/* PATH as ACTOR names it, from its namespace's root on, in TEXT (NST_WORLD_POINT bytes), "/" as "".
 * Returns whether it is one that can be followed. */
bool nst_world_path(const struct nst_world_actor *actor, const char *path, char *text);

/* ---- generate_args.c, generate_calls.c, generate_recipes.c ---- */

/* Draws all arguments of CALL, whose row and actor, the INDEXth, stand already. */
void nst_world_draw_args(struct nst_random *random, struct nst_world *world, size_t index,
                         struct nst_call *call);

/* Draws all arguments of a mount. */
void nst_world_draw_mount(struct nst_random *random, struct nst_world *world, size_t index,
                          struct nst_call *call);

/* What a new namespace does first; some share again what is a slave then. */
void nst_world_draw_isolation(struct nst_random *random, const struct nst_world *world,
                              struct nst_call *call);

/* Draws argument ARG of CALL anew, for itself. */
void nst_world_draw_arg(struct nst_random *random, struct nst_world *world, size_t index,
                        struct nst_call *call, size_t arg);

/* A descriptor of one of the KINDS (a bit each), or a bad one where there is none. */
uint64_t nst_world_draw_fd(struct nst_random *random, const struct nst_world_actor *actor,
                           unsigned kinds);

/* One time in N; never while nothing was done yet, so that a case has an effect. */
bool nst_world_rarely(struct nst_random *random, const struct nst_world *world, size_t n);

#endif
