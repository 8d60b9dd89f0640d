/* ground - why a value is what it is. */
#include "query/ground.h"

#include "base/clock.h"
#include "base/date.h"
#include "base/mem.h"
#include "config/node.h"
#include "engine/proposal.h"
#include "logic/merge.h"
#include "tables/ledger.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

enum { MAPPING_COLUMNS_SHOWN = 12 };

static const struct {
    const char *word, *sentence;
} whys[] = {
    [GROUND_COUNTS] = {"counts", "counts"},
    [GROUND_PINNED] = {"pinned", "would count, but a person has put another value above it"},
    [GROUND_SILENT] = {"silent", "says nothing about it"},
    [GROUND_BLANK] = {"blank", "blank, which is as if nothing was said"},
    [GROUND_GONE] = {"gone", "the source has let the record go"},
    [GROUND_UNASKED] = {"unasked", "this connection's word does not count for this field"},
    [GROUND_OUTRANKED] = {"outranked", "another connection's word counts more"},
    [GROUND_LATER] = {"later", "an older record of the same connection counts"},
    [GROUND_UNKNOWN] = {"unknown", "its connection is no longer in the file"},
    [GROUND_UNREAD] = {"unread", "says something that was not understood"},
};

const char *ground_word(enum ground_why why)
{
    return whys[why].word;
}

const char *ground_sentence(enum ground_why why)
{
    return whys[why].sentence;
}

/* --- what each record says --- */

static void ground_mapping(struct ground *ground, enum kind kind, const struct field *field)
{
    const struct connection *connection = ground->stream ? ground->stream->connection : NULL;
    for (size_t m = 0; connection && connection->mappings && connection->mappings[m] && !ground->rule; m++) {
        const struct mapping *mapping = connection->mappings[m];
        if (strcmp(mapping->stream, ground->stream->stream) != 0)
            continue;
        ground->mapping = mapping;
        for (size_t s = 0; s < mapping->section_count && !ground->rule; s++)
            for (size_t r = 0; mapping->sections[s].kind == kind && r < mapping->sections[s].rule_count; r++)
                if (mapping->sections[s].rules[r].field == field)
                    ground->rule = &mapping->sections[s].rules[r];
    }
}

/* The only file of the pull that took the record. */
static void ground_file(struct query *query, struct ground *ground)
{
    uint32_t key[3] = {__builtin_bswap32(ground->member->stream), __builtin_bswap32(ground->run), 0};
    struct ledger_row row, other;
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, &query->txn, TABLE_file);
    if (!cursor_seek(&cursor, bytes(key, sizeof(key))) || !ledger_read(&cursor, query->arena, &row) ||
        row.stream != ground->member->stream || row.run != ground->run)
        return;
    if (!cursor_next(&cursor) || !ledger_read(&cursor, query->arena, &other) || other.stream != row.stream ||
        other.run != row.run)
        ground->file = row.name;
}

/* What its source says now and was not taken, because something of it is held. */
static void ground_held(struct query *query, enum kind kind, const struct field *field, struct ground *ground)
{
    TIDY_DONE(buffer_done) struct buffer key = {0};
    struct proposal proposal;
    const struct member *member = ground->member;
    source_key(member->stream, member->id.data, member->id.len, &key);
    if (key.rc != 0 || !proposal_get(&query->txn, bytes(key.data, key.len), &proposal) ||
        !source_read(proposal.value, query->record))
        return;
    for (uint16_t n = 0; n < query->record->count; n++) {
        const struct section_view *section = &query->record->sections[n];
        struct value value = image_get(section->image, field->number);
        if (section->kind != kind || section->key_len != member->key.len ||
            (member->key.len > 0 && memcmp(section->key, member->key.data, member->key.len) != 0) ||
            value.presence == PRESENCE_ABSENT || value_equal(value, ground->value))
            continue;
        for (size_t h = 0; h < proposal.hold_count; h++)
            if (proposal.holds[h].field == 0 || proposal.holds[h].field == field->number)
                ground->held_reason = gate_reason(proposal.holds[h].gate);
        ground->held = value;
    }
}

static bool ground_read(struct query *query, enum kind kind, const struct member *member, const struct field *field,
                        struct ground *ret_ground)
{
    struct ground ground = {.member = member, .stream = streams_find(&query->streams, member->stream), .place = ""};
    const struct section_view *section = query_section(query, member);
    const struct source *record = query->record;
    ground.rank = merge_rank(query->organization, kind, field, ground.stream ? ground.stream->connection : NULL);
    if (section) {
        ground.value = image_get(section->image, field->number);
        ground.state = record->state;
        ground.run = record->run;
        ground.since_ms = record->since_ms;
        ground.place = arena_copy(query->arena, record->place.data ? record->place.data : "", record->place.len);
        if (!ground.place)
            return false;
        ground.around = record->several && section != &record->sections[0];
        ground_file(query, &ground);
    }
    ground_mapping(&ground, kind, field);
    ground_held(query, kind, field, &ground);
    *ret_ground = ground;
    return true;
}

