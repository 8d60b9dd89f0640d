/* webhook - tells a server of what changes, one event at a time, as Standard Webhooks has it.
 *
 * An event is a POST of {"type", "timestamp", "data"}: the type is the
 * stream's name and what happened, the data are what the organization's file
 * maps. The broker signs each attempt; the secret is never here. An event that
 * is sent again has the same webhook-id. */
#include <muster/connector.h>
#include <muster/text.h>

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ID_ROOM = 100, WHY_ROOM = 400, STAMP_ROOM = 64, RECIPE_ROOM = 160, HEADERS_MOST = 20 };

static const muster_option headers[] = {
    {.name = "name", .type = MUSTER_TEXT, .flags = MUSTER_REQUIRED, .doc = "The header's name."},
    {.name = "value", .type = MUSTER_TEXT, .doc = "What it says; no secret."},
    {0},
};

static const muster_option events[] = {
    {.name = "name",
     .type = MUSTER_CHOICE,
     .flags = MUSTER_REQUIRED,
     .choices = "created|updated|deactivated|reactivated|deleted",
     .doc = "What happens here."},
    {.name = "word", .type = MUSTER_TEXT, .flags = MUSTER_REQUIRED, .doc = "What an event's type says of it."},
    {0},
};

static const muster_option options[] = {
    {.name = "url",
     .type = MUSTER_URL,
     .flags = MUSTER_REQUIRED,
     .doc = "Where events are posted; whoever listens there gives it out together with the secret."},
    {.name = "secret",
     .type = MUSTER_TEXT,
     .flags = MUSTER_REQUIRED | MUSTER_SECRET,
     .doc = "What events are signed with: whsec_ and 24 to 64 bytes in base64."},
    {.name = "previous",
     .type = MUSTER_TEXT,
     .flags = MUSTER_SECRET,
     .doc = "The secret before it, with which events are signed as well until every receiver knows the new one."},
    {.name = "body",
     .type = MUSTER_CHOICE,
     .initial = "whole",
     .choices = "whole|changed|thin",
     .doc = "What is told of something that changed: all that is mapped, only the fields that differ, or that it did; "
            "the fields of option keys are always told."},
    {.name = "keys", .type = MUSTER_LIST, .doc = "Mapped fields by which a receiver knows what an event is about."},
    {.name = "events",
     .type = MUSTER_LIST,
     .members = events,
     .doc = "Other words in types, as in events: { deactivated: terminated }."},
    {.name = "headers",
     .type = MUSTER_LIST,
     .members = headers,
     .doc = "Headers of each call besides, as name: value."},
    {.name = "timeout",
     .type = MUSTER_SECONDS,
     .initial = "20",
     .min = 1,
     .max = 120,
     .flags = MUSTER_ADVANCED,
     .doc = "How long a receiver may take to answer."},
    {0},
};

static const muster_stream streams[] = {
    {.name = "any",
     .doc = "Any name: what events are about, as in employee, of which employee.updated is the type.",
     .flags = MUSTER_WRITE | MUSTER_REPEAT_SAFE | MUSTER_DYNAMIC,
     .batch = 50},
    {0},
};

struct webhook {
    muster_run *run;
    const muster_host *host;
    char (*lines)[1000]; /* headers */
    size_t line_count;
    const char *words[6]; /* by MUSTER_CREATE … */
    muster_auth sign, when;
    char recipe[RECIPE_ROOM], why[WHY_ROOM];
};

/* ---- lifetime ---- */

static const char *text_nth(struct webhook *webhook, const char *list, size_t nth, const char *member)
{
    char name[80];
    snprintf(name, sizeof(name), "%s[%zu]%s%s", list, nth, *member ? "." : "", member);
    const char *text = webhook->host->text(webhook->run, name);
    return text ? text : "";
}

static bool word_is_good(const char *word)
{
    for (const char *at = word; *at; at++)
        if (!isalnum((unsigned char)*at) && *at != '_' && *at != '.')
            return false;
    return *word != '\0';
}

