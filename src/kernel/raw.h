/* What a case gave, as it lies in the arena: trace.c makes a trace of it. */
#ifndef NST_KERNEL_RAW_H
#define NST_KERNEL_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ns-tool/trace.h>

struct nst_answer {
    enum nst_answer_kind kind;
    int error;
    int64_t value;
};

/* What one namespace showed, as read. Never changes once made, so snapshots share them. */
struct nst_raw_view {
    uint64_t ns, owner;
    uint32_t reader; /* name of the actor through whose root this was seen; 0: the observer */
    bool parent, have_statmount, whole;
    int error; /* -errno: statmount couldn't be filled */
    char *mountinfo, *mounts;
    size_t mountinfo_len, mounts_len;
    struct nst_mount *statmount; /* strings in the arena too */
    size_t statmount_len;
};

struct nst_raw_snapshot {
    struct nst_raw_view **view;
    size_t len;
    size_t index; /* among all of its case */
};

struct nst_raw_events {
    struct nst_event *event;
    size_t len;
};

struct nst_raw_step {
    struct nst_answer answer;
    uint64_t ns, user;
    struct nst_hold *hold, *held;
    size_t holds, helds;
    uint64_t *alive;
    size_t alives;
    uint64_t unlisted;
    bool faulted;
    char says[NST_SAYS];
    struct nst_raw_snapshot *before, *after;
    struct nst_raw_events events;
    struct nst_actor *makes; /* whose place was taken beforehand; NULL: nobody's */
};

#endif
