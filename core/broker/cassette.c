/* cassette - what a connection asked of the world and was answered, as a file. */
#include "broker/cassette.h"

#include "base/arena.h"
#include "base/base64.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/descriptor.h"
#include "base/digest.h"
#include "base/jsonobject.h"
#include "base/jsontext.h"
#include "base/mem.h"
#include "base/text.h"
#include "broker/mishap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LAYOUT = 1 };

struct entry {
    const char *what, *asked; /* in the arena */
    uint8_t body[DIGEST_SHA256];
    size_t at, len; /* its line */
    unsigned line;
    bool given;
};

struct cassette {
    struct arena *arena;
    const char *path;
    struct cassette_about about;
    void (*watch)(void *context, const struct exchange *exchange);
    void *watcher;
    /* recording */
    int fd;
    int rc;
    /* playing */
    struct buffer text;
    bool masked; /* other people stand in it: files that are made of what was read are others, too */
    struct entry *entries;
    size_t count, room;
    struct mishap mishaps[MISHAPS_MAX];
    size_t mishap_count;
    unsigned asked;       /* calls, listings and files so far */
    struct arena *answer; /* texts of the last one */
    size_t unknown;
    struct err first;
};

static int cassette_new(const char *path, struct cassette **ret_cassette)
{
    struct cassette *cassette TIDY(cassette_free) = mem_new(1, sizeof(*cassette));
    if (!cassette)
        return -ENOMEM;
    cassette->fd = -1;
    cassette->arena = arena_new();
    cassette->answer = arena_new();
    if (!cassette->arena || !cassette->answer || !(cassette->path = arena_text(cassette->arena, path)))
        return -ENOMEM;
    *ret_cassette = TAKE(cassette);
    return 0;
}

void cassette_free(struct cassette *cassette)
{
    if (!cassette)
        return;
    if (cassette->fd >= 0)
        close(cassette->fd);
    buffer_done(&cassette->text);
    free(cassette->entries);
    arena_free(cassette->answer);
    arena_free(cassette->arena);
    free(cassette);
}

const struct cassette_about *cassette_about(const struct cassette *cassette)
{
    return &cassette->about;
}

const char *cassette_path(const struct cassette *cassette)
{
    return cassette->path;
}

bool cassette_records(const struct cassette *cassette)
{
    return cassette && cassette->fd >= 0;
}

bool cassette_plays(const struct cassette *cassette)
{
    return cassette && cassette->fd < 0;
}

void cassette_watch(struct cassette *cassette, void (*watch)(void *context, const struct exchange *exchange),
                    void *context)
{
    cassette->watch = watch;
    cassette->watcher = context;
}

static void watched(const struct cassette *cassette, const struct exchange *exchange)
{
    if (cassette->watch)
        cassette->watch(cassette->watcher, exchange);
}

/* --- recording --- */

static void line_out(struct cassette *cassette, const struct buffer *line)
{
    int rc = line->rc ? line->rc : descriptor_write(cassette->fd, line->data, line->len);
    if (cassette->rc == 0)
        cassette->rc = rc;
}

int cassette_record(const char *path, const struct cassette_about *about, struct cassette **ret_cassette,
                    struct err *err)
{
    struct cassette *cassette TIDY(cassette_free) = NULL;
    TIDY_DONE(buffer_done) struct buffer line = {0};
    int rc = cassette_new(path, &cassette);
    if (rc != 0)
        return rc;
    cassette->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (cassette->fd < 0 || fchmod(cassette->fd, 0600) != 0) /* it holds what was read of people */
        return err_set(err, -errno, "the cassette %s cannot be written: %s", path, err_text(-errno));
    buffer_byte(&line, '{');
    json_member_number(&line, "cassette", LAYOUT);
    json_member_text(&line, "muster", PACKAGE_VERSION);
    json_member_text(&line, "organization", about->organization);
    json_member_text(&line, "connection", about->connection);
    json_member_text(&line, "connector", about->connector);
    json_member_number(&line, "now_ms", (uint64_t)about->now_ms);
    json_member_number(&line, "full", about->full);
    buffer_text(&line, "}\n");
    line_out(cassette, &line);
    *ret_cassette = TAKE(cassette);
    return 0;
}

/* Text as it is; else NAME_base64. */
static void member_bytes(struct buffer *out, const char *name, const char *bytes, size_t len)
{
    if (!bytes)
        return;
    if (text_valid(bytes, len)) {
        json_name(out, name);
        json_string(out, bytes, len);
        return;
    }
    char whole[32];
    snprintf(whole, sizeof(whole), "%s_base64", name);
    json_name(out, whole);
    buffer_byte(out, '"');
    char *place = buffer_reserve(out, BASE64_ROOM(len) - 1);
    if (place)
        base64_write(bytes, len, true, place);
    buffer_byte(out, '"');
}

