/* material - what is left of a run. */
#include "bundle/material.h"

#include "base/date.h"
#include "base/descriptor.h"
#include "base/jsonobject.h"
#include "base/mem.h"
#include "broker/cassette_file.h"
#include "config/organization.h"
#include "query/horizon.h"
#include "tables/ledger.h"

#include <errno.h>
#include <muster/connector.h>
#include <string.h>

void material_done(struct material *material)
{
    buffer_done(&material->report);
    buffer_done(&material->file);
    buffer_done(&material->cassette);
    buffer_done(&material->before);
}

/* --- the report --- */

struct said {
    struct arena *arena;
    const char *cassette;
    int64_t started_ms;
    bool by_hand;
};

static int report_member(void *context, const struct jsonobject_member *member)
{
    struct said *said = context;
    if (member->type != JSONOBJECT_STRING)
        return 0;
    if (strcmp(member->name, "cassette") == 0)
        said->cassette = arena_copy(said->arena, member->text, member->text_len);
    else if (strcmp(member->name, "started") == 0)
        instant_read(member->text, member->text_len, &said->started_ms);
    said->by_hand |= strcmp(member->name, "verb") == 0;
    return 0;
}

static int report_find(const struct bundle_ask *ask, struct material *material, struct said *ret_said, struct err *err)
{
    const char *why;
    size_t at;
    struct bytes json;
    *ret_said = (struct said){.arena = ask->query->arena};
    if (!query_run(ask->query, ask->run, &json))
        return horizon_no_run(&ask->query->txn, ask->organization, ask->run, err);
    buffer_add(&material->report, json.data, json.len);
    int rc = jsonobject_split(json.data, json.len, report_member, ret_said, &why, &at);
    if (rc == 0 && ret_said->by_hand)
        rc = err_set(err, ERR_UNSUPPORTED,
                     "run %u was a person's decision, for which no source was asked: there is nothing to run again",
                     ask->run);
    const char *name = query_run_connection(ask->query, ask->run);
    if (rc == 0 && !(material->connection = organization_connection(ask->organization, name)))
        rc = err_set(err, ERR_GONE, "run %u was of connection '%s', which %s has no more", ask->run, name,
                     ask->organization->file);
    return rc ? rc : material->report.rc;
}

/* --- recorded --- */

static int recorded(const struct bundle_ask *ask, const char *path, struct material *material, struct err *err)
{
    TIDY(cassette_free) struct cassette *cassette = NULL;
    int rc = cassette_open(path, &cassette, err);
    if (rc != 0)
        return rc;
    const struct cassette_about *about = cassette_about(cassette);
    if (strcmp(about->organization, ask->organization->id) != 0 ||
        strcmp(about->connection, material->connection->name) != 0)
        return err_set(err, ERR_CONFIG, "the cassette %s is of connection '%s' of '%s', run %u was of '%s' of '%s'",
                       path, about->connection, about->organization, ask->run, material->connection->name,
                       ask->organization->id);
    material->from = "recorded";
    rc = descriptor_read_file(path, &material->cassette);
    return rc ? err_set(err, rc, "the cassette %s cannot be read: %s", path, err_text(rc)) : 0;
}

/* --- from the files that it took --- */

/* The rows of the run, of whatever stream: a file that several streams were read from stands once. */
static int ledger_rows(const struct bundle_ask *ask, const struct material *material, struct ledger_row **ret_rows,
                       size_t *ret_count)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor))) = {0};
    const struct streams *streams = &ask->query->streams;
    size_t count = 0, room = 0;
    int rc = 0;
    cursor_open(&cursor, &ask->query->txn, TABLE_file);
    for (size_t i = 0; i < streams->count; i++) {
        const struct stream_name *stream = &streams->items[i];
        bool ours = strcmp(stream->connection_name, material->connection->name) == 0;
        for (bool there = ours && ledger_first(&cursor, stream->number); rc == 0 && there;
             there = cursor_next(&cursor) && ledger_of(&cursor, stream->number)) {
            struct ledger_row row;
            bool known = !ledger_read(&cursor, ask->query->arena, &row) || row.run != ask->run;
            for (size_t n = 0; n < count && !known; n++)
                known = strcmp((*ret_rows)[n].name, row.name) == 0;
            if (!known && (rc = mem_grow(ret_rows, count, &room, sizeof(**ret_rows))) == 0)
                (*ret_rows)[count++] = row;
        }
    }
    *ret_count = count;
    return rc;
}

static int newest_first(const void *a_item, const void *b_item)
{
    const struct ledger_row *a = a_item, *b = b_item;
    return a->mtime_ms != b->mtime_ms ? (a->mtime_ms < b->mtime_ms ? 1 : -1) : strcmp(b->name, a->name);
}

