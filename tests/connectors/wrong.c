/* wrong - a little connector, and many that are like it but for one fault: which, its own file name says (the test
 * copies it under each name). For the tests of muster-conform.
 *
 * The system that it reads answers GET /ping with "pong", and GET
 * /people?page=N with a line "NUMBER NAME DAY" for each, and "next" or "end"
 * as the last one. */
#include "wrong.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char name[100];

__attribute__((constructor)) static void construct(void)
{
    Dl_info info;
    if (!dladdr(name, &info))
        abort();
    snprintf(name, sizeof(name), "%s", strrchr(info.dli_fname, '/') + 1);
    name[strcspn(name, ".")] = '\0';
    if (strcmp(name, "c13_loading") == 0)
        close(open("/etc/passwd", O_RDONLY));
}

int is(const char *fault)
{
    return strcmp(name, fault) == 0;
}

static muster_option options[] = {
    {"base_url", NULL, "Where the system is.", NULL, MUSTER_URL, MUSTER_REQUIRED, 0, 0, NULL, NULL, NULL},
    {"key", NULL, "What proves that it is us.", NULL, MUSTER_TEXT, MUSTER_SECRET, 0, 0, NULL, NULL, NULL},
    {"pages", "5", "How many pages there may be.", NULL, MUSTER_INTEGER, 0, 1, 9, NULL, NULL, NULL},
    {"order", "up", "Which way they are read.", "up|down", MUSTER_CHOICE, 0, 0, 0, NULL, NULL, NULL},
    {"more", NULL, "Something else.", NULL, MUSTER_TEXT, 0, 0, 0, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, 0, 0, 0, 0, NULL, NULL, NULL}};
static muster_field fields[] = {{"number", "The number.", NULL, MUSTER_TEXT, MUSTER_ID},
                                {"name", "What people call them.", NULL, MUSTER_TEXT, 0},
                                {"since", "The first day.", NULL, MUSTER_DATE, 0},
                                {"boss", "To whom they report.", "people", MUSTER_REF, 0},
                                {NULL, NULL, NULL, 0, 0}};
static muster_stream streams[] = {
    {"people", "Everybody.", fields,
     "key: number\n"
     "person: { employee_number: number, given_name: name, family_name: name, status: { const: active } }\n"
     "require: [employee_number]",
     NULL, "person", NULL, MUSTER_READ_FULL, MUSTER_BY_ABSENCE, 0},
    {NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0}};

static muster_rc call(muster_run *run, const char *method, const char *path, const muster_http **reply)
{
    char url[500];
    snprintf(url, sizeof(url), "%s%s", run->host->text(run, "base_url"), path);
    muster_http ask = {.size = sizeof(ask), .method = method, .url = url, .fd = -1};
    return run->host->http(run, &ask, reply);
}

static muster_rc check(muster_run *run, void *self)
{
    const muster_http *reply = NULL;
    (void)self;
    if (is("c18"))
        return run->host->fail(run, MUSTER_CONFIG, "not like this");
    muster_rc rc = call(run, is("c20") ? "DELETE" : "GET", "/ping", &reply);
    return rc != MUSTER_OK && is("c19") ? run->host->fail(run, MUSTER_FAIL, "no") : rc;
}

static void person(muster_run *run, const char *number, const char *called, const char *since)
{
    char own[100];
    if (is("s2_rejects")) {
        run->host->reject(run, "people", number, "", "nobody takes this one");
        return;
    }
    snprintf(own, sizeof(own), "%s-%d", called, (int)getpid());
    const char *id = is("s4") ? "007" : is("s18") ? number + strspn(number, "0") : number;
    muster_record *record = run->host->record(run, is("s19") ? "persons" : "people", id, "");
    run->host->put(record, "number", MUSTER_TEXT, number);
    run->host->put(record, "name", MUSTER_TEXT,
                   is("s8")    ? own
                   : is("c24") ? run->host->text(run, "key")
                   : is("c26") ? "Caf\xe9"
                               : called);
    run->host->put(record, "since", MUSTER_DATE, is("s5") ? "3.2.2001" : since);
    if (!is("s7"))
        run->host->put(record, "boss", MUSTER_REF, number);
    if (is("s6"))
        run->host->put(record, "extra", MUSTER_TEXT, number);
    if (is("c22"))
        run->host->log(run, MUSTER_INFO, "read %s", called);
    run->host->emit(run, record);
}

