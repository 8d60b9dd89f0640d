/* write - what becomes of each change: the calls that the description gives for it, and what their refusals mean. */
#include "rest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ID_ROOM = 201 };

struct writing {
    struct rest *rest;
    const struct resource *resource;
    const muster_push *push;
    const muster_change *change;
    char id[ID_ROOM];
};

/* "PATCH /staff/{id}" */
static const char *path_of(const char *call, char ret_method[16])
{
    size_t len = strcspn(call, " ");
    snprintf(ret_method, 16, "%.*s", (int)len, call);
    return call + len + strspn(call + len, " ");
}

static muster_rc send(struct writing *writing, const char *call, const muster_text *body, const char *type,
                      struct answer *ret_answer)
{
    struct rest *rest = writing->rest;
    struct resource one = *writing->resource;
    char method[16];
    one.path = path_of(call, method);
    one.method = method;
    one.body = NULL;
    one.body_type = type;
    one.query = (struct pairs){0};
    one.changes = (struct changes_rules){0};
    one.paging = (struct paging_rules){0};
    const struct question question = {
        .resource = &one,
        .scene = {.change = writing->change, .host = rest->host},
        .body = body && body->len > 0 ? body : NULL,
        .once = writing->change->op == MUSTER_CREATE && strcmp(method, "PUT") != 0,
    };
    if (body && body->failed)
        return rest->host->fail(rest->run, MUSTER_FAIL, "out of memory");
    return ask(rest, &question, ret_answer);
}

/* A body that the description gives as it stands. */
static bool text_write(struct writing *writing, const char *text, muster_text *out)
{
    const struct scene scene = {.change = writing->change, .host = writing->rest->host};
    return !text || words_write(text, &scene, ESCAPE_JSON, out, writing->rest->why);
}

/* ---- the id that a creation gives ---- */

static void id_read(struct writing *writing, const struct answer *answer)
{
    const struct resource *resource = writing->resource;
    const char *header = resource->write.id_header ? reply_header(answer->reply, resource->write.id_header) : NULL;
    const char *pointer = resource->write.id_at                                             ? resource->write.id_at
                          : resource->id_count == 1 && resource->ids[0].base == BASE_RECORD ? resource->ids[0].pointer
                                                                                            : NULL;
    const char *text =
        pointer ? muster_node_text(muster_node_at(muster_document_root(answer->document), pointer)) : NULL;
    if (header) {
        size_t len = strcspn(header, "?#\r\n");
        while (len > 0 && header[len - 1] == '/')
            len--;
        size_t from = len;
        while (from > 0 && header[from - 1] != '/')
            from--;
        snprintf(writing->id, sizeof(writing->id), "%.*s", (int)(len - from), header + from);
    } else if (text) {
        snprintf(writing->id, sizeof(writing->id), "%s", text);
    }
}

/* ---- one change ---- */

static muster_rc create(struct writing *writing)
{
    const struct write_rules *write = &writing->resource->write;
    struct answer answer = {0};
    muster_text body = {0};
    bool some = body_write(writing->rest, writing->resource, writing->push, writing->change, true, &body);
    if (!some)
        muster_text_put(&body, "{}");
    muster_rc rc = send(writing, write->create, &body, "application/json", &answer);
    bool wanted = write->id_at || write->id_header || writing->resource->id_count == 1;
    if (rc == MUSTER_OK)
        id_read(writing, &answer);
    if (rc == MUSTER_OK && wanted && !*writing->id) {
        snprintf(writing->rest->why, WHY_ROOM, "%s: the answer to a creation has no id", writing->resource->name);
        rc = MUSTER_RETRY;
    }
    answer_done(&answer);
    muster_text_done(&body);
    return rc;
}

static muster_rc update(struct writing *writing)
{
    static const char *const types[] = {"application/json", "application/json", "application/merge-patch+json",
                                        "application/json-patch+json"};
    const struct write_rules *write = &writing->resource->write;
    struct answer answer = {0};
    muster_text body = {0};
    muster_rc rc = MUSTER_OK;
    if (body_write(writing->rest, writing->resource, writing->push, writing->change, write->how == UPDATE_WHOLE, &body))
        rc = send(writing, write->update, &body, types[write->how], &answer);
    answer_done(&answer);
    muster_text_done(&body);
    return rc;
}

static muster_rc act(struct writing *writing, const char *call, const char *text)
{
    struct answer answer = {0};
    muster_text body = {0};
    muster_rc rc =
        text_write(writing, text, &body) ? send(writing, call, &body, "application/json", &answer) : MUSTER_DATA;
    answer_done(&answer);
    muster_text_done(&body);
    return rc;
}

static muster_rc cannot(struct writing *writing, const char *what)
{
    snprintf(writing->rest->why, WHY_ROOM, "nobody can be %s: option '%s' has no '%s'", what, writing->resource->option,
             what[0] == 'c'   ? "create"
             : what[0] == 'u' ? "update"
             : what[0] == 'd' ? "deactivate"
                              : "reactivate");
    return MUSTER_UNSUPPORTED;
}

