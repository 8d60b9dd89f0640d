/* part - one file of a set: CSV as the platform reads it, in a zip when it is large. */
#include "companyiq.h"

#include <muster/table_write.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>

enum { CELL_WHY = 300 };

void part_done(struct part *part)
{
    if (part->fd >= 0)
        close(part->fd);
    part->fd = -1;
}

/* --- columns --- */

static bool column_add(struct lookup_set *set, const char *name, size_t len, const char *header)
{
    char **names = realloc(set->names, (set->column_count + 1) * sizeof(*names));
    if (names)
        set->names = names;
    char **headers = realloc(set->headers, (set->column_count + 1) * sizeof(*headers));
    if (headers)
        set->headers = headers;
    if (!names || !headers)
        return false;
    names[set->column_count] = strndup(name, len);
    headers[set->column_count] = strdup(header);
    set->column_count++;
    return names[set->column_count - 1] && headers[set->column_count - 1];
}

/* "Base", or "Base=Basic pay". */
static bool column_said(struct lookup_set *set, const char *text)
{
    const char *equal = strchr(text, '=');
    return column_add(set, text, equal ? (size_t)(equal - text) : strlen(text), equal ? equal + 1 : text);
}

static bool columns_said(struct lookup_set *set, size_t module)
{
    const struct companyiq *companyiq = set->companyiq;
    char name[80];
    snprintf(name, sizeof(name), "modules[%zu].columns", module);
    for (size_t n = 0, count = companyiq->host->count(companyiq->run, name); n < count; n++) {
        snprintf(name, sizeof(name), "modules[%zu].columns[%zu]", module, n);
        if (!column_said(set, companyiq_option(companyiq, name)))
            return false;
    }
    return true;
}

static muster_document *values_read(const struct lookup_set *set, const struct lookup_row *row)
{
    const char *why, *text = set->companyiq->host->get(row->change->after, "values");
    return text ? muster_document_read(text, strlen(text), &why) : NULL;
}

/* Where a column of that name stands; `likely` is looked at first: rows are much alike. */
static size_t column_of(const struct lookup_set *set, const char *name, size_t likely)
{
    if (likely < set->column_count && strcmp(set->names[likely], name) == 0)
        return likely;
    for (size_t n = 0; n < set->column_count; n++)
        if (strcmp(set->names[n], name) == 0)
            return n;
    return set->column_count;
}

/* All that any row has, in the order in which they come. */
static bool columns_gather(struct lookup_set *set)
{
    for (size_t n = 0; n < set->count; n++) {
        size_t likely = 0;
        if (row_leaves(&set->rows[n]))
            continue;
        muster_document *values = values_read(set, &set->rows[n]);
        bool good = true;
        for (const muster_node *node = muster_node_first(muster_document_root(values)); node && good; node = node->next)
            if (node->name && column_of(set, node->name, likely++) == set->column_count)
                good = column_add(set, node->name, strlen(node->name), node->name);
        muster_document_free(values);
        if (!good)
            return false;
    }
    return true;
}

bool columns_find(struct lookup_set *set)
{
    const struct companyiq *companyiq = set->companyiq;
    char name[60];
    for (size_t n = 0, count = companyiq->host->count(companyiq->run, "modules"); n < count; n++) {
        snprintf(name, sizeof(name), "modules[%zu].name", n);
        if (strcmp(companyiq_option(companyiq, name), set->module) == 0 && !columns_said(set, n))
            return false;
    }
    return set->column_count > 0 || columns_gather(set);
}

/* --- rows --- */

struct writing {
    struct lookup_set *set;
    muster_table_writer *writer;
    muster_write_value *values; /* the employee, then the columns */
};

/* NULL: the values are there; else why they cannot be written. */
static const char *values_take(struct writing *writing, const muster_document *document, char why[CELL_WHY])
{
    const struct lookup_set *set = writing->set;
    const muster_node *root = muster_document_root(document);
    size_t likely = 0;
    if (!root || root->kind != MUSTER_NODE_OBJECT)
        return "values is no object of columns: the mapping makes one by values: { columns: [A, B] }";
    for (const muster_node *node = muster_node_first(root); node; node = node->next) {
        size_t at = column_of(set, node->name ? node->name : "", likely++);
        if (at == set->column_count)
            continue; /* option modules does not name it */
        if (node->kind == MUSTER_NODE_LIST || node->kind == MUSTER_NODE_OBJECT) {
            snprintf(why, CELL_WHY, "column '%.100s' of values is no single value", node->name);
            return why;
        }
        writing->values[1 + at] = (muster_write_value){.text = node->text, .len = node->text ? (uint32_t)node->len : 0};
    }
    return NULL;
}