static muster_rc words_read(struct webhook *webhook)
{
    static const char *const usual[] = {NULL, "created", "updated", "deactivated", "reactivated", "deleted"};
    size_t count = webhook->host->count(webhook->run, "events");
    for (size_t n = 1; n < 6; n++)
        webhook->words[n] = usual[n];
    for (size_t n = 0; n < count; n++) {
        const char *name = text_nth(webhook, "events", n, "name"), *word = text_nth(webhook, "events", n, "word");
        if (!word_is_good(word))
            return webhook->host->fail(webhook->run, MUSTER_CONFIG,
                                       "option 'events[%zu].word' may have letters, digits, points and _", n);
        for (size_t k = 1; k < 6; k++)
            if (strcmp(usual[k], name) == 0)
                webhook->words[k] = word;
    }
    return MUSTER_OK;
}

static muster_rc headers_read(struct webhook *webhook)
{
    size_t count = webhook->host->count(webhook->run, "headers");
    if (count > HEADERS_MOST)
        return webhook->host->fail(webhook->run, MUSTER_CONFIG, "option 'headers' has more than %d", HEADERS_MOST);
    webhook->lines = calloc(count + 1, sizeof(*webhook->lines));
    if (!webhook->lines)
        return webhook->host->fail(webhook->run, MUSTER_FAIL, "out of memory");
    for (; webhook->line_count < count; webhook->line_count++) {
        char *line = webhook->lines[webhook->line_count];
        int len =
            snprintf(line, sizeof(*webhook->lines), "%s: %s", text_nth(webhook, "headers", webhook->line_count, "name"),
                     text_nth(webhook, "headers", webhook->line_count, "value"));
        if (len < 0 || (size_t)len >= sizeof(*webhook->lines) || strpbrk(line, "\r\n"))
            return webhook->host->fail(
                webhook->run, MUSTER_CONFIG,
                "option 'headers[%zu]' is longer than a header may be, or has a line break in it", webhook->line_count);
    }
    return MUSTER_OK;
}

static void close_it(muster_run *run, void *self)
{
    struct webhook *webhook = self;
    (void)run;
    free(webhook->lines);
    free(webhook);
}

static muster_rc open_it(muster_run *run, void **ret_self)
{
    struct webhook *webhook = calloc(1, sizeof(*webhook));
    if (!webhook)
        return run->host->fail(run, MUSTER_FAIL, "out of memory");
    webhook->run = run;
    webhook->host = run->host;
    webhook->when = (muster_auth){.size = sizeof(webhook->when),
                                  .scheme = "recipe",
                                  .where = "header",
                                  .name = "webhook-timestamp",
                                  .recipe = "{time_s}"};
    webhook->sign = (muster_auth){.size = sizeof(webhook->sign),
                                  .scheme = "standard-webhooks",
                                  .secret = "secret",
                                  .fallback = "previous",
                                  .recipe = webhook->recipe,
                                  .extra = &webhook->when};
    muster_rc rc = words_read(webhook);
    if (rc == MUSTER_OK)
        rc = headers_read(webhook);
    if (rc != MUSTER_OK)
        close_it(run, webhook);
    else
        *ret_self = webhook;
    return rc;
}

/* ---- an event ---- */

static void stamp_write(int64_t ms, char ret_stamp[STAMP_ROOM])
{
    int64_t days = ms / 86400000, rest = ms % 86400000, shifted = days + 719468, era = shifted / 146097;
    int64_t of_era = shifted % 146097, year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
    int64_t day = of_year - (153 * month + 2) / 5 + 1;
    month = month < 10 ? month + 3 : month - 9;
    snprintf(ret_stamp, STAMP_ROOM, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (int)(year + era * 400 + (month <= 2)),
             (int)month, (int)day, (int)(rest / 3600000), (int)(rest / 60000 % 60), (int)(rest / 1000 % 60),
             (int)(rest % 1000));
}

