/* shifts - everybody's planned shifts of a store, and who wants to give one of them away.
 *
 * Only with option shift_mode: store. Of the partner's interface such a list is
 * an assumption; in api/v2 the account that reads has to be one that sees them.
 * An exchange hangs on a shift of whoever asked for it. When it is approved the
 * shift is somebody else's: what is known of it then, the request itself says. */
#include "pmt.h"

#include <muster/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void shifts_done(struct shifts *shifts)
{
    for (size_t n = 0; n < shifts->text_count; n++)
        free(shifts->texts[n]);
    free(shifts->texts);
    free(shifts->items);
    rows_done(&shifts->rows);
    rows_done(&shifts->exchanges);
    *shifts = (struct shifts){0};
}

static const char *first_of(const muster_node *row, const char *one, const char *other)
{
    const char *text = text_of(row, one);
    return text ? text : text_of(row, other);
}

bool shift_read(const muster_node *row, struct shift *ret_shift)
{
    struct shift shift = {.user = first_of(row, "user_id", "account_id"),
                          .id = first_of(row, "shift_instance_id", "id"),
                          .department = first_of(row, "department", "department_id"),
                          .status = text_of(row, "status"),
                          .break_minutes = clock_minutes(text_of(row, "break"))};
    if (!shift.id || !clock_read(first_of(row, "start_time", "schedule_time_from"), &shift.begin) ||
        !clock_read(first_of(row, "end_time", "schedule_time_to"), &shift.end))
        return false;
    if (shift.department && strcmp(shift.department, "0") == 0)
        shift.department = NULL;
    *ret_shift = shift;
    return true;
}

static int shift_order(const void *a, const void *b)
{
    const struct shift *x = a, *y = b;
    int order = strcmp(x->user, y->user);
    return order ? order : strcmp(x->id, y->id);
}

const struct shift *shifts_of(const struct shifts *shifts, const char *user, size_t *ret_count)
{
    size_t low = 0, high = shifts->count, end;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(shifts->items[middle].user, user) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (end = low; end < shifts->count && strcmp(shifts->items[end].user, user) == 0;)
        end++;
    *ret_count = end - low;
    return end > low ? &shifts->items[low] : NULL;
}

/* ---- exchanges ---- */

/* The users who may take a shift over, as a JSON list of their numbers; NULL: nobody can tell now. */
static const char *eligible_read(struct pmt *pmt, const struct store *store, const char *shift, struct shifts *shifts)
{
    char path[PATH_ROOM];
    const struct place place = {.v2 = path};
    struct rows rows = {0};
    muster_text text = {0};
    snprintf(path, sizeof(path), "shifts/%.60s/scheduleSubstituteRequests/suggestedSubstitutes", shift);
    if (strspn(shift, "0123456789") != strlen(shift) || rows_read(pmt, store, &place, &rows) != MUSTER_OK)
        return NULL;
    muster_text_put(&text, "[");
    for (size_t n = 0; n < rows.count; n++) {
        const char *user = text_of(rows.items[n], "account_id"), *suits = text_of(rows.items[n], "suitable");
        if (!user || (suits && strcmp(suits, "false") == 0))
            continue;
        muster_text_put(&text, text.len > 1 ? "," : "");
        muster_text_json(&text, user);
    }
    muster_text_put(&text, "]");
    rows_done(&rows);
    char **texts = text.failed ? NULL : realloc(shifts->texts, (shifts->text_count + 1) * sizeof(*texts));
    if (texts) {
        shifts->texts = texts;
        return texts[shifts->text_count++] = text.data;
    }
    muster_text_done(&text);
    return NULL;
}

/* The requester's shift with the exchange on it: a line of its own behind the shift's. */
static void exchange_add(struct shifts *shifts, size_t known, const muster_node *request)
{
    struct shift shift;
    const char *requester = text_of(request, "requester_id");
    if (!requester || !text_of(request, "id") || !shift_read(request, &shift))
        return;
    shift.user = requester;
    shift.status = "handed_over"; /* unless it is still theirs */
    for (size_t n = 0; n < known; n++)
        if (strcmp(shifts->items[n].id, shift.id) == 0 && strcmp(shifts->items[n].user, requester) == 0) {
            shift = shifts->items[n];
            break;
        }
    shift.exchange = request;
    shifts->items[shifts->count++] = shift;
}

