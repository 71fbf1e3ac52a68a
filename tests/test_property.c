/* Each property can pass and can fail: traces made by hand, no kernel needed. Every row that fails
 * is a mutant of one that passes. */
#include "trace_test.h"

/* Mountinfo, shortened. */
#define FS " - tmpfs none rw\n"
#define P_ROOT "20 1 0:30 / / rw shared:1" FS
#define P_B "21 20 0:31 / /b rw shared:9" FS
#define C_ROOT "40 1 0:30 / / rw" FS
#define C_SHARED "40 1 0:30 / / rw shared:1" FS
#define C_SLAVE "40 1 0:30 / / rw master:1" FS
#define C_B "41 40 0:31 / /b rw" FS
#define C_B_SHARED "41 40 0:31 / /b rw shared:9" FS
#define C_B_SLAVE "41 40 0:31 / /b rw master:9" FS
#define S_ROOT "60 1 0:30 / / rw" FS
#define C_ROOT_5 "40 1 0:30 / / rw shared:5" FS
#define S_ROOT_5 "60 1 0:30 / / rw shared:5" FS
#define S_B "61 60 0:31 / /b rw" FS
#define MOUNT "1 mount(\"none\", \"/b\", \"tmpfs\", 0, NULL)\n"
#define SHARE "1 mount(\"none\", \"/\", NULL, MS_REC|MS_SHARED, NULL)\n"
#define UMOUNT "1 umount2(\"/b\", 0)\n"
#define RMDIR "1 rmdir(\"/b\")\n"

#define PASSES(p, c) .property = p, .verdict = NST_PASS, .calls = c
#define FAILS(p, c, s) .property = p, .verdict = NST_FAIL, .calls = c, .says = s
#define FROM(...) .before = {{__VA_ARGS__}}
#define TO(...) .after = {{__VA_ARGS__}}

