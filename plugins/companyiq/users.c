/* users - the user import: batches of rows that create, update or resign, and what came of each row.
 *
 * An import of somebody who is there is an update, so a batch may be repeated.
 * Coming back is two imports: the platform takes the status of who has
 * resigned, and only then the rest. */
#include "companyiq.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BATCH_MAX = 500, PATTERN_WORD = 40, SLOTS = 2048 };

/* One change on its way. */
struct row {
    const muster_change *change;
    const char *employee; /* its employeeId; lives as long as the change */
    bool sent;            /* it is in the body that was built last */
    bool again;           /* what else there is goes in a second import */
    bool answered;
};

struct import {
    struct companyiq *companyiq;
    const muster_host *host;
    const muster_push *push;
    struct members members;
    const struct member *employee, *password, *status, *resigned;
    struct row rows[BATCH_MAX];
    size_t count, most;
    uint16_t slots[SLOTS]; /* of employeeIds: the row + 1, where its digest says or behind it */
    struct text body;
};

_Static_assert((int)SLOTS > 2 * BATCH_MAX, "of a batch's slots most are free");

static const char *option(const struct import *import, const char *name)
{
    return companyiq_option(import->companyiq, name);
}

/* --- the first password --- */

/* Appends a field of the pattern: "employeeId", "idNumber:-6" (its last six), "name:3" (its first three). */
static bool pattern_field(const struct import *import, const muster_record *after, const char *word, struct text *out)
{
    char name[PATTERN_WORD];
    size_t len = strcspn(word, ":");
    snprintf(name, sizeof(name), "%.*s", (int)len, word);
    const char *value = import->host->get(after, name);
    if (!value || !*value)
        return false;
    long part = word[len] == ':' ? strtol(word + len + 1, NULL, 10) : 0;
    size_t whole = strlen(value), want = part < 0 ? (size_t)-part : part > 0 ? (size_t)part : whole;
    if (want > whole)
        return false;
    text_add(out, part < 0 ? value + whole - want : value, want);
    return true;
}

/* "Acme-{employeeId}". False: a field of it is empty. */
static bool pattern_write(const struct import *import, const muster_record *after, struct text *out)
{
    const char *at = option(import, "password_from");
    while (*at) {
        size_t plain = strcspn(at, "{"), inside;
        text_add(out, at, plain);
        at += plain;
        if (!*at)
            break;
        char word[PATTERN_WORD];
        inside = strcspn(at + 1, "}");
        if (inside >= sizeof(word) || at[1 + inside] != '}')
            return false;
        snprintf(word, sizeof(word), "%.*s", (int)inside, at + 1);
        if (!pattern_field(import, after, word, out))
            return false;
        at += inside + 2;
    }
    return out->len > 0;
}

/* A rule (which reads as JSON) is the host's business: as without password_from, a token comes for what it makes. */
static bool is_pattern(const char *from)
{
    return *from && strncmp(from, "{\"", 2) != 0;
}

static const char *write_member(struct import *import, const struct member *member, const char *value)
{
    return member_write(&import->members, member, value, &import->body);
}

static const char *password_write(struct import *import, const muster_record *after)
{
    if (!is_pattern(option(import, "password_from"))) {
        const char *made = import->host->get(after, "password");
        return made && *made ? write_member(import, import->password, made)
                             : "is missing: nobody made a first password";
    }
    struct text made = {0};
    const char *why = !pattern_write(import, after, &made) || made.failed
                          ? "cannot be made: a field that option password_from names is empty or too short"
                          : write_member(import, import->password, made.data);
    if (made.data)
        explicit_bzero(made.data, made.room);
    text_done(&made);
    return why;
}

/* --- rows --- */

static bool is_changed(const struct import *import, const muster_change *change, const char *field)
{
    const char *name;
    for (size_t n = 0; (name = import->host->changed(change, n)); n++)
        if (strcmp(name, field) == 0)
            return true;
    return false;
}

static bool is_about_leaving(const char *field)
{
    return strcmp(field, "status") == 0 || strcmp(field, "resignationDate") == 0;
}

