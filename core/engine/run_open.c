/* run_open - what a run needs before it can begin. */
#include "engine/running.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/authorization.h"
#include "engine/home.h"
#include "engine/masterkey.h"
#include "engine/rules.h"
#include "engine/warm.h"
#include "store/dict.h"
#include "store/remnants.h"
#include "tables/brake.h"

#include <errno.h>
#include <string.h>

const char *run_store_dir(const struct settings *settings, const char *organization, struct arena *arena)
{
    return arena_format(arena, "%s/organizations/%s", settings->state, organization);
}

int run_find_fields(const struct organization *organization, struct txn *txn)
{
    for (struct field *field = organization->custom; field && field->name; field++) {
        char *name __attribute__((cleanup(tidy_free))) = mem_format("field:%s", field->name);
        if (!name)
            return -ENOMEM;
        field->number = (uint16_t)dict_find(txn, name);
    }
    return txn->rc;
}

int run_bind_fields(const struct organization *organization, struct store *store, bool write)
{
    for (struct field *field = organization->custom; field && field->name; field++) {
        char *name __attribute__((cleanup(tidy_free))) = mem_format("field:%s", field->name);
        uint32_t number = 0;
        int rc = name ? 0 : -ENOMEM;
        if (rc == 0 && write) {
            rc = dict_number(store, name, &number);
        } else if (rc == 0) {
            struct txn txn __attribute__((cleanup(tidy_txn)));
            txn_begin(&txn, store, false);
            number = dict_find(&txn, name);
            rc = txn_end(&txn);
        }
        if (rc != 0 || number > UINT16_MAX)
            return rc ? rc : ERR_LIMIT;
        field->number = (uint16_t)number;
    }
    return 0;
}

/* What an erasing did not get to, for it died, or somebody was reading. That keeps nobody from running. */
static void run_wipe(struct run *run)
{
    struct log from = {.organization = run->request->organization->id};
    struct err err = {0};
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, run->store, false);
    bool left = remnants_left(&txn);
    if (txn_end(&txn) != 0 || !left)
        return;
    int rc = remnants_wipe(run->store, &err);
    if (rc == 0)
        log_info(&from, "what was erased is now wiped from the data file, too");
    else
        log_warn(&from, "what was erased is not wiped from the data file yet: %s", err.rc ? err.text : err_text(rc));
}

static int run_open_store(struct run *run)
{
    const struct organization *organization = run->request->organization;
    run->dir = run_store_dir(run->request->settings, organization->id, run->arena);
    if (!run->dir)
        return -ENOMEM;
    int rc = store_open(run->dir, true, &run->store, run->err);
    if (rc == 0)
        rc = store_lock(run->store, &run->lock, run->err);
    if (rc == 0 && !run->dry) /* a plan may be made with a copy of the files */
        rc = home_claim(run->request->settings, organization, run->dir, run->err);
    bool finished = false;
    if (rc == 0)
        rc = changeset_recover(run->store, &finished, run->err);
    if (rc == 0 && finished) {
        struct log from = {.organization = organization->id};
        log_info(&from, "a run that was cut short while it was written down is now whole");
    }
    if (rc == 0 && run->dry)
        dict_defer(run->store);
    else if (rc == 0)
        run_wipe(run);
    if (rc == 0 && (rc = run_bind_fields(organization, run->store, true)) != 0)
        rc = store_fail(run->store, rc, run->err);
    return rc;
}

int run_open(struct run *run)
{
    const struct organization *organization = run->request->organization;
    int rc = run_open_store(run);
    uint8_t master[VAULT_MASTER];
    if (rc == 0)
        rc = masterkey_load(run->request->settings, master, run->err);
    if (rc != 0)
        return rc;
    vault_init(&run->vault, master, organization->id);
    explicit_bzero(master, sizeof(master));
    rc = zone_open(organization->time_zone, &run->zone);
    if (rc != 0)
        return err_set(run->err, rc, "%s: time zone '%s' cannot be read: %s", organization->file,
                       organization->time_zone, err_text(rc));
    if ((rc = slots_make(organization, run->store, &run->slots)) != 0)
        return store_fail(run->store, rc, run->err);
    run->now_ms = clock_now_ms();
    run->today = zone_day(run->zone, run->now_ms);
    if ((rc = rules_digest(organization, run->rules)) != 0)
        return rc;
    struct txn txn __attribute__((cleanup(tidy_txn)));
    struct bytes rules;
    txn_begin(&txn, run->store, false);
    run->report->run = (uint32_t)meta_number(&txn, "run") + 1;
    run->rules_changed = !meta_get(&txn, "rules", &rules) || rules.len != sizeof(run->rules) ||
                         memcmp(rules.data, run->rules, sizeof(run->rules)) != 0;
    if (run->request->wanted) /* the next sync of everybody tells of that, and holds what must be held */
        run->rules_changed = false;
    return txn_end(&txn);
}

