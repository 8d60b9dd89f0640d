/* test_node - YAML as a tree with places, and the complaints about it. */
#include "unit.h"

#include "base/buffer.h"
#include "config/node.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct reading {
    struct arena *arena;
    struct complaints complaints;
    struct buffer said;
    const struct node *root;
    int rc;
};

static struct reading *read_bytes(const char *text, size_t len)
{
    struct reading *reading = calloc(1, sizeof(*reading));
    assert_non_null(reading);
    reading->arena = arena_new();
    reading->complaints = (struct complaints){.arena = reading->arena, .file = "a.yaml"};
    reading->rc = node_read_text(text, len, &reading->complaints, &reading->root);
    complaints_write(&reading->complaints, &reading->said);
    return reading;
}

static struct reading *read_text(const char *text)
{
    return read_bytes(text, strlen(text));
}

static void done(struct reading *reading)
{
    buffer_done(&reading->said);
    arena_free(reading->arena);
    free(reading);
}

static void expect(const char *text, int rc, const char *said)
{
    struct reading *reading = read_text(text);
    assert_string_equal(reading->said.data ? reading->said.data : "", said);
    assert_int_equal(reading->rc, rc);
    done(reading);
}

static void at(const struct node *node, unsigned line, unsigned column)
{
    assert_non_null(node);
    assert_int_equal(node->line, line);
    assert_int_equal(node->column, column);
}

static void every_scalar_is_text_as_it_was_written(void **state)
{
    (void)state;
    struct reading *reading =
        read_text("a: no\nb: 0123\nc: null\nd: ~\ne: 1e3\nf: 'null'\ng:\nh: \"\"\ni: 2026-03-02\n");
    assert_int_equal(reading->rc, 0);
    assert_string_equal(node_get(reading->root, "a")->text, "no");
    assert_string_equal(node_get(reading->root, "b")->text, "0123");
    assert_string_equal(node_get(reading->root, "c")->text, "null");
    assert_false(node_get(reading->root, "c")->quoted);
    assert_string_equal(node_get(reading->root, "d")->text, "~");
    assert_string_equal(node_get(reading->root, "e")->text, "1e3");
    assert_true(node_get(reading->root, "f")->quoted);
    assert_string_equal(node_get(reading->root, "g")->text, "");
    assert_false(node_get(reading->root, "g")->quoted);
    assert_true(node_get(reading->root, "h")->quoted);
    assert_string_equal(node_get(reading->root, "i")->text, "2026-03-02");
    assert_null(node_get(reading->root, "j"));
    done(reading);
}

static void places_count_characters_not_bytes(void **state)
{
    (void)state;
    struct reading *reading = read_text("été: {华信: \"é\", x: 'y'}\n"
                                        "blk: |\n  one\n  two\nlist:\n  - a\n  -  [b, !secret file:x]\n"
                                        "s: !secret env:A\nempty:\nfold: >-\n  x\n");
    assert_int_equal(reading->rc, 0);
    const struct node *flow = node_get(reading->root, "été");
    at(reading->root->keys[0], 1, 1);
    at(flow, 1, 6);
    at(flow->keys[0], 1, 7);
    at(flow->items[0], 1, 11);
    at(flow->keys[1], 1, 16);
    at(flow->items[1], 1, 19);
    at(node_get(reading->root, "blk"), 2, 6);
    const struct node *list = node_get(reading->root, "list");
    at(list->items[0], 6, 5);
    at(list->items[1], 7, 6);
    at(list->items[1]->items[0], 7, 7);
    at(list->items[1]->items[1], 7, 10);
    assert_string_equal(list->items[1]->items[1]->tag, "!secret");
    assert_string_equal(list->items[1]->items[1]->text, "file:x");
    at(node_get(reading->root, "s"), 8, 4);
    at(node_get(reading->root, "empty"), 9, 1);
    at(node_get(reading->root, "fold"), 10, 7);
    done(reading);
}

static void windows_line_ends_and_a_byte_order_mark_change_no_place(void **state)
{
    (void)state;
    struct reading *reading = read_text("\xef\xbb\xbf"
                                        "a: 1\r\nb:\r\n  é: 2\r\n  c: 3\r\n");
    assert_int_equal(reading->rc, 0);
    at(reading->root->keys[0], 1, 1);
    assert_string_equal(node_get(reading->root, "a")->text, "1");
    at(node_get(node_get(reading->root, "b"), "é"), 3, 6);
    at(node_get(node_get(reading->root, "b"), "c"), 4, 6);
    done(reading);
}

