/* write - the other way round: everybody that a target is to have, as one file, written anew whenever something of it
 * changed. Whole or not at all. */
#include "sheet.h"

#include <muster/table_write.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct writing {
    muster_run *run;
    const muster_host *host;
    const muster_field *fields;
    size_t count;
    muster_write_column *columns;
    muster_write_value *values;
    muster_table_writer *writer;
    const muster_change **changes; /* to be answered when the file lies there */
    const char **refusals;         /* why a row is not in it; NULL: it is */
    size_t change_count, change_room;
};

static void writing_done(struct writing *writing)
{
    muster_table_write_close(writing->writer);
    for (size_t n = 0; n < writing->change_count; n++)
        free((char *)(uintptr_t)writing->refusals[n]);
    free(writing->changes);
    free(writing->refusals);
    free(writing->columns);
    free(writing->values);
}

static const char *text_of(const struct writing *writing, const char *option)
{
    const char *text = writing->host->text(writing->run, option);
    return text && *text ? text : NULL;
}

/* What a file that is there would tell, and one that is made does not: NULL is the writer's own way. */
static const char *unless_auto(const char *text)
{
    return text && strcmp(text, "auto") != 0 ? text : NULL;
}

/* By option `format`, else by the file's name. */
static int32_t format_of(const struct writing *writing, const char *location)
{
    static const struct {
        const char *name;
        int32_t format;
    } formats[] = {{"xlsx", MUSTER_TABLE_XLSX},
                   {"csv", MUSTER_TABLE_CSV},
                   {"json", MUSTER_TABLE_JSON},
                   {"jsonl", MUSTER_TABLE_JSONL},
                   {"xml", MUSTER_TABLE_XML}};
    const char *said = unless_auto(text_of(writing, "format")), *dot = strrchr(location, '.');
    if (!said)
        said = dot ? dot + 1 : "";
    for (size_t n = 0; n < sizeof(formats) / sizeof(formats[0]); n++)
        if (strcasecmp(said, formats[n].name) == 0)
            return formats[n].format;
    return MUSTER_TABLE_AUTO;
}

static muster_rc told(const struct writing *writing, muster_rc rc, const muster_table_error *error)
{
    return writing->host->fail(writing->run, rc, "%s", error->text);
}

static muster_rc writing_open(struct writing *writing, const char *location, int fd)
{
    const char *slash = strrchr(location, '/'), *sheet = text_of(writing, "sheet");
    muster_table_error error = {0};
    muster_write_options options = {.size = sizeof(options),
                                    .format = format_of(writing, location),
                                    .name = slash ? slash + 1 : location,
                                    .sheet = sheet && strspn(sheet, "0123456789") < strlen(sheet) ? sheet : NULL,
                                    .encoding = unless_auto(text_of(writing, "encoding")),
                                    .delimiter = unless_auto(text_of(writing, "delimiter"))};
    if (options.format == MUSTER_TABLE_AUTO)
        return writing->host->fail(writing->run, MUSTER_CONFIG,
                                   "option 'location' (%s) does not say what kind of file to write: let it end in "
                                   ".xlsx, .csv, .json, .jsonl or .xml, or say it with option 'format'",
                                   options.name);
    writing->columns = calloc(writing->count + 1, sizeof(*writing->columns));
    writing->values = calloc(writing->count + 1, sizeof(*writing->values));
    if (!writing->columns || !writing->values)
        return writing->host->fail(writing->run, MUSTER_FAIL, "no memory");
    for (size_t n = 0; n < writing->count; n++)
        writing->columns[n] = (muster_write_column){
            .name = writing->fields[n].name,
            .type = writing->fields[n].type == MUSTER_JSON ? MUSTER_TEXT : writing->fields[n].type};
    muster_rc rc = muster_table_write_open(fd, &options, writing->columns, writing->count, &writing->writer, &error);
    return rc == MUSTER_OK ? rc : told(writing, rc, &error);
}

