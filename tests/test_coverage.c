/* What a search reached: traces made by hand have the features that they should, and not those of a
 * trace beside them. */
#include "trace_test.h"

#include <ns-tool/coverage.h>

#define T(call) "1 " call "\n"
#define BIND T("mount(\"/b\", \"/c\", NULL, MS_BIND, NULL)")
#define RBIND T("mount(\"/b\", \"/c\", NULL, MS_BIND|MS_REC, NULL)")
#define MOVE T("mount(\"/b\", \"/c\", NULL, MS_MOVE, NULL)")
#define ATTACH T("move_mount(3, \"\", AT_FDCWD, \"/b\", MOVE_MOUNT_F_EMPTY_PATH)")
#define P_B_UNBINDABLE "21 20 0:31 / /b rw unbindable" FS
#define P_B_SLAVE "21 20 0:31 / /b rw master:9" FS
#define P_B_BOTH "21 20 0:31 / /b rw shared:8 master:9" FS
#define P_B_B "22 21 0:32 / /b rw" FS
#define P_DEEP "22 21 0:32 / /b/c rw" FS

static const struct cover_row {
    const char *has, *not ; /* features, one each: "group: name" */
    struct trace_row trace;
    uint64_t user, owner; /* of the actor, and of the parent; the first user is 1 */
} rows[] = {
    /* results */
    {.has = "results: umount2 succeeds",
     .not = "results: umount2 EBUSY",
     .trace = {.calls = UMOUNT, FROM(P_ROOT P_B), TO(P_ROOT), .ns = PARENT}},
    {.has = "results: umount2 EBUSY",
     .not = "results: umount2 succeeds",
     .trace = {.calls = UMOUNT, FROM(P_ROOT P_B), .ns = PARENT, .error = EBUSY}},
    {.has = "results: umount2 EINVAL",
     .not = "results: mount EINVAL",
     .trace = {.calls = UMOUNT, FROM(P_ROOT), .ns = PARENT, .error = EINVAL}},
    {.not = "results: umount2 succeeds",
     .trace = {.calls = T("umount2(NULL, 0)"), FROM(P_ROOT), .ns = PARENT, .error = EFAULT}},
    {.not = "results: umount2 succeeds",
     .trace = {.calls = UMOUNT, FROM(P_ROOT), .ns = PARENT, .gone = true}},
    /* flags: only of what succeeded */
    {.has = "flags: mount MS_BIND",
     .not = "flags: mount MS_BIND|MS_REC",
     .trace = {.calls = BIND, FROM(P_ROOT P_B), .ns = PARENT}},
    {.has = "flags: mount MS_BIND|MS_REC",
     .not = "flags: mount MS_BIND",
     .trace = {.calls = RBIND, FROM(P_ROOT P_B), .ns = PARENT}},
    {.not = "flags: mount MS_BIND",
     .trace = {.calls = BIND, FROM(P_ROOT), .ns = PARENT, .error = ENOENT}},
    {.has = "flags: umount2 0",
     .not = "flags: umount2 MNT_DETACH",
     .trace = {.calls = UMOUNT, FROM(P_ROOT P_B), .ns = PARENT}},
    {.has = "flags: move_mount MOVE_MOUNT_F_EMPTY_PATH",
     .not = "flags: move_mount by paths",
     .trace = {.calls = ATTACH, FROM(P_ROOT), .ns = PARENT}},
    /* cells: the source is the mount that a path leads to, the topmost; refusals count where the
     * documents refuse */
    {.has = "subtrees: bind shared on shared",
     .not = "subtrees: rbind shared on shared",
     .trace = {.calls = BIND, FROM(P_ROOT P_B), .ns = PARENT}},
    {.has = "subtrees: rbind shared on shared",
     .not = "subtrees: bind shared on shared",
     .trace = {.calls = RBIND, FROM(P_ROOT P_B), .ns = PARENT}},
    {.has = "subtrees: bind private on private",
     .not = "subtrees: bind shared on shared",
     .trace = {.calls = BIND, FROM(P_ROOT, C_ROOT C_B)}},
    {.has = "subtrees: bind slave on shared",
     .not = "subtrees: bind shared and slave on shared",
     .trace = {.calls = BIND, FROM(P_ROOT P_B_SLAVE), .ns = PARENT}},
    {.has = "subtrees: bind shared and slave on shared",
     .not = "subtrees: bind slave on shared",
     .trace = {.calls = BIND, FROM(P_ROOT P_B_BOTH), .ns = PARENT}},
    {.has = "subtrees: bind private on shared",
     .not = "subtrees: bind shared on shared",
     .trace = {.calls = BIND, FROM(P_ROOT P_B P_B_B), .ns = PARENT}},
    {.has = "subtrees: bind unbindable on shared",
     .not = "subtrees: bind private on shared",
     .trace = {.calls = BIND, FROM(P_ROOT P_B_UNBINDABLE), .ns = PARENT, .error = EINVAL}},
    {.not = "subtrees: bind unbindable on shared",
     .trace = {.calls = BIND, FROM(P_ROOT P_B_UNBINDABLE), .ns = PARENT, .error = EPERM}},
    {.not = "subtrees: bind shared on shared",
     .trace = {.calls = BIND, FROM(P_ROOT P_B), .ns = PARENT, .error = EINVAL}},
    {.not = "subtrees: bind shared on shared",
     .trace = {.calls = T("chroot(\"/a\")") BIND, FROM(P_ROOT P_B), .ns = PARENT}},
    {.has = "subtrees: move private to private",
     .not = "subtrees: bind private on private",
     .trace = {.calls = MOVE, FROM(P_ROOT, C_ROOT C_B)}},
    {.not = "subtrees: move private to private", /* /b is no mount's root */
     .trace = {.calls = MOVE, FROM(P_ROOT, C_ROOT)}},
    {.has = "subtrees: move unbindable to shared",
     .not = "subtrees: move shared to shared",
     .trace = {.calls = MOVE, FROM(P_ROOT P_B_UNBINDABLE), .ns = PARENT, .error = EINVAL}},
    {.has = "subtrees: mount on shared",
     .not = "subtrees: mount on private",
     .trace = {.calls = MOUNT, FROM(P_ROOT), .ns = PARENT}},
    {.has = "subtrees: mount on private",
     .not = "subtrees: mount on shared",
     .trace = {.calls = MOUNT, FROM(P_ROOT, C_ROOT)}},
    {.has = "subtrees: move_mount of a tree to shared",
     .not = "subtrees: move_mount of a tree to private",
     .trace = {.calls = ATTACH, FROM(P_ROOT), .ns = PARENT}},
    {.has = "subtrees: umount private from shared",
     .not = "subtrees: umount shared from shared",
     .trace = {.calls = UMOUNT, FROM(P_ROOT "21 20 0:31 / /b rw" FS), .ns = PARENT}},
    {.has = "subtrees: make shared: private",
     .not = "subtrees: make slave: private",
     .trace = {.calls = SHARE, FROM(P_ROOT, C_ROOT)}},
    {.has = "subtrees: namespace copies shared",
     .not = "subtrees: less privileged namespace copies shared",
     .trace = {.calls = T("unshare(CLONE_NEWNS)"), FROM(P_ROOT), .ns = PARENT}},
    {.has = "subtrees: less privileged namespace copies shared",
     .not = "subtrees: namespace copies shared",
     .trace = {.calls = T("unshare(CLONE_NEWUSER|CLONE_NEWNS)"), FROM(P_ROOT), .ns = PARENT}},
    /* shapes, of what changed */
    {.has = "topology: a peer group of 2",
     .not = "topology: a peer group of 3",
     .trace = {.calls = MOUNT, FROM(P_ROOT), TO(P_ROOT, C_SHARED), .ns = PARENT}},
    {.has = "topology: peers in 2 namespaces",
     .not = "topology: 2 peers in one namespace",
     .trace = {.calls = MOUNT, FROM(P_ROOT), TO(P_ROOT, C_SHARED), .ns = PARENT}},
    {.has = "topology: 2 peers in one namespace",
     .not = "topology: peers in 2 namespaces",
     .trace = {.calls = BIND,
               FROM(P_ROOT P_B),
               TO(P_ROOT P_B "22 20 0:31 / /c rw shared:9" FS),
               .ns = PARENT}},
    {.not = "topology: a peer group of 2",
     .trace = {.calls = MOUNT, FROM(P_ROOT, C_SHARED), .ns = PARENT}},
    {.has = "topology: a master with 1 slave",
     .not = "topology: a slave whose master is out of sight",
     .trace = {.calls = MOUNT, FROM(P_ROOT), TO(P_ROOT, C_SLAVE), .ns = PARENT}},
    {.has = "topology: a slave whose master is out of sight",
     .not = "topology: a master with 2 slaves",
     .trace = {.calls = MOUNT, FROM(P_ROOT), TO(P_ROOT P_B_SLAVE), .ns = PARENT}},
    {.has = "topology: a chain of 2 slaves",
     .not = "topology: a chain of 3 slaves",
     .trace = {.calls = MOUNT,
               FROM(P_ROOT),
               TO(P_ROOT, "40 1 0:30 / / rw shared:5 master:1" FS, "60 1 0:30 / / rw master:5" FS),
               .ns = PARENT}},
    {.has = "topology: a mount that is shared and slave",
     .not = "topology: a chain of 2 slaves",
     .trace = {.calls = MOUNT,
               FROM(P_ROOT),
               TO(P_ROOT, "40 1 0:30 / / rw shared:5 master:1" FS),
               .ns = PARENT}},
    {.has = "topology: 2 mounts on one point",
     .not = "topology: 3 mounts on one point",
     .trace = {.calls = MOUNT, FROM(P_ROOT P_B), TO(P_ROOT P_B P_B_B), .ns = PARENT}},
    {.has = "topology: mounts 3 deep",
     .not = "topology: 2 mounts on one point",
     .trace = {.calls = MOUNT, FROM(P_ROOT P_B), TO(P_ROOT P_B P_DEEP), .ns = PARENT}},
    {.has = "topology: a mount tucked beneath another",
     .not = "topology: mounts 4 deep",
     .trace = {.calls = MOUNT,
               FROM(P_ROOT "30 20 0:31 / /b rw" FS),
               TO(P_ROOT "31 20 0:33 / /b rw" FS "30 31 0:31 / /b rw" FS),
               .ns = PARENT}},
    {.not = "topology: a mount tucked beneath another",
     .trace = {.calls = MOUNT, FROM(P_ROOT P_B), TO(P_ROOT P_B P_B_B), .ns = PARENT}},
    {.has = "topology: a mount of a namespace's file",
     .not = "topology: a mount of a subdirectory",
     .trace = {.calls = MOUNT,
               FROM(P_ROOT),
               TO(P_ROOT "22 20 0:4 mnt:[4026531841] /b rw - nsfs nsfs rw\n"),
               .ns = PARENT}},
    {.has = "topology: a mount of a subdirectory",
     .not = "topology: a mount of a namespace's file",
     .trace = {.calls = MOUNT, FROM(P_ROOT), TO(P_ROOT "22 20 0:30 /a /b rw" FS), .ns = PARENT}},
    {.has = "topology: an unbindable mount below a shared one",
     .not = "topology: a mount of what was removed",
     .trace = {.calls = MOUNT, FROM(P_ROOT), TO(P_ROOT P_B_UNBINDABLE), .ns = PARENT}},
    {.has = "topology: shared, slave and private mounts on one mount",
     .not = "topology: mounts 3 deep",
     .trace = {.calls = MOUNT,
               FROM(P_ROOT P_B),
               TO(P_ROOT P_B "22 20 0:32 / /c rw master:9" FS "23 20 0:33 / /d rw" FS),
               .ns = PARENT}},
    /* power */
    {.has = "privilege: mount by the owner",
     .not = "privilege: mount by a nested owner",
     .trace = {.calls = MOUNT, FROM(P_ROOT), .ns = PARENT},
     .user = 1,
     .owner = 1},
    {.has = "privilege: mount by a nested owner",
     .not = "privilege: mount by the owner",
     .trace = {.calls = T("mkdir(\"/x\", 0755)") MOUNT, FROM(P_ROOT), .ns = PARENT},
     .user = 2,
     .owner = 2},
    {.has = "privilege: mount by the owner's ancestor",
     .not = "privilege: mount by who has no power",
     .trace = {.calls = MOUNT, FROM(P_ROOT), .ns = PARENT},
     .user = 1,
     .owner = 2},
    {.has = "privilege: mount by who has no power",
     .not = "privilege: mount by the owner",
     .trace = {.calls = T("mkdir(\"/x\", 0755)") MOUNT, FROM(P_ROOT), .ns = PARENT, .error = EPERM},
     .user = 2,
     .owner = 1},
    {.not = "privilege: mount by the owner",
     .trace = {.calls = MOUNT, FROM(P_ROOT), .ns = PARENT, .error = EINVAL},
     .user = 1,
     .owner = 1},
    {.has = "privilege: a locked mount isn't unmounted",
     .not = "privilege: a locked flag isn't cleared",
     .trace = {.calls = T("mkdir(\"/x\", 0755)") UMOUNT,
               FROM(P_ROOT P_B),
               .ns = PARENT,
               .error = EINVAL},
     .user = 2,
     .owner = 2},
    {.not = "privilege: a locked mount isn't unmounted",
     .trace =
         {.calls = T("mkdir(\"/x\", 0755)") UMOUNT, FROM(P_ROOT), .ns = PARENT, .error = EINVAL},
     .user = 2,
     .owner = 2},
    {.has = "privilege: a locked flag isn't cleared",
     .trace = {.calls = T("mkdir(\"/x\", 0755)")
                   T("mount(\"none\", \"/b\", NULL, MS_REMOUNT|MS_BIND, NULL)"),
               FROM(P_ROOT P_B),
               .ns = PARENT,
               .error = EPERM},
     .user = 2,
     .owner = 2},
    {.has = "privilege: a bind that would reveal what a locked mount hides is refused",
     .trace = {.calls = T("mkdir(\"/x\", 0755)") BIND,
               FROM(P_ROOT P_B P_DEEP),
               .ns = PARENT,
               .error = EINVAL},
     .user = 2,
     .owner = 2},
    /* holds */
    {.has = "holds: EBUSY: another's working directory",
     .not = "holds: EBUSY: its own working directory",
     .trace = {.calls = UMOUNT,
               FROM(P_ROOT P_B),
               .ns = PARENT,
               .error = EBUSY,
               .hold = {.actor = 2, .kind = NST_HOLD_CWD, .mount = 21}}},
    {.has = "holds: EBUSY: its own working directory",
     .not = "holds: EBUSY: its own descriptor",
     .trace = {.calls = UMOUNT,
               FROM(P_ROOT P_B),
               .ns = PARENT,
               .error = EBUSY,
               .hold = {.actor = 1, .kind = NST_HOLD_CWD, .mount = 21}}},
    {.has = "holds: EBUSY: another's descriptor",
     .not = "holds: EBUSY: a root",
     .trace = {.calls = UMOUNT,
               FROM(P_ROOT P_B),
               .ns = PARENT,
               .error = EBUSY,
               .hold = {.actor = 2, .kind = NST_HOLD_FD, .fd = 3, .mount = 21}}},
    {.has = "holds: EBUSY: a root",
     .not = "holds: EBUSY: a replica that is in use",
     .trace = {.calls = UMOUNT,
               FROM(P_ROOT P_B),
               .ns = PARENT,
               .error = EBUSY,
               .hold = {.actor = 2, .kind = NST_HOLD_ROOT, .mount = 21}}},
    {.has = "holds: EBUSY: a replica that is in use",
     .not = "holds: EBUSY: a root",
     .trace = {.calls = UMOUNT,
               FROM(P_ROOT P_B),
               .ns = PARENT,
               .error = EBUSY,
               .hold = {.actor = 2, .kind = NST_HOLD_ROOT, .mount = 20}}},
    {.has = "holds: EBUSY: a mount on it",
     .not = "holds: EBUSY: a replica that is in use",
     .trace = {.calls = UMOUNT, FROM(P_ROOT P_B P_DEEP), .ns = PARENT, .error = EBUSY}},
    {.has = "holds: detached: a mount on it",
     .not = "holds: EBUSY: a mount on it",
     .trace = {.calls = T("umount2(\"/b\", MNT_DETACH)"), FROM(P_ROOT P_B P_DEEP), .ns = PARENT}},
    {.has = "holds: unmounted while nothing holds it",
     .not = "holds: detached: a mount on it",
     .trace = {.calls = UMOUNT, FROM(P_ROOT P_B), .ns = PARENT}},
};

