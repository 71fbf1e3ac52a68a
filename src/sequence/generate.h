/* The world that the generator keeps in mind: who lives, and what each descriptor is. It is what
 * would be so if every call succeeded; that is a guess, and only makes most calls make sense. */
#ifndef SEQUENCE_GENERATE_H
#define SEQUENCE_GENERATE_H

#include <ns-tool/generate.h>

enum nst_fd_kind {
    NST_FD_FREE,
    NST_FD_DIR,
    NST_FD_FILE,
    NST_FD_NS,
    NST_FD_FS,
    NST_FD_MADE,
    NST_FD_MOUNT
};

#define NST_WORLD_FDS 64

struct nst_world_actor {
    uint32_t name;
    bool dead;
    uint8_t fd[NST_WORLD_FDS]; /* enum nst_fd_kind of each number; those below 3 stay free */
};

struct nst_world {
    struct nst_world_actor actor[NST_ACTORS_MAX];
    size_t actors;
    uint32_t next_actor; /* above every name */
    unsigned max_actors;
    uint32_t weight[NST_CALLS];
    uint32_t fresh; /* a bit for each name that mkdir added; see nst_world_fresh() */
    /* What makes the last call worth something: its actor's next call. NST_CALLS: nothing. */
    enum nst_call_id follow;
    size_t follow_actor;
    char text[NST_ARGS_MAX][64]; /* of the call made last */
};

/* An empty world; OPTIONS may be NULL. */
void nst_world_init(struct nst_world *world, const struct nst_generator *options);

/* CALL happens, as if it succeeded. */
void nst_world_step(struct nst_world *world, const struct nst_call *call);

/* The index of the actor called NAME, or -1. */
int nst_world_find(const struct nst_world *world, uint32_t name);

/* Draws a call that makes sense in WORLD, whose strings live until the next draw. Returns whether
 * there was one: weights may leave none. */
bool nst_world_draw(struct nst_random *random, struct nst_world *world, struct nst_call *ret_call);

/* Draws all arguments of CALL, whose row and actor, the INDEXth, stand already. */
void nst_world_draw_args(struct nst_random *random, struct nst_world *world, size_t index,
                         struct nst_call *call);

/* Draws argument ARG of CALL anew, for itself. */
void nst_world_draw_arg(struct nst_random *random, struct nst_world *world, size_t index,
                        struct nst_call *call, size_t arg);

/* Which of the names that mkdir may add PATH is, or -1. */
int nst_world_fresh(const char *path);

#endif
