/* What the parent asks is answered as if an isolated child weren't there. Every row that fails is a
 * mutant of one that passes. */
#include "trace_test.h"

#define CHILD_MOUNTS "2 mount(\"none\", \"/c\", \"tmpfs\", 0, NULL)\n"
#define FILE_SYSTEM " - tmpfs none rw\n"
#define PRIVATE_FIRST .first_ns = CHILD, .ns = PARENT

static const struct trace_row rows[] = {
    /* the child's call is left out */
    {PASSES("noninterference", CHILD_MOUNTS MOUNT), PRIVATE_FIRST, FROM(P_ROOT, C_ROOT),
     TO(P_ROOT P_B, C_ROOT),
     TWIN(.calls = MOUNT, .ns = PARENT, FROM(P_ROOT, C_ROOT), TO(P_ROOT P_B, C_ROOT))},
    {PASSES("noninterference", CHILD_MOUNTS MOUNT), PRIVATE_FIRST, FROM(P_ROOT, C_SLAVE),
     TO(P_ROOT P_B, C_SLAVE),
     TWIN(.calls = MOUNT, .ns = PARENT, FROM(P_ROOT, C_ROOT), TO(P_ROOT P_B, C_ROOT))},
    {FAILS("noninterference", CHILD_MOUNTS MOUNT,
           "mount by actor 1 answered EINVAL, and without the child 0"),
     PRIVATE_FIRST, FROM(P_ROOT, C_ROOT), .error = EINVAL,
     TWIN(.calls = MOUNT, .ns = PARENT, FROM(P_ROOT, C_ROOT))},
    {FAILS("noninterference", CHILD_MOUNTS MOUNT,
           "after mount the parent shows, beside the child: - mount 3 on 1 dev 2 / /b"),
     PRIVATE_FIRST, FROM(P_ROOT, C_ROOT),
     TWIN(.calls = MOUNT, .ns = PARENT, FROM(P_ROOT, C_ROOT), TO(P_ROOT P_B, C_ROOT))},
    {FAILS("noninterference", CHILD_MOUNTS MOUNT, "beside the child: + mount 3 on 1 dev 2 / /b ro"),
     PRIVATE_FIRST, FROM(P_ROOT, C_ROOT),
     TO(P_ROOT "21 20 0:31 / /b ro shared:9" FILE_SYSTEM, C_ROOT),
     TWIN(.calls = MOUNT, .ns = PARENT, FROM(P_ROOT, C_ROOT), TO(P_ROOT P_B, C_ROOT))},
    {FAILS("noninterference", CHILD_MOUNTS MOUNT, "1 and 1, the second time 1 and 0"),
     PRIVATE_FIRST, FROM(P_ROOT, C_ROOT), .events = "AD",
     TWIN(.calls = MOUNT, .ns = PARENT, FROM(P_ROOT, C_ROOT), .events = "A")},

    /* an unmount is kept from happening where a copy of it is in use, elsewhere by nothing */
    {.property = "noninterference",
     .verdict = NST_SKIP,
     .calls = CHILD_MOUNTS UMOUNT,
     PRIVATE_FIRST,
     FROM(P_ROOT P_B, C_SLAVE C_B_SLAVE),
     .error = EBUSY,
     TWIN(.calls = UMOUNT, .ns = PARENT, FROM(P_ROOT P_B, C_SLAVE C_B_SLAVE))},
    {FAILS("noninterference", CHILD_MOUNTS UMOUNT, "answered EBUSY, and without the child 0"),
     PRIVATE_FIRST, FROM(P_ROOT P_B, C_ROOT C_B), .error = EBUSY,
     TWIN(.calls = UMOUNT, .ns = PARENT, FROM(P_ROOT P_B, C_ROOT C_B))},

    /* a peer is no child, unless it was meant to be isolated */
    {.property = "noninterference",
     .verdict = NST_SKIP,
     .calls = CHILD_MOUNTS MOUNT,
     PRIVATE_FIRST,
     FROM(P_ROOT, C_SHARED),
     TO(P_ROOT P_B, C_SHARED)},
    {FAILS("noninterference", CHILD_MOUNTS MOUNT, "answered EINVAL"), PRIVATE_FIRST,
     FROM(P_ROOT, C_SHARED), .error = EINVAL, .intent = NST_INTENT_ALWAYS,
     TWIN(.calls = MOUNT, .ns = PARENT, FROM(P_ROOT, C_SHARED))},
    {.property = "noninterference",
     .verdict = NST_SKIP,
     .calls = CHILD_MOUNTS MOUNT,
     PRIVATE_FIRST,
     FROM(P_ROOT, C_ROOT),
     .part = true},

    /* who comes back is no child; nor is there one where nothing succeeded in it */
    {.property = "noninterference",
     .verdict = NST_SKIP,
     .calls = "1 mount(\"none\", \"/c\", \"tmpfs\", 0, NULL)\n" MOUNT,
     PRIVATE_FIRST,
     FROM(P_ROOT, C_ROOT)},
    {.property = "noninterference",
     .verdict = NST_SKIP,
     .calls = CHILD_MOUNTS MOUNT,
     PRIVATE_FIRST,
     FROM(P_ROOT, C_ROOT),
     .refused = true},

    /* a context that failed once stays so for all who have its descriptor */
    {.property = "noninterference",
     .verdict = NST_SKIP,
     .calls = CHILD_MOUNTS "2 fsconfig(3, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0)\n" MOUNT,
     PRIVATE_FIRST,
     FROM(P_ROOT, C_ROOT)},

    /* what isn't a mount is kept: files that others see, descriptors, processes */
    {.property = "noninterference",
     .verdict = NST_SKIP,
     .calls = "2 mkdir(\"/b/x\", 0755)\n" MOUNT,
     PRIVATE_FIRST,
     FROM(P_ROOT, C_ROOT)},
    {.property = "noninterference",
     .verdict = NST_SKIP,
     .calls = "2 kill(1, SIGKILL)\n" MOUNT,
     PRIVATE_FIRST,
     FROM(P_ROOT, C_ROOT)},
    {.property = "noninterference",
     .verdict = NST_SKIP,
     .calls = "2 mount_setattr(3, \"\", AT_EMPTY_PATH, {attr_set=0, attr_clr=0, "
              "propagation=MS_PRIVATE, userns_fd=0}, 32)\n" MOUNT,
     PRIVATE_FIRST,
     FROM(P_ROOT, C_ROOT)},
    {.property = "noninterference",
     .verdict = NST_SKIP,
     .calls = "2 chdir(\"/proc/1/root\")\n" MOUNT,
     PRIVATE_FIRST,
     FROM(P_ROOT, C_ROOT)},
    {PASSES("noninterference", "2 mkdir(\"/b/x\", 0755)\n" MOUNT), PRIVATE_FIRST,
     FROM(P_ROOT, C_ROOT "41 40 0:77 / /b rw" FILE_SYSTEM),
     TWIN(.calls = MOUNT, .ns = PARENT, FROM(P_ROOT, C_ROOT))},
    {PASSES("noninterference", "2 mkdir(\"/b/x\", 0755)\n" CHILD_MOUNTS MOUNT), PRIVATE_FIRST,
     FROM(P_ROOT, C_ROOT),
     TWIN(.calls = "2 mkdir(\"/b/x\", 0755)\n" MOUNT, PRIVATE_FIRST, FROM(P_ROOT, C_ROOT))},
};

TRACE_ROWS_MAIN("noninterference", rows)
