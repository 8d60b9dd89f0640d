/* seal - a stream of sealed messages under one key. */
#include "base/seal.h"

void seal_begin(struct seal *seal, const uint8_t key[SEAL_KEY], uint8_t ret_header[SEAL_HEADER])
{
    (void)crypto_secretstream_xchacha20poly1305_init_push(&seal->state, ret_header, key);
}

void seal_put(struct seal *seal, const void *plain, size_t len, uint8_t *ret_sealed)
{
    (void)crypto_secretstream_xchacha20poly1305_push(&seal->state, ret_sealed, NULL, plain, len, NULL, 0, 0);
}

bool seal_open(struct seal *seal, const uint8_t key[SEAL_KEY], const uint8_t header[SEAL_HEADER])
{
    return crypto_secretstream_xchacha20poly1305_init_pull(&seal->state, header, key) == 0;
}

bool seal_get(struct seal *seal, const uint8_t *sealed, size_t len, void *ret_plain)
{
    unsigned char tag;
    return crypto_secretstream_xchacha20poly1305_pull(&seal->state, ret_plain, NULL, &tag, sealed, len + SEAL_MORE,
                                                      NULL, 0) == 0;
}
