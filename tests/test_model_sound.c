/* What holds of every state is found broken where it is: each row breaks a state that is sound. */
#include "nst_test.h"

#include <sys/mount.h>

#include <model/model.h>

/* Two namespaces whose mounts are peers, and a slave tmpfs with another on it. */
static const char calls[] = "1 clone(child_stack=NULL, flags=CLONE_NEWNS|SIGCHLD) = 2\n"
                            "1 mount(\"none\", \"/a\", \"tmpfs\", 0, NULL) = 0\n"
                            "2 mount(\"none\", \"/a\", NULL, MS_SLAVE, NULL) = 0\n"
                            "1 mount(\"none\", \"/b\", \"tmpfs\", 0, NULL) = 0\n"
                            "1 umount2(\"/b\", 0) = 0\n";

static struct nst_model *make(void)
{
    struct nst_sequence sequence = {0};
    struct nst_model_answer answer;
    struct nst_model *model;

    ck_assert_int_eq(nst_strace_read(calls, strlen(calls), &sequence, NULL, NULL), 0);
    ck_assert_int_eq(nst_model_new(NULL, &model), 0);
    for (size_t i = 0; i < sequence.len; i++) {
        ck_assert_int_eq(nst_model_call(model, &sequence.call[i], &answer), 0);
        ck_assert_int_eq(answer.kind, NST_ANSWER_VALUE);
    }
    nst_sequence_free(&sequence);
    return model;
}

/* The first mount that has one, of those that are mounted. */
static struct mount *with_group(struct nst_model *model)
{
    for (uint32_t i = 1; i < model->mount.len; i++)
        if (model->mount.at[i].ns && model->mount.at[i].group)
            return &model->mount.at[i];
    ck_abort_msg("no mount has peers");
}

static struct mount *with_master(struct nst_model *model)
{
    for (uint32_t i = 1; i < model->mount.len; i++)
        if (model->mount.at[i].ns && model->mount.at[i].master)
            return &model->mount.at[i];
    ck_abort_msg("no mount has a master");
}

static struct mount *with_parent(struct nst_model *model)
{
    for (uint32_t i = 1; i < model->mount.len; i++)
        if (model->mount.at[i].ns && model->mount.at[i].parent)
            return &model->mount.at[i];
    ck_abort_msg("no mount stands on another");
}

static void lose_a_child(struct nst_model *model)
{
    model->mount.at[with_parent(model)->parent].child = 0;
}

static void move_to_another_namespace(struct nst_model *model)
{
    struct mount *mount = with_parent(model);

    mount->ns = mount->ns == 1 ? 2 : 1;
}

static void end_a_namespace(struct nst_model *model)
{
    model->ns.at[with_parent(model)->ns].dead = true;
}

static void make_a_peer_unbindable(struct nst_model *model)
{
    with_group(model)->unbindable = true;
}

static void give_a_master_of_its_own(struct nst_model *model)
{
    struct mount *mount = with_group(model);

    mount->master = mount->group;
}

static void follow_nobody(struct nst_model *model)
{
    uint32_t empty = nst_model_new_group(model, 0);

    with_master(model)->master = empty;
}

static void miscount(struct nst_model *model)
{
    model->group.at[with_group(model)->group].members++;
}

static void follow_itself(struct nst_model *model)
{
    uint32_t group = with_group(model)->group;

    for (uint32_t i = 1; i < model->mount.len; i++)
        if (model->mount.at[i].group == group)
            model->mount.at[i].master = group;
    model->group.at[group].master = group;
}

static void lose_the_root(struct nst_model *model)
{
    model->ns.at[1].root = model->ns.at[2].root;
}

static const struct {
    void (*spoil)(struct nst_model *model);
    const char *says;
} rows[] = {
    {lose_a_child, "a mount stands in no tree"},
    {move_to_another_namespace, "another than its namespace's"},
    {end_a_namespace, "a namespace that ended has mounts"},
    {make_a_peer_unbindable, "an unbindable mount propagates"},
    {give_a_master_of_its_own, "a mount has another master than its peers"},
    {follow_nobody, "a master is a group that nobody is in"},
    {miscount, "a peer group has more or fewer members than it counts"},
    {follow_itself, "a group is its own master"},
    {lose_the_root, "another than its namespace's"},
};

