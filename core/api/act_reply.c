/* act_reply - what `muster` printed, as an answer. */
#include "api/act_inside.h"

#include "base/date.h"
#include "base/jsonobject.h"
#include "base/jsontext.h"
#include "base/mem.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_DONE, EXIT_FAILED, EXIT_WORDS, EXIT_PARTLY, EXIT_HELD, EXIT_BUSY }; /* as `muster` ends */

/* Of one number, 2^20 are told apart; one of none comes behind all others. */
enum { SAME_BITS = 20, DIGITS = 12 };
static const uint64_t NONE = (uint64_t)1 << 43;

struct line {
    const char *text;
    size_t len;
    uint64_t order;
};

struct lines {
    struct line *items; /* objects, one each */
    size_t count, room;
    struct buffer others; /* lines that are none */
    int rc;
};

static void lines_done(struct lines *lines)
{
    free(lines->items);
    buffer_done(&lines->others);
}

struct ordering {
    const char *member;
    uint64_t number;
};

/* An instant in milliseconds, or the number that a member is: 12 of "h12". "pause:store2" is none. */
static int take_number(void *context, const struct jsonobject_member *member)
{
    struct ordering *ordering = context;
    int64_t ms;
    if (!ordering->member || strcmp(member->name, ordering->member) != 0)
        return 0;
    if (member->type == JSONOBJECT_STRING && instant_read(member->text, member->text_len, &ms) && ms >= 0) {
        ordering->number = (uint64_t)ms;
        return 0;
    }
    size_t digits = 0;
    while (digits < member->text_len && isdigit((unsigned char)member->text[member->text_len - digits - 1]))
        digits++;
    if (digits > 0 && digits <= DIGITS && digits + 1 >= member->text_len)
        ordering->number = strtoull(member->text + member->text_len - digits, NULL, 10);
    return 0;
}

static void read_line(struct lines *lines, const char *text, size_t len, const char *order)
{
    struct ordering ordering = {order, NONE};
    const char *why;
    size_t at;
    int rc = jsonobject_split(text, len, take_number, &ordering, &why, &at);
    if (rc == ERR_DATA) {
        buffer_add(&lines->others, text, len);
        buffer_byte(&lines->others, '\n');
        return;
    }
    rc = rc ? rc : mem_grow(&lines->items, lines->count, &lines->room, sizeof(*lines->items));
    if (rc == 0)
        lines->items[lines->count++] = (struct line){text, len, ordering.number};
    else
        lines->rc = rc;
}

static void read_lines(struct lines *lines, const struct buffer *out, const char *order)
{
    for (size_t from = 0; from < out->len;) {
        const char *end = memchr(out->data + from, '\n', out->len - from);
        size_t len = end ? (size_t)(end - out->data) - from : out->len - from;
        if (len > 0)
            read_line(lines, out->data + from, len, order);
        from += len + 1;
    }
    if (out->rc != 0)
        lines->rc = out->rc;
}

static int by_order(const void *a_item, const void *b_item)
{
    const struct line *a = a_item, *b = b_item;
    if (a->order != b->order)
        return a->order < b->order ? -1 : 1;
    return a->text < b->text ? -1 : a->text > b->text;
}

/* No two are the same: those of one number follow it, in the order in which they were told. So a page goes on where the
 * one before it ended, whatever has come since. */
static void put_in_order(struct lines *lines, const struct operation *operation)
{
    uint64_t before = 0;
    for (size_t i = 0; i < lines->count; i++) {
        struct line *line = &lines->items[i];
        if (line->order == NONE)
            line->order = operation->none_first ? 0 : NONE;
        else if (operation->newest)
            line->order = NONE - 1 - line->order;
    }
    if (lines->count > 1)
        qsort(lines->items, lines->count, sizeof(*lines->items), by_order);
    for (size_t i = 0; i < lines->count; i++) {
        uint64_t order = lines->items[i].order << SAME_BITS;
        before = lines->items[i].order = order > before ? order : before + 1;
    }
}

/* --- what it said --- */