void cassette_note(struct cassette *cassette, const struct exchange *exchange)
{
    TIDY_DONE(buffer_done) struct buffer line = {0};
    buffer_byte(&line, '{');
    json_member_text(&line, "what", exchange->what);
    json_member_text(&line, "asked", exchange->asked);
    json_member_number(&line, "at_ms", (uint64_t)clock_now_ms());
    if (exchange->with)
        json_member_text(&line, "with", exchange->with);
    member_bytes(&line, "body", exchange->body, exchange->body_len);
    if (exchange->code != 0) {
        json_name(&line, "code");
        buffer_format(&line, "%d", exchange->code);
    }
    if (exchange->why)
        json_member_text(&line, "why", exchange->why);
    if (exchange->status != 0)
        json_member_number(&line, "status", (uint64_t)exchange->status);
    if (exchange->headers)
        json_member_text(&line, "headers", exchange->headers);
    member_bytes(&line, "reply", exchange->reply, exchange->reply_len);
    buffer_text(&line, "}\n");
    line_out(cassette, &line);
    watched(cassette, exchange);
}

void cassette_fail(struct cassette *cassette, int rc)
{
    if (cassette->rc == 0)
        cassette->rc = rc;
}

int cassette_end(struct cassette *cassette, struct err *err)
{
    int rc = cassette->rc;
    if (rc == 0 && fsync(cassette->fd) != 0 && errno != EINVAL && errno != EROFS)
        rc = -errno;
    return rc ? err_set(err, rc, "the cassette %s could not be written to its end: %s", cassette->path, err_text(rc))
              : 0;
}

/* --- reading --- */

struct reading {
    struct arena *arena;
    struct exchange exchange;
    struct cassette_about about;
    long version;
    bool masked, failed;
};

static const char *bytes_of(struct reading *reading, const struct jsonobject_member *member, bool coded,
                            size_t *ret_len)
{
    char *bytes = arena_copy(reading->arena, member->text, member->text_len);
    *ret_len = member->text_len;
    if (bytes && coded && !base64_read(member->text, member->text_len, bytes, member->text_len, ret_len))
        bytes = NULL;
    if (bytes)
        bytes[*ret_len] = '\0';
    reading->failed = reading->failed || !bytes;
    return bytes;
}

static int member_read(void *context, const struct jsonobject_member *member)
{
    struct reading *reading = context;
    struct exchange *exchange = &reading->exchange;
    const struct {
        const char *name, **text;
    } texts[] = {{"what", &exchange->what},
                 {"asked", &exchange->asked},
                 {"with", &exchange->with},
                 {"why", &exchange->why},
                 {"headers", &exchange->headers},
                 {"organization", &reading->about.organization},
                 {"connection", &reading->about.connection},
                 {"connector", &reading->about.connector}};
    size_t len;
    if (member->type == JSONOBJECT_STRING) {
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
            if (strcmp(member->name, texts[i].name) == 0)
                *texts[i].text = bytes_of(reading, member, false, &len);
        bool coded = member->name_len > 7 && strcmp(member->name + member->name_len - 7, "_base64") == 0;
        if (strcmp(member->name, "body") == 0 || strcmp(member->name, "body_base64") == 0)
            exchange->body = bytes_of(reading, member, coded, &exchange->body_len);
        if (strcmp(member->name, "reply") == 0 || strcmp(member->name, "reply_base64") == 0)
            exchange->reply = bytes_of(reading, member, coded, &exchange->reply_len);
        return 0;
    }
    long long number = member->type == JSONOBJECT_NUMBER ? strtoll(member->text, NULL, 10) : 0;
    if (strcmp(member->name, "code") == 0)
        exchange->code = (int)number;
    else if (strcmp(member->name, "status") == 0)
        exchange->status = (int32_t)number;
    else if (strcmp(member->name, "now_ms") == 0)
        reading->about.now_ms = number;
    else if (strcmp(member->name, "full") == 0)
        reading->about.full = number != 0;
    else if (strcmp(member->name, "masked") == 0)
        reading->masked = number != 0;
    else if (strcmp(member->name, "cassette") == 0)
        reading->version = (long)number;
    return 0;
}

static void body_digest(const struct exchange *exchange, uint8_t ret_digest[DIGEST_SHA256])
{
    digest_sha256(exchange->body ? exchange->body : "", exchange->body ? exchange->body_len : 0, ret_digest);
}

static int line_read(struct cassette *cassette, struct arena *arena, size_t at, size_t len, unsigned line,
                     struct reading *ret_reading, struct err *err)
{
    const char *why = "";
    size_t where;
    *ret_reading = (struct reading){.arena = arena};
    int rc = jsonobject_split(cassette->text.data + at, len, member_read, ret_reading, &why, &where);
    if (rc == ERR_DATA || (rc == 0 && ret_reading->failed))
        return err_set(err, ERR_DATA, "%s:%u: this is no line of a cassette: %s", cassette->path, line,
                       rc == 0 ? "bytes that are no base64" : why);
    return rc;
}

