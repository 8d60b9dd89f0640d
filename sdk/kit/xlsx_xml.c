/* xlsx_xml - libxml2's SAX2 push parser with our rules: no network, no DTD, no entities, no deep nesting. */
#include "xlsx_parts.h"

#include <libxml/SAX2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 100
#define PART_CHUNK 32768

/* The namespaces, transitional and strict, whose elements mean something here. */
static const char *const known[] = {
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
    "http://schemas.openxmlformats.org/package/2006/relationships",
    "http://schemas.openxmlformats.org/package/2006/content-types",
};

struct xml_full {
    struct muster_xml *xml;
    struct muster_xml_events events;
    const xmlChar *last_uri; /* of the parser's dictionary: equal names are the same pointer */
    bool last_known;
};

static bool xml_ours(struct xml_full *full, const xmlChar *uri)
{
    if (uri == full->last_uri)
        return full->last_known;
    full->last_uri = uri;
    full->last_known = !uri; /* some writers leave namespaces out */
    for (size_t n = 0; uri && n < sizeof(known) / sizeof(*known); n++)
        full->last_known |= strcmp((const char *)uri, known[n]) == 0;
    return full->last_known;
}

static void xml_halt(struct muster_xml *xml, const char *why)
{
    if (!xml->trouble[0]) {
        snprintf(xml->trouble, sizeof(xml->trouble), "%s", why);
        xml->line = xmlSAX2GetLineNumber(xml->parser);
    }
    xmlStopParser(xml->parser);
}

static void on_start(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int namespace_count,
                     const xmlChar **namespaces, int count, int defaulted, const xmlChar **attributes)
{
    struct xml_full *full = context;
    (void)prefix, (void)namespace_count, (void)namespaces, (void)defaulted;
    if (++full->xml->depth > DEPTH_MAX) {
        xml_halt(full->xml, "elements are nested too deeply");
        return;
    }
    if (xml_ours(full, uri))
        full->events.start(full->xml, (const char *)name, attributes, count);
}

static void on_end(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    struct xml_full *full = context;
    (void)prefix;
    full->xml->depth--;
    if (full->events.end && xml_ours(full, uri))
        full->events.end(full->xml, (const char *)name);
}

static void on_text(void *context, const xmlChar *text, int len)
{
    struct xml_full *full = context;
    if (full->events.text)
        full->events.text(full->xml, (const char *)text, (size_t)len);
}

static void on_dtd(void *context, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
    struct xml_full *full = context;
    (void)name, (void)external, (void)system;
    xml_halt(full->xml, "it has a document type declaration, which no workbook needs");
}

static void on_trouble(void *context, xmlErrorPtr error)
{
    struct xml_full *full = context;
    struct muster_xml *xml = full->xml;
    if (error->level < XML_ERR_FATAL || xml->trouble[0])
        return; /* an undeclared prefix, say, does not make it unreadable */
    snprintf(xml->trouble, sizeof(xml->trouble), "%s", error->message ? error->message : "not well-formed");
    xml->trouble[strcspn(xml->trouble, "\r\n")] = '\0';
    xml->line = error->line;
}

muster_rc muster_xml_begin(struct muster_xml *xml, const struct muster_xml_events *events, void *self, const char *file,
                           const char *part, muster_table_error *error)
{
    *xml = (struct muster_xml){.self = self};
    snprintf(xml->where, sizeof(xml->where), "%s: %s", file, part);
    xmlSAXHandler sax = {.initialized = XML_SAX2_MAGIC,
                         .startElementNs = on_start,
                         .endElementNs = on_end,
                         .characters = on_text,
                         .ignorableWhitespace = on_text,
                         .cdataBlock = on_text,
                         .internalSubset = on_dtd,
                         .serror = on_trouble};
    struct xml_full *full = calloc(1, sizeof(*full));
    if (full) {
        full->xml = xml;
        full->events = *events;
        full->last_uri = (const xmlChar *)"";
        xml->parser = xmlCreatePushParserCtxt(&sax, full, NULL, 0, NULL);
    }
    if (!xml->parser) {
        free(full);
        return muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", xml->where);
    }
    /* NOENT: or else &amp; in an attribute comes as &#38;. There are no entities of the file's own: no DTD is read. */
    xmlCtxtUseOptions(xml->parser, XML_PARSE_NONET | XML_PARSE_NOENT);
    return MUSTER_OK;
}

