#include "sys.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

const struct nst_sys_type nst_sys_types[NST_SYS_ROWS] = {
    [NST_SYS_FORK] = {.name = "fork", .error = {EAGAIN, ENOMEM}, .forks = true},
    [NST_SYS_CLONE] = {.name = "clone", .error = {EAGAIN, ENOMEM, ENOSPC, EPERM}, .forks = true},
    [NST_SYS_UNSHARE] = {.name = "unshare", .error = {ENOMEM, ENOSPC, EPERM}},
    [NST_SYS_SETNS] = {.name = "setns", .error = {ENOMEM, EPERM}},
    [NST_SYS_MOUNT] = {.name = "mount", .error = {EACCES, EBUSY, ENODEV, ENOMEM, EPERM}},
    [NST_SYS_UMOUNT] = {.name = "umount2", .error = {EBUSY, ENOMEM, EPERM}},
    [NST_SYS_PIVOT_ROOT] = {.name = "pivot_root", .error = {EBUSY, EINVAL, EPERM}},
    [NST_SYS_OPEN_TREE] = {.name = "open_tree", .error = {EMFILE, ENFILE, ENOMEM, ENOSPC, EPERM}},
    [NST_SYS_OPEN] = {.name = "open", .error = {EACCES, EMFILE, ENFILE, ENOMEM}},
    [NST_SYS_CLOSE] = {.name = "close", .error = {EINTR, EIO}, .performs = true},
    [NST_SYS_CLOSE_RANGE] = {.name = "close_range", .error = {ENOMEM}},
    [NST_SYS_DUP] = {.name = "dup2", .error = {EBUSY, EMFILE}},
    [NST_SYS_PAIR] = {.name = "socketpair", .error = {EAFNOSUPPORT, EMFILE, ENFILE}},
    [NST_SYS_SEND] = {.name = "send", .error = {ENOBUFS, ENOMEM, EPIPE}},
    [NST_SYS_PIDFD_OPEN] = {.name = "pidfd_open", .error = {EMFILE, ENFILE, ENODEV, ENOMEM}},
    [NST_SYS_READ] = {.name = "read", .error = {EINTR, EIO, ENOMEM}},
    [NST_SYS_WRITE] = {.name = "write", .error = {EINTR, EIO, ENOSPC, EPERM}},
    [NST_SYS_READLINK] = {.name = "readlink", .error = {EACCES, EIO, ENOMEM}},
    [NST_SYS_MKDIR] = {.name = "mkdir", .error = {EACCES, ENOMEM, ENOSPC, EROFS}},
    [NST_SYS_UNLINK] = {.name = "unlink", .error = {EACCES, EBUSY, EIO, ENOMEM}},
    [NST_SYS_CHDIR] = {.name = "chdir", .error = {EACCES, EIO, ENOMEM}},
    [NST_SYS_STAT] = {.name = "stat", .error = {EACCES, ENOMEM}},
    [NST_SYS_NS] = {.name = "ioctl_ns", .error = {EMFILE, ENOMEM}},
    [NST_SYS_TABLE] = {.name = "statmount", .error = {ENOMEM}},
    [NST_SYS_WATCH] = {.name = "fanotify_init", .error = {EMFILE, ENOMEM, ENOSPC}},
    [NST_SYS_EVENTS] = {.name = "fanotify", .error = {ENOMEM, EPROTO}},
    [NST_SYS_MEMFD] = {.name = "memfd_create", .error = {EACCES, EINVAL, EMFILE, ENFILE, ENOMEM}},
    [NST_SYS_TRUNCATE] = {.name = "ftruncate", .error = {EFBIG, EINTR, EIO}},
    [NST_SYS_FCNTL] = {.name = "fcntl", .error = {EBUSY, EPERM}},
    [NST_SYS_EXEC] = {.name = "execveat", .error = {EACCES, ENOMEM, ENOSYS, EPERM}},
    [NST_SYS_MMAP] = {.name = "mmap", .error = {EAGAIN, ENOMEM}},
    [NST_SYS_MUNMAP] = {.name = "munmap", .error = {0}},
    [NST_SYS_IDS] = {.name = "setresuid", .error = {EAGAIN, EPERM}},
    [NST_SYS_CAPS] = {.name = "capset", .error = {EPERM}},
    [NST_SYS_WAIT] = {.name = "waitpid", .error = {EINTR}},
    [NST_SYS_POLL] = {.name = "poll", .error = {EINTR, ENOMEM}},
    /* Of children: what its man page names are answers. */
    [NST_SYS_KILL] = {.name = "kill", .error = {0}},
    [NST_SYS_SELF] = {.name = "prctl", .error = {0}},
    [NST_SYS_WAKE] = {.name = "futex", .error = {0}},
};

