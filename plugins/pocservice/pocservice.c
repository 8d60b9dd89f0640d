/* pocservice - the data management interface of P.O.C, offered to any HR system that can call it.
 *
 * HR tells one employee at once, or all of them now and then, and asks where
 * somebody sits. The core keeps what was taken before it says so; here calls
 * are answered, and become records when a run takes them. */
#include "pocservice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ONE_MOST = 64 << 10, BATCH_MOST = 16 << 20 };

#define LOGIN                                                                                                          \
    "auth=hmac hmac-sha256 {signature_header} base64 {time}.{method}.{path}.{body} {timestamp_header} 300; "           \
    "key {key_header}"

static const char mapping_in[] =
    "person:\n"
    "  employee_number: EmployeeNumber\n"
    "  site_number: SiteNumber\n"
    "  given_name: FirstName\n"
    "  family_name: { from: Surname, on_null: clear, on_empty: clear }\n"
    "  work_email: { from: Email, lower: true, on_null: clear, on_empty: clear }\n"
    "  mobile_phone: { from: MobileNumber, on_null: clear, on_empty: clear }\n"
    "  phone_extension: { from: Extension, on_null: clear, on_empty: clear }\n"
    "  worker_type:\n"
    "    from: EmployeeType\n"
    "    table: { Employee: employee, External employee: contractor, External: contractor, Contractor: contractor,\n"
    "             Outsource: outsourced, Outsourced: outsourced, Temp employee: temporary, Temp: temporary,\n"
    "             Temporary: temporary, Intern: intern }\n"
    "    otherwise: other\n"
    "  work_mode:\n"
    "    from: JobConfiguration\n"
    "    table: { Full-time office job: office, Office: office, Remote worker: remote, Remote: remote,\n"
    "             Hot desk worker: hot_desk, Hot desk: hot_desk, Hybrid: hybrid }\n"
    "    otherwise: reject\n"
    "  status:\n"
    "    from: EmployeeStatus\n"
    "    table: { Active: active, Inactive: inactive, Vacation: on_leave, Maternity leave: on_leave,\n"
    "             Sick leave: on_leave, Education leave: on_leave, Military leave: on_leave, Lay-off: on_leave,\n"
    "             On leave: on_leave, Relocation: relocation, Terminated: terminated }\n"
    "    otherwise: reject\n"
    "  workstation_number: { from: WorkstationNumber, on_null: clear }\n"
    "  terminated_on: { from: TerminationDate, on_null: clear, on_empty: clear }\n"
    "employment:\n"
    "  title: { from: JobTitle, on_null: clear, on_empty: clear }\n"
    "  department: { unit: department, name: Department }\n"
    "  team: { unit: team, name: Team }\n"
    "  end_date: { from: TerminationDate, on_null: clear, on_empty: clear }\n";

static const muster_option options[] = {
    {.name = "keys",
     .type = MUSTER_LIST,
     .flags = MUSTER_SECRET,
     .doc = "The keys that HR may use; several while one takes the place of another."},
    {.name = "auth",
     .serves = "keys",
     .type = MUSTER_CHOICE,
     .initial = "key",
     .choices = "key|hmac",
     .doc = "How a key is used: sent in a header, or to sign each call with its time."},
    {.name = "anonymous",
     .type = MUSTER_BOOL,
     .initial = "false",
     .doc = "No key is asked for: whoever finds the address may change and read."},
    {.name = "sources",
     .type = MUSTER_LIST,
     .doc = "Addresses that HR calls from, as in 203.0.113.0/24; without it any."},
    {.name = "none_marker",
     .type = MUSTER_TEXT,
     .initial = "-",
     .doc = "What stands for no workstation: it frees the seat."},
    {.name = "date_format",
     .type = MUSTER_TEXT,
     .initial = "YYYY-MM-DD",
     .doc = "How days are written, with YYYY, MM and DD."},
    {.name = "names",
     .type = MUSTER_JSON,
     .flags = MUSTER_ADVANCED,
     .doc = "What fields are called on the wire where it is something else, as in { EmployeeNumber: EmpNo }."},
    {.name = "key_header",
     .serves = "auth=key",
     .type = MUSTER_TEXT,
     .flags = MUSTER_ADVANCED,
     .initial = "X-POC-Key",
     .doc = "The header of auth: key."},
    {.name = "timestamp_header",
     .serves = "auth=hmac",
     .type = MUSTER_TEXT,
     .flags = MUSTER_ADVANCED,
     .initial = "X-POC-Timestamp",
     .doc = "The header with the time, of auth: hmac."},
    {.name = "signature_header",
     .serves = "auth=hmac",
     .type = MUSTER_TEXT,
     .flags = MUSTER_ADVANCED,
     .initial = "X-POC-Signature",
     .doc = "The header with the signature, of auth: hmac."},
    {0}};