/* How often the feature that TEXT, "group: name", names was hit. */
static uint64_t hits_of(const struct nst_coverage *coverage, const char *text)
{
    for (size_t g = 0; nst_feature_groups[g]; g++) {
        const struct nst_feature_group *group = nst_feature_groups[g];
        size_t len = strlen(group->name);

        for (size_t i = 0; !strncmp(text, group->name, len) && i < group->len; i++)
            if (!strcmp(text + len + 2, group->feature[i].name))
                return coverage->hits[nst_coverage_start(g) + i];
    }
    ck_abort_msg("no feature '%s'", text);
}

START_TEST(a_trace_has_the_features_that_its_row_says_and_not_those_of_another)
{
    const struct cover_row *row = &rows[_i];
    struct nst_sequence sequence = {0};
    struct nst_trace trace = make_trace(&row->trace, &sequence);
    struct nst_coverage *coverage = calloc(1, sizeof *coverage);

    ck_assert_ptr_nonnull(coverage);
    trace.step[0].user = 1;
    trace.step[trace.len - 1].user = row->user;
    for (size_t i = 0; i < trace.snapshots; i++)
        trace.snapshot[i]->view[0].owner = row->owner;
    nst_coverage_add(coverage, &trace);
    if (row->has)
        ck_assert_msg(hits_of(coverage, row->has) == 1, "row %d hasn't '%s'", _i, row->has);
    if (row->not )
        ck_assert_msg(!hits_of(coverage, row->not ), "row %d has '%s'", _i, row->not );
    nst_coverage_add(coverage, &trace); /* adds up */
    if (row->has)
        ck_assert_uint_eq(hits_of(coverage, row->has), 2);
    free(coverage);
    nst_trace_free(&trace);
    nst_sequence_free(&sequence);
}
END_TEST

