/* run_rejects - a file for whoever sent a file: their rows that were not taken, in their columns, and what is wrong.
 *
 * Written by the connector that read them, as it writes a target's file; it
 * goes beside the file that the rows came from, over the one of the last time,
 * which goes when nothing is wrong any more. */
#include "engine/running.h"

#include "base/date.h"
#include "base/mem.h"
#include "engine/pickup.h"
#include "engine/rejects.h"
#include "logic/spelling.h"

#include <errno.h>
#include <muster/connector.h>
#include <stdlib.h>
#include <string.h>

enum { BESIDE = 2 /* columns of ours: where, and what is wrong */ };

struct complaint_row {
    size_t row;     /* of the kept ones; 0: it is not kept */
    const char *id; /* of one that is not kept; NULL: none */
    struct buffer where, why;
};

struct rejecting {
    struct run *run;
    struct strand *strand;
    const struct pulled_file *file;
    const char *name; /* of the file that is written, beside theirs */
    struct complaint_row *rows;
    size_t count, room;
    size_t *of_kept; /* kept row → position + 1 in rows */
    const char **names;
    uint8_t *types;
    size_t columns; /* of theirs */
    size_t key;     /* column of the key; columns: none */
    struct lane_cell *cells;
    size_t next;
    bool stored;
    /* what the connector is told of: outlives its lane */
    struct option_value options[4];
    struct connection connection;
    struct run_request request;
};

static void rejecting_done(struct rejecting *rejecting)
{
    for (size_t n = 0; n < rejecting->count; n++) {
        buffer_done(&rejecting->rows[n].where);
        buffer_done(&rejecting->rows[n].why);
    }
    free(rejecting->rows);
    free(rejecting->of_kept);
    free(rejecting->names);
    free(rejecting->types);
    free(rejecting->cells);
}

/* --- what is wrong with which row --- */

static struct complaint_row *row_of(struct rejecting *rejecting, const struct wait_item *item)
{
    struct rejects *rejects = rejecting->strand->pull.rejects;
    size_t kept = item->place ? rejects_find(rejects, item->place) : 0;
    if (kept && rejecting->of_kept[kept])
        return &rejecting->rows[rejecting->of_kept[kept] - 1];
    if (mem_grow(&rejecting->rows, rejecting->count, &rejecting->room, sizeof(*rejecting->rows)) != 0)
        return NULL;
    struct complaint_row *row = &rejecting->rows[rejecting->count++];
    *row = (struct complaint_row){.row = kept, .id = kept ? NULL : item->id};
    if (kept)
        rejecting->of_kept[kept] = rejecting->count;
    return row;
}

static int item_take(struct rejecting *rejecting, const struct wait_item *item)
{
    struct complaint_row *row = row_of(rejecting, item);
    if (!row)
        return -ENOMEM;
    const struct pull *pull = &rejecting->strand->pull;
    if (item->place && *item->place)
        buffer_format(&row->where, "%s%s", row->where.len ? ", " : "", item->place);
    buffer_text(&row->why, row->why.len ? "; " : "");
    if (item->text && *item->text)
        buffer_format(&row->why, "\"%s\": ", item->text);
    spelling_sentence(pull->connection, pull->mapping->stream, item->field, item->reason, &row->why);
    return row->where.rc ? row->where.rc : row->why.rc;
}

static int items_take(struct rejecting *rejecting)
{
    const struct wait_list *waits = &rejecting->strand->waits;
    int rc = 0;
    for (size_t n = 0; rc == 0 && n < waits->count; n++) {
        const struct wait_item *item = &waits->items[n];
        const struct pulled_file *of = pull_file_of(&rejecting->strand->pull, item->place);
        if (item->type == WAIT_DEAD && of && strcmp(of->name, rejecting->file->name) == 0)
            rc = item_take(rejecting, item);
    }
    return rc;
}

/* --- their columns and ours --- */

static const char *own_name(struct rejecting *rejecting, const char *name)
{
    for (size_t n = 0; n < rejecting->columns; n++)
        if (strcmp(rejecting->names[n], name) == 0)
            return own_name(rejecting, arena_format(rejecting->run->arena, "%s*", name));
    return name;
}

static int columns_make(struct rejecting *rejecting)
{
    const struct mapping *mapping = rejecting->strand->pull.mapping;
    const char *const *names = rejects_columns(rejecting->strand->pull.rejects, &rejecting->columns);
    size_t count = rejecting->columns + BESIDE;
    rejecting->names = mem_new(count, sizeof(*rejecting->names));
    rejecting->types = mem_new(count, 1);
    rejecting->cells = mem_new(count, sizeof(*rejecting->cells));
    if (!rejecting->names || !rejecting->types || !rejecting->cells)
        return -ENOMEM;
    rejecting->key = rejecting->columns;
    for (size_t n = 0; n < rejecting->columns; n++) {
        rejecting->names[n] = names[n];
        if (mapping->key_count == 1 && strcmp(mapping->columns[mapping->key[0]], names[n]) == 0)
            rejecting->key = n;
    }
    memset(rejecting->types, MUSTER_TEXT, count);
    rejecting->names[rejecting->columns] = own_name(rejecting, "Where");
    rejecting->names[rejecting->columns + 1] = own_name(rejecting, "What is wrong");
    return 0;
}

/* --- the talk --- */

static struct lane_cell text_cell(const char *text, size_t len)
{
    return (struct lane_cell){len ? PRESENCE_VALUE : PRESENCE_NULL, true, (uint32_t)len, text};
}

