/* file - everybody as a file that P.O.C takes at the agreed time: a workbook with texts only, CSV, JSON or XML.
 *
 * Written whole or not at all, under a name with its time. Who leaves is in it
 * once more, with the day on which that is. */
#include "poc.h"

#include <muster/table_write.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A column of a table: a field, or a level of the hierarchy. */
struct column {
    enum field field;
    int level; /* of HIERARCHIES, from 0 */
    char name[64];
};

struct writing {
    struct settings *settings;
    const muster_change **changes;
    char **refusals; /* per change; NULL: it stands in the file */
    size_t count, room;
    int levels; /* as many as anybody has */
    struct column columns[FIELDS + LEVELS];
    size_t column_count;
    struct lacking lacking;
};

static muster_rc no_memory(const struct writing *writing)
{
    return writing->settings->host->fail(writing->settings->run, MUSTER_FAIL, "no memory for %zu employees",
                                         writing->count);
}

static void writing_done(struct writing *writing)
{
    for (size_t n = 0; n < writing->count; n++)
        free(writing->refusals[n]);
    free(writing->refusals);
    free(writing->changes);
}

/* ---- which, and where ---- */

static int32_t format_of(const struct settings *settings, const char *place)
{
    static const char *const names[] = {"xlsx", "csv", "json", "xml"};
    static const int32_t formats[] = {MUSTER_TABLE_XLSX, MUSTER_TABLE_CSV, MUSTER_TABLE_JSON, MUSTER_TABLE_XML};
    const char *said = settings->host->text(settings->run, "format"), *dot = strrchr(place, '.');
    for (size_t n = 0; n < 4; n++)
        if (strcmp(names[n], said && *said ? said : dot ? dot + 1 : "") == 0)
            return formats[n];
    return MUSTER_TABLE_AUTO;
}

muster_rc file_check(const struct settings *settings)
{
    const char *place = settings->host->text(settings->run, "file_out"), *star = place ? strchr(place, '*') : NULL;
    if (!place || !*place)
        return MUSTER_OK;
    if (strchr(place, '?') || (star && strchr(star + 1, '*')))
        return settings->host->fail(settings->run, MUSTER_CONFIG,
                                    "option 'file_out' may have one * in its name, where the time goes");
    if (format_of(settings, place) == MUSTER_TABLE_AUTO)
        return settings->host->fail(settings->run, MUSTER_CONFIG,
                                    "option 'file_out' does not say what kind of file it is: let it end in .xlsx, "
                                    ".csv, .json or .xml, or say option format");
    return MUSTER_OK;
}

/* The '*' of the option becomes the time, in UTC: 20260302_063000. */
static muster_rc place_make(const struct settings *settings, muster_text *ret_place)
{
    const muster_host *host = settings->host;
    const char *place = host->text(settings->run, "file_out"), *star = place ? strchr(place, '*') : NULL;
    time_t now = (time_t)(host->now_ms(settings->run) / 1000);
    struct tm parts;
    char stamp[32];
    if (!place || !*place)
        return host->fail(settings->run, MUSTER_CONFIG,
                          "option 'file_out' is missing: where the file goes, as in "
                          "sftp://muster@files.acme.example/in/employees_*.xlsx");
    gmtime_r(&now, &parts);
    strftime(stamp, sizeof(stamp), "%Y%m%d_%H%M%S", &parts);
    muster_text_add(ret_place, place, star ? (size_t)(star - place) : strlen(place));
    if (star) {
        muster_text_put(ret_place, stamp);
        muster_text_put(ret_place, star + 1);
    }
    return ret_place->failed ? host->fail(settings->run, MUSTER_FAIL, "no memory for a name") : MUSTER_OK;
}

/* ---- who ---- */

static muster_rc change_keep(struct writing *writing, const muster_change *change)
{
    struct employee employee;
    if (writing->count == writing->room) {
        size_t room = writing->room ? 2 * writing->room : 256;
        const muster_change **changes = realloc(writing->changes, room * sizeof(*changes));
        writing->changes = changes ? changes : writing->changes;
        char **refusals = realloc(writing->refusals, room * sizeof(*refusals));
        writing->refusals = refusals ? refusals : writing->refusals;
        if (!changes || !refusals)
            return no_memory(writing);
        writing->room = room;
    }
    muster_rc rc = employee_make(writing->settings, change, &employee);
    if (rc != MUSTER_OK)
        return rc;
    writing->changes[writing->count] = change;
    writing->refusals[writing->count++] = NULL;
    for (int n = 0; n < LEVELS; n++)
        if (employee.levels[n] && n >= writing->levels)
            writing->levels = n + 1;
    lacking_count(&writing->lacking, &employee);
    employee_done(&employee);
    return MUSTER_OK;
}

