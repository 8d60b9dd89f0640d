/* discard - dead letters that a person has said to leave. */
#include "engine/discard.h"

#include "base/digest.h"
#include "tables/delivery_wait.h"

#include <errno.h>
#include <string.h>

enum { TEXT_MOST = 60000 };

static uint64_t add_text(uint64_t digest, const char *text)
{
    size_t len = text ? strnlen(text, TEXT_MOST) + 1 : 0; /* none is not the same as an empty one */
    return digest_seeded(digest, text ? text : "", len > 0 ? len - 1 : 0) + len;
}

/* The place counts only without an id: rows move. */
static uint64_t discard_subject(const struct wait_item *item)
{
    uint64_t digest = digest_fast(&item->stream, sizeof(item->stream));
    digest = add_text(digest, item->id);
    digest = add_text(digest, item->id ? NULL : item->place);
    digest = add_text(digest, item->reason);
    digest = add_text(digest, item->field);
    digest = add_text(digest, item->text);
    return digest | SUBJECT_DIGEST;
}

static int discard_one(struct discard *discard, struct match *match, const struct wait_item *item, uint64_t subject)
{
    struct buffer about __attribute__((cleanup(buffer_done))) = {0};
    const struct stream_name *stream = streams_find(match->streams, item->stream);
    if (stream)
        buffer_format(&about, "%s/%s/%s/", stream->connection_name, stream->partition, stream->stream);
    buffer_format(&about, "%s%s%s %s",
                  item->id      ? item->id
                  : item->place ? item->place
                                : "?",
                  item->field ? " " : "", item->field ? item->field : "", item->reason ? item->reason : "");
    struct statement statement = {.subject = subject,
                                  .type = STATEMENT_DISCARD,
                                  .person = true,
                                  .author = discard->author,
                                  .reason = discard->reason,
                                  .about = about.data};
    if (about.rc != 0)
        return about.rc;
    discard->last = statements_add(&match->statements, &statement);
    discard->first = discard->first ? discard->first : discard->last;
    return match->statements.rc;
}

int discard_state(void *context, struct match *match, struct err *err)
{
    struct discard *discard = context;
    struct arena *arena TIDY(arena_free) = arena_new();
    int rc = arena ? 0 : -ENOMEM;
    for (size_t i = 0; i < discard->count && rc == 0; i++) {
        struct wait_item now;
        struct delivery_unit unit;
        const struct wait_item *item = &discard->items[i];
        bool told = delivery_is_stream(streams_find(match->streams, item->stream));
        rc = wait_numbered(match->snapshot, item->type, item->number, arena, &now);
        if (rc == ERR_GONE || (rc == 0 && (discard_subject(&now) != discard_subject(item) ||
                                           (told && !delivery_wait_unit(match->snapshot, item, &unit)))))
            return err_set(err, ERR_GONE, "%c%lu is another one by now: a run came between. Nothing was discarded.",
                           item->type, (unsigned long)item->number);
        if (rc == 0)
            rc = discard_one(discard, match, item,
                             told ? delivery_subject(unit.stream, unit.kind, unit.id, &unit.row)
                                  : discard_subject(item));
    }
    return rc;
}

void discard_decided(void *context, struct match *match, struct changeset *changeset)
{
    const struct discard *discard = context;
    for (size_t i = 0; i < discard->count; i++)
        wait_remove(match->snapshot, changeset, &discard->items[i]); /* failures are sticky in both */
}

static bool discard_keeps(void *context, const struct wait_item *item)
{
    return item->type != WAIT_DEAD || !statement_stands(context, discard_subject(item), STATEMENT_DISCARD, NULL);
}

void discard_apply(struct statements *statements, struct wait_list *list)
{
    if (statements->persons && wait_list_count(list, WAIT_DEAD) > 0)
        wait_keep(list, discard_keeps, statements);
}
