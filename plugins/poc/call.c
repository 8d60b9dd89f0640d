/* call - asks P.O.C, and reads what it answers: the shared key is put in by the broker, in one of two ways. */
#include "poc.h"

#include <stdio.h>
#include <string.h>

enum { TIMEOUT_MS = 60 * 1000 };

static const char *option(const struct settings *settings, const char *name)
{
    const char *text = settings->host->text(settings->run, name);
    return text ? text : "";
}

/* ---- where ---- */

muster_rc call_url(const struct settings *settings, const char *path_option, const char *number, const char *site,
                   muster_text *ret_url)
{
    static const char hole[] = "{EmployeeNumber}";
    const char *base = option(settings, "base_url"), *path = option(settings, path_option);
    const char *at = strstr(path, hole);
    size_t len = strlen(base);
    muster_text_clear(ret_url);
    if (len == 0)
        return settings->host->fail(settings->run, MUSTER_CONFIG,
                                    "option 'base_url' is missing: where the web service of P.O.C is");
    if (*path != '/' || (number != NULL) != (at != NULL))
        return settings->host->fail(settings->run, MUSTER_CONFIG, "option '%s' must be a path that begins with '/'%s%s",
                                    path_option, number ? " and has in it " : " without ", hole);
    while (len > 0 && base[len - 1] == '/')
        len--;
    muster_text_add(ret_url, base, len);
    muster_text_add(ret_url, path, at ? (size_t)(at - path) : strlen(path));
    if (at) {
        muster_text_escaped(ret_url, number);
        muster_text_put(ret_url, at + strlen(hole));
    }
    if (site) {
        muster_text_put(ret_url, strchr(path, '?') ? "&siteNumber=" : "?siteNumber=");
        muster_text_escaped(ret_url, site);
    }
    return ret_url->failed ? settings->host->fail(settings->run, MUSTER_FAIL, "no memory for a URL") : MUSTER_OK;
}

/* ---- how to log in ---- */

static const muster_auth *login(const struct settings *settings)
{
    static muster_auth first, second; /* a connector has one thread */
    bool hmac = strcmp(option(settings, "auth"), "hmac") == 0;
    second = (muster_auth){.size = sizeof(second),
                           .scheme = "recipe",
                           .secret = "shared_key",
                           .where = "header",
                           .name = option(settings, "signature_header"),
                           .recipe = "{time_s}.{method}.{path}.{body}",
                           .digest = "hmac-sha256",
                           .encoding = "base64"};
    first = (muster_auth){.size = sizeof(first),
                          .scheme = "recipe",
                          .secret = "shared_key",
                          .where = "header",
                          .name = option(settings, hmac ? "timestamp_header" : "key_header"),
                          .recipe = hmac ? "{time_s}" : "{secret}",
                          .extra = hmac ? &second : NULL};
    return &first;
}

void call_make(const struct settings *settings, const char *method, const char *url, const muster_text *body, bool xml,
               muster_http *ret_ask)
{
    static const char *const of_json[] = {"Content-Type: application/json", "Accept: application/json", NULL};
    static const char *const of_xml[] = {"Content-Type: application/xml; charset=UTF-8", "Accept: application/json",
                                         NULL};
    static const char *const of_none[] = {"Accept: application/json", NULL};
    /* An upsert may be repeated: the second time it changes nothing. */
    *ret_ask = (muster_http){.size = sizeof(*ret_ask),
                             .flags = MUSTER_IDEMPOTENT,
                             .timeout_ms = TIMEOUT_MS,
                             .method = method,
                             .url = url,
                             .headers = !body ? of_none
                                        : xml ? of_xml
                                              : of_json,
                             .body = body ? body->data : NULL,
                             .body_len = body ? body->len : 0,
                             .fd = -1,
                             .auth = login(settings)};
}

/* ---- what it says ---- */

/* No refusal that P.O.C has a word for. */
static void refusal_by_status(const muster_http *reply, struct answer *answer)
{
    const char *why;
    switch (answer->rc) {
    case MUSTER_RETRY:
        why = reply->status == 0 ? "P.O.C could not be reached or broke off: it is tried again by itself"
              : reply->status == 429
                  ? "P.O.C wants fewer calls: it is tried again by itself"
                  : "P.O.C is in trouble: it is tried again by itself; if that goes on, ask its support";
        break;
    case MUSTER_AUTH:
    case MUSTER_PERMISSION:
        why = "P.O.C does not let us in: an integrator has to compare option 'shared_key' with the key at P.O.C, and "
              "'auth' with what was agreed";
        break;
    case MUSTER_GONE:
        why = "P.O.C has nothing at this address: an integrator has to check 'base_url' and the options with paths";
        answer->rc = MUSTER_CONFIG;
        break;
    default: why = "P.O.C does not take the call and does not say why: ask its support"; break;
    }
    if (reply->status != 0)
        snprintf(answer->why, sizeof(answer->why), "%s (HTTP %d)", why, (int)reply->status);
    else
        snprintf(answer->why, sizeof(answer->why), "%s", why);
}

