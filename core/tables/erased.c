/* erased - records of people who were erased. Reads the `statement` table. */
#include "tables/erased.h"

#include <string.h>

uint64_t erased_subject(const struct vault *vault, struct bytes key)
{
    uint8_t digest[DIGEST_KEYED];
    uint64_t subject;
    vault_digest(vault, key.data, key.len, digest);
    memcpy(&subject, digest, sizeof(subject));
    return subject | SUBJECT_DIGEST;
}

/* The next one that stands, from where the cursor is. Digests come last in the table. */
static bool erased_next(struct cursor *cursor, bool there, struct statement *ret_statement)
{
    for (; there; there = cursor_next(cursor))
        if (statement_read(cursor->key, cursor->value, ret_statement) && ret_statement->type == STATEMENT_ERASED &&
            !ret_statement->withdrawn)
            return true;
    return false;
}

int erased_load(struct store *store, struct numbers *ret_subjects)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    struct cursor cursor __attribute__((cleanup(tidy_cursor))) = {0};
    struct statement statement;
    uint64_t first = __builtin_bswap64(SUBJECT_DIGEST);
    int rc = 0;
    txn_begin(&txn, store, false);
    if (meta_number(&txn, ERASED_EVER) == 0)
        return txn.rc;
    cursor_open(&cursor, &txn, TABLE_statement);
    for (bool there = cursor_seek(&cursor, bytes(&first, sizeof(first)));
         rc == 0 && erased_next(&cursor, there, &statement); there = cursor_next(&cursor))
        rc = numbers_set(ret_subjects, statement.subject, statement.number);
    return rc ? rc : txn.rc;
}

/* Of those that were made together the one that people are told. */
static void told_number(struct txn *txn, struct statement *statement)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    struct statement other;
    uint64_t first = __builtin_bswap64(SUBJECT_DIGEST);
    cursor_open(&cursor, txn, TABLE_statement);
    for (bool there = cursor_seek(&cursor, bytes(&first, sizeof(first))); erased_next(&cursor, there, &other);
         there = cursor_next(&cursor))
        if (other.run == statement->run && other.about)
            statement->number = other.number;
}

bool erased_about(struct txn *txn, const struct vault *vault, struct bytes key, struct statement *ret_statement)
{
    uint64_t subject = erased_subject(vault, key), prefix = __builtin_bswap64(subject);
    struct cursor cursor __attribute__((cleanup(tidy_cursor))) = {0};
    struct statement statement;
    if (meta_number(txn, ERASED_EVER) == 0)
        return false;
    cursor_open(&cursor, txn, TABLE_statement);
    if (!erased_next(&cursor, cursor_seek(&cursor, bytes(&prefix, sizeof(prefix))), &statement) ||
        statement.subject != subject)
        return false;
    told_number(txn, &statement);
    *ret_statement = statement;
    return true;
}
