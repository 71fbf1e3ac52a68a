/* The parent: a namespace whose whole tree is shared, as a systemd host's is.
 *
 * Behind it stands a template, a namespace of the same mounts that is private and that no actor
 * ever gets at. A parent that a case has changed is replaced by a new copy of the template, as long
 * as that, and the file system that both show, can be put back to what they were. */
#include "kernel.h"
#include "sys.h"

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

    if (NST_SYS(UNSHARE, unshare(CLONE_NEWNS)) < 0)
        return nst_arena_fail(arena, "unshare");
    if (NST_SYS(MOUNT, mount("tmpfs", "/case", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755")) < 0 ||
        NST_SYS(CHDIR, chdir("/case")) < 0)
        return nst_arena_fail(arena, "can't mount the case's tmpfs");
    error = nst_tree_make();
    if (error) {
        errno = -error;
        return nst_arena_fail(arena, "can't make the case's tree");
    }
    if (NST_SYS(MOUNT, mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL)) < 0)
        return nst_arena_fail(arena, "can't mount the case's proc");
    if (NST_SYS(PIVOT_ROOT, syscall(SYS_pivot_root, ".", ".")) < 0 ||
        NST_SYS(UMOUNT, umount2(".", MNT_DETACH)) < 0 || NST_SYS(CHDIR, chdir("/")) < 0)
        return nst_arena_fail(arena, "pivot_root");
    template.ns = NST_SYS(OPEN, openat(arena->proc, "self/ns/mnt", O_RDONLY | O_CLOEXEC));
    if (template.ns < 0)
        return nst_arena_fail(arena, "/proc/self/ns/mnt");
    template.mountinfo = NST_SYS(OPEN, openat(arena->proc, "self/mountinfo", O_RDONLY | O_CLOEXEC));
    if (template.mountinfo < 0)
        return nst_arena_fail(arena, "/proc/self/mountinfo");
    error = nst_read_all(template.mountinfo, NST_TABLE_MOST, &template.text, &template.cap, &template.len);
    errno = -error;
    return error ? nst_arena_fail(arena, "can't read what the template shows") : 0;
}

static int copy_template(struct nst_arena *arena)
{
    if (NST_SYS(UNSHARE, unshare(CLONE_NEWNS)) < 0)
        return nst_arena_fail(arena, "unshare");
    if (NST_SYS(MOUNT, mount("none", "/", NULL, MS_REC | MS_SHARED, NULL)) < 0)
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

    return nst_read_all(template.mountinfo, NST_TABLE_MOST, &text, &cap, &len) == 0 && len == template.len &&
           memcmp(text, template.text, len) == 0 && nst_tree_clean() == 0;
}

int nst_parent_renew(struct nst_arena *arena)
{
    if (NST_SYS(SETNS, setns(template.ns, CLONE_NEWNS)) < 0)
        return nst_arena_fail(arena, "setns");
    return is_as_made() ? copy_template(arena) : -ESTALE;
}