static muster_rc change_keep(struct writing *writing, const muster_change *change, const char *refusal)
{
    if (writing->change_count == writing->change_room) {
        size_t room = writing->change_room ? 2 * writing->change_room : 256;
        const muster_change **changes = realloc(writing->changes, room * sizeof(*changes));
        if (changes)
            writing->changes = changes;
        const char **refusals = realloc(writing->refusals, room * sizeof(*refusals));
        if (refusals)
            writing->refusals = refusals;
        if (!changes || !refusals)
            return writing->host->fail(writing->run, MUSTER_FAIL, "no memory for %zu changes", room);
        writing->change_room = room;
    }
    writing->changes[writing->change_count] = change;
    writing->refusals[writing->change_count++] = refusal ? strdup(refusal) : NULL;
    return MUSTER_OK;
}

/* Who leaves is not in the file any more; that is all. */
static muster_rc row_write(struct writing *writing, const muster_change *change)
{
    muster_table_error error = {0};
    if (change->op == MUSTER_DEACTIVATE || change->op == MUSTER_DELETE)
        return change_keep(writing, change, NULL);
    for (size_t n = 0; n < writing->count; n++) {
        const char *text = writing->host->get(change->after, writing->fields[n].name);
        writing->values[n] = (muster_write_value){.text = text, .len = text ? (uint32_t)strlen(text) : 0};
    }
    muster_rc rc = muster_table_write_row(writing->writer, writing->values, writing->count, &error);
    if (rc != MUSTER_OK && rc != MUSTER_DATA)
        return told(writing, rc, &error);
    return change_keep(writing, change, rc == MUSTER_DATA ? error.text : NULL);
}

static muster_rc all_answer(struct writing *writing)
{
    muster_rc rc = MUSTER_OK;
    for (size_t n = 0; n < writing->change_count && rc == MUSTER_OK; n++)
        rc = writing->refusals[n]
                 ? writing->host->refused(writing->run, writing->changes[n], MUSTER_DATA, writing->refusals[n])
                 : writing->host->applied(writing->run, writing->changes[n], NULL);
    return rc;
}

/* The file that lay there lies there still: none of this was done. */
static muster_rc none_answers(struct writing *writing, muster_rc rc)
{
    for (size_t n = 0; n < writing->change_count; n++)
        writing->host->refused(writing->run, writing->changes[n], MUSTER_RETRY, "the file could not be written");
    return rc;
}

static muster_rc file_write(struct writing *writing, const char *location, int fd)
{
    const muster_change *change;
    muster_table_error error = {0};
    muster_rc rc = writing_open(writing, location, fd);
    while (rc == MUSTER_OK && (rc = writing->host->next(writing->run, &change)) == MUSTER_OK && change)
        rc = row_write(writing, change);
    if (rc == MUSTER_OK && (rc = muster_table_write_finish(writing->writer, &error)) != MUSTER_OK)
        told(writing, rc, &error);
    if (rc == MUSTER_OK && lseek(fd, 0, SEEK_SET) != 0)
        rc = writing->host->fail(writing->run, MUSTER_FAIL, "the scratch file: %s", strerror(errno));
    if (rc == MUSTER_OK)
        rc = writing->host->store(writing->run, location, fd);
    return rc == MUSTER_OK ? all_answer(writing) : none_answers(writing, rc);
}

muster_rc sheet_apply(muster_run *run, void *self, const muster_push *push)
{
    struct writing writing = {.run = run, .host = run->host, .fields = push->fields};
    const char *location = run->host->text(run, "location");
    int fd = -1;
    (void)self;
    if (strpbrk(location, "*?"))
        return run->host->fail(run, MUSTER_CONFIG,
                               "option 'location' (%s) is a pattern: a file that is written needs a name", location);
    while (writing.fields[writing.count].name)
        writing.count++;
    muster_rc rc = run->host->scratch(run, &fd);
    if (rc == MUSTER_OK)
        rc = file_write(&writing, location, fd);
    if (fd >= 0)
        close(fd);
    writing_done(&writing);
    return rc;
}
