/* value - fields of employees and employments as PowerOffice Go wants them: types, and ids in the place of codes. */
#include "write.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PLAIN .unit = RIGHTS, .creation = true

static const struct wire_field people_wire[] = {
    {"ExternalNumber", "/ExternalNumber", MUSTER_INTEGER, PLAIN},
    {"ExternalImportReference", "/ExternalImportReference", MUSTER_TEXT, PLAIN},
    {"Number", "/Number", MUSTER_INTEGER, PLAIN},
    {"FirstName", "/FirstName", MUSTER_TEXT, PLAIN},
    {"LastName", "/LastName", MUSTER_TEXT, PLAIN},
    {"EmailAddress", "/EmailAddress", MUSTER_TEXT, PLAIN},
    {"PhoneNumber", "/PhoneNumber", MUSTER_TEXT, PLAIN},
    {"DateOfBirth", "/DateOfBirth", MUSTER_DATE, PLAIN},
    {"Gender", "/Gender", MUSTER_TEXT, PLAIN},
    {"JobTitle", "/JobTitle", MUSTER_TEXT, PLAIN},
    {"HiredDate", "/HiredDate", MUSTER_DATE, PLAIN},
    {"StartDate", "/StartDate", MUSTER_DATE, PLAIN},
    {"EndDate", "/EndDate", MUSTER_DATE, PLAIN},
    {"DepartmentCode", "/DepartmentId", MUSTER_TEXT, .unit = RIGHT_DEPARTMENTS},
    {"LocationCode", "/LocationId", MUSTER_TEXT, .unit = RIGHT_LOCATIONS},
    {"ManagerEmployee", "/ManagerEmployeeId", MUSTER_TEXT, .unit = RIGHTS, .manager = true},
    {"AddressLine1", "/MailAddress/AddressLine1", MUSTER_TEXT, PLAIN},
    {"AddressLine2", "/MailAddress/AddressLine2", MUSTER_TEXT, PLAIN},
    {"ZipCode", "/MailAddress/ZipCode", MUSTER_TEXT, PLAIN},
    {"City", "/MailAddress/City", MUSTER_TEXT, PLAIN},
    {"CountryCode", "/MailAddress/CountryCode", MUSTER_TEXT, PLAIN},
    {0}};

static const struct wire_field employments_wire[] = {
    {"Employment", NULL, MUSTER_TEXT, PLAIN},
    {"EnterpriseNo", "/EnterpriseId", MUSTER_TEXT, .unit = RIGHT_ENTERPRISES},
    {"EmploymentForm", "/EmploymentForm", MUSTER_TEXT, PLAIN},
    {"EmploymentType", "/EmploymentType", MUSTER_TEXT, PLAIN},
    {"IsDefault", "/IsDefault", MUSTER_BOOL, PLAIN},
    {"StartDate", "/StartDate", MUSTER_DATE, PLAIN},
    {"EndDate", "/EndDate", MUSTER_DATE, PLAIN},
    {"EndDateReason", "/EndDateReason", MUSTER_TEXT, PLAIN},
    {"FullTimeHoursPerWeek", "/FullTimeHoursPerWeek", MUSTER_DECIMAL, PLAIN},
    {"ProfessionCode", "/ProfessionCode", MUSTER_TEXT, PLAIN},
    {"WorkingHoursArrangement", "/WorkingHoursArrangement", MUSTER_TEXT, PLAIN},
    {0}};

static const struct wire_field salaries_wire[] = {{"Salary", NULL, MUSTER_TEXT, PLAIN},
                                                  {"FromDate", "/FromDate", MUSTER_DATE, PLAIN},
                                                  {"RemunerationType", "/RemunerationType", MUSTER_TEXT, PLAIN},
                                                  {"AnnualSalary", "/AnnualSalary", MUSTER_DECIMAL, PLAIN},
                                                  {"HourlyRate", "/HourlyRate", MUSTER_DECIMAL, PLAIN},
                                                  {0}};

static const struct wire_field leaves_wire[] = {{"Leave", NULL, MUSTER_TEXT, PLAIN},
                                                {"StartDate", "/StartDate", MUSTER_DATE, PLAIN},
                                                {"EndDate", "/EndDate", MUSTER_DATE, PLAIN},
                                                {"LeavePercentage", "/LeavePercentage", MUSTER_DECIMAL, PLAIN},
                                                {"TypeOfLeave", "/TypeOfLeave", MUSTER_TEXT, PLAIN},
                                                {0}};

