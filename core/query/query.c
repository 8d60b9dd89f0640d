/* query - an organization's store for people who ask: opening, finding, runs, and what waits. */
#include "query/query.h"

#include "base/clock.h"
#include "base/date.h"
#include "base/jsonobject.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/masterkey.h"
#include "engine/match.h"
#include "engine/run.h"
#include "logic/merge.h"
#include "query/ground.h"
#include "store/changeset.h"
#include "tables/slot.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

void query_close(struct query *query)
{
    if (!query)
        return;
    txn_abort(&query->txn);
    streams_done(&query->streams);
    store_close(query->store);
    if (query->unsealed)
        vault_done(&query->vault);
    zone_free(query->zone);
    arena_free(query->arena);
    free(query->record);
    free(query);
}

/* What a run that died had written in part is finished first, so that nobody is shown half of it. Where that cannot be,
 * for another run is at it or this person may only read, they see what there is. */
static void query_finish(struct store *store)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    struct bytes applying;
    struct err err = {0};
    bool finished;
    int lock;
    txn_begin(&txn, store, false);
    bool half = meta_get(&txn, "applying", &applying);
    if (txn_end(&txn) != 0 || !half || store_lock(store, &lock, &err) != 0)
        return;
    (void)changeset_recover(store, &finished, &err); /* the next run says what is wrong there */
    store_unlock(lock);
}

int query_open(const struct settings *settings, const struct organization *organization, struct query **ret_query,
               struct err *err)
{
    TIDY(query_close) struct query *query = mem_new(1, sizeof(*query));
    if (!query)
        return -ENOMEM;
    query->organization = organization;
    query->arena = arena_new();
    query->record = mem_new(1, sizeof(*query->record));
    const char *dir = query->arena ? run_store_dir(settings, organization->id, query->arena) : NULL;
    if (!dir || !query->record)
        return -ENOMEM;
    int rc = store_open(dir, false, &query->store, err);
    if (rc == ERR_GONE)
        return err_set(err, rc, "organization '%s' has no store yet: run `muster sync %s`", organization->id,
                       organization->id);
    if (rc != 0)
        return rc;
    query_finish(query->store);
    rc = run_bind_fields(organization, query->store, false);
    if (rc == 0)
        rc = zone_open(organization->time_zone, &query->zone);
    if (rc != 0)
        return err_set(err, rc, "organization '%s' cannot be read: %s", organization->id, err_text(rc));
    txn_begin(&query->txn, query->store, false);
    rc = query->txn.rc ? query->txn.rc : streams_load(organization, &query->txn, &query->streams);
    if (rc != 0)
        return store_fail(query->store, rc, err);
    query->names = txn_count(&query->txn, TABLE_dict);
    *ret_query = TAKE(query);
    return 0;
}

void query_rest(struct query *query)
{
    txn_abort(&query->txn);
    arena_clear(query->arena);
}

int query_again(struct query *query, struct err *err)
{
    txn_begin(&query->txn, query->store, false);
    uint64_t names = txn_count(&query->txn, TABLE_dict);
    int rc = query->txn.rc;
    if (rc == 0 && names != query->names) {
        streams_done(&query->streams);
        rc = run_find_fields(query->organization, &query->txn);
        rc = rc ? rc : streams_load(query->organization, &query->txn, &query->streams);
        query->names = rc ? 0 : names;
    }
    return rc ? store_fail(query->store, rc, err) : 0;
}

int query_unseal(struct query *query, const struct settings *settings, struct err *err)
{
    uint8_t master[VAULT_MASTER];
    int rc = masterkey_load(settings, master, err);
    if (rc != 0)
        return rc;
    vault_init(&query->vault, master, query->organization->id);
    query->unsealed = true;
    explicit_bzero(master, sizeof(master));
    return 0;
}

int query_end(struct query *query, struct err *err)
{
    return query->txn.rc ? store_fail(query->store, query->txn.rc, err) : 0;
}

void query_time(const struct query *query, int64_t ms, char ret_text[QUERY_TIME])
{
    char text[25];
    instant_write(ms + (int64_t)zone_offset(query->zone, ms) * 1000, text);
    snprintf(ret_text, QUERY_TIME, "%.10s %.5s", text, text + 11);
}

/* "yesterday 17:00" with the day's date in the place of the word; others as they are. ret_text has `size` bytes. */
static void named_day(const struct query *query, const char *text, char *ret_text, size_t size)
{
    static const char *const words[] = {"yesterday", "today", "tomorrow"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t len = strlen(words[i]);
        if (strncasecmp(text, words[i], len) != 0 || !strchr(" T", text[len])) /* the end is one of them, too */
            continue;
        char day[11];
        date_write(date_from_days(zone_day(query->zone, clock_now_ms()) + (int64_t)i - 1), day);
        snprintf(ret_text, size, "%s%s", day, text + len);
        return;
    }
    snprintf(ret_text, size, "%s", text);
}

