/* ask - one call for a resource, and what is answered as a tree. */
#include "rest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HEADERS_MOST = 40 };

/* ---- addresses ---- */

static muster_rc wrong(struct rest *rest, const struct resource *resource, const char *what, const char *why)
{
    return rest->host->fail(rest->run, MUSTER_CONFIG, "option '%s.%s': %s", resource->option, what, why);
}

static void base_put(struct rest *rest, const struct question *question, muster_text *out)
{
    const struct part *part = question->scene.part;
    const char *base = part && part->url && *part->url && !question->resource->above ? part->url : rest->base_url;
    size_t len = strlen(base);
    while (len > 0 && base[len - 1] == '/')
        len--;
    if (!strstr(base, "://"))
        muster_text_put(out, "https://"); /* a host alone, as some lists have it */
    muster_text_add(out, base, len);
}

static void parameter(muster_text *out, const char *name, const char *escaped)
{
    muster_text_put(out, strchr(out->data ? out->data : "", '?') ? "&" : "?");
    muster_text_escaped(out, name);
    muster_text_put(out, "=");
    muster_text_put(out, escaped);
}

static void parameter_text(muster_text *out, const char *name, const char *text)
{
    muster_text value = {0};
    muster_text_put(&value, "");
    muster_text_escaped(&value, text);
    if (value.failed)
        out->failed = 1;
    else
        parameter(out, name, value.data);
    muster_text_done(&value);
}

/* A parameter that is nothing but {since} or {cursor} is left out where there is none. */
static bool left_out(const char *value, const struct scene *scene)
{
    return (strcmp(value, "{since}") == 0 && !scene->since) || (strcmp(value, "{cursor}") == 0 && !scene->cursor);
}

static muster_rc query_put(struct rest *rest, const struct question *question, muster_text *out)
{
    const struct resource *resource = question->resource;
    const struct scene *scene = &question->scene;
    char why[WHY_ROOM];
    for (size_t n = 0; n < resource->query.count; n++) {
        const struct pair *pair = &resource->query.items[n];
        muster_text value = {0};
        if (left_out(pair->value, scene))
            continue;
        muster_text_put(&value, "");
        bool good = words_write(pair->value, scene, ESCAPE_ADDRESS, &value, why);
        if (good && !value.failed)
            parameter(out, pair->name, value.data);
        out->failed |= value.failed;
        muster_text_done(&value);
        if (!good)
            return wrong(rest, resource, "query", why);
    }
    if (scene->since && resource->changes.in)
        parameter_text(out, resource->changes.in, scene->since);
    if (resource->paging.size_in && scene->size)
        parameter_text(out, resource->paging.size_in, scene->size);
    if (resource->paging.in && question->position)
        parameter_text(out, resource->paging.in, question->position);
    return MUSTER_OK;
}

/* Whole, from the root of the host, or only a query. */
void address_join(const struct rest *rest, const char *link, muster_text *out)
{
    const char *before = rest->at.data ? rest->at.data : "", *host = strstr(before, "://");
    size_t root = host ? (size_t)(host - before) + 3 + strcspn(host + 3, "/?#") : 0;
    if (!strstr(link, "://")) {
        size_t keep = *link == '?' ? strcspn(before, "?#") : root;
        muster_text_add(out, before, keep);
        if (*link != '?' && *link != '/')
            muster_text_put(out, "/");
    }
    muster_text_put(out, link);
}

static muster_rc address_put(struct rest *rest, const struct question *question, muster_text *out)
{
    const struct resource *resource = question->resource;
    muster_text path = {0};
    char why[WHY_ROOM];
    if (question->url) {
        muster_text_put(out, question->url);
        return MUSTER_OK;
    }
    muster_text_put(&path, "");
    bool good = words_write(resource->path, &question->scene, ESCAPE_ADDRESS, &path, why);
    if (good && !path.failed) {
        if (!strstr(path.data, "://"))
            base_put(rest, question, out);
        muster_text_put(out, path.data);
    }
    out->failed |= path.failed;
    muster_text_done(&path);
    return good ? query_put(rest, question, out) : wrong(rest, resource, "path", why);
}

/* ---- what else goes out ---- */

struct outgoing {
    muster_text address, body, headers[HEADERS_MOST];
    const char *lines[HEADERS_MOST + 1];
    size_t count;
    bool failed;
};

static void outgoing_done(struct outgoing *outgoing)
{
    muster_text_done(&outgoing->address);
    muster_text_done(&outgoing->body);
    for (size_t n = 0; n < outgoing->count; n++)
        muster_text_done(&outgoing->headers[n]);
}

static bool header_add(struct outgoing *outgoing, const char *name, const char *value, const struct scene *scene,
                       char why[WHY_ROOM])
{
    if (outgoing->count == HEADERS_MOST) {
        snprintf(why, WHY_ROOM, "more than %d headers", HEADERS_MOST);
        return false;
    }
    muster_text *line = &outgoing->headers[outgoing->count];
    muster_text_put(line, name);
    muster_text_put(line, ": ");
    bool good = words_write(value, scene, ESCAPE_NONE, line, why);
    outgoing->failed |= line->failed != 0;
    outgoing->lines[outgoing->count++] = line->data;
    if (good && line->data && strpbrk(line->data, "\r\n")) {
        snprintf(why, WHY_ROOM, "header %s would have a line break in it", name);
        return false;
    }
    return good;
}

