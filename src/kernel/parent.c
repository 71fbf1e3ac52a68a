/* The parent: a namespace whose whole tree is shared, as a systemd host's is.
 *
 * Behind it stands a template, a namespace of the same mounts that is private and that no actor
 * ever gets at. A parent that a case has changed is replaced by a new copy of the template, as long
 * as that, and the file system that both show, can be put back to what they were. */
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
    int ns, mountinfo; /* descriptors of the runner */
    char *text;        /* its mountinfo when it was made */
    size_t len, cap;
} template;

static int make_template(struct nst_arena *arena)
{
    int error;

    if (unshare(CLONE_NEWNS) < 0)
        return nst_arena_fail(arena, "unshare");
    if (mount("tmpfs", "/case", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") < 0 ||
        chdir("/case") < 0)
        return nst_arena_fail(arena, "can't mount the case's tmpfs");
    error = nst_tree_make();
    if (error) {
        errno = -error;
        return nst_arena_fail(arena, "can't make the case's tree");
    }
    if (mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        return nst_arena_fail(arena, "can't mount the case's proc");
    if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        return nst_arena_fail(arena, "pivot_root");
    template.ns = openat(arena->proc, "self/ns/mnt", O_RDONLY | O_CLOEXEC);
    template.mountinfo = openat(arena->proc, "self/mountinfo", O_RDONLY | O_CLOEXEC);
    if (template.ns < 0 || template.mountinfo < 0)
        return nst_arena_fail(arena, "/proc/self/mountinfo");
    return nst_read_all(template.mountinfo, &template.text, &template.cap, &template.len);
}

static int copy_template(struct nst_arena *arena)
{
    if (unshare(CLONE_NEWNS) < 0)
        return nst_arena_fail(arena, "unshare");
    if (mount("none", "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
        return nst_arena_fail(arena, "can't make the parent shared");
    return 0;
}

int nst_parent_make(struct nst_arena *arena)
{
    int error = make_template(arena);

    return error ? error : copy_template(arena);
}

/* Superblocks' options are in the text, what is in the directories isn't. */
static bool is_as_made(void)
{
    static char *text;
    static size_t len, cap;

    return nst_read_all(template.mountinfo, &text, &cap, &len) == 0 && len == template.len &&
           memcmp(text, template.text, len) == 0 && nst_tree_clean() == 0;
}

int nst_parent_renew(struct nst_arena *arena)
{
    if (setns(template.ns, CLONE_NEWNS) < 0)
        return nst_arena_fail(arena, "setns");
    return is_as_made() ? copy_template(arena) : -ESTALE;
}