static void an_empty_document_is_no_node(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "\n\n", "# only a comment\n", "---\n", "--- # x\n...\n", "\xef\xbb\xbf"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct reading *reading = read_text(texts[i]);
        assert_int_equal(reading->rc, 0);
        assert_null(reading->root);
        done(reading);
    }
}

static void a_doubled_key_is_told_and_the_rest_is_still_there(void **state)
{
    (void)state;
    struct reading *reading = read_text("a: 1\nb: {x: 1, y: 2, x: 3}\na: 2\nc: 3\na: 4\n");
    assert_int_equal(reading->rc, ERR_CONFIG);
    assert_string_equal(reading->said.data, "a.yaml:2:17: key 'x' stands here a second time: the other is in line 2\n"
                                            "a.yaml:3:1: key 'a' stands here a second time: the other is in line 1\n"
                                            "a.yaml:5:1: key 'a' stands here a second time: the other is in line 3\n");
    assert_string_equal(node_get(reading->root, "a")->text, "1");
    assert_string_equal(node_get(reading->root, "c")->text, "3");
    done(reading);
}

static void what_is_no_yaml_is_told_with_its_place_and_a_way_out(void **state)
{
    (void)state;
    expect("a:\n\t- b\n", ERR_CONFIG, "a.yaml:2:1: a tab in the indentation: use spaces\n");
    expect("a: b: c\n", ERR_CONFIG, "a.yaml:1:5: a text with ': ' in it must stand in quotes\n");
    expect("a: \"b\nc: d\n", ERR_CONFIG, "a.yaml:1:4: the \" that stands here is never closed\n");
    expect("a: @b\n", ERR_CONFIG, "a.yaml:1:4: a text that begins with this character must stand in quotes\n");
    expect("a: [b\nc: d\n", ERR_CONFIG, "a.yaml:1:4: the [ that stands here is never closed\n");
    expect("ï: 1\n b: 2\n", ERR_CONFIG,
           "a.yaml:1:4: the indentation does not fit, a blank is missing behind a ':', or a text with ': ' in it needs "
           "quotes\n");
    expect("a: { b: 1\nc:\n  d: 2\n", ERR_CONFIG,
           "a.yaml:2:2: a comma is missing, or a '{' or '[' above is not closed: the '{' in line 1, character 4, is "
           "still open\n");
    expect("a: 1\nb:1\nc: 2\n", ERR_CONFIG,
           "a.yaml:2:1: a ':' is missing, or the blank behind it, here or in the line above\n");
    expect("a:\n    b: 1\n   c: 2\n", ERR_CONFIG,
           "a.yaml:3:4: this line begins elsewhere than those beside it: indent what belongs together alike\n");
    expect("[a, b]: c\n", ERR_CONFIG, "a.yaml:1:1: a key must be plain text\n");
    expect("? {a: b}\n: c\n", ERR_CONFIG, "a.yaml:1:3: a key must be plain text\n");
    expect("!secret file:a: c\n", ERR_CONFIG, "a.yaml:1:1: a key must be plain text\n");
    expect("a: \"x\\0y\"\n", ERR_CONFIG, "a.yaml:1:4: a text with the character \\0 in it\n");
    expect("a: 1\n---\nb: 2\n", ERR_CONFIG, "a.yaml:2:1: a second document begins here: one file holds one\n");
    expect("a: !!str x\nb: !include y\n", ERR_CONFIG,
           "a.yaml:1:4: tag 'tag:yaml.org,2002:str' means nothing here: the only tag is !secret\n"
           "a.yaml:2:4: tag '!include' means nothing here: the only tag is !secret\n");
}

static void bytes_that_are_no_text_are_told_with_their_place(void **state)
{
    (void)state;
    expect("é: 1\nb: é\xe9x\n", ERR_CONFIG, "a.yaml:2:5: byte 0xE9 is not UTF-8: save the file as UTF-8\n");
    expect("a: \xed\xa0\x80\n", ERR_CONFIG, "a.yaml:1:4: byte 0xED is not UTF-8: save the file as UTF-8\n");
    expect("a: \xc0\xaf\n", ERR_CONFIG, "a.yaml:1:4: byte 0xC0 is not UTF-8: save the file as UTF-8\n");
    expect("a: \xf0\x9f", ERR_CONFIG, "a.yaml:1:4: byte 0xF0 is not UTF-8: save the file as UTF-8\n");
    expect("a: b\x1b[31m\n", ERR_CONFIG,
           "a.yaml:1:5: control character U+001B: nothing of a text file; delete it, or save the file "
           "as plain text, UTF-8\n");
    struct reading *reading = read_bytes("\xff\xfe"
                                         "a\0:\0",
                                         6);
    assert_string_equal(reading->said.data, "a.yaml: this is UTF-16: save the file as UTF-8\n");
    done(reading);
    reading = read_bytes("a: \0b", 5);
    assert_string_equal(reading->said.data,
                        "a.yaml:1:4: control character U+0000: nothing of a text file; delete it, or save the file as "
                        "plain text, UTF-8\n");
    done(reading);
}

