/* seat - who sits where, as the organization knows it: what the interface calls the function that returns the
 * workstation number. */
#include "pocservice.h"

#include <stdio.h>
#include <string.h>

static const char *known(const struct service *service, const muster_record *person, const char *field)
{
    const char *text = service->host->get(person, field);
    return text ? text : "";
}

muster_rc seat_find(const struct service *service, const char *site, const char *number, muster_record **ret_person)
{
    const muster_host *host = service->host;
    char id[ID_ROOM], name[ID_ROOM + sizeof(EMPLOYEES) + 1];
    muster_rc rc = MUSTER_OK;
    *ret_person = NULL;
    if (*site && employee_id(site, number, id)) {
        snprintf(name, sizeof(name), "%s/%s", EMPLOYEES, id);
        rc = host->find(service->run, "person", "record", name, ret_person);
    }
    if (rc != MUSTER_OK || *ret_person)
        return rc;
    rc = host->find(service->run, "person", "employee_number", number, ret_person);
    if (rc != MUSTER_OK || !*ret_person || !*site)
        return rc;
    const char *where = known(service, *ret_person, "site_number");
    if (*where && strcmp(where, site) != 0)
        *ret_person = NULL; /* somebody else's number, at another site */
    return rc;
}

static void name_write(const struct service *service, const muster_record *person, char ret_name[TEXT_ROOM])
{
    const char *whole = known(service, person, "display_name"), *given = known(service, person, "given_name"),
               *family = known(service, person, "family_name");
    if (*whole)
        snprintf(ret_name, TEXT_ROOM, "%s", whole);
    else
        snprintf(ret_name, TEXT_ROOM, "%s%s%s", given, *given && *family ? " " : "", family);
}

static muster_rc tell(const struct service *service, const muster_record *person, const char *site, const char *number)
{
    char name[TEXT_ROOM];
    const char *where = known(service, person, "site_number");
    muster_text body = {0};
    name_write(service, person, name);
    muster_text_put(&body, "{");
    answer_member(&body, service_name(service, SITE_NUMBER), *where ? where : site);
    answer_member(&body, service_name(service, EMPLOYEE_NUMBER), number);
    answer_member(&body, "EmployeeName", name);
    answer_member(&body, service_name(service, WORKSTATION_NUMBER), known(service, person, "workstation_number"));
    muster_text_put(&body, "}");
    muster_rc rc = answer_send(service, 200, &body);
    muster_text_done(&body);
    return rc;
}

/* /api/v1/employees/1001/workstation?siteNumber=1 */
muster_rc seat_answer(const struct service *service, const muster_http *inbound)
{
    char number[TEXT_ROOM], site[TEXT_ROOM];
    muster_record *person;
    if (!call_part(inbound, 3, number) || !*number)
        return answer_error(service, 400, "E102", service_name(service, EMPLOYEE_NUMBER),
                            "the employee number is none");
    if (!call_query(inbound, "siteNumber", site))
        site[0] = '\0';
    muster_rc rc = seat_find(service, site, number, &person);
    if (rc == MUSTER_CONFLICT)
        return answer_error(service, 400, "E101", service_name(service, SITE_NUMBER),
                            "several employees have this number: siteNumber must say which one is meant");
    if (rc != MUSTER_OK)
        return rc;
    if (!person)
        return answer_error(service, 404, "E301", service_name(service, EMPLOYEE_NUMBER), "there is no such employee");
    return tell(service, person, site, number);
}
