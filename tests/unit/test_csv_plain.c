/* test_csv_plain - records that are taken by their marks, beside the careful reader; and what looks at many bytes at
 * once, beside what looks at one. */
#include "unit.h"

#include "table_parts.h"
#include "table_text.h"

static uint32_t seed = 20;

static uint32_t random_below(uint32_t most)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % most;
}

static const enum muster_width widths[] = {WIDTH_1, WIDTH_16, WIDTH_32};

/* ---- many bytes at once ---- */

static void marks_are_where_they_are_at_every_width_and_place(void **state)
{
    (void)state;
    static const char alphabet[] = "abcdefghijklmnop,;\"\r\n\t\xc3\xbc";
    for (int round = 0; round < 2000; round++) {
        char bytes[400];
        uint32_t found[sizeof(bytes) + 64], expected[sizeof(bytes)];
        size_t len = random_below(sizeof(bytes)), from = random_below(40), count = 0;
        uint32_t dense = random_below(2) ? sizeof(alphabet) - 1 : 17;
        char delimiter = ",;\tp"[round % 4];
        for (size_t n = 0; n < sizeof(bytes); n++)
            bytes[n] = alphabet[random_below(dense)];
        from = from > len ? len : from;
        for (size_t n = from; n < len; n++)
            if (bytes[n] == delimiter || bytes[n] == '"' || bytes[n] == '\n' || bytes[n] == '\r')
                expected[count++] = (uint32_t)(n - from);
        for (size_t w = 0; w < sizeof(widths) / sizeof(*widths); w++) {
            muster_width_most = widths[w];
            assert_int_equal(muster_wide_marks(bytes + from, len - from, delimiter, found), count);
            assert_memory_equal(found, expected, count * sizeof(*found));
        }
    }
}

/* By the table of the Unicode standard, one byte after the other. */
static size_t utf8_plainly(const unsigned char *p, size_t len)
{
    static const struct {
        unsigned char first, last, low, high, trails;
    } shapes[] = {{0x00, 0x7f, 0, 0, 0},       {0xc2, 0xdf, 0x80, 0xbf, 1}, {0xe0, 0xe0, 0xa0, 0xbf, 2},
                  {0xe1, 0xec, 0x80, 0xbf, 2}, {0xed, 0xed, 0x80, 0x9f, 2}, {0xee, 0xef, 0x80, 0xbf, 2},
                  {0xf0, 0xf0, 0x90, 0xbf, 3}, {0xf1, 0xf3, 0x80, 0xbf, 3}, {0xf4, 0xf4, 0x80, 0x8f, 3}};
    size_t at = 0;
    while (at < len) {
        size_t shape = 0, trails = 0;
        while (shape < 9 && (p[at] < shapes[shape].first || p[at] > shapes[shape].last))
            shape++;
        if (shape == 9 || len - at <= shapes[shape].trails)
            break;
        while (trails < shapes[shape].trails && p[at + 1 + trails] >= (trails ? 0x80 : shapes[shape].low) &&
               p[at + 1 + trails] <= (trails ? 0xbf : shapes[shape].high))
            trails++;
        if (trails < shapes[shape].trails)
            break;
        at += 1 + trails;
    }
    return at;
}

static void valid_at_all_widths(const char *bytes, size_t len)
{
    size_t expected = utf8_plainly((const unsigned char *)bytes, len);
    for (size_t w = 0; w < sizeof(widths) / sizeof(*widths); w++) {
        muster_width_most = widths[w];
        if (muster_utf8_valid(bytes, len) != expected)
            fail_msg("%zu of %zu bytes are valid, not %zu, at a width of %d", expected, len,
                     muster_utf8_valid(bytes, len), widths[w]);
        assert_true(muster_wide_utf8(bytes, len) <= expected);
    }
}

static void every_two_bytes_are_judged_alike_at_every_width(void **state)
{
    (void)state;
    char bytes[96];
    for (unsigned pair = 0; pair < 65536; pair++)
        for (size_t at = 30; at < 33; at++) { /* within a block, and over its border */
            memset(bytes, 'x', sizeof(bytes));
            bytes[at] = (char)(pair >> 8);
            bytes[at + 1] = (char)pair;
            bytes[at + 2] = pair & 1 ? (char)0x80 : 'x';
            bytes[at + 3] = pair & 2 ? (char)0xbf : 'x';
            valid_at_all_widths(bytes, sizeof(bytes));
        }
}

static void valid_text_with_one_fault_is_good_up_to_it_at_every_width(void **state)
{
    (void)state;
    for (int round = 0; round < 20000; round++) {
        char bytes[300];
        size_t len = 0, plain = random_below(3);
        while (len < 200 + (size_t)random_below(90)) {
            uint32_t kind = plain == 0 ? random_below(30) : random_below(4), character = random_below(0x80);
            character = kind == 1   ? 0x80 + random_below(0x780)
                        : kind == 2 ? 0x800 + random_below(0xc000)
                        : kind == 3 ? 0x10000 + random_below(0x100000)
                                    : character;
            len += muster_utf8_put(character, bytes + len);
        }
        if (round % 4 != 0)
            bytes[random_below((uint32_t)len)] = (char)(round % 4 == 1 ? 0x80 + random_below(0x80) : random_below(256));
        valid_at_all_widths(bytes, len - random_below(4));
    }
}

