/* push_generated - values that we make for a target and nobody keeps: first passwords.
 *
 * A field that its connector calls generated, and that no rule makes, is
 * handed to the connector as a token; the broker puts the value in its place.
 * What a value is for is the unit, not the attempt: however often somebody is
 * created, the password is the same. Whose went out is noted in the commit
 * that says they were created; at the end of a talk these are written to the
 * place that option NAME_file says, and then forgotten. So a run that dies in
 * between leaves the rest to the next one. */
#include "delivery/pushing.h"

#include "base/digest.h"
#include "base/fault.h"
#include "base/mem.h"
#include "broker/file.h"
#include "broker/http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { LENGTH = 12 };

static void wipe(struct buffer *buffer)
{
    if (buffer->data)
        explicit_bzero(buffer->data, buffer->room);
    buffer_done(buffer);
}

/* --- which --- */

static const struct field *mapped(const struct push_stream *stream, const struct muster_field *field)
{
    for (size_t n = 0; n < stream->stream->map.rule_count; n++)
        if (strcmp(stream->stream->map.fields[n].name, field->name) == 0)
            return &stream->stream->map.fields[n];
    return NULL;
}

/* The name of a field of the map, or of one behind these. */
static const char *field_name(const struct push_stream *stream, size_t nth)
{
    size_t mapped = stream->stream->map.rule_count;
    return nth < mapped ? stream->stream->map.fields[nth].name : stream->generated[nth - mapped]->name;
}

int push_generated_open(const struct push *push, struct push_stream *stream)
{
    const struct muster_field *fields = stream->stream->description ? stream->stream->description->fields : NULL;
    size_t count = 0;
    while (fields && fields[count].name)
        count++;
    size_t mapped_count = stream->stream->map.rule_count;
    stream->generated = mem_new(count + 1, sizeof(*stream->generated));
    stream->made_for = mem_new(mapped_count + count + 1, sizeof(*stream->made_for));
    if (!stream->generated || !stream->made_for)
        return -ENOMEM;
    for (size_t n = 0; n < count; n++)
        if ((fields[n].flags & MUSTER_GENERATED) && !mapped(stream, &fields[n]))
            stream->generated[stream->generated_count++] = &fields[n];
    for (size_t n = 0; n < mapped_count + stream->generated_count; n++) {
        const char *field = field_name(stream, n);
        if (n < mapped_count && !node_get(stream->stream->made, field))
            continue;
        stream->made_for[n] = mem_format("%s/%s/%s/%d/", push->run->request->connection->name, stream->stream->name,
                                         field, (int)stream->unit);
        if (!stream->made_for[n])
            return -ENOMEM;
    }
    return 0;
}

void push_generated_close(struct push_stream *stream)
{
    size_t mapped_count = stream->stream ? stream->stream->map.rule_count : 0;
    for (size_t n = 0; stream->made_for && n < mapped_count + stream->generated_count; n++)
        free(stream->made_for[n]);
    free(stream->made_for);
    free(stream->generated);
}

bool push_generated_fits(const struct push_stream *stream, size_t nth, const struct value *value)
{
    return !stream->made_for[nth] || value->presence != PRESENCE_VALUE || generated_fits(value->bytes, value->len);
}

/* An option that belongs to a field: "password_file". NULL: it is not set. */
static const char *option_of(struct push *push, const struct muster_field *field, const char *what)
{
    const char *name = arena_format(push->run->arena, "%s_%s", field->name, what);
    const char *text = name ? connection_option(push->run->request->connection, name) : NULL;
    return text && *text ? text : NULL;
}

void push_generated_begin(struct push *push)
{
    for (size_t n = 0; push->run->http && n < push->stream_count; n++) {
        const struct push_stream *stream = &push->streams[n];
        if (stream->generated_count == 0 && !stream->stream->made)
            continue;
        const char *said = stream->generated_count ? option_of(push, stream->generated[0], "length") : NULL;
        unsigned long length = said ? strtoul(said, NULL, 10) : LENGTH;
        length = length < GENERATED_LEAST ? GENERATED_LEAST : length > GENERATED_MOST ? GENERATED_MOST : length;
        http_generates(push->run->http, push->run->vault.generate_key, (unsigned)length);
        return;
    }
}

/* What a value is for; the key that makes it is the organization's. */
static void what_for(const struct push *push, const struct push_stream *stream, size_t nth, uint64_t id,
                     char ret_what[GENERATED_WHAT])
{
    struct buffer text __attribute__((cleanup(buffer_done))) = {0};
    uint8_t digest[DIGEST_KEYED] = {0};
    buffer_text(&text, stream->made_for[nth]);
    buffer_number(&text, id);
    if (text.rc == 0)
        digest_keyed(push->run->vault.generate_key, text.data, text.len, digest);
    digest_hex(digest, sizeof(digest), ret_what);
}

