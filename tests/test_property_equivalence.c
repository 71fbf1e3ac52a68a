/* By the other mount API everybody sees the same. Every row that fails is a mutant of one that
 * passes. */
#include "trace_test.h"

#define OLD_CHANGE "1 mount(\"none\", \"/b\", NULL, MS_PRIVATE, NULL)\n"
#define NEW_CHANGE_OF(path)                                                                        \
    "1 mount_setattr(AT_FDCWD, \"" path "\", 0, {attr_set=0, attr_clr=0, propagation=MS_PRIVATE, " \
    "userns_fd=0}, 32)\n"
#define NEW_CHANGE NEW_CHANGE_OF("/b")
#define OLD_BIND "1 mount(\"/b\", \"/c\", NULL, MS_BIND, NULL)\n"
#define NEW_BIND                                                                                   \
    "1 open_tree(AT_FDCWD, \"/b\", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC) = 1000000\n"                 \
    "1 move_mount(1000000, \"\", AT_FDCWD, \"/c\", "                                               \
    "MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_SYMLINKS|MOVE_MOUNT_T_AUTOMOUNTS)\n1 close(1000000)\n"
#define MKDIR "1 mkdir(\"/b/x\", 0755)\n"
#define PRIVATE_B "21 20 0:31 / /b rw" FS
#define P_C "22 20 0:31 / /c rw shared:2" FS

static const struct trace_row rows[] = {
    {PASSES("equivalence", OLD_CHANGE), FROM(P_ROOT P_B), TO(P_ROOT PRIVATE_B),
     TWIN(.calls = NEW_CHANGE, FROM(P_ROOT P_B), TO(P_ROOT PRIVATE_B))},
    {PASSES("equivalence", NEW_CHANGE), FROM(P_ROOT P_B), TO(P_ROOT PRIVATE_B),
     TWIN(.calls = OLD_CHANGE, FROM(P_ROOT P_B), TO(P_ROOT PRIVATE_B))},
    {FAILS("equivalence", OLD_CHANGE,
           "after mount, what the other mount API makes of it: + mount 3 on 1 dev 2 / /b rw "
           "shared:2 - tmpfs none rw"),
     FROM(P_ROOT P_B), TO(P_ROOT PRIVATE_B), TWIN(.calls = NEW_CHANGE, FROM(P_ROOT P_B))},
    {FAILS("equivalence", NEW_CHANGE, "after mount_setattr, what the other mount API makes of it"),
     FROM(P_ROOT P_B), TWIN(.calls = OLD_CHANGE, FROM(P_ROOT P_B), TO(P_ROOT PRIVATE_B))},
    {FAILS("equivalence", OLD_CHANGE,
           "mount by actor 1 succeeded, and mount_setattr in its place: EPERM"),
     FROM(P_ROOT P_B), TWIN(.calls = NEW_CHANGE, FROM(P_ROOT P_B), .error = EPERM)},

    {FAILS("equivalence", OLD_CHANGE,
           "mount by actor 1 succeeded, and mount_setattr in its place: EINVAL"),
     FROM(P_ROOT P_B), .ns = PARENT, TWIN(.calls = NEW_CHANGE, FROM(P_ROOT P_B), .error = EINVAL)},

    /* what a path of which nobody knows leads to may be outside the caller's namespace */
    {.property = "equivalence",
     .verdict = NST_SKIP,
     .calls = "1 mount(\"none\", \"b\", NULL, MS_PRIVATE, NULL)\n",
     FROM(P_ROOT P_B),
     .ns = PARENT,
     TWIN(.calls = NEW_CHANGE_OF("b"), FROM(P_ROOT P_B), .error = EINVAL)},

    /* ids are the kernel's to choose; the middle is what the move left, before the close */
    {PASSES("equivalence", OLD_BIND), FROM(P_ROOT P_B), TO(P_ROOT P_B P_C),
     TWIN(.calls = NEW_BIND, FROM(P_ROOT P_B),
          .middle = {{P_ROOT P_B "77 20 0:31 / /c rw shared:2" FS}}, TO(P_ROOT P_B P_C))},
    {FAILS("equivalence", OLD_BIND, "after mount, what the other mount API makes of it: - mount"),
     FROM(P_ROOT P_B), TO(P_ROOT P_B P_C),
     TWIN(.calls = NEW_BIND, FROM(P_ROOT P_B), .middle = {{P_ROOT P_B}}, TO(P_ROOT P_B P_C))},
    {FAILS("equivalence", OLD_BIND, "after all, what the other mount API makes of it: - mount"),
     FROM(P_ROOT P_B), TO(P_ROOT P_B P_C),
     TWIN(.calls = NEW_BIND, FROM(P_ROOT P_B), .middle = {{P_ROOT P_B P_C}}, TO(P_ROOT P_B))},

    /* the other calls stay, and answer the same */
    {PASSES("equivalence", OLD_CHANGE MKDIR), FROM(P_ROOT P_B), TO(P_ROOT PRIVATE_B),
     TWIN(.calls = NEW_CHANGE MKDIR, FROM(P_ROOT P_B), TO(P_ROOT PRIVATE_B))},
    {FAILS("equivalence", OLD_CHANGE MKDIR,
           "mkdir by actor 1 answered 0, and behind the other mount API's calls EEXIST"),
     FROM(P_ROOT P_B), TWIN(.calls = NEW_CHANGE MKDIR, FROM(P_ROOT P_B), .error = EEXIST)},
    {FAILS("equivalence", OLD_CHANGE,
           "mounts that came to and went from the parent: 1 and 0, the second time 0 and 0"),
     FROM(P_ROOT P_B), .events = "A", TWIN(.calls = NEW_CHANGE, FROM(P_ROOT P_B))},

    /* polling tells of a change of type by one of them only */
    {PASSES("equivalence", OLD_CHANGE), FROM(P_ROOT P_B), .events = "U",
     TWIN(.calls = NEW_CHANGE, FROM(P_ROOT P_B))},

    /* what failed, or has no other form, is nothing to compare */
    {.property = "equivalence",
     .verdict = NST_SKIP,
     .calls = OLD_CHANGE,
     .error = EINVAL,
     FROM(P_ROOT P_B)},
    {.property = "equivalence", .verdict = NST_SKIP, .calls = UMOUNT, FROM(P_ROOT P_B), TO(P_ROOT)},
    {.property = "equivalence",
     .verdict = NST_SKIP,
     .calls = OLD_CHANGE "1 close(1000001)\n",
     FROM(P_ROOT P_B)},
};

TRACE_ROWS_MAIN("equivalence", rows)
