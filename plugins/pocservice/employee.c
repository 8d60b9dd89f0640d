/* employee - what is said of somebody, what is wrong with it, and the record that it becomes. */
#include "pocservice.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_MOST = 80, VALUE_MOST = 400 };

const muster_field employee_fields[] = {
    {.name = "SiteNumber", .type = MUSTER_TEXT, .flags = MUSTER_ID, .doc = "The building; mandatory."},
    {.name = "EmployeeNumber",
     .type = MUSTER_TEXT,
     .flags = MUSTER_ID,
     .doc = "Who it is, within the site; mandatory."},
    {.name = "FirstName", .type = MUSTER_TEXT, .doc = "The first name; mandatory."},
    {.name = "Surname", .type = MUSTER_TEXT, .doc = "The surname; recommended."},
    {.name = "Department", .type = MUSTER_TEXT, .doc = "The department's name; recommended."},
    {.name = "Team", .type = MUSTER_TEXT, .doc = "The team's name."},
    {.name = "EmployeeType", .type = MUSTER_TEXT, .doc = "External employee, Outsource, Temp employee; an open list."},
    {.name = "JobConfiguration", .type = MUSTER_TEXT, .doc = "Full-time office job, Remote worker; an open list."},
    {.name = "JobTitle", .type = MUSTER_TEXT, .doc = "CEO, VP, Manager."},
    {.name = "EmployeeStatus", .type = MUSTER_TEXT, .doc = "Active, Inactive, Vacation, Relocation; an open list."},
    {.name = "MobileNumber", .type = MUSTER_TEXT, .doc = "The mobile number."},
    {.name = "Extension", .type = MUSTER_TEXT, .doc = "The extension of the fixed line."},
    {.name = "Email", .type = MUSTER_TEXT, .doc = "The e-mail address."},
    {.name = "WorkstationNumber", .type = MUSTER_TEXT, .doc = "The seat; without it everybody stays where they are."},
    {.name = "TerminationDate", .type = MUSTER_DATE, .doc = "The day on which the employment ends or has ended."},
    {.name = "Hierarchy1", .type = MUSTER_TEXT, .doc = "Level 1 of Hierarchies."},
    {.name = "Hierarchy2", .type = MUSTER_TEXT, .doc = "Level 2 of Hierarchies."},
    {.name = "Hierarchy3", .type = MUSTER_TEXT, .doc = "Level 3 of Hierarchies."},
    {.name = "Hierarchy4", .type = MUSTER_TEXT, .doc = "Level 4 of Hierarchies."},
    {.name = "Hierarchy5", .type = MUSTER_TEXT, .doc = "Level 5 of Hierarchies."},
    {.name = "Hierarchy6", .type = MUSTER_TEXT, .doc = "Level 6 of Hierarchies."},
    {.name = "Hierarchy7", .type = MUSTER_TEXT, .doc = "Level 7 of Hierarchies."},
    {.name = "Hierarchy8", .type = MUSTER_TEXT, .doc = "Level 8 of Hierarchies."},
    {.name = "Hierarchy9", .type = MUSTER_TEXT, .doc = "Level 9 of Hierarchies."},
    {0}};

const char *service_name(const struct service *service, enum field field)
{
    const char *name = employee_fields[field].name;
    const char *other = muster_node_text(muster_node_member(muster_document_root(service->names), name));
    return other ? other : name;
}

void employee_fault(struct employee *employee, const char *code, enum field field, const char *format, ...)
{
    size_t nth = employee->fault_count++;
    va_list args;
    if (nth >= FAULTS)
        return;
    employee->faults[nth] = (struct fault){.code = code, .field = field};
    va_start(args, format);
    vsnprintf(employee->faults[nth].why, SENTENCE, format, args);
    va_end(args);
}

/* Without what stands around it. */
static char *trimmed(const char *text)
{
    size_t len = strlen(text);
    while (len > 0 && (unsigned char)text[len - 1] <= ' ')
        len--;
    while (len > 0 && (unsigned char)*text <= ' ') {
        text++;
        len--;
    }
    return strndup(text, len);
}

bool employee_put(struct employee *employee, enum field field, const char *text)
{
    free(employee->values[field]);
    employee->gone[field] = text == NULL;
    employee->values[field] = trimmed(text ? text : "");
    return employee->values[field] != NULL;
}

void employee_done(struct employee *employee)
{
    for (size_t n = 0; n < FIELDS; n++)
        free(employee->values[n]);
    *employee = (struct employee){0};
}

/* ---- whether it can be ---- */

static const char *said(const struct employee *employee, enum field field)
{
    return employee->values[field] ? employee->values[field] : "";
}

static bool has_control(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return true;
    return false;
}

static void check_text(struct employee *employee, enum field field)
{
    const char *text = said(employee, field);
    size_t most = field == SITE_NUMBER || field == EMPLOYEE_NUMBER ? KEY_MOST : VALUE_MOST;
    if (strlen(text) > most)
        employee_fault(employee, "E102", field, "has %zu bytes; %zu are the most", strlen(text), most);
    else if (has_control(text))
        employee_fault(employee, "E102", field, "has a control character, or a line end, in it");
}

static void check_email(struct employee *employee)
{
    const char *text = said(employee, EMAIL), *at = strchr(text, '@');
    if (!*text)
        return;
    if (!at || at == text || !at[1] || strchr(at + 1, '@') || strpbrk(text, " ,;<>"))
        employee_fault(employee, "E102", EMAIL, "is no e-mail address");
}

