/* passed - records that a run read and did not take. */
#include "query/passed.h"

#include "base/mem.h"
#include "base/text.h"
#include "engine/match.h"
#include "logic/reason.h"
#include "tables/delivery_wait.h"
#include "tables/erased.h"
#include "tables/slot.h"

#include <errno.h>
#include <string.h>

enum { ITEMS_LOOK = 20000 }; /* so many waiting items of a stream are looked through */

static bool text_is(struct bytes text, const char *code)
{
    return text.len == strlen(code) && memcmp(text.data, code, text.len) == 0;
}

/* --- one record --- */

/* What waits for a person about it. */
static int passed_items(struct query *query, struct passed *passed)
{
    static const char types[] = {WAIT_DEAD, WAIT_HELD, WAIT_REVIEW};
    struct arena *scratch TIDY(arena_free) = arena_new();
    struct wait_item *items TIDY(free) = NULL, item;
    size_t room = 0, looked = 0;
    if (!scratch)
        return -ENOMEM;
    for (size_t t = 0; t < sizeof(types); t++) {
        uint8_t prefix[5] = {(uint8_t)types[t]};
        uint32_t be = __builtin_bswap32(passed->stream->number);
        struct cursor cursor __attribute__((cleanup(tidy_cursor)));
        memcpy(prefix + 1, &be, sizeof(be));
        struct bytes begins = bytes(prefix, sizeof(prefix));
        cursor_open(&cursor, &query->txn, TABLE_wait);
        for (bool there = cursor_seek(&cursor, begins);
             there && cursor_has_prefix(&cursor, begins) && looked < ITEMS_LOOK; there = cursor_next(&cursor)) {
            arena_clear(scratch);
            looked++;
            if (!wait_read(cursor.key, cursor.value, scratch, &item) || !item.id || !text_is(passed->id, item.id))
                continue;
            int rc = mem_grow(&items, passed->item_count, &room, sizeof(*items));
            if (rc != 0 || !wait_read(cursor.key, cursor.value, query->arena, &items[passed->item_count++]))
                return rc ? rc : -ENOMEM;
        }
    }
    struct wait_item *kept = arena_get(query->arena, (passed->item_count + 1) * sizeof(*kept));
    if (kept && passed->item_count > 0)
        memcpy(kept, items, passed->item_count * sizeof(*kept));
    passed->items = kept;
    return kept ? 0 : -ENOMEM;
}

static void passed_stored(struct query *query, struct passed *passed, struct bytes value)
{
    struct source *record = query->record;
    if (!source_read(value, record)) {
        query->txn.rc = ERR_CORRUPT;
        return;
    }
    passed->stored = true;
    passed->state = record->state;
    passed->situation = record->situation;
    passed->run = record->run;
    passed->since_ms = record->since_ms;
    if (record->count > 0 && record->sections[0].kind == KIND_person && record->situation == SITUATION_LINKED)
        passed->person = query_person_of(query, record->sections[0].seed);
}

bool passed_read(struct query *query, const struct stream_name *stream, struct bytes id, struct passed *ret_passed)
{
    TIDY_DONE(buffer_done) struct buffer key = {0};
    struct passed passed = {.stream = stream, .id = id};
    struct bytes value;
    source_key(stream->number, id.data, id.len, &key);
    if (key.rc != 0 && query->txn.rc == 0)
        query->txn.rc = key.rc;
    if (query->txn.rc != 0)
        return false;
    if (txn_get(&query->txn, TABLE_source, bytes(key.data, key.len), &value))
        passed_stored(query, &passed, value);
    if (txn_get(&query->txn, TABLE_decision, bytes(key.data, key.len), &value))
        passed.decided = decision_read(value, &passed.row);
    int rc = passed_items(query, &passed);
    if (rc != 0 && query->txn.rc == 0)
        query->txn.rc = rc;
    if (query->txn.rc != 0 || (!passed.stored && !passed.decided && passed.item_count == 0))
        return false;
    *ret_passed = passed;
    return true;
}

/* --- finding --- */

struct finding {
    struct query *query;
    struct passed *items;
    size_t count, room;
    int rc;
};

static void finding_try(struct finding *finding, const struct stream_name *stream, struct bytes id)
{
    struct passed passed;
    for (size_t i = 0; i < finding->count; i++)
        if (finding->items[i].stream == stream && finding->items[i].id.len == id.len &&
            memcmp(finding->items[i].id.data, id.data, id.len) == 0)
            return;
    if (!stream || finding->rc != 0 || finding->count == QUERY_HITS_MOST ||
        !passed_read(finding->query, stream, id, &passed))
        return;
    finding->rc = mem_grow(&finding->items, finding->count, &finding->room, sizeof(*finding->items));
    if (finding->rc == 0)
        finding->items[finding->count++] = passed;
}