/* Whether a field is told in this import; employeeId and password are written apart. */
static bool told(const struct import *import, const struct row *row, const struct member *member)
{
    const char *field = member->field;
    int32_t present = member == import->employee || member == import->password || !row->change->after
                          ? 0
                          : import->host->present(row->change->after, field);
    if (present == 0)
        return false;
    if (row->change->op == MUSTER_CREATE)
        return present == 3;
    if (row->change->op == MUSTER_DEACTIVATE)
        return !is_about_leaving(field) && is_changed(import, row->change, field);
    if (row->change->op == MUSTER_REACTIVATE)
        return is_about_leaving(field) != row->again && (!row->again || is_changed(import, row->change, field));
    return is_changed(import, row->change, field);
}

/* Who leaves: resigned, whatever else is said of them, on the day that is known, else today. */
static const char *leaving_write(struct import *import, const struct row *row)
{
    const char *day = row->change->after ? import->host->get(row->change->after, "resignationDate") : NULL;
    char today[16];
    time_t now = (time_t)(import->host->now_ms(import->companyiq->run) / 1000);
    struct tm parts;
    if (!day || !*day) {
        strftime(today, sizeof(today), "%Y-%m-%d", gmtime_r(&now, &parts));
        day = today;
    }
    const char *why = write_member(import, import->status, "terminated");
    return why ? why : write_member(import, import->resigned, day);
}

/* Appends the row to the body; NULL: it is there. Else *ret_field is what is wrong. */
static const char *row_write(struct import *import, const struct row *row, const char **ret_field)
{
    const char *why;
    text_put(&import->body, import->body.data[import->body.len - 1] == '[' ? "{" : ",{");
    *ret_field = "employeeId";
    if ((why = write_member(import, import->employee, row->employee)))
        return why;
    for (size_t n = 0; import->push->fields[n].name; n++) {
        const struct member *member = &import->members.items[n];
        if (!told(import, row, member))
            continue;
        const char *value = import->host->get(row->change->after, member->field);
        *ret_field = member->field;
        if ((why = write_member(import, member, value ? value : "")))
            return why;
    }
    *ret_field = row->change->op == MUSTER_CREATE ? "password" : "status";
    why = row->change->op == MUSTER_CREATE       ? password_write(import, row->change->after)
          : row->change->op == MUSTER_DEACTIVATE ? leaving_write(import, row)
                                                 : NULL;
    text_put(&import->body, "}");
    return why;
}

static muster_rc refuse(struct import *import, struct row *row, muster_rc rc, const char *why)
{
    row->answered = true;
    return import->host->refused(import->companyiq->run, row->change, rc, why);
}

/* The body of an import: of all rows, or of those that have a second part. A row that cannot be written is refused. */
static muster_rc body_write(struct import *import, bool again, size_t *ret_count)
{
    muster_rc rc = MUSTER_OK;
    import->body.len = 0;
    *ret_count = 0;
    text_put(&import->body, "{\"users\":[");
    for (size_t n = 0; n < import->count && rc == MUSTER_OK && !import->body.failed; n++) {
        struct row *row = &import->rows[n];
        const char *field;
        char why[300];
        size_t before = import->body.len;
        row->sent = !row->answered && row->again == again;
        if (!row->sent)
            continue;
        const char *wrong = row_write(import, row, &field);
        if (!wrong) {
            ++*ret_count;
            continue;
        }
        row->sent = false;
        import->body.len = before;
        snprintf(why, sizeof(why), "%s %s", field, wrong);
        rc = refuse(import, row, MUSTER_DATA, why);
    }
    text_put(&import->body, "]}");
    if (import->body.failed)
        return import->host->fail(import->companyiq->run, MUSTER_FAIL, "no memory for a batch of users");
    return rc;
}

/* --- answers --- */