int query_time_read(const struct query *query, const char *text, int64_t *ret_ms, struct err *err)
{
    static const struct {
        const char *pattern;
        int64_t lasts_ms;
    } shapes[] = {{"YYYY-MM-DD", 86400000},
                  {"YYYY-MM-DD HH:MM", 60000},
                  {"YYYY-MM-DDTHH:MM", 60000},
                  {"YYYY-MM-DD HH:MM:SS", 1000},
                  {"YYYY-MM-DDTHH:MM:SS", 1000}};
    struct moment moment;
    bool flagged;
    char written[64]; /* what is longer is no time */
    named_day(query, text, written, sizeof(written));
    size_t len = strlen(written);
    if (instant_read(written, len, ret_ms))
        return 0;
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        if (!date_parse(shapes[i].pattern, written, len, &moment))
            continue;
        int64_t local = date_days(moment.date) * 86400000 +
                        ((int64_t)(moment.hour * 60 + moment.minute) * 60 + moment.second) * 1000;
        *ret_ms = zone_to_utc(query->zone, local + shapes[i].lasts_ms, &flagged) - 1;
        return 0;
    }
    return err_set(err, ERR_DATA,
                   "'%s' is no day and no time: write 2026-03-02, \"2026-03-02 07:30\", yesterday, today, tomorrow, or "
                   "\"yesterday 17:00\" (the organization's time)",
                   text);
}

/* Not having had memory for a look is a failure of all that was read. */
static void query_note(struct query *query, int rc)
{
    if (query->txn.rc == 0)
        query->txn.rc = rc;
}

/* --- finding --- */

void query_ids_done(struct query_ids *ids)
{
    free(ids->items);
    *ids = (struct query_ids){0};
}

static int ids_add(struct query_ids *ids, uint64_t id)
{
    for (size_t i = 0; i < ids->count; i++)
        if (ids->items[i] == id)
            return 0;
    if (ids->count == QUERY_HITS_MOST)
        return 0;
    int rc = mem_grow(&ids->items, ids->count, &ids->room, sizeof(*ids->items));
    if (rc == 0)
        ids->items[ids->count++] = id;
    return rc;
}

static bool person_there(struct query *query, uint64_t id)
{
    uint8_t key[ENTITY_KEY];
    struct bytes value;
    entity_key(KIND_person, id, key);
    return txn_get(&query->txn, TABLE_entity, bytes(key, sizeof(key)), &value);
}

/* All that some record calls so. */
static int find_indexed(struct query *query, uint16_t field, const char *text, struct query_ids *ids)
{
    TIDY_DONE(buffer_done) struct buffer normal = {0};
    TIDY_DONE(buffer_done) struct buffer prefix = {0};
    text_normalize(text, strlen(text), &normal);
    if (normal.rc != 0 || normal.len == 0)
        return normal.rc;
    slot_prefix(KIND_person, field, normal.data, normal.len, &prefix);
    if (prefix.rc != 0)
        return prefix.rc;
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, &query->txn, TABLE_index);
    struct bytes begins = bytes(prefix.data, prefix.len);
    int rc = 0;
    for (bool there = cursor_seek(&cursor, begins); rc == 0 && there && cursor_has_prefix(&cursor, begins);
         there = cursor_next(&cursor)) {
        uint64_t be;
        if (cursor.key.len != prefix.len + sizeof(be))
            continue; /* a longer value that begins the same */
        memcpy(&be, (const uint8_t *)cursor.key.data + prefix.len, sizeof(be));
        if (person_there(query, __builtin_bswap64(be)))
            rc = ids_add(ids, __builtin_bswap64(be));
    }
    return rc ? rc : query->txn.rc;
}

static bool value_has(struct query *query, struct value value, const char *text, size_t len, struct buffer *scratch)
{
    if (value.presence != PRESENCE_VALUE || value.flags & VALUE_SEALED)
        return false;
    buffer_clear(scratch);
    text_normalize(value.bytes, value.len, scratch);
    query_note(query, scratch->rc);
    return scratch->rc == 0 && scratch->len >= len && memmem(scratch->data, scratch->len, text, len) != NULL;
}

