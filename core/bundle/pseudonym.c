/* pseudonym - the parts of a bundle without the people in them. */
#include "bundle/pseudonym.h"

#include "base/base64.h"
#include "base/jsonobject.h"
#include "base/jsontext.h"
#include "base/mem.h"
#include "base/text.h"
#include "broker/cassette.h"
#include "bundle/known.h"
#include "bundle/mask.h"
#include "config/node.h"

#include <errno.h>
#include <string.h>

struct pseudonym {
    const struct bundle_ask *ask;
    const struct material *material;
    struct arena *arena;
    struct mask mask;
    const struct node *root; /* of the organization's file */
    unsigned line;           /* of the cassette */
    struct fetched {
        const char *name; /* as it was */
        size_t len;       /* as it is now */
    } * fetched;
    size_t fetched_count, fetched_room;
    const char *found; /* what is in it and must not be: a sentence */
};

void pseudonym_free(struct pseudonym *pseudonym)
{
    if (!pseudonym)
        return;
    mask_done(&pseudonym->mask);
    free(pseudonym->fetched);
    arena_free(pseudonym->arena);
    free(pseudonym);
}

static int64_t clock_of(const struct material *material)
{
    const char *at = material->cassette.data ? strstr(material->cassette.data, "\"now_ms\":") : NULL;
    return at ? strtoll(at + strlen("\"now_ms\":"), NULL, 10) : 0;
}

/* Numbers in a body that is no text. */
static int coded_member(void *context, const struct jsonobject_member *member)
{
    struct pseudonym *pseudonym = context;
    TIDY(archive_free) struct archive *archive = NULL;
    const struct archive_part *part;
    size_t len = 0;
    if (member->type != JSONOBJECT_STRING || !strstr(member->name, "_base64"))
        return 0;
    TIDY(free) char *bytes = mem_new(1, member->text_len + 1);
    int rc = bytes ? 0 : -ENOMEM;
    bool known = rc == 0 && base64_read(member->text, member->text_len, bytes, member->text_len, &len) &&
                 archive_is(bytes, len) && archive_read(bytes, len, "", &archive, NULL) == 0;
    for (size_t i = 0; rc == 0 && known && (part = archive_nth(archive, i)); i++)
        rc = alias_expect(pseudonym->mask.alias, part->bytes, part->len);
    return rc;
}

static int numbers_expect(struct pseudonym *pseudonym, const struct buffer *text)
{
    int rc = 0;
    for (size_t at = 0, len; rc == 0 && at < text->len; at += len + 1) {
        const char *line = text->data + at, *end = memchr(line, '\n', text->len - at), *why;
        size_t where;
        len = end ? (size_t)(end - line) : text->len - at;
        rc = jsonobject_split(line, len, coded_member, pseudonym, &why, &where);
    }
    return rc;
}

int pseudonym_new(const struct bundle_ask *ask, const struct material *material, struct pseudonym **ret_pseudonym,
                  struct err *err)
{
    struct pseudonym *pseudonym TIDY(pseudonym_free) = mem_new(1, sizeof(*pseudonym));
    if (!pseudonym || !(pseudonym->arena = arena_new()))
        return -ENOMEM;
    pseudonym->ask = ask;
    pseudonym->material = material;
    struct complaints complaints = {.arena = pseudonym->arena, .file = ask->organization->file};
    int rc = mask_init(&pseudonym->mask, clock_of(material), pseudonym->arena);
    if (rc == 0)
        rc = node_read_text(material->file.data ? material->file.data : "", material->file.len, &complaints,
                            &pseudonym->root);
    if (rc == 0)
        rc = known_learn(&pseudonym->mask, ask, material, pseudonym->root);
    if (rc == 0)
        rc = numbers_expect(pseudonym, &material->before);
    if (rc == 0)
        rc = numbers_expect(pseudonym, &material->cassette);
    if (rc == 0)
        rc = alias_settle(pseudonym->mask.alias);
    if (rc != 0)
        return err_set(err, rc, "what is known of people and of the file %s cannot be read: %s",
                       ask->organization->file, err_text(rc));
    *ret_pseudonym = TAKE(pseudonym);
    return 0;
}

/* --- looking through it --- */

static void tell_found(struct pseudonym *pseudonym, const char *where, const char *at, size_t len)
{
    if (!pseudonym->found)
        pseudonym->found = arena_format(pseudonym->arena, "%s: '%.*s'", where, (int)(len < 40 ? len : 40), at);
}

static void look_through(struct pseudonym *pseudonym, const char *where, const char *bytes, size_t len)
{
    TIDY(archive_free) struct archive *archive = NULL;
    const struct archive_part *part;
    const char *at;
    size_t wide;
    if (!archive_is(bytes, len)) {
        if (mask_finds(&pseudonym->mask, bytes, len, &at, &wide))
            tell_found(pseudonym, where, at, wide);
        return;
    }
    if (archive_read(bytes, len, where, &archive, NULL) != 0)
        tell_found(pseudonym, where, "a zip file that cannot be read", 30);
    for (size_t i = 0; archive && (part = archive_nth(archive, i)); i++)
        if (mask_finds(&pseudonym->mask, part->bytes, part->len, &at, &wide))
            tell_found(pseudonym, arena_format(pseudonym->arena, "%s, %s", where, part->name), at, wide);
}

