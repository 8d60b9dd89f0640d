/* words - texts with words in braces: paths, parameters and bodies of calls.
 *
 * {/pointer} is of the record, {row/pointer} of the row in it, {parent/pointer}
 * of the record above it, {partition}, {partition.name} and {partition.url} of
 * the partition, {since}, {cursor}, {page} and {size} of the list. Of several,
 * as in {row/name|/name}, the first that has a value counts. A brace before
 * anything else, as in JSON, is a brace. */
#include "rest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const plain_words[] = {"partition", "partition.name", "partition.url", "since",
                                          "cursor",    "page",           "size",          "stream"};
static const unsigned plain_sets[] = {WORDS_PARTITION, WORDS_PARTITION, WORDS_PARTITION, WORDS_SINCE,
                                      WORDS_PAGE,      WORDS_PAGE,      WORDS_PAGE};
enum { PLAIN_WORDS = sizeof(plain_words) / sizeof(*plain_words), WORD_MOST = 200 };

/* The length of the word that begins behind a brace; 0: none does. */
static size_t word_length(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./~@#|";
    bool begins = *text == '/' || (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z');
    size_t len = begins ? strspn(text, letters) : 0;
    return len > 0 && len < WORD_MOST && text[len] == '}' ? len : 0;
}

/* A word in a text: where it begins behind '{', and how long it is; 0: there is none any more. *at moves behind it,
 * *ret_plain is what stands before it. */
static size_t words_next(const char **at, const char **ret_word, size_t *ret_plain)
{
    const char *begin = *at;
    for (const char *brace = strchr(begin, '{'); brace; brace = strchr(brace + 1, '{')) {
        size_t len = word_length(brace + 1);
        if (len == 0)
            continue;
        *ret_word = brace + 1;
        *ret_plain = (size_t)(brace - begin);
        *at = brace + len + 2;
        return len;
    }
    *ret_plain = strlen(begin);
    *at = begin + *ret_plain;
    return 0;
}

static bool is(const char *word, size_t len, const char *name)
{
    return strlen(name) == len && memcmp(word, name, len) == 0;
}

/* Of "a|b": how long the first one is. */
static size_t first_of(const char *word, size_t len)
{
    const char *bar = memchr(word, '|', len);
    return bar ? (size_t)(bar - word) : len;
}

static unsigned word_set(const char *word, size_t len)
{
    if (*word == '/')
        return WORDS_RECORD;
    if (len > 4 && memcmp(word, "row/", 4) == 0)
        return WORDS_ROW;
    if (len > 7 && memcmp(word, "parent/", 7) == 0)
        return WORDS_PARENT;
    for (size_t n = 0; n < PLAIN_WORDS; n++)
        if (is(word, len, plain_words[n]))
            return plain_sets[n];
    return memchr(word, '/', len) ? 0 : WORDS_FIELDS;
}

static void word_wrong(const char *word, size_t len, unsigned allowed, char ret_why[WHY_ROOM])
{
    unsigned set = word_set(word, len);
    const char *what = set == WORDS_PARENT ? "parent" : set == WORDS_ROW ? "row" : "record";
    if (set == WORDS_PARENT || set == WORDS_RECORD || set == WORDS_ROW)
        snprintf(ret_why, WHY_ROOM, "has {%.*s}, and there is no %s here%s", (int)len, word, what,
                 set == WORDS_PARENT   ? ": say whose records it is read for, as in parent: employees"
                 : set == WORDS_RECORD ? ": {parent/…} is of the record that it is read for"
                                       : ": say which list rows are made of, as in rows: /scope");
    else
        snprintf(ret_why, WHY_ROOM,
                 "has {%.*s}, which is %s: there are %s%s%s%s%s{partition}, {partition.name} and {partition.url}",
                 (int)len, word, set & ~(unsigned)WORDS_FIELDS ? "not known here" : "no word",
                 allowed & WORDS_RECORD ? "{/pointer}, " : "", allowed & WORDS_ROW ? "{row/pointer}, " : "",
                 allowed & WORDS_PARENT ? "{parent/pointer}, " : "", allowed & WORDS_SINCE ? "{since}, " : "",
                 allowed & WORDS_PAGE ? "{cursor}, {page}, {size}, " : "");
}

bool words_check(const char *text, unsigned allowed, char ret_why[WHY_ROOM])
{
    const char *at = text, *word;
    size_t plain;
    for (size_t len; (len = words_next(&at, &word, &plain)) > 0;)
        for (size_t one; len > 0; word += one, len -= one) {
            one = first_of(word, len);
            if (!(word_set(word, one) & allowed)) {
                word_wrong(word, one, allowed, ret_why);
                return false;
            }
            one += one < len;
        }
    return true;
}

static const char *of_node(const muster_node *node, const char *word, size_t len)
{
    char pointer[WORD_MOST];
    snprintf(pointer, sizeof(pointer), "%.*s", (int)len, word);
    return muster_node_text(muster_node_at(node, pointer));
}

/* {id}, or a field of what is told. */
static const char *of_change(const struct scene *scene, const char *word, size_t len)
{
    char name[WORD_MOST];
    const muster_change *change = scene->change;
    if (is(word, len, "id"))
        return change->remote_id;
    snprintf(name, sizeof(name), "%.*s", (int)len, word);
    const char *text = change->after ? scene->host->get(change->after, name) : NULL;
    return text || !change->before ? text : scene->host->get(change->before, name);
}

static const char *one_text(const char *word, size_t len, const struct scene *scene)
{
    const char *texts[PLAIN_WORDS] = {scene->part ? scene->part->id : NULL,
                                      scene->part && scene->part->name ? scene->part->name
                                      : scene->part                    ? scene->part->id
                                                                       : NULL,
                                      scene->part ? scene->part->url : NULL,
                                      scene->since,
                                      scene->cursor,
                                      scene->page,
                                      scene->size};
    if (*word == '/')
        return of_node(scene->record, word, len);
    if (len > 4 && memcmp(word, "row/", 4) == 0)
        return of_node(scene->row, word + 3, len - 3);
    if (len > 7 && memcmp(word, "parent/", 7) == 0)
        return of_node(scene->parent, word + 6, len - 6);
    for (size_t n = 0; n < PLAIN_WORDS; n++)
        if (is(word, len, plain_words[n]))
            return texts[n];
    return scene->host ? of_change(scene, word, len) : NULL;
}

static const char *word_text(const char *word, size_t len, const struct scene *scene)
{
    for (size_t one; len > 0; word += one, len -= one) {
        one = first_of(word, len);
        const char *text = one > 0 ? one_text(word, one, scene) : NULL;
        if (text && *text)
            return text;
        one += one < len;
    }
    return NULL;
}

static void put(const char *text, enum escape escape, muster_text *out)
{
    muster_text quoted = {0};
    switch (escape) {
    case ESCAPE_ADDRESS: muster_text_escaped(out, text); break;
    case ESCAPE_JSON: /* what stands between the quotes */
        muster_text_json(&quoted, text);
        if (!quoted.failed)
            muster_text_add(out, quoted.data + 1, quoted.len - 2);
        out->failed |= quoted.failed;
        muster_text_done(&quoted);
        break;
    default: muster_text_put(out, text);
    }
}

bool words_write(const char *text, const struct scene *scene, enum escape escape, muster_text *out,
                 char ret_why[WHY_ROOM])
{
    const char *at = text, *before = text, *word;
    size_t plain;
    for (size_t len; (len = words_next(&at, &word, &plain)) > 0; before = at) {
        const char *said = word_text(word, len, scene);
        muster_text_add(out, before, plain);
        bool optional = is(word, len, "since") || is(word, len, "cursor");
        if (!said && !optional) {
            snprintf(ret_why, WHY_ROOM, "there is nothing at {%.*s}", (int)len, word);
            return false;
        }
        /* A whole address stands as it is, where a text begins with it. */
        bool whole = said && escape == ESCAPE_ADDRESS && word == text + 1 && strstr(said, "://");
        put(said ? said : "", whole ? ESCAPE_NONE : escape, out);
    }
    muster_text_add(out, before, plain);
    return true;
}
