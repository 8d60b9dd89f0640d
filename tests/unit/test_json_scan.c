/* test_json_scan - rows of JSON that are taken by hand, held against yajl's. */
#include "unit.h"

#include "json_parts.h"
#include "rows_text.h"

static uint32_t seed;

static uint32_t chance(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 16) % below;
}

/* ---- random documents ---- */

static void put_space(FILE *out, bool lines)
{
    static const char *const spaces[] = {"",   "",        "",      " ", "  ", "\t", "\r", "                   ",
                                         "\n", " \n    ", "\n\n\v"};
    fputs(spaces[chance(lines ? 8 : sizeof(spaces) / sizeof(*spaces))], out);
}

/* Mostly good ones; `odd` may be what yajl refuses, or takes and the cells do not. */
static void put_text(FILE *out, bool odd)
{
    static const char *const parts[] = {"a",
                                        "Zo\xc3\xab",
                                        "0123456789abcdef",
                                        "\xf0\x9f\x98\x80",
                                        "\\u00eb",
                                        "\\ud83d\\ude00",
                                        "\\n",
                                        "\\\"",
                                        "\\\\",
                                        "/\\/",
                                        "{}[],:",
                                        " ",
                                        "\\b\\f\\r\\t",
                                        "\x7f",
                                        "}\\u007D"};
    static const char *const odds[] = {"\\ud83d", "\\ude00", "\\u0000", "\xff", "\xc3",     "\xed\xa0\x80",
                                       "\n",      "\\x",     "\\u12g4", "\"",   "\xc0\x80", "\\ud83d\\u0041"};
    fputc('"', out);
    for (uint32_t n = chance(4); n > 0; n--)
        fputs(parts[chance(sizeof(parts) / sizeof(*parts))], out);
    if (odd)
        fputs(odds[chance(sizeof(odds) / sizeof(*odds))], out);
    fputc('"', out);
}

static void put_scalar(FILE *out, bool odd)
{
    static const char *const scalars[] = {"true", "false", "null", "0", "-0", "12.50", "-7", "100000000000000000000.5"};
    static const char *const odds[] = {"1e3", "1.5E-2", "01", "1.",  "-",   "tru",     "nulll", "+1",
                                       ".5",  "1e",     "\v", "NaN", "'a'", "1e99999", "}",     ""};
    if (chance(3))
        put_text(out, odd && chance(2));
    else if (odd)
        fputs(odds[chance(sizeof(odds) / sizeof(*odds))], out);
    else
        fputs(scalars[chance(sizeof(scalars) / sizeof(*scalars))], out);
}

static void put_value(FILE *out, int depth, bool odd, bool lines);

static void put_object(FILE *out, int depth, bool odd, bool lines)
{
    static const char *const keys[] = {
        "id",    "name", "address", "emails", "a much longer name of a member", "pr\xc3\xa9nom", "a\\\\nb",
        "a\\nb", "",     "a.b",     "a"};
    uint32_t first = chance(3), count = chance(7);
    fputc('{', out);
    put_space(out, lines);
    for (uint32_t n = 0; n < count; n++) {
        uint32_t key = odd && chance(9) == 0 ? chance(11) : (first + n) % 11;
        fprintf(out, "%s\"%s\"", n ? "," : "", keys[key]);
        put_space(out, lines);
        fputs(odd && chance(30) == 0 ? "" : ":", out);
        put_space(out, lines);
        put_value(out, depth + 1, odd && chance(3) == 0, lines);
        put_space(out, lines);
    }
    fputs(odd && chance(30) == 0 ? ",}" : "}", out);
}

static void put_array(FILE *out, int depth, bool odd, bool lines)
{
    fputc('[', out);
    for (uint32_t n = chance(20) ? chance(4) : 40, last = n; n > 0; n--) {
        fputs(n < last ? "," : "", out);
        put_space(out, lines);
        put_value(out, depth + 1, odd, lines);
        put_space(out, lines);
    }
    fputc(']', out);
}

static void put_value(FILE *out, int depth, bool odd, bool lines)
{
    uint32_t kind = depth > 20 ? 0 : chance(8);
    if (kind == 7)
        put_object(out, depth, odd, lines);
    else if (kind == 6)
        put_array(out, depth, odd, lines);
    else
        put_scalar(out, odd);
}

/* About one in `odds` rows is unusual or at fault; 0: none. */
static char *random_file(bool lines, uint32_t odds, size_t *ret_len)
{
    char *bytes = NULL;
    FILE *out = open_memstream(&bytes, ret_len);
    fputs(lines ? "" : "[", out);
    for (uint32_t n = 0, count = 1 + chance(12); n < count; n++) {
        bool odd = odds && chance(odds) == 0;
        if (!lines && n > 0)
            fputs(odd && chance(20) == 0 ? "" : ",", out);
        put_space(out, lines);
        if (odd && chance(10) == 0)
            put_value(out, 0, odd, lines);
        else
            put_object(out, 0, odd, lines);
        put_space(out, lines);
        if (lines)
            fputs("\n", out);
    }
    fputs(lines || (odds && chance(20) == 0) ? "" : "]", out);
    fclose(out);
    return bytes;
}