static const muster_stream streams[] = {{.name = EMPLOYEES,
                                         .doc = "Whom HR has told of, one by one or together.",
                                         .fields = employee_fields,
                                         .mapping_in = mapping_in,
                                         .kinds = "person employment org_unit",
                                         .flags = MUSTER_READ_CHANGES | MUSTER_CLOSED,
                                         .gone = MUSTER_NEVER},
                                        {0}};

static const muster_route routes[] = {{.method = "POST",
                                       .path = "/api/v1/employees",
                                       .auth = LOGIN,
                                       .secret = "keys",
                                       .replies = 1,
                                       .body_max = ONE_MOST},
                                      {.method = "POST",
                                       .path = "/api/v1/employees/batch",
                                       .auth = LOGIN,
                                       .secret = "keys",
                                       .replies = 1,
                                       .body_max = BATCH_MOST},
                                      {.method = "GET",
                                       .path = "/api/v1/employees/{EmployeeNumber}/workstation",
                                       .auth = LOGIN,
                                       .secret = "keys",
                                       .replies = 1,
                                       .body_max = ONE_MOST},
                                      {0}};

/* ---- options ---- */

static muster_rc check_names(const struct service *service)
{
    const muster_node *root = muster_document_root(service->names);
    if (service->names && root->kind != MUSTER_NODE_OBJECT)
        return service->host->fail(service->run, MUSTER_CONFIG,
                                   "option 'names' must be a map, as in { EmployeeNumber: EmpNo }");
    for (const muster_node *one = muster_node_first(root); one; one = one->next) {
        int n = 0;
        while (n < FIELDS && strcmp(employee_fields[n].name, one->name) != 0)
            n++;
        if (n == FIELDS || one->kind != MUSTER_NODE_TEXT || one->len == 0)
            return service->host->fail(service->run, MUSTER_CONFIG,
                                       "option 'names': '%s' is no field with a name of its own: they are called "
                                       "SiteNumber, EmployeeNumber and so on, as in the connector's manual page",
                                       one->name);
    }
    return MUSTER_OK;
}

static muster_rc check_date_format(const struct service *service)
{
    const char *format = service->date_format;
    if (strlen(format) <= 12 && strstr(format, "YYYY") && strstr(format, "MM") && strstr(format, "DD"))
        return MUSTER_OK;
    return service->host->fail(service->run, MUSTER_CONFIG,
                               "option 'date_format' must have YYYY, MM and DD in it, as in DD.MM.YYYY");
}

static void service_close(muster_run *run, void *self)
{
    struct service *service = self;
    (void)run;
    muster_document_free(service->names);
    free(service);
}

static muster_rc service_open(muster_run *run, void **self)
{
    const muster_host *host = run->host;
    const char *why = NULL, *names = host->text(run, "names");
    struct service *service = calloc(1, sizeof(*service));
    if (!service)
        return host->fail(run, MUSTER_FAIL, "no memory");
    service->run = run;
    service->host = host;
    service->none = host->text(run, "none_marker");
    service->date_format = host->text(run, "date_format");
    if (names && *names)
        service->names = muster_document_read(names, strlen(names), &why);
    muster_rc rc = why ? host->fail(run, MUSTER_CONFIG, "option 'names': %s", why) : check_names(service);
    rc = rc == MUSTER_OK ? check_date_format(service) : rc;
    if (rc == MUSTER_OK)
        *self = service;
    else
        service_close(run, service);
    return rc;
}

static muster_rc service_check(muster_run *run, void *self)
{
    (void)run;
    (void)self;
    return MUSTER_OK; /* it is HR that logs in */
}

/* ---- calls ---- */

static void place_write(const muster_http *inbound, size_t nth, bool batch, char ret_place[PLACE_ROOM])
{
    const char *number = call_header(inbound, "Muster-Event");
    if (batch)
        snprintf(ret_place, PLACE_ROOM, "inbox:%.32s/Employees/%zu", number, nth);
    else
        snprintf(ret_place, PLACE_ROOM, "inbox:%.32s", number);
}

static muster_rc one(const struct service *service, const muster_http *inbound)
{
    struct employee employee = {0};
    char why[SENTENCE] = "", place[PLACE_ROOM];
    muster_rc rc;
    place_write(inbound, 0, false, place);
    if (!read_one(service, inbound, &employee, why))
        rc = call_waits(inbound) ? answer_error(service, 400, "E102", NULL, why)
                                 : service->host->reject(service->run, EMPLOYEES, NULL, place, why);
    else
        rc = call_waits(inbound) ? answer_employee(service, &employee) : employee_emit(service, &employee, place);
    employee_done(&employee);
    return rc;
}

