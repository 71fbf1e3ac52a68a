/* Options are those that were asked for, and what is locked stays. Every row that fails is a mutant
 * of one that passes. */
#include "trace_test.h"

#define RO_NOSUID "1 mount(\"none\", \"/b\", \"tmpfs\", MS_RDONLY|MS_NOSUID, NULL)\n"
#define REMOUNT(flags) "1 mount(\"none\", \"/b\", NULL, MS_REMOUNT|MS_BIND" flags ", NULL)\n"
#define SETATTR(set, clr, flags)                                                                   \
    "1 mount_setattr(AT_FDCWD, \"/b\", " flags ", {attr_set=" set ", attr_clr=" clr                \
    ", propagation=0, userns_fd=0}, 32)\n"
#define BIND "1 mount(\"/b\", \"/c\", NULL, MS_BIND|MS_RDONLY, NULL)\n"
#define CLONE "1 clone(child_stack=NULL, flags=CLONE_NEWNS|CLONE_NEWUSER|SIGCHLD) = 2\n"
#define B(options) "41 40 0:31 / /b " options FS
#define C(options) "42 40 0:31 / /c " options FS
#define ON_B(options) "43 41 0:33 / /b/x " options FS
#define S(options) "60 1 0:30 / / rw" FS "61 60 0:31 / /b " options FS