/* ---- as a document ---- */

static muster_rc document_write(struct writing *writing, int fd, bool xml)
{
    struct settings *settings = writing->settings;
    const char *mode = settings->host->text(settings->run, "mode");
    muster_text out = {0};
    size_t rows = 0, written = 0;
    muster_rc rc = MUSTER_OK;
    mode = mode && *mode ? mode : "full";
    wire_begin(xml, mode, settings->host->now_ms(settings->run), &out);
    for (size_t n = 0; n < writing->count && rc == MUSTER_OK; n++) {
        struct employee employee, left;
        rc = employee_make(settings, writing->changes[n], &employee);
        if (rc != MUSTER_OK)
            break;
        muster_text_put(&out, rows++ && !xml ? "," : "");
        (xml ? wire_xml : wire_json)(settings, &employee, &out);
        employee_done(&employee);
        if (!employee_left(settings, writing->changes[n], &left))
            continue;
        muster_text_put(&out, rows++ && !xml ? "," : "");
        (xml ? wire_xml : wire_json)(settings, &left, &out);
        employee_done(&left);
    }
    wire_end(xml, mode, &out);
    if (rc == MUSTER_OK && out.failed)
        rc = no_memory(writing);
    while (rc == MUSTER_OK && written < out.len) {
        ssize_t some = write(fd, out.data + written, out.len - written);
        if (some <= 0)
            rc = settings->host->fail(settings->run, MUSTER_FAIL, "the scratch file: %s", strerror(errno));
        else
            written += (size_t)some;
    }
    muster_text_done(&out);
    return rc;
}

/* ---- as a table ---- */

static void column_add(struct writing *writing, enum field field, int level)
{
    struct column *column = &writing->columns[writing->column_count++];
    *column = (struct column){.field = field, .level = level};
    if (field == HIERARCHIES)
        snprintf(column->name, sizeof(column->name), "Hierarchy%d", level + 1);
    else
        snprintf(column->name, sizeof(column->name), "%s", settings_name(writing->settings, field));
}

/* In the order of the mapping; levels where the first of them stands, as many as anybody has. */
static void columns_make(struct writing *writing, const muster_field *fields)
{
    bool levels = false;
    for (; fields->name; fields++) {
        bool level = strncmp(fields->name, "Hierarch", 8) == 0;
        for (int n = 0; level && !levels && n < writing->levels; n++)
            column_add(writing, HIERARCHIES, n);
        levels |= level;
        for (int n = 0; !level && n < FIELDS; n++)
            if (strcmp(poc_fields[n].name, fields->name) == 0 &&
                (n != WORKSTATION_NUMBER || writing->settings->send_workstation))
                column_add(writing, (enum field)n, 0);
    }
}

static muster_rc row_write(struct writing *writing, muster_table_writer *writer, const struct employee *employee,
                           muster_table_error *error)
{
    muster_write_value values[FIELDS + LEVELS];
    for (size_t n = 0; n < writing->column_count; n++) {
        const struct column *column = &writing->columns[n];
        const char *text =
            column->field == HIERARCHIES ? employee->levels[column->level] : employee->values[column->field];
        values[n] = (muster_write_value){.text = text, .len = text ? (uint32_t)strlen(text) : 0};
    }
    return muster_table_write_row(writer, values, writing->column_count, error);
}

static muster_rc change_write(struct writing *writing, muster_table_writer *writer, size_t nth,
                              muster_table_error *error)
{
    struct employee employee, left;
    muster_rc rc = employee_make(writing->settings, writing->changes[nth], &employee);
    if (rc != MUSTER_OK) {
        *error = (muster_table_error){rc, "no memory for what is to be told"};
        return rc;
    }
    rc = row_write(writing, writer, &employee, error);
    employee_done(&employee);
    if (rc == MUSTER_OK && employee_left(writing->settings, writing->changes[nth], &left)) {
        rc = row_write(writing, writer, &left, error);
        employee_done(&left);
    }
    if (rc != MUSTER_DATA)
        return rc;
    writing->refusals[nth] = strdup(error->text); /* the others are in it */
    return writing->refusals[nth] ? MUSTER_OK : MUSTER_FAIL;
}

