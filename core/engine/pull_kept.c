/* pull_kept - a stream's records as they were kept, mapped once more: what another mapping makes of them. Part of
 * pull.h.
 *
 * Reads `source`, `held`, `decision` and `vault`. What is proposed of a record
 * counts, not what is taken of it, and of one whose last row could not be taken that
 * row: so it was read. Who is said to be missing says nothing. */
#include "engine/pull.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/proposal.h"
#include "logic/reason.h"
#include "store/dict.h"
#include "tables/decision.h"

#include <errno.h>
#include <muster/connector.h>
#include <string.h>

/* One column of what is fed to the mapping. */
struct feed {
    size_t nth;      /* of the layout; SIZE_MAX: kept unmapped */
    uint32_t number; /* then: by which name it is kept */
};

struct again {
    struct pull *pull;
    struct txn txn;
    struct lane_stream stream;
    struct feed *feeds;
    const char **names, **places;
    struct lane_value *values;
    bool *sealed;
    struct source *record;
    struct proposal *proposal;
    struct arena *arena; /* of one row */
    struct buffer plain, unknown, rejected;
    uint64_t rows, unkept;
};

static void again_done(struct again *again)
{
    txn_abort(&again->txn);
    arena_free(again->arena);
    free(again->feeds);
    free(again->names);
    free(again->places);
    free(again->values);
    free(again->sealed);
    free(again->record);
    free(again->proposal);
    buffer_done(&again->plain);
    if (again->rejected.data)
        explicit_bzero(again->rejected.data, again->rejected.len);
    buffer_done(&again->rejected);
    buffer_done(&again->unknown);
}

/* --- which columns there are --- */

static bool same_name(const char *a, const char *b)
{
    return text_same(a, strlen(a), b, strlen(b));
}

static bool feeds_has(const struct again *again, const char *name)
{
    for (size_t n = 0; n < again->stream.count; n++)
        if (same_name(again->names[n], name))
            return true;
    return false;
}

static void feed_add(struct again *again, const char *name, const char *place, struct feed feed)
{
    if (feeds_has(again, name))
        return;
    again->names[again->stream.count] = name;
    again->places[again->stream.count] = place;
    again->feeds[again->stream.count++] = feed;
}

/* Columns that nobody mapped, where all are kept. */
static int feeds_unmapped(struct again *again, char *name)
{
    for (char *next = NULL; name && *name; name = next) {
        char *end = strchr(name, '\n');
        next = end ? end + 1 : NULL;
        if (end)
            *end = '\0';
        char *entry __attribute__((cleanup(tidy_free))) = mem_format("column:%s", name);
        uint32_t number = entry ? dict_find(&again->txn, entry) : 0;
        if (!entry)
            return -ENOMEM;
        if (number > 0 && number <= UINT16_MAX)
            feed_add(again, name, "", (struct feed){SIZE_MAX, number});
    }
    return again->txn.rc;
}

/* What the mapping asks for and was not kept is told. */
static void feeds_unknown(struct again *again)
{
    const struct mapping *mapping = again->pull->mapping;
    for (size_t n = 0; n < mapping->column_count; n++)
        if (!feeds_has(again, mapping->columns[n]))
            buffer_format(&again->unknown, "%s'%s'", again->unknown.len ? ", " : "", mapping->columns[n]);
}

static int feeds_make(struct again *again)
{
    struct pull *pull = again->pull;
    const struct rawrow_layout *layout = &pull->layout;
    char *names = arena_text(pull->arena, pull->before.columns);
    size_t most = layout->count + 1;
    for (const char *at = pull->before.columns; layout->all && *at; at++)
        most += *at == '\n' || at[1] == '\0';
    again->feeds = mem_new(most, sizeof(*again->feeds));
    again->names = mem_new(most, sizeof(*again->names));
    again->places = mem_new(most, sizeof(*again->places));
    again->values = mem_new(most, sizeof(*again->values));
    again->sealed = mem_new(most, sizeof(*again->sealed));
    if (!names || !again->feeds || !again->names || !again->places || !again->values || !again->sealed)
        return -ENOMEM;
    for (size_t n = 0; n < layout->count; n++)
        if (layout->columns[n].known)
            feed_add(again, layout->columns[n].name, layout->columns[n].place, (struct feed){.nth = n});
    int rc = layout->all ? feeds_unmapped(again, names) : 0;
    feeds_unknown(again);
    again->stream.name = pull->mapping->stream;
    again->stream.names = again->names;
    again->stream.places = again->places;
    return rc ? rc : again->unknown.rc;
}