/* --- whose word counts --- */

struct asked {
    struct merge_input *inputs;
    size_t *grounds; /* which one each input is */
    size_t count;
    struct merge_winner *winners;
};

static bool asked_new(struct query *query, const struct entity *entity, const struct grounds *grounds,
                      struct asked *ret_asked)
{
    struct asked asked = {
        .inputs = arena_get(query->arena, (grounds->count + 1) * sizeof(*asked.inputs)),
        .grounds = arena_get(query->arena, (grounds->count + 1) * sizeof(*asked.grounds)),
        .winners = arena_get(query->arena, IMAGE_FIELDS_MAX * sizeof(*asked.winners)),
    };
    (void)entity;
    if (!asked.inputs || !asked.grounds || !asked.winners)
        return false;
    *ret_asked = asked;
    return true;
}

/* The ground whose value counts when `without` says nothing; SIZE_MAX: nobody's. */
static size_t asked_winner(struct query *query, struct asked *asked, const struct grounds *grounds, size_t without)
{
    asked->count = 0;
    for (size_t i = 0; i < grounds->count; i++) {
        const struct ground *ground = &grounds->items[i];
        const struct section_view *section = query_section(query, ground->member);
        if (i == without || !section || !ground->stream)
            continue;
        asked->grounds[asked->count] = i;
        asked->inputs[asked->count++] =
            (struct merge_input){.connection = ground->stream->connection,
                                 .gone = ground->state == SOURCE_GONE || !ground->stream->connection,
                                 .image = section->image,
                                 .seed = section->seed};
    }
    size_t count = merge_fields(query->organization, grounds->kind, asked->inputs, asked->count, asked->winners);
    for (size_t i = 0; i < count; i++)
        if (asked->winners[i].field == grounds->field->number)
            return asked->grounds[asked->winners[i].input];
    return SIZE_MAX;
}

static enum ground_why ground_judge(const struct grounds *grounds, size_t nth)
{
    const struct ground *ground = &grounds->items[nth];
    struct value value = ground->value;
    if (nth == grounds->winner)
        return grounds->pinned ? GROUND_PINNED : GROUND_COUNTS;
    if (!ground->stream || !ground->stream->connection)
        return GROUND_UNKNOWN;
    if (ground->rank < 0)
        return GROUND_UNASKED;
    if (value.presence == PRESENCE_ABSENT)
        return GROUND_SILENT;
    if (value.flags & VALUE_UNREAD)
        return GROUND_UNREAD;
    if (value.presence != PRESENCE_VALUE && !(value.flags & VALUE_CLEARS))
        return GROUND_BLANK;
    if (ground->state == SOURCE_GONE)
        return GROUND_GONE;
    bool same = grounds->winner != SIZE_MAX && grounds->items[grounds->winner].rank == ground->rank;
    return same ? GROUND_LATER : GROUND_OUTRANKED;
}

/* --- what it would be otherwise --- */

static bool ground_differs(const struct grounds *grounds, size_t a, size_t b)
{
    struct value x = a == SIZE_MAX ? (struct value){0} : grounds->items[a].value;
    struct value y = b == SIZE_MAX ? (struct value){0} : grounds->items[b].value;
    bool none_x = x.presence != PRESENCE_VALUE, none_y = y.presence != PRESENCE_VALUE;
    return none_x || none_y ? none_x != none_y : !value_equal(x, y);
}

static int grounds_otherwise(struct query *query, struct asked *asked, struct grounds *grounds)
{
    size_t most = grounds->count + 2;
    grounds->otherwise = arena_get(query->arena, most * sizeof(*grounds->otherwise));
    if (!grounds->otherwise)
        return -ENOMEM;
    struct ground_otherwise *out = grounds->otherwise;
    if (grounds->pinned)
        *out++ = (struct ground_otherwise){OTHERWISE_UNPINNED, SIZE_MAX, grounds->winner};
    else if (grounds->winner != SIZE_MAX)
        *out++ = (struct ground_otherwise){OTHERWISE_SILENT, grounds->winner,
                                           asked_winner(query, asked, grounds, grounds->winner)};
    for (size_t i = 0; i < grounds->count && !grounds->pinned; i++) {
        const struct ground *ground = &grounds->items[i];
        bool says = ground->value.presence == PRESENCE_VALUE && ground->state != SOURCE_GONE;
        if (says && (ground->why == GROUND_OUTRANKED || ground->why == GROUND_UNASKED) &&
            ground_differs(grounds, i, grounds->winner))
            *out++ = (struct ground_otherwise){ground->why == GROUND_UNASKED ? OTHERWISE_ASKED : OTHERWISE_FIRST, i, i};
    }
    grounds->otherwise_count = (size_t)(out - grounds->otherwise);
    return query->txn.rc;
}

