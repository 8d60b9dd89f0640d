/* retain - what is older than the organization's file wants it kept goes. */
#include "engine/retain.h"

#include "base/clock.h"
#include "base/mem.h"
#include "broker/calls.h"

#include <errno.h>

static int calls_retain(const struct run_request *request, const char *dir, enum retain_how how,
                        struct retained *retained, struct err *err)
{
    int64_t limit = request->organization->retention.calls_ms;
    char *calls __attribute__((cleanup(tidy_free))) = limit > 0 ? mem_format("%s/calls", dir) : NULL;
    if (limit == 0)
        return 0;
    int rc = calls ? calls_trim(calls, clock_now_ms() - limit, how == RETAIN_LOOK, &retained->calls) : -ENOMEM;
    return rc ? err_set(err, rc, "what is known of calls cannot be taken out of %s/calls: %s", dir, err_text(rc)) : 0;
}

int retain(const struct run_request *request, enum retain_how how, struct retained *ret_retained, struct err *err)
{
    struct arena *arena TIDY(arena_free) = arena_new();
    const char *dir = arena ? run_store_dir(request->settings, request->organization->id, arena) : NULL;
    *ret_retained = (struct retained){0};
    if (!dir)
        return -ENOMEM;
    return calls_retain(request, dir, how, ret_retained, err);
}