START_TEST(every_feature_is_whole_and_alone)
{
    size_t all = 0;

    for (size_t g = 0; nst_feature_groups[g]; g++) {
        const struct nst_feature_group *group = nst_feature_groups[g];

        ck_assert(group->name && group->about && group->source && group->look && group->len);
        ck_assert_uint_eq(nst_coverage_start(g), all);
        all += group->len;
        for (size_t i = 0; i < group->len; i++) {
            ck_assert(group->feature[i].name && *group->feature[i].name);
            for (size_t k = 0; k < i; k++) {
                bool same = group->feature[k].key == group->feature[i].key &&
                            group->feature[k].mask == group->feature[i].mask &&
                            group->feature[k].value == group->feature[i].value;

                ck_assert_str_ne(group->feature[k].name, group->feature[i].name);
                ck_assert_msg(!same, "%s, %s", group->feature[k].name, group->feature[i].name);
            }
        }
    }
    ck_assert_uint_le(all, NST_FEATURES_MAX);
    for (const struct nst_unreachable *row = nst_unreachable; row->name; row++)
        ck_assert(*row->name && row->why && *row->why);
}
END_TEST

/* A row of "results" says the call that its key is. */
START_TEST(every_call_has_its_success_among_the_results)
{
    const struct nst_feature_group *results = nst_feature_groups[0];
    bool seen[NST_CALLS] = {false};

    ck_assert_str_eq(results->name, "results");
    for (size_t i = 0; i < results->len; i++) {
        uint64_t id = results->feature[i].key >> 16, error = results->feature[i].key & 0xffff;
        char name[64];

        ck_assert_uint_lt(id, NST_CALLS);
        snprintf(name, sizeof name, "%s %s", nst_calls[id].name,
                 error ? strerrorname_np((int)error) : "succeeds");
        ck_assert_str_eq(results->feature[i].name, name);
        seen[id] |= !error;
    }
    for (size_t i = 0; i < NST_CALLS; i++)
        ck_assert_msg(seen[i], "%s", nst_calls[i].name);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("coverage");
    TCase *tests = tcase_create("coverage");
    SRunner *runner = srunner_create(suite);

    tcase_add_loop_test(tests, a_trace_has_the_features_that_its_row_says_and_not_those_of_another,
                        0, sizeof rows / sizeof *rows);
    tcase_add_test(tests, every_feature_is_whole_and_alone);
    tcase_add_test(tests, every_call_has_its_success_among_the_results);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);

    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed ? 1 : 0;
}
