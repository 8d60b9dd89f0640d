/* visitor - one request to the API. */
#include "api/visitor.h"

#include "base/jsonobject.h"
#include "base/jsontext.h"
#include "base/mem.h"
#include "config/node.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { TEXT_MOST = 8192, PAGE_USUAL = 100, PAGE_MOST = 1000 };

/* --- problems --- */

bool visitor_refuse(struct visitor *visitor, const struct trouble *trouble, const char *format, ...)
{
    char detail[1200];
    struct web_reply *reply = &visitor->request->reply;
    va_list args;
    va_start(args, format);
    vsnprintf(detail, sizeof(detail), format, args);
    va_end(args);
    web_problem(reply, trouble->status, "%s", detail);
    if (reply->body.rc == 0)
        reply->body.len -= 2; /* "}\n" */
    json_member_text(&reply->body, "reason", trouble->reason);
    if (trouble->place)
        json_member_text(&reply->body, "place", trouble->place);
    if (trouble->next)
        json_member_text(&reply->body, "next", trouble->next);
    buffer_text(&reply->body, "}\n");
    return true;
}

bool visitor_fails(struct visitor *visitor, int rc, const struct err *err)
{
    static const struct {
        int rc;
        struct trouble trouble;
    } known[] = {{ERR_GONE, {404, "not_found", NULL, NULL}},
                 {ERR_UNKNOWN, {404, "not_found", NULL, NULL}},
                 {ERR_CONFIG, {422, "cannot_be_done", NULL, NULL}},
                 {ERR_DATA, {422, "cannot_be_done", NULL, NULL}},
                 {ERR_BUSY, {409, "busy", NULL, "Come again when the other run has ended."}},
                 {ERR_PAUSED, {409, "paused", NULL, "POST resume, or wait until the pause is over."}},
                 {ERR_HELD, {409, "held", NULL, "GET inbox lists what waits for a person."}},
                 {ERR_CONFLICT, {409, "conflict", NULL, NULL}},
                 {ERR_AUTH, {502, "login_refused", NULL, NULL}},
                 {ERR_NETWORK, {502, "unreachable", NULL, NULL}},
                 {ERR_TIMEOUT, {504, "too_slow", NULL, NULL}},
                 {-ENOMEM, {503, "no_memory", NULL, "Come again soon."}}};
    struct trouble trouble = {500, "failed", NULL, NULL};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (known[i].rc == rc)
            trouble = known[i].trouble;
    visitor_refuse(visitor, &trouble, "%s", err && err->rc && err->text[0] ? err->text : err_text(rc));
    if (rc == ERR_BUSY || rc == -ENOMEM)
        visitor->request->reply.retry_after_s = 5;
    return true;
}

/* --- what it says --- */

static bool wrong(struct visitor *visitor, const struct parameter *parameter, const char *why)
{
    static const char *const places[] = {"", "path", "query", "body"};
    char place[100];
    snprintf(place, sizeof(place), "%s: %s", places[parameter->place], parameter->name);
    const struct trouble trouble = {400, "parameter_wrong", place, parameter->doc};
    visitor_refuse(visitor, &trouble, "'%s' %s", parameter->name, why);
    return false;
}

static bool choice_has(const char *choices, const char *text)
{
    size_t len = strlen(text);
    for (const char *at = choices; *at; at += strcspn(at, "|"), at += *at == '|')
        if (strcspn(at, "|") == len && memcmp(at, text, len) == 0)
            return true;
    return false;
}