static void an_alias_is_what_its_anchor_names(void **state)
{
    (void)state;
    struct reading *reading = read_text("a: &x {b: 1}\nc: *x\nd: &x 2\ne: *x\n");
    assert_int_equal(reading->rc, 0);
    assert_ptr_equal(node_get(reading->root, "a"), node_get(reading->root, "c"));
    assert_string_equal(node_get(reading->root, "e")->text, "2");
    done(reading);
    expect("a: &x [1, *x]\n", ERR_CONFIG, "a.yaml:1:11: alias '*x' stands inside what it names\n");
    expect("a: *x\n", ERR_CONFIG, "a.yaml:1:4: alias '*x' has no anchor '&x' before it\n");
}

static void aliases_of_aliases_end_in_a_sentence(void **state)
{
    (void)state;
    struct buffer text = {0};
    buffer_text(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 30; i++) {
        buffer_format(&text, "a%d: &a%d [", i, i);
        for (int j = 0; j < 10; j++)
            buffer_format(&text, "%s*a%d", j ? ", " : "", i - 1);
        buffer_text(&text, "]\n");
    }
    struct reading *reading = read_bytes(text.data, text.len);
    assert_int_equal(reading->rc, ERR_CONFIG);
    assert_string_equal(reading->said.data, "a.yaml:6:10: too many values: the aliases multiply each other\n");
    done(reading);
    buffer_done(&text);
}

static void deep_and_huge_files_end_in_a_sentence(void **state)
{
    (void)state;
    struct buffer text = {0};
    for (int i = 0; i < 1000; i++)
        buffer_byte(&text, '[');
    struct reading *reading = read_bytes(text.data, text.len);
    assert_int_equal(reading->rc, ERR_CONFIG);
    assert_non_null(strstr(reading->said.data, "deep in each other"));
    done(reading);
    buffer_clear(&text);
    for (int i = 0; i < 1000; i++)
        buffer_format(&text, "%*sa:\n", i, "");
    reading = read_bytes(text.data, text.len);
    assert_string_equal(reading->said.data, "a.yaml:51:51: lists and maps stand more than 50 deep in each other\n");
    done(reading);
    buffer_clear(&text);
    for (int i = 0; i < 400000; i++)
        buffer_format(&text, "- x%d\n", i % 10);
    reading = read_bytes(text.data, text.len);
    assert_non_null(strstr(reading->said.data, "too many values"));
    done(reading);
    buffer_clear(&text);
    while (text.len < 5u << 20)
        buffer_text(&text, "# comment comment comment comment comment\n");
    reading = read_bytes(text.data, text.len);
    assert_string_equal(reading->said.data, "a.yaml: larger than 4 MiB: no configuration is\n");
    done(reading);
    char path[] = "/tmp/test_node_XXXXXX";
    int fd = mkstemp(path);
    assert_int_equal(write(fd, text.data, text.len), (ssize_t)text.len);
    close(fd);
    struct arena *arena = arena_new();
    struct complaints complaints = {.arena = arena, .file = "a.yaml"};
    const struct node *root = NULL;
    assert_int_equal(node_read_file(path, &complaints, &root), ERR_CONFIG);
    assert_string_equal(complaints.items[0].text, "larger than 4 MiB: no configuration is");
    unlink(path);
    arena_free(arena);
    buffer_done(&text);
}

static void a_folder_or_a_missing_file_is_no_configuration(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct complaints complaints = {.arena = arena, .file = "a.yaml"};
    const struct node *root = NULL;
    assert_int_equal(node_read_file("/nonexistent/x.yaml", &complaints, &root), -2);
    assert_int_equal(complaints.count, 0);
    assert_int_equal(node_read_file("/tmp", &complaints, &root), ERR_CONFIG);
    assert_string_equal(complaints.items[0].text, "not an ordinary file");
    arena_free(arena);
}

