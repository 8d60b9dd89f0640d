/* xml - rows of an XML document: the elements that `rows` names, their children and attributes by path.
 *
 * libxml2's push parser gets UTF-8 only, whatever the file is written in, so
 * no encoding is ever looked for outside of this process. Document types, and
 * with them entities of the file's own, are refused. */
#include "table_parts.h"

#include <libxml/SAX2.h>
#include <libxml/parserInternals.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DEPTH_MAX 200
#define PATH_MAX_BYTES 2000
#define INSTANCE "http://www.w3.org/2001/XMLSchema-instance"
#define XML_SPACE " \t\r\n"

/* An element within a row. */
struct element {
    uint32_t step, last; /* its name; the child before */
    size_t text;         /* where its text begins */
    bool parent, nil;
};

struct xml {
    struct muster_feed feed;
    struct muster_paths paths;
    xmlParserCtxtPtr parser;
    char *name;
    char *wanted;             /* "/employees/employee", "employee", or "": the children of the root */
    bool anywhere, automatic; /* wanted is one name, at any depth; it is found out */
    struct muster_rows *rows;
    char path[PATH_MAX_BYTES]; /* outside of rows: of the element that is open */
    size_t ends[DEPTH_MAX];    /* its length at each depth */
    size_t depth, row_depth;   /* open elements; how many with the row's; 0: outside */
    struct element elements[DEPTH_MAX];
    struct muster_bytes text;
    uint64_t number;
    bool parent_seen, root_parent; /* the rows' parent; the root has children */
    char seen[200];                /* names below the root, for a message */
    char trouble[300];
    muster_rc trouble_rc;
    int line;
    char cut[4]; /* a character that the last piece ended within */
    size_t cut_len;
    muster_table_error failed;
};

static void xml_halt(struct xml *xml, muster_rc rc, const char *why, const char *name, const char *rest)
{
    if (!xml->trouble[0]) {
        snprintf(xml->trouble, sizeof(xml->trouble), "%s%.100s%.100s", why, name, rest);
        xml->trouble_rc = rc;
        xml->line = xmlSAX2GetLineNumber(xml->parser);
    }
    xmlStopParser(xml->parser);
}

static void blame(struct xml *xml, const char *what, const char *name, const char *rest)
{
    if (!xml->rows->why)
        muster_rows_blame_text(xml->rows, -1, "line %d: %s%.200s%s", xmlSAX2GetLineNumber(xml->parser), what, name,
                               rest);
}

static void check_memory(struct xml *xml)
{
    if (xml->rows->rc == MUSTER_DATA || xml->text.rc == MUSTER_DATA)
        xml_halt(xml, MUSTER_DATA, "a row of more than 64 MiB", "", "");
    else if (xml->rows->rc != MUSTER_OK || xml->paths.rc != MUSTER_OK || xml->text.rc != MUSTER_OK)
        xml_halt(xml, MUSTER_FAIL, "out of memory", "", "");
}

/* ---- which elements are rows ---- */

/* Without a word from the integrator: all that stands below the root, if it all has one name. */
static bool root_child_is_row(struct xml *xml)
{
    if (xml->depth != 2)
        return false;
    if (!*xml->wanted) {
        char *wanted = strdup(xml->path);
        if (!wanted) {
            xml_halt(xml, MUSTER_FAIL, "out of memory", "", "");
            return false;
        }
        free(xml->wanted);
        xml->wanted = wanted;
    }
    if (strcmp(xml->wanted, xml->path) != 0)
        xml_halt(xml, MUSTER_CONFIG,
                 "the root has elements of several names: say which are the rows, as in rows: ", xml->wanted, "");
    return !xml->trouble[0];
}

static bool is_row(struct xml *xml, const char *name)
{
    if (xml->automatic)
        return root_child_is_row(xml);
    if (xml->anywhere)
        return strcmp(xml->wanted, name) == 0;
    size_t len = strlen(xml->path);
    if (strncmp(xml->wanted, xml->path, len) == 0 && xml->wanted[len] == '/' && !strchr(xml->wanted + len + 1, '/'))
        xml->parent_seen = true;
    return strcmp(xml->wanted, xml->path) == 0;
}