void answer_read(const struct settings *settings, muster_rc rc, const muster_http *reply, struct answer *ret_answer)
{
    const char *why;
    (void)settings;
    *ret_answer = (struct answer){.rc = rc};
    if (reply->status == 0) {
        refusal_by_status(reply, ret_answer);
        return;
    }
    ret_answer->document = muster_document_of_reply(reply, &why);
    const muster_node *root = muster_document_root(ret_answer->document);
    const char *code = muster_node_text(muster_node_member(root, "Code"));
    if (code && (rc != MUSTER_OK || strcmp(code, "OK") != 0)) {
        ret_answer->rc = code_meaning(code, muster_node_text(muster_node_member(root, "Field")), ret_answer->why,
                                      sizeof(ret_answer->why));
        if (rc == MUSTER_RETRY) { /* busy is busy, whatever it is called */
            ret_answer->rc = rc;
            refusal_by_status(reply, ret_answer);
        }
    } else if (rc != MUSTER_OK) {
        refusal_by_status(reply, ret_answer);
    } else if (!root || (root->kind != MUSTER_NODE_OBJECT && root->kind != MUSTER_NODE_LIST)) {
        ret_answer->rc = MUSTER_RETRY;
        snprintf(
            ret_answer->why, sizeof(ret_answer->why),
            "what came from P.O.C's address is no answer of it (%s): it is tried again by itself; if that goes on, "
            "look what stands between",
            root ? "neither an object nor a list" : why);
    }
}

void answer_done(struct answer *answer)
{
    muster_document_free(answer->document);
    *answer = (struct answer){0};
}

bool answer_ends_it(const struct answer *answer)
{
    return answer->rc == MUSTER_AUTH || answer->rc == MUSTER_PERMISSION || answer->rc == MUSTER_CONFIG ||
           answer->rc == MUSTER_CANCELLED;
}

/* ---- its codes ---- */

struct meaning {
    const char *code;
    muster_rc rc;
    const char *why; /* with %s for the field */
};

static const struct meaning meanings[] = {
    {"E101", MUSTER_DATA,
     "P.O.C cannot do without %s (E101): HR has to fill it in where it comes from; then it is sent by itself"},
    {"E102", MUSTER_DATA,
     "P.O.C does not take the value of %s (E102): HR has to correct it where it comes from, or an integrator its "
     "mapping"},
    {"E201", MUSTER_AUTH,
     "P.O.C refuses the shared key (E201): an integrator has to compare option 'shared_key' with the key at P.O.C, "
     "'auth' with what was agreed, and with auth: hmac the clocks of both sides"},
    {"E301", MUSTER_GONE, "P.O.C has no such employee at the site (E301)"},
    {"E302", MUSTER_DATA,
     "P.O.C has no such workstation at the site (E302): whoever plans the seats has to add it there, or HR to name "
     "another"},
    {"E303", MUSTER_CONFLICT,
     "the workstation is taken by somebody else (E303): whoever plans the seats has to decide in P.O.C who sits there"},
};

muster_rc code_meaning(const char *code, const char *field, char *ret_why, size_t room)
{
    for (size_t n = 0; n < sizeof(meanings) / sizeof(*meanings); n++) {
        const struct meaning *one = &meanings[n];
        const char *hole = strstr(one->why, "%s");
        if (strcmp(code, one->code) != 0)
            continue;
        snprintf(ret_why, room, "%.*s%s%s", hole ? (int)(hole - one->why) : 500, one->why,
                 !hole               ? ""
                 : !field || !*field ? "one of the fields"
                                     : field,
                 hole ? hole + 2 : "");
        return one->rc;
    }
    bool theirs = code[0] == 'E' && (code[1] == '5' || strcmp(code, "E429") == 0);
    snprintf(ret_why, room,
             theirs ? "P.O.C is in trouble (%.20s): it is tried again by itself; if that goes on, ask its support"
                    : "P.O.C refuses it with code %.20s, which is not known here: ask its support",
             code);
    return theirs ? MUSTER_RETRY : MUSTER_DATA;
}
