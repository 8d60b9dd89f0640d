/* plan_file - plans as files: what is said about one, and which there are. */
#include "acts/plan_inside.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/wire.h"
#include "engine/masterkey.h"
#include "store/changeset.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* What is said about a plan, all by base/wire.h: version, then as plan_write() has it. */
enum { VERSION_ABOUT = 4, LIST_MAX = 1 << 20 };

int plan_folder_open(const struct settings *settings, const struct organization *organization,
                     struct plan_folder *ret_folder, struct err *err)
{
    uint8_t master[VAULT_MASTER];
    struct vault vault;
    struct plan_folder folder = {.organization = organization->id, .arena = arena_new()};
    const char *dir = folder.arena ? run_store_dir(settings, organization->id, folder.arena) : NULL;
    folder.path = dir ? arena_format(folder.arena, "%s/plans", dir) : NULL;
    int rc = folder.path ? masterkey_load(settings, master, err) : -ENOMEM;
    if (rc != 0) {
        arena_free(folder.arena);
        return rc;
    }
    vault_init(&vault, master, organization->id);
    memcpy(folder.key, vault.plan_key, sizeof(folder.key));
    vault_done(&vault);
    explicit_bzero(master, sizeof(master));
    *ret_folder = folder;
    return 0;
}

void plan_folder_done(struct plan_folder *folder)
{
    explicit_bzero(folder->key, sizeof(folder->key));
    arena_free(folder->arena);
    *folder = (struct plan_folder){0};
}

const char *plan_folder_place(const struct plan_folder *folder, uint32_t number)
{
    return arena_format(folder->arena, "%s/%u", folder->path, number);
}

static int number_compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

int plan_folder_list(const struct plan_folder *folder, uint32_t **ret_numbers, size_t *ret_count)
{
    uint32_t *numbers __attribute__((cleanup(tidy_free))) = NULL;
    size_t count = 0, room = 0;
    DIR *dir = opendir(folder->path);
    int rc = dir || errno == ENOENT ? 0 : -errno;
    for (struct dirent *entry; dir && rc == 0 && (entry = readdir(dir));) {
        char *end;
        unsigned long number = strtoul(entry->d_name, &end, 10);
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || *end != '\0' || number > UINT32_MAX)
            continue; /* nobody's, or one that was not finished */
        rc = mem_grow(&numbers, count, &room, sizeof(*numbers));
        if (rc == 0)
            numbers[count++] = (uint32_t)number;
    }
    if (dir)
        closedir(dir);
    uint32_t *list = rc == 0 ? arena_get(folder->arena, (count + 1) * sizeof(*list)) : NULL;
    if (!list)
        return rc ? rc : -ENOMEM;
    if (count > 1)
        qsort(numbers, count, sizeof(*numbers), number_compare);
    if (count > 0)
        memcpy(list, numbers, count * sizeof(*list));
    *ret_numbers = list;
    *ret_count = count;
    return 0;
}

int plans_erase(const struct settings *settings, const struct organization *organization, bool dry, uint64_t *ret_count,
                struct err *err)
{
    struct plan_folder folder;
    uint64_t count = 0;
    int rc = plan_folder_open(settings, organization, &folder, err);
    DIR *dir = rc == 0 ? opendir(folder.path) : NULL;
    if (rc == 0 && !dir && errno != ENOENT)
        rc = -errno;
    for (struct dirent *entry; dir && rc == 0 && (entry = readdir(dir));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (!dry && unlinkat(dirfd(dir), entry->d_name, 0) != 0 && errno != ENOENT)
            rc = err_set(err, -errno, "%s/%s cannot be removed: %s", folder.path, entry->d_name, err_text(-errno));
        count += entry->d_name[0] >= '1' && entry->d_name[0] <= '9';
    }
    if (dir)
        closedir(dir);
    plan_folder_done(&folder);
    if (rc == 0)
        *ret_count = count;
    return rc;
}

/* --- what is said about one --- */

/* Every number of a report, in an order that stays. */
#define COUNTS(X)                                                                                                      \
    X(pushed.is)                                                                                                       \
    X(pushed.created)                                                                                                  \
    X(pushed.updated)                                                                                                  \
    X(pushed.deactivated)                                                                                              \
    X(pushed.reactivated)                                                                                              \
    X(pushed.manual)                                                                                                   \
    X(pushed.held)                                                                                                     \
    X(read)                                                                                                            \
    X(filtered)                                                                                                        \
    X(flagged)                                                                                                         \
    X(created)                                                                                                         \
    X(updated)                                                                                                         \
    X(unchanged)                                                                                                       \
    X(missing)                                                                                                         \
    X(deactivated)                                                                                                     \
    X(reactivated)                                                                                                     \
    X(retired)                                                                                                         \
    X(linked)                                                                                                          \
    X(not_owner)                                                                                                       \
    X(population)                                                                                                      \
    X(held)                                                                                                            \
    X(dead_letters)                                                                                                    \
    X(reviews)                                                                                                         \
    X(drift)

