/* md5 - RFC 1321, for signatures that others demand; nothing of ours relies on it. */
#ifndef BASE_MD5_H
#define BASE_MD5_H

#include <stddef.h>
#include <stdint.h>

enum { MD5_BYTES = 16, MD5_BLOCK = 64 };

struct md5 {
    uint32_t words[4];
    uint64_t len;
    uint8_t block[MD5_BLOCK]; /* bytes that do not fill a block yet */
};

void md5_init(struct md5 *sum);
void md5_add(struct md5 *sum, const void *bytes, size_t len);
void md5_end(struct md5 *sum, uint8_t ret_digest[MD5_BYTES]); /* then init again */

#endif
