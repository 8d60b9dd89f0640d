/* member - the fields of users: what each is called there, and how its value is written. Looked up once for each push,
 * not for each value. */
#include "companyiq.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Those that are written whether the mapping has them or not. */
static const char *const always[] = {"employeeId", "password", "status", "resignationDate"};
enum { ALWAYS = sizeof(always) / sizeof(always[0]) };

static const char *wire_name(const struct companyiq *companyiq, const char *field)
{
    char name[60];
    for (size_t n = 0, count = companyiq->host->count(companyiq->run, "field_names"); n < count; n++) {
        snprintf(name, sizeof(name), "field_names[%zu].field", n);
        if (strcmp(companyiq_option(companyiq, name), field) != 0)
            continue;
        snprintf(name, sizeof(name), "field_names[%zu].name", n);
        return companyiq_option(companyiq, name);
    }
    return field;
}

/* Option numeric names the field; where the file is silent, its initial value does. */
static bool is_sent_as_number(const struct companyiq *companyiq, const char *field)
{
    char name[40];
    size_t count = companyiq->host->count(companyiq->run, "numeric");
    for (size_t n = 0; n < count; n++) {
        snprintf(name, sizeof(name), "numeric[%zu]", n);
        if (strcmp(companyiq_option(companyiq, name), field) == 0)
            return true;
    }
    return count == 0 && strcmp(companyiq_option(companyiq, "numeric"), field) == 0;
}

static bool member_make(const struct companyiq *companyiq, const char *field, struct member *member)
{
    bool day = strcmp(field, "onboardingDate") == 0 || strcmp(field, "resignationDate") == 0;
    *member = (struct member){.field = field,
                              .name = wire_name(companyiq, field),
                              .how = strcmp(field, "status") == 0 ? MEMBER_STATUS
                                     : day                        ? MEMBER_DAY
                                                                  : MEMBER_TEXT,
                              .number = is_sent_as_number(companyiq, field)};
    text_json(&member->begin, member->name);
    text_put(&member->begin, ":");
    return !member->begin.failed;
}

bool members_make(const struct companyiq *companyiq, const muster_field *fields, struct members *ret_members)
{
    struct members members = {.date_format = companyiq_option(companyiq, "date_format"),
                              .active_code = companyiq_option(companyiq, "active_code"),
                              .resigned_code = companyiq_option(companyiq, "resigned_code")};
    size_t count = 0;
    while (fields[count].name)
        count++;
    members.items = calloc(count + ALWAYS, sizeof(*members.items));
    bool good = members.items != NULL;
    for (size_t n = 0; good && n < count; n++)
        good = member_make(companyiq, fields[n].name, &members.items[members.count++]);
    for (size_t n = 0; good && n < ALWAYS; n++)
        if (!member_find(&members, always[n]))
            good = member_make(companyiq, always[n], &members.items[members.count++]);
    *ret_members = members;
    return good;
}

void members_done(struct members *members)
{
    for (size_t n = 0; n < members->count; n++)
        text_done(&members->items[n].begin);
    free(members->items);
    *members = (struct members){0};
}

const struct member *member_find(const struct members *members, const char *field)
{
    for (size_t n = 0; n < members->count; n++)
        if (strcmp(members->items[n].field, field) == 0)
            return &members->items[n];
    return NULL;
}

/* --- values --- */

static bool is_day(const char *text)
{
    return strlen(text) == 10 && text[4] == '-' && text[7] == '-';
}

/* YYYY-MM-DD as the platform wants it. */
static void day_write(const char *day, const char *format, char ret_text[16])
{
    const char *between = strchr(format, '/') ? "/" : strchr(format, '-') ? "-" : "";
    snprintf(ret_text, 16, "%.4s%s%.2s%s%.2s", day, between, day + 5, between, day + 8);
}

/* Our own words for where somebody stands; whatever else the mapping makes is the platform's code already. */
static const char *status_code(const struct members *members, const char *status)
{
    static const char *const working[] = {"active", "pending", "on_leave", "relocation"};
    for (size_t n = 0; n < sizeof(working) / sizeof(working[0]); n++)
        if (strcmp(status, working[n]) == 0)
            return members->active_code;
    return strcmp(status, "inactive") == 0 || strcmp(status, "terminated") == 0 ? members->resigned_code : status;
}

static bool is_number(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && digits < 19 && !text[digits] && (text[0] != '0' || digits == 1);
}

const char *member_write(const struct members *members, const struct member *member, const char *value,
                         struct text *body)
{
    char day[16];
    if (member->how == MEMBER_STATUS)
        value = status_code(members, value);
    if (member->how == MEMBER_DAY && is_day(value)) {
        day_write(value, members->date_format, day);
        value = day;
    }
    bool number = *value && member->number;
    if (number && !is_number(value))
        return "is to be sent as a number (option numeric), and is none, or begins with a zero that would be lost";
    if (body->data[body->len - 1] != '{')
        text_add(body, ",", 1);
    text_add(body, member->begin.data, member->begin.len);
    if (number)
        text_put(body, value);
    else
        text_json(body, value);
    return NULL;
}