/* A finding numbers mounts and peer groups in order of appearance: shared:9 is the second. */
static const struct trace_row rows[] = {
    /* mount_namespaces(7), Shared subtrees */
    {PASSES("isolation", MOUNT), FROM(P_ROOT, C_ROOT), TO(P_ROOT, C_ROOT C_B)},
    {FAILS("isolation", MOUNT,
           "mount by actor 1, in a namespace of its own that is isolated, shows in the parent: + "
           "/b tmpfs (rw) shared:2"),
     FROM(P_ROOT, C_ROOT), TO(P_ROOT P_B, C_ROOT C_B)},
    {PASSES("isolation", MOUNT), FROM(P_ROOT, C_ROOT, S_ROOT), TO(P_ROOT, C_ROOT C_B, S_ROOT)},
    {FAILS("isolation", MOUNT, "that is isolated, shows in a sibling namespace: + /b"),
     FROM(P_ROOT, C_ROOT, S_ROOT), TO(P_ROOT, C_ROOT C_B, S_ROOT S_B)},

    /* a slave receives and doesn't send */
    {PASSES("isolation", MOUNT), FROM(P_ROOT, C_SLAVE), TO(P_ROOT, C_SLAVE C_B)},
    {FAILS("isolation", MOUNT, "that is isolated, shows in the parent: + /b"),
     FROM(P_ROOT, C_SLAVE), TO(P_ROOT P_B, C_SLAVE C_B)},
    {PASSES("isolation", MOUNT), FROM(P_ROOT, C_SLAVE), TO(P_ROOT P_B, C_SLAVE C_B_SLAVE),
     .ns = PARENT},
    {FAILS("isolation", MOUNT, "shows in a sibling namespace: + /b"), FROM(P_ROOT, C_ROOT),
     TO(P_ROOT P_B, C_ROOT C_B_SLAVE), .ns = PARENT},

    /* a peer sends; whether it may is a question of intent */
    {PASSES("isolation", MOUNT), FROM(P_ROOT, C_SHARED), TO(P_ROOT P_B, C_SHARED C_B_SHARED)},
    {FAILS("isolation", MOUNT, "in a namespace of its own, shows in the parent: + /b"),
     FROM(P_ROOT, C_SHARED), TO(P_ROOT P_B, C_SHARED C_B_SHARED), .intent = NST_INTENT_ASKED},
    {PASSES("isolation", SHARE MOUNT), FROM(P_ROOT, C_SHARED), TO(P_ROOT P_B, C_SHARED C_B_SHARED),
     .intent = NST_INTENT_ASKED},
    {FAILS("isolation", SHARE MOUNT, "in a namespace of its own, shows"), FROM(P_ROOT, C_SHARED),
     TO(P_ROOT P_B, C_SHARED C_B_SHARED), .intent = NST_INTENT_ASKED, .refused = true},
    {FAILS("isolation", SHARE MOUNT, "in a namespace of its own, shows"), FROM(P_ROOT, C_SHARED),
     TO(P_ROOT P_B, C_SHARED C_B_SHARED), .intent = NST_INTENT_ASKED, .first_ns = PARENT},
    {FAILS("isolation", SHARE MOUNT, "in a namespace of its own, shows"), FROM(P_ROOT, C_SHARED),
     TO(P_ROOT P_B, C_SHARED C_B_SHARED), .intent = NST_INTENT_ALWAYS},
    {PASSES("isolation", MOUNT), FROM(P_ROOT, C_ROOT_5, S_ROOT_5),
     TO(P_ROOT, C_ROOT_5 C_B, S_ROOT_5 S_B), .intent = NST_INTENT_ALWAYS},

    /* on to the slaves' peers: child 5, sibling master:5 shared:6, parent master:6 */
    {PASSES("isolation", MOUNT),
     FROM("20 1 0:30 / / rw shared:1 master:6" FS, C_ROOT_5,
          "60 1 0:30 / / rw shared:6 master:5" FS),
     TO("20 1 0:30 / / rw shared:1 master:6" FS P_B, C_ROOT_5 C_B,
        "60 1 0:30 / / rw shared:6 master:5" FS S_B)},
    {FAILS("isolation", MOUNT, "shows in the parent: + /b"),
     FROM("20 1 0:30 / / rw shared:1 master:6" FS, C_ROOT_5, "60 1 0:30 / / rw shared:6" FS),
     TO("20 1 0:30 / / rw shared:1 master:6" FS P_B, C_ROOT_5 C_B, "60 1 0:30 / / rw shared:6" FS)},

    /* what isn't seen may connect: a master without a member, mounts outside a root */
    {PASSES("isolation", MOUNT), FROM("20 1 0:30 / / rw shared:1 master:77" FS, C_ROOT),
     TO("20 1 0:30 / / rw shared:1 master:77" FS P_B, C_ROOT C_B)},
    {PASSES("isolation", MOUNT), FROM(P_ROOT, C_ROOT), TO(P_ROOT P_B, C_ROOT C_B), .part = true},
    {PASSES("isolation", MOUNT), FROM(P_ROOT, C_ROOT), TO(P_ROOT P_B, C_ROOT C_B), .part = true,
     .ns = PARENT},
    {FAILS("isolation", MOUNT, "in a namespace of its own, shows"), FROM(P_ROOT, C_ROOT),
     TO(P_ROOT P_B, C_ROOT C_B), .part = true, .intent = NST_INTENT_ALWAYS},

    /* not for an instant */
    {FAILS("isolation", MOUNT, "mount by actor 1 was visible in the parent for an instant"),
     FROM(P_ROOT, C_ROOT), .events = "AD"},
    {PASSES("isolation", MOUNT), FROM(P_ROOT, C_ROOT), .events = "AD", .ns = PARENT},
    {PASSES("isolation", MOUNT), FROM(P_ROOT, C_SHARED), .events = "AD"},
    {FAILS("isolation", MOUNT, "for an instant"), FROM(P_ROOT, C_SHARED), .events = "AD",
     .intent = NST_INTENT_ASKED},

    {FAILS("isolation", MOUNT, "for an instant"), FROM(P_ROOT, C_ROOT), .events = "U"},
    {FAILS("isolation", MOUNT, "for an instant"), FROM(P_ROOT, C_ROOT), .events = "!"},
    {FAILS("isolation", MOUNT, "when every actor had ended"), FROM(P_ROOT, C_ROOT),
     .end_events = "DA"},
    {PASSES("isolation", MOUNT), FROM(P_ROOT, C_ROOT), .end_events = "D"},
    {.property = "isolation",
     .verdict = NST_SKIP,
     .calls = MOUNT,
     FROM(P_ROOT, C_ROOT),
     TO(P_ROOT P_B, C_ROOT C_B),
     .uncounted = true},
    {FAILS("isolation", MOUNT, "shows in the parent: + /b"), FROM(P_ROOT, C_ROOT),
     TO(P_ROOT P_B, C_ROOT C_B), .uncounted = true, .intent = NST_INTENT_ASKED},
    {FAILS("isolation", MOUNT, "for an instant"), FROM(P_ROOT, C_ROOT), TO(P_ROOT, C_ROOT C_B),
     .events = "U"},
    {PASSES("isolation", MOUNT), FROM(P_ROOT, C_ROOT), .events = "U", .ns = PARENT},
    {PASSES("isolation", RMDIR), FROM(P_ROOT P_B, C_ROOT), TO(P_ROOT, C_ROOT), .events = "U"},

    /* mounts go with their mount point (Linux 3.18), not with another's unmount */
    {PASSES("isolation", RMDIR), FROM(P_ROOT P_B, C_ROOT), TO(P_ROOT, C_ROOT), .events = "D"},
    {FAILS("isolation", RMDIR, "shows in the parent: + /b"), FROM(P_ROOT, C_ROOT),
     TO(P_ROOT P_B, C_ROOT)},
    {FAILS("isolation", UMOUNT,
           "umount2 by actor 1, in a namespace of its own that is isolated, shows in the parent: - "
           "/b tmpfs"),
     FROM(P_ROOT P_B, C_ROOT C_B), TO(P_ROOT, C_ROOT)},
    {FAILS("isolation", MOUNT, "shows in the parent: ~ /b: options rw -> ro"),
     FROM(P_ROOT P_B, C_ROOT C_B), TO(P_ROOT "21 20 0:31 / /b ro shared:9" FS, C_ROOT C_B)},
    {FAILS("isolation", MOUNT, "shows in the parent: ~ /b/c: parent 1 -> 2"),
     FROM(P_ROOT P_B "22 20 0:32 / /b/c rw" FS, C_ROOT),
     TO(P_ROOT P_B "22 21 0:32 / /b/c rw" FS, C_ROOT)},
    {PASSES("isolation", MOUNT), FROM(P_ROOT, C_ROOT),
     TO("20 1 0:30 / / rw shared:1 - tmpfs none ro\n", "40 1 0:30 / / rw - tmpfs none ro\n")},

    {PASSES("atomicity", MOUNT), FROM(P_ROOT, C_ROOT), TO(P_ROOT, C_ROOT), .error = EINVAL},
    {PASSES("atomicity", MOUNT), FROM(P_ROOT, C_ROOT), TO(P_ROOT, C_ROOT C_B)},
    {FAILS("atomicity", MOUNT,
           "mount failed with EINVAL and changed the table of a child's namespace"),
     FROM(P_ROOT, C_ROOT), TO(P_ROOT, C_ROOT C_B), .error = EINVAL},
    {FAILS("atomicity", MOUNT, "changed the table of the parent"), FROM(P_ROOT, C_ROOT),
     TO(P_ROOT P_B, C_ROOT), .error = EBUSY},
    {FAILS("atomicity", MOUNT, "changed the table of a child's namespace"), FROM(P_ROOT, C_SHARED),
     TO(P_ROOT, C_SLAVE), .error = EINVAL},

    {FAILS("atomicity", MOUNT, "showed a mount in the parent"), FROM(P_ROOT, C_ROOT),
     .events = "AD", .error = EBUSY},

    {PASSES("cleanup", MOUNT), FROM(P_ROOT, C_ROOT)},
    {FAILS("cleanup", MOUNT, "0 processes, 1 directories, 0 namespaces, 0 mounts are left: /a/x"),
     FROM(P_ROOT, C_ROOT), .leftover = {.directories = 1, .text = "/a/x"}},
    {FAILS("cleanup", MOUNT, "2 processes"), FROM(P_ROOT, C_ROOT), .leftover = {.processes = 2}},
    {FAILS("cleanup", MOUNT, "3 namespaces"), FROM(P_ROOT, C_ROOT), .leftover = {.namespaces = 3}},
    {FAILS("cleanup", MOUNT, "4 mounts"), FROM(P_ROOT, C_ROOT), .leftover = {.mounts = 4}},

    {.property = "views", .verdict = NST_SKIP, .calls = MOUNT, FROM(P_ROOT, C_ROOT)},
    {PASSES("views", MOUNT), FROM(P_ROOT, C_ROOT), TO(P_ROOT P_B, C_ROOT),
     .mounts = "none / tmpfs rw 0 0\nnone /b tmpfs rw 0 0\n", .statmount = P_ROOT P_B},
    {FAILS("views", MOUNT, "in the parent: all: mounts listed: mountinfo says 2, mounts says 1"),
     FROM(P_ROOT, C_ROOT), TO(P_ROOT P_B, C_ROOT), .mounts = "none / tmpfs rw 0 0\n"},
    {FAILS("views", MOUNT, "in the parent: /b"), FROM(P_ROOT, C_ROOT), TO(P_ROOT P_B, C_ROOT),
     .mounts = "none / tmpfs rw 0 0\nnone /b tmpfs ro 0 0\n"},
    {FAILS("views", MOUNT, "in the parent: /b"), FROM(P_ROOT, C_ROOT), TO(P_ROOT P_B, C_ROOT),
     .statmount = P_ROOT "21 20 0:31 / /b rw shared:8" FS},
    {FAILS("views", MOUNT, "in the parent: /b"), FROM(P_ROOT, C_ROOT), TO(P_ROOT, C_ROOT),
     .statmount = P_ROOT P_B},
    {.property = "views",
     .verdict = NST_ERROR,
     .calls = MOUNT,
     .says = "in the parent: cannot compare: EINVAL",
     FROM(P_ROOT, C_ROOT),
     TO(P_ROOT, C_ROOT),
     .mounts = "none /\n"},

    {PASSES("expectation", UMOUNT), FROM(P_ROOT, C_ROOT), .error = EINVAL},
    {PASSES("expectation", "1 umount2(\"/b\", 0) = 0\n"), FROM(P_ROOT, C_ROOT)},
    {PASSES("expectation", "1 umount2(\"/b\", 0) = -1 EINVAL\n"), FROM(P_ROOT, C_ROOT),
     .error = EINVAL},
    {FAILS("expectation", "1 umount2(\"/b\", 0) = 0\n",
           "umount2 failed with EINVAL, expected success"),
     FROM(P_ROOT, C_ROOT), .error = EINVAL},
    {FAILS("expectation", "1 umount2(\"/b\", 0) = -1 EINVAL\n",
           "umount2 succeeded, expected EINVAL"),
     FROM(P_ROOT, C_ROOT)},
    {FAILS("expectation", "1 umount2(\"/b\", 0) = -1 EINVAL\n",
           "umount2 failed with EBUSY, expected EINVAL"),
     FROM(P_ROOT, C_ROOT), .error = EBUSY},
    {FAILS("expectation", "1 umount2(\"/b\", 0) = 0\n",
           "umount2 was never performed: its actor is gone or was never made"),
     FROM(P_ROOT, C_ROOT), .gone = true},
    {FAILS("expectation", UMOUNT, "umount2 did not return before its deadline"),
     FROM(P_ROOT, C_ROOT), .error = -1},
    {PASSES("expectation", "1 umount2(\"/b\", 0) = 0\n"), FROM(P_ROOT, C_ROOT), .error = EINVAL,
     .random = true},
};
enum { ROWS = sizeof rows / sizeof *rows };

