/* wire - what engine and host say to each other: messages of typed fields, packed into frames.
 *
 * A frame holds whole messages { u32 type, u32 len, fields }. Integers are as
 * the machine has them (both ends run on it), a text is { u32 len, bytes, 0 },
 * and len WIRE_NULL is a text that is not there. Both ends are built from one
 * tree, but an installed host may be older than the engine: WIRE_VERSION is
 * the first thing said, and a difference ends the talk with a sentence. */
#ifndef BASE_WIRE_H
#define BASE_WIRE_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define WIRE_VERSION 10u
#define WIRE_NULL UINT32_MAX

enum wire_type {
    /* engine → host */
    WIRE_HELLO = 1, /* version, name, path, scratch, memory, record and field ceilings, what it may beyond the rule,
                     * count, { file or folder of its own }; fd: the page */
    WIRE_OPEN,      /* count, { option, text } */
    WIRE_CHECK,
    WIRE_DISCOVER,
    WIRE_PARTITIONS,
    WIRE_PULL,   /* partition, locator, stream, full, cursor, limit; count, { source id, place, why } left out */
    WIRE_ANSWER, /* rc, sentence, then what was asked for; fd of a fetch */
    WIRE_CLOSE,
    /* fields: count, { name, type }; a row: count, { u16 field, u8 presence and changed, u8 0, u32 len, bytes, 0 } */
    WIRE_APPLY = 20, /* partition, stream, snapshot, fields */
    WIRE_GET,        /* as WIRE_PULL up to limit, then count, { id } */
    WIRE_SEEK,       /* stream, fields, row: the connector's find() */
    WIRE_LOOKUP,     /* name, fields, row */
    WIRE_ACTION,     /* name, fields, row */
    WIRE_RECEIVE,    /* count, waited for, { number, received ms, method, target, type, body } */
    /* host → engine */
    WIRE_DESCRIPTION = 100, /* version, what the kernel lacks, what loading tried and may not, the description */
    WIRE_REFUSED,           /* a sentence: it did not load */
    WIRE_COLUMNS,    /* stream number, stream, table, first, count, { name, place } → a text of a letter for each */
    WIRE_RECORD,     /* stream number, source id, place, count, { u16 column, u8 type, u8 presence, u32 len, bytes } */
    WIRE_REJECT,     /* stream, source id, place, why */
    WIRE_GONE_ID,    /* stream, source id */
    WIRE_CURSOR,     /* value */
    WIRE_CHECKPOINT, /* value */
    WIRE_PARTITION,  /* id, label, locator */
    WIRE_STREAM,     /* a stream as in a description */
    WIRE_FIELD,      /* stream, a field as in a description */
    WIRE_PROGRESS,   /* done, total */
    WIRE_LOG,        /* level, text */
    WIRE_LIST,       /* place, nth → name, size, mtime */
    WIRE_FETCH,      /* name → fd */
    WIRE_STORE,      /* name; fd */
    WIRE_UNCHANGED,  /* → 0 or 1 */
    WIRE_AFTERWARDS, /* name, what, to */
    WIRE_DONE,       /* rc, sentence, claim, count, why, functions by which something came that is no UTF-8 */
    WIRE_NEXT = 140, /* → count, { nth, op, key, remote id, before or no row, after or no row } */
    WIRE_APPLIED,    /* nth, remote id */
    WIRE_REFUSES,    /* nth, rc, why */
    WIRE_UNTOUCHED,  /* count, { nth }: came over and never reached the connector */
    WIRE_ROW,        /* as WIRE_RECORD */
    WIRE_FIND,       /* kind, field, value → 0 or 1, fields, row */
    WIRE_HTTP_PART,  /* name, filename, type, body or fd: of the call that follows */
    WIRE_HTTP,       /* WIRE_HTTP_…, tag, what is asked; fd of a large body → a reply, if it is waited for */
    WIRE_HTTP_WAIT,  /* → a reply */
    WIRE_LACKING,    /* stream, field, why */
    WIRE_TRIED,      /* names of calls that were refused, the first path among them */
    WIRE_REPLY,      /* status, type of the body, body: what who called is told */
};

