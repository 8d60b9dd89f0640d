/* employee - what the system is told of somebody: a change, under the system's own rules. */
#include "poc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { OF_KEY = MUSTER_ID | MUSTER_MUST };

const muster_field poc_fields[] = {
    {.name = "SiteNumber", .type = MUSTER_TEXT, .flags = OF_KEY, .doc = "The building; mandatory."},
    {.name = "EmployeeNumber", .type = MUSTER_TEXT, .flags = OF_KEY, .doc = "Who it is, within the site; mandatory."},
    {.name = "FirstName", .type = MUSTER_TEXT, .flags = MUSTER_MUST, .doc = "The first name; mandatory."},
    {.name = "Surname", .type = MUSTER_TEXT, .doc = "What P.O.C recommends to have."},
    {.name = "Department", .type = MUSTER_TEXT, .doc = "What P.O.C recommends to have."},
    {.name = "Team", .type = MUSTER_TEXT, .doc = "The team's name."},
    {.name = "Hierarchies",
     .type = MUSTER_JSON,
     .doc = "The units above the team: { each: hierarchy, map: { Name: name } }."},
    {.name = "EmployeeType", .type = MUSTER_TEXT, .doc = "External employee, Outsource, Temp employee; an open list."},
    {.name = "JobConfiguration", .type = MUSTER_TEXT, .doc = "Full-time office job, Remote worker; an open list."},
    {.name = "JobTitle", .type = MUSTER_TEXT, .doc = "CEO, VP, Manager."},
    {.name = "EmployeeStatus", .type = MUSTER_TEXT, .doc = "Active, Inactive, Vacation, Relocation; an open list."},
    {.name = "MobileNumber", .type = MUSTER_TEXT, .doc = "The mobile number."},
    {.name = "Extension", .type = MUSTER_TEXT, .doc = "The extension of the fixed line."},
    {.name = "Email", .type = MUSTER_TEXT, .doc = "The e-mail address."},
    {.name = "WorkstationNumber",
     .type = MUSTER_TEXT,
     .doc = "The seat. It is the system's to give: told only with send_workstation."},
    {.name = "TerminationDate", .type = MUSTER_DATE, .doc = "The day on which the employment ends or has ended."},
    {.name = "Hierarchy1", .type = MUSTER_TEXT, .doc = "A level by itself, instead of Hierarchies."},
    {.name = "Hierarchy2", .type = MUSTER_TEXT, .doc = "A level by itself, instead of Hierarchies."},
    {.name = "Hierarchy3", .type = MUSTER_TEXT, .doc = "A level by itself, instead of Hierarchies."},
    {.name = "Hierarchy4", .type = MUSTER_TEXT, .doc = "A level by itself, instead of Hierarchies."},
    {.name = "Hierarchy5", .type = MUSTER_TEXT, .doc = "A level by itself, instead of Hierarchies."},
    {.name = "Hierarchy6", .type = MUSTER_TEXT, .doc = "A level by itself, instead of Hierarchies."},
    {.name = "Hierarchy7", .type = MUSTER_TEXT, .doc = "A level by itself, instead of Hierarchies."},
    {.name = "Hierarchy8", .type = MUSTER_TEXT, .doc = "A level by itself, instead of Hierarchies."},
    {.name = "Hierarchy9", .type = MUSTER_TEXT, .doc = "A level by itself, instead of Hierarchies."},
    {0}};

/* ---- options ---- */

static const char *option(const struct settings *settings, const char *name)
{
    const char *text = settings->host->text(settings->run, name);
    return text ? text : "";
}

static bool is_field(const char *name)
{
    for (int n = 0; n < FIELDS; n++)
        if (strcmp(poc_fields[n].name, name) == 0)
            return true;
    return false;
}

/* A name that stands in XML as it is, too. */
static bool name_fits(const char *name)
{
    size_t len = name ? strlen(name) : 0;
    return len > 0 && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == len &&
           !strchr("0123456789.-", name[0]);
}

static muster_rc names_read(struct settings *settings)
{
    const char *text = option(settings, "names"), *why;
    if (*text == '\0')
        return MUSTER_OK;
    settings->names = muster_document_read(text, strlen(text), &why);
    const muster_node *root = muster_document_root(settings->names);
    if (!root || root->kind != MUSTER_NODE_OBJECT)
        return settings->host->fail(settings->run, MUSTER_CONFIG,
                                    "option 'names' must be a map, as in { EmployeeNumber: EmpNo }");
    for (const muster_node *one = muster_node_first(root); one; one = one->next) {
        if (!is_field(one->name))
            return settings->host->fail(settings->run, MUSTER_CONFIG,
                                        "option 'names': no field is called '%s': they are called SiteNumber, "
                                        "EmployeeNumber and so on, as in the connector's manual page",
                                        one->name);
        if (one->kind != MUSTER_NODE_TEXT || !name_fits(one->text))
            return settings->host->fail(settings->run, MUSTER_CONFIG,
                                        "option 'names': what %s is called must be letters, digits and '_'", one->name);
    }
    return MUSTER_OK;
}

