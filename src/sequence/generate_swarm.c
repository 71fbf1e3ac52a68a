/* Each case draws a few groups of calls, and goes without some of their choices: what all calls
 * together keep each other from reaching is reached by a few (Groce, Zhang, Eide, Chen, Regehr:
 * Swarm Testing, ISSTA 2012). */
#include <string.h>

#include "generate.h"

#define CALL(name, n) [NST_CALL_##name] = (n)

const struct nst_swarm_group nst_swarm_groups[] =
    {[NST_SWARM_PROPAGATION] =
         {"propagation",
          "shared, slave, private and unbindable mounts, and what passes between them",
          {CALL(MOUNT, 60), CALL(UMOUNT2, 20), CALL(MOUNT_SETATTR, 16), CALL(MKDIR, 2)}},
     [NST_SWARM_MOUNT] = {"mount",
                          "new file systems by mount(2), stacked and unmounted",
                          {CALL(MOUNT, 40), CALL(UMOUNT2, 32), CALL(MKDIR, 8), CALL(RMDIR, 3),
                           CALL(CHDIR, 2)}},
     [NST_SWARM_BIND] = {"bind",
                         "binds of directories and of trees",
                         {CALL(MOUNT, 50), CALL(UMOUNT2, 24), CALL(MKDIR, 3)}},
     [NST_SWARM_MOVE] = {"move",
                         "mounts that move, and mounts beneath others",
                         {CALL(MOUNT, 40), CALL(MOVE_MOUNT, 20), CALL(UMOUNT2, 6),
                          CALL(OPEN_TREE, 10)}},
     [NST_SWARM_DETACHED_TREES] =
         {"detached-trees",
          "open_tree, fsmount and what is done to a tree before it is mounted",
          {CALL(OPEN_TREE, 24), CALL(OPEN_TREE_ATTR, 10), CALL(MOVE_MOUNT, 28), CALL(CLOSE, 4),
           CALL(MOUNT, 12), CALL(MOUNT_SETATTR, 10), CALL(FSOPEN, 6), CALL(FSCONFIG, 4),
           CALL(FSMOUNT, 6), CALL(FCHDIR, 3), CALL(OPENAT, 3), CALL(OPEN, 6), CALL(CLONE, 4)}},
     [NST_SWARM_FILESYSTEMS] = {"filesystems",
                                "fsopen, fsconfig, fsmount and fspick",
                                {CALL(FSOPEN, 20), CALL(FSCONFIG, 20), CALL(FSMOUNT, 16),
                                 CALL(MOVE_MOUNT, 16), CALL(FSPICK, 10), CALL(MOUNT, 8),
                                 CALL(CLOSE, 2)}},
     [NST_SWARM_ATTRIBUTES] = {"attributes",
                               "read-only, nosuid and their like, by remount and mount_setattr",
                               {CALL(MOUNT, 40), CALL(MOUNT_SETATTR, 30), CALL(OPEN_TREE_ATTR, 6),
                                CALL(MOVE_MOUNT, 4), CALL(OPENAT, 4), CALL(MKDIR, 4),
                                CALL(FSPICK, 2)}},
     [NST_SWARM_USERNS] =
         {"userns",
          "nested user namespaces: less privileged owners, locked mounts and flags",
          {CALL(UNSHARE, 24), CALL(CLONE, 10), CALL(CLONE3, 6), CALL(SETNS, 12), CALL(OPEN, 12),
           CALL(MOUNT, 40), CALL(UMOUNT2, 16), CALL(MOUNT_SETATTR, 8), CALL(OPEN_TREE, 6),
           CALL(MOVE_MOUNT, 5)}},
     [NST_SWARM_BUSY] = {"busy",
                         "working directories, roots and open files in mounts that are unmounted",
                         {CALL(CHDIR, 20), CALL(OPEN, 14), CALL(OPENAT, 8), CALL(FCHDIR, 6),
                          CALL(CHROOT, 4), CALL(UMOUNT2, 36), CALL(MOUNT, 30), CALL(FORK, 6),
                          CALL(CLOSE, 4)}},
     [NST_SWARM_NAMESPACE_FILES] = {"namespace-files",
                                    "open and bound namespace files, and setns",
                                    {CALL(OPEN, 20), CALL(OPENAT, 6), CALL(SETNS, 26),
                                     CALL(MOUNT, 20), CALL(UNSHARE, 14), CALL(CLONE, 8),
                                     CALL(CLOSE, 5), CALL(UMOUNT2, 6), CALL(EXIT_GROUP, 2),
                                     CALL(UNLINK, 4)}},
     [NST_SWARM_PIVOT] = {"pivot",
                          "pivot_root and chroot",
                          {CALL(PIVOT_ROOT, 24), CALL(CHROOT, 10), CALL(MOUNT, 36), CALL(CHDIR, 8),
                           CALL(UMOUNT2, 8), CALL(FORK, 3), CALL(MKDIR, 3)}},
     [NST_SWARM_FILES] = {"files",
                          "directories, links and files on what is mounted",
                          {CALL(MKDIR, 20), CALL(MKDIRAT, 10), CALL(RMDIR, 14), CALL(UNLINK, 6),
                           CALL(UNLINKAT, 8), CALL(SYMLINK, 10), CALL(RENAME, 12),
                           CALL(RENAMEAT2, 6), CALL(OPEN, 10), CALL(OPENAT, 12), CALL(CLOSE, 4),
                           CALL(MOUNT, 20), CALL(CHDIR, 3)}},
     [NST_SWARM_PROCESSES] = {"processes",
                              "actors that are made, end and are killed",
                              {CALL(FORK, 12), CALL(VFORK, 4), CALL(CLONE, 14), CALL(CLONE3, 10),
                               CALL(EXIT_GROUP, 8), CALL(KILL, 10), CALL(UNSHARE, 8),
                               CALL(MOUNT, 20)}},
     [NST_SWARMS] = {0}};