static const struct target_stream targets[] = {
    {"employees", people_wire, TARGET_PEOPLE, "Employees", NULL, NULL},
    {"employments", employments_wire, TARGET_EMPLOYMENTS, "Employments", NULL, NULL},
    {"salaries", salaries_wire, TARGET_LINES, "Employments/Salaries", "Salaries", "FromDate"},
    {"leaves", leaves_wire, TARGET_LINES, "Employments/Leaves", "Leaves", "StartDate"},
    {0}};

const struct target_stream *target_named(const char *name)
{
    for (size_t n = 0; targets[n].name; n++)
        if (strcmp(targets[n].name, name) == 0)
            return &targets[n];
    return NULL;
}

bool script_open(struct script *script)
{
    *script = (struct script){0};
    script->out = open_memstream(&script->text, &script->len);
    return script->out != NULL;
}

bool script_close(struct script *script)
{
    FILE *out = script->out;
    script->out = NULL;
    return out && fclose(out) == 0 && script->text;
}

void script_done(struct script *script)
{
    if (script->out)
        fclose(script->out);
    free(script->text);
    *script = (struct script){0};
}

void script_string(struct script *script, const char *text)
{
    fputc('"', script->out);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            fprintf(script->out, "\\%c", c);
        else if (c < 0x20)
            fprintf(script->out, "\\u%04x", c);
        else
            fputc(c, script->out);
    }
    fputc('"', script->out);
}

/* The id behind a unit's code or number; nothing is written when there is none. */
static muster_rc unit_write(struct poweroffice *po, const struct wire_field *field, const char *code,
                            struct script *script)
{
    const char *member = field->unit == RIGHT_ENTERPRISES ? "EnterpriseNo" : "Code";
    size_t page = 0;
    muster_rc rc = units_load(po, field->unit);
    if (rc != MUSTER_OK)
        return rc;
    for (const muster_node *one = NULL; (one = list_next(&po->of[field->unit], &page, one));) {
        const char *text = text_of(one, member);
        if (text && strcmp(text, code) == 0) {
            fputs(text_of(one, "Id"), script->out);
            return MUSTER_OK;
        }
    }
    return MUSTER_GONE;
}

muster_rc value_write(struct poweroffice *po, const struct wire_field *field, const char *text, bool as_id,
                      struct script *script)
{
    char id[24];
    if (!text || !*text) {
        fputs("null", script->out);
        return MUSTER_OK;
    }
    if (as_id && field->unit != RIGHTS)
        return unit_write(po, field, text, script);
    if (field->manager) {
        muster_rc rc = find_employee(po, text, id);
        if (rc == MUSTER_OK)
            fputs(*id ? id : "null", script->out); /* one who is not there yet is told when they are */
        return rc;
    }
    if (field->type == MUSTER_INTEGER || field->type == MUSTER_DECIMAL || field->type == MUSTER_BOOL)
        fputs(text, script->out);
    else
        script_string(script, text);
    return MUSTER_OK;
}

/* The member that a path leads to; NULL: there is none. */
static const muster_node *walk(const muster_node *object, const char *path)
{
    char name[80];
    while (object && *path == '/') {
        size_t len = strcspn(path + 1, "/");
        snprintf(name, sizeof(name), "%.*s", (int)len, path + 1);
        object = muster_node_member(object, name);
        path += 1 + len;
    }
    return object;
}

bool value_same(const muster_node *object, const struct wire_field *field, const char *json)
{
    const muster_node *node = walk(object, field->path);
    struct script script;
    if (!node || node->kind == MUSTER_NODE_NULL)
        return strcmp(json, "null") == 0;
    if (node->kind != MUSTER_NODE_TEXT) {
        const char *text = muster_node_text(node);
        bool numbers = node->kind == MUSTER_NODE_NUMBER && *json && strchr("-0123456789", *json);
        return text && (numbers ? strtod(text, NULL) == strtod(json, NULL) : strcmp(text, json) == 0);
    }
    if (!script_open(&script))
        return false;
    script_string(&script, muster_node_text(node));
    bool same = script_close(&script) && strcmp(script.text, json) == 0;
    script_done(&script);
    return same;
}
