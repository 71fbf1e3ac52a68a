/* Whatever system call of the library's own fails, with whatever error, and whichever process is
 * killed right before or after one: nothing is left, nothing hangs, nothing that wasn't judged
 * passes, and the error says what failed.
 *
 * NST_FAULTS=corpus sweeps over every sequence of corpus/fuzz_sequence, each time that a call comes
 * up, NST_FAULTS=NAME over the one of that name; without it one small sequence, and of the times
 * the first and the last. */
#include "faults_test.h"

#include "nst_corpus.h"
#include "sandbox_test.h"

#include <ns-tool/sequence.h>

/* Namespaces of both kinds, descriptors of them, an actor that ends, directories to remove, and a
 * parent that stays as it was, so that the second case finds the first one's runner. */
static const char small[] =
    "1 mkdir(\"/x\", 0755) = 0\n1 mkdir(\"/x/y\", 0755) = 0\n"
    "1 clone(child_stack=NULL, flags=CLONE_NEWNS|CLONE_NEWUSER|SIGCHLD) = 2\n"
    "2 openat(AT_FDCWD, \"/proc/self/ns/mnt\", O_RDONLY) = 3\n"
    "2 mount(\"tmpfs\", \"/a\", \"tmpfs\", 0, NULL) = 0\n"
    "2 umount2(\"/a\", 0) = 0\n2 exit_group(0) = ?\n1 unshare(CLONE_NEWNS) = 0\n";

static struct nst_corpus corpus;

struct sweep {
    struct nst_fault_run *run;
    struct nst_left left;
    const struct nst_sequence *sequence;
    const char *name;
    uint32_t count[NST_SYS_SITES_MAX]; /* how often each site comes up without a fault */
    size_t sites;
    bool every;   /* each time */
    bool program; /* the sandbox runs its program; else it is forks, and faults are in all of it */
    unsigned long points, runs, missed, judged, went_on, complaints;
};

static void describe(const struct sweep *sweep)
{
    static const char *const kinds[] = {"none", "fails", "is forgotten", "kills before",
                                        "kills after"};
    const struct nst_faults *faults = &sweep->run->faults;
    const struct nst_sys_site *site = &faults->site[faults->at];

    fprintf(stderr, "%s: %s in %s (line %d), time %u, %s%s%s: %s\n", sweep->name,
            nst_sys_types[site->row].name, site->function, site->line, faults->nth,
            kinds[faults->kind], faults->error ? " with " : "",
            faults->error ? strerrorname_np(faults->error) : "", sweep->run->complaint);
}

/* What comes up is counted over a few runs, as which process comes first is chance. */
static bool count_all(struct sweep *sweep)
{
    struct nst_fault_run *run = sweep->run;

    memset(sweep->count, 0, sizeof sweep->count);
    run->faults.program = sweep->program;
    run->faults.kind = NST_FAULT_NONE;
    for (int i = 0; i < 3; i++) {
        nst_fault_perform(run, &sweep->left, sweep->sequence, true);
        if (*run->complaint) {
            fprintf(stderr, "%s, no fault: %s\n", sweep->name, run->complaint);
            return false;
        }
        sweep->sites = run->faults.sites;
        for (size_t at = 0; at < sweep->sites; at++)
            if (run->faults.site[at].count > sweep->count[at])
                sweep->count[at] = run->faults.site[at].count;
    }
    return true;
}

static void try_one(struct sweep *sweep, enum nst_fault_kind kind, int error)
{
    struct nst_fault_run *run = sweep->run;

    run->faults.kind = kind;
    run->faults.error = error;
    for (int i = 0; i < 3; i++) {
        nst_fault_perform(run, &sweep->left, sweep->sequence, false);
        sweep->runs++;
        if (run->faults.met || *run->complaint)
            break;
    }
    sweep->missed += !run->faults.met;
    sweep->judged += run->judged;
    sweep->went_on += run->went_on;
    if (*run->complaint) {
        sweep->complaints++;
        describe(sweep);
    }
}