/* What every case has some of: it is about namespaces. */
static const uint32_t common_weight[NST_CALLS] = {CALL(UNSHARE, 8), CALL(CLONE, 4),
                                                  CALL(CLONE3, 2),  CALL(FORK, 2),
                                                  CALL(MOUNT, 10),  CALL(UMOUNT2, 6)};

enum { LIST_CALLS = 41 }; /* of nst_world_drops() */

size_t nst_swarm_len(void)
{
    return NST_SWARMS;
}

int nst_swarm_find(const char *name, size_t len)
{
    for (size_t i = 0; i < nst_swarm_len(); i++)
        if (!strncmp(nst_swarm_groups[i].name, name, len) && !nst_swarm_groups[i].name[len])
            return (int)i;
    return -1;
}

bool nst_world_drops(const struct nst_world *world, size_t list, size_t choice)
{
    return world->dropped >> (list * 11 + choice * 5) % 64 & 1;
}

bool nst_world_favours(const struct nst_world *world, enum nst_swarm group)
{
    return world->groups >> group & 1;
}

/* One to three groups; in one case of eight all of them. */
static uint32_t draw_groups(struct nst_random *random)
{
    uint32_t groups = 0;

    if (nst_random_below(random, 8) == 7)
        return (UINT32_C(1) << nst_swarm_len()) - 1;
    for (uint64_t i = 1 + nst_random_below(random, 3); i; i--)
        groups |= UINT32_C(1) << nst_random_below(random, nst_swarm_len());
    return groups;
}

/* About a quarter of the calls and a third of the other choices are left out. */
void nst_world_draw_swarm(struct nst_random *random, struct nst_world *world,
                          const struct nst_generator *options)
{
    uint64_t a = nst_random_below(random, UINT64_MAX), b = nst_random_below(random, UINT64_MAX);
    uint64_t left = 0;

    world->dropped = a & b;
    world->parent_steps = nst_random_below(random, 2) ? 0 : 1 + nst_random_below(random, 5);
    world->groups = options && options->groups ? options->groups : draw_groups(random);
    for (size_t i = 0; options && i < NST_CALLS; i++)
        if (options->weight[i])
            return;
    memcpy(world->weight, common_weight, sizeof world->weight);
    for (size_t g = 0; g < nst_swarm_len(); g++)
        for (size_t i = 0; world->groups >> g & 1 && i < NST_CALLS; i++)
            world->weight[i] += nst_swarm_groups[g].weight[i];
    for (size_t i = 0; i < NST_CALLS; i++) /* of those that a single actor can do */
        if (!nst_world_drops(world, LIST_CALLS, i) && nst_calls[i].returns != NST_RETURNS_ACTOR &&
            i != NST_CALL_EXIT_GROUP && i != NST_CALL_KILL)
            left += world->weight[i];
    for (size_t i = 0; left && i < NST_CALLS; i++)
        if (nst_world_drops(world, LIST_CALLS, i))
            world->weight[i] = 0;
}
