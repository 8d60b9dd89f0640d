/* record - one record of a tap as fields of the host: nested ones by their path, as in "address.city" and
 * "emails[0].value". */
#include "singer.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { NAME_ROOM = 400, DEEP = 16, ELEMENTS = 32, WHOLE_DEEP = 4, WHOLE_MOST = 256 * 1024 };

struct putting {
    const muster_host *host;
    muster_record *record;
    const struct schema *schema;
    muster_text room;
};

/* ---- texts ---- */

/* How many bytes the character has that begins here; 0: it is none. */
static size_t character(const unsigned char *at, size_t left)
{
    size_t len = *at < 0x80 ? 1 : *at >= 0xc2 && *at < 0xe0 ? 2 : *at >= 0xe0 && *at < 0xf0 ? 3 : *at < 0xf5 ? 4 : 0;
    if (len > left || (*at >= 0x80 && *at < 0xc2))
        return 0;
    for (size_t n = 1; n < len; n++)
        if ((at[n] & 0xc0) != 0x80)
            return 0;
    if ((*at == 0xe0 && at[1] < 0xa0) || (*at == 0xed && at[1] >= 0xa0) || (*at == 0xf0 && at[1] < 0x90) ||
        (*at == 0xf4 && at[1] >= 0x90))
        return 0;
    return len;
}

bool record_utf8(const char *bytes, size_t len)
{
    const unsigned char *at = (const unsigned char *)bytes, *end = at + len;
    for (size_t one; at < end; at += one)
        if ((one = character(at, (size_t)(end - at))) == 0)
            return false;
    return true;
}

/* ---- days and times: as the schema calls them, if that is what they are ---- */

/* The form has 9 for any digit. Gives what stands behind it, or NULL. */
static const char *form_skip(const char *text, const char *form)
{
    for (; *form; form++, text++)
        if (*form == '9' ? !isdigit((unsigned char)*text) : *text != *form)
            return NULL;
    return text;
}

static const char *clock_skip(const char *text)
{
    const char *end = form_skip(text, "99:99:99");
    if (end && *end == '.' && isdigit((unsigned char)end[1]))
        for (end++; isdigit((unsigned char)*end);)
            end++;
    return end;
}

static const char *zone_skip(const char *text)
{
    if (*text == 'Z' || *text == 'z')
        return text + 1;
    return *text == '+' || *text == '-' ? form_skip(text + 1, "99:99") : text;
}

/* "2026-03-02 07:08:09Z" is "2026-03-02T07:08:09Z". Whether that day exists is the engine's to see. */
static int32_t moment_put(struct putting *put, int32_t type, const char *text)
{
    const char *end = type == MUSTER_TIME ? clock_skip(text) : form_skip(text, "9999-99-99");
    if (type == MUSTER_DATETIME && end && (*end == 'T' || *end == ' ' || *end == 't')) {
        const char *clock = clock_skip(end + 1), *zone = clock ? zone_skip(clock) : NULL;
        muster_text_add(&put->room, text, 10);
        muster_text_put(&put->room, "T");
        muster_text_put(&put->room, end + 1);
        for (size_t n = 0; put->room.data && n < put->room.len; n++)
            put->room.data[n] = put->room.data[n] == 'z' ? 'Z' : put->room.data[n];
        return zone && !*zone ? MUSTER_DATETIME : MUSTER_TEXT;
    }
    return end && !*end ? (type == MUSTER_DATETIME ? MUSTER_DATE : type) : MUSTER_TEXT;
}

/* ---- fields ---- */

static void text_put(struct putting *put, const char *name, const char *text)
{
    int32_t type = schema_type(put->schema, name);
    muster_text_clear(&put->room);
    if (type == MUSTER_DECIMAL)
        type = muster_text_number(&put->room, text) ? type : MUSTER_TEXT;
    else if (type != MUSTER_TEXT)
        type = moment_put(put, type, text);
    put->host->put(put->record, name, type, type != MUSTER_TEXT && put->room.len > 0 ? put->room.data : text);
}

static void plain_put(struct putting *put, const char *name, const muster_node *node)
{
    if (node->kind == MUSTER_NODE_TEXT) {
        text_put(put, name, node->text);
        return;
    }
    int32_t type = node->kind == MUSTER_NODE_BOOL ? MUSTER_BOOL : MUSTER_TEXT;
    const char *text = node->text;
    muster_text_clear(&put->room);
    if (node->kind == MUSTER_NODE_NUMBER && muster_text_number(&put->room, text)) {
        type = MUSTER_DECIMAL;
        text = put->room.data;
    }
    put->host->put(put->record, name, type, text);
}

static void node_put(struct putting *put, const char *name, const muster_node *node, int depth)
{
    bool nested = node->kind == MUSTER_NODE_OBJECT || node->kind == MUSTER_NODE_LIST;
    size_t nth = 0;
    if (!nested) {
        plain_put(put, name, node);
        return;
    }
    if (depth > 0 && depth <= WHOLE_DEEP) {
        muster_text_clear(&put->room);
        muster_node_json(node, &put->room);
        if (put->room.len <= WHOLE_MOST)
            put->host->put(put->record, name, MUSTER_JSON, put->room.data);
    }
    for (const muster_node *one = node->first; one && depth < DEEP; one = one->next, nth++) {
        char inner[NAME_ROOM];
        int wrote = one->name ? snprintf(inner, sizeof(inner), "%s%s%s", name, depth ? "." : "", one->name)
                              : snprintf(inner, sizeof(inner), "%s[%zu]", name, nth);
        if (wrote > 0 && wrote < NAME_ROOM && (one->name ? *one->name != '\0' : nth < ELEMENTS))
            node_put(put, inner, one, depth + 1);
    }
}

void record_put(struct singer *singer, muster_record *record, const muster_node *object, const struct schema *schema)
{
    struct putting put = {.host = singer->host, .record = record, .schema = schema};
    node_put(&put, "", object, 0);
    muster_text_done(&put.room);
}

/* ---- its key ---- */

static void part_add(muster_text *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '|' || *text == '\\')
            muster_text_add(out, "\\", 1);
        muster_text_add(out, text, 1);
    }
}

bool record_key(const muster_node *record, const muster_node *keys, muster_text *out, const char **ret_lacks)
{
    bool several = keys->first && keys->first->next;
    muster_text_clear(out);
    for (const muster_node *key = muster_node_first(keys); key; key = key->next) {
        const muster_node *value = muster_node_member(record, key->text ? key->text : "");
        const char *text = muster_node_text(value);
        *ret_lacks = key->text ? key->text : "";
        if (!text || !*text)
            return false;
        if (key != keys->first)
            muster_text_put(out, "|");
        if (value->kind == MUSTER_NODE_NUMBER && muster_text_number(out, text))
            continue;
        if (several)
            part_add(out, text);
        else
            muster_text_put(out, text);
    }
    return true;
}