static void remember_name(struct xml *xml, const char *name)
{
    size_t len = strlen(xml->seen), more = strlen(name);
    for (const char *at = xml->seen; xml->depth == 2 && (at = strstr(at, name)) != NULL; at++)
        if ((at == xml->seen || at[-1] == ' ') && (at[more] == '\0' || at[more] == ','))
            return;
    if (xml->depth == 2 && len + more + 3 < sizeof(xml->seen))
        snprintf(xml->seen + len, sizeof(xml->seen) - len, "%s%s", len ? ", " : "", name);
}

/* ---- fields ---- */

/* The text from `from` on, without white space around it. */
static const char *trimmed(const struct xml *xml, size_t from, size_t *ret_len)
{
    const char *text = xml->text.data ? xml->text.data + from : "";
    size_t len = xml->text.len - from;
    while (len > 0 && memchr(XML_SPACE, *text, 4))
        text++, len--;
    while (len > 0 && memchr(XML_SPACE, text[len - 1], 4))
        len--;
    *ret_len = len;
    return text;
}

static void put(struct xml *xml, uint32_t step, uint32_t flags, const char *text, size_t len)
{
    bool again;
    uint32_t column = muster_paths_column(&xml->paths, step, &again);
    if (column == UINT32_MAX)
        return;
    if (again)
        blame(xml, "'", xml->paths.names[column], "' stands in it twice");
    else
        muster_rows_cell(xml->rows, column, MUSTER_TEXT, flags, text, len, false);
}

static bool is_true(const char *text, size_t len)
{
    return (len == 4 && memcmp(text, "true", 4) == 0) || (len == 1 && *text == '1');
}

static void put_attributes(struct xml *xml, struct element *element, const xmlChar **attributes, int count)
{
    for (int n = 0; n < count; n++, attributes += 5) {
        const char *name = (const char *)attributes[0], *value = (const char *)attributes[3];
        const char *uri = (const char *)attributes[2];
        size_t len = (size_t)(attributes[4] - attributes[3]);
        char key[300];
        if (uri && strcmp(uri, INSTANCE) == 0) { /* says something about the document, not about a person */
            element->nil |= strcmp(name, "nil") == 0 && is_true(value, len);
            continue;
        }
        snprintf(key, sizeof(key), "@%s", name);
        element->last = muster_paths_step(&xml->paths, element->step, element->last, STEP_MEMBER, key, strlen(key));
        put(xml, element->last, 0, value, len);
    }
}

static void row_begin(struct xml *xml, const xmlChar **attributes, int count)
{
    muster_paths_row(&xml->paths);
    xml->number++;
    xml->row_depth = xml->depth;
    xml->text.len = 0;
    struct element *element = &xml->elements[xml->depth - 1];
    *element = (struct element){.step = 0, .last = MUSTER_NO_PATH};
    put_attributes(xml, element, attributes, count);
}

/* The second of its name is "email[1]"; the first stays "email". */
static void child_begin(struct xml *xml, const char *name, const xmlChar **attributes, int count)
{
    struct element *parent = &xml->elements[xml->depth - 2], *element = &xml->elements[xml->depth - 1];
    parent->parent = true;
    uint32_t step = muster_paths_step(&xml->paths, parent->step, parent->last, STEP_MEMBER, name, strlen(name));
    parent->last = step;
    if (step != MUSTER_NO_PATH) {
        uint32_t nth = muster_paths_nth(&xml->paths, step);
        if (nth > 0)
            step = muster_paths_step(&xml->paths, step, MUSTER_NO_PATH, STEP_INDEX, &nth, sizeof(nth));
    }
    *element = (struct element){.step = step, .last = MUSTER_NO_PATH, .text = xml->text.len};
    put_attributes(xml, element, attributes, count);
}

static void element_end(struct xml *xml)
{
    const struct element *element = &xml->elements[xml->depth - 1];
    size_t len;
    const char *text = trimmed(xml, element->text, &len);
    if (xml->depth == xml->row_depth) {
        if (len > 0)
            blame(xml, "there is text in it that belongs to no element", "", "");
        muster_rows_end(xml->rows, xml->number);
        xml->row_depth = 0;
    } else if (element->nil) {
        put(xml, element->step, MUSTER_CELL_NULL, "", 0);
    } else if (!element->parent || len > 0) {
        put(xml, element->step, 0, text, len);
    }
    xml->text.len = element->text;
}

/* ---- events ---- */