/* A page. Returns 1: there is another one, 0: that was the last, or a failure. */
static muster_rc page(muster_run *run, const char *text, uint64_t limit, uint64_t *count)
{
    char number[20], called[40], since[20];
    for (; *text && (limit == 0 || *count < limit); text += strcspn(text, "\n") + 1) {
        if (strncmp(text, "next", 4) == 0 || strncmp(text, "end", 3) == 0)
            return *text == 'n';
        if (sscanf(text, "%19s %39s %19s", number, called, since) != 3 || number[0] != '0')
            break;
        if (is("s2"))
            continue;
        person(run, number, called, since);
        ++*count;
    }
    if (is("s13") || (limit && *count == limit))
        return 0;
    return is("c21") ? MUSTER_DATA : run->host->fail(run, MUSTER_DATA, "a page without its end");
}

static muster_rc failed(muster_run *run, muster_rc rc)
{
    if (is("s11"))
        return MUSTER_OK;
    if (is("s12") && rc == MUSTER_RETRY)
        return run->host->fail(run, MUSTER_FAIL, "something went wrong");
    if (is("s14") && rc == MUSTER_AUTH)
        return run->host->fail(run, MUSTER_CONFIG, "something is wrong");
    return rc;
}

static muster_rc changes(muster_run *run, const char *cursor)
{
    if (strcmp(cursor, "c1") != 0 && !is("s10"))
        return run->host->fail(run, MUSTER_DATA, "this cursor is none of ours");
    return run->host->changes(run, 0);
}

/* What does not fit is cut off by the host, and not in the middle of a character. */
static muster_rc long_fail(muster_run *run)
{
    char text[2000] = "ee";
    for (size_t at = 2; at + 3 < sizeof(text); at += 2)
        memcpy(text + at, "\xc3\xa9", 3);
    return run->host->fail(run, MUSTER_DATA, "%s", text);
}

static muster_rc pull(muster_run *run, void *self, const muster_pull *what)
{
    const muster_http *reply = NULL;
    uint64_t count = 0;
    muster_rc rc = 1;
    (void)self;
    if (strcmp(what->stream, "people") != 0 && is("s17"))
        return run->host->complete(run, 0);
    if (strcmp(what->stream, "people") != 0 && is("c23"))
        raise(SIGKILL);
    if (strcmp(what->stream, "people") != 0)
        return run->host->fail(run, MUSTER_UNSUPPORTED, "there are only people");
    if (!what->full && what->cursor)
        return changes(run, what->cursor);
    int round = strncmp(name, "s23", 3) == 0;
    for (int nth = 1; rc == 1 || (round && rc != MUSTER_CANCELLED); nth += !round) {
        char path[40];
        snprintf(path, sizeof(path), "/people?page=%d", nth);
        rc = call(run, "GET", path, &reply);
        rc = rc == MUSTER_OK ? page(run, reply->body, what->limit, &count) : failed(run, rc);
    }
    if (rc != MUSTER_OK)
        return rc;
    if (streams[0].flags & MUSTER_READ_CHANGES && !is("s9"))
        run->host->cursor(run, "c1");
    if (what->limit && !is("s15"))
        return run->host->partial(run, "a sample");
    if (is("s3_changes"))
        return run->host->changes(run, count);
    if (is("c13_tried")) /* refused, and it does not mind */
        close(socket(AF_INET, SOCK_STREAM, 0));
    if (is("c13_open"))
        close(open("/etc/passwd", O_RDONLY));
    if (is("c13_fopen") && fopen("/etc/hostname", "re"))
        abort();
    if (is("c13_fork") && fork() == 0)
        _exit(0);
    if (is("c13_popen") && popen("/bin/true", "re"))
        abort();
    if (is("c26_log"))
        run->host->log(run, MUSTER_INFO, "%s", "caf\xe9");
    if (is("c26_long"))
        return long_fail(run);
    if (is("c26_fail"))
        return run->host->fail(run, MUSTER_DATA, "%s", "the caf\xe9 is closed");
    if (is("c21_rejected") && run->host->reject(run, "people", "010", "", "") == MUSTER_OK)
        count++;
    return run->host->complete(run, count + is("s3"));
}

