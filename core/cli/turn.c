/* turn - whose turn it is with something that waits, and what they type. */
#include "cli/turn.h"

#include "cli/outgoing.h"
#include "logic/reason.h"

#include <string.h>

const char *turn_word(enum turn turn)
{
    static const char *const words[] = {"here", "source", "target", "access"};
    return words[turn];
}

const char *turn_text(enum turn turn)
{
    static const char *const texts[] = {"whoever decides here", "whoever keeps the source", "whoever keeps the target",
                                        "whoever keeps the log-in"};
    return texts[turn];
}

static bool reason_is(const struct wait_item *item, const char *code)
{
    return item->reason && strcmp(item->reason, code) == 0;
}

enum turn turn_of(const struct query *query, const struct wait_item *item)
{
    if (item->type == WAIT_HELD || item->type == WAIT_REVIEW || item->type == WAIT_DRIFT)
        return TURN_HERE;
    return outgoing_is(query, item) ? TURN_TARGET : TURN_SOURCE;
}

enum turn turn_of_quarantine(const struct quarantine *item)
{
    const char *reason = quarantine_reason(item);
    return reason && strcmp(reason, REASON_CODE(login_refused)) == 0 ? TURN_ACCESS
           : item->of == QUARANTINE_TELLING                          ? TURN_TARGET
                                                                     : TURN_SOURCE;
}

void turn_command(const struct query *query, const struct wait_item *item, struct buffer *out)
{
    const char *id = query->organization->id;
    const struct stream_name *stream = streams_find(&query->streams, item->stream);
    unsigned long number = item->number;
    switch (item->type) {
    case WAIT_HELD:
        buffer_format(out, "muster %s %s h%lu --reason TEXT",
                      reason_is(item, REASON_CODE(identity_reused)) ? "unlink" : "approve", id, number);
        break;
    case WAIT_REVIEW:
        if (outgoing_is(query, item))
            buffer_format(out, "muster retry %s r%lu", id, number);
        else if (reason_is(item, REASON_CODE(match_too_many)))
            buffer_format(out, "muster unlink %s RECORD --reason TEXT", id);
        else
            buffer_format(out, "muster link %s r%lu KEY --reason TEXT", id, number);
        break;
    case WAIT_DRIFT:
        buffer_format(out, "muster accept %s c%lu%s --reason TEXT", id, number, item->offer ? " --as renamed" : "");
        break;
    default:
        if (outgoing_is(query, item))
            buffer_format(out, "muster retry %s %c%lu", id, item->type, number);
        else
            buffer_format(out, "muster sync %s%s%s", id, stream ? " " : "", stream ? stream->connection_name : "");
    }
}
