/* test_document - a JSON text as a tree. */
#include "unit.h"

#include <muster/document.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* The tree as a text again, texts in '…'. */
static void write_tree(const muster_node *node, char *out, size_t room)
{
    size_t len = strlen(out);
    if (node->name)
        len += (size_t)snprintf(out + len, room - len, "%s:", node->name);
    if (node->kind != MUSTER_NODE_LIST && node->kind != MUSTER_NODE_OBJECT) {
        bool quoted = node->kind == MUSTER_NODE_TEXT;
        snprintf(out + len, room - len, "%s%s%s", quoted ? "'" : "", node->text ? node->text : "null",
                 quoted ? "'" : "");
        return;
    }
    bool list = node->kind == MUSTER_NODE_LIST;
    snprintf(out + len, room - len, "%s%u", list ? "[" : "{", node->count);
    for (const muster_node *one = muster_node_first(node); one; one = one->next) {
        len = strlen(out);
        snprintf(out + len, room - len, " ");
        write_tree(one, out, room);
    }
    len = strlen(out);
    snprintf(out + len, room - len, "%s", list ? "]" : "}");
}

/* What the text becomes, or why it is none. Read from memory without a byte more than it has. */
static const char *read_again(const char *text, size_t len)
{
    static char out[1000];
    char *exact = malloc(len ? len : 1);
    const char *why = NULL;
    memcpy(exact, text, len);
    muster_document *document = muster_document_read(exact, len, &why);
    free(exact);
    out[0] = '\0';
    if (document)
        write_tree(muster_document_root(document), out, sizeof(out));
    else
        snprintf(out, sizeof(out), "%s", why);
    muster_document_free(document);
    return out;
}

static void what_stands_there_is_given(void **state)
{
    (void)state;
    static const struct {
        const char *text, *tree;
    } cases[] = {
        {"{}", "{0}"},
        {" [ ] ", "[0]"},
        {"12", "12"},
        {"-0.5e+10", "-0.5e+10"},
        {"[1,-2,3.0,true,false,null,\"\"]", "[7 1 -2 3.0 true false null '']"},
        {"\xef\xbb\xbf{\"a\":1,\"b\":{\"c\":[2]}}", "{2 a:1 b:{1 c:[1 2]}}"},
        {"\"a\\n\\\"\\\\\\/\\u00e9\\u20AC\\ud83d\\ude00\\ud83d.\"", "'a\n\"\\/é€😀\xef\xbf\xbd.'"},
        {"[\n1 ,\t2\r\n]", "[2 1 2]"},
        {"{\"Status\":\"OK\",\"Errors\":[{\"Index\":0},{\"Index\":17}]}",
         "{2 Status:'OK' Errors:[2 {1 Index:0} {1 Index:17}]}"},
    };
    for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++)
        assert_string_equal(read_again(cases[n].text, strlen(cases[n].text)), cases[n].tree);
}