static void on_start(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int namespace_count,
                     const xmlChar **namespaces, int count, int defaulted, const xmlChar **attributes)
{
    struct xml *xml = context;
    (void)prefix, (void)uri, (void)namespace_count, (void)namespaces, (void)defaulted;
    if (xml->depth == DEPTH_MAX) {
        xml_halt(xml, MUSTER_DATA, "elements are nested more than 200 deep", "", "");
        return;
    }
    size_t before = xml->depth > 0 ? xml->ends[xml->depth - 1] : 0;
    xml->depth++;
    if (xml->row_depth > 0) {
        child_begin(xml, (const char *)name, attributes, count);
    } else {
        if (before + strlen((const char *)name) + 2 > sizeof(xml->path)) {
            xml_halt(xml, MUSTER_DATA, "the path of an element is longer than 2,000 bytes", "", "");
            return;
        }
        xml->ends[xml->depth - 1] =
            before + (size_t)snprintf(xml->path + before, sizeof(xml->path) - before, "/%s", (const char *)name);
        xml->root_parent |= xml->depth == 2;
        remember_name(xml, (const char *)name);
        if (is_row(xml, (const char *)name))
            row_begin(xml, attributes, count);
    }
    check_memory(xml);
}

static void on_end(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    struct xml *xml = context;
    (void)name, (void)prefix, (void)uri;
    if (xml->row_depth > 0)
        element_end(xml);
    xml->depth--;
    if (xml->row_depth == 0)
        xml->path[xml->depth > 0 ? xml->ends[xml->depth - 1] : 0] = '\0';
    check_memory(xml);
}

static void on_text(void *context, const xmlChar *text, int len)
{
    struct xml *xml = context;
    if (xml->row_depth > 0)
        muster_bytes_add(&xml->text, text, (size_t)len);
    check_memory(xml);
}

static void on_dtd(void *context, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
    (void)name, (void)external, (void)system;
    xml_halt(context, MUSTER_DATA, "it has a document type (<!DOCTYPE …>), which is refused: take it out", "", "");
}

static void on_trouble(void *context, xmlErrorPtr error)
{
    struct xml *xml = context;
    if (error->level < XML_ERR_FATAL || xml->trouble[0])
        return; /* an undeclared prefix, say, does not make it unreadable */
    const char *message = error->message ? error->message : "not well-formed";
    snprintf(xml->trouble, sizeof(xml->trouble), "%.*s", (int)strcspn(message, "\r\n"), message);
    xml->trouble_rc = error->code == XML_ERR_NO_MEMORY ? MUSTER_FAIL : MUSTER_DATA;
    xml->line = error->line;
}

/* ---- reading ---- */

static muster_rc xml_fault(const struct xml *xml, muster_table_error *error)
{
    if (xml->trouble_rc == MUSTER_FAIL)
        return muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", xml->name);
    return muster_table_fail(error, xml->trouble_rc ? xml->trouble_rc : MUSTER_DATA, "%s: line %d: %s", xml->name,
                             xml->line, xml->trouble[0] ? xml->trouble : "it is no XML that can be read");
}

static bool xml_good(const struct xml *xml)
{
    return xml->parser->wellFormed && !xml->parser->disableSAX && !xml->trouble[0];
}

/* The document is over and was good. Was there anything that could have been a row? */
static muster_rc xml_over(struct xml *xml, muster_table_error *error)
{
    bool open = xml->depth > 0 || xml->cut_len > 0;
    if (open)
        return muster_table_fail(error, MUSTER_DATA, "%s: line %llu: it ends too early: was its upload finished?",
                                 xml->name, (unsigned long long)muster_feed_line(&xml->feed, 0));
    xmlParseChunk(xml->parser, NULL, 0, 1);
    if (!xml_good(xml))
        return xml_fault(xml, error);
    bool lost = xml->anywhere ? xml->root_parent : !xml->automatic && !xml->parent_seen;
    if (xml->number > 0 || !lost)
        return MUSTER_OK;
    return muster_table_fail(error, MUSTER_CONFIG,
                             "%s has no element '%s', which rows asks for; below the root there is %s", xml->name,
                             xml->wanted, xml->seen[0] ? xml->seen : "nothing");
}

/* Gives the piece to libxml2 in whole characters only, up to the first byte that is no UTF-8 (what libxml2 says about
 * such depends on how the file was cut). Returns how much of the piece was good. */