static void sweep_site(struct sweep *sweep, size_t at)
{
    struct nst_faults *faults = &sweep->run->faults;
    const int *error = nst_sys_types[faults->site[at].row].error;

    faults->at = at;
    for (uint32_t n = 1; n <= sweep->count[at]; n++) {
        if (!sweep->every && n > 1 && n < sweep->count[at])
            continue;
        faults->nth = n;
        sweep->points++;
        for (size_t i = 0; error[i]; i++)
            try_one(sweep, NST_FAULT_FAILS, error[i]);
        try_one(sweep, NST_FAULT_KILLS_BEFORE, 0);
        try_one(sweep, NST_FAULT_KILLS_AFTER, 0);
        if (nst_left_look_for_namespaces()) {
            nst_fault_complain(sweep->run, "a namespace is left, of this fault or one before it");
            sweep->complaints++;
            describe(sweep);
        }
    }
}

static int sweep_all(struct sweep *sweep)
{
    struct timespec start, end;

    clock_gettime(CLOCK_MONOTONIC, &start);
    if (!count_all(sweep))
        return 1;
    for (size_t at = 0; at < sweep->sites; at++)
        sweep_site(sweep, at);
    clock_gettime(CLOCK_MONOTONIC, &end);
    fprintf(stderr,
            "%s: %zu places, %lu calls, %lu faulty runs in %ld s: in %lu the case was judged all "
            "the same, in %lu the sandbox went on; %lu not met; %lu complaints\n",
            sweep->name, sweep->sites, sweep->points, sweep->runs,
            (long)(end.tv_sec - start.tv_sec), sweep->judged, sweep->went_on, sweep->missed,
            sweep->complaints);
    if (sweep->missed * 20 > sweep->runs)
        fprintf(stderr, "%s: too many faults weren't met\n", sweep->name);
    return sweep->complaints || sweep->missed * 20 > sweep->runs;
}

/* What the kernel has is found out once in a process, by cases as any: before the faults. */
static int find_out(void)
{
    const struct nst_run_options options = {0};
    const struct nst_sequence nothing = {0};
    struct nst_sandbox *sandbox = NULL;
    struct nst_trace trace = {0};
    int r = nst_sandbox_open(&options, &sandbox, NULL);

    if (!r)
        r = nst_run(sandbox, &nothing, &options, &trace, NULL);
    nst_trace_free(&trace);
    nst_sandbox_close(sandbox);
    return r;
}

