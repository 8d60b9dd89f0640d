/* pseudonym - the parts of a bundle without the people in them. */
#include "bundle/pseudonym_inside.h"

#include "base/base64.h"
#include "base/jsonobject.h"
#include "base/jsontext.h"
#include "base/mem.h"
#include "bundle/known.h"
#include "config/node.h"

#include <errno.h>
#include <string.h>

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

void pseudonym_look_through(struct pseudonym *pseudonym, const char *where, const char *bytes, size_t len)
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
        pseudonym_look_through(pseudonym, part->name, part->bytes, part->len);
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

/* --- the report --- */

struct report {
    struct pseudonym *pseudonym;
    struct buffer *out;
};

static int report_member(void *context, const struct jsonobject_member *member)
{
    static const char *const gone[] = {"author", "cassette", "files", "not_taken", "reason"};
    static const char *const same[] = {"organization", "connection", "outcome", "started"};
    struct report *report = context;
    for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
        if (strcmp(member->name, gone[i]) == 0)
            return 0;
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
        if (strcmp(member->name, same[i]) == 0) {
            json_member_text(report->out, member->name, member->text);
            return report->out->rc;
        }
    json_name(report->out, member->name);
    if (member->type == JSONOBJECT_NESTED) {
        mask_json(&report->pseudonym->mask, member->text, member->text_len, MASK_ASKED, report->out);
    } else if (member->type == JSONOBJECT_STRING) {
        TIDY_DONE(buffer_done) struct buffer made = {0};
        mask_text(&report->pseudonym->mask, member->text, member->text_len, MASK_ASKED, &made);
        json_text(report->out, made.data ? made.data : "");
    } else {
        buffer_add(report->out, member->text, member->text_len);
    }
    return report->out->rc;
}

int pseudonym_report(struct pseudonym *pseudonym, struct buffer *out, struct err *err)
{
    const struct buffer *text = &pseudonym->material->report;
    struct report report = {.pseudonym = pseudonym, .out = out};
    const char *why;
    size_t at;
    (void)err;
    buffer_byte(out, '{');
    int rc = jsonobject_split(text->data, text->len, report_member, &report, &why, &at);
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