static bool add(struct visitor *visitor, const struct parameter *parameter, const char *text, size_t len)
{
    const char *copy = memchr(text, '\0', len) ? NULL : arena_copy(visitor->arena, text, len);
    if (memchr(text, '\0', len) || len > TEXT_MOST)
        return wrong(visitor, parameter, "is too long, or has a byte in it that cannot be.");
    if (parameter->type == TYPE_COUNT && (len == 0 || len > 18 || strspn(copy ? copy : "", "0123456789") != len))
        return wrong(visitor, parameter, "is to be a number.");
    if (parameter->type == TYPE_FLAG && !(copy && choice_has("true|false", copy)))
        return wrong(visitor, parameter, "is to be true or false.");
    if (parameter->choices && !(copy && choice_has(parameter->choices, copy)))
        return wrong(visitor, parameter, "is not one of those that can be.");
    if (!copy || mem_grow(&visitor->said, visitor->said_count, &visitor->said_room, sizeof(*visitor->said)) != 0) {
        visitor_fails(visitor, -ENOMEM, NULL);
        return false;
    }
    visitor->said[visitor->said_count++] = (struct said){parameter, copy};
    return true;
}

static bool unknown(struct visitor *visitor, enum parameter_place place, const char *name)
{
    const char *names[PARAMETERS_MOST + 4] = {NULL};
    const struct parameter *parameter;
    size_t count = 0;
    for (size_t n = 0; (parameter = operation_nth(visitor->operation, n)); n++)
        if (parameter->place == place)
            names[count++] = parameter->name;
    const char *near = nearest_name(name, names);
    char where[100], next[100];
    snprintf(where, sizeof(where), "%s: %.60s", place == IN_QUERY ? "query" : "body", name);
    snprintf(next, sizeof(next), "Did you mean '%s'?", near ? near : "");
    const struct trouble trouble = {400, "parameter_unknown", where, near ? next : "See /openapi.json."};
    visitor_refuse(visitor, &trouble, "%s takes no '%.60s'.", visitor->operation->id, name);
    return false;
}

static bool read_argument(void *context, const char *name, const char *value, size_t len)
{
    struct visitor *visitor = context;
    const struct parameter *parameter = operation_parameter(visitor->operation, name, IN_QUERY);
    if (!parameter)
        return unknown(visitor, IN_QUERY, name);
    if (visitor_text(visitor, name))
        return wrong(visitor, parameter, "is said twice.");
    return add(visitor, parameter, value ? value : "", len);
}

static bool read_path(struct visitor *visitor)
{
    const struct parameter *parameter;
    for (size_t n = 0; (parameter = operation_nth(visitor->operation, n)); n++) {
        const char *part;
        if (parameter->place != IN_PATH)
            continue;
        long len = operation_part(visitor->operation, visitor->request->path, parameter->name, &part);
        if (!add(visitor, parameter, part, len > 0 ? (size_t)len : 0))
            return false;
    }
    return true;
}

/* --- the body --- */

struct reading {
    struct visitor *visitor;
    const struct parameter *parameter; /* NULL: members of the body; else of what it nests */
    bool good;
};

static int member(void *context, const struct jsonobject_member *member);

static bool split(struct reading *reading, const char *json, size_t len)
{
    const char *why;
    size_t at;
    int rc = jsonobject_split(json, len, member, reading, &why, &at);
    if (rc == 0)
        return true;
    if (reading->visitor->request->reply.status != 0)
        return false;
    if (rc == -ENOMEM) {
        visitor_fails(reading->visitor, rc, NULL);
        return false;
    }
    char place[60];
    snprintf(place, sizeof(place), "body: byte %zu", at);
    const struct trouble trouble = {400, "no_json", place,
                                    "Send a JSON object with the content type application/json."};
    visitor_refuse(reading->visitor, &trouble, "The body is no JSON object: %s.", why);
    return false;
}

/* A list is walked as it stands, which is known to be JSON: each text is given to split() as an object of its own. */
static bool texts(struct visitor *visitor, const struct parameter *parameter, const char *list, size_t len)
{
    struct reading reading = {visitor, parameter, true};
    TIDY_DONE(buffer_done) struct buffer one = {0};
    size_t at = 1;
    if (len < 2 || list[0] != '[')
        return wrong(visitor, parameter, "is to be a list of texts.");
    while (at < len && list[at] != ']') {
        size_t from = at;
        at += strspn(list + at, " \t\r\n,");
        if (list[at] == ']')
            break;
        if (list[at] != '"')
            return wrong(visitor, parameter, "is to be a list of texts.");
        from = at++;
        while (at < len && list[at] != '"')
            at += list[at] == '\\' ? 2 : 1;
        buffer_clear(&one);
        buffer_text(&one, "{\"\":");
        buffer_add(&one, list + from, ++at - from);
        buffer_byte(&one, '}');
        if (one.rc != 0 || !split(&reading, one.data, one.len))
            return one.rc == 0 ? false : !visitor_fails(visitor, one.rc, NULL);
    }
    return true;
}