static size_t push_characters(struct xml *xml)
{
    const char *data = xml->feed.data;
    size_t len = xml->feed.len, at = 0;
    while (xml->cut_len > 0 && at < len) {
        xml->cut[xml->cut_len++] = data[at];
        if (muster_utf8_valid(xml->cut, xml->cut_len) == xml->cut_len) {
            xmlParseChunk(xml->parser, xml->cut, (int)xml->cut_len, 0);
            xml->cut_len = 0;
        } else if (xml->cut_len == sizeof(xml->cut) || ((unsigned char)data[at] & 0xc0) != 0x80) {
            return at;
        }
        at++;
    }
    size_t good = muster_utf8_valid(data + at, len - at);
    if (good > 0)
        xmlParseChunk(xml->parser, data + at, (int)good, 0);
    at += good;
    if (len - at > 3 || (at < len && (unsigned char)data[at] < 0xc2))
        return at;
    for (size_t n = at + 1; n < len; n++)
        if (((unsigned char)data[n] & 0xc0) != 0x80)
            return at;
    memcpy(xml->cut + xml->cut_len, data + at, len - at);
    xml->cut_len += len - at;
    return len;
}

static muster_rc xml_feed(struct xml *xml, muster_table_error *error)
{
    while (xml->rows->mark_count == 0) {
        muster_rc rc = muster_feed_next(&xml->feed, error);
        if (rc != MUSTER_OK)
            return rc;
        if (xml->feed.len == 0)
            return xml_over(xml, error);
        size_t good = push_characters(xml);
        if (!xml_good(xml))
            return xml_fault(xml, error);
        if (good < xml->feed.len)
            return muster_table_fail(error, MUSTER_DATA,
                                     "%s: line %llu is not valid UTF-8: save it as UTF-8, or set encoding", xml->name,
                                     (unsigned long long)muster_feed_line(&xml->feed, good));
    }
    return MUSTER_OK;
}

static muster_rc xml_more(void *self, struct muster_rows *rows, muster_table_error *error)
{
    struct xml *xml = self;
    xml->rows = rows;
    if (xml->failed.rc == MUSTER_OK) {
        muster_rc rc = xml_feed(xml, &xml->failed);
        if (rc == MUSTER_OK || rows->mark_count > 0)
            return MUSTER_OK;
    }
    if (error)
        *error = xml->failed;
    return xml->failed.rc;
}

static void parser_free(struct xml *xml)
{
    if (!xml->parser)
        return;
    if (xml->parser->myDoc)
        xmlFreeDoc(xml->parser->myDoc);
    xmlFreeParserCtxt(xml->parser);
    xml->parser = NULL;
}

static muster_rc xml_rewind(void *self, muster_table_error *error)
{
    struct xml *xml = self;
    xmlSAXHandler sax = {.initialized = XML_SAX2_MAGIC,
                         .startElementNs = on_start,
                         .endElementNs = on_end,
                         .characters = on_text,
                         .ignorableWhitespace = on_text,
                         .cdataBlock = on_text,
                         .internalSubset = on_dtd,
                         .serror = on_trouble};
    parser_free(xml);
    muster_feed_rewind(&xml->feed);
    xml->parser = xmlCreatePushParserCtxt(&sax, xml, NULL, 0, NULL);
    if (!xml->parser)
        return muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", xml->name);
    /* NOENT: or else &amp; in an attribute comes as &#38;. There are no entities of the file's own: no DTD is read. */
    xmlCtxtUseOptions(xml->parser, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC | XML_PARSE_NOENT);
    xmlSwitchEncoding(xml->parser, XML_CHAR_ENCODING_UTF8); /* or its first four bytes would be guessed at */
    if (xml->automatic)
        *xml->wanted = '\0';
    xml->depth = xml->row_depth = xml->cut_len = 0;
    xml->path[0] = xml->seen[0] = xml->trouble[0] = '\0';
    xml->parent_seen = xml->root_parent = false;
    xml->trouble_rc = MUSTER_OK;
    xml->number = 0;
    xml->text.len = 0;
    xml->text.rc = MUSTER_OK;
    xml->failed = (muster_table_error){0};
    return MUSTER_OK;
}

/* ---- opening ---- */

/* What <?xml … encoding="…"?> says; false: nothing. */
static bool declared(const struct muster_source *source, char *ret_name, size_t room)
{
    char head[sizeof(source->head) + 1];
    memcpy(head, source->head, source->head_len);
    head[source->head_len] = '\0';
    char *end = strstr(head, "?>"), *at = strstr(head, "encoding");
    if (strncmp(head, "<?xml", 5) != 0 || !end || !at || at > end)
        return false;
    at += strcspn(at, "'\"");
    if (at >= end)
        return false;
    size_t len = strcspn(at + 1, "'\"");
    snprintf(ret_name, room, "%.*s", (int)len, at + 1);
    return true;
}

