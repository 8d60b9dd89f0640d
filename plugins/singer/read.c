/* read - a pull: the tap runs for one stream, and what it said counts once it has ended with 0.
 *
 * Who is missing is concluded only from a reading that was a full one by the tap's own word, or the organization's
 * file's, and began without a state. A state is kept with the records before it, and given back the next time. */
#include "singer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { STATE_MOST = 1 << 20 };

struct reading {
    struct singer *singer;
    const muster_pull *asked;
    struct choice choice;
    struct tap tap;
    struct spool spool;
    muster_document *described; /* the line with the schema that counts */
    const muster_node *keys;
    struct schema schema;
    muster_text state, key, version, active;
    bool resumed;    /* it was given a state */
    bool versions;   /* its records have several */
    bool activated;  /* after the last record it said that they are all there is */
    bool sample;     /* as many as were wanted: nothing is claimed */
    uint64_t others; /* records of streams that nobody asked for */
    uint64_t count;
};

static muster_rc wrong(struct reading *reading, const char *what)
{
    struct singer *singer = reading->singer;
    return singer->host->fail(singer->run, MUSTER_DATA, "line %llu of what the tap wrote %s",
                              (unsigned long long)reading->tap.lines, what);
}

static void text_set(muster_text *text, const char *what)
{
    muster_text_clear(text);
    muster_text_put(text, what ? what : "");
}

static bool same_keys(const muster_node *a, const muster_node *b)
{
    const muster_node *one = muster_node_first(a), *other = muster_node_first(b);
    for (; one && other; one = one->next, other = other->next)
        if (!one->text || !other->text || strcmp(one->text, other->text) != 0)
            return false;
    return !one && !other;
}

/* ---- messages ---- */

/* Takes the document over where it is kept. */
static muster_rc schema_message(struct reading *reading, muster_document **document)
{
    const muster_node *root = muster_document_root(*document), *json = muster_node_member(root, "schema");
    const muster_node *keys = muster_node_member(root, "key_properties");
    if (!json || json->kind != MUSTER_NODE_OBJECT)
        return wrong(reading, "is a SCHEMA without a schema");
    if (keys && keys->kind != MUSTER_NODE_LIST)
        return wrong(reading, "is a SCHEMA whose key_properties are no list");
    if (reading->described && !same_keys(keys, reading->keys))
        return wrong(reading, "is a SCHEMA with another key than before");
    schema_done(&reading->schema);
    if (!schema_read(json, &reading->schema))
        return reading->singer->host->fail(reading->singer->run, MUSTER_FAIL, "no memory");
    muster_document_free(reading->described);
    reading->described = *document;
    reading->keys = keys;
    *document = NULL;
    return MUSTER_OK;
}

static muster_rc reject(struct reading *reading, const char *why)
{
    char place[40];
    struct singer *singer = reading->singer;
    snprintf(place, sizeof(place), "line %llu", (unsigned long long)reading->tap.lines);
    reading->count++;
    return singer->host->reject(singer->run, reading->asked->stream, NULL, place, why);
}

static muster_rc record_message(struct reading *reading, const muster_node *root, const char *line, size_t len)
{
    const muster_node *record = muster_node_member(root, "record");
    const char *version = muster_node_text(muster_node_member(root, "version")), *lacks = "";
    char why[200];
    if (!reading->described)
        return wrong(reading, "is a RECORD before the SCHEMA of its stream");
    reading->activated = false;
    if (reading->spool.count == 0)
        text_set(&reading->version, version);
    else if (strcmp(version ? version : "", reading->version.data ? reading->version.data : "") != 0)
        reading->versions = true;
    if (!record || record->kind != MUSTER_NODE_OBJECT)
        return reject(reading, "its record is no object");
    if (!record_utf8(line, len))
        return reject(reading, "it is no UTF-8");
    bool keyed = muster_node_first(reading->keys) != NULL;
    if (keyed && !record_key(record, reading->keys, &reading->key, &lacks)) {
        snprintf(why, sizeof(why), "it lacks its key '%.100s'", lacks);
        return reject(reading, record_utf8(why, strlen(why)) ? why : "it lacks its key");
    }
    reading->tap.progress++;
    muster_rc rc =
        spool_add(reading->singer, &reading->spool, keyed ? reading->key.data : NULL, line, len, reading->tap.lines);
    uint64_t there = reading->spool.keyed ? reading->spool.keyed : reading->spool.count;
    reading->sample = reading->asked->limit > 0 && there >= reading->asked->limit;
    return rc;
}

static muster_rc state_message(struct reading *reading, const muster_node *root)
{
    const muster_node *value = muster_node_member(root, "value");
    if (!value)
        return wrong(reading, "is a STATE without a value");
    muster_text_clear(&reading->state);
    if (value->kind != MUSTER_NODE_NULL)
        muster_node_json(value, &reading->state);
    if (reading->state.len > STATE_MOST)
        return wrong(reading, "is a STATE of more than 1 MiB");
    return record_utf8(reading->state.data ? reading->state.data : "", reading->state.len)
               ? MUSTER_OK
               : wrong(reading, "is a STATE that is no UTF-8");
}