struct batch {
    const struct service *service;
    const muster_http *inbound;
    bool waits;
    size_t total, good, terminated;
    muster_text errors;
    muster_rc rc;
};

static void error_add(struct batch *batch, const struct employee *employee, size_t nth)
{
    char index[32];
    const char *number = employee->values[EMPLOYEE_NUMBER];
    muster_text *body = &batch->errors;
    snprintf(index, sizeof(index), "%s{\"Index\":%zu", body->len > 0 ? "," : "", nth);
    muster_text_put(body, index);
    answer_member(body, "EmployeeNumber", number ? number : "");
    answer_member(body, "Code", employee->faults[0].code);
    muster_text_put(body, ",\"Message\":");
    char message[2 * SENTENCE];
    const char *field = service_name(batch->service, employee->faults[0].field);
    snprintf(message, sizeof(message), "%s %s", field, employee->faults[0].why);
    muster_text_json(body, message);
    answer_member(body, "Field", field);
    muster_text_put(body, "}");
}

static bool batch_take(void *context, struct employee *employee, size_t nth)
{
    struct batch *batch = context;
    char place[PLACE_ROOM];
    batch->total++;
    if (!batch->waits) {
        place_write(batch->inbound, nth, true, place);
        batch->rc = employee_emit(batch->service, employee, place);
        return batch->rc == MUSTER_OK;
    }
    if (employee->fault_count > 0) {
        error_add(batch, employee, nth);
        return true;
    }
    batch->good++;
    batch->terminated += employee->date[0] != '\0' && strcmp(employee->date, batch->service->today) <= 0;
    return true;
}

/* What nobody can use is not kept. */
static muster_rc batch_answer(struct batch *batch)
{
    muster_text body = {0};
    char counts[160];
    bool all = batch->good == batch->total;
    snprintf(counts, sizeof(counts), ",\"Total\":%zu,\"Accepted\":%zu,\"Terminated\":%zu,\"Errors\":[", batch->total,
             batch->good, batch->terminated);
    muster_text_put(&body, "{");
    answer_member(&body, "Status", all ? "OK" : batch->good > 0 ? "PARTIAL" : "ERROR");
    muster_text_put(&body, counts);
    muster_text_add(&body, batch->errors.data ? batch->errors.data : "", batch->errors.len);
    muster_text_put(&body, "]}");
    body.failed |= batch->errors.failed;
    muster_rc rc = answer_send(batch->service, all || batch->good > 0 ? 200 : 400, &body);
    muster_text_done(&body);
    return rc;
}

static muster_rc many(const struct service *service, const muster_http *inbound)
{
    struct batch batch = {.service = service, .inbound = inbound, .waits = call_waits(inbound)};
    char why[SENTENCE] = "", place[PLACE_ROOM];
    bool good = read_batch(service, inbound, batch_take, &batch, why);
    muster_rc rc = batch.rc;
    place_write(inbound, 0, false, place);
    if (rc == MUSTER_OK && good && batch.waits)
        rc = batch_answer(&batch);
    else if (rc == MUSTER_OK && !good)
        rc = batch.waits ? answer_error(service, 400, "E102", NULL, why)
                         : service->host->reject(service->run, EMPLOYEES, NULL, place, why);
    muster_text_done(&batch.errors);
    return rc;
}

static muster_rc service_receive(muster_run *run, void *self, const muster_http *const *inbound, size_t n)
{
    struct service *service = self;
    muster_rc rc = MUSTER_OK;
    time_t now = (time_t)(run->host->now_ms(run) / 1000);
    struct tm parts;
    service->run = run;
    gmtime_r(&now, &parts);
    strftime(service->today, sizeof(service->today), "%Y-%m-%d", &parts);
    for (size_t i = 0; i < n && rc == MUSTER_OK; i++) {
        char last[TEXT_ROOM];
        if (strcmp(inbound[i]->method, "GET") == 0)
            rc = seat_answer(service, inbound[i]);
        else if (call_part(inbound[i], 3, last) && strcmp(last, "batch") == 0)
            rc = many(service, inbound[i]);
        else
            rc = one(service, inbound[i]);
    }
    return rc;
}

MUSTER_CONNECTOR(pocservice, .version = "1.0",
                 .summary = "Takes in what HR systems tell by the data management interface of P.O.C",
                 .options = options, .streams = streams, .routes = routes, .open = service_open, .close = service_close,
                 .check = service_check, .receive = service_receive)
