/* scrub - what a system repeats of our secrets does not come back to us. */
#include "broker/scrub.h"

#include "base/base64.h"
#include "base/buffer.h"
#include "base/jsontext.h"
#include "base/tidy.h"
#include "broker/url.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

enum { SCRUB_MIN = 6 };

static void wipe(struct buffer *buffer)
{
    if (buffer->data)
        explicit_bzero(buffer->data, buffer->room);
    buffer_done(buffer);
}

#define WIPED __attribute__((cleanup(wipe))) struct buffer

void scrub_done(struct scrub *scrub)
{
    for (size_t i = 0; i < scrub->count; i++)
        secret_done(&scrub->forms[i]);
    scrub->count = 0;
}

static int add(struct scrub *scrub, const char *bytes, size_t len)
{
    for (size_t i = 0; i < scrub->count; i++)
        if (scrub->forms[i].len == len && memcmp(secret_reveal(&scrub->forms[i]), bytes, len) == 0)
            return 0;
    if (scrub->count == SCRUB_FORMS)
        return 0;
    int rc = secret_set(&scrub->forms[scrub->count], bytes, len);
    scrub->count += rc == 0;
    return rc;
}

static int add_replaced(struct scrub *scrub, const struct buffer *text, char from, const char *to)
{
    WIPED other = {0};
    buffer_room(&other, text->len * 2 + 1);
    for (size_t i = 0; i < text->len; i++)
        if (text->data[i] == from)
            buffer_text(&other, to);
        else
            buffer_byte(&other, (unsigned char)text->data[i]);
    return other.rc ? other.rc : add(scrub, other.data, other.len);
}

/* %2F, %2f, and a blank as '+'. */
static int add_percent(struct scrub *scrub, const char *plain, size_t len)
{
    WIPED text = {0};
    buffer_room(&text, len * 3 + 1);
    url_escape(plain, len, &text);
    int rc = text.rc ? text.rc : add(scrub, text.data, text.len);
    WIPED form = {0};
    buffer_room(&form, text.len + 1);
    for (size_t i = 0; i < text.len; i++) {
        bool blank = strncmp(text.data + i, "%20", 3) == 0;
        buffer_byte(&form, blank ? '+' : (unsigned char)text.data[i]);
        i += blank ? 2 : 0;
    }
    if (rc == 0)
        rc = form.rc ? form.rc : add(scrub, form.data, form.len);
    for (size_t i = 0; rc == 0 && i + 2 < text.len; i++)
        if (text.data[i] == '%') {
            text.data[i + 1] = (char)tolower((unsigned char)text.data[i + 1]);
            text.data[i + 2] = (char)tolower((unsigned char)text.data[i + 2]);
        }
    return rc ? rc : add(scrub, text.data, text.len);
}

/* The bytes behind a leading one, which the text says is whole. */
static unsigned rest_of(const unsigned char *at, unsigned lead, size_t count)
{
    for (size_t i = 1; i <= count; i++)
        lead = lead << 6 | (at[i] & 0x3f);
    return lead;
}

/* \u00e9 instead of what is no ASCII: `text` is UTF-8, since JSON was made of it. */
static void ascii_only(const struct buffer *text, struct buffer *out)
{
    for (size_t i = 0; i < text->len; i++) {
        const unsigned char *at = (const unsigned char *)text->data + i;
        size_t more = *at >= 0xf0 ? 3 : *at >= 0xe0 ? 2 : *at >= 0xc0 ? 1 : 0;
        unsigned code = rest_of(at, more == 0 ? *at : *at & (0x3fu >> more), more);
        i += more;
        if (code < 0x80)
            buffer_byte(out, (unsigned char)code);
        else if (code < 0x10000)
            buffer_format(out, "\\u%04x", code);
        else
            buffer_format(out, "\\u%04x\\u%04x", 0xd800 + ((code - 0x10000) >> 10),
                          0xdc00 + ((code - 0x10000) & 0x3ff));
    }
}

/* The letters that stand for nothing but the secret, when `before` bytes of something else come first. */
static int add_base64(struct scrub *scrub, const char *plain, size_t len, size_t before)
{
    WIPED bytes = {0};
    WIPED text = {0};
    buffer_room(&bytes, len + 3);
    buffer_add(&bytes, "\0\0\0", before);
    buffer_add(&bytes, plain, len);
    char *place = bytes.rc == 0 ? buffer_reserve(&text, BASE64_ROOM(bytes.len)) : NULL;
    if (!place)
        return -ENOMEM;
    base64_write(bytes.data, bytes.len, false, place);
    size_t from = (before * 8 + 5) / 6, to = bytes.len * 8 / 6;
    int rc = add(scrub, place + from, to - from);
    for (size_t i = from; i < to; i++)
        place[i] = (char)(place[i] == '+' ? '-' : place[i] == '/' ? '_' : place[i]);
    return rc ? rc : add(scrub, place + from, to - from);
}

static int json_write(const char *text, size_t len, struct buffer *out)
{
    buffer_room(out, len * 6 + 3);
    json_string(out, text, len);
    if (out->rc != 0)
        return out->rc;
    memmove(out->data, out->data + 1, out->len -= 2);
    out->data[out->len] = '\0';
    return 0;
}

/* As it is, in ASCII alone, and each with "\/", as PHP has it. */
static int add_json(struct scrub *scrub, const char *plain, size_t len)
{
    WIPED quoted = {0};
    WIPED ascii = {0};
    WIPED twice = {0};
    int rc = json_write(plain, len, &quoted);
    buffer_room(&ascii, quoted.len * 6 + 3);
    if (rc == 0)
        ascii_only(&quoted, &ascii);
    if (rc == 0 && (rc = ascii.rc) == 0)
        rc = json_write(quoted.data, quoted.len, &twice);
    if (rc == 0)
        rc = add(scrub, quoted.data, quoted.len);
    if (rc == 0)
        rc = add(scrub, ascii.data, ascii.len);
    if (rc == 0)
        rc = add(scrub, twice.data, twice.len);
    buffer_clear(&twice);
    if (rc == 0)
        rc = json_write(ascii.data, ascii.len, &twice);
    if (rc == 0)
        rc = add(scrub, twice.data, twice.len);
    if (rc == 0)
        rc = add_replaced(scrub, &quoted, '/', "\\/");
    if (rc == 0)
        rc = add_replaced(scrub, &ascii, '/', "\\/");
    for (size_t before = 0; rc == 0 && before < 3; before++)
        rc = add_base64(scrub, quoted.data, quoted.len, before);
    return rc;
}

int scrub_learn(struct scrub *scrub, const struct secret *secret)
{
    const char *plain = secret_reveal(secret);
    scrub_done(scrub);
    if (secret->len < SCRUB_MIN)
        return 0;
    int rc = add(scrub, plain, secret->len);
    if (rc == 0)
        rc = add_percent(scrub, plain, secret->len);
    if (rc == 0)
        rc = add_json(scrub, plain, secret->len);
    for (size_t before = 0; rc == 0 && before < 3; before++)
        rc = add_base64(scrub, plain, secret->len, before);
    return rc;
}

void scrub_bytes(const struct scrub *scrub, char *bytes, size_t len)
{
    for (size_t i = 0; i < scrub->count; i++) {
        const struct secret *form = &scrub->forms[i];
        char *from = bytes;
        for (char *at; (at = memmem(from, len - (size_t)(from - bytes), secret_reveal(form), form->len));) {
            memset(at, '*', form->len);
            from = at + form->len;
        }
    }
}