static muster_rc activate_message(struct reading *reading, const muster_node *root)
{
    const char *version = muster_node_text(muster_node_member(root, "version"));
    text_set(&reading->active, version);
    reading->activated = reading->spool.count > 0;
    return version ? MUSTER_OK : wrong(reading, "is an ACTIVATE_VERSION without a version");
}

static muster_rc message_take(struct reading *reading, muster_document **document, const char *line, size_t len)
{
    const muster_node *root = muster_document_root(*document);
    const char *type = muster_node_text(muster_node_member(root, "type"));
    const char *stream = muster_node_text(muster_node_member(root, "stream"));
    if (!type || root->kind != MUSTER_NODE_OBJECT)
        return wrong(reading, "is no message: it has no type");
    if (strcasecmp(type, "STATE") == 0)
        return state_message(reading, root);
    bool record = strcasecmp(type, "RECORD") == 0, schema = strcasecmp(type, "SCHEMA") == 0;
    bool activate = strcasecmp(type, "ACTIVATE_VERSION") == 0;
    if (!record && !schema && !activate)
        return MUSTER_OK; /* any other may come, and says nothing to us */
    if (!stream)
        return wrong(reading, "is a message without the name of its stream");
    reading->tap.of_people |= record;
    if (!catalog_means(&reading->choice, stream)) {
        reading->others += record;
        return MUSTER_OK;
    }
    return record   ? record_message(reading, root, line, len)
           : schema ? schema_message(reading, document)
                    : activate_message(reading, root);
}

static muster_rc line_take(struct reading *reading, const char *line, size_t len)
{
    const char *why = "";
    char what[200];
    size_t blanks = 0;
    while (blanks < len && strchr(" \t\r", line[blanks]) && line[blanks])
        blanks++;
    if (blanks == len)
        return MUSTER_OK;
    muster_document *document = muster_document_read(line, len, &why);
    if (!document) {
        snprintf(what, sizeof(what), "is no JSON (%.80s): a tap writes messages there, and all else into its log", why);
        return wrong(reading, what);
    }
    muster_rc rc = message_take(reading, &document, line, len);
    muster_document_free(document);
    return rc;
}

static muster_rc lines_take(struct reading *reading)
{
    const char *line = "";
    size_t len;
    muster_rc rc;
    while ((rc = tap_line(&reading->tap, &line, &len)) == MUSTER_OK && line && !reading->sample)
        if ((rc = line_take(reading, line, len)) != MUSTER_OK)
            return rc;
    if (rc == MUSTER_OK && !reading->sample)
        rc = tap_end(&reading->tap);
    return rc;
}

/* ---- telling what is known now ---- */

static muster_rc row_emit(struct reading *reading, const struct spool_row *row)
{
    struct singer *singer = reading->singer;
    const char *line, *why = "", *lacks;
    char place[40];
    snprintf(place, sizeof(place), "line %llu", (unsigned long long)row->line);
    reading->count++;
    if (!singer->host->take(singer->run, reading->asked->stream, NULL, place))
        return MUSTER_OK;
    muster_rc rc = spool_line(singer, &reading->spool, row, &line);
    if (rc != MUSTER_OK)
        return rc;
    muster_document *document = muster_document_read(line, row->len, &why);
    const muster_node *root = muster_document_root(document), *object = muster_node_member(root, "record");
    if (!object)
        return singer->host->fail(singer->run, MUSTER_FAIL, "no memory");
    bool keyed = muster_node_first(reading->keys) && record_key(object, reading->keys, &reading->key, &lacks);
    muster_record *record =
        singer->host->record(singer->run, reading->asked->stream, keyed ? reading->key.data : NULL, place);
    record_put(singer, record, object, &reading->schema);
    const char *seen = muster_node_text(muster_node_member(root, "time_extracted"));
    if (seen && !muster_node_member(object, "_sdc_extracted_at"))
        singer->host->put(record, "_sdc_extracted_at", MUSTER_TEXT, seen);
    rc = singer->host->emit(singer->run, record);
    muster_document_free(document);
    return rc == MUSTER_DATA ? MUSTER_OK : rc; /* the host has rejected it already */
}

static muster_rc rows_emit(struct reading *reading)
{
    muster_rc rc = MUSTER_OK;
    for (size_t n = 0; n < reading->spool.count && rc == MUSTER_OK; n++)
        if (reading->spool.rows[n].len > 0)
            rc = row_emit(reading, &reading->spool.rows[n]);
    return rc;
}

/* ---- the claim ---- */

static enum method method(const struct reading *reading)
{
    return reading->choice.method != METHOD_UNKNOWN ? reading->choice.method : reading->choice.as_tap_says;
}