bool query_person_has(struct query *query, struct image image, const char *text, size_t len)
{
    static const uint16_t fields[] = {FIELD_person_employee_number, FIELD_person_work_email,
                                      FIELD_person_personal_email,  FIELD_person_username,
                                      FIELD_person_display_name,    FIELD_person_preferred_name};
    TIDY_DONE(buffer_done) struct buffer scratch = {0};
    TIDY_DONE(buffer_done) struct buffer name = {0};
    if (len == 0)
        return true;
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (value_has(query, image_get(image, fields[i]), text, len, &scratch))
            return true;
    query_name(query, 0, image, &name);
    query_note(query, name.rc);
    struct value whole = {PRESENCE_VALUE, 0, (uint32_t)name.len, name.data};
    return name.rc == 0 && value_has(query, whole, text, len, &scratch);
}

/* A walk over everybody: names are not in the index. */
static int find_named(struct query *query, const char *text, struct query_ids *ids)
{
    TIDY_DONE(buffer_done) struct buffer normal = {0};
    uint8_t kind = KIND_person;
    text_normalize(text, strlen(text), &normal);
    if (normal.rc != 0 || normal.len == 0)
        return normal.rc;
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, &query->txn, TABLE_entity);
    int rc = 0;
    for (bool there = cursor_seek(&cursor, bytes(&kind, 1));
         rc == 0 && there && ids->count < QUERY_HITS_MOST && cursor_has_prefix(&cursor, bytes(&kind, 1));
         there = cursor_next(&cursor)) {
        struct image image;
        enum entity_state state;
        if (!entity_image(cursor.value, &image, &state))
            return ERR_CORRUPT;
        if (state == ENTITY_LIVE && query_person_has(query, image, normal.data, normal.len))
            rc = ids_add(ids, entity_key_id(cursor.key));
    }
    return rc ? rc : query->txn.rc;
}

static int find_id(struct query *query, const char *text, struct query_ids *ids, struct err *err)
{
    char *end;
    errno = 0;
    unsigned long long id = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0)
        return err_set(err, ERR_DATA, "id:%s is no id: it is a number, as in id:12", text);
    return person_there(query, id) ? ids_add(ids, id) : query->txn.rc;
}

int query_find(struct query *query, const char *key, struct query_ids *ret_ids, struct err *err)
{
    __attribute__((cleanup(tidy_query_ids))) struct query_ids ids = {0};
    int rc;
    if (strncmp(key, "id:", 3) == 0) {
        rc = find_id(query, key + 3, &ids, err);
    } else if (strncmp(key, "number:", 7) == 0) {
        rc = find_indexed(query, FIELD_person_employee_number, key + 7, &ids);
    } else if (strncmp(key, "email:", 6) == 0) {
        rc = find_indexed(query, FIELD_person_work_email, key + 6, &ids);
    } else if (strncmp(key, "name:", 5) == 0) {
        rc = find_named(query, key + 5, &ids);
    } else {
        rc = find_indexed(query, FIELD_person_employee_number, key, &ids);
        if (rc == 0 && ids.count == 0)
            rc = find_indexed(query, FIELD_person_work_email, key, &ids);
        if (rc == 0 && ids.count == 0)
            rc = find_named(query, key, &ids);
    }
    if (rc != 0)
        return err && err->rc ? rc : store_fail(query->store, rc, err);
    *ret_ids = ids;
    ids = (struct query_ids){0};
    return 0;
}

int query_shared(struct query *query, uint16_t field, struct query_ids *ret_ids)
{
    __attribute__((cleanup(tidy_query_ids))) struct query_ids ids = {0};
    TIDY_DONE(buffer_done) struct buffer prefix = {0}, text = {0};
    uint16_t slot = __builtin_bswap16(field);
    uint64_t be, first = 0; /* who has the text, as long as nobody else does */
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    buffer_byte(&prefix, KIND_person);
    buffer_add(&prefix, &slot, sizeof(slot));
    struct bytes begins = bytes(prefix.data, prefix.len);
    int rc = prefix.rc;
    cursor_open(&cursor, &query->txn, TABLE_index);
    for (bool there = rc == 0 && cursor_seek(&cursor, begins);
         rc == 0 && there && ids.count < QUERY_HITS_MOST && cursor_has_prefix(&cursor, begins);
         there = cursor_next(&cursor)) {
        if (cursor.key.len < prefix.len + sizeof(be))
            return ERR_CORRUPT;
        size_t len = cursor.key.len - sizeof(be);
        memcpy(&be, (const uint8_t *)cursor.key.data + len, sizeof(be));
        uint64_t id = __builtin_bswap64(be);
        if (!person_there(query, id))
            continue;
        bool same = text.len == len && memcmp(text.data, cursor.key.data, len) == 0;
        if (same && first != 0)
            rc = ids_add(&ids, first);
        if (same && rc == 0)
            rc = ids_add(&ids, id);
        first = same ? 0 : id;
        buffer_clear(&text);
        buffer_add(&text, cursor.key.data, len);
        rc = rc ? rc : text.rc;
    }
    rc = rc ? rc : query->txn.rc;
    if (rc == 0) {
        *ret_ids = ids;
        ids = (struct query_ids){0};
    }
    return rc;
}