/* Adds the row. MUSTER_RETRY: it does not fit any more. */
static muster_rc row_write(struct writing *writing, struct lookup_row *row, char ret_why[CODE_WHY])
{
    struct lookup_set *set = writing->set;
    const char *employee = set->companyiq->host->get(row->change->after, "employeeId");
    muster_document *document = values_read(set, row);
    muster_table_error error = {0};
    char cell[CELL_WHY];
    memset(writing->values, 0, (set->column_count + 1) * sizeof(*writing->values));
    writing->values[0] = (muster_write_value){.text = employee, .len = employee ? (uint32_t)strlen(employee) : 0};
    const char *why =
        !employee || !*employee ? "employeeId is empty: nobody could look it up" : values_take(writing, document, cell);
    muster_rc rc = MUSTER_DATA;
    if (!why)
        rc = muster_table_write_row(writing->writer, writing->values, set->column_count + 1, &error);
    muster_document_free(document);
    if (rc == MUSTER_DATA)
        row_refuse(row, MUSTER_DATA, why ? why : error.text);
    else if (rc != MUSTER_OK && rc != MUSTER_RETRY)
        snprintf(ret_why, CODE_WHY, "%s", error.text);
    return rc == MUSTER_DATA ? MUSTER_OK : rc;
}

/* Rows until the file is full, or there are no more. */
static muster_rc rows_write(struct writing *writing, struct part *part, char ret_why[CODE_WHY])
{
    struct lookup_set *set = writing->set;
    for (part->until = part->from; part->until < set->count; part->until++) {
        struct lookup_row *row = &set->rows[part->until];
        if (row_leaves(row))
            continue;
        muster_rc rc = row_write(writing, row, ret_why);
        if (rc == MUSTER_RETRY && part->lines > 0)
            return MUSTER_OK;
        if (rc == MUSTER_RETRY)
            row_refuse(row, MUSTER_DATA, "this row alone is more than a file may have (option file_max)");
        else if (rc != MUSTER_OK)
            return rc;
        if (!row->why)
            row->line = ++part->lines;
    }
    return MUSTER_OK;
}

/* --- the file --- */

static muster_rc file_write(struct lookup_set *set, struct part *part, char ret_why[CODE_WHY])
{
    const struct companyiq *companyiq = set->companyiq;
    const char *encoding = companyiq_option(companyiq, "csv_encoding");
    struct writing writing = {.set = set};
    muster_table_error error = {0};
    size_t count = set->column_count + 1;
    muster_write_column *columns = calloc(count, sizeof(*columns));
    muster_write_options options = {.size = sizeof(options),
                                    .format = MUSTER_TABLE_CSV,
                                    .flags = strcmp(encoding, "utf-8-bom") == 0 ? MUSTER_WRITE_MARK : 0,
                                    .name = part->name,
                                    .encoding = strcmp(encoding, "gb18030") == 0 ? encoding : "utf-8",
                                    .most = (uint64_t)companyiq->host->number(companyiq->run, "file_max")};
    writing.values = calloc(count, sizeof(*writing.values));
    muster_rc rc = columns && writing.values ? MUSTER_OK : MUSTER_FAIL;
    snprintf(ret_why, CODE_WHY, "%s", rc == MUSTER_OK ? "" : "no memory for a lookup file");
    for (size_t n = 0; rc == MUSTER_OK && n < count; n++)
        columns[n] = (muster_write_column){
            .name = n == 0 ? companyiq_option(companyiq, "key_column") : set->headers[n - 1], .type = MUSTER_TEXT};
    if (rc == MUSTER_OK)
        rc = muster_table_write_open(part->fd, &options, columns, count, &writing.writer, &error);
    if (rc == MUSTER_OK && (rc = rows_write(&writing, part, ret_why)) == MUSTER_OK)
        rc = muster_table_write_finish(writing.writer, &error);
    if (rc != MUSTER_OK && !*ret_why)
        snprintf(ret_why, CODE_WHY, "%s", error.text);
    muster_table_write_close(writing.writer);
    free(writing.values);
    free(columns);
    return rc;
}