static int about_read(struct cassette *cassette, const struct reading *reading, struct err *err)
{
    const struct cassette_about *about = &reading->about;
    if (reading->version != LAYOUT || !about->organization || !about->connection || !about->connector)
        return err_set(err, ERR_DATA, "%s is no cassette that this muster can play: its first line does not say so",
                       cassette->path);
    cassette->about = *about;
    cassette->masked = reading->masked;
    return 0;
}

static int entries_read(struct cassette *cassette, struct err *err)
{
    const char *text = cassette->text.data;
    unsigned line = 0;
    for (size_t at = 0, len; at < cassette->text.len; at += len + 1) {
        const char *end = memchr(text + at, '\n', cassette->text.len - at);
        struct reading reading;
        len = end ? (size_t)(end - text) - at : cassette->text.len - at;
        line++;
        arena_clear(cassette->answer);
        int rc = line_read(cassette, line == 1 ? cassette->arena : cassette->answer, at, len, line, &reading, err);
        if (rc == 0 && line == 1)
            rc = about_read(cassette, &reading, err);
        else if (rc == 0 && (!reading.exchange.what || !reading.exchange.asked))
            rc = err_set(err, ERR_DATA, "%s:%u: this line says neither what was asked nor of whom", cassette->path,
                         line);
        if (rc == 0 && line > 1)
            rc = mem_grow(&cassette->entries, cassette->count, &cassette->room, sizeof(*cassette->entries));
        if (rc != 0)
            return rc;
        if (line == 1)
            continue;
        struct entry *entry = &cassette->entries[cassette->count++];
        *entry = (struct entry){.what = arena_text(cassette->arena, reading.exchange.what),
                                .asked = arena_text(cassette->arena, reading.exchange.asked),
                                .at = at,
                                .len = len,
                                .line = line};
        body_digest(&reading.exchange, entry->body);
        if (!entry->what || !entry->asked)
            return -ENOMEM;
    }
    return line > 0 ? 0 : err_set(err, ERR_DATA, "%s is empty: it is no cassette", cassette->path);
}

int cassette_open(const char *path, struct cassette **ret_cassette, struct err *err)
{
    struct cassette *cassette TIDY(cassette_free) = NULL;
    int rc = cassette_new(path, &cassette);
    if (rc == 0 && (rc = descriptor_read_file(path, &cassette->text)) != 0)
        rc = rc == ERR_DATA ? err_set(err, rc, "%s is no file, so it is no cassette", path)
                            : err_set(err, rc, "the cassette %s cannot be read: %s", path, err_text(rc));
    if (rc != 0)
        return rc;
    rc = entries_read(cassette, err);
    if (rc != 0)
        return err_set(err, rc, "the cassette %s cannot be read: %s", path, err_text(rc));
    *ret_cassette = TAKE(cassette);
    return 0;
}

/* --- playing --- */

static struct entry *entry_find(struct cassette *cassette, const struct exchange *ask)
{
    uint8_t body[DIGEST_SHA256];
    body_digest(ask, body);
    for (size_t i = 0; i < cassette->count; i++) {
        struct entry *entry = &cassette->entries[i];
        if (!entry->given && strcmp(entry->what, ask->what) == 0 && strcmp(entry->asked, ask->asked) == 0 &&
            (memcmp(entry->body, body, sizeof(body)) == 0 || (cassette->masked && strcmp(ask->what, "http") != 0)))
            return entry;
    }
    return NULL;
}

/* Of the same kind the one that is most like it: by address, then by what has not been given yet. */
static const struct entry *entry_near(const struct cassette *cassette, const struct exchange *ask)
{
    const struct entry *near = NULL;
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < cassette->count; i++) {
        const struct entry *entry = &cassette->entries[i];
        if (strcmp(entry->what, ask->what) != 0)
            continue;
        size_t far = text_distance(entry->asked, ask->asked, 200) * 2 + entry->given;
        if (far < best) {
            best = far;
            near = entry;
        }
    }
    return near;
}

