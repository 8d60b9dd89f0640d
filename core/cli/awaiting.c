/* awaiting - connections that await their customer's authorization. */
#include "cli/awaiting.h"

#include "base/clock.h"
#include "base/jsontext.h"
#include "base/zone.h"
#include "logic/reason.h"

/* A zone that cannot be read is said elsewhere; a day more or less hides nothing. */
static int64_t today_of(const struct organization *organization)
{
    TIDY(zone_free) struct zone *zone = NULL;
    int64_t now_ms = clock_now_ms();
    return zone_open(organization->time_zone, &zone) == 0 ? zone_day(zone, now_ms) : now_ms / 86400000;
}

static const struct connection **awaiting_list(struct arena *arena, const struct organization *organization,
                                               int64_t today)
{
    const struct connection **items = arena_get(arena, (organization->connection_count + 1) * sizeof(*items));
    size_t count = 0;
    for (size_t i = 0; items && i < organization->connection_count; i++)
        if (authorization_awaited(&organization->connections[i], today, NULL))
            items[count++] = &organization->connections[i];
    return items;
}

const struct connection **awaiting_now(struct arena *arena, const struct organization *organization)
{
    return awaiting_list(arena, organization, today_of(organization));
}

void awaiting_sentence(const struct organization *organization, const struct connection *connection, struct buffer *out)
{
    authorization_awaited(connection, today_of(organization), out);
}

void awaiting_tell(struct context *context, const struct organization *organization,
                   const struct connection *const *awaiting)
{
    for (; awaiting && *awaiting; awaiting++) {
        TIDY_DONE(screen_buffer_done) struct buffer out = {0};
        awaiting_sentence(organization, *awaiting, &out);
        screen_print(&context->screen, "  %s is %s  %s\n", (*awaiting)->name, out.data ? out.data : "",
                     REASON_CODE(awaiting_authorization));
    }
}

void awaiting_json(const struct organization *organization, const struct connection *const *awaiting,
                   struct buffer *out)
{
    json_name(out, "awaiting");
    buffer_byte(out, '[');
    for (size_t i = 0; awaiting && awaiting[i]; i++) {
        TIDY_DONE(screen_buffer_done) struct buffer sentence = {0};
        awaiting_sentence(organization, awaiting[i], &sentence);
        buffer_text(out, i ? ",{" : "{");
        json_member_text(out, "connection", awaiting[i]->name);
        json_member_text(out, "sentence", sentence.data);
        buffer_byte(out, '}');
    }
    buffer_byte(out, ']');
}