static bool everybody(const struct reading *reading)
{
    const char *version = reading->version.data ? reading->version.data : "";
    bool one = !reading->versions &&
               (reading->active.len == 0 || reading->spool.count == 0 || strcmp(reading->active.data, version) == 0);
    if (reading->resumed || !one)
        return false;
    return method(reading) == METHOD_FULL || reading->choice.whole_at_first ||
           (method(reading) == METHOD_UNKNOWN && reading->activated);
}

static muster_rc claim(struct reading *reading)
{
    const muster_host *host = reading->singer->host;
    muster_run *run = reading->singer->run;
    bool full = method(reading) == METHOD_FULL;
    if (reading->sample)
        return host->partial(run, "a sample");
    const char *state = reading->state.len > 0 ? reading->state.data : reading->resumed ? reading->asked->cursor : NULL;
    muster_rc rc = state && !full ? host->cursor(run, state) : MUSTER_OK;
    if (rc != MUSTER_OK)
        return rc;
    if (everybody(reading))
        return host->complete(run, reading->count);
    if (method(reading) == METHOD_UNKNOWN && !reading->resumed)
        host->log(
            run, MUSTER_INFO,
            "stream '%s': the tap does not say whether it gives everybody, so nobody is concluded to be missing. If "
            "it does: settings: { %s: { replication: full } }",
            reading->asked->stream, reading->asked->stream);
    return host->changes(run, reading->count);
}

/* ---- the whole ---- */

static void reading_done(struct reading *reading)
{
    tap_stop(&reading->tap);
    spool_done(&reading->spool);
    muster_document_free(reading->described);
    schema_done(&reading->schema);
    muster_text *const texts[] = {&reading->state, &reading->key, &reading->version, &reading->active};
    for (size_t n = 0; n < sizeof(texts) / sizeof(*texts); n++)
        muster_text_done(texts[n]);
}

static muster_rc begin(struct reading *reading)
{
    const muster_pull *asked = reading->asked;
    muster_text catalog = {0};
    struct tap_task task = {0};
    muster_rc rc = catalog_choose(reading->singer, asked->stream, &reading->choice);
    if (rc == MUSTER_OK)
        rc = spool_open(reading->singer, &reading->spool);
    if (rc == MUSTER_OK && reading->singer->catalog) {
        rc = selection_write(reading->singer, &reading->choice, &catalog);
        task.catalog = &catalog;
    }
    reading->resumed = !asked->full && asked->cursor && method(reading) != METHOD_FULL;
    if (reading->resumed)
        task.state = asked->cursor;
    if (rc == MUSTER_OK)
        rc = tap_start(reading->singer, &task, &reading->tap);
    muster_text_done(&catalog);
    return rc;
}

static muster_rc nothing_said(struct reading *reading)
{
    return reading->singer->host->fail(
        reading->singer->run, MUSTER_CONFIG, "the tap ended well and said nothing of stream '%.100s'%s",
        reading->choice.tap_stream,
        reading->others ? ", but of others: is that its name? (settings: tap_stream)" : ": is that its name?");
}

static muster_rc read_stream(struct singer *singer, const muster_pull *asked, bool alone)
{
    struct reading reading = {.singer = singer, .asked = asked};
    reading.tap = (struct tap){.pidfd = -1, .out = -1, .log = -1};
    reading.spool.fd = -1;
    muster_rc rc = begin(&reading);
    if (rc == MUSTER_OK)
        rc = lines_take(&reading);
    tap_stop(&reading.tap);
    if (rc == MUSTER_OK && !reading.described && !reading.resumed)
        rc = nothing_said(&reading);
    if (rc == MUSTER_OK)
        rc = rows_emit(&reading);
    if (rc == MUSTER_OK && !alone)
        rc = claim(&reading);
    reading_done(&reading);
    return rc;
}

muster_rc read_pull(struct singer *singer, const muster_pull *asked)
{
    return read_stream(singer, asked, false);
}

muster_rc read_sample(struct singer *singer, const char *stream)
{
    enum { SAMPLE = 100 };
    const muster_pull asked = {.size = sizeof(asked), .stream = stream, .full = 1, .limit = SAMPLE};
    return read_stream(singer, &asked, true);
}

/* A tap that tells its catalog has logged in for that; one that knows none is asked for its first message. */
muster_rc read_check(struct singer *singer)
{
    struct tap tap;
    const struct tap_task task = {0};
    const char *line = NULL;
    size_t len;
    if (catalog_used(singer))
        return catalog_read(singer);
    muster_rc rc = tap_start(singer, &task, &tap);
    if (rc != MUSTER_OK)
        return rc;
    rc = tap_line(&tap, &line, &len);
    if (rc == MUSTER_OK && !line)
        rc = tap_end(&tap);
    tap_stop(&tap);
    return rc;
}
