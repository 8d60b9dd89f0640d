/* seats_file - the file in which P.O.C gives workstation numbers back: a workbook or CSV, the newest that lies there.
 */
#include "poc.h"

#include <muster/table.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct reading {
    struct settings *settings;
    muster_table *table;
    const muster_header *header;
    uint64_t rows;
};

static const char *option(const struct settings *settings, const char *name)
{
    const char *text = settings->host->text(settings->run, name);
    return text ? text : "";
}

/* Columns keep their own names; one without a name is called by its letter. */
static muster_rc columns_tell(const struct reading *reading)
{
    const muster_host *host = reading->settings->host;
    size_t count = reading->header->count;
    const char **names = calloc(count + 1, sizeof(*names)), **places = calloc(count + 1, sizeof(*places));
    char(*letters)[8] = calloc(count + 1, sizeof(*letters)), (*unnamed)[24] = calloc(count + 1, sizeof(*unnamed));
    muster_rc rc = MUSTER_FAIL;
    if (names && places && letters && unnamed) {
        for (size_t n = 0; n < count; n++) {
            muster_column_name((uint32_t)n, letters[n]);
            snprintf(unnamed[n], sizeof(unnamed[n]), "column %s", letters[n]);
            names[n] = reading->header->names[n][0] ? reading->header->names[n] : unnamed[n];
            places[n] = letters[n];
        }
        rc = host->columns(reading->settings->run, SEATS_FILE, names, places, count);
    }
    free(names);
    free(places);
    free(letters);
    free(unnamed);
    return rc;
}

static bool blank(const muster_row *row)
{
    for (size_t n = 0; n < row->count; n++)
        if (strspn(row->cells[n].text, " \t") < row->cells[n].len)
            return false;
    return !row->why;
}

static muster_rc row_give(const struct reading *reading, const muster_row *row)
{
    const muster_host *host = reading->settings->host;
    muster_run *run = reading->settings->run;
    const char *sheet = muster_table_sheet_name(reading->table);
    char place[200];
    snprintf(place, sizeof(place), "%.100s%s%s%llu", sheet ? sheet : "line ", sheet ? "!" : "",
             sheet && !row->why ? "*" : "", (unsigned long long)row->number);
    if (row->why)
        return host->reject(run, SEATS_FILE, NULL, place, row->why);
    muster_record *record = host->record(run, SEATS_FILE, NULL, place);
    for (size_t n = 0; record && n < row->count; n++) {
        const muster_cell *cell = &row->cells[n];
        if (cell->column >= reading->header->count || cell->len == 0)
            continue;
        bool none = strcmp(cell->text, reading->settings->none) == 0;
        host->put_nth(record, cell->column, none ? MUSTER_TEXT : cell->type, none ? "" : cell->text,
                      none ? 0 : cell->len);
    }
    return host->emit(run, record);
}

static muster_rc rows_give(struct reading *reading, uint64_t limit)
{
    const muster_host *host = reading->settings->host;
    muster_table_error error = {0};
    const muster_row *row;
    muster_rc rc = muster_table_header(reading->table, 1, &reading->header, &error);
    if (rc == MUSTER_OK && (rc = columns_tell(reading)) != MUSTER_OK)
        return rc;
    while (rc == MUSTER_OK && (limit == 0 || reading->rows < limit)) {
        if (reading->rows % 256 == 0 && host->cancelled(reading->settings->run))
            return MUSTER_CANCELLED;
        rc = muster_table_next(reading->table, &row, &error);
        if (rc != MUSTER_OK || !row)
            break;
        if (blank(row))
            continue;
        muster_rc given = row_give(reading, row);
        if (given != MUSTER_OK && given != MUSTER_DATA) /* DATA: the host has rejected this one itself */
            return given;
        reading->rows++;
    }
    return rc == MUSTER_OK ? rc : host->fail(reading->settings->run, rc, "%s", error.text);
}

static muster_rc file_read(struct settings *settings, const char *name, int fd, const muster_pull *pull)
{
    const muster_host *host = settings->host;
    struct reading reading = {.settings = settings};
    const char *slash = strrchr(name, '/');
    muster_table_options options = {.size = sizeof(options), .name = slash ? slash + 1 : name};
    muster_table_error error = {0};
    muster_rc rc = muster_table_open(fd, &options, &reading.table, &error);
    if (rc != MUSTER_OK)
        return host->fail(settings->run, rc, "%s", error.text);
    rc = rows_give(&reading, pull->limit);
    muster_table_close(reading.table);
    if (rc != MUSTER_OK)
        return rc;
    return pull->limit > 0 && reading.rows >= pull->limit ? host->partial(settings->run, "only a sample was asked for")
                                                          : host->complete(settings->run, reading.rows);
}

static muster_rc put_away(const struct settings *settings, const char *name)
{
    const char *what = option(settings, "after_read"), *to = option(settings, "archive_to");
    bool archive = strcmp(what, "archive") == 0;
    if (!archive && strcmp(what, "delete") != 0)
        return MUSTER_OK;
    return settings->host->afterwards(settings->run, name, archive ? MUSTER_ARCHIVE : MUSTER_REMOVE,
                                      archive ? to : NULL);
}

muster_rc seats_pull_file(struct settings *settings, const muster_pull *pull)
{
    const muster_host *host = settings->host;
    const char *place = option(settings, "file_in"), *found = NULL;
    uint64_t size;
    int64_t mtime;
    int fd = -1;
    if (*place == '\0')
        return host->fail(settings->run, MUSTER_CONFIG,
                          "option 'file_in' is missing: where P.O.C puts its files, as in "
                          "sftp://muster@files.acme.example/out/workstations_*.xlsx");
    muster_rc rc = host->list(settings->run, place, 0, &found, &size, &mtime);
    /* Where files are put away, no file is no news; without any before, or where they stay, it is a mistake. */
    if (rc == MUSTER_GONE && strcmp(option(settings, "after_read"), "keep") != 0 && host->unchanged(settings->run))
        return MUSTER_SAME;
    char *name = rc == MUSTER_OK ? strdup(found) : NULL;
    if (rc == MUSTER_OK)
        rc = name ? host->fetch(settings->run, name, &fd) : MUSTER_FAIL;
    if (rc == MUSTER_OK && pull->limit == 0)
        rc = put_away(settings, name);
    if (rc == MUSTER_OK && host->unchanged(settings->run))
        rc = MUSTER_SAME;
    else if (rc == MUSTER_OK)
        rc = file_read(settings, name, fd, pull);
    if (fd >= 0)
        close(fd);
    free(name);
    return rc;
}
