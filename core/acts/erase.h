/* erase - a person is erased: all that is kept of them goes, and they do not come back by what their sources say.
 *
 * An act. In one changeset go the source records of the person with what lies
 * sealed, held and said about them; the golden records of the person, of what
 * hangs on them, and of things of their own (punches, shifts); what targets
 * are known to have; statements; what waits. Of the journal stays when it was
 * and of what, without a value. A statement about a keyed digest of each
 * record has it passed over from then on (erased.h). What all of that does not
 * reach is told, in a certificate that the organization's key signs. */
#ifndef ACTS_ERASE_H
#define ACTS_ERASE_H

#include "engine/act.h"
#include "tables/delivery.h"

/* Records of one stream that are passed over from now on. */
struct erase_source {
    const char *connection, *partition, *stream;
    uint64_t records;
    uint64_t named; /* of these, that the source still says */
};

/* What a target was known to have. */
struct erase_account {
    const char *connection, *stream;
    enum kind kind;
    const char *remote_id; /* "": none is known */
    bool active;
    enum delivery_state state;
};

struct erase {
    /* asked */
    const char *author, *reason;
    uint64_t person;
    bool anyway; /* whatever stands in the way */
    bool dry;
    /* told */
    struct arena *arena;
    const char **obstacles; /* what stands in the way, as sentences */
    size_t obstacle_count, obstacle_room;
    uint64_t things[KIND_COUNT]; /* golden records that go */
    uint64_t records, sealed, passed_over, held, entries, statements, waits, deliveries, plans, received;
    struct erase_source *sources;
    size_t source_count, source_room;
    struct erase_account *accounts;
    size_t account_count, account_room;
    uint64_t naming[KIND_COUNT]; /* of others, that refer to them */
    uint64_t *beside;            /* people who had a record of theirs once, or the other way round */
    size_t beside_count, beside_room;
    const char *unwiped; /* why the data file is not wiped yet; NULL: it is */
    uint64_t number;     /* of the statement; 0: no record is left to be passed over */
    uint32_t run;
    int64_t at_ms;
};

/* Fit act.state, act.judge, act.kept: `context` is the erase. No transaction of this process may be open then. */
int erase_state(void *context, struct match *match, struct err *err);
int erase_judge(void *context, const struct run *run, struct err *err);
void erase_kept(void *context, const struct run *run);
void erase_done(struct erase *erase);

/* What of it goes into the certificate as sentences: whom it does not reach, and who has to see to it. The nth from 0,
 * appended; false: there are no more. */
bool erase_remains(const struct erase *erase, const struct organization *organization, size_t nth, struct buffer *out);
/* The certificate: one JSON object, signed when it is not dry. */
int erase_certificate(const struct erase *erase, const struct settings *settings,
                      const struct organization *organization, struct buffer *out, struct err *err);
/* Whether a certificate is one of this organization's, as it was written. 0, or ERR_DATA with a sentence. */
int erase_verify(const struct settings *settings, const struct organization *organization, struct bytes certificate,
                 struct err *err);

#endif
