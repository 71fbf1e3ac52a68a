/* Every file in corpus/ is a sequence that people read, too: strict, and canonical save comments.
 * But those of the targets that read text are any text. */
#include <ns-tool/sequence.h>

#include "nst_corpus.h"
#include "nst_readers.h"
#include "nst_test.h"

static struct nst_corpus corpus;

/* Leaves out the lines of comments, in place. */
static void drop_comments(char *text)
{
    char *to = text;

    for (char *line = text; *line;) {
        size_t len = strcspn(line, "\n");

        len += line[len] == '\n';
        if (*line != '#') {
            memmove(to, line, len);
            to += len;
        }
        line += len;
    }
    *to = '\0';
}

START_TEST(every_file_reads_strictly_and_prints_as_itself_but_for_comments)
{
    const char *path = corpus.file[_i];
    struct nst_sequence sequence = {0};
    struct nst_read_error error = {0};
    size_t len, printed_len;
    char *text = nst_corpus_text(path, &len), *printed;
    int r = nst_strace_read(text, len, &sequence, NULL, &error);

    ck_assert_msg(!r, "%s:%zu:%zu: %s", path, error.line, error.column, error.message);
    ck_assert_msg(sequence.len > 0, "%s: no call in it", path);
    ck_assert_int_eq(nst_strace_print(&sequence, &printed, &printed_len), 0);
    drop_comments(text);
    ck_assert_msg(strcmp(text, printed) == 0, "%s is not canonical, this is:\n%s", path, printed);
    free(printed);
    free(text);
    nst_sequence_free(&sequence);
}
END_TEST

START_TEST(what_is_printed_reads_and_prints_as_itself)
{
    struct nst_sequence first = {0}, second = {0};
    struct nst_read_error error = {0};
    size_t len, once_len, twice_len;
    char *text = nst_corpus_text(corpus.file[_i], &len), *once, *twice;

    ck_assert_int_eq(nst_strace_read(text, len, &first, NULL, NULL), 0);
    ck_assert_int_eq(nst_strace_print(&first, &once, &once_len), 0);
    int r = nst_strace_read(once, once_len, &second, NULL, &error);

    ck_assert_msg(!r, "%s, printed:%zu:%zu: %s\n%s", corpus.file[_i], error.line, error.column,
                  error.message, once);
    ck_assert_int_eq(nst_strace_print(&second, &twice, &twice_len), 0);
    ck_assert_uint_eq(once_len, twice_len);
    ck_assert_str_eq(once, twice);
    free(twice);
    free(once);
    free(text);
    nst_sequence_free(&second);
    nst_sequence_free(&first);
}
END_TEST

/* Of a long file some two thousand of them, evenly: all would take as long as its length squared.
 */
START_TEST(every_prefix_is_read_or_refused_at_a_place_and_prints_as_itself)
{
    size_t len;
    char *text = nst_corpus_text(corpus.file[_i], &len);

    for (size_t i = 0; i < len; i += 1 + len / 2000)
        nst_readers_check(text, i);
    nst_readers_check(text, len);
    free(text);
}
END_TEST

START_TEST(ten_thousand_mutated_files_are_read_or_refused_at_a_place)
{
    unsigned seed = nst_test_seed();

    for (int i = 0; i < 10000; i++) {
        size_t len;
        char *text = nst_corpus_text(corpus.file[i % corpus.len], &len);

        nst_readers_mutate(text, len, &seed);
        nst_readers_check(text, len);
        free(text);
    }
}
END_TEST

static void leave_out(const char *folder)
{
    int kept = 0;

    for (int i = 0; i < corpus.len; i++)
        if (strstr(corpus.file[i], folder))
            free(corpus.file[i]);
        else
            corpus.file[kept++] = corpus.file[i];
    corpus.len = kept;
}

int main(void)
{
    nst_corpus_find(&corpus, "corpus");
    leave_out("/corpus/fuzz_mountinfo/");
    leave_out("/corpus/fuzz_strace/");

    Suite *suite = suite_create("corpus");
    TCase *tests = tcase_create("corpus");
    SRunner *runner = srunner_create(suite);

    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, every_file_reads_strictly_and_prints_as_itself_but_for_comments, 0,
                        corpus.len);
    tcase_add_loop_test(tests, what_is_printed_reads_and_prints_as_itself, 0, corpus.len);
    tcase_add_loop_test(tests, every_prefix_is_read_or_refused_at_a_place_and_prints_as_itself, 0,
                        corpus.len);
    tcase_add_test(tests, ten_thousand_mutated_files_are_read_or_refused_at_a_place);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);

    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    nst_corpus_free(&corpus);
    return failed ? 1 : 0;
}
