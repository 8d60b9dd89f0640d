/* tap - an export as a Singer tap writes it: a schema, the records, and how far they go. */
#include "cli/tap.h"

#include "base/clock.h"
#include "base/date.h"
#include "base/jsontext.h"
#include "cli/bookmark.h"
#include "query/json.h"
#include "tables/journal.h"

#include <stdlib.h>

static uint64_t last_of(struct query *query)
{
    return meta_number(&query->txn, "sequence");
}

int tap_begin(struct tap *tap, const char *file, struct err *err)
{
    uint64_t last = last_of(tap->query);
    instant_write(clock_now_ms(), tap->seen);
    int rc = file ? bookmark_read(file, kind_name(tap->kind), &tap->since, &tap->before, err) : 0;
    if (rc == 0 && journal_undone(&tap->query->txn, tap->since))
        rc = err_set(err, ERR_CONFIG,
                     "%s goes to change %llu, which was undone when the organization was restored from a backup. "
                     "Without --since everything is told",
                     file, (unsigned long long)tap->since);
    if (rc == 0 && tap->since > last)
        rc = err_set(err, ERR_CONFIG,
                     "%s goes to change %llu, and here are %llu: it is of another store, or the store is an older one. "
                     "Without --since everything is told",
                     file, (unsigned long long)tap->since, (unsigned long long)last);
    return rc;
}

void tap_done(struct tap *tap)
{
    free(tap->before);
}

/* ---- its schema ---- */

static void type_write(const struct field *field, struct buffer *out)
{
    static const char *const types[] = {
        [TYPE_TEXT] = "\"type\":[\"null\",\"string\"]",
        [TYPE_INTEGER] = "\"type\":[\"null\",\"integer\"]",
        [TYPE_DECIMAL] = "\"type\":[\"null\",\"string\"],\"format\":\"singer.decimal\"",
        [TYPE_BOOL] = "\"type\":[\"null\",\"boolean\"]",
        [TYPE_DATE] = "\"type\":[\"null\",\"string\"],\"format\":\"date\"",
        [TYPE_TIME] = "\"type\":[\"null\",\"string\"],\"format\":\"time\"",
        [TYPE_DATETIME] = "\"type\":[\"null\",\"string\"],\"format\":\"date-time\"",
        [TYPE_ENUM] = "\"type\":[\"null\",\"string\"]",
        [TYPE_REF] = "\"type\":[\"null\",\"object\"],\"properties\":{\"id\":{\"type\":\"integer\"}}",
        [TYPE_JSON] = "\"type\":[\"null\",\"object\",\"array\",\"string\",\"number\",\"boolean\"]",
    };
    json_name(out, field->name);
    buffer_byte(out, '{');
    if (field->kind == KIND_NONE)
        buffer_text(out, "\"type\":\"integer\"");
    else
        buffer_text(out, types[field->type]);
    buffer_byte(out, '}');
}

static void message_begin(const struct tap *tap, const char *type, struct buffer *out)
{
    buffer_byte(out, '{');
    json_member_text(out, "type", type);
    json_member_text(out, "stream", kind_name(tap->kind));
}

void tap_schema(const struct tap *tap, struct buffer *out)
{
    message_begin(tap, "SCHEMA", out);
    json_name(out, "schema");
    buffer_text(out, "{\"type\":\"object\",\"properties\":{");
    for (const struct field *const *field = tap->fields; *field; field++)
        type_write(*field, out);
    buffer_text(out, ",\"_sdc_deleted_at\":{\"type\":[\"null\",\"string\"],\"format\":\"date-time\"}}},"
                     "\"key_properties\":[\"id\"]}\n");
}

/* ---- its records ---- */

/* When its last change was. */
static void gone_write(const struct tap *tap, const struct entity *entity, struct buffer *out)
{
    uint64_t be = __builtin_bswap64(entity->last);
    struct journal_reader reader;
    struct bytes value;
    char at[25];
    bool told =
        txn_get(&tap->query->txn, TABLE_journal, bytes(&be, sizeof(be)), &value) && journal_open(&reader, value);
    if (told)
        instant_write(reader.time_ms, at);
    json_member_text(out, "_sdc_deleted_at", told ? at : tap->seen);
}

void tap_record(const struct tap *tap, uint64_t id, const struct entity *entity, struct buffer *out)
{
    static const struct field *const none[] = {NULL};
    bool gone = entity->state == ENTITY_GONE;
    if (tap->since > 0 ? entity->last <= tap->since : gone)
        return;
    message_begin(tap, "RECORD", out);
    json_name(out, "record");
    buffer_byte(out, '{');
    if (gone) {
        json_member_number(out, "id", id);
        gone_write(tap, entity, out);
    }
    json_entity(tap->query, tap->kind, id, entity, gone ? none : tap->fields, out);
    buffer_byte(out, '}');
    json_member_text(out, "time_extracted", tap->seen);
    buffer_text(out, "}\n");
}

/* ---- what was erased ---- */

static bool entry_read(const struct tap *tap, uint64_t sequence, struct journal_reader *ret_reader)
{
    uint64_t be = __builtin_bswap64(sequence);
    struct bytes value;
    return txn_get(&tap->query->txn, TABLE_journal, bytes(&be, sizeof(be)), &value) && journal_open(ret_reader, value);
}

/* Whether who read up to there has heard of it, or nobody knows: what was before it is kept no longer. */
static bool was_told(const struct tap *tap, const struct journal_reader *last)
{
    struct journal_reader reader = *last;
    uint64_t sequence = reader.previous;
    if (sequence == 0)
        return true;
    while (sequence > tap->since && entry_read(tap, sequence, &reader) && reader.previous < sequence)
        sequence = reader.previous;
    return sequence > 0 && sequence <= tap->since;
}

static void erased_write(const struct tap *tap, uint64_t id, int64_t time_ms, struct buffer *out)
{
    char at[25];
    instant_write(time_ms, at);
    message_begin(tap, "RECORD", out);
    json_name(out, "record");
    buffer_byte(out, '{');
    json_member_number(out, "id", id);
    json_member_text(out, "_sdc_deleted_at", at);
    buffer_byte(out, '}');
    json_member_text(out, "time_extracted", tap->seen);
    buffer_text(out, "}\n");
}

int tap_erased(const struct tap *tap, struct buffer *out)
{
    __attribute__((cleanup(tidy_cursor))) struct cursor cursor = {0};
    uint64_t be = __builtin_bswap64(tap->since + 1);
    struct journal_reader reader;
    struct journal_part part;
    if (tap->since == 0)
        return 0;
    cursor_open(&cursor, &tap->query->txn, TABLE_journal);
    for (bool there = cursor_seek(&cursor, bytes(&be, sizeof(be))); there; there = cursor_next(&cursor)) {
        if (!journal_open(&reader, cursor.value))
            return ERR_CORRUPT;
        struct journal_reader entry = reader;
        while (journal_next_part(&reader, &part) && part.op == JOURNAL_ERASED)
            if (part.kind == tap->kind && was_told(tap, &entry))
                erased_write(tap, part.id, reader.time_ms, out);
    }
    return tap->query->txn.rc ? tap->query->txn.rc : out->rc;
}

/* ---- how far they go ---- */

int tap_state(const struct tap *tap, struct buffer *out)
{
    buffer_text(out, "{\"type\":\"STATE\",\"value\":");
    bookmark_write(tap->before, kind_name(tap->kind), last_of(tap->query), out);
    buffer_text(out, "}\n");
    return out->rc;
}
