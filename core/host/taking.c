/* taking - the object that the connector is about to look into, where the engine sees it should this process die. */
#include "host/taking.h"

#include "host/record.h"

static bool same(const char *one, const char *other)
{
    return one && other ? strcmp(one, other) == 0 : one == other;
}

/* Why this object is left out; NULL: it is not. */
static const char *left_out(const struct session *session, const char *source_id, const char *place)
{
    struct wire all = session->left_out;
    for (uint32_t count = wire_get_u32(&all); count > 0 && !all.bad; count--) {
        const char *id = wire_get_text(&all), *at = wire_get_text(&all), *why = wire_need_text(&all);
        if (why && same(id, source_id) && same(at, place))
            return why;
    }
    return NULL;
}

static bool fits(const char *text, size_t room)
{
    return !text || strlen(text) < room;
}

/* What does not fit is not noted: half an id would be somebody else's. */
static void note(struct wire_page *page, const char *source_id, const char *place)
{
    if (!fits(source_id, sizeof(page->source_id)) || !fits(place, sizeof(page->place)))
        return;
    if (source_id)
        memcpy(page->source_id, source_id, strlen(source_id) + 1);
    if (place)
        memcpy(page->place, place, strlen(place) + 1);
    /* The flags come last: whoever dies before them has taken up nothing. */
    uint32_t taken = (source_id ? WIRE_TAKEN_ID : 0u) | (place ? WIRE_TAKEN_PLACE : 0u);
    __atomic_store_n(&page->taken, taken, __ATOMIC_RELEASE);
}

int32_t taking_take(muster_run *run, const char *stream, const char *source_id, const char *place)
{
    struct session *session = session_of(run);
    taking_ends(session);
    if (session->under != WIRE_PULL)
        return 1;
    const char *why = left_out(session, source_id, place);
    if (!why) {
        note(session->page, source_id, place);
        return 1;
    }
    record_reject(run, stream, source_id, place, why);
    return 0;
}

void taking_ends(struct session *session)
{
    __atomic_store_n(&session->page->taken, 0, __ATOMIC_RELEASE);
}
