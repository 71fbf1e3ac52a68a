/* A namespace and its mounts live while something refers to them, and no longer. */
#include "props.h"

#define CHILD "1 clone(child_stack=NULL, flags=CLONE_NEWNS|SIGCHLD) = 2\n"
#define OPEN "1 open(\"/proc/2/ns/mnt\", O_RDONLY) = 3\n"
#define ALONE "1 mount(\"none\", \"/\", NULL, MS_REC|MS_PRIVATE, NULL)\n"
#define FILES                                                                                      \
    "1 open(\"/a/f\", O_RDWR|O_CREAT, 0644) = 8\n1 open(\"/b/f\", O_RDWR|O_CREAT, 0644) = 9\n"
#define BIND(from, to) "1 mount(\"" from "\", \"" to "\", NULL, MS_BIND, NULL)\n"
#define OWNED "1 clone(child_stack=NULL, flags=CLONE_NEWNS|CLONE_NEWUSER|SIGCHLD) = 2\n"
#define LEAVE "2 open(\"/proc/1/ns/mnt\", O_RDONLY) = 4\n2 setns(4, CLONE_NEWNS)\n"
#define RETURN "1 setns(3, CLONE_NEWNS)\n"

static const uint32_t weight[NST_CALLS] = {
    [NST_CALL_UNSHARE] = 12,  [NST_CALL_SETNS] = 20,     [NST_CALL_CLONE] = 8,
    [NST_CALL_FORK] = 4,      [NST_CALL_EXIT_GROUP] = 4, [NST_CALL_KILL] = 6,
    [NST_CALL_MKDIR] = 1,     [NST_CALL_RMDIR] = 1,      [NST_CALL_UNLINK] = 2,
    [NST_CALL_OPEN] = 20,     [NST_CALL_OPENAT] = 8,     [NST_CALL_CLOSE] = 20,
    [NST_CALL_CHDIR] = 2,     [NST_CALL_CHROOT] = 1,     [NST_CALL_MOUNT] = 16,
    [NST_CALL_UMOUNT2] = 14,  [NST_CALL_OPEN_TREE] = 4,  [NST_CALL_MOVE_MOUNT] = 3,
    [NST_CALL_PIVOT_ROOT] = 1};

/* The namespaces that were ever seen; how many they are. */
static size_t all(const struct nst_trace *trace, uint64_t *ret_ns, size_t most)
{
    size_t len = 0;

    for (size_t i = 0; i < trace->snapshots; i++)
        for (size_t n = 0; n < trace->snapshot[i]->len; n++) {
            bool known = len == most;

            for (size_t k = 0; k < len; k++)
                known |= ret_ns[k] == trace->snapshot[i]->view[n].ns;
            if (!known)
                ret_ns[len++] = trace->snapshot[i]->view[n].ns;
        }
    return len;
}

/* As if nothing that was seen had ended: while actors act, if DURING, else when they are gone. */
static void end_nothing(struct nst_trace *trace, bool during)
{
    uint64_t ns[64];
    size_t len = all(trace, ns, 64);
    size_t seen = 1;

    for (size_t i = 0; during && i < trace->len; i++) {
        struct nst_step *step = &trace->step[i];

        if (step->after && step->after->len > seen)
            seen = step->after->len;
        if (!step->alive || step->alives >= seen)
            continue;
        free(step->alive);
        step->alive = malloc(sizeof ns);
        ck_assert_ptr_nonnull(step->alive);
        memcpy(step->alive, ns, len * sizeof *ns);
        step->alives = len;
    }
    if (during || !trace->end_alive)
        return;
    free(trace->end_alive);
    trace->end_alive = malloc(sizeof ns);
    ck_assert_ptr_nonnull(trace->end_alive);
    memcpy(trace->end_alive, ns, len * sizeof *ns);
    trace->end_alives = len;
}

static void end_nothing_while_actors_act(struct nst_trace *trace)
{
    end_nothing(trace, true);
}

static void end_nothing_at_the_end(struct nst_trace *trace)
{
    end_nothing(trace, false);
}

static void forget(uint64_t *alive, size_t *alives, uint64_t ns)
{
    for (size_t i = 0; i < *alives; i++)
        if (alive[i] == ns)
            alive[i] = alive[--*alives];
}

/* As if a descriptor of its file held no namespace. */
static void forget_descriptors(struct nst_trace *trace)
{
    for (size_t i = 0; i < trace->len; i++) {
        struct nst_step *step = &trace->step[i];

        for (size_t h = 0; h < step->helds; h++) {
            bool in = false;

            for (size_t n = 0; n < step->after->len; n++)
                in |= step->after->view[n].ns == step->held[h].ns;
            if (!in)
                forget(step->alive, &step->alives, step->held[h].ns);
        }
    }
}

