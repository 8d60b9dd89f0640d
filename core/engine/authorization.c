/* authorization - whether a connection may be used yet: the paper on which it rests. */
#include "engine/authorization.h"

#include "base/clock.h"
#include "base/date.h"
#include "base/tidy.h"
#include "base/zone.h"
#include "config/node.h"

#include <string.h>

/* An option by which a connector says that it rests on a paper. */
static const char WANTED[] = "needs_authorization";

/* NULL: nothing. */
static const char *said(const struct node *paper, const char *name)
{
    const struct node *node = node_get(paper, name);
    return node && node->type == NODE_TEXT && *node->text ? node->text : NULL;
}

static bool after(const char *day, int64_t today)
{
    struct date date;
    return day && date_read(day, strlen(day), &date) && date_days(date) > today;
}

bool authorization_awaited(const struct connection *connection, int64_t today, struct buffer *out)
{
    const struct node *paper = connection->authorization;
    const char *wanted = connection->description ? connection_option(connection, WANTED) : NULL;
    const char *signed_on = said(paper, "signed_on"), *granted_on = said(paper, "granted_on"),
               *until = said(paper, "until"), *what = NULL, *day = "";
    if (!paper && !(wanted && strcmp(wanted, "true") == 0))
        return false;
    if (!paper)
        what = "its customer has to sign one, and the file names none";
    else if (!said(paper, "document"))
        what = "the file names no document for it";
    else if (!signed_on)
        what = "the document is not signed yet";
    else if (after(signed_on, today))
        what = "it is signed as of ", day = signed_on;
    else if (after(granted_on, today))
        what = "access is granted as of ", day = granted_on;
    else if (until && !after(until, today - 1)) /* the last day counts */
        what = "it ended on ", day = until;
    if (what && out)
        buffer_format(out, "awaiting authorization: %s%s", what, day);
    return what != NULL;
}

int authorization_check(const struct organization *organization, const struct connection *connection, struct err *err)
{
    TIDY(zone_free) struct zone *zone = NULL;
    TIDY_DONE(buffer_done) struct buffer sentence = {0};
    int64_t now_ms = clock_now_ms();
    int rc = zone_open(organization->time_zone, &zone);
    if (rc != 0)
        return err_set(err, rc, "%s: time zone '%s' cannot be read: %s", organization->file, organization->time_zone,
                       err_text(rc));
    if (!authorization_awaited(connection, zone_day(zone, now_ms), &sentence))
        return 0;
    if (sentence.rc != 0)
        return sentence.rc;
    return err_set(err, ERR_PAUSED,
                   "connection %s is %s. Nothing was asked of it; when it is signed, say so in %s: authorization: { "
                   "document: FILE, signed_on: DAY, received_from: WHOM }",
                   connection->name, sentence.data, organization->file);
}