static void what_is_no_json_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",      " ",       "{",          "[1",      "[1,]",      "{\"a\"}",  "{\"a\":}",
                                      "{a:1}", "01",      "1.",         "-",       "+1",        "1e",       "tru",
                                      "nul",   "\"a",     "\"\\",       "\"\\x\"", "\"\\u12\"", "\"a\nb\"", "1 2",
                                      "[1]]",  "<html/>", "{\"a\":1,}", ".5",      "'a'",       "[1 2]",    "{,}"};
    for (size_t n = 0; n < sizeof(bad) / sizeof(bad[0]); n++) {
        const char *why = NULL;
        muster_document *document = muster_document_read(bad[n], strlen(bad[n]), &why);
        if (document)
            fail_msg("%s was read", bad[n]);
        assert_non_null(why);
    }
    assert_string_equal(read_again("[\0]", 3), "something that is no value");
}

static void too_deep_is_refused_and_just_deep_enough_is_not(void **state)
{
    (void)state;
    char text[2 * MUSTER_DOCUMENT_DEPTH + 3] = "";
    memset(text, '[', MUSTER_DOCUMENT_DEPTH);
    memset(text + MUSTER_DOCUMENT_DEPTH, ']', MUSTER_DOCUMENT_DEPTH);
    assert_int_equal(read_again(text, 2 * (size_t)MUSTER_DOCUMENT_DEPTH)[0], '[');
    memset(text, '[', sizeof(text));
    assert_string_equal(read_again(text, sizeof(text)), "lists and objects that are nested too deeply");
}

static void cut_anywhere_it_is_no_answer(void **state)
{
    (void)state;
    static const char whole[] = "{\"a\":[1,{\"b\":\"\\u20ac\"}],\"c\":null,\"d\":-1.5}";
    for (size_t len = 0; len + 1 < sizeof(whole) - 1; len++) {
        const char *why = NULL;
        char *exact = malloc(len ? len : 1);
        memcpy(exact, whole, len);
        assert_null(muster_document_read(exact, len, &why));
        free(exact);
    }
}

static void members_are_found_and_nothing_is_asked_in_vain(void **state)
{
    (void)state;
    static const char text[] = "{\"Status\":\"OK\",\"Total\":2,\"Status\":\"twice\"}";
    const char *why;
    muster_document *document = muster_document_read(text, sizeof(text) - 1, &why);
    const muster_node *root = muster_document_root(document);
    assert_string_equal(muster_node_text(muster_node_member(root, "Status")), "OK");
    assert_string_equal(muster_node_text(muster_node_member(root, "Total")), "2");
    assert_null(muster_node_text(muster_node_member(muster_node_member(root, "Total"), "x")));
    assert_null(muster_node_first(muster_node_member(root, "none")));
    assert_null(muster_node_text(root));
    muster_document_free(document);
    muster_document_free(NULL);
    assert_null(muster_document_root(NULL));
}

static void a_node_is_written_as_the_json_that_it_was(void **state)
{
    (void)state;
    static const char text[] = "{ \"a\": [1.50, true, null, \"q\\\"\\n\\u00e9\"], \"b\": {}, \"c\": {\"d\": []} }";
    const char *why;
    muster_document *document = muster_document_read(text, sizeof(text) - 1, &why);
    muster_text out = {0};
    muster_node_json(muster_document_root(document), &out);
    assert_string_equal(out.data, "{\"a\":[1.50,true,null,\"q\\\"\\u000aé\"],\"b\":{},\"c\":{\"d\":[]}}");
    muster_text_done(&out);
    muster_document_free(document);
}

/* A host that writes down what is put: "name=type:value". */
static char put_down[4000];

static void note_put(muster_record *record, const char *field, int32_t type, const char *value)
{
    size_t len = strlen(put_down);
    assert_ptr_equal(record, put_down);
    snprintf(put_down + len, sizeof(put_down) - len, "%s=%d:%s\n", field, (int)type, value ? value : "(null)");
}

static void put_all(const char *json, const char *name, const char *but, const char *wanted)
{
    const muster_host host = {.size = sizeof(host), .put = note_put};
    muster_run run = {.host = &host};
    const char *why;
    muster_document *document = muster_document_read(json, strlen(json), &why);
    const muster_node *root = muster_document_root(document);
    put_down[0] = '\0';
    assert_int_equal(muster_node_put(&run, (muster_record *)(void *)put_down, name, root,
                                     but ? muster_node_member(root, but) : NULL),
                     MUSTER_OK);
    assert_string_equal(put_down, wanted);
    muster_document_free(document);
}

static void what_is_nested_is_put_by_the_way_to_it(void **state)
{
    char deep[400] = "", items[400] = "[0", wanted[2000];
    (void)state;
    put_all("{\"id\":\"007\",\"names\":{\"first\":\"Ada\",\"none\":null},\"fit\":true,\"pay\":1.50e1,\"left\":[7,8]}",
            "", "left", "id=1:007\nnames.first=1:Ada\nnames.none=1:(null)\nfit=4:true\npay=3:15\n");
    put_all("{\"jobs\":[{\"no\":1},{\"no\":2}],\"\":5}", "", NULL,
            "jobs=13:[{\"no\":1},{\"no\":2}]\njobs[0].no=3:1\njobs[1].no=3:2\n");
    put_all("{\"a\":[[]]}", "child[3]", NULL, "child[3].a=13:[[]]\nchild[3].a[0]=13:[]\n");
    put_all("\"alone\"", "name", NULL, "name=1:alone\n");
    for (int n = 1; n <= MUSTER_NODE_PUT_ITEMS; n++)
        snprintf(items + strlen(items), sizeof(items) - strlen(items), n < MUSTER_NODE_PUT_ITEMS ? ",%d" : ",%d]", n);
    snprintf(wanted, sizeof(wanted), "l=13:%s\n", items);
    for (int n = 0; n < MUSTER_NODE_PUT_ITEMS; n++) /* not the one behind them */
        snprintf(wanted + strlen(wanted), sizeof(wanted) - strlen(wanted), "l[%d]=3:%d\n", n, n);
    put_all(items, "l", NULL, wanted);
    for (int n = 0; n < MUSTER_NODE_PUT_DEPTH; n++)
        snprintf(deep + strlen(deep), sizeof(deep) - strlen(deep), "{\"d\":");
    snprintf(deep + strlen(deep), sizeof(deep) - strlen(deep), "{\"too\":1}");
    for (int n = 0; n < MUSTER_NODE_PUT_DEPTH; n++)
        snprintf(deep + strlen(deep), sizeof(deep) - strlen(deep), "}");
    put_all(deep, "", NULL, "");
}

static void a_pointer_leads_to_one_place_or_to_none(void **state)
{
    (void)state;
    static const char text[] = "{\"data\":{\"errors\":[{\"code\":\"A\"},{\"code\":\"B\"}],\"a/b\":1,\"m~n\":2},\"\":3}";
    static const char *const cases[][2] = {
        {"/data/errors/1/code", "B"},
        {"/data/errors/0/code", "A"},
        {"/data/a~1b", "1"},
        {"/data/m~0n", "2"},
        {"/", "3"},
        {"/data/errors/2/code", NULL},
        {"/data/errors/01/code", NULL},
        {"/data/errors/-/code", NULL},
        {"/data/none/code", NULL},
        {"data", NULL},
        {"/data/errors/1/code/x", NULL},
    };
    const char *why;
    muster_document *document = muster_document_read(text, sizeof(text) - 1, &why);
    const muster_node *root = muster_document_root(document);
    for (size_t n = 0; n < sizeof(cases) / sizeof(*cases); n++) {
        const char *found = muster_node_text(muster_node_at(root, cases[n][0]));
        if (cases[n][1])
            assert_string_equal(found, cases[n][1]);
        else
            assert_null(found);
    }
    char long_one[600];
    memset(long_one, 'a', sizeof(long_one));
    long_one[0] = '/';
    long_one[sizeof(long_one) - 1] = '\0';
    assert_null(muster_node_at(root, long_one));
    assert_ptr_equal(muster_node_at(root, ""), root);
    assert_null(muster_node_at(NULL, "/data"));
    muster_document_free(document);
}

static void a_reply_is_read_from_memory_or_from_its_file(void **state)
{
    (void)state;
    static const char text[] = "{\"code\":0}";
    const char *why = NULL;
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, sizeof(text) - 1, file), sizeof(text) - 1);
    assert_int_equal(fflush(file), 0);
    const muster_http replies[] = {
        {.size = sizeof(muster_http), .body = text, .body_len = sizeof(text) - 1, .fd = -1},
        {.size = sizeof(muster_http), .body_len = sizeof(text) - 1, .fd = fileno(file)},
        {.size = sizeof(muster_http), .body_len = sizeof(text) + 100, .fd = fileno(file)},
        {.size = sizeof(muster_http), .fd = -1},
    };
    for (size_t n = 0; n < sizeof(replies) / sizeof(*replies); n++) {
        muster_document *document = muster_document_of_reply(&replies[n], &why);
        assert_int_equal(document != NULL, n < 2);
        if (document)
            assert_string_equal(muster_node_text(muster_node_at(muster_document_root(document), "/code")), "0");
        muster_document_free(document);
    }
    assert_string_equal(why, "there is none");
    assert_null(muster_document_of_reply(NULL, &why));
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_stands_there_is_given),
        cmocka_unit_test(what_is_no_json_is_refused),
        cmocka_unit_test(too_deep_is_refused_and_just_deep_enough_is_not),
        cmocka_unit_test(cut_anywhere_it_is_no_answer),
        cmocka_unit_test(members_are_found_and_nothing_is_asked_in_vain),
        cmocka_unit_test(a_node_is_written_as_the_json_that_it_was),
        cmocka_unit_test(what_is_nested_is_put_by_the_way_to_it),
        cmocka_unit_test(a_pointer_leads_to_one_place_or_to_none),
        cmocka_unit_test(a_reply_is_read_from_memory_or_from_its_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