static void row_cells(struct rejecting *rejecting, const struct complaint_row *row)
{
    for (size_t n = 0; n < rejecting->columns; n++)
        rejecting->cells[n] = text_cell("", 0);
    if (row->row) {
        struct rejected kept = rejects_nth(rejecting->strand->pull.rejects, row->row);
        for (size_t n = 0; n < kept.count; n++)
            if (kept.cells[n].presence == PRESENCE_VALUE)
                rejecting->cells[n] = text_cell(kept.cells[n].bytes, kept.cells[n].len);
    } else if (row->id && rejecting->key < rejecting->columns) {
        rejecting->cells[rejecting->key] = text_cell(row->id, strlen(row->id));
    }
    rejecting->cells[rejecting->columns] = text_cell(row->where.data, row->where.len);
    rejecting->cells[rejecting->columns + 1] = text_cell(row->why.data, row->why.len);
}

static int give_rows(void *context, struct lane_batch *batch)
{
    struct rejecting *rejecting = context;
    int rc = 0;
    for (; rc == 0 && rejecting->next < rejecting->count && !lane_batch_full(batch); rejecting->next++) {
        char key[32];
        snprintf(key, sizeof(key), "row-%zu", rejecting->next + 1);
        row_cells(rejecting, &rejecting->rows[rejecting->next]);
        struct lane_change change = {
            .nth = (uint32_t)rejecting->next, .op = MUSTER_CREATE, .key = key, .after = rejecting->cells};
        rc = lane_batch_add(batch, &change);
        rc = rc == ERR_DATA ? 0 : rc; /* a zero byte in it: nobody can read that */
    }
    return rc;
}

static int take_applied(void *context, uint32_t nth, const char *remote_id)
{
    (void)context, (void)nth, (void)remote_id;
    return 0;
}

static int take_refused(void *context, uint32_t nth, muster_rc rc, const char *why)
{
    (void)context, (void)nth, (void)rc, (void)why;
    return 0;
}

static int take_stored(void *context, const char *name, int fd, struct err *err)
{
    struct rejecting *rejecting = context;
    (void)name; /* it is ours to say where */
    int rc = files_beside_store(rejecting->run->files, rejecting->file->name, rejecting->name, fd, err);
    rejecting->stored |= rc == 0;
    return rc;
}

/* The same connector, that knows of nothing but a file to be written. */
static int lane_open(struct rejecting *rejecting, struct lane **ret_lane, struct err *err)
{
    static const char *const kept[] = {"delimiter", "encoding"};
    struct run *run = rejecting->run;
    const struct run_request *request = run->request;
    struct connection *connection = &rejecting->connection;
    const char *slash = strrchr(rejecting->name, '/');
    rejecting->request = *request;
    rejecting->request.connection = connection;
    *connection = *request->connection;
    connection->options = rejecting->options;
    connection->option_count = 2;
    rejecting->options[1] = (struct option_value){.name = "sheet", .text = "Rejects"};
    rejecting->options[0] = (struct option_value){
        .name = "location", .text = arena_format(run->arena, "/%s", slash ? slash + 1 : rejecting->name)};
    if (!rejecting->options[0].text)
        return -ENOMEM;
    for (size_t n = 0; n < sizeof(kept) / sizeof(kept[0]); n++) {
        const char *text = connection_option(request->connection, kept[n]);
        if (text && strcmp(text, "auto") != 0)
            rejecting->options[connection->option_count++] = (struct option_value){.name = kept[n], .text = text};
    }
    return run_lane(&rejecting->request, run->dir, ret_lane, err);
}

static int rows_write(struct rejecting *rejecting, struct err *err)
{
    TIDY(lane_stop) struct lane *lane = NULL;
    struct lane_result result;
    struct lane_sink sink = {.context = rejecting,
                             .next = give_rows,
                             .applied = take_applied,
                             .refused = take_refused,
                             .store = take_stored};
    struct lane_push told = {.partition = "main",
                             .stream = "rejects",
                             .snapshot = true,
                             .fields = {rejecting->columns + BESIDE, rejecting->names, rejecting->types}};
    int rc = lane_open(rejecting, &lane, err);
    if (rc == 0)
        rc = lane_apply(lane, &told, &sink, &result, err);
    if (rc == 0 && (result.rc < 0 || !rejecting->stored))
        rc = err_set(err, ERR_CONNECTOR, "the rows that were not taken could not be written to %s: %s", rejecting->name,
                     result.rc < 0 && result.text[0] ? result.text : "the connector wrote nothing");
    return rc;
}

int run_rejects(struct run *run, struct strand *strand, const struct pulled_file *file, const char *pattern,
                struct err *err)
{
    struct rejecting rejecting __attribute__((cleanup(rejecting_done))) = {.run = run, .strand = strand, .file = file};
    char day[25];
    instant_write(run->now_ms, day);
    day[10] = '\0';
    char *name __attribute__((cleanup(tidy_free))) = pickup_companion(pattern, file->name, day, run->report->run);
    struct rejects *rejects = strand->pull.rejects;
    int rc = name ? rejects_rc(rejects) : -ENOMEM;
    rejecting.name = name;
    if (rc == 0 && !(rejecting.of_kept = mem_new(rejects_count(rejects) + 1, sizeof(*rejecting.of_kept))))
        rc = -ENOMEM;
    if (rc == 0)
        rc = items_take(&rejecting);
    if (rc == 0 && rejecting.count == 0) { /* nothing is wrong any more */
        rc = files_beside_remove(run->files, file->name, name, err);
        if (rc == ERR_GONE) {
            rc = 0;
            *err = (struct err){0};
        }
        return rc;
    }
    if (rc == 0)
        rc = columns_make(&rejecting);
    return rc ? rc : rows_write(&rejecting, err);
}
