/* muster/text.h - text that grows: bodies and addresses of calls.
 *
 * For any connector. There is nothing to check on the way: when memory ends
 * `failed` is set, nothing is added any more, and whoever is about to use the
 * text looks at it once.
 *
 *     muster_text body = {0};
 *     muster_text_put(&body, "{\"name\":");
 *     muster_text_json(&body, name);
 *     muster_text_put(&body, "}");
 *     if (body.failed)
 *         ...
 *     muster_text_done(&body); */
#ifndef MUSTER_TEXT_H
#define MUSTER_TEXT_H

#include <muster/connector.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct muster_text {
    char *data; /* ends in '\0'; NULL before anything was added */
    size_t len, room;
    int32_t failed;
} muster_text;

void muster_text_add(muster_text *text, const char *bytes, size_t len);
void muster_text_put(muster_text *text, const char *string);
/* A string of JSON, in its quotes. */
void muster_text_json(muster_text *text, const char *string);
/* As a part of an address: what is neither a letter of ASCII, a digit nor one of -._~ as %XX. */
void muster_text_escaped(muster_text *text, const char *string);
/* A number of JSON without its exponent and without zeros that say nothing: "1.50e1" is "15". 0, and nothing is added:
 * it is none, or one of more than 60 digits. */
int32_t muster_text_number(muster_text *text, const char *number);
void muster_text_clear(muster_text *text); /* to be filled anew; the room stays */
void muster_text_done(muster_text *text);

#ifdef __cplusplus
}
#endif
#endif