static muster_rc table_write(struct writing *writing, int fd, const char *place, int32_t format,
                             const muster_field *fields)
{
    const muster_host *host = writing->settings->host;
    muster_run *run = writing->settings->run;
    const char *slash = strrchr(place, '/'), *sheet = host->text(run, "sheet");
    muster_table_error error = {0};
    muster_table_writer *writer = NULL;
    muster_write_column columns[FIELDS + LEVELS];
    muster_write_options options = {.size = sizeof(options),
                                    .format = format,
                                    .flags = MUSTER_WRITE_TEXTS,
                                    .name = slash ? slash + 1 : place,
                                    .sheet = sheet && *sheet ? sheet : NULL,
                                    .expected = writing->count};
    columns_make(writing, fields);
    for (size_t n = 0; n < writing->column_count; n++)
        columns[n] = (muster_write_column){.name = writing->columns[n].name, .type = MUSTER_TEXT};
    muster_rc rc = muster_table_write_open(fd, &options, columns, writing->column_count, &writer, &error);
    for (size_t n = 0; rc == MUSTER_OK && n < writing->count; n++)
        rc = change_write(writing, writer, n, &error);
    if (rc == MUSTER_OK)
        rc = muster_table_write_finish(writer, &error);
    muster_table_write_close(writer);
    return rc == MUSTER_OK ? rc : host->fail(run, rc, "%s", error.text);
}

/* ---- all of it ---- */

/* Without the file none of it was done, and what lay there lies there still. */
static muster_rc all_answer(struct writing *writing, muster_rc rc)
{
    const muster_host *host = writing->settings->host;
    muster_run *run = writing->settings->run;
    muster_rc said = MUSTER_OK;
    for (size_t n = 0; n < writing->count && said == MUSTER_OK; n++)
        said = rc != MUSTER_OK        ? host->refused(run, writing->changes[n], MUSTER_RETRY,
                                                      "the file could not be written: it is tried again by itself")
               : writing->refusals[n] ? host->refused(run, writing->changes[n], MUSTER_DATA, writing->refusals[n])
                                      : host->applied(run, writing->changes[n], NULL);
    return rc != MUSTER_OK ? rc : said;
}

static muster_rc file_store(struct writing *writing, const muster_field *fields, const char *place, int fd)
{
    const muster_host *host = writing->settings->host;
    muster_run *run = writing->settings->run;
    int32_t format = format_of(writing->settings, place);
    bool table = format == MUSTER_TABLE_XLSX || format == MUSTER_TABLE_CSV;
    muster_rc rc = MUSTER_OK;
    if (format == MUSTER_TABLE_AUTO)
        rc = host->fail(run, MUSTER_CONFIG,
                        "option 'file_out' does not say what kind of file to write: let it end in .xlsx, .csv, .json "
                        "or .xml, or say it with option 'format'");
    if (rc == MUSTER_OK)
        rc = table ? table_write(writing, fd, place, format, fields)
                   : document_write(writing, fd, format == MUSTER_TABLE_XML);
    if (rc == MUSTER_OK && lseek(fd, 0, SEEK_SET) != 0)
        rc = host->fail(run, MUSTER_FAIL, "the scratch file: %s", strerror(errno));
    return rc == MUSTER_OK ? host->store(run, place, fd) : rc;
}

muster_rc file_apply(struct settings *settings, const muster_push *push)
{
    const muster_host *host = settings->host;
    struct writing writing = {.settings = settings};
    const muster_change *change = NULL;
    muster_text place = {0};
    int fd = -1;
    muster_rc rc = place_make(settings, &place);
    while (rc == MUSTER_OK && (rc = host->next(settings->run, &change)) == MUSTER_OK && change)
        rc = change_keep(&writing, change);
    if (rc == MUSTER_OK)
        rc = host->scratch(settings->run, &fd);
    if (rc == MUSTER_OK)
        rc = file_store(&writing, push->fields, place.data, fd);
    rc = all_answer(&writing, rc);
    if (rc == MUSTER_OK)
        lacking_tell(&writing.lacking, settings->run);
    if (fd >= 0)
        close(fd);
    writing_done(&writing);
    muster_text_done(&place);
    return rc;
}