/* A person stopped it. */
static int allowed_by_people(struct run *run, struct txn *txn, struct err *err)
{
    struct buffer sentence TIDY_DONE(buffer_done) = {0};
    const char *id = run->request->organization->id, *name = run->request->connection->name;
    struct pause pause;
    if (!brake_paused(txn, name, run->now_ms, run->arena, &pause))
        return 0;
    bool all = *pause.connection == '\0';
    brake_sentence(&pause, run->zone, &sentence);
    if (sentence.rc != 0)
        return sentence.rc;
    return err_set(err, ERR_PAUSED, "%s%s is %s. Nothing was asked of it; `muster resume %s%s%s` lets it go on.",
                   all ? "all of " : "connection ", all ? id : name, sentence.data, id, all ? "" : " ",
                   all ? "" : name);
}

/* It failed too often, and its next try is not due. A refused log-in is not repeated unchanged at all. */
static int allowed_by(struct run *run, const struct quarantine *quarantine, struct err *err)
{
    struct buffer sentence TIDY_DONE(buffer_done) = {0};
    const struct organization *organization = run->request->organization;
    const struct connection *connection = run->request->connection;
    const char *partition = quarantine->partition;
    uint8_t login[32];
    if (!quarantine_reason(quarantine))
        return 0;
    if (quarantine->rc == ERR_AUTH) {
        int rc = quarantine_login(organization, connection, run->vault.wrap_key, login);
        if (rc != 0 || memcmp(login, quarantine->login, sizeof(login)) != 0)
            return rc;
    } else if (quarantine_next(quarantine) <= run->now_ms) {
        return 0;
    }
    quarantine_sentence(quarantine, run->zone, &sentence);
    if (sentence.rc != 0)
        return sentence.rc;
    return err_set(err, ERR_PAUSED, "%s %s is %s; `muster release %s %s%s%s` tries it at once.",
                   *partition ? "partition" : "connection", *partition ? partition : connection->name, sentence.data,
                   organization->id, connection->name, *partition ? " --partition " : "", partition);
}

int run_partition_allowed(struct run *run, struct txn *txn, const char *partition, struct err *err)
{
    const struct connection *connection = run->request->connection;
    struct quarantine quarantine;
    return quarantine_get(txn, connection, QUARANTINE_READING, partition, run->arena, &quarantine)
               ? allowed_by(run, &quarantine, err)
               : 0;
}

static int allowed_by_failures(struct run *run, struct txn *txn, enum quarantine_of of, struct err *err)
{
    static const enum quarantine_of all[] = {QUARANTINE_READING, QUARANTINE_TELLING};
    const struct connection *connection = run->request->connection;
    struct quarantine quarantine;
    int rc = 0;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && rc == 0; i++)
        if (quarantine_concerns(connection, all[i]) &&
            quarantine_get(txn, connection, all[i], "", run->arena, &quarantine) && quarantine_stops(&quarantine, of))
            rc = allowed_by(run, &quarantine, err);
    return rc;
}

int run_allowed(struct run *run, enum quarantine_of of, struct err *err)
{
    struct txn txn __attribute__((cleanup(tidy_txn))) = {0};
    int awaited = authorization_check(run->request->organization, run->request->connection, err);
    if (awaited != 0)
        return awaited;
    txn_begin(&txn, run->store, false);
    int rc = allowed_by_people(run, &txn, err);
    if (rc == 0)
        rc = allowed_by_failures(run, &txn, of, err);
    int end = txn_end(&txn);
    return rc ? rc : end ? store_fail(run->store, end, err) : 0;
}

int run_cancelled(void *context)
{
    const struct run_request *request = context;
    return request->cancel && atomic_load(request->cancel);
}

int run_lane(const struct run_request *request, const char *scratch, struct lane **ret_lane, struct err *err)
{
    struct lane_start start = {.connector = connectors_path(request->connectors, request->connection->edition),
                               .scratch_dir = scratch,
                               .connection = request->connection,
                               .settings = request->settings,
                               .cancel = request->cancel};
    if (!start.connector) {
        struct err why = {0};
        (void)connectors_describe(request->connectors, request->connection->edition, &why);
        return err_set(err, ERR_CONFIG, "%s", why.text);
    }
    int rc = authorization_check(request->organization, request->connection, err); /* whoever forgot to ask */
    TIDY(lane_stop) struct lane *warm = rc == 0 ? warm_take(request->warm, request->connection) : NULL;
    if (rc != 0 || !warm)
        return rc ? rc : lane_begin(&start, ret_lane, err);
    rc = lane_meet(warm, err);
    if (rc == 0)
        *ret_lane = TAKE(warm);
    return rc;
}