static muster_rc get(muster_run *run, void *self, const muster_pull *what, const char *const *ids, size_t n)
{
    (void)self, (void)what;
    for (size_t i = 0; i < n && !is("s16"); i++)
        if (ids[i][0] == '0')
            person(run, ids[i], "Annabel", "2001-02-03");
        else
            run->host->gone(run, "people", ids[i]);
    return MUSTER_OK;
}

static muster_rc partitions(muster_run *run, void *self)
{
    (void)self;
    run->host->partition(run, "main", NULL, NULL);
    if (is("s1"))
        run->host->partition(run, "main", NULL, NULL);
    return run->host->complete(run, is("s1") ? 2 : 1);
}

/* Those that write: POST /people and PATCH /people/ID, with the number; the answer is the id. */
static int writes(void)
{
    return is("target") || is("finder") || writes_whole() || is("t_c21") ||
           (name[0] == 't' && name[1] >= '0' && name[1] <= '9');
}

static muster_rc answer(muster_run *run, const muster_change *change, muster_rc rc, const muster_http *reply)
{
    if ((is("t7") && rc != MUSTER_OK) || (is("t5") && rc == MUSTER_GONE))
        return run->host->applied(run, change, "1");
    if (rc == MUSTER_AUTH || rc == MUSTER_RETRY)
        return rc;
    if (rc == MUSTER_CONFLICT && is("t2_found"))
        return run->host->applied(run, change, "2");
    if (rc == MUSTER_CONFLICT && is("t2"))
        rc = MUSTER_DATA;
    if (rc != MUSTER_OK)
        return run->host->refused(run, change, rc, is("t_c21") ? NULL : "not taken");
    if (is("t1_twice"))
        run->host->applied(run, change, reply->body);
    return run->host->applied(run, change, is("t1") ? NULL : reply->body);
}

static muster_rc change_send(muster_run *run, const muster_change *change, const muster_http **reply)
{
    char url[500], body[500];
    const char *number = change->after ? run->host->get(change->after, "number") : NULL;
    const char *called = change->remote_id && change->after ? run->host->get(change->after, "name") : NULL;
    snprintf(url, sizeof(url), "%s/people%s%s", run->host->text(run, "base_url"), change->remote_id ? "/" : "",
             change->remote_id ? change->remote_id : "");
    snprintf(body, sizeof(body), "%s%s%s", number ? number : "-", called ? " " : "", called ? called : "");
    muster_http ask = {.size = sizeof(ask), .method = change->remote_id ? "PATCH" : "POST", .url = url, .fd = -1};
    ask.body = body;
    ask.body_len = strlen(body);
    return run->host->http(run, &ask, reply);
}

static muster_rc one(muster_run *run, const muster_change *change)
{
    const muster_http *reply = NULL;
    const char *number = change->after ? run->host->get(change->after, "number") : NULL;
    if (is("t6") && change->op == MUSTER_UPDATE)
        return MUSTER_OK;
    if ((is("t3") && change->op == MUSTER_UPDATE) || (is("t4") && change->op == MUSTER_DEACTIVATE))
        return run->host->refused(run, change, MUSTER_UNSUPPORTED, "not this");
    muster_rc rc = change_send(run, change, &reply);
    if ((is("t13") || is("target")) && rc == MUSTER_OK && number) {
        muster_record *record = run->host->record(run, is("t13") ? "persons" : "people", number, "");
        run->host->put(record, "number", MUSTER_TEXT, number);
        run->host->emit(run, record);
    }
    return answer(run, change, rc, reply);
}

/* Those that gather, and are right as long as there is one. */
struct gathered {
    const muster_change *change;
    muster_rc rc;
    char id[20];
};

static void gathered_spoil(struct gathered *rows, size_t count)
{
    struct gathered first = rows[0];
    size_t bad = 0;
    while (bad < count && rows[bad].rc == MUSTER_OK)
        bad++;
    for (size_t i = 0; is("t10") && bad < count && i < count; i++)
        rows[i].rc = rows[bad].rc;
    for (size_t i = 0; (is("t11") || (is("t10_wrong") && bad < count)) && i < count; i++) {
        const struct gathered *other = i + 1 < count ? &rows[i + 1] : &first;
        rows[i].rc = other->rc;
        snprintf(rows[i].id, sizeof(rows[i].id), "%s", other->id);
    }
    if (is("t12_code") && count == 2)
        rows[1].rc = MUSTER_DATA;
}