static bool headers_have(const struct outgoing *outgoing, const char *name)
{
    size_t len = strlen(name);
    for (size_t n = 0; n < outgoing->count; n++)
        if (outgoing->lines[n] && strncasecmp(outgoing->lines[n], name, len) == 0 && outgoing->lines[n][len] == ':')
            return true;
    return false;
}

static bool headers_write(struct rest *rest, const struct question *question, struct outgoing *outgoing,
                          char why[WHY_ROOM])
{
    const struct pairs *all[] = {&question->resource->headers, &rest->headers};
    bool good = true;
    for (size_t k = 0; k < 2; k++)
        for (size_t n = 0; good && n < all[k]->count; n++)
            if (k == 0 || !headers_have(outgoing, all[k]->items[n].name))
                good = header_add(outgoing, all[k]->items[n].name, all[k]->items[n].value, &question->scene, why);
    const char *accept = rest->format && strcmp(rest->format, "xml") == 0 ? "application/xml"
                         : strcmp(rest->format, "json") == 0              ? "application/json"
                                                                          : "application/json, application/xml;q=0.5";
    if (good && !headers_have(outgoing, "Accept"))
        good = header_add(outgoing, "Accept", accept, &question->scene, why);
    if (good && (question->resource->body || question->body) && !headers_have(outgoing, "Content-Type"))
        good = header_add(outgoing, "Content-Type", question->resource->body_type, &question->scene, why);
    return good;
}

static muster_rc outgoing_write(struct rest *rest, const struct question *question, struct outgoing *outgoing)
{
    const struct resource *resource = question->resource;
    char why[WHY_ROOM];
    muster_rc rc = address_put(rest, question, &outgoing->address);
    if (rc != MUSTER_OK)
        return rc;
    if (!headers_write(rest, question, outgoing, why))
        return wrong(rest, resource, "headers", why);
    bool form = resource->body && strstr(resource->body_type, "form-urlencoded");
    bool json = resource->body && strstr(resource->body_type, "json");
    if (resource->body && !words_write(resource->body, &question->scene,
                                       form   ? ESCAPE_ADDRESS
                                       : json ? ESCAPE_JSON
                                              : ESCAPE_NONE,
                                       &outgoing->body, why))
        return wrong(rest, resource, "body", why);
    if (outgoing->failed || outgoing->address.failed || outgoing->body.failed)
        return rest->host->fail(rest->run, MUSTER_FAIL, "out of memory");
    return MUSTER_OK;
}

/* ---- what comes back ---- */

const char *reply_header(const muster_http *reply, const char *name)
{
    size_t len = strlen(name);
    for (size_t n = 0; reply && reply->headers && reply->headers[n]; n++)
        if (strncasecmp(reply->headers[n], name, len) == 0 && reply->headers[n][len] == ':')
            return reply->headers[n] + len + 1 + strspn(reply->headers[n] + len + 1, " \t");
    return NULL;
}

static bool is_markup(const struct rest *rest, const muster_http *reply)
{
    const char *type = reply_header(reply, "Content-Type");
    if (strcmp(rest->format, "auto") != 0)
        return strcmp(rest->format, "xml") == 0;
    if (type && strstr(type, "json"))
        return false;
    const char *text = reply->body ? reply->body + strspn(reply->body, " \t\r\n") : "";
    return (type && strstr(type, "xml")) || strncmp(text, "<?xml", 5) == 0;
}

static muster_document *reply_document(const struct rest *rest, const muster_http *reply, const char **ret_why)
{
    muster_text json = {0};
    if (!is_markup(rest, reply))
        return muster_document_of_reply(reply, ret_why);
    *ret_why = "XML in a reply of over 256 KiB is not read: ask for smaller pages";
    muster_document *document = NULL;
    if (reply->body && markup_read(reply->body, reply->body_len, &json, ret_why))
        document = muster_document_read(json.data, json.len, ret_why);
    muster_text_done(&json);
    return document;
}

/* What a refusal means, where the description says so: by its status, or by a code in it. */
static muster_rc meaning_of(const struct rest *rest, int32_t status, const muster_node *root, muster_rc rc)
{
    char number[16];
    snprintf(number, sizeof(number), "%d", status);
    for (size_t n = 0; n < rest->meaning_count; n++) {
        const struct meaning *one = &rest->meanings[n];
        const char *text = one->at ? muster_node_text(root ? muster_node_at(root, one->at) : NULL) : number;
        if (text && strcmp(text, one->name) == 0)
            return one->rc;
    }
    return rc;
}

