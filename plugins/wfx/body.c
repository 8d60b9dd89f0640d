/* body - where a value stands in a body, and a value as JSON again. */
#include "wfx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* One step of a pointer; "~1" and "~0" as RFC 6901 has them. */
static const muster_node *step(const muster_node *node, const char *word, size_t len)
{
    char name[TEXT_ROOM];
    size_t used = 0;
    for (size_t i = 0; i < len && used < sizeof(name) - 1; i++) {
        bool escaped = word[i] == '~' && i + 1 < len && (word[i + 1] == '0' || word[i + 1] == '1');
        name[used++] = escaped ? (word[++i] == '1' ? '/' : '~') : word[i];
    }
    name[used] = '\0';
    if (node && node->kind == MUSTER_NODE_LIST) {
        unsigned long nth = strtoul(name, NULL, 10);
        node = muster_node_first(node);
        for (; node && nth > 0; nth--)
            node = node->next;
        return node;
    }
    return muster_node_member(node, name);
}

static const muster_node *pointed(const muster_node *node, const char *pointer, size_t len)
{
    const char *end = pointer + len;
    while (node && pointer < end && *pointer == '/') {
        size_t word = 0;
        pointer++;
        while (pointer + word < end && pointer[word] != '/')
            word++;
        node = step(node, pointer, word);
        pointer += word;
    }
    return pointer == end ? node : NULL;
}

static bool has_value(const muster_node *node)
{
    return node && node->kind != MUSTER_NODE_NULL && !(node->kind == MUSTER_NODE_TEXT && node->len == 0);
}

const muster_node *body_find(const muster_node *body, const char *pointers, char ret_pointer[TEXT_ROOM])
{
    while (*pointers) {
        size_t len = strcspn(pointers, " ");
        const muster_node *found = len > 0 ? pointed(body, pointers, len) : NULL;
        if (has_value(found)) {
            snprintf(ret_pointer, TEXT_ROOM, "%.*s", (int)len, pointers);
            return found;
        }
        pointers += len + (pointers[len] == ' ');
    }
    return NULL;
}

const muster_node *body_blank(const muster_node *body, const char *pointers)
{
    const muster_node *blank = NULL;
    while (*pointers) {
        size_t len = strcspn(pointers, " ");
        const muster_node *found = len > 0 ? pointed(body, pointers, len) : NULL;
        if (has_value(found))
            return NULL;
        blank = blank ? blank : found;
        pointers += len + (pointers[len] == ' ');
    }
    return blank;
}

const char *body_pointers(const struct wfx *wfx, const char *kind, const char *part, const char *usual,
                          char room[TEXT_ROOM])
{
    const muster_node *alias = muster_node_member(muster_node_member(muster_document_root(wfx->aliases), kind), part);
    size_t used = 0;
    if (!alias)
        return usual;
    if (alias->kind == MUSTER_NODE_TEXT)
        return alias->text;
    room[0] = '\0';
    for (const muster_node *one = muster_node_first(alias); one && used < TEXT_ROOM; one = one->next) {
        const char *text = muster_node_text(one);
        used += (size_t)snprintf(room + used, TEXT_ROOM - used, "%s%s", used ? " " : "", text ? text : "");
    }
    return room;
}

static bool is_word(const muster_node *node, const char *text)
{
    const char *word = muster_node_text(node);
    return word && strcasecmp(word, text) == 0;
}

const char *body_word(const struct wfx *wfx, const char *kind, const char *part, const char *text)
{
    const muster_node *ours =
        muster_node_first(muster_node_member(muster_node_member(muster_document_root(wfx->words), kind), part));
    for (; ours; ours = ours->next) {
        if (is_word(ours, text))
            return ours->name;
        for (const muster_node *theirs = muster_node_first(ours); theirs; theirs = theirs->next)
            if (is_word(theirs, text))
                return ours->name;
    }
    return text;
}

/* --- JSON --- */

static void write_text(FILE *out, const char *text, size_t len)
{
    fputc('"', out);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\')
            fputc('\\', out);
        if (c < 0x20)
            fprintf(out, "\\u%04x", c);
        else
            fputc(c, out);
    }
    fputc('"', out);
}

static void write_node(FILE *out, const muster_node *node)
{
    bool object = node->kind == MUSTER_NODE_OBJECT;
    if (node->kind == MUSTER_NODE_TEXT) {
        write_text(out, node->text, node->len);
    } else if (node->text) {
        fputs(node->text, out);
    } else if (node->kind == MUSTER_NODE_NULL) {
        fputs("null", out);
    } else {
        fputc(object ? '{' : '[', out);
        for (const muster_node *one = muster_node_first(node); one; one = one->next) {
            if (object) {
                write_text(out, one->name, strlen(one->name));
                fputc(':', out);
            }
            write_node(out, one);
            if (one->next)
                fputc(',', out);
        }
        fputc(object ? '}' : ']', out);
    }
}

char *body_json(const muster_node *node)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        return NULL;
    write_node(out, node);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}
