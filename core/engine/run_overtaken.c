/* run_overtaken - files of which something was held, and in whose place a newer one was taken: they are put away like
 * those that were taken, and the ledger says where. */
#include "engine/running.h"

#include "base/mem.h"

static bool all_taken(const struct run *run)
{
    for (size_t i = 0; i < run->strand_count; i++)
        if (!strand_taken(&run->strands[i]))
            return false;
    return run->strand_count > 0;
}

static void put_away(struct run *run, const struct pickup_overtaken *overtaken)
{
    const struct pickup_rule *rule = pickup_rule(run->pickup);
    const struct strand *strand = &run->strands[0];
    char *place __attribute__((cleanup(tidy_free))) = NULL;
    const char *name = overtaken->entry.name;
    struct err err = {0};
    int rc = rule->after == MUSTER_ARCHIVE ? files_archive(run->files, name, rule->to, &place, &err)
                                           : files_remove(run->files, name, &err);
    if (rc != 0) {
        if (rc != ERR_GONE) /* then its sender has taken it back */
            run_file_trouble(run, strand, &err);
        return;
    }
    for (size_t i = 0; i < overtaken->held_count; i++) {
        struct ledger_row row = overtaken->held[i];
        row.after = (uint8_t)rule->after;
        row.place = place ? place : "";
        ledger_put(run->changeset, &row);
    }
    if (rule->marker && !pickup_shared(rule->marker))
        run_marker_away(run, strand, name, rule->after, rule->to, rule->marker);
}

int run_overtaken(struct run *run)
{
    size_t count;
    const struct pickup_overtaken *overtaken = pickup_overtaken(run->pickup, &count);
    if (count == 0 || !pickup_looked(run->pickup) || !all_taken(run))
        return 0;
    changeset_free(TAKE(run->changeset));
    int rc = changeset_new(run->store, &run->changeset);
    for (size_t i = 0; i < count && rc == 0; i++)
        put_away(run, &overtaken[i]);
    return rc ? rc : changeset_apply(run->changeset, NULL);
}