/* A line each, without the program's name before it. */
static void messages_write(const struct buffer *said, const char **before, struct buffer *out)
{
    for (const char *at = said->data; at && *at;) {
        size_t len = strcspn(at, "\n");
        if (strncmp(at, "muster: ", 8) == 0 && len > 8) {
            at += 8;
            len -= 8;
        }
        if (len > 0) {
            buffer_text(out, *before);
            json_string(out, at, len);
            *before = ",";
        }
        at += len + (at[len] == '\n');
    }
}

static void refuse(struct act *act, const struct child_end *end)
{
    struct web_request request = {.method = act->operation->method};
    struct visitor visitor = {.request = &request, .operation = act->operation};
    struct err err = {0};
    int rc = end->code                   ? end->code
             : end->status == EXIT_WORDS ? ERR_CONFIG
             : end->status == EXIT_HELD  ? ERR_HELD
             : end->status == EXIT_BUSY  ? ERR_BUSY
                                         : -EIO;
    const char *said = end->said.data ? end->said.data : "";
    if (strncmp(said, "muster: ", 8) == 0)
        said += 8;
    if (*said)
        err_set(&err, rc, "%.*s", (int)strcspn(said, "\n"), said);
    else if (end->status < 0)
        err_set(&err, rc, "It was ended before it was done.");
    visitor_fails(&visitor, rc, &err);
    act->reply = request.reply;
}

/* --- answers --- */

void act_head(const struct act *act, const char *status, struct buffer *out)
{
    buffer_byte(out, '{');
    json_member_text(out, "act", act->id);
    json_member_text(out, "verb", act->operation->verb);
    json_member_text(out, "status", status);
}

static void write_act(struct act *act, const struct lines *lines, const struct child_end *end)
{
    static const char *const words[] = {"done", "failed", "failed", "partly", "held", "busy"};
    struct buffer *out = &act->reply.body;
    const char *before = "";
    act_head(act, words[end->status], out);
    json_name(out, "results");
    buffer_byte(out, '[');
    for (size_t i = 0; i < lines->count; i++) {
        buffer_text(out, i ? "," : "");
        buffer_add(out, lines->items[i].text, lines->items[i].len);
    }
    buffer_byte(out, ']');
    json_name(out, "messages");
    buffer_byte(out, '[');
    messages_write(&lines->others, &before, out);
    messages_write(&end->said, &before, out);
    buffer_text(out, "]}\n");
}

static void write_items(struct act *act, struct lines *lines)
{
    struct web_request request = {.method = act->operation->method};
    struct visitor visitor = {.request = &request, .operation = act->operation};
    struct buffer *out = &request.reply.body;
    uint64_t told = 0, last = 0;
    size_t i = 0;
    if (act->operation->pages)
        put_in_order(lines, act->operation);
    buffer_text(out, "{\"items\":[");
    for (; i < lines->count && told < act->limit; i++) {
        if (act->operation->pages && lines->items[i].order <= act->after)
            continue;
        buffer_text(out, told++ ? "," : "");
        buffer_add(out, lines->items[i].text, lines->items[i].len);
        last = lines->items[i].order;
    }
    visitor_page_ends(&visitor, act->operation->pages && i < lines->count ? last : 0);
    act->reply = request.reply;
}

void act_reply(struct act *act, const struct child_end *end)
{
    TIDY_DONE(lines_done) struct lines lines = {0};
    bool ended = end->status >= EXIT_DONE && end->status <= EXIT_BUSY;
    bool good = end->status == EXIT_DONE || end->status == EXIT_PARTLY || end->status == EXIT_HELD;
    read_lines(&lines, &end->out, act->operation->order);
    good = good && (end->status != EXIT_HELD || end->code == 0);
    if (lines.rc != 0 || !ended || end->status == EXIT_WORDS || (!good && (lines.count == 0 || act_asks(act)))) {
        refuse(act, end);
        return;
    }
    if (act->operation->shape == SHAPE_ONE && lines.count > 0)
        buffer_add(&act->reply.body, lines.items[0].text, lines.items[0].len);
    else if (act->operation->shape == SHAPE_ONE)
        buffer_text(&act->reply.body, "{}\n");
    else if (act->operation->shape == SHAPE_ITEMS)
        write_items(act, &lines);
    else
        write_act(act, &lines, end);
    act->reply.status = 200;
    act->reply.type = "application/json";
}