muster_rc settings_read(muster_run *run, struct settings *ret_settings)
{
    const muster_host *host = run->host;
    *ret_settings = (struct settings){.run = run, .host = host};
    ret_settings->send_workstation = host->number(run, "send_workstation") != 0;
    ret_settings->from_the_top = strcmp(option(ret_settings, "levels_from"), "top") == 0;
    ret_settings->keeps_moved = strcmp(option(ret_settings, "moved"), "keep") == 0;
    ret_settings->none = option(ret_settings, "none_marker");
    ret_settings->leaver_status = option(ret_settings, "leaver_status");
    ret_settings->date_format = option(ret_settings, "date_format");
    time_t now = (time_t)(host->now_ms(run) / 1000);
    struct tm parts;
    gmtime_r(&now, &parts);
    strftime(ret_settings->today, sizeof(ret_settings->today), "%Y-%m-%d", &parts);
    return names_read(ret_settings);
}

void settings_done(struct settings *settings)
{
    muster_document_free(settings->names);
}

const char *settings_name(const struct settings *settings, enum field field)
{
    const char *name = poc_fields[field].name;
    const char *other = muster_node_text(muster_node_member(muster_document_root(settings->names), name));
    return other ? other : name;
}

static bool is_day(const char *text)
{
    return strlen(text) == 10 && text[4] == '-' && text[7] == '-' && strspn(text, "0123456789-") == 10;
}

const char *settings_day(const struct settings *settings, const char *iso, char *ret_day)
{
    size_t len = 0;
    if (!is_day(iso))
        return iso; /* written by the mapping */
    for (const char *at = settings->date_format; *at && len < DAY - 5;) {
        const char *part = NULL;
        size_t digits = 2;
        if (strncmp(at, "YYYY", 4) == 0) {
            part = iso;
            digits = 4;
        } else if (strncmp(at, "MM", 2) == 0) {
            part = iso + 5;
        } else if (strncmp(at, "DD", 2) == 0) {
            part = iso + 8;
        }
        if (part)
            memcpy(ret_day + len, part, digits);
        else
            ret_day[len] = *at;
        len += part ? digits : 1;
        at += part ? digits : 1;
    }
    ret_day[len] = '\0';
    return ret_day;
}

/* ---- values ---- */

/* What stands in a cell or a form is one line: whatever else is in it becomes a blank. NULL: no memory. */
static char *clean_copy(const char *text)
{
    size_t len = strlen(text);
    while (len > 0 && (unsigned char)text[len - 1] <= ' ')
        len--;
    while (len > 0 && (unsigned char)*text <= ' ') {
        text++;
        len--;
    }
    char *copy = malloc(len + 1);
    for (size_t n = 0; copy && n < len; n++)
        copy[n] = (unsigned char)text[n] < ' ' || text[n] == 0x7f ? ' ' : text[n];
    if (copy)
        copy[len] = '\0';
    return copy;
}

static bool put(struct employee *employee, size_t at, const char **to, const char *text)
{
    free(employee->copies[at]);
    employee->copies[at] = clean_copy(text);
    *to = employee->copies[at];
    return *to != NULL;
}

/* What is to be told of a field: of who is gone what was known last. NULL: nothing. */
static const char *said(const struct settings *settings, const muster_change *change, const char *field)
{
    const muster_host *host = settings->host;
    if (change->after && host->present(change->after, field) != 0) {
        const char *text = host->get(change->after, field);
        return text ? text : "";
    }
    return change->op == MUSTER_DEACTIVATE && change->before ? host->get(change->before, field) : NULL;
}

/* [{"Name": "…"}, …], the nearest unit first. False: no memory. */
static bool levels_read(const struct settings *settings, const char *json, struct employee *employee)
{
    const char *why;
    muster_document *document = muster_document_read(json, strlen(json), &why);
    const muster_node *list = muster_document_root(document);
    const char *found[LEVELS];
    int count = 0;
    for (const muster_node *one = muster_node_first(list); one && count < LEVELS; one = one->next) {
        const char *name = muster_node_text(muster_node_member(one, "Name"));
        if (name && *name)
            found[count++] = name;
    }
    bool good = true;
    for (int n = 0; n < count && good; n++) {
        int level = settings->from_the_top ? count - 1 - n : n;
        good = put(employee, FIELDS + (size_t)level, &employee->levels[level], found[n]);
    }
    employee->has_levels = true;
    muster_document_free(document);
    return good;
}

static bool levels_make(const struct settings *settings, const muster_change *change, struct employee *employee)
{
    const char *json = said(settings, change, poc_fields[HIERARCHIES].name);
    bool good = !json || levels_read(settings, json, employee);
    for (int n = 0; n < LEVELS && good; n++) {
        const char *one = said(settings, change, poc_fields[FIELDS + n].name);
        if (!one)
            continue;
        employee->has_levels = true;
        good = put(employee, FIELDS + (size_t)n, &employee->levels[n], one);
        if (good && employee->levels[n][0] == '\0')
            employee->levels[n] = NULL;
    }
    return good;
}