int64_t ground_goes(const struct query *query, const struct ground *ground)
{
    static const int64_t SEVERAL_MS = 86400000; /* as run_grace() has it */
    const struct stream_name *stream = ground->stream;
    bool several = false;
    if (!stream || !stream->connection || stream->connection->on_missing == MISSING_IGNORE)
        return INT64_MAX;
    for (size_t i = 0; i < query->streams.count; i++)
        several |= query->streams.items[i].connection == stream->connection &&
                   strcmp(query->streams.items[i].partition, stream->partition) != 0;
    int64_t grace_ms = stream->connection->grace_ms;
    return ground->since_ms + (grace_ms >= 0 ? grace_ms : several ? SEVERAL_MS : 0);
}

int grounds_statements(struct query *query, const struct entity *entity, struct statement **ret_items,
                       size_t *ret_count)
{
    struct statements statements;
    struct statement *items = NULL, statement;
    size_t count = 0, room = 0;
    int rc = statements_init(&statements, &query->txn, NULL, 0, clock_now_ms());
    for (uint16_t n = 0; rc == 0 && statements.persons && n < entity->member_count; n++) {
        struct statement_walk walk;
        statement_first(&walk, &statements, entity->members[n].seed);
        while (rc == 0 && statement_next(&walk, &statement)) {
            bool there = !statement.person;
            for (size_t i = 0; i < count; i++)
                there |= items[i].number == statement.number;
            if (!there && (rc = mem_grow(&items, count, &room, sizeof(*items))) == 0)
                items[count++] = statement;
        }
        statement_end(&walk);
    }
    rc = rc ? rc : statements.rc;
    statements_done(&statements);
    *ret_items = arena_get(query->arena, (count + 1) * sizeof(*items));
    if (*ret_items && count > 0)
        memcpy(*ret_items, items, count * sizeof(*items));
    *ret_count = count;
    free(items);
    return rc ? rc : *ret_items ? query->txn.rc : -ENOMEM;
}

static int grounds_pin(struct query *query, const struct entity *entity, struct grounds *grounds)
{
    struct statement *items;
    size_t count;
    int rc = grounds_statements(query, entity, &items, &count);
    for (size_t i = 0; rc == 0 && i < count; i++)
        if (items[i].type == STATEMENT_PIN && items[i].field == grounds->field->number) {
            grounds->pin = items[i]; /* the last one counts */
            grounds->pinned = true;
        }
    return rc;
}

int grounds_read(struct query *query, enum kind kind, const struct entity *entity, const struct field *field,
                 struct grounds *ret_grounds)
{
    struct grounds grounds = {.kind = kind,
                              .field = field,
                              .winner = SIZE_MAX,
                              .authority = merge_authority(query->organization, kind, field)};
    struct asked asked;
    grounds.items = arena_get(query->arena, (entity->member_count + 1u) * sizeof(*grounds.items));
    if (!grounds.items)
        return -ENOMEM;
    for (uint16_t n = 0; n < entity->member_count; n++)
        if (!ground_read(query, kind, &entity->members[n], field, &grounds.items[grounds.count++]))
            return -ENOMEM;
    if (!asked_new(query, entity, &grounds, &asked))
        return -ENOMEM;
    grounds.winner = asked_winner(query, &asked, &grounds, SIZE_MAX);
    int rc = grounds_pin(query, entity, &grounds);
    for (size_t i = 0; i < grounds.count; i++)
        grounds.items[i].why = ground_judge(&grounds, i);
    rc = rc ? rc : grounds_otherwise(query, &asked, &grounds);
    if (rc == 0)
        *ret_grounds = grounds;
    return rc;
}

