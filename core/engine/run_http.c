/* run_http - the broker's HTTP for the connection of a run: where it shares, and where it writes down. */
#include "engine/running.h"

#include "broker/budget.h"
#include "broker/http.h"
#include "config/given.h"
#include "engine/keeper.h"

#include <errno.h>

static const char *budgets_dir(const struct settings *settings, struct arena *arena)
{
    return arena_format(arena, "%s/budgets", settings->state);
}

/* Where it stands which account a connection calls with. */
static const char *account_note(const struct settings *settings, const char *organization, const char *connection,
                                struct arena *arena)
{
    return arena_format(arena, "%s/organizations/%s/accounts/%s", settings->state, organization, connection);
}

int64_t run_account_paused_ms(const struct settings *settings, const char *organization, const char *connection,
                              struct arena *arena)
{
    const char *dir = budgets_dir(settings, arena), *note = account_note(settings, organization, connection, arena);
    return dir && note ? budget_paused_ms(dir, note) : 0;
}

int run_http(const struct run_request *request, bool anew, const char *scratch, struct arena *arena,
             struct http **ret_http, struct err *err)
{
    if (!given_has(request->connection->description, GIVEN_http))
        return 0;
    const char *dir = run_store_dir(request->settings, request->organization->id, arena);
    struct keeper *keeper = arena_get(arena, sizeof(*keeper));
    struct http_setup setup = {
        .connection = request->connection,
        .scratch_dir = scratch,
        .budgets_dir = budgets_dir(request->settings, arena),
        .account_note = account_note(request->settings, request->organization->id, request->connection->name, arena),
        .calls_dir = arena_format(arena, "%s/calls", dir ? dir : ""),
        .cancelled = run_cancelled,
        .context = (void *)(uintptr_t)request,
        .token_load = keeper_load,
        .token_keep = keeper_keep,
        .keeper = keeper,
        .cassette = request->cassette};
    if (!keeper || !dir || !setup.budgets_dir || !setup.account_note || !setup.calls_dir)
        return -ENOMEM;
    *keeper = (struct keeper){.settings = request->settings,
                              .organization = request->organization->id,
                              .connection = request->connection->name,
                              .dir = dir,
                              .anew = anew};
    return http_open(&setup, ret_http, err);
}
