/* What the kernel did is what the model says. Every row that fails is a mutant of one that passes:
 * a kernel that answers something else, or shows something else. */
#include "trace_test.h"

/* The known start: ns-tool(1). */
#define ROOT START_ROOT
#define PROC START_PROC
#define B(how) "22 20 0:32 / /b rw,relatime " how "\n"
#define TMPFS " - tmpfs none rw,inode64"
#define CHILD_ROOT(how) "40 39 0:30 / / rw,nosuid,nodev,relatime" how " - tmpfs tmpfs rw\n"
#define CHILD_PROC(how) "41 40 0:31 / /proc rw,nosuid,nodev,noexec,relatime" how " - proc proc rw\n"
#define CLONE "1 clone(child_stack=NULL, flags=CLONE_NEWNS|SIGCHLD) = 2\n"

static const struct trace_row rows[] = {
    {PASSES("conformance", MOUNT), FROM(ROOT PROC), TO(ROOT PROC B("shared:3" TMPFS))},
    /* whatever the kernel's numbers, and what a file system adds of its own */
    {PASSES("conformance", MOUNT), FROM(ROOT PROC),
     TO("90 7 0:40 / / rw,nosuid,nodev,relatime shared:44 - tmpfs tmpfs rw,size=4k,mode=755\n"
        "12 90 0:2 / /proc rw,nosuid,nodev,noexec,relatime shared:9 - proc proc rw,hidepid=2\n"
        "13 90 0:7 / /b rw,relatime shared:11 - tmpfs none rw\n")},

    {FAILS("conformance", MOUNT, "mount by actor 1 answered EBUSY, and the model 0"),
     FROM(ROOT PROC), .error = EBUSY},
    {FAILS("conformance", UMOUNT, "umount2 by actor 1 answered 0, and the model EINVAL"),
     FROM(ROOT PROC)},
    {FAILS("conformance", UMOUNT, "umount2 by actor 1 answered ENOENT, and the model EINVAL"),
     FROM(ROOT PROC), .error = ENOENT},
    {FAILS("conformance", CLONE, "clone by actor 1 answered 3, and the model 2"), FROM(ROOT PROC),
     .value = 3},
    {FAILS("conformance", MOUNT, "answered nothing, and the model 0"), FROM(ROOT PROC),
     .gone = true},
    {FAILS("conformance", MOUNT,
           "after mount the parent sees another table than in the model: - mount 3 on 1 dev 2 / /b "
           "rw,relatime shared:2 - tmpfs none rw"),
     FROM(ROOT PROC)},
    {FAILS("conformance", MOUNT, "+ mount 3 on 1 dev 2 / /b rw,relatime - tmpfs"), FROM(ROOT PROC),
     TO(ROOT PROC B("- tmpfs none rw"))},
    {FAILS("conformance", MOUNT, "shared:1 - tmpfs none rw"), FROM(ROOT PROC),
     TO(ROOT PROC B("shared:1" TMPFS))},
    {FAILS("conformance", MOUNT, "- tmpfs none ro"), FROM(ROOT PROC),
     TO(ROOT PROC B("shared:3 - tmpfs none ro,inode64"))},
    {FAILS("conformance", MOUNT, "- tmpfs none rw,sync;"), FROM(ROOT PROC),
     TO(ROOT PROC B("shared:3 - tmpfs none rw,sync,inode64"))},
    {FAILS("conformance", MOUNT, "- tmpfs - rw"), FROM(ROOT PROC),
     TO(ROOT PROC B("shared:3 - tmpfs - rw"))},
    /* that nothing came, and the parent's table, may be seen a call later */
    {FAILS("conformance", MOUNT RMDIR, "after mount the parent sees"), FROM(ROOT PROC),
     .error = EBUSY},

    /* an allocation failed: it did nothing, or else did it all */
    {PASSES("conformance", MOUNT), FROM(ROOT PROC), .error = ENOMEM, .faulted = true},
    {PASSES("conformance", MOUNT), FROM(ROOT PROC), .faulted = true,
     TO(ROOT PROC B("shared:3" TMPFS))},
    {FAILS("conformance", MOUNT, "answered ENOMEM, and the model 0"), FROM(ROOT PROC),
     .error = ENOMEM},
    {FAILS("conformance", MOUNT, "+ mount 3 on 1 dev 2 / /b rw,relatime shared:2 - tmpfs"),
     FROM(ROOT PROC), .error = ENOMEM, .faulted = true, TO(ROOT PROC B("shared:3" TMPFS))},
    {FAILS("conformance", MOUNT, "- mount 3 on 1 dev 2 / /b rw,relatime shared:2 - tmpfs"),
     FROM(ROOT PROC), .faulted = true},
    /* who was to be made isn't there, and isn't the first one either */
    {PASSES("conformance", CLONE "2 mkdir(\"/b/x\", 0755)\n"), FROM(ROOT PROC), .refused = true,
     .faulted = true, .gone = true},
    {.property = "conformance",
     .verdict = NST_SKIP,
     .calls = "1 fsconfig(3, FSCONFIG_CMD_CREATE, NULL, NULL, 0)\n",
     FROM(ROOT PROC),
     .error = ENOMEM,
     .faulted = true,
     .says = "what a context is good for that failed isn't promised"},

    /* what connects namespaces counts */
    {PASSES("conformance", CLONE), FROM(ROOT PROC), .value = 2,
     TO(ROOT PROC, CHILD_ROOT(" shared:1") CHILD_PROC(" shared:2")), .end = ROOT PROC},
    {FAILS("conformance", CLONE, "after clone actor 2 sees another table than in the model"),
     FROM(ROOT PROC), .value = 2, TO(ROOT PROC, CHILD_ROOT(" shared:8") CHILD_PROC(" shared:9"))},
    {FAILS("conformance", CLONE, "- mount 4 on 5 dev 1 / / rw,nosuid,nodev,relatime shared:1"),
     FROM(ROOT PROC), .value = 2, TO(ROOT PROC, CHILD_ROOT(" master:1") CHILD_PROC(" master:2"))},
    {FAILS("conformance", CLONE, "+ mount 4 on 5 dev 1 / / rw,nosuid,nodev,relatime - tmpfs"),
     FROM(ROOT PROC), .value = 2, TO(ROOT PROC, CHILD_ROOT("") CHILD_PROC(""))},
    {FAILS("conformance", MOUNT,
           "after mount actor 2 sees another table than in the model: in the "
           "model it has ended"),
     FROM(ROOT PROC), TO(ROOT PROC B("shared:3" TMPFS), CHILD_ROOT(" shared:1"))},

    /* when all have ended the parent shows what they left in it */
    {PASSES("conformance", MOUNT), FROM(ROOT PROC), TO(ROOT PROC B("shared:3" TMPFS)),
     .end = ROOT PROC B("shared:3" TMPFS)},
    {FAILS("conformance", MOUNT, "after all the parent sees another table than in the model: - "),
     FROM(ROOT PROC), TO(ROOT PROC B("shared:3" TMPFS)), .end = ROOT PROC},

    /* what isn't judged says so */
    {.property = "conformance",
     .verdict = NST_SKIP,
     .calls = "1 mount(\"none\", \"/b\", \"overlay\", 0, NULL)\n",
     FROM(ROOT PROC),
     .says = "not judged from call 1 on, which the model can't tell: such a file system"},
    {.property = "conformance",
     .verdict = NST_SKIP,
     .calls = MOUNT,
     FROM(ROOT PROC),
     .error = -1,
     .says = "not judged: a call did not return before its deadline"},
    {.property = "conformance",
     .verdict = NST_SKIP,
     .calls = MOUNT,
     FROM(ROOT PROC),
     .setup = true,
     .says = "not judged: what the code under test did"},
};

TRACE_ROWS_MAIN("conformance", rows)
