/* call - questions to PowerOffice Go: addresses, one object, and lists in pages. */
#include "poweroffice.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { PAGES_MAX = 20000, TRIES = 3 };
static const char nonsense[] = "what PowerOffice Go answers to %s is %s: nothing is taken of it, and it is asked again "
                               "at the next run; if it stays so, check base_url and what stands in between";

/* ---- addresses ---- */

static void address_add(struct address *address, const char *text, size_t len)
{
    if (address->len + len >= sizeof(address->text)) {
        address->failed = true;
        return;
    }
    memcpy(address->text + address->len, text, len);
    address->len += len;
    address->text[address->len] = '\0';
}

void address_start(struct poweroffice *po, struct address *address)
{
    const char *base = po->host->text(po->run, "base_url");
    size_t len = base ? strlen(base) : 0;
    while (len > 0 && base[len - 1] == '/')
        len--;
    *address = (struct address){.len = 0};
    address_add(address, base, len);
}

void address_path(struct address *address, const char *format, ...)
{
    char text[300];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= sizeof(text))
        address->failed = true;
    else
        address_add(address, text, (size_t)len);
}

void address_query(struct address *address, const char *name, const char *value)
{
    static const char digits[] = "0123456789ABCDEF";
    address_add(address, address->query ? "&" : "?", 1);
    address->query = true;
    address_add(address, name, strlen(name));
    address_add(address, "=", 1);
    for (; *value; value++) {
        unsigned char c = (unsigned char)*value;
        char coded[3] = {'%', digits[c >> 4], digits[c & 15]};
        if (isalnum(c) || strchr("-._~,", c))
            address_add(address, value, 1);
        else
            address_add(address, coded, 3);
    }
}

/* ---- one question ---- */

void call_get(struct poweroffice *po, const struct address *address, muster_http *ret_ask)
{
    static const char *const headers[] = {"Accept: application/json", NULL};
    *ret_ask = (muster_http){.size = sizeof(*ret_ask),
                             .method = "GET",
                             .url = address->text,
                             .headers = headers,
                             .fd = -1,
                             .auth = &po->token};
}

static muster_rc is_nonsense(struct poweroffice *po, const char *asked, const char *what)
{
    return po->host->fail(po->run, MUSTER_RETRY, nonsense, asked, what);
}

muster_rc call_document(struct poweroffice *po, const char *asked, muster_rc rc, const muster_http *reply,
                        muster_document **ret_document)
{
    const char *why = NULL;
    if (rc != MUSTER_OK)
        return rc;
    if (reply->status == 204) {
        *ret_document = NULL;
        return MUSTER_OK;
    }
    muster_document *document = muster_document_of_reply(reply, &why);
    if (!document)
        return is_nonsense(po, asked, "no JSON");
    *ret_document = document;
    return MUSTER_OK;
}

muster_rc call_object(struct poweroffice *po, const struct address *address, const char *asked,
                      muster_document **ret_document)
{
    muster_http ask;
    const muster_http *reply = NULL;
    muster_document *document = NULL;
    if (address->failed)
        return po->host->fail(po->run, MUSTER_CONFIG, "option 'base_url' is longer than an address can be");
    call_get(po, address, &ask);
    muster_rc rc = po->host->http(po->run, &ask, &reply);
    rc = call_document(po, asked, rc, reply, &document);
    if (rc == MUSTER_OK && (!document || muster_document_root(document)->kind != MUSTER_NODE_OBJECT)) {
        muster_document_free(document);
        return is_nonsense(po, asked, "no object");
    }
    if (rc == MUSTER_OK)
        *ret_document = document;
    return rc;
}

/* ---- members ---- */

const char *text_of(const muster_node *object, const char *member)
{
    return muster_node_text(muster_node_member(object, member));
}

int64_t number_of(const muster_node *object, const char *member)
{
    const char *text = text_of(object, member);
    return text ? strtoll(text, NULL, 10) : 0;
}

/* ---- lists ---- */

int64_t page_size(const struct poweroffice *po)
{
    return po->host->number(po->run, "page_size");
}

void list_done(struct list *list)
{
    for (size_t n = 0; n < list->page_count; n++)
        muster_document_free(list->pages[n]);
    free(list->pages);
    *list = (struct list){0};
}

static bool page_keep(struct list *list, muster_document *page)
{
    if ((list->page_count & (list->page_count - 1)) == 0) { /* room grows at 0, 1, 2, 4, … */
        size_t room = list->page_count ? list->page_count * 2 : 1;
        muster_document **more = realloc(list->pages, room * sizeof(muster_document *));
        if (!more)
            return false;
        list->pages = more;
    }
    list->pages[list->page_count++] = page;
    list->count += muster_document_root(page)->count;
    return true;
}

static const char *header_of(const muster_http *reply, const char *name)
{
    size_t len = strlen(name);
    for (const char *const *at = reply->headers; at && *at; at++)
        if (strncasecmp(*at, name, len) == 0 && (*at)[len] == ':')
            return *at + len + 1;
    return NULL;
}

