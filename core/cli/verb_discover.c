/* verb_discover - what a source has: its columns, what they look like, and a mapping to start from. */
#include "base/jsontext.h"
#include "base/mem.h"
#include "cli/context.h"
#include "cli/guess.h"
#include "cli/verb.h"
#include "config/node.h"
#include "engine/run.h"
#include "lane/lane.h"

#include <errno.h>
#include <string.h>

enum { SAMPLES = 3, WORDS_SEEN = 12, PATTERNS = 4, RECORDS_MOST = 200 };

struct seen_column {
    const char *name, *place;
    uint32_t types; /* bit per MUSTER_TEXT … */
    uint32_t told;  /* likewise, by the source's own word; 0: it said nothing */
    size_t values;
    const char *samples[SAMPLES]; /* masked */
    size_t sample_count;
    const char *patterns[PATTERNS]; /* of dates that came as text */
    size_t pattern_count;
    const char *words[WORDS_SEEN]; /* different values, for a status */
    size_t word_count;
    bool many_words, decimal_comma;
};

struct seen_stream {
    const char *name;
    struct seen_column *columns;
    size_t count, room, records;
};

struct seen {
    struct arena *arena;
    struct seen_stream *streams;
    size_t count, room;
};

static struct seen_stream *stream_of(struct seen *seen, const char *name)
{
    for (size_t i = 0; i < seen->count; i++)
        if (strcmp(seen->streams[i].name, name) == 0)
            return &seen->streams[i];
    if (mem_grow(&seen->streams, seen->count, &seen->room, sizeof(*seen->streams)) != 0)
        return NULL;
    struct seen_stream *stream = &seen->streams[seen->count];
    *stream = (struct seen_stream){.name = arena_text(seen->arena, name)};
    seen->count += stream->name != NULL;
    return stream->name ? stream : NULL;
}

static struct seen_column *column_of(struct seen *seen, struct seen_stream *stream, const char *name, const char *place)
{
    for (size_t i = 0; i < stream->count; i++)
        if (strcmp(stream->columns[i].name, name) == 0)
            return &stream->columns[i];
    if (mem_grow(&stream->columns, stream->count, &stream->room, sizeof(*stream->columns)) != 0)
        return NULL;
    struct seen_column *column = &stream->columns[stream->count];
    *column = (struct seen_column){.name = arena_text(seen->arena, name),
                                   .place = arena_text(seen->arena, place ? place : "")};
    stream->count += column->name && column->place;
    return column->name && column->place ? column : NULL;
}

static bool texts_add(struct seen *seen, const char **texts, size_t *count, size_t most, const char *text, size_t len)
{
    for (size_t i = 0; i < *count; i++)
        if (strlen(texts[i]) == len && memcmp(texts[i], text, len) == 0)
            return true;
    if (*count == most)
        return false;
    texts[*count] = arena_copy(seen->arena, text, len);
    *count += texts[*count] != NULL;
    return true;
}

static void column_value(struct seen *seen, struct seen_column *column, const struct lane_value *value)
{
    TIDY_DONE(screen_buffer_done) struct buffer masked = {0};
    if (value->presence != PRESENCE_VALUE)
        return;
    column->values++;
    if (value->type < 32)
        column->types |= 1u << value->type;
    guess_mask(value->bytes, value->len, &masked);
    if (masked.rc == 0)
        texts_add(seen, column->samples, &column->sample_count, SAMPLES, masked.data ? masked.data : "", masked.len);
    const char *pattern = value->type == MUSTER_TEXT ? guess_date(value->bytes, value->len) : NULL;
    if (pattern)
        texts_add(seen, column->patterns, &column->pattern_count, PATTERNS, pattern, strlen(pattern));
    column->decimal_comma |= value->type == MUSTER_TEXT && guess_decimal_comma(value->bytes, value->len);
    if (!texts_add(seen, column->words, &column->word_count, WORDS_SEEN, value->bytes, value->len))
        column->many_words = true;
}

static int take_stream(void *context, const muster_stream *stream)
{
    return stream_of(context, stream->name) ? 0 : -ENOMEM;
}

static int take_field(void *context, const char *stream, const muster_field *field)
{
    struct seen_stream *seen = stream_of(context, stream);
    struct seen_column *column = seen ? column_of(context, seen, field->name, NULL) : NULL;
    if (column && field->type > 0 && field->type < 32)
        column->told = 1u << field->type;
    return column ? 0 : -ENOMEM;
}

