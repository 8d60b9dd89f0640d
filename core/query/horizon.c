/* horizon - how far back it is known what was. */
#include "query/horizon.h"

#include "base/date.h"
#include "config/node.h"

#include <stdio.h>

void horizon_tell(const struct organization *organization, const struct bygone *bygone, struct buffer *out)
{
    TIDY(zone_free) struct zone *zone = NULL;
    const struct node *runs = organization->retention.node ? node_get(organization->retention.node, "runs") : NULL;
    char day[11];
    int64_t days = zone_open(organization->time_zone, &zone) == 0 ? zone_day(zone, bygone->until_ms)
                                                                  : bygone->until_ms / INT64_C(86400000);
    date_write(date_from_days(days), day);
    if (runs && runs->text)
        buffer_format(out, "%s were let go, as retention: { runs: %s } in %s says", day, runs->text,
                      organization->file);
    else
        buffer_format(out, "%s were let go, as `retention: runs` in %s said", day, organization->file);
}

static int went(const struct organization *organization, const struct bygone *bygone, const char *what, struct err *err)
{
    struct buffer text TIDY_DONE(buffer_done) = {0};
    horizon_tell(organization, bygone, &text);
    if (text.rc != 0)
        return err_set(err, text.rc, "%s", err_text(text.rc));
    return err_set(err, ERR_UNKNOWN, "%s: runs of before %s", what, text.data);
}

bool horizon_knows(struct txn *txn, uint32_t run)
{
    struct bygone bygone;
    return !bygone_get(txn, &bygone) || run > bygone.run;
}

int horizon_no_run(struct txn *txn, const struct organization *organization, uint32_t run, struct err *err)
{
    struct bygone bygone;
    char what[64];
    snprintf(what, sizeof(what), "run %u is kept no longer", run);
    if (run > 0 && bygone_get(txn, &bygone) && run <= bygone.run)
        return went(organization, &bygone, what, err);
    return err_set(err, ERR_UNKNOWN, "there is no run %u: `muster runs %s` lists them", run, organization->id);
}

int horizon_reaches(struct txn *txn, const struct organization *organization, struct cut cut, struct err *err)
{
    struct bygone bygone;
    char what[96];
    if (!bygone_get(txn, &bygone) || (cut.run != 0 ? cut.run >= bygone.run : cut.time_ms >= bygone.until_ms))
        return txn->rc;
    if (cut.run != 0)
        snprintf(what, sizeof(what), "what was true after run %u is kept no longer", cut.run);
    else
        snprintf(what, sizeof(what), "what was true then is kept no longer");
    return went(organization, &bygone, what, err);
}
