/* answer - what who calls is told: JSON, whatever the call was written in. */
#include "pocservice.h"

#include <stdio.h>
#include <string.h>

muster_rc answer_send(const struct service *service, int status, muster_text *body)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    muster_text_put(body, "\n");
    if (body->failed)
        return service->host->fail(service->run, MUSTER_FAIL, "no memory for an answer");
    const muster_http reply = {.size = sizeof(reply),
                               .status = status,
                               .headers = headers,
                               .body = body->data,
                               .body_len = body->len,
                               .fd = -1};
    return service->host->answer(service->run, &reply);
}

void answer_member(muster_text *body, const char *name, const char *text)
{
    if (body->len > 0 && body->data[body->len - 1] != '{')
        muster_text_put(body, ",");
    muster_text_json(body, name);
    muster_text_put(body, ":");
    muster_text_json(body, text);
}

muster_rc answer_error(const struct service *service, int status, const char *code, const char *field, const char *why)
{
    muster_text body = {0};
    muster_text_put(&body, "{");
    answer_member(&body, "Status", "ERROR");
    answer_member(&body, "Code", code);
    answer_member(&body, "Message", why);
    if (field)
        answer_member(&body, "Field", field);
    muster_text_put(&body, "}");
    muster_rc rc = answer_send(service, status, &body);
    muster_text_done(&body);
    return rc;
}

static void fault_members(const struct service *service, const struct fault *fault, muster_text *body)
{
    char message[2 * SENTENCE];
    const char *field = service_name(service, fault->field);
    snprintf(message, sizeof(message), "%s %s", field, fault->why);
    answer_member(body, "Code", fault->code);
    answer_member(body, "Message", message);
    answer_member(body, "Field", field);
}

void answer_fault(const struct service *service, const struct fault *fault, muster_text *body)
{
    muster_text_put(body, "{");
    fault_members(service, fault, body);
    muster_text_put(body, "}");
}

/* The first as the interface has it, and all of them beside it. */
static muster_rc refuse(const struct service *service, const struct employee *employee)
{
    size_t count = employee->fault_count < FAULTS ? employee->fault_count : FAULTS;
    muster_text body = {0};
    muster_text_put(&body, "{");
    answer_member(&body, "Status", "ERROR");
    fault_members(service, &employee->faults[0], &body);
    muster_text_put(&body, ",\"Errors\":[");
    for (size_t n = 0; n < count; n++) {
        muster_text_put(&body, n > 0 ? "," : "");
        answer_fault(service, &employee->faults[n], &body);
    }
    muster_text_put(&body, "]}");
    muster_rc rc = answer_send(service, 400, &body);
    muster_text_done(&body);
    return rc;
}

/* What is recommended and not there. */
static void warnings(const struct service *service, const struct employee *employee, muster_text *body)
{
    static const enum field recommended[] = {SURNAME, DEPARTMENT};
    bool some = false;
    for (size_t n = 0; n < sizeof(recommended) / sizeof(*recommended); n++) {
        const char *text = employee->values[recommended[n]];
        if (text && *text)
            continue;
        muster_text_put(body, some ? ",{" : ",\"Warnings\":[{");
        answer_member(body, "Field", service_name(service, recommended[n]));
        answer_member(body, "Message", "is recommended");
        muster_text_put(body, "}");
        some = true;
    }
    muster_text_put(body, some ? "]" : "");
}

muster_rc answer_employee(const struct service *service, const struct employee *employee)
{
    const char *seat = employee->values[WORKSTATION_NUMBER];
    muster_record *person = NULL;
    muster_text body = {0};
    if (employee->fault_count > 0)
        return refuse(service, employee);
    muster_rc rc = seat_find(service, employee->values[SITE_NUMBER], employee->values[EMPLOYEE_NUMBER], &person);
    if (rc != MUSTER_OK && rc != MUSTER_CONFLICT)
        return rc;
    if (seat && strcmp(seat, service->none) == 0)
        seat = "";
    else if (!seat || !*seat)
        seat = person ? service->host->get(person, "workstation_number") : NULL;
    muster_text_put(&body, "{");
    answer_member(&body, "Status", "OK");
    answer_member(&body, "Action", person ? "updated" : "created");
    answer_member(&body, "WorkstationNumber", seat ? seat : "");
    warnings(service, employee, &body);
    muster_text_put(&body, "}");
    rc = answer_send(service, 200, &body);
    muster_text_done(&body);
    return rc;
}
