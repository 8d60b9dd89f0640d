/* wrong_whole - those of the wrong connectors that write all of it anew, or in sets. */
#include "wrong.h"

#include <stdio.h>
#include <string.h>

int writes_whole(void)
{
    return is("whole") || is("in_sets") || is("t9") || is("t14") || is("t14_left") || is("t14_last") ||
           is("t14_refused") || is("t14_beside");
}

int in_sets(void)
{
    return is("in_sets") || is("t14_left") || is("t14_last");
}

/* Those whose number begins with "bad" are not taken. */
static int is_bad(muster_run *run, const muster_change *change)
{
    const char *number = change->after ? run->host->get(change->after, "number") : NULL;
    return number && strncmp(number, "bad", 3) == 0;
}

static int stands_in_it(muster_run *run, const muster_change *change)
{
    if (is_bad(run, change))
        return is("t14_refused");
    return change->op == MUSTER_DEACTIVATE ? is("t14_left") : change->op != MUSTER_KEEP || !is("t14");
}

/* Those who write all of it anew: POST /all, a line for each. */
muster_rc whole_apply(muster_run *run)
{
    const muster_change *changes[GATHERED_MOST], *change = NULL;
    const muster_http *reply = NULL;
    char url[500], body[2000] = "";
    size_t count = 0, len = 0, bad = 0;
    muster_rc rc = MUSTER_OK;
    while (count < GATHERED_MOST && (rc = run->host->next(run, &change)) == MUSTER_OK && change) {
        const muster_record *one = change->after ? change->after : change->before;
        const char *number = run->host->get(one, "number"), *called = run->host->get(one, "name");
        if (stands_in_it(run, change))
            len += (size_t)snprintf(body + len, sizeof(body) - len, "%s %s\n", number, called ? called : "");
        bad += is_bad(run, change);
        changes[count++] = change;
    }
    snprintf(url, sizeof(url), "%s/all", run->host->text(run, "base_url"));
    muster_http ask = {.size = sizeof(ask), .method = "POST", .url = url, .fd = -1, .body = body, .body_len = len};
    if (rc == MUSTER_OK && count > 0)
        rc = run->host->http(run, &ask, &reply);
    if (rc != MUSTER_OK && !is("t9"))
        return rc;
    rc = MUSTER_OK;
    for (size_t i = 0; i < count && rc == MUSTER_OK; i++)
        if (is_bad(run, changes[i]) || (bad > 0 && is("t14_beside")) || (count == 1 && is("t14_last")))
            rc = run->host->refused(run, changes[i], MUSTER_DATA, "not taken");
        else
            rc = run->host->applied(run, changes[i], NULL);
    return rc;
}