/* --- who said so --- */

const struct section_view *query_section(struct query *query, const struct member *member)
{
    TIDY_DONE(buffer_done) struct buffer key = {0};
    struct bytes value;
    source_key(member->stream, member->id.data, member->id.len, &key);
    query_note(query, key.rc);
    if (key.rc != 0 || !txn_get(&query->txn, TABLE_source, bytes(key.data, key.len), &value) ||
        !source_read(value, query->record))
        return NULL;
    for (uint16_t n = 0; n < query->record->count; n++)
        if (query->record->sections[n].seed == member->seed)
            return &query->record->sections[n];
    return NULL;
}

uint64_t query_person_of(struct query *query, uint64_t seed)
{
    TIDY(free) struct match *match = mem_new(1, sizeof(*match));
    uint64_t id = 0;
    int rc = match ? statements_init(&match->statements, &query->txn, NULL, 0, clock_now_ms()) : -ENOMEM;
    if (rc == 0) {
        match->snapshot = &query->txn;
        id = match_resolve(match, seed);
        rc = match->rc ? match->rc : match->statements.rc;
        statements_done(&match->statements);
    }
    query_note(query, rc);
    return id != 0 && person_there(query, id) ? id : 0;
}

uint64_t query_record_person(struct query *query, uint32_t stream, const char *id)
{
    TIDY_DONE(buffer_done) struct buffer key = {0};
    struct bytes value;
    source_key(stream, id, strlen(id), &key);
    query_note(query, key.rc);
    if (key.rc != 0 || !txn_get(&query->txn, TABLE_source, bytes(key.data, key.len), &value) ||
        !source_read(value, query->record))
        return 0;
    for (uint16_t n = 0; n < query->record->count; n++)
        if (query->record->sections[n].kind == KIND_person)
            return query_person_of(query, query->record->sections[n].seed);
    return 0;
}

/* A person's word stands above them all, and the last one above the others. */
static size_t winners_pin(struct query_winner *winners, size_t count, const struct statement *pin)
{
    size_t at = 0;
    while (at < count && winners[at].field != pin->field)
        at++;
    winners[at] = (struct query_winner){.field = pin->field, .member = SIZE_MAX, .pin = pin->number};
    return at < count ? count : count + 1;
}

int query_winners(struct query *query, enum kind kind, const struct entity *entity, struct query_winner **ret_winners,
                  size_t *ret_count)
{
    struct merge_input *inputs = arena_get(query->arena, (size_t)(entity->member_count + 1) * sizeof(*inputs));
    size_t *members = arena_get(query->arena, (size_t)(entity->member_count + 1) * sizeof(*members)), count = 0;
    TIDY(free) struct merge_winner *winners = mem_new(IMAGE_FIELDS_MAX, sizeof(*winners));
    if (!inputs || !members || !winners)
        return -ENOMEM;
    for (uint16_t n = 0; n < entity->member_count; n++) {
        const struct member *member = &entity->members[n];
        const struct stream_name *stream = streams_find(&query->streams, member->stream);
        const struct section_view *section = query_section(query, member);
        if (!section || !stream || !stream->connection)
            continue;
        members[count] = n;
        inputs[count++] = (struct merge_input){.connection = stream->connection,
                                               .gone = query->record->state == SOURCE_GONE,
                                               .image = section->image,
                                               .seed = section->seed};
    }
    struct statement *said;
    size_t found = merge_fields(query->organization, kind, inputs, count, winners), said_count;
    int rc = grounds_statements(query, entity, &said, &said_count);
    struct query_winner *told = rc == 0 ? arena_get(query->arena, (found + said_count + 1) * sizeof(*told)) : NULL;
    if (!told)
        return rc ? rc : -ENOMEM;
    for (size_t i = 0; i < found; i++)
        told[i] = (struct query_winner){.field = winners[i].field, .member = members[winners[i].input]};
    for (size_t i = 0; i < said_count; i++)
        if (said[i].type == STATEMENT_PIN)
            found = winners_pin(told, found, &said[i]);
    *ret_winners = told;
    *ret_count = found;
    return query->txn.rc;
}