static void sets_put(const struct run_pushed *pushed, struct buffer *out)
{
    wire_put_u32(out, (uint32_t)pushed->set_count);
    for (size_t i = 0; i < pushed->set_count; i++) {
        const struct run_set *set = &pushed->sets[i];
        wire_put_text(out, set->stream);
        wire_put_text(out, set->name);
        wire_put_text(out, set->outcome);
        wire_put_text(out, set->why);
        wire_put_u64(out, set->rows);
        wire_put_u64(out, set->changed);
        wire_put_u64(out, set->refused);
    }
}

static void report_put(const struct run_report *report, struct buffer *out)
{
    wire_put_u32(out, report->run);
    wire_put_u32(out, report->outcome);
    wire_put_text(out, report->connection);
#define PUT(name) wire_put_u64(out, report->name);
    COUNTS(PUT)
#undef PUT
    wire_put_text(out, report->flagged_place);
    wire_put_u32(out, report->more);
    wire_put_u64(out, (uint64_t)report->started_ms);
    wire_put_text(out, report->json);
    wire_put_u32(out, (uint32_t)report->partition_count);
    for (size_t i = 0; i < report->partition_count; i++) {
        const struct run_partition *partition = &report->partitions[i];
        wire_put_text(out, partition->name);
        wire_put_u32(out, partition->outcome);
        wire_put_text(out, partition->claim);
        wire_put_text(out, partition->reason ? partition->reason : "");
        wire_put_u32(out, (uint32_t)partition->stream_count);
        for (size_t s = 0; s < partition->stream_count; s++) {
            wire_put_text(out, partition->streams[s].name);
            wire_put_u32(out, partition->streams[s].outcome);
            wire_put_text(out, partition->streams[s].claim);
            wire_put_text(out, partition->streams[s].reason);
        }
    }
    wire_put_u32(out, (uint32_t)report->file_count);
    for (size_t i = 0; i < report->file_count; i++)
        wire_put_text(out, report->files[i]);
    sets_put(&report->pushed, out);
}

/* A list of so many things, in the arena; NULL and bad when there cannot be so many. */
static void *list_get(struct wire *in, struct arena *arena, size_t count, size_t size)
{
    void *list = count > LIST_MAX || in->bad ? NULL : arena_get(arena, (count + 1) * size);
    in->bad |= !list;
    return list;
}

static enum outcome outcome_get(struct wire *in)
{
    uint32_t outcome = wire_get_u32(in);
    in->bad |= outcome > OUTCOME_CANCELLED;
    return in->bad ? OUTCOME_FAILED : (enum outcome)outcome;
}

static const char *text_get(struct wire *in, struct arena *arena)
{
    const char *text = wire_get_text(in);
    return text ? arena_text(arena, text) : NULL;
}

static void sets_get(struct run_pushed *pushed, struct wire *in, struct arena *arena)
{
    pushed->set_count = wire_get_u32(in);
    pushed->sets = list_get(in, arena, pushed->set_count, sizeof(*pushed->sets));
    for (size_t i = 0; !in->bad && i < pushed->set_count; i++) {
        struct run_set *set = &pushed->sets[i];
        set->stream = text_get(in, arena);
        set->name = text_get(in, arena);
        set->outcome = text_get(in, arena);
        set->why = text_get(in, arena);
        set->rows = wire_get_u64(in);
        set->changed = wire_get_u64(in);
        set->refused = wire_get_u64(in);
        in->bad |= !set->stream || !set->name || !set->outcome || !set->why;
    }
}