/* --- one row --- */

static const struct section_view *unmapped_section(const struct source *record)
{
    for (uint16_t n = 0; n < record->count; n++)
        if (record->sections[n].kind == KIND_RAW)
            return &record->sections[n];
    return NULL;
}

/* A blank cell of a table is there all the same. */
static struct cell unmapped_cell(const struct again *again, uint32_t number)
{
    const struct section_view *section = unmapped_section(again->record);
    struct value value = section ? image_get(section->image, (uint16_t)number) : (struct value){0};
    if (section && value.presence == PRESENCE_ABSENT && again->pull->layout.table)
        value.presence = PRESENCE_EMPTY;
    return (struct cell){value.presence, MUSTER_TEXT, value.len, value.bytes};
}

/* What was sealed, in plain; what was erased is not there. */
static int cell_open(struct again *again, struct bytes vault_row, struct cell *cell)
{
    if (cell->len != DIGEST_KEYED)
        return ERR_CORRUPT;
    buffer_clear(&again->plain);
    int rc = vault_reveal(again->pull->vault, vault_row, (const uint8_t *)cell->bytes, &again->plain);
    if (rc == ERR_GONE) {
        *cell = (struct cell){0};
        return 0;
    }
    cell->bytes = rc == 0 ? arena_copy(again->arena, again->plain.data, again->plain.len) : NULL;
    cell->len = (uint32_t)again->plain.len;
    if (again->plain.data)
        explicit_bzero(again->plain.data, again->plain.len);
    return rc ? rc : cell->bytes ? 0 : -ENOMEM;
}

static int row_values(struct again *again, const struct section_view *row, struct bytes id, struct bytes vault_row,
                      size_t *ret_count)
{
    size_t count = 0;
    for (size_t n = 0; n < again->stream.count; n++) {
        const struct feed *feed = &again->feeds[n];
        bool sealed = false;
        struct cell cell = feed->nth == SIZE_MAX
                               ? unmapped_cell(again, feed->number)
                               : rawrow_cell(&again->pull->layout, again->record, row, id, feed->nth, &sealed);
        int rc = sealed ? cell_open(again, vault_row, &cell) : 0;
        if (rc != 0)
            return rc;
        again->sealed[count] = sealed && cell.len > 0;
        if (cell.presence != PRESENCE_ABSENT)
            again->values[count++] = (struct lane_value){(uint32_t)n, cell.type, cell.presence, cell.len, cell.bytes};
    }
    *ret_count = count;
    return 0;
}

/* Another id for the same row: which record is which, only the source can tell. */
static int id_same(struct again *again, const char *id, struct bytes key)
{
    struct buffer now TIDY_DONE(buffer_done) = {0};
    const char *made = map_last_id(again->pull->map);
    source_key(again->pull->stream, made ? made : "", made ? strlen(made) : 0, &now);
    if (now.rc != 0)
        return now.rc;
    if (made && now.len == key.len && memcmp(now.data, key.data, key.len) == 0)
        return 0;
    return err_set(&again->pull->talk->err, ERR_CONFLICT,
                   "by the key of stream '%s' that the mapping has now, record '%s' is '%s': which record is which is "
                   "for the source to say. Nothing of what is kept was used; `muster plan %s %s` asks the source.",
                   again->pull->mapping->stream, id, made ? made : "", again->pull->organization,
                   again->pull->connection->name);
}

