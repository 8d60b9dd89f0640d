/* signature - what proves to others that one holds a key: digests and HMACs as text. */
#ifndef BASE_SIGNATURE_H
#define BASE_SIGNATURE_H

#include "base/buffer.h"

#include <stdbool.h>

/* Names: md5 sha256 sha512 hmac-md5 hmac-sha256 hmac-sha512; hex HEX base64. */
bool signature_known(const char *digest, const char *encoding);
/* Appends the digest of the text, written so. The key counts for HMACs only. Both names must be known. */
void signature_write(const char *digest, const char *encoding, const char *key, size_t key_len, const void *text,
                     size_t len, struct buffer *out);

#endif
