/* Which file a call changes, and which mount shows it. */
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>

#include "child_part.h"

const struct nst_mount *nst_path_lead(const struct nst_ns_view *view, const char *path)
{
    const struct nst_mount *found = NULL;
    size_t longest = 0, roots = 0;

    for (size_t i = 0; view && i < view->table.len; i++) {
        const struct nst_mount *mount = &view->table.mount[i];
        size_t len = strcmp(mount->point, "/") ? strlen(mount->point) : 0;

        roots += !len;
        if (!strncmp(path, mount->point, len) && (!path[len] || path[len] == '/') &&
            (!found || len >= longest)) {
            found = mount;
            longest = len;
        }
    }
    return roots == 1 ? found : NULL;
}

const char *nst_changed_path(const struct nst_call *call)
{
    bool at = call->id == NST_CALL_MKDIRAT || call->id == NST_CALL_UNLINKAT ||
              call->id == NST_CALL_OPENAT;
    const char *path = call->arg[at ? 1 : 0].str;

    switch (call->id) {
    case NST_CALL_OPEN:
    case NST_CALL_OPENAT:
        if (!(call->arg[at ? 2 : 1].num & (O_CREAT | O_WRONLY | O_RDWR | O_TRUNC)))
            return NULL;
        break;
    case NST_CALL_MOUNT:
        if (!(call->arg[3].num & MS_REMOUNT) || call->arg[3].num & MS_BIND)
            return NULL;
        path = call->arg[1].str;
        break;
    case NST_CALL_SYMLINK:
        path = call->arg[1].str;
        break;
    case NST_CALL_UMOUNT2: /* of its root, which isn't lazy: that becomes read-only (do_umount()) */
        path = call->arg[0].str;
        return path && *path && !path[strspn(path, "/.")] && !(call->arg[1].num & MNT_DETACH)
                   ? "/"
                   : NULL;
    case NST_CALL_FSCONFIG:
        return call->arg[1].num == 7 /* FSCONFIG_CMD_RECONFIGURE */ ? "" : NULL;
    case NST_CALL_RENAME: /* of two */
    case NST_CALL_RENAMEAT2:
        return "";
    case NST_CALL_MKDIR:
    case NST_CALL_MKDIRAT:
    case NST_CALL_RMDIR:
    case NST_CALL_UNLINK:
    case NST_CALL_UNLINKAT:
        break;
    default:
        return NULL;
    }
    if ((at && call->arg[0].num != NST_AT_FDCWD) || !path || *path != '/' || strstr(path, ".."))
        return "";
    return path;
}