static int row_map(struct again *again, const struct section_view *row, struct bytes key, struct bytes vault_row)
{
    struct bytes id = source_key_id(key), own = rawrow_source_id(row);
    size_t count;
    arena_clear(again->arena);
    char *id_text = arena_copy(again->arena, id.data, id.len);
    char *own_text = own.data ? arena_copy(again->arena, own.data, own.len) : id_text;
    char *place = arena_copy(again->arena, again->record->place.data, again->record->place.len);
    int rc = id_text && own_text && place ? row_values(again, row, id, vault_row, &count) : -ENOMEM;
    if (rc != 0)
        return rc;
    struct lane_record record = {.stream = &again->stream,
                                 .source_id = again->pull->layout.keyed ? NULL : own_text,
                                 .place = place,
                                 .count = count,
                                 .values = again->values};
    rc = map_record(again->pull->map, &record, &again->pull->talk->err);
    for (size_t n = 0; n < count; n++)
        if (again->sealed[n])
            explicit_bzero((char *)(uintptr_t)again->values[n].bytes, again->values[n].len);
    again->rows++;
    return rc ? rc : id_same(again, id_text, key);
}

/* --- all records --- */

static bool is_unit(struct bytes id)
{
    size_t len = strlen(SOURCE_UNIT_PREFIX);
    return id.len > len && memcmp(id.data, SOURCE_UNIT_PREFIX, len) == 0;
}

/* As the source said it last: what is proposed, where something of it is held. False: it says that it goes. */
static bool record_said(struct again *again, struct bytes key, struct bytes *value)
{
    if (txn_count(&again->txn, TABLE_held) == 0 || !proposal_get(&again->txn, key, again->proposal))
        return true;
    *value = again->proposal->value;
    return again->proposal->what != STAGED_MISSING && again->proposal->what != STAGED_GONE;
}

/* A row that could not be taken. */
static int rejected_row(struct again *again, struct bytes key, struct bytes kept)
{
    struct section_view row;
    buffer_clear(&again->rejected);
    int rc = vault_open_row(again->pull->vault, kept, &again->rejected);
    if (rc != 0)
        return rc;
    *again->record = (struct source){.state = SOURCE_PRESENT};
    if (!rawrow_unpack(bytes(again->rejected.data, again->rejected.len), &row, &again->record->place))
        return ERR_CORRUPT;
    if (rawrow_is(&again->pull->layout, &row))
        return row_map(again, &row, key, bytes(NULL, 0));
    again->unkept++;
    return 0;
}

static int rejected_map(struct again *again, struct bytes key, struct bytes kept)
{
    const uint8_t *at = kept.data, *end = at + kept.len;
    int rc = 0;
    while (rc == 0 && at < end) {
        uint32_t len;
        if ((size_t)(end - at) < sizeof(len))
            return ERR_CORRUPT;
        memcpy(&len, at, sizeof(len));
        at += sizeof(len);
        if ((size_t)(end - at) < len)
            return ERR_CORRUPT;
        rc = rejected_row(again, key, bytes(at, len));
        at += len;
    }
    return rc;
}

/* Why nothing was taken of its last row. True: the record says nothing else now; *ret_kept is what the row said, or is
 * empty. */
static bool record_rejected(struct again *again, struct bytes key, struct bytes *ret_kept)
{
    struct decision_row decision;
    struct bytes row;
    *ret_kept = bytes(NULL, 0);
    if (txn_count(&again->txn, TABLE_decision) == 0 || !txn_get(&again->txn, TABLE_decision, key, &row) ||
        !decision_read(row, &decision) || decision.judge != JUDGE_MAP)
        return false;
    bool filtered = decision.reason.len == strlen(REASON_CODE(filtered_out)) &&
                    memcmp(decision.reason.data, REASON_CODE(filtered_out), decision.reason.len) == 0;
    *ret_kept = decision.kept;
    again->unkept += !filtered && decision.kept.len == 0;
    return true;
}

