/* table - the tables of an organization's store. Each has one writer: only that file names it in a put.
 *
 * TABLE(name, writer, primary): the writer is a file, without its ending; primary 1 holds what nothing else can tell;
 * 0 can be rebuilt from the primary ones.
 *
 *   meta       name → layout versions, counters, `applying`
 *   dict       'n' name → number; 'i' number → name
 *   source     (connection, partition, stream) number, source id → what that record said last (tables/source.h)
 *   decision   the same key → why that record was passed over (tables/decision.h)
 *   held       the same key → what that record proposes, and something of it is held (engine/proposal.h)
 *   statement  seed or digest, number → a decision about who is who and what counts (tables/statement.h)
 *   journal    sequence → what changed in one entity's tree, when, by which run
 *   cursor     (connection, partition, stream) number → checkpoint, columns, header, mapping of the last good pull
 *   file       (connection, partition, stream) number, run, nth → one file that was taken; or seen and left (ledger.h)
 *   run        run number → its outcome
 *   vault      seed → that record's data key and sealed protected values
 *   entity     kind, id → golden record (tables/entity.h)
 *   index      kind, slot, normalized key, id → nothing
 *   refer      target → who refers to it; natural key not known yet → who waits for it
 *   due        day, kind, id → nothing: a date takes effect
 *   delivery   target stream, thing → what the target has of it, what is under way there (tables/delivery.h)
 *   wait       type, place → what waits for a person
 *   brake      type, connection → a person paused it (tables/brake.h)
 *   quarantine connection, or a partition or the telling of one → how often it failed in a row (engine/quarantine.h) */
#ifndef STORE_TABLE_H
#define STORE_TABLE_H

#define TABLES(TABLE)                                                                                                  \
    TABLE(meta, txn, 1)                                                                                                \
    TABLE(dict, dict, 1)                                                                                               \
    TABLE(source, stage, 1)                                                                                            \
    TABLE(statement, statement, 1)                                                                                     \
    TABLE(journal, weave, 1)                                                                                           \
    TABLE(cursor, run_decide, 1)                                                                                       \
    TABLE(file, ledger, 1)                                                                                             \
    TABLE(run, run_decide, 1)                                                                                          \
    TABLE(vault, stage_seal, 1)                                                                                        \
    TABLE(entity, weave, 0)                                                                                            \
    TABLE(index, weave_index, 0)                                                                                       \
    TABLE(refer, refer, 0)                                                                                             \
    TABLE(due, weave_due, 0)                                                                                           \
    TABLE(wait, wait, 0)                                                                                               \
    TABLE(decision, decision, 1)                                                                                       \
    TABLE(held, proposal, 1)                                                                                           \
    TABLE(brake, brake, 1)                                                                                             \
    TABLE(quarantine, quarantine, 1)                                                                                   \
    TABLE(delivery, delivery, 1) /* new ones come last: a kept changeset names tables by number */

enum table {
#define TABLE(name, writer, primary) TABLE_##name,
    TABLES(TABLE)
#undef TABLE
        TABLE_COUNT
};

const char *table_name(enum table table);

#endif