struct nst_faults *nst_faults;

/* What this process is in the midst of. */
static enum nst_fault_kind due;
static enum nst_sys_row due_row;

/* A pid 1 can't be killed from inside its namespace (pid_namespaces(7)); that it ends at once, and
 * does nothing more, is the same. */
static void die(void)
{
    kill(getpid(), SIGKILL);
    syscall(SYS_exit_group, 128 + SIGKILL);
}

static size_t find(const char *function, int line)
{
    size_t sites = atomic_load(&nst_faults->sites), i;

    for (i = 0; i < sites; i++)
        if (nst_faults->site[i].line == line && nst_faults->site[i].function == function)
            break;
    return i;
}

/* Processes of a sandbox may come here at once. Only who adds a site takes the lock, so that hardly
 * anyone is ever killed with it. */
static size_t site_of(enum nst_sys_row row, const char *function, int line, uint32_t *ret_count)
{
    size_t i = find(function, line);
    uint32_t open = 0;

    if (i == atomic_load(&nst_faults->sites)) {
        while (!atomic_compare_exchange_weak(&nst_faults->lock, &open, 1))
            open = 0;
        i = find(function, line);
        if (i == nst_faults->sites && i < NST_SYS_SITES_MAX) {
            nst_faults->site[i].function = function;
            nst_faults->site[i].line = line;
            nst_faults->site[i].row = row;
            nst_faults->sites++;
        }
        atomic_store(&nst_faults->lock, 0);
    }
    *ret_count = i < NST_SYS_SITES_MAX ? atomic_fetch_add(&nst_faults->site[i].count, 1) + 1 : 0;
    return i;
}

static bool is_meant(enum nst_sys_row row, const char *function, size_t at, uint32_t count)
{
    if (nst_faults->kind == NST_FAULT_FORGETS)
        return nst_faults->function == function &&
               (nst_faults->row == row || nst_faults->row == NST_SYS_ROWS);
    return nst_faults->kind != NST_FAULT_NONE && nst_faults->at == at && nst_faults->nth == count;
}

bool nst_fault_before(enum nst_sys_row row, const char *function, int line)
{
    uint32_t count;
    size_t at = site_of(row, function, line, &count);

    due = NST_FAULT_NONE;
    if (!is_meant(row, function, at, count))
        return true;
    atomic_fetch_add(&nst_faults->met, 1);
    due = nst_faults->kind;
    due_row = row;
    if (due == NST_FAULT_KILLS_BEFORE)
        die();
    return due == NST_FAULT_KILLS_AFTER || (due == NST_FAULT_FAILS && nst_sys_types[row].performs);
}

long nst_fault_after(long result)
{
    enum nst_fault_kind now = due;

    due = NST_FAULT_NONE;
    if (now == NST_FAULT_NONE || (nst_sys_types[due_row].forks && !result))
        return result;
    if (now == NST_FAULT_KILLS_AFTER)
        die();
    return nst_fault_instead();
}

long nst_fault_instead(void)
{
    if (nst_faults->kind == NST_FAULT_FORGETS)
        return 0;
    errno = nst_faults->error;
    return -1;
}