static int nested(struct reading *reading, const struct jsonobject_member *member)
{
    struct visitor *visitor = reading->visitor;
    TIDY_DONE(buffer_done) struct buffer pair = {0};
    if (member->type != JSONOBJECT_STRING && member->type != JSONOBJECT_NUMBER && member->type != JSONOBJECT_BOOL) {
        wrong(visitor, reading->parameter, "is to hold texts.");
        return ERR_DATA;
    }
    if (reading->parameter->type == TYPE_PAIRS) {
        buffer_add(&pair, member->name, member->name_len);
        buffer_byte(&pair, '=');
    }
    buffer_add(&pair, member->text, member->text_len);
    if (pair.rc != 0)
        return pair.rc;
    return add(visitor, reading->parameter, pair.data ? pair.data : "", pair.len) ? 0 : ERR_DATA;
}

static bool takes(struct visitor *visitor, const struct parameter *parameter, const struct jsonobject_member *member)
{
    static const enum jsonobject_type types[] = {[TYPE_TEXTUAL] = JSONOBJECT_STRING,
                                                 [TYPE_COUNT] = JSONOBJECT_NUMBER,
                                                 [TYPE_FLAG] = JSONOBJECT_BOOL,
                                                 [TYPE_TEXTS] = JSONOBJECT_NESTED,
                                                 [TYPE_PAIRS] = JSONOBJECT_NESTED};
    struct reading inside = {visitor, parameter, true};
    if (member->type == JSONOBJECT_NULL && !parameter->required)
        return true;
    if (member->type != types[parameter->type])
        return wrong(visitor, parameter, "is of another type.");
    if (parameter->type == TYPE_TEXTS)
        return texts(visitor, parameter, member->text, member->text_len);
    if (parameter->type == TYPE_PAIRS)
        return split(&inside, member->text, member->text_len);
    return add(visitor, parameter, member->text, member->text_len);
}

static int member(void *context, const struct jsonobject_member *member)
{
    struct reading *reading = context;
    struct visitor *visitor = reading->visitor;
    if (reading->parameter)
        return nested(reading, member);
    const struct parameter *parameter = operation_parameter(visitor->operation, member->name, IN_BODY);
    if (!parameter)
        return unknown(visitor, IN_BODY, member->name) ? 0 : ERR_DATA;
    if (visitor_text(visitor, parameter->name))
        return wrong(visitor, parameter, "is said twice.") ? 0 : ERR_DATA;
    return takes(visitor, parameter, member) ? 0 : ERR_DATA;
}

static bool all_there(struct visitor *visitor)
{
    const struct parameter *parameter;
    for (size_t n = 0; (parameter = operation_nth(visitor->operation, n)); n++)
        if (parameter->required && parameter->place == IN_BODY && !visitor_text(visitor, parameter->name))
            return wrong(visitor, parameter, "is missing.");
    return true;
}

bool visitor_reads(struct visitor *visitor, bool body)
{
    struct reading reading = {visitor, NULL, true};
    struct web_request *request = visitor->request;
    if (!body)
        return read_path(visitor) && web_queries(request, read_argument, visitor);
    return (request->body_len == 0 || split(&reading, request->body, request->body_len)) && all_there(visitor);
}

const char *visitor_text(const struct visitor *visitor, const char *name)
{
    for (size_t i = 0; i < visitor->said_count; i++)
        if (strcmp(visitor->said[i].parameter->name, name) == 0)
            return visitor->said[i].text;
    return NULL;
}

