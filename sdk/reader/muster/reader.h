/* muster/reader.h - what muster holds to be true, read where it lies by programs of the same machine.
 *
 * A map of desks or a printer of badges needs no daemon, no call and no copy: it looks at a snapshot of one
 * organization, which is as some run left it and never the middle of one, and can sleep until there is something new.
 *
 *     muster_reader *reader;
 *     muster_reader_object one = {0};
 *     if (muster_reader_open("/var/lib/muster/organizations/acme", &reader) == MUSTER_READER_OK &&
 *         muster_reader_begin(reader) == MUSTER_READER_OK)
 *         while (muster_reader_next(reader, "person", &one) == MUSTER_READER_OK)
 *             …
 *     muster_reader_close(reader);
 *
 * Kinds and fields are those that `muster fields` lists. Link with `pkg-config --cflags --libs muster-reader`.
 *
 * The program's account has to be able to read data.mdb of that folder and to write lock.mdb, where it says which state
 * it looks at; it can change nothing of what is kept. While somebody looks at a snapshot, the room of what changed
 * since is not used again: so a snapshot lasts for a while only (muster_reader_lease()).
 *
 * A reader is used by one thread at a time. After fork() a child has no snapshot and begins its own. */
#ifndef MUSTER_READER_H
#define MUSTER_READER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MUSTER_READER_API __attribute__((visibility("default")))

enum {
    MUSTER_READER_OK = 0,
    MUSTER_READER_END = 1,      /* there are no more, there is none, or nothing came in time */
    MUSTER_READER_GONE = -1,    /* nothing is kept in that folder, or not yet */
    MUSTER_READER_DENIED = -2,  /* this account may not */
    MUSTER_READER_NEWER = -3,   /* a newer muster wrote it: link with its reader */
    MUSTER_READER_DAMAGED = -4, /* it is no store of muster, or a broken one */
    MUSTER_READER_BUSY = -5,    /* a run is being written, or too many read: try again */
    MUSTER_READER_EXPIRED = -6, /* there is no snapshot, or the time for it is over: begin again */
    MUSTER_READER_AGAIN = -7,   /* what was read since was undone by a restore: read everything anew */
    MUSTER_READER_UNKNOWN = -8, /* there is no such kind or field */
    MUSTER_READER_FAIL = -9     /* anything else */
};

/* Of a value, as in connector.h. */
enum { MUSTER_READER_ABSENT = 0, MUSTER_READER_NULL, MUSTER_READER_EMPTY, MUSTER_READER_VALUE };

typedef struct muster_reader muster_reader;

/* One thing of a snapshot; what it points to lives as long as that. Begin a walk with zeros. */
typedef struct muster_reader_object {
    uint64_t id;  /* of its kind, for good */
    int32_t gone; /* 1: no source says it any more, and this is what was known last */
    int32_t kind; /* this and what follows is the library's */
    const void *row;
    size_t len;
} muster_reader_object;

typedef struct muster_reader_cell {
    int32_t presence;
    uint32_t len;
    const char *text; /* UTF-8, not terminated: dates as 2026-03-02, instants as 2026-03-02T07:30:00.000Z, true, 12.5,
                       * the name of an enumerator. NULL of a reference, of what is protected, and without a value */
    uint64_t id;      /* of a reference: the other object; else 0. Who is not known yet is MUSTER_READER_NULL */
} muster_reader_cell;

/* `folder`: STATE/organizations/ORG; a relative one begins where the program is now. *ret_reader is there also after a
 * failure, to ask why, and NULL only without memory; close it in any case. A process opens a folder once. */
MUSTER_READER_API int muster_reader_open(const char *folder, muster_reader **ret_reader);
MUSTER_READER_API void muster_reader_close(muster_reader *reader); /* NULL is fine */
/* The last failure, as a sentence; until the next call. */
MUSTER_READER_API const char *muster_reader_why(const muster_reader *reader);

/* Looks at what is true now; ends what was looked at before. While a run is being written it waits for up to 5 s, then
 * says BUSY: when that stays, the run died, and any command of muster finishes it. */
MUSTER_READER_API int muster_reader_begin(muster_reader *reader);
MUSTER_READER_API void muster_reader_end(muster_reader *reader);
/* How long a snapshot may last, in ms; 10,000 unless said. The first call after that ends it and says EXPIRED. */
MUSTER_READER_API void muster_reader_lease(muster_reader *reader, uint32_t ms);

/* Walks all things of a kind by ascending id, from the one behind object->id. */
MUSTER_READER_API int muster_reader_next(muster_reader *reader, const char *kind, muster_reader_object *object);
MUSTER_READER_API int muster_reader_get(muster_reader *reader, const char *kind, uint64_t id,
                                        muster_reader_object *ret_object);
/* The nth thing of a kind that hangs on this one, from 0: employments of a person, in their order. */
MUSTER_READER_API int muster_reader_part(muster_reader *reader, const muster_reader_object *object, const char *kind,
                                         size_t nth, muster_reader_object *ret_object);

/* The number of a field, for muster_reader_value(); "custom.badge" is known while there is a snapshot. Ask once. */
MUSTER_READER_API int muster_reader_field(muster_reader *reader, const char *kind, const char *field);
/* Returns the presence. */
MUSTER_READER_API int muster_reader_value(const muster_reader_object *object, int field, muster_reader_cell *ret_cell);

/* The number of the last change that the last snapshot held; it only rises. */
MUSTER_READER_API uint64_t muster_reader_sequence(const muster_reader *reader);
/* What changed after *sequence, one thing at a time: where something of a person changed, it is that person. *sequence
 * becomes that change's; *ret_kind lives for ever. Who was erased is not there any more when it is asked for. AGAIN:
 * then *sequence is the snapshot's. */
MUSTER_READER_API int muster_reader_change(muster_reader *reader, uint64_t *sequence, const char **ret_kind,
                                           uint64_t *ret_id);
/* Ends the snapshot and sleeps until there is a change after `sequence`; `timeout_ms` below 0: for ever. A failure, as
 * GONE, comes at once; BUSY when a run is being written and nothing more of it came for a minute, or the time is over.
 */
MUSTER_READER_API int muster_reader_wait(muster_reader *reader, uint64_t sequence, int timeout_ms);

#ifdef __cplusplus
}
#endif
#endif
