/* pseudonym_cassette - what was asked and answered, without the people in it. Part of pseudonym.h. */
#include "bundle/pseudonym_inside.h"

#include "base/base64.h"
#include "base/jsonobject.h"
#include "base/jsontext.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

static int body_out(struct pseudonym *pseudonym, const char *name, size_t *ret_len, const char *bytes, size_t len,
                    enum mask_how how, struct buffer *out)
{
    TIDY_DONE(buffer_done) struct buffer made = {0};
    char whole[40];
    int rc = mask_body(&pseudonym->mask, bytes, len, how, &made);
    if (rc != 0)
        return rc;
    pseudonym_look_through(pseudonym, arena_format(pseudonym->arena, "cassette.jsonl:%u", pseudonym->line),
                           made.data ? made.data : "", made.len);
    bool text = text_valid(made.data ? made.data : "", made.len);
    *ret_len = made.len;
    snprintf(whole, sizeof(whole), "%s%s", name, text ? "" : "_base64");
    json_name(out, whole);
    if (text) {
        json_string(out, made.data ? made.data : "", made.len);
        return out->rc;
    }
    buffer_byte(out, '"');
    char *place = buffer_reserve(out, BASE64_ROOM(made.len) - 1);
    if (place)
        base64_write(made.data, made.len, true, place);
    buffer_byte(out, '"');
    return out->rc;
}

/* What of a reply's headers a connector goes by. */
static void headers_out(struct pseudonym *pseudonym, const char *text, struct buffer *out)
{
    static const char *const plain[] = {"content-type:", "retry-after:", "date:", "etag:", "x-rate"};
    TIDY_DONE(buffer_done) struct buffer made = {0};
    for (const char *at = text, *end; *at; at = *end ? end + 1 : end) {
        end = at + strcspn(at, "\n");
        const char *colon = memchr(at, ':', (size_t)(end - at)), *open;
        bool known = !colon;
        for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
            known |= strncasecmp(at, plain[i], strlen(plain[i])) == 0;
        if (strncasecmp(at, "content-length:", 15) == 0 || strncasecmp(at, "server:", 7) == 0)
            continue;
        const char *value = known || !colon ? end : colon + 1 + strspn(colon + 1, " ");
        buffer_add(&made, at, (size_t)(value - at));
        for (; value < end && (open = memchr(value, '<', (size_t)(end - value))); value = open) { /* Link: <…>; rel= */
            const char *close = memchr(open, '>', (size_t)(end - open));
            close = close ? close : end;
            buffer_add(&made, value, (size_t)(open + 1 - value));
            mask_address(&pseudonym->mask, open + 1, (size_t)(close - open - 1), MASK_SAID, &made);
            open = close;
        }
        if (strncasecmp(at, "link:", 5) == 0)
            buffer_add(&made, value, (size_t)(end - value));
        else if (value < end && strchr("{[", *value))
            mask_json(&pseudonym->mask, value, (size_t)(end - value), MASK_SAID, &made);
        else
            mask_text(&pseudonym->mask, value, (size_t)(end - value), MASK_SAID, &made);
        buffer_byte(&made, '\n');
    }
    json_member_text(out, "headers", made.data ? made.data : "");
    out->rc = out->rc ? out->rc : made.rc;
}

/* "SIZE MTIME_MS PLACE" lines, "ignored " before some: a workbook has another size now. */
static void listing_out(struct pseudonym *pseudonym, const char *text, struct buffer *out)
{
    TIDY_DONE(buffer_done) struct buffer made = {0};
    for (const char *at = text, *end; *at; at = *end ? end + 1 : end) {
        end = at + strcspn(at, "\n");
        const char *slash = memchr(at, '/', (size_t)(end - at)), *size = at + strcspn(at, "0123456789");
        slash = slash ? slash : end;
        const char *after = size + strspn(size, "0123456789");
        size_t nth = 0;
        while (nth < pseudonym->fetched_count &&
               (strlen(pseudonym->fetched[nth].name) != (size_t)(end - slash) ||
                strncmp(pseudonym->fetched[nth].name, slash, (size_t)(end - slash)) != 0))
            nth++;
        if (nth < pseudonym->fetched_count && after < slash) {
            buffer_add(&made, at, (size_t)(size - at));
            buffer_format(&made, "%zu", pseudonym->fetched[nth].len);
            at = after;
        }
        buffer_add(&made, at, (size_t)(slash - at));
        mask_address(&pseudonym->mask, slash, (size_t)(end - slash), MASK_GIVEN, &made);
        buffer_byte(&made, '\n');
    }
    json_member_text(out, "reply", made.data ? made.data : "");
    out->rc = out->rc ? out->rc : made.rc;
}

/* One line of it: members in their order. */
struct line {
    struct pseudonym *pseudonym;
    struct buffer *out;
    char what[20];
    const char *asked; /* as it was */
    size_t len;        /* of what came */
    int rc;
};

static void asked_out(struct line *line, const struct jsonobject_member *member)
{
    TIDY_DONE(buffer_done) struct buffer made = {0};
    line->asked = arena_copy(line->pseudonym->arena, member->text, member->text_len);
    bool call = strcmp(line->what, "http") == 0, cursor = strcmp(line->what, "cursor") == 0;
    const char *blank = call ? memchr(member->text, ' ', member->text_len) : NULL;
    size_t method = blank ? (size_t)(blank + 1 - member->text) : 0;
    buffer_add(&made, member->text, method);
    if (cursor)
        mask_text(&line->pseudonym->mask, member->text, member->text_len, MASK_GIVEN, &made);
    else
        mask_address(&line->pseudonym->mask, member->text + method, member->text_len - method,
                     call ? MASK_ASKED : MASK_GIVEN, &made);
    json_member_text(line->out, member->name, made.data ? made.data : "");
    line->rc = made.rc;
}