static muster_rc gathered_answer(muster_run *run, struct gathered *rows, size_t count)
{
    if (count > 1)
        gathered_spoil(rows, count);
    for (size_t i = 0; i < count && !(is("t6_batch") && count > 1 && i + 1 == count); i++) {
        muster_rc rc = rows[i].rc == MUSTER_OK ? run->host->applied(run, rows[i].change, rows[i].id)
                                               : run->host->refused(run, rows[i].change, rows[i].rc, "not taken");
        if (rc != MUSTER_OK)
            return rc;
        if (is("t10_ends") && rows[i].rc != MUSTER_OK && count > 1)
            return run->host->fail(run, rows[i].rc, "one was not taken");
    }
    return MUSTER_OK;
}

static int gathers(void)
{
    return strncmp(name, "t10", 3) == 0 || strncmp(name, "t11", 3) == 0 || strncmp(name, "t12", 3) == 0 ||
           is("t6_batch") || is("t7_batch");
}

static muster_rc gathered_apply(muster_run *run)
{
    struct gathered rows[GATHERED_MOST];
    const muster_change *change = NULL;
    const muster_http *reply = NULL;
    size_t count = 0;
    muster_rc rc = MUSTER_OK;
    while (count < GATHERED_MOST && (rc = run->host->next(run, &change)) == MUSTER_OK && change)
        rows[count++].change = change;
    for (size_t n = 0; n < count && rc == MUSTER_OK; n++) {
        struct gathered *row = &rows[is("t12") ? count - 1 - n : n];
        row->rc = change_send(run, row->change, &reply);
        if (n > 0 && row->rc == MUSTER_RETRY && is("t7_batch"))
            row->rc = MUSTER_OK;
        snprintf(row->id, sizeof(row->id), "%s",
                 row->rc == MUSTER_OK && reply->body && *reply->body ? reply->body : "0");
        rc = row->rc == MUSTER_AUTH || row->rc == MUSTER_RETRY ? row->rc : MUSTER_OK;
    }
    return rc == MUSTER_OK ? gathered_answer(run, rows, count) : rc;
}

static muster_rc apply(muster_run *run, void *self, const muster_push *push)
{
    const muster_change *change = NULL;
    muster_rc rc;
    (void)self, (void)push;
    if (writes_whole())
        return whole_apply(run);
    if (gathers())
        return gathered_apply(run);
    while ((rc = run->host->next(run, &change)) == MUSTER_OK && change)
        if ((rc = one(run, change)) != MUSTER_OK)
            return rc;
    return rc;
}

/* Among those of both pages. */
static muster_rc find_read(muster_run *run, const char *stream, const char *wanted)
{
    static const char *const pages[] = {"/people?page=1", "/people?page=2"};
    char number[20], called[40], since[20];
    const muster_http *reply = NULL;
    muster_rc rc = MUSTER_OK;
    for (size_t i = 0; i < 2 && rc == MUSTER_OK; i++) {
        rc = call(run, "GET", pages[i], &reply);
        for (const char *text = rc == MUSTER_OK ? reply->body : ""; *text; text += strcspn(text, "\n") + 1) {
            if (sscanf(text, "%19s %39s %19s", number, called, since) != 3 ||
                (strcmp(number, wanted) != 0 && !is("s24_any")))
                continue;
            muster_record *row = run->host->record(run, stream, number, "");
            run->host->put(row, "number", MUSTER_TEXT, number);
            run->host->put(row, "name", MUSTER_TEXT, is("s24") ? "Somebody" : called);
            run->host->row(run, row);
        }
    }
    return rc;
}

/* GET /people/number/NUMBER: the id. */
static muster_rc find(muster_run *run, void *self, const char *stream, const muster_record *wanted)
{
    const muster_http *reply = NULL;
    char path[100];
    (void)self;
    if (!writes())
        return find_read(run, stream, run->host->get(wanted, "number"));
    snprintf(path, sizeof(path), "/people/number/%s", run->host->get(wanted, "number"));
    muster_rc rc = is("t8") ? MUSTER_GONE : call(run, "GET", path, &reply);
    if (rc != MUSTER_OK)
        return rc == MUSTER_GONE ? MUSTER_OK : rc;
    muster_record *row = run->host->record(run, stream, reply->body, "");
    if (is("t8_lies"))
        run->host->put(row, "number", MUSTER_TEXT, "another");
    return run->host->row(run, row);
}

