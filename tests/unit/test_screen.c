/* What people see: tables that are straight, text that drives no terminal. */
#include "unit.h"

#include "cli/screen.h"

static char *shown;
static size_t shown_len;
static struct screen screen;

static int open_screen(void **state)
{
    (void)state;
    screen = (struct screen){.out = open_memstream(&shown, &shown_len)};
    return screen.out ? 0 : -1;
}

static int close_screen(void **state)
{
    (void)state;
    fclose(screen.out);
    free(shown);
    shown = NULL;
    return 0;
}

static void shows(const char *text)
{
    fflush(screen.out);
    assert_string_equal(shown, text);
}

static void columns_are_as_wide_as_what_stands_in_them(void **state)
{
    (void)state;
    struct grid grid;
    grid_start(&grid, &screen, "  ", "NAME|>COUNT|WHAT");
    grid_text(&grid, "Kjærgård");
    grid_number(&grid, 5);
    grid_text(&grid, "x");
    grid_text(&grid, "a");
    grid_number(&grid, 1234567);
    grid_text(&grid, NULL);
    grid_end(&grid);
    shows("  NAME        COUNT  WHAT\n"
          "  Kjærgård        5  x\n"
          "  a         1234567\n");
}

static void rows_fold(size_t columns, const char *text)
{
    struct grid grid;
    screen.columns = columns;
    grid_start(&grid, &screen, " ", "NAME|>N|WHAT IT IS|");
    grid_text(&grid, "base_url");
    grid_number(&grid, 12);
    grid_text(&grid, "where the service of 李 is: https://one.example/a/long/way");
    grid_text(&grid, "needed");
    grid_text(&grid, "id");
    grid_number(&grid, 3);
    grid_text(&grid, "short");
    grid_text(&grid, "");
    grid_end(&grid);
    shows(text);
}

static void a_table_that_is_too_wide_for_the_terminal_folds_its_widest_cells(void **state)
{
    (void)state;
    rows_fold(50, " NAME       N  WHAT IT IS\n"
                  " base_url  12  where the service of 李 is:  needed\n"
                  "               https://one.example/a/long/\n"
                  "               way\n"
                  " id         3  short\n");
}

static void a_table_that_can_be_folded_into_no_shape_that_fits_is_left_alone(void **state)
{
    (void)state;
    rows_fold(30, " NAME       N  WHAT IT IS\n"
                  " base_url  12  where the service of 李 is: https://one.example/a/long/way  needed\n"
                  " id         3  short\n");
}

static void a_pipe_has_a_line_for_each_row(void **state)
{
    (void)state;
    rows_fold(0, " NAME       N  WHAT IT IS\n"
                 " base_url  12  where the service of 李 is: https://one.example/a/long/way  needed\n"
                 " id         3  short\n");
}

static void wide_characters_take_two_columns(void **state)
{
    (void)state;
    struct grid grid;
    grid_start(&grid, &screen, "", "|");
    grid_text(&grid, "李");
    grid_text(&grid, "x");
    grid_text(&grid, "ab");
    grid_text(&grid, "y");
    grid_end(&grid);
    shows("李  x\nab  y\n");
}

static void an_empty_table_shows_only_its_heading(void **state)
{
    (void)state;
    struct grid grid;
    grid_start(&grid, &screen, "", "A|B");
    grid_end(&grid);
    shows("A  B\n");
}

static void a_long_table_is_printed_while_it_comes(void **state)
{
    (void)state;
    struct grid grid;
    grid_start(&grid, &screen, "", "NUMBER");
    for (unsigned i = 0; i < 3 * GRID_LOOK; i++)
        grid_number(&grid, i);
    fflush(screen.out);
    assert_true(shown_len > 2 * GRID_LOOK * 5);
    assert_true(grid.cells.len < 100);
    grid_text(&grid, "much wider than the others");
    grid_end(&grid);
    fflush(screen.out);
    assert_non_null(strstr(shown, "\n5999\nmuch wider than the others\n"));
}

static void control_characters_of_others_are_shown_as_question_marks(void **state)
{
    (void)state;
    struct grid grid;
    grid_start(&grid, &screen, "", "|");
    grid_text(&grid, "a\033[2Jb\nc\td");
    grid_text(&grid, "\xc2\x9b"
                     "31m");
    grid_end(&grid);
    screen_print(&screen, "%s\n", "x\ry\xff");
    shows("a?[2Jb c d  ?31m\nx?y?\n");
}

static void colours_do_not_move_columns(void **state)
{
    (void)state;
    struct grid grid;
    screen.colors = true;
    grid_start(&grid, &screen, "", "|");
    grid_format(&grid, COLOR_GREEN, "%s", "ok");
    grid_text(&grid, "x");
    grid_format(&grid, COLOR_RED, "%s", "bad");
    grid_text(&grid, "y");
    grid_end(&grid);
    shows("\033[32mok\033[0m   x\n\033[31mbad\033[0m  y\n");
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, open_screen, close_screen)
    const struct CMUnitTest tests[] = {
        TEST(columns_are_as_wide_as_what_stands_in_them),
        TEST(a_table_that_is_too_wide_for_the_terminal_folds_its_widest_cells),
        TEST(a_table_that_can_be_folded_into_no_shape_that_fits_is_left_alone),
        TEST(a_pipe_has_a_line_for_each_row),
        TEST(wide_characters_take_two_columns),
        TEST(an_empty_table_shows_only_its_heading),
        TEST(a_long_table_is_printed_while_it_comes),
        TEST(control_characters_of_others_are_shown_as_question_marks),
        TEST(colours_do_not_move_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
