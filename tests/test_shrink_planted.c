/* Failures planted into 200 random calls, whose shortest form is known: the shrinker gets there. No
 * kernel: what fails is a pure function of the sequence, some of them as strict as a world in which
 * a descriptor, an actor or a directory that is made has to be used. */
#include "nst_test.h"

#include <ns-tool/generate.h>
#include <ns-tool/shrink.h>

#define SEEDS 6
#define CALLS 200
#define TRIES_MAX 1000

static uint64_t seed;

/* What a predicate has found so far. */
struct met {
    uint32_t actor, other;
    uint64_t fd, mount_fd;
    const char *path;
};

/* A link of a chain: whether CALL goes on from what was MET, which it adds to. */
typedef bool (*link_fn)(const struct nst_call *call, struct met *met);

static bool is_at(const struct nst_call *call, size_t arg, const char *path)
{
    return call->arg[arg].str && !strcmp(call->arg[arg].str, path);
}

static bool names(const struct nst_call *call, uint64_t *ret)
{
    if (call->expect.kind != NST_SUCCEEDS)
        return false;
    *ret = (uint64_t)call->expect.value;
    return true;
}

static bool unshares(const struct nst_call *call, struct met *met)
{
    met->actor = call->actor;
    return call->id == NST_CALL_UNSHARE && call->arg[0].num & CLONE_NEWNS;
}

static bool mounts_tmpfs_on_a(const struct nst_call *call, struct met *met)
{
    return call->id == NST_CALL_MOUNT && call->actor == met->actor && is_at(call, 1, "/a") &&
           is_at(call, 2, "tmpfs") && !(call->arg[3].num & (MS_BIND | MS_REMOUNT));
}

static bool opens_fs(const struct nst_call *call, struct met *met)
{
    met->actor = call->actor;
    return call->id == NST_CALL_FSOPEN && names(call, &met->fd);
}

static bool creates_fs(const struct nst_call *call, struct met *met)
{
    return call->id == NST_CALL_FSCONFIG && call->actor == met->actor &&
           call->arg[0].num == met->fd && call->arg[1].num == 6;
}

static bool mounts_fs(const struct nst_call *call, struct met *met)
{
    return call->id == NST_CALL_FSMOUNT && call->actor == met->actor &&
           call->arg[0].num == met->fd && names(call, &met->mount_fd);
}

static bool moves_fs(const struct nst_call *call, struct met *met)
{
    return call->id == NST_CALL_MOVE_MOUNT && call->actor == met->actor &&
           call->arg[0].num == met->mount_fd;
}

static bool makes_actor(const struct nst_call *call, struct met *met)
{
    uint64_t other = 0;
    bool made = nst_calls[call->id].returns == NST_RETURNS_ACTOR && names(call, &other);

    met->actor = call->actor;
    met->other = (uint32_t)other;
    return made && met->actor != met->other;
}

static bool other_mounts(const struct nst_call *call, struct met *met)
{
    return call->id == NST_CALL_MOUNT && call->actor == met->other && is_at(call, 1, "/planted");
}

static bool first_unmounts(const struct nst_call *call, struct met *met)
{
    return call->id == NST_CALL_UMOUNT2 && call->actor == met->actor && is_at(call, 0, "/planted");
}

static bool makes_all_slave(const struct nst_call *call, struct met *met)
{
    (void)met;
    return call->id == NST_CALL_MOUNT &&
           (call->arg[3].num & (MS_REC | MS_SLAVE | MS_SILENT)) == (MS_REC | MS_SLAVE | MS_SILENT);
}

static bool makes_planted(const struct nst_call *call, struct met *met)
{
    met->path = call->arg[0].str;
    return call->id == NST_CALL_MKDIR && met->path && !strncmp(met->path, "/mnt/", 5);
}

static bool mounts_there(const struct nst_call *call, struct met *met)
{
    return call->id == NST_CALL_MOUNT && call->arg[1].str && is_at(call, 1, met->path) &&
           call->arg[3].num & MS_NOSUID;
}

static bool removes(const struct nst_call *call, struct met *met)
{
    (void)met;
    return call->id == NST_CALL_RMDIR && call->arg[0].str &&
           !strncmp(call->arg[0].str, "/planted", 8);
}

/* Whether the links are met in order. */
static bool has_chain(const struct nst_sequence *sequence, const link_fn *link, size_t from,
                      struct met met)
{
    if (!*link)
        return true;
    for (size_t i = from; i < sequence->len; i++) {
        struct met now = met;

        if ((*link)(&sequence->call[i], &now) && has_chain(sequence, link + 1, i + 1, now))
            return true;
    }
    return false;
}

/* What makes a thing by its name, what uses it, what ends it. */
static const enum nst_call_id units[][3] = {{NST_CALL_OPEN, NST_CALL_FCHDIR, NST_CALL_CLOSE},
                                            {NST_CALL_FORK, NST_CALL_CHDIR, NST_CALL_KILL}};

static uint64_t name_of(const struct nst_call *call)
{
    return call->id == NST_CALL_CHDIR                               ? call->actor
           : call->id == NST_CALL_OPEN || call->id == NST_CALL_FORK ? (uint64_t)call->expect.value
                                                                    : call->arg[0].num;
}