/* Those that receive: a line as of a page in each event. */
static muster_route routes[] = {{"POST", "/people", NULL, NULL, "/number", 0, 1000},
                                {NULL, NULL, NULL, NULL, NULL, 0, 0}};

static int receives(void)
{
    return is("receiver") || (name[0] == 'r' && name[1] >= '0' && name[1] <= '9');
}

static muster_rc receive(muster_run *run, void *self, const muster_http *const *inbound, size_t n)
{
    static int nth;
    (void)self;
    for (size_t i = 0; i < n; i++) {
        char number[20], called[40], since[20], own[40];
        if (sscanf(inbound[i]->body, "%19s %39s %19s", number, called, since) == 3) {
            snprintf(own, sizeof(own), "%s-%d", number, is("r3") ? nth++ : (int)n);
            if (!is("r2"))
                person(run, is("r3") || is("r4") ? own : number, called, since);
        } else if (is("r5")) {
            return run->host->fail(run, MUSTER_DATA, "this is no event");
        } else {
            run->host->reject(run, "people", NULL, inbound[i]->url, "this is no event");
        }
    }
    return MUSTER_OK;
}

/* Where somebody is, whoever it is. */
static muster_option where_arguments[] = {
    {"number", NULL, "Whose, by number.", NULL, MUSTER_TEXT, MUSTER_REQUIRED, 0, 0, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, 0, 0, 0, 0, NULL, NULL, NULL}};
static muster_field where_answer[] = {{"room", "The room's number.", NULL, MUSTER_INTEGER, 0},
                                      {"since", "Since which day.", NULL, MUSTER_DATE, 0},
                                      {NULL, NULL, NULL, 0, 0}};
static muster_verb lookups[] = {{"where", "Where somebody is.", where_arguments, where_answer},
                                {"badge", "Whether somebody has a badge.", where_arguments, where_answer},
                                {NULL, NULL, NULL, NULL}};

static muster_rc lookup(muster_run *run, void *self, const char *what, const muster_record *arguments)
{
    (void)self;
    if (strcmp(what, "badge") == 0)
        return run->host->fail(run, MUSTER_UNSUPPORTED, "it has no badges");
    if (strcmp(run->host->get(arguments, "number"), "007") != 0 || is("c25_fails"))
        return run->host->fail(run, MUSTER_GONE, "nobody has that number");
    muster_record *row = run->host->record(run, "", NULL, "");
    run->host->put(row, is("c25") ? "floor" : "room", MUSTER_INTEGER, is("c25_written") ? "one" : "1");
    return run->host->row(run, row);
}

static muster_rc discover(muster_run *run, void *self)
{
    char own[40];
    (void)self;
    snprintf(own, sizeof(own), "field-%d", (int)getpid());
    muster_rc rc = run->host->stream(run, &streams[0]);
    for (const muster_field *field = fields; rc == MUSTER_OK && field->name; field++) {
        muster_field told = {field->name, NULL, NULL, field->type, 0};
        if (is("s21") && field == fields)
            told.name = "name";
        if (is("s22_type") && strcmp(field->name, "since") == 0)
            told.type = MUSTER_INTEGER;
        if (!is("s22") || field != fields)
            rc = run->host->field(run, "people", &told);
    }
    if (is("s21_twice"))
        rc = run->host->field(run, "people", &(muster_field){own, NULL, NULL, MUSTER_TEXT, 0});
    return rc;
}

/* Whether it has a fault of this rule, or none. */
static int of(const char *rule)
{
    return is("right") || strncmp(name, rule, strlen(rule)) == 0;
}

static int asked(void)
{
    return of("c25") || is("c5_answer") || is("c8_answer");
}

static muster_connector described;