int push_generated_cells(const struct push *push, const struct push_stream *stream, uint64_t id, int op,
                         struct lane_cell *cells, char (*tokens)[GENERATED_TOKEN])
{
    struct generated *generated = http_generated(push->run->http);
    size_t mapped = stream->stream->map.rule_count;
    for (size_t n = 0; n < mapped + stream->generated_count; n++) {
        struct lane_cell said = cells[n];
        char what[GENERATED_WHAT];
        int rc = 0;
        if (!stream->made_for[n])
            continue;
        cells[n] = (struct lane_cell){.presence = PRESENCE_ABSENT};
        if (op != MUSTER_CREATE || !generated || (n < mapped && said.presence != PRESENCE_VALUE))
            continue;
        what_for(push, stream, n, id, what);
        if (n < mapped && (rc = generated_say(generated, what, said.bytes, said.len)) != 0)
            return rc;
        generated_token(what, tokens[n]);
        cells[n] = (struct lane_cell){PRESENCE_VALUE, true, (uint32_t)strlen(tokens[n]), tokens[n]};
    }
    return 0;
}

void push_generated_note(const struct push *push, const struct push_stream *stream, struct txn *txn, uint64_t id)
{
    struct generated *generated = http_generated(push->run->http);
    for (size_t n = 0; generated && generated->count > 0 && n < stream->generated_count; n++) {
        char what[GENERATED_WHAT];
        what_for(push, stream, stream->stream->map.rule_count + n, id, what);
        if (generated_used(generated, what))
            delivery_made(txn, stream->number, stream->unit, id);
    }
}

void push_generated_forget(const struct push *push, const struct push_stream *stream, uint64_t id)
{
    struct generated *generated = http_generated(push->run->http);
    size_t mapped = stream->stream->map.rule_count;
    for (size_t n = 0; generated && generated->count > 0 && n < mapped + stream->generated_count; n++) {
        char what[GENERATED_WHAT];
        if (!stream->made_for[n])
            continue;
        what_for(push, stream, n, id, what);
        generated_forget(generated, what);
    }
}

/* --- for people to print --- */

/* One field of a .csv, in quotes; nothing that a spreadsheet would compute. */
static void csv_add(struct buffer *out, const char *text, size_t len)
{
    buffer_text(out, out->len > 0 && out->data[out->len - 1] != '\n' ? ",\"" : "\"");
    if (len > 0 && strchr("=+-@\t\r", text[0]))
        buffer_byte(out, '\'');
    for (size_t n = 0; n < len; n++) {
        if (text[n] == '"')
            buffer_byte(out, '"');
        buffer_byte(out, (unsigned char)text[n]);
    }
    buffer_byte(out, '"');
}

/* By what people know whose it is: what the target cannot do without. */
static bool is_told(const struct push_stream *stream, size_t nth)
{
    const struct muster_field *declared = target_field(stream->stream, &stream->stream->map.fields[nth]);
    return declared && (declared->flags & (MUSTER_ID | MUSTER_MUST)) && !(declared->flags & MUSTER_WRITE_ONLY);
}

static void header_write(const struct push_stream *stream, struct buffer *out)
{
    static const char mark[] = "\xef\xbb\xbf\"connection\"";
    buffer_add(out, mark, sizeof(mark) - 1);
    for (size_t n = 0; n < stream->stream->map.rule_count; n++)
        if (is_told(stream, n))
            csv_add(out, stream->names[n], strlen(stream->names[n]));
    for (size_t n = 0; n < stream->generated_count; n++)
        csv_add(out, stream->generated[n]->name, strlen(stream->generated[n]->name));
    buffer_text(out, "\r\n");
}

static void row_write(const struct push *push, const struct push_stream *stream, uint64_t id,
                      const struct delivery *row, struct buffer *out)
{
    struct image has = {row->confirmed.data, (uint32_t)row->confirmed.len};
    char what[GENERATED_WHAT], made[GENERATED_MOST + 1];
    csv_add(out, push->run->request->connection->name, strlen(push->run->request->connection->name));
    for (size_t n = 0; n < stream->stream->map.rule_count; n++) {
        struct value value = image_get(has, stream->numbers[n]);
        bool plain = value.presence == PRESENCE_VALUE && !(value.flags & VALUE_SEALED);
        if (is_told(stream, n))
            csv_add(out, plain ? value.bytes : "", plain ? value.len : 0);
    }
    for (size_t n = 0; n < stream->generated_count; n++) {
        what_for(push, stream, stream->stream->map.rule_count + n, id, what);
        generated_value(http_generated(push->run->http), what, made);
        csv_add(out, made, strlen(made));
    }
    explicit_bzero(made, sizeof(made));
    buffer_text(out, "\r\n");
}