static void same_rows(const char *bytes, size_t len, bool lines, size_t chunk)
{
    muster_table_options options = {
        .size = sizeof(options), .name = "x", .format = lines ? MUSTER_TABLE_JSONL : MUSTER_TABLE_JSON};
    int fd = bytes_fd(bytes, len);
    char *slow = rows_text_by(fd, &options, (struct muster_trial){.slow = true});
    char *fast = rows_text(fd, &options, chunk);
    if (strcmp(slow, fast) != 0)
        fail_msg("with chunks of %zu\n%.*s\ngives\n%s\nwhere yajl gives\n%s", chunk, (int)len, bytes, fast, slow);
    free(slow);
    free(fast);
    close(fd);
}

static void random_rows_are_the_same_by_hand_and_by_yajl_at_every_size_of_chunk(void **state)
{
    (void)state;
    seed = 20;
    for (uint32_t n = 0; n < 900; n++) {
        size_t len;
        bool lines = n % 2;
        char *bytes = random_file(lines, n % 6 / 2 * 3, &len);
        same_rows(bytes, len, lines, 0);
        for (size_t chunk = 1; n % 10 == 0 && chunk <= len; chunk += 1 + chunk / 8)
            same_rows(bytes, len, lines, chunk);
        free(bytes);
    }
}

static void rows_that_are_spoiled_anywhere_are_the_same(void **state)
{
    (void)state;
    static const char document[] = "[{\"id\":0},\n {\"id\": \"1\", \"a\": {\"b\": [true, null, -1.5], \"c\": "
                                   "\"Zo\xc3\xab \\u00eb\\n\"}},{\"id\":\"2\",\"e\":\"\"} ]";
    static const char spoils[] = "\"\\{}[]:,.0-eEtn/ \n\t\x01\x7f\xc3\xff";
    char spoiled[sizeof(document)];
    for (size_t at = 9; at < sizeof(document) - 1; at++)
        for (size_t n = 0; n < sizeof(spoils); n++) { /* NUL too */
            memcpy(spoiled, document, sizeof(document));
            spoiled[at] = spoils[n];
            same_rows(spoiled, sizeof(document) - 1, false, 0);
            same_rows(spoiled + 1, sizeof(document) - 2, true, 0);
        }
}

static void what_only_looks_like_a_row_or_like_a_name_is_none(void **state)
{
    (void)state;
    static const char *const documents[] = {"[\"},{},{}\",{\"a\":1},\"},{}\",{\"a\":2}]",
                                            "[{\"b\":1},{\"a\\\\nb\":1},{\"a\\nb\":2},{\"a\\\\nb\":3}]",
                                            "[{\"a\":[{\"b\":1},{\"b\":2}],\"c\":\"},{}\"},{\"a\":1}]",
                                            "[{\"a\":1}],{\"a\":2}", "[{\"a\":1}\n,,{\"a\":2}]"};
    for (size_t n = 0; n < sizeof(documents) / sizeof(*documents); n++)
        for (size_t chunk = 0; chunk < 20; chunk++)
            same_rows(documents[n], strlen(documents[n]), false, chunk);
}

/* ---- what is taken ---- */

static size_t rows_by_hand(const char *bytes, size_t len)
{
    struct muster_json json = {.rows = &(struct muster_rows){0}};
    char *padded = calloc(1, len + MUSTER_FEED_PAD);
    memcpy(padded, bytes, len);
    json.feed.data = padded;
    json.feed.len = len;
    muster_rows_clear(json.rows);
    assert_int_equal(muster_paths_init(&json.paths), MUSTER_OK);
    muster_json_events_reset(&json);
    size_t taken = muster_json_scan(&json, 0), count = json.rows->mark_count;
    assert_true(taken <= len && (count == 0) == (taken == 0));
    muster_rows_done(json.rows);
    muster_paths_done(&json.paths);
    muster_bytes_done(&json.text);
    muster_bytes_done(&json.scratch);
    free(padded);
    return count;
}

static void what_is_ordinary_is_taken_and_what_is_not_is_left_to_yajl(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t rows;
    } cases[] = {
        {",{}", 1},
        {" ,\n{ \"a\" : 1 , \"b\":[ ] } ,{\"a\":\"\xc3\xab\\u00eb\\ud83d\\ude00\",\"b\":[{\"c\":null}]}, x", 2},
        {",{\"a\":1},{\"a\":1e3},{\"a\":1}", 1},
        {",{\"a\":1,\"a\":2}", 0},
        {",{\"a\":\"\\u0000\"}", 0},
        {",{\"a\":\"\\ud800\"}", 0},
        {",{\"a\":\"\xc0\x80\"}", 0},
        {",{\"a\":1},[],{\"a\":1}", 1},
        {",{\"a\":1},{\"a\":1", 1},
        {",{\"a\":1},{\"a\":\"x", 1},
        {"{\"a\":1}", 0},
        {"]", 0},
        {"", 0},
    };
    for (size_t n = 0; n < sizeof(cases) / sizeof(*cases); n++)
        assert_int_equal(rows_by_hand(cases[n].bytes, strlen(cases[n].bytes)), cases[n].rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_rows_are_the_same_by_hand_and_by_yajl_at_every_size_of_chunk),
        cmocka_unit_test(rows_that_are_spoiled_anywhere_are_the_same),
        cmocka_unit_test(what_only_looks_like_a_row_or_like_a_name_is_none),
        cmocka_unit_test(what_is_ordinary_is_taken_and_what_is_not_is_left_to_yajl),
    };
    return cmocka_run_group_tests_name("json_scan", tests, NULL, NULL);
}
