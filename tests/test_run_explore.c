/* ns-tool explore, from the outside. */
#include "nst_test.h"
#include "sandbox_test.h"

#include <sys/utsname.h>

#include <ns-tool/kept.h>

static struct nst_test_run explore(const char *a, const char *b, const char *c, const char *d)
{
    return nst_test_run_tool(
        (const char *const[]){"explore", nst_test_findings(), a, b, c, d, NULL}, false);
}

static const struct {
    const char *option[4];
    int status;
    const char *says; /* on standard error where status is 2 */
} rows[] = {
    {{"--depth=1"}, 0, " 0 runs don't go as the model says, 0 are expected-finding\n"},
    {{"--depth=2", "--calls=mount,umount2,clone"}, 0, "explored to depth 2: "},
    {{"--depth=2", "--calls=mount,umount2,clone"}, 0, " 0 runs don't go as the model says"},
    {{"--depth=2", "--model"}, 0, "explored to depth 2: "},
    {{"--depth=2", "--model"}, 0, "; isolation holds in the model for all "},
    {{"--depth=12", "--model", "--calls=chdir"}, 0, "explored to depth 4: 9 states, "},
    {{"--depth=3", "--model", "--actors=1", "--calls=fork,exit_group"}, 0, "explored to depth 3: "},
    {{"--depth=0"}, 2, "--depth takes a whole number from 1 to 12"},
    {{"--depth=13"}, 2, "--depth takes a whole number from 1 to 12"},
    {{"--calls=mount,unmount"}, 2, "--calls takes calls as `ns-tool list' has them, not 'unmount'"},
    {{"--actors=4"}, 2, "--actors takes a whole number from 1 to 3"},
    {{"file"}, 2, "takes no argument, got 'file'"},
};

START_TEST(every_command_line_does_what_its_row_says)
{
    struct nst_test_run run =
        explore(rows[_i].option[0], rows[_i].option[1], rows[_i].option[2], rows[_i].option[3]);

    ck_assert_msg(run.status == rows[_i].status, "status %d:\n%s\n%s", run.status, run.out,
                  run.err);
    ck_assert_msg(strstr(rows[_i].status == 2 ? run.err : run.out, rows[_i].says), "%s\n%s",
                  run.out, run.err);
    nst_test_run_free(&run);
}
END_TEST

/* What this kernel is known to do otherwise is found, and shrunk, where it isn't known. */
START_TEST(what_does_not_go_as_the_model_says_is_found)
{
    const char *source = getenv("NST_SOURCE_DIR");
    char path[4096], why[200];
    struct nst_kept kept;
    struct utsname here;

    snprintf(path, sizeof path, "%s/corpus/findings/unbindable-lost-by-unshare",
             source ? source : ".");
    ck_assert_msg(!nst_kept_read(path, &kept, why), "%s", why);
    ck_assert_int_eq(uname(&here), 0);
    bool broken = nst_kept_expects(&kept, here.release);
    struct nst_test_run run =
        nst_test_run_tool((const char *const[]){"explore", "--findings=/nowhere", "--depth=2",
                                                "--calls=mount,unshare", "--actors=1", NULL},
                          false);

    ck_assert_int_eq(run.status, broken);
    ck_assert(!broken || strstr(run.out, "breaks conformance: after unshare actor 1 sees another"));
    ck_assert(!broken || strstr(run.out, "\n1 mount(\"none\", \"/\", NULL, MS_UNBINDABLE, NULL)\n"
                                         "1 unshare(CLONE_NEWNS)\n\n"));
    nst_test_run_free(&run);
}
END_TEST

int main(void)
{
    int status = nst_test_no_sandbox();

    if (status)
        return status;
    Suite *suite = suite_create("explore");
    TCase *cases = tcase_create("explore");

    tcase_set_timeout(cases, 300);
    tcase_add_loop_test(cases, every_command_line_does_what_its_row_says, 0,
                        sizeof rows / sizeof *rows);
    tcase_add_test(cases, what_does_not_go_as_the_model_says_is_found);
    suite_add_tcase(suite, cases);
    return nst_test_run_suite(suite);
}