/* Whom an error is about: the row with that number in the body, or with that employeeId. NULL: nobody knows. */
static struct row *row_meant(struct import *import, const muster_node *error)
{
    const char *who = node_text(error, import->employee->name);
    int64_t left = node_count(muster_node_member(error, "index"));
    struct row *by_index = NULL, *by_name = NULL;
    for (size_t n = 0; n < import->count; n++) {
        struct row *row = &import->rows[n];
        if (!row->sent)
            continue;
        if (left-- == 0)
            by_index = row;
        if (who && strcmp(row->employee, who) == 0)
            by_name = row;
    }
    return by_name ? by_name : who && *who ? NULL : by_index;
}

static muster_rc error_take(struct import *import, const muster_node *error)
{
    char why[CODE_WHY];
    struct row *row = row_meant(import, error);
    const char *number = node_text(error, "code");
    if (!row || !number || row->answered)
        return row && row->answered ? MUSTER_OK : MUSTER_RETRY;
    const struct code *means = code_find((int)strtol(number, NULL, 10));
    code_why(means, number, node_text(error, "msg"), why);
    if (row->change->op == MUSTER_CREATE && means->number == 41002) {
        snprintf(why, sizeof(why),
                 "CompanyIQ has somebody with this employee ID already, whose name, password or other fields differ "
                 "(41002): HR looks in the back end whether it is the same person, and makes both agree by hand");
        return refuse(import, row, MUSTER_CONFLICT, why);
    }
    return refuse(import, row, means->of_row, why);
}

/* All that were sent and have no answer get this one. */
static muster_rc rest_refuse(struct import *import, muster_rc rc, const char *why)
{
    muster_rc told_rc = MUSTER_OK;
    for (size_t n = 0; n < import->count && told_rc == MUSTER_OK; n++)
        if (!import->rows[n].answered)
            told_rc = refuse(import, &import->rows[n], rc, why);
    return told_rc;
}

/* Row errors do not fail a call: those that are named failed, the others are done. */
static muster_rc answer_take(struct import *import, const struct answer *answer)
{
    const muster_node *errors = answer_at(import->companyiq, answer, "errors_pointer");
    int64_t failed = node_count(answer_at(import->companyiq, answer, "failed_pointer"));
    bool vague = failed >= 0 && failed != (errors ? (int64_t)errors->count : 0);
    muster_rc rc = MUSTER_OK;
    for (const muster_node *error = muster_node_first(errors); error && rc == MUSTER_OK; error = error->next)
        rc = error_take(import, error);
    if (rc == MUSTER_RETRY || vague)
        return rest_refuse(import, MUSTER_RETRY,
                           "CompanyIQ says that some rows failed, and not clearly which: the batch is sent again");
    return rc;
}

static bool goes_on(const struct import *import, const struct row *row)
{
    if (row->change->op != MUSTER_REACTIVATE || row->again || !row->change->after)
        return false;
    for (size_t n = 0; import->host->changed(row->change, n); n++)
        if (!is_about_leaving(import->host->changed(row->change, n)))
            return true;
    return false;
}

/* What was sent and not refused is done, but for those who come back and have more to tell. */
static muster_rc done_tell(struct import *import)
{
    muster_rc rc = MUSTER_OK;
    for (size_t n = 0; n < import->count && rc == MUSTER_OK; n++) {
        struct row *row = &import->rows[n];
        if (row->answered || !row->sent)
            continue;
        if (goes_on(import, row)) {
            row->again = true;
            continue;
        }
        row->answered = true;
        rc = import->host->applied(import->companyiq->run, row->change, row->employee);
    }
    return rc;
}

/* One import. What failed as a whole is tried later, and ends this push. */
static muster_rc import_once(struct import *import, bool again)
{
    struct answer answer = {0};
    size_t count;
    muster_rc rc = body_write(import, again, &count);
    if (rc != MUSTER_OK || count == 0)
        return rc;
    call_json(import->companyiq, "import_path", "", &import->body, &answer);
    if (answer.rc == MUSTER_OK && (rc = answer_take(import, &answer)) == MUSTER_OK)
        rc = done_tell(import);
    if (answer.rc != MUSTER_OK && (rc = rest_refuse(import, answer_of_rows(&answer), answer.why)) == MUSTER_OK)
        rc = answer.told ? answer.rc : import->host->fail(import->companyiq->run, answer.rc, "%s", answer.why);
    answer_done(&answer);
    return rc;
}

