/* seal - a stream of sealed messages under one key: what is changed, cut, moved or left out in the middle is noticed.
 */
#ifndef BASE_SEAL_H
#define BASE_SEAL_H

#include <sodium.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SEAL_KEY = crypto_secretstream_xchacha20poly1305_KEYBYTES,
    SEAL_HEADER = crypto_secretstream_xchacha20poly1305_HEADERBYTES,
    SEAL_MORE = crypto_secretstream_xchacha20poly1305_ABYTES /* how much longer a message is when sealed */
};

struct seal {
    crypto_secretstream_xchacha20poly1305_state state;
};

/* Writing: the header goes first, then the messages. ret_sealed has room for len + SEAL_MORE. */
void seal_begin(struct seal *seal, const uint8_t key[SEAL_KEY], uint8_t ret_header[SEAL_HEADER]);
void seal_put(struct seal *seal, const void *plain, size_t len, uint8_t *ret_sealed);

/* Reading them again, in the same lengths. False: it is not what was written, or the key is another one. */
bool seal_open(struct seal *seal, const uint8_t key[SEAL_KEY], const uint8_t header[SEAL_HEADER]);
bool seal_get(struct seal *seal, const uint8_t *sealed, size_t len, void *ret_plain);

#endif