START_TEST(a_property_says_of_a_trace_what_it_promises)
{
    const struct trace_row *row = &rows[_i];
    const struct nst_property *property = nst_property_by_name(row->property);
    struct nst_judge_options options = {.intent = row->intent, .random = row->random};
    struct nst_sequence sequence = {0};
    struct nst_trace trace = make_trace(row, &sequence);
    struct nst_finding finding = {.step = 1000};
    struct nst_judgement judgement;

    ck_assert_msg(property, "no property %s", row->property);

    enum nst_verdict verdict = property->check(&trace, &options, &finding);

    ck_assert_msg(verdict == row->verdict, "row %d: %s: %s: %s", _i, property->name,
                  nst_verdict_name(verdict), finding.text);
    if (row->says) {
        ck_assert_msg(strstr(finding.text, row->says), "row %d: %s", _i, finding.text);
        ck_assert_uint_le(finding.step, trace.len);
        ck_assert_ptr_null(strchr(finding.text, '\n'));
    }
    nst_judge(&trace, &options, &judgement);
    for (size_t i = 0; i < judgement.len; i++)
        if (nst_properties[i] == property)
            ck_assert_int_eq(judgement.verdict[i], row->verdict);
    nst_trace_free(&trace);
    nst_sequence_free(&sequence);
}
END_TEST

