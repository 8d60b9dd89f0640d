/* question - what is asked for by name: find, get, lookup and action of the connector, and find() of the engine. */
#include "host/question.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/tidy.h"
#include "host/reading.h"

#include <errno.h>
#include <stdlib.h>

/* One row with everything that it points into. */
struct found {
    struct buffer bytes;
    struct shape shape;
    struct cell *cells;
    struct reading reading;
};

static void found_done(struct found *found)
{
    buffer_done(&found->bytes);
    shape_done(&found->shape);
    free(found->cells);
    *found = (struct found){0};
}

void found_forget(struct session *session)
{
    if (session->found)
        found_done(session->found);
    free(TAKE(session->found));
}

/* Keeps the rest of a message. The wire then reads what is kept. */
static int keep(struct found *found, struct wire *message)
{
    buffer_add(&found->bytes, message->at, (size_t)(message->end - message->at));
    *message = wire_over(found->bytes.data, found->bytes.len);
    return found->bytes.rc;
}

/* Fields and the row. Returns 0 or -ENOMEM. */
static int found_read(struct session *session, struct found *found, struct wire *wire)
{
    int rc = shape_read(&found->shape, wire);
    if (rc == -ENOMEM)
        return rc;
    found->cells = rc == 0 ? mem_new(found->shape.count + 1, sizeof(*found->cells)) : NULL;
    if (rc == 0 && !found->cells)
        return -ENOMEM;
    if (rc != 0 || !reading_row(&found->shape, wire, found->cells))
        session_orphaned();
    found->reading = (struct reading){{true}, session, &found->shape, found->cells};
    return 0;
}

static muster_rc call_get(struct session *session, struct wire *kept)
{
    muster_pull pull = {.size = sizeof(pull)};
    pull.partition = wire_get_text(kept);
    pull.locator = wire_get_text(kept);
    pull.stream = wire_get_text(kept);
    pull.full = (int32_t)wire_get_u32(kept);
    pull.cursor = wire_get_text(kept);
    pull.limit = wire_get_u64(kept);
    uint32_t count = wire_get_u32(kept);
    if (kept->bad || count > (size_t)(kept->end - kept->at) / 5)
        session_orphaned();
    TIDY(free) const char **ids = mem_new(count + 1, sizeof(*ids));
    if (!ids)
        return session_fail(session, MUSTER_FAIL, "no memory");
    for (uint32_t i = 0; i < count; i++)
        ids[i] = wire_need_text(kept);
    if (kept->bad)
        session_orphaned();
    return session->connector->get(&session->run, session->self, &pull, ids, count);
}

static muster_rc call_by_name(struct session *session, struct found *asked, struct wire *kept)
{
    const muster_connector *c = session->connector;
    const char *name = wire_need_text(kept);
    if (kept->bad)
        session_orphaned();
    if (found_read(session, asked, kept) != 0)
        return session_fail(session, MUSTER_FAIL, "no memory");
    muster_rc (*call)(muster_run *, void *, const char *, const muster_record *) = session->under == WIRE_SEEK ? c->find
                                                                                   : session->under == WIRE_LOOKUP
                                                                                       ? c->lookup
                                                                                       : c->action;
    return call(&session->run, session->self, name, &asked->reading.head);
}

muster_rc question_call(struct session *session, struct wire *message)
{
    __attribute__((cleanup(found_done))) struct found asked = {0};
    if (keep(&asked, message) != 0)
        return session_fail(session, MUSTER_FAIL, "no memory");
    return session->under == WIRE_GET ? call_get(session, message) : call_by_name(session, &asked, message);
}

muster_rc question_find(muster_run *run, const char *kind, const char *field, const char *value, muster_record **found)
{
    struct session *session = session_of(run);
    *found = NULL;
    found_forget(session);
    if (!kind || !field || !value)
        return session_fail(session, MUSTER_FAIL, "the connector called find() without a kind, a field or a value");
    size_t begin = session_begin(session, WIRE_FIND);
    wire_put_text(&session->out, kind);
    wire_put_text(&session->out, field);
    wire_put_text(&session->out, value);
    wire_end(&session->out, begin);
    struct wire answer;
    muster_rc rc = session_ask(session, -1, &answer);
    if (rc != MUSTER_OK || wire_get_u32(&answer) == 0)
        return rc;
    session->found = mem_new(1, sizeof(*session->found));
    if (!session->found || keep(session->found, &answer) != 0 || found_read(session, session->found, &answer) != 0) {
        found_forget(session);
        return session_fail(session, MUSTER_FAIL, "no memory for what was found");
    }
    *found = &session->found->reading.head;
    return MUSTER_OK;
}