/* What both see at any time, also when the other one is busy or dead. */
struct wire_page {
    uint32_t cancel; /* the engine's: not 0 when the call is cancelled */
    uint32_t taken;  /* the host's: WIRE_TAKEN_…, what the connector has taken up; 0: nothing */
    char source_id[1020], place[3068];
};
enum { WIRE_TAKEN_ID = 1, WIRE_TAKEN_PLACE = 2 };

enum { /* presence of a value in a record; absent ones are not sent */
       WIRE_IS_NULL = 1,
       WIRE_IS_EMPTY,
       WIRE_IS_VALUE
};

enum { /* letters in the answer to WIRE_COLUMNS: values of a column that nobody asks for need not be sent */
       WIRE_WANTED = '+',
       WIRE_UNWANTED = '-'
};

enum {                               /* in a row */
       WIRE_HAS_CHANGED = 0x80,      /* beside the presence: this field differs from what was confirmed */
       WIRE_NO_ROW = UINT32_MAX >> 1 /* as its count: there is none */
};

enum { /* how a call by HTTP is made */
       WIRE_HTTP_ASK,
       WIRE_HTTP_START
};

enum { /* claims in WIRE_DONE */
       WIRE_CLAIM_NONE,
       WIRE_CLAIM_COMPLETE,
       WIRE_CLAIM_CHANGES,
       WIRE_CLAIM_PARTIAL
};

enum { /* roles in a description: which functions a connector has */
       WIRE_HAS_OPEN = 0x1,
       WIRE_HAS_CHECK = 0x2,
       WIRE_HAS_DISCOVER = 0x4,
       WIRE_HAS_PARTITIONS = 0x8,
       WIRE_HAS_PULL = 0x10,
       WIRE_HAS_GET = 0x20,
       WIRE_HAS_FIND = 0x40,
       WIRE_HAS_APPLY = 0x80,
       WIRE_HAS_RECEIVE = 0x100,
       WIRE_HAS_LOOKUP = 0x200,
       WIRE_HAS_ACTION = 0x400,
       WIRE_HAS_CLOSE = 0x800
};

/* Writing. The buffer's sticky error tells of failures. */
size_t wire_begin(struct buffer *out, enum wire_type type); /* gives what wire_end() wants */
void wire_end(struct buffer *out, size_t begin);
void wire_put_u32(struct buffer *out, uint32_t value);
void wire_put_u64(struct buffer *out, uint64_t value);
void wire_put_bytes(struct buffer *out, const char *bytes, size_t len);
void wire_put_text(struct buffer *out, const char *text); /* NULL is kept apart from "" */
/* Bytes of any kind, with a '\0' after them; NULL is kept apart from none. */
void wire_put_blob(struct buffer *out, const char *bytes, size_t len);

/* Reading. Sticky: after the first thing that does not fit, `bad` is set and everything comes out as 0 or NULL. */
struct wire {
    const char *at, *end;
    bool bad;
};

static inline struct wire wire_over(const void *bytes, size_t len)
{
    return (struct wire){.at = bytes, .end = (const char *)bytes + len};
}

/* The next message of a frame. False: there is none, or (bad) what follows is no message. */
bool wire_next(struct wire *frame, uint32_t *ret_type, struct wire *ret_message);
/* True when everything was there and nothing is left over. */
bool wire_finished(const struct wire *wire);

static inline const char *wire_get_bytes(struct wire *wire, size_t len)
{
    if (wire->bad || (size_t)(wire->end - wire->at) < len) {
        wire->bad = true;
        return NULL;
    }
    const char *bytes = wire->at;
    wire->at += len;
    return bytes;
}

static inline uint32_t wire_get_u32(struct wire *wire)
{
    uint32_t value = 0;
    const char *bytes = wire_get_bytes(wire, sizeof(value));
    if (bytes)
        memcpy(&value, bytes, sizeof(value));
    return value;
}

static inline uint64_t wire_get_u64(struct wire *wire)
{
    uint64_t value = 0;
    const char *bytes = wire_get_bytes(wire, sizeof(value));
    if (bytes)
        memcpy(&value, bytes, sizeof(value));
    return value;
}

/* Ends in '\0' and has no other one; points into the frame. NULL: not there (or bad). */
const char *wire_get_text(struct wire *wire);
/* What wire_put_blob() wrote; points into the frame. */
const char *wire_get_blob(struct wire *wire, size_t *ret_len);
/* The same where NULL is not allowed: then it is bad. */
const char *wire_need_text(struct wire *wire);

#endif
