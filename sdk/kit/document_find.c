/* document_find - a document out of a reply, a place in it by a JSON pointer, and what stands there as JSON. */
#include "muster/document.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORD = 256 };

static muster_document *read_file(const muster_http *reply, const char **ret_why)
{
    muster_document *document = NULL;
    size_t have = 0;
    char *bytes = reply->body_len <= MUSTER_DOCUMENT_MAX ? malloc(reply->body_len + 1) : NULL;
    *ret_why = reply->body_len <= MUSTER_DOCUMENT_MAX ? "no memory" : "it is too large";
    for (ssize_t got = 1; bytes && have < reply->body_len && got > 0; have += got > 0 ? (size_t)got : 0)
        got = pread(reply->fd, bytes + have, reply->body_len - have, (off_t)have);
    if (bytes && have < reply->body_len)
        *ret_why = "its file cannot be read";
    else if (bytes)
        document = muster_document_read(bytes, have, ret_why);
    free(bytes);
    return document;
}

muster_document *muster_document_of_reply(const muster_http *reply, const char **ret_why)
{
    *ret_why = "there is none";
    if (reply && reply->body)
        return muster_document_read(reply->body, reply->body_len, ret_why);
    return reply && reply->fd >= 0 && reply->body_len > 0 ? read_file(reply, ret_why) : NULL;
}

/* The word behind a '/', with ~1 and ~0 made plain; NULL: it is too long. */
static const char *word_take(const char *at, char word[WORD])
{
    size_t len = 0;
    for (; *at && *at != '/'; at++) {
        char letter = *at;
        if (letter == '~' && (at[1] == '0' || at[1] == '1'))
            letter = *++at == '0' ? '~' : '/';
        if (len + 1 == WORD)
            return NULL;
        word[len++] = letter;
    }
    word[len] = '\0';
    return at;
}

static const muster_node *element(const muster_node *list, const char *word)
{
    size_t digits = strspn(word, "0123456789");
    if (digits == 0 || digits > 9 || word[digits] || (*word == '0' && digits > 1))
        return NULL;
    const muster_node *node = list->first;
    for (unsigned long nth = strtoul(word, NULL, 10); node && nth > 0; nth--)
        node = node->next;
    return node;
}

const muster_node *muster_node_at(const muster_node *node, const char *pointer)
{
    char word[WORD];
    while (node && *pointer) {
        if (*pointer != '/' || !(pointer = word_take(pointer + 1, word)))
            return NULL;
        node = node->kind == MUSTER_NODE_LIST ? element(node, word) : muster_node_member(node, word);
    }
    return node;
}

void muster_node_json(const muster_node *node, muster_text *out)
{
    int object = node->kind == MUSTER_NODE_OBJECT;
    if (node->kind == MUSTER_NODE_TEXT)
        muster_text_json(out, node->text);
    else if (!object && node->kind != MUSTER_NODE_LIST)
        muster_text_put(out, node->text ? node->text : "null");
    else {
        muster_text_put(out, object ? "{" : "[");
        for (const muster_node *one = node->first; one; one = one->next) {
            if (one != node->first)
                muster_text_put(out, ",");
            if (object) {
                muster_text_json(out, one->name);
                muster_text_put(out, ":");
            }
            muster_node_json(one, out);
        }
        muster_text_put(out, object ? "}" : "]");
    }
}
