/* Faults that the targets must find, in builds made for that (-DNST_PLANT=NAME, ci/planted): put
 * between the targets and the library by the linker (--wrap), so that none is in its source. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include <ns-tool/model.h>
#include <ns-tool/property.h>

int __real_nst_run(struct nst_sandbox *sandbox, const struct nst_sequence *sequence,
                   const struct nst_run_options *options, struct nst_trace *ret_trace, char *why);
int __wrap_nst_run(struct nst_sandbox *sandbox, const struct nst_sequence *sequence,
                   const struct nst_run_options *options, struct nst_trace *ret_trace, char *why);
int __real_nst_mountinfo_parse(const char *text, size_t len, struct nst_table *ret_table,
                               struct nst_table_error *ret_error);
int __wrap_nst_mountinfo_parse(const char *text, size_t len, struct nst_table *ret_table,
                               struct nst_table_error *ret_error);
int __real_nst_strace_print(const struct nst_sequence *sequence, char **ret_text, size_t *ret_len);
int __wrap_nst_strace_print(const struct nst_sequence *sequence, char **ret_text, size_t *ret_len);

void __real_nst_group_leave(struct nst_model *model, uint32_t mount);
void __wrap_nst_group_leave(struct nst_model *model, uint32_t mount);

static bool planted(const char *name)
{
    return !strcmp(NST_PLANT, name);
}

/* A setup that shares where it should make private. */
static void private_left_out(struct nst_call *call)
{
    if (call->id == NST_CALL_MOUNT && call->arg[3].num & MS_PRIVATE)
        call->arg[3].num ^= MS_PRIVATE | MS_SHARED;
}

/* Every unmount is lazy. */
static void lazy_umount(struct nst_call *call)
{
    if (call->id == NST_CALL_UMOUNT2)
        call->arg[1].num = MNT_DETACH;
}

enum { UNKNOWN_BIT = 0x10 };

/* An unknown flag is refused, but only when all is done. */
static void unknown_bit(struct nst_call *call)
{
    if (call->id == NST_CALL_UMOUNT2 && call->arg[1].num & UNKNOWN_BIT)
        call->arg[1].num = MNT_DETACH;
}

static void tell_unknown_bit(struct nst_trace *trace)
{
    for (size_t i = 0; i < trace->len; i++) {
        struct nst_step *step = &trace->step[i];

        if (step->call->id == NST_CALL_UMOUNT2 && step->call->arg[1].num & UNKNOWN_BIT &&
            step->kind == NST_ANSWER_VALUE) {
            step->kind = NST_ANSWER_ERROR;
            step->error = EINVAL;
        }
    }
}

static void each_mount(struct nst_trace *trace,
                       void (*change)(struct nst_trace *trace, struct nst_mount *mount))
{
    for (size_t i = 0; i < trace->snapshots; i++)
        for (size_t n = 0; n < trace->snapshot[i]->len; n++) {
            struct nst_table *table = &trace->snapshot[i]->view[n].statmount;

            for (size_t m = 0; m < table->len; m++)
                change(trace, &table->mount[m]);
        }
}

/* statmount forgets the options from nr_inodes on. */
static void lose_options(struct nst_trace *trace, struct nst_mount *mount)
{
    char *lost = strstr(mount->super_options, ",nr_inodes=");

    (void)trace;
    if (lost)
        *lost = '\0';
}

/* A cleanup that quotes badly leaves out the unmount of a path with a space. */
static void leave_mount(struct nst_trace *trace, struct nst_mount *mount)
{
    if (strchr(mount->point, ' '))
        trace->leftover.mounts++;
}

static const struct plant {
    const char *name;
    void (*mistake)(struct nst_call *call); /* what is performed instead of what was asked */
    void (*spoil)(struct nst_trace *trace);
    void (*change)(struct nst_trace *trace, struct nst_mount *mount);
} plants[] = {
    {"private-left-out", private_left_out, NULL, NULL},
    {"lazy-umount", lazy_umount, NULL, NULL},
    {"unknown-bit", unknown_bit, tell_unknown_bit, NULL},
    {"options-lost", NULL, NULL, lose_options},
    {"umount-left-out", NULL, NULL, leave_mount},
};

/* Performs what PLANT makes of SEQUENCE, and tells it as SEQUENCE. */
static int run_planted(const struct plant *plant, struct nst_sandbox *sandbox,
                       const struct nst_sequence *sequence, const struct nst_run_options *options,
                       struct nst_trace *ret_trace, char *why)
{
    struct nst_sequence performed = {0};
    int r = nst_sequence_copy(sequence, &performed);

    for (size_t i = 0; !r && plant->mistake && i < performed.len; i++)
        plant->mistake(&performed.call[i]);
    if (!r)
        r = __real_nst_run(sandbox, &performed, options, ret_trace, why);
    for (size_t i = 0; !r && i < ret_trace->len; i++)
        ret_trace->step[i].call = &sequence->call[i];
    if (!r && plant->spoil)
        plant->spoil(ret_trace);
    if (!r && plant->change)
        each_mount(ret_trace, plant->change);
    nst_sequence_free(&performed);
    return r;
}

int __wrap_nst_run(struct nst_sandbox *sandbox, const struct nst_sequence *sequence,
                   const struct nst_run_options *options, struct nst_trace *ret_trace, char *why)
{
    for (size_t i = 0; i < sizeof plants / sizeof *plants; i++)
        if (planted(plants[i].name))
            return run_planted(&plants[i], sandbox, sequence, options, ret_trace, why);
    return __real_nst_run(sandbox, sequence, options, ret_trace, why);
}

/* The reader forgets that a # is escaped: `\043` stays as it stands. */
int __wrap_nst_mountinfo_parse(const char *text, size_t len, struct nst_table *ret_table,
                               struct nst_table_error *ret_error)
{
    char *copy = planted("mountinfo-escape") ? malloc(2 * len + 1) : NULL, *to = copy;
    int r;

    if (!copy)
        return __real_nst_mountinfo_parse(text, len, ret_table, ret_error);
    for (size_t i = 0; i < len; i++) {
        *to++ = text[i];
        if (len - i >= 4 && !memcmp(text + i, "\\043", 4))
            to = mempcpy(to, "134", 3);
    }
    r = __real_nst_mountinfo_parse(copy, (size_t)(to - copy), ret_table, ret_error);
    free(copy);
    return r;
}

/* The printer forgets that a backslash is escaped. */
int __wrap_nst_strace_print(const struct nst_sequence *sequence, char **ret_text, size_t *ret_len)
{
    int r = __real_nst_strace_print(sequence, ret_text, ret_len);
    size_t to = 0;

    if (r < 0 || !planted("strace-escape"))
        return r;
    for (size_t i = 0; i < *ret_len; i++) {
        (*ret_text)[to++] = (*ret_text)[i];
        i += (*ret_text)[i] == '\\' && (*ret_text)[i + 1] == '\\';
    }
    (*ret_text)[to] = '\0';
    *ret_len = to;
    return r;
}

/* The model's mounts stay with their peers. */
void __wrap_nst_group_leave(struct nst_model *model, uint32_t mount)
{
    if (!planted("peers-kept"))
        __real_nst_group_leave(model, mount);
}