static int unknown(struct cassette *cassette, const struct exchange *ask, struct err *err)
{
    struct err said = {0};
    uint8_t body[DIGEST_SHA256];
    body_digest(ask, body);
    const struct entry *near = entry_near(cassette, ask);
    if (!near)
        err_set(&said, ERR_GONE, "the cassette %s has no answer to %s %.300s, nor to anything of that kind",
                cassette->path, ask->what, ask->asked);
    else if (strcmp(near->asked, ask->asked) != 0)
        err_set(&said, ERR_GONE, "the cassette %s has no answer to %s %.300s; the nearest is %.300s (line %u)",
                cassette->path, ask->what, ask->asked, near->asked, near->line);
    else if (near->given && memcmp(near->body, body, sizeof(body)) == 0)
        err_set(&said, ERR_GONE,
                "the cassette %s has no further answer to %s %.300s: it was asked less often (line %u)", cassette->path,
                ask->what, ask->asked, near->line);
    else
        err_set(&said, ERR_GONE, "the cassette %s has no answer to %s %.300s with this body; another stands in line %u",
                cassette->path, ask->what, ask->asked, near->line);
    if (cassette->unknown++ == 0)
        cassette->first = said;
    return err_set(err, ERR_GONE, "%s", said.text);
}

static int entry_give(struct cassette *cassette, struct entry *entry, struct exchange *ret_answer, struct err *err)
{
    struct reading reading;
    arena_clear(cassette->answer);
    int rc = line_read(cassette, cassette->answer, entry->at, entry->len, entry->line, &reading, err);
    if (rc != 0)
        return rc;
    entry->given = true;
    *ret_answer = reading.exchange;
    return 0;
}

bool cassette_has(struct cassette *cassette, const struct exchange *ask, struct exchange *ret_answer)
{
    struct entry *entry = entry_find(cassette, ask);
    return entry && entry_give(cassette, entry, ret_answer, NULL) == 0;
}

/* What befalls this question; NULL: nothing. */
static struct mishap *mishap_of(struct cassette *cassette, const struct exchange *ask)
{
    cassette->asked++;
    for (size_t i = 0; i < cassette->mishap_count; i++)
        if (mishap_befalls(&cassette->mishaps[i], ask, cassette->asked))
            return &cassette->mishaps[i];
    return NULL;
}

/* What goes wrong needs no answer of then: a connector that was refused may ask something else. */
static int answer(struct cassette *cassette, const struct exchange *ask, struct exchange *ret_answer, struct err *err)
{
    bool call = strcmp(ask->what, "http") == 0, store = strcmp(ask->what, "store") == 0;
    bool may = call || store || strcmp(ask->what, "list") == 0 || strcmp(ask->what, "fetch") == 0;
    struct entry *entry = entry_find(cassette, ask);
    struct mishap *mishap = may ? mishap_of(cassette, ask) : NULL;
    bool schema = mishap && mishap->kind == MISHAP_SCHEMA;
    if (!entry && (!mishap || schema || !(call || store)))
        return unknown(cassette, ask, err);
    *ret_answer = (struct exchange){.what = ask->what, .asked = ask->asked};
    int rc = entry ? entry_give(cassette, entry, ret_answer, err) : 0;
    if (rc != 0 || !mishap)
        return rc;
    mishap->count -= mishap->count < MISHAP_EVERY;
    if (entry)
        entry->given = schema; /* it may be asked once more; a page that is no answer was one all the same */
    return mishap_happen(mishap, cassette->answer, ret_answer);
}

int cassette_answer(struct cassette *cassette, const struct exchange *ask, struct exchange *ret_answer, struct err *err)
{
    int rc = answer(cassette, ask, ret_answer, err);
    struct exchange whole = rc == 0 ? *ret_answer : (struct exchange){.what = ask->what, .code = rc};
    whole.asked = ask->asked;
    whole.body = ask->body;
    whole.body_len = ask->body_len;
    watched(cassette, &whole);
    return rc;
}

size_t cassette_unknown(const struct cassette *cassette, const char **ret_sentence)
{
    *ret_sentence = cassette->first.text;
    return cassette->unknown;
}

size_t cassette_left(const struct cassette *cassette)
{
    size_t left = 0;
    for (size_t i = 0; i < cassette->count; i++)
        left += !cassette->entries[i].given;
    return left;
}

const char *cassette_question(const struct cassette *cassette, size_t nth, const char **ret_what, bool *ret_given)
{
    const struct entry *entry = nth < cassette->count ? &cassette->entries[nth] : NULL;
    if (!entry)
        return NULL;
    *ret_what = entry->what;
    *ret_given = entry->given;
    return entry->asked;
}

int cassette_fault(struct cassette *cassette, const char *text, struct err *err)
{
    char *copy = arena_text(cassette->arena, text), *rest = copy;
    if (!copy)
        return -ENOMEM;
    for (char *word; (word = strsep(&rest, ","));) {
        if (cassette->mishap_count == MISHAPS_MAX)
            return err_set(err, ERR_LIMIT, "more than %d things cannot go wrong at once", MISHAPS_MAX);
        int rc = mishap_read(word, &cassette->mishaps[cassette->mishap_count], err);
        if (rc != 0)
            return rc;
        cassette->mishap_count++;
    }
    return 0;
}