/* Nothing keeps the seat, the none marker frees it. That is said only when it was had and is not to be had. */
static void seat_make(const struct settings *settings, const muster_change *change, struct employee *employee)
{
    const char **seat = &employee->values[WORKSTATION_NUMBER];
    const char *name = poc_fields[WORKSTATION_NUMBER].name, *changed;
    bool differs = false;
    if (!settings->send_workstation || change->op == MUSTER_DEACTIVATE || !*seat) {
        *seat = NULL;
        return;
    }
    for (size_t n = 0; (changed = settings->host->changed(change, n)); n++)
        differs |= strcmp(changed, name) == 0;
    if (**seat == '\0')
        *seat = differs && change->op == MUSTER_UPDATE ? settings->none : NULL;
}

/* Who leaves is gone on the day that is known, today at the latest. */
static void leaving_make(const struct settings *settings, struct employee *employee)
{
    const char *day = employee->values[TERMINATION_DATE];
    if (!day || *day == '\0' || (is_day(day) && strcmp(day, settings->today) > 0))
        employee->values[TERMINATION_DATE] = settings->today;
    if (*settings->leaver_status)
        employee->values[EMPLOYEE_STATUS] = settings->leaver_status;
}

muster_rc employee_make(const struct settings *settings, const muster_change *change, struct employee *ret_employee)
{
    *ret_employee = (struct employee){.change = change};
    bool good = true;
    for (size_t n = 0; n < FIELDS && good; n++) {
        const char *text = n == HIERARCHIES ? NULL : said(settings, change, poc_fields[n].name);
        if (text)
            good = put(ret_employee, n, &ret_employee->values[n], text);
    }
    good = good && levels_make(settings, change, ret_employee);
    if (!good) {
        employee_done(ret_employee);
        return settings->host->fail(settings->run, MUSTER_FAIL, "no memory for what is to be told");
    }
    seat_make(settings, change, ret_employee);
    if (change->op == MUSTER_DEACTIVATE)
        leaving_make(settings, ret_employee);
    if (ret_employee->values[TERMINATION_DATE])
        ret_employee->values[TERMINATION_DATE] =
            settings_day(settings, ret_employee->values[TERMINATION_DATE], ret_employee->day);
    return MUSTER_OK;
}

bool employee_left(const struct settings *settings, const muster_change *change, struct employee *ret_employee)
{
    static const enum field carried[] = {SITE_NUMBER, EMPLOYEE_NUMBER, FIRST_NAME};
    const muster_host *host = settings->host;
    bool moved = false;
    if (settings->keeps_moved || !change->before || !change->after ||
        (change->op != MUSTER_UPDATE && change->op != MUSTER_REACTIVATE))
        return false;
    *ret_employee = (struct employee){.change = change, .ending = true};
    for (size_t n = 0; n < sizeof(carried) / sizeof(*carried); n++) {
        const char *name = poc_fields[carried[n]].name;
        const char *was = host->get(change->before, name), *is = host->get(change->after, name);
        if (carried[n] != FIRST_NAME && was && is && *was && strcmp(was, is) != 0)
            moved = true;
        if (!was || !*was || !put(ret_employee, carried[n], &ret_employee->values[carried[n]], was)) {
            employee_done(ret_employee);
            return false;
        }
    }
    if (!moved) {
        employee_done(ret_employee);
        return false;
    }
    ret_employee->values[TERMINATION_DATE] = settings_day(settings, settings->today, ret_employee->day);
    if (*settings->leaver_status)
        ret_employee->values[EMPLOYEE_STATUS] = settings->leaver_status;
    return true;
}

void employee_done(struct employee *employee)
{
    for (size_t n = 0; n < FIELDS + LEVELS; n++)
        free(employee->copies[n]);
    *employee = (struct employee){0};
}

const char *employee_id(const struct employee *employee, char ret_id[200])
{
    const char *site = employee->values[SITE_NUMBER], *number = employee->values[EMPLOYEE_NUMBER];
    if (!site || !number || snprintf(ret_id, 200, "%s/%s", site, number) >= 200)
        return NULL;
    return ret_id;
}

/* ---- what is recommended ---- */

void lacking_count(struct lacking *lacking, const struct employee *employee)
{
    const char *surname = employee->values[SURNAME], *department = employee->values[DEPARTMENT];
    if (employee->ending || employee->change->op == MUSTER_DEACTIVATE)
        return;
    lacking->surname += !surname || !*surname;
    lacking->department += !department || !*department;
}

void lacking_tell(const struct lacking *lacking, const muster_run *run)
{
    if (lacking->surname > 0 || lacking->department > 0)
        run->host->log((muster_run *)run, MUSTER_WARN,
                       "P.O.C recommends a surname and a department: of those that were sent %" PRIu64
                       " have no surname and %" PRIu64 " no department",
                       lacking->surname, lacking->department);
}
