/* test_corpus - files of other programs, read in pieces of any size and by either tokenizer: the cells are the same.
 * What the cells have to be, tests/script/corpus knows. */
#include "unit.h"

#include "rows_text.h"

#include "table_parts.h"

#include <fcntl.h>
#include <glob.h>

#define SHEETS_MAX 10

/* One sheet as text; *ret_there: it exists. */
static void sheet_text(FILE *out, int fd, const char *sheet, const struct muster_trial *trial, bool *ret_there)
{
    muster_table_options options = {.size = sizeof(options), .name = "book", .sheet = sheet};
    muster_table *table = NULL;
    muster_table_error error = {0};
    const muster_row *row = NULL;
    muster_rc rc = muster_table_try(fd, &options, trial, &table, &error);
    *ret_there = rc == MUSTER_OK && muster_table_sheet_name(table);
    if (rc == MUSTER_OK)
        fprintf(out, "sheet %s\n", muster_table_sheet_name(table) ? muster_table_sheet_name(table) : "-");
    while (rc == MUSTER_OK && (rc = muster_table_next(table, &row, &error)) == MUSTER_OK && row)
        row_text(out, row);
    if (rc != MUSTER_OK)
        fprintf(out, "error %d: %s\n", rc, error.text);
    muster_table_close(table);
}

/* All sheets that can be seen, and the hidden ones by name. */
static char *file_text(const char *path, const struct muster_trial *trial)
{
    static const char *const hidden[] = {"Lists", "Secret"};
    char *text = NULL;
    size_t len = 0;
    bool there = true;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    FILE *out = open_memstream(&text, &len);
    for (int n = 1; n < SHEETS_MAX && there; n++) {
        char number[12];
        snprintf(number, sizeof(number), "%d", n);
        sheet_text(out, fd, number, trial, &there);
    }
    for (size_t n = 0; n < sizeof(hidden) / sizeof(*hidden) && strstr(path, "people.xlsx"); n++)
        sheet_text(out, fd, hidden[n], trial, &there);
    fclose(out);
    close(fd);
    return text;
}

static void hold_together(const char *pattern, size_t least)
{
    static const size_t chunks[] = {0, 1, 2, 3, 5, 7, 11, 64, 4096};
    glob_t found;
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= least);
    for (size_t n = 0; n < found.gl_pathc; n++) {
        char *whole = file_text(found.gl_pathv[n], &(struct muster_trial){0});
        for (size_t c = 0; c < 2 * sizeof(chunks) / sizeof(*chunks); c++) {
            struct muster_trial trial = {.slow = c % 2, .chunk = chunks[c / 2]};
            char *text = file_text(found.gl_pathv[n], &trial);
            if (strcmp(text, whole) != 0)
                fail_msg("%s, slow %d, chunk %zu:\n%s\nbut in one piece:\n%s", found.gl_pathv[n], trial.slow,
                         trial.chunk, text, whole);
            free(text);
        }
        free(whole);
    }
    globfree(&found);
}

static void workbooks_give_the_same_cells_in_pieces_of_any_size(void **state)
{
    (void)state;
    hold_together(FIXTURES "/corpus/*/*.xlsx", 30);
}

static void texts_give_the_same_cells_in_pieces_of_any_size(void **state)
{
    (void)state;
    hold_together(FIXTURES "/corpus/*/*.csv", 4);
    hold_together(FIXTURES "/corpus/*/*.txt", 1);
}

/* Of nested rows with their names; the one document of each program. */
static void nested_rows_give_the_same_cells_in_pieces_of_any_size(void **state)
{
    (void)state;
    static const char *const patterns[] = {"*.json", "*.jsonl", "*.xml"};
    for (size_t n = 0; n < sizeof(patterns) / sizeof(*patterns); n++) {
        char pattern[400];
        glob_t found;
        snprintf(pattern, sizeof(pattern), FIXTURES "/corpus/nested/%s", patterns[n]);
        assert_int_equal(glob(pattern, 0, NULL, &found), 0);
        assert_true(found.gl_pathc >= 2);
        for (size_t file = 0; file < found.gl_pathc; file++) {
            char bytes[8192];
            int fd = open(found.gl_pathv[file], O_RDONLY | O_CLOEXEC);
            ssize_t len = read(fd, bytes, sizeof(bytes));
            assert_in_range(len, 100, sizeof(bytes) - 1);
            close(fd);
            muster_table_options options = {.size = sizeof(options), .name = found.gl_pathv[file]};
            char *text = rows_in_all_chunks(bytes, (size_t)len, &options);
            assert_null(strstr(text, "error "));
            assert_null(strstr(text, "BAD"));
            assert_non_null(strstr(text, "O'Brien"));
            free(text);
        }
        globfree(&found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workbooks_give_the_same_cells_in_pieces_of_any_size),
        cmocka_unit_test(texts_give_the_same_cells_in_pieces_of_any_size),
        cmocka_unit_test(nested_rows_give_the_same_cells_in_pieces_of_any_size),
    };
    return cmocka_run_group_tests_name("corpus", tests, NULL, NULL);
}