static int record_map(struct again *again, struct bytes key, struct bytes value)
{
    struct source *record = again->record;
    struct bytes vault_row = {0}, kept;
    if (is_unit(source_key_id(key)))
        return 0;
    if (record_rejected(again, key, &kept))
        return kept.len > 0 ? rejected_map(again, key, kept) : again->txn.rc;
    if (!record_said(again, key, &value))
        return again->txn.rc;
    if (!source_read(value, record))
        return ERR_CORRUPT;
    if (record->state != SOURCE_PRESENT || record->count == 0)
        return 0;
    uint64_t seed = __builtin_bswap64(record->sections[0].seed);
    txn_get(&again->txn, TABLE_vault, bytes(&seed, sizeof(seed)), &vault_row);
    uint64_t before = again->rows;
    int rc = again->txn.rc;
    for (unsigned further = 0; further < 2; further++) /* the first row of a record comes first */
        for (uint16_t n = 0; rc == 0 && n < record->count; n++)
            if (rawrow_is(&again->pull->layout, &record->sections[n]) &&
                (record->sections[n].key_len > RAWROW_KEY) == further)
                rc = row_map(again, &record->sections[n], key, vault_row);
    again->unkept += again->rows == before;
    return rc;
}

/* One that nothing else is known of. */
static int decision_map(struct again *again, struct bytes key)
{
    struct bytes kept;
    bool rejected = record_rejected(again, key, &kept);
    return rejected && kept.len > 0 ? rejected_map(again, key, kept) : again->txn.rc;
}

/* New ones of which something is held, or that could not be taken, have no row of their own yet. */
static int records_map(struct again *again, enum table table)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor))) = {0};
    uint32_t be = __builtin_bswap32(again->pull->stream);
    struct bytes prefix = bytes(&be, sizeof(be)), other;
    int rc = 0;
    cursor_open(&cursor, &again->txn, table);
    for (bool there = cursor_seek(&cursor, prefix); rc == 0 && there && cursor_has_prefix(&cursor, prefix);
         there = cursor_next(&cursor))
        if (table == TABLE_source || (!txn_get(&again->txn, TABLE_source, cursor.key, &other) &&
                                      (table == TABLE_held || !txn_get(&again->txn, TABLE_held, cursor.key, &other))))
            rc =
                table == TABLE_decision ? decision_map(again, cursor.key) : record_map(again, cursor.key, cursor.value);
    return rc ? rc : again->txn.rc;
}

/* Rows that nobody can name are not kept: another mapping may find who they are. */
static bool letters_without_id(struct again *again)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor))) = {0};
    uint8_t prefix[5] = {WAIT_DEAD};
    uint32_t be = __builtin_bswap32(again->pull->stream);
    bool any = false;
    memcpy(prefix + 1, &be, sizeof(be));
    struct bytes begins = bytes(prefix, sizeof(prefix));
    cursor_open(&cursor, &again->txn, TABLE_wait);
    for (bool there = cursor_seek(&cursor, begins); !any && there && cursor_has_prefix(&cursor, begins);
         there = cursor_next(&cursor)) {
        struct wait_item item;
        arena_clear(again->arena);
        any = !wait_read(cursor.key, cursor.value, again->arena, &item) || !item.id;
    }
    return any;
}

/* What the mapping asks for and was not kept: those parts stay as they are. */
static void tell_lacking(struct again *again)
{
    struct pull *pull = again->pull;
    struct buffer text TIDY_DONE(buffer_done) = {0};
    if (again->unknown.len > 0)
        buffer_format(&text, "of %s nothing was kept: what stream '%s' makes of it, a sync reads anew",
                      again->unknown.data, pull->mapping->stream);
    if (again->unkept > 0)
        buffer_format(&text, "%sof %lu record%s of stream '%s' it was not kept what the row said: a sync reads %s anew",
                      text.len ? "; " : "", (unsigned long)again->unkept, again->unkept == 1 ? "" : "s",
                      pull->mapping->stream, again->unkept == 1 ? "it" : "them");
    if (pull->layout.filtered && pull->layout.where != map_rows(pull->map)->where)
        buffer_format(&text,
                      "%sof rows of stream '%s' that were not ours nothing was kept: which of them are by now, a "
                      "sync reads anew",
                      text.len ? "; " : "", pull->mapping->stream);
    pull->whole = text.len == 0 && text.rc == 0 && !letters_without_id(again);
    pull->lacking = text.len > 0 ? arena_text(pull->arena, text.data) : NULL;
}

