/* bookmark - the state of a Singer tap that we are: how far each stream was told. */
#include "cli/bookmark.h"

#include "base/buffer.h"
#include "base/jsonobject.h"
#include "base/jsontext.h"
#include "base/mem.h"
#include "base/tidy.h"
#include "store/store.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MOST = 1 << 20 };

/* A member that is looked for. */
struct member {
    const char *name;
    bool there;
    enum jsonobject_type type;
    struct bytes text; /* of an object or a number: where it stands */
};

static int look(void *context, const struct jsonobject_member *one)
{
    struct member *member = context;
    if (member->there || strlen(member->name) != one->name_len || memcmp(member->name, one->name, one->name_len) != 0)
        return 0;
    member->there = true;
    member->type = one->type;
    member->text = bytes(one->text, one->text_len);
    return 0;
}

/* Of an object that is none nothing is a member. */
static struct member member_of(struct bytes object, const char *name)
{
    struct member member = {.name = name};
    const char *why;
    size_t at;
    if (jsonobject_split(object.data, object.len, look, &member, &why, &at) != 0)
        member.there = false;
    return member;
}

static int file_read(const char *file, struct buffer *out)
{
    char *room = buffer_reserve(out, FILE_MOST + 1);
    FILE *opened = room ? fopen(file, "re") : NULL;
    if (!opened)
        return room ? -errno : -ENOMEM;
    size_t len = fread(room, 1, FILE_MOST + 1, opened);
    bool well = !ferror(opened);
    fclose(opened);
    out->len = len;
    return !well ? -EIO : len > FILE_MOST ? ERR_LIMIT : 0;
}

static int state_read(struct bytes state, const char *file, const char *stream, uint64_t *ret_sequence, struct err *err)
{
    struct member of = member_of(member_of(state, "bookmarks").text, stream);
    struct member sequence = member_of(of.text, "sequence");
    char text[24], *end = text;
    *ret_sequence = 0;
    if (!of.there)
        return 0;
    snprintf(text, sizeof(text), "%.*s", sequence.text.len < 20 ? (int)sequence.text.len : 0,
             sequence.there ? (const char *)sequence.text.data : "");
    *ret_sequence = strtoull(text, &end, 10);
    if (sequence.type == JSONOBJECT_NUMBER && end > text && *end == '\0' && text[0] != '-')
        return 0;
    return err_set(err, ERR_CONFIG, "%s says no sequence of %s that is one", file, stream);
}

static int nothing(void *context, const struct jsonobject_member *one)
{
    (void)context, (void)one;
    return 0;
}

int bookmark_read(const char *file, const char *stream, uint64_t *ret_sequence, char **ret_state, struct err *err)
{
    TIDY_DONE(buffer_done) struct buffer all = {0};
    const char *why = NULL;
    size_t at = 0;
    int rc = file_read(file, &all);
    if (rc != 0)
        return err_set(err, ERR_CONFIG, "the state %s cannot be read: %s", file, err_text(rc));
    if (jsonobject_split(all.data, all.len, nothing, NULL, &why, &at) != 0)
        return err_set(err, ERR_CONFIG,
                       "%s is no state: it must be what the last STATE of an export says (%s at byte %zu)", file,
                       why ? why : "no memory", at + 1);
    struct member value = member_of(bytes(all.data, all.len), "value");
    struct bytes state = value.there && value.type == JSONOBJECT_NESTED ? value.text : bytes(all.data, all.len);
    rc = state_read(state, file, stream, ret_sequence, err);
    if (rc == 0 && !(*ret_state = mem_copy(state.data, state.len)))
        rc = -ENOMEM;
    return rc;
}

/* The members of an object but one. */
struct rest {
    const char *but;
    struct buffer *out;
};

static int copy(void *context, const struct jsonobject_member *one)
{
    struct rest *rest = context;
    if (strlen(rest->but) == one->name_len && memcmp(rest->but, one->name, one->name_len) == 0)
        return 0;
    json_name(rest->out, one->name);
    if (one->type == JSONOBJECT_STRING)
        json_string(rest->out, one->text, one->text_len);
    else
        buffer_add(rest->out, one->text, one->text_len);
    return rest->out->rc;
}

static void others(struct bytes object, const char *but, struct buffer *out)
{
    struct rest rest = {but, out};
    const char *why;
    size_t at;
    buffer_byte(out, '{');
    if (object.len > 0)
        jsonobject_split(object.data, object.len, copy, &rest, &why, &at);
}

int bookmark_write(const char *state, const char *stream, uint64_t sequence, struct buffer *out)
{
    struct bytes all = bytes(state, state ? strlen(state) : 0);
    others(all, "bookmarks", out);
    json_name(out, "bookmarks");
    others(member_of(all, "bookmarks").text, stream, out);
    json_name(out, stream);
    buffer_byte(out, '{');
    json_member_number(out, "sequence", sequence);
    buffer_text(out, "}}}");
    return out->rc;
}