static void check_number(struct employee *employee, enum field field, size_t least)
{
    const char *text = said(employee, field);
    size_t digits = 0;
    for (const char *at = text; *at; at++)
        digits += isdigit((unsigned char)*at) != 0;
    if (*text && (digits < least || strspn(text, "0123456789+-()/. x#") != strlen(text)))
        employee_fault(employee, "E102", field, "is no telephone number");
}

static int digits_take(const char **text, size_t count)
{
    int value = 0;
    for (size_t n = 0; n < count; n++, (*text)++) {
        if (!isdigit((unsigned char)**text))
            return -1;
        value = value * 10 + (**text - '0');
    }
    return value;
}

static bool day_exists(int year, int month, int day)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1900 || year > 2999 || month < 1 || month > 12 || day < 1)
        return false;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return day <= days[month - 1] + (month == 2 && leap);
}

/* By the option date_format. */
static void check_date(const struct service *service, struct employee *employee)
{
    const char *text = said(employee, TERMINATION_DATE), *at = text;
    int year = -1, month = -1, day = -1;
    bool fits = true;
    if (!*text)
        return;
    for (const char *format = service->date_format; *format && fits;) {
        if (strncmp(format, "YYYY", 4) == 0) {
            year = digits_take(&at, 4);
            format += 4;
        } else if (strncmp(format, "MM", 2) == 0) {
            month = digits_take(&at, 2);
            format += 2;
        } else if (strncmp(format, "DD", 2) == 0) {
            day = digits_take(&at, 2);
            format += 2;
        } else {
            fits = *at == *format++;
            at += fits;
        }
        fits = fits && year != 0 && (at > text);
    }
    if (!fits || *at || !day_exists(year, month, day))
        employee_fault(employee, "E102", TERMINATION_DATE, "is no day that exists, written as %.20s",
                       service->date_format);
    else
        snprintf(employee->date, sizeof(employee->date), "%04d-%02d-%02d", year, month, day);
}

bool employee_id(const char *site, const char *number, char ret_id[ID_ROOM])
{
    size_t used = 0;
    for (; *site && used < ID_ROOM - 4; site++)
        used += (size_t)snprintf(ret_id + used, ID_ROOM - used, *site == '/' || *site == '%' ? "%%%02X" : "%c",
                                 (unsigned)(unsigned char)*site);
    int rest = snprintf(ret_id + used, ID_ROOM - used, "/%s", number);
    return !*site && rest > 0 && (size_t)rest < ID_ROOM - used;
}

void employee_check(const struct service *service, struct employee *employee)
{
    static const enum field must[] = {SITE_NUMBER, EMPLOYEE_NUMBER, FIRST_NAME};
    for (size_t n = 0; n < sizeof(must) / sizeof(*must); n++)
        if (!*said(employee, must[n]))
            employee_fault(employee, "E101", must[n], "is missing: it is mandatory");
    for (int n = 0; n < FIELDS; n++)
        check_text(employee, (enum field)n);
    check_email(employee);
    check_number(employee, MOBILE_NUMBER, 3);
    check_number(employee, EXTENSION, 1);
    check_date(service, employee);
    if (employee->fault_count == 0 &&
        !employee_id(said(employee, SITE_NUMBER), said(employee, EMPLOYEE_NUMBER), employee->id))
        employee_fault(employee, "E102", EMPLOYEE_NUMBER, "is too long together with SiteNumber");
}

/* ---- the record ---- */

/* Nothing keeps the seat, the none marker frees it. */
static void put_seat(const struct service *service, muster_record *record, const char *seat)
{
    const char *name = employee_fields[WORKSTATION_NUMBER].name;
    if (strcmp(seat, service->none) == 0)
        service->host->put(record, name, MUSTER_TEXT, NULL);
    else if (*seat)
        service->host->put(record, name, MUSTER_TEXT, seat);
}

static muster_rc refuse(const struct service *service, const struct employee *employee, const char *place)
{
    const struct fault *first = &employee->faults[0];
    char why[TEXT_ROOM], id[ID_ROOM];
    bool named = *said(employee, SITE_NUMBER) && *said(employee, EMPLOYEE_NUMBER) &&
                 employee_id(said(employee, SITE_NUMBER), said(employee, EMPLOYEE_NUMBER), id);
    snprintf(why, sizeof(why), "%s: %s %s%s", first->code, service_name(service, first->field), first->why,
             employee->fault_count > 1 ? "; and more is wrong" : "");
    return service->host->reject(service->run, EMPLOYEES, named ? id : NULL, place, why);
}

muster_rc employee_emit(const struct service *service, const struct employee *employee, const char *place)
{
    const muster_host *host = service->host;
    if (employee->fault_count > 0)
        return refuse(service, employee, place);
    muster_record *record = host->record(service->run, EMPLOYEES, employee->id, place);
    for (int n = 0; n < FIELDS; n++) {
        const char *text = employee->values[n], *name = employee_fields[n].name;
        if (!text)
            continue;
        if (n == WORKSTATION_NUMBER)
            put_seat(service, record, text);
        else if (n == TERMINATION_DATE && *text)
            host->put(record, name, MUSTER_DATE, employee->date);
        else
            host->put(record, name, MUSTER_TEXT, employee->gone[n] ? NULL : text);
    }
    muster_rc rc = host->emit(service->run, record);
    return rc == MUSTER_DATA ? MUSTER_OK : rc; /* it was rejected already */
}
