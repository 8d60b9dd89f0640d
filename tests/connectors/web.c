/* web - a connector that calls what its option `do` says, for the tests of calls by HTTP.
 *
 * Steps stand with ';' between: "GET /people", "POST /echo 300000" (a body of
 * so many bytes), "parts /echo", "file /echo 300000" (a body in a descriptor),
 * "start 5 /slow" and "wait 5", "login /login" (captures a token) and "mine
 * /mine" (uses it), "sleep". check() logs a line for each. pull() reads lines of JSON from /people, or from what
 * "pull /path" says. */
#include <muster/connector.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const muster_option options[] = {
    {"base_url", NULL, "Where the system is", NULL, MUSTER_URL, MUSTER_REQUIRED, 0, 0, NULL, NULL, NULL},
    {"auth", "bearer", "How to log in", "none|bearer|basic|header|query|form|json|oauth2|exchange|sign", MUSTER_CHOICE,
     0, 0, 0, NULL, NULL, NULL},
    {"token", NULL, "The token", NULL, MUSTER_TEXT, MUSTER_SECRET, 0, 0, NULL, NULL, NULL},
    {"other", NULL, "Another one", NULL, MUSTER_TEXT, MUSTER_SECRET, 0, 0, NULL, NULL, NULL},
    {"user", "muster", "Whose", NULL, MUSTER_TEXT, 0, 0, 0, NULL, NULL, NULL},
    {"do", "GET /people", "Steps", NULL, MUSTER_TEXT, 0, 0, 0, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, 0, 0, 0, 0, NULL, NULL, NULL}};
static const muster_stream streams[] = {
    {"people", "Everybody", NULL,
     "key: number\n"
     "person: { employee_number: number, given_name: first, family_name: last, status: { const: active } }\n"
     "require: [employee_number]",
     NULL, "person", NULL, MUSTER_READ_FULL, MUSTER_BY_ABSENCE, 0},
    {NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0}};

static muster_auth login;

static const muster_auth *auth_of(muster_run *run)
{
    const char *how = run->host->text(run, "auth");
    login = (muster_auth){.size = sizeof(login), .scheme = how, .secret = "token", .fallback = "other", .user = "user"};
    if (strcmp(how, "none") == 0)
        return NULL;
    if (strcmp(how, "header") == 0) {
        login.scheme = "recipe";
        login.where = "header";
        login.name = "X-Key";
    }
    if (strcmp(how, "query") == 0 || strcmp(how, "form") == 0 || strcmp(how, "json") == 0) {
        login.scheme = "recipe";
        login.where = how;
        login.name = "key";
    }
    static char url[400];
    snprintf(url, sizeof(url), "%s/token", run->host->text(run, "base_url"));
    if (strcmp(how, "exchange") == 0) {
        login.token_url = url;
        login.recipe = "{\"corpId\":\"{user}\",\"secret\":\"{secret}\"}";
        login.token = "/data/accessToken";
        login.expires = "/data/expiresIn";
    }
    if (strcmp(how, "oauth2") == 0) {
        login.scheme = "oauth2-client-credentials";
        login.token_url = url;
    }
    if (strcmp(how, "sign") == 0) {
        login.scheme = "recipe";
        login.name = "X-Sign";
        login.recipe = "{method}\n{path}\n{time_ms}\n{nonce}\n{sha256:body}";
        login.digest = "hmac-sha256";
        login.encoding = "hex";
    }
    return &login;
}

static const char *url_of(muster_run *run, const char *path)
{
    static char url[1000];
    snprintf(url, sizeof(url), "%s%s", strstr(path, "://") ? "" : run->host->text(run, "base_url"), path);
    return url;
}

static uint64_t sum(const muster_http *reply)
{
    uint64_t total = 0;
    for (size_t i = 0; reply->body && i < reply->body_len; i++)
        total += (unsigned char)reply->body[i];
    char piece[4096];
    for (ssize_t got; !reply->body && (got = read(reply->fd, piece, sizeof(piece))) > 0;)
        for (ssize_t i = 0; i < got; i++)
            total += (unsigned char)piece[i];
    return total;
}

static void tell(muster_run *run, const char *step, muster_rc rc, const muster_http *reply)
{
    run->host->log(run, MUSTER_INFO, "%s: %d %d %zu bytes%s, sum %llu, wait %u", step, rc, reply->status,
                   reply->body_len, reply->flags & MUSTER_BODY_FD ? " in a file" : "", (unsigned long long)sum(reply),
                   reply->retry_after_ms);
}

static char *bytes_of(size_t len)
{
    char *bytes = malloc(len + 1);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)('a' + i % 26);
    bytes[len] = '\0';
    return bytes;
}

