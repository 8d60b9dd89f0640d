/* base64 - bytes as text. */
#include "base/base64.h"

#include <sodium.h>
#include <string.h>

void base64_write(const void *bytes, size_t len, bool padding, char *ret_text)
{
    sodium_bin2base64(ret_text, BASE64_ROOM(len), bytes, len,
                      padding ? sodium_base64_VARIANT_ORIGINAL : sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}

bool base64_read(const char *text, size_t len, void *ret_bytes, size_t room, size_t *ret_len)
{
    int padding = 0;
    while (len > 0 && strchr("= \t\r\n", text[len - 1])) {
        padding += text[len - 1] == '=';
        len--;
    }
    size_t got = 0;
    if (padding > 2 || sodium_base642bin(ret_bytes, room, text, len, " \t\r\n", &got, NULL,
                                         sodium_base64_VARIANT_ORIGINAL_NO_PADDING) != 0)
        return false;
    *ret_len = got;
    return true;
}
