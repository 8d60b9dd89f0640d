/* read_changes - what has changed since, out of the journal; and waiting for it. */
#include "api/api_inside.h"
#include "base/date.h"
#include "base/jsontext.h"
#include "query/json.h"
#include "tables/journal.h"

#include <string.h>

enum { LIMIT_MOST = 1000, WAIT_MOST = 60 };

static const char *word_of(enum journal_op op)
{
    static const char *const words[] = {"", "created", "changed", "gone", "returned", "erased", "expired"};
    return (unsigned)op < sizeof(words) / sizeof(words[0]) ? words[op] : "";
}

static void changes_write(struct query *query, struct journal_reader *reader, const struct journal_part *part,
                          struct buffer *out)
{
    struct journal_change change;
    json_name(out, "changes");
    buffer_byte(out, '{');
    while (journal_next_change(reader, &change)) {
        const struct field *field = organization_field_number(query->organization, part->kind, change.field);
        if (!field || field->sensitivity == SENSITIVITY_protected)
            continue;
        json_name(out, field->name);
        buffer_byte(out, '{');
        if (!(change.was.flags & VALUE_BYGONE)) {
            json_name(out, "from");
            json_value(query, NULL, field, change.was, out);
        }
        json_name(out, "to");
        json_value(query, NULL, field, change.is, out);
        buffer_byte(out, '}');
    }
    buffer_byte(out, '}');
}

/* What was created lists no values: it is read as it stands. */
static void entry_write(struct query *query, uint64_t sequence, struct bytes value, struct buffer *out)
{
    struct journal_reader reader;
    struct journal_part part;
    const char *before = "";
    char at[25];
    if (!journal_open(&reader, value)) {
        query->txn.rc = ERR_CORRUPT;
        return;
    }
    instant_write(reader.time_ms, at);
    buffer_byte(out, '{');
    json_member_number(out, "sequence", sequence);
    json_member_text(out, "at", at);
    json_member_number(out, "run", reader.run);
    json_member_text(out, "kind", kind_name(reader.kind));
    json_member_number(out, "id", reader.id);
    json_name(out, "parts");
    buffer_byte(out, '[');
    while (journal_next_part(&reader, &part)) {
        buffer_format(out, "%s{", before);
        json_member_text(out, "kind", kind_name(part.kind));
        json_member_number(out, "id", part.id);
        json_member_text(out, "what", word_of(part.op));
        changes_write(query, &reader, &part, out);
        buffer_byte(out, '}');
        before = ",";
    }
    buffer_text(out, "]}");
}

struct asked {
    uint64_t after, limit;
};

/* How many it wrote; *ret_more: there are others. */
static uint64_t entries_write(struct query *query, struct asked *asked, struct buffer *out, bool *ret_more)
{
    __attribute__((cleanup(tidy_cursor))) struct cursor cursor;
    uint64_t told = 0, be = __builtin_bswap64(asked->after + 1);
    *ret_more = false;
    cursor_open(&cursor, &query->txn, TABLE_journal);
    for (bool there = cursor_seek(&cursor, bytes(&be, sizeof(be))); there && query->txn.rc == 0;
         there = cursor_next(&cursor)) {
        uint64_t sequence;
        if (told == asked->limit || cursor.key.len != sizeof(sequence)) {
            *ret_more = true;
            break;
        }
        memcpy(&sequence, cursor.key.data, sizeof(sequence));
        asked->after = __builtin_bswap64(sequence);
        buffer_text(out, told++ ? "," : "");
        entry_write(query, asked->after, cursor.value, out);
    }
    return told;
}

/* With `last` also nothing is an answer. An organization that never ran has no changes yet. */
static bool changes_answer(struct visitor *visitor, bool last)
{
    struct buffer *out = &visitor->request->reply.body;
    struct asked asked;
    bool more = false;
    uint64_t told = 0;
    if (!visitor_number(visitor, "limit", 1, LIMIT_MOST, 100, &asked.limit) ||
        !visitor_number(visitor, "after", 0, INT64_MAX, 0, &asked.after) || !visitor_opens(visitor))
        return true;
    if (visitor->book->query && journal_undone(&visitor->book->query->txn, asked.after)) {
        static const struct trouble undone = {410, "undone", "query.after",
                                              "Read everything again: GET people and the like, then changes from 0."};
        visitor_closes(visitor);
        return visitor_refuse(visitor, &undone,
                              "The organization was restored from a backup, and what you have read since that was made "
                              "is undone.");
    }
    buffer_text(out, "{\"changes\":[");
    if (visitor->book->query)
        told = entries_write(visitor->book->query, &asked, out, &more);
    int rc = visitor->book->query ? visitor->book->query->txn.rc : 0;
    if (told == 0 && rc == 0 && !last) {
        buffer_clear(out);
        visitor_closes(visitor);
        return false;
    }
    buffer_byte(out, ']');
    json_member_number(out, "next", asked.after);
    json_name(out, "more");
    buffer_text(out, more ? "true}\n" : "false}\n");
    visitor_answers(visitor);
    visitor_closes(visitor);
    return true;
}

bool read_changes(struct visitor *visitor)
{
    uint64_t wait;
    if (!visitor_number(visitor, "wait", 0, WAIT_MOST, 0, &wait))
        return true;
    if (changes_answer(visitor, wait == 0))
        return true;
    return feed_wait(visitor->api->feed, visitor, changes_answer, (int64_t)wait * 1000) &&
           changes_answer(visitor, true);
}

bool read_act(struct visitor *visitor)
{
    return acts_put(visitor->api->acts, visitor);
}
