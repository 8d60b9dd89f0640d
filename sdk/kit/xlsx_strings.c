/* xlsx_strings - the texts that cells share, one after the other in one piece of memory. */
#include "xlsx_parts.h"

#include <stdlib.h>
#include <string.h>

#define STRINGS_MAX ((size_t)1 << 30) /* bytes in memory */
#define PART_MAX ((uint64_t)4 << 30)  /* bytes of XML */

struct strings_context {
    struct muster_strings *strings;
    bool in_item, in_text;
    unsigned phonetic; /* inside rPh: how a Japanese text is pronounced, not what it says */
    muster_rc rc;
};

muster_rc muster_strings_end(struct muster_strings *strings)
{
    struct muster_bytes *bytes = &strings->bytes;
    if (strings->count + 1 >= strings->room) {
        size_t room = strings->room ? strings->room * 2 : 1024;
        uint32_t *bigger = realloc(strings->starts, room * sizeof(*bigger));
        if (!bigger)
            return MUSTER_FAIL;
        strings->starts = bigger;
        strings->room = room;
        if (strings->count == 0)
            bigger[0] = 0;
    }
    size_t start = strings->starts[strings->count];
    if (bytes->rc == MUSTER_OK && bytes->len > start)
        bytes->len = start + muster_unescape(bytes->data + start, bytes->len - start);
    muster_bytes_add(bytes, "", 1);
    strings->starts[++strings->count] = (uint32_t)bytes->len;
    return bytes->rc;
}

static void strings_start(struct muster_xml *xml, const char *name, const xmlChar **attributes, int count)
{
    struct strings_context *context = xml->self;
    (void)attributes, (void)count;
    if (strcmp(name, "si") == 0)
        context->in_item = true;
    else if (strcmp(name, "rPh") == 0)
        context->phonetic++;
    else if (strcmp(name, "t") == 0)
        context->in_text = context->in_item && context->phonetic == 0;
}

static void strings_close(struct muster_xml *xml, const char *name)
{
    struct strings_context *context = xml->self;
    if (strcmp(name, "t") == 0) {
        context->in_text = false;
    } else if (strcmp(name, "rPh") == 0) {
        context->phonetic--;
    } else if (strcmp(name, "si") == 0) {
        context->in_item = false;
        context->rc = muster_strings_end(context->strings);
        if (context->rc != MUSTER_OK)
            muster_xml_stop(xml);
    }
}

static void strings_text(struct muster_xml *xml, const char *text, size_t len)
{
    struct strings_context *context = xml->self;
    if (context->in_text)
        muster_bytes_add(&context->strings->bytes, text, len);
}

muster_rc muster_strings_read(struct muster_package *package, const char *path, struct muster_strings *ret_strings,
                              muster_table_error *error)
{
    static const struct muster_xml_events events = {strings_start, strings_close, strings_text};
    struct strings_context context = {.strings = ret_strings};
    *ret_strings = (struct muster_strings){.bytes.ceiling = STRINGS_MAX};
    muster_rc rc = muster_xml_part(package, path, PART_MAX, &events, &context, error);
    if (rc == MUSTER_OK && context.rc != MUSTER_OK)
        rc = muster_table_fail(error, context.rc, "%s: %s", muster_package_name(package),
                               context.rc == MUSTER_DATA ? "the shared strings are more than 1 GiB" : "out of memory");
    return rc;
}

void muster_strings_done(struct muster_strings *strings)
{
    muster_bytes_done(&strings->bytes);
    free(strings->starts);
    *strings = (struct muster_strings){0};
}