static bool is_key(struct webhook *webhook, const char *name)
{
    size_t count = webhook->host->count(webhook->run, "keys");
    for (size_t n = 0; n < count; n++)
        if (strcmp(text_nth(webhook, "keys", n, ""), name) == 0)
            return true;
    return false;
}

static bool is_changed(struct webhook *webhook, const muster_change *change, const char *name)
{
    const char *one;
    for (size_t n = 0; (one = webhook->host->changed(change, n)); n++)
        if (strcmp(one, name) == 0)
            return true;
    return false;
}

static void value_write(const muster_field *field, const char *text, muster_text *out)
{
    bool plain = field->type == MUSTER_INTEGER || field->type == MUSTER_DECIMAL || field->type == MUSTER_BOOL ||
                 field->type == MUSTER_JSON || field->type == MUSTER_LIST;
    if (!text)
        muster_text_put(out, "null");
    else if (plain && *text)
        muster_text_put(out, text);
    else
        muster_text_json(out, text);
}

static void data_write(struct webhook *webhook, const muster_push *push, const muster_change *change, muster_text *out)
{
    const char *how = webhook->host->text(webhook->run, "body");
    const muster_record *record = change->after ? change->after : change->before;
    bool whole = strcmp(how, "whole") == 0 || (change->op == MUSTER_CREATE && strcmp(how, "changed") == 0);
    size_t count = 0;
    muster_text_put(out, "{");
    for (const muster_field *one = push->fields; record && one->name; one++) {
        int32_t present = webhook->host->present(record, one->name);
        bool changed = strcmp(how, "changed") == 0 && is_changed(webhook, change, one->name);
        if (present == 0 || !(whole || changed || is_key(webhook, one->name)))
            continue;
        muster_text_put(out, count++ ? "," : "");
        muster_text_json(out, one->name);
        muster_text_put(out, ":");
        value_write(one, present >= 2 ? webhook->host->get(record, one->name) : NULL, out);
    }
    muster_text_put(out, "}");
}

static void event_write(struct webhook *webhook, const muster_push *push, const muster_change *change, muster_text *out)
{
    char stamp[STAMP_ROOM];
    stamp_write(webhook->host->now_ms(webhook->run), stamp);
    muster_text_put(out, "{\"type\":");
    muster_text type = {0};
    muster_text_put(&type, push->stream);
    muster_text_put(&type, ".");
    muster_text_put(&type, webhook->words[change->op]);
    muster_text_json(out, type.data ? type.data : "");
    out->failed |= type.failed;
    muster_text_done(&type);
    muster_text_put(out, ",\"timestamp\":");
    muster_text_json(out, stamp);
    const char *name;
    for (size_t n = 0; change->op == MUSTER_UPDATE && (name = webhook->host->changed(change, n)); n++) {
        muster_text_put(out, n ? "," : ",\"changed\":[");
        muster_text_json(out, name);
    }
    if (change->op == MUSTER_UPDATE && webhook->host->changed(change, 0))
        muster_text_put(out, "]");
    muster_text_put(out, ",\"data\":");
    data_write(webhook, push, change, out);
    muster_text_put(out, "}");
}

/* ---- sending ---- */

/* What an answer means to Standard Webhooks: 2xx is taken, anything else is not; 410 wants no more of them. */
static muster_rc answered(struct webhook *webhook, muster_rc rc, const muster_http *reply)
{
    int32_t status = reply ? reply->status : 0;
    if (rc == MUSTER_GONE && status == 410)
        return webhook->host->fail(
            webhook->run, MUSTER_CONFIG,
            "the receiver answers 410: it wants no events any more. Take the connection out of the "
            "file, or set option 'url' to where it is now");
    if (rc == MUSTER_CANCELLED || rc == MUSTER_CONFIG || rc == MUSTER_FAIL || rc == MUSTER_RETRY || rc == MUSTER_AUTH)
        return rc;
    if (status >= 300)
        snprintf(webhook->why, sizeof(webhook->why), "the receiver answers with HTTP status %d", status);
    return rc;
}