/* CONNECTION/PARTITION/STREAM/ID. */
static void find_record(struct finding *finding, const char *key)
{
    const struct streams *streams = &finding->query->streams;
    for (size_t s = 0; s < streams->count; s++) {
        TIDY_DONE(buffer_done) struct buffer begin = {0};
        const struct stream_name *stream = &streams->items[s];
        buffer_format(&begin, "%s/%s/%s/", stream->connection_name, stream->partition, stream->stream);
        finding->rc = finding->rc ? finding->rc : begin.rc;
        if (begin.rc == 0 && strncmp(key, begin.data, begin.len) == 0 && key[begin.len])
            finding_try(finding, stream, bytes(key + begin.len, strcspn(key + begin.len, "#")));
    }
}

/* A number or an address by which a record waits for its person. */
static void find_waiting(struct finding *finding, uint16_t field, const char *key)
{
    TIDY_DONE(buffer_done) struct buffer normal = {0};
    TIDY_DONE(buffer_done) struct buffer prefix = {0};
    struct query *query = finding->query;
    text_normalize(key, strlen(key), &normal);
    slot_prefix(KIND_WAITING(KIND_person), field, normal.data ? normal.data : "", normal.len, &prefix);
    finding->rc = finding->rc ? finding->rc : normal.rc ? normal.rc : prefix.rc;
    if (finding->rc != 0 || normal.len == 0)
        return;
    struct bytes begins = bytes(prefix.data, prefix.len);
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, &query->txn, TABLE_index);
    for (bool there = cursor_seek(&cursor, begins); there && cursor_has_prefix(&cursor, begins);
         there = cursor_next(&cursor))
        if (cursor.key.len == prefix.len + sizeof(uint64_t) && cursor.value.len > 4)
            finding_try(finding, streams_find(&query->streams, source_key_stream(cursor.value)),
                        source_key_id(cursor.value));
}

/* What a dead letter shows: its place, or what stood there. */
static void find_letter(struct finding *finding, const char *key)
{
    struct query *query = finding->query;
    struct arena *scratch TIDY(arena_free) = arena_new();
    struct wait_item item;
    uint8_t type = WAIT_DEAD;
    size_t looked = 0;
    finding->rc = finding->rc ? finding->rc : scratch ? 0 : -ENOMEM;
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, &query->txn, TABLE_wait);
    for (bool there = cursor_seek(&cursor, bytes(&type, 1));
         finding->rc == 0 && there && cursor_has_prefix(&cursor, bytes(&type, 1)) && looked < ITEMS_LOOK;
         there = cursor_next(&cursor), looked++) {
        arena_clear(scratch);
        if (!wait_read(cursor.key, cursor.value, scratch, &item) || !item.id)
            continue;
        if ((item.place && strcmp(item.place, key) == 0) || (item.text && strcmp(item.text, key) == 0)) {
            const char *id = arena_text(query->arena, item.id);
            if (id)
                finding_try(finding, streams_find(&query->streams, item.stream), bytes(id, strlen(id)));
        }
    }
}

int passed_find(struct query *query, const char *key, struct passed **ret_items, size_t *ret_count)
{
    struct finding finding = {.query = query};
    const char *colon = strchr(key, ':'), *bare = key;
    if (colon && (strncmp(key, "number:", 7) == 0 || strncmp(key, "email:", 6) == 0))
        bare = colon + 1;
    find_record(&finding, bare);
    for (size_t s = 0; finding.count == 0 && s < query->streams.count; s++)
        finding_try(&finding, &query->streams.items[s], bytes(bare, strlen(bare)));
    find_waiting(&finding, FIELD_person_employee_number, bare);
    find_waiting(&finding, FIELD_person_work_email, bare);
    if (finding.count == 0)
        find_letter(&finding, bare);
    int rc = finding.rc ? finding.rc : query->txn.rc;
    *ret_items = arena_get(query->arena, (finding.count + 1) * sizeof(**ret_items));
    if (*ret_items && finding.count > 0)
        memcpy(*ret_items, finding.items, finding.count * sizeof(**ret_items));
    *ret_count = finding.count;
    free(finding.items);
    return rc ? rc : *ret_items ? 0 : -ENOMEM;
}

/* --- people who were erased --- */

static int erased_try(struct query *query, const struct vault *vault, const struct stream_name *stream, struct bytes id,
                      struct passed *ret_passed)
{
    TIDY_DONE(buffer_done) struct buffer key = {0};
    struct statement statement;
    source_key(stream->number, id.data, id.len, &key);
    if (key.rc != 0 || !erased_about(&query->txn, vault, bytes(key.data, key.len), &statement))
        return key.rc ? key.rc : ERR_GONE;
    const char *who = arena_format(query->arena, "s%lu, said by %s", (unsigned long)statement.number,
                                   statement.author ? statement.author : "nobody");
    const char *why = arena_text(query->arena, statement.reason ? statement.reason : "");
    const char *code = REASON_CODE(erased);
    if (!who || !why)
        return -ENOMEM;
    *ret_passed = (struct passed){.stream = stream,
                                  .id = id,
                                  .decided = true,
                                  .row = {.judge = JUDGE_MAP,
                                          .reason = bytes(code, strlen(code)),
                                          .about = bytes(who, strlen(who)),
                                          .text = bytes(why, strlen(why)),
                                          .run = statement.run,
                                          .since_ms = statement.time_ms}};
    return 0;
}

