/* hears - a connector that receives, signed: what it is told becomes notes; and it dies of some of it. */
#include <muster/connector.h>
#include <muster/document.h>

#include <stdlib.h>
#include <string.h>

static const muster_option options[] = {
    {.name = "keys", .type = MUSTER_LIST, .flags = MUSTER_SECRET, .doc = "With which what comes is signed."},
    {.name = "anonymous", .type = MUSTER_BOOL, .initial = "false", .doc = "Nothing is signed."},
    {0},
};

static const muster_stream streams[] = {
    {.name = "notes",
     .doc = "What was said.",
     .mapping_in = "note:\n  text: text\n",
     .kinds = "note",
     .flags = MUSTER_READ_CHANGES,
     .gone = MUSTER_NEVER},
    {0},
};

static const muster_route routes[] = {
    {.method = "POST",
     .path = "/say",
     .auth = "hmac-sha256 X-Signature",
     .secret = "keys",
     .key = "/id",
     .body_max = 99},
    {.method = "POST", .path = "/ask", .auth = "hmac-sha256 X-Signature", .secret = "keys", .replies = 1},
    {0},
};

static muster_rc hear(muster_run *run, const muster_http *inbound)
{
    const char *why;
    muster_document *document = muster_document_read(inbound->body, inbound->body_len, &why);
    const muster_node *root = muster_document_root(document);
    const char *id = muster_node_text(muster_node_member(root, "id"));
    const char *text = muster_node_text(muster_node_member(root, "text"));
    if (text && strcmp(text, "die") == 0)
        abort();
    muster_rc rc = MUSTER_OK;
    if (text && strcmp(text, "refuse") == 0) {
        rc = run->host->fail(run, MUSTER_DATA, "this is refused");
    } else {
        muster_record *record = run->host->record(run, "notes", id, inbound->url);
        run->host->put(record, "text", MUSTER_TEXT, text);
        rc = run->host->emit(run, record);
    }
    muster_document_free(document);
    return rc;
}

/* "nothing": no answer is given; else the text itself comes back. */
static muster_rc answer(muster_run *run, const muster_http *inbound)
{
    static const char *const headers[] = {"Content-Type: text/plain", NULL};
    if (strstr(inbound->body, "nothing"))
        return MUSTER_OK;
    const muster_http reply = {.size = sizeof(reply),
                               .status = strstr(inbound->body, "teapot") ? 418 : 200,
                               .headers = headers,
                               .body = inbound->body,
                               .body_len = inbound->body_len};
    return run->host->answer(run, &reply);
}

static muster_rc hears_receive(muster_run *run, void *self, const muster_http *const *inbound, size_t n)
{
    muster_rc rc = MUSTER_OK;
    (void)self;
    for (size_t i = 0; i < n && rc == MUSTER_OK; i++) {
        rc = hear(run, inbound[i]);
        if (rc == MUSTER_OK && strcmp(inbound[i]->url, "/ask") == 0)
            rc = answer(run, inbound[i]);
    }
    return rc;
}

MUSTER_CONNECTOR(hears, .version = "1.0", .summary = "Receives what is signed", .options = options, .streams = streams,
                 .routes = routes, .receive = hears_receive)