/* In the place of its own. */
static int begin(struct sweep *sweep)
{
    sweep->run =
        mmap(NULL, sizeof *sweep->run, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (sweep->run != MAP_FAILED && nst_left_begin(&sweep->left) == 0 && find_out() == 0)
        return 0;
    perror("a place of its own");
    return -1;
}

struct text {
    const char *name, *text;
    bool every, program;
};

static int sweep_text(void *ctx)
{
    const struct text *text = ctx;
    struct nst_sequence sequence = {0};
    struct sweep sweep = {
        .sequence = &sequence, .name = text->name, .every = text->every, .program = text->program};

    if (begin(&sweep) < 0 ||
        nst_strace_read(text->text, strlen(text->text), &sequence, NULL, NULL) < 0)
        return 2;
    return sweep_all(&sweep);
}

START_TEST(after_any_fault_nothing_is_left_and_nothing_passes_that_was_not_judged)
{
    struct text text = {.name = "small", .text = small};

    ck_assert_int_eq(nst_left_run(sweep_text, &text), 0);
}
END_TEST

START_TEST(after_any_fault_in_starting_the_program_nothing_is_left_and_a_sandbox_is_forks)
{
    struct text text = {.name = "program", .text = small, .program = true};

    ck_assert_int_eq(nst_left_run(sweep_text, &text), 0);
}
END_TEST

START_TEST(after_any_fault_in_any_sequence_of_the_corpus_nothing_is_left)
{
    size_t len;
    char *whole = nst_corpus_text(corpus.file[_i], &len);
    struct text text = {strrchr(corpus.file[_i], '/') + 1, whole, .every = true};

    ck_assert_int_eq(nst_left_run(sweep_text, &text), 0);
    free(whole);
}
END_TEST

/* A setup or teardown that forgets what it must do: each one must be found. */
static const struct mutant {
    const char *function;
    enum nst_sys_row row; /* NST_SYS_ROWS: all that the function does */
    const char *finding;
} mutants[] = {
    {"unmake", NST_SYS_CLOSE, "a descriptor is left"},
    {"unmake", NST_SYS_WAIT, "a child process is left"},
    {"unmake", NST_SYS_MUNMAP, "a mapping is left"},
    {"unmake", NST_SYS_ROWS, "a descriptor is left"},
    {"start", NST_SYS_CLOSE, "a descriptor is left"},
    {"start", NST_SYS_WAIT, ""},
    {"make_template", NST_SYS_UMOUNT, "shows something else"},
    {"nst_snapshot_meet", NST_SYS_CLOSE, ""},
    {"read_mountinfo", NST_SYS_CLOSE, ""},
    {"end_actors", NST_SYS_CLOSE, "a descriptor is left in the runner"},
};

static int try_mutant(void *ctx)
{
    const struct mutant *mutant = ctx;
    struct nst_sequence sequence = {0};
    struct sweep sweep = {.sequence = &sequence, .name = "mutant"};
    struct nst_faults *faults;

    if (begin(&sweep) < 0 || nst_strace_read(small, strlen(small), &sequence, NULL, NULL) < 0 ||
        !count_all(&sweep))
        return 2;
    faults = &sweep.run->faults;
    for (size_t i = 0; i < sweep.sites; i++)
        if (strcmp(faults->site[i].function, mutant->function) == 0 &&
            (faults->site[i].row == mutant->row || mutant->row == NST_SYS_ROWS)) {
            faults->function = faults->site[i].function;
            faults->at = i;
        }
    faults->row = mutant->row;
    if (!faults->function)
        return 3;
    try_one(&sweep, NST_FAULT_FORGETS, 0);
    if (nst_left_look_for_namespaces())
        return 4;
    return sweep.complaints && strstr(sweep.run->complaint, mutant->finding) ? 0 : 1;
}

START_TEST(a_teardown_that_forgets_something_is_found)
{
    struct mutant mutant = mutants[_i];

    ck_assert_int_eq(nst_left_run(try_mutant, &mutant), 0);
}
END_TEST

START_TEST(every_row_of_the_seam_is_whole)
{
    for (int i = 0; i < NST_SYS_ROWS; i++) {
        ck_assert_ptr_nonnull(nst_sys_types[i].name);
        ck_assert_int_eq(nst_sys_types[i].error[NST_SYS_ERRORS_MAX], 0);
    }
}
END_TEST

int main(void)
{
    const char *which = getenv("NST_FAULTS");
    bool all = which != NULL;
    TCase *cases = tcase_create("faults");
    Suite *suite = suite_create("faults");
    int status = nst_test_no_sandbox();

    if (status)
        return status;
    nst_corpus_find(&corpus, "corpus/fuzz_sequence");
    tcase_set_timeout(cases, all ? 3600 : 300);
    if (all) {
        for (int i = 0; i < corpus.len; i++)
            if (!strcmp(which, "corpus") || !strcmp(strrchr(corpus.file[i], '/') + 1, which))
                tcase_add_loop_test(
                    cases, after_any_fault_in_any_sequence_of_the_corpus_nothing_is_left, i, i + 1);
    } else {
        tcase_add_test(cases, every_row_of_the_seam_is_whole);
        tcase_add_loop_test(cases, a_teardown_that_forgets_something_is_found, 0,
                            sizeof mutants / sizeof *mutants);
        tcase_add_test(
            cases, after_any_fault_in_starting_the_program_nothing_is_left_and_a_sandbox_is_forks);
        tcase_add_test(cases,
                       after_any_fault_nothing_is_left_and_nothing_passes_that_was_not_judged);
    }
    suite_add_tcase(suite, cases);
    status = nst_test_run_suite(suite);
    nst_corpus_free(&corpus);
    return status;
}