/* Of a body that a source is sent only what was said before; a target is told of people of whom this system said
 * nothing, and telling is not played. */
static enum mask_how body_how(const struct line *line, bool body)
{
    return body && !line->pseudonym->material->connection->target ? MASK_ASKED : MASK_SAID;
}

static int line_text(struct line *line, const struct jsonobject_member *member)
{
    struct pseudonym *pseudonym = line->pseudonym;
    bool coded = strcmp(member->name, "body_base64") == 0 || strcmp(member->name, "reply_base64") == 0;
    bool body = strncmp(member->name, "body", 4) == 0, reply = strncmp(member->name, "reply", 5) == 0;
    if (strcmp(member->name, "with") == 0) /* headers of a question are not compared */
        return 0;
    if (strcmp(member->name, "asked") == 0) {
        asked_out(line, member);
    } else if (strcmp(member->name, "headers") == 0) {
        headers_out(pseudonym, member->text, line->out);
    } else if (reply && strcmp(line->what, "list") == 0) {
        listing_out(pseudonym, member->text, line->out);
    } else if (coded) {
        TIDY(free) char *bytes = mem_new(1, member->text_len + 1);
        size_t len = 0;
        if (!bytes || !base64_read(member->text, member->text_len, bytes, member->text_len, &len))
            return bytes ? ERR_DATA : -ENOMEM;
        line->rc =
            body_out(pseudonym, body ? "body" : "reply", &line->len, bytes, len, body_how(line, body), line->out);
    } else if (body || reply) {
        line->rc = body_out(pseudonym, member->name, &line->len, member->text, member->text_len, body_how(line, body),
                            line->out);
    } else if (strcmp(member->name, "why") == 0) {
        TIDY_DONE(buffer_done) struct buffer made = {0};
        mask_text(&pseudonym->mask, member->text, member->text_len, MASK_ASKED, &made);
        json_member_text(line->out, "why", made.data ? made.data : "");
    } else {
        json_member_text(line->out, member->name, member->text);
    }
    return line->rc;
}

static int line_member(void *context, const struct jsonobject_member *member)
{
    struct line *line = context;
    if (member->type == JSONOBJECT_STRING) {
        if (strcmp(member->name, "what") == 0)
            snprintf(line->what, sizeof(line->what), "%s", member->text);
        return line_text(line, member);
    }
    json_name(line->out, member->name);
    buffer_add(line->out, member->text, member->text_len);
    return line->out->rc;
}

static int fetched_add(struct pseudonym *pseudonym, const struct line *line)
{
    int rc = strcmp(line->what, "fetch") != 0 ? ERR_GONE
                                              : mem_grow(&pseudonym->fetched, pseudonym->fetched_count,
                                                         &pseudonym->fetched_room, sizeof(*pseudonym->fetched));
    if (rc == 0)
        pseudonym->fetched[pseudonym->fetched_count++] = (struct fetched){line->asked, line->len};
    return rc == ERR_GONE ? 0 : rc;
}

static int line_out(struct pseudonym *pseudonym, const char *text, size_t len, struct buffer *out)
{
    struct line line = {.pseudonym = pseudonym, .out = out};
    const char *why;
    size_t where;
    buffer_text(out, pseudonym->line == 0 ? "{\"masked\":1" : "{");
    int rc = jsonobject_split(text, len, line_member, &line, &why, &where);
    buffer_text(out, "}\n");
    return rc ? rc : out->rc ? out->rc : fetched_add(pseudonym, &line);
}

int pseudonym_cassette(struct pseudonym *pseudonym, const struct buffer *cassette, struct buffer *out, struct err *err)
{
    static const char list[] = "{\"what\":\"list\"";
    const struct buffer *text = cassette;
    TIDY_DONE(buffer_done) struct buffer rest = {0};
    int rc = 0;
    pseudonym->fetched_count = 0;
    for (unsigned lists = 0; rc == 0 && lists < 2; lists++) { /* how long a file is now, is known when it was written */
        pseudonym->line = 0;
        for (size_t at = 0, len; rc == 0 && at < text->len; at += len + 1, pseudonym->line++) {
            const char *line = text->data + at, *end = memchr(line, '\n', text->len - at);
            len = end ? (size_t)(end - line) : text->len - at;
            bool is_list = len > sizeof(list) && strncmp(line, list, sizeof(list) - 1) == 0;
            if (is_list == (lists == 1) && pseudonym->line > 0)
                rc = line_out(pseudonym, line, len, is_list ? out : &rest);
            else if (lists == 1 && pseudonym->line == 0)
                rc = line_out(pseudonym, line, len, out);
        }
    }
    buffer_add(out, rest.data ? rest.data : "", rest.len);
    if (rc == ERR_UNSUPPORTED)
        rc = err_set(
            err, rc,
            "no bundle was written: what was read in line %u of the cassette is neither text nor a workbook, so "
            "people cannot be replaced in it",
            pseudonym->line);
    return rc ? rc : out->rc ? out->rc : rest.rc ? rest.rc : pseudonym->mask.rc;
}