int pseudonym_check(struct pseudonym *pseudonym, const struct archive *archive, struct err *err)
{
    const struct archive_part *part;
    for (size_t i = 0; (part = archive_nth(archive, i)); i++)
        look_through(pseudonym, part->name, part->bytes, part->len);
    if (pseudonym->mask.kept)
        tell_found(pseudonym, pseudonym->mask.kept, "", 0);
    if (pseudonym->found)
        return err_set(
            err, ERR_HELD,
            "no bundle was written: what somebody is called would be in it (%s). Once more, it may come out; "
            "else write to us without it.",
            pseudonym->found);
    return 0;
}

/* --- the cassette --- */

static int body_out(struct pseudonym *pseudonym, const char *name, size_t *ret_len, const char *bytes, size_t len,
                    enum mask_how how, struct buffer *out)
{
    TIDY_DONE(buffer_done) struct buffer made = {0};
    char whole[40];
    int rc = mask_body(&pseudonym->mask, bytes, len, how, &made);
    if (rc != 0)
        return rc;
    look_through(pseudonym, arena_format(pseudonym->arena, "cassette.jsonl:%u", pseudonym->line),
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

/* --- the report --- */

static int report_member(void *context, const struct jsonobject_member *member)
{
    static const char *const gone[] = {"author", "cassette", "files", "not_taken", "reason"};
    static const char *const same[] = {"organization", "connection", "outcome", "started"};
    struct line *line = context;
    for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
        if (strcmp(member->name, gone[i]) == 0)
            return 0;
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
        if (strcmp(member->name, same[i]) == 0) {
            json_member_text(line->out, member->name, member->text);
            return line->out->rc;
        }
    json_name(line->out, member->name);
    if (member->type == JSONOBJECT_NESTED) {
        mask_json(&line->pseudonym->mask, member->text, member->text_len, MASK_ASKED, line->out);
    } else if (member->type == JSONOBJECT_STRING) {
        TIDY_DONE(buffer_done) struct buffer made = {0};
        mask_text(&line->pseudonym->mask, member->text, member->text_len, MASK_ASKED, &made);
        json_text(line->out, made.data ? made.data : "");
    } else {
        buffer_add(line->out, member->text, member->text_len);
    }
    return line->out->rc;
}

int pseudonym_report(struct pseudonym *pseudonym, struct buffer *out, struct err *err)
{
    const struct buffer *text = &pseudonym->material->report;
    struct line line = {.pseudonym = pseudonym, .out = out};
    const char *why;
    size_t at;
    (void)err;
    buffer_byte(out, '{');
    int rc = jsonobject_split(text->data, text->len, report_member, &line, &why, &at);
    buffer_text(out, "}\n");
    return rc ? rc : out->rc;
}

/* --- the organization's file --- */

static void scalar_out(struct pseudonym *pseudonym, const struct node *node, enum mask_how how, struct buffer *out)
{
    TIDY_DONE(buffer_done) struct buffer made = {0};
    const char *text = node->text;
    bool place = strchr(text, '/') != NULL;
    if (node->tag)
        buffer_format(out, "%s ", node->tag);
    if (!node->tag) {
        (place ? mask_address : mask_text)(&pseudonym->mask, text, strlen(text), how, &made);
        text = made.data ? made.data : "";
    }
    bool plain = !node->quoted && *text &&
                 strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "0123456789_./% ") == strlen(text) &&
                 *text != ' ' && text[strlen(text) - 1] != ' ';
    if (plain || (!node->quoted && !*text))
        buffer_text(out, text);
    else
        json_text(out, text);
    out->rc = out->rc ? out->rc : made.rc;
}

static void node_out(struct pseudonym *pseudonym, const struct node *node, unsigned depth, enum mask_how how,
                     struct buffer *out)
{
    if (node->type == NODE_TEXT) {
        buffer_byte(out, ' ');
        scalar_out(pseudonym, node, how, out);
        buffer_byte(out, '\n');
        return;
    }
    if (node->count == 0) {
        buffer_text(out, node->type == NODE_MAP ? " {}\n" : " []\n");
        return;
    }
    buffer_text(out, depth == 0 ? "" : "\n");
    for (size_t i = 0; i < node->count; i++) {
        enum known_key key = node->type == NODE_MAP ? known_key(node->keys[i]->text) : KNOWN_KEY;
        if (key == KNOWN_PRIVATE)
            continue;
        buffer_format(out, "%*s", (int)depth * 2, "");
        if (node->type == NODE_MAP)
            scalar_out(pseudonym, node->keys[i], MASK_GIVEN, out);
        buffer_byte(out, node->type == NODE_MAP ? ':' : '-');
        node_out(pseudonym, node->items[i], depth + 1,
                 key == KNOWN_SIGNED   ? MASK_SAID
                 : key == KNOWN_MAPPED ? MASK_ASKED
                                       : how,
                 out);
    }
}

int pseudonym_file(struct pseudonym *pseudonym, struct buffer *out, struct err *err)
{
    (void)err;
    if (pseudonym->root)
        node_out(pseudonym, pseudonym->root, 0, MASK_GIVEN, out);
    return out->rc;
}