static muster_rc step(muster_run *run, const char *text)
{
    const muster_host *host = run->host;
    const muster_http *reply = NULL;
    char word[20] = "", path[600] = "";
    size_t number = 0;
    muster_http ask = {.size = sizeof(ask), .fd = -1, .auth = auth_of(run)};
    int fields = sscanf(text, " %19s %599s %zu", word, path, &number);
    muster_part one = {"kind", NULL, NULL, "salary", 6, -1}, two = {"file", "a.csv", "text/csv", "a,b\r\n", 5, -1};
    const muster_part *const parts[] = {&one, &two, NULL};
    muster_rc rc = MUSTER_OK;
    char *body = NULL;
    if (strcmp(word, "start") == 0) {
        int count = (int)strtol(path, NULL, 10);
        sscanf(text, " %*s %*s %599s", path);
        ask.method = "GET";
        ask.url = url_of(run, path);
        for (int i = 0; i < count && rc == MUSTER_OK; i++)
            rc = host->http_start(run, &ask, &login + i);
        return rc;
    }
    if (strcmp(word, "wait") == 0) {
        uint64_t tags = 0;
        for (long i = strtol(path, NULL, 10); i > 0; i--) {
            void *tag = NULL;
            rc = host->http_wait(run, &reply, &tag);
            tags |= 1ull << ((muster_auth *)tag - &login);
            tell(run, "wait", rc, reply);
        }
        host->log(run, MUSTER_INFO, "tags %llx", (unsigned long long)tags);
        return rc;
    }
    if (strcmp(word, "sleep") == 0) {
        host->log(run, MUSTER_INFO, "sleeping");
        while (!host->cancelled(run)) {
            host->progress(run, 1, 1);
            usleep(20000);
        }
        return MUSTER_OK;
    }
    ask.method = word;
    ask.url = url_of(run, path);
    muster_auth subject = {.size = sizeof(subject), .subject = "ann", .name = "logged-in-user-token"};
    if (strcmp(word, "login") == 0) {
        ask.method = "POST";
        ask.auth = &subject;
        ask.capture = "/logged_in_user_token";
    } else if (strcmp(word, "mine") == 0) {
        ask.method = "GET";
        ask.auth = &subject;
    } else if (strcmp(word, "parts") == 0) {
        ask.method = "POST";
        ask.parts = parts;
    } else if (strcmp(word, "file") == 0) {
        ask.method = "PUT";
        ask.flags = MUSTER_BODY_FD;
        if (host->scratch(run, &ask.fd) != MUSTER_OK)
            return MUSTER_FAIL;
        body = bytes_of(number);
        if (write(ask.fd, body, number) != (ssize_t)number)
            return MUSTER_FAIL;
    } else if (fields > 2 && login.where && strcmp(login.where, "json") == 0) {
        ask.body = "{}";
        ask.body_len = 2;
    } else if (fields > 2) {
        ask.body = body = bytes_of(number);
        ask.body_len = number;
    }
    rc = host->http(run, &ask, &reply);
    tell(run, word, rc, reply);
    if (ask.fd >= 0)
        close(ask.fd);
    free(body);
    return rc;
}

static muster_rc check(muster_run *run, void *self)
{
    (void)self;
    char *steps = strdup(run->host->text(run, "do")), *rest = steps;
    muster_rc rc = MUSTER_OK;
    for (char *one; rc == MUSTER_OK && (one = strsep(&rest, ";"));)
        rc = step(run, one);
    free(steps);
    return rc;
}

static muster_rc pull(muster_run *run, void *self, const muster_pull *what)
{
    (void)self;
    const muster_host *host = run->host;
    const muster_http *reply = NULL;
    char path[600] = "/people";
    sscanf(host->text(run, "do"), "pull %599[^; ]", path);
    muster_http ask = {.size = sizeof(ask), .method = "GET", .url = url_of(run, path), .fd = -1};
    uint64_t count = 0;
    ask.auth = auth_of(run);
    if (ask.auth && login.where && strcmp(login.where, "json") == 0) {
        ask.method = "POST";
        ask.body = "{}";
        ask.body_len = 2;
    }
    muster_rc rc = host->http(run, &ask, &reply);
    if (rc != MUSTER_OK)
        return rc;
    if (!reply->body)
        return host->fail(run, MUSTER_FAIL, "too many people for this test");
    for (const char *at = reply->body; *at;) {
        size_t len = strcspn(at, "\n");
        if (len > 0) {
            muster_record *record = host->record(run, what->stream, NULL, "");
            host->put_json(record, at, len);
            host->emit(run, record);
            count++;
        }
        at += len + (at[len] == '\n');
    }
    return host->complete(run, count);
}

MUSTER_CONNECTOR(web, .version = "1", .summary = "Calls what it is told", .options = options, .streams = streams,
                 .check = check, .pull = pull)
