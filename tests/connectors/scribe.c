/* scribe - a connector that writes a table with the kit, reads it again and gives its rows: what works behind the
 * fence. The stream is the file's name; its ending is the format, and a .csv is GB18030. */
#include <muster/table_write.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const muster_write_column columns[] = {{.name = "Number", .type = MUSTER_TEXT},
                                              {.name = "Start", .type = MUSTER_DATE}};

static muster_rc written(int fd, const muster_write_options *options, muster_table_error *error)
{
    muster_table_writer *writer = NULL;
    muster_rc rc = muster_table_write_open(fd, options, columns, 2, &writer, error);
    for (int n = 0; n < 3 && rc == MUSTER_OK; n++) {
        static const char *const numbers[] = {"007", "\u674e", "9"}, *const days[] = {"2026-05-01", "", "2026-05-03"};
        muster_write_value values[] = {{.text = numbers[n], .len = (uint32_t)strlen(numbers[n])},
                                       {.text = days[n], .len = (uint32_t)strlen(days[n])}};
        rc = muster_table_write_row(writer, values, 2, error);
    }
    if (rc == MUSTER_OK)
        rc = muster_table_write_finish(writer, error);
    muster_table_write_close(writer);
    return rc;
}

static void give(muster_run *run, const char *stream, const muster_row *row)
{
    char place[20];
    snprintf(place, sizeof(place), "%llu", (unsigned long long)row->number);
    muster_record *record = run->host->record(run, stream, place, NULL);
    for (size_t n = 0; n < row->count; n++)
        run->host->put(record, columns[row->cells[n].column % 2].name, row->cells[n].type, row->cells[n].text);
    run->host->emit(run, record);
}

static muster_rc pull(muster_run *run, void *self, const muster_pull *asked)
{
    const muster_host *host = run->host;
    bool csv = strstr(asked->stream, ".csv") != NULL;
    muster_write_options options = {.size = sizeof(options),
                                    .format = csv ? MUSTER_TABLE_CSV : MUSTER_TABLE_XLSX,
                                    .name = asked->stream,
                                    .encoding = "gb18030",
                                    .expected = asked->limit};
    muster_table_options reading = {.size = sizeof(reading), .name = asked->stream, .encoding = "iso-8859-1"};
    muster_table_error error = {0};
    muster_table *table = NULL;
    const muster_row *row = NULL;
    int fd;
    (void)self;
    muster_rc rc = host->scratch(run, &fd);
    if (rc != MUSTER_OK)
        return rc;
    rc = written(fd, &options, &error);
    if (rc == MUSTER_OK)
        rc = muster_table_open(fd, &reading, &table, &error);
    while (rc == MUSTER_OK && (rc = muster_table_next(table, &row, &error)) == MUSTER_OK && row)
        give(run, asked->stream, row);
    muster_table_close(table);
    close(fd);
    return rc == MUSTER_OK ? host->partial(run, "a test") : host->fail(run, rc, "%s", error.text);
}

static const muster_stream streams[] = {
    {"out.xlsx", "A workbook.", NULL, NULL, NULL, NULL, NULL, MUSTER_READ_FULL, MUSTER_BY_ABSENCE, 0},
    {"out.csv", "A text.", NULL, NULL, NULL, NULL, NULL, MUSTER_READ_FULL, MUSTER_BY_ABSENCE, 0},
    {NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0}};

MUSTER_CONNECTOR(scribe, .version = "1", .summary = "Writes tables for a test.", .streams = streams, .pull = pull)
