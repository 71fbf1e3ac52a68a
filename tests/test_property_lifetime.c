/* A namespace and its mounts live while something refers to them, and no longer. Every row that
 * fails is a mutant of one that passes. */
#include "trace_test.h"

#define CLOSE "1 close(3)\n"
#define SETNS "1 setns(3, 0)\n"
#define ALIVE(...) .alive = {__VA_ARGS__}
#define OVER .end = P_ROOT, .end_alive = {PARENT}
#define BIND(of) "21 20 0:4 mnt:[" of "] /b rw - nsfs nsfs rw\n"
#define FD(of) .hold = {.actor = 1, .kind = NST_HOLD_FD, .fd = 3, .mount = 9, .ns = of}
#define BOTH FROM(P_ROOT, C_ROOT)

static const struct trace_row rows[] = {
    /* a process in it */
    {PASSES("lifetime", CLOSE), BOTH, TO(P_ROOT, C_ROOT), ALIVE(PARENT, CHILD), OVER},
    {FAILS("lifetime", CLOSE, "a namespace that actor 2 was in is gone, though something refers"),
     BOTH, TO(P_ROOT, C_ROOT), ALIVE(PARENT), OVER},
    {FAILS("lifetime", CLOSE, "the parent is gone, though something refers to it"), BOTH,
     TO(P_ROOT, C_ROOT), ALIVE(CHILD), OVER},
    {PASSES("lifetime", CLOSE), BOTH, TO(P_ROOT), ALIVE(PARENT), OVER},
    {FAILS("lifetime", CLOSE,
           "a namespace that actor 2 was in lives on, though nothing refers to it"),
     BOTH, TO(P_ROOT), ALIVE(PARENT, CHILD), OVER},

    /* a descriptor of its file */
    {PASSES("lifetime", CLOSE), BOTH, TO(P_ROOT), ALIVE(PARENT, CHILD), OVER, FD(CHILD)},
    {FAILS("lifetime", CLOSE, "that actor 2 was in is gone"), BOTH, TO(P_ROOT), ALIVE(PARENT), OVER,
     FD(CHILD)},
    {FAILS("lifetime", CLOSE, "that actor 2 was in lives on"), BOTH, TO(P_ROOT),
     ALIVE(PARENT, CHILD), OVER, FD(PARENT)},
    {FAILS("lifetime", CLOSE, "that actor 2 was in lives on"), BOTH, TO(P_ROOT), ALIVE(PARENT),
     .end = P_ROOT, .end_alive = {PARENT, CHILD}},

    /* a bind of it */
    {PASSES("lifetime", CLOSE), BOTH, TO(P_ROOT BIND("4002")), ALIVE(PARENT, CHILD),
     .end = P_ROOT BIND("4002"), .end_alive = {PARENT, CHILD}},
    {FAILS("lifetime", CLOSE, "that actor 2 was in is gone"), BOTH, TO(P_ROOT BIND("4002")),
     ALIVE(PARENT), .end = P_ROOT BIND("4002"), .end_alive = {PARENT, CHILD}},
    {FAILS("lifetime", CLOSE, "that actor 2 was in lives on"), BOTH, TO(P_ROOT BIND("4001")),
     ALIVE(PARENT, CHILD), .end = P_ROOT BIND("4002"), .end_alive = {PARENT, CHILD}},
    {FAILS("lifetime", CLOSE, "that actor 2 was in is gone"), BOTH, TO(P_ROOT BIND("4002")),
     ALIVE(PARENT, CHILD), .end = P_ROOT BIND("4002"), .end_alive = {PARENT}},
    {FAILS("lifetime", CLOSE, "that actor 2 was in lives on"), BOTH, TO(P_ROOT BIND("4002")),
     ALIVE(PARENT, CHILD), .end = P_ROOT, .end_alive = {PARENT, CHILD}},

    /* what nobody sees may hold it: a tree on a descriptor with a bind in it, a list of its mounts
     */
    {PASSES("lifetime", UMOUNT), FROM(P_ROOT BIND("4002"), C_ROOT), TO(P_ROOT),
     ALIVE(PARENT, CHILD), OVER, FD(0)},
    {PASSES("lifetime", UMOUNT), FROM(P_ROOT BIND("4002"), C_ROOT), TO(P_ROOT), ALIVE(PARENT), OVER,
     FD(0)},
    {FAILS("lifetime", UMOUNT, "that actor 2 was in lives on"), FROM(P_ROOT BIND("4002"), C_ROOT),
     TO(P_ROOT), ALIVE(PARENT, CHILD), OVER,
     .hold = {.actor = 1, .kind = NST_HOLD_CWD, .mount = 20}},
    {PASSES("lifetime", UMOUNT), BOTH, TO(P_ROOT), ALIVE(PARENT, CHILD), OVER,
     .hold = {.actor = 1, .kind = NST_HOLD_FD, .fd = 3, .mount = 20, .lists = true}},

    /* its mounts */
    {PASSES("lifetime", CLOSE), FROM(P_ROOT, C_ROOT C_B), TO(P_ROOT), ALIVE(PARENT, CHILD), OVER,
     .hold = {.actor = 1, .kind = NST_HOLD_FD, .fd = 3, .mount = 9, .ns = CHILD, .mounts = 2}},
    {FAILS("lifetime", CLOSE, "a namespace that actor 2 was in has 1 mounts of 2 left"),
     FROM(P_ROOT, C_ROOT C_B), TO(P_ROOT), ALIVE(PARENT, CHILD), OVER,
     .hold = {.actor = 1, .kind = NST_HOLD_FD, .fd = 3, .mount = 9, .ns = CHILD, .mounts = 1}},
    {PASSES("lifetime", UMOUNT), FROM(P_ROOT, C_ROOT C_B), TO(P_ROOT), ALIVE(PARENT, CHILD), OVER,
     .hold = {.actor = 1, .kind = NST_HOLD_FD, .fd = 3, .mount = 9, .ns = CHILD, .mounts = 1}},

    /* this kernel doesn't tell */
    {.property = "lifetime", .verdict = NST_SKIP, .calls = CLOSE, BOTH, TO(P_ROOT), .end = P_ROOT},
};

TRACE_ROWS_MAIN("lifetime", rows)