static bool all_read(int fd, char *bytes, size_t size)
{
    for (size_t have = 0; have < size;) {
        ssize_t got = pread(fd, bytes + have, size - have, (off_t)have);
        if (got <= 0)
            return false;
        have += (size_t)got;
    }
    return true;
}

static bool all_write(int fd, const char *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t put = pwrite(fd, bytes + done, size - done, (off_t)done);
        if (put <= 0)
            return false;
        done += (size_t)put;
    }
    return true;
}

/* A zip with these bytes as its only file, in memory. NULL: it cannot be made. */
static zip_source_t *zip_make(const char *name, char *bytes, size_t size)
{
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *into = zip_source_buffer_create(NULL, 0, 0, &error);
    zip_t *archive = into ? zip_open_from_source(into, ZIP_CREATE | ZIP_TRUNCATE, &error) : NULL;
    if (archive)
        zip_source_keep(into);
    zip_source_t *from = archive ? zip_source_buffer(archive, bytes, size, 0) : NULL;
    zip_int64_t at = from ? zip_file_add(archive, name, from, ZIP_FL_ENC_UTF_8) : -1;
    if (from && at < 0)
        zip_source_free(from);
    bool made = at >= 0 && zip_file_set_dostime(archive, (zip_uint64_t)at, 0, 0x21, 0) == 0 && zip_close(archive) == 0;
    if (archive && !made)
        zip_discard(archive);
    if (into && !made)
        zip_source_free(into);
    zip_error_fini(&error);
    return made ? into : NULL;
}

/* The zip's bytes take the place of the file's. */
static bool zip_keep(zip_source_t *made, int fd)
{
    zip_stat_t stat;
    bool good = zip_source_stat(made, &stat) == 0 && zip_source_open(made) == 0;
    char *bytes = good ? malloc(stat.size + 1) : NULL;
    good = bytes && zip_source_read(made, bytes, stat.size) == (zip_int64_t)stat.size;
    good = good && ftruncate(fd, 0) == 0 && all_write(fd, bytes, stat.size);
    free(bytes);
    return good;
}

static bool file_pack(struct part *part, size_t size)
{
    char *bytes = malloc(size);
    zip_source_t *made = bytes && all_read(part->fd, bytes, size) ? zip_make(part->name, bytes, size) : NULL;
    bool good = made && zip_keep(made, part->fd);
    if (made) {
        zip_source_close(made);
        zip_source_free(made);
    }
    free(bytes);
    return good;
}

/* "SAL01-2026-10.csv", "SAL01-2026-10-2.csv"; of the code what is a file's name everywhere. */
static void name_make(const struct lookup_set *set, unsigned nth, char ret_name[120])
{
    char code[60], number[16] = "";
    size_t len = 0;
    for (const char *at = set->code; *at && len < sizeof(code) - 1; at++)
        code[len++] =
            (*at >= '0' && *at <= '9') || (*at >= 'A' && *at <= 'Z') || (*at >= 'a' && *at <= 'z') ? *at : '_';
    code[len] = '\0';
    if (nth > 0)
        snprintf(number, sizeof(number), "-%u", nth + 1);
    snprintf(ret_name, 120, "%s-%s%s.csv", code, set->period, number);
}

muster_rc part_make(struct lookup_set *set, size_t from, unsigned nth, struct part *ret_part, char ret_why[CODE_WHY])
{
    const struct companyiq *companyiq = set->companyiq;
    *ret_part = (struct part){.fd = -1, .from = from, .until = from, .type = "text/csv"};
    name_make(set, nth, ret_part->name);
    muster_rc rc = companyiq->host->scratch(companyiq->run, &ret_part->fd);
    if (rc != MUSTER_OK)
        snprintf(ret_why, CODE_WHY, "there is no room for a lookup file on this machine");
    if (rc == MUSTER_OK)
        rc = file_write(set, ret_part, ret_why);
    if (rc != MUSTER_OK)
        return rc;
    off_t size = lseek(ret_part->fd, 0, SEEK_END);
    if (size > companyiq->host->number(companyiq->run, "zip_above")) {
        if (!file_pack(ret_part, (size_t)size)) {
            snprintf(ret_why, CODE_WHY, "%s cannot be packed: there is no memory or no room for it", ret_part->name);
            return MUSTER_FAIL;
        }
        memcpy(strrchr(ret_part->name, '.'), ".zip", sizeof(".zip"));
        ret_part->type = "application/zip";
    }
    return MUSTER_OK;
}