/* Whether call AT of part PART of UNIT has the two others in their order. */
static bool is_whole(const struct nst_sequence *sequence, size_t at, const enum nst_call_id *unit)
{
    size_t part = 0;

    for (size_t i = 0; i < sequence->len && part < 3; i++)
        part += sequence->call[i].id == unit[part] &&
                name_of(&sequence->call[i]) == name_of(&sequence->call[at]);
    return part == 3;
}

/* Whether all that is made is used and ended later, so that nothing of a unit can go alone. */
static bool is_balanced(const struct nst_sequence *sequence)
{
    for (size_t i = 0; i < sequence->len; i++)
        for (size_t unit = 0; unit < 2; unit++)
            for (size_t part = 0; part < 3; part++)
                if (sequence->call[i].id == units[unit][part] &&
                    !is_whole(sequence, i, units[unit]))
                    return false;
    return true;
}

static const struct row {
    const char *name, *planted, *minimum;
    link_fn link[11];
    bool balanced; /* among units, of which nothing can go alone */
} rows[] = {
    {"unshare, and a tmpfs on /a by the same actor",
     "1 unshare(CLONE_NEWNS|CLONE_NEWUSER)\n"
     "1 mount(\"x\", \"/a\", \"tmpfs\", MS_NOSUID|MS_NODEV, \"size=1M,mode=0700\")\n",
     "1 unshare(CLONE_NEWNS)\n1 mount(\"none\", \"/a\", \"tmpfs\", 0, NULL)\n",
     {unshares, mounts_tmpfs_on_a},
     false},
    {"a chain of descriptors",
     "1 fsopen(\"tmpfs\", FSOPEN_CLOEXEC) = 90\n"
     "1 fsconfig(90, FSCONFIG_CMD_CREATE, NULL, NULL, 0)\n"
     "1 fsmount(90, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID) = 91\n"
     "1 move_mount(91, \"\", AT_FDCWD, \"/a\", MOVE_MOUNT_F_EMPTY_PATH)\n",
     NULL,
     {opens_fs, creates_fs, mounts_fs, moves_fs},
     false},
    {"two actors",
     "1 clone(child_stack=NULL, flags=CLONE_NEWNS|SIGCHLD) = 50\n"
     "50 mount(\"x\", \"/planted\", \"tmpfs\", MS_NOSUID, NULL)\n1 umount2(\"/planted\", "
     "MNT_DETACH)\n",
     NULL,
     {makes_actor, other_mounts, first_unmounts},
     false},
    {"three bits of a flag",
     "1 mount(\"none\", \"/c\", NULL, MS_REC|MS_SLAVE|MS_SILENT|MS_NOEXEC, NULL)\n",
     "1 mount(\"none\", \"/\", NULL, MS_REC|MS_SILENT|MS_SLAVE, NULL)\n",
     {makes_all_slave},
     false},
    {"mkdir, and a mount there",
     "1 mkdir(\"/mnt/planted/deep\", 0700)\n"
     "1 mount(\"x\", \"/mnt/planted/deep\", \"tmpfs\", MS_NOSUID|MS_NODEV, NULL)\n",
     "1 mkdir(\"/mnt/x\", 0755)\n1 mount(\"none\", \"/mnt/x\", NULL, MS_NOSUID, NULL)\n",
     {makes_planted, mounts_there},
     false},
    {"ten calls far apart",
     "1 rmdir(\"/planted/0\")\n1 rmdir(\"/planted/1\")\n1 rmdir(\"/planted/2\")\n"
     "1 rmdir(\"/planted/3\")\n1 rmdir(\"/planted/4\")\n1 rmdir(\"/planted/5\")\n"
     "1 rmdir(\"/planted/6\")\n1 rmdir(\"/planted/7\")\n1 rmdir(\"/planted/8\")\n"
     "1 rmdir(\"/planted/9\")\n",
     NULL,
     {removes, removes, removes, removes, removes, removes, removes, removes, removes, removes},
     false},
    {"one call among units of which nothing can go alone",
     "1 rmdir(\"/planted\")\n",
     "1 rmdir(\"/planted\")\n",
     {removes},
     true},
    {"two calls among such units",
     "1 unshare(CLONE_NEWNS)\n1 mount(\"x\", \"/a\", \"tmpfs\", 0, NULL)\n",
     "1 unshare(CLONE_NEWNS)\n1 mount(\"none\", \"/a\", \"tmpfs\", 0, NULL)\n",
     {unshares, mounts_tmpfs_on_a},
     true},
};

static void read_text(const char *text, struct nst_sequence *ret_sequence)
{
    struct nst_read_error error = {0};
    int r = nst_strace_read(text, strlen(text), ret_sequence, NULL, &error);

    ck_assert_msg(!r, "%zu:%zu: %s\n%s", error.line, error.column, error.message, text);
}

static int still_fails(void *ctx, const struct nst_sequence *candidate)
{
    const struct row *row = ctx;

    ck_assert(nst_sequence_valid(candidate));
    return (!row->balanced || is_balanced(candidate)) &&
           has_chain(candidate, row->link, 0, (struct met){0});
}