/* Where each column is, also of one that is empty in every row. */
static int take_columns(void *context, struct lane_stream *told)
{
    struct seen_stream *stream = stream_of(context, told->name);
    for (size_t i = 0; stream && i < told->count; i++) {
        struct seen_column *column = column_of(context, stream, told->names[i], told->places[i]);
        if (!column)
            return -ENOMEM;
        if (!*column->place)
            column->place = arena_text(((struct seen *)context)->arena, told->places[i]);
        if (!column->place)
            return -ENOMEM;
    }
    return stream ? 0 : -ENOMEM;
}

static int take_record(void *context, const struct lane_record *record)
{
    struct seen *seen = context;
    struct seen_stream *stream = stream_of(seen, record->stream->name);
    if (!stream)
        return -ENOMEM;
    if (stream->records++ >= RECORDS_MOST)
        return 0;
    for (size_t i = 0; i < record->count; i++) {
        uint32_t at = record->values[i].column;
        struct seen_column *column = column_of(seen, stream, record->stream->names[at], "");
        if (!column)
            return -ENOMEM;
        column_value(seen, column, &record->values[i]);
    }
    return 0;
}

static const char *column_type(const struct seen_column *column)
{
    static const struct {
        uint32_t types;
        const char *word;
    } words[] = {{1u << MUSTER_TEXT, "text"},        {1u << MUSTER_INTEGER, "number"},
                 {1u << MUSTER_DECIMAL, "number"},   {1u << MUSTER_INTEGER | 1u << MUSTER_DECIMAL, "number"},
                 {1u << MUSTER_DATE, "date"},        {1u << MUSTER_BOOL, "yes or no"},
                 {1u << MUSTER_DATETIME, "instant"}, {1u << MUSTER_TIME, "time"},
                 {1u << MUSTER_JSON, "JSON"}};
    uint32_t told = column->told & ~(1u << MUSTER_TEXT); /* that there might be texts says little */
    uint32_t types = column->values > 0 ? column->types : told;
    if (types == 0)
        return "empty";
    if (column->pattern_count > 0)
        return types == 1u << MUSTER_TEXT ? "date as text" : "date, also as text";
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (types == words[i].types)
            return words[i].word;
    return "mixed";
}

static void tell_columns(const struct screen *screen, const struct seen_stream *stream)
{
    struct grid grid;
    screen_print(screen, "# stream %s: %zu columns, %zu records looked at; samples are masked\n", stream->name,
                 stream->count, stream->records);
    grid_start(&grid, screen, "#   ", "AT|COLUMN|TYPE|LOOKS LIKE");
    for (size_t i = 0; i < stream->count; i++) {
        const struct seen_column *column = &stream->columns[i];
        TIDY_DONE(screen_buffer_done) struct buffer samples = {0};
        for (size_t n = 0; n < column->sample_count; n++)
            buffer_format(&samples, "%s%s", n ? "   " : "", column->samples[n]);
        grid_text(&grid, column->place);
        grid_text(&grid, column->name);
        grid_text(&grid, column_type(column));
        grid_text(&grid, samples.data);
    }
    grid_end(&grid);
}

/* --- a mapping to start from, as it can be pasted below a connection --- */

static const struct seen_column *column_for(const struct seen_stream *stream, const char *field, int how)
{
    for (size_t i = 0; i < stream->count; i++) {
        const struct guess *guess = guess_column(stream->columns[i].name);
        if (guess && strcmp(guess->field, field) == 0 && (how < 0 || (int)guess->how == how))
            return &stream->columns[i];
    }
    return NULL;
}

/* One day that can only have the month first says so of all the others, which would else be read the other way round.
 */
static bool pattern_misled(const struct seen_column *column, const char *pattern)
{
    bool month_first = false;
    for (size_t i = 0; i < column->pattern_count; i++)
        month_first |= strcmp(column->patterns[i], "MM/DD/YYYY") == 0;
    return month_first && strcmp(pattern, "DD/MM/YYYY") == 0;
}