static muster_rc exchanges_read(struct pmt *pmt, const struct store *store, const char *first, struct shifts *shifts)
{
    static const struct place place = {.v2 = "scheduleSubstituteRequests"};
    size_t known = shifts->count;
    muster_rc rc = rows_read(pmt, store, &place, &shifts->exchanges);
    if (rc != MUSTER_OK)
        return rc;
    struct shift *items = realloc(shifts->items, (known + shifts->exchanges.count + 1) * sizeof(*items));
    if (!items)
        return no_memory(pmt);
    shifts->items = items;
    for (size_t n = 0; n < shifts->exchanges.count; n++) {
        const char *day = text_of(shifts->exchanges.items[n], "schedule_time_from");
        if (day && strncmp(day, first, 10) >= 0)
            exchange_add(shifts, known, shifts->exchanges.items[n]);
    }
    for (size_t n = known; n < shifts->count; n++) {
        const char *status = text_of(shifts->items[n].exchange, "status");
        if (!status || strcmp(status, "open") != 0)
            continue;
        for (size_t i = known; i < n && !shifts->items[n].eligible; i++) /* one question for each shift */
            if (strcmp(shifts->items[i].id, shifts->items[n].id) == 0)
                shifts->items[n].eligible = shifts->items[i].eligible;
        if (!shifts->items[n].eligible)
            shifts->items[n].eligible = eligible_read(pmt, store, shifts->items[n].id, shifts);
    }
    return MUSTER_OK;
}

/* ---- shifts ---- */

static muster_rc shifts_take(struct pmt *pmt, const struct store *store, struct shifts *shifts)
{
    size_t unread = 0;
    shifts->items = calloc(shifts->rows.count + 1, sizeof(*shifts->items));
    if (!shifts->items)
        return no_memory(pmt);
    for (size_t n = 0; n < shifts->rows.count; n++) {
        struct shift *shift = &shifts->items[shifts->count];
        if (!shift_read(shifts->rows.items[n], shift))
            unread++;
        else if (shift->user) /* one that is nobody's yet is no one's to have */
            shifts->count++;
    }
    if (unread > 0)
        pmt->host->log(pmt->run, MUSTER_WARN, "store %s: %zu shifts have no number, or times that cannot be read",
                       store->id, unread);
    return MUSTER_OK;
}

/* What the account may not see stays as it was, and the run says so. Others are in the way of the store as a whole. */
static muster_rc without(struct pmt *pmt, const muster_pull *what, muster_rc rc, const char *field, const char *why)
{
    if (rc != MUSTER_PERMISSION && rc != MUSTER_GONE && rc != MUSTER_UNSUPPORTED)
        return rc;
    return what->limit > 0 ? MUSTER_OK : pmt->host->lacking(pmt->run, what->stream, field, why);
}

muster_rc shifts_read(struct pmt *pmt, const muster_pull *what, const struct store *store, struct shifts *ret_shifts)
{
    const muster_host *host = pmt->host;
    char first[DAY_ROOM], last[DAY_ROOM], from[DAY_ROOM], until[DAY_ROOM], partner[PATH_ROOM], v2[PATH_ROOM];
    const struct place place = {partner, "shifts", v2};
    if (strcmp(host->text(pmt->run, "shift_mode"), "store") != 0)
        return MUSTER_OK;
    clock_day(host->now_ms(pmt->run), -(int)host->number(pmt->run, "shift_days_back"), first);
    clock_day(host->now_ms(pmt->run), (int)host->number(pmt->run, "shift_days"), last);
    day_turn(first, from);
    day_turn(last, until);
    snprintf(partner, sizeof(partner), "shifts?date_from=%s&date_to=%s", from, until);
    snprintf(v2, sizeof(v2), "shifts?date%%5Bgte%%5D=%s&date%%5Blte%%5D=%s", first, last);
    muster_rc rc = rows_read(pmt, store, &place, &ret_shifts->rows);
    if (rc != MUSTER_OK)
        return without(pmt, what, rc, "shift.id",
                       "permission: PMT does not show everybody's shifts to this account; have that granted, or set "
                       "shift_mode: per_user");
    rc = shifts_take(pmt, store, ret_shifts);
    if (rc == MUSTER_OK && pmt->v2) {
        rc = exchanges_read(pmt, store, first, ret_shifts);
        rc = rc == MUSTER_OK
                 ? rc
                 : without(pmt, what, rc, "exchange.id", "permission: PMT does not show exchanges to this account");
    }
    if (ret_shifts->count > 1)
        qsort(ret_shifts->items, ret_shifts->count, sizeof(*ret_shifts->items), shift_order);
    return rc;
}