static muster_rc batch_send(struct import *import)
{
    muster_rc rc = import->count ? import_once(import, false) : MUSTER_OK;
    if (rc == MUSTER_OK && import->count)
        rc = import_once(import, true);
    import->count = 0;
    memset(import->slots, 0, sizeof(import->slots));
    return rc;
}

/* The slot of the row with this employeeId, or the free one that is its. */
static uint16_t *slot_of(struct import *import, const char *employee)
{
    uint32_t digest = 2166136261u;
    for (const char *at = employee; *at; at++)
        digest = (digest ^ (unsigned char)*at) * 16777619u;
    size_t slot = digest % SLOTS;
    while (import->slots[slot] != 0 && strcmp(import->rows[import->slots[slot] - 1].employee, employee) != 0)
        slot = (slot + 1) % SLOTS;
    return &import->slots[slot];
}

/* Who it is there: as it was called when it was made, also when our number is another one by now. */
static muster_rc row_take(struct import *import, const muster_change *change)
{
    const char *employee = change->remote_id ? change->remote_id
                           : change->after   ? import->host->get(change->after, "employeeId")
                           : change->before  ? import->host->get(change->before, "employeeId")
                                             : NULL;
    if (!employee || !*employee)
        return import->host->refused(import->companyiq->run, change, MUSTER_DATA,
                                     "employeeId is empty: nobody can be told apart without it");
    uint16_t *slot = slot_of(import, employee);
    if (*slot != 0)
        return import->host->refused(import->companyiq->run, change, MUSTER_CONFLICT,
                                     "somebody else has the same employee ID: HR gives one of them another");
    *slot = (uint16_t)(import->count + 1);
    import->rows[import->count++] = (struct row){.change = change, .employee = employee};
    return MUSTER_OK;
}

/* A password that nobody is told is of no use. */
static bool password_goes_somewhere(const struct companyiq *companyiq, const muster_push *push)
{
    bool made = false;
    for (const muster_field *field = push->fields; field->name; field++)
        made |= strcmp(field->name, "password") == 0;
    return *companyiq_option(companyiq, "password_from") || !made ||
           strchr(companyiq_option(companyiq, "password_file"), '*');
}

static bool import_begin(struct import *import, struct companyiq *companyiq, const muster_push *push)
{
    import->companyiq = companyiq;
    import->host = companyiq->host;
    import->push = push;
    import->most = (size_t)companyiq->host->number(companyiq->run, "batch_size");
    if (!members_make(companyiq, push->fields, &import->members))
        return false;
    import->employee = member_find(&import->members, "employeeId");
    import->password = member_find(&import->members, "password");
    import->status = member_find(&import->members, "status");
    import->resigned = member_find(&import->members, "resignationDate");
    return true;
}

static void import_free(struct import *import)
{
    if (!import)
        return;
    members_done(&import->members);
    text_done(&import->body);
    free(import);
}

muster_rc users_apply(struct companyiq *companyiq, const muster_push *push)
{
    struct import *import = calloc(1, sizeof(*import));
    const muster_change *change;
    muster_rc rc = MUSTER_OK;
    if (!password_goes_somewhere(companyiq, push)) {
        import_free(import);
        return companyiq->host->fail(companyiq->run, MUSTER_CONFIG,
                                     "option password_file does not say where first passwords are written for HR: a "
                                     "name with a * in it, as in /srv/hr/passwords-*.csv; or say by password_from "
                                     "what they are made from");
    }
    if (!import || !import_begin(import, companyiq, push)) {
        import_free(import);
        return companyiq->host->fail(companyiq->run, MUSTER_FAIL, "no memory for a batch of users");
    }
    while (rc == MUSTER_OK && (rc = companyiq->host->next(companyiq->run, &change)) == MUSTER_OK && change) {
        rc = row_take(import, change);
        if (rc == MUSTER_OK && import->count == import->most)
            rc = batch_send(import);
    }
    if (rc == MUSTER_OK)
        rc = batch_send(import);
    import_free(import);
    return rc;
}