static void rule_date(const struct seen_column *column, struct buffer *out)
{
    size_t told = 0, count = 0;
    for (size_t i = 0; i < column->pattern_count; i++)
        count += !pattern_misled(column, column->patterns[i]);
    if (count == 0) {
        guess_yaml(column->name, out);
        return;
    }
    buffer_text(out, "{ from: ");
    guess_yaml(column->name, out);
    buffer_text(out, count > 1 ? ", date: [" : ", date: ");
    for (size_t i = 0; i < column->pattern_count; i++)
        if (!pattern_misled(column, column->patterns[i]))
            buffer_format(out, "%s%s", told++ ? ", " : "", column->patterns[i]);
    buffer_text(out, count > 1 ? "] }" : " }");
}

/* Only words whose meaning is known get into the table: what "Freelance" means nobody guesses. */
static void rule_status(const struct seen_column *column, struct buffer *out)
{
    size_t known = 0, unknown = 0;
    buffer_text(out, "{ from: ");
    guess_yaml(column->name, out);
    buffer_text(out, ", table: { ");
    for (size_t i = 0; i < column->word_count && !column->many_words; i++) {
        const char *status = guess_status(column->words[i]);
        unknown += !status;
        if (!status)
            continue;
        buffer_text(out, known++ ? ", " : "");
        guess_yaml(column->words[i], out);
        buffer_format(out, ": %s", status);
    }
    buffer_text(out, known ? " }, otherwise: reject }" : "Active: active }, otherwise: reject }");
    for (size_t i = 0, told = 0; unknown > 0 && i < column->word_count; i++) {
        if (guess_status(column->words[i]))
            continue;
        buffer_text(out, told++ ? ", " : "\n          #   what is this in the table? ");
        guess_yaml(column->words[i], out);
    }
}

static void rule_write(const struct seen_stream *stream, const struct seen_column *column, const struct guess *guess,
                       struct buffer *out)
{
    const struct seen_column *name = column_for(stream, "department", GUESS_UNIT_NAME);
    switch (guess->how) {
    case GUESS_DATE: rule_date(column, out); break;
    case GUESS_STATUS: rule_status(column, out); break;
    case GUESS_NUMBER:
        buffer_text(out, column->decimal_comma ? "{ from: " : "");
        guess_yaml(column->name, out);
        buffer_text(out, column->decimal_comma ? ", decimal: \",\" }" : "");
        break;
    case GUESS_LOWER:
        buffer_text(out, "{ from: ");
        guess_yaml(column->name, out);
        buffer_text(out, ", lower: true }");
        break;
    case GUESS_PERSON:
        buffer_text(out, "{ person: employee_number, from: ");
        guess_yaml(column->name, out);
        buffer_text(out, " }");
        break;
    case GUESS_UNIT_CODE:
    case GUESS_UNIT_NAME:
        buffer_text(out, "{ unit: department");
        if (guess->how == GUESS_UNIT_CODE) {
            buffer_text(out, ", code: ");
            guess_yaml(column->name, out);
        }
        if (name) {
            buffer_text(out, ", name: ");
            guess_yaml(name->name, out);
        }
        buffer_text(out, " }");
        break;
    default: guess_yaml(column->name, out);
    }
}

static bool rule_doubled(const struct seen_stream *stream, size_t at, const struct guess *guess)
{
    if (guess->how == GUESS_UNIT_NAME && column_for(stream, "department", GUESS_UNIT_CODE))
        return true; /* the code's rule names it */
    for (size_t i = 0; i < at; i++) {
        const struct guess *other = guess_column(stream->columns[i].name);
        if (other && other->kind == guess->kind && strcmp(other->field, guess->field) == 0)
            return true;
    }
    return false;
}

static void mapping_write(const struct seen_stream *stream, struct buffer *out)
{
    static const enum kind kinds[] = {KIND_person, KIND_employment};
    const struct seen_column *key = column_for(stream, "employee_number", -1);
    buffer_text(out, "      ");
    guess_yaml(stream->name, out);
    buffer_text(out, ":\n        key: ");
    guess_yaml(key ? key->name : stream->count > 0 ? stream->columns[0].name : "COLUMN", out);
    buffer_text(out, key ? "\n" : "   # is this what tells one record from another?\n");
    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        bool begun = false;
        for (size_t i = 0; i < stream->count; i++) {
            const struct guess *guess = guess_column(stream->columns[i].name);
            if (!guess || guess->kind != kinds[k] || rule_doubled(stream, i, guess))
                continue;
            if (!begun)
                buffer_format(out, "        %s:\n", kind_name(kinds[k]));
            begun = true;
            buffer_format(out, "          %s: ", guess->field);
            rule_write(stream, &stream->columns[i], guess, out);
            buffer_byte(out, '\n');
        }
    }
    for (size_t i = 0; i < stream->count; i++) {
        if (guess_column(stream->columns[i].name))
            continue;
        buffer_text(out, "        # not mapped: ");
        guess_yaml(stream->columns[i].name, out);
        buffer_byte(out, '\n');
    }
}

