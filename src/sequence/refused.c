/* What a sandbox refuses itself: ns-tool(1), "What is refused". Who performs calls and who predicts
 * them ask the same here. */
#include <string.h>
#include <sys/mount.h>

#include <ns-tool/sequence.h>

static bool is_one_of(const char *type, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(type, *list) == 0)
            return true;
    return false;
}

/* Directories made in a cgroup tree would stay on the host; and in the initial user namespace many
 * a file system's superblock is the host's own. */
static bool is_unsafe(const char *type, bool privileged)
{
    static const char *const never[] = {"cgroup", "cgroup2", "cpuset", NULL};
    static const char *const allowed[] = {"tmpfs", "ramfs", "proc", "overlay", NULL};

    return type && (is_one_of(type, never) || (privileged && !is_one_of(type, allowed)));
}

bool nst_call_is_refused(const struct nst_call *call, bool privileged)
{
    const uint64_t other =
        MS_BIND | MS_MOVE | MS_REMOUNT | MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE;
    uint64_t flags = call->arg[3].num;

    switch (call->id) {
    case NST_CALL_FSOPEN:
        return is_unsafe(call->arg[0].str, privileged);
    case NST_CALL_FSPICK: /* it reconfigures a superblock that may be the host's */
        return privileged;
    case NST_CALL_MOUNT:
        /* Kernels before 2.4 wanted a magic number there; today's take it off (fs/namespace.c,
         * path_mount()), and so must who asks what the flags say. */
        if ((flags & 0xffff0000) == 0xc0ed0000)
            flags &= ~0xffff0000ULL;
        if (!(flags & other) && is_unsafe(call->arg[2].str, privileged))
            return true;
        return privileged && flags & MS_REMOUNT && !(flags & MS_BIND); /* as fspick does */
    default:
        return false;
    }
}