bool visitor_flag(const struct visitor *visitor, const char *name)
{
    const char *text = visitor_text(visitor, name);
    return text && strcmp(text, "true") == 0;
}

bool visitor_number(struct visitor *visitor, const char *name, uint64_t least, uint64_t most, uint64_t otherwise,
                    uint64_t *ret_number)
{
    const char *text = visitor_text(visitor, name);
    *ret_number = text ? strtoull(text, NULL, 10) : otherwise;
    if (!text || (*ret_number >= least && *ret_number <= most))
        return true;
    for (size_t i = 0; i < visitor->said_count; i++)
        if (strcmp(visitor->said[i].parameter->name, name) == 0)
            return wrong(visitor, visitor->said[i].parameter, "is out of bounds.");
    return false;
}

/* --- the organization --- */

bool visitor_opens(struct visitor *visitor)
{
    struct err err = {0};
    int rc =
        shelf_take(visitor->shelf, visitor->organization, visitor_flag(visitor, "protected"), &visitor->book, &err);
    return rc == 0 || !visitor_fails(visitor, rc, &err);
}

bool visitor_opens_store(struct visitor *visitor)
{
    static const struct trouble none = {404, "no_store", NULL, "POST sync: its first run makes the store."};
    if (!visitor_opens(visitor))
        return false;
    return visitor->book->query ||
           !visitor_refuse(visitor, &none, "The organization '%s' has no store yet.", visitor->organization);
}

void visitor_closes(struct visitor *visitor)
{
    if (visitor->book)
        shelf_give(visitor->book);
    visitor->book = NULL;
}

void visitor_done(struct visitor *visitor)
{
    visitor_closes(visitor);
    shelf_close(visitor->shelf);
    badges_free(visitor->badges);
    arena_free(visitor->arena);
    free(visitor->said);
}

/* --- pages --- */

bool visitor_page(struct visitor *visitor, uint64_t *ret_after, uint64_t *ret_limit)
{
    const char *cursor = visitor_text(visitor, "cursor");
    char *end = NULL;
    *ret_after = 0;
    if (!visitor_number(visitor, "limit", 1, PAGE_MOST, PAGE_USUAL, ret_limit))
        return false;
    if (cursor && strlen(cursor) == 17 && cursor[0] == 'c' && strspn(cursor + 1, "0123456789abcdef") == 16)
        *ret_after = strtoull(cursor + 1, &end, 16);
    const struct trouble trouble = {400, "parameter_wrong", "query: cursor", "Take `next` of a page as it is."};
    return !cursor || end || !visitor_refuse(visitor, &trouble, "'cursor' is none that was given here.");
}

void visitor_page_ends(struct visitor *visitor, uint64_t after)
{
    struct buffer *out = &visitor->request->reply.body;
    char text[20];
    snprintf(text, sizeof(text), "c%016" PRIx64, after);
    buffer_byte(out, ']');
    if (after != 0)
        json_member_text(out, "next", text);
    buffer_text(out, "}\n");
}

/* --- the answer --- */

void visitor_answers(struct visitor *visitor)
{
    struct web_reply *reply = &visitor->request->reply;
    const char *has = web_header(visitor->request, "If-None-Match");
    char tag[24];
    struct err err = {0};
    int rc = visitor->book && visitor->book->query ? query_end(visitor->book->query, &err) : 0;
    rc = rc ? rc : reply->body.rc;
    if (rc != 0) {
        visitor_fails(visitor, rc, &err);
        return;
    }
    snprintf(tag, sizeof(tag), "\"%016" PRIx64 "\"", digest_fast(reply->body.data, reply->body.len));
    reply->status = 200;
    web_head(reply, "ETag", tag);
    web_head(reply, "Cache-Control", "private, no-cache");
    if (has && (strstr(has, tag) || strcmp(has, "*") == 0)) {
        reply->status = 304;
        buffer_clear(&reply->body);
    }
}