/* Of unit UNIT the call PART: a descriptor that is opened, used and closed, an actor that is made,
 * does something and is killed. */
static void add_unit_call(size_t unit, size_t part, struct nst_sequence *sequence)
{
    static const char *const shapes[][3] = {
        {"1 open(\"/a\", O_RDONLY) = %zu\n", "1 fchdir(%zu)\n", "1 close(%zu)\n"},
        {"1 fork() = %zu\n", "%zu chdir(\"/b\")\n", "1 kill(%zu, SIGKILL)\n"}};
    struct nst_sequence line = {0};
    char text[100];

    snprintf(text, sizeof text, shapes[unit % 2][part], unit + 10);
    read_text(text, &line);
    ck_assert_int_eq(nst_sequence_append(sequence, &line.call[0]), 0);
    nst_sequence_free(&line);
}

/* All units are under way at once, so that no chunk holds one of them whole. */
static void make_units(struct nst_random *random, struct nst_sequence *ret_sequence)
{
    unsigned char next[CALLS / 3] = {0};
    for (size_t made = 0; made < 3 * sizeof next;) {
        size_t unit = nst_random_below(random, sizeof next);

        if (next[unit] < 3) {
            add_unit_call(unit, next[unit]++, ret_sequence);
            made++;
        }
    }
}

static void make_noise(struct nst_random *random, struct nst_sequence *ret_sequence)
{
    const struct nst_generator options = {.max_calls = 40};

    while (ret_sequence->len < CALLS) {
        struct nst_sequence part = {0};

        ck_assert_int_eq(nst_generate(random, &options, &part), 0);
        for (size_t i = 0; i < part.len && ret_sequence->len < CALLS; i++)
            ck_assert_int_eq(nst_sequence_append(ret_sequence, &part.call[i]), 0);
        nst_sequence_free(&part);
    }
}

/* Puts PLANTED, spread in order, into random calls. */
static void plant(struct nst_random *random, const struct row *row,
                  const struct nst_sequence *planted, struct nst_sequence *ret_sequence)
{
    struct nst_sequence noise = {0};
    size_t next = 0;

    if (row->balanced)
        make_units(random, &noise);
    else
        make_noise(random, &noise);
    for (size_t i = 0; i < noise.len; i++) {
        while (next < planted->len && i >= (next + 1) * noise.len / (planted->len + 1))
            ck_assert_int_eq(nst_sequence_append(ret_sequence, &planted->call[next++]), 0);
        ck_assert_int_eq(nst_sequence_append(ret_sequence, &noise.call[i]), 0);
    }
    nst_sequence_free(&noise);
}

static char *text_of(const struct nst_sequence *sequence)
{
    char *text;
    size_t len;

    ck_assert_int_eq(nst_strace_print(sequence, &text, &len), 0);
    return text;
}

START_TEST(a_failure_among_200_calls_comes_down_to_its_known_minimum)
{
    const struct row *row = &rows[_i / SEEDS];
    struct nst_sequence planted = {0}, sequence = {0}, again = {0};
    struct nst_random random;
    struct timespec begun, ended;
    size_t before, tries, tries_again;

    nst_random_seed(&random, seed + (uint64_t)_i);
    read_text(row->planted, &planted);
    plant(&random, row, &planted, &sequence);
    before = sequence.len;
    ck_assert_int_eq(still_fails((void *)(uintptr_t)row, &sequence), 1);
    ck_assert_int_eq(nst_sequence_copy(&sequence, &again), 0);
    clock_gettime(CLOCK_MONOTONIC, &begun);
    ck_assert_int_eq(nst_shrink(&sequence, still_fails, (void *)(uintptr_t)row, NULL, &tries), 0);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    ck_assert_int_eq(nst_shrink(&again, still_fails, (void *)(uintptr_t)row, NULL, &tries_again),
                     0);

    char *text = text_of(&sequence), *text_again = text_of(&again);

    fprintf(stderr, "%-52s %3zu -> %2zu calls, %3zu tries, %5.1f ms\n", row->name, before,
            sequence.len, tries,
            (double)(ended.tv_sec - begun.tv_sec) * 1e3 +
                (double)(ended.tv_nsec - begun.tv_nsec) / 1e6);
    ck_assert_msg(sequence.len == planted.len, "%s", text);
    if (row->minimum)
        ck_assert_str_eq(text, row->minimum);
    ck_assert_uint_le(tries, TRIES_MAX);
    ck_assert_str_eq(text, text_again); /* deterministic */
    ck_assert_uint_eq(tries, tries_again);
    free(text);
    free(text_again);
    nst_sequence_free(&planted);
    nst_sequence_free(&sequence);
    nst_sequence_free(&again);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("shrink_planted");
    TCase *tests = tcase_create("shrink_planted");
    SRunner *runner = srunner_create(suite);

    seed = nst_test_seed();
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, a_failure_among_200_calls_comes_down_to_its_known_minimum, 0,
                        SEEDS * sizeof rows / sizeof *rows);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);

    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed ? 1 : 0;
}
