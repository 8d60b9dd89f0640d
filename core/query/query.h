/* query - an organization's store for people who ask: who is there, what is held to be true of them, and who said so.
 *
 * Looks at one snapshot and writes nothing, but that it finishes first what a
 * run that died left half written. Texts that functions append are in the
 * model's own notation; what a value of a protected field says is shown only
 * after query_unseal(). Everything that is handed out lives until
 * query_close(). */
#ifndef QUERY_QUERY_H
#define QUERY_QUERY_H

#include "base/arena.h"
#include "base/zone.h"
#include "store/vault.h"
#include "tables/entity.h"
#include "tables/source.h"
#include "tables/streams.h"
#include "tables/wait.h"

/* A point in the past: as it was after a run, or at an instant. */
struct cut {
    uint32_t run;    /* 0: `time_ms` counts */
    int64_t time_ms; /* what happened at that very millisecond has happened */
};

struct query {
    const struct organization *organization;
    struct store *store;
    struct txn txn; /* the snapshot */
    struct streams streams;
    struct arena *arena;
    struct zone *zone;
    struct vault vault;
    bool unsealed;
    const struct cut *cut; /* labels are told as of then; NULL: as they stand */
    struct source *record; /* scratch: the record that was looked at last */
    uint64_t names;        /* rows of the dict when the streams were read */
};

/* ERR_GONE and a sentence when the organization has no store yet. */
int query_open(const struct settings *settings, const struct organization *organization, struct query **ret_query,
               struct err *err);
void query_close(struct query *query);
/* For who asks often: lets go of the snapshot and of all that was handed out, and takes a new one when there is a
 * question again. The organization's own fields and the streams are read anew when there are more of them. */
void query_rest(struct query *query);
int query_again(struct query *query, struct err *err);
/* From here on protected values are told. */
int query_unseal(struct query *query, const struct settings *settings, struct err *err);
/* What went wrong while reading, as a sentence: 0 when nothing did. */
int query_end(struct query *query, struct err *err);

/* "2026-03-02 07:30" in the organization's zone; ret_text has 17 bytes or more. */
enum { QUERY_TIME = 20 };
void query_time(const struct query *query, int64_t ms, char ret_text[QUERY_TIME]);

/* "2026-03-02" (the end of that day), "2026-03-02 07:30" (the end of that minute), with seconds, or an instant with Z;
 * without it in the organization's zone. ERR_DATA and a sentence when it is none of these. */
int query_time_read(const struct query *query, const char *text, int64_t *ret_ms, struct err *err);

/* --- finding --- */

struct query_ids {
    uint64_t *items;
    size_t count, room;
};
void query_ids_done(struct query_ids *ids);

enum { QUERY_HITS_MOST = 200 }; /* who finds more must say more */
/* Persons by what people type: id:12, number:1001, email:…, name:…; without such a word: by number, else by e-mail,
 * else by a part of the name. ERR_DATA and a sentence when the key cannot be one. */
int query_find(struct query *query, const char *key, struct query_ids *ret_ids, struct err *err);
/* Persons one of whose records says of a field by which people are found what a record of somebody else says; those of
 * the same value one after the other, each person once, at most QUERY_HITS_MOST. */
int query_shared(struct query *query, uint16_t field, struct query_ids *ret_ids);
/* Whether one of a person's names, numbers or addresses has the text in it; `text` is normalized. */
bool query_person_has(struct query *query, struct image image, const char *text, size_t len);

/* --- telling --- */

/* The golden values, as of the cut. */
bool query_image(struct query *query, enum kind kind, uint64_t id, struct image *ret_image);
/* "Søren Kjærgård"; the number or "person 12" where nothing else is known. */
void query_name(const struct query *query, uint64_t id, struct image image, struct buffer *out);
/* The same for anything: "1002 Søren Kjærgård", "20 Shop". */
void query_label(struct query *query, enum kind kind, uint64_t id, struct buffer *out);
/* The same where no person is spoken of: "Clerk of 1001 Anna Smit". */
void query_label_whose(struct query *query, enum kind kind, uint64_t id, struct buffer *out);
/* A golden value as text: enumerators by name, references by label, dots for what is sealed. `entity`: whose value it
 * is, for opening the seal; NULL: it stays shut. */
void query_value(struct query *query, const struct entity *entity, const struct field *field, struct value value,
                 struct buffer *out);
/* "hr/main/employees/1002", with #KIND/KEY for what a record gives besides its main thing. */
void query_record(const struct query *query, enum kind kind, const struct member *member, struct buffer *out);
/* A reference that waits for its other side, by what it waits for: "1001"; *ret_by the field's name. */
bool query_waiting(const struct query *query, struct value value, const char **ret_by, struct buffer *out);
/* The plain text of a sealed value. ERR_GONE: erased. */
int query_reveal(struct query *query, const struct entity *entity, struct value value, struct buffer *out);

/* --- who said so --- */

/* The record behind a member, in query->record; its section, or NULL. */
const struct section_view *query_section(struct query *query, const struct member *member);

/* The person to whom a section's seed belongs; 0: nobody. */
uint64_t query_person_of(struct query *query, uint64_t seed);
/* The person that a record belongs to; 0: nobody. */
uint64_t query_record_person(struct query *query, uint32_t stream, const char *id);

struct query_winner {
    uint16_t field;
    size_t member; /* of the entity; with a pin nobody's */
    uint64_t pin;  /* the statement that stands above what they say; 0: none does */
};
/* Which member's word counts for each field: merge, asked again; or which person's. A field of the golden record that
 * is not among them was worked out (status from dates, the owner of an employment). Returns 0 or a negative code. */
int query_winners(struct query *query, enum kind kind, const struct entity *entity, struct query_winner **ret_winners,
                  size_t *ret_count);

/* --- runs and what waits --- */

/* The report of a run, JSON; false: there is no such run. */
bool query_run(struct query *query, uint32_t run, struct bytes *ret_json);
uint32_t query_last_run(struct query *query); /* 0: none yet */
/* Whether it held anything, or was held as a whole. */
bool query_run_held(struct query *query, uint32_t run);
/* The connection that a run was of; "" when that is not known any more. */
const char *query_run_connection(struct query *query, uint32_t run);

/* Items of these types ("dh"; NULL: all), oldest first, at most `most`. */
int query_waits(struct query *query, const char *types, size_t most, struct wait_item **ret_items, size_t *ret_count);
/* How many wait, counted up to `most`. */
size_t query_count_waits(struct query *query, enum wait_type type, const char *connection, size_t most);

static inline void tidy_query_close(struct query **query)
{
    query_close(*query);
}

static inline void tidy_query_ids(struct query_ids *ids)
{
    query_ids_done(ids);
}

#endif