/* --- runs and what waits --- */

bool query_run(struct query *query, uint32_t run, struct bytes *ret_json)
{
    uint32_t be = __builtin_bswap32(run);
    return txn_get(&query->txn, TABLE_run, bytes(&be, sizeof(be)), ret_json);
}

uint32_t query_last_run(struct query *query)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    uint32_t be;
    cursor_open(&cursor, &query->txn, TABLE_run);
    if (!cursor_last(&cursor) || cursor.key.len != sizeof(be))
        return 0;
    memcpy(&be, cursor.key.data, sizeof(be));
    return __builtin_bswap32(be);
}

struct wanted_text {
    struct arena *arena;
    const char *name, *text;
};

static int take_text(void *context, const struct jsonobject_member *member)
{
    struct wanted_text *wanted = context;
    if (strcmp(member->name, wanted->name) == 0 && member->type == JSONOBJECT_STRING)
        wanted->text = arena_copy(wanted->arena, member->text, member->text_len);
    return 0;
}

const char *query_run_connection(struct query *query, uint32_t run)
{
    struct bytes json;
    const char *why;
    size_t at;
    struct wanted_text wanted = {query->arena, "connection", NULL};
    if (query_run(query, run, &json))
        jsonobject_split(json.data, json.len, take_text, &wanted, &why, &at);
    if (query_run(query, run, &json) && !wanted.text)
        query_note(query, -ENOMEM);
    return wanted.text ? wanted.text : "";
}

static int take_held(void *context, const struct jsonobject_member *member)
{
    bool *held = context;
    if (strcmp(member->name, "held") == 0 && member->type == JSONOBJECT_NUMBER)
        *held |= member->text_len > 0 && member->text[0] != '0';
    if (strcmp(member->name, "outcome") == 0 && member->type == JSONOBJECT_STRING)
        *held |= strcmp(member->text, outcome_name(OUTCOME_HELD)) == 0;
    return 0;
}

bool query_run_held(struct query *query, uint32_t run)
{
    bool held = false;
    struct bytes json;
    const char *why;
    size_t at;
    if (query_run(query, run, &json))
        query_note(query, jsonobject_split(json.data, json.len, take_held, &held, &why, &at));
    return held;
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = ((const struct wait_item *)a)->number, y = ((const struct wait_item *)b)->number;
    return x < y ? -1 : x > y;
}

static void newest_gives_way(struct wait_item *items, size_t count, const struct wait_item *older)
{
    size_t newest = 0;
    for (size_t i = 1; i < count; i++)
        if (items[i].number > items[newest].number)
            newest = i;
    if (count > 0 && older->number < items[newest].number)
        items[newest] = *older;
}

int query_waits(struct query *query, const char *types, size_t most, struct wait_item **ret_items, size_t *ret_count)
{
    TIDY(free) struct wait_item *items = NULL;
    size_t count = 0, room = 0;
    int rc = 0;
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, &query->txn, TABLE_wait);
    for (bool there = cursor_seek(&cursor, bytes("", 0)); rc == 0 && there; there = cursor_next(&cursor)) {
        char type = *(const char *)cursor.key.data;
        struct wait_item item;
        if (types && !strchr(types, type))
            continue;
        if (!wait_read(cursor.key, cursor.value, query->arena, &item))
            rc = ERR_CORRUPT;
        else if (count == most)
            newest_gives_way(items, count, &item);
        else if ((rc = mem_grow(&items, count, &room, sizeof(*items))) == 0)
            items[count++] = item;
    }
    if (rc == 0)
        rc = query->txn.rc;
    if (rc != 0)
        return rc;
    if (count > 1)
        qsort(items, count, sizeof(*items), by_number);
    *ret_items = TAKE(items);
    *ret_count = count;
    return 0;
}

size_t query_count_waits(struct query *query, enum wait_type type, const char *connection, size_t most)
{
    size_t count = 0;
    uint8_t prefix[5] = {(uint8_t)type};
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, &query->txn, TABLE_wait);
    for (size_t s = 0; s < query->streams.count && count < most; s++) {
        const struct stream_name *stream = &query->streams.items[s];
        if (connection && strcmp(stream->connection_name, connection) != 0)
            continue;
        uint32_t be = __builtin_bswap32(stream->number);
        memcpy(prefix + 1, &be, sizeof(be));
        struct bytes begins = bytes(prefix, sizeof(prefix));
        for (bool there = cursor_seek(&cursor, begins); there && cursor_has_prefix(&cursor, begins) && count < most;
             there = cursor_next(&cursor))
            count++;
    }
    return count;
}