int passed_erased(struct query *query, const struct vault *vault, const char *key, struct passed **ret_items,
                  size_t *ret_count)
{
    const char *bare = strncmp(key, "number:", 7) == 0 ? key + 7 : key;
    struct passed *items = arena_get(query->arena, QUERY_HITS_MOST * sizeof(*items));
    size_t count = 0;
    int rc = items ? 0 : -ENOMEM;
    for (size_t s = 0; s < query->streams.count && rc == 0 && count < QUERY_HITS_MOST; s++) {
        const struct stream_name *stream = &query->streams.items[s];
        const char *begin =
            arena_format(query->arena, "%s/%s/%s/", stream->connection_name, stream->partition, stream->stream);
        if (!begin)
            return -ENOMEM;
        const char *id = strncmp(bare, begin, strlen(begin)) == 0 ? bare + strlen(begin) : bare;
        if (delivery_is_stream(stream) || *id == '\0')
            continue;
        rc = erased_try(query, vault, stream, bytes(id, strcspn(id, "#")), &items[count]);
        count += rc == 0;
        rc = rc == ERR_GONE ? 0 : rc;
    }
    *ret_items = items;
    *ret_count = rc == 0 ? count : 0;
    return rc ? rc : query->txn.rc;
}

/* --- in words --- */

const char *passed_reason(const struct query *query, const struct passed *passed)
{
    for (unsigned n = 0; passed->decided && reason_nth(n); n++)
        if (text_is(passed->row.reason, reason_nth(n)))
            return reason_nth(n);
    for (size_t i = 0; i < passed->item_count; i++)
        if (passed->items[i].type != WAIT_DEAD && passed->items[i].reason)
            return passed->items[i].reason;
    (void)query;
    if (!passed->stored)
        return passed->item_count > 0 && passed->items[0].reason ? passed->items[0].reason : "";
    switch (passed->situation) {
    case SITUATION_NOT_OWNER: return REASON_CODE(unmatched_not_owner);
    case SITUATION_DISPUTED: return REASON_CODE(match_ambiguous);
    case SITUATION_SUPPRESSED: return REASON_CODE(suppressed);
    default: return "";
    }
}

/* Who decides who exists, as in the file: "hr, pmt". */
static void owners_name(const struct query *query, struct buffer *out)
{
    for (size_t i = 0; query->organization->exists && query->organization->exists[i]; i++)
        buffer_format(out, "%s%s", i ? ", " : "", query->organization->exists[i]->name);
}

void passed_advice(const struct query *query, const struct passed *passed, struct buffer *out)
{
    const char *reason = passed_reason(query, passed), *organization = query->organization->id;
    if (strcmp(reason, REASON_CODE(filtered_out)) == 0) {
        buffer_text(out,
                    "If it is yours, change it in the source, or `where` of the stream in the mapping; then sync.");
    } else if (strcmp(reason, REASON_CODE(unmatched_not_owner)) == 0) {
        bool nobody = !query->organization->exists || !query->organization->exists[0];
        buffer_text(out,
                    nobody ? "Nobody decides who exists: name who does under `authority: person: exists` in the file ("
                           : "It is taken by itself when one of those who decide who exists knows the person (");
        if (nobody)
            buffer_text(out, "a connection with a target does not unless it is named; then sync with --full");
        owners_name(query, out);
        buffer_format(out, "); or link it to somebody: `muster link %s RECORD KEY --reason TEXT`.", organization);
    } else if (strcmp(reason, REASON_CODE(suppressed)) == 0) {
        buffer_format(out, "Withdraw the statement to have it back: `muster statements %s`.", organization);
    } else if (strcmp(reason, REASON_CODE(erased)) == 0) {
        buffer_format(out,
                      "Nothing, unless it was a mistake: once the statement is withdrawn (`muster withdraw %s %.*s "
                      "--reason TEXT`), a "
                      "sync with --full takes whoever the source names as somebody new.",
                      organization, (int)strcspn(passed->row.about.data, ","), (const char *)passed->row.about.data);
    } else if (strcmp(reason, REASON_CODE(identity_reused)) == 0) {
        buffer_format(
            out,
            "Say who it is: `muster approve %s ID --reason TEXT` for the same person, `muster unlink %s RECORD "
            "--reason TEXT` for somebody else; see `muster inbox %s`.",
            organization, organization, organization);
    } else if (strncmp(reason, "match_", 6) == 0) {
        buffer_format(out,
                      "Say who it is: `muster link %s RECORD KEY --reason TEXT`, or `muster keep-apart %s RECORD "
                      "KEY --reason TEXT`; see `muster inbox %s`.",
                      organization, organization, organization);
    } else if (strncmp(reason, "safeguard_", 10) == 0 || strcmp(reason, REASON_CODE(empty_partition)) == 0 ||
               strcmp(reason, REASON_CODE(row_without_id)) == 0) {
        buffer_format(out, "It waits for a decision: see `muster inbox %s`.", organization);
    } else if (*reason) {
        buffer_format(out,
                      "Mend it in the source, or the rule in the mapping; it is taken with the next sync. See "
                      "`muster deadletters %s`.",
                      organization);
    }
}
