/* schedule - somebody's own shifts, which PMT shows to who is logged in there. */
#include "pmt.h"

#include <stdio.h>
#include <string.h>

enum { SPAN_DAYS = 13 }; /* of api/v2, where it can be said */

static muster_rc shift_row(struct pmt *pmt, const struct whom *whom, const muster_node *node)
{
    const muster_host *host = pmt->host;
    struct shift shift;
    char number[24];
    if (!shift_read(node, &shift)) {
        const char *id = text_of(node, "id");
        return host->fail(pmt->run, MUSTER_DATA, "store %s has a shift (%.40s) whose times cannot be read",
                          whom->store.id, id ? id : "no id");
    }
    muster_record *row = host->record(pmt->run, "schedule", shift.id, "");
    host->put(row, "starts_at", MUSTER_DATETIME, shift.begin.text);
    host->put(row, "ends_at", MUSTER_DATETIME, shift.end.text);
    snprintf(number, sizeof(number), "%d", shift.break_minutes);
    host->put(row, "break_minutes", MUSTER_INTEGER, number);
    snprintf(number, sizeof(number), "%lld",
             (long long)(shift.end.utc_minutes - shift.begin.utc_minutes - shift.break_minutes));
    host->put(row, "work_minutes", MUSTER_INTEGER, number);
    host->put(row, "department", MUSTER_TEXT, shift.department);
    host->put(row, "store", MUSTER_TEXT, whom->store.id);
    host->put(row, "shift", MUSTER_TEXT, shift.id);
    return host->row(pmt->run, row);
}

static muster_rc shifts_told(struct pmt *pmt, const struct whom *whom, const char *from)
{
    char path[PATH_ROOM], day[DAY_ROOM], until[DAY_ROOM];
    const struct asked asked = {.path = path, .list = pmt->v2 ? "result" : "shifts"};
    muster_document *document = NULL;
    const muster_node *list = NULL;
    if (!day_turn(from, day) || !day_shift(from, SPAN_DAYS, until))
        return pmt->host->fail(pmt->run, MUSTER_CONFIG, "from= is a day, as in 2026-03-02");
    if (pmt->v2)
        snprintf(path, sizeof(path), "shifts?account_id=%.80s&date%%5Bgte%%5D=%s&date%%5Blte%%5D=%s&limit=1000",
                 whom->id, from, until);
    else
        snprintf(path, sizeof(path), "me/shifts/%s", day);
    muster_rc rc = person_ask(pmt, whom, &asked, &document, &list);
    for (const muster_node *one = muster_node_first(list); rc == MUSTER_OK && one; one = one->next)
        rc = shift_row(pmt, whom, one);
    muster_document_free(document);
    return rc;
}

muster_rc schedule_lookup(struct pmt *pmt, const char *name, const muster_record *args)
{
    struct whom whom;
    const char *from = pmt->host->get(args, "from");
    char today[DAY_ROOM];
    if (strcmp(name, "schedule") != 0)
        return exchange_lookup(pmt, name, args);
    muster_rc rc = whom_find(pmt, args, &whom);
    if (rc != MUSTER_OK)
        return rc;
    clock_day(pmt->host->now_ms(pmt->run), 0, today);
    return shifts_told(pmt, &whom, from && *from ? from : today);
}