static void report_get(struct run_report *report, struct wire *in)
{
    report->run = wire_get_u32(in);
    report->outcome = outcome_get(in);
    report->connection = text_get(in, report->arena);
#define GET(name) report->name = wire_get_u64(in);
    COUNTS(GET)
#undef GET
    report->flagged_place = text_get(in, report->arena);
    report->more = wire_get_u32(in) != 0;
    report->started_ms = (int64_t)wire_get_u64(in);
    report->json = text_get(in, report->arena);
    report->partition_count = wire_get_u32(in);
    report->partitions = list_get(in, report->arena, report->partition_count, sizeof(*report->partitions));
    for (size_t i = 0; !in->bad && i < report->partition_count; i++) {
        struct run_partition *partition = &report->partitions[i];
        partition->name = text_get(in, report->arena);
        partition->outcome = outcome_get(in);
        partition->claim = text_get(in, report->arena);
        partition->reason = text_get(in, report->arena);
        partition->stream_count = wire_get_u32(in);
        partition->streams = list_get(in, report->arena, partition->stream_count, sizeof(*partition->streams));
        for (size_t s = 0; !in->bad && s < partition->stream_count; s++) {
            partition->streams[s].name = text_get(in, report->arena);
            partition->streams[s].outcome = outcome_get(in);
            partition->streams[s].claim = text_get(in, report->arena);
            partition->streams[s].reason = text_get(in, report->arena);
        }
    }
    report->file_count = wire_get_u32(in);
    report->files = list_get(in, report->arena, report->file_count, sizeof(*report->files));
    for (size_t i = 0; !in->bad && i < report->file_count; i++)
        report->files[i] = text_get(in, report->arena);
    sets_get(&report->pushed, in, report->arena);
}

static void strand_put(const struct plan_strand *strand, struct buffer *out)
{
    wire_put_u32(out, strand->stream);
    wire_put_u32(out, strand->partition);
    wire_put_u32(out, (uint32_t)strand->compared | (uint32_t)strand->look_again << 1 | (uint32_t)strand->same << 2);
    wire_put_u32(out, (uint32_t)strand->file_count);
    for (size_t i = 0; i < strand->file_count; i++) {
        const struct pulled_file *file = &strand->files[i];
        wire_put_text(out, file->name);
        wire_put_u64(out, file->size);
        wire_put_u64(out, (uint64_t)file->mtime_ms);
        buffer_add(out, file->sha256, sizeof(file->sha256));
        wire_put_u32(out, (uint32_t)file->after);
        wire_put_text(out, file->to);
        wire_put_u64(out, file->rows);
        wire_put_text(out, file->prefix);
    }
    wire_put_u32(out, (uint32_t)strand->refused_count);
    for (size_t i = 0; i < strand->refused_count; i++) {
        const struct wait_item *item = &strand->refused[i];
        wire_put_text(out, item->id);
        wire_put_text(out, item->place);
        wire_put_text(out, item->reason);
        wire_put_text(out, item->field);
        wire_put_text(out, item->text);
    }
}

void plan_write(const struct plan *plan, struct buffer *out)
{
    wire_put_u32(out, VERSION_ABOUT);
    wire_put_u32(out, plan->number);
    wire_put_u64(out, (uint64_t)plan->made_ms);
    wire_put_u64(out, (uint64_t)plan->expires_ms);
    wire_put_u64(out, (uint64_t)plan->applied_ms);
    wire_put_u32(out, plan->allow_held);
    wire_put_text(out, plan->reason);
    buffer_add(out, plan->organization_digest, sizeof(plan->organization_digest));
    wire_put_text(out, plan->connector_digest);
    for (size_t i = 0; i < PLAN_COUNTERS; i++)
        wire_put_u64(out, plan->counters[i]);
    wire_put_u32(out, (uint32_t)plan->strand_count);
    for (size_t i = 0; i < plan->strand_count; i++)
        strand_put(&plan->strands[i], out);
    report_put(&plan->report, out);
}

static void digest_get(struct wire *in, uint8_t ret_digest[32])
{
    const char *bytes = wire_get_bytes(in, 32);
    if (bytes)
        memcpy(ret_digest, bytes, 32);
}

static void refused_get(struct wait_item *item, uint32_t stream, struct wire *in, struct arena *arena)
{
    item->type = WAIT_DEAD;
    item->stream = stream;
    item->id = text_get(in, arena);
    item->place = text_get(in, arena);
    item->reason = text_get(in, arena);
    item->field = text_get(in, arena);
    item->text = text_get(in, arena);
}