START_TEST(a_state_that_is_broken_says_so)
{
    struct nst_model *model = make();

    ck_assert_msg(!nst_model_broken(model), "%s", nst_model_broken(model));
    rows[_i].spoil(model);
    ck_assert_ptr_nonnull(nst_model_broken(model));
    ck_assert_msg(strstr(nst_model_broken(model), rows[_i].says), "%s", nst_model_broken(model));
    nst_model_free(model);
}
END_TEST

#define PRIVATE "2 mount(\"none\", \"/\", NULL, MS_REC|MS_PRIVATE, NULL)\n"
#define CLONE "1 clone(child_stack=NULL, flags=CLONE_NEWNS|SIGCHLD) = 2\n"

static const struct {
    const char *calls; /* the last one by an actor that may be isolated */
    bool isolated;
} isolations[] = {
    {CLONE "2 chdir(\"/\")\n", false},
    {CLONE PRIVATE "2 chdir(\"/\")\n", true},
    {CLONE "2 mount(\"none\", \"/\", NULL, MS_PRIVATE, NULL)\n2 chdir(\"/\")\n", false},
    {CLONE "2 mount(\"none\", \"/\", NULL, MS_REC|MS_SLAVE, NULL)\n2 chdir(\"/\")\n", true},
    {CLONE PRIVATE "1 chdir(\"/\")\n", false},
    /* what the parent became a slave of */
    {CLONE "1 mount(\"none\", \"/\", NULL, MS_REC|MS_SLAVE, NULL)\n2 chdir(\"/\")\n", false},
    {CLONE "2 open_tree(AT_FDCWD, \"/\", OPEN_TREE_CLONE)\n" PRIVATE "2 chdir(\"/\")\n", false},
};

/* A child that is isolated, and one that isn't, mounts: the parent is told apart from what it was
 * only for the latter. */
START_TEST(an_isolated_child_is_told_from_another)
{
    struct nst_sequence sequence = {0};
    struct nst_model_answer answer;
    struct nst_model *model;
    uint32_t actor;

    ck_assert_int_eq(
        nst_strace_read(isolations[_i].calls, strlen(isolations[_i].calls), &sequence, NULL, NULL),
        0);
    ck_assert_int_eq(nst_model_new(NULL, &model), 0);
    for (size_t i = 0; i < sequence.len; i++)
        ck_assert_int_eq(nst_model_call(model, &sequence.call[i], &answer), 0);
    actor = sequence.call[sequence.len - 1].actor;
    ck_assert(nst_model_is_isolated(model, actor) == isolations[_i].isolated);
    nst_model_free(model);
    nst_sequence_free(&sequence);
}
END_TEST

/* As if a call by an isolated actor had changed the parent. */
START_TEST(a_call_that_leaks_is_found)
{
    static const char quiet[] = CLONE PRIVATE "2 chdir(\"/a\")\n";
    struct nst_sequence sequence = {0};
    struct nst_model_answer answer;
    struct nst_model *model, *after;
    const struct nst_call *last;

    ck_assert_int_eq(nst_strace_read(quiet, strlen(quiet), &sequence, NULL, NULL), 0);
    ck_assert_int_eq(nst_model_new(NULL, &model), 0);
    for (size_t i = 0; i < sequence.len; i++)
        ck_assert_int_eq(nst_model_call(model, &sequence.call[i], &answer), 0);
    last = &sequence.call[sequence.len - 1];
    ck_assert_int_eq(nst_model_copy(model, &after), 0);
    ck_assert(!nst_model_leaks(model, after, last));
    for (uint32_t i = 1; i < after->mount.len; i++)
        if (after->mount.at[i].ns == after->actor.at[0].ns)
            after->mount.at[i].attr ^= 1;
    ck_assert(nst_model_leaks(model, after, last));
    nst_model_free(after);
    nst_model_free(model);
    nst_sequence_free(&sequence);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model sound");
    TCase *cases = tcase_create("model sound");

    tcase_add_loop_test(cases, a_state_that_is_broken_says_so, 0, sizeof rows / sizeof *rows);
    tcase_add_loop_test(cases, an_isolated_child_is_told_from_another, 0,
                        sizeof isolations / sizeof *isolations);
    tcase_add_test(cases, a_call_that_leaks_is_found);
    suite_add_tcase(suite, cases);
    return nst_test_run_suite(suite);
}