static const struct trace_row rows[] = {
    /* mount(2): what is new */
    {PASSES("flags", RO_NOSUID), FROM(P_ROOT, C_ROOT), TO(P_ROOT, C_ROOT B("ro,nosuid,relatime"))},
    {FAILS("flags", RO_NOSUID, "/b tmpfs (rw,nosuid,relatime) private has not the options that"),
     FROM(P_ROOT, C_ROOT), TO(P_ROOT, C_ROOT B("rw,nosuid,relatime"))},
    {FAILS("flags", RO_NOSUID, "has not the options"), FROM(P_ROOT, C_ROOT),
     TO(P_ROOT, C_ROOT B("ro,relatime"))},
    {FAILS("flags", RO_NOSUID, "has not the options"), FROM(P_ROOT, C_ROOT),
     TO(P_ROOT, C_ROOT B("ro,nosuid,nodev,relatime"))},
    {FAILS("flags", RO_NOSUID, "has not the options"), FROM(P_ROOT, C_ROOT),
     TO(P_ROOT, C_ROOT B("ro,nosuid"))},
    {FAILS("flags", RO_NOSUID, "in the parent"), FROM(P_ROOT, C_SHARED),
     TO(P_ROOT P_B, C_SHARED B("ro,nosuid,relatime shared:9"))},

    /* a remount sets exactly, and keeps the access times that it doesn't name */
    {PASSES("flags", REMOUNT("|MS_NODEV")), FROM(P_ROOT, C_ROOT B("ro,nosuid,noatime")),
     TO(P_ROOT, C_ROOT B("rw,nodev,noatime"))},
    {FAILS("flags", REMOUNT("|MS_NODEV"), "has not the options that were asked for"),
     FROM(P_ROOT, C_ROOT B("ro,nosuid,noatime")), TO(P_ROOT, C_ROOT B("rw,nosuid,nodev,noatime"))},
    {FAILS("flags", REMOUNT("|MS_NODEV"), "has not the options that were asked for"),
     FROM(P_ROOT, C_ROOT B("ro,nosuid,noatime")), TO(P_ROOT, C_ROOT B("rw,nodev,relatime"))},
    {FAILS("flags", REMOUNT("|MS_NODEV"), "has not the options that were asked for"),
     FROM(P_ROOT, C_ROOT B("ro,nosuid,noatime"))},
    {PASSES("flags", REMOUNT("|MS_STRICTATIME")), FROM(P_ROOT, C_ROOT B("rw,noatime")),
     TO(P_ROOT, C_ROOT B("rw"))},
    {FAILS("flags", REMOUNT("|MS_NODEV"), "in the parent, / tmpfs (ro) shared:1 has other options"),
     FROM(P_ROOT, C_ROOT B("rw")), TO("20 1 0:30 / / ro shared:1" FS, C_ROOT B("rw,nodev"))},

    /* mount_setattr(2) clears, then sets */
    {PASSES("flags", SETATTR("MOUNT_ATTR_NOEXEC", "MOUNT_ATTR_NOSUID", "0")),
     FROM(P_ROOT, C_ROOT B("ro,nosuid,relatime")), TO(P_ROOT, C_ROOT B("ro,noexec,relatime"))},
    {FAILS("flags", SETATTR("MOUNT_ATTR_NOEXEC", "MOUNT_ATTR_NOSUID", "0"), "has not the options"),
     FROM(P_ROOT, C_ROOT B("ro,nosuid,relatime")),
     TO(P_ROOT, C_ROOT B("ro,nosuid,noexec,relatime"))},
    {PASSES("flags", SETATTR("MOUNT_ATTR_NOATIME", "MOUNT_ATTR__ATIME", "0")),
     FROM(P_ROOT, C_ROOT B("rw,relatime")), TO(P_ROOT, C_ROOT B("rw,noatime"))},
    {FAILS("flags", SETATTR("MOUNT_ATTR_NOATIME", "MOUNT_ATTR__ATIME", "0"), "has not the options"),
     FROM(P_ROOT, C_ROOT B("rw,relatime")), TO(P_ROOT, C_ROOT B("rw,noatime,relatime"))},
    {PASSES("flags", SETATTR("MOUNT_ATTR_NODEV", "0", "AT_RECURSIVE")),
     FROM(P_ROOT, C_ROOT B("rw") ON_B("rw")), TO(P_ROOT, C_ROOT B("rw,nodev") ON_B("rw,nodev"))},
    {FAILS("flags", SETATTR("MOUNT_ATTR_NODEV", "0", "AT_RECURSIVE"), "/b/x"),
     FROM(P_ROOT, C_ROOT B("rw") ON_B("rw")), TO(P_ROOT, C_ROOT B("rw,nodev") ON_B("rw"))},
    {PASSES("flags", SETATTR("MOUNT_ATTR_NODEV", "0", "0")),
     FROM(P_ROOT, C_ROOT B("rw") ON_B("rw")), TO(P_ROOT, C_ROOT B("rw,nodev") ON_B("rw"))},
    {FAILS("flags", SETATTR("MOUNT_ATTR_NODEV", "0", "0"),
           "/b/x tmpfs (rw,nodev) private has other"),
     FROM(P_ROOT, C_ROOT B("rw") ON_B("rw")), TO(P_ROOT, C_ROOT B("rw,nodev") ON_B("rw,nodev"))},

    /* a bind has the options of its source, whatever else is asked */
    {PASSES("flags", BIND), FROM(P_ROOT, C_ROOT B("rw,nosuid")),
     TO(P_ROOT, C_ROOT B("rw,nosuid") C("rw,nosuid"))},
    {FAILS("flags", BIND, "has not the options of what was bound"),
     FROM(P_ROOT, C_ROOT B("rw,nosuid")), TO(P_ROOT, C_ROOT B("rw,nosuid") C("ro,nosuid"))},

    /* who doesn't ask changes nothing */
    {FAILS("flags", UMOUNT, "has other options, though nobody asked"),
     FROM(P_ROOT, C_ROOT B("rw") C("ro")), TO(P_ROOT, C_ROOT C("rw"))},

    /* mount_namespaces(7), Restrictions: [5] */
    {PASSES("flags", CLONE REMOUNT("")), FROM(P_ROOT, C_ROOT B("ro,nosuid")),
     .middle = {{P_ROOT, C_ROOT B("ro,nosuid"), S("ro,nosuid")}},
     TO(P_ROOT, C_ROOT B("ro,nosuid"), S("rw")), .ns = SIBLING, .owner = {7, 7, 7}, .part = true},
    {FAILS("flags", CLONE REMOUNT(""), "lost an option that a namespace of another owner had"),
     FROM(P_ROOT, C_ROOT B("ro,nosuid")),
     .middle = {{P_ROOT, C_ROOT B("ro,nosuid"), S("ro,nosuid")}},
     TO(P_ROOT, C_ROOT B("ro,nosuid"), S("rw")), .ns = SIBLING, .owner = {7, 7, 8}, .part = true},
    {PASSES("flags", CLONE REMOUNT("|MS_RDONLY|MS_NOSUID|MS_NODEV")),
     FROM(P_ROOT, C_ROOT B("ro,nosuid")),
     .middle = {{P_ROOT, C_ROOT B("ro,nosuid"), S("ro,nosuid")}},
     TO(P_ROOT, C_ROOT B("ro,nosuid"), S("ro,nosuid,nodev")), .ns = SIBLING, .owner = {7, 7, 8},
     .part = true},
};

TRACE_ROWS_MAIN("flags", rows)