static muster_rc change_make(struct writing *writing)
{
    const struct write_rules *write = &writing->resource->write;
    const char *id = writing->change->remote_id, *off = write->deactivate ? write->deactivate : write->remove;
    muster_rc rc;
    snprintf(writing->id, sizeof(writing->id), "%s", id ? id : "");
    switch (writing->change->op) {
    case MUSTER_CREATE: return write->create ? create(writing) : cannot(writing, "created");
    case MUSTER_UPDATE: return write->update ? update(writing) : cannot(writing, "updated");
    case MUSTER_REACTIVATE:
        if (!write->reactivate)
            return write->update && !write->deactivate_body ? update(writing) : cannot(writing, "reactivated");
        rc = act(writing, write->reactivate, write->reactivate_body);
        return rc == MUSTER_OK && write->update ? update(writing) : rc;
    case MUSTER_DELETE: off = write->remove ? write->remove : off; /* fall through */
    case MUSTER_DEACTIVATE:
        if (!off)
            return cannot(writing, "deactivated");
        rc = act(writing, off, off == write->deactivate ? write->deactivate_body : NULL);
        return rc == MUSTER_GONE ? MUSTER_OK : rc; /* they are not there any more */
    default: return MUSTER_OK;
    }
}

/* Nobody knows whether a creation without a clear answer was done: then nothing is said, and it is looked for. */
static bool unknown(const struct writing *writing, muster_rc rc)
{
    return rc == MUSTER_RETRY && writing->change->op == MUSTER_CREATE;
}

muster_rc write_all(struct rest *rest, const muster_push *push)
{
    const muster_host *host = rest->host;
    struct writing writing = {.rest = rest, .resource = resource_named(rest, push->stream), .push = push};
    if (!writing.resource)
        return MUSTER_CONFIG;
    for (;;) {
        muster_rc rc = host->next(rest->run, &writing.change);
        if (rc != MUSTER_OK || !writing.change)
            return rc;
        *rest->why = '\0';
        rc = change_make(&writing);
        if (rc == MUSTER_OK)
            rc = host->applied(rest->run, writing.change, *writing.id ? writing.id : NULL);
        else if (rc == MUSTER_CANCELLED || rc == MUSTER_AUTH || rc == MUSTER_FAIL || rc == MUSTER_CONFIG ||
                 unknown(&writing, rc))
            return rc;
        else
            rc = host->refused(rest->run, writing.change, rc, *rest->why ? rest->why : "the system refuses it");
        if (rc != MUSTER_OK)
            return rc;
    }
}

/* ---- who is there already ---- */

struct finding {
    struct rows rows;
    const muster_record *fields;
};

/* Whether a record says the same in all that is asked for: a list may have been asked that does not filter. */
static bool matches(const struct finding *finding, const muster_node *record)
{
    const struct rows *rows = &finding->rows;
    const muster_host *host = rows->rest->host;
    for (size_t n = 0; n < rows->resource->field_count; n++) {
        const struct field *field = &rows->resource->fields[n];
        const char *wanted =
            host->present(finding->fields, field->name) == 3 ? host->get(finding->fields, field->name) : NULL;
        const muster_node *node = field->at_count > 0 ? muster_node_at(record, field->at[0].pointer) : NULL;
        const char *said = muster_node_text(node);
        if (wanted && (!said || strcmp(said, wanted) != 0))
            return false;
    }
    return true;
}

static muster_rc found(void *context, const muster_node *record, const char *place)
{
    struct finding *finding = context;
    return matches(finding, record) ? rows_give(&finding->rows, record, place) : MUSTER_OK;
}

muster_rc write_find(struct rest *rest, const char *stream, const muster_record *fields)
{
    const struct resource *resource = resource_named(rest, stream);
    const muster_change asked = {.size = sizeof(asked), .after = fields};
    char method[16];
    if (!resource)
        return MUSTER_CONFIG;
    struct resource one = *resource;
    if (resource->write.find) {
        one.path = path_of(resource->write.find, method);
        one.method = method;
        one.query = (struct pairs){0};
        one.lacking_is_empty = true;
    }
    one.changes = (struct changes_rules){0};
    if (!one.path || one.id_count == 0)
        return rest->host->fail(rest->run, MUSTER_CONFIG,
                                "option '%s' cannot say who is there already: it needs id, and find or path",
                                resource->option);
    struct finding finding = {.rows = {.rest = rest, .resource = &one, .stream = stream, .found = true},
                              .fields = fields};
    const struct scene scene = {.change = resource->write.find ? &asked : NULL, .host = rest->host};
    return pages_read(rest, &one, &scene, 0, found, &finding, NULL);
}
