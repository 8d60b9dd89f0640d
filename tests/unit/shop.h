/* shop - an organization of a test: its file, its sources as texts, its store, and what must always hold in it.
 *
 * Sources are spoken by the connector tests/connectors/table.c. */
#ifndef TESTS_SHOP_H
#define TESTS_SHOP_H

#include "unit.h"

#include "base/buffer.h"
#include "engine/run.h"
#include "store/store.h"
#include "tables/entity.h"
#include "tables/source.h"

struct shop {
    char dir[200];
    struct settings settings;
    struct arena *arena;
    struct organization *organization;
    struct connectors *connectors;
    struct store *store; /* open between syncs, for looking */
    struct run_report report;
};

/* `yaml` holds what follows "organization: a\n"; "DIR" in it is the shop's folder. */
void shop_open(struct shop *shop, const char *yaml);
void shop_close(struct shop *shop);
/* The same folder read with another file: as when somebody edits it. */
void shop_edit(struct shop *shop, const char *yaml);

/* What a source says from now on: DIR/NAME. */
void shop_say(struct shop *shop, const char *name, const char *text);
/* Syncs, expects that it worked, looks after all that must hold. */
void shop_sync(struct shop *shop, const char *connection);
void shop_sync_full(struct shop *shop, const char *connection);
/* The same without looking after anything; the outcome. */
enum outcome shop_run(struct shop *shop, const char *connection, bool full, uint32_t allow_held);
/* Both in one: says it, as DIR/CONNECTION, and syncs. */
void shop_hear(struct shop *shop, const char *connection, const char *text);
/* The wall clock of following runs. */
void shop_now(const char *instant);

/* Persons, one a line, sorted: "7 family_name=Vos status=active | employment start_date=…". `own_ids` puts "#id" in
 * front. To be freed. */
char *shop_people(struct shop *shop, bool own_ids);
char *shop_units(struct shop *shop);
/* The golden id of the only person with this number; 0: none. */
uint64_t shop_id(struct shop *shop, const char *number);
/* One field of the person with this number, as shop_people() writes it; "" when there is none. To be freed. */
char *shop_field(struct shop *shop, const char *number, const char *field);
void expect_field(struct shop *shop, const char *number, const char *field, const char *wanted);
/* What waits, as "type reason id field" lines, sorted. To be freed. */
char *shop_waits(struct shop *shop);
void expect_waits(struct shop *shop, const char *wanted);
/* All rows of the data tables as bytes; two that are equal hold the same. To be freed. */
char *shop_rows(struct shop *shop, size_t *ret_len);

/* shop_check.c: index, refer, due, members and seeds are exactly what follows from sources and golden records. */
void shop_check(struct shop *shop);
/* A full run of each connection changes no row. */
void shop_check_again(struct shop *shop);

#endif