/* Whether what is said of the field was not understood; the inputs and whose word counts are found anew. */
static int ground_unread(struct query *query, const struct entity *person, uint16_t number, struct asked *asked,
                         struct grounds *ret_grounds, bool *ret_unread)
{
    size_t counts = SIZE_MAX;
    int rc = grounds_read(query, KIND_person, person, field_by_number(KIND_person, number), ret_grounds);
    if (rc != 0 || !asked_new(query, person, ret_grounds, asked))
        return rc ? rc : -ENOMEM;
    asked_winner(query, asked, ret_grounds, SIZE_MAX);
    for (size_t i = 0; i < asked->count; i++)
        if (asked->grounds[i] == ret_grounds->winner)
            counts = i;
    bool pinned = ret_grounds->pinned && number != FIELD_person_status; /* without its pin is asked of the status */
    *ret_unread = !pinned && merge_unread(query->organization, number, asked->inputs, asked->count, counts);
    return 0;
}

int grounds_status(struct query *query, const struct entity *person, struct ground_status *ret_status)
{
    struct grounds grounds, last_day;
    struct asked asked;
    struct date date;
    bool unread = false, unread_day = false;
    int rc = ground_unread(query, person, FIELD_person_terminated_on, &asked, &last_day, &unread_day);
    if (rc == 0)
        rc = ground_unread(query, person, FIELD_person_status, &asked, &grounds, &unread);
    if (rc != 0)
        return rc;
    struct value said = grounds.winner == SIZE_MAX ? (struct value){0} : grounds.items[grounds.winner].value;
    struct value hired = image_get(person->image, FIELD_person_hired_on);
    struct value left = image_get(person->image, FIELD_person_terminated_on);
    uint8_t word = said.presence == PRESENCE_VALUE && said.len == 1 ? (uint8_t)*said.bytes : 0;
    *ret_status =
        (struct ground_status){.exists = merge_exists(query->organization, asked.inputs, asked.count),
                               .said = word,
                               .unread = unread                    ? FIELD_person_status
                                         : word == 0 && unread_day ? FIELD_person_terminated_on
                                                                   : 0,
                               .hired_day = date_read(hired.bytes, hired.len, &date) ? date_days(date) : INT64_MIN,
                               .terminated_day = date_read(left.bytes, left.len, &date) ? date_days(date) : INT64_MIN,
                               .today = zone_day(query->zone, clock_now_ms())};
    return 0;
}

/* --- in words --- */

static bool node_holds(const struct node *tree, const struct node *node)
{
    if (tree == node)
        return true;
    for (size_t i = 0; tree && tree->type != NODE_TEXT && i < tree->count; i++)
        if (node_holds(tree->items[i], node))
            return true;
    return false;
}

void ground_line(const struct query *query, const struct connection *connection, const struct node *node,
                 struct buffer *out)
{
    if (!node)
        return;
    if (!connection || node_holds(connection->node, node))
        buffer_format(out, "%s:%u", query->organization->file, node->line);
    else
        buffer_format(out, "the mapping that connector '%s' ships", connection->connector);
}

/* "column 'E-mail'", "columns 'First', 'Last'" */
static void add_columns(const struct ground *ground, struct buffer *out)
{
    int columns[MAPPING_COLUMNS_SHOWN];
    size_t count = 0;
    const struct rule *rule = ground->rule;
    for (size_t i = 0; rule && i < rule->column_count && count < MAPPING_COLUMNS_SHOWN; i++)
        columns[count++] = rule->columns[i];
    const int unit[] = {rule && rule->unit_type ? rule->unit_code : -1, rule && rule->unit_type ? rule->unit_name : -1};
    for (size_t i = 0; i < 2 && count < MAPPING_COLUMNS_SHOWN; i++)
        if (unit[i] >= 0)
            columns[count++] = unit[i];
    for (size_t i = 0; i < count; i++)
        buffer_format(out, "%s'%s'",
                      i > 0       ? ", "
                      : count > 1 ? "columns "
                                  : "column ",
                      ground->mapping->columns[columns[i]]);
}

void ground_place(const struct ground *ground, struct buffer *out)
{
    const char *star = strchr(ground->place, '*');
    size_t before = star ? (size_t)(star - ground->place) : strlen(ground->place);
    size_t digits = star ? strspn(star + 1, "0123456789") : 0;
    bool row = digits > 0 && star[1 + digits] == '\0';
    if (row && before > 0 && (ground->place[before - 1] == '!' || ground->place[before - 1] == ':'))
        before--;
    buffer_add(out, ground->place, before);
    if (row)
        buffer_format(out, "%srow %s", before > 0 ? ", " : "", star + 1);
    else if (star)
        buffer_text(out, star + 1);
    if (ground->around)
        buffer_text(out, " or another row of this key");
    size_t len = out->len;
    if (len > 0)
        buffer_text(out, ", ");
    add_columns(ground, out);
    if (len > 0 && out->rc == 0 && out->len == len + 2)
        out->data[out->len = len] = '\0';
}