/* A property that no mutant can fail is not a property. */
START_TEST(every_property_is_whole_passes_and_is_failed_by_a_mutant)
{
    size_t len = 0;

    for (; nst_properties[len]; len++) {
        const struct nst_property *property = nst_properties[len];
        bool seen[NST_ERROR + 1] = {false};

        ck_assert(property->name && *property->name && property->promise && *property->promise);
        ck_assert(property->source && *property->source);
        ck_assert(property->check ? !property->twin && !property->compare
                                  : property->twin && property->compare);
        ck_assert_ptr_eq(nst_property_by_name(property->name), property); /* so no name is twice */
        for (size_t i = 0; i < ROWS; i++)
            if (!strcmp(rows[i].property, property->name))
                seen[rows[i].verdict] = true;
        ck_assert_msg(seen[NST_PASS], "nothing passes %s", property->name);
        ck_assert_msg(seen[NST_FAIL], "no mutant fails %s", property->name);
    }
    ck_assert_uint_gt(len, 0);
    ck_assert_uint_le(len, NST_PROPERTIES_MAX);
    ck_assert_ptr_null(nst_property_by_name("no such property"));
    for (size_t i = 0; i < ROWS; i++)
        ck_assert_msg((rows[i].verdict == NST_FAIL) <= (rows[i].says != NULL), "row %zu", i);
}
END_TEST

