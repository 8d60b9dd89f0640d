/* fault - failures on demand, for tests. */
#include "base/fault.h"

#ifdef HAVE_FAULTS
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static struct {
    char point[32];
    long nth; /* 0: none */
    atomic_long seen;
} plan;

__attribute__((constructor)) static void fault_read(void)
{
    const char *text = getenv("MUSTER_FAULT");
    const char *colon = text ? strchr(text, ':') : NULL;
    if (!colon || (size_t)(colon - text) >= sizeof(plan.point))
        return;
    memcpy(plan.point, text, (size_t)(colon - text));
    plan.nth = strtol(colon + 1, NULL, 10);
}

int fault_hit(const char *point)
{
    if (plan.nth == 0 || strcmp(plan.point, point) != 0)
        return 0;
    return atomic_fetch_add(&plan.seen, 1) + 1 == plan.nth;
}

long fault_plan(const char *point, long nth)
{
    size_t len = strlen(point);
    len = len < sizeof(plan.point) ? len : sizeof(plan.point) - 1;
    memcpy(plan.point, point, len);
    plan.point[len] = '\0';
    plan.nth = nth;
    return atomic_exchange(&plan.seen, 0);
}

/* What the environment says behind "POINT:"; NULL: nothing. */
static const char *said_of(const char *point)
{
    size_t len = strlen(point);
    for (const char *at = getenv("MUSTER_FAULT"); at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (strncmp(at, point, len) == 0 && at[len] == ':')
            return at + len + 1;
    return NULL;
}

uint64_t fault_limit(const char *point, uint64_t usual)
{
    const char *said = said_of(point);
    return said ? strtoull(said, NULL, 10) : usual;
}

void fault_kill(const char *where)
{
    static atomic_long passed;
    const char *said = said_of("kill");
    size_t len = strlen(where);
    if (!said || strncmp(said, where, len) != 0)
        return;
    const char *rest = said + len;
    if (*rest == '\0' || *rest == ',' ||
        (*rest == ':' && atomic_fetch_add(&passed, 1) + 1 == strtol(rest + 1, NULL, 10)))
        raise(SIGKILL);
}
#endif