int pull_kept(struct pull *pull)
{
    struct again again __attribute__((cleanup(again_done))) = {.pull = pull};
    pull->kept = true;
    int rc = pull_begin(pull);
    if (rc != 0)
        return err_set(pull_opens(pull), rc, "what is kept could not be read: %s", err_text(rc));
    if (!pull->had_checkpoint) {
        pull->same = true; /* nothing was ever read of it */
        return 0;
    }
    if (pull->layout.count == 0) {
        pull->same = true;
        pull->lacking = arena_format(pull->arena,
                                     "nothing was kept yet of what the rows of stream '%s' said: `muster sync %s %s "
                                     "--full` reads and keeps it",
                                     pull->mapping->stream, pull->organization, pull->connection->name);
        return pull->lacking ? 0 : -ENOMEM;
    }
    if (pull->layout.keyed != (pull->mapping->key != NULL))
        return err_set(&pull->talk->err, ERR_CONFLICT,
                       "the ids of stream '%s' come from elsewhere than when it was read: which record is which is for "
                       "the source to say. `muster plan %s %s` asks the source.",
                       pull->mapping->stream, pull->organization, pull->connection->name);
    again.arena = arena_new();
    again.record = mem_new(1, sizeof(*again.record));
    again.proposal = mem_new(1, sizeof(*again.proposal));
    txn_begin(&again.txn, pull->store, false);
    rc = again.arena && again.record && again.proposal ? feeds_make(&again) : -ENOMEM;
    if (rc == 0)
        rc = map_columns(pull->map, &again.stream, &pull->talk->err);
    if (rc == 0)
        rc = records_map(&again, TABLE_source);
    if (rc == 0)
        rc = records_map(&again, TABLE_held);
    if (rc == 0)
        rc = records_map(&again, TABLE_decision);
    if (rc != 0)
        return err_set(&pull->talk->err, rc, "%s", pull->talk->err.rc ? pull->talk->err.text : err_text(rc));
    tell_lacking(&again);
    pull->claim = CLAIM_CHANGES;
    return 0;
}

/* --- whether it is there --- */

static bool layout_knows(const struct rawrow_layout *layout, const char *column)
{
    for (size_t n = 0; n < layout->count; n++)
        if (layout->columns[n].known && same_name(layout->columns[n].name, column))
            return true;
    return false;
}

static bool record_has_row(struct txn *txn, const struct rawrow_layout *layout, struct bytes key)
{
    struct source *record __attribute__((cleanup(tidy_free))) = mem_new(1, sizeof(*record));
    struct decision_row decision;
    struct bytes row;
    if (txn_get(txn, TABLE_decision, key, &row) && decision_read(row, &decision) && decision.judge == JUDGE_MAP)
        return decision.kept.len > 0;
    if (!record || !txn_get(txn, TABLE_source, key, &row) || !source_read(row, record) ||
        record->state != SOURCE_PRESENT)
        return false;
    for (uint16_t n = 0; n < record->count; n++)
        if (rawrow_is(layout, &record->sections[n]))
            return true;
    return false;
}

bool pull_kept_has(struct txn *txn, const struct mapping *mapping, uint32_t stream, const char *id, struct arena *arena)
{
    struct buffer key TIDY_DONE(buffer_done) = {0};
    struct checkpoint checkpoint;
    struct rawrow_layout layout;
    if (!checkpoint_get(txn, stream, arena, &checkpoint) || !rawrow_layout_read(checkpoint.layout, arena, &layout) ||
        layout.count == 0 || layout.keyed != (mapping->key != NULL))
        return false;
    for (size_t n = 0; n < mapping->column_count && !layout.all; n++)
        if (!layout_knows(&layout, mapping->columns[n]))
            return false;
    source_key(stream, id, strlen(id), &key);
    return key.rc == 0 && record_has_row(txn, &layout, bytes(key.data, key.len));
}
