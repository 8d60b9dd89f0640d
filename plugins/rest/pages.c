/* pages - a list read whole, page by page.
 *
 * A list that does not end is worse than one that fails: an address or a
 * cursor that comes twice, a page that says what one before it said, and more
 * pages than the ceiling end the reading with a sentence, and nobody is
 * concluded to be gone. */
#include "rest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pages {
    struct rest *rest;
    const struct resource *resource;
    struct question question;
    uint64_t *seen; /* what pages said, and where they led */
    size_t seen_count, seen_room;
    uint64_t number, rows, most;
    int64_t total; /* -1: nobody says */
    char position[32], size[32];
    muster_text next; /* a cursor, or an address */
    char **ret_last;
};

/* ---- what came before ---- */

static uint64_t mix(uint64_t hash, const char *text)
{
    for (; text && *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    return (hash ^ 0xff) * 0x100000001b3u;
}

static uint64_t node_hash(const muster_node *node, uint64_t hash)
{
    hash = mix(mix(hash ^ (uint64_t)node->kind, node->name), node->text);
    for (const muster_node *one = node->first; one; one = one->next)
        hash = node_hash(one, hash);
    return hash;
}

/* The number of the earlier one from 1, 0: it is new; -1: no memory. */
static int64_t seen_add(struct pages *pages, uint64_t hash)
{
    for (size_t n = 0; n < pages->seen_count; n++)
        if (pages->seen[n] == hash)
            return (int64_t)n + 1;
    if (pages->seen_count == pages->seen_room) {
        size_t room = pages->seen_room ? pages->seen_room * 2 : 32;
        uint64_t *seen = realloc(pages->seen, room * sizeof(*seen));
        if (!seen)
            return -1;
        pages->seen = seen;
        pages->seen_room = room;
    }
    pages->seen[pages->seen_count++] = hash;
    return 0;
}

static muster_rc no_memory(struct pages *pages)
{
    return pages->rest->host->fail(pages->rest->run, MUSTER_FAIL, "out of memory");
}

static muster_rc page_is_new(struct pages *pages, const muster_node *list)
{
    const struct paging_rules *paging = &pages->resource->paging;
    int64_t earlier = list && list->count > 0 ? seen_add(pages, node_hash(list, 1)) : 0;
    if (earlier < 0)
        return no_memory(pages);
    if (earlier == 0)
        return MUSTER_OK;
    char why[PATH_ROOM + 100] = "the list goes in a circle";
    if (paging->kind == PAGING_PAGE || paging->kind == PAGING_OFFSET)
        snprintf(why, sizeof(why), "the system does not turn pages by '%.100s'", paging->in);
    return pages->rest->host->fail(pages->rest->run, MUSTER_RETRY,
                                   "page %" PRIu64 " of %s says the same as one before it: %s", pages->number,
                                   pages->resource->name, why);
}

/* ---- the list in a page ---- */

static void members_name(const muster_node *root, char *out, size_t room)
{
    size_t len = 0;
    *out = '\0';
    for (const muster_node *one = muster_node_first(root); one && len + 1 < room; one = one->next)
        if (one->name)
            len += (size_t)snprintf(out + len, room - len, "%s%.40s", len ? ", " : "", one->name);
}

static muster_rc list_of(struct pages *pages, const muster_node *root, const muster_node **ret_list)
{
    const struct resource *resource = pages->resource;
    const char *pointer = resource->records ? resource->records : "";
    const muster_node *list = root ? muster_node_at(root, pointer) : NULL;
    char members[300];
    *ret_list = NULL;
    bool nothing = list && (list->kind == MUSTER_NODE_NULL || (list->kind == MUSTER_NODE_TEXT && list->len == 0));
    if (!root || nothing || (!list && resource->lacking_is_empty))
        return MUSTER_OK;
    if (list && (list->kind == MUSTER_NODE_LIST || list->kind == MUSTER_NODE_OBJECT)) {
        *ret_list = list; /* an object is a list of one */
        return MUSTER_OK;
    }
    members_name(root, members, sizeof(members));
    return pages->rest->host->fail(
        pages->rest->run, MUSTER_RETRY,
        "what is answered for %s has no list at '%s'%s%s: nothing is taken of it. If that is how it is, change option "
        "'%s.records'",
        resource->name, pointer, *members ? "; it has " : "", members, resource->option);
}

static muster_rc list_give(struct pages *pages, const muster_node *list, pages_give give, void *context)
{
    struct rest *rest = pages->rest;
    const char *pointer = pages->resource->records ? pages->resource->records : "";
    char place[PATH_ROOM + 100];
    muster_rc rc = MUSTER_OK;
    bool one = list && list->kind == MUSTER_NODE_OBJECT;
    size_t nth = 0;
    for (const muster_node *node = one ? list : muster_node_first(list); rc == MUSTER_OK && node;
         node = one ? NULL : node->next, nth++) {
        if (rest->host->cancelled(rest->run))
            return MUSTER_CANCELLED;
        if (pages->most > 0 && pages->rows >= pages->most)
            break;
        pages->rows++;
        if (pages->number > 1)
            snprintf(place, sizeof(place), "page %" PRIu64 " %.200s/%zu", pages->number, pointer, nth);
        else
            snprintf(place, sizeof(place), "%.200s/%zu", pointer, nth);
        rc = give(context, node, place);
    }
    return rc;
}

/* ---- whether there is another one ---- */

/* What next, more, total and pages point into: the body, or a header that may be JSON of its own. */
static const muster_node *about_page(struct pages *pages, const struct answer *answer, muster_document **ret_own,
                                     const char **ret_plain)
{
    const char *header = pages->resource->paging.header, *why;
    *ret_own = NULL;
    *ret_plain = NULL;
    if (!header)
        return muster_document_root(answer->document);
    const char *text = reply_header(answer->reply, header);
    if (!text)
        return NULL;
    *ret_own = muster_document_read(text, strlen(text), &why);
    if (!*ret_own)
        *ret_plain = text;
    return muster_document_root(*ret_own);
}

static const char *said_at(const muster_node *root, const char *plain, const char *pointer)
{
    const char *text = plain ? plain : muster_node_text(root && pointer ? muster_node_at(root, pointer) : NULL);
    return pointer && text && *text && strcmp(text, "false") != 0 ? text : NULL;
}

static bool number_at(const muster_node *root, const char *plain, const char *pointer, int64_t *ret_number)
{
    char *end;
    const char *text = said_at(root, plain, pointer);
    long long number = text ? strtoll(text, &end, 10) : -1;
    if (!text || end == text || number < 0)
        return false;
    *ret_number = number;
    return true;
}

/* Link: <https://…?page=2>; rel="next", … */
static bool link_find(const muster_http *reply, muster_text *out)
{
    for (size_t n = 0; reply->headers && reply->headers[n]; n++) {
        const char *at = strncmp(reply->headers[n], "Link:", 5) == 0 || strncmp(reply->headers[n], "link:", 5) == 0
                             ? reply->headers[n] + 5
                             : "";
        while ((at = strchr(at, '<'))) {
            size_t len = strcspn(at + 1, ">");
            const char *behind = at + 1 + len, *end = behind + strcspn(behind, "<");
            const char *rel = strstr(behind, "rel=");
            if (*behind && rel && rel < end &&
                (strncmp(rel + 4, "\"next\"", 6) == 0 || strncmp(rel + 4, "next", 4) == 0)) {
                muster_text_add(out, at + 1, len);
                return true;
            }
            at = end;
        }
    }
    return false;
}

/* Of pages and offsets: what is said counts; where nothing is, an empty page is the last one. */
static bool counted_more(struct pages *pages, const muster_node *root, const char *plain, size_t rows)
{
    const struct paging_rules *paging = &pages->resource->paging;
    int64_t last;
    if (rows == 0)
        return false;
    if (paging->more)
        return said_at(root, plain, paging->more) != NULL;
    if (paging->pages && number_at(root, plain, paging->pages, &last))
        return (int64_t)pages->number < last;
    if (paging->total && pages->total >= 0)
        return (int64_t)pages->rows < pages->total;
    return !(paging->short_is_last && paging->size > 0 && (int64_t)rows < paging->size);
}

static bool led_on(struct pages *pages, const struct answer *answer, const muster_node *root, const char *plain)
{
    const struct paging_rules *paging = &pages->resource->paging;
    muster_text link = {0};
    muster_text_clear(&pages->next);
    const char *next = paging->kind == PAGING_LINK ? NULL : said_at(root, plain, paging->next);
    if (paging->kind == PAGING_LINK && link_find(answer->reply, &link))
        next = link.data;
    if (next && paging->more && !said_at(root, plain, paging->more))
        next = NULL;
    if (next && paging->kind == PAGING_CURSOR)
        muster_text_put(&pages->next, next);
    else if (next)
        address_join(pages->rest, next, &pages->next);
    pages->next.failed |= link.failed;
    muster_text_done(&link);
    return pages->next.len > 0;
}

static muster_rc next_page(struct pages *pages, const struct answer *answer, const muster_node *list, bool *ret_more)
{
    const struct paging_rules *paging = &pages->resource->paging;
    muster_document *own;
    const char *plain;
    size_t rows = list ? list->kind == MUSTER_NODE_OBJECT ? 1 : list->count : 0;
    const muster_node *root = about_page(pages, answer, &own, &plain);
    if (paging->total && !number_at(root, plain, paging->total, &pages->total))
        pages->total = -1;
    bool counted = paging->kind == PAGING_PAGE || paging->kind == PAGING_OFFSET;
    *ret_more = paging->kind == PAGING_NONE ? false
                : counted                   ? counted_more(pages, root, plain, rows)
                                            : led_on(pages, answer, root, plain);
    muster_document_free(own);
    if (pages->next.failed)
        return no_memory(pages);
    if (!*ret_more)
        return MUSTER_OK;
    int64_t earlier = counted ? 0 : seen_add(pages, mix(2, pages->next.data));
    if (earlier > 0)
        return pages->rest->host->fail(pages->rest->run, MUSTER_RETRY,
                                       "page %" PRIu64 " of %s leads to one that was read already: the list goes in a "
                                       "circle",
                                       pages->number, pages->resource->name);
    if ((int64_t)pages->number >= paging->most)
        return pages->rest->host->fail(pages->rest->run, MUSTER_RETRY,
                                       "%s has more than %" PRId64
                                       " pages: if that is so, raise option '%s.pages_most'",
                                       pages->resource->name, paging->most, pages->resource->option);
    return earlier < 0 ? no_memory(pages) : MUSTER_OK;
}

static void position_set(struct pages *pages)
{
    const struct paging_rules *paging = &pages->resource->paging;
    struct question *question = &pages->question;
    int64_t at =
        paging->kind == PAGING_OFFSET ? paging->first + (int64_t)pages->rows : paging->first + (int64_t)pages->number;
    snprintf(pages->position, sizeof(pages->position), "%" PRId64, at);
    if (paging->kind == PAGING_PAGE || paging->kind == PAGING_OFFSET)
        question->position = question->scene.page = pages->position;
    else if (pages->number > 0 && paging->kind == PAGING_CURSOR)
        question->position = question->scene.cursor = pages->next.data;
    else if (pages->number > 0)
        question->url = pages->next.data;
}

/* ---- all of it ---- */

static muster_rc last_keep(struct pages *pages, const struct answer *answer)
{
    const char *pointer = pages->resource->changes.reply;
    const char *text =
        pointer ? muster_node_text(muster_node_at(muster_document_root(answer->document), pointer)) : NULL;
    if (!pages->ret_last || !text)
        return MUSTER_OK;
    free(*pages->ret_last);
    *pages->ret_last = strdup(text);
    return *pages->ret_last ? MUSTER_OK : no_memory(pages);
}

static muster_rc page_read(struct pages *pages, pages_give give, void *context, bool *ret_more)
{
    struct answer answer;
    const muster_node *list = NULL;
    position_set(pages);
    muster_rc rc = ask(pages->rest, &pages->question, &answer);
    if (rc != MUSTER_OK)
        return rc;
    pages->number++;
    rc = list_of(pages, muster_document_root(answer.document), &list);
    if (rc == MUSTER_OK)
        rc = page_is_new(pages, list);
    uint64_t before = pages->rows;
    /* Where it leads is found out before records are given: a child's call takes the reply's place. */
    pages->rows += list ? list->kind == MUSTER_NODE_OBJECT ? 1 : list->count : 0;
    if (rc == MUSTER_OK)
        rc = next_page(pages, &answer, list, ret_more);
    if (rc == MUSTER_OK)
        rc = last_keep(pages, &answer);
    pages->rows = before;
    if (rc == MUSTER_OK)
        rc = list_give(pages, list, give, context);
    answer_done(&answer);
    return rc;
}

muster_rc pages_read(struct rest *rest, const struct resource *resource, const struct scene *scene, uint64_t most,
                     pages_give give, void *context, char **ret_last)
{
    struct pages pages = {.rest = rest,
                          .resource = resource,
                          .question = {.resource = resource, .scene = *scene},
                          .total = -1,
                          .most = most,
                          .ret_last = ret_last};
    bool more = true;
    muster_rc rc = MUSTER_OK;
    if (resource->paging.size > 0) {
        snprintf(pages.size, sizeof(pages.size), "%" PRId64, resource->paging.size);
        pages.question.scene.size = pages.size;
    }
    while (rc == MUSTER_OK && more && (most == 0 || pages.rows < most))
        rc = page_read(&pages, give, context, &more);
    if (rc == MUSTER_OK && most == 0 && pages.total >= 0 && (uint64_t)pages.total != pages.rows)
        rc = rest->host->fail(rest->run, MUSTER_RETRY,
                              "%s has %" PRId64 " records by its own count, and %" PRIu64
                              " came: it changed while it was read, and is read again at the next run",
                              resource->name, pages.total, pages.rows);
    free(pages.seen);
    muster_text_done(&pages.next);
    return rc;
}