static void complaints_are_told_in_the_order_of_the_file(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct complaints complaints = {.arena = arena, .file = "a.yaml"};
    struct buffer said = {0};
    complain(&complaints, &(struct node){.line = 3, .column = 2}, "third");
    complain(&complaints, &(struct node){.line = 1, .column = 9}, "first %d", 1);
    complain_warning(&complaints, &(struct node){.line = 3, .column = 1}, "second");
    complain(&complaints, &(struct node){.line = 3, .column = 2}, "fourth\x1b[2J\xc2\x9b");
    complain(&complaints, &(struct node){.line = 3, .column = 2}, "third");
    complain(&complaints, NULL, "whole");
    complaints_write(&complaints, &said);
    assert_string_equal(said.data, "a.yaml: whole\na.yaml:1:9: first 1\na.yaml:3:1: warning: second\n"
                                   "a.yaml:3:2: third\na.yaml:3:2: fourth?[2J??\n");
    assert_int_equal(complaints.errors, 4);
    buffer_done(&said);
    arena_free(arena);
}

static void a_thousand_complaints_are_enough_and_the_rest_is_counted(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct complaints complaints = {.arena = arena, .file = "a.yaml"};
    struct buffer said = {0};
    for (unsigned i = 0; i < 1500; i++)
        complain(&complaints, &(struct node){.line = i + 1, .column = 1}, "x");
    complaints_write(&complaints, &said);
    assert_non_null(strstr(said.data, "a.yaml:1000:1: x\na.yaml: and 500 more\n"));
    buffer_done(&said);
    arena_free(arena);
}

static void the_nearest_name_is_found_when_it_is_near_enough(void **state)
{
    (void)state;
    static const char *const names[] = {"streams", "options",    "triggers", "connector",
                                        "lanes",   "after_read", "x",        NULL};
    assert_string_equal(nearest_name("stream", names), "streams");
    assert_string_equal(nearest_name("Streams", names), "streams");
    assert_string_equal(nearest_name("tirggers", names), "triggers");
    assert_string_equal(nearest_name("after-read", names), "after_read");
    assert_string_equal(nearest_name("conector", names), "connector");
    assert_null(nearest_name("y", names));
    assert_null(nearest_name("", names));
    assert_null(nearest_name("something", names));
    assert_null(nearest_name("loans!", names));
}

static void unknown_keys_are_told_with_the_nearest_one(void **state)
{
    (void)state;
    static const char *const names[] = {"streams", "options", NULL};
    struct reading *reading = read_text("é: 1\nstream: 2\noptions: 3\n");
    assert_int_equal(node_unknown_keys(&reading->complaints, reading->root, names, "connection 'hr'"), 2);
    buffer_clear(&reading->said);
    complaints_write(&reading->complaints, &reading->said);
    assert_string_equal(reading->said.data,
                        "a.yaml:1:1: connection 'hr': unknown key 'é': known are streams, options\n"
                        "a.yaml:2:1: connection 'hr': unknown key 'stream': did you mean 'streams'?\n");
    done(reading);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scalar_is_text_as_it_was_written),
        cmocka_unit_test(places_count_characters_not_bytes),
        cmocka_unit_test(windows_line_ends_and_a_byte_order_mark_change_no_place),
        cmocka_unit_test(an_empty_document_is_no_node),
        cmocka_unit_test(a_doubled_key_is_told_and_the_rest_is_still_there),
        cmocka_unit_test(what_is_no_yaml_is_told_with_its_place_and_a_way_out),
        cmocka_unit_test(bytes_that_are_no_text_are_told_with_their_place),
        cmocka_unit_test(an_alias_is_what_its_anchor_names),
        cmocka_unit_test(aliases_of_aliases_end_in_a_sentence),
        cmocka_unit_test(deep_and_huge_files_end_in_a_sentence),
        cmocka_unit_test(a_folder_or_a_missing_file_is_no_configuration),
        cmocka_unit_test(complaints_are_told_in_the_order_of_the_file),
        cmocka_unit_test(a_thousand_complaints_are_enough_and_the_rest_is_counted),
        cmocka_unit_test(the_nearest_name_is_found_when_it_is_near_enough),
        cmocka_unit_test(unknown_keys_are_told_with_the_nearest_one),
    };
    return cmocka_run_group_tests_name("node", tests, NULL, NULL);
}