static void tables_spoil(void)
{
    static muster_field none[] = {{NULL, NULL, NULL, 0, 0}};
    muster_option *more = &options[4];
    if (is("c4"))
        more->doc = NULL;
    if (is("c1_text"))
        more->doc = "Caf\xe9s.";
    if (is("c5"))
        more->name = "More Things";
    if (is("c6"))
        more->name = "api_token";
    if (is("c7"))
        options[3].initial = "sideways";
    if (is("c8"))
        more->flags = 0x4000;
    if (is("c5_answer"))
        where_answer[1].name = "room";
    if (is("c8_rule")) {
        options[3].serves = "pages; !order=sideways key";
        options[4].needed = "@nobody nothing";
    }
    if (is("c8_answer"))
        where_answer[1].type = 99;
    if (is("c8_field"))
        fields[1].type = MUSTER_SECONDS;
    if (is("c8_kinds"))
        streams[0].kinds = "person employments";
    if (is("c8_gone"))
        streams[0].gone = 0;
    if (is("c8_event"))
        streams[0].gone = MUSTER_BY_EVENT;
    if (is("s20"))
        streams[0].mapping_in = "key: number\nperson: { employee_number: number, family_name: nmae }";
    if (is("c10"))
        fields[3].to = "bosses";
    if (is("c11"))
        fields[0].flags = 0;
    if (is("s9") || is("s10") || is("c17") || is("right"))
        streams[0].flags |= MUSTER_READ_CHANGES;
    if (writes())
        streams[0].flags |= MUSTER_WRITE;
    if (writes_whole() && !in_sets())
        streams[0].flags |= MUSTER_SNAPSHOT;
    if (in_sets()) {
        streams[0].flags |= MUSTER_REPEAT_SAFE;
        streams[0].set = "since";
    }
    if (is("r1"))
        routes[0].path = "people";
    if (is("r1_method"))
        routes[0].method = "PSOT";
    if (is("r1_key"))
        routes[0].key = "number";
    if (is("r1_encoding") || is("r1_word") || is("r1_time")) {
        routes[0].secret = "key";
        routes[0].auth = is("r1_encoding") ? "bearer; more=up hmac-sha256 X-Signature base32"
                         : is("r1_word")   ? "hmac-sha256 X-Signature hex {tme}.{body} X-Time 300"
                                           : "hmac-sha256 X-Signature hex {time}.{body} X-Time";
    }
    if (is("c12"))
        streams[0].mapping_in = "key: number\nperson: { nonsense: number }";
    if (is("c17"))
        fields[2] = none[0];
}

__attribute__((visibility("default"))) const muster_connector *muster_connector_entry(void);
const muster_connector *muster_connector_entry(void)
{
    static char summary[100] = "A little system.";
    tables_spoil();
    if (is("c3"))
        snprintf(summary, sizeof(summary), "Process %d.", (int)getpid());
    described = (muster_connector){.magic = MUSTER_MAGIC,
                                   .size = sizeof(described),
                                   .abi_major = MUSTER_ABI_MAJOR,
                                   .abi_minor = MUSTER_ABI_MINOR,
                                   .needs_minor = MUSTER_NEEDS_MINOR,
                                   .option_size = sizeof(muster_option),
                                   .field_size = sizeof(muster_field),
                                   .stream_size = sizeof(muster_stream),
                                   .verb_size = sizeof(muster_verb),
                                   .route_size = sizeof(muster_route),
                                   .needs = is("c13")   ? MUSTER_NEEDS_FILES
                                            : is("c24") ? MUSTER_NEEDS_SECRETS
                                                        : 0,
                                   .name = is("c1") ? "another" : name,
                                   .version = is("c27") ? "v1 beta" : "1.0",
                                   .summary = summary,
                                   .hosts = is("c14") ? "*.com" : NULL,
                                   .options = options,
                                   .streams = streams,
                                   .check = is("c15") ? NULL : check,
                                   .partitions = is("s1") || is("right") ? partitions : NULL,
                                   .apply = writes() ? apply : NULL,
                                   .find = is("finder") || is("t2_found") || of("t8") || of("s24") ? find : NULL,
                                   .discover = of("s21") || of("s22") ? discover : NULL,
                                   .lookups = asked() || is("c9_table") ? lookups : NULL,
                                   .routes = receives() ? routes : NULL,
                                   .receive = receives() ? receive : NULL,
                                   .pull = is("c9") || receives() ? NULL : pull,
                                   .get = is("s16") || is("right") ? get : NULL,
                                   .lookup = asked() || is("c9") ? lookup : NULL};
    return &described;
}