static muster_rc send(struct webhook *webhook, const char *key, const muster_text *body)
{
    char id[ID_ROOM];
    const char *lines[HEADERS_MOST + 4] = {"Content-Type: application/json", id};
    const muster_http *reply = NULL;
    snprintf(id, sizeof(id), "webhook-id: msg_%.64s", key);
    snprintf(webhook->recipe, sizeof(webhook->recipe), "msg_%.64s.{time_s}.{body}", key);
    for (size_t n = 0; n < webhook->line_count; n++)
        lines[n + 2] = webhook->lines[n];
    const muster_http ask = {.size = sizeof(ask),
                             .flags = MUSTER_IDEMPOTENT, /* whoever gets it twice knows it by its id */
                             .method = "POST",
                             .url = webhook->host->text(webhook->run, "url"),
                             .headers = lines,
                             .body = body->data,
                             .body_len = body->len,
                             .timeout_ms = (uint32_t)(webhook->host->number(webhook->run, "timeout") * 1000),
                             .fd = -1,
                             .auth = &webhook->sign};
    muster_rc rc = webhook->host->http(webhook->run, &ask, &reply);
    return answered(webhook, rc, reply);
}

static muster_rc tell(struct webhook *webhook, const muster_push *push, const muster_change *change)
{
    muster_text body = {0};
    if (change->op < MUSTER_CREATE || change->op > MUSTER_DELETE)
        return MUSTER_OK;
    event_write(webhook, push, change, &body);
    muster_rc rc = body.failed ? webhook->host->fail(webhook->run, MUSTER_FAIL, "out of memory")
                               : send(webhook, change->key, &body);
    muster_text_done(&body);
    return rc;
}

/* An event that is about nothing, signed as all are: whoever takes it has the right secret. */
static muster_rc check(muster_run *run, void *self)
{
    struct webhook *webhook = self;
    muster_text body = {0};
    char stamp[STAMP_ROOM], key[40];
    webhook->run = run;
    stamp_write(run->host->now_ms(run), stamp);
    snprintf(key, sizeof(key), "check%" PRId64, run->host->now_ms(run));
    muster_text_put(&body, "{\"type\":\"muster.check\",\"timestamp\":");
    muster_text_json(&body, stamp);
    muster_text_put(&body, ",\"data\":{}}");
    muster_rc rc = body.failed ? run->host->fail(run, MUSTER_FAIL, "out of memory") : send(webhook, key, &body);
    muster_text_done(&body);
    return rc;
}

static muster_rc apply(muster_run *run, void *self, const muster_push *push)
{
    struct webhook *webhook = self;
    const muster_host *host = run->host;
    const muster_change *change;
    webhook->run = run;
    if (!word_is_good(push->stream))
        return host->fail(
            run, MUSTER_CONFIG,
            "stream '%s': it is the beginning of its events' types, which may have letters, digits, points "
            "and _",
            push->stream);
    for (;;) {
        muster_rc rc = host->next(run, &change);
        if (rc != MUSTER_OK || !change)
            return rc;
        *webhook->why = '\0';
        rc = tell(webhook, push, change);
        if (rc == MUSTER_OK)
            rc = host->applied(run, change, NULL);
        else if (*webhook->why)
            rc = host->refused(run, change, rc, webhook->why);
        if (rc != MUSTER_OK)
            return rc;
    }
}

MUSTER_CONNECTOR(webhook, .version = "1.0", .summary = "Tells a server of what changes, by Standard Webhooks",
                 .account = "url", .requests = 10, .per_ms = 1000, .options = options, .streams = streams,
                 .open = open_it, .close = close_it, .check = check, .apply = apply)
