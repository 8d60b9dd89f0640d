/* tabulate - what the row writer makes of rows, for tests.
 *
 *     tabulate FILE < DESCRIPTION
 *
 * The description is JSON, one document to a line. The first:
 *
 *     {"format": "xlsx", "columns": [["Name", "text"], ["Start", "date", 12, "dd-mm-yyyy"]], "flags": ["mark"],
 *      "sheet": …, "encoding": …, "delimiter": …, "rows": …, "members": {…}, "expected": 0, "made": 1}
 *
 * Each other is a row: a list of null, texts, and [type, text] where the type is not the column's. Says a line
 * `CODE SENTENCE` for each row that was refused, and for what ended it; exit status 1 when the file is not whole. */
#include <muster/table_write.h>

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COLUMNS = 100 };

struct word {
    const char *name;
    int32_t value;
};

static const struct word types[] = {
    {"text", MUSTER_TEXT},       {"integer", MUSTER_INTEGER},   {"decimal", MUSTER_DECIMAL},
    {"bool", MUSTER_BOOL},       {"date", MUSTER_DATE},         {"time", MUSTER_TIME},
    {"seconds", MUSTER_SECONDS}, {"datetime", MUSTER_DATETIME}, {NULL, 0}};
static const struct word formats[] = {{"xlsx", MUSTER_TABLE_XLSX},   {"csv", MUSTER_TABLE_CSV},
                                      {"json", MUSTER_TABLE_JSON},   {"xml", MUSTER_TABLE_XML},
                                      {"jsonl", MUSTER_TABLE_JSONL}, {NULL, 0}};
static const struct word flags[] = {{"texts", MUSTER_WRITE_TEXTS},
                                    {"guard", MUSTER_WRITE_GUARD},
                                    {"quotes", MUSTER_WRITE_QUOTES},
                                    {"bare", MUSTER_WRITE_BARE},
                                    {"omit", MUSTER_WRITE_OMIT},
                                    {"mark", MUSTER_WRITE_MARK},
                                    {NULL, 0}};

static int32_t look(const struct word *words, const char *name)
{
    for (; words->name; words++)
        if (name && strcmp(words->name, name) == 0)
            return words->value;
    fprintf(stderr, "tabulate: no word '%s'\n", name ? name : "");
    abort();
}

static json_t *line_read(char **line, size_t *room)
{
    ssize_t len = getline(line, room, stdin);
    return len > 0 ? json_loadb(*line, (size_t)len, JSON_ALLOW_NUL, NULL) : NULL;
}

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static size_t columns_read(const json_t *list, muster_write_column *columns)
{
    size_t count = json_array_size(list);
    for (size_t n = 0; n < count && n < COLUMNS; n++) {
        json_t *said = json_array_get(list, n);
        columns[n] = (muster_write_column){.name = json_string_value(json_array_get(said, 0)),
                                           .type = look(types, json_string_value(json_array_get(said, 1))),
                                           .width = (uint32_t)json_integer_value(json_array_get(said, 2)),
                                           .format = json_string_value(json_array_get(said, 3))};
    }
    return count < COLUMNS ? count : COLUMNS;
}

static void row_read(const json_t *list, muster_write_value *values)
{
    for (size_t n = 0; n < json_array_size(list) && n < COLUMNS; n++) {
        const json_t *said = json_array_get(list, n);
        const json_t *text = json_is_array(said) ? json_array_get(said, 1) : said;
        values[n] = (muster_write_value){.text = json_string_value(text), .len = (uint32_t)json_string_length(text)};
        if (json_is_array(said))
            values[n].type = look(types, json_string_value(json_array_get(said, 0)));
    }
}

static muster_rc rows_write(muster_table_writer *writer, muster_table_error *error)
{
    muster_write_value values[COLUMNS];
    char *line = NULL;
    size_t room = 0;
    json_t *row;
    muster_rc rc = MUSTER_OK;
    while (rc == MUSTER_OK && (row = line_read(&line, &room))) {
        row_read(row, values);
        rc = muster_table_write_row(writer, values, json_array_size(row), error);
        if (rc == MUSTER_DATA) {
            printf("%d %s\n", rc, error->text);
            rc = MUSTER_OK;
        }
        json_decref(row);
    }
    free(line);
    return rc == MUSTER_OK ? muster_table_write_finish(writer, error) : rc;
}

static muster_rc table_write(const json_t *said, int fd, muster_table_error *error)
{
    json_t *list = json_object_get(said, "columns"), *words = json_object_get(said, "flags"), *text;
    muster_write_column columns[COLUMNS];
    muster_write_member members[10] = {{NULL, NULL}};
    size_t members_count = 0;
    const char *name;
    json_object_foreach(json_object_get(said, "members"), name, text) members[members_count++] =
        (muster_write_member){name, json_string_value(text)};
    muster_write_options options = {.size = sizeof(options), .format = look(formats, text_of(said, "format"))};
    for (size_t n = 0; n < json_array_size(words); n++)
        options.flags |= (uint32_t)look(flags, json_string_value(json_array_get(words, n)));
    options.sheet = text_of(said, "sheet");
    options.encoding = text_of(said, "encoding");
    options.delimiter = text_of(said, "delimiter");
    options.rows = text_of(said, "rows");
    options.members = members_count > 0 ? members : NULL;
    options.expected = (uint64_t)json_integer_value(json_object_get(said, "expected"));
    options.made = json_integer_value(json_object_get(said, "made"));
    muster_table_writer *writer = NULL;
    size_t count = columns_read(list, columns);
    muster_rc rc = muster_table_write_open(fd, &options, columns, count, &writer, error);
    if (rc == MUSTER_OK)
        rc = rows_write(writer, error);
    muster_table_write_close(writer);
    return rc;
}

int main(int count, char **words)
{
    char *line = NULL;
    size_t room = 0;
    int fd = count == 2 ? open(words[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;
    json_t *said = fd >= 0 ? line_read(&line, &room) : NULL;
    if (!said) {
        fprintf(stderr, "usage: tabulate FILE < DESCRIPTION\n");
        return 2;
    }
    muster_table_error error = {0};
    muster_rc rc = table_write(said, fd, &error);
    if (rc != MUSTER_OK)
        printf("%d %s\n", rc, error.text);
    json_decref(said);
    free(line);
    close(fd);
    return rc == MUSTER_OK ? 0 : 1;
}