/* The rows of those who were given one; how many in ret_ids. */
static int rows_write(const struct push *push, const struct push_stream *stream, struct buffer *out,
                      struct push_ids *ret_ids)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    struct delivery_walk walk;
    struct delivery row;
    enum kind kind;
    uint64_t id;
    int rc = 0;
    header_write(stream, out);
    txn_begin(&txn, push->run->store, false);
    delivery_walk_begin(&walk, &txn, stream->number, DELIVERY_MADE);
    while (rc == 0 && delivery_walk_next(&walk, &kind, &id)) {
        rc = mem_grow(&ret_ids->items, ret_ids->count, &ret_ids->room, sizeof(*ret_ids->items));
        if (rc == 0)
            ret_ids->items[ret_ids->count++] = id;
        if (rc == 0 && delivery_get(&txn, stream->number, kind, id, &row))
            row_write(push, stream, id, &row, out);
    }
    delivery_walk_end(&walk);
    rc = rc ? rc : out->rc;
    return rc ? rc : txn_end(&txn);
}

/* Where to: the '*' in the option becomes the day and the run. */
static int place_make(struct push *push, const struct push_stream *stream, size_t count, const char **ret_place,
                      struct err *err)
{
    const struct muster_field *field = stream->generated[0];
    const char *place = option_of(push, field, "file"), *star = place ? strchr(place, '*') : NULL;
    if (!star)
        return err_set(err, ERR_CONFIG,
                       "%s of %zu people was made, and option '%s_file' does not say where it is written for HR: a "
                       "file's name with a * in it, which becomes the day and the run. The next push writes them",
                       field->name, count, field->name);
    *ret_place = arena_format(push->run->arena, "%.*s%s-%u%s", (int)(star - place), place, push->run->today_text,
                              push->run->report->run, star + 1);
    return *ret_place ? 0 : -ENOMEM;
}

/* In memory only, until it lies where it is to lie. */
static int file_give(struct push *push, const char *place, const struct buffer *text, struct err *err)
{
    int fd __attribute__((cleanup(tidy_close))) = memfd_create("generated", MFD_CLOEXEC);
    size_t have = 0;
    if (fd < 0)
        return -errno;
    while (have < text->len) {
        ssize_t wrote = write(fd, text->data + have, text->len - have);
        if (wrote <= 0)
            return wrote < 0 ? -errno : -EIO;
        have += (size_t)wrote;
    }
    return lseek(fd, 0, SEEK_SET) == 0 ? files_store(push->run->files, place, fd, err) : -errno;
}

static int forget(const struct push *push, const struct push_stream *stream, const struct push_ids *ids)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, push->run->store, true);
    for (size_t n = 0; n < ids->count; n++)
        delivery_told(&txn, stream->number, stream->unit, ids->items[n]);
    return txn_end(&txn);
}

static int stream_print(struct push *push, const struct push_stream *stream, struct err *err)
{
    __attribute__((cleanup(wipe))) struct buffer text = {0};
    struct push_ids ids = {0};
    struct err why = {0};
    const char *place = NULL;
    int rc = rows_write(push, stream, &text, &ids);
    if (rc != 0)
        store_fail(push->run->store, rc, err);
    if (rc != 0 || ids.count == 0 || (rc = place_make(push, stream, ids.count, &place, err)) != 0) {
        free(ids.items);
        return rc;
    }
    rc = file_give(push, place, &text, &why);
    if (rc != 0)
        err_set(
            err, rc,
            "%s of %zu people was made and is not written for HR yet; nothing is lost, and the next push writes it: %s",
            stream->generated[0]->name, ids.count, why.rc ? why.text : err_text(rc));
    if (rc == 0) {
        fault_kill("printed");
        if ((rc = forget(push, stream, &ids)) != 0)
            store_fail(push->run->store, rc, err);
    }
    free(ids.items);
    return rc;
}

bool push_generated_waits(const struct push *push)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    bool waits = false;
    txn_begin(&txn, push->run->store, false);
    for (size_t n = 0; n < push->stream_count && !waits; n++) {
        struct delivery_walk walk;
        enum kind kind;
        uint64_t id;
        delivery_walk_begin(&walk, &txn, push->streams[n].number, DELIVERY_MADE);
        waits = push->streams[n].generated_count > 0 && delivery_walk_next(&walk, &kind, &id);
        delivery_walk_end(&walk);
    }
    return waits;
}

int push_generated_print(struct push *push, struct err *err)
{
    int rc = 0;
    for (size_t n = 0; http_generated(push->run->http) && n < push->stream_count; n++)
        if (push->streams[n].generated_count > 0) {
            int one = stream_print(push, &push->streams[n], err);
            rc = rc ? rc : one;
        }
    return rc;
}
