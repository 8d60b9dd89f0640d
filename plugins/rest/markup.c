/* markup - a reply in XML as the JSON that it would be: elements are members, several of one name are a list, an
 * attribute is "@name", text beside elements or attributes is "#text"; an element with neither is its text. Names are
 * without their namespaces; xsi:nil is null. Entities of its own and outside of it are not read. */
#include "rest.h"

#include <libxml/parser.h>
#include <string.h>

enum { DEEP_MOST = 60 };

static bool blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '\0';
}

/* Text and CDATA of an element, and nothing of those inside. */
static void own_text(const xmlNode *element, muster_text *out)
{
    for (const xmlNode *one = element->children; one; one = one->next)
        if ((one->type == XML_TEXT_NODE || one->type == XML_CDATA_SECTION_NODE) && one->content)
            muster_text_put(out, (const char *)one->content);
}

static bool same_name(const xmlNode *a, const xmlNode *b)
{
    return a->type == XML_ELEMENT_NODE && b->type == XML_ELEMENT_NODE && xmlStrEqual(a->name, b->name);
}

static bool named_before(const xmlNode *first, const xmlNode *node)
{
    for (; first != node; first = first->next)
        if (same_name(first, node))
            return true;
    return false;
}

static void element_write(const xmlNode *element, unsigned deep, muster_text *out);

/* All of that name that stand side by side: one, or a list. */
static void members_write(const xmlNode *first, unsigned deep, muster_text *out)
{
    size_t count = 0;
    for (const xmlNode *one = first; one; one = one->next)
        count += same_name(one, first);
    muster_text_json(out, (const char *)first->name);
    muster_text_put(out, count > 1 ? ":[" : ":");
    size_t nth = 0;
    for (const xmlNode *one = first; one; one = one->next)
        if (same_name(one, first)) {
            muster_text_put(out, nth++ ? "," : "");
            element_write(one, deep, out);
        }
    muster_text_put(out, count > 1 ? "]" : "");
}

static const char *attribute_text(const xmlAttr *attribute)
{
    return attribute->children && attribute->children->content ? (const char *)attribute->children->content : "";
}

static bool is_nil(const xmlNode *element)
{
    for (const xmlAttr *one = element->properties; one; one = one->next)
        if (xmlStrEqual(one->name, (const xmlChar *)"nil") && one->ns && strcmp(attribute_text(one), "true") == 0)
            return true;
    return false;
}

static void element_write(const xmlNode *element, unsigned deep, muster_text *out)
{
    muster_text text = {0};
    bool inside = false;
    size_t count = 0;
    muster_text_put(&text, "");
    own_text(element, &text);
    for (const xmlNode *one = element->children; one; one = one->next)
        inside |= one->type == XML_ELEMENT_NODE;
    if (is_nil(element) || deep == DEEP_MOST || text.failed) {
        out->failed |= text.failed;
        muster_text_put(out, "null");
    } else if (!inside && !element->properties) {
        muster_text_json(out, text.data);
    } else {
        muster_text_put(out, "{");
        for (const xmlAttr *one = element->properties; one; one = one->next, count++) {
            muster_text_put(out, count ? ",\"@" : "\"@");
            muster_text_put(out, (const char *)one->name);
            muster_text_put(out, "\":");
            muster_text_json(out, attribute_text(one));
        }
        for (const xmlNode *one = element->children; one; one = one->next)
            if (one->type == XML_ELEMENT_NODE && !named_before(element->children, one)) {
                muster_text_put(out, count++ ? "," : "");
                members_write(one, deep + 1, out);
            }
        if (!blank(text.data)) {
            muster_text_put(out, count ? ",\"#text\":" : "\"#text\":");
            muster_text_json(out, text.data);
        }
        muster_text_put(out, "}");
    }
    muster_text_done(&text);
}

bool markup_read(const char *bytes, size_t len, muster_text *ret_json, const char **ret_why)
{
    xmlDoc *document = len < INT32_MAX ? xmlReadMemory(bytes, (int)len, NULL, NULL,
                                                       XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING)
                                       : NULL;
    const xmlNode *root = document ? xmlDocGetRootElement(document) : NULL;
    bool good = root && !document->intSubset;
    *ret_why = !root ? "it does not end as it begins" : "it has a DOCTYPE, which is not read";
    if (good) {
        muster_text_put(ret_json, "{");
        members_write(root, 0, ret_json);
        muster_text_put(ret_json, "}");
        good = !ret_json->failed;
        *ret_why = "no memory";
    }
    xmlFreeDoc(document);
    return good;
}