static muster_rc xml_encoding(const struct muster_source *source, enum muster_encoding *ret_encoding, size_t *ret_skip,
                              muster_table_error *error)
{
    char name[60];
    bool said, automatic;
    muster_rc rc = muster_encoding_look(source, ret_encoding, ret_skip, &said, error);
    if (rc != MUSTER_OK || said || !declared(source, name, sizeof(name)))
        return rc;
    if (strcasecmp(name, "us-ascii") == 0 || strcasecmp(name, "ascii") == 0 || strcasecmp(name, "utf-16") == 0)
        return MUSTER_OK; /* of UTF-16 nothing is to be seen: a program wrote it down and then wrote UTF-8 */
    if (!muster_encoding_named(name, ret_encoding, &automatic))
        return muster_table_fail(error, MUSTER_DATA,
                                 "%s is written in '%s', which cannot be read: save it as UTF-8, UTF-16, ISO-8859-1 or "
                                 "Windows-1252",
                                 source->name, name);
    return MUSTER_OK;
}

static void xml_close(void *self)
{
    struct xml *xml = self;
    if (!xml)
        return;
    parser_free(xml);
    muster_feed_done(&xml->feed);
    muster_paths_done(&xml->paths);
    muster_bytes_done(&xml->text);
    free(xml->name);
    free(xml->wanted);
    free(xml);
}

/* "/a/b" is a path from the root, "b" and "//b" are at any depth. */
static muster_rc xml_wanted(struct xml *xml, const char *rows, muster_table_error *error)
{
    const char *wanted = rows ? rows : "";
    xml->automatic = !*wanted;
    if (wanted[0] == '/' && wanted[1] == '/')
        wanted += 2;
    xml->anywhere = !xml->automatic && wanted[0] != '/';
    if (strpbrk(wanted, "[]@*:. ") || (xml->anywhere && strchr(wanted, '/')) || (!xml->automatic && !wanted[0]))
        return muster_table_fail(error, MUSTER_CONFIG,
                                 "rows: '%s' is no path of elements: write /employees/employee, or employee for any "
                                 "depth, without prefixes",
                                 rows);
    xml->wanted = strdup(wanted);
    return xml->wanted ? MUSTER_OK : muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", xml->name);
}

muster_rc muster_xml_open(const struct muster_source *source, void **ret_self, muster_table_error *error)
{
    struct xml *xml = calloc(1, sizeof(*xml));
    enum muster_encoding encoding = ENCODING_UTF8;
    size_t skip = 0;
    if (xml)
        xml->name = strdup(source->name);
    if (!xml || !xml->name || muster_paths_init(&xml->paths) != MUSTER_OK) {
        xml_close(xml);
        return muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", source->name);
    }
    xml->text.ceiling = (size_t)64 << 20;
    muster_rc rc = xml_encoding(source, &encoding, &skip, error);
    if (rc == MUSTER_OK)
        rc = xml_wanted(xml, source->options->rows, error);
    if (rc == MUSTER_OK)
        rc = muster_feed_open(&xml->feed, source, encoding, skip, error);
    if (rc == MUSTER_OK) {
        xml->feed.name = xml->name;
        rc = xml_rewind(xml, error);
    }
    if (rc != MUSTER_OK) {
        xml_close(xml);
        return rc;
    }
    *ret_self = xml;
    return MUSTER_OK;
}

static void xml_progress(const void *self, uint64_t *ret_done, uint64_t *ret_total)
{
    const struct xml *xml = self;
    *ret_done = xml->feed.at;
    *ret_total = xml->feed.size;
}

static const struct muster_paths *xml_paths(const void *self)
{
    return &((const struct xml *)self)->paths;
}

static void xml_place(const void *self, uint64_t row, char *ret_place, size_t room)
{
    const struct xml *xml = self;
    snprintf(ret_place, room, "%s%s[%llu]", xml->anywhere ? "//" : "", xml->wanted, (unsigned long long)row);
}

const struct muster_reader muster_xml_reader = {.more = xml_more,
                                                .rewind = xml_rewind,
                                                .progress = xml_progress,
                                                .close = xml_close,
                                                .paths = xml_paths,
                                                .place = xml_place};