/* As if a process in it held no namespace. */
static void forget_processes(struct nst_trace *trace)
{
    for (size_t i = 0; i < trace->len; i++)
        for (size_t n = 1; trace->step[i].alive && n < trace->step[i].after->len; n++)
            forget(trace->step[i].alive, &trace->step[i].alives, trace->step[i].after->view[n].ns);
}

/* As if a bind of it held no namespace. */
static void forget_binds(struct nst_trace *trace)
{
    for (size_t i = trace->end_alives; i-- > 0;)
        if (trace->end_alive[i] != trace->end->view[0].ns)
            forget(trace->end_alive, &trace->end_alives, trace->end_alive[i]);
}

/* As if a namespace in which nobody is had lost its mounts but one. */
static void lose_mounts(struct nst_trace *trace)
{
    for (size_t i = 0; i < trace->len; i++)
        for (size_t h = 0; h < trace->step[i].helds; h++)
            if (trace->step[i].held[h].mounts)
                trace->step[i].held[h].mounts = 1;
}

/* As if the mounts that are found on return were others. */
static void renew_mounts(struct nst_trace *trace)
{
    for (size_t i = 0; i < trace->len; i++) {
        const struct nst_step *step = &trace->step[i];
        struct nst_ns_view *view;

        if (step->call->id != NST_CALL_SETNS || step->kind != NST_ANSWER_VALUE ||
            step->before == step->after || step->after->len <= step->before->len)
            continue;
        view = &step->after->view[step->after->len - 1];
        view->table.mount[view->table.len - 1].id = UINT64_MAX;
    }
}

#define LIFETIME .property = "lifetime", .weight = weight, .cases = 150

static const struct nst_prop claims[] = {
    {.claim = "a_namespace_lives_while_it_is_referred_to_and_no_longer", LIFETIME},
    {.claim = "a_namespace_lives_while_a_descriptor_is_open", LIFETIME, .setup = CHILD OPEN},
    {.claim = "a_namespace_lives_while_it_is_bound",
     LIFETIME,
     .setup = ALONE CHILD FILES BIND("/proc/2/ns/mnt", "/a/f") OPEN},
    {.claim = "a_namespace_of_another_owner_lives_while_it_is_referred_to",
     LIFETIME,
     .setup = OWNED OPEN},
    {.claim = "a_namespace_in_which_nobody_is_keeps_its_mounts",
     LIFETIME,
     .setup = CHILD OPEN LEAVE RETURN},

    {.claim = "a_namespace_that_outlives_its_last_process_is_found",
     LIFETIME,
     .setup = CHILD,
     .spoil = end_nothing_while_actors_act,
     .broken = true},
    {.claim = "a_namespace_that_outlives_the_case_is_found",
     LIFETIME,
     .setup = CHILD,
     .spoil = end_nothing_at_the_end,
     .broken = true},
    {.claim = "a_namespace_that_a_descriptor_does_not_keep_is_found",
     LIFETIME,
     .setup = CHILD OPEN,
     .spoil = forget_descriptors,
     .broken = true},
    {.claim = "a_namespace_that_a_descriptor_does_not_keep_is_found_among_200_calls",
     LIFETIME,
     .setup = CHILD OPEN,
     .spoil = forget_descriptors,
     .broken = true,
     .calls = 200,
     .plant = "1 kill(2, SIGKILL)\n",
     .minimum = 1},
    {.claim = "a_namespace_that_a_process_does_not_keep_is_found",
     LIFETIME,
     .setup = CHILD,
     .spoil = forget_processes,
     .broken = true},
    {.claim = "a_namespace_that_a_bind_does_not_keep_is_found",
     LIFETIME,
     .setup = ALONE CHILD FILES BIND("/proc/2/ns/mnt", "/a/f"),
     .spoil = forget_binds,
     .broken = true},
    {.claim = "a_namespace_that_loses_its_mounts_is_found",
     LIFETIME,
     .setup = CHILD OPEN LEAVE,
     .spoil = lose_mounts,
     .broken = true},
    {.claim = "a_namespace_whose_mounts_are_renewed_is_found",
     LIFETIME,
     .setup = CHILD OPEN LEAVE RETURN,
     .spoil = renew_mounts,
     .broken = true},
};

NST_PROPS_MAIN("prop_lifetime", claims)