static int discover_json(struct context *context, const struct seen *seen)
{
    TIDY_DONE(screen_buffer_done) struct buffer out = {0};
    buffer_text(&out, "{\"streams\":[");
    for (size_t s = 0; s < seen->count; s++) {
        const struct seen_stream *stream = &seen->streams[s];
        TIDY_DONE(screen_buffer_done) struct buffer mapping = {0};
        mapping_write(stream, &mapping);
        buffer_text(&out, s ? ",{" : "{");
        json_member_text(&out, "name", stream->name);
        json_name(&out, "columns");
        buffer_byte(&out, '[');
        for (size_t i = 0; i < stream->count; i++) {
            const struct seen_column *column = &stream->columns[i];
            const struct guess *guess = guess_column(column->name);
            buffer_text(&out, i ? ",{" : "{");
            json_member_text(&out, "name", column->name);
            json_member_text(&out, "place", column->place);
            json_member_text(&out, "type", column_type(column));
            json_member_text(&out, "sample", column->sample_count ? column->samples[0] : NULL);
            json_member_text(&out, "kind", guess ? kind_name(guess->kind) : NULL);
            json_member_text(&out, "field", guess ? guess->field : NULL);
            buffer_byte(&out, '}');
        }
        buffer_byte(&out, ']');
        json_member_text(&out, "mapping", mapping.data);
        buffer_byte(&out, '}');
    }
    buffer_text(&out, "]}\n");
    if (out.rc == 0)
        fwrite(out.data, 1, out.len, context->screen.out);
    return out.rc;
}

static int discover_tell(struct context *context, const struct seen *seen)
{
    TIDY_DONE(screen_buffer_done) struct buffer mapping = {0};
    for (size_t s = 0; s < seen->count; s++) {
        tell_columns(&context->screen, &seen->streams[s]);
        mapping_write(&seen->streams[s], &mapping);
    }
    if (seen->count > 0)
        screen_print(&context->screen,
                     "\n# To begin with, below the connection in the organization's file; look at each line:\n"
                     "    streams:\n%s"
                     "\n# Then `muster check %s`, and `muster plan %s %s` shows what it would bring.\n",
                     mapping.data ? mapping.data : "", context->arguments.words[0], context->arguments.words[0],
                     context->arguments.words[1]);
    else
        screen_print(&context->screen, "The source has nothing to show.\n");
    return mapping.rc;
}

static void seen_done(struct seen *seen)
{
    for (size_t i = 0; i < seen->count; i++)
        free(seen->streams[i].columns);
    free(seen->streams);
}

int verb_discover(struct context *context)
{
    TIDY(organization_free) struct organization *organization = NULL;
    __attribute__((cleanup(seen_done))) struct seen seen = {.arena = context->arena};
    const char *name = context->arguments.words[1];
    struct err err = {0};
    int status = context_settings(context);
    if (status != STATUS_DONE)
        return status;
    context->settings->beginning = true; /* what streams there are is what is asked */
    status = context_organization(context, context->arguments.words[0], &organization);
    if (status != STATUS_DONE)
        return status;
    const struct connection *connection = NULL;
    if ((status = context_connection(organization, name, &connection)) != STATUS_DONE)
        return status;
    if (connection->description && !connection->description->discover)
        return complain_words(
            "connector '%s' has nothing to discover: its streams are known, and `muster connectors %s` "
            "lists them",
            connection->connector, connection->connector);
    struct lane_sink sink = {
        .context = &seen, .stream = take_stream, .columns = take_columns, .field = take_field, .record = take_record};
    struct run_request request = context_request(context, organization, connection);
    int rc = run_discover(&request, &sink, &err);
    if (rc == 0)
        rc = context->json ? discover_json(context, &seen) : discover_tell(context, &seen);
    return rc ? complain_rc(rc, &err) : STATUS_DONE;
}
