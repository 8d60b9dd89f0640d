/* xlsx_strings - the texts that cells share, one after the other in one piece of memory. */
#include "xlsx_lex.h"

#define STRINGS_MAX ((size_t)1 << 30) /* bytes in memory */
#define PART_MAX ((uint64_t)4 << 30)  /* bytes of XML */
#define ONE_MAX ((size_t)16 << 20)    /* bytes of one text; spreadsheet programs stop at 32,767 letters */

struct strings_context {
    struct muster_strings *strings;
    bool in_item, in_text;
    unsigned phonetic; /* inside rPh: how a Japanese text is pronounced, not what it says */
    muster_rc rc;
    bool too_long;
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
    struct muster_strings *strings = context->strings;
    if (!context->in_text)
        return;
    muster_bytes_add(&strings->bytes, text, len);
    context->too_long = strings->bytes.len - (strings->count ? strings->starts[strings->count] : 0) > ONE_MAX;
    if (context->too_long)
        muster_xml_stop(xml);
}

/* ---- the ordinary shape, by hand ---- */

/* <si><t>text</t></si> */
static enum lex string_next(struct muster_lex *lex, struct muster_strings *strings, bool *ret_over)
{
    struct lex_attributes attributes;
    struct lex_text text = {"", 0};
    const char *p = lex_skip(lex->at);
    *ret_over = LEX_IS(p, "</sst>");
    if (*ret_over)
        return LEX_OK;
    if (!LEX_IS(p, "<si>"))
        return lex_unexpected(lex, p);
    p = lex_skip(p + 4);
    if (!LEX_TAG(p, "<t"))
        return lex_unexpected(lex, p);
    p += 2;
    enum lex rc = lex_attributes(lex, &p, &attributes);
    if (rc == LEX_OK && !attributes.closed) {
        rc = lex_text(lex, &p, &text);
        if (rc == LEX_OK && !LEX_IS(p, "</t>"))
            return lex_unexpected(lex, p);
        p += 4;
    }
    if (rc != LEX_OK || text.len > ONE_MAX)
        return rc != LEX_OK ? rc : LEX_ODD;
    p = lex_skip(p);
    if (!LEX_IS(p, "</si>"))
        return lex_unexpected(lex, p);
    lex->at = p + 5;
    muster_bytes_add(&strings->bytes, text.text, text.len);
    return muster_strings_end(strings) == MUSTER_OK ? LEX_OK : LEX_ODD;
}

/* MUSTER_UNSUPPORTED: not of the ordinary shape, or too much; libxml2 decides. */
static muster_rc strings_scan(struct muster_member *member, struct muster_strings *strings, muster_table_error *error)
{
    struct muster_lex lex = {.member = member};
    struct lex_attributes attributes;
    bool begun = false, over = false;
    enum lex step = LEX_MORE;
    muster_rc rc = MUSTER_OK;
    while (rc == MUSTER_OK && !over) {
        if (step == LEX_ODD || (step == LEX_MORE && lex.over))
            rc = MUSTER_UNSUPPORTED;
        else if (step == LEX_MORE)
            rc = lex_fill(&lex, error);
        if (rc != MUSTER_OK)
            break;
        const char *at = lex.at;
        step = begun ? string_next(&lex, strings, &over) : lex_root(&lex, &at, "<sst", &attributes);
        if (!begun && step == LEX_OK) {
            lex.at = at;
            begun = true;
            over = attributes.closed;
        }
    }
    while (rc == MUSTER_OK && !lex.over) {
        lex.at = lex.end;
        rc = lex_fill(&lex, error);
    }
    lex_done(&lex);
    return rc;
}

muster_rc muster_strings_read(struct muster_package *package, const char *path, bool slow,
                              struct muster_strings *ret_strings, muster_table_error *error)
{
    static const struct muster_xml_events events = {strings_start, strings_close, strings_text};
    struct strings_context context = {.strings = ret_strings};
    struct muster_member *member = NULL;
    *ret_strings = (struct muster_strings){.bytes.ceiling = STRINGS_MAX};
    muster_rc rc = muster_member_open(package, path, PART_MAX, &member, error);
    if (rc == MUSTER_OK)
        rc = slow ? MUSTER_UNSUPPORTED : strings_scan(member, ret_strings, error);
    muster_member_close(member);
    if (rc == MUSTER_UNSUPPORTED) {
        muster_strings_done(ret_strings);
        ret_strings->bytes.ceiling = STRINGS_MAX;
        rc = muster_xml_part(package, path, PART_MAX, &events, &context, error);
    }
    if (rc == MUSTER_OK && context.too_long)
        return muster_table_fail(error, MUSTER_DATA,
                                 "%s: %s: shared text %zu is longer than 16 MiB, which no cell can be: save it again "
                                 "with a spreadsheet program",
                                 muster_package_name(package), path, ret_strings->count);
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