/* What libxml2 says of bytes that it cannot convert goes past the parser, to stderr. */
MUSTER_FMT(2, 3) static void say_nothing(void *context, const char *format, ...)
{
    (void)context, (void)format;
}

static muster_rc xml_push(struct muster_xml *xml, const char *data, size_t len, int last, muster_table_error *error)
{
    if (xml->stopped)
        return MUSTER_OK;
    xmlGenericErrorFunc before = xmlGenericError;
    void *before_context = xmlGenericErrorContext;
    xmlSetGenericErrorFunc(NULL, say_nothing);
    xmlParseChunk(xml->parser, data, (int)len, last);
    xmlSetGenericErrorFunc(before_context, before);
    if (xml->stopped || (xml->parser->wellFormed && !xml->parser->disableSAX && !xml->trouble[0]))
        return MUSTER_OK;
    if (xml->parser->errNo == XML_ERR_NO_MEMORY)
        return muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", xml->where);
    return muster_table_fail(error, MUSTER_DATA, "%s: line %d is not XML that can be read: %s", xml->where, xml->line,
                             xml->trouble[0] ? xml->trouble : "not well-formed");
}

muster_rc muster_xml_feed(struct muster_xml *xml, const char *data, size_t len, muster_table_error *error)
{
    return xml_push(xml, data, len, 0, error);
}

muster_rc muster_xml_finish(struct muster_xml *xml, muster_table_error *error)
{
    return xml_push(xml, NULL, 0, 1, error);
}

void muster_xml_done(struct muster_xml *xml)
{
    if (!xml->parser)
        return;
    free(xml->parser->userData);
    if (xml->parser->myDoc)
        xmlFreeDoc(xml->parser->myDoc);
    xmlFreeParserCtxt(xml->parser);
    xml->parser = NULL;
}

void muster_xml_stop(struct muster_xml *xml)
{
    xml->stopped = true;
    xmlStopParser(xml->parser);
}

const char *muster_xml_attribute(const xmlChar **attributes, int count, const char *name, size_t *ret_len,
                                 bool namespaced)
{
    for (int n = 0; n < count; n++, attributes += 5)
        if ((attributes[1] != NULL) == namespaced && strcmp((const char *)attributes[0], name) == 0) {
            *ret_len = (size_t)(attributes[4] - attributes[3]);
            return (const char *)attributes[3];
        }
    return NULL;
}

muster_rc muster_xml_part(struct muster_package *package, const char *path, uint64_t ceiling,
                          const struct muster_xml_events *events, void *self, muster_table_error *error)
{
    struct muster_member *member = NULL;
    muster_rc rc = muster_member_open(package, path, ceiling, &member, error);
    if (rc != MUSTER_OK)
        return rc;
    struct muster_xml xml;
    char *chunk = malloc(PART_CHUNK);
    rc = chunk ? muster_xml_begin(&xml, events, self, muster_package_name(package), path, error)
               : muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", path);
    if (rc == MUSTER_OK) {
        size_t len = 1;
        while (rc == MUSTER_OK && !xml.stopped &&
               (rc = muster_member_read(member, chunk, PART_CHUNK, &len, error)) == MUSTER_OK && len > 0)
            rc = muster_xml_feed(&xml, chunk, len, error);
        if (rc == MUSTER_OK)
            rc = muster_xml_finish(&xml, error);
        muster_xml_done(&xml);
    }
    free(chunk);
    muster_member_close(member);
    return rc;
}