static void strand_get(struct plan_strand *strand, struct wire *in, struct arena *arena)
{
    strand->stream = wire_get_u32(in);
    strand->partition = wire_get_u32(in);
    uint32_t is = wire_get_u32(in);
    strand->compared = is & 1;
    strand->look_again = is & 2;
    strand->same = is & 4;
    strand->file_count = wire_get_u32(in);
    strand->files = list_get(in, arena, strand->file_count, sizeof(*strand->files));
    for (size_t i = 0; !in->bad && i < strand->file_count; i++) {
        struct pulled_file *file = &strand->files[i];
        file->name = text_get(in, arena);
        file->size = wire_get_u64(in);
        file->mtime_ms = (int64_t)wire_get_u64(in);
        digest_get(in, file->sha256);
        file->after = (int)wire_get_u32(in);
        file->to = text_get(in, arena);
        file->rows = wire_get_u64(in);
        file->prefix = text_get(in, arena);
        in->bad |= !file->name;
    }
    strand->refused_count = wire_get_u32(in);
    strand->refused = list_get(in, arena, strand->refused_count, sizeof(*strand->refused));
    for (size_t i = 0; !in->bad && i < strand->refused_count; i++)
        refused_get(&strand->refused[i], strand->stream, in, arena);
}

static bool plan_get(struct plan *plan, struct wire *in)
{
    uint32_t version = wire_get_u32(in);
    plan->number = wire_get_u32(in);
    plan->made_ms = (int64_t)wire_get_u64(in);
    plan->expires_ms = (int64_t)wire_get_u64(in);
    plan->applied_ms = (int64_t)wire_get_u64(in);
    plan->allow_held = wire_get_u32(in);
    plan->reason = text_get(in, plan->report.arena);
    digest_get(in, plan->organization_digest);
    plan->connector_digest = text_get(in, plan->report.arena);
    for (size_t i = 0; i < PLAN_COUNTERS; i++)
        plan->counters[i] = wire_get_u64(in);
    plan->strand_count = wire_get_u32(in);
    plan->strands = list_get(in, plan->report.arena, plan->strand_count, sizeof(*plan->strands));
    for (size_t i = 0; !in->bad && i < plan->strand_count; i++)
        strand_get(&plan->strands[i], in, plan->report.arena);
    report_get(&plan->report, in);
    plan->connection = plan->report.connection;
    plan->state = plan->applied_ms ? PLAN_APPLIED : PLAN_OPEN;
    return version == VERSION_ABOUT && wire_finished(in) && plan->connection && plan->report.json;
}

int plan_refused(const struct plan_folder *folder, uint32_t number, int rc, struct err *err)
{
    const char *place = plan_folder_place(folder, number);
    switch (rc) {
    case 0: return 0;
    case -ENOENT:
        return err_set(err, ERR_UNKNOWN, "there is no plan %u: `muster plan %s --list` lists them", number,
                       folder->organization);
    case ERR_GONE: return err_set(err, rc, "of plan %u only what it came to is left: it is over. Plan anew.", number);
    case ERR_CORRUPT:
        return err_set(err, rc,
                       "%s is not whole, or was sealed by another master key than this one: it cannot be opened. "
                       "Plan anew.",
                       place);
    case ERR_NEWER:
        return err_set(err, rc, "%s was written by a newer muster: install that version, or plan anew.", place);
    default: return err_set(err, rc, "%s cannot be read: %s", place, err_text(rc));
    }
}

int plan_about(const struct plan_folder *folder, uint32_t number, struct plan *ret_plan, struct err *err)
{
    struct buffer about __attribute__((cleanup(buffer_done))) = {0};
    struct plan plan __attribute__((cleanup(plan_done))) = {.report = {.arena = arena_new()}};
    const char *place = plan_folder_place(folder, number);
    int rc = place && plan.report.arena ? changeset_about(place, folder->key, &about) : -ENOMEM;
    struct wire in = wire_over(about.data, about.len);
    if (rc == 0 && (!plan_get(&plan, &in) || plan.number != number))
        rc = ERR_CORRUPT;
    if (rc != 0)
        return plan_refused(folder, number, rc, err);
    plan.report.organization = arena_text(plan.report.arena, folder->organization);
    plan.report.plan = number;
    *ret_plan = plan;
    plan = (struct plan){0};
    return 0;
}

int plan_stub(const struct plan_folder *folder, const struct plan *plan)
{
    struct buffer about __attribute__((cleanup(buffer_done))) = {0};
    const char *place = plan_folder_place(folder, plan->number);
    plan_write(plan, &about);
    if (!place || about.rc != 0)
        return about.rc ? about.rc : -ENOMEM;
    return changeset_save_about(place, folder->key, bytes(about.data, about.len));
}

/* --- how one stands to the store --- */

void plan_counters(struct txn *txn, uint64_t ret_counters[PLAN_COUNTERS])
{
    static const char *const names[PLAN_COUNTERS] = {"run", "seed", "sequence", "statement", "wait", "dict"};
    for (size_t i = 0; i < PLAN_COUNTERS; i++)
        ret_counters[i] = meta_number(txn, names[i]);
}