START_TEST(trouble_outweighs_a_failure_and_that_outweighs_the_rest)
{
    static const struct {
        const char *mounts;
        size_t left;
        enum nst_verdict worst;
    } mixes[] = {
        {NULL, 0, NST_PASS}, {NULL, 1, NST_FAIL}, {"bad\n", 0, NST_ERROR}, {"bad\n", 1, NST_ERROR}};

    for (size_t i = 0; i < sizeof mixes / sizeof *mixes; i++) {
        struct trace_row row = {.calls = MOUNT,
                                .before = {{P_ROOT, C_ROOT}},
                                .mounts = mixes[i].mounts,
                                .leftover = {.mounts = mixes[i].left}};
        struct nst_sequence sequence = {0};
        struct nst_trace trace = make_trace(&row, &sequence);
        struct nst_judgement judgement;

        ck_assert_int_eq(nst_judge(&trace, &(struct nst_judge_options){0}, &judgement),
                         mixes[i].worst);
        nst_trace_free(&trace);
        nst_sequence_free(&sequence);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("property");
    TCase *tests = tcase_create("property");
    SRunner *runner = srunner_create(suite);

    tcase_add_loop_test(tests, a_property_says_of_a_trace_what_it_promises, 0, ROWS);
    tcase_add_test(tests, every_property_is_whole_passes_and_is_failed_by_a_mutant);
    tcase_add_test(tests, trouble_outweighs_a_failure_and_that_outweighs_the_rest);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);

    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed ? 1 : 0;
}