/* Where it was put afterwards, it is fetched; it must be what it was. */
static int file_note(struct files *files, struct cassette *cassette, const struct ledger_row *row, struct err *err)
{
    TIDY(close) int fd = -1;
    const char *place = row->after == MUSTER_ARCHIVE && *row->place ? row->place : row->name;
    uint8_t sha256[32];
    uint64_t size;
    int rc = row->after == MUSTER_REMOVE ? err_set(err, ERR_GONE, "%s was removed after it was read", row->name)
                                         : files_fetch(files, place, "/tmp", &fd, sha256, &size, err);
    if (rc == 0 && memcmp(sha256, row->sha256, sizeof(sha256)) != 0)
        rc = err_set(err, ERR_GONE, "%s is another file by now", place);
    if (rc == 0)
        rc = cassette_fetch_note(cassette, row->name, fd, 0, err);
    const char *slash = strrchr(row->place, '/');
    char *folder = slash ? mem_copy(row->place, (size_t)(slash - row->place)) : NULL;
    const struct cassette_deed deed = {"archive", row->name, folder ? folder : "", -1};
    if (rc == 0 && row->after == MUSTER_ARCHIVE)
        rc = cassette_deed_note(cassette, &deed, row->place, 0, err);
    free(folder);
    return rc;
}

static int files_note(const struct bundle_ask *ask, const struct material *material, struct cassette *cassette,
                      const struct ledger_row *rows, size_t count, struct err *err)
{
    TIDY(files_free) struct files *files = NULL;
    struct file_entry *entries = mem_new(count, sizeof(*entries));
    struct listing listing = {.entries = entries, .count = count};
    const char *place = connection_place(material->connection);
    int rc = entries && place ? files_open(material->connection, NULL, NULL, &files, err) : -ENOMEM;
    for (size_t i = 0; rc == 0 && i < count; i++)
        entries[i] = (struct file_entry){
            .name = arena_text(ask->query->arena, rows[i].name), .size = rows[i].size, .mtime_ms = rows[i].mtime_ms};
    if (rc == 0)
        rc = cassette_list_note(cassette, place, &listing, 0, err);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = file_note(files, cassette, &rows[i], err);
    free(entries);
    return rc;
}

static int from_files(const struct bundle_ask *ask, int64_t now_ms, struct material *material, struct err *err)
{
    TIDY(free) struct ledger_row *rows = NULL;
    TIDY(cassette_free) struct cassette *cassette = NULL;
    const struct cassette_about about = {.organization = ask->organization->id,
                                         .connection = material->connection->name,
                                         .connector = material->connection->connector,
                                         .now_ms = now_ms};
    char path[] = "/tmp/muster-bundle-XXXXXX";
    size_t count;
    int rc = ledger_rows(ask, material, &rows, &count);
    if (rc == 0 && count == 0)
        rc = err_set(err, ERR_GONE,
                     "run %u was not recorded and took no files: `muster sync %s %s --record FILE` notes all that the "
                     "next one is told (and --cassette says where that of this one lies, if it is elsewhere by now)",
                     ask->run, ask->organization->id, material->connection->name);
    if (rc != 0)
        return rc;
    qsort(rows, count, sizeof(*rows), newest_first);
    int fd = mkstemp(path);
    if (fd < 0)
        return err_set(err, -errno, "there is no place for a file in /tmp: %s", err_text(-errno));
    close(fd);
    rc = cassette_record(path, &about, &cassette, err);
    if (rc == 0)
        rc = files_note(ask, material, cassette, rows, count, err);
    if (rc == 0)
        rc = cassette_end(cassette, err);
    if (rc == 0)
        rc = descriptor_read_file(path, &material->cassette);
    unlink(path);
    material->from = "files";
    return rc;
}

static int cassette_find(const struct bundle_ask *ask, const struct said *said, struct material *material,
                         struct err *err)
{
    const char *path = ask->cassette ? ask->cassette : said->cassette;
    return path ? recorded(ask, path, material, err) : from_files(ask, said->started_ms, material, err);
}

/* What was known before the run: what the last one of its connection took, that read anything. If nothing is left of
 * that, an older one would not be what was known. */
static int before_find(const struct bundle_ask *ask, struct material *material)
{
    struct bundle_ask earlier = *ask;
    earlier.cassette = NULL;
    while (--earlier.run > 0) {
        __attribute__((cleanup(material_done))) struct material found = {0};
        struct bundle_came came;
        struct said said;
        struct err err = {0};
        if (strcmp(query_run_connection(ask->query, earlier.run), material->connection->name) != 0 ||
            report_find(&earlier, &found, &said, &err) != 0 ||
            bundle_came(found.report.data, found.report.len, &came) != 0 || came.counts[0].value == 0)
            continue;
        int rc = cassette_find(&earlier, &said, &found, &err);
        if (rc == 0) {
            material->before = found.cassette;
            found.cassette = (struct buffer){0};
            material->before_run = earlier.run;
        }
        return rc == -ENOMEM ? rc : 0;
    }
    return 0;
}

int material_find(const struct bundle_ask *ask, struct material *ret_material, struct err *err)
{
    struct said said;
    int rc = report_find(ask, ret_material, &said, err);
    if (rc == 0 && (rc = descriptor_read_file(ask->organization->path, &ret_material->file)) != 0)
        rc = err_set(err, rc, "%s cannot be read: %s", ask->organization->file, err_text(rc));
    if (rc != 0)
        return rc;
    const muster_connector *connector = connectors_describe(ask->connectors, ret_material->connection->edition, err);
    ret_material->version = connector && connector->version ? connector->version : "";
    rc = cassette_find(ask, &said, ret_material, err);
    return rc == 0 && ask->run > 1 ? before_find(ask, ret_material) : rc;
}