/* Whether the run of the plan stands in the store: it was applied, whether or not there was time to note it. */
static bool plan_stands(struct txn *txn, const struct plan *plan)
{
    uint32_t key = __builtin_bswap32(plan->report.run);
    struct bytes row;
    return txn_get(txn, TABLE_run, bytes(&key, sizeof(key)), &row) && row.len == strlen(plan->report.json) &&
           memcmp(row.data, plan->report.json, row.len) == 0;
}

void plan_judge(struct plan *plan, struct txn *txn, int64_t now_ms)
{
    uint64_t counters[PLAN_COUNTERS];
    if (plan->state != PLAN_OPEN)
        return;
    plan_counters(txn, counters);
    if (plan_stands(txn, plan))
        plan->state = PLAN_APPLIED;
    else if (now_ms >= plan->expires_ms)
        plan->state = PLAN_EXPIRED;
    else if (memcmp(counters, plan->counters, sizeof(counters)) != 0)
        plan->state = PLAN_MOVED;
}

const char *plan_state_name(enum plan_state state)
{
    static const char *const names[] = {"open", "moved", "expired", "applied"};
    return names[state];
}

void plan_done(struct plan *plan)
{
    changeset_free(plan->changeset);
    run_report_done(&plan->report);
    *plan = (struct plan){0};
}

/* --- reading --- */

static int store_judge(const struct settings *settings, const struct organization *organization, struct plan *plans,
                       size_t count, struct err *err)
{
    struct arena *arena TIDY(arena_free) = arena_new();
    struct store *store TIDY(store_close) = NULL;
    const char *dir = arena ? run_store_dir(settings, organization->id, arena) : NULL;
    int rc = dir ? store_open(dir, false, &store, err) : -ENOMEM;
    if (rc != 0)
        return rc == ERR_GONE ? 0 : rc;
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, store, false);
    for (size_t i = 0; i < count; i++)
        plan_judge(&plans[i], &txn, clock_now_ms());
    rc = txn_end(&txn);
    return store_fail(store, rc, err);
}

int plan_read(const struct settings *settings, const struct organization *organization, uint32_t number, bool rows,
              struct plan *ret_plan, struct err *err)
{
    struct plan_folder folder __attribute__((cleanup(plan_folder_done))) = {0};
    struct plan plan __attribute__((cleanup(plan_done))) = {0};
    int rc = plan_folder_open(settings, organization, &folder, err);
    if (rc == 0)
        rc = plan_about(&folder, number, &plan, err);
    if (rc == 0)
        rc = store_judge(settings, organization, &plan, 1, err);
    if (rc == 0 && rows && plan.state != PLAN_APPLIED) {
        const char *place = plan_folder_place(&folder, number);
        rc = place ? changeset_open(NULL, place, folder.key, &plan.changeset) : -ENOMEM;
        rc = rc == ERR_GONE ? 0 : plan_refused(&folder, number, rc, err);
    }
    if (rc != 0)
        return rc;
    *ret_plan = plan;
    plan = (struct plan){0};
    return 0;
}

void plans_done(struct plans *plans)
{
    for (size_t i = 0; i < plans->count; i++)
        plan_done(&plans->items[i]);
    free(plans->items);
    *plans = (struct plans){0};
}

int plans_read(const struct settings *settings, const struct organization *organization, struct plans *ret_plans,
               struct err *err)
{
    struct plan_folder folder __attribute__((cleanup(plan_folder_done))) = {0};
    struct plans plans __attribute__((cleanup(plans_done))) = {0};
    uint32_t *numbers = NULL;
    size_t count = 0;
    int rc = plan_folder_open(settings, organization, &folder, err);
    if (rc == 0)
        rc = plan_folder_list(&folder, &numbers, &count);
    while (rc == 0 && count-- > 0) {
        struct plan plan;
        rc = mem_grow(&plans.items, plans.count, &plans.room, sizeof(*plans.items));
        if (rc == 0 && plan_about(&folder, numbers[count], &plan, NULL) == 0)
            plans.items[plans.count++] = plan;
    }
    if (rc == 0)
        rc = store_judge(settings, organization, plans.items, plans.count, err);
    if (rc != 0)
        return err_set(err, rc, "%s cannot be read: %s", folder.path ? folder.path : "plans", err_text(rc));
    *ret_plans = plans;
    plans = (struct plans){0};
    return 0;
}