/* What the reply says of pages; without it a page that is not full is the last one. */
static void pagination_read(struct poweroffice *po, const muster_http *reply, size_t rows, bool *ret_more,
                            int64_t *ret_total)
{
    const char *header = header_of(reply, po->host->text(po->run, "pagination_header")), *why;
    muster_document *document = header ? muster_document_read(header, strlen(header), &why) : NULL;
    const muster_node *root = document ? muster_document_root(document) : NULL;
    *ret_more = (int64_t)rows >= page_size(po);
    if (root && root->kind == MUSTER_NODE_OBJECT) {
        const char *next = text_of(root, po->host->text(po->run, "pagination_next")),
                   *total = text_of(root, "totalCount");
        *ret_more = next && *next;
        if (total)
            *ret_total = strtoll(total, NULL, 10);
    }
    muster_document_free(document);
}

muster_rc list_add(struct poweroffice *po, struct list *list, const char *asked, muster_rc rc, const muster_http *reply,
                   bool *ret_more, int64_t *ret_total)
{
    muster_document *page = NULL;
    *ret_more = false;
    rc = call_document(po, asked, rc, reply, &page);
    if (rc != MUSTER_OK || !page)
        return rc;
    const muster_node *root = muster_document_root(page);
    bool good = root->kind == MUSTER_NODE_LIST;
    for (const muster_node *row = muster_node_first(root); good && row; row = row->next)
        good = row->kind == MUSTER_NODE_OBJECT && text_of(row, "Id");
    if (!good) {
        muster_document_free(page);
        return is_nonsense(po, asked, "no list of objects with an Id");
    }
    pagination_read(po, reply, root->count, ret_more, ret_total);
    if (!page_keep(list, page)) {
        muster_document_free(page);
        return po->host->fail(po->run, MUSTER_FAIL, "out of memory");
    }
    return MUSTER_OK;
}

/* All pages once. *ret_total: -1 when nobody says how many there are. */
static muster_rc list_once(struct poweroffice *po, const struct address *address, const char *asked, struct list *list,
                           int64_t *ret_total)
{
    muster_rc rc = MUSTER_OK;
    bool more = true;
    *ret_total = -1;
    for (unsigned page = 1; rc == MUSTER_OK && more; page++) {
        struct address one = *address;
        char number[24];
        muster_http ask;
        const muster_http *reply = NULL;
        int64_t before = *ret_total;
        snprintf(number, sizeof(number), "%u", page);
        address_query(&one, "PageNumber", number);
        snprintf(number, sizeof(number), "%" PRId64, page_size(po));
        address_query(&one, "PageSize", number);
        if (one.failed || page > PAGES_MAX)
            return po->host->fail(po->run, MUSTER_CONFIG,
                                  one.failed ? "option 'base_url' is longer than an address can be"
                                             : "a list of PowerOffice Go does not end");
        if (po->host->cancelled(po->run))
            return MUSTER_CANCELLED;
        call_get(po, &one, &ask);
        rc = po->host->http(po->run, &ask, &reply);
        rc = list_add(po, list, asked, rc, reply, &more, ret_total);
        if (before >= 0 && *ret_total != before)
            *ret_total = INT64_MAX; /* it grew or shrank in between: rows may have moved over a page's edge */
    }
    return rc;
}

/* Ids that come twice: a row moved over a page's edge. */
static bool list_doubles(const struct list *list)
{
    const muster_node *last = NULL;
    for (size_t n = 0; n + 1 < list->page_count; n++) {
        int64_t highest = 0;
        for (last = muster_node_first(muster_document_root(list->pages[n])); last; last = last->next)
            highest = number_of(last, "Id") > highest ? number_of(last, "Id") : highest;
        const muster_node *first = muster_node_first(muster_document_root(list->pages[n + 1]));
        if (first && number_of(first, "Id") <= highest)
            return true;
    }
    return false;
}

muster_rc list_read(struct poweroffice *po, const struct address *address, const char *asked, struct list *ret_list)
{
    struct address ordered = *address;
    address_query(&ordered, "OrderBy", "Id");
    for (int attempt = 0; attempt < TRIES; attempt++) {
        struct list list = {0};
        int64_t total;
        muster_rc rc = list_once(po, &ordered, asked, &list, &total);
        if (rc == MUSTER_OK && (total < 0 || (size_t)total == list.count) && !list_doubles(&list)) {
            *ret_list = list;
            return MUSTER_OK;
        }
        list_done(&list);
        if (rc != MUSTER_OK)
            return rc;
    }
    return po->host->fail(
        po->run, MUSTER_RETRY,
        "%s changed each of the %d times that it was read, page by page: it is read again at the next "
        "run",
        asked, TRIES);
}

const muster_node *list_next(const struct list *list, size_t *page, const muster_node *at)
{
    if (at && at->next)
        return at->next;
    for (*page += at != NULL; *page < list->page_count; (*page)++) {
        const muster_node *first = muster_node_first(muster_document_root(list->pages[*page]));
        if (first)
            return first;
    }
    return NULL;
}