/* What the system itself says is wrong; the broker's own sentence stands otherwise. */
static muster_rc refused(struct rest *rest, const struct question *question, muster_rc rc, const muster_http *reply)
{
    const char *why;
    muster_document *document = reply && reply->status != 0 ? reply_document(rest, reply, &why) : NULL;
    const muster_node *root = muster_document_root(document);
    const char *said = root && rest->error_text ? muster_node_text(muster_node_at(root, rest->error_text)) : NULL;
    bool cancelled = rc == MUSTER_CANCELLED;
    if (reply && reply->status != 0 && !cancelled)
        rc = meaning_of(rest, reply->status, root, rc);
    if (said && *said)
        snprintf(rest->why, sizeof(rest->why), "%s: HTTP status %d: %.300s", question->resource->name, reply->status,
                 said);
    else if (reply && reply->status != 0)
        snprintf(rest->why, sizeof(rest->why), "%s: HTTP status %d", question->resource->name, reply->status);
    else
        snprintf(rest->why, sizeof(rest->why), "%s: nobody answers", question->resource->name);
    if (rc != MUSTER_OK && said && *said)
        rc = rest->host->fail(rest->run, rc, "%s", rest->why);
    muster_document_free(document);
    return rc;
}

static muster_rc nonsense(struct rest *rest, const struct question *question, const char *what, const char *why)
{
    snprintf(rest->why, sizeof(rest->why), "what is answered for %s is %s%s%.300s", question->resource->name, what,
             *why ? ": " : "", why);
    if (question->scene.change)
        return MUSTER_RETRY; /* told with the change */
    return rest->host->fail(rest->run, MUSTER_RETRY,
                            "%s: nothing is taken of it, and it is asked again at the next run", rest->why);
}

/* An error that comes with a good status. */
static const char *hidden_error(const struct rest *rest, const muster_node *root)
{
    const muster_node *node = rest->error_at ? muster_node_at(root, rest->error_at) : NULL;
    const char *text = muster_node_text(node);
    bool nothing = !node || node->kind == MUSTER_NODE_NULL || (text && (!*text || strcmp(text, "false") == 0)) ||
                   (!text && node->count == 0);
    if (nothing)
        return NULL;
    const char *said = rest->error_text ? muster_node_text(muster_node_at(root, rest->error_text)) : NULL;
    return said && *said ? said : text ? text : "it does not say which";
}

static muster_rc answer_read(struct rest *rest, const struct question *question, const muster_http *reply,
                             struct answer *ret_answer)
{
    const char *why = "";
    muster_document *document = NULL;
    bool lacking = question->resource->lacking_is_empty || question->scene.change;
    bool none = reply->status == 404 && lacking; /* it was accepted: nobody is there */
    bool empty = reply->status == 204 || none || (reply->body_len == 0 && lacking);
    if (!empty && reply->body_len == 0)
        return nonsense(rest, question, "nothing at all", "");
    if (!empty && !(document = reply_document(rest, reply, &why)))
        return nonsense(rest, question, is_markup(rest, reply) ? "no whole XML" : "no whole JSON", why);
    const char *error = document ? hidden_error(rest, muster_document_root(document)) : NULL;
    if (error) {
        muster_rc rc = nonsense(rest, question, "an error although its status is good", error);
        if (question->scene.change)
            rc = meaning_of(rest, reply->status, muster_document_root(document), MUSTER_DATA);
        muster_document_free(document);
        return rc;
    }
    *ret_answer = (struct answer){document, reply};
    return MUSTER_OK;
}

muster_rc ask(struct rest *rest, const struct question *question, struct answer *ret_answer)
{
    static const int32_t missing[] = {404, 0};
    struct outgoing outgoing = {0};
    const muster_http *reply = NULL;
    muster_rc rc = outgoing_write(rest, question, &outgoing);
    *rest->why = '\0';
    if (rc == MUSTER_OK) {
        const char *method = question->resource->method;
        muster_http call = {.size = sizeof(call),
                            .flags = question->once ? 0 : MUSTER_IDEMPOTENT, /* reading, whatever it is called */
                            .method = method,
                            .url = outgoing.address.data,
                            .headers = outgoing.lines,
                            .body = question->body ? question->body->data : outgoing.body.data,
                            .body_len = question->body ? question->body->len : outgoing.body.len,
                            .partition = question->scene.part ? question->scene.part->id : NULL,
                            .timeout_ms = (uint32_t)(rest->host->number(rest->run, "timeout") * 1000),
                            .fd = -1,
                            .accept = question->resource->lacking_is_empty ? missing : NULL,
                            .auth = rest->auth};
        rc = rest->host->http(rest->run, &call, &reply);
        muster_text_clear(&rest->at);
        muster_text_put(&rest->at, outgoing.address.data);
    }
    outgoing_done(&outgoing);
    if (rc != MUSTER_OK && reply && (rc = refused(rest, question, rc, reply)) == MUSTER_OK) {
        *ret_answer = (struct answer){.reply = reply}; /* it means that all is well */
        return MUSTER_OK;
    }
    if (rc != MUSTER_OK)
        return rc;
    return answer_read(rest, question, reply, ret_answer);
}

void answer_done(struct answer *answer)
{
    muster_document_free(answer->document);
    *answer = (struct answer){0};
}