/* ---- records ---- */

/* All rows, read in this way. The caller frees. */
static char *rows_by(int fd, struct muster_trial trial, const char *delimiter)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    muster_table *table = NULL;
    muster_table_error error = {0};
    muster_table_options options = {.size = sizeof(options), .format = MUSTER_TABLE_CSV, .delimiter = delimiter};
    const muster_row *row = NULL;
    muster_rc rc = muster_table_try(fd, &options, &trial, &table, &error);
    while (rc == MUSTER_OK && (rc = muster_table_next(table, &row, &error)) == MUSTER_OK && row)
        row_text(out, row);
    if (rc != MUSTER_OK)
        fprintf(out, "error %d: %s\n", rc, error.text);
    muster_table_close(table);
    fclose(out);
    return text;
}

static void same_rows(const char *bytes, size_t len, const char *delimiter)
{
    static const size_t chunks[] = {0, 1, 2, 3, 7, 31, 64, 100, 1000};
    int fd = bytes_fd(bytes, len);
    char *expected = rows_by(fd, (struct muster_trial){.slow = true}, delimiter);
    assert_null(strstr(expected, "(not terminated)"));
    for (size_t n = 0; n < sizeof(chunks) / sizeof(*chunks); n++) {
        muster_width_most = widths[n % 3];
        char *found = rows_by(fd, (struct muster_trial){.chunk = chunks[n]}, delimiter);
        assert_string_equal(found, expected);
        free(found);
    }
    free(expected);
    close(fd);
}

static void records_are_the_same_by_their_marks_and_with_care(void **state)
{
    (void)state;
    static const char *const files[] = {
        "a,b,c\n1,,3\n",     "a,b\r\n1,2\r3,4\n5,6",        "a\r",     "a\r\n",         "\r\n\r\n,\r\n",
        "\n\n\na,b\n\n\n",   "a,b\"c\n\"d\",e\nf,g\n",      ",,,\n,,", "a,b\n1,\"2\n3", "sep=\"\na\"b\n\"c\"\"d\"\n",
        "sep=;\na;b\r1;2\r", "a,\"b\"\n1,2\n\"3\",4\n5,6\n"};
    for (size_t n = 0; n < sizeof(files) / sizeof(*files); n++)
        same_rows(files[n], strlen(files[n]), "auto");
}

static void random_files_are_the_same_by_their_marks_and_with_care(void **state)
{
    (void)state;
    static const char often[] = "abc123,,,;;\n\n\r x\xc3\xbc";
    for (int round = 0; round < 1500; round++) {
        char bytes[3000];
        size_t len = random_below(round % 10 == 0 ? sizeof(bytes) : 300);
        for (size_t n = 0; n < len; n++)
            bytes[n] = random_below(40) == 0 && round % 3 == 0 ? '"' : often[random_below(sizeof(often) - 3)];
        same_rows(bytes, len, round % 2 ? "," : ";");
    }
}

/* Rows of many lengths, so that some end where a piece or the window does; a quoted one here and there. */
static void long_files_are_the_same_by_their_marks_and_with_care(void **state)
{
    (void)state;
    for (int round = 0; round < 12; round++) {
        char *bytes = NULL;
        size_t len;
        FILE *out = open_memstream(&bytes, &len);
        for (int n = 0; n < 5000; n++) {
            if (round > 5 && random_below(50) == 0)
                fprintf(out, "\"quoted %d\",", n);
            fprintf(out, "%0*d,%.*s,\xc3\xbc%u%s", (int)random_below(20) + 1, n, (int)random_below(30),
                    "the quick brown fox jumps over the lazy dog", random_below(1000), round % 2 ? "\r\n" : "\n");
        }
        fprintf(out, "%0*d,%0*d\n", 20000, 1, 70000, 2); /* longer than a piece */
        fputs("last,1", out);
        fclose(out);
        muster_width_most = widths[round % 3];
        int fd = bytes_fd(bytes, len);
        char *expected = rows_by(fd, (struct muster_trial){.slow = true}, ",");
        for (size_t chunk = 0; chunk < 60000; chunk = chunk * 3 + 997) {
            char *found = rows_by(fd, (struct muster_trial){.chunk = chunk}, ",");
            assert_string_equal(found, expected);
            free(found);
        }
        free(expected);
        free(bytes);
        close(fd);
    }
}

static int all_widths(void **state)
{
    (void)state;
    muster_width_most = WIDTH_32;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(marks_are_where_they_are_at_every_width_and_place, all_widths),
        cmocka_unit_test_teardown(every_two_bytes_are_judged_alike_at_every_width, all_widths),
        cmocka_unit_test_teardown(valid_text_with_one_fault_is_good_up_to_it_at_every_width, all_widths),
        cmocka_unit_test_teardown(records_are_the_same_by_their_marks_and_with_care, all_widths),
        cmocka_unit_test_teardown(random_files_are_the_same_by_their_marks_and_with_care, all_widths),
        cmocka_unit_test_teardown(long_files_are_the_same_by_their_marks_and_with_care, all_widths),
    };
    return cmocka_run_group_tests_name("csv_plain", tests, NULL, NULL);
}
